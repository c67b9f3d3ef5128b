import { z } from 'zod';
import { answered, refused, type Answer } from '../core/answer.ts';
import type { Where } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { driftLimits } from '../service/drift.ts';
import { fieldPath, parseWith } from '../service/parse.ts';
import {
  cluster as clusterSchema,
  environment as environmentSchema,
  stagesOf,
  type Cluster,
  type Environment,
  type PlatformConfig,
} from '../service/platform.ts';
import { reference, type Reference } from '../service/reference.ts';
import { aiService, type ServiceSpec } from '../service/service.ts';
import type { ServicePatch } from './patch.ts';
import type { References } from './references.ts';

/**
 * What a unit of the tree was rendered from, beside its release: so that a release command can render it again in a
 * checkout of the GitOps repository, where no TypeScript is. The same intent and the same state give the same bytes.
 *
 * - `envs/<env>/<cluster>/cluster.yaml`: the environment and the cluster
 * - `envs/<env>/<cluster>/<team>/<service>/intent.yaml`: the service there
 */

/** File of the intent in the folder of a unit. */
export const INTENT_FILE = 'intent.yaml';
/** File of the cluster in its folder. */
export const CLUSTER_FILE = 'cluster.yaml';

/** A service in one environment on one cluster. */
export interface Intent {
  /** The service with the environment's overrides. */
  readonly spec: ServiceSpec;
  /** What overrides change of released workloads: resources and variables. */
  readonly overrides: readonly unknown[];
  readonly references: References;
  readonly patches: readonly ServicePatch[];
  /** What the cluster's function gives the service's ServiceAccount. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where it is. */
export interface Place {
  readonly env: Environment;
  readonly cluster: Cluster;
  /** All stages of the platform, in the order of promotion. */
  readonly stages: readonly string[];
}

/** A service with the overrides of an environment merged in. */
interface WrittenService {
  readonly spec: ServiceSpec;
  /** The same as it was written. */
  readonly written: unknown;
  /** The overrides, weakest first. */
  readonly overrides: readonly unknown[];
}

/** Parts whose workloads a release carries. */
const PARTS = ['predictor', 'transformer', 'explainer', 'function'] as const;

/** What an intent has beside the service. */
interface IntentContext extends Pick<Intent, 'references' | 'patches' | 'annotations'> {
  /** The environment and its stage, by which patches may select. */
  readonly names: readonly string[];
}

/**
 * What stands in the file of an intent: what was written and no default, but in canonical form, so that another spelling of
 * the same changes no byte.
 */
export function intentData(
  { spec: parsed, written, overrides }: WrittenService,
  { references, patches, names, annotations }: IntentContext,
): object {
  const { environments: _where, ...spec } = shapedLike(parsed, written) as Record<string, unknown>;
  const carried = overrides.map(carriedBy).filter((override) => Object.keys(override).length > 0);
  const used = Object.fromEntries(
    parsed.monitoring.drift
      .map(driftLimits)
      .flatMap(({ reference: path }) => (references.get(path) ? [[path, references.get(path)]] : [])),
  );
  const applied = patches.filter(
    ({ selector: { environment } }) => environment === undefined || names.includes(environment),
  );
  return {
    spec,
    ...(carried.length > 0 && { overrides: plain(carried) }),
    ...(Object.keys(used).length > 0 && { references: plain(used) }),
    ...(applied.length > 0 && { patches: plain(applied) }),
    ...(Object.keys(annotations).length > 0 && { annotations: plain(annotations) }),
  };
}

/** What an override changes of the workloads that a release carries. */
function carriedBy(override: unknown): Record<string, unknown> {
  const { models, ...rest } = (override ?? {}) as Record<string, unknown>;
  const parts = pick(rest, PARTS, (part) => pick(part, ['env', 'resources'], (value) => value));
  const carriedModels = pick(models, Object.keys(models ?? {}), (part) =>
    pick(part, ['env', 'resources'], (value) => value),
  );
  return { ...parts, ...(Object.keys(carriedModels).length > 0 && { models: carriedModels }) };
}

function pick(value: unknown, fields: readonly string[], change: (value: unknown) => unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  const picked = fields.flatMap((field) => {
    const child = (value as Record<string, unknown>)[field];
    const changed = child === undefined ? undefined : change(child);
    const empty =
      changed === undefined || (typeof changed === 'object' && changed !== null && Object.keys(changed).length === 0);
    return empty ? [] : [[field, changed] as const];
  });
  return Object.fromEntries(picked);
}

/** Of a parsed value, what was written. */
function shapedLike(parsed: unknown, written: unknown): unknown {
  if (Array.isArray(parsed) && Array.isArray(written))
    return parsed.map((item, index) => shapedLike(item, written[index]));
  if (typeof parsed !== 'object' || parsed === null || typeof written !== 'object' || written === null) return parsed;
  const shaped: Record<string, unknown> = {};
  for (const field of Object.keys(parsed)) {
    const own = (written as Record<string, unknown>)[field];
    if (own !== undefined) shaped[field] = shapedLike((parsed as Record<string, unknown>)[field], own);
  }
  return shaped;
}

/** Classes of the vocabulary are their data. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

const patch = z.strictObject({
  selector: z.strictObject({ kind: z.string(), name: z.string().optional(), environment: z.string().optional() }),
  operations: z.array(z.strictObject({ op: z.string(), path: z.string(), value: z.unknown().optional() })),
});

const intentFile = z.strictObject({
  spec: z.unknown(),
  overrides: z.array(z.unknown()).default([]),
  references: z.record(z.string(), reference).default({}),
  patches: z.array(patch).default([]),
  annotations: z.record(z.string(), z.string()).default({}),
});

/** Reads an intent back. */
export function readIntent(text: string, file: string, where: Where): Answer<Intent> {
  const yaml = readYaml(text, file);
  if (yaml.findings.length > 0) return refused(...yaml.findings);
  const at = { ...where, file };
  const outer = parseWith(intentFile, yaml.value, at, yaml.locate);
  if (!outer.value) return refused(...outer.findings);
  const spec = parseWith(aiService, outer.value.spec, at, (path) => ({
    ...yaml.locate(['spec', ...path]),
    field: fieldPath(undefined, ['spec']),
  }));
  if (!spec.value) return refused(...spec.findings);
  const references = new Map<string, Reference>(Object.entries(outer.value.references));
  const { overrides, patches, annotations } = outer.value;
  // What a patch may do is said where it is applied.
  return answered({ spec: spec.value, overrides, references, patches: patches as ServicePatch[], annotations });
}

/** What stands in the file of a cluster of an environment; what its functions give stands in the intents. */
export function placeData(
  environment: string,
  clusterName: string,
  { environments, clusters }: PlatformConfig,
): object {
  const { stage, rollout, entry, podSecurity } = environments[environment]!;
  const { serviceAccountAnnotations: _function, ...cluster } = clusters[clusterName]!;
  const stages = stagesOf(Object.values(environments));
  return {
    environment,
    stage,
    stages,
    rollout,
    ...(entry && { entry }),
    ...(podSecurity && { podSecurity }),
    cluster: plain(cluster) as object,
  };
}

const placeFile = z.strictObject({
  environment: z.string(),
  stage: z.string(),
  stages: z.array(z.string()),
  rollout: z.enum(['release', 'replace']),
  entry: z.literal(true).optional(),
  podSecurity: environmentSchema.shape.podSecurity,
  cluster: clusterSchema,
});

/** Reads the cluster of an environment back. */
export function readPlace(text: string, file: string, clusterName: string, namespace: string): Answer<Place> {
  const yaml = readYaml(text, file);
  if (yaml.findings.length > 0) return refused(...yaml.findings);
  const { value, findings } = parseWith(placeFile, yaml.value, { file }, yaml.locate);
  if (!value) return refused(...findings);
  const { stage, rollout, stages, entry, podSecurity, cluster } = value;
  return answered({
    env: environmentSchema.parse({ stage, rollout, entry, podSecurity, namespace, clusters: [clusterName] }),
    cluster,
    stages,
  });
}
