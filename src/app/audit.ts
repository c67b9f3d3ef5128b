import { answered, refused, type Answer } from '../core/answer.ts';
import type { Finding } from '../core/finding.ts';
import type { Commit, CommitInfo, LastChange } from '../git/log.ts';
import { oneLine } from '../git/message.ts';
import type { Repository } from '../git/repository.ts';
import type { LockedModel } from '../release/record.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, placeOfState, type ReleaseStore, type StatePlace } from '../release/store.ts';
import { commitFiles } from './commit-files.ts';
import { approvedBy, placesIn, plainEntry, readHistory, type TrailEntry } from './history.ts';
import { appFinding } from './rules.ts';
import { weightsOf } from './words.ts';

/** What is asked of the past. */
export interface AuditQuery {
  /** Folder of the release store. */
  readonly releases: string;
  readonly service: string;
  readonly environment: string;
  readonly at: Date;
  /** The branch that the environment follows. Default: `HEAD`. */
  readonly ref?: string;
}

/** A release that ran at a time. */
export interface AuditedRelease {
  readonly release: string;
  /** Share of the answers in per cent. */
  readonly percent: number;
  /** Digest of the record. */
  readonly digest: string | undefined;
  /** Models by part, as the record had them. */
  readonly models: Readonly<Record<string, LockedModel>>;
}

/** What served at a time. */
export interface Audit extends StatePlace {
  readonly at: Date;
  /** The commit that the branch was at. */
  readonly commit: CommitInfo;
  /** The commit on the branch since which the state was so. */
  readonly since: LastChange | undefined;
  readonly state: ReleaseState;
  /** What serves first, then the candidate. */
  readonly releases: readonly AuditedRelease[];
  readonly weights: string;
  /** The change that led to it. */
  readonly change: TrailEntry | undefined;
}

/**
 * What served at a time: the state in the commit that the branch was at, by the clocks of committers. What the cluster had
 * synced by then is not in Git.
 */
export async function audit(repository: Repository, query: AuditQuery): Promise<Answer<Audit>> {
  const { releases, service, environment, at, ref = 'HEAD' } = query;
  const where = { service, environment };
  const found = await repository.log({ ref, firstParent: true, until: at, limit: 1 });
  if (!found.value) return found;
  const [commit] = found.value;
  if (!commit) {
    const message = `there is no commit at or before ${at.toISOString()}`;
    return refused(appFinding('trail/too-early', where, message, 'ask for a later time'), ...found.findings);
  }
  const recordsAndState = (path: string): boolean =>
    path.startsWith(`${releases}/${service}/`) || placeOfState(releases, path)?.service === service;
  const files = await commitFiles(repository, commit.sha, [releases], recordsAndState);
  if (!files.value) return files;
  const [place] = placesIn(files.value, { releases, service, environment });
  if (!place) {
    const message = `at ${at.toISOString()} the release store had no state of the service: commit ${commit.sha.slice(0, 12)} of ${commit.committed}`;
    const fix = 'ask for a later time, or name the branch that had it with --ref';
    return refused(appFinding('trail/too-early', where, message, fix), ...found.findings);
  }
  const store = openStore(files.value, releases);
  const stored = store.state(environment, place.team, service);
  if (!stored?.value) return refused(...(stored?.findings ?? []));
  const state = stored.value;
  const [changes, history] = await Promise.all([
    repository.lastChanges([stored.file], commit.sha),
    readHistory(repository, { releases, service, environment, ref: commit.sha, limit: 20 }),
  ]);
  const since = changes.value?.get(stored.file);
  const change = history.value?.find(
    (entry) => entry.kept && (entry.commit.sha === since?.sha || entry.mergedBy?.sha === since?.sha),
  );
  const shares: Share[] = [{ release: state.stable, percent: 100 - state.weight }];
  if (state.candidate !== undefined) shares.push({ release: state.candidate, percent: state.weight });
  const warnings = [...found.findings, ...changes.findings, ...history.findings].filter(
    ({ severity }) => severity !== 'error',
  );
  const audited = shares.map((share) => releaseAt(store, service, share));
  return answered(
    {
      ...place,
      at,
      commit: infoOf(commit),
      since,
      state,
      releases: audited.map(({ release }) => release),
      weights: weightsOf(state),
      change,
    },
    ...warnings,
    ...audited.flatMap(({ findings }) => findings),
  );
}

