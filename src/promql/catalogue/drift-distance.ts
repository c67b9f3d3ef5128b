import {
  abs,
  add,
  and,
  clampMin,
  compare,
  divide,
  ln,
  maximum,
  multiply,
  number,
  offset,
  or,
  scalar,
  sqrt,
  subtract,
  sum,
  vector,
  withLabel,
  type Expr,
} from '../expr.ts';
import { UP_TO_INFINITY, upTo } from '../metrics.ts';
import type { Matcher, Selector } from '../selector.ts';

/** A reference distribution: what the catalogue compares with. */
export interface ReferenceBins {
  /** Upper bounds of all bins but the last, rising; bucket bounds of the histogram. */
  readonly edges: readonly number[];
  /** Share of each bin, one more than there are edges; they sum to 1. */
  readonly shares: readonly number[];
  /** Number of observations that the reference was made of. Default: so many that its own error does not count. */
  readonly n?: number | undefined;
}

/** What a distance is computed of. */
export interface Compared {
  /** Shares by `bin`, none of them 0. */
  readonly actual: Expr;
  /** The same of the reference. */
  readonly expected: Expr;
  /** Share of the observations up to each edge but the last, in the order of the edges, each a series without labels. */
  readonly upToEdge: readonly Expr[];
  readonly reference: ReferenceBins;
}

/** A distance between two distributions, and what chance makes of it. */
export interface Distance {
  /** In names of recordings: `ai_drift:psi:rate10m`. */
  readonly recording: string;
  /** In sentences, before a number. */
  readonly words: string;
  readonly of: (compared: Compared) => Expr;
  /**
   * What chance passes in one window of ten thousand, without any drift.
   *
   * @param uncertainty 1/n + 1/m, where n and m are the observations of both sides.
   */
  readonly byChance: (bins: number, uncertainty: Expr) => Expr;
  /** Fewest observations from which on chance stays below a threshold. */
  readonly observations: (bins: number, threshold: number) => number;
}

/** A share of a reference is at least this: the logarithm of an empty bin has no value. */
const MIN_SHARE = 1e-4;

/** Quantile of the normal distribution that one of ten thousand passes. */
const ONE_IN_TEN_THOUSAND = 3.719016;

/** Kolmogorov's distribution: what one of ten thousand passes, sqrt(-ln(0.0001 / 2) / 2). */
const KOLMOGOROV = 2.2253;

/** For small differences the divergence of Jensen and Shannon, in bits, is the stability index divided by this. */
const PSI_PER_BIT = 8 * Math.LN2;

/**
 * The distances that drift rules may use. All are exact where bin edges are bucket bounds.
 *
 * - `psi`: population stability index, sum of (actual - expected) * ln(actual / expected). 0.1 is worth a look, 0.2 to 0.25
 *   asks for action. Without drift it is chi-squared with bins - 1 degrees of freedom, divided by the observations.
 * - `jensenShannon`: square root of the divergence of Jensen and Shannon in bits; from 0 to 1, whatever the bins.
 * - `ks`: Kolmogorov's and Smirnov's, the largest difference between the shares up to an edge; from 0 to 1. It sees shifts
 *   well, and changes of single bins badly.
 */
export const DISTANCES = {
  psi: {
    recording: 'psi',
    words: 'a population stability index of',
    of: ({ actual, expected }) => stabilityIndex(actual, expected),
    byChance: (bins, uncertainty) => multiply(number(chiSquared(bins - 1)), uncertainty),
    observations: (bins, threshold) => Math.ceil(chiSquared(bins - 1) / threshold),
  },
  jensenShannon: {
    recording: 'jensen_shannon',
    words: 'a Jensen-Shannon distance of',
    of: ({ actual, expected }) => jensenShannon(actual, expected),
    byChance: (bins, uncertainty) => sqrt(multiply(number(rounded(chiSquared(bins - 1) / PSI_PER_BIT)), uncertainty)),
    observations: (bins, threshold) => Math.ceil(chiSquared(bins - 1) / PSI_PER_BIT / threshold ** 2),
  },
  ks: {
    recording: 'ks',
    words: 'a Kolmogorov-Smirnov distance of',
    of: ({ upToEdge, reference }) => kolmogorovSmirnov(upToEdge, reference.shares),
    byChance: (_bins, uncertainty) => multiply(number(KOLMOGOROV), sqrt(uncertainty)),
    observations: (_bins, threshold) => Math.ceil((KOLMOGOROV / threshold) ** 2),
  },
} as const satisfies Readonly<Record<string, Distance>>;

