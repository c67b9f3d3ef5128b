import { parseDuration } from '../core/duration.ts';
import { rememberOf } from '../core/remember.ts';
import { counterOf, type Counter, type ProxiedRequests, type RequestSource } from '../promql/catalogue/availability.ts';
import { latenciesAt } from '../promql/catalogue/gates.ts';
import { histogramQuantile, multiply, number, or, rate, sum, type Expr, type Range } from '../promql/expr.ts';
import { histogramRates } from '../promql/histogram.ts';
import type { IstioTraffic } from '../promql/metrics.ts';
import { VLLM_FIRST_TOKEN } from '../promql/metrics-vllm.ts';
import type { Matcher } from '../promql/selector.ts';
import { graphOf } from '../service/slo.ts';
import { formOfClassic } from './histogram-form.ts';
import { graphTraffic, serviceTraffic } from './istio-traffic.ts';
import { promisesOf, requestSource, seriesOfPart, vllmParts, type PromisedSlo } from './prometheus-slo.ts';
import { subjectOf } from './subject.ts';
import type { Target } from './target.ts';

/**
 * What people ask of the requests to a service, on its dashboard and in its runbook: of the same series as the alerts, so that none
 * of them counts a request twice, or one to another service.
 */

/** The requests to a service, of all releases that run, as rules, dashboard and runbook see them. */
export interface CountedRequests {
  /** As Istio counts them; `undefined` where it does not. */
  readonly traffic: IstioTraffic | undefined;
  /** As somebody counts them; `undefined` where nobody does. */
  readonly source: RequestSource | undefined;
}

/** How the requests to a service are counted on its cluster. */
export const countedRequests = rememberOf((target: Target): CountedRequests => {
  const traffic = serviceTraffic(target);
  return { traffic, source: requestSource(target, subjectOf(target), traffic) };
});

/** The label that tells releases apart: Istio names the Service that answered, all others the release of the pod. */
export function releaseLabel(source: RequestSource): 'destination_service_name' | 'release' {
  return 'istio' in source ? 'destination_service_name' : 'release';
}

/** Requests per second of all that is counted together, or for each value of some labels. */
export function requestRate(counter: Counter, by?: readonly string[], window: Range = '5m'): Expr {
  return sum(or(...counter.map((series) => rate(series, window))), by);
}

/**
 * Requests per second, by what they were answered and by release.
 *
 * @param requests all that are counted.
 */
export function requestRateByCode(source: RequestSource, requests: Counter): Expr {
  if ('istio' in source) return requestRate(requests, ['response_code', 'response_flags', releaseLabel(source)]);
  if ('vllm' in source) return requestRate(requests, ['status', releaseLabel(source)]);
  // The name of the label tells the two generations of an upgrade apart.
  return or(
    ...generationsOf(source).map(({ code, own }) => requestRate(counterOf(own, 'any'), [code, releaseLabel(source)])),
  );
}

/** The requests whose code fulfils a condition. A vLLM counts classes of codes, which have no condition. */
export function counterWithCode(source: ProxiedRequests, condition: (label: string) => Matcher): Counter {
  if ('istio' in source)
    return counterOf(
      { istio: { ...source.istio, more: [...(source.istio.more ?? []), condition('response_code')] } },
      'any',
    );
  return generationsOf(source).flatMap(
    ({
      code,
      own: {
        queueProxy: { generations, pods },
      },
    }) =>
      counterOf({ queueProxy: { generations, pods: pods.map((matchers) => [...matchers, condition(code)]) } }, 'any'),
  );
}

/** What the queue-proxies of each generation of Knative count, and the label with the code. */
function generationsOf({ queueProxy: { generations, pods } }: Extract<ProxiedRequests, { queueProxy: unknown }>) {
  return generations.map((generation) => ({
    code: generation.code,
    own: { queueProxy: { generations: [generation], pods } },
  }));
}

