import { sourceParts } from '../service/parts.ts';
import type { Cluster } from '../service/platform.ts';
import type { ServiceSpec } from '../service/service.ts';
import { keepsImage, readableName, sameContent, workloadOf, type Parts } from './from-sources.ts';
import {
  releaseDigest,
  type ContainerWorkload,
  type LockedModel,
  type PartRecord,
  type ReleaseRecord,
  type ServerWorkload,
} from './record.ts';
import { calledParts } from './resolve.ts';
import { isSameModel, withKnownDigest } from './same-model.ts';
import { serverImage } from './server-image.ts';
import { IN_PLACE } from './serving.ts';
import type { ReleaseStore } from './store.ts';

/**
 * Release records, made of the sources, of models that are locked, and of what the store has. Pure: asks no registry and
 * writes no file.
 */

/** A part of a release that has no name yet. */
export interface NewPart {
  readonly model: LockedModel | undefined;
  readonly workload: ServerWorkload | ContainerWorkload;
  /** Nobody chose the image: it is the runtime table's. */
  readonly imageByDefault: boolean;
  /** The image that sources or command line name, as they name it: a release may be called after it, and never after one by default. */
  readonly chosenImage: string | undefined;
}

/** What the sources leave to a release. */
export interface Choices {
  /** The locked model of each part that has one. */
  readonly models: Readonly<Record<string, LockedModel>>;
  /** Images that replace those of the sources, by part. */
  readonly images: Readonly<Record<string, string>>;
  /** The clusters whose KServe decides on the default images. */
  readonly clusters: readonly Pick<Cluster, 'kserve'>[];
}

/**
 * All parts of a service, each with its whole workload.
 *
 * @param base the service as written, without overrides: a release is the same in every environment.
 */
export function partsOf(base: ServiceSpec, { models, images, clusters }: Choices): Readonly<Record<string, NewPart>> {
  const parts: Record<string, NewPart> = {};
  for (const source of sourceParts(base)) {
    const { part } = source;
    const workload = workloadOf(source);
    const chosenImage = images[part] ?? workload.image;
    const image = chosenImage ?? imageOf(workload, clusters);
    parts[part] = {
      model: models[part],
      workload: { ...workload, ...(image !== undefined && { image }) },
      imageByDefault: chosenImage === undefined,
      chosenImage,
    };
  }
  return parts;
}

function imageOf(workload: ServerWorkload | ContainerWorkload, clusters: Choices['clusters']): string | undefined {
  return 'framework' in workload && workload.framework !== 'custom'
    ? serverImage(workload.framework, workload, clusters)
    : undefined;
}

/** The parts with other images; those that are not named stay. */
export function withImages(
  parts: Readonly<Record<string, NewPart>>,
  images: ReadonlyMap<string, string>,
): Readonly<Record<string, NewPart>> {
  const changed = Object.entries(parts).map(([name, part]) => {
    const image = part.workload.image === undefined ? undefined : images.get(part.workload.image);
    return [
      name,
      image === undefined ? part : { ...part, workload: { ...part.workload, image }, imageByDefault: false },
    ] as const;
  });
  return Object.fromEntries(changed);
}

/** Where a record is to fit in. */
export interface RecordContext {
  readonly service: string;
  readonly store: ReleaseStore;
  /** Records whose workloads run in the environment, the one that serves first: their parts are taken over where they are equal. */
  readonly running: readonly ReleaseRecord[];
  readonly reason?: string | undefined;
}

/** A record: one that is there already, or a new one. */
export interface MadeRecord {
  readonly record: ReleaseRecord;
  /** Whether no record of the store has the same content. */
  readonly isNew: boolean;
}

/**
 * Makes the record of a release. A part that runs already keeps the name of the release that introduced it, so that its
 * workload is not deployed again; predictor, transformer and explainer are one workload, and a function is new when a part
 * that it calls is. A record with the same content is taken as it is.
 *
 * @example makeRecord(partsOf(base, { models, images: {}, clusters: [] }), { service: 'fraud', store, running: [v46] })
 */
