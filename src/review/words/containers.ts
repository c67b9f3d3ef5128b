import type { Change } from '../field.ts';
import { entriesAt, listAt, mapAt, textAt, valueAt } from '../read.ts';
import type { Said } from '../statement.ts';
import { touching } from './changes.ts';
import { differenceOf, short } from './difference.ts';
import { modelSaid, modelWords } from './models.ts';
import { restart, told, within, type Part } from './part.ts';
import { mutableImage, shownImage } from './pins.ts';
import { resourceWords } from './resources.ts';
import { MODELS } from './running.ts';
import { phrase, sentence, type Phrase } from './said.ts';
import { alike, groupedBy } from './sets.ts';
import { shown } from './text.ts';

/** What containers run and how: image, arguments, environment, resources, probes. */

/** Names that KServe and our own renderers give to the container that answers. */
const OWN_CONTAINERS: ReadonlySet<string> = new Set(['kserve-container', 'function', 'main']);

/** Sentences of the containers of a pod, and of KServe's `model`, which is one too. */
export function containersSaid(pod: Part): Said[] {
  const models = MODELS.flatMap((name) => {
    const model = within(pod, name);
    return model.changes.length === 0 ? [] : [...containerSaid(model), ...modelSaid(model)];
  });
  const path = [...pod.path, 'containers'];
  const byName = groupedBy(touching(pod.changes, path), (change) => textAt(change.path[path.length], 'name'));
  const containers = (value: unknown): Map<string, unknown> =>
    new Map(listAt(value, 'containers').map((item) => [textAt(item, 'name') ?? '', item]));
  const [olds, news] = byName.size === 0 ? [new Map(), new Map()] : [containers(pod.before), containers(pod.after)];
  const alone = Math.max(olds.size, news.size) === 1;
  const named = [...byName].flatMap(([name, changes]) => {
    if (name === undefined) return [];
    const who = alone || OWN_CONTAINERS.has(name) ? pod.who : `${shown(name)} in ${pod.who}`;
    const part: Part = { ...pod, who, path: [...path, '*'], changes, before: olds.get(name), after: news.get(name) };
    return part.before === undefined || part.after === undefined ? [arrivalSaid(pod, name, part)] : containerSaid(part);
  });
  return [...models, ...named];
}

function arrivalSaid({ who }: Part, name: string, part: Part): Said {
  const image = textAt(part.after, 'image');
  const what = part.after === undefined ? 'removed' : `new, with image ${shownImage(image)}`;
  const explains = { of: part.change, changes: part.changes };
  return sentence(
    `container ${shown(name)} of ${who} is ${what}`,
    explains,
    restart(part, 'for it'),
    ...mutableImage(part.stage, image),
  );
}

const PROBES = [
  ['readinessProbe', 'readiness probe'],
  ['livenessProbe', 'liveness probe'],
  ['startupProbe', 'startup probe'],
] as const;

/** Sentences of one container. */
function containerSaid(part: Part): Said[] {
  const { stage, who } = part;
  return [
    ...told(part, [['image']], (old, now) => [imageWords(part, textAt(old, 'image'), textAt(now, 'image'))]),
    ...told(part, [['command']], (old, now) => [
      argumentWords(part, 'command', listAt(old, 'command'), listAt(now, 'command')),
    ]),
    ...told(part, [['args']], (old, now) => [
      argumentWords(part, 'arguments', listAt(old, 'args'), listAt(now, 'args')),
    ]),
    ...told(
      part,
      [['env']],
      (old, now) => environmentWords(part, listAt(old, 'env'), listAt(now, 'env')),
      isPlainVariable,
    ),
    ...told(part, [['resources']], (old, now) =>
      resourceWords(stage, who, mapAt(old, 'resources'), mapAt(now, 'resources')),
    ),
    ...PROBES.flatMap(([field, name]) =>
      told(part, [[field]], (old, now) => [probeWords(part, name, valueAt(old, field), valueAt(now, field))]),
    ),
  ];
}

