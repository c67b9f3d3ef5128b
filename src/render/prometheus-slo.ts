import { parseDuration } from '../core/duration.ts';
import { rememberOf } from '../core/remember.ts';
import { availability, DEFAULT_AVAILABILITY, type RequestSource } from '../promql/catalogue/availability.ts';
import { errorBudgetGroup, type BurnPromise } from '../promql/catalogue/burn-rate.ts';
import { customSlo, type CustomEvents } from '../promql/catalogue/custom-slo.ts';
import { latency, timeToFirstToken } from '../promql/catalogue/latency.ts';
import { outage, outageWindow } from '../promql/catalogue/outage.ts';
import { queueProxyLatency } from '../promql/catalogue/queue-proxy-latency.ts';
import { ISTIO_DURATION, type IstioTraffic, type KnownHistogram } from '../promql/metrics.ts';
import { queueProxyMetrics } from '../promql/metrics-knative.ts';
import { identityLabels, type RuleGroup, type Subject } from '../promql/rule.ts';
import { equal, type Matcher, type Pattern } from '../promql/selector.ts';
import { entriesOf } from '../release/serving.ts';
import type { ServiceSpec } from '../service/service.ts';
import { graphOf, promiseOf, type SloOutput, type SloPromise } from '../service/slo.ts';
import { runsOnKnative } from './address.ts';
import { keptToService } from './custom-rules.ts';
import { componentsOf, deploymentPattern } from './deployments.ts';
import { formOfClassic } from './histogram-form.ts';
import { isLlm } from './is-llm.ts';
import { graphTraffic, istioCounts } from './istio-traffic.ts';
import { queueProxiesCount, queueProxyTraffic } from './queue-proxy-traffic.ts';
import { hasSource } from './scrape.ts';
import type { Target } from './target.ts';

/** An objective of a service, and what it promises. */
export interface PromisedSlo {
  readonly slo: SloOutput;
  /** The service sets none, and this is what it gets. */
  readonly byDefault: boolean;
  readonly promise: SloPromise & BurnPromise;
}

/** The objectives of a service: those that it sets, or availability, 99 %. */
export const promisesOf = rememberOf((spec: ServiceSpec): readonly PromisedSlo[] => {
  const { slos } = spec.monitoring;
  const byDefault = slos.length === 0;
  const all: readonly SloOutput[] = byDefault ? [{ availability: { objective: DEFAULT_AVAILABILITY } }] : slos;
  return all.map((slo) => ({ slo, byDefault, promise: { rate: rateOf(spec, slo), ...promiseOf(slo) } }));
});

/** Events per second that an objective is about; unknown of events of the user's own, of graphs, and of models behind a function. */
function rateOf(spec: ServiceSpec, slo: SloOutput): number | undefined {
  if ('custom' in slo || graphOf(slo).length > 0 || ('timeToFirstToken' in slo && spec.function)) return undefined;
  return spec.traffic.expectedRps;
}

/** Parts of a service that are a vLLM. */
export function vllmParts({ predictor, models }: ServiceSpec): string[] {
  const servers = [...(predictor ? [['predictor', predictor] as const] : []), ...Object.entries(models)];
  return servers.filter(([, { framework, llm }]) => framework === 'vllm' || llm !== undefined).map(([part]) => part);
}

/** Histograms that have the time to answer, one for each name that it may have; none where nobody measures it. */
export function latencyHistograms(target: Target): KnownHistogram[] {
  // KServe's gateway does not say which service a request was for.
  if (isLlm(target.serving.stable.workload)) return [];
  if (istioCounts(target)) return [ISTIO_DURATION];
  const { knative } = target.cluster;
  return knative && queueProxiesCount(target) ? queueProxyMetrics(knative.version).map(({ duration }) => duration) : [];
}

/** Whether requests are counted somewhere. */
export function countsRequests(target: Target): boolean {
  return isLlm(target.serving.stable.workload) || latencyHistograms(target).length > 0;
}

/**
 * The objectives of a service: burn-rate alerts for each, what is left of the error budgets, and the alert on a total
 * outage. What cannot be measured on the cluster is left out; the checks say so.
 *
 * @param source where the requests to the service are counted.
 */
export function sloGroups(target: Target, subject: Subject, source: RequestSource | undefined): RuleGroup[] {
  // Those on the service first: `monitoring test` makes its stories of the first requests that rules read.
  const promises = [...promisesOf(target.spec)].sort((a, b) => graphOf(a.slo).length - graphOf(b.slo).length);
  const objectives = promises.flatMap((promised) => {
    const [graph] = graphOf(promised.slo);
    const group = groupOf(target, subject, promised, graph === undefined ? source : graphSource(target, graph));
    return group === undefined ? [] : [{ group, promise: promised.promise }];
  });
  return [
    ...objectives.map(({ group }) => group),
    ...(objectives.length > 0
      ? [
          errorBudgetGroup(
            subject,
            objectives.map(({ promise }) => promise),
          ),
        ]
      : []),
    ...outageGroup(target, subject, source),
  ];
}

