import { formatGoDuration } from '../../core/duration.ts';
import { compare, number, unless, type Expr } from '../expr.ts';
import { observationRate, observationRateAbove, type HistogramForm } from '../histogram.ts';
import { VLLM_FIRST_TOKEN } from '../metrics-vllm.ts';
import { istioMatchers, ISTIO_DURATION, SUCCEEDED, type IstioTraffic, type KnownHistogram } from '../metrics.ts';
import { alert, template, type AlertRule, type RuleGroup, type Subject, type Template } from '../rule.ts';
import type { Matcher } from '../selector.ts';
import { burnRateGroup, recordedOf, type BurnPromise } from './burn-rate.ts';

/** An objective on a length of time. */
export interface TimeObjective extends BurnPromise {
  /** What the objective is called: `latency-250ms`. */
  readonly name: string;
  /** In milliseconds; a bucket bound of the metric, or there is nothing to count. */
  readonly below: number;
  /** How Prometheus keeps the histogram. */
  readonly form: HistogramForm;
}

/**
 * Latency: the share of requests that were answered within a limit, from Istio's metrics. Failed requests do not count,
 * or failing fast would look good.
 *
 * Runbook: compare releases by destination_service_name, then replicas with the autoscaler's target, then the runtime's
 * own queue metrics.
 */
export function latency(
  subject: Subject,
  { traffic, ...objective }: TimeObjective & { readonly traffic: IstioTraffic },
): RuleGroup {
  return withinLimit(subject, objective, {
    histogram: ISTIO_DURATION,
    matchers: [...istioMatchers(traffic), SUCCEEDED],
    bad: template`of requests took longer than ${formatGoDuration(objective.below)}`,
    fix: template`See sidecar.istio.io/statsHistogramBuckets and the mesh configuration.`,
  });
}

/**
 * Time to first token: the share of requests to a vLLM whose first token came within a limit. It is what a reader waits
 * for; the time for all of an answer depends on its length.
 *
 * Runbook: requests that wait (`vllm:num_requests_waiting`): scale out. None: long prompts, few hits of the prefix cache,
 * preemptions.
 *
 * @param own labels of the series of the part.
 */
export function timeToFirstToken(
  subject: Subject,
  { own, ...objective }: TimeObjective & { readonly own: readonly Matcher[] },
): RuleGroup {
  return withinLimit(subject, objective, {
    histogram: VLLM_FIRST_TOKEN,
    matchers: own,
    bad: template`of requests waited longer than ${formatGoDuration(objective.below)} for their first token`,
    fix: template`See which version of vLLM it is, and its buckets.`,
  });
}

interface Counted {
  readonly histogram: KnownHistogram;
  readonly matchers: readonly Matcher[];
  readonly bad: Template;
  /** Where to look when the bucket is missing. */
  readonly fix: Template;
}

function withinLimit(
  subject: Subject,
  objective: TimeObjective,
  { histogram, matchers, bad, fix }: Counted,
): RuleGroup {
  const bound = histogram.unit === 'seconds' ? objective.below / 1000 : objective.below;
  const series = { name: histogram.name, form: objective.form, matchers };
  const events = {
    total: observationRate(series, '5m'),
    bad: (total: Expr) => observationRateAbove(series, bound, total, '5m'),
  };
  // A native histogram has a value between any two bounds.
  const alerts = objective.form === 'classic' ? [bucketMissing(subject, objective, histogram, fix)] : [];
  return burnRateGroup(subject, { events, bad, ...objective }, alerts);
}

/** Without the bucket there are no bad events, and the objective is blind: its bounds are not the program's to choose. */
export function bucketMissing(
  subject: Subject,
  { name, below }: Pick<TimeObjective, 'name' | 'below'>,
  histogram: Pick<KnownHistogram, 'name'>,
  fix: Template,
): AlertRule {
  const { total, bad } = recordedOf(subject, name);
  return alert(subject, 'AiSloLatencyBucketMissing', {
    expr: unless(compare(total, '>', number(0)), bad),
    for: '15m',
    severity: 'warning',
    labels: { ai_slo: name },
    summary: template`The ${name} objective of ${subject.service} has no data.`,
    description: [template`requests arrive, but ${histogram.name} has no bucket of ${formatGoDuration(below)}.`, fix],
  });
}
