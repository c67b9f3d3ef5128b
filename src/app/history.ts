import { answered, refused, type Answer } from '../core/answer.ts';
import { columns } from '../core/columns.ts';
import type { Files } from '../core/files.ts';
import { approvals, type Approval } from '../git/approvals.ts';
import type { Commit, CommitInfo, Person } from '../git/log.ts';
import type { Repository } from '../git/repository.ts';
import type { Signature } from '../git/signatures.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, placeOfState, stateFile, statesIn, type ReleaseStore, type StatePlace } from '../release/store.ts';
import { changedFields, whatHappened, type FieldChange, type Happening } from '../release/what-happened.ts';
import { commitFiles, memoryFiles } from './commit-files.ts';
import { nothingThere } from './no-state.ts';
import { modelVersion, releaseOf, weightsOf } from './words.ts';

/** Whose trail is read, and how much of it. */
export interface HistoryQuery {
  /** Folder of the release store. */
  readonly releases: string;
  readonly service: string;
  readonly environment?: string;
  /** Where history starts. Default: `HEAD`. */
  readonly ref?: string;
  /** At most so many entries, the newest ones. */
  readonly limit?: number;
}

/** One change of the state of a service in an environment. */
export interface TrailEntry extends StatePlace {
  /** When it reached the branch: of a commit on a branch that was merged, the time of the merge. */
  readonly date: string;
  readonly action: Happening;
  /** What says what was done: the trailers of the commit, or, where it has none that fit, the states before and after it. */
  readonly source: 'trailers' | 'states';
  /** The fields of the state that changed. */
  readonly changed: readonly FieldChange[];
  /** The release that it is about: the one that serves now, that is held or freed, or that is on its way. */
  readonly release: string | undefined;
  /** The model of that release: `fraud-detector:47`, or its place. */
  readonly model: string | undefined;
  /** Digest of the record of that release. */
  readonly digest: string | undefined;
  /** Who answered how much afterwards: `v46=90 v47=10`. */
  readonly weights: string | undefined;
  readonly reason: string | undefined;
  readonly commit: CommitInfo;
  readonly mergedBy: CommitInfo | undefined;
  /** False when the merge that brought the commit did not keep what it had changed. */
  readonly kept: boolean;
  readonly author: Person;
  readonly approvals: readonly Approval[];
  readonly signature: Signature['status'];
}

/**
 * The trail of a service: every change of its states, newest first, read from Git. What the states before and after a
 * commit say is taken from them; the trailers of a commit name the action where they agree with the states.
 */
export async function readHistory(repository: Repository, query: HistoryQuery): Promise<Answer<readonly TrailEntry[]>> {
  const { releases, service, ref = 'HEAD', limit = Infinity } = query;
  const files = await commitFiles(repository, ref, [releases], (path) => path.startsWith(`${releases}/${service}/`));
  if (!files.value) return files;
  const places = placesIn(files.value, query);
  if (places.length === 0) {
    const commit = ref === 'HEAD' ? 'the commit that is checked out' : ref;
    const all = statesIn(files.value, releases);
    if (all.length > 0)
      return refused(nothingThere(all, query, commit, '; if it is gone, say a commit that still has it: --ref <ref>'));
    const fix = 'name the folder of the release store with --releases, or a commit that has states: --ref <ref>';
    const message = `${commit} has no state of any service in ${releases}`;
    return refused(releaseFinding('release/no-state', { service }, message, fix));
  }
  const trail: Trail = { repository, releases, store: openStore(files.value, releases), places, texts: new Map() };
  return readEntries(trail, ref, limit, limit * 2);
}

/** What the entries of a trail are made with. */
interface Trail {
  readonly repository: Repository;
  readonly releases: string;
  /** Records, which are written once. */
  readonly store: ReleaseStore;
  readonly places: readonly StatePlace[];
  /** Texts of the state files by commit. */
  readonly texts: Map<string, Promise<Answer<ReadonlyMap<string, string>>>>;
}

/** The states of a service, in all environments or in one. */
export function placesIn(
  files: Files,
  { releases, service, environment }: Pick<HistoryQuery, 'releases' | 'service' | 'environment'>,
): StatePlace[] {
  return files.entries(releases).folders.flatMap((each) =>
    files.entries(`${releases}/${each}`).folders.flatMap((team) => {
      const place = placeOfState(releases, stateFile(releases, each, team, service));
      const there = files.entries(`${releases}/${each}/${team}`).files.includes(`${service}.yaml`);
      return place && there && (environment === undefined || environment === each) ? [place] : [];
    }),
  );
}

