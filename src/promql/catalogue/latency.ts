import { formatGoDuration } from '../../core/duration.ts';
import { compare, number, rate, subtract, sum, unless } from '../expr.ts';
import { buckets, istioMatchers, ISTIO_DURATION, observations, SUCCEEDED, upTo, type IstioTraffic } from '../metrics.ts';
import { alert, identityLabels, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, selector } from '../selector.ts';
import { burnRateGroup } from './burn-rate.ts';

/** A latency objective. */
export interface LatencyObjective {
  /** In per cent: 99. */
  readonly objective: number;
  /** In milliseconds; a bucket bound of the metric, or there is nothing to count. */
  readonly below: number;
  readonly traffic: IstioTraffic;
}

/**
 * Name of a latency objective. Two of them may differ in their objective only by mistake: what they count is the same.
 *
 * @example latencyName(250) // 'latency-250ms'
 */
export function latencyName(below: number): string {
  return `latency-${formatGoDuration(below)}`;
}

/**
 * Latency: the share of requests that were answered within a limit, from Istio's metrics. Failed requests do not count,
 * or failing fast would look good.
 *
 * Runbook: compare releases by destination_service_name, then replicas with the autoscaler's target, then the runtime's
 * own queue metrics.
 */
export function latency(subject: Subject, { objective, below, traffic }: LatencyObjective): RuleGroup {
  const matchers = [...istioMatchers(traffic), SUCCEEDED];
  const total = sum(rate(observations(ISTIO_DURATION.name, matchers), '5m'));
  const fast = sum(rate(buckets(ISTIO_DURATION.name, [...matchers, upTo(below)]), '5m'));
  const limit = formatGoDuration(below);
  const name = latencyName(below);
  const group = burnRateGroup(subject, { name, objective, events: { total, bad: subtract(total, fast) }, bad: template`took longer than ${limit}` });
  return { ...group, rules: [...group.rules, bucketMissing(subject, name, limit)] };
}

/** Without the bucket there are no bad events, and the objective is blind: mesh configuration can change the bounds. */
function bucketMissing(subject: Subject, name: string, limit: string): RuleGroup['rules'][number] {
  const labels = [...Object.entries(identityLabels(subject)), ['ai_slo', name] as const].map(([label, value]) => equal(label, value));
  return alert(subject, 'AiSloLatencyBucketMissing', {
    expr: unless(
      compare(selector('ai_slo:events_total:rate5m', labels), '>', number(0)),
      selector('ai_slo:events_bad:rate5m', labels),
    ),
    for: '15m',
    severity: 'warning',
    labels: { ai_slo: name },
    summary: template`The latency objective of ${subject.service} has no data.`,
    description: [
      template`requests arrive, but ${ISTIO_DURATION.name} has no bucket of ${limit}.`,
      template`See sidecar.istio.io/statsHistogramBuckets and the mesh configuration.`,
    ],
  });
}
