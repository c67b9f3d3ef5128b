import type { Finding } from '../core/finding.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { findMerges } from './merges.ts';
import { atMost, checkPaths, fromFolder, pathspecs, type Place } from './paths.ts';
import { resolveRef } from './refs.ts';
import { gitFinding } from './rules.ts';
import { failed, runGit } from './run.ts';
import { findSignatures, type Signature } from './signatures.ts';

/** A person, as a commit names one. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** What a commit says about itself. */
export interface CommitInfo {
  readonly sha: string;
  /** The commits before it; more than one in a merge, none in the first one. */
  readonly parents: readonly string[];
  readonly author: Person;
  /** ISO 8601 with the author's offset: `2026-03-01T09:30:00+01:00`. */
  readonly authored: string;
  readonly committer: Person;
  /** ISO 8601 with the committer's offset. */
  readonly committed: string;
  readonly subject: string;
  /** As git parses them, in order, unfolded; a key may occur more than once. */
  readonly trailers: readonly Trailer[];
}

/** Key and value. */
export type Trailer = readonly [key: string, value: string];

/** A commit of a log. */
export interface Commit extends CommitInfo {
  /** Given when the query asks for signatures. */
  readonly signature?: Signature;
  /** The merge on the first-parent line that brought the commit in. Given when the query asks for merges. */
  readonly mergedBy?: CommitInfo;
}

/** Which commits, and what to find out about them. */
export interface LogQuery {
  /** Where history starts; `HEAD` by default. */
  readonly ref?: string;
  /**
   * Only commits that change one of these files or something below these folders: on merged branches too, even where
   * the merge did not keep the change; and the merges that brought a change or dropped it.
   */
  readonly paths?: readonly string[];
  /** Only commits with all of these trailers; keys in any case. */
  readonly trailers?: readonly Trailer[];
  /** Only commits that were made, by their committer's clock, at this moment or before. */
  readonly until?: Date;
  /** At most so many; all by default. */
  readonly limit?: number;
  /** Only the first-parent line: what reached this branch, as it reached it. */
  readonly firstParent?: boolean;
  /** Verify signatures: runs gpg or ssh-keygen for every signed commit. */
  readonly signatures?: boolean;
  /** Find the merge that brought each commit in: walks the whole history once. */
  readonly merges?: boolean;
}

/** The commit that last changed a file. */
export interface LastChange {
  readonly sha: string;
  /** When it was committed, as ISO 8601 with the committer's offset. */
  readonly date: string;
}

/** Whatever the configuration of the user says about logs; objects that are replaced in this clone alone are not. */
const LOG = [
  ...['--no-replace-objects', '-c', 'log.follow=false', '-c', 'log.diffMerges=separate'],
  ...['log', '-z', '--no-show-signature', '--no-color', '--encoding=UTF-8'],
];

