import {
  add, and, clampMin, compare, count, divide, increase, ln, multiply, number, or, rate, subtract, sum, unless, vector, withLabel,
  type Expr, type Range,
} from '../expr.ts';
import { buckets, istioMatchers, ISTIO_REQUESTS, observations, UP_TO_INFINITY, upTo, type IstioTraffic } from '../metrics.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, selector, type Matcher } from '../selector.ts';

/** A drift rule by population stability index. */
export interface PsiRule {
  /** The histogram whose distribution is watched. */
  readonly metric: string;
  /** Parts of the service that expose it. */
  readonly parts: readonly string[];
  readonly reference: {
    /** Upper bounds of all bins but the last, rising; bucket bounds of the histogram. */
    readonly edges: readonly number[];
    /** Share of each bin, one more than there are edges; they sum to 1. */
    readonly shares: readonly number[];
    /** Number of observations that the reference was made of. Default: so many that its own error does not count. */
    readonly n?: number | undefined;
  };
  /** Index above which the alert fires; 0.1 is worth a look, 0.2 to 0.25 asks for action. */
  readonly threshold: number;
  /** Requests to the service, so that a missing metric is noticed only where there should be one. */
  readonly traffic: IstioTraffic | undefined;
}

const WINDOW: Range = '10m';

/** A share is at least this, on both sides: the logarithm of an empty bin has no value. */
export const MIN_SHARE = 1e-4;

/**
 * Fewer observations in the window say nothing: without any drift, the expected index is (bins - 1) / n, and for six
 * bins and 100 observations it passes 0.1 in one window of ten.
 */
const MIN_SAMPLES = 200;

/** Requests in 15 minutes, from which on a promised metric must have a value. */
const MIN_REQUESTS = 100;

/**
 * Drift of a histogram from a reference distribution, as population stability index: sum of
 * (actual - expected) * ln(actual / expected) over the bins. In pure PromQL, over classic histograms of every spelling
 * of `le`; the result is exact where bin edges are bucket bounds.
 *
 * The alert also asks for enough samples, and for an index above what chance does in one window of a hundred. Two more
 * alerts tell when the rule is blind: buckets that are not those of the reference, and a metric that nothing exposes
 * (this one only where Istio counts the requests).
 *
 * Runbook: compare `ai_drift:bin:ratio_rate10m` with `ai_drift:reference:ratio`; look at the data that feeds the model;
 * when the change is right, retrain, or make a new reference file.
 */
export function driftPsi(subject: Subject, { metric, parts, reference, threshold, traffic }: PsiRule): RuleGroup {
  const labels = { ...identityLabels(subject), metric };
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const exported = [...Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value)), isOneOf('part', parts)];
  const recorded = (name: string, ...matchers: readonly Matcher[]): Expr => selector(name, [...identity, ...matchers]);

  const bins = reference.shares.length;
  const actual = clampMin(recorded('ai_drift:bin:ratio_rate10m'), MIN_SHARE);
  const expected = recorded('ai_drift:reference:ratio');
  const psi = recorded('ai_drift:psi:rate10m');
  const samples = recorded('ai_drift:samples:increase10m');
  const all = sum(recorded('ai_drift:bucket:rate10m', UP_TO_INFINITY));

  return {
    name: groupName(subject, `drift-${metric}`),
    // Counts of samples depend on how often they are looked at, and drift is no matter of seconds.
    interval: '1m',
    rules: [
      record('ai_drift:reference:ratio', referenceShares(reference.shares), labels),
      record('ai_drift:bucket:rate10m', sum(rate(buckets(metric, exported), WINDOW), ['le']), labels),
      record('ai_drift:samples:increase10m', sum(increase(observations(metric, exported), WINDOW)), labels),
      record('ai_drift:bin:ratio_rate10m', divide(inBins(reference.edges, (le) => sum(recorded('ai_drift:bucket:rate10m', le))), compare(all, '>', number(0)), { on: [], groupLeft: true }), labels),
      record('ai_drift:psi:rate10m', stabilityIndex(actual, expected), labels),
      alert(subject, 'AiDrift', {
        expr: and(
          compare(psi, '>', number(threshold)),
          compare(psi, '>', chanceLimit(bins, samples, reference.n)),
          compare(samples, '>', number(MIN_SAMPLES)),
        ),
        for: '2m',
        severity: 'warning',
        labels: { metric },
        summary: template`The model sees or says something else than in its reference.`,
        description: [
          template`the distribution of ${metric} over the last ${WINDOW} differs from the reference by a population stability index of`,
          template`{{ $value | humanize }}, above ${threshold}.`,
        ],
      }),
      alert(subject, 'AiDriftBucketMismatch', {
        expr: unless(compare(all, '>', number(0)), compare(count(recorded('ai_drift:bin:ratio_rate10m')), '==', number(bins)), { on: [] }),
        for: '10m',
        severity: 'warning',
        labels: { metric },
        summary: template`A drift rule compares with buckets that are not there.`,
        description: [
          template`${metric} lacks a bucket for at least one of the ${bins - 1} edges of the reference, so that its drift is not seen.`,
          template`Give the histogram the buckets of the reference file.`,
        ],
      }),
      ...(traffic === undefined ? [] : [metricMissing(subject, metric, exported, traffic)]),
    ],
  };
}

