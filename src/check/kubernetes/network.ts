import type { Service } from '../../../imports/core/v1.js';
import type { Ingress, NetworkPolicy } from '../../../imports/networking.k8s.io/v1.js';
import { isDns1035, isDnsLabel } from '../../core/names.ts';
import { atLeast, type Versions } from '../../core/version.ts';
import type { Report } from '../report.ts';
import { containsIp, maskCidr, parseCidr } from '../schema/ip-address.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkLabels, checkSelector } from './selector.ts';
import {
  checkName,
  checkPort,
  checkRange,
  checkValue,
  DNS_LABEL,
  DNS_SUBDOMAIN,
  PATH_SEGMENT,
  PROTOCOLS,
  QUALIFIED_NAME,
  readCidr,
  readIp,
  repeated,
  requireName,
} from './values.ts';

type ServiceSpec = NonNullable<Service['spec']>;

const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName', ''];

/** Services. */
export function checkService(report: Report, spec: ServiceSpec): void {
  const { add } = report;
  const type = spec.type || 'ClusterIP';
  const { ports = [], sessionAffinity = 'None', sessionAffinityConfig } = spec;
  checkValue(report, 'spec', 'type', spec.type, SERVICE_TYPES);
  if (ports.length === 0 && type !== 'ExternalName' && !isHeadless(spec)) {
    add('kubernetes/service', 'spec.ports', 'is missing', 'write a port, or clusterIP: None for names without ports');
  }
  checkServicePorts(report, type, ports);
  checkLabels(report, 'spec.selector', spec.selector);
  checkValue(report, 'spec', 'sessionAffinity', sessionAffinity, ['None', 'ClientIP', '']);
  if (sessionAffinity === 'ClientIP') {
    const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
    checkRange(report, 'spec.sessionAffinityConfig.clientIP', 'timeoutSeconds', seconds, 1, 86_400);
  } else if (sessionAffinityConfig) {
    add(
      'kubernetes/service',
      'spec.sessionAffinityConfig',
      'is dropped without a word: sessionAffinity is None',
      'write sessionAffinity: ClientIP',
    );
  }
  checkAddresses(report, type, spec);
  checkTraffic(report, type, spec);
}

function isHeadless({ clusterIP, clusterIPs }: ServiceSpec): boolean {
  return (clusterIPs?.[0] ?? clusterIP) === 'None';
}

function checkServicePorts(report: Report, type: string, ports: NonNullable<ServiceSpec['ports']>): void {
  const { add } = report;
  ports.forEach(({ name, port, protocol, targetPort, appProtocol, nodePort }, index) => {
    const path = `spec.ports[${index}]`;
    if (name) checkName(report, path, 'name', name, DNS_LABEL);
    else if (ports.length > 1) {
      add('kubernetes/service', `${path}.name`, 'is missing: with several ports each has a name', 'write one: http');
    }
    checkPort(report, path, 'port', port);
    checkValue(report, path, 'protocol', protocol, PROTOCOLS);
    // 0 and nothing are the port itself.
    if (targetPort) checkPort(report, path, 'targetPort', targetPort);
    checkName(report, path, 'appProtocol', appProtocol, QUALIFIED_NAME);
    if (nodePort && type === 'ClusterIP') {
      const fix = 'leave it out, or write type: NodePort';
      add('kubernetes/service', `${path}.nodePort`, 'a Service of type ClusterIP opens no port on nodes', fix);
    }
  });
  for (const [index, name] of repeated(ports, ({ name }) => name || undefined)) {
    const said = `${showValue(name)} is the name of another port`;
    add('kubernetes/service', `spec.ports[${index}].name`, said, 'give each port a name of its own');
  }
  // The schema knows no default of the protocol.
  for (const [index, port] of repeated(ports, (one) => `${one.protocol || 'TCP'} ${one.port}`)) {
    add('kubernetes/service', `spec.ports[${index}].port`, `${port} is there already`, 'write another port');
  }
  for (const [index, port] of repeated(ports, (one) =>
    one.nodePort ? `${one.protocol || 'TCP'} ${one.nodePort}` : undefined,
  )) {
    add('kubernetes/service', `spec.ports[${index}].nodePort`, `${port} is there already`, 'write another port');
  }
}

