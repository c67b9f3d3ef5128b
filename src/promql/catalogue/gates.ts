import {
  add,
  and,
  clampMin,
  compare,
  count,
  divide,
  group,
  histogramQuantile,
  increase,
  maximum,
  maxOverTime,
  minimum,
  multiply,
  number,
  offset,
  or,
  rate,
  ratio,
  sqrt,
  subtract,
  sum,
  time,
  vector,
  type Expr,
  type Range,
} from '../expr.ts';
import { histogramRates, observedIn, type HistogramForm } from '../histogram.ts';
import { buckets, ISTIO_DURATION, istioMatchers, SUCCEEDED, UP_TO_INFINITY } from '../metrics.ts';
import { equal, matches, notMatches, pattern, selector, type Matcher, type Pattern } from '../selector.ts';
import { counterOf, inTotal, type Ending, type ProxiedRequests } from './availability.ts';
import { fractionsIn } from './drift-histogram.ts';
import { chiSquared99, inBins, noneEmpty, sharesOf, stabilityIndex } from './drift-distance.ts';

/**
 * What gates look at: one value each, of the candidate over a window, alone or beside the stable release in the same
 * window. Where there is nothing to look at there is no sample, or NaN; never a value that looks good.
 */

/** Two releases that are compared: their requests, or a histogram of theirs. */
export interface Sides<Side = Requests> {
  readonly candidate: Side;
  readonly stable: Side;
}

/** What is looked at of one release. */
interface Looked {
  /** How long ago the window ended, for a release that has no traffic any more. Default: it ends now. */
  readonly ago?: Range | undefined;
  /** How Prometheus keeps the histogram that is asked. Default: as a classic one. */
  readonly form?: HistogramForm | undefined;
}

/** Requests to one release. */
export interface Requests extends Looked {
  readonly source: ProxiedRequests;
}

/** A histogram of one release. */
export interface Observed extends Looked {
  /** Conditions on the labels of its series. */
  readonly matchers: readonly Matcher[];
}

/** Number of standard errors that chance may explain: one window in 700 passes it. */
const STANDARD_ERRORS = 3;

/** Requests to one release. */
export function requests(of: Requests, window: Range): Expr {
  return counted(of, 'any', window);
}

function counted({ source, ago }: Requests, ending: Ending, window: Range): Expr {
  return inTotal(counterOf(source, ending), (series) => increase(series, window, ago));
}

/**
 * Share of the candidate's requests that fail: answers 5xx, and what it answers 4xx beyond the stable release's share.
 * Callers make mistakes, and they make them with both releases alike; a schema that only the candidate refuses is its own.
 */
export function errorRatio({ candidate, stable }: Sides, window: Range): Expr {
  return failing(countsOf(candidate, window), countsOf(stable, window));
}

/**
 * How much the candidate's share of failed requests is above so many times the stable release's, without what chance
 * explains; negative where it is below.
 */
export function errorRatioBeyond({ candidate, stable }: Sides, factor: number, window: Range): Expr {
  return failingBeyond(countsOf(candidate, window), countsOf(stable, window), factor);
}

/** What became of the requests to one release: numbers, without labels. */
export interface Counts {
  readonly requests: Expr;
  /** Of them answered 5xx; 0 where there are requests and none failed. */
  readonly failed: Expr;
  /** Of them answered 4xx. */
  readonly refused: Expr;
}

/** What became of the requests to one release in a window. */
export function countsOf(of: Requests, window: Range): Counts {
  const total = requests(of, window);
  // Before the first such answer there is no series of them.
  const answered = (ending: Ending): Expr => or(counted(of, ending, window), multiply(number(0), total));
  return { requests: total, failed: answered('failed'), refused: answered('refused') };
}

/** `errorRatioBeyond` of what was counted, or recorded, already. */
export function failingBeyond(candidate: Counts, stable: Counts, factor: number): Expr {
  const share = shareOf(stable, 'failed');
  const expected = factor === 1 ? share : multiply(number(factor), share);
  return subtract(subtract(failing(candidate, stable), expected), chance(candidate, stable, 'failed'));
}

/** Latency at a quantile in milliseconds, of requests that did not fail, or failing fast would look good. */
export function latencyAt(of: Requests, quantile: number, window: Range): Expr {
  return latenciesAt(of, [quantile], window)[0]!;
}

/** The same at several quantiles; in all, or by some labels. */
export function latenciesAt(
  { source, ago, form = 'classic' }: Requests,
  quantiles: readonly number[],
  window: Range,
  by?: readonly string[],
): Expr[] {
  if ('istio' in source) {
    const rates = histogramRates(
      [{ name: ISTIO_DURATION.name, form, matchers: [...istioMatchers(source.istio), SUCCEEDED] }],
      window,
      by,
      ago,
    );
    return quantiles.map((quantile) => histogramQuantile(quantile, rates));
  }
  const { generations, pods } = source.queueProxy;
  const seen = generations.map(({ duration: { name, unit }, code }) => {
    const histograms = pods.map((own) => ({ name, form, matchers: [...own, notMatches(code, pattern`5..`)] }));
    return { unit, rates: histogramRates(histograms, window, by, ago) };
  });
  // While Knative is upgraded, the pods of a release may have two histograms, in two units; the newer one is believed.
  return quantiles.map((quantile) =>
    or(
      ...seen.map(({ unit, rates }) => {
        const latency = histogramQuantile(quantile, rates);
        return unit === 'seconds' ? multiply(number(1000), latency) : latency;
      }),
    ),
  );
}

