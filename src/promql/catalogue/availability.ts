import { increase, multiply, number, or, rate, sum, type Expr, type Range } from '../expr.ts';
import { VLLM_HTTP_REQUESTS } from '../metrics-vllm.ts';
import { FAILED, ISTIO_REQUESTS, istioMatchers, type IstioTraffic } from '../metrics.ts';
import { template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, matches, notMatches, pattern, selector, type Matcher, type Selector } from '../selector.ts';
import { burnRateGroup, type BurnPromise } from './burn-rate.ts';

/** The objective of a service that sets none, in per cent: lax enough for every service, and better than no alert. */
export const DEFAULT_AVAILABILITY = 99;

/** Where requests are counted: by the proxies of Istio, or by a vLLM itself, whose series have these labels. */
export type RequestSource = { readonly istio: IstioTraffic } | { readonly vllm: readonly Matcher[] };

/** Counters of requests, by how they ended. */
export interface RequestCounters {
  readonly all: Selector;
  /** Failed on the server's side. */
  readonly failed: Selector;
  /** Got no answer that anybody could use: failed, or the caller went away before there was one. */
  readonly unanswered: Selector;
  readonly answered: Selector;
}

/**
 * The counters of a source. A caller that goes away (code 0) is no failure, and the model not to blame; but when nobody
 * waits long enough for an answer, that is an outage.
 */
export function countersOf(source: RequestSource): RequestCounters {
  if ('istio' in source) {
    const counter = (...matchers: readonly Matcher[]): Selector => selector(ISTIO_REQUESTS, [...istioMatchers(source.istio), ...matchers]);
    const none = [pattern`5..`, pattern`0`];
    return {
      all: counter(),
      failed: counter(FAILED),
      unanswered: counter(matches('response_code', ...none)),
      answered: counter(notMatches('response_code', ...none)),
    };
  }
  // Probes have other paths.
  const counter = (...matchers: readonly Matcher[]): Selector =>
    selector(VLLM_HTTP_REQUESTS, [...source.vllm, matches('handler', pattern`/v1/.*`), ...matchers]);
  const failed = counter(equal('status', '5xx'));
  return { all: counter(), failed, unanswered: failed, answered: counter({ label: 'status', operator: '!=', value: '5xx' }) };
}

/** Requests in a time, whatever became of them. */
export function requestsIn(source: RequestSource, window: Range): Expr {
  return sum(increase(countersOf(source).all, window));
}

/**
 * Availability: the share of requests that did not fail on the server's side.
 *
 * Runbook: split the requests by response_code, response_flags and destination_service_name. One release alone: roll it
 * back. All of them: look at what they share, then at capacity.
 *
 * @param byDefault the service sets no objective, and the alerts say so.
 */
export function availability(
  subject: Subject,
  { source, byDefault, ...promise }: BurnPromise & { readonly source: RequestSource; readonly byDefault: boolean },
): RuleGroup {
  const { all, failed } = countersOf(source);
  return burnRateGroup(subject, {
    ...promise,
    name: 'availability',
    ...(byDefault && { origin: template`(It is the default: the service sets no objective.)` }),
    // Before the first failure there is no series of failures.
    events: { total: sum(rate(all, '5m')), bad: (total) => or(sum(rate(failed, '5m')), multiply(number(0), total)) },
    bad: template`of requests failed`,
  });
}
