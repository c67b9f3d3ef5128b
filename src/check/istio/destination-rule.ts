import { isIP } from 'node:net';
import type { DestinationRule, PortLevelSettingTls, TrafficPolicy } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';
import {
  checkDuration,
  checkExportTo,
  checkLabels,
  checkShortHost,
  isHostName,
  isHostPattern,
  isIstioLabel,
  isPort,
} from './common.ts';
import { checkConnectionPool } from './connection-pool.ts';
import { checkLoadBalancer } from './load-balancer.ts';
import { checkSelector } from './targets.ts';

/** Checks a DestinationRule beyond its schema. */
export function checkDestinationRule(report: Report, { metadata, spec }: DestinationRule): void {
  const { add } = report;
  if (!spec) return;
  const { host, subsets = [], trafficPolicy, workloadSelector } = spec;
  if (!isHostPattern(host)) {
    const message = host === '' ? 'the host is empty' : `${JSON.stringify(host)} is no host name`;
    add('istio/hosts', 'spec.host', message, 'write <service>.<namespace>.svc.cluster.local');
  }
  checkShortHost(report, 'spec', host, metadata.namespace);
  const [, namespace] = /^[^.*]+\.([^.]+)\.svc\.cluster\.local$/.exec(host) ?? [];
  if (namespace !== undefined && metadata.namespace !== undefined && namespace !== metadata.namespace) {
    add(
      'istio/ignored',
      'metadata.namespace',
      `callers in other namespaces than ${metadata.namespace} ignore the rule, its host is in ${namespace}`,
      `put it into ${namespace}`,
    );
  }
  checkExportTo(report, spec.exportTo, metadata.namespace);
  if (workloadSelector && spec.exportTo?.some((to) => to !== '.' && to !== metadata.namespace)) {
    const message = 'a rule for some workloads of a namespace is seen outside of it';
    add('istio/export-to', 'spec.exportTo', message, 'write ["."], or remove workloadSelector');
  }
  checkSelector(report, 'spec.workloadSelector.matchLabels', workloadSelector && (workloadSelector.matchLabels ?? {}));
  const names = new Set<string>();
  subsets.forEach((subset, index) => {
    const field = `spec.subsets[${index}]`;
    if (!isIstioLabel(subset.name)) {
      add(
        'istio/subsets',
        `${field}.name`,
        `${JSON.stringify(subset.name)} is no name of a subset`,
        'write a DNS label',
      );
    }
    if (names.has(subset.name)) {
      add(
        'istio/subsets',
        `${field}.name`,
        `there are two subsets ${subset.name}, and Istio drops the second`,
        'rename one of them',
      );
    }
    names.add(subset.name);
    checkLabels(report, 'istio/subsets', `${field}.labels`, subset.labels);
    if (subset.trafficPolicy) {
      checkTrafficPolicy(report, `${field}.trafficPolicy`, subset.trafficPolicy, metadata.namespace);
    }
  });
  if (trafficPolicy) checkTrafficPolicy(report, 'spec.trafficPolicy', trafficPolicy, metadata.namespace);
}

type PortPolicy = NonNullable<TrafficPolicy['portLevelSettings']>[number];

function checkTrafficPolicy(report: Report, field: string, policy: TrafficPolicy, namespace: string | undefined): void {
  const { add } = report;
  const id = 'istio/traffic-policy';
  // A list without items is not there.
  if (Object.values(policy).every((value) => Array.isArray(value) && value.length === 0)) {
    add(id, field, 'the policy sets nothing', 'set a field, or remove it');
  }
  checkPortPolicy(report, field, policy, namespace);
  policy.portLevelSettings?.forEach((settings, index) => {
    const place = `${field}.portLevelSettings[${index}]`;
    const { port, ...limits } = settings;
    if (port?.number === undefined) {
      add(id, `${place}.port`, 'settings of a port do not name it', 'write port: { number: … }');
    } else if (Object.keys(limits).length === 0) {
      add(id, place, 'the settings of the port set nothing', 'set a field, or remove it');
    }
    checkPortPolicy(report, place, settings, namespace);
  });
  const { tunnel, proxyProtocol } = policy;
  if (tunnel && proxyProtocol) {
    add(id, `${field}.tunnel`, 'tunnel and proxyProtocol stand side by side', 'choose one');
  }
  if (tunnel && !isPort(tunnel.targetPort)) {
    add(id, `${field}.tunnel.targetPort`, `${tunnel.targetPort} is no port`, 'write a port between 1 and 65535');
  }
  if (tunnel && !isHostName(tunnel.targetHost) && !isIP(tunnel.targetHost)) {
    const message = `${JSON.stringify(tunnel.targetHost)} is neither a host nor an address`;
    add(id, `${field}.tunnel.targetHost`, message, 'write where the tunnel ends');
  }
  if (tunnel?.protocol && tunnel.protocol !== 'CONNECT' && tunnel.protocol !== 'POST') {
    const message = `a tunnel is not made by ${JSON.stringify(tunnel.protocol)}`;
    add(id, `${field}.tunnel.protocol`, message, 'write CONNECT or POST');
  }
}