const BIN = { on: ['bin'] };

/** The population stability index of two distributions, given as shares by `bin`, none of them 0. */
export function stabilityIndex(actual: Expr, expected: Expr): Expr {
  return sum(multiply(subtract(actual, expected, BIN), ln(divide(actual, expected, BIN)), BIN));
}

/** The reference as series, one for each bin. */
function referenceShares(shares: readonly number[]): Expr {
  return or(...shares.map((share, index) => withLabel(vector(Math.max(share, MIN_SHARE)), 'bin', binName(index))));
}

/**
 * Observations in each bin: what is up to its edge, without what is up to the edge before.
 *
 * @param upToEdge observations in the bucket with this condition on `le`, as one series without labels.
 */
export function inBins(edges: readonly number[], upToEdge: (le: Matcher) => Expr): Expr {
  const cumulative = [...edges.map(upTo), UP_TO_INFINITY].map(upToEdge);
  const bins = cumulative.map((upper, index) => {
    const lower = cumulative[index - 1];
    return withLabel(lower === undefined ? upper : subtract(upper, lower), 'bin', binName(index));
  });
  return or(...bins);
}

/** Two digits, so that bins sort as they stand. */
function binName(index: number): string {
  return String(index).padStart(2, '0');
}

/**
 * What the index passes by chance in one of a hundred windows: chi-squared with bins - 1 degrees of freedom, times
 * 1/n + 1/m, where n and m are the samples of both sides.
 */
function chanceLimit(bins: number, samples: Expr, m: number | undefined): Expr {
  const quantile = number(chiSquared99(bins - 1));
  return m === undefined ? divide(quantile, samples) : multiply(quantile, add(divide(number(1), samples), divide(number(1), number(m))));
}

/** Quantile 0.99 of chi-squared, by Wilson and Hilferty's approximation: within 1 % for every degree of freedom. */
export function chiSquared99(degrees: number): number {
  const spread = 2 / (9 * degrees);
  const quantile = degrees * (1 - spread + 2.326348 * Math.sqrt(spread)) ** 3;
  return Number(quantile.toFixed(3));
}

/** Requests come in, but the histogram counts nothing: it is not exported, not scraped, or has another name. */
function metricMissing(subject: Subject, metric: string, exported: readonly Matcher[], traffic: IstioTraffic): RuleGroup['rules'][number] {
  const requests = sum(increase(selector(ISTIO_REQUESTS, istioMatchers(traffic)), '15m'));
  const observed = sum(increase(observations(metric, exported), '15m'));
  return alert(subject, 'AiDriftMetricMissing', {
    expr: unless(compare(requests, '>', number(MIN_REQUESTS)), compare(observed, '>', number(0))),
    for: '15m',
    severity: 'warning',
    labels: { metric },
    summary: template`A drift rule has no data.`,
    description: [
      template`{{ $value | humanize }} requests came in the last 15m, but ${metric} counted no observation.`,
      template`See that the server exposes the histogram and that Prometheus scrapes it.`,
    ],
  });
}
