import { formatPrometheusDuration } from '../core/duration.ts';
import { compareText, type Finding, type Rule } from '../core/finding.ts';
import { groupOf, type KubeObject } from '../core/object.ts';
import {
  errorBudget,
  planOf,
  windowName,
  type BurnPlan,
  type Starved,
  type Tier,
} from '../promql/catalogue/burn-rate.ts';
import { SHORTEST_OUTAGE_WINDOW } from '../promql/catalogue/outage.ts';
import { VLLM_FIRST_TOKEN } from '../promql/metrics-vllm.ts';
import { ISTIO_DURATION, type KnownHistogram } from '../promql/metrics.ts';
import { istioCounts } from '../render/istio-traffic.ts';
import {
  countsRequests,
  latencyHistograms,
  outageSeconds,
  promisesOf,
  vllmParts,
  type PromisedSlo,
} from '../render/prometheus-slo.ts';
import { answersOnKnative } from '../render/queue-proxy-traffic.ts';
import { hasSource } from '../render/scrape.ts';
import type { Target } from '../render/target.ts';
import { retentionSeconds } from '../service/prometheus-storage.ts';
import { graphOf, promiseOf, type SloOutput } from '../service/slo.ts';
import { boundsBeside } from './latency-bounds.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what a service asks to be watched: an alert that could never fire is a mistake, not an alert. */
export const MONITORING_RULES: readonly Rule[] = [
  {
    id: 'monitoring/latency-bucket',
    severity: 'error',
    summary: 'The limit of an objective on a length of time is a bucket bound of the metric.',
    source:
      "Classic histograms count up to their bounds only; those of istio_request_duration_milliseconds are Envoy's defaults, those of vllm:time_to_first_token_seconds are in vllm v0.11 v1/metrics/loggers.py",
  },
  {
    id: 'monitoring/not-measured',
    severity: 'error',
    summary: 'What an objective is about is measured by somebody.',
    source:
      "KServe's gateway (0.20, llmisvc) does not say which service a request was for; only a vLLM knows when its first token came",
  },
  {
    id: 'monitoring/objective-unreachable',
    severity: 'warning',
    summary: 'An objective leaves every burn-rate alert a chance to fire.',
    source: 'SRE workbook, chapter 5: burn rate times error budget must be below 1',
  },
  {
    id: 'monitoring/rate-too-low',
    severity: 'error',
    summary: 'An objective is one that the expected rate of requests can show.',
    source:
      'SRE workbook, chapter 5, low-traffic services: of fewer bad events than an alert asks for nobody can tell chance from a fault',
  },
  {
    id: 'monitoring/rate-widens',
    severity: 'info',
    summary: 'Alerts look at longer windows than usual where the expected rate of requests is low.',
    source: 'SRE workbook, chapter 5, low-traffic services',
  },
  {
    id: 'monitoring/retention',
    severity: 'warning',
    summary:
      'Prometheus keeps its samples for as long as an objective looks back, where the cluster says how long that is.',
    source:
      'prometheus 3.15 storage.tsdb.retention.time, 15d by default: a range reads what is still there, and says nothing of the rest',
  },
  {
    id: 'monitoring/duplicate',
    severity: 'error',
    summary: 'A service has one objective for what is counted.',
    source: 'Their recordings would have the same name and labels, which Prometheus cannot tell apart',
  },
  {
    id: 'monitoring/uncounted',
    severity: 'warning',
    summary: 'Somebody on the cluster counts the requests that an objective is about.',
    source:
      'Istio, or the queue-proxies of Knative; of servers, most count no errors. An alert on a metric that nobody exposes never fires',
  },
  {
    id: 'monitoring/no-graph',
    severity: 'warning',
    summary: 'An objective on an InferenceGraph names one that the service has.',
    source:
      'Istio counts requests by the name of the Service that was called; there are none for a name that nobody has',
  },
  {
    id: 'monitoring/no-mesh',
    severity: 'info',
    summary: 'Requests are counted by Istio, or by the queue-proxies of Knative.',
    source: 'Both count alike whatever the server is; of servers, most count no errors',
  },
  {
    id: 'monitoring/no-prometheus',
    severity: 'info',
    summary: 'Objectives and drift rules need a Prometheus on the cluster.',
    source: 'Nothing is rendered without one, and that should not be a surprise',
  },
];

