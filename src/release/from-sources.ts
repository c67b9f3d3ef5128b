import type { Finding, Where } from '../core/finding.ts';
import { slug } from '../core/names.ts';
import { sourceParts, type SourcePart } from '../service/parts.ts';
import type { ServiceSpec } from '../service/service.ts';
import type { ModelServer } from '../service/workload.ts';
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
  for (const source of sourceParts(spec)) {
    const { part, field } = source;
    const model = source.kind === 'server' ? lockOf(source.content.model, locked[part]?.model) : undefined;
    if (model === 'not-locked') findings.push(notLocked(source, { ...where, field: `${field}.model` }));
    else parts[part] = { workload: workloadOf(source), ...(model && { model }) };
  }
  if (findings.length > 0) return { record: undefined, findings };
  const release = name ?? readableName(parts);
  const introduced = Object.fromEntries(Object.entries(parts).map(([part, content]) => [part, { introduced: release, ...content }]));
  return { record: { release, parts: introduced }, findings };
}

/** What a release carries of a part. */
export function workloadOf(source: SourcePart): ServerWorkload | ContainerWorkload {
  return source.kind === 'server' ? serverWorkloadOf(source.content) : containerWorkloadOf(source.content);
}

/** The place of a model: an immutable one itself, one in a registry by its lock. */
function lockOf(wanted: ModelServer['model'], lock: LockedModel | undefined): LockedModel | undefined | 'not-locked' {
  if (!wanted || 'uri' in wanted) return wanted;
  return lock && isLockOf(wanted, lock) ? lock : 'not-locked';
}

function notLocked({ content }: SourcePart, where: Where): Finding {
  const { registry = '', name = '', alias, version = '' } = 'model' in content && content.model && !('uri' in content.model) ? content.model : {};
  const message = `${registry}/${name}${alias === undefined ? `:${version}` : `@${alias}`} is not locked to a place yet, and synth asks no registry`;
  return releaseFinding('release/not-locked', where, message, `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''}`);
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

/**
 * Says when the sources differ from the newest release of the environment: the edit waits for a release.
 *
 * @param promotedFrom the environment that releases come from, where they do not enter here.
 */
export function unreleasedEdits(base: ServiceSpec, record: ReleaseRecord, where: Where, promotedFrom: string | undefined): Finding[] {
  const sources = sourceParts(base);
  const named = new Set(sources.map(({ part }) => part));
  const gone = Object.keys(record.parts).filter((part) => !named.has(part));
  const edited = sources.filter((source) => !carries(record.parts[source.part], source)).map(({ part }) => part);
  const parts = [...gone, ...edited].sort();
  if (parts.length === 0) return [];
  const message = `the sources of ${parts.join(', ')} differ from release ${record.release}, and no release here carries the edit yet`;
  const { service = '', environment = '' } = where;
  const sameModels = sources.every(({ part, content }) => !('model' in content) || !content.model || (record.parts[part]?.model && isLockOf(content.model, record.parts[part].model)));
  const fix =
    promotedFrom === undefined
      ? `npx ai-service release ${service} --env ${environment}${sameModels ? ' --config' : ''}`
      : `npx ai-service promote ${service} --from ${promotedFrom} --to ${environment}, once a release with it serves there`;
  return [releaseFinding('release/unreleased-edit', where, message, fix)];
}

/** Whether a recorded part still says what the sources say. An alias and a defaulted image are the release's to decide. */
function carries(part: PartRecord | undefined, source: SourcePart): boolean {
  if (!part) return false;
  const wanted = workloadOf(source);
  const image = keepsImage(wanted.image, part.workload.image) ? part.workload.image : wanted.image;
  const same = sameContent({ ...wanted, image } as typeof wanted, part.workload);
  const model = source.kind === 'server' ? source.content.model : undefined;
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
