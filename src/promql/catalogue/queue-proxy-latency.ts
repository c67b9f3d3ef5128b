import { formatGoDuration } from '../../core/duration.ts';
import { subtract } from '../expr.ts';
import type { QueueProxyMetrics } from '../metrics-knative.ts';
import { buckets, observations, upTo } from '../metrics.ts';
import { template, type RuleGroup, type Subject } from '../rule.ts';
import { notMatches, pattern, type Matcher, type Selector } from '../selector.ts';
import { perSecond, type QueueProxyTraffic } from './availability.ts';
import { burnRateGroup } from './burn-rate.ts';
import { bucketMissing, type TimeObjective } from './latency.ts';

/**
 * Latency, as Knative's queue-proxies see it: without the way through the gateway and the wait for a replica that there is not
 * yet. Failed requests do not count, or failing fast would look good.
 *
 * Runbook: compare releases by the label `release`, then replicas with the autoscaler's target.
 */
export function queueProxyLatency(
  subject: Subject,
  { generations, pods }: QueueProxyTraffic,
  objective: Omit<TimeObjective, 'form'>,
): RuleGroup {
  const series = (
    of: (histogram: QueueProxyMetrics['duration'], succeeded: readonly Matcher[]) => Selector,
  ): Selector[] =>
    generations.flatMap(({ duration, code }) =>
      pods.map((own) => of(duration, [...own, notMatches(code, pattern`5..`)])),
    );
  const all = series(({ name }, succeeded) => observations(name, succeeded));
  const bound = (unit: 'milliseconds' | 'seconds'): Matcher =>
    upTo(unit === 'seconds' ? objective.below / 1000 : objective.below);
  const fast = series(({ name, unit }, succeeded) => buckets(name, [...succeeded, bound(unit)]));
  const limit = formatGoDuration(objective.below);
  const names = generations.map(({ duration }) => duration.name).join(' or ');
  return burnRateGroup(
    subject,
    {
      ...objective,
      events: { total: perSecond(all), bad: (requests) => subtract(requests, perSecond(fast)) },
      bad: template`of requests took longer than ${limit}`,
    },
    [bucketMissing(subject, objective, { name: names }, template`See which version of Knative it is.`)],
  );
}
