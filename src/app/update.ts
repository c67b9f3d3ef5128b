import type { Finding } from '../core/finding.ts';
import { inParallel } from '../core/in-parallel.ts';
import { modelName, type LockedModel, type ReleaseRecord } from '../release/record.ts';
import type { ReleaseState } from '../release/state.ts';
import { inMarkdown } from '../review/format/escape-markdown.ts';
import type { ModelServer } from '../service/workload.ts';
import type { AIService } from './ai-service.ts';
import { promotedFrom } from './promoted-from.ts';
import { draftRelease, modelsOf, unknownPlace, type ReleaseRequest, type ReleaseScope } from './release.ts';

/** What is to be updated. */
export interface UpdateQuery {
  /** Default: all services. */
  readonly services?: readonly string[];
  /** Default: the environments that releases enter. */
  readonly environments?: readonly string[];
}

/** A newer release that could be made: what a pull request says, and the release that it makes. */
export interface Proposal {
  readonly service: string;
  readonly environment: string;
  readonly release: string;
  /** The same for the same release, so that a bot finds the one that it made before. */
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  /** Reason of the release. */
  readonly reason: string;
}

/** A service that stays as it is in an environment, and why. */
export interface Skipped {
  readonly service: string;
  readonly environment: string;
  readonly why: string;
}

/** What could be updated. One service that cannot be asked for does not keep the others from it. */
export interface Updates {
  readonly proposals: readonly Proposal[];
  readonly skipped: readonly Skipped[];
  readonly findings: readonly Finding[];
}

/** How many services are asked for at a time. */
const AT_A_TIME = 4;

/** What the registry says of a version that may come later, and is no mistake now. */
const NOT_YET = new Set(['registry/not-ready', 'registry/not-approved']);

/**
 * Finds services whose sources mean another model version now than the one that is locked: an alias that moved, a newer
 * version that was approved. Writes nothing. Left alone are services that are paused or have a candidate on its way, and
 * models of a release that is held, so that no update undoes a rollback.
 *
 * @example (await findUpdates(scope, {})).proposals[0]?.branch // 'ai-service/update/fraud-detector/dev/v48'
 */
export async function findUpdates(scope: ReleaseScope, { services, environments }: UpdateQuery): Promise<Updates> {
  const { platform, config } = scope;
  const unknown = [
    ...(services ?? [])
      .filter((name) => !platform.services.some((each) => each.name === name))
      .map((service) => unknownPlace(platform, { service, environment: '' })),
    ...(environments ?? [])
      .filter((name) => !Object.hasOwn(config.environments, name))
      .map((environment) => unknownPlace(platform, { service: platform.services[0]?.name ?? '', environment })),
  ];
  if (unknown.length > 0) return { proposals: [], skipped: [], findings: unknown };
  const places = platform.services
    .filter(({ name }) => services?.includes(name) ?? true)
    .flatMap((service) =>
      Object.keys(config.environments)
        .filter(
          (environment) =>
            service.runsIn(environment) &&
            (environments?.includes(environment) ?? promotedFrom(config, service, environment) === undefined),
        )
        .map((environment) => ({ service, environment })),
    );
  const found = await inParallel(places, AT_A_TIME, ({ service, environment }) =>
    findUpdate(scope, service, environment),
  );
  return {
    proposals: found.flatMap(({ proposal }) => proposal ?? []),
    skipped: found.flatMap(({ skipped }) => skipped ?? []),
    findings: found.flatMap(({ findings }) => findings ?? []),
  };
}

interface Found {
  readonly proposal?: Proposal;
  readonly skipped?: Skipped;
  readonly findings?: readonly Finding[];
}

