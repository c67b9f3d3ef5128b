import { parseDuration } from '../core/duration.ts';
import type { Finding, Rule } from '../core/finding.ts';
import { runsOnKnative } from '../render/address.ts';
import { entryWorkloads } from '../render/entry.ts';
import { requestTimeout } from '../render/request-timeout.ts';
import type { Target } from '../render/target.ts';
import { reporter, type Report } from './report.ts';

/** Rules on how requests shall reach a service, and what its cluster can do about it. */
export const TRAFFIC_RULES: readonly Rule[] = [
  {
    id: 'traffic/no-istio',
    severity: 'error',
    summary: 'Weights, extra hosts, public visibility and the address of Knative services need Istio on the cluster.',
    source: 'the cluster as the platform declares it; a Service knows one set of pods, and Knative only its own hosts',
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
 * Checks whether requests can reach a service as it asks, on its cluster.
 *
 * @example checkTraffic(target) // [{ id: 'traffic/no-gateway', where: { field: 'traffic.visibility', … }, … }]
 */
export function checkTraffic(target: Target): Finding[] {
  const { service, environment, clusterName, cluster, spec } = target;
  const result = report({ service, environment, cluster: clusterName });
  if (!cluster.istio) checkWithoutIstio(result, target);
  else if (spec.traffic.visibility === 'public') checkPublic(result, target);
  checkDurations(result, target);
  return result.findings;
}

function checkWithoutIstio({ add }: Report, target: Target): void {
  const { clusterName, spec, serving } = target;
  const none = `cluster ${clusterName} has no Istio`;
  const install = 'add istio: { version, dataplane } to the cluster';
  const { candidate } = serving;
  if (candidate && candidate.weight > 0) {
    add(
      'traffic/no-istio',
      'canary',
      `release ${candidate.release} is to get ${candidate.weight} % of the traffic, and ${none} to split it`,
      `${install}, or write rollout: 'replace' for the environment`,
    );
  }
  if (spec.traffic.visibility === 'public') {
    add(
      'traffic/no-istio',
      'traffic.visibility',
      `the service is public, and ${none} to let callers in`,
      `${install}, or write visibility: 'cluster'`,
    );
  }
  if (spec.traffic.hosts.length > 0) {
    add('traffic/no-istio', 'traffic.hosts', `${none} to route more hosts`, `${install}, or leave hosts out`);
  }
  const knative = entryWorkloads(target).find(({ workload }) => runsOnKnative(target, workload));
  if (knative) {
    const part = knative.workload.kind === 'function' ? 'function' : 'predictor';
    add(
      'traffic/no-istio',
      part,
      `the ${part} runs on Knative, which answers to the host of a release only, and ${none} to lead ${target.service} there`,
      install,
    );
  }
}

function checkPublic({ add }: Report, { service, namespace, clusterName, cluster }: Target): void {
  const { istio, domain } = cluster;
  const missing = [...(istio?.gateway === undefined ? ['istio.gateway'] : []), ...(domain === undefined ? ['domain'] : [])];
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
