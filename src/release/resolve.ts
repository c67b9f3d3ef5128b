import { z } from 'zod';
import type { Finding, Where } from '../core/finding.ts';
import { mergeOverride } from '../service/overrides.ts';
import type { ReleasePolicy, Strategy } from '../service/release-policy.ts';
import type { ServiceSpec } from '../service/service.ts';
import {
  env as envSchema,
  resources as resourcesSchema,
  type Component,
  type FunctionPart,
  type ModelServer,
} from '../service/workload.ts';
import { servedBy } from './native.ts';
import { recordOfSources, unknownRegistries, unreleasedEdits, type Content } from './from-sources.ts';
import type { ContainerWorkload, PartRecord, ReleaseRecord, ServerWorkload } from './record.ts';
import { releaseFinding } from './rules.ts';
import {
  entriesOf,
  IN_PLACE,
  type Entry,
  type RunningFunction,
  type RunningServer,
  type RunningWorkload,
  type Scale,
  type Serving,
} from './serving.ts';
import { runningReleases, type ReleaseState } from './state.ts';
import type { ReleaseStore } from './store.ts';
import { offPolicy } from './transition.ts';

/** What decides which workloads run where releases do. */
export interface StateInput {
  readonly service: string;
  readonly environment: string;
  /** The service with this environment's overrides: replicas, placement, resources. */
  readonly merged: ServiceSpec;
  /** The overrides as written, weakest first. */
  readonly overrides: readonly unknown[];
  /** Of the environment: one that replaces follows the sources, and takes from the store only what a registry name is locked to. */
  readonly rollout: 'release' | 'replace';
  readonly strategy: Strategy;
  /** What splits the traffic. */
  readonly mechanism: ReleasePolicy['mechanism'];
  readonly store: ReleaseStore;
}

/** Everything that decides what a service serves in one environment. */
export interface ServingInput extends StateInput {
  /** The service as written, without overrides: what a first release is made of. */
  readonly base: ServiceSpec;
  /** What a candidate on its way is compared with. Default: nothing. */
  readonly policy?: ReleasePolicy;
  /** The environment that releases are promoted from. Default: they enter here. */
  readonly promotedFrom?: string | undefined;
  /** Names of the platform's registries. Default: they are not known. */
  readonly registries?: readonly string[] | undefined;
}

