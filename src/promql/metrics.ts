import {
  equal,
  isOneOf,
  matches,
  notMatches,
  pattern,
  selector,
  type Matcher,
  type Pattern,
  type Selector,
} from './selector.ts';

/**
 * The metric dictionary: names, labels, units and bucket bounds of what we query, each with its source. Whatever an
 * expression of ours reads is listed here, is recorded by us, or is declared by the user.
 */

/** A classic histogram whose bucket bounds are known. */
export interface KnownHistogram {
  readonly name: string;
  readonly unit: 'milliseconds' | 'seconds';
  /** Upper bounds of the buckets, without +Inf. */
  readonly bounds: readonly number[];
}

/** Requests through a proxy of Istio (istio.io, "Istio Standard Metrics"). */
export const ISTIO_REQUESTS = 'istio_requests_total';

/**
 * Duration of requests through a proxy of Istio. The bounds are Envoy's defaults
 * (source/common/stats/histogram_impl.cc); the pod annotation `sidecar.istio.io/statsHistogramBuckets` changes them.
 */
export const ISTIO_DURATION: KnownHistogram = {
  name: 'istio_request_duration_milliseconds',
  unit: 'milliseconds',
  bounds: [
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
    3_600_000,
  ],
};

/** The bounds of a histogram in milliseconds, whatever its unit. */
export function boundsInMilliseconds({ unit, bounds }: KnownHistogram): readonly number[] {
  return unit === 'milliseconds' ? bounds : bounds.map((bound) => Number((bound * 1000).toPrecision(12)));
}

/** Which requests of Istio's metrics are meant. */
export interface IstioTraffic {
  /**
   * Who measured: `source` is the caller's sidecar or the gateway and sees failures that never reached a pod,
   * `waypoint` is the proxy of ambient mode. A request counts once for each.
   */
  readonly reporters: readonly ('source' | 'waypoint')[];
  /** Namespace of the Services that were called. */
  readonly namespace: string;
  /** Names of the Services that were called. */
  readonly services: readonly Pattern[];
  /** More conditions, of the Prometheus that is asked. */
  readonly more?: readonly Matcher[];
}

/**
 * Requests that failed on the server's side. `0` is not among them: the caller went away (response flag DC), and the
 * model is not to blame. gRPC says its errors in `grpc_response_status` under a code of 200; our servers speak HTTP.
 */
export const FAILED: Matcher = matches('response_code', pattern`5..`);

/** Requests that were refused as the caller's mistake. Whether it is one shows when another release is asked the same. */
export const REFUSED: Matcher = matches('response_code', pattern`4..`);

/** All requests but those that failed. */
export const SUCCEEDED: Matcher = notMatches('response_code', pattern`5..`);

/** Conditions on Istio's metrics for some traffic. */
export function istioMatchers({ reporters, namespace, services, more = [] }: IstioTraffic): Matcher[] {
  return [
    isOneOf('reporter', reporters),
    equal('destination_service_namespace', namespace),
    matches('destination_service_name', ...services),
    ...more,
  ];
}

/** Buckets of a classic histogram. */
export function buckets(histogram: string, matchers: readonly Matcher[]): Selector {
  return selector(`${histogram}_bucket`, matchers);
}

/** Number of observations of a histogram. */
export function observations(histogram: string, matchers: readonly Matcher[]): Selector {
  return selector(`${histogram}_count`, matchers);
}

/**
 * The bucket with this upper bound, in every spelling: `250` of most exporters, `250.0` of Python and of Prometheus 3,
 * which also writes numbers from a million on and below a ten-thousandth with an exponent, as Go does.
 *
 * @example upTo(250) // le=~"250|250\\.0"
 */
export function upTo(bound: number): Matcher {
  return isOneOf('le', spellings(bound));
}

/** The bucket that counts everything. */
export const UP_TO_INFINITY: Matcher = equal('le', '+Inf');

function spellings(bound: number): string[] {
  const [mantissa = '', power = '0'] = bound.toExponential().split('e');
  const exponent = Number(power);
  const plain = decimal(bound);
  const texts = Number.isInteger(bound) ? [plain, `${plain}.0`] : [plain];
  if (bound !== 0 && (exponent >= 6 || exponent < -4)) {
    texts.push(`${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`);
  }
  return texts;
}

/** A number without an exponent. */
function decimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/0+$/, '');
}
