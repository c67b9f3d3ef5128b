import { answered, refused, type Answer } from '../core/answer.ts';
import { editYaml } from '../core/edit-yaml.ts';
import { diskFiles, overlaid, type Files } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { isLockOf } from '../release/from-sources.ts';
import { makeRecord, partsOf, withImages, type MadeRecord } from '../release/make-record.ts';
import { modelName, releaseRecord, type LockedModel, type ReleaseRecord } from '../release/record.ts';
import type { RegistryDeps } from '../release/registries/deps.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import {
  openStore,
  recordFile,
  stateFile,
  type ListedStore,
  type ReleaseStore,
  type Stored,
} from '../release/store.ts';
import { transition } from '../release/transition.ts';
import { movingImage } from '../service/image.ts';
import type { Environment, PlatformConfig } from '../service/platform.ts';
import { policyOf, type ReleasePolicy } from '../service/release-policy.ts';
import type { ServiceSpec } from '../service/service.ts';
import type { FileChange } from '../tree/journal.ts';
import type { AIService } from './ai-service.ts';
import { fieldOf, lockModels, type Registries, type WantedModel } from './lock-models.ts';
import { formatState } from './move.ts';
import { pinImages } from './pin-images.ts';
import type { Platform } from './platform.ts';
import { promotedFrom } from './promoted-from.ts';
import { servesOtherwise, workloadsOnDisk } from './serves-already.ts';
import { synthesize, type Synthesis } from './synthesize.ts';
import { treeChanges } from './tree-changes.ts';

/** A release that is asked for. */
export interface ReleaseRequest {
  readonly service: string;
  readonly environment: string;
  /** Models in place of those of the sources, by part. */
  readonly models?: Readonly<Record<string, WantedModel>>;
  /** Images in place of those of the sources, by part. */
  readonly images?: Readonly<Record<string, string>>;
  /** Takes the models of the newest release that is not held, and asks no registry. */
  readonly config?: boolean;
  readonly reason?: string;
  /** Releases in a stage that releases are promoted to; needs a reason. */
  readonly force?: boolean;
  /** Writes the digest of each image beside its tag. */
  readonly pinImages?: boolean;
  /** Takes versions that wait for approval or were rejected. */
  readonly allowUnapproved?: boolean;
}

/** A project, and the world that a release asks. */
export interface ReleaseScope {
  readonly platform: Platform;
  readonly config: PlatformConfig;
  /** Root of the repository that holds tree and release store; paths are relative to it. */
  readonly root: string;
  readonly files: Files;
  readonly store: ListedStore;
  /** Folder of the owned tree. */
  readonly tree: string;
  readonly registries: Registries;
  readonly deps: RegistryDeps;
}

/** A release before anything is rendered: its record, and the states that it leads from and to. */
export interface DraftedRelease extends MadeRecord {
  readonly team: string;
  readonly policy: ReleasePolicy;
  /** Missing for the first release in the environment. */
  readonly before: ReleaseState | undefined;
  readonly after: ReleaseState;
}

/** A release that is possible, and the files that it changes. */
export interface PlannedRelease extends DraftedRelease {
  readonly changes: readonly FileChange[];
}

/** Why there is nothing to do: what is asked for runs already. */
export interface NothingToRelease {
  readonly nothing: string;
}

/** Where the tree and the release store are. */
export interface ReleaseFolders {
  /** The repository that holds both. Default: the project. */
  readonly root?: string;
  readonly tree: string;
  /** Default: what the platform says. */
  readonly releases?: string;
}

/** The project as a release sees it; what is wrong with its platform is said by synth. */
export function releaseScope(
  platform: Platform,
  folders: ReleaseFolders,
  registries: (config: PlatformConfig) => Registries,
  deps: RegistryDeps,
): ReleaseScope | undefined {
  if (!platform.config) return undefined;
  const { root = platform.root, tree, releases = platform.config.releases } = folders;
  const config = { ...platform.config, releases };
  const files = diskFiles(root);
  return {
    platform,
    config,
    root,
    files,
    store: openStore(files, config.releases),
    tree,
    registries: registries(config),
    deps,
  };
}

/**
 * What a release changes: its record, the state, and the tree as a full synth gives it. Writes nothing. Everything is rendered
 * and checked with the new record and state before there is a change to write.
 *
 * @example (await planRelease(scope, { service: 'fraud-detector', environment: 'dev' })).value
 */
