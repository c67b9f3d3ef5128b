import { add, and, compare, count, divide, number, unless, type Expr, type Range } from '../expr.ts';
import { observedIn, type HistogramForm, type HistogramSeries } from '../histogram.ts';
import {
  alert,
  groupName,
  identityLabels,
  record,
  template,
  type AlertRule,
  type RuleGroup,
  type Subject,
} from '../rule.ts';
import { equal, isOneOf, selector, type Matcher } from '../selector.ts';
import type { RequestSource } from './availability.ts';
import {
  DISTANCES,
  noneEmpty,
  referenceShares,
  type Distance,
  type DistanceName,
  type ReferenceBins,
} from './drift-distance.ts';
import { recordedHistogram } from './drift-histogram.ts';
import type { Sampling } from './drift-window.ts';
import { metricMissing } from './metric-missing.ts';

/** A drift rule: how far a histogram may be from a reference distribution. */
export interface DriftRule {
  /** The histogram whose distribution is watched. */
  readonly metric: string;
  readonly form: HistogramForm;
  /** The feature that it observes; `undefined` for predictions. */
  readonly feature: string | undefined;
  /** Parts of the service that expose it. */
  readonly parts: readonly string[];
  readonly reference: ReferenceBins;
  readonly distance: DistanceName;
  /** Distance above which the alert fires. */
  readonly threshold: number;
  readonly sampling: Sampling;
  /** Requests to the service, so that a missing metric is noticed only where there should be one. */
  readonly requests: RequestSource | undefined;
}

/**
 * Fewer observations in the window say nothing: without any drift, the expected index is (bins - 1) / n, and for six
 * bins and 100 observations it passes 0.1 in one window of ten.
 */
export const MIN_SAMPLES = 200;

/**
 * Drift of a histogram from a reference distribution, in pure PromQL over native histograms, or classic ones of every
 * spelling of `le`; the distance is exact where bin edges are bucket bounds.
 *
 * The alert also asks for enough samples, and for a distance above what chance does in one window of ten thousand. Two
 * more alerts tell when the rule is blind: buckets that are not those of the reference (a native histogram has no fixed ones),
 * and a metric that nothing exposes (this one only where Istio counts the requests).
 *
 * Runbook: compare `ai_drift:bin:ratio_rate10m` with `ai_drift:reference:ratio`; look at the data that feeds the model;
 * when the change is right, retrain, or make a new reference file.
 */
export function driftFromReference(subject: Subject, rule: DriftRule): RuleGroup {
  const { metric, form, feature, parts, reference, threshold, sampling, requests } = rule;
  const { window } = sampling;
  const distance: Distance = DISTANCES[rule.distance];
  const labels = { ...identityLabels(subject), metric };
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const exported = exportedBy(subject, parts);
  const recorded = (name: string): Expr => selector(name, identity);

  const names = { bins: `ai_drift:bin:ratio_rate${window}`, distance: `ai_drift:${distance.recording}:rate${window}` };
  const histogram = recordedHistogram(
    { metric, form, exported, edges: reference.edges, window },
    { prefix: 'ai_drift:', by: [], labels, identity },
  );
  const bins = reference.shares.length;
  const samples = recorded(histogram.samples);
  const measured = distance.of({
    actual: noneEmpty(recorded(names.bins), samples),
    expected: recorded('ai_drift:reference:ratio'),
    upToEdge: histogram.upToEdge(),
    reference,
  });
  const value = recorded(names.distance);

  return {
    name: groupName(subject, `drift-${metric}`),
    // Counts of samples depend on how often they are looked at, and drift is no matter of seconds.
    interval: '1m',
    rules: [
      record('ai_drift:reference:ratio', referenceShares(reference.shares), labels),
      ...histogram.rules,
      record(names.bins, histogram.shares(), labels),
      record(names.distance, measured, labels),
      alert(subject, 'AiDrift', {
        expr: and(
          compare(value, '>', number(threshold)),
          compare(value, '>', distance.byChance(bins, uncertainty(samples, reference.n))),
          compare(samples, '>', number(MIN_SAMPLES)),
        ),
        for: sampling.hold,
        severity: 'warning',
        labels: { metric, ...(feature !== undefined && { feature }) },
        summary: template`The model sees or says something else than in its reference.`,
        description: [
          feature === undefined
            ? template`the distribution of ${metric}`
            : template`the distribution of the feature ${feature} (${metric})`,
          template`over the last ${window} differs from the reference by ${distance.words}`,
          template`{{ $value | humanize }}, above ${threshold}.`,
        ],
      }),
      ...(histogram.inBuckets
        ? [bucketMismatch(subject, metric, bins, histogram.inBuckets(), recorded(names.bins))]
        : []),
      ...(requests === undefined
        ? []
        : [histogramMissing(subject, { name: metric, form, matchers: exported }, requests)]),
    ],
  };
}

/** Without a bucket for an edge its bin has no share. */
function bucketMismatch(subject: Subject, metric: string, bins: number, inBuckets: Expr, shares: Expr): AlertRule {
  return alert(subject, 'AiDriftBucketMismatch', {
    expr: unless(compare(inBuckets, '>', number(0)), compare(count(shares), '==', number(bins)), { on: [] }),
    for: '10m',
    severity: 'warning',
    labels: { metric },
    summary: template`A drift rule compares with buckets that are not there.`,
    description: [
      template`${metric} lacks a bucket for at least one of the ${bins - 1} edges of the reference, so that its drift is not seen.`,
      template`Give the histogram the buckets of the reference file.`,
    ],
  });
}

/** What the pods of some parts expose, of every release. */
export function exportedBy(subject: Subject, parts: readonly string[]): Matcher[] {
  return [
    ...Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value)),
    isOneOf('part', parts),
  ];
}

function uncertainty(samples: Expr, referenceSamples: number | undefined): Expr {
  const own = divide(number(1), samples);
  return referenceSamples === undefined ? own : add(own, divide(number(1), number(referenceSamples)));
}

function histogramMissing(subject: Subject, histogram: HistogramSeries, requests: RequestSource): AlertRule {
  const { name } = histogram;
  const promised = {
    alert: 'AiDriftMetricMissing',
    name,
    counted: (window: Range) => observedIn([histogram], window),
    labels: { metric: name },
    summary: template`A drift rule has no data.`,
  };
  return metricMissing(subject, promised, requests);
}
