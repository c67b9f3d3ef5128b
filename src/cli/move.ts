import { writeFileSync } from 'node:fs';
import { openCheckout } from '../app/checkout.ts';
import { planMove } from '../app/move.ts';
import { pullRequestBody, subjectOf, trailersOf, type MadeMove } from '../app/words.ts';
import { diskFiles } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import { gitFinding } from '../git/rules.ts';
import { releaseFinding } from '../release/rules.ts';
import type { Move, MoveOptions } from '../release/transition.ts';
import { recoverJournal, writeJournaled, type FileChange } from '../tree/journal.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings } from './report.ts';

/** Where the checkout is, and what happens with the change. */
export interface CheckoutOptions {
  /** The repository that holds both. */
  readonly gitops: string;
  /** Folder of the tree. */
  readonly out: string;
  /** Folder of the release store. */
  readonly releases: string;
}

export interface CommitOptions {
  /** Make one commit of state and tree. */
  readonly commit?: boolean;
  /** Make it on a new branch. */
  readonly branch?: string;
  /** Write the body of a pull request into this file. */
  readonly prBody?: string;
}

export interface MoveCommandOptions extends CheckoutOptions, CommitOptions, MoveOptions {
  readonly env: string;
}

/**
 * Makes a move: `ai-service advance`, `finish`, `abort`, `rollback`, `hold`, `resume`, `cleanup`, `pause`, `unpause`. Works on
 * a checkout of the GitOps repository alone; nothing is written when a finding is an error.
 *
 * @param gates what allowed the move, one line each, for the commit.
 */
export async function makeMove(
  service: string,
  move: Move,
  options: MoveCommandOptions,
  gates: readonly string[] = [],
): Promise<number> {
  const { env: environment, gitops: root, out: tree, releases } = options;
  const unfinished = recoverJournal({ root, tree });
  if (unfinished.length > 0) return fail(unfinished);
  const checkout = openCheckout(diskFiles(root), { tree, releases });
  const { value: planned, findings } = await planMove(checkout, {
    service,
    environment,
    move,
    ...moveOptions(options),
  });
  if (!planned) return fail(findings);
  printFindings(findings);
  return carryOut({ service, environment, action: move.action, planned, gates }, planned.changes, options);
}

/** Writes what a move changes, all files or none, says so, and commits it where that is asked for. */
export async function carryOut(
  made: MadeMove,
  changes: readonly FileChange[],
  options: CheckoutOptions & CommitOptions,
): Promise<number> {
  const uncommitted = await commitProblems(changes, options);
  if (uncommitted.length > 0) return fail(uncommitted);
  const failed = writeJournaled({ root: options.gitops, tree: options.out }, changes);
  return failed.length > 0 ? fail(failed) : announce(made, changes, options);
}

/** Of the options of a command, those of the move. */
export function moveOptions({ reason, expectStep, acceptPolicy, force }: MoveOptions): MoveOptions {
  return {
    ...(reason !== undefined && { reason }),
    ...(expectStep !== undefined && { expectStep }),
    ...(acceptPolicy && { acceptPolicy }),
    ...(force && { force }),
  };
}

/**
 * What would keep a commit from holding one move and nothing else, asked before anything is written: files that differ from
 * what is committed already, and a branch that is there.
 */
async function commitProblems(
  changes: readonly FileChange[],
  { gitops, commit, branch }: CommitOptions & CheckoutOptions,
): Promise<readonly Finding[]> {
  if (!commit && branch === undefined) return [];
  const { openRepository } = await import('../git/repository.ts');
  const repository = await openRepository(gitops);
  if (!repository.value) return repository.findings;
  if (branch !== undefined && (await repository.value.resolve(`refs/heads/${branch}`)).value !== undefined) {
    return [gitFinding('git/branch', {}, `branch ${branch} is there already`, 'name another one, or delete it')];
  }
  const edited = await repository.value.changedInWorktree('HEAD');
  const touched = new Set(changes.map(({ path }) => path));
  const mixed = (edited.value ?? []).filter(({ path }) => touched.has(path));
  return mixed.map(({ path }) => {
    const message = 'the file has a change that is not committed, and one commit would hold both';
    return releaseFinding(
      'release/uncommitted',
      { file: path },
      message,
      'commit it first, or restore it: git restore <file>',
    );
  });
}

/** Says what was done, and commits it where that was asked for. */
async function announce(
  made: MadeMove,
  changes: readonly FileChange[],
  options: CommitOptions & CheckoutOptions,
): Promise<number> {
  const { gitops, out: tree, releases, prBody, branch } = options;
  const { store } = openCheckout(diskFiles(gitops), { tree, releases });
  process.stdout.write(`${subjectOf(made)}\n`);
  if (prBody !== undefined) writeFileSync(prBody, pullRequestBody(made, store));
  if (!options.commit && branch === undefined) return EXIT.fine;
  const { openRepository } = await import('../git/repository.ts');
  const repository = await openRepository(gitops);
  if (!repository.value) return fail(repository.findings);
  const committed = await repository.value.commit({
    paths: changes.map(({ path }) => path),
    subject: subjectOf(made),
    trailers: trailersOf(made, store),
    ...(branch !== undefined && { branch }),
  });
  if (!committed.value) return fail(committed.findings);
  process.stderr.write(
    committed.value.sha === undefined
      ? 'nothing to commit\n'
      : `committed ${committed.value.sha.slice(0, 12)}${branch === undefined ? '' : ` on ${branch}`}\n`,
  );
  return EXIT.fine;
}
