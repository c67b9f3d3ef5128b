import { multiply, number, or, rate, sum } from '../expr.ts';
import { FAILED, ISTIO_REQUESTS, istioMatchers, type IstioTraffic } from '../metrics.ts';
import { template, type RuleGroup, type Subject } from '../rule.ts';
import { selector } from '../selector.ts';
import { burnRateGroup } from './burn-rate.ts';

/** The objective of a service that sets none, in per cent: lax enough for every service, and better than no alert. */
export const DEFAULT_AVAILABILITY = 99;

/**
 * Availability: the share of requests that did not fail on the server's side, from Istio's metrics.
 *
 * Runbook: split `istio_requests_total` by response_code, response_flags and destination_service_name. One release
 * alone: roll it back. All of them: look at what they share, then at capacity.
 *
 * @param objective in per cent: 99.9. Without one, the default, and the alerts say so.
 */
export function availability(
  subject: Subject,
  { objective, traffic }: { objective: number | undefined; traffic: IstioTraffic },
): RuleGroup {
  const matchers = istioMatchers(traffic);
  const total = sum(rate(selector(ISTIO_REQUESTS, matchers), '5m'));
  const failed = sum(rate(selector(ISTIO_REQUESTS, [...matchers, FAILED]), '5m'));
  return burnRateGroup(subject, {
    name: 'availability',
    objective: objective ?? DEFAULT_AVAILABILITY,
    ...(objective === undefined && { origin: template`(It is the default: the service sets no objective.)` }),
    // Before the first failure there is no series of failures.
    events: { total, bad: or(failed, multiply(number(0), total)) },
    bad: template`failed`,
  });
}
