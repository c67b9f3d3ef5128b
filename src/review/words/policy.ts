import { parseDuration } from '../../core/duration.ts';
import type { DocumentChange, ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsAll, listAt, listed, mapAt, numberAt, shown, textAt, valueAt } from './read.ts';
import { merged, percent, touching } from './said.ts';

/** What the descriptor of a service says: where it goes, and how a new release gets its traffic. */

const DESCRIPTOR = /(?:^|\/)argocd-app\.json$/;

/**
 * What changes of a service's place and of its release policy, as `argocd-app.json` says them.
 *
 * @example policyWords(unit, stage)[0]?.text // 'gate errorRatio of fraud-detector is removed'
 */
export function policyWords(unit: ChangedUnit, stage: Stage): Said[] {
  const { before, after } = unit.descriptor;
  const service = unit.place.service;
  if (before === undefined || after === undefined || service === undefined) return [];
  const change = unit.documents.find(({ file, change: how }) => how === 'changed' && DESCRIPTOR.test(file));
  if (!change) return [];
  const subject = service === '_shared' ? `what ${shown(unit.place.team)} shares` : shown(service);
  const tell = (field: readonly string[], say: (old: unknown, now: unknown) => readonly Omit<Said, 'explains'>[]): Said[] => {
    const changes = touching(change.changes, field);
    const explains: Explained[] = [{ of: change, changes }];
    return changes.length === 0
      ? []
      : say(valueAt(before, ...field), valueAt(after, ...field)).map((words) => ({ ...words, explains }));
  };
  return merged([
    ...placeSaid(unit, stage, subject, change, before, after),
    ...tell(['policy', 'strategy'], (old, now) => strategyWords(stage, subject, textOf(old), textOf(now))),
    ...tell(['policy', 'exposures'], () => stepWords(stage, subject, mapAt(before, 'policy'), mapAt(after, 'policy'))),
    ...tell(['policy', 'bake'], (old, now) => bakeWords(stage, subject, textOf(old), textOf(now))),
    ...tell(['policy', 'gates'], (old, now) =>
      gateWords(stage, subject, Array.isArray(old) ? old : [], Array.isArray(now) ? now : []),
    ),
    ...tell(['policy', 'keepPrevious'], (old, now) => keepWords(stage, subject, textOf(old), textOf(now))),
    ...tell(['policy', 'warm', 'deadline'], (old, now) =>
      plain(`a release of ${subject} may take ${said(now)} until it is ready`, old, now),
    ),
    ...tell(['policy', 'mechanism'], (old, now) => plain(`traffic of ${subject} is split by ${said(now)}`, old, now)),
  ]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function said(value: unknown): string {
  return shown(value);
}

function plain(text: string, old: unknown, now: unknown): Omit<Said, 'explains'>[] {
  return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ text: `${text} (was ${said(old)})`, reasons: [] }];
}

/** Where the unit goes. The objects that only get another namespace with it are told with it. */
function placeSaid(
  unit: ChangedUnit,
  stage: Stage,
  subject: string,
  change: DocumentChange,
  before: unknown,
  after: unknown,
): Said[] {
  const sentences: Said[] = [];
  const add = (field: readonly string[], text: string, why: string, more: readonly ObjectChange[] = []): void => {
    const changes = changesBelow(change.changes, field);
    if (changes.length > 0)
      sentences.push({
        text,
        reasons: [reasonOf('risk/destination', stage, why)],
        explains: [{ of: change, changes }, ...more.map(explainsAll)],
      });
  };
  const was = (field: string): string => said(valueAt(before, field));
  const is = (field: string): string => said(valueAt(after, field));
  const [old, now] = [textAt(before, 'namespace'), textAt(after, 'namespace')];
  const moved = unit.objects.filter(
    (each) =>
      each.change === 'replaced' &&
      textAt(each.before.object, 'metadata', 'name') === textAt(each.after.object, 'metadata', 'name') &&
      textAt(each.before.object, 'metadata', 'namespace') === old &&
      textAt(each.after.object, 'metadata', 'namespace') === now,
  );
  add(
    ['namespace'],
    `${subject} goes to namespace ${is('namespace')} (was ${was('namespace')})`,
    'what runs in the old namespace is deleted, and made again in the new one',
    moved,
  );
  const destination = (descriptor: unknown): string => {
    const { name, server } = mapAt(descriptor, 'destination');
    return said(name !== '' && name !== undefined ? name : server);
  };
  add(
    ['destination'],
    `${subject} goes to the cluster ${destination(after)} (was ${destination(before)})`,
    'it leaves the cluster where it is now',
  );
  add(
    ['stage'],
    `stage of ${subject} is ${is('stage')} (was ${was('stage')})`,
    'the stage decides on protection and promotion',
  );
  for (const field of ['environment', 'cluster', 'team', 'service', 'name']) {
    add(
      [field],
      `${field === 'name' ? 'Application' : field} of ${subject} is ${is(field)} (was ${was(field)})`,
      field === 'name' ? 'Argo CD makes another Application' : 'the Application is made from it',
    );
  }
  return sentences;
}