type Share = Pick<AuditedRelease, 'release' | 'percent'>;

/** A record that was edited cannot be a witness; that is said beside the rest. */
function releaseAt(
  store: ReleaseStore,
  service: string,
  { release, percent }: Share,
): { release: AuditedRelease; findings: readonly Finding[] } {
  const record = store.record(service, release);
  const models = Object.entries(record?.value?.parts ?? {}).flatMap(([part, { model }]) =>
    model ? [[part, model] as const] : [],
  );
  return {
    release: { release, percent, digest: record?.value?.digest, models: Object.fromEntries(models) },
    findings: record?.findings ?? [],
  };
}

function infoOf({ mergedBy: _mergedBy, signature: _signature, ...info }: Commit): CommitInfo {
  return info;
}

/** An audit for people. */
export function auditText({
  service,
  environment,
  at,
  state,
  releases,
  commit,
  since,
  change,
  weights,
}: Audit): string {
  const { mirror, header, holds = {} } = state;
  const models = releases.flatMap(({ release, percent, digest, models: parts }) => [
    `  ${release} ${percent} %  ${digest ?? 'no record'}`,
    ...Object.entries(parts).map(([part, model]) => `    ${part}: ${modelText(model)}`),
  ]);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['weights', weights],
    ['copies', mirror === undefined ? undefined : `${mirror} % to ${state.candidate ?? ''}`],
    ['by header', header && `${header.name}: ${header.value} to ${state.candidate ?? ''}`],
    [
      'held',
      Object.entries(holds)
        .map(([release, reason]) => `${release} (${reason})`)
        .join(', ') || undefined,
    ],
    ['reason', change?.reason ?? state.reason],
    ['branch at', `${commit.sha.slice(0, 12)} of ${commit.committed}`],
    ['since', since && `${since.date} (${since.sha.slice(0, 12)})`],
    ['change', change && `${change.commit.sha.slice(0, 12)} ${change.commit.subject}`],
    ['author', change && `${change.author.name} <${change.author.email}>`],
    ['approved by', change && (approvedBy(change.approvals) || 'nobody that Git knows of')],
    ['signature', change?.signature],
  ];
  // People write reasons, names and subjects.
  const said = lines.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name}: ${oneLine(text)}`]));
  return `${[`${service} in ${environment} at ${at.toISOString()}`, ...models, ...said].join('\n')}\n`;
}

function modelText({ name, version, uri, digest }: LockedModel): string {
  const named = name === undefined || version === undefined ? [] : [`${name}:${version}`];
  return [...named, uri, ...(digest === undefined ? [] : [digest])].join('  ');
}

/** An audit for machines, as JSON with two spaces. Fields that have no value are left out; names do not change. */
export function auditJson({ at, commit, since, change, state, ...rest }: Audit): string {
  const plain = {
    ...rest,
    at: at.toISOString(),
    reason: change?.reason ?? state.reason,
    state,
    commit: { commit: commit.sha, date: commit.committed },
    ...(since && { since: { commit: since.sha, date: since.date } }),
    ...(change && { change: plainEntry(change) }),
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}

const TIME_FIX = 'write 2026-03-01T09:30:00Z, with Z or an offset, or a date for its end in UTC: 2026-03-01';

/**
 * A time as it is asked for: RFC 3339 with its zone, `2026-03-01T09:30:00+01:00`, or a date, which means its last moment
 * in UTC.
 *
 * @param now what is later has not been yet.
 */
export function parseTime(text: string, now: Date): Answer<Date> {
  const wrong = (message: string): Answer<Date> =>
    refused(appFinding('trail/time', {}, `${JSON.stringify(text)} ${message}`, TIME_FIX));
  const [, date = '', time, zone] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  if (date === '') return wrong('is no time that has one meaning');
  const day = new Date(`${date}T00:00:00Z`);
  // The 30th of February would become the 2nd of March.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return wrong('is not in the calendar');
  const at =
    time === undefined ? new Date(`${date}T23:59:59.999Z`) : new Date(`${date}T${time}${(zone ?? '').toUpperCase()}`);
  if (Number.isNaN(at.getTime()) || time?.startsWith('24')) return wrong('is not on the clock');
  if ((time === undefined ? day : at) > now) return wrong('is in the future');
  return answered(at);
}