function fileOf({ releases }: Pick<Trail, 'releases'>, { environment, team, service }: StatePlace): string {
  return stateFile(releases, environment, team, service);
}

/** Merges are in the log and make no entry, so that it may take more commits than entries. */
async function readEntries(
  trail: Trail,
  ref: string,
  limit: number,
  commits: number,
): Promise<Answer<readonly TrailEntry[]>> {
  const paths = trail.places.map((place) => fileOf(trail, place));
  const found = await trail.repository.log({
    ref,
    paths,
    merges: true,
    signatures: true,
    ...(commits < Infinity && { limit: commits }),
  });
  if (!found.value) return found;
  const entries: TrailEntry[] = [];
  for (let at = 0; at < found.value.length && entries.length < limit; at += AT_A_TIME) {
    const some = await Promise.all(found.value.slice(at, at + AT_A_TIME).map((commit) => entriesOf(trail, commit)));
    const wrong = some.flatMap(({ value, findings }) => (value ? [] : findings));
    if (wrong.length > 0) return refused(...wrong);
    entries.push(...some.flatMap(({ value }) => value ?? []));
  }
  if (entries.length < limit && found.value.length >= commits) return readEntries(trail, ref, limit, commits * 2);
  return answered(entries.slice(0, limit), ...found.findings);
}

/** Each takes some processes of git. */
const AT_A_TIME = 8;

async function entriesOf(trail: Trail, commit: Commit): Promise<Answer<readonly TrailEntry[]>> {
  // Where a shallow clone ends nobody knows what was before.
  if (trail.repository.shallow && commit.parents.length === 0) return answered([]);
  const { mergedBy } = commit;
  const shas = [commit.sha, ...commit.parents, ...(mergedBy ? [mergedBy.sha, ...mergedBy.parents.slice(0, 1)] : [])];
  const read = await Promise.all(shas.map((sha) => textsAt(trail, sha)));
  const wrong = read.flatMap(({ value, findings }) => (value ? [] : findings));
  if (wrong.length > 0) return refused(...wrong);
  const at = new Map(shas.map((sha, index) => [sha, read[index]?.value]));
  const entries = trail.places.flatMap((place) => {
    const file = fileOf(trail, place);
    const text = (sha: string | undefined): string | undefined =>
      sha === undefined ? undefined : at.get(sha)?.get(file);
    const after = text(commit.sha);
    // A merge changes what neither side had; a commit what was before it.
    if (commit.parents.length > 0 ? commit.parents.some((parent) => text(parent) === after) : after === undefined)
      return [];
    const kept = mergedBy === undefined || text(mergedBy.sha) !== text(mergedBy.parents[0]);
    return [entryOf(trail, place, commit, { before: text(commit.parents[0]), after, kept })];
  });
  return answered(entries);
}

function textsAt(
  { texts, repository, places, releases }: Trail,
  sha: string,
): Promise<Answer<ReadonlyMap<string, string>>> {
  const known =
    texts.get(sha) ??
    repository.readFiles(
      sha,
      places.map((place) => fileOf({ releases }, place)),
    );
  texts.set(sha, known);
  return known;
}

interface Texts {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly kept: boolean;
}

function entryOf(trail: Trail, place: StatePlace, commit: Commit, texts: Texts): TrailEntry {
  const { mergedBy, signature, ...info } = commit;
  const [before, after] = [stateIn(trail, place, texts.before), stateIn(trail, place, texts.after)];
  const weights = after && weightsOf(after);
  // A file that was broken before or after says nothing about a move.
  const whole =
    (texts.before === undefined) === (before === undefined) && (texts.after === undefined) === (after === undefined);
  const seen = whole ? whatHappened(before, after) : 'edit';
  const said = saidBy(commit, place, weights, seen);
  const release = after && releaseOf(before, after);
  return {
    ...place,
    date: mergedBy?.committed ?? info.committed,
    action: said ?? seen,
    source: said === undefined ? 'states' : 'trailers',
    changed: changedFields(before, after),
    release,
    model: release === undefined ? undefined : modelVersion(trail.store, place.service, release),
    digest: release === undefined ? undefined : trail.store.record(place.service, release)?.value?.digest,
    weights,
    reason: after?.reason ?? after?.holds?.[release ?? ''],
    commit: info,
    mergedBy,
    kept: texts.kept,
    author: info.author,
    approvals: approvals(commit),
    signature: signature?.status ?? 'none',
  };
}