/** Addresses of a Service: its own, the name it stands for, those of others. */
function checkAddresses(report: Report, type: string, spec: ServiceSpec): void {
  const { add } = report;
  const {
    clusterIP = '',
    clusterIPs = [],
    ipFamilies = [],
    ipFamilyPolicy,
    externalName = '',
    externalIPs = [],
  } = spec;
  if (type === 'ExternalName') {
    const name = externalName.replace(/\.$/, '');
    if (name === '') add('kubernetes/service', 'spec.externalName', 'is missing', 'write the host that it stands for');
    else checkName(report, 'spec', 'externalName', name, DNS_SUBDOMAIN);
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
      if (!spec[field]?.length) continue;
      add('kubernetes/service', `spec.${field}`, 'a Service of type ExternalName has no address', 'leave it out');
    }
  } else {
    if (isHeadless(spec) && type !== 'ClusterIP') {
      const said = `a Service of type ${type} needs an address`;
      add('kubernetes/service', 'spec.clusterIP', said, 'leave it out, or write type: ClusterIP');
    }
    const [first = clusterIP] = clusterIPs;
    if (first !== clusterIP) {
      const said = `the first, ${showValue(first)}, is not clusterIP, ${showValue(clusterIP)}`;
      add('kubernetes/service', 'spec.clusterIPs', said, 'write the same address in both, or leave clusterIPs out');
    }
    [...new Set([clusterIP, ...clusterIPs])].forEach((address) => {
      if (address === '' || address === 'None' || readIp(address) !== undefined) return;
      const fix = 'leave it out, or write None for a Service without an address of its own';
      add('kubernetes/service', 'spec.clusterIP', `${showValue(address)} is no IP address`, fix);
    });
    ipFamilies.forEach((family, index) => checkValue(report, 'spec', `ipFamilies[${index}]`, family, ['IPv4', 'IPv6']));
    for (const [index, family] of repeated(ipFamilies, (one) => one)) {
      add('kubernetes/service', `spec.ipFamilies[${index}]`, `${family} is there already`, 'remove one of them');
    }
    const policies = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];
    checkValue(report, 'spec', 'ipFamilyPolicy', ipFamilyPolicy, policies);
  }
  externalIPs.forEach((address, index) => {
    if (readIp(address) !== undefined) return;
    const said = `${showValue(address)} is no IP address`;
    add('kubernetes/service', `spec.externalIPs[${index}]`, said, 'write an address: 192.0.2.10');
  });
}

/** What only some types of Services have. */
function checkTraffic(report: Report, type: string, spec: ServiceSpec): void {
  const { add } = report;
  const balanced = type === 'LoadBalancer';
  const outside = balanced || type === 'NodePort' || (type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  checkValue(report, 'spec', 'internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']);
  // The last two are of 1.34.
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  checkValue(report, 'spec', 'trafficDistribution', spec.trafficDistribution, distributions);
  if (outside) {
    checkValue(report, 'spec', 'externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local', '']);
  } else if (spec.externalTrafficPolicy) {
    const said = 'nothing from outside reaches this Service';
    add('kubernetes/service', 'spec.externalTrafficPolicy', said, 'leave it out, or write type: LoadBalancer');
  }
  if (spec.healthCheckNodePort && !(balanced && spec.externalTrafficPolicy === 'Local')) {
    const said = 'only a LoadBalancer with externalTrafficPolicy Local asks for it';
    add('kubernetes/service', 'spec.healthCheckNodePort', said, 'leave it out');
  }
  checkName(report, 'spec', 'loadBalancerClass', spec.loadBalancerClass, QUALIFIED_NAME);
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'loadBalancerSourceRanges'] as const) {
    const value = spec[field];
    if (balanced || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const said = `a Service of type ${type} has no load balancer`;
    add('kubernetes/service', `spec.${field}`, said, 'leave it out, or write type: LoadBalancer');
  }
  spec.loadBalancerSourceRanges?.forEach((range, index) => {
    if (readCidr(range.trim()) !== undefined) return;
    const said = `${showValue(range)} is no address range`;
    add('kubernetes/service', `spec.loadBalancerSourceRanges[${index}]`, said, 'write one: 192.0.2.0/24');
  });
}