const FIELDS = ['%H', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%s', '%(trailers:only,unfold)'];

/** See `Repository.log`. */
export async function log(place: Place, query: LogQuery = {}): Promise<Answer<readonly Commit[]>> {
  const { ref = 'HEAD', paths = [], trailers = [], until, limit = Infinity } = query;
  const flaws = checkPaths(paths, 'folders');
  if (flaws.length > 0) return refused(...flaws);
  const head = await resolveRef(place, ref);
  if (head.value === undefined) return head;

  const commits: Commit[] = [];
  const ran = await readCommits(
    place,
    [
      // Without it git leaves branches out whose changes were overwritten by the merge.
      query.firstParent ? '--first-parent' : '--full-history',
      ...(until ? [`--until=${until.toISOString()}`] : []),
      head.value,
      '--',
      ...pathspecs(place, paths),
    ],
    (commit) => {
      if (commits.length < limit && trailers.every((trailer) => hasTrailer(commit, trailer))) commits.push(commit);
      return commits.length < limit;
    },
  );
  if (ran.code !== 0) return refused(failed(`read the history of ${ref}`, ran));

  const found = await withMore(place, head.value, commits, query);
  const complete = !place.shallow || commits.length >= limit;
  return found.value === undefined || complete ? found : answered(found.value, shallowHistory(place));
}

function hasTrailer({ trailers }: CommitInfo, [key, value]: Trailer): boolean {
  return trailers.some((trailer) => trailer[0].toLowerCase() === key.toLowerCase() && trailer[1] === value);
}

async function withMore(
  place: Place,
  head: string,
  commits: readonly Commit[],
  query: LogQuery,
): Promise<Answer<readonly Commit[]>> {
  const shas = commits.map(({ sha }) => sha);
  const [signatures, merges] = await Promise.all([
    query.signatures ? findSignatures(place, shas) : answered(new Map<string, Signature>()),
    query.merges ? mergesOf(place, head, shas) : answered(new Map<string, CommitInfo>()),
  ]);
  if (signatures.value === undefined || merges.value === undefined)
    return refused(...signatures.findings, ...merges.findings);
  return answered(
    commits.map((commit) => {
      const signature = signatures.value.get(commit.sha);
      const mergedBy = merges.value.get(commit.sha);
      return { ...commit, ...(signature && { signature }), ...(mergedBy && { mergedBy }) };
    }),
  );
}

async function mergesOf(
  place: Place,
  head: string,
  shas: readonly string[],
): Promise<Answer<ReadonlyMap<string, CommitInfo>>> {
  const merges = await findMerges(place, head, shas);
  if (merges.value === undefined) return merges;
  const infos = new Map<string, CommitInfo>();
  if (merges.value.size === 0) return answered(infos);
  const input = [...new Set(merges.value.values())].join('\n');
  const ran = await readCommits(place, ['--no-walk', '--stdin'], (commit) => void infos.set(commit.sha, commit), input);
  if (ran.code !== 0) return refused(failed('read the merges of the history', ran));
  return answered(
    new Map([...merges.value].flatMap(([sha, merge]) => (infos.has(merge) ? [[sha, infos.get(merge)!]] : []))),
  );
}

function readCommits(
  place: Place,
  args: readonly string[],
  onCommit: (commit: CommitInfo) => boolean | void,
  input = '',
) {
  let fields: string[] = [];
  const onPiece = (piece: string): boolean | void => {
    fields.push(piece);
    if (fields.length < FIELDS.length) return;
    const commit = commitOf(fields);
    fields = [];
    return onCommit(commit);
  };
  const format = `--format=tformat:${FIELDS.join('%x00')}`;
  return runGit(place.folder, [...LOG, format, ...args], { input, onPiece });
}

function commitOf(fields: readonly string[]): CommitInfo {
  const [sha = '', parents = '', author = '', authorEmail = '', authored = ''] = fields;
  const [committer = '', committerEmail = '', committed = '', subject = '', trailers = ''] = fields.slice(5);
  return {
    sha,
    parents: parents.split(' ').filter(Boolean),
    author: { name: author, email: authorEmail },
    authored,
    committer: { name: committer, email: committerEmail },
    committed,
    subject,
    trailers: trailers.split('\n').filter(Boolean).map(trailerOf),
  };
}

function trailerOf(line: string): Trailer {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** See `Repository.lastChanges`. */
export async function lastChanges(
  place: Place,
  paths: Iterable<string>,
  ref = 'HEAD',
): Promise<Answer<ReadonlyMap<string, LastChange>>> {
  const missing = new Set(paths);
  const flaws = checkPaths(missing, 'files');
  if (flaws.length > 0) return refused(...flaws);
  const found = new Map<string, LastChange>();
  if (missing.size === 0) return answered(found);
  const head = await resolveRef(place, ref);
  if (head.value === undefined) return head;

  const where = ['--', ...pathspecs(place, atMost([...missing]))];
  // Every commit is an empty piece, three fields that never are, and its files, the first one after a line break.
  const format = [
    '--first-parent',
    '-m',
    '--root',
    '--no-renames',
    '--name-only',
    '--format=tformat:%x00%H%x00<%P%x00%cI',
  ];
  let fields: string[] = [];
  const ran = await runGit(place.folder, [...LOG, ...format, head.value, ...where], {
    onPiece: (piece) => {
      if (piece === '') fields = [];
      if (fields.length < 4) return void fields.push(piece);
      const [, sha = '', parents, date = ''] = fields;
      const path = fromFolder(place, piece.replace(/^\n/, ''));
      // Where a shallow clone ends, the oldest commit looks as if it had added everything.
      if ((parents !== '<' || !place.shallow) && missing.delete(path)) found.set(path, { sha, date });
      return missing.size > 0;
    },
  });
  if (ran.code !== 0) return refused(failed(`read the history of ${ref}`, ran));
  return answered(found, ...(place.shallow && missing.size > 0 ? [shallowHistory(place)] : []));
}

function shallowHistory(place: Place): Finding {
  const message = `the clone ${place.root} is shallow: what happened before its oldest commit is not known`;
  const fix = 'fetch the rest of the history: git fetch --unshallow (in CI: fetch-depth 0, GIT_DEPTH 0)';
  return gitFinding('git/shallow', {}, message, fix);
}