const report = reporter(MONITORING_RULES);

/**
 * Checks what a service asks to be watched on one cluster.
 */
export function checkMonitoring(target: Target): Finding[] {
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  const { slos, drift, schema } = target.spec.monitoring;
  const { prometheus } = target.cluster;
  const promises = promisesOf(target.spec);
  promises.forEach((promised, index) => {
    const field = promised.byDefault ? 'monitoring.slos' : `monitoring.slos[${index}].${promised.promise.field}`;
    checkMeasured(add, field, promised, target);
    checkPlan(add, field, promised);
    if (!promised.byDefault) checkRetention(add, field, promised, target);
  });
  checkOutage(add, target);
  checkDuplicates(add, promises);
  if (!prometheus && slos.length + drift.length + (schema ? 1 : 0) > 0) {
    const message = `cluster ${target.clusterName} has no Prometheus, so that nothing is watched there`;
    add(
      'monitoring/no-prometheus',
      'monitoring',
      message,
      'declare prometheus on the cluster if its operator is installed',
    );
  }
  if (prometheus && !countsRequests(target) && !findings.some(({ id }) => id === 'monitoring/uncounted')) {
    const message = `${uncounted(target)}, so that availability and latency are not watched there, and no alert tells when the metric of a drift rule is missing`;
    add('monitoring/no-mesh', 'monitoring.slos', message, toCount(target));
  }
  return findings;
}

type Add = Report['add'];

/** Why nobody counts the requests to a service. */
function uncounted(target: Target): string {
  const { prometheus } = target.cluster;
  const cluster = withoutIstio(target);
  if (!answersOnKnative(target)) return cluster;
  if (!hasSource(target, 'queueProxy'))
    return `${cluster}, and its Prometheus is not said to have what the queue-proxies of Knative count`;
  return prometheus?.nativeHistograms === 'converted'
    ? `${cluster}, and what the queue-proxies of Knative count is in classic histograms, which its Prometheus converts`
    : cluster;
}

function withoutIstio({ clusterName, cluster: { istio } }: Target): string {
  return `cluster ${clusterName} has ${istio ? 'no metrics of Istio' : 'no Istio'}`;
}

function toHaveIstio({ cluster: { istio } }: Target): string {
  return istio
    ? 'take istio.metrics: false from the cluster if Prometheus scrapes it'
    : 'declare istio on the cluster if it is installed';
}

function toCount(target: Target): string {
  const istio = toHaveIstio(target);
  if (!answersOnKnative(target) || hasSource(target, 'queueProxy')) return istio;
  const sources = [...(target.cluster.prometheus?.sources ?? []), 'queueProxy'].sort().map((each) => `'${each}'`);
  return `${istio}, or write prometheus.sources: [${sources.join(', ')}] if Knative exposes metrics of requests (docs/health.md)`;
}

function checkMeasured(add: Add, field: string, { slo, byDefault }: PromisedSlo, target: Target): void {
  const [graph] = graphOf(slo);
  if (graph !== undefined) {
    checkGraph(add, field, slo, graph, target);
    return;
  }
  if (
    !byDefault &&
    ('availability' in slo || 'latency' in slo) &&
    target.cluster.prometheus &&
    !countsRequests(target)
  ) {
    add(
      'monitoring/uncounted',
      field,
      `${uncounted(target)}, so that nobody counts the requests that the objective is about, and it is left out`,
      toCount(target),
    );
  }
  if ('latency' in slo) {
    const histograms = latencyHistograms(target);
    if (histograms.length > 0) checkBucket(add, `${field}.below`, slo.latency.below, histograms);
    else if (countsRequests(target)) {
      const message = `the latency of ${target.service} is not measured: KServe's gateway does not say which service a request was for`;
      add(
        'monitoring/not-measured',
        field,
        message,
        'write timeToFirstToken instead: the time for a whole answer depends on its length',
      );
    }
  }
  if ('timeToFirstToken' in slo) {
    checkBucket(add, `${field}.below`, slo.timeToFirstToken.below, [VLLM_FIRST_TOKEN]);
    checkPart(add, `${field}.part`, slo.timeToFirstToken.part, vllmParts(target.spec));
  }
}