export async function planRelease(
  scope: ReleaseScope,
  request: ReleaseRequest,
): Promise<Answer<PlannedRelease | NothingToRelease>> {
  const { value: draft, findings } = await draftRelease(scope, request);
  if (!draft) return refused(...findings);
  if ('nothing' in draft) return answered(draft, ...findings);
  const { service, environment } = request;
  const { files, config } = scope;
  const state = stateFile(config.releases, environment, draft.team, service);
  const record = recordFile(config.releases, service, draft.record.release);
  const stateText = files.read(state);
  const written: FileChange[] = [
    ...(draft.isNew ? [{ path: record, before: undefined, after: formatRecord(draft.record) }] : []),
    { path: state, before: stateText, after: formatState(stateText, draft.after) },
  ];
  const rendered = renderedWith(scope, service, written);
  if (!rendered.value) return refused(...findings, ...rendered.findings);
  if (!draft.before) {
    const problem = servesOtherwise(scope, request, { ...draft, rendered: rendered.value.files, file: state });
    if (problem) return refused(...findings, problem);
  }
  const changed = treeChanges({ root: scope.root, tree: scope.tree, synthesis: rendered.value });
  if (!changed.value) return refused(...findings, ...rendered.findings, ...changed.findings);
  return answered({ ...draft, changes: [...written, ...changed.value] }, ...findings, ...rendered.findings);
}

/** The tree that a full synth gives once some files of the release store are written. */
export function renderedWith(
  { files, config, platform }: ReleaseScope,
  service: string,
  written: readonly FileChange[],
): Answer<Synthesis> {
  const store = openStore(
    overlaid(files, new Map(written.map(({ path, after = '' }) => [path, after]))),
    config.releases,
  );
  const synthesis = synthesize(platform, undefined, store);
  // Services that wait for their own first release would keep each other from it; what they have in the tree is guarded.
  // That later stages wait for a release, and what the platform is warned of, is synth's to say.
  const own = ({ id, where }: Finding): boolean => where.service === service && id !== 'release/not-released';
  const concerns = (finding: Finding): boolean =>
    own(finding) || (finding.severity === 'error' && finding.id !== 'release/not-locked');
  const said = synthesis.findings.filter(concerns);
  return said.some(({ severity }) => severity === 'error') ? refused(...said) : answered(synthesis, ...said);
}

/**
 * A release without a look at what it renders: asks the registries, makes the record and the move. Says when there is nothing
 * to do.
 */
export async function draftRelease(
  scope: ReleaseScope,
  request: ReleaseRequest,
): Promise<Answer<DraftedRelease | NothingToRelease>> {
  const { platform, config, store, deps } = scope;
  const { environment, reason, images = {} } = request;
  const where: Where = { service: request.service, environment };
  const service = platform.services.find(({ name }) => name === request.service);
  const env = config.environments[environment];
  if (!service || !env) return refused(unknownPlace(platform, request));
  if (!service.runsIn(environment)) return refused(notThere(service.name, environment));
  const { base } = service;
  const { value: here, findings: wrong } = service.inEnvironment(environment, env.stage);
  if (!base || !here) return refused(...platform.findings, ...service.findings, ...wrong);
  const team = base.owner.team;
  const stored = store.state(environment, team, request.service);
  if (stored && !stored.value) return refused(...stored.findings);
  const before = stored?.value;
  const running = before && runningRecords(before, store, request.service);
  const broken = running?.flatMap(({ findings }) => findings) ?? [];
  if (broken.length > 0) return refused(...broken);
  const records = running?.flatMap(({ value }) => value ?? []) ?? [];

  const flaws = [
    ...entryFindings(scope, service, request, before, team),
    ...requestFindings(base, env, request),
    ...followedFindings(here.spec, env, request),
  ];
  if (flaws.length > 0) return refused(...flaws);
  const newest = records.findLast(({ release }) => before?.holds?.[release] === undefined);
  const models = await modelsOf(scope, request, here.spec, newest);
  if (!models.value) return models;

  // An image that nobody chose is that of the clusters where the service is, so that a first release restarts nothing there.
  const serving = before ? [] : [...workloadsOnDisk(scope, request, team).keys()];
  const clusters = (serving.length > 0 ? serving : env.clusters).flatMap((name) => config.clusters[name] ?? []);
  const parts = partsOf(base, { models: models.value, images, clusters });
  const pins = request.pinImages
    ? await pinImages(
        Object.values(parts).flatMap(({ workload }) => workload.image ?? []),
        where,
        deps,
      )
    : answered(new Map<string, string>());
  if (!pins.value) return pins;
  const made = makeRecord(withImages(parts, pins.value), { service: request.service, store, running: records, reason });
  const findings = [...models.findings, ...pins.findings];

  const { release } = made.record;
  if (before?.stable === release) return answered({ nothing: `${release} serves already` }, ...findings);
  if (before?.candidate === release && before.phase !== 'held')
    return answered({ nothing: `${release} is on its way already` }, ...findings);
  const policy = policyOf(here.spec, env.rollout);
  const move = moveTo(release, before, policy, reason);
  if (!move.state) {
    const file = stateFile(config.releases, environment, team, request.service);
    return refused(
      ...findings,
      releaseFinding('release/illegal-move', { ...where, file }, move.problem.message, move.problem.fix),
    );
  }
  return answered({ ...made, team, policy, before, after: move.state }, ...findings);
}

