import type { KubeObject } from '../../core/object.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { nativeShares, servedRelease } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { differenceOf, short } from './difference.ts';
import { mutableImage, mutableModel, shownImage, shownUri } from './pins.ts';
import { isKind, listAt, listed, mapAt, shown, textAt, valueAt } from './read.ts';
import { resourceWords } from './resources.ts';
import { MODELS, runningOf, whoIs, type Path, type Words } from './running.ts';
import { merged, touching, type Altered } from './said.ts';
import { scaleSaid } from './scaling.ts';
import { reachOf, type Reach } from './reach.ts';

/** What runs, and how it is changed where it runs: model, image, arguments, environment, replicas, resources, identity, place. */

/** One thing that runs, before and after, with the changes of its object. */
interface View {
  readonly unit: ChangedUnit;
  readonly stage: Stage;
  readonly change: Altered;
  /** What it is called: `fraud-detector predictor`. */
  readonly who: string;
  /** Where its pod's fields are. */
  readonly pod: Path;
  /** Pods restart for a change; a revision of its own starts beside the one that serves. */
  readonly inPlace: boolean;
}

/**
 * What changes of workloads that stay, or that another one replaces.
 *
 * @example workloadWords(unit, stage)[0]?.text // 'memory of fraud-detector predictor is 4Gi (was 8Gi)'
 */
export function workloadWords(unit: ChangedUnit, stage: Stage): Said[] {
  let reach: Reach | undefined | null = null;
  const after = (): Reach | undefined => (reach === null ? (reach = reachOf(unit).after) : reach);
  return merged(
    unit.objects.flatMap((change) => {
      if (change.change !== 'changed' && change.change !== 'replaced') return [];
      const object = change.after.object;
      const views = runningOf(object).map(({ component, pod }): View => ({
        unit,
        stage,
        change,
        pod,
        who: whoIs(unit, object, component),
        inPlace: !hasRevisions(object),
      }));
      return [
        ...views.flatMap((view) => [...containersSaid(view), ...podSaid(view)]),
        ...scaleSaid(unit, stage, change, after),
      ];
    }),
  );
}

/** Whether a change starts a revision of its own beside the one that serves, which Git gives no requests yet. */
function hasRevisions(object: KubeObject): boolean {
  return !isKind(object, 'serving.kserve.io', 'LLMInferenceService') && nativeShares(object) !== undefined;
}

/** Sentences of the fields of a thing that changed; none when nothing of them did. */
function facet(
  { change, pod }: View,
  changes: readonly Change[],
  fields: readonly Path[],
  say: (before: unknown, after: unknown) => readonly Words[],
  base: Path = pod,
): Said[] {
  const touched = touching(changes, ...fields.map((field) => [...base, ...field]));
  if (touched.length === 0) return [];
  const explains = [{ of: change, changes: touched }];
  return say(valueAt(change.before.object, ...base), valueAt(change.after.object, ...base)).map((words) => ({
    ...words,
    explains,
  }));
}

/** Sentences of the containers of a pod, and of KServe's `model`, which is one too. */
function containersSaid(view: View): Said[] {
  const { change, pod, who } = view;
  const said: Said[] = [];
  for (const name of MODELS) {
    const base = [...pod, name];
    const changes = touching(change.changes, base);
    if (changes.length > 0) said.push(...containerSaid(view, changes, base, who), ...modelSaid(view, changes, base));
  }
  if (isKind(change.after.object, 'serving.kserve.io', 'LLMInferenceService')) said.push(...llmSaid(view));
  const containers = [...pod, 'containers'];
  const byName = new Map<string, Change[]>();
  for (const one of touching(change.changes, containers)) {
    const key = one.path[containers.length];
    const name = typeof key === 'object' && Object.hasOwn(key, 'name') ? key['name'] : undefined;
    if (typeof name !== 'string') continue;
    const others = byName.get(name);
    if (others) others.push(one);
    else byName.set(name, [one]);
  }
  if (byName.size === 0) return said;
  const find = (object: KubeObject): Map<string, unknown> =>
    new Map(listAt(object, ...containers).map((item) => [textAt(item, 'name') ?? '', item]));
  const [olds, news] = [find(change.before.object), find(change.after.object)];
  const alone = Math.max(olds.size, news.size) === 1;
  for (const [name, changes] of byName) {
    const [before, after] = [olds.get(name), news.get(name)];
    const own = alone || OWN_CONTAINERS.has(name) ? who : `${shown(name)} in ${who}`;
    const here: View = { ...view, who: own };
    if (before === undefined || after === undefined) {
      const explains = [{ of: change, changes }];
      const reasons = [
        ...inPlace(here, 'its pods restart'),
        ...(after === undefined ? [] : mutableImage(view.stage, textAt(after, 'image'))),
      ];
      said.push({
        text: `container ${shown(name)} of ${who} is ${after === undefined ? 'removed' : `new, with image ${shownImage(textAt(after, 'image'))}`}`,
        reasons,
        explains,
      });
    } else said.push(...containerSaid(here, changes, [...containers, '*'], own, before, after));
  }
  return said;
}

