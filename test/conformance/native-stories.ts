import { SCRAPES, pod } from './drift-stories.ts';
import type { Series } from './promtool.ts';

/** Stories of native histograms, for a promtool that knows them. */

/** How a native histogram is written: of buckets with bounds of their own, or with upper bounds that are powers of two. */
export type Buckets =
  { readonly bounds: readonly number[] } | { readonly powers: { readonly first: number; readonly count: number } };

/** One sample, as promtool reads it. */
function sample(buckets: Buckets, counts: readonly number[]): string {
  const count = counts.reduce((sum, one) => sum + one, 0);
  const of =
    'bounds' in buckets
      ? `schema:-53 custom_values:[${buckets.bounds.join(' ')}]`
      : `schema:0 offset:${buckets.powers.first}`;
  return `{{${of} count:${count} sum:${count} buckets:[${counts.join(' ')}]}}`;
}

/** A native histogram from what falls into each bucket between two scrapes; `missing` scrapes come first, and one more is stale. */
export function native(
  name: string,
  labels: string,
  buckets: Buckets,
  perScrape: readonly (readonly number[])[],
  { missing = 0, ends = false } = {},
): Series {
  const bins = perScrape[0]?.length ?? 0;
  const total = Array.from({ length: bins }, () => 0);
  const samples = perScrape.map((counts) => {
    counts.forEach((count, bin) => (total[bin] = total[bin]! + count));
    return sample(buckets, total);
  });
  return [
    `${name}{${labels}}`,
    [...(missing > 0 ? [`_x${missing}`] : []), ...samples, ...(ends ? ['stale'] : [])].join(' '),
  ];
}

/** The histogram of predictions of a pod. */
export function predictions(
  edges: readonly number[],
  perScrape: readonly (readonly number[])[],
  labels = pod('v46', 'a'),
  more = {},
): Series {
  return native('fraud_score', labels, { bounds: edges }, perScrape, more);
}

/** The same in each scrape of some minutes. */
export function steady(minutes: number, counts: readonly number[]): number[][] {
  return Array.from({ length: minutes * SCRAPES }, () => [...counts]);
}
