import { isIP } from 'node:net';
import type { ServiceEntry, ServiceEntrySpec } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkExportTo, checkLabels, isAddressRange, isHostName, isHostPattern } from './common.ts';
import { checkPortName, checkProtocol, isSocket, protocolKind } from './listener.ts';
import { checkSelector } from './targets.ts';

type Endpoint = NonNullable<ServiceEntrySpec['endpoints']>[number];
type Port = NonNullable<ServiceEntrySpec['ports']>[number];

const ID = 'istio/service-entry';

/** Checks a ServiceEntry beyond its schema. */
export function checkServiceEntry(report: Report, { metadata, spec }: ServiceEntry): void {
  const { add } = report;
  const { addresses = [], endpoints = [], ports = [], resolution = 'NONE', workloadSelector } = spec;
  checkSelector(report, 'spec.workloadSelector.labels', workloadSelector && (workloadSelector.labels ?? {}));
  if (workloadSelector && resolution === 'NONE') {
    const message = 'with resolution NONE a request goes to the address that the caller asked for';
    add('istio/ignored', 'spec.workloadSelector', message, 'write resolution: STATIC, or remove workloadSelector');
  }
  checkHosts(report, spec, resolution);
  addresses.forEach((address, index) => {
    if (isAddressRange(address)) return;
    const message = `${JSON.stringify(address)} is neither an address nor a range of them`;
    add(ID, `spec.addresses[${index}]`, message, 'write 240.240.0.1 or 10.1.0.0/16; names are hosts');
  });
  const allocates = resolution !== 'NONE' && !/^false$/i.test(metadata.labels?.[AUTO_ALLOCATE] ?? '');
  ports.forEach((port, index) => {
    const field = `spec.ports[${index}]`;
    checkPortName(report, `${field}.name`, port.name);
    checkProtocol(report, field, port.protocol);
    if (addresses.length === 0 && !allocates && ['', 'TCP'].includes(port.protocol ?? '')) {
      const message = 'without an address every request to this port, of whatever host, is one for this entry';
      add('istio/ignored', field, message, 'write addresses, or protocol: TLS or HTTP');
    }
  });
  endpoints.forEach((endpoint, index) =>
    checkEndpoint(report, `spec.endpoints[${index}]`, endpoint, resolution, ports),
  );
  if (resolution === 'DYNAMIC_DNS') checkDynamic(report, spec, metadata.labels?.['istio.io/use-waypoint']);
  checkExportTo(report, spec.exportTo, metadata.namespace, true);
}

/** The label by which an entry has no address of its own. */
const AUTO_ALLOCATE = 'networking.istio.io/enable-autoallocate-ip';

type Resolution = NonNullable<ServiceEntrySpec['resolution']>;

const asksDns = (resolution: Resolution): boolean => resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';

function checkHosts({ add }: Report, spec: ServiceEntrySpec, resolution: Resolution): void {
  const { hosts, addresses = [], endpoints = [], ports = [] } = spec;
  hosts.forEach((host, index) => {
    const field = `spec.hosts[${index}]`;
    if (!isHostPattern(host)) {
      add(
        'istio/hosts',
        field,
        `${JSON.stringify(host)} is no host name`,
        'write api.example.com: without scheme, port and path',
      );
    } else if (asksDns(resolution) && endpoints.length === 0 && !isHostName(host)) {
      const message = `${JSON.stringify(host)} is no name that DNS could be asked for`;
      add(ID, field, message, 'write the whole name, endpoints, or resolution: DYNAMIC_DNS or NONE');
    } else if (resolution === 'DYNAMIC_DNS' && !host.startsWith('*')) {
      add(ID, field, `DYNAMIC_DNS is for hosts with "*", not for ${JSON.stringify(host)}`, 'write resolution: DNS');
    } else if (resolution !== 'DYNAMIC_DNS' && /^\*[^.]/.test(host)) {
      add('istio/ignored', field, `${JSON.stringify(host)} has "*" within a name`, 'write *.example.com');
    }
  });
  if (hosts.length < 2) return;
  const bytes = ports.findIndex(({ protocol }) => !['http', 'tls'].includes(protocolKind(protocol) ?? ''));
  if (resolution !== 'NONE' && bytes >= 0) {
    const message = 'only HTTP and TLS say which of the hosts is meant';
    add(ID, `spec.ports[${bytes}].protocol`, message, 'write an entry for each host, or protocol: HTTP or TLS');
  } else if (
    asksDns(resolution) &&
    addresses.length > 0 &&
    ports.some(({ protocol }) => protocolKind(protocol) === 'tls')
  ) {
    const message = 'an address is for one host, and there are more';
    add('istio/ignored', 'spec.addresses', message, 'write an entry for each host, or remove addresses');
  }
}

function checkEndpoint(
  report: Report,
  field: string,
  { address = '', network, labels, ports: own = {} }: Endpoint,
  resolution: Resolution,
  ports: readonly Port[],
): void {
  const { add } = report;
  if (!asksDns(resolution) && resolution !== 'STATIC') return;
  if (resolution === 'STATIC' && isSocket(address)) {
    if (ports.length !== 1) {
      const message = `a socket is for one port, and the entry has ${ports.length}`;
      add(ID, `${field}.address`, message, 'write an entry for each port');
    }
  } else if (isIP(address) === 0 && !(asksDns(resolution) && isHostName(address))) {
    const fix = asksDns(resolution) ? 'write an address or a name' : 'write an address; names need resolution: DNS';
    if (address !== '') add(ID, `${field}.address`, `${JSON.stringify(address)} is no address`, fix);
    // What is in another network may be reached through its gateway.
    else if (!network || asksDns(resolution)) add(ID, `${field}.address`, 'the endpoint has no address', fix);
  }
  checkLabels(report, ID, `${field}.labels`, labels);
  for (const name of Object.keys(own)) {
    if (ports.some((port) => port.name === name)) continue;
    add(
      ID,
      `${field}.ports`,
      `${JSON.stringify(name)} is no port of the entry`,
      'write the name that spec.ports gives it',
    );
  }
}

/** A name that is asked for when a request comes. */
function checkDynamic({ add }: Report, spec: ServiceEntrySpec, waypoint: string | undefined): void {
  for (const name of ['addresses', 'endpoints'] as const) {
    if (!spec[name]?.length) continue;
    add(ID, `spec.${name}`, `DYNAMIC_DNS finds the address when a request comes, and takes no ${name}`, 'remove them');
  }
  spec.ports?.forEach(({ protocol = '' }, index) => {
    if (/^(?:http|http2|grpc|tls)$/i.test(protocol)) return;
    const message = 'DYNAMIC_DNS reads the host from the request, as HTTP and TLS have it';
    add(ID, `spec.ports[${index}].protocol`, message, 'write HTTP, HTTP2, GRPC or TLS');
  });
  if (spec.location === 'MESH_INTERNAL' && waypoint && !/^none$/i.test(waypoint)) {
    const message = 'with DYNAMIC_DNS nothing of the mesh is behind a waypoint';
    add(ID, 'spec.location', message, 'write MESH_EXTERNAL, or remove the label istio.io/use-waypoint');
  }
}
