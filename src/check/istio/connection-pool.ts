import type { ConnectionPool } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkDuration } from './common.ts';

/** Limits of connections, of a DestinationRule or a Sidecar. */
export function checkConnectionPool(report: Report, field: string, { http, tcp }: ConnectionPool): void {
  const { add } = report;
  const id = 'istio/traffic-policy';
  if (!http && !tcp) add(id, field, 'the pool limits neither http nor tcp', 'set a limit, or remove it');
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol) {
    add(
      id,
      `${field}.http.useClientProtocol`,
      'the protocol is upgraded, and kept as the client has it',
      'remove useClientProtocol, or write h2UpgradePolicy: DO_NOT_UPGRADE',
    );
  }
  checkDuration(report, field, 'tcp.tcpKeepalive.time', tcp?.tcpKeepalive?.time);
  checkDuration(report, field, 'tcp.tcpKeepalive.interval', tcp?.tcpKeepalive?.interval);
  for (const [protocol, limits] of Object.entries({ http, tcp })) {
    for (const [name, value] of Object.entries(limits ?? {})) {
      const place = `${field}.${protocol}`;
      if (/Timeout$|Duration$/.test(name)) checkDuration(report, place, name, value as string);
      if (typeof value === 'number' && value < 0) add(id, `${place}.${name}`, `${value} is below 0`, 'write 0 or more');
    }
  }
}
