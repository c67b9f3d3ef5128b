import { answered, refused, type Answer } from '../core/answer.ts';
import type { Files } from '../core/files.ts';
import { compareText, type Finding, type Where } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { parseWith } from '../service/parse.ts';
import type { z } from 'zod';
import { conflictLine } from './conflict.ts';
import { releaseDigest, releaseRecord, type RecordedParts, type ReleaseRecord } from './record.ts';
import { releaseFinding } from './rules.ts';
import { releaseState, type ReleaseState } from './state.ts';

/**
 * The release store: machine-owned files beside the sources or in the GitOps repository.
 *
 * - `<service>/<release>.yaml`: a record, written once
 * - `<environment>/<team>/<service>.yaml`: the state of one service in one environment
 *
 * Only what is asked for is read.
 */
export interface ReleaseStore {
  /** The state of a service in an environment, or `undefined` when it has none. */
  state(environment: string, team: string, service: string): Stored<ReleaseState> | undefined;
  /** Whether a service has a state in some environment. */
  isReleased(team: string, service: string): boolean;
  /** A release record, or `undefined` when there is none. */
  record(service: string, release: string): Stored<ReleaseRecord> | undefined;
  /** Names of the recorded releases of a service, sorted. */
  releases(service: string): readonly string[];
}

/** A store that knows all of its states, whoever asks. */
export interface ListedStore extends ReleaseStore {
  /** Folder of the store. */
  readonly folder: string;
  /** Whose states there are. Throws when a folder is there and cannot be listed. */
  states(): readonly StatePlace[];
}

/** What a file of the store holds; `value` is missing when it is not valid. */
export interface Stored<T> {
  readonly file: string;
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/** The folder of the store where nobody names another one. */
export const DEFAULT_STORE = 'releases';

/** File of a record. */
export function recordFile(folder: string, service: string, release: string): string {
  return `${folder}/${service}/${release}.yaml`;
}

/** File of a state. */
export function stateFile(folder: string, environment: string, team: string, service: string): string {
  return `${folder}/${environment}/${team}/${service}.yaml`;
}

/** Whose state a file is. */
export interface StatePlace {
  readonly service: string;
  readonly environment: string;
  readonly team: string;
}

/** Whose state a file of the store is; `undefined` when it is none. The other way round of `stateFile`. */
export function placeOfState(folder: string, path: string): StatePlace | undefined {
  if (!path.startsWith(`${folder}/`) || !path.endsWith('.yaml')) return undefined;
  const [environment, team, file, ...more] = path.slice(folder.length + 1).split('/');
  if (environment === undefined || team === undefined || file === undefined || more.length > 0 || file.startsWith('.'))
    return undefined;
  return { service: file.slice(0, -'.yaml'.length), environment, team };
}

/** All states in the store, by service, then by environment. */
export function statesIn(files: Files, folder: string): readonly StatePlace[] {
  const below = (path: string): string[] => files.entries(path).folders.map((name) => `${path}/${name}`);
  const teams = below(folder).flatMap(below);
  const places = teams.flatMap((path) =>
    files.entries(path).files.flatMap((name) => placeOfState(folder, `${path}/${name}`) ?? []),
  );
  return places.sort(
    (a, b) =>
      compareText(a.service, b.service) || compareText(a.environment, b.environment) || compareText(a.team, b.team),
  );
}

/**
 * Opens the store.
 *
 * @param files of the project, which files in findings are relative to.
 * @param folder folder of the store, relative to the project.
 */
export function openStore(files: Files, folder: string): ListedStore {
  const cache = new Map<string, Stored<ReleaseRecord> | undefined>();
  const present = files.entries(folder).folders.length > 0;
  let listed: readonly StatePlace[] | undefined;
  const states = (): readonly StatePlace[] => (listed ??= present ? statesIn(files, folder) : []);
  let released: ReadonlySet<string> | undefined;

  return {
    folder,
    states,
    state(environment, team, service) {
      return present
        ? read(stateFile(folder, environment, team, service), releaseState, { service, environment })
        : undefined;
    },
    isReleased(team, service) {
      return (released ??= releasedServices()).has(`${team}/${service}`);
    },
    record(service, release) {
      const file = recordFile(folder, service, release);
      if (!cache.has(file))
        cache.set(file, present ? verified(read(file, releaseRecord, { service }), release) : undefined);
      return cache.get(file);
    },
    releases(service) {
      if (!present) return [];
      const { files: names } = files.entries(`${folder}/${service}`);
      return names.filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length));
    },
  };

  /** Listed once, however many services ask. */
  function releasedServices(): ReadonlySet<string> {
    try {
      return new Set(states().map(({ team, service }) => `${team}/${service}`));
    } catch {
      // Synth lists the states too, and says which folder cannot be read.
      return new Set();
    }
  }

  function read<S extends z.ZodType>(file: string, schema: S, scope: Where): Read<z.output<S>> | undefined {
    let text: string | undefined;
    try {
      text = files.read(file);
      if (text === undefined) return undefined;
    } catch (error) {
      const message = `cannot be read: ${(error as Error).message}`;
      return {
        file,
        written: undefined,
        value: undefined,
        findings: [releaseFinding('release/unreadable', { ...scope, file }, message, 'make the file readable')],
      };
    }
    const line = conflictLine(text);
    if (line !== undefined)
      return { file, written: undefined, value: undefined, findings: [conflictFinding({ ...scope, file, line })] };
    const yaml = readYaml(text, file);
    if (yaml.findings.length > 0) return { file, written: undefined, value: undefined, findings: yaml.findings };
    return { file, written: yaml.value, ...parseWith(schema, yaml.value, { ...scope, file }, yaml.locate) };
  }
}