function imageWords(part: Part, before: string | undefined, after: string | undefined): Phrase | undefined {
  if (before === after) return undefined;
  const repository = repositoryOf(before);
  const tag =
    before !== undefined && repository === repositoryOf(after) ? before.slice(repository.length + 1) || before : before;
  const is = after === undefined ? 'the one of its runtime' : shownImage(after);
  const was = before === undefined ? 'the one of its runtime' : shownImage(tag);
  return phrase(
    `image of ${part.who} is ${is} (was ${was})`,
    restart(part, 'with another image'),
    ...mutableImage(part.stage, after),
  );
}

function repositoryOf(image = ''): string {
  return image.replace(/@[^@]*$/, '').replace(/:[^/:]*$/, '');
}

function argumentWords(
  part: Part,
  noun: 'arguments' | 'command',
  before: readonly unknown[],
  after: readonly unknown[],
): Phrase {
  const set = (value: string): string => (value === '' ? 'set' : value);
  const text = differenceOf(
    flags(before),
    flags(after),
    (flag, value) => (value === '' ? flag : `${flag}=${value}`),
    (flag, value, old) => `${flag} is ${set(value)} (was ${set(old)})`,
  );
  const how = noun === 'command' ? 'with another command' : 'with other arguments';
  return phrase(`${noun} of ${part.who}: ${text === '' ? 'another order' : text}`, restart(part, how));
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
  const secret = (value: unknown): boolean =>
    (valueAt(value, 'secretKeyRef') ?? valueAt(value, 'valueFrom', 'secretKeyRef')) !== undefined;
  return !path.includes('secretKeyRef') && !secret(before) && !secret(after);
}

/** The variable by which KServe's storage initializer is told of a model. */
const STORAGE = 'STORAGE_URI';

function environmentWords(part: Part, before: readonly unknown[], after: readonly unknown[]): (Phrase | undefined)[] {
  const [olds, news] = [variables(before), variables(after)];
  const model = modelWords(part, olds.get(STORAGE), news.get(STORAGE));
  for (const map of [olds, news]) map.delete(STORAGE);
  if (alike([...olds].sort(), [...news].sort())) return [model];
  const shorten = (map: ReadonlyMap<string, string>): Map<string, string> =>
    new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [short(name), short(value)]));
  const text = differenceOf(shorten(olds), shorten(news), (name, value) => `${name}=${value}`);
  // Long values may differ beyond what is shown.
  const words = text === '' ? 'a long value changed' : text;
  return [model, phrase(`environment of ${part.who}: ${words}`, restart(part, 'with other variables'))];
}

function variables(env: readonly unknown[]): Map<string, string> {
  return new Map(
    env.flatMap((item) => {
      const from = mapAt(item, 'valueFrom');
      const [source] = Object.keys(from);
      if (source === 'secretKeyRef') return [];
      const name = textAt(item, 'name') ?? '';
      if (source === undefined) return [[name, textAt(item, 'value') ?? ''] as const];
      const key = textAt(from, source, 'key') ?? textAt(from, source, 'fieldPath') ?? '';
      return [[name, `${textAt(from, source, 'name') ?? source}/${key}`] as const];
    }),
  );
}

function probeWords(part: Part, name: string, before: unknown, after: unknown): Phrase {
  const reason = restart(part, 'with another probe');
  if (after === undefined) return phrase(`${name} of ${part.who} is removed`, reason);
  if (before === undefined) return phrase(`${part.who} has a ${name}`, reason);
  const text = differenceOf(leaves(before), leaves(after), (field, value) => `${field}=${value}`);
  return phrase(`${name} of ${part.who}: ${text === '' ? 'changed' : text}`, reason);
}

/** Fields of a small map by their last name. */
function leaves(value: unknown): Map<string, string> {
  const fields = entriesAt(value).slice(0, 32);
  const flat = fields.flatMap(([field, inner]) =>
    typeof inner === 'object' && inner !== null ? entriesAt(inner).slice(0, 32) : [[field, inner] as const],
  );
  return new Map(flat.map(([field, leaf]) => [short(field), short(leaf)]));
}