function checkGraph(add: Add, field: string, slo: SloOutput, graph: string, target: Target): void {
  if ('latency' in slo) checkBucket(add, `${field}.below`, slo.latency.below, [ISTIO_DURATION]);
  if (!target.cluster.prometheus || istioCounts(target)) return;
  const message = `${withoutIstio(target)}, and the router of an InferenceGraph has no metrics, so that nobody counts the requests to ${graph}, and the objective is left out`;
  add('monitoring/uncounted', `${field}.graph`, message, toHaveIstio(target));
}

/**
 * Checks that objectives name InferenceGraphs that there are: on another name there are no requests, and so no alert.
 *
 * @param objects of the service on the cluster, with what users added.
 */
export function checkGraphs(target: Target, objects: readonly KubeObject[]): Finding[] {
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  if (!target.cluster.prometheus) return findings;
  const graphs = objects
    .filter(({ kind, apiVersion }) => kind === 'InferenceGraph' && groupOf(apiVersion) === 'serving.kserve.io')
    .map(({ metadata }) => metadata.name);
  target.spec.monitoring.slos.forEach((slo, index) => {
    const [graph] = graphOf(slo);
    if (graph === undefined || graphs.includes(graph)) return;
    const others = graphs.length === 0 ? 'there is none' : `there are ${graphs.sort(compareText).join(', ')}`;
    const message = `no InferenceGraph ${graph} is among the objects of the service (${others}); if nobody else makes it, the objective is about no requests and its alerts never fire`;
    const fix =
      'add the InferenceGraph to the chart of the service, or correct its name; nothing, if it is delivered otherwise';
    add('monitoring/no-graph', `monitoring.slos[${index}].${promiseOf(slo).field}.graph`, message, fix);
  });
  return findings;
}

function checkPart(add: Add, field: string, part: string | undefined, parts: readonly string[]): void {
  const [only, ...more] = parts;
  if (only === undefined) {
    add(
      'monitoring/not-measured',
      field,
      'no part of the service is a vLLM, which would say when a first token comes',
      'write latency instead',
    );
  } else if (part === undefined && more.length > 0) {
    add(
      'monitoring/not-measured',
      field,
      `several parts are a vLLM: ${parts.join(', ')}`,
      `write part: ${only}, and an objective for each of the others`,
    );
  } else if (part !== undefined && !parts.includes(part)) {
    add(
      'monitoring/not-measured',
      field,
      `${JSON.stringify(part)} is no part that is a vLLM`,
      `write ${parts.join(' or ')}`,
    );
  }
}

function checkBucket(add: Add, field: string, below: string, histograms: readonly KnownHistogram[]): void {
  const beside = boundsBeside(below, ...histograms);
  if (beside === undefined) return;
  const message = `${below} is no bucket bound of ${histograms.map(({ name }) => name).join(' and ')}, so that nothing counts the requests below it`;
  add('monitoring/latency-bucket', field, message, `write ${beside}`);
}

function checkPlan(add: Add, field: string, { promise, byDefault }: PromisedSlo): void {
  const { objective, rate } = promise;
  const plan = planOf(promise);
  if (plan.unreachable.length > 0) {
    const bad = Number((100 * errorBudget(objective)).toPrecision(12));
    const message = `the objective ${objective} allows ${bad} % of requests to be bad, so that burn-rate alerts that could never fire are left out: ${plan.unreachable.join(', ')}`;
    add(
      'monitoring/objective-unreachable',
      `${field}.objective`,
      message,
      'write an objective above 93.06 for all four alerts, above 83.34 for all but the fast one',
    );
  }
  if (rate === undefined) return;
  // A service that sets no objective has broken no promise.
  if (!byDefault) for (const tier of plan.starved) starved(add, field, tier, promise.objective, rate);
  widened(add, field, plan, rate);
}

