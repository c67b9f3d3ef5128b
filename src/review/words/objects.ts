import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { nameOf, textAt } from '../read.ts';
import { reasonOf, type RiskId, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { isAltered, isBelow, latest } from './changes.ts';
import { dangersOf } from './dangers.ts';
import { documentWords, type LeftDocument } from './documents.ts';
import { fieldInWords, fieldsInWords } from './fields.ts';
import { DATA, LIVE, POD_FIELDS } from './kinds.ts';
import { sentence } from './said.ts';
import { isSecret } from './secrets.ts';
import { groupedBy } from './sets.ts';
import { labelOf, serviceOf } from './subject.ts';
import { counted, listed, shown } from './text.ts';

/** So many objects of a kind have a sentence each; more share one. */
const FEW = 3;

/** What is left of an object. */
interface Left {
  readonly of: ObjectChange;
  readonly changes: readonly Change[];
}

/**
 * Words for all that no other rule has words for: objects that come, go or get another name, fields, labels, files.
 *
 * @param unexplained what is left, an object without `changes` as a whole.
 * @example restOf(unit, stage, rest)[0]?.text // 'Deployment shop/api: spec.replicas is 3 (was 2)'
 */
export function restOf(unit: ChangedUnit, stage: Stage, unexplained: readonly Explained[]): Said[] {
  const objects: Left[] = [];
  const documents: LeftDocument[] = [];
  for (const { of, changes = of.changes } of unexplained) {
    if ('file' in of) documents.push({ of, changes });
    else objects.push({ of, changes });
  }
  return [
    ...arrivals(unit, stage, objects),
    ...objects.flatMap((left) => replacements(unit, stage, left)),
    ...fields(unit, stage, objects),
    ...documentWords(unit, stage, documents),
  ];
}

type Deletion = Extract<RiskId, 'risk/delete-data' | 'risk/delete-live' | 'risk/delete'>;

function deletionOf(kind: string): Deletion {
  return DATA.has(kind) ? 'risk/delete-data' : LIVE.has(kind) ? 'risk/delete-live' : 'risk/delete';
}

/** What somebody counts on that goes with an object of a kind. */
const LOST: ReadonlyMap<string, string> = new Map([
  ['CronJob', 'it no longer runs'],
  ['ExternalSecret', 'the Secret that it makes goes with it'],
  ['HelmRelease', 'all that its chart made is deleted with it'],
  ['HorizontalPodAutoscaler', 'nothing scales any more what it scaled'],
  ['Job', 'it no longer runs'],
  ['PodDisruptionBudget', 'a drain may take all replicas at once'],
  ['ServiceEntry', 'calls of its hosts may fail'],
]);

/** Kinds of which nobody can say from the tree what one more does. */
const OPAQUE: ReadonlySet<string> = new Set(['EnvoyFilter', 'HelmRelease', 'WasmPlugin']);

function arrivals(unit: ChangedUnit, stage: Stage, left: readonly Left[]): Said[] {
  const changes = left.map(({ of }) => of).filter(({ change }) => change === 'added' || change === 'removed');
  return [...groupedBy(changes, (of) => `${of.change}\n${latest(of).kind}`).values()].flatMap((group): Said[] => {
    const { kind } = latest(group[0]!);
    const verb = group[0]!.change;
    const rule = verb === 'removed' ? deletionOf(kind) : OPAQUE.has(kind) ? 'risk/unknown' : undefined;
    const reason =
      rule && reasonOf(rule, stage, verb === 'removed' ? LOST.get(kind) : 'what it does is not in the tree');
    if (group.length <= FEW || rule === 'risk/delete-data' || rule === 'risk/delete-live') {
      return group.map((of) => sentence(`${labelOf(unit, latest(of))} ${verb}`, { of }, reason));
    }
    const names = group.map((of) => labelOf(unit, latest(of)).slice(shown(kind).length + 1));
    const text = `${counted(group.length, 'object')} of kind ${shown(kind)} ${verb}: ${listed(names)}`;
    return [
      sentence(
        text,
        group.map((of) => ({ of })),
        reason,
      ),
    ];
  });
}

/** What names an object: the cluster knows no change of it. */
function isName({ path }: Change): boolean {
  return path.length === 2 && path[0] === 'metadata' && (path[1] === 'name' || path[1] === 'namespace');
}

function replacements(unit: ChangedUnit, stage: Stage, { of, changes }: Left): Said[] {
  const names = changes.filter(isName);
  if (of.change !== 'replaced' || names.length === 0) return [];
  const [old, now] = [of.before.object, of.after.object];
  const moved = textAt(old, 'metadata', 'namespace') !== textAt(now, 'metadata', 'namespace');
  const title = (object: KubeObject): string => {
    const namespace = textAt(object, 'metadata', 'namespace');
    const said = namespace !== undefined && (moved || labelOf(unit, object).includes('/'));
    return `${said ? `${shown(namespace)}/` : ''}${shown(nameOf(object))}`;
  };
  const deletion = deletionOf(old.kind);
  const reason = reasonOf(deletion === 'risk/delete-live' ? 'risk/replace' : deletion, stage);
  return [
    sentence(
      `${shown(old.kind)} ${title(old)} is now ${title(now)}: it is deleted and created again`,
      { of, changes: names },
      reason,
    ),
  ];
}

function fields(unit: ChangedUnit, stage: Stage, left: readonly Left[]): Said[] {
  const open = left
    .map(({ of, changes }) => ({
      of,
      changes: of.change === 'replaced' ? changes.filter((change) => !isName(change)) : changes,
    }))
    .filter(({ changes }) => changes.length > 0);
  const [tags, others] = [true, false].map((tag) => open.filter(({ changes }) => changes.every(isTag) === tag));
  return [...others!.map((one) => fieldWords(unit, stage, one)), ...tagWords(unit, stage, tags!)];
}

function fieldWords(unit: ChangedUnit, stage: Stage, { of, changes }: Left): Said {
  const object = latest(of);
  // All values of a Secret are masked.
  const masked = isSecret(object) && changes.every(({ path }) => path[0] === 'data' || path[0] === 'stringData');
  const ofPods = ({ path }: Change): boolean =>
    (POD_FIELDS.get(object.kind) ?? []).some((field) => isBelow(path, field)) &&
    !path.includes('annotations') &&
    !path.includes('labels');
  const reason = changes.some(ofPods) ? reasonOf('risk/in-place', stage, 'its pods are made anew') : undefined;
  return sentence(
    `${labelOf(unit, object)}: ${masked ? 'its data changed' : fieldsInWords(changes)}`,
    { of, changes },
    ...(isAltered(of) ? dangersOf(of, changes, stage) : []),
    reason,
  );
}

/** A label or an annotation of the object itself. */
function isTag({ path }: Change): boolean {
  return path[0] === 'metadata' && (path[1] === 'labels' || path[1] === 'annotations');
}

function tagInWords(change: Change): string {
  const [, kind, name] = change.path;
  if (name === undefined) return fieldInWords(change, shown(kind));
  return `${kind === 'labels' ? 'label' : 'annotation'} ${fieldInWords(change, shown(name, 100))}`;
}

/** Labels and annotations: the same change of many objects is one sentence, and so are many small changes. */
function tagWords(unit: ChangedUnit, stage: Stage, left: readonly Left[]): Said[] {
  const service = serviceOf(unit);
  const of = (count: number): string => `${counted(count, 'object')}${service === undefined ? '' : ` of ${service}`}`;
  const reasons = (group: readonly Left[]): Reason[] =>
    group.flatMap(({ of, changes }) => (isAltered(of) ? dangersOf(of, changes, stage) : []));
  const groups = [...groupedBy(left, ({ changes }) => listed(changes.map(tagInWords)))];
  const single = groups.filter(([, group]) => group.length <= FEW).flatMap(([, group]) => group);
  const words = groups.flatMap(([text, group]): Said[] => {
    if (group.length > FEW) return [sentence(`${of(group.length)}: ${text}`, group, ...reasons(group))];
    return single.length > FEW
      ? []
      : group.map((one) => sentence(`${labelOf(unit, latest(one.of))}: ${text}`, one, ...reasons([one])));
  });
  return single.length > FEW
    ? [...words, sentence(`labels and annotations of ${of(single.length)} changed`, single, ...reasons(single))]
    : words;
}
