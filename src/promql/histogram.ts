import {
  compare,
  histogramCount,
  histogramFraction,
  histogramQuantile,
  increase,
  multiply,
  number,
  or,
  rate,
  subtract,
  sum,
  type Expr,
  type Range,
} from './expr.ts';
import { buckets, observations, upTo } from './metrics.ts';
import { selector, type Matcher } from './selector.ts';

/**
 * How a Prometheus keeps a histogram: as one counter for each bucket (`classic`), or as one series of whole histograms
 * (`native`), which has no `le` and can be asked for any bin.
 */
export type HistogramForm = 'classic' | 'native';

/** Some series of a histogram. */
export interface HistogramSeries {
  readonly name: string;
  readonly form: HistogramForm;
  readonly matchers: readonly Matcher[];
}

/** Observations per second, of all series together. */
export function observationRate({ name, form, matchers }: HistogramSeries, window: Range): Expr {
  return form === 'classic'
    ? sum(rate(observations(name, matchers), window))
    : histogramCount(sum(rate(selector(name, matchers), window)));
}

/** Observations in a window, of all series together or for each value of some labels; in a window that ended some time ago, when that is given. */
export function observedIn(
  histograms: readonly HistogramSeries[],
  window: Range,
  by?: readonly string[],
  ago?: Range,
): Expr {
  const increases = or(
    ...histograms.map(({ name, form, matchers }) =>
      increase(form === 'classic' ? observations(name, matchers) : selector(name, matchers), window, ago),
    ),
  );
  return isNative(histograms) ? histogramCount(sum(increases, by)) : sum(increases, by);
}

/**
 * Observations above a bound, per second; classic ones have no sample where the bound is none of a bucket, native ones are
 * interpolated there.
 *
 * @param total all observations per second.
 */
export function observationRateAbove(
  { name, form, matchers }: HistogramSeries,
  bound: number,
  total: Expr,
  window: Range,
): Expr {
  if (form === 'classic') return subtract(total, sum(rate(buckets(name, [...matchers, upTo(bound)]), window)));
  // Without observations the share is NaN, and no comparison holds for that.
  const above = multiply(total, histogramFraction(bound, Infinity, sum(rate(selector(name, matchers), window))));
  return or(compare(above, '>', number(0)), multiply(number(0), total));
}

/**
 * The value below which a share of the observations lies, over all series or for each value of some labels.
 *
 * @param ago how long ago the window ended. Default: it ends now.
 */
export function quantileOf(
  histograms: readonly HistogramSeries[],
  quantile: number,
  window: Range,
  by?: readonly string[],
  ago?: Range,
): Expr {
  return histogramQuantile(quantile, histogramRates(histograms, window, by, ago));
}

/** What quantiles are made of: the rates of histograms, of all series together or for each value of some labels. */
export function histogramRates(
  histograms: readonly HistogramSeries[],
  window: Range,
  by: readonly string[] = [],
  ago?: Range,
): Expr {
  const rates = or(
    ...histograms.map(({ name, form, matchers }) =>
      rate(form === 'classic' ? buckets(name, matchers) : selector(name, matchers), window, ago),
    ),
  );
  const labels = isNative(histograms) ? by : [...by, 'le'];
  return sum(rates, labels.length > 0 ? labels : undefined);
}

/** One Prometheus keeps all of them alike. */
function isNative(histograms: readonly HistogramSeries[]): boolean {
  return histograms.every(({ form }) => form === 'native');
}
