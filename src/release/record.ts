import { z } from 'zod';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { report } from '../service/common.ts';
import { component, modelServer, type Component, type FunctionPart, type ModelServer } from '../service/workload.ts';
import { modelUriProblem } from '../service/model-uri.ts';

/**
 * Release records: what runs, written once. A record is the same in every environment; replicas, placement, routing
 * and monitoring are not part of it and follow the sources.
 */

/** A release name is a DNS label of at most 12 characters, so that derived object names stay short. */
export const releaseName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?$/, 'expected a DNS label of at most 12 characters');

/** A model, locked: its registry identity when it has one, and the place that KServe loads. */
const lockedModel = z
  .strictObject({
    registry: z.string().optional(),
    name: z.string().optional(),
    version: z.string().optional(),
    /** The word that was asked for, `@champion`: what it meant then is `version`. */
    requested: z.string().optional(),
    uri: z.string(),
    digest: z.string().optional(),
    run: z.string().optional(),
    /** What tells a version from another one that was made later under its name: id and time of the registry. */
    uid: z.string().optional(),
    created: z.string().optional(),
    approval: z.string().optional(),
    metrics: z.record(z.string(), z.number()).optional(),
    datasets: z.record(z.string(), z.string()).optional(),
  })
  .check((context) => {
    const { registry, version, uri, digest } = context.value;
    const problem = modelUriProblem(uri, {
      pinned: registry !== undefined && version !== undefined && digest !== undefined,
    });
    if (problem) report(context, problem.message, problem.fix, ['uri']);
  });

/** What a release does not carry of a workload. */
export const FOLLOWS_SOURCES = { scaling: true, placement: true, concurrency: true, exports: true } as const;

/** A model server as a release carries it. */
const serverWorkload = z.strictObject(modelServer.shape).omit({ ...FOLLOWS_SOURCES, model: true });
/** A transformer, explainer or function as a release carries it. */
const containerWorkload = z.strictObject(component.shape).omit(FOLLOWS_SOURCES);

const part = z.strictObject({
  introduced: releaseName,
  model: lockedModel.optional(),
  workload: z.union([serverWorkload, containerWorkload]),
});

export const releaseRecord = z.strictObject({
  release: releaseName,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected a SHA-256 digest, as sha256:<64 hex digits>'),
  reason: z.string().optional(),
  parts: z.record(z.string(), part),
});

export type LockedModel = z.output<typeof lockedModel>;
export type ServerWorkload = z.output<typeof serverWorkload>;
export type ContainerWorkload = z.output<typeof containerWorkload>;
export type PartRecord = z.output<typeof part>;
export type ReleaseRecord = z.output<typeof releaseRecord>;

/** Picks what a release carries out of a model server of the sources. */
export function serverWorkloadOf(server: ModelServer): ServerWorkload {
  const { scaling: _s, placement: _p, concurrency: _c, exports: _e, model: _m, ...workload } = server;
  return workload;
}

/** Picks what a release carries out of a transformer, explainer or function of the sources. */
export function containerWorkloadOf(container: Component | FunctionPart): ContainerWorkload {
  const { scaling: _s, placement: _p, concurrency: _c, exports: _e, ...workload } = container;
  return workload;
}

/** The parts of a record as they are written, before defaults are filled in. */
export type RecordedParts = Pick<z.input<typeof releaseRecord>, 'parts'>;

/**
 * Digest of what runs: over the identities and contents of all parts, not over the release's name or its reason.
 * Two releases with the same digest run the same thing.
 */
export function releaseDigest(parts: RecordedParts['parts']): string {
  const content = Object.fromEntries(
    Object.entries(parts).map(([name, { model, workload }]) => [name, { model: model && identityOf(model), workload }]),
  );
  return `sha256:${sha256(canonicalJson(content))}`;
}

function identityOf({
  registry,
  name,
  version,
  uri,
  digest,
}: z.input<typeof lockedModel>): Partial<z.input<typeof lockedModel>> {
  return { registry, name, version, uri, digest };
}

/** A model as people name it: its version in the registry, else its place. */
export function modelName({ name, version, uri }: LockedModel): string {
  return name !== undefined && version !== undefined ? `${name}:${version}` : uri;
}
