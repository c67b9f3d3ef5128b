import { openCheckout } from '../app/checkout.ts';
import { planPromotion } from '../app/promote.ts';
import { diskFiles } from '../core/files.ts';
import type { MoveOptions } from '../release/transition.ts';
import { recoverJournal, writeJournaled } from '../tree/journal.ts';
import { announce, moveOptions, type CheckoutOptions, type CommitOptions } from './move.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service promote`. */
export interface PromoteOptions extends CheckoutOptions, CommitOptions, MoveOptions {
  readonly from: string;
  readonly to: string;
  readonly release?: string;
}

/** `ai-service promote`: the very release that serves in one environment becomes the candidate of a later one. */
export async function promote(service: string, options: PromoteOptions): Promise<number> {
  const { from, to, release, gitops: root, out: tree, releases } = options;
  const place = { root, tree };
  const unfinished = recoverJournal(place);
  if (unfinished.length > 0) return fail(unfinished);
  const checkout = openCheckout(diskFiles(place.root), { tree, releases });
  const { value: planned, findings } = await planPromotion(checkout, { service, from, to, ...(release !== undefined && { release }), ...moveOptions(options) });
  if (!planned) return fail(findings);
  printFindings(findings);
  const failed = writeJournaled(place, planned.changes);
  if (failed.length > 0) return fail(failed);
  return announce({ service, environment: to, action: 'promote', planned }, planned.changes, options);
}
