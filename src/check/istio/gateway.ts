import type { Gateway } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkScopedHost, isIstioLabel } from './common.ts';
import { checkListener, protocolKind } from './listener.ts';
import { checkServerTls } from './server-tls.ts';

type Server = NonNullable<NonNullable<Gateway['spec']>['servers']>[number];

const ID = 'istio/gateway';

/** Checks a Gateway of Istio beyond its schema. */
export function checkGateway(report: Report, { metadata, spec = {} }: Gateway): void {
  const { add } = report;
  const { servers = [] } = spec;
  if (!isIstioLabel(metadata.name)) {
    const message = `${JSON.stringify(metadata.name)} is no name that a VirtualService could write`;
    add(ID, 'metadata.name', message, 'write a DNS label: without dots, at most 63 characters');
  }
  if (servers.length === 0) add(ID, 'spec.servers', 'the Gateway has no server', 'write a port and its hosts');
  servers.forEach((server, index) => {
    const field = `spec.servers[${index}]`;
    checkServer(report, field, server);
    const { name } = server.port;
    if (name === '') add('istio/port', `${field}.port.name`, 'the port has no name', 'name it, as http or https');
    else if (servers.findIndex(({ port }) => port.name === name) !== index) {
      add('istio/port', `${field}.port.name`, `${JSON.stringify(name)} is the name of another port`, 'rename it');
    }
  });
}

function checkServer(report: Report, field: string, server: Server): void {
  const { add } = report;
  const { hosts, port, tls } = server;
  if (hosts.length === 0) add('istio/hosts', `${field}.hosts`, 'the server has no hosts', 'list the hosts, or write *');
  hosts.forEach((host, index) => checkScopedHost(report, `${field}.hosts[${index}]`, host, 'Gateway'));
  checkListener(report, field, server, true);
  if (port.protocol === '') {
    add('istio/port', `${field}.port.protocol`, 'the port has no protocol', 'write HTTP, HTTPS, GRPC, TLS or TCP');
  }
  if (tls) checkServerTls(report, `${field}.tls`, tls);
  checkProtocolTls(report, field, server);
}

/** Whether the protocol of a server and its TLS go together. */
function checkProtocolTls({ add }: Report, field: string, { port, tls }: Server): void {
  const kind = protocolKind(port.protocol);
  if (kind === undefined) return;
  if (kind === 'tls') {
    if (!tls) add(ID, field, `the server speaks ${port.protocol}, and has no tls`, 'write tls with a mode');
  } else if (tls) {
    const { mode = 'PASSTHROUGH', caCertificates, privateKey, serverCertificate } = tls;
    const ends = !mode.endsWith('PASSTHROUGH') || caCertificates || privateKey || serverCertificate;
    if (kind !== 'http' || ends) {
      const fix =
        kind === 'http' ? 'write protocol: HTTPS, or httpsRedirect alone' : 'write protocol: TLS, or remove tls';
      add(ID, `${field}.tls`, `the server speaks ${port.protocol}, which has no TLS`, fix);
    }
  }
  if (tls?.httpsRedirect && kind !== 'http') {
    const message = `only a server for HTTP redirects, this one speaks ${port.protocol}`;
    add('istio/ignored', `${field}.tls.httpsRedirect`, message, 'move it to the server for port 80');
  }
}
