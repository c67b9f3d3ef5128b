import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../core/finding.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { workTreeNeeded } from './changes.ts';
import { messageText, oneLine, type Message } from './message.ts';
import { atMost, checkPaths, fromFolder, fromTop, pathFinding, pathspec, pathspecs, type Place } from './paths.ts';
import { resolveRef } from './refs.ts';
import { gitFinding } from './rules.ts';
import { failed, inWords, piecesOf, runGit, type Ran } from './run.ts';

/**
 * What to commit, and what to say. The files are committed as they are on the disk; the rest of the index, staged
 * changes of others, and all other files stay as they are. The commit is signed where git is set up to sign
 * (`commit.gpgSign`), and the hooks of the repository run; when one of them refuses, nothing has happened.
 */
export interface CommitRequest extends Message {
  /** Exactly these files: added, changed or removed. A path that does not differ from `HEAD` does no harm. */
  readonly paths: readonly string[];
  /** Name of a new branch from `HEAD`; it is checked out, and stays so. By default the branch that is checked out. */
  readonly branch?: string;
}

/** What a commit came to. */
export interface Committed {
  /** Missing when nothing differs: then there is no commit, and no new branch either. */
  readonly sha?: string;
}

/** See `Repository.commit`. */
export async function commit(place: Place, request: CommitRequest): Promise<Answer<Committed>> {
  const { paths, branch } = request;
  const flaws = [...checkPaths(paths, 'files'), ...workTreeNeeded(place)];
  if (oneLine(request.subject) === '') {
    flaws.push(gitFinding('git/message', {}, 'the commit has no subject', 'say in one line what it does'));
  }
  if (flaws.length > 0) return refused(...flaws);
  const message = messageText(request);
  if (paths.length === 0) return answered({});

  const [status, busy, ignored, name] = await Promise.all([
    readStatus(place, paths),
    underWay(place),
    ignoredPaths(place, paths),
    branch === undefined ? [] : checkBranch(place, branch),
  ]);
  if (status.value === undefined) return status;
  const { head, entries } = status.value;
  const findings = [...busy, ...ignored, ...name, ...entries.flatMap((entry) => stagedByOthers(place, entry))];
  if (head.branch === undefined && branch === undefined && busy.length === 0) findings.push(detached(head));
  if (findings.length > 0) return refused(...findings);
  if (entries.length === 0) return answered({});

  const undo: Undo = [];
  const steps = [
    () => startBranch(place, head, branch, undo),
    () =>
      announce(
        place,
        entries.filter(({ untracked }) => untracked).map(({ path }) => path),
        undo,
      ),
    () =>
      makeCommit(
        place,
        entries.map(({ path }) => path),
        message,
      ),
  ];
  for (const step of steps) {
    const wrong = await step();
    if (wrong === undefined) continue;
    for (const back of undo.reverse()) await back();
    return refused(wrong);
  }
  const sha = await resolveRef(place, 'HEAD');
  return sha.value === undefined ? sha : answered({ sha: sha.value });
}

/** Where `HEAD` is: no sha before the first commit, no branch when it is detached. */
interface Head {
  readonly sha: string | undefined;
  readonly branch: string | undefined;
}

/** One of the paths that differs. */
interface Entry {
  /** From the top of the repository. */
  readonly path: string;
  readonly untracked: boolean;
  readonly conflict: boolean;
  /** What is staged is neither what `HEAD` has nor what is on the disk. */
  readonly staged: boolean;
}

/** What is checked out, and which of the paths differ. */
interface Status {
  readonly head: Head;
  readonly entries: readonly Entry[];
}

/** Later steps of a commit put here how to take them back. */
type Undo = (() => Promise<unknown>)[];