export function makeRecord(
  parts: Readonly<Record<string, NewPart>>,
  { service, store, running, reason }: RecordContext,
): MadeRecord {
  const known = [
    ...running,
    ...store.releases(service).flatMap((release) => store.record(service, release)?.value ?? []),
  ];
  const recorded = known.flatMap((record) => Object.values(record.parts).flatMap(({ model }) => model ?? []));
  const kept = keptParts(parts, running);
  const content: Record<string, Omit<PartRecord, 'introduced'>> = {};
  for (const [name, { model, workload }] of Object.entries(parts)) {
    const old = kept.get(name);
    // What the registry says today of the same version is worth more than what it said then.
    const locked = old?.model && model ? { ...old.model, ...model } : model;
    content[name] = {
      ...(locked && { model: withKnownDigest(locked, recorded) }),
      workload: old?.workload ?? workload,
    };
  }
  const same = known.find((record) => sameParts(content, record.parts));
  if (same) return { record: same, isNew: false };

  const release = freeName(readableName(asNamed(parts)), store.releases(service));
  const written = Object.fromEntries(
    Object.entries(content).map(([name, part]) => [
      name,
      { introduced: kept.get(name)?.introduced ?? release, ...plain(part), workload: compact(part.workload) },
    ]),
  ) as ReleaseRecord['parts'];
  return {
    record: { release, digest: releaseDigest(written), ...(reason !== undefined && { reason }), parts: written },
    isNew: true,
  };
}

/** What synth names a release after where there is no record yet, so that the first one gets the same name: what sources or command line say. */
function asNamed(parts: Readonly<Record<string, NewPart>>): Parts {
  return Object.fromEntries(
    Object.entries(parts).map(([name, { model, workload, chosenImage: image }]) => [
      name,
      { model, workload: { ...workload, image } as typeof workload },
    ]),
  );
}

/** Parts of one InferenceService: all of them are new, or none. */
const INFERENCE_SERVICE = ['predictor', 'transformer', 'explainer'];

/** The parts that run already, by name. */
function keptParts(
  parts: Readonly<Record<string, NewPart>>,
  running: readonly ReleaseRecord[],
): Map<string, PartRecord> {
  const kept = new Map<string, PartRecord>();
  const models = Object.keys(parts).filter((name) => name !== 'function' && !INFERENCE_SERVICE.includes(name));
  for (const group of [INFERENCE_SERVICE, ...models.map((name) => [name])]) {
    const from = running.find((record) => group.every((name) => isKept(parts[name], record.parts[name])));
    for (const name of group) if (from?.parts[name]) kept.set(name, from.parts[name]);
  }
  const fn = parts['function'];
  const from =
    fn &&
    running.find(
      (record) =>
        isKept(fn, record.parts['function']) &&
        calledParts(fn).every(
          (called) => kept.has(called) && kept.get(called)?.introduced === record.parts[called]?.introduced,
        ),
    );
  if (from?.parts['function']) kept.set('function', from.parts['function']);
  return kept;
}

function isKept(part: NewPart | undefined, old: PartRecord | undefined): boolean {
  if (!part || !old) return part === undefined && old === undefined;
  const { image } = part.workload;
  const stays = keepsImage(part.imageByDefault ? undefined : image, old.workload.image);
  return (
    isSameModel(part.model, old.model) &&
    sameContent({ ...part.workload, image: stays ? old.workload.image : image } as typeof part.workload, old.workload)
  );
}

function sameParts(
  content: Readonly<Record<string, Omit<PartRecord, 'introduced'>>>,
  parts: ReleaseRecord['parts'],
): boolean {
  const names = Object.keys(content);
  return (
    names.length === Object.keys(parts).length &&
    names.every((name) => {
      const [now, then] = [content[name], parts[name]];
      return (
        now !== undefined &&
        then !== undefined &&
        isSameModel(now.model, then.model) &&
        sameContent(now.workload, then.workload)
      );
    })
  );
}

/** The wanted name, with a number where it is taken. */
function freeName(wanted: string, taken: readonly string[]): string {
  const names = new Set([IN_PLACE, ...taken]);
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = `${wanted.slice(0, 12 - suffix.length).replace(/-+$/, '')}${suffix}`;
    if (!names.has(name)) return name;
  }
}

/** A workload as it is written: what says nothing is left out, so that records stay readable. */
function compact(workload: ServerWorkload | ContainerWorkload): ServerWorkload | ContainerWorkload {
  const { resources, ...rest } = plain(workload);
  const { limits, gpuResource, ...needs } = resources;
  return {
    ...rest,
    resources: {
      ...needs,
      ...(needs.gpu !== undefined && { gpuResource }),
      ...(Object.keys(limits).length > 0 && { limits }),
    },
  } as ServerWorkload | ContainerWorkload;
}

/** Classes of the vocabulary are their data, and what is `undefined` is not there. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
