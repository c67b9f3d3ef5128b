import { formatGoDuration, parseDuration } from '../core/duration.ts';
import { boundsInMilliseconds, ISTIO_DURATION, type KnownHistogram } from '../promql/metrics.ts';

/**
 * The bucket bounds of a histogram, of Istio's latency by default, on both sides of a limit, or `undefined` where the
 * limit is one itself. Of several histograms those that all have.
 *
 * @example boundsBeside('300ms') // '250ms or 500ms'
 */
export function boundsBeside(
  limit: string,
  histogram: KnownHistogram = ISTIO_DURATION,
  ...others: readonly KnownHistogram[]
): string | undefined {
  const milliseconds = parseDuration(limit) ?? 0;
  const isBound = (bound: number): boolean => others.every((other) => boundsInMilliseconds(other).includes(bound));
  const bounds = boundsInMilliseconds(histogram);
  if (bounds.includes(milliseconds) && isBound(milliseconds)) return undefined;
  // Half a millisecond cannot be written as a limit.
  const writable = bounds.filter((bound) => Number.isInteger(bound) && isBound(bound));
  const nearest = [writable.findLast((bound) => bound < milliseconds), writable.find((bound) => bound > milliseconds)];
  return nearest.flatMap((bound) => (bound === undefined ? [] : [formatGoDuration(bound)])).join(' or ');
}