/** Names that KServe and our own renderers give to the container that answers. */
const OWN_CONTAINERS: ReadonlySet<string> = new Set(['kserve-container', 'function', 'main']);

/** Sentences of one container. */
function containerSaid(
  view: View,
  changes: readonly Change[],
  base: Path,
  who: string,
  before?: unknown,
  after?: unknown,
): Said[] {
  const { change, stage } = view;
  const [old, now] = [before ?? valueAt(change.before.object, ...base), after ?? valueAt(change.after.object, ...base)];
  const told = (
    fields: readonly string[],
    say: () => readonly Words[],
    keep: (one: Change) => boolean = () => true,
  ): Said[] => {
    const touched = touching(changes, ...fields.map((field) => [...base, field])).filter(keep);
    return touched.length === 0 ? [] : say().map((words) => ({ ...words, explains: [{ of: change, changes: touched }] }));
  };
  return [
    ...told(['image'], () => imageWords(view, who, textAt(old, 'image'), textAt(now, 'image'))),
    ...told(['command'], () => argumentWords(view, 'command', who, listAt(old, 'command'), listAt(now, 'command'))),
    ...told(['args'], () => argumentWords(view, 'arguments', who, listAt(old, 'args'), listAt(now, 'args'))),
    ...told(['env'], () => environmentWords(view, who, listAt(old, 'env'), listAt(now, 'env')), isPlainVariable),
    ...told(['resources'], () => resourceWords(stage, who, mapAt(old, 'resources'), mapAt(now, 'resources'))),
    ...PROBES.flatMap(([field, name]) =>
      told([field], () => probeWords(view, name, who, valueAt(old, field), valueAt(now, field))),
    ),
  ];
}

const PROBES = [
  ['readinessProbe', 'readiness probe'],
  ['livenessProbe', 'liveness probe'],
  ['startupProbe', 'startup probe'],
] as const;

/** What happens to pods that serve. */
function inPlace({ inPlace: restarts, stage }: View, text: string): Reason[] {
  return restarts ? [reasonOf('risk/in-place', stage, text)] : [];
}

// Image

function imageWords(view: View, who: string, before: string | undefined, after: string | undefined): Words[] {
  if (before === after) return [];
  const old = sameRepository(before, after)
    ? shownImage(before?.slice(repositoryOf(before).length + 1) || before)
    : shownImage(before);
  const was = before === undefined ? 'was the one of its runtime' : `was ${old}`;
  const is = after === undefined ? 'the one of its runtime' : shownImage(after);
  return [
    {
      text: `image of ${who} is ${is} (${was})`,
      reasons: [...inPlace(view, 'its pods restart with another image'), ...mutableImage(view.stage, after)],
    },
  ];
}

function repositoryOf(image: string | undefined): string {
  return image === undefined ? '' : image.replace(/@[^@]*$/, '').replace(/:[^/:]*$/, '');
}

function sameRepository(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && repositoryOf(before) === repositoryOf(after);
}

// Model