/** The candidate's latency as a multiple of the stable release's. */
export function latencyFactor({ candidate, stable }: Sides, quantile: number, window: Range): Expr {
  return divide(latencyAt(candidate, quantile, window), latencyAt(stable, quantile, window));
}

/** How many milliseconds the candidate is slower than the stable release. */
export function latencyDifference({ candidate, stable }: Sides, quantile: number, window: Range): Expr {
  return subtract(latencyAt(candidate, quantile, window), latencyAt(stable, quantile, window));
}

/**
 * Population stability index between what the two releases predict. There is no sample unless both have a bucket for
 * every edge: without one the index would be too small. Native histograms have a share for every bin. As for alerts on drift,
 * an empty bin counts as half an observation.
 *
 * @param edges bounds of the histogram's buckets, rising, without +Inf.
 */
export function predictionShift(
  histogram: string,
  { candidate, stable }: Sides<Observed>,
  edges: readonly number[],
  window: Range,
): Expr {
  const shares = ({ matchers, ago, form }: Observed): Expr => {
    if (form === 'native') return fractionsIn(edges, sum(rate(selector(histogram, matchers), window, ago)));
    const upTo = (le: Matcher): Expr => sum(rate(buckets(histogram, [...matchers, le]), window, ago));
    return sharesOf(inBins(edges, upTo), upTo(UP_TO_INFINITY));
  };
  const compared = (side: Observed): Expr => noneEmpty(shares(side), observationsOf(histogram, side, window));
  const both = [compared(candidate), compared(stable)] as const;
  return and(stabilityIndex(...both), compare(count(add(...both, { on: ['bin'] })), '==', number(edges.length + 1)));
}

/**
 * Observations of two releases that are compared, as one number: a comparison of n with m is as uncertain as one of
 * this many with a known distribution, n * m / (n + m).
 */
export function comparedObservations(histogram: string, { candidate, stable }: Sides<Observed>, window: Range): Expr {
  const [own, others] = [observationsOf(histogram, candidate, window), observationsOf(histogram, stable, window)];
  return ratio(multiply(own, others), add(own, others));
}

function observationsOf(histogram: string, { matchers, ago, form = 'classic' }: Observed, window: Range): Expr {
  return observedIn([{ name: histogram, form, matchers }], window, undefined, ago);
}

/**
 * Fewest compared observations from which on chance passes an index in less than one window of a hundred.
 *
 * @example observationsFor(0.2, 10) // 109
 */
export function observationsFor(psi: number, bins: number): number {
  return Math.ceil(chiSquared99(bins - 1) / psi);
}

/** The bounds of a histogram's buckets, as values of `le` by release. */
export function bucketBounds(histogram: string, exported: readonly Matcher[]): Expr {
  return group(buckets(histogram, exported), ['le', 'release']);
}

/** Deployments that belong together, as kube-state-metrics names them. */
export interface Deployments {
  readonly namespace: string;
  readonly name: Pattern;
  /** More conditions, of the Prometheus that is asked. */
  readonly matchers: readonly Matcher[];
}

/** Replicas that are available. Of two kube-state-metrics that are scraped, each counts every Deployment. */
export function replicasAvailable(deployments: Deployments): Expr {
  return sum(maximum(kubeMetric('kube_deployment_status_replicas_available', deployments), ['deployment']));
}

/** Most replicas that were available within some time, for what goes back to none without requests. */
export function replicasOnceAvailable(deployments: Deployments, within: Range): Expr {
  return sum(
    maximum(maxOverTime(kubeMetric('kube_deployment_status_replicas_available', deployments), within), ['deployment']),
  );
}

/**
 * Seconds since there is a Deployment. Where kube-state-metrics does not say when it was created: the age that is asked
 * for, if it was there then.
 */
export function deploymentAge(deployments: Deployments, asked: number, range: Range): Expr {
  const thenThere = maximum(offset(kubeMetric('kube_deployment_spec_replicas', deployments), range));
  return or(
    subtract(time(), minimum(kubeMetric('kube_deployment_created', deployments))),
    add(multiply(number(0), thenThere), number(asked)),
  );
}

/** What has no value: NaN, which no gate takes for a pass. */
export function noValue(): Expr {
  return divide(vector(0), number(0));
}

function kubeMetric(metric: string, { namespace, name, matchers }: Deployments): ReturnType<typeof selector> {
  return selector(metric, [equal('namespace', namespace), matches('deployment', name), ...matchers]);
}

function failing(candidate: Counts, stable: Counts): Expr {
  const [own, others] = [shareOf(candidate, 'refused'), shareOf(stable, 'refused')];
  const excess = subtract(subtract(own, others), chance(candidate, stable, 'refused'));
  return add(shareOf(candidate, 'failed'), clampMin(excess, 0));
}

/** Share of requests with some answer. */
function shareOf(counts: Counts, answered: 'failed' | 'refused'): Expr {
  return ratio(counts[answered], counts.requests);
}

/** What two shares differ by chance: standard errors of their difference, as if both releases were alike. */
function chance(candidate: Counts, stable: Counts, answered: 'failed' | 'refused'): Expr {
  const all = [candidate.requests, stable.requests] as const;
  const pooled = ratio(add(candidate[answered], stable[answered]), add(...all));
  const variance = multiply(
    multiply(pooled, subtract(number(1), pooled)),
    add(divide(number(1), compare(all[0], '>', number(0))), divide(number(1), compare(all[1], '>', number(0)))),
  );
  return multiply(number(STANDARD_ERRORS), sqrt(variance));
}
