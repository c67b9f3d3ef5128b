import { openCheckout } from '../app/checkout.ts';
import { isFirstPromotion, planPromotion, type Promotion } from '../app/promote.ts';
import type { FirstPromotion } from '../app/first-promotion.ts';
import { refused, type Answer } from '../core/answer.ts';
import { diskFiles } from '../core/files.ts';
import type { ClustersOf } from '../core/finding.ts';
import type { MoveOptions } from '../release/transition.ts';
import { recoverJournal } from '../tree/journal.ts';
import { carryOut, moveOptions, type CheckoutOptions, type CommitOptions } from './move.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service promote`. */
export interface PromoteOptions extends CheckoutOptions, CommitOptions, MoveOptions {
  readonly from: string;
  readonly to: string;
  readonly release?: string;
  /** Folder of the services, for the first release in an environment. */
  readonly apps: string;
}

/** `ai-service promote`: the very release that serves in one environment becomes the candidate of a later one. */
export async function promote(service: string, options: PromoteOptions): Promise<number> {
  const { from, to, release, gitops: root, out: tree, releases } = options;
  const unfinished = recoverJournal({ root, tree });
  if (unfinished.length > 0) return fail(unfinished);
  const checkout = openCheckout(diskFiles(root), { tree, releases });
  const promotion: Promotion = {
    service,
    from,
    to,
    ...(release !== undefined && { release }),
    ...moveOptions(options),
  };
  const { answer, clustersOf } = isFirstPromotion(checkout, promotion)
    ? await planFirst(promotion, options)
    : { answer: await planPromotion(checkout, promotion) };
  const { value: planned, findings } = answer;
  if (!planned) return fail(findings, 'writes', clustersOf);
  printFindings(findings, 'writes', clustersOf);
  return carryOut({ service, environment: to, action: 'promote', planned }, planned.changes, options);
}

/** Where nothing of a service was before, the sources are needed. */
async function planFirst(
  promotion: Promotion,
  { gitops, out, releases, apps }: PromoteOptions,
): Promise<{ readonly answer: Answer<FirstPromotion>; readonly clustersOf?: ClustersOf | undefined }> {
  const { openProject } = await import('./release.ts');
  const { planFirstPromotion } = await import('../app/first-promotion.ts');
  const opened = await openProject({ gitops, out, releases, apps });
  if ('failed' in opened) return { answer: refused(...opened.failed), clustersOf: opened.clustersOf };
  const { scope } = opened;
  return { answer: planFirstPromotion(scope, promotion), clustersOf: scope.platform.clustersOf };
}
