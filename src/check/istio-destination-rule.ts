import type {
  DestinationRule,
  LoadBalancer,
  PortLevelSettingTls,
  TrafficPolicy,
} from '../../imports/networking.istio.io/v1.js';
import { isDnsLabel } from '../core/names.ts';
import { checkDuration, checkExportTo, checkShortHost } from './istio-common.ts';
import type { Report } from './report.ts';

/** Checks a DestinationRule beyond its schema. */
export function checkDestinationRule(report: Report, { metadata, spec }: DestinationRule): void {
  const { add } = report;
  if (!spec) return;
  const { host, subsets = [], trafficPolicy } = spec;
  if (host === '') {
    add('istio/hosts', 'spec.host', 'the host is empty', 'write <service>.<namespace>.svc.cluster.local');
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
  checkExportTo(report, spec.exportTo);
  const names = new Set<string>();
  subsets.forEach((subset, index) => {
    const field = `spec.subsets[${index}]`;
    if (!isDnsLabel(subset.name)) {
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
    if (subset.trafficPolicy) checkTrafficPolicy(report, `${field}.trafficPolicy`, subset.trafficPolicy);
  });
  if (trafficPolicy) checkTrafficPolicy(report, 'spec.trafficPolicy', trafficPolicy);
}

type PortPolicy = NonNullable<TrafficPolicy['portLevelSettings']>[number];

function checkTrafficPolicy(report: Report, field: string, policy: TrafficPolicy): void {
  const { add } = report;
  if (Object.keys(policy).length === 0) {
    add('istio/traffic-policy', field, 'the policy sets nothing', 'set a field, or remove it');
  }
  checkPortPolicy(report, field, policy);
  policy.portLevelSettings?.forEach((settings, index) => {
    const place = `${field}.portLevelSettings[${index}]`;
    if (settings.port?.number === undefined) {
      add('istio/traffic-policy', `${place}.port`, 'settings of a port do not name it', 'write port: { number: … }');
    }
    checkPortPolicy(report, place, settings);
  });
}

/** What a policy may say for all ports and for a single one. */
function checkPortPolicy(
  report: Report,
  field: string,
  { connectionPool, outlierDetection, loadBalancer, tls }: PortPolicy,
): void {
  const { add } = report;
  if (connectionPool) {
    if (!connectionPool.http && !connectionPool.tcp) {
      add(
        'istio/traffic-policy',
        `${field}.connectionPool`,
        'the pool limits neither http nor tcp',
        'set a limit, or remove it',
      );
    }
    for (const protocol of ['http', 'tcp'] as const) {
      for (const [name, value] of Object.entries(connectionPool[protocol] ?? {})) {
        if (/Timeout$|Duration$/.test(name))
          checkDuration(report, field, `connectionPool.${protocol}.${name}`, value as string);
        if (typeof value !== 'number' || value >= 0) continue;
        add(
          'istio/traffic-policy',
          `${field}.connectionPool.${protocol}.${name}`,
          `${value} is below 0`,
          'write 0 or more',
        );
      }
    }
  }
  if (outlierDetection) checkOutlierDetection(report, `${field}.outlierDetection`, outlierDetection);
  if (loadBalancer) checkLoadBalancer(report, `${field}.loadBalancer`, loadBalancer, outlierDetection !== undefined);
  if (tls) checkTls(report, `${field}.tls`, tls);
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
  if (outliers.consecutiveErrors !== undefined) {
    add(
      'istio/deprecated',
      `${field}.consecutiveErrors`,
      'consecutiveErrors is deprecated',
      'write consecutive5xxErrors or consecutiveGatewayErrors',
    );
  }
  if (outliers.consecutiveLocalOriginFailures != null && !outliers.splitExternalLocalOriginErrors) {
    add(
      'istio/traffic-policy',
      `${field}.consecutiveLocalOriginFailures`,
      'failures of one kind are counted only when the kinds are told apart',
      'write splitExternalLocalOriginErrors: true',
    );
  }
}

function checkLoadBalancer(
  { add }: Report,
  field: string,
  loadBalancer: LoadBalancer,
  hasOutlierDetection: boolean,
): void {
  const { simple, consistentHash, localityLbSetting: locality } = loadBalancer;
  if (simple && consistentHash) {
    add('istio/traffic-policy', field, 'simple and consistentHash stand side by side', 'choose one');
  }
  if (consistentHash) {
    const keys = (['httpCookie', 'httpHeaderName', 'httpQueryParameterName', 'useSourceIp'] as const).filter(
      (name) => consistentHash[name],
    );
    if (keys.length !== 1) {
      add(
        'istio/traffic-policy',
        `${field}.consistentHash`,
        `the hash has ${keys.length === 0 ? 'no key' : keys.join(' and ')}`,
        'choose exactly one key',
      );
    }
  }
  if (!locality) return;
  const ways = (['distribute', 'failover', 'failoverPriority'] as const).filter((name) => locality[name]?.length);
  if (locality.distribute?.length && ways.length > 1) {
    add('istio/traffic-policy', `${field}.localityLbSetting`, `${ways.join(' and ')} stand side by side`, 'choose one');
  }
  locality.distribute?.forEach(({ to = {} }, index) => {
    const sum = Object.values(to).reduce((total, weight) => total + weight, 0);
    if (sum !== 100) {
      add(
        'istio/traffic-policy',
        `${field}.localityLbSetting.distribute[${index}].to`,
        `the weights sum to ${sum}`,
        'let them sum to 100',
      );
    }
  });
  if (ways.some((way) => way !== 'distribute') && !hasOutlierDetection) {
    add(
      'istio/ignored',
      `${field}.localityLbSetting`,
      'without outlierDetection nothing ever fails over',
      'add outlierDetection',
    );
  }
}

function checkTls({ add }: Report, field: string, tls: PortLevelSettingTls): void {
  const { mode, clientCertificate, privateKey, caCertificates, credentialName } = tls;
  const files = [clientCertificate, privateKey, caCertificates].some(Boolean);
  if (mode === 'MUTUAL' && !credentialName && !(clientCertificate && privateKey)) {
    add(
      'istio/traffic-policy',
      field,
      'mutual TLS has no certificate to show',
      'write clientCertificate and privateKey, or credentialName',
    );
  }
  if (credentialName && files) {
    add(
      'istio/traffic-policy',
      `${field}.credentialName`,
      'certificates are named twice',
      'use credentialName or files',
    );
  }
  if (mode === 'ISTIO_MUTUAL' && (files || credentialName)) {
    add(
      'istio/traffic-policy',
      field,
      "with ISTIO_MUTUAL the certificates are Istio's",
      'remove the certificates, or write MUTUAL',
    );
  }
}
