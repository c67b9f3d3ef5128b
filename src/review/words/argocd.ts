import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { reasonOf, type RiskId, type Stage } from '../risks.ts';
import { stageOfNames } from '../stage.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { fieldsInWords } from './fields.ts';
import { projectWords } from './project.ts';
import {
  changesBelow,
  explainsAll,
  isBelow,
  isKind,
  labelOf,
  latest,
  listAt,
  listed,
  mapAt,
  shown,
  textAt,
  valueAt,
} from './read.ts';
import { touching } from './said.ts';

const ARGO = 'argoproj.io';

/**
 * What changes of how the tree reaches clusters: what AppProjects allow, and what Applications, ApplicationSets and Flux
 * deliver, from where, to where, and with how much care.
 *
 * @example argocdWords(unit, stage)[0]?.text // 'AppProject risk-ml may now deploy to namespace payments on eu-1'
 */
export function argocdWords(unit: ChangedUnit, stage: Stage): Said[] {
  return unit.objects.flatMap((change) => {
    const object = latest(change);
    if (isKind(object, ARGO, 'AppProject')) return projectWords(stage, change);
    if (isKind(object, ARGO, 'Application'))
      return deliveryWords(unit, stageOf(stage, change, ['spec']), change, APPLICATION);
    if (isKind(object, ARGO, 'ApplicationSet'))
      return deliveryWords(unit, stageOf(stage, change, ['spec', 'template', 'spec']), change, APPLICATION_SET);
    if (isKind(object, 'kustomize.toolkit.fluxcd.io', 'Kustomization'))
      return deliveryWords(unit, stageOf(stage, change, ['spec']), change, KUSTOMIZATION);
    if (FLUX_SOURCES.has(object.kind) && object.apiVersion.startsWith('source.toolkit.fluxcd.io/'))
      return deliveryWords(unit, stage, change, SOURCE);
    return protectionWords(unit, stage, change);
  });
}

/** What delivers stands in a folder of its own; which stage it is for, its paths say. Where they do not, it is as for others there. */
function stageOf(stage: Stage, { before, after }: ObjectChange, spec: readonly string[]): Stage {
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
  const known = paths.filter((path) => path !== undefined && !path.includes('{{'));
  // Each path must say it: one that says nothing may be production.
  const stages = known.map((path) => stageOfNames((path ?? '').split('/')));
  if (stages.length === 0) return stage;
  return stages.find(({ prod }) => prod) ?? stages[0]!;
}

/** A setting of what delivers. */
interface Setting {
  readonly path: readonly string[];
  /** What it is called: `path`, `targetRevision`. */
  readonly name: string;
  readonly rule: RiskId;
  /** In words, when `is … (was …)` is none. */
  readonly words?: (after: string, before: string) => string;
  /** Why a change is less careful; `undefined` when it is not. Without it every change looks elsewhere. */
  readonly careless?: (after: string, before: string) => string | undefined;
}

interface Delivery {
  readonly settings: readonly Setting[];
  /** Where the list of sync options is. */
  readonly syncOptions?: readonly string[];
  /** What of it decides which objects it finds. */
  readonly finds?: readonly string[];
  /** What differences are overlooked. */
  readonly ignores?: readonly (readonly string[])[];
  /** What happens to what it delivered when it goes away. */
  readonly whenRemoved: (object: unknown) => string;
}

const NONE = 'none';

/** A switch whose one value is less careful than the other one. */
function toggle(
  path: readonly string[],
  name: string,
  [on, off]: readonly [string, string],
  careless: 'true' | 'false',
  why: string,
): Setting {
  return {
    path,
    name,
    rule: 'risk/delivery',
    words: (after) => (after === 'true' ? on : off),
    careless: (after) => ((after === 'true') === (careless === 'true') ? why : undefined),
  };
}

function elsewhere(path: readonly string[], name: string, rule: RiskId = 'risk/delivery'): Setting {
  return { path, name, rule };
}

