import { increase, multiply, number, or, rate, sum, type Expr, type Range } from '../expr.ts';
import { VLLM_HTTP_REQUESTS } from '../metrics-vllm.ts';
import type { QueueProxyMetrics } from '../metrics-knative.ts';
import { FAILED, ISTIO_REQUESTS, istioMatchers, REFUSED, type IstioTraffic } from '../metrics.ts';
import { template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, matches, notMatches, pattern, selector, type Matcher, type Selector } from '../selector.ts';
import { burnRateGroup, type BurnPromise } from './burn-rate.ts';

/** The objective of a service that sets none, in per cent: lax enough for every service, and better than no alert. */
export const DEFAULT_AVAILABILITY = 99;

/** Requests that Knative's queue-proxies count, in the pods that answer. */
export interface QueueProxyTraffic {
  /** How they are called; two ways while Knative is upgraded. */
  readonly generations: readonly QueueProxyMetrics[];
  /** Conditions on our labels for the pods that answer; several where releases answer by different parts. */
  readonly pods: readonly (readonly Matcher[])[];
}

/** Requests that proxies of Istio or Knative count, whatever the server is. */
export type ProxiedRequests = { readonly istio: IstioTraffic } | { readonly queueProxy: QueueProxyTraffic };

/** Where requests are counted: by proxies, or by a vLLM itself, whose series have these labels. */
export type RequestSource = ProxiedRequests | { readonly vllm: readonly Matcher[] };

/** Series that are counted together; no two of them are of one pod and one name. */
export type Counter = readonly Selector[];

/** What several series have been counted in some time, together. */
export function inTotal(counter: Counter, counted: (series: Selector) => Expr): Expr {
  return sum(or(...counter.map(counted)));
}

/**
 * How requests end: `failed` on the server's side; `refused` as the caller's mistake, which shows to be one when another release
 * is asked the same; `unanswered` in a way that nobody can use: failed, or the caller went away before there was an answer.
 */
export type Ending = 'any' | 'failed' | 'refused' | 'unanswered' | 'answered';

const [SERVER_ERROR, CLIENT_ERROR, GONE] = [pattern`5..`, pattern`4..`, pattern`0`];

/**
 * Conditions of Istio's counter. A caller that goes away (code 0) is no failure, and the model not to blame; but when nobody
 * waits long enough for an answer, that is an outage.
 */
const ISTIO_ENDINGS: Readonly<Record<Ending, readonly Matcher[]>> = {
  any: [],
  failed: [FAILED],
  refused: [REFUSED],
  unanswered: [matches('response_code', SERVER_ERROR, GONE)],
  answered: [notMatches('response_code', SERVER_ERROR, GONE)],
};

/** Conditions of a queue-proxy's counter, which calls the code one way or another. It cannot tell who went away: that is a failure (502). */
const QUEUE_PROXY_ENDINGS: Readonly<Record<Ending, (code: string) => readonly Matcher[]>> = {
  any: () => [],
  failed: (code) => [matches(code, SERVER_ERROR)],
  refused: (code) => [matches(code, CLIENT_ERROR)],
  unanswered: (code) => [matches(code, SERVER_ERROR)],
  answered: (code) => [notMatches(code, SERVER_ERROR)],
};

/** Conditions of a vLLM's counter. */
const VLLM_ENDINGS: Readonly<Record<Ending, readonly Matcher[]>> = {
  any: [],
  failed: [equal('status', '5xx')],
  refused: [equal('status', '4xx')],
  unanswered: [equal('status', '5xx')],
  answered: [{ label: 'status', operator: '!=', value: '5xx' }],
};

/** The counter of requests that ended in one way. */
export function counterOf(source: RequestSource, ending: Ending): Counter {
  if ('istio' in source) return [selector(ISTIO_REQUESTS, [...istioMatchers(source.istio), ...ISTIO_ENDINGS[ending]])];
  if ('queueProxy' in source) {
    const { generations, pods } = source.queueProxy;
    const conditions = QUEUE_PROXY_ENDINGS[ending];
    return generations.flatMap(({ requests, code }) =>
      pods.map((own) => selector(requests, [...own, ...conditions(code)])),
    );
  }
  // Probes have other paths.
  return [selector(VLLM_HTTP_REQUESTS, [...source.vllm, matches('handler', pattern`/v1/.*`), ...VLLM_ENDINGS[ending]])];
}

/** Requests in a time, whatever became of them. */
export function requestsIn(source: RequestSource, window: Range): Expr {
  return inTotal(counterOf(source, 'any'), (series) => increase(series, window));
}

/**
 * Availability: the share of requests that did not fail on the server's side.
 *
 * Runbook: split the requests by response_code, response_flags and destination_service_name. One release alone: roll it
 * back. All of them: look at what they share, then at capacity.
 *
 * @param name what the objective is called: `availability`.
 * @param byDefault the service sets no objective, and the alerts say so.
 */
export function availability(
  subject: Subject,
  {
    source,
    byDefault,
    ...promise
  }: BurnPromise & { readonly name: string; readonly source: RequestSource; readonly byDefault: boolean },
): RuleGroup {
  return burnRateGroup(subject, {
    origin: byDefault ? template`(It is the default: the service sets no objective.)` : undefined,
    // Before the first failure there is no series of failures.
    events: {
      total: perSecond(counterOf(source, 'any')),
      bad: (requests) => or(perSecond(counterOf(source, 'failed')), multiply(number(0), requests)),
    },
    bad: template`of requests failed`,
    ...promise,
  });
}

/** Requests per second. */
export function perSecond(counter: Counter): Expr {
  return inTotal(counter, (series) => rate(series, '5m'));
}