/** A file of the store, with what stands in it before defaults are filled in. */
interface Read<T> extends Stored<T> {
  readonly written: unknown;
}

/** A state can be repaired by rule; a record is written once, and one of the two must get another name. */
function conflictFinding(where: Where): Finding {
  const fix =
    where.environment === undefined
      ? 'keep the side that was there first, and release the other one again under a new name'
      : `npx ai-service lock repair ${where.file ?? ''}`;
  return releaseFinding(
    'release/merge-conflict',
    where,
    'the file holds both sides of a merge, and nobody can say which one counts',
    fix,
  );
}

/** A record that was edited after it was written is no record: names and digests must hold what they say. */
function verified(stored: Read<ReleaseRecord> | undefined, release: string): Stored<ReleaseRecord> | undefined {
  const record = stored?.value;
  if (!stored || !record) return stored;
  const { file } = stored;
  const findings: Finding[] = [];
  if (record.release !== release) {
    const message = `the file is named ${release}, but the record says ${record.release}`;
    findings.push(
      releaseFinding('release/name', { file, field: 'release' }, message, 'rename the file to the name of its release'),
    );
  }
  // Of what was written: a default that changes in a later version of the vocabulary must not touch old records.
  const digest = releaseDigest((stored.written as RecordedParts).parts);
  if (record.digest !== digest) {
    const message = `the record was changed after it was written: its digest is ${record.digest}, its content has ${digest}`;
    const fix = 'restore the file from Git, and make a new release for a change: npx ai-service release';
    findings.push(releaseFinding('release/digest', { file, field: 'digest' }, message, fix));
  }
  return findings.length > 0 ? { file, value: undefined, findings } : stored;
}

/** The state of a service in an environment that must have one, or why there is none. */
export function requiredState(
  store: ListedStore,
  environment: string,
  team: string,
  service: string,
): Answer<ReleaseState> {
  const stored = store.state(environment, team, service);
  if (stored?.value) return answered(stored.value);
  const record = `record what serves first: npx ai-service release ${service} --env ${environment} --config`;
  const file = stateFile(store.folder, environment, team, service);
  const lost = store.releases(service).length > 0;
  const message = lost
    ? `there are release records of ${service}, but no state at ${file}`
    : `the release store has no state of the service in this environment, at ${file}`;
  const fix = lost ? `restore that file from Git; where the service was never released here, ${record}` : record;
  const none = releaseFinding('release/no-state', { service, environment }, message, fix);
  return refused(...(stored?.findings ?? [none]));
}
