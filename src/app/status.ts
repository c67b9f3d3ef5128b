import { answered, refused, type Answer } from '../core/answer.ts';
import { columns } from '../core/columns.ts';
import type { Files } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import type { LastChange } from '../git/log.ts';
import type { Repository } from '../git/repository.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, stateFile, statesIn, type StatePlace } from '../release/store.ts';

/** Which services are asked for. */
export interface StatusQuery {
  /** Folder of the release store. */
  readonly releases: string;
  readonly service?: string;
  readonly environment?: string;
}

/** Where one service stands in one environment. */
export interface ServiceStatus extends StatePlace {
  readonly state: ReleaseState;
  /** The commit since which it is so, on the branch that is checked out; missing outside of Git, and while `uncommitted`. */
  readonly since?: LastChange;
  /** The file differs from the last commit. */
  readonly uncommitted?: true;
}

/**
 * Where all services stand in all environments, from the release store alone. A file that cannot be read is a finding,
 * and the rest is still there.
 *
 * @param repository to say since when; without one that stays open.
 */
export async function readStatus(
  files: Files,
  query: StatusQuery,
  repository?: Repository,
): Promise<Answer<readonly ServiceStatus[]>> {
  const { releases, service, environment } = query;
  const places = statesIn(files, releases);
  const isAsked = (name: string, wanted: string | undefined): boolean => wanted === undefined || name === wanted;
  const asked = places.filter((place) => isAsked(place.service, service) && isAsked(place.environment, environment));
  if (asked.length === 0) return refused(nothingThere(places, query));
  const store = openStore(files, releases);
  const findings: Finding[] = [];
  const read = asked.flatMap((place) => {
    const stored = store.state(place.environment, place.team, place.service);
    findings.push(...(stored?.findings ?? []));
    return stored?.value ? [{ ...place, state: stored.value }] : [];
  });
  const fileOf = (place: StatePlace): string => stateFile(releases, place.environment, place.team, place.service);
  const [changes, edits] = repository
    ? await Promise.all([repository.lastChanges(read.map(fileOf)), repository.changedInWorktree('HEAD', releases)])
    : [];
  // A history that is not complete is worth a word; that there is none yet is not.
  findings.push(...(changes?.findings ?? []).filter(({ severity }) => severity !== 'error'));
  const edited = new Set(edits?.value?.map(({ path }) => path));
  const services = read.map((place): ServiceStatus => {
    if (edited.has(fileOf(place))) return { ...place, uncommitted: true };
    const since = changes?.value?.get(fileOf(place));
    return { ...place, ...(since && { since }) };
  });
  return answered(services, ...findings);
}

function nothingThere(places: readonly StatePlace[], { releases, service, environment }: StatusQuery): Finding {
  const where = { ...(service !== undefined && { service }), ...(environment !== undefined && { environment }) };
  const near = (name: string | undefined, names: readonly string[]): string | undefined =>
    name === undefined || names.includes(name) ? undefined : didYouMean(name, [...new Set(names)]);
  const meant =
    near(
      service,
      places.map((place) => place.service),
    ) ??
    near(
      environment,
      places.map((place) => place.environment),
    );
  const message = places.length === 0 ? `${releases} has no state of any service` : `${releases} has no such state`;
  const fix =
    places.length === 0
      ? 'name the folder of the release store with --releases, or make a first release: npx ai-service release'
      : 'run ai-service status without names to see all';
  return releaseFinding('release/no-state', where, message, meant === undefined ? fix : `did you mean ${meant}?`);
}

const HEAD = [
  'SERVICE',
  'ENVIRONMENT',
  'STABLE',
  'PREVIOUS',
  'CANDIDATE',
  'TRAFFIC',
  'PHASE',
  'STEP',
  'HELD',
  'PAUSED',
  'SINCE',
  'COMMIT',
];

/** Status as a table for people. */
export function statusText(services: readonly ServiceStatus[]): string {
  return columns(
    HEAD,
    services.map(({ service, environment, state, since, uncommitted }) => [
      service,
      environment,
      state.stable,
      named(state.previous, state),
      state.candidate ?? '',
      trafficOf(state),
      state.phase,
      state.step === undefined ? '' : String(state.step),
      Object.entries(state.holds ?? {})
        .map(([release, reason]) => `${release}: ${reason}`)
        .join('; '),
      state.paused ?? '',
      uncommitted ? 'not committed' : (since?.date ?? ''),
      since?.sha.slice(0, 12) ?? '',
    ]),
  );
}

function named(release: string | undefined, { stopped = [] }: ReleaseState): string {
  return release === undefined ? '' : stopped.includes(release) ? `${release} (stopped)` : release;
}

function trafficOf({ candidate, weight, mirror, header }: ReleaseState): string {
  if (candidate === undefined) return '';
  if (mirror !== undefined) return `copies of ${mirror} %`;
  return header ? `${header.name}: ${header.value}` : `${weight} %`;
}

/**
 * Status for machines, as JSON with two spaces: `services`, each with `service`, `environment`, `team`, the fields of the
 * state by their names in the file, and `since` with `commit` and `date`. Fields that have no value are left out; names do
 * not change.
 */
export function statusJson(services: readonly ServiceStatus[]): string {
  const plain = services.map(({ service, environment, team, state, since, uncommitted }) => ({
    service,
    environment,
    team,
    ...state,
    ...(since && { since: { commit: since.sha, date: since.date } }),
    ...(uncommitted && { uncommitted }),
  }));
  return `${JSON.stringify({ services: plain }, null, 2)}\n`;
}