function modelSaid(view: View, changes: readonly Change[], base: Path): Said[] {
  const { who, stage, change } = view;
  // A runtime that is called like its release changes with it.
  const own = servedRelease(change.before.object) !== undefined && servedRelease(change.after.object) !== undefined;
  const model =
    (field: string) =>
    (before: unknown, after: unknown): Words[] =>
      modelWords(view, textAt(before, field), textAt(after, field), stage);
  const runtime = (before: unknown, after: unknown): Words[] => {
    const fields = [
      ['runtime', textAt(before, 'runtime'), textAt(after, 'runtime')],
      ['protocol', textAt(before, 'protocolVersion'), textAt(after, 'protocolVersion')],
      ['model format', formatOf(before), formatOf(after)],
    ] as const;
    return fields.flatMap(([name, old, now]) =>
      old === now || (own && name === 'runtime')
        ? []
        : [
            {
              text: `${name} of ${who} is ${shown(now)} (was ${shown(old)})`,
              reasons: inPlace(view, 'its pods restart with another server'),
            },
          ],
    );
  };
  return [
    ...facet(view, changes, [['storageUri']], model('storageUri'), base),
    ...facet(view, changes, [['runtime'], ['protocolVersion'], ['modelFormat']], runtime, base),
  ];
}

function formatOf(model: unknown): string | undefined {
  const name = textAt(model, 'modelFormat', 'name');
  const version = textAt(model, 'modelFormat', 'version');
  return name === undefined ? undefined : `${name}${version === undefined ? '' : ` ${version}`}`;
}

function llmSaid(view: View): Said[] {
  const { change, stage, who } = view;
  const adapters = (spec: unknown): Map<string, string> =>
    new Map(listAt(spec, 'model', 'lora', 'adapters').map((item) => [textAt(item, 'name') ?? '', textAt(item, 'uri') ?? '']));
  const base = ['spec'];
  return [
    ...facet(
      view,
      change.changes,
      [['model', 'uri']],
      (before, after) => modelWords(view, textAt(before, 'model', 'uri'), textAt(after, 'model', 'uri'), stage),
      base,
    ),
    ...facet(
      view,
      change.changes,
      [['model', 'lora']],
      (before, after) => {
        const text = differenceOf(adapters(before), adapters(after), (name, uri) => `${shown(name)} from ${shownUri(uri)}`);
        return text === ''
          ? []
          : [{ text: `adapters of ${who}: ${text}`, reasons: inPlace(view, 'its pods restart with other adapters') }];
      },
      base,
    ),
  ];
}

function modelWords(view: View, before: string | undefined, after: string | undefined, stage: Stage): Words[] {
  if (before === after) return [];
  return [
    {
      text: `model of ${view.who} is ${shownUri(after)} (was ${shownUri(before)})`,
      reasons: [...inPlace(view, 'its pods restart with another model'), ...mutableModel(stage, after)],
    },
  ];
}

// Arguments and environment

function argumentWords(view: View, noun: string, who: string, before: readonly unknown[], after: readonly unknown[]): Words[] {
  const [olds, news] = [flags(before), flags(after)];
  const text = differenceOf(
    olds,
    news,
    (flag, value) => (value === '' ? flag : `${flag}=${value}`),
    (flag, value, old) => `${flag} is ${value === '' ? 'set' : value} (was ${old === '' ? 'set' : old})`,
  );
  return [
    {
      text: `${noun} of ${who}: ${text === '' ? 'another order' : text}`,
      reasons: inPlace(view, `its pods restart with ${noun === 'command' ? 'another command' : 'other arguments'}`),
    },
  ];
}

/** Arguments by flag; what is no flag stands for itself. */
function flags(args: readonly unknown[]): Map<string, string> {
  return new Map(
    args.map((arg) => {
      const text = typeof arg === 'string' ? arg : shown(arg);
      const equals = text.startsWith('-') ? text.indexOf('=') : -1;
      return equals > 0 ? [short(text.slice(0, equals)), short(text.slice(equals + 1))] : [short(text), ''];
    }),
  );
}

/** Variables that come from a secret are told with the secrets. */
function isPlainVariable({ path, before, after }: Change): boolean {
  return (
    !path.includes('secretKeyRef') &&
    [before, after].every(
      (value) => valueAt(value, 'secretKeyRef') === undefined && valueAt(value, 'valueFrom', 'secretKeyRef') === undefined,
    )
  );
}