/** Strategies by how much of a candidate is seen before it takes over. */
const CARE: Readonly<Record<string, number>> = { replace: 0, blueGreen: 1, shadow: 2, abTest: 2, canary: 3 };

function strategyWords(
  stage: Stage,
  subject: string,
  old: string | undefined,
  now: string | undefined,
): Omit<Said, 'explains'>[] {
  if (old === now) return [];
  const care = (strategy: string | undefined): number =>
    strategy !== undefined && Object.hasOwn(CARE, strategy) ? (CARE[strategy] ?? 0) : 0;
  const loosened = care(now) < care(old);
  return [
    {
      text: `releases of ${subject} are by ${said(now)} (were by ${said(old)})`,
      reasons: loosened ? [reasonOf('risk/gate', stage, `less of a candidate is seen before it takes over`)] : [],
    },
  ];
}

function stepWords(stage: Stage, subject: string, before: unknown, after: unknown): Omit<Said, 'explains'>[] {
  const [olds, news] = [stepsOf(before), stepsOf(after)];
  const [old, now] = [describe(before), describe(after)];
  if (old === now) return [];
  const [wide, narrow] = [widest(news), widest(olds)];
  const reasons: Reason[] = [];
  if (olds.length > 0 && wide > narrow)
    reasons.push(reasonOf('risk/gate', stage, `the widest step is ${percent(wide)} points, and was ${percent(narrow)}`));
  else if (news.length < olds.length)
    reasons.push(reasonOf('risk/gate', stage, `a candidate is looked at ${news.length} times, and was ${olds.length} times`));
  return [{ text: `steps of ${subject} are ${now} (were ${old})`, reasons }];
}

function stepsOf(policy: unknown): number[] {
  return listAt(policy, 'exposures').map((exposure) => numberAt(exposure, 'weight') ?? 0);
}

function describe(policy: unknown): string {
  const texts = listAt(policy, 'exposures').map((exposure) => {
    const [mirror, header] = [numberAt(exposure, 'mirror'), textAt(exposure, 'header', 'name')];
    if (mirror !== undefined) return `copies of ${percent(mirror)} %`;
    if (header !== undefined) return `requests with ${said(header)}: ${said(textAt(exposure, 'header', 'value'))}`;
    return `${percent(numberAt(exposure, 'weight') ?? 0)} %`;
  });
  return listed(texts, 12) || 'none';
}

/** The widest jump on the way to all requests. */
function widest(steps: readonly number[]): number {
  let last = 0;
  let most = 0;
  for (const step of [...steps, 100]) {
    most = Math.max(most, step - last);
    last = step;
  }
  return most;
}

function bakeWords(stage: Stage, subject: string, old: string | undefined, now: string | undefined): Omit<Said, 'explains'>[] {
  if (old === now) return [];
  const [was, is] = [old, now].map((text) => (text === undefined ? 0 : parseDuration(text)));
  const shorter = was === undefined || is === undefined ? old !== undefined : is < was;
  return [
    {
      text: `bake time of ${subject} is ${said(now)} (was ${said(old)})`,
      reasons: shorter ? [reasonOf('risk/gate', stage, `it was ${said(old)}`)] : [],
    },
  ];
}

/** What is kept of the release that served before, the more the better. */
const KEPT = ['none', 'stopped', 'warm'];

function keepWords(stage: Stage, subject: string, old: string | undefined, now: string | undefined): Omit<Said, 'explains'>[] {
  if (old === now) return [];
  const less = KEPT.indexOf(now ?? 'none') < KEPT.indexOf(old ?? 'none');
  const text =
    now === undefined || now === 'none'
      ? `the release before is not kept for ${subject}`
      : `the release before of ${subject} is kept ${said(now)}`;
  return [
    {
      text: `${text} (was ${said(old)})`,
      reasons: less ? [reasonOf('risk/retire', stage, 'a rollback has to start it again first')] : [],
    },
  ];
}

// Gates