async function findUpdate(scope: ReleaseScope, source: AIService, environment: string): Promise<Found> {
  const { name: service, base } = source;
  const { store, config } = scope;
  const skip = (why: string): Found => ({ skipped: { service, environment, why } });
  const stage = config.environments[environment]?.stage ?? '';
  const spec = source.inEnvironment(environment, stage).value?.spec;
  // What is wrong with the sources is for synth to say.
  if (!base || !spec) return skip('its sources have mistakes');
  const stored = store.state(environment, base.owner.team, service);
  if (!stored) return skip('it is not released here yet');
  const state = stored.value;
  if (!state) return { findings: stored.findings };
  const from = promotedFrom(config, source, environment);
  const why = from === undefined ? leftAlone(state) : `releases are promoted to it from ${from}`;
  if (why !== undefined) return skip(why);

  const serving = store.record(service, state.stable);
  if (!serving?.value) return { findings: serving?.findings ?? [] };
  const request: ReleaseRequest = { service, environment };
  const { value: models, findings } = await modelsOf(scope, request, spec, serving.value);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (!models)
    return errors.every(({ id }) => NOT_YET.has(id))
      ? skip(errors.map(({ message }) => message).join('; '))
      : { findings };
  const changes = changesOf(serving.value, models);
  if (!changes.some(({ part }) => isMoving(part === 'predictor' ? spec.predictor : spec.models[part]))) return {};
  const held = Object.keys(state.holds ?? {}).find((release) =>
    hasModels(store.record(service, release)?.value, models),
  );
  if (held !== undefined) return skip(`${held}, which has these models, is held: ${state.holds?.[held] ?? ''}`);

  const reason = changes
    .map(
      ({ part, after }) =>
        `${part} is ${modelName(after)}${after.requested === undefined ? '' : `, as ${after.requested} says`}`,
    )
    .join('; ');
  const { value: draft, findings: flaws } = await draftRelease(scope, { ...request, reason });
  if (!draft) return { findings: flaws };
  if ('nothing' in draft) return {};
  const { release } = draft.record;
  const branch = `ai-service/update/${service}/${environment}/${release}`;
  const said = changes
    .map(({ before, after }) => `${before ? `${modelName(before)} to ` : ''}${modelName(after)}`)
    .join(', ');
  return {
    proposal: {
      service,
      environment,
      release,
      branch,
      title: `${service} ${environment}: ${said}`,
      body: bodyOf({ service, environment, release, from: state.stable }, changes),
      reason,
    },
  };
}

/** Whether the sources name a word that the registry resolves; another version or place in them is an edit, and no update. */
function isMoving(server: ModelServer | undefined): boolean {
  return server?.model !== undefined && 'alias' in server.model && server.model.alias !== undefined;
}

/** Why automation leaves a service alone. */
function leftAlone({ paused, phase, candidate }: ReleaseState): string | undefined {
  if (paused !== undefined) return `it is paused: ${paused}`;
  return phase === 'warming' || phase === 'canary' ? `${candidate ?? ''} is on its way` : undefined;
}

interface ModelChange {
  readonly part: string;
  readonly before: LockedModel | undefined;
  readonly after: LockedModel;
}

function changesOf({ parts }: ReleaseRecord, models: Readonly<Record<string, LockedModel>>): ModelChange[] {
  return Object.entries(models).flatMap(([part, after]) => {
    const before = parts[part]?.model;
    return before && isSameVersion(before, after) ? [] : [{ part, before, after }];
  });
}

function hasModels(record: ReleaseRecord | undefined, models: Readonly<Record<string, LockedModel>>): boolean {
  return record !== undefined && changesOf(record, models).length === 0;
}

function isSameVersion(a: LockedModel, b: LockedModel): boolean {
  return a.registry === b.registry && a.name === b.name && a.version === b.version && a.uri === b.uri;
}

function bodyOf(
  { service, environment, release, from }: { service: string; environment: string; release: string; from: string },
  changes: readonly ModelChange[],
): string {
  const rows = changes.flatMap(({ part, before, after }) => {
    const metrics = Object.keys({ ...before?.metrics, ...after.metrics }).sort();
    return [
      [part, before ? modelName(before) : 'none', modelName(after)],
      [`place of ${part}`, before?.uri ?? 'none', after.uri],
      ...metrics.map((metric) => [
        `${metric} of ${part}`,
        String(before?.metrics?.[metric] ?? 'unknown'),
        String(after.metrics?.[metric] ?? 'unknown'),
      ]),
    ];
  });
  return [
    `Release ${release} of ${service}, as candidate in ${environment}: it is deployed without traffic.`,
    '',
    `| | ${from} | ${release} |`,
    '| --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.map(inMarkdown).join(' | ')} |`),
    '',
    `To keep it away: \`npx ai-service pause ${service} --env ${environment}\`.`,
    '',
  ].join('\n');
}