/** What a policy may say for all ports and for a single one. */
function checkPortPolicy(
  report: Report,
  field: string,
  { connectionPool, outlierDetection, loadBalancer, tls }: PortPolicy,
  namespace: string | undefined,
): void {
  if (connectionPool) checkConnectionPool(report, `${field}.connectionPool`, connectionPool);
  if (outlierDetection) checkOutlierDetection(report, `${field}.outlierDetection`, outlierDetection);
  if (loadBalancer) checkLoadBalancer(report, `${field}.loadBalancer`, loadBalancer, outlierDetection !== undefined);
  if (tls) checkTls(report, `${field}.tls`, tls, namespace);
}

function checkOutlierDetection(
  report: Report,
  field: string,
  outliers: NonNullable<TrafficPolicy['outlierDetection']>,
): void {
  const { add } = report;
  checkDuration(report, field, 'interval', outliers.interval);
  checkDuration(report, field, 'baseEjectionTime', outliers.baseEjectionTime);
  for (const name of ['maxEjectionPercent', 'minHealthPercent'] as const) {
    const value = outliers[name];
    if (value !== undefined && (value < 0 || value > 100)) {
      add('istio/traffic-policy', `${field}.${name}`, `${value} is no share in per cent`, 'write 0 to 100');
    }
  }
  if (outliers.consecutiveErrors) {
    add(
      'istio/deprecated',
      `${field}.consecutiveErrors`,
      'consecutiveErrors is deprecated',
      'write consecutive5xxErrors or consecutiveGatewayErrors',
    );
  }
  if (outliers.consecutiveLocalOriginFailures && !outliers.splitExternalLocalOriginErrors) {
    add(
      'istio/traffic-policy',
      `${field}.consecutiveLocalOriginFailures`,
      'failures of one kind are counted only when the kinds are told apart',
      'write splitExternalLocalOriginErrors: true',
    );
  }
}

function checkTls({ add }: Report, field: string, tls: PortLevelSettingTls, namespace: string | undefined): void {
  const { mode, clientCertificate, privateKey, caCertificates, caCrl, credentialName, subjectAltNames } = tls;
  const files = [clientCertificate, privateKey, caCertificates, caCrl].some(Boolean);
  const verifies = Boolean(caCertificates) || Boolean(subjectAltNames?.length);
  if (tls.insecureSkipVerify && (mode === 'SIMPLE' ? verifies || credentialName : mode === 'MUTUAL' && verifies)) {
    const message = 'the other side is not verified, and what it is verified by is written';
    add('istio/traffic-policy', `${field}.insecureSkipVerify`, message, 'remove insecureSkipVerify');
  }
  const [, place, name] = /^configmap:\/\/(?:([^/]*)\/)?(.*)$/.exec(credentialName ?? '') ?? [];
  if (name !== undefined && (place === undefined || place !== namespace)) {
    const message = `${JSON.stringify(credentialName)} is no ConfigMap of this namespace`;
    add('istio/traffic-policy', `${field}.credentialName`, message, `write configmap://${namespace}/${name}`);
  }
  if (mode === 'MUTUAL' && !credentialName && !(clientCertificate && privateKey)) {
    add(
      'istio/traffic-policy',
      field,
      'mutual TLS has no certificate to show',
      'write clientCertificate and privateKey, or credentialName',
    );
  }
  if (credentialName && files && (mode === 'SIMPLE' || mode === 'MUTUAL')) {
    add(
      'istio/traffic-policy',
      `${field}.credentialName`,
      'certificates are named twice',
      'use credentialName or files',
    );
  }
  if (mode === 'ISTIO_MUTUAL' && (files || credentialName)) {
    add(
      'istio/ignored',
      field,
      "with ISTIO_MUTUAL the certificates are Istio's",
      'remove the certificates, or write MUTUAL',
    );
  }
}
