import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Finding } from '../core/finding.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { changedFiles, changedInWorktree, type Change } from './changes.ts';
import { commit, type CommitRequest, type Committed } from './commit.ts';
import { listFiles, listFolders, readFiles } from './files.ts';
import { lastChanges, log, type Commit, type LastChange, type LogQuery } from './log.ts';
import type { Place } from './paths.ts';
import { mergeBase, resolveRef } from './refs.ts';
import { gitFinding } from './rules.ts';
import { inWords, NOT_STARTED, runGit, type Ran } from './run.ts';

/**
 * A Git repository, read and written through the program `git`, without a checkout of anything.
 *
 * - Paths are relative to the folder that was opened, with `/`, in and out; what lies outside of it is not seen.
 * - A ref is whatever names a commit: branch, tag, sha, `origin/main`, `HEAD~1`.
 * - What is wrong comes back as findings; nothing is thrown.
 * - Nothing here ever pushes, amends, rebases or moves a branch of others.
 */
export interface Repository {
  /** Top folder of the checkout, absolute; of a bare repository, the folder that was opened. */
  readonly root: string;
  /** Only a part of the history is there. */
  readonly shallow: boolean;

  /** The sha of the commit that a ref names. */
  resolve(ref: string): Promise<Answer<string>>;
  /** The sha of the newest common ancestor of two commits: where a branch left another one. */
  mergeBase(a: string, b: string): Promise<Answer<string>>;

  /** The regular files of a commit, or of some folders of it, sorted; links and submodules are not files. */
  listFiles(ref: string, ...folders: readonly string[]): Promise<Answer<readonly string[]>>;
  /** Names of the folders directly in a folder of a commit, sorted; none where there is no such folder. */
  listFolders(ref: string, folder: string): Promise<Answer<readonly string[]>>;
  /** The text of many files of a commit as `textOf` of core gives it, by path; a path that is no regular file there is left out. */
  readFiles(ref: string, paths: Iterable<string>): Promise<Answer<ReadonlyMap<string, string>>>;

  /** What is different in `head` when compared with `base`, sorted by path; a rename is a removal and an addition. */
  changedFiles(base: string, head: string, folder?: string): Promise<Answer<readonly Change[]>>;
  /** The same for the files on the disk, staged or not, untracked ones too; ignored ones are not seen. */
  changedInWorktree(base: string, folder?: string): Promise<Answer<readonly Change[]>>;

  /** Commits, newest first. */
  log(query?: LogQuery): Promise<Answer<readonly Commit[]>>;
  /**
   * When each file got the content that it has in `ref` (`HEAD`): the commit on its first-parent line, thus the merge
   * that brought the change to this branch, not the commit on the branch that was merged. A path that is not found is
   * left out. One process for all paths, which stops when all are found.
   */
  lastChanges(paths: Iterable<string>, ref?: string): Promise<Answer<ReadonlyMap<string, LastChange>>>;

  /** Commits files as they are on the disk: see `CommitRequest`. */
  commit(request: CommitRequest): Promise<Answer<Committed>>;
}

/**
 * Opens the repository that a folder is in.
 *
 * @param folder what paths are relative to: the project, or a checkout of the GitOps repository.
 * @returns the repository, or a finding when git is not installed, or the folder is in no repository that git trusts.
 *
 * @example
 * const repository = await openRepository('.');
 * if (repository.value === undefined) return printFindings(repository.findings);
 * const changes = await repository.value.changedFiles('origin/main', 'HEAD', 'releases');
 */
export async function openRepository(folder: string): Promise<Answer<Repository>> {
  // What has a line break in it, perhaps, comes last.
  const asked = [
    '--is-bare-repository',
    '--is-inside-work-tree',
    '--is-shallow-repository',
    '--show-cdup',
    '--show-prefix',
  ];
  const ran = await runGit(folder, ['rev-parse', ...asked]);
  if (ran.code !== 0) return refused(whyClosed(folder, ran));
  const [bare, inside, shallow, up = '', ...prefix] = ran.stdout.toString().split('\n');
  // Git answers for the real folder, so that `..` must not start from a link to it.
  const real = realpathSync(folder);
  const place: Place = {
    folder: real,
    root: resolve(real, up),
    prefix: prefix.slice(0, -1).join('\n'),
    bare: bare === 'true' || inside === 'false',
    shallow: shallow === 'true',
  };
  return answered({
    root: place.root,
    shallow: place.shallow,
    resolve: (ref) => resolveRef(place, ref),
    mergeBase: (a, b) => mergeBase(place, a, b),
    listFiles: (ref, ...folders) => listFiles(place, ref, folders),
    listFolders: (ref, folder) => listFolders(place, ref, folder),
    readFiles: (ref, paths) => readFiles(place, ref, paths),
    changedFiles: (base, head, below) => changedFiles(place, base, head, below),
    changedInWorktree: (base, below) => changedInWorktree(place, base, below),
    log: (query) => log(place, query),
    lastChanges: (paths, ref) => lastChanges(place, paths, ref),
    commit: (request) => commit(place, request),
  });
}

function whyClosed(folder: string, ran: Ran): Finding {
  if (ran.code === NOT_STARTED) {
    const message = `git cannot be started: ${inWords(ran.stderr)}`;
    return gitFinding('git/missing', {}, message, 'install git 2.31 or later, and put it on the PATH');
  }
  if (ran.stderr.includes('dubious ownership')) {
    const fix = 'trust it: git config --global --add safe.directory <folder>';
    return gitFinding('git/repository', {}, `the repository of ${folder} belongs to another user`, fix);
  }
  const message = `${folder} is not in a Git repository: ${inWords(ran.stderr)}`;
  return gitFinding('git/repository', {}, message, 'run the command in a checkout, or make one: git init');
}
