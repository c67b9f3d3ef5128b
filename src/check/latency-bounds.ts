import { formatGoDuration, parseDuration } from '../core/duration.ts';
import { ISTIO_DURATION } from '../promql/metrics.ts';

/**
 * The bucket bounds of Istio's latency histogram on both sides of a limit, or `undefined` where the limit is one itself.
 *
 * @example boundsBeside('300ms') // '250ms or 500ms'
 */
export function boundsBeside(limit: string): string | undefined {
  const milliseconds = parseDuration(limit) ?? 0;
  const { bounds } = ISTIO_DURATION;
  if (bounds.includes(milliseconds)) return undefined;
  // Half a millisecond cannot be written as a limit.
  const writable = bounds.filter(Number.isInteger);
  const nearest = [writable.findLast((bound) => bound < milliseconds), writable.find((bound) => bound > milliseconds)];
  return nearest.flatMap((bound) => (bound === undefined ? [] : [formatGoDuration(bound)])).join(' or ');
}