async function readStatus(place: Place, paths: readonly string[]): Promise<Answer<Status>> {
  const format = [
    '--porcelain=v2',
    '--branch',
    '-z',
    '--untracked-files=all',
    '--no-renames',
    '--ignore-submodules=none',
  ];
  const ran = await runGit(place.folder, ['status', ...format, '--', ...pathspecs(place, atMost(paths))]);
  if (ran.code !== 0) return refused(failed('see what is to be committed', ran));
  const wanted = new Set(paths.map((path) => fromTop(place, path)));
  const entries = new Map<string, Entry>();
  let head: Head = { sha: undefined, branch: undefined };
  for (const piece of piecesOf(ran.stdout)) {
    const [, key, value = ''] = /^# branch\.(oid|head) (.*)$/.exec(piece) ?? [];
    if (key === 'oid' && value !== '(initial)') head = { ...head, sha: value };
    if (key === 'head' && value !== '(detached)') head = { ...head, branch: value };
    if (key !== undefined) continue;
    const entry = entryOf(piece);
    if (entry === undefined || !wanted.has(entry.path)) continue;
    // Twice means taken out of the index, and still on the disk.
    entries.set(entry.path, entries.has(entry.path) ? { ...entry, untracked: false, staged: true } : entry);
  }
  return answered({ head, entries: [...entries.values()] });
}

/** Reads `? path`, `1 XY` with six fields more and a path, or `u XY` with eight. */
function entryOf(piece: string): Entry | undefined {
  if (piece.startsWith('? ')) return { path: piece.slice(2), untracked: true, conflict: false, staged: false };
  const [, kind, index, disk, path = ''] = /^(?:(1) (.)(.) (?:\S+ ){6}|u .. (?:\S+ ){8})([^]*)$/.exec(piece) ?? [];
  if (path === '') return undefined;
  const conflict = kind === undefined;
  return { path, untracked: false, conflict, staged: !conflict && index !== '.' && disk !== '.' };
}

function stagedByOthers(place: Place, { path, conflict, staged }: Entry): Finding[] {
  const file = { file: fromFolder(place, path) };
  if (conflict) {
    return [
      gitFinding('git/busy', file, 'the file is in conflict', 'resolve it, git add it, and run the command again'),
    ];
  }
  if (!staged) return [];
  const message = 'the file is staged with another content than it has on the disk, and the commit would drop that';
  return [
    gitFinding(
      'git/staged',
      file,
      message,
      'look at it with git diff --cached, then commit it or take it back: git restore --staged',
    ),
  ];
}

function detached({ sha = '' }: Head): Finding {
  const message = `no branch is checked out, HEAD is at ${sha.slice(0, 12)}: the commit would be on no branch`;
  return gitFinding(
    'git/detached',
    {},
    message,
    'name a new branch with --branch, or check one out: git switch <branch>',
  );
}

/** Files that git keeps while it is in the middle of something. */
const MARKS = {
  MERGE_HEAD: 'merge',
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  'rebase-merge': 'rebase',
  'rebase-apply': 'rebase',
} as const;

async function underWay(place: Place): Promise<Finding[]> {
  const ran = await runGit(place.folder, ['rev-parse', '--absolute-git-dir']);
  if (ran.code !== 0) return [failed('find the folder of the repository', ran)];
  const folder = ran.stdout.toString().replace(/\n$/, '');
  const what = Object.entries(MARKS).find(([mark]) => existsSync(join(folder, mark)))?.[1];
  if (what === undefined) return [];
  return [
    gitFinding(
      'git/busy',
      {},
      `a ${what} is under way in this checkout`,
      `finish it, or take it back: git ${what} --abort`,
    ),
  ];
}

async function ignoredPaths(place: Place, paths: readonly string[]): Promise<Finding[]> {
  const present = paths.filter((path) => lstatSync(join(place.folder, path), { throwIfNoEntry: false }));
  // With `./` in front a colon has no meaning.
  const input = present.map((path) => `./${fromTop(place, path)}\0`).join('');
  const ran = await runGit(place.root, ['check-ignore', '-z', '--stdin'], { input });
  if (ran.code > 1) return [failed('see which files are ignored', ran)];
  const fix = 'take it out of .gitignore, or of what the command writes';
  return piecesOf(ran.stdout).map((path) =>
    pathFinding(fromFolder(place, path.slice('./'.length)), 'is ignored by a .gitignore', fix),
  );
}

