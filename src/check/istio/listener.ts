import { isIP } from 'node:net';
import type { EgressPort } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { isIstioLabel, isPort } from './common.ts';

/** Where requests come in, of a Gateway or a Sidecar. */
interface Listener {
  readonly port: EgressPort;
  readonly bind?: string;
}

/** What Istio reads from requests of a protocol, by its name in small letters (istio 1.30.3 pkg/config/protocol). */
const PROTOCOLS: ReadonlyMap<string, 'http' | 'tls' | 'tcp' | 'udp'> = new Map([
  ...(['http', 'http2', 'http_proxy', 'grpc', 'grpc-web'] as const).map((name) => [name, 'http'] as const),
  ...(['https', 'tls'] as const).map((name) => [name, 'tls'] as const),
  ...(['tcp', 'mongo', 'redis', 'mysql'] as const).map((name) => [name, 'tcp'] as const),
  ['udp', 'udp'],
]);

/**
 * What Istio sees of a protocol: requests, the host that TLS begins with, or bytes. `undefined` for one that it does not
 * know, and where none is said.
 *
 * @example protocolKind('GRPC') // 'http'
 */
export function protocolKind(protocol = ''): 'http' | 'tls' | 'tcp' | 'udp' | undefined {
  return PROTOCOLS.get(protocol.toLowerCase());
}

/** A protocol that Istio knows; none leaves it to guess. */
export function checkProtocol({ add }: Report, field: string, protocol: string | undefined): void {
  if (!protocol || protocolKind(protocol)) return;
  const message = `${JSON.stringify(protocol)} is no protocol that Istio knows`;
  add('istio/port', `${field}.protocol`, message, 'write HTTP, HTTP2, GRPC, HTTPS, TLS or TCP');
}

/** A name of a port, where it has to be a label. */
export function checkPortName({ add }: Report, field: string, name: string): void {
  if (isIstioLabel(name)) return;
  const message = name === '' ? 'the port has no name' : `${JSON.stringify(name)} is no name of a port`;
  add('istio/port', field, message, 'write letters, digits and "-", at most 63');
}

const SOCKET = 'unix://';

/** Whether an address is the file of a socket. */
export function isSocket(address: string): boolean {
  return address.startsWith(SOCKET);
}

/** The file of a socket: a whole path, or a name behind `@`. */
export function checkSocket({ add }: Report, id: string, field: string, address: string): void {
  if (/^(?:@|\/.*[^/]$)/s.test(address.slice(SOCKET.length))) return;
  add(id, field, `${JSON.stringify(address)} is no path to a file`, 'write unix:///var/run/model.sock');
}

/**
 * Where a listener listens: at a port of an address, or at the file of a socket.
 *
 * @param mayBeSocket whether it may be the file of a socket.
 */
export function checkListener(
  report: Report,
  field: string,
  { port, bind = '' }: Listener,
  mayBeSocket: boolean,
): void {
  const { add } = report;
  const { number = 0, targetPort = 0 } = port;
  checkProtocol(report, `${field}.port`, port.protocol);
  if (mayBeSocket && isSocket(bind) && number === 0) {
    checkSocket(report, 'istio/port', `${field}.bind`, bind);
  } else {
    if (!isPort(number)) {
      add('istio/port', `${field}.port.number`, `${number} is no port`, 'write a port between 1 and 65535');
    }
    if (bind !== '' && isIP(bind) === 0) {
      const fix = mayBeSocket ? 'write an address, or unix:///… without a number of a port' : 'write an address';
      add('istio/port', `${field}.bind`, `${JSON.stringify(bind)} is no address to listen at`, fix);
    }
  }
  if (targetPort > 0) {
    add('istio/port', `${field}.port.targetPort`, 'a listener has no port of its target', 'remove targetPort');
  }
}
