import { answered, refused, type Answer } from '../core/answer.ts';
import { columns } from '../core/columns.ts';
import type { Files } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import type { LastChange } from '../git/log.ts';
import type { Repository } from '../git/repository.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, stateFile, statesIn, type ReleaseStore, type StatePlace } from '../release/store.ts';
import { emptyStore, nothingThere } from './no-state.ts';

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
  if (places.length === 0) return refused(emptyStore(releases));
  if (asked.length === 0) return refused(nothingThere(places, query, releases));
  const store = openStore(files, releases);
  const findings: Finding[] = [];
  const read = asked.flatMap((place) => {
    const stored = store.state(place.environment, place.team, place.service);
    findings.push(...(stored?.findings ?? []));
    if (!stored?.value) return [];
    findings.push(...lostRecords(store, place, stored.value, stored.file));
    return [{ ...place, state: stored.value }];
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

/** Releases that a state says to run, and of which nobody can say any more what they are. */
function lostRecords(
  store: ReleaseStore,
  { service, environment }: StatePlace,
  { stable, candidate, previous, retiring = [] }: ReleaseState,
  file: string,
): Finding[] {
  const known = store.releases(service);
  return Object.entries({ stable: [stable], candidate: [candidate], previous: [previous], retiring }).flatMap(
    ([field, releases]) =>
      releases.flatMap((release) => {
        if (release === undefined || known.includes(release)) return [];
        const message = `there is no record of release ${release}`;
        const fix = `restore ${service}/${release}.yaml of the release store from Git; or the state, if somebody edited that`;
        return [releaseFinding('release/unknown-release', { service, environment, file, field }, message, fix)];
      }),
  );
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
  // A head without rows says nothing; why there are none has been said.
  if (services.length === 0) return '';
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