function stateIn(
  { releases }: Pick<Trail, 'releases'>,
  place: StatePlace,
  text: string | undefined,
): ReleaseState | undefined {
  if (text === undefined) return undefined;
  const { environment, team, service } = place;
  return openStore(memoryFiles(new Map([[fileOf({ releases }, place), text]])), releases).state(
    environment,
    team,
    service,
  )?.value;
}

/** What a commit may call what its states show: some moves have the same result. */
const CALLED: Readonly<Partial<Record<Happening, readonly string[]>>> = {
  abort: ['abort', 'rollback', 'hold'],
  release: ['release', 'promote'],
  start: ['release', 'promote'],
};

/** The action that the trailers name, when they are about this state and agree with it. */
function saidBy(
  { trailers }: CommitInfo,
  { service, environment }: StatePlace,
  weights: string | undefined,
  seen: Happening,
): Happening | undefined {
  const values = (key: string): string[] =>
    trailers.filter(([name]) => name.toLowerCase() === key).map(([, value]) => value);
  // Two moves in one commit are a squash, which names none of them.
  const [action, ...others] = values('action');
  if (action === undefined || others.length > 0 || !(CALLED[seen] ?? [seen]).includes(action)) return undefined;
  if (values('service')[0] !== service || values('environment')[0] !== environment || values('weights')[0] !== weights)
    return undefined;
  return action as Happening;
}

const HEAD = [
  'DATE',
  'ENVIRONMENT',
  'ACTION',
  'RELEASE',
  'MODEL',
  'DIGEST',
  'WEIGHTS',
  'REASON',
  'COMMIT',
  'AUTHOR',
  'APPROVED BY',
  'SIGNATURE',
  'NOTE',
];

/** The trail as a table for people. */
export function historyText(entries: readonly TrailEntry[]): string {
  // A head without rows says nothing; that a clone is shallow has been said.
  if (entries.length === 0) return '';
  const rows = entries.map((entry) => [
    entry.date,
    entry.environment,
    `${entry.action}${entry.source === 'states' ? ' *' : ''}`,
    entry.release ?? '',
    entry.model ?? '',
    entry.digest?.slice(0, 'sha256:'.length + 12) ?? '',
    entry.weights ?? '',
    entry.reason ?? '',
    entry.commit.sha.slice(0, 12),
    entry.author.name,
    approvedBy(entry.approvals),
    entry.signature,
    noteOf(entry),
  ]);
  const derived = entries.some(({ source }) => source === 'states');
  return `${columns(HEAD, rows)}${derived ? '* read from the states before and after the commit, which has no trailers that say so\n' : ''}`;
}

function noteOf({ kept, mergedBy, action, changed }: TrailEntry): string {
  const notes = kept ? [] : [`not kept by merge ${mergedBy?.sha.slice(0, 12) ?? ''}`];
  if (action === 'edit') notes.push(changesText(changed));
  return notes.join('; ');
}

function changesText(changes: readonly FieldChange[]): string {
  return changes.map(({ field, before = 'none', after = 'none' }) => `${field}: ${before} -> ${after}`).join(', ');
}

/** Who stands by a commit, for people: signing off one's own work is no approval. */
export function approvedBy(all: readonly Approval[]): string {
  return all
    .filter(({ kind }) => kind !== 'signed-off')
    .map(({ kind, who }) => `${who.replace(/ <.*>$/, '')} (${kind})`)
    .join(', ');
}

/**
 * The trail for machines, as JSON with two spaces: `entries`, newest first. Fields that have no value are left out; names
 * do not change.
 */
export function historyJson(entries: readonly TrailEntry[]): string {
  return `${JSON.stringify({ entries: entries.map(plainEntry) }, null, 2)}\n`;
}

/** An entry as it is in JSON. */
export function plainEntry({ commit, mergedBy, author: _author, ...entry }: TrailEntry): object {
  const { sha, subject, author, authored, committed } = commit;
  const merge = mergedBy && { commit: mergedBy.sha, author: mergedBy.author, date: mergedBy.committed };
  return { ...entry, commit: sha, subject, author, authored, committed, ...(merge && { mergedBy: merge }) };
}