/**
 * Where the requests to a service are counted. Behind KServe's gateway a vLLM counts them itself; without Istio the queue-proxies of
 * Knative do.
 *
 * @param traffic the requests as Istio counts them.
 */
export function requestSource(
  target: Target,
  subject: Subject,
  traffic: IstioTraffic | undefined,
): RequestSource | undefined {
  const { workload } = target.serving.stable;
  if (isLlm(workload)) return { vllm: seriesOfPart(subject, workload.part) };
  if (traffic) return { istio: traffic };
  const queueProxy = queueProxyTraffic(target, subject);
  return queueProxy && { queueProxy };
}

function graphSource(target: Target, graph: string): RequestSource | undefined {
  const istio = graphTraffic(target, graph);
  return istio && { istio };
}

/** Labels that our PodMonitor gives to the series of a part, of whichever release. */
export function seriesOfPart(subject: Subject, part: string): Matcher[] {
  return Object.entries({ ...identityLabels(subject), part }).map(([label, value]) => equal(label, value));
}

function groupOf(
  target: Target,
  subject: Subject,
  { slo, promise, byDefault }: PromisedSlo,
  source: RequestSource | undefined,
): RuleGroup | undefined {
  if ('availability' in slo) return source && availability(subject, { source, byDefault, ...promise });
  if ('latency' in slo) {
    const timed = { below: milliseconds(slo.latency.below), form: formOfClassic(target), ...promise };
    if (source && 'istio' in source) return latency(subject, { traffic: source.istio, ...timed });
    return source && 'queueProxy' in source ? queueProxyLatency(subject, source.queueProxy, timed) : undefined;
  }
  if ('custom' in slo) {
    const { total, good, bad } = slo.custom;
    const kept = keptToService(target, []);
    const events = (own: NonNullable<typeof good>): CustomEvents => (typeof own === 'string' ? kept(own) : own);
    const [goodOnes, badOnes] = [good, bad].map((own) => (own === undefined ? undefined : events(own)));
    return customSlo(subject, { ...promise, total: events(total), good: goodOnes, bad: badOnes, requests: source });
  }
  const { below, part = vllmParts(target.spec)[0] } = slo.timeToFirstToken;
  return part === undefined
    ? undefined
    : timeToFirstToken(subject, {
        ...promise,
        below: milliseconds(below),
        form: formOfClassic(target),
        own: seriesOfPart(subject, part),
      });
}

function outageGroup(target: Target, subject: Subject, source: RequestSource | undefined): RuleGroup[] {
  const { outage: rule } = target.spec.monitoring;
  const window = outageSeconds(target);
  if (rule === false || source === undefined || window === undefined) return [];
  const { minFailures, severity } = rule;
  const deployments =
    !('vllm' in source) && hasSource(target, 'kubeStateMetrics') ? answeringDeployments(target) : undefined;
  return [outage(subject, { source, window, minFailures, severity, deployments })];
}

/** Seconds in which an outage shows; `undefined` when it does not show in any length of time that is worth an alert. */
export function outageSeconds({ spec }: Target): number | undefined {
  const { outage: rule } = spec.monitoring;
  if (rule === false) return undefined;
  return rule.window === undefined
    ? outageWindow(rule.minFailures, spec.traffic.expectedRps)
    : milliseconds(rule.window) / 1000;
}

/** The Deployments that answer the service's address, of all releases; none where one of them may go down to none without requests. */
function answeringDeployments(target: Target): Pattern[] | undefined {
  const running = entriesOf(target.serving)
    .map(({ workload }) => workload)
    .filter(({ stopped }) => !stopped);
  const components = running.map((workload) => {
    const all = componentsOf(workload);
    // A transformer calls the predictor.
    return all.find(({ part }) => part === 'transformer') ?? all[0]!;
  });
  // Without Knative a function has a replica at all times.
  const sleeps = components.some(
    ({ workload, scale }) => scale.scaling.min === 0 && (workload.kind === 'server' || runsOnKnative(target, workload)),
  );
  return sleeps ? undefined : components.map((component) => deploymentPattern(target, component));
}

function milliseconds(text: string): number {
  // The schema accepts durations only.
  return parseDuration(text) ?? 0;
}
