import {
  compare,
  divide,
  histogramCount,
  histogramFraction,
  increase,
  number,
  or,
  rate,
  sum,
  withLabel,
  type Expr,
  type Range,
} from '../expr.ts';
import type { HistogramForm } from '../histogram.ts';
import { buckets, observations, UP_TO_INFINITY, upTo } from '../metrics.ts';
import { record, type RecordingRule } from '../rule.ts';
import { selector, type Matcher } from '../selector.ts';
import { binName, inBins, settled, sharesOf } from './drift-distance.ts';

/** A histogram whose distribution is watched. */
export interface WatchedHistogram {
  readonly metric: string;
  readonly form: HistogramForm;
  /** Conditions on its series. */
  readonly exported: readonly Matcher[];
  /** Upper bounds of all bins but the last, rising. */
  readonly edges: readonly number[];
  readonly window: Range;
}

/** Where its recordings stand. */
export interface RecordedPlace {
  /** What names begin with: `ai_drift:`. */
  readonly prefix: string;
  /** Labels that are kept apart. */
  readonly by: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Conditions on what is recorded. */
  readonly identity: readonly Matcher[];
}

/** What is recorded of a histogram, and what is made of that; each for the recordings with some more conditions. */
export interface RecordedHistogram {
  readonly rules: readonly RecordingRule[];
  /** Name of the number of observations in the window. */
  readonly samples: string;
  /** Shares by `bin`; no series where nothing was observed. */
  readonly shares: (...more: readonly Matcher[]) => Expr;
  /** Share of the observations up to each edge, in the order of the edges. */
  readonly upToEdge: (...more: readonly Matcher[]) => Expr[];
  /** Observations per second, of those that have buckets, as one series without labels; only classic histograms can lack one. */
  readonly inBuckets: ((...more: readonly Matcher[]) => Expr) | undefined;
}

/**
 * The recordings that distances are computed of, so that a raw histogram is read once.
 *
 * A native histogram is recorded whole, and each bin is a fraction of it: exact where its edges are bucket bounds, and between
 * two bounds as Prometheus interpolates. It needs no age: `increase` stretches all of its buckets alike.
 */
export function recordedHistogram(histogram: WatchedHistogram, place: RecordedPlace): RecordedHistogram {
  return histogram.form === 'classic' ? ofBuckets(histogram, place) : ofWhole(histogram, place);
}

function ofBuckets(
  { metric, exported, edges, window }: WatchedHistogram,
  { prefix, by, labels, identity }: RecordedPlace,
): RecordedHistogram {
  const names = { bucket: `${prefix}bucket:rate${window}`, samples: `${prefix}samples:increase${window}` };
  const [all, counted] = [buckets(metric, exported), observations(metric, exported)];
  const upToBound =
    (more: readonly Matcher[]) =>
    (le: Matcher): Expr =>
      sum(selector(names.bucket, [...identity, ...more, le]));
  const inBuckets = (...more: readonly Matcher[]): Expr => upToBound(more)(UP_TO_INFINITY);
  return {
    rules: [
      record(names.bucket, sum(settled(rate(all, window), all), ['le', ...by]), labels),
      record(names.samples, sum(settled(increase(counted, window), counted), by.length > 0 ? by : undefined), labels),
    ],
    samples: names.samples,
    shares: (...more) => sharesOf(inBins(edges, upToBound(more)), inBuckets(...more)),
    upToEdge: (...more) =>
      edges.map((edge) => divide(upToBound(more)(upTo(edge)), compare(inBuckets(...more), '>', number(0)))),
    inBuckets,
  };
}

function ofWhole(
  { metric, exported, edges, window }: WatchedHistogram,
  { prefix, by, labels, identity }: RecordedPlace,
): RecordedHistogram {
  const names = { buckets: `${prefix}buckets:increase${window}`, samples: `${prefix}samples:increase${window}` };
  const recorded = (more: readonly Matcher[]): Expr => sum(selector(names.buckets, [...identity, ...more]));
  return {
    rules: [
      record(names.buckets, sum(increase(selector(metric, exported), window), by.length > 0 ? by : undefined), labels),
      record(names.samples, histogramCount(selector(names.buckets, identity)), labels),
    ],
    samples: names.samples,
    shares: (...more) => fractionsIn(edges, recorded(more)),
    upToEdge: (...more) => edges.map((edge) => histogramFraction(-Infinity, edge, recorded(more))),
    inBuckets: undefined,
  };
}

/** Shares by `bin` of a native histogram; no series where nothing was observed. */
export function fractionsIn(edges: readonly number[], histogram: Expr): Expr {
  const bounds = [...edges, Infinity];
  const bins = bounds.map((upper, index) =>
    withLabel(histogramFraction(bounds[index - 1] ?? -Infinity, upper, histogram), 'bin', binName(index)),
  );
  // Of no observations every share is NaN.
  return compare(or(...bins), '>=', number(0));
}
