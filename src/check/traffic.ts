import { parseDuration } from '../core/duration.ts';
import type { Finding, Rule } from '../core/finding.ts';
import { runsOnKnative } from '../render/address.ts';
import { entryWorkloads } from '../render/entry.ts';
import { requestTimeout } from '../render/request-timeout.ts';
import type { Target } from '../render/target.ts';
import { reporter, type Report } from './report.ts';
import { checkStrategy } from './strategy.ts';

/** Rules on how requests shall reach a service, and what its cluster can do about it. */
export const TRAFFIC_RULES: readonly Rule[] = [
  {
    id: 'traffic/no-router',
    severity: 'error',
    summary: 'Extra hosts and public visibility need Istio or Gateway API on the cluster.',
    source: 'the cluster as the platform declares it; a Service answers inside of the cluster only',
  },
  {
    id: 'traffic/knative-address',
    severity: 'error',
    summary: 'The address of a service on Knative needs Istio on the cluster.',
    source:
      'knative serving 1.21 routes by the hosts of its own Services; an HTTPRoute has one host for all its backends',
  },
  {
    id: 'traffic/gateway-hosts',
    severity: 'error',
    summary: 'With Gateway API only a public service has more hosts.',
    source: 'gateway-api GEP-1426: a route of a Service has no hosts',
  },
  {
    id: 'traffic/no-gateway',
    severity: 'error',
    summary: 'A public service needs a gateway and a domain.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'traffic/host',
    severity: 'error',
    summary: 'Host names are at most 253 characters long.',
    source: 'RFC 1035; istio 1.30.3 pkg/config/validation ValidateWildcardDomain',
  },
  {
    id: 'traffic/duration',
    severity: 'error',
    summary: 'Durations are longer than nothing.',
    source: "istio 1.30.3 CRDs: duration(self) >= duration('1ms')",
  },
  {
    id: 'traffic/retries',
    severity: 'error',
    summary: 'The time for one try is no longer than the time for the request.',
    source: 'ours: it would never be reached',
  },
];

const report = reporter(TRAFFIC_RULES);

/**
 * Checks whether requests can reach a service as it asks, on its cluster, and new releases get their share of them.
 *
 * @example checkTraffic(target) // [{ id: 'traffic/no-gateway', where: { field: 'traffic.visibility', … }, … }]
 */
export function checkTraffic(target: Target): Finding[] {
  const { service, environment, clusterName, cluster, spec } = target;
  const result = report({ service, environment, cluster: clusterName });
  if (!cluster.istio) checkKnativeAddress(result, target);
  if (!cluster.istio && !cluster.gatewayApi) checkWithoutRouter(result, target);
  else if (spec.traffic.visibility === 'public') checkPublic(result, target);
  else if (!cluster.istio && spec.traffic.hosts.length > 0) {
    const message = `the service is not public, and a route inside of the cluster ${clusterName} has no hosts without Istio`;
    result.add('traffic/gateway-hosts', 'traffic.hosts', message, "write visibility: 'public', or leave hosts out");
  }
  checkDurations(result, target);
  return [...result.findings, ...checkStrategy(target)];
}

function checkKnativeAddress({ add }: Report, target: Target): void {
  const knative = entryWorkloads(target).find(({ workload }) => runsOnKnative(target, workload));
  if (!knative) return;
  const { part } = knative.workload;
  add(
    'traffic/knative-address',
    part,
    `the ${part} runs on Knative, which answers to the host of a release only, and cluster ${target.clusterName} has no Istio to lead ${target.service} there`,
    ISTIO,
  );
}

const ISTIO = 'add istio: { version, dataplane } to the cluster';

function checkWithoutRouter({ add }: Report, { clusterName, spec }: Target): void {
  const none = `cluster ${clusterName} has neither Istio nor Gateway API`;
  const install = `${ISTIO}, or gatewayApi: { version, gateway }`;
  if (spec.traffic.visibility === 'public') {
    add(
      'traffic/no-router',
      'traffic.visibility',
      `the service is public, and ${none} to let callers in`,
      `${install}, or write visibility: 'cluster'`,
    );
  }
  if (spec.traffic.hosts.length > 0) {
    add('traffic/no-router', 'traffic.hosts', `${none} to route more hosts`, `${install}, or leave hosts out`);
  }
}

function checkPublic({ add }: Report, { service, namespace, clusterName, cluster }: Target): void {
  const { istio, gatewayApi, domain } = cluster;
  const router = istio ? 'istio' : 'gatewayApi';
  const missing = [
    ...((istio ?? gatewayApi)?.gateway === undefined ? [`${router}.gateway`] : []),
    ...(domain === undefined ? ['domain'] : []),
  ];
  if (missing.length > 0) {
    add(
      'traffic/no-gateway',
      'traffic.visibility',
      `the service is public, and cluster ${clusterName} has no ${missing.join(' and no ')}`,
      `add ${missing.join(' and ')} to the cluster, or write visibility: 'cluster'`,
    );
    return;
  }
  const host = `${service}.${namespace}.${domain ?? ''}`;
  if (host.length > 253) {
    add(
      'traffic/host',
      'traffic.visibility',
      `the public host ${host} has ${host.length} characters`,
      "shorten the service's name, the namespace or the domain to 253 in total",
    );
  }
}

function checkDurations({ add }: Report, target: Target): void {
  const { timeout, retries, outlierDetection } = target.spec.traffic;
  const durations: Readonly<Record<string, string | undefined>> = {
    timeout,
    'retries.perTryTimeout': retries.perTryTimeout,
    'outlierDetection.interval': outlierDetection.interval,
    'outlierDetection.baseEjectionTime': outlierDetection.baseEjectionTime,
  };
  for (const [field, text] of Object.entries(durations)) {
    if (text !== undefined && parseDuration(text) === 0) {
      add('traffic/duration', `traffic.${field}`, `${text} is no time at all`, 'write 1ms or more, or leave it out');
    }
  }
  const oneTry = retries.perTryTimeout === undefined ? 0 : (parseDuration(retries.perTryTimeout) ?? 0);
  if (retries.attempts > 0 && oneTry > requestTimeout(target)) {
    add(
      'traffic/retries',
      'traffic.retries.perTryTimeout',
      `${retries.perTryTimeout ?? ''} for one try is longer than the ${requestTimeout(target) / 1000} s for the whole request`,
      'lower perTryTimeout, or raise traffic.timeout',
    );
  }
}