async function checkBranch(place: Place, branch: string): Promise<Finding[]> {
  const ref = `refs/heads/${branch}`;
  const format = await runGit(place.folder, ['check-ref-format', ref]);
  if (format.code !== 0 || branch.startsWith('-') || branch === 'HEAD') {
    const message = `${JSON.stringify(branch)} cannot be the name of a branch`;
    return [gitFinding('git/branch', {}, message, 'write letters, digits, and -, / or . in between')];
  }
  if ((await runGit(place.folder, ['show-ref', '--verify', '--quiet', ref])).code !== 0) return [];
  const message = `there is a branch ${JSON.stringify(branch)} already, and it may hold the work of others`;
  return [
    gitFinding('git/branch', {}, message, 'write a new name, or check the branch out and commit to it: git switch'),
  ];
}

/** Makes a branch and lets `HEAD` name it; as both have the same commit, no file is touched. */
async function startBranch(
  place: Place,
  head: Head,
  branch: string | undefined,
  undo: Undo,
): Promise<Finding | undefined> {
  if (branch === undefined) return undefined;
  const ref = `refs/heads/${branch}`;
  const { sha } = head;
  if (sha !== undefined) {
    // The empty string: only if it does not exist by now.
    const ran = await runGit(place.folder, ['update-ref', ref, sha, '']);
    if (ran.code !== 0) return failed(`make the branch ${branch}`, ran);
    undo.push(() => runGit(place.folder, ['update-ref', '-d', ref, sha]));
  }
  const ran = await runGit(place.folder, ['symbolic-ref', '-m', `checkout: moving to ${branch}`, 'HEAD', ref]);
  if (ran.code !== 0) return failed(`check out the branch ${branch}`, ran);
  const old = head.branch;
  const back =
    old === undefined ? ['update-ref', '--no-deref', 'HEAD', sha ?? ''] : ['symbolic-ref', 'HEAD', `refs/heads/${old}`];
  undo.push(() => runGit(place.folder, back));
  return undefined;
}

/** Git commits only what it knows: new files are announced to it, without their content. */
async function announce(place: Place, paths: readonly string[], undo: Undo): Promise<Finding | undefined> {
  if (paths.length === 0) return undefined;
  const files = { input: pathspecInput(paths) };
  undo.push(() =>
    runGit(place.folder, ['rm', '--cached', '--force', '--quiet', '--ignore-unmatch', ...FROM_INPUT], files),
  );
  const ran = await runGit(place.folder, ['add', '--intent-to-add', ...FROM_INPUT], files);
  return ran.code === 0 ? undefined : failed('add the new files', ran);
}

/** `whitespace`: a line that begins with # is text, whatever the user's configuration says. */
const COMMIT = ['commit', '--quiet', '--only', '--cleanup=whitespace'];

async function makeCommit(place: Place, paths: readonly string[], message: string): Promise<Finding | undefined> {
  const ran = await runGit(place.folder, [...COMMIT, `--message=${message}`, ...FROM_INPUT], {
    input: pathspecInput(paths),
  });
  return ran.code === 0 ? undefined : await whyNot(place, ran);
}

async function whyNot(place: Place, ran: Ran): Promise<Finding> {
  if (/tell me who you are|empty ident|auto-detect email|identity unknown/i.test(ran.stderr)) {
    const fix = 'set it: git config user.name and user.email, in CI GIT_COMMITTER_NAME and its kin';
    return gitFinding('git/identity', {}, 'git does not know the name and the address to commit with', fix);
  }
  const signs = await runGit(place.folder, ['config', '--type=bool', '--get', 'commit.gpgSign']);
  if (signs.stdout.toString().trim() === 'true' && /failed to write commit object/.test(ran.stderr)) {
    const message = `commits are to be signed here, and that failed: ${inWords(ran.stderr)}`;
    return gitFinding(
      'git/signing',
      {},
      message,
      'make the key available to git: user.signingKey, gpg.format, and the agent',
    );
  }
  return failed('commit', ran);
}

const FROM_INPUT = ['--pathspec-from-file=-', '--pathspec-file-nul'];

function pathspecInput(paths: readonly string[]): string {
  return paths.map((path) => `${pathspec(path)}\0`).join('');
}