/** A length of time that is measured of requests. */
export interface MeasuredTime {
  readonly of: 'answer' | 'first token';
  /** The InferenceGraph or the part that it is of, where it is not of the whole service. */
  readonly holder: string | undefined;
  /** The label that tells releases apart. */
  readonly release: string;
  /** In milliseconds, at some quantiles; in all or by some labels. */
  readonly at: (quantiles: readonly number[], by?: readonly string[]) => Expr[];
  /** What the service promises about it. */
  readonly limits: readonly TimeLimit[];
}

/** An objective on a length of time. */
export interface TimeLimit {
  readonly name: string;
  /** Share of the requests that must be faster, in per cent. */
  readonly objective: number;
  /** The quantile to look at, as the service says, or as the objective is. */
  readonly quantile: number;
  /** In milliseconds. */
  readonly below: number;
}

/** The lengths of time that are measured of the requests to a service, to graphs that it has objectives on, and to a vLLM in it. */
export function measuredTimes(target: Target, source: RequestSource | undefined): MeasuredTime[] {
  const promises = promisesOf(target.spec);
  const times: MeasuredTime[] = [];
  if (source && !('vllm' in source)) times.push(timeToAnswer(target, source, promises, undefined));
  for (const graph of new Set(promises.flatMap(({ slo }) => ('latency' in slo ? graphOf(slo) : [])))) {
    const istio = graphTraffic(target, graph);
    if (istio) times.push(timeToAnswer(target, { istio }, promises, graph));
  }
  const named = vllmParts(target.spec);
  const parts = source && 'vllm' in source ? [...new Set([target.serving.stable.workload.part, ...named])] : named;
  for (const part of parts)
    times.push(timeToFirstToken(target, part, parts.length > 1, limitsOfPart(promises, part, named[0])));
  return times;
}

function timeToAnswer(
  target: Target,
  source: ProxiedRequests,
  promises: readonly PromisedSlo[],
  graph: string | undefined,
): MeasuredTime {
  const requests = { source, form: formOfClassic(target) };
  return {
    of: 'answer',
    holder: graph,
    release: releaseLabel(source),
    at: (quantiles, by) => latenciesAt(requests, quantiles, '5m', by),
    limits: limitsOf(promises, graph),
  };
}

function timeToFirstToken(target: Target, part: string, named: boolean, limits: TimeLimit[]): MeasuredTime {
  const series = [
    { name: VLLM_FIRST_TOKEN.name, form: formOfClassic(target), matchers: seriesOfPart(subjectOf(target), part) },
  ];
  const at: MeasuredTime['at'] = (quantiles, by) => {
    const rates = histogramRates(series, '5m', by);
    return quantiles.map((quantile) => multiply(number(1000), histogramQuantile(quantile, rates)));
  };
  return { of: 'first token', holder: named ? part : undefined, release: 'release', at, limits };
}

function limitsOf(promises: readonly PromisedSlo[], graph: string | undefined): TimeLimit[] {
  return promises.flatMap(({ slo, promise }) => {
    if (!('latency' in slo) || slo.latency.graph !== graph) return [];
    const { below, objective, quantile = shareOf(objective) } = slo.latency;
    return [{ name: promise.name, objective, quantile, below: milliseconds(below) }];
  });
}

/** @param first the part that is meant where an objective names none. */
function limitsOfPart(promises: readonly PromisedSlo[], asked: string, first: string | undefined): TimeLimit[] {
  return promises.flatMap(({ slo, promise }) => {
    if (!('timeToFirstToken' in slo)) return [];
    const { below, objective, part = first } = slo.timeToFirstToken;
    return part === asked
      ? [{ name: promise.name, objective, quantile: shareOf(objective), below: milliseconds(below) }]
      : [];
  });
}

function shareOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}

function milliseconds(text: string): number {
  // The schema accepts durations only.
  return parseDuration(text) ?? 0;
}
