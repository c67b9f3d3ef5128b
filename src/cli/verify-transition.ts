import { verifyTransition as verify } from '../app/verify-transition.ts';
import { oneLine } from '../git/message.ts';
import { openRepository } from '../git/repository.ts';
import { EXIT } from './exit.ts';
import type { CheckoutOptions } from './move.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service verify-transition`. */
export interface VerifyTransitionOptions extends CheckoutOptions {
  readonly base: string;
  readonly head: string;
  /** Take a move that needed --force. */
  readonly allowForced?: boolean;
}

/** `ai-service verify-transition`: the required check that lets the pull request of a bot merge by itself. */
export async function verifyTransition({
  base,
  head,
  gitops,
  out: tree,
  releases,
  allowForced = false,
}: VerifyTransitionOptions): Promise<number> {
  const repository = await openRepository(gitops);
  if (!repository.value) return fail(repository.findings, 'reads');
  const { value, findings } = await verify(repository.value, { base, head, tree, releases, allowForced });
  if (!value) return fail(findings, 'reads');
  printFindings(findings, 'reads');
  const { move, sentence, gates, forced } = value;
  const details = [...(forced === undefined ? [] : [`forced: ${oneLine(forced)}`]), ...gates];
  process.stdout.write(`${move.action}: ${sentence}\n${details.map((line) => `  ${line}\n`).join('')}`);
  return EXIT.fine;
}