function moveTo(
  release: string,
  before: ReleaseState | undefined,
  policy: ReleasePolicy,
  reason: string | undefined,
): ReturnType<typeof transition> {
  const said = reason === undefined ? {} : { reason };
  return before
    ? transition(before, { action: 'release', release }, policy, said)
    : { state: { stable: release, phase: 'idle', weight: 0, ...said } };
}

/** Records whose workloads run, the one that serves first. */
function runningRecords(
  { stable, candidate }: ReleaseState,
  store: ReleaseStore,
  service: string,
): Stored<ReleaseRecord>[] {
  return [stable, candidate].flatMap((release) =>
    release === undefined ? [] : (store.record(service, release) ?? []),
  );
}

/**
 * The locked models of all parts of a service.
 *
 * @param newest the release whose models `config` takes.
 */
export async function modelsOf(
  scope: ReleaseScope,
  request: ReleaseRequest,
  here: ServiceSpec,
  newest: ReleaseRecord | undefined,
): Promise<Answer<Readonly<Record<string, LockedModel>>>> {
  const { service, environment, config, models: asked = {}, allowUnapproved } = request;
  const where: Where = { service, environment };
  const wanted: Record<string, WantedModel> = {};
  const kept: Record<string, LockedModel> = {};
  const findings: Finding[] = [];
  for (const [part, server] of Object.entries(serversOf(here))) {
    const model = asked[part] ?? server.model;
    const before = newest?.parts[part]?.model;
    if (!model) continue;
    if (!config || asked[part] !== undefined || (!newest && 'uri' in model)) wanted[part] = model;
    else if (before && isLockOf(model, before)) kept[part] = before;
    else {
      const has = newest
        ? `release ${newest.release} ${before ? `has ${modelName(before)}` : 'has no model'} for ${part}`
        : `no release here has a model for ${part}`;
      const message = `${has}, the sources ask for ${wantedName(model)}, and --config takes no other models than those of the release`;
      const fix = `leave --config out, or name the model: --model ${part === 'predictor' ? 'main' : part}=<registry>/<name>:<version>`;
      findings.push(releaseFinding('release/not-locked', { ...where, field: fieldOf(part) }, message, fix));
    }
  }
  if (findings.length > 0) return refused(...findings);
  const locked = await lockModels(scope.registries, {
    models: wanted,
    metrics: metricsOf(scope, service),
    where,
    unapproved: allowUnapproved === true,
  });
  return locked.value ? answered({ ...kept, ...locked.value }, ...locked.findings) : locked;
}

function wantedName(model: WantedModel): string {
  return 'uri' in model
    ? model.uri
    : `${model.name}${model.alias === undefined ? `:${model.version ?? ''}` : `@${model.alias}`}`;
}

/** The model servers of a service, by part. */
function serversOf({ predictor, models }: ServiceSpec): ServiceSpec['models'] {
  return { ...(predictor && { predictor }), ...models };
}

/** The metrics that gates name in any environment: a release is promoted with those that it was locked with. */
function metricsOf({ platform, config }: ReleaseScope, name: string): Readonly<Record<string, ReadonlySet<string>>> {
  const metrics: Record<string, Set<string>> = {};
  const service = platform.services.find((each) => each.name === name);
  for (const [environment, { stage }] of Object.entries(config.environments)) {
    const spec = service?.inEnvironment(environment, stage).value?.spec;
    if (!spec) continue;
    const [only, ...others] = Object.keys(serversOf(spec));
    for (const gate of policyOf(spec, 'release').gates) {
      if (!('registryMetric' in gate)) continue;
      const { part = others.length === 0 && only !== undefined ? only : 'predictor', metric } = gate.registryMetric;
      (metrics[part] ??= new Set()).add(metric);
    }
  }
  return metrics;
}

