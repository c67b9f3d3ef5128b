import { conflictedStates, repairState } from '../app/repair.ts';
import { emptyStore } from '../app/no-state.ts';
import { diskFiles } from '../core/files.ts';
import { openRepository } from '../git/repository.ts';
import { statesIn } from '../release/store.ts';
import { recoverJournal, writeJournaled } from '../tree/journal.ts';
import { EXIT } from './exit.ts';
import type { CheckoutOptions } from './move.ts';
import { fail } from './report.ts';

const NEXT =
  'now the tree must say the same: run npx ai-service synth where the sources are; then git add, and finish the merge';

/**
 * `ai-service lock repair`: resolves what a merge left in state files, by the rule in docs/trail.md. Nothing is written
 * when there is one that the rule does not decide.
 */
export async function lockRepair(
  named: readonly string[],
  { gitops: root, out: tree, releases }: CheckoutOptions,
): Promise<number> {
  const place = { root, tree };
  const unfinished = recoverJournal(place);
  if (unfinished.length > 0) return fail(unfinished);
  const files = diskFiles(place.root);
  if (named.length === 0 && statesIn(files, releases).length === 0) return fail([emptyStore(releases)]);
  const asked = named.length > 0 ? [...new Set(named)] : conflictedStates(files, releases);
  const repository = await openRepository(place.root);
  const answers = await Promise.all(asked.map((file) => repairState(files, releases, file, repository.value)));
  const findings = answers.flatMap((answer) => answer.findings);
  if (findings.length > 0) return fail(findings);
  const repairs = answers.flatMap(({ value }) => value ?? []);
  const failed = writeJournaled(
    place,
    repairs.map(({ change }) => change),
  );
  if (failed.length > 0) return fail(failed);
  process.stdout.write(
    asked.length === 0
      ? `no state in ${releases} has markers of a merge\n`
      : repairs.map(({ said }) => `${said}\n`).join(''),
  );
  if (repairs.length > 0) process.stderr.write(`${NEXT}\n`);
  return EXIT.fine;
}