function applicationSettings(...spec: string[]): Setting[] {
  const sources = ['repoURL', 'path', 'targetRevision', 'chart'];
  return [
    {
      path: [...spec, 'syncPolicy', 'automated'],
      name: 'automated',
      rule: 'risk/delivery',
      words: (after) => (after === NONE ? 'no longer syncs by itself' : 'syncs by itself now'),
      careless: (after) =>
        after === NONE
          ? 'changes of Git, rollbacks among them, wait for somebody'
          : 'what is merged reaches the cluster at once',
    },
    toggle(
      [...spec, 'syncPolicy', 'automated', 'prune'],
      'prune',
      ['deletes what leaves Git', 'no longer deletes what leaves Git'],
      'true',
      'a file that is deleted by mistake takes its object along',
    ),
    toggle(
      [...spec, 'syncPolicy', 'automated', 'selfHeal'],
      'selfHeal',
      ['takes back changes by hand', 'no longer takes back changes by hand'],
      'false',
      'what somebody changes on the cluster stays',
    ),
    toggle(
      [...spec, 'syncPolicy', 'automated', 'allowEmpty'],
      'allowEmpty',
      ['may delete everything', 'may no longer delete everything'],
      'true',
      'an empty folder takes all objects along',
    ),
    ...sources.map((field) => elsewhere([...spec, 'source', field], field)),
    ...['server', 'name', 'namespace'].map((field) =>
      elsewhere([...spec, 'destination', field], `destination ${field}`, 'risk/destination'),
    ),
    elsewhere([...spec, 'project'], 'project'),
  ];
}

const POLICIES: readonly string[] = ['create-only', 'create-update', 'create-delete', 'sync'];

const APPLICATION: Delivery = {
  settings: applicationSettings('spec'),
  syncOptions: ['spec', 'syncPolicy', 'syncOptions'],
  finds: ['spec', 'sources'],
  ignores: [['spec', 'ignoreDifferences']],
  whenRemoved: (object) =>
    listAt(object, 'metadata', 'finalizers').some((finalizer) => String(finalizer).startsWith('resources-finalizer'))
      ? 'all that it delivered is deleted with it'
      : 'what it delivered stays, and nobody delivers it any more',
};

const APPLICATION_SET: Delivery = {
  settings: [
    ...applicationSettings('spec', 'template', 'spec'),
    toggle(
      ['spec', 'syncPolicy', 'preserveResourcesOnDeletion'],
      'preserveResourcesOnDeletion',
      ['keeps the objects of an Application that goes', 'no longer keeps the objects of an Application that goes'],
      'false',
      'an Application that goes takes its objects along',
    ),
    {
      path: ['spec', 'syncPolicy', 'applicationsSync'],
      name: 'applicationsSync',
      rule: 'risk/delivery',
      careless: (after, before) =>
        policyRank(after) > policyRank(before) ? 'it may do more to Applications' : undefined,
    },
  ],
  syncOptions: ['spec', 'template', 'spec', 'syncPolicy', 'syncOptions'],
  finds: ['spec', 'generators'],
  ignores: [['spec', 'template', 'spec', 'ignoreDifferences']],
  whenRemoved: (object) =>
    textAt(object, 'spec', 'syncPolicy', 'preserveResourcesOnDeletion') === 'true'
      ? 'its Applications go, their objects stay'
      : 'its Applications go, and their objects with them',
};

/** Without a policy everything is allowed. */
function policyRank(policy: string): number {
  const rank = POLICIES.indexOf(policy);
  return rank < 0 ? POLICIES.length - 1 : rank;
}

const KUSTOMIZATION: Delivery = {
  settings: [
    toggle(
      ['spec', 'prune'],
      'prune',
      ['deletes what leaves Git', 'no longer deletes what leaves Git'],
      'true',
      'a file that is deleted by mistake takes its object along',
    ),
    toggle(
      ['spec', 'force'],
      'force',
      ['deletes and creates again what cannot be changed', 'no longer deletes what cannot be changed'],
      'true',
      'live objects may be deleted',
    ),
    toggle(
      ['spec', 'suspend'],
      'suspend',
      ['is suspended', 'is no longer suspended'],
      'true',
      'changes of Git, rollbacks among them, are not applied',
    ),
    toggle(
      ['spec', 'wait'],
      'wait',
      ['waits until all is ready', 'no longer waits until all is ready'],
      'false',
      'what depends on it does not wait either',
    ),
    ...['path', 'targetNamespace', 'serviceAccountName', 'deletionPolicy'].map((field) =>
      elsewhere(['spec', field], field),
    ),
    ...['kind', 'name', 'namespace'].map((field) => elsewhere(['spec', 'sourceRef', field], `source ${field}`)),
    elsewhere(['spec', 'kubeConfig', 'secretRef', 'name'], 'cluster (kubeConfig)', 'risk/destination'),
  ],
  finds: ['spec', 'patches'],
  ignores: [['spec', 'ignore']],
  whenRemoved: (object) =>
    textAt(object, 'spec', 'prune') === 'true'
      ? 'all that it delivered is deleted with it'
      : 'what it delivered stays, and nobody delivers it any more',
};

