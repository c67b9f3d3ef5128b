import type { Finding, Where } from '../core/finding.ts';
import { didYouMean, slug } from '../core/names.ts';
import { sourceParts, type SourcePart } from '../service/parts.ts';
import type { ServiceSpec } from '../service/service.ts';
import type { ModelServer } from '../service/workload.ts';
import { releaseFinding } from './rules.ts';
import {
  containerWorkloadOf,
  modelName,
  releaseDigest,
  serverWorkloadOf,
  type ContainerWorkload,
  type LockedModel,
  type PartRecord,
  type ReleaseRecord,
  type ServerWorkload,
} from './record.ts';
import type { ReleaseStore } from './store.ts';

/** What a release runs, under its name. */
export type Content = Pick<ReleaseRecord, 'release' | 'parts'>;

/** Parts of a release before it has a name. */
export type Parts = Readonly<
  Record<string, { readonly model?: LockedModel | undefined; readonly workload: ServerWorkload | ContainerWorkload }>
>;

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
  const introduced = Object.fromEntries(
    Object.entries(parts).map(([part, content]) => [part, { introduced: release, ...content }]),
  );
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
  const {
    registry = '',
    name = '',
    alias,
    version = '',
  } = 'model' in content && content.model && !('uri' in content.model) ? content.model : {};
  const message = `${registry}/${name}${alias === undefined ? `:${version}` : `@${alias}`} is not locked to a place yet, and synth asks no registry`;
  return releaseFinding(
    'release/not-locked',
    where,
    message,
    `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''}`,
  );
}

/** Registries that models of a service name, and that the platform does not have. */
export function unknownRegistries(spec: ServiceSpec, known: readonly string[] | undefined, where: Where): Finding[] {
  if (!known) return [];
  return sourceParts(spec).flatMap(({ kind, content, field }) => {
    const registry =
      kind === 'server' && content.model && 'registry' in content.model ? content.model.registry : undefined;
    return registry === undefined || known.includes(registry)
      ? []
      : [unknownRegistry(registry, known, { ...where, field: `${field}.model` })];
  });
}

/** A registry that the platform does not have. */
export function unknownRegistry(name: string, known: readonly string[], where: Where): Finding {
  const near = didYouMean(name, known);
  const fix = near
    ? `did you mean ${JSON.stringify(near)}?`
    : known.length > 0
      ? `name one of ${known.join(', ')}`
      : 'describe it in registries of apps/platform.ts';
  return releaseFinding('release/request', where, `the platform has no registry ${JSON.stringify(name)}`, fix);
}

/** Whether a lock is one of what the sources ask for; an alias is the release's to resolve. */
export function isLockOf(wanted: NonNullable<ModelServer['model']>, lock: LockedModel): boolean {
  if ('uri' in wanted) return wanted.uri === lock.uri;
  const { registry, name, version } = wanted;
  return lock.registry === registry && lock.name === name && (version === undefined || version === lock.version);
}

/**
 * A name that people say: the version of the main model, or of the image where there is no model; where none can be read, the
 * start of a digest. A bare number of a registry gets a `v` in front.
 *
 * @param parts with the images that somebody chose: a default one changes with KServe, and says nothing of the service.
 */
export function readableName(parts: Parts): string {
  const main = parts['predictor'] ?? Object.values(parts).find((part) => part.model) ?? parts['function'];
  const model = main?.model;
  const version = model
    ? (model.version?.replace(/^(?=\d+$)/, 'v') ?? versionInUri(model.uri))
    : versionInImage(main?.workload.image);
  const name = version === undefined || version.length > 12 ? '' : slug(version, 12);
  // The digest costs more than all the rest, so it is taken only where it is needed.
  return name === ''
    ? releaseDigest(parts as ReleaseRecord['parts']).slice('sha256:'.length, 'sha256:'.length + 8)
    : name;
}