/** What is served, or why that cannot be said. */
export interface Resolved {
  readonly serving: Serving | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Decides which releases run, and which share of the traffic each one answers.
 *
 * Where the store has no state, or the environment replaces in place, the sources say what runs; everywhere else the records do, and the sources only say how
 * much and where.
 */
export function resolveServing(input: ServingInput): Resolved {
  const { service, environment, base, merged, strategy, rollout, store } = input;
  const where: Where = { service, environment };
  const unknown = unknownRegistries(merged, input.registries, where);
  if (unknown.length > 0) return { serving: undefined, findings: unknown };
  const state = store.state(environment, base.owner.team, service);
  if (state) {
    if (!state.value) return { serving: undefined, findings: state.findings };
    const resolved = servingOfState(input, state.value, state.file);
    const onItsWay = strategy === 'replace' ? noCandidate(state.value, { ...where, file: state.file }) : [];
    if (onItsWay.length > 0) return { serving: undefined, findings: [...resolved.findings, ...onItsWay] };
    if (rollout === 'replace') return resolved;
    const newest = store.record(service, state.value.candidate ?? state.value.stable)?.value;
    const refused = [
      ...notCarried(input, where),
      ...offPolicyFindings(input, state.value, state.file),
      ...resolved.findings,
    ];
    const edits =
      refused.length === 0 && newest
        ? unreleasedEdits(base, newest, where, {
            promotedFrom: input.promotedFrom,
            store,
            older: olderThan(newest, state.value),
          })
        : [];
    return { ...resolved, findings: [...refused, ...edits] };
  }
  if (rollout === 'replace') return notReleased(input, followingSources(input, undefined));
  const { record, findings } = recordOfSources(base, strategy === 'replace' ? IN_PLACE : undefined, where);
  if (!record) return notReleased(input, { serving: undefined, findings });
  return {
    serving: servedBy(alone(servingOf(input, record)), service, input.mechanism),
    findings: [...findings, ...notCarried(input, where)],
  };
}

/** Releases that run beside the newest one, and served: a candidate that was left is held. */
function olderThan({ release }: ReleaseRecord, state: ReleaseState): string[] {
  return runningReleases(state).filter((name) => name !== release && !Object.hasOwn(state.holds ?? {}, name));
}

/** In place there is one workload: the share of a candidate that is on its way would go without a word. */
function noCandidate({ candidate, phase }: ReleaseState, where: Where): Finding[] {
  if (candidate === undefined) return [];
  const message = `${candidate} is ${phase}, and a service that is replaced in place has no candidate`;
  const fix =
    'bring back the strategy that it had; finish the candidate, or abort it, run cleanup, and then change the strategy';
  return [releaseFinding('release/in-place', { ...where, field: 'candidate' }, message, fix)];
}

/** A share of the traffic that no command gave. Only synth asks: whoever takes it away again is not kept from it. */
function offPolicyFindings(
  { service, environment, policy }: ServingInput,
  state: ReleaseState,
  file: string,
): Finding[] {
  const problem = policy && offPolicy(state, policy);
  return problem
    ? [
        releaseFinding(
          'release/off-policy',
          { file, service, environment, field: 'weight' },
          problem.message,
          problem.fix,
        ),
      ]
    : [];
}

/** A service that is released elsewhere, or is to be, and not here yet, waits for it: nothing is wrong with it. */
function notReleased({ service, environment, base, store, promotedFrom }: ServingInput, resolved: Resolved): Resolved {
  const unlocked = !resolved.serving && resolved.findings.every(({ id }) => id === 'release/not-locked');
  if (!unlocked || (promotedFrom === undefined && !store.isReleased(base.owner.team, service))) return resolved;
  const fix =
    promotedFrom === undefined
      ? `npx ai-service release ${service} --env ${environment}`
      : `npx ai-service promote ${service} --from ${promotedFrom} --to ${environment}, once it serves there`;
  return {
    serving: undefined,
    findings: [
      releaseFinding(
        'release/not-released',
        { service, environment },
        'the service is not released here yet, and nothing is rendered',
        fix,
      ),
    ],
  };
}

/** What runs in an environment that replaces in place: the sources, which have the overrides merged in already. */
function followingSources(input: StateInput, locked: ReleaseRecord | undefined): Resolved {
  const { service, environment, merged } = input;
  const { record, findings } = recordOfSources(merged, IN_PLACE, { service, environment }, locked?.parts);
  return { serving: record && alone(servingOf({ ...input, overrides: [] }, record)), findings };
}

function alone(entry: EntryWithWorkloads): Serving {
  return { workloads: entry.workloads, stable: entry, candidate: undefined, kept: [] };
}

interface EntryWithWorkloads extends Entry {
  readonly workloads: readonly RunningWorkload[];
}

/**
 * What a state serves.
 *
 * @param file the state's, for findings.
 */
export function servingOfState(input: StateInput, state: ReleaseState, file: string): Resolved {
  const { service, environment, store, strategy, rollout } = input;
  if (rollout === 'replace') return followingSources(input, store.record(service, state.stable)?.value);
  const findings: Finding[] = [];
  const entryOf = (field: string, release: string | undefined): EntryWithWorkloads | undefined => {
    if (release === undefined) return undefined;
    const record = store.record(service, release);
    if (!record) {
      // A command wrote the name, so it is the record that got lost.
      const fix = `restore ${service}/${release}.yaml of the release store from Git; or the state, if somebody edited that`;
      findings.push(
        releaseFinding(
          'release/unknown-release',
          { file, service, environment, field },
          `there is no record of release ${release}`,
          fix,
        ),
      );
      return undefined;
    }
    findings.push(...record.findings);
    if (!record.value) return undefined;
    findings.push(...recordProblems(record.value, store, service, record.file));
    return servingOf(input, strategy === 'replace' ? inPlace(record.value) : record.value);
  };
  const stable = entryOf('stable', state.stable);
  if (strategy === 'replace') {
    return { serving: stable && findings.length === 0 ? alone(stable) : undefined, findings };
  }
  const candidate = entryOf('candidate', state.candidate);
  const kept = [
    entryOf('previous', state.previous),
    ...(state.retiring ?? []).map((release) => entryOf('retiring', release)),
  ].filter((entry) => entry !== undefined);
  if (!stable || findings.some((finding) => finding.severity === 'error')) return { serving: undefined, findings };
  const workloads = new Map<string, RunningWorkload>();
  for (const entry of entriesOf({ stable, candidate, kept })) {
    const stopped = state.stopped?.includes(entry.release) ?? false;
    for (const workload of entry.workloads) {
      const before = workloads.get(workload.name);
      // A workload that another release still needs runs on.
      if (!before || (before.stopped && !stopped))
        workloads.set(workload.name, stopped ? { ...workload, stopped } : workload);
    }
  }
  const { weight, mirror, header } = state;
  const exposure = {
    weight,
    ...(mirror !== undefined && { mirror }),
    ...(header && { header }),
    ...(state.phase === 'held' && { held: true as const }),
  };
  const serving: Serving = {
    workloads: [...workloads.values()],
    stable,
    candidate: candidate && { ...candidate, ...exposure },
    kept,
  };
  return { serving: servedBy(serving, service, input.mechanism), findings };
}

/** A release as it runs where there is one workload for all of them. */
function inPlace(record: ReleaseRecord): Content {
  return {
    release: record.release,
    parts: Object.fromEntries(
      Object.entries(record.parts).map(([name, part]) => [name, { ...part, introduced: IN_PLACE }]),
    ),
  };
}

/** A record that points to nothing, or a function that would call another model than its release says. */
function recordProblems(record: ReleaseRecord, store: ReleaseStore, service: string, file: string): Finding[] {
  const problem = (part: string, message: string, fix: string): Finding =>
    releaseFinding('release/part', { file, service, field: `parts.${part}` }, message, fix);
  const findings: Finding[] = [];
  for (const [part, { introduced }] of Object.entries(record.parts)) {
    if (introduced !== record.release && !store.record(service, introduced)) {
      findings.push(
        problem(
          part,
          `part ${part} was introduced by release ${introduced}, which has no record`,
          'restore that record from Git',
        ),
      );
    }
  }
  const { predictor, transformer, explainer, function: fn } = record.parts;
  for (const [name, part] of Object.entries({ transformer, explainer })) {
    if (part && predictor && part.introduced !== predictor.introduced) {
      findings.push(
        problem(
          name,
          `${name} and predictor share one InferenceService, but were introduced by ${part.introduced} and ${predictor.introduced}`,
          'make a new release: npx ai-service release',
        ),
      );
    }
  }
  const origin = fn && fn.introduced !== record.release ? store.record(service, fn.introduced)?.value : undefined;
  for (const called of fn && origin ? calledParts(fn) : []) {
    if (origin?.parts[called]?.introduced !== record.parts[called]?.introduced) {
      findings.push(
        problem(
          'function',
          `the function of ${fn?.introduced ?? ''} calls part ${called} of another release than ${record.release} has`,
          'make a new release: npx ai-service release',
        ),
      );
    }
  }
  return findings;
}

/** The parts of the service that a function's environment names. */
export function calledParts(part: Pick<PartRecord, 'workload'>): string[] {
  return Object.values(part.workload.env ?? {}).flatMap((value) =>
    typeof value === 'object' && 'part' in value ? [value.part] : [],
  );
}

/** The workloads of one release, and the one among them that answers the service's address. */
function servingOf(input: StateInput, record: Content): EntryWithWorkloads {
  const { service, merged, overrides } = input;
  const nameOf = (part: string, introduced: string): string =>
    part === 'predictor' ? `${service}-${introduced}` : `${service}-${part}-${introduced}`;
  const adjust = <W extends ServerWorkload | ContainerWorkload>(workload: W, path: readonly string[]): W =>
    withOverrides(workload, overrides, path);

  const server = (part: string, path: readonly string[], content: PartRecord): RunningServer => {
    const { transformer, explainer } = part === 'predictor' ? record.parts : {};
    const workload = adjust(content.workload as ServerWorkload, path);
    return {
      kind: 'server',
      part,
      name: nameOf(part, content.introduced),
      release: content.introduced,
      stopped: false,
      servedName: workload.servedName ?? (part === 'predictor' ? service : part),
      model: content.model,
      server: workload,
      transformer: transformer && adjust(transformer.workload as ContainerWorkload, ['transformer']),
      explainer: explainer && adjust(explainer.workload as ContainerWorkload, ['explainer']),
      scale: scaleOf(part === 'predictor' ? merged.predictor : merged.models[part]),
      transformerScale: transformer && scaleOf(merged.transformer),
      explainerScale: explainer && scaleOf(merged.explainer),
    };
  };

  const servers: Record<string, RunningServer> = {};
  for (const [part, content] of Object.entries(record.parts)) {
    if (part === 'transformer' || part === 'explainer' || part === 'function') continue;
    servers[part] = server(part, part === 'predictor' ? ['predictor'] : ['models', part], content);
  }
  const fn = record.parts['function'];
  const running: RunningFunction | undefined = fn && {
    kind: 'function',
    part: 'function',
    name: nameOf('function', fn.introduced),
    release: fn.introduced,
    stopped: false,
    container: adjust(fn.workload as ContainerWorkload, ['function']),
    scale: scaleOf(merged.function),
    calls: servers,
  };
  const workloads = [...(running ? [running] : []), ...Object.values(servers)];
  const entry = running ?? servers['predictor'] ?? Object.values(servers)[0];
  if (!entry) throw new TypeError(`release ${record.release} of ${service} has no part that serves`);
  return { release: record.release, workload: entry, workloads };
}

/** Replicas and placement follow the sources; a part that left the sources keeps one replica until its release goes. */
function scaleOf(part: ModelServer | Component | FunctionPart | undefined): Scale {
  return { scaling: part?.scaling ?? { min: 1 }, placement: part?.placement, concurrency: part?.concurrency };
}

/** What an environment may change of a released workload: how much it needs, and its environment variables. */
const CARRIED_BY_ENVIRONMENT = new Set(['resources', 'env', 'scaling', 'placement', 'concurrency', 'exports']);

/** Of these, what stands in a record; the rest is never part of a release. */
const adjustable = z.object({ resources: resourcesSchema, env: envSchema.optional() });

function withOverrides<W extends ServerWorkload | ContainerWorkload>(
  workload: W,
  overrides: readonly unknown[],
  path: readonly string[],
): W {
  const changes = overrides
    .map((override) => path.reduce<unknown>(childOf, override))
    .filter((change) => childOf(change, 'resources') !== undefined || childOf(change, 'env') !== undefined);
  if (changes.length === 0) return workload;
  const { env, resources, ...rest } = workload;
  const merged = changes.reduce(
    (value, change) => {
      const { resources: moreResources, env: moreEnv } = change as { resources?: unknown; env?: unknown };
      return mergeOverride(adjustable, value, { resources: moreResources, env: moreEnv });
    },
    { resources, ...(env && { env }) } as unknown,
  );
  return { ...rest, ...adjustable.parse(merged) } as W;
}

/** Parts that every service may have, beside those in `models`. */
const PARTS = ['predictor', 'transformer', 'explainer', 'function'] as const;

/** Overrides of what a release pins would do nothing: what was tested is what ships. */
function notCarried({ base, overrides }: ServingInput, where: Where): Finding[] {
  const fields = new Set<string>();
  for (const override of overrides) {
    const models = childOf(override, 'models');
    const parts: [string, unknown, boolean][] = [
      ...PARTS.map((part): [string, unknown, boolean] => [part, childOf(override, part), base[part] !== undefined]),
      ...Object.keys(models ?? base.models).map((part): [string, unknown, boolean] => [
        `models.${part}`,
        models === null ? null : childOf(models, part),
        Object.hasOwn(base.models, part),
      ]),
    ];
    for (const [part, change, there] of parts) {
      // A part that goes, or comes, is a change of what runs as well.
      if (change === undefined || (change === null && !there)) continue;
      if (change === null || !there) fields.add(part);
      else
        for (const field of Object.keys(change)) if (!CARRIED_BY_ENVIRONMENT.has(field)) fields.add(`${part}.${field}`);
    }
  }
  return [...fields].map((field) => {
    const message = `${field} is part of a release, which is the same in every environment`;
    const fix = `change ${field} itself and make a release, or replace in place here: replace: {}`;
    return releaseFinding('release/override-not-carried', { ...where, field: `overrides.${field}` }, message, fix);
  });
}

function childOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
