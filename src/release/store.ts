import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Where } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { parseWith } from '../service/parse.ts';
import type { z } from 'zod';
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
  /** A release record, or `undefined` when there is none. */
  record(service: string, release: string): Stored<ReleaseRecord> | undefined;
  /** Names of the recorded releases of a service, sorted. */
  releases(service: string): readonly string[];
}

/** What a file of the store holds; `value` is missing when it is not valid. */
export interface Stored<T> {
  readonly file: string;
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Opens the store.
 *
 * @param root folder of the project, which files in findings are relative to.
 * @param folder folder of the store, relative to the project.
 */
export function openStore(root: string, folder: string): ReleaseStore {
  const cache = new Map<string, Stored<ReleaseRecord> | undefined>();
  const present = existsSync(join(root, folder));

  return {
    state(environment, team, service) {
      return present ? read(`${folder}/${environment}/${team}/${service}.yaml`, releaseState, { service, environment }) : undefined;
    },
    record(service, release) {
      const file = `${folder}/${service}/${release}.yaml`;
      if (!cache.has(file)) cache.set(file, present ? verified(read(file, releaseRecord, { service }), release) : undefined);
      return cache.get(file);
    },
    releases(service) {
      const path = join(root, folder, service);
      if (!present || !existsSync(path)) return [];
      return readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
        .map((entry) => entry.name.slice(0, -'.yaml'.length))
        .sort();
    },
  };

  function read<S extends z.ZodType>(file: string, schema: S, scope: Where): Read<z.output<S>> | undefined {
    let text: string;
    try {
      text = readFileSync(join(root, file), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      const message = `cannot be read: ${(error as Error).message}`;
      return { file, written: undefined, value: undefined, findings: [releaseFinding('release/unreadable', { ...scope, file }, message, 'make the file readable')] };
    }
    const yaml = readYaml(text, file);
    if (yaml.findings.length > 0) return { file, written: undefined, value: undefined, findings: yaml.findings };
    return { file, written: yaml.value, ...parseWith(schema, yaml.value, { ...scope, file }, yaml.locate) };
  }
}

/** A file of the store, with what stands in it before defaults are filled in. */
interface Read<T> extends Stored<T> {
  readonly written: unknown;
}

/** A record that was edited after it was written is no record: names and digests must hold what they say. */
function verified(stored: Read<ReleaseRecord> | undefined, release: string): Stored<ReleaseRecord> | undefined {
  const record = stored?.value;
  if (!stored || !record) return stored;
  const { file } = stored;
  const findings: Finding[] = [];
  if (record.release !== release) {
    const message = `the file is named ${release}, but the record says ${record.release}`;
    findings.push(releaseFinding('release/name', { file, field: 'release' }, message, 'rename the file to the name of its release'));
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