/** The version in one of the last two segments of a path: before those, numbers are experiments and dates. */
function versionInUri(uri: string): string | undefined {
  const segments = uri
    .replace(/^[a-z+]+:\/\//, '')
    .split(/[/:]/)
    .filter((segment) => segment !== '');
  return segments
    .slice(-2)
    .reverse()
    .find((segment) => /^v?\d+([._-]\d+)*$/i.test(segment));
}

function versionInImage(image: string | undefined): string | undefined {
  return /:(v?\d[\w.-]*)(?:@|$)/.exec(image ?? '')?.[1];
}

/** What decides how an edit reaches an environment. */
export interface EditContext {
  /** The environment that releases come from, where they do not enter here. */
  readonly promotedFrom: string | undefined;
  readonly store: ReleaseStore;
  /** Other releases that run here, and served. */
  readonly older: readonly string[];
}

/**
 * Says when the sources differ from the newest release of the environment: the edit waits for a release, or the release was
 * made of more than the sources, which a release of what they say would take back.
 */
export function unreleasedEdits(
  base: ServiceSpec,
  record: ReleaseRecord,
  where: Where,
  { promotedFrom, store, older }: EditContext,
): Finding[] {
  const sources = sourceParts(base);
  const named = new Set(sources.map(({ part }) => part));
  const gone = Object.keys(record.parts).filter((part) => !named.has(part));
  const edited = sources.filter((source) => !carries(record.parts[source.part], source)).map(({ part }) => part);
  const parts = [...gone, ...edited].sort();
  if (parts.length === 0) return [];
  const { release } = record;
  const { service = '', environment = '' } = where;
  const sameModels = sources.every(
    ({ part, content }) =>
      !('model' in content) ||
      !content.model ||
      (record.parts[part]?.model && isLockOf(content.model, record.parts[part].model)),
  );
  const finding = (message: string, fix: string): Finding[] => [
    releaseFinding('release/unreleased-edit', where, message, fix),
  ];
  const waits = `the sources of ${parts.join(', ')} differ from release ${release}, and no release here carries the edit yet`;
  const promote =
    promotedFrom === undefined
      ? undefined
      : `npx ai-service promote ${service} --from ${promotedFrom} --to ${environment}, once a release with it serves there`;
  const command = promote ?? `npx ai-service release ${service} --env ${environment}${sameModels ? ' --config' : ''}`;
  const chosen = chosenBeside(sources, record);
  if (chosen.length === 0) return finding(waits, command);
  const write = `write what ${release} has into the sources, ${chosen.join(', ')}`;
  // Where releases are promoted to, one that did not run here may be on its way.
  const other = (promote === undefined ? store.releases(service) : older).find((name) => {
    const there = name === release ? undefined : store.record(service, name)?.value?.parts;
    return (
      there &&
      gone.every((part) => !there[part]) &&
      sources.every((source) => !edited.includes(source.part) || carries(there[source.part], source))
    );
  });
  if (other === undefined)
    return finding(
      waits,
      promote ?? `${command}; or, where ${release} was made with --model, --function or --image, ${write}`,
    );
  const message = `the sources of ${parts.join(', ')} say what release ${other} has, and not what ${release} has: ${release} was made with --model, --function or --image, or the sources went back`;
  return finding(message, `${write}; or release what they say, which goes to ${other}: ${command}`);
}

/** Models and images of a record that the sources do not name: what a command line may have brought. */
function chosenBeside(sources: readonly SourcePart[], { parts }: ReleaseRecord): string[] {
  return sources.flatMap((source) => {
    const recorded = parts[source.part];
    if (!recorded) return [];
    const { model, workload } = recorded;
    const wanted = source.kind === 'server' ? source.content.model : undefined;
    return [
      ...(model && wanted && !isLockOf(wanted, model) ? [`${modelName(model)} for ${source.part}`] : []),
      ...(workload.image !== undefined && !keepsImage(source.content.image, workload.image)
        ? [`${workload.image} for ${source.part}`]
        : []),
    ];
  });
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
  const digest = (workload: ServerWorkload | ContainerWorkload): string =>
    releaseDigest({ part: { introduced: 'x', workload } });
  return digest(a) === digest(b);
}