function starved(
  add: Add,
  field: string,
  { tier, factor, window, badEvents, minBadEvents }: Starved,
  objective: number,
  rate: number,
): void {
  const message =
    `at ${rate} requests per second (traffic.expectedRps) the objective ${objective} leaves the ${tier} alert ${Number(badEvents.toPrecision(2))} bad ones ` +
    `in ${windowName(window)} at burn rate ${factor}, and it asks for ${minBadEvents}`;
  add(
    'monitoring/rate-too-low',
    field,
    message,
    `write a lower objective, a longer period or window, a smaller minBadEvents, or alerts: { ${tier}: false }`,
  );
}

function widened(add: Add, field: string, { tiers, widened: names }: BurnPlan, rate: number): void {
  if (names.length === 0) return;
  const isWidened = ({ tier }: Tier): boolean => names.includes(tier);
  const windows = tiers
    .filter(isWidened)
    .map(({ tier, long }) => `${tier} at ${windowName(long)}`)
    .join(', ');
  const message = `at ${rate} requests per second (traffic.expectedRps) it takes so long until enough bad ones show that alerts look at longer windows: ${windows}`;
  add(
    'monitoring/rate-widens',
    field,
    message,
    'nothing, if that is soon enough; else a lower objective is noticed sooner',
  );
}

/** A service that sets no objective looks back as far as there is something to see. */
function checkRetention(
  add: Add,
  field: string,
  { promise }: PromisedSlo,
  { cluster: { prometheus }, clusterName }: Target,
): void {
  if (prometheus?.retention === undefined) return;
  const kept = retentionSeconds(prometheus.retention);
  const windows = planOf(promise)
    .tiers.filter(({ long }) => long > kept)
    .map(({ tier, long }) => `the ${tier} alert looks back ${windowName(long)}`);
  const looks = [...(promise.days * 86_400 > kept ? [`its error budget is over ${promise.days}d`] : []), ...windows];
  if (looks.length === 0) return;
  const message = `${looks.join(', and ')}, but the Prometheus of cluster ${clusterName} keeps ${prometheus.retention}, so that what is older counts as if it had not happened`;
  add(
    'monitoring/retention',
    field,
    message,
    'write a shorter period, or keep samples for longer (storage.tsdb.retention.time) and say so in prometheus.retention',
  );
}

function checkOutage(add: Add, target: Target): void {
  const {
    traffic: { expectedRps },
    monitoring: { outage },
  } = target.spec;
  if (outage === false || expectedRps === undefined || !countsRequests(target)) return;
  const window = outageSeconds(target);
  const atRate = `at ${expectedRps} requests per second (traffic.expectedRps)`;
  if (window === undefined) {
    const message = `${atRate} ${outage.minFailures} requests are too long apart for an alert on a total outage; there is none`;
    add(
      'monitoring/rate-widens',
      'monitoring.outage',
      message,
      'write a smaller minFailures, or ask the service something once a minute',
    );
  } else if (outage.window === undefined && window > SHORTEST_OUTAGE_WINDOW) {
    const message = `${atRate} a total outage shows within ${formatPrometheusDuration((window + 60) * 1000)}`;
    add(
      'monitoring/rate-widens',
      'monitoring.outage',
      message,
      'nothing, if that is soon enough; else write a smaller minFailures',
    );
  }
}

function checkDuplicates(add: Add, promises: readonly PromisedSlo[]): void {
  const names = promises.map(({ promise }) => promise.name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (first !== index)
      add(
        'monitoring/duplicate',
        `monitoring.slos[${index}]`,
        `${name} is watched by monitoring.slos[${first}] already`,
        'keep one of the two',
      );
  });
}
