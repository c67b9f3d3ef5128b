import { z } from 'zod';
import { atLeast, type Versions } from '../core/version.ts';
import { report } from './common.ts';

/** Which histograms of a Prometheus are native ones, and the first version that has them so. */
const NATIVE_SINCE = { scraped: '3.0', converted: '3.4' } as const;

/** How long the Prometheus of a cluster keeps its samples. */
export const retention = z
  .string()
  .regex(/^[1-9]\d*[hdwy]$/, 'expected a number with a unit, as 15d, 360h, 8w or 1y')
  .meta({
    description:
      'How long it keeps samples (`--storage.tsdb.retention.time`): "15d". Error budgets over a longer period are warned about. Default: not known.',
  });

/** Whether the Prometheus of a cluster keeps native histograms. */
export const nativeHistograms = z.enum(['scraped', 'converted']).meta({
  description:
    'Native histograms. `scraped`: it keeps those that are exposed (`scrape_native_histograms`); Prometheus 3.0 or later. `converted`: it also makes native ones of all classic ones ' +
    '(`convert_classic_histograms_to_nhcb`), so that no series of buckets is left; 3.4 or later. Default: it keeps classic ones only.',
});

/** Native histograms need a version that keeps them and reads them rightly. */
export function checkNativeHistograms(
  context: z.core.ParsePayload<{
    readonly version: Versions;
    readonly nativeHistograms?: keyof typeof NATIVE_SINCE | undefined;
  }>,
): void {
  const { version, nativeHistograms: kept } = context.value;
  if (kept === undefined || atLeast(version, NATIVE_SINCE[kept])) return;
  const message = `Prometheus ${[version].flat().join(' and ')} cannot: native histograms that are ${kept} came with ${NATIVE_SINCE[kept]}`;
  report(context, message, 'leave nativeHistograms out until it is upgraded', ['nativeHistograms']);
}

const SECONDS = { h: 3600, d: 86_400, w: 7 * 86_400, y: 365 * 86_400 } as const;

/**
 * Seconds of a retention, as Prometheus reads it.
 *
 * @example retentionSeconds('15d') // 1_296_000
 */
export function retentionSeconds(text: string): number {
  // The schema accepts nothing else.
  return Number(text.slice(0, -1)) * SECONDS[text.at(-1) as keyof typeof SECONDS];
}
