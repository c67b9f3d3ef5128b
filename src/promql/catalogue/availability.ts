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

/** Counters of requests, by how they ended. */
export interface RequestCounters {
  readonly all: Counter;
  /** Failed on the server's side. */
  readonly failed: Counter;
  /** Refused as the caller's mistake. Whether it is one shows when another release is asked the same. */
  readonly refused: Counter;
  /** Got no answer that anybody could use: failed, or the caller went away before there was one. */
  readonly unanswered: Counter;
  readonly answered: Counter;
}

/**
 * The counters of a source. A caller that goes away (code 0) is no failure, and the model not to blame; but when nobody
 * waits long enough for an answer, that is an outage. A queue-proxy cannot tell: to it that is a failure (502).
 */
export function countersOf(source: RequestSource): RequestCounters {
  if ('istio' in source) {
    const counter = (...matchers: readonly Matcher[]): Counter => [selector(ISTIO_REQUESTS, [...istioMatchers(source.istio), ...matchers])];
    const none = [pattern`5..`, pattern`0`];
    return {
      all: counter(),
      failed: counter(FAILED),
      refused: counter(REFUSED),
      unanswered: counter(matches('response_code', ...none)),
      answered: counter(notMatches('response_code', ...none)),
    };
  }
  if ('queueProxy' in source) {
    const { generations, pods } = source.queueProxy;
    const counter = (of: (code: string) => readonly Matcher[]): Counter =>
      generations.flatMap(({ requests, code }) => pods.map((own) => selector(requests, [...own, ...of(code)])));
    const failed = counter((code) => [matches(code, pattern`5..`)]);
    const refused = counter((code) => [matches(code, pattern`4..`)]);
    return { all: counter(() => []), failed, refused, unanswered: failed, answered: counter((code) => [notMatches(code, pattern`5..`)]) };
  }
  // Probes have other paths.
  const counter = (...matchers: readonly Matcher[]): Counter => [
    selector(VLLM_HTTP_REQUESTS, [...source.vllm, matches('handler', pattern`/v1/.*`), ...matchers]),
  ];
  const failed = counter(equal('status', '5xx'));
  const answered = counter({ label: 'status', operator: '!=', value: '5xx' });
  return { all: counter(), failed, refused: counter(equal('status', '4xx')), unanswered: failed, answered };
}

/** Requests in a time, whatever became of them. */
export function requestsIn(source: RequestSource, window: Range): Expr {
  return inTotal(countersOf(source).all, (series) => increase(series, window));
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
  { source, byDefault, ...promise }: BurnPromise & { readonly name: string; readonly source: RequestSource; readonly byDefault: boolean },
): RuleGroup {
  const { all, failed } = countersOf(source);
  return burnRateGroup(subject, {
    ...promise,
    ...(byDefault && { origin: template`(It is the default: the service sets no objective.)` }),
    // Before the first failure there is no series of failures.
    events: { total: perSecond(all), bad: (requests) => or(perSecond(failed), multiply(number(0), requests)) },
    bad: template`of requests failed`,
  });
}

/** Requests per second. */
export function perSecond(counter: Counter): Expr {
  return inTotal(counter, (series) => rate(series, '5m'));
}