type IngressSpec = NonNullable<Ingress['spec']>;
type Backend = NonNullable<IngressSpec['defaultBackend']>;

/** A host name, or one whose first label is `*`. */
const INGRESS_HOST = {
  test: (host: string) =>
    readIp(host) === undefined && DNS_SUBDOMAIN.test(host.startsWith('*.') ? host.slice(2) : host),
  expected: 'a host name, whose first part may be "*": models.example.com',
};

/** Ingresses. */
export function checkIngress(report: Report, spec: IngressSpec, kubernetes: Versions): void {
  const { add } = report;
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  if (rules.length === 0 && !defaultBackend) {
    add(
      'kubernetes/ingress',
      'spec.rules',
      'neither rules nor defaultBackend: no request goes anywhere',
      'write a rule',
    );
  }
  if (defaultBackend) checkBackend(report, 'spec.defaultBackend', defaultBackend, kubernetes);
  checkName(report, 'spec', 'ingressClassName', ingressClassName, DNS_SUBDOMAIN);
  rules.forEach(({ host, http }, index) => {
    const path = `spec.rules[${index}]`;
    if (host) checkName(report, path, 'host', host, INGRESS_HOST);
    if (!http) return;
    if (http.paths.length === 0)
      add('kubernetes/ingress', `${path}.http.paths`, 'is empty', 'write a path, or leave http out');
    http.paths.forEach((one, number) => {
      const at = `${path}.http.paths[${number}]`;
      checkPath(report, at, one.path, one.pathType);
      checkBackend(report, `${at}.backend`, one.backend, kubernetes);
    });
  });
  tls.forEach(({ hosts = [], secretName }, index) => {
    const path = `spec.tls[${index}]`;
    hosts.forEach((host, number) => checkName(report, path, `hosts[${number}]`, host, TLS_HOST));
    if (secretName) checkName(report, path, 'secretName', secretName, DNS_SUBDOMAIN);
  });
}

/** Where an address is a host, too. */
const TLS_HOST = {
  ...INGRESS_HOST,
  test: (host: string) => DNS_SUBDOMAIN.test(host.startsWith('*.') ? host.slice(2) : host),
};

function checkPath(report: Report, at: string, path = '', pathType: string): void {
  const { add } = report;
  checkValue(report, at, 'pathType', pathType, ['Prefix', 'Exact', 'ImplementationSpecific']);
  const exact = pathType === 'Prefix' || pathType === 'Exact';
  if (!path.startsWith('/') && (exact || path !== '')) {
    const said = path === '' ? `is missing, and ${pathType} compares with it` : `${showValue(path)} is not absolute`;
    add('kubernetes/ingress', `${at}.path`, said, 'begin with /');
  } else if (exact && (/\/\/|\/\.\.?\/|%2f/i.test(path) || /\/\.\.?$/.test(path))) {
    const said = `${showValue(path)} has "//", "/./", "/../" or "%2f"`;
    add('kubernetes/ingress', `${at}.path`, said, 'write the path as requests have it');
  }
}

function checkBackend(report: Report, path: string, { service, resource }: Backend, kubernetes: Versions): void {
  const { add } = report;
  if ((service === undefined) === (resource === undefined)) {
    const said = service ? 'has service and resource, of which there may be one' : 'leads nowhere';
    add('kubernetes/ingress', path, said, 'write service with its name and port');
    return;
  }
  if (resource) {
    checkName(report, `${path}.resource`, 'apiGroup', resource.apiGroup, DNS_SUBDOMAIN);
    requireName(report, `${path}.resource`, 'kind', resource.kind, PATH_SEGMENT);
    requireName(report, `${path}.resource`, 'name', resource.name, PATH_SEGMENT);
  }
  if (!service) return;
  const relaxed = atLeast(kubernetes, '1.36');
  requireName(report, `${path}.service`, 'name', service.name, {
    test: relaxed ? isDnsLabel : isDns1035,
    expected: DNS_LABEL.expected,
  });
  const { name = '', number = 0 } = service.port ?? {};
  if ((name === '') === (number === 0)) {
    const said = name === '' ? 'names no port' : 'has a name and a number, of which there may be one';
    add('kubernetes/ingress', `${path}.service.port`, said, 'write number or name');
    return;
  }
  if (name !== '') checkPort(report, `${path}.service.port`, 'name', name);
  else checkPort(report, `${path}.service.port`, 'number', number);
}

