import { parseDuration } from '../../core/duration.ts';
import type { DocumentChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { listAt, mapAt, nameOf, numberAt, textAt, valueAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { touching } from './changes.ts';
import { gateWords } from './gates.ts';
import { merged, phrase, sentence, type Phrase } from './said.ts';
import { alike } from './sets.ts';
import { serviceOf } from './subject.ts';
import { counted, isWas, listed, percent, shown } from './text.ts';

/** What the descriptor of a service says: where it goes, and how a new release gets its traffic. */

const DESCRIPTOR = /(?:^|\/)argocd-app\.json$/;

/**
 * What changes of a service's place and of its release policy, as `argocd-app.json` says them.
 *
 * @example policyWords(unit, stage)[0]?.text // 'gate errorRatio of fraud-detector is removed'
 */
export function policyWords(unit: ChangedUnit, stage: Stage): Said[] {
  const { before, after } = unit.descriptor;
  const subject = serviceOf(unit);
  const of = unit.documents.find(({ file, change }) => change === 'changed' && DESCRIPTOR.test(file));
  if (before === undefined || after === undefined || subject === undefined || !of) return [];
  const tell = (field: Path, say: (old: unknown, now: unknown) => readonly Phrase[]): Said[] => {
    const changes = touching(of.changes, field);
    const [old, now] = [valueAt(before, ...field), valueAt(after, ...field)];
    return changes.length === 0 || alike(old, now)
      ? []
      : say(old, now).map((words) => ({ ...words, explains: [{ of, changes }] }));
  };
  const plain = (text: (now: string) => string) => (old: unknown, now: unknown) => [
    phrase(`${text(shown(now))} (was ${shown(old)})`),
  ];
  return merged([
    ...placeSaid(unit, stage, subject, of),
    ...tell(['policy', 'strategy'], (old, now) => strategyWords(stage, subject, old, now)),
    ...tell(['policy', 'exposures'], () => stepWords(stage, subject, mapAt(before, 'policy'), mapAt(after, 'policy'))),
    ...tell(['policy', 'bake'], (old, now) => bakeWords(stage, subject, old, now)),
    ...tell(['policy', 'gates'], (old, now) => gateWords(stage, subject, listAt(old), listAt(now))),
    ...tell(['policy', 'keepPrevious'], (old, now) => keepWords(stage, subject, old, now)),
    ...tell(
      ['policy', 'warm', 'deadline'],
      plain((time) => `a release of ${subject} may take ${time} until it is ready`),
    ),
    ...tell(
      ['policy', 'mechanism'],
      plain((mechanism) => `traffic of ${subject} is split by ${mechanism}`),
    ),
  ]);
}

/** Where the unit goes. The objects that only get another namespace with it are told with it. */
function placeSaid(unit: ChangedUnit, stage: Stage, subject: string, of: DocumentChange): Said[] {
  const { before, after } = unit.descriptor;
  const said: Said[] = [];
  const add = (field: string, text: string, why?: string, more: readonly Explained[] = []): void => {
    const changes = touching(of.changes, [field]);
    if (changes.length > 0)
      said.push(sentence(text, [{ of, changes }, ...more], reasonOf('risk/destination', stage, why)));
  };
  const [old, now] = [textAt(before, 'namespace'), textAt(after, 'namespace')];
  const moved = unit.objects.filter((change) => {
    if (change.change !== 'replaced' || nameOf(change.before.object) !== nameOf(change.after.object)) return false;
    const namespace = (object: unknown): string | undefined => textAt(object, 'metadata', 'namespace');
    return namespace(change.before.object) === old && namespace(change.after.object) === now;
  });
  const why = 'what runs in the old namespace is deleted, and made again in the new one';
  add(
    'namespace',
    `${subject} goes to namespace ${shown(now)} (was ${shown(old)})`,
    why,
    moved.map((change) => ({ of: change })),
  );
  const cluster = (descriptor: unknown): string =>
    shown(textAt(descriptor, 'destination', 'name') || valueAt(descriptor, 'destination', 'server'));
  add('destination', `${subject} goes to the cluster ${cluster(after)} (was ${cluster(before)})`);
  for (const [field, name, reason] of PLACE)
    add(field, `${name} of ${subject} ${isWas(after?.[field], before?.[field])}`, reason);
  return said;
}

const MADE_FROM = 'the Application is made from it';
const PLACE = [
  ['stage', 'stage', 'the stage decides on protection and promotion'],
  ['environment', 'environment', MADE_FROM],
  ['cluster', 'cluster', MADE_FROM],
  ['team', 'team', MADE_FROM],
  ['service', 'service', MADE_FROM],
  ['name', 'Application', 'Argo CD makes another Application'],
] as const;

/** Strategies by how much of a candidate is seen before it takes over. */
const CARE: ReadonlyMap<unknown, number> = new Map(
  Object.entries({ replace: 0, blueGreen: 1, shadow: 2, abTest: 2, canary: 3 }),
);

function strategyWords(stage: Stage, subject: string, old: unknown, now: unknown): Phrase[] {
  const loosened = (CARE.get(now) ?? 0) < (CARE.get(old) ?? 0);
  const reason = loosened
    ? reasonOf('risk/gate', stage, 'less of a candidate is seen before it takes over')
    : undefined;
  return [phrase(`releases of ${subject} are by ${shown(now)} (were by ${shown(old)})`, reason)];
}

function stepWords(stage: Stage, subject: string, before: unknown, after: unknown): Phrase[] {
  const [old, now] = [stepsInWords(before), stepsInWords(after)];
  return old === now
    ? []
    : [phrase(`steps of ${subject} are ${now} (were ${old})`, stepReason(stage, stepsOf(before), stepsOf(after)))];
}

function stepReason(stage: Stage, olds: readonly number[], news: readonly number[]): Reason | undefined {
  const [wide, narrow] = [widest(news), widest(olds)];
  if (olds.length > 0 && wide > narrow) {
    return reasonOf('risk/gate', stage, `the widest step is ${percent(wide)} points, and was ${percent(narrow)}`);
  }
  if (news.length >= olds.length) return undefined;
  return reasonOf(
    'risk/gate',
    stage,
    `a candidate is looked at after ${counted(news.length, 'step')}, and was after ${olds.length}`,
  );
}

function stepsOf(policy: unknown): number[] {
  return listAt(policy, 'exposures').map((exposure) => numberAt(exposure, 'weight') ?? 0);
}

function stepsInWords(policy: unknown): string {
  const texts = listAt(policy, 'exposures').map((exposure) => {
    const [mirror, header] = [numberAt(exposure, 'mirror'), textAt(exposure, 'header', 'name')];
    if (mirror !== undefined) return `copies of ${percent(mirror)} %`;
    if (header !== undefined) return `requests with ${shown(header)}: ${shown(textAt(exposure, 'header', 'value'))}`;
    return `${percent(numberAt(exposure, 'weight') ?? 0)} %`;
  });
  return listed(texts, 12) || 'none';
}

/** The widest jump on the way to all requests. */
function widest(steps: readonly number[]): number {
  return Math.max(...[...steps, 100].map((step, index, all) => step - (all[index - 1] ?? 0)));
}

function bakeWords(stage: Stage, subject: string, old: unknown, now: unknown): Phrase[] {
  const [was, is] = [old, now].map((time) => (typeof time === 'string' ? parseDuration(time.slice(0, 40)) : 0));
  const shorter = was === undefined || is === undefined ? old !== undefined : is < was;
  return [
    phrase(
      `bake time of ${subject} ${isWas(now, old)}`,
      shorter ? reasonOf('risk/gate', stage, 'what shows late is not seen') : undefined,
    ),
  ];
}

/** What is kept of the release that served before, the more the better. */
const KEPT: readonly unknown[] = ['none', 'stopped', 'warm'];

function keepWords(stage: Stage, subject: string, old: unknown = 'none', now: unknown = 'none'): Phrase[] {
  const text =
    now === 'none'
      ? `the release before is not kept for ${subject}`
      : `the release before of ${subject} is kept ${shown(now)}`;
  return [
    phrase(
      `${text} (was ${shown(old)})`,
      KEPT.indexOf(now) < KEPT.indexOf(old) ? reasonOf('risk/retire', stage) : undefined,
    ),
  ];
}
