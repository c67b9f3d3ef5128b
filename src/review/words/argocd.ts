import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { isKind, listAt, textAt, valueAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { stageOfNames } from '../stage.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, isAltered, latest, touching, type Altered } from './changes.ts';
import { AUTOMATED, cascades, deliveryOf, type Delivery, type Setting } from './deliveries.ts';
import { fieldsInWords } from './fields.ts';
import { projectWords } from './project.ts';
import { sentence } from './said.ts';
import { comeAndGone } from './sets.ts';
import { labelOf } from './subject.ts';
import { listed, shown } from './text.ts';

/**
 * What changes of how the tree reaches clusters: what AppProjects allow, and what Applications, ApplicationSets and Flux
 * deliver, from where, to where, and with how much care.
 *
 * @example argocdWords(unit, stage)[0]?.text // 'AppProject risk-ml may now deploy to namespace payments on eu-1'
 */
export function argocdWords(unit: ChangedUnit, stage: Stage): Said[] {
  return unit.objects.flatMap((change) => {
    const object = latest(change);
    if (isKind(object, 'argoproj.io', 'AppProject')) return projectWords(stage, change);
    const delivery = deliveryOf(object);
    return delivery
      ? deliveryWords(unit, stageOf(stage, change, delivery), change, delivery)
      : protectionWords(unit, stage, change);
  });
}

/** What delivers stands in a folder of its own; which stage it is for, its paths say. Where they do not, it is as for others there. */
function stageOf(stage: Stage, { before, after }: ObjectChange, { spec }: Delivery): Stage {
  if (stage.assumed === undefined) return stage;
  const paths = [before, after].flatMap((placed) => [
    textAt(placed?.object, ...spec, 'source', 'path'),
    textAt(placed?.object, 'spec', 'path'),
    ...listAt(placed?.object, 'spec', 'generators').flatMap((generator) =>
      [...listAt(generator, 'git', 'files'), ...listAt(generator, 'git', 'directories')].map((file) =>
        textAt(file, 'path'),
      ),
    ),
  ]);
  // Each path must say it: one that says nothing may be production.
  const stages = paths.flatMap((path) =>
    path === undefined || path.includes('{{') ? [] : [stageOfNames(path.split('/'))],
  );
  return stages.find(({ prod }) => prod) ?? stages[0] ?? stage;
}

function deliveryWords(unit: ChangedUnit, stage: Stage, change: ObjectChange, delivery: Delivery): Said[] {
  const object = latest(change);
  // All of Argo CD's own objects are in one namespace.
  const label = object.apiVersion.startsWith('argoproj.io/')
    ? `${object.kind} ${shown(object.metadata.name)}`
    : labelOf(unit, object);
  if (change.change === 'removed') {
    return [
      sentence(
        `${label} removed: ${delivery.whenRemoved(object)}`,
        { of: change },
        reasonOf('risk/delete-live', stage, 'nobody delivers what it did'),
      ),
    ];
  }
  if (change.change === 'added') return [sentence(`${label} added${whatItDelivers(object, delivery)}`, { of: change })];
  return [
    ...delivery.settings.flatMap((setting) => settingWords(stage, change, label, setting, delivery.finds)),
    ...optionWords(stage, change, label, delivery),
    ...findWords(stage, change, label, delivery),
    ...ignoreWords(stage, change, label, delivery),
    ...finalizerWords(stage, change, label),
  ];
}

function settingWords(
  stage: Stage,
  change: Altered,
  label: string,
  { path, name, rule, of, words, why }: Setting,
  finds: Path,
): Said[] {
  const [was, is] = [of(change.before.object), of(change.after.object)];
  const around = path.slice(0, -1);
  // When automatic sync ends, that is what is said, and not what it did.
  if (was === is || (around.at(-1) === AUTOMATED && valueAt(change.after.object, ...around) === undefined)) return [];
  const touched = touching(change.changes, path);
  const changes =
    name === AUTOMATED
      ? touched.filter((one) => one.path.length <= path.length || one.path.at(-1) === 'enabled')
      : touched;
  const text = words ? `${label} ${words(is)}` : `${label}: ${name} is ${is} (was ${was})`;
  const reason = why(is, was);
  const again = changesBelow(change.changes, finds).filter((one) => sourceOf(one) === name && one.after === is);
  return [
    sentence(
      text,
      { of: change, changes: [...changes, ...again] },
      reason === undefined ? undefined : reasonOf(rule, stage, reason),
    ),
  ];
}

/** What a field of a generator is called in the source of its template: mostly both read the same repository. */
function sourceOf({ path }: Change): string | undefined {
  const field = path.at(-1);
  return path.includes('git')
    ? field === 'revision'
      ? 'targetRevision'
      : field === 'repoURL'
        ? field
        : undefined
    : undefined;
}

function whatItDelivers(object: KubeObject, { spec }: Delivery): string {
  const path =
    textAt(object, ...spec, 'source', 'path') ?? textAt(object, 'spec', 'path') ?? textAt(object, 'spec', 'url');
  // A template says nothing; what it is filled from does.
  const files = listAt(object, 'spec', 'generators').flatMap((generator) =>
    listAt(generator, 'git', 'files').map((file) => textAt(file, 'path')),
  );
  const from = path?.includes('{{') ? files[0]?.replace(/\/[^/]*\.json$/, '') : path;
  const project = textAt(object, ...spec, 'project');
  return `${from === undefined ? '' : `: it delivers ${shown(from)}`}${project === undefined ? '' : `, in project ${shown(project)}`}`;
}

/** Options that make a sync less careful by being there. */
const CARELESS: ReadonlyMap<string, string> = new Map([
  ['Force=true', 'objects may be deleted and created again'],
  ['Replace=true', 'objects are replaced, and fields of controllers lost'],
  ['Validate=false', 'objects are not checked before they are applied'],
  ['PruneLast=false', 'objects may go before what replaces them is there'],
  ['ServerSideApply=false', 'fields of controllers may be taken over'],
  ['Prune=true', 'what leaves Git is deleted'],
]);

function optionWords(stage: Stage, change: Altered, label: string, { spec }: Delivery): Said[] {
  const path = [...spec, 'syncPolicy', 'syncOptions'];
  const options = (object: unknown): string[] => listAt(object, ...path).map((option) => shown(option));
  const { come, gone } = comeAndGone(options(change.before.object), options(change.after.object));
  if (gone.length + come.length === 0) return [];
  const text =
    gone.length === 0
      ? `syncs with ${listed(come)} too`
      : come.length === 0
        ? `no longer syncs with ${listed(gone)}`
        : `syncs with ${listed(come)} (was ${listed(gone)})`;
  const why = [
    ...(gone.some((option) => !CARELESS.has(option)) ? [undefined] : []),
    ...come.flatMap((option) => CARELESS.get(option) ?? []),
  ];
  const explains = { of: change, changes: touching(change.changes, path) };
  return [sentence(`${label} ${text}`, explains, ...why.map((reason) => reasonOf('risk/delivery', stage, reason)))];
}

function findWords(stage: Stage, change: Altered, label: string, { finds, spec }: Delivery): Said[] {
  const old = (name: string): unknown => valueAt(change.before.object, ...spec, 'source', name);
  const now = (name: string): unknown => valueAt(change.after.object, ...spec, 'source', name);
  const changes = changesBelow(change.changes, finds).filter((one) => {
    const name = sourceOf(one);
    return name === undefined || one.after !== now(name) || old(name) === now(name);
  });
  if (changes.length === 0) return [];
  const reason = reasonOf('risk/delivery', stage, 'it may deliver other things, or no longer what it did');
  return [sentence(`${label} looks elsewhere: ${fieldsInWords(changes, 2)}`, { of: change, changes }, reason)];
}

function ignoreWords(stage: Stage, change: Altered, label: string, { ignores }: Delivery): Said[] {
  const changes = changesBelow(change.changes, ignores);
  if (changes.length === 0) return [];
  const more = changes.some(({ op }) => op !== 'remove');
  const text = `${label} overlooks ${more ? 'other' : 'fewer'} differences: ${fieldsInWords(changes, 2)}`;
  return [
    sentence(
      text,
      { of: change, changes },
      more ? reasonOf('risk/delivery', stage, 'what differs there on the cluster stays') : undefined,
    ),
  ];
}

function finalizerWords(stage: Stage, change: Altered, label: string): Said[] {
  const [was, is] = [cascades(change.before.object), cascades(change.after.object)];
  if (was === is) return [];
  const explains = { of: change, changes: changesBelow(change.changes, ['metadata', 'finalizers']) };
  const reason = is ? reasonOf('risk/delivery', stage, 'deleting it deletes what it delivers') : undefined;
  return [
    sentence(`${label} ${is ? 'takes its objects along' : 'leaves its objects'} when it is deleted`, explains, reason),
  ];
}

/** Annotations that keep an object when it leaves Git. */
const KEPT: readonly (readonly [string, RegExp])[] = [
  ['argocd.argoproj.io/sync-options', /(?:^|[,\s])(?:Prune|Delete)=(?:false|confirm)/],
  ['kustomize.toolkit.fluxcd.io/prune', /^disabled$/i],
  ['helm.sh/resource-policy', /^keep$/],
];

function protectionWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isAltered(change)) return [];
  return KEPT.flatMap(([annotation, form]) => {
    const path = ['metadata', 'annotations', annotation];
    const kept = (object: unknown): boolean => form.test(textAt(object, ...path) ?? '');
    if (!kept(change.before.object) || kept(change.after.object)) return [];
    const reason = reasonOf('risk/delivery', stage, `${annotation} kept it`);
    const text = `${labelOf(unit, change.after.object)} is no longer kept when it leaves Git`;
    return [sentence(text, { of: change, changes: touching(change.changes, path) }, reason)];
  });
}