type PolicySpec = NonNullable<NetworkPolicy['spec']>;
type Peer = NonNullable<NonNullable<PolicySpec['egress']>[number]['to']>[number];
type PolicyPort = NonNullable<NonNullable<PolicySpec['egress']>[number]['ports']>[number];

/** NetworkPolicies. */
export function checkNetworkPolicy(report: Report, spec: PolicySpec): void {
  checkSelector(report, 'spec.podSelector', spec.podSelector);
  spec.policyTypes?.forEach((type, index) =>
    checkValue(report, 'spec', `policyTypes[${index}]`, type, ['Ingress', 'Egress']),
  );
  if ((spec.policyTypes?.length ?? 0) > 2) {
    report.add(
      'kubernetes/network-policy',
      'spec.policyTypes',
      'has more than two',
      'write Ingress and Egress, each once',
    );
  }
  spec.ingress?.forEach(({ from, ports }, index) =>
    checkPolicyRule(report, `spec.ingress[${index}]`, 'from', from, ports),
  );
  spec.egress?.forEach(({ to, ports }, index) => checkPolicyRule(report, `spec.egress[${index}]`, 'to', to, ports));
}

function checkPolicyRule(
  report: Report,
  path: string,
  direction: 'from' | 'to',
  peers: readonly Peer[] = [],
  ports: readonly PolicyPort[] = [],
): void {
  peers.forEach((peer, index) => checkPeer(report, `${path}.${direction}[${index}]`, peer));
  ports.forEach(({ port, endPort, protocol }, index) => {
    const at = `${path}.ports[${index}]`;
    checkPort(report, at, 'port', port);
    checkValue(report, at, 'protocol', protocol, ['TCP', 'UDP', 'SCTP']);
    if (endPort === undefined) return;
    if (typeof port !== 'number') {
      const said = 'ends a range that begins with a number';
      report.add('kubernetes/network-policy', `${at}.endPort`, said, 'write port as a number, or leave endPort out');
    } else if (endPort < port) {
      report.add(
        'kubernetes/network-policy',
        `${at}.endPort`,
        `${endPort} is less than port, ${port}`,
        `write ${port} or more`,
      );
    } else checkPort(report, at, 'endPort', endPort);
  });
}

function checkPeer(report: Report, path: string, { ipBlock, namespaceSelector, podSelector }: Peer): void {
  const { add } = report;
  checkSelector(report, `${path}.podSelector`, podSelector);
  checkSelector(report, `${path}.namespaceSelector`, namespaceSelector);
  if (!ipBlock) {
    if (!namespaceSelector && !podSelector) {
      add('kubernetes/network-policy', path, 'names nobody', 'write podSelector, namespaceSelector or ipBlock');
    }
    return;
  }
  if (namespaceSelector || podSelector) {
    add('kubernetes/network-policy', path, 'has an ipBlock beside a selector', 'make two items of it');
  }
  const range = readCidr(ipBlock.cidr);
  if (range === undefined) {
    const said = `${showValue(ipBlock.cidr)} is no address range`;
    add(
      'kubernetes/network-policy',
      `${path}.ipBlock.cidr`,
      said,
      'write one: 10.0.0.0/8, or 10.1.2.3/32 for one address',
    );
    return;
  }
  const outer = parseCidr(range);
  ipBlock.except?.forEach((text, index) => {
    const at = `${path}.ipBlock.except[${index}]`;
    const inner = parseCidr(readCidr(text) ?? '');
    if (!inner) {
      if (readCidr(text) === undefined) {
        add('kubernetes/network-policy', at, `${showValue(text)} is no address range`, 'write one: 10.1.0.0/16');
      }
    } else if (outer && !(containsIp(outer, maskCidr(inner).address) && inner.prefixLength > outer.prefixLength)) {
      add('kubernetes/network-policy', at, `${text} is no part of ${ipBlock.cidr}`, 'write a smaller range inside it');
    }
  });
}