const FLUX_SOURCES: ReadonlySet<string> = new Set(['GitRepository', 'OCIRepository', 'Bucket', 'HelmRepository']);

const SOURCE: Delivery = {
  settings: [
    ...['url', 'endpoint', 'bucketName'].map((field) => elsewhere(['spec', field], field)),
    ...['branch', 'tag', 'semver', 'commit', 'name', 'digest'].map((field) => elsewhere(['spec', 'ref', field], field)),
    toggle(
      ['spec', 'suspend'],
      'suspend',
      ['is suspended', 'is no longer suspended'],
      'true',
      'changes of Git, rollbacks among them, are not seen',
    ),
    toggle(
      ['spec', 'insecure'],
      'insecure',
      ['is read without TLS', 'is read with TLS'],
      'true',
      'somebody between may change it',
    ),
  ],
  finds: ['spec', 'verify'],
  whenRemoved: () => 'what is delivered from it gets no changes any more',
};

function deliveryWords(unit: ChangedUnit, stage: Stage, change: ObjectChange, delivery: Delivery): Said[] {
  const object = latest(change);
  const label = deliveryLabel(unit, object);
  if (change.change === 'removed') {
    return [
      {
        text: `${label} removed: ${delivery.whenRemoved(object)}`,
        reasons: [reasonOf('risk/delete-live', stage, delivery.whenRemoved(object))],
        explains: [explainsAll(change)],
      },
    ];
  }
  if (change.change === 'added')
    return [{ text: `${label} added${whatItDelivers(object)}`, reasons: [], explains: [explainsAll(change)] }];
  const [before, after] = [change.before.object, change.after.object];
  const said = delivery.settings.flatMap((setting): Said[] => {
    const [was, is] = [settingOf(before, setting), settingOf(after, setting)];
    // Within a map that comes or goes as a whole, that is what is said.
    if (
      was === is ||
      (setting.path.includes('automated') &&
        setting.name !== 'automated' &&
        is === NONE &&
        valueAt(after, ...setting.path.slice(0, -1)) === undefined)
    )
      return [];
    const text = setting.words
      ? `${label} ${setting.words(is, was)}`
      : `${label}: ${setting.name} is ${is} (was ${was})`;
    const why = setting.careless ? setting.careless(is, was) : `it was ${was}`;
    const changes =
      setting.name === 'automated'
        ? changesBelow(change.changes, setting.path).filter(({ path }) => path.length === setting.path.length)
        : touching(change.changes, setting.path);
    return [
      {
        text,
        reasons: why === undefined ? [] : [reasonOf(setting.rule, stage, why)],
        explains: [{ of: change, changes }],
      },
    ];
  });
  return [
    ...said,
    ...optionWords(stage, change, label, delivery),
    ...findWords(stage, change, label, delivery),
    ...ignoreWords(stage, change, label, delivery),
    ...finalizerWords(stage, change, label),
  ];
}

/** Everything that delivers is in the namespace of Argo CD or Flux. */
function deliveryLabel(unit: ChangedUnit, object: KubeObject): string {
  return object.apiVersion.startsWith(`${ARGO}/`)
    ? `${object.kind} ${shown(object.metadata.name)}`
    : labelOf(unit, object);
}

/** The map of automatic sync is a setting by being there. */
function settingOf(object: unknown, { path, name }: Setting): string {
  const value = valueAt(object, ...path);
  if (name === 'automated')
    return value === undefined || value === null || textAt(value, 'enabled') === 'false' ? NONE : 'automated';
  return value === undefined || value === null ? NONE : shown(value, 120);
}

function whatItDelivers(object: unknown): string {
  const from =
    textAt(object, 'spec', 'source', 'path') ??
    textAt(object, 'spec', 'template', 'spec', 'source', 'path') ??
    textAt(object, 'spec', 'path') ??
    textAt(object, 'spec', 'url');
  const project = textAt(object, 'spec', 'project') ?? textAt(object, 'spec', 'template', 'spec', 'project');
  return `${from === undefined ? '' : `: it delivers ${shown(from)}`}${project === undefined ? '' : `, in project ${shown(project)}`}`;
}

/** Options that make a sync less careful by being there. */
const CARELESS_OPTIONS: Readonly<Record<string, string>> = {
  'Force=true': 'objects may be deleted and created again',
  'Replace=true': 'objects are replaced, and fields of controllers lost',
  'Validate=false': 'objects are not checked before they are applied',
  'PruneLast=false': 'objects may go before what replaces them is there',
  'ServerSideApply=false': 'fields of controllers may be taken over',
  'Prune=true': 'what leaves Git is deleted',
};