interface Gate {
  /** What it is called: `latency p99`, `registryMetric auc`. */
  readonly name: string;
  readonly limits: Readonly<Record<string, unknown>>;
}

function gatesOf(list: readonly unknown[]): Map<string, Gate> {
  const gates = new Map<string, Gate>();
  const twins = new Map<string, number>();
  for (const item of list) {
    for (const [kind, limits] of Object.entries(mapAt(item))) {
      const fields = mapAt(limits);
      const quantile = numberAt(fields, 'quantile');
      const of =
        textAt(fields, 'metric') ??
        textAt(fields, 'name') ??
        (quantile === undefined ? undefined : `p${percent(quantile * 100)}`);
      const part = textAt(fields, 'part');
      const name = [kind, of, part]
        .filter((text) => text !== undefined)
        .map((each) => shown(each))
        .join(' ');
      // Two of one name differ by their place.
      const twin = twins.get(name) ?? 0;
      twins.set(name, twin + 1);
      gates.set(`${name}\n${twin}`, { name, limits: fields });
    }
  }
  return gates;
}

/** Which way a limit is loosened. */
const LOOSER: Readonly<Record<string, 'up' | 'down'>> = {
  max: 'up',
  psi: 'up',
  factor: 'up',
  difference: 'up',
  by: 'up',
  min: 'down',
  minSamples: 'down',
  consecutive: 'down',
};

function gateWords(
  stage: Stage,
  subject: string,
  before: readonly unknown[],
  after: readonly unknown[],
): Omit<Said, 'explains'>[] {
  const [olds, news] = [gatesOf(before), gatesOf(after)];
  const words: Omit<Said, 'explains'>[] = [];
  for (const [key, gate] of olds) {
    const now = news.get(key);
    if (now) words.push(...limitWords(stage, subject, gate, now));
    else
      words.push({
        text: `gate ${gate.name} of ${subject} is removed`,
        reasons: [reasonOf('risk/gate', stage, `it asked for ${limitText(gate.limits)}`)],
      });
  }
  for (const [key, gate] of news) {
    if (!olds.has(key)) words.push({ text: `gate ${gate.name} of ${subject} is new: ${limitText(gate.limits)}`, reasons: [] });
  }
  return words;
}

function limitWords(stage: Stage, subject: string, before: Gate, after: Gate): Omit<Said, 'explains'>[] {
  const [olds, news] = [leaves(before.limits), leaves(after.limits)];
  const fields = [...new Set([...olds.keys(), ...news.keys()])].filter(
    (field) => JSON.stringify(olds.get(field)) !== JSON.stringify(news.get(field)),
  );
  if (fields.length === 0) return [];
  const changes = fields.map((field) => `${shown(field)} is ${said(news.get(field))} (was ${said(olds.get(field))})`);
  const loosened = fields.filter((field) => isLooser(field, olds.get(field), news.get(field)));
  const reasons =
    loosened.length === 0
      ? []
      : [reasonOf('risk/gate', stage, `${listed(loosened.map((field) => `${shown(field)} was ${said(olds.get(field))}`))}`)];
  return [{ text: `gate ${after.name} of ${subject}: ${listed(changes)}`, reasons }];
}

/** Limits by name, those of `comparedToStable` and `notWorseThanStable` beside the others. */
function leaves(limits: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [field, value] of Object.entries(limits)) {
    const inner = Object.entries(mapAt(value));
    if (inner.length === 0) found.set(field, value);
    for (const [name, leaf] of inner) found.set(`${field}.${name}`, leaf);
  }
  return found;
}

/** Whether a limit lets more pass. What is not known of counts as looser: somebody has to look. */
function isLooser(field: string, before: unknown, after: unknown): boolean {
  const name = field.slice(field.indexOf('.') + 1);
  const evidence = name === 'minSamples' || name === 'consecutive';
  if (after === undefined) return !evidence;
  if (before === undefined) return false;
  const way = Object.hasOwn(LOOSER, name) ? LOOSER[name] : undefined;
  const [was, is] = [amount(before), amount(after)];
  if (way === undefined || was === undefined || is === undefined) return true;
  return way === 'up' ? is > was : is < was;
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : typeof value === 'string' ? parseDuration(value.slice(0, 40)) : undefined;
}

function limitText(limits: Readonly<Record<string, unknown>>): string {
  const texts = [...leaves(limits)]
    .filter(([field]) => field !== 'quantile' && field !== 'metric' && field !== 'name')
    .map(([field, value]) => `${shown(field)} ${said(value)}`);
  return listed(texts) || 'what its kind asks for';
}