/** Name of a distance, as drift rules write it. */
export type DistanceName = keyof typeof DISTANCES;

const BIN = { on: ['bin'] };

/** The population stability index of two distributions, given as shares by `bin`, none of them 0. */
export function stabilityIndex(actual: Expr, expected: Expr): Expr {
  return sum(multiply(subtract(actual, expected, BIN), ln(divide(actual, expected, BIN)), BIN));
}

/** Both against their mean. Rounding may make it less than nothing where they are alike, and a root of that has no value. */
function jensenShannon(actual: Expr, expected: Expr): Expr {
  const mean = divide(add(actual, expected, BIN), number(2));
  const against = (side: Expr): Expr => multiply(side, ln(divide(side, mean, BIN)), BIN);
  const divergence = divide(sum(add(against(actual), against(expected), BIN)), number(rounded(2 * Math.LN2)));
  return sqrt(clampMin(divergence, 0));
}

function kolmogorovSmirnov(upToEdge: readonly Expr[], shares: readonly number[]): Expr {
  let expected = 0;
  const differences = upToEdge.map((actual, index) => {
    expected += shares[index] ?? 0;
    return withLabel(subtract(actual, number(rounded(expected))), 'bin', binName(index));
  });
  return maximum(abs(or(...differences)));
}

/** The reference as series, one for each bin. */
export function referenceShares(shares: readonly number[]): Expr {
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

/** Shares of bins, of which none is 0; no series where nothing was observed. */
export function sharesOf(bins: Expr, all: Expr): Expr {
  return divide(bins, compare(all, '>', number(0)), { on: [], groupLeft: true });
}

/**
 * Shares of bins, in which an empty one counts as half an observation. A smaller share would be a claim that nothing backs:
 * of 200 observations a bin of 1 % is empty in one window of eight, and with a share of 0.0001 that alone is an index of 0.05.
 *
 * @param samples number of observations, as one series.
 */
export function noneEmpty(ratios: Expr, samples: Expr): Expr {
  return clampMin(ratios, scalar(divide(number(0.5), samples)));
}

/** Series that are younger are not compared yet. */
const SETTLED = '5m';

/**
 * Rates or increases of series that were there five minutes ago. Before, `rate` stretches each bucket on its own to when it
 * was 0, and the difference of two of them can be anything (extrapolation of promql/functions.go, Prometheus 2.42 and 3).
 */
export function settled(change: Expr, series: Selector): Expr {
  return and(change, offset(series, SETTLED));
}

/** Value of `bin` of a bin: two digits, so that bins sort as they stand. */
export function binName(index: number): string {
  return String(index).padStart(2, '0');
}

/**
 * Quantile of chi-squared, by Wilson and Hilferty's approximation. That of one in ten thousand is too large, and so on the safe
 * side: by 7 % with one degree of freedom, 3 % with four, 1 % with nine.
 */
function chiSquared(degrees: number, normal = ONE_IN_TEN_THOUSAND): number {
  const spread = 2 / (9 * degrees);
  return rounded(degrees * (1 - spread + normal * Math.sqrt(spread)) ** 3);
}

/** Quantile 0.99 of chi-squared, within 1 %, for who asks once and not every minute: gates. */
export function chiSquared99(degrees: number): number {
  return Number(chiSquared(degrees, 2.326348).toFixed(3));
}

/** Without the noise of the last digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