function optionWords(stage: Stage, change: ObjectChange, label: string, { syncOptions }: Delivery): Said[] {
  if (!syncOptions) return [];
  const [old, now] = [change.before, change.after].map(
    (placed) => new Set(listAt(placed?.object, ...syncOptions).map((option) => shown(option))),
  );
  const changes = changesBelow(change.changes, syncOptions);
  const gone = [...old!].filter((option) => !now!.has(option));
  const come = [...now!].filter((option) => !old!.has(option));
  if (gone.length + come.length === 0) return [];
  const why = [
    ...gone.filter((option) => !Object.hasOwn(CARELESS_OPTIONS, option)).map((option) => `it synced with ${option}`),
    ...come.flatMap((option) => carelessness(option) ?? []),
  ];
  const text =
    gone.length === 0
      ? `${label} syncs with ${listed(come)} too`
      : come.length === 0
        ? `${label} no longer syncs with ${listed(gone)}`
        : `${label} syncs with ${listed(come)} (was ${listed(gone)})`;
  return [
    {
      text,
      reasons: why.map((reason) => reasonOf('risk/delivery', stage, reason)),
      explains: [{ of: change, changes }],
    },
  ];
}

function carelessness(option: string): string | undefined {
  return Object.hasOwn(CARELESS_OPTIONS, option) ? CARELESS_OPTIONS[option] : undefined;
}

function findWords(stage: Stage, change: ObjectChange, label: string, { finds }: Delivery): Said[] {
  const changes = finds ? changesBelow(change.changes, finds) : [];
  if (changes.length === 0) return [];
  return [
    {
      text: `${label} looks elsewhere: ${fieldsInWords(changes, 2)}`,
      reasons: [reasonOf('risk/delivery', stage, 'it may deliver other things, or no longer what it did')],
      explains: [{ of: change, changes }],
    },
  ];
}

function ignoreWords(stage: Stage, change: ObjectChange, label: string, { ignores = [] }: Delivery): Said[] {
  const changes = changesBelow(change.changes, ...ignores);
  if (changes.length === 0) return [];
  const more = changes.some(({ op }) => op !== 'remove');
  return [
    {
      text: `${label} overlooks ${more ? 'other' : 'fewer'} differences: ${fieldsInWords(changes, 2)}`,
      reasons: more ? [reasonOf('risk/delivery', stage, 'what differs there on the cluster stays')] : [],
      explains: [{ of: change, changes }],
    },
  ];
}

function finalizerWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  const cascades = (object: unknown): boolean =>
    listAt(object, 'metadata', 'finalizers').some((finalizer) =>
      String(finalizer).startsWith('resources-finalizer.argocd.argoproj.io'),
    );
  const [was, is] = [cascades(change.before?.object), cascades(change.after?.object)];
  if (was === is) return [];
  const changes = changesBelow(change.changes, ['metadata', 'finalizers']);
  const text = is
    ? `${label} takes its objects along when it is deleted`
    : `${label} leaves its objects when it is deleted`;
  return [
    {
      text,
      reasons: is ? [reasonOf('risk/delivery', stage, 'deleting it deletes what it delivers')] : [],
      explains: [{ of: change, changes }],
    },
  ];
}

/** Annotations that keep an object when it leaves Git. */
const KEPT: readonly (readonly [string, RegExp])[] = [
  ['argocd.argoproj.io/sync-options', /(?:^|[,\s])(?:Prune|Delete)=(?:false|confirm)/],
  ['kustomize.toolkit.fluxcd.io/prune', /^disabled$/i],
  ['helm.sh/resource-policy', /^keep$/],
];

function protectionWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (change.change === 'added' || change.change === 'removed') return [];
  const kept = (object: unknown, [annotation, form]: readonly [string, RegExp]): boolean =>
    form.test(textAt(mapAt(object, 'metadata', 'annotations'), annotation) ?? '');
  return KEPT.flatMap((protection): Said[] => {
    if (!kept(change.before.object, protection) || kept(change.after.object, protection)) return [];
    const changes: Change[] = change.changes.filter(
      ({ path }) =>
        isBelow(path, ['metadata', 'annotations', protection[0]]) || (path.length === 2 && path[1] === 'annotations'),
    );
    return [
      {
        text: `${labelOf(unit, change.after.object)} is no longer kept when it leaves Git`,
        reasons: [reasonOf('risk/delivery', stage, `${protection[0]} kept it`)],
        explains: [{ of: change, changes }],
      },
    ];
  });
}
