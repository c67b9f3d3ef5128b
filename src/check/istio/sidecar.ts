import type { EgressPort, Sidecar, SidecarSpec } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkDestination, checkScopedHost, isHostName, isHostPattern, isPort } from './common.ts';
import { checkConnectionPool } from './connection-pool.ts';
import { checkListener, checkPortName, checkSocket, isSocket, protocolKind } from './listener.ts';
import { checkServerTls } from './server-tls.ts';
import { checkSelector } from './targets.ts';

type Egress = NonNullable<SidecarSpec['egress']>[number];
type Ingress = NonNullable<SidecarSpec['ingress']>[number];

const ID = 'istio/sidecar';

/** Checks a Sidecar beyond its schema. */
export function checkSidecar(report: Report, { metadata, spec = {} }: Sidecar): void {
  const { add } = report;
  const { egress = [], ingress = [], inboundConnectionPool, outboundTrafficPolicy, workloadSelector } = spec;
  checkSelector(report, 'spec.workloadSelector.labels', workloadSelector && (workloadSelector.labels ?? {}));
  if (egress.length + ingress.length === 0 && !outboundTrafficPolicy && !inboundConnectionPool) {
    add(ID, 'spec', 'the Sidecar says nothing', 'write egress with the hosts that are called');
  }
  ingress.forEach((listener, index) => checkIngress(report, `spec.ingress[${index}]`, listener));
  checkUnique(report, 'spec.ingress', ingress);
  if (inboundConnectionPool) checkConnectionPool(report, 'spec.inboundConnectionPool', inboundConnectionPool);
  egress.forEach((listener, index) => {
    const field = `spec.egress[${index}]`;
    if (listener.port) checkEgressPort(report, field, listener, listener.port);
    else if (index < egress.length - 1) {
      add(ID, `${field}.port`, 'a listener for all ports stands before others', 'put it last, with all hosts');
    }
    checkHosts(report, `${field}.hosts`, listener.hosts, metadata.namespace);
  });
  checkUnique(report, 'spec.egress', egress);
  checkOutbound(report, outboundTrafficPolicy, metadata.namespace);
}

/** Each port, and each file of a socket, has one listener. */
function checkUnique({ add }: Report, field: string, listeners: readonly Pick<Egress, 'port' | 'bind'>[]): void {
  const places = listeners.map(({ port, bind = '' }) => port && (port.number || bind));
  places.forEach((place, index) => {
    if (place === undefined || places.indexOf(place) === index) return;
    add(ID, `${field}[${index}].port`, `another listener has ${place} already`, 'join the two, or choose another port');
  });
}

function checkIngress(report: Report, field: string, listener: Ingress): void {
  const { add } = report;
  const { port, tls, connectionPool, defaultEndpoint } = listener;
  checkListener(report, field, listener, false);
  if (port.name) checkPortName(report, `${field}.port.name`, port.name);
  if (defaultEndpoint) checkEndpoint(report, `${field}.defaultEndpoint`, defaultEndpoint);
  const kind = protocolKind(port.protocol);
  if (tls) {
    if (kind !== 'tls') {
      const fix = 'write protocol: HTTPS or TLS, or remove tls';
      add(ID, `${field}.tls`, `the port speaks ${port.protocol || 'no protocol'}, which has no TLS`, fix);
    }
    checkIngressTls(report, `${field}.tls`, tls);
  }
  if (!connectionPool) return;
  checkConnectionPool(report, `${field}.connectionPool`, connectionPool);
  if (connectionPool.http && kind !== 'http') {
    const message = 'limits of HTTP are for ports that speak it';
    add('istio/ignored', `${field}.connectionPool.http`, message, 'write protocol: HTTP, or limits of tcp');
  }
}

/** A sidecar reads certificates from files, for every caller alike. */
function checkIngressTls(report: Report, field: string, tls: NonNullable<Ingress['tls']>): void {
  for (const name of [
    'subjectAltNames',
    'httpsRedirect',
    'credentialName',
    'credentialNames',
    'tlsCertificates',
  ] as const) {
    const value = tls[name];
    if (!value || (Array.isArray(value) && value.length === 0)) continue;
    report.add(ID, `${field}.${name}`, `a sidecar has no ${name}`, 'write serverCertificate and privateKey');
  }
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    report.add(ID, `${field}.mode`, `a sidecar has no mode ${tls.mode}`, 'write SIMPLE or MUTUAL');
  }
  checkServerTls(report, field, tls);
}

/** Where a sidecar hands requests on to: a port of the pod, or the file of a socket. */
function checkEndpoint(report: Report, field: string, endpoint: string): void {
  if (isSocket(endpoint)) return checkSocket(report, ID, field, endpoint);
  const port = /^(?:|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d+)$/.exec(endpoint)?.[1];
  if (isPort(Number(port))) return;
  report.add(ID, field, `${JSON.stringify(endpoint)} is nowhere in the pod`, 'write 127.0.0.1:<port> or unix:///…');
}

function checkEgressPort(report: Report, field: string, listener: Egress, port: EgressPort): void {
  const { bind = '', captureMode = 'DEFAULT' } = listener;
  checkListener(report, field, { port, bind }, true);
  if (port.name) checkPortName(report, `${field}.port.name`, port.name);
  if (isSocket(bind) && captureMode === 'IPTABLES') {
    report.add(ID, `${field}.captureMode`, 'nothing is captured that goes to a socket', 'write NONE');
  }
}

function checkHosts(report: Report, field: string, hosts: readonly string[], own: string | undefined): void {
  const { add } = report;
  if (hosts.length === 0) add(ID, field, 'the listener has no hosts', 'write ./* for this namespace');
  const before: string[] = [];
  hosts.forEach((text, index) => {
    checkScopedHost(report, `${field}[${index}]`, text, 'Sidecar');
    const whole = text.startsWith('./') ? `${own}${text.slice(1)}` : text;
    const taken = before.find((other) => other === whole || takesAll(other, whole) || takesAll(whole, other));
    if (taken !== undefined) {
      add('istio/ignored', `${field}[${index}]`, `${JSON.stringify(taken)} has these hosts`, 'remove one of them');
    }
    before.push(whole);
  });
}

/** Whether one host of a Sidecar stands for all of the namespace of another one, or of all namespaces. */
function takesAll(host: string, other: string): boolean {
  return host === '*/*' || (host.endsWith('/*') && other.startsWith(host.slice(0, -1)));
}

function checkOutbound(
  report: Report,
  policy: SidecarSpec['outboundTrafficPolicy'],
  namespace: string | undefined,
): void {
  const proxy = policy?.egressProxy;
  if (!proxy) return;
  const { add } = report;
  const field = 'spec.outboundTrafficPolicy.egressProxy';
  if (policy.mode !== 'ALLOW_ANY') {
    add(ID, field, 'a proxy for what nobody knows stands beside REGISTRY_ONLY', 'write mode: ALLOW_ANY');
  }
  checkDestination(report, field, proxy, namespace);
  if (proxy.host !== '*' && isHostPattern(proxy.host) && !isHostName(proxy.host)) {
    add(ID, `${field}.host`, `${JSON.stringify(proxy.host)} is not one host`, 'write the whole name of the proxy');
  }
  if (!proxy.port) add(ID, `${field}.port`, 'the proxy has no port', 'write port: { number: … }');
}
