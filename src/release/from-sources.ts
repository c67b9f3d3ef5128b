import type { Finding, Where } from '../core/finding.ts';
import { slug } from '../core/names.ts';
import type { ServiceSpec } from '../service/service.ts';
import type { Component, FunctionPart, ModelServer } from '../service/workload.ts';
import { releaseFinding } from './rules.ts';
import {
  containerWorkloadOf,
  releaseDigest,
  serverWorkloadOf,
  type ContainerWorkload,
  type LockedModel,
  type PartRecord,
  type ReleaseRecord,
  type ServerWorkload,
} from './record.ts';

/** What a release runs, under its name. */
export type Content = Pick<ReleaseRecord, 'release' | 'parts'>;

/** Parts of a release before it has a name. */
export type Parts = Readonly<Record<string, { readonly model?: LockedModel | undefined; readonly workload: ServerWorkload | ContainerWorkload }>>;

/**
 * A release made of the sources, which must name fixed versions only.
 *
 * @param name of the release. Default: a readable one.
 * @param locked parts of a record that say what a name in a registry is locked to.
 */
export function recordOfSources(
  spec: ServiceSpec,
  name: string | undefined,
  where: Where,
  locked: ReleaseRecord['parts'] = {},
): { record: Content | undefined; findings: Finding[] } {
  const findings: Finding[] = [];
  const parts: Record<string, { model?: LockedModel; workload: ServerWorkload | ContainerWorkload }> = {};
  const addServer = (part: string, field: string, server: ModelServer): void => {
    const lock = locked[part]?.model;
    if (server.model && !('uri' in server.model) && lock && isLockOf(server.model, lock)) {
      parts[part] = { model: lock, workload: serverWorkloadOf(server) };
      return;
    }
    if (server.model && !('uri' in server.model)) {
      const { registry, name: model, alias, version } = server.model;
      const message = `${registry}/${model}${alias === undefined ? `:${version ?? ''}` : `@${alias}`} is not locked to a place yet, and synth asks no registry`;
      const fix = `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''}`;
      findings.push(releaseFinding('release/not-locked', { ...where, field: `${field}.model` }, message, fix));
      return;
    }
    parts[part] = { ...(server.model && { model: server.model }), workload: serverWorkloadOf(server) };
  };
  if (spec.predictor) addServer('predictor', 'predictor', spec.predictor);
  if (spec.transformer) parts['transformer'] = { workload: containerWorkloadOf(spec.transformer) };
  if (spec.explainer) parts['explainer'] = { workload: containerWorkloadOf(spec.explainer) };
  for (const [part, server] of Object.entries(spec.models)) addServer(part, `models.${part}`, server);
  if (spec.function) parts['function'] = { workload: containerWorkloadOf(spec.function) };
  if (findings.length > 0) return { record: undefined, findings };
  const release = name ?? readableName(parts);
  const introduced = Object.fromEntries(Object.entries(parts).map(([part, content]) => [part, { introduced: release, ...content }]));
  return { record: { release, parts: introduced }, findings };
}

/** Whether a lock is one of what the sources ask for; an alias is the release's to resolve. */
export function isLockOf(wanted: NonNullable<ModelServer['model']>, lock: LockedModel): boolean {
  if ('uri' in wanted) return wanted.uri === lock.uri;
  const { registry, name, version } = wanted;
  return lock.registry === registry && lock.name === name && (version === undefined || version === lock.version);
}

/**
 * A name that people say: the version of the main model, else of the function's image, else of the digest. A bare number of
 * a registry gets a `v` in front.
 */
export function readableName(parts: Parts): string {
  const main = parts['predictor'] ?? Object.values(parts).find((part) => part.model) ?? parts['function'];
  const version = main?.model?.version?.replace(/^(?=\d+$)/, 'v') ?? versionInUri(main?.model?.uri) ?? versionInImage(main?.workload.image);
  const name = version === undefined || version.length > 12 ? '' : slug(version, 12);
  // The digest costs more than all the rest, so it is taken only where it is needed.
  return name === '' ? releaseDigest(parts as ReleaseRecord['parts']).slice('sha256:'.length, 'sha256:'.length + 8) : name;
}

/** The version in one of the last two segments of a path: before those, numbers are experiments and dates. */
function versionInUri(uri: string | undefined): string | undefined {
  const segments = uri?.replace(/^[a-z+]+:\/\//, '').split(/[/:]/).filter((segment) => segment !== '') ?? [];
  return segments.slice(-2).reverse().find((segment) => /^v?\d+([._-]\d+)*$/i.test(segment));
}

function versionInImage(image: string | undefined): string | undefined {
  return /:(v?\d[\w.-]*)(?:@|$)/.exec(image ?? '')?.[1];
}

/** Says when the sources differ from the newest release of the environment: the edit waits for a release. */
export function unreleasedEdits(base: ServiceSpec, record: ReleaseRecord, where: Where): Finding[] {
  const edited = Object.keys(record.parts).filter((part) => {
    const source = part === 'predictor' || part === 'transformer' || part === 'explainer' || part === 'function' ? base[part] : base.models[part];
    return source === undefined || !carries(record.parts[part], source);
  });
  const added = [...(base.predictor ? ['predictor'] : []), ...(base.function ? ['function'] : []), ...Object.keys(base.models)].filter((part) => !record.parts[part]);
  const parts = [...edited, ...added].sort();
  if (parts.length === 0) return [];
  const message = `the sources of ${parts.join(', ')} differ from release ${record.release}, and no release carries the edit yet`;
  const models = [...(base.predictor ? [['predictor', base.predictor] as const] : []), ...Object.entries(base.models)];
  const sameModels = models.every(([part, { model }]) => !model || (record.parts[part]?.model && isLockOf(model, record.parts[part].model)));
  const fix = `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''}${sameModels ? ' --config' : ''}`;
  return [releaseFinding('release/unreleased-edit', where, message, fix)];
}

/** Whether a recorded part still says what the sources say. An alias and a defaulted image are the release's to decide. */
function carries(part: PartRecord | undefined, source: ModelServer | Component | FunctionPart): boolean {
  if (!part) return false;
  const wanted = 'framework' in source ? serverWorkloadOf(source) : containerWorkloadOf(source);
  const image = keepsImage(wanted.image, part.workload.image) ? part.workload.image : wanted.image;
  const same = sameContent({ ...wanted, image } as typeof wanted, part.workload);
  const model = 'framework' in source ? source.model : undefined;
  if (!same || !model) return same;
  return part.model !== undefined && isLockOf(model, part.model);
}

/** Whether a recorded image still is what the sources ask for: they leave it to the release, or name its tag and not its digest. */
export function keepsImage(wanted: string | undefined, recorded: string | undefined): boolean {
  return wanted === undefined || recorded === wanted || recorded?.startsWith(`${wanted}@sha256:`) === true;
}

/** Whether two workloads run the same thing. */
export function sameContent(a: ServerWorkload | ContainerWorkload, b: ServerWorkload | ContainerWorkload): boolean {
  const digest = (workload: ServerWorkload | ContainerWorkload): string => releaseDigest({ part: { introduced: 'x', workload } });
  return digest(a) === digest(b);
}