function environmentWords(view: View, who: string, before: readonly unknown[], after: readonly unknown[]): Words[] {
  const [olds, news] = [variables(before), variables(after)];
  const models = modelWords(view, olds.get('STORAGE_URI'), news.get('STORAGE_URI'), view.stage);
  olds.delete('STORAGE_URI');
  news.delete('STORAGE_URI');
  const shorten = (map: Map<string, string>): Map<string, string> =>
    new Map([...map].map(([name, value]) => [short(name), short(value)]));
  const text = differenceOf(shorten(olds), shorten(news), (name, value) => `${name}=${value}`);
  const alike = [...news].every(([name, value]) => olds.get(name) === value) && olds.size === news.size;
  if (alike) return models;
  // Long values may differ beyond what is shown.
  return [
    ...models,
    {
      text: `environment of ${who}: ${text === '' ? 'a long value changed' : text}`,
      reasons: inPlace(view, 'its pods restart with other variables'),
    },
  ];
}

function variables(env: readonly unknown[]): Map<string, string> {
  return new Map(
    env.flatMap((item) => {
      if (valueAt(item, 'valueFrom', 'secretKeyRef') !== undefined) return [];
      const from = mapAt(item, 'valueFrom');
      const [source] = Object.keys(from);
      const value =
        source === undefined
          ? (textAt(item, 'value') ?? '')
          : `${textAt(from, source, 'name') ?? source}/${textAt(from, source, 'key') ?? textAt(from, source, 'fieldPath') ?? ''}`;
      return [[textAt(item, 'name') ?? '', value] as const];
    }),
  );
}

// Probes, identity, place

function probeWords(view: View, name: string, who: string, before: unknown, after: unknown): Words[] {
  const restart = inPlace(view, 'its pods restart with another probe');
  if (after === undefined) return [{ text: `${name} of ${who} is removed`, reasons: restart }];
  if (before === undefined) return [{ text: `${who} has a ${name}`, reasons: restart }];
  const text = differenceOf(leaves(before), leaves(after), (field, value) => `${field}=${value}`);
  return [{ text: `${name} of ${who}: ${text === '' ? 'changed' : text}`, reasons: restart }];
}

/** Fields of a small map by their last name. */
function leaves(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const [field, inner] of Object.entries(mapAt(value)).slice(0, 32)) {
    if (typeof inner === 'object' && inner !== null)
      for (const [name, leaf] of Object.entries(mapAt(inner)).slice(0, 32)) found.set(short(name), short(shown(leaf)));
    else found.set(short(field), short(shown(inner)));
  }
  return found;
}

const PLACEMENT = [
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'nodeName',
  'runtimeClassName',
] as const;

/** Sentences of a pod's own fields. */
function podSaid(view: View): Said[] {
  const { change, stage, who } = view;
  return [
    ...facet(view, change.changes, [['serviceAccountName'], ['serviceAccount']], (before, after) => {
      const [old, now] = [before, after].map(
        (pod) => textAt(pod, 'serviceAccountName') ?? textAt(pod, 'serviceAccount') ?? 'default',
      );
      return old === now
        ? []
        : [
            {
              text: `${who} runs as service account ${shown(now)} (was ${shown(old)})`,
              reasons: [reasonOf('risk/identity', stage, `what ${shown(now)} may do counts now`)],
            },
          ];
    }),
    ...facet(
      view,
      change.changes,
      PLACEMENT.map((field) => [field]),
      (before, after) => [
        {
          text: `${who} runs on other nodes: ${listed(PLACEMENT.filter((field) => JSON.stringify(valueAt(before, field)) !== JSON.stringify(valueAt(after, field))).map((field) => placementText(field, valueAt(before, field), valueAt(after, field))))}`,
          reasons: [],
        },
      ],
    ),
  ];
}

function placementText(field: string, before: unknown, after: unknown): string {
  if (field !== 'nodeSelector')
    return `${field} ${after === undefined ? 'removed' : before === undefined ? 'added' : 'changed'}`;
  const map = (value: unknown): Map<string, string> =>
    new Map(
      Object.entries(mapAt(value))
        .slice(0, 32)
        .map(([key, text]) => [short(key), short(shown(text))]),
    );
  return differenceOf(map(before), map(after), (key, text) => `${key}=${text}`);
}