/** What is asked for beside the sources, and cannot be had. */
function requestFindings(
  base: ServiceSpec,
  env: Environment,
  { service, environment, models = {}, images = {} }: ReleaseRequest,
): Finding[] {
  const where: Where = { service, environment };
  const servers = Object.keys(serversOf(base));
  const parts = [
    ...servers,
    ...(['transformer', 'explainer', 'function'] as const).filter((part) => base[part] !== undefined),
  ];
  const problem = (part: string, known: readonly string[], what: string): Finding[] => {
    if (known.includes(part)) return [];
    const near = didYouMean(part, known);
    const fix = near ? `did you mean ${near}?` : known.length > 0 ? `name one of ${known.join(', ')}` : 'leave it out';
    return [
      releaseFinding('release/request', where, `the service has no part ${JSON.stringify(part)} with ${what}`, fix),
    ];
  };
  return [
    ...Object.keys(models).flatMap((part) => problem(part, servers, 'a model')),
    ...Object.entries(images).flatMap(([part, image]) => {
      const moving = movingImage(image);
      const unpinned =
        moving === undefined
          ? []
          : [
              releaseFinding(
                'release/request',
                { ...where, field: part },
                `image ${JSON.stringify(image)} ${moving}`,
                'pin it: name:1.4.2 or, better, name@sha256:<64 hex digits>',
              ),
            ];
      return [...problem(part, parts, 'an image'), ...unpinned];
    }),
    ...(env.rollout === 'replace' && Object.keys(images).length > 0
      ? [
          releaseFinding(
            'release/request',
            where,
            'an environment that replaces in place follows the sources, and takes only models from a release',
            'change the image in the sources',
          ),
        ]
      : []),
  ];
}

/** Where sources are followed, a release picks versions of the models that they name in a registry, and nothing else. */
function followedFindings(
  here: ServiceSpec,
  env: Environment,
  { service, environment, models = {} }: ReleaseRequest,
): Finding[] {
  if (env.rollout !== 'replace') return [];
  return Object.entries(serversOf(here)).flatMap(([part, { model }]) => {
    const asked = models[part];
    if (!asked || (model && isVersionOf(model, asked))) return [];
    const message = `${environment} replaces in place and follows the sources, which name ${model ? wantedName(model) : 'no model'} for ${part}; ${wantedName(asked)} would never run there`;
    return [
      releaseFinding(
        'release/request',
        { service, environment, field: fieldOf(part) },
        message,
        'change the model in the sources',
      ),
    ];
  });
}

/** Whether what is asked for is one version, or one alias, of what the sources name. */
function isVersionOf(model: WantedModel, asked: WantedModel): boolean {
  if ('uri' in model || 'uri' in asked) return 'uri' in model && 'uri' in asked && model.uri === asked.uri;
  return (
    model.registry === asked.registry &&
    model.name === asked.name &&
    (model.version === undefined || model.version === asked.version)
  );
}

/** Releases enter where `promotedFrom` says; what serves already may be recorded anywhere. */
function entryFindings(
  scope: ReleaseScope,
  service: AIService,
  request: ReleaseRequest,
  before: ReleaseState | undefined,
  team: string,
): Finding[] {
  const { environment, force, reason } = request;
  const from = promotedFrom(scope.config, service, environment);
  if (from === undefined) return [];
  const where: Where = { service: service.name, environment };
  if (force)
    return reason === undefined
      ? [releaseFinding('release/entry', where, 'a release that is not promoted needs a reason', 'say --reason')]
      : [];
  if (!before && request.config && workloadsOnDisk(scope, request, team).size > 0) return [];
  const message = `releases do not enter at ${environment}, they are promoted to it`;
  const fix = `npx ai-service promote ${service.name} --from ${from} --to ${environment}; or say --force with a --reason`;
  return [releaseFinding('release/entry', where, message, fix)];
}

/** A service or environment that the project does not have. */
export function unknownPlace(
  { services, environments }: Platform,
  { service, environment }: Pick<ReleaseRequest, 'service' | 'environment'>,
): Finding {
  const names = services.map(({ name }) => name);
  const [what, wanted, known] = names.includes(service)
    ? (['environment', environment, environments] as const)
    : (['service', service, names] as const);
  const near = didYouMean(wanted, known);
  const fix = near
    ? `did you mean ${near}?`
    : known.length > 0
      ? `name one of ${known.join(', ')}`
      : 'describe it first';
  return releaseFinding(
    'release/request',
    { service, environment },
    `the project has no ${what} ${JSON.stringify(wanted)}`,
    fix,
  );
}

function notThere(service: string, environment: string): Finding {
  const fix = 'add it to environments of the service, or name another environment';
  return releaseFinding('release/request', { service, environment }, `${service} does not run in ${environment}`, fix);
}

/** A record as a file. */
function formatRecord(record: ReleaseRecord): string {
  return editYaml(undefined, { ...record }, Object.keys(releaseRecord.shape));
}
