import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type RiskId, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { documentWords } from './documents.ts';
import { fieldInWords, fieldsInWords } from './fields.ts';
import { counted, groupedBy, isBelow, labelOf, latest, listed, shown, textAt } from './read.ts';
import { isSecret } from './secrets.ts';

/** So many objects of a kind have a sentence each; more share one. */
const FEW = 3;

/** Kinds that hold data or other objects. */
export const DATA: ReadonlySet<string> = new Set([
  'CustomResourceDefinition',
  'ExternalSecret',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'SealedSecret',
  'Secret',
  'VolumeSnapshot',
]);

/** Kinds that run, or that callers find what runs by. */
const LIVE: ReadonlySet<string> = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'GRPCRoute',
  'Gateway',
  'HTTPRoute',
  'HelmRelease',
  'InferenceGraph',
  'InferenceService',
  'Ingress',
  'Job',
  'LLMInferenceService',
  'Pod',
  'ReplicaSet',
  'Rollout',
  'Route',
  'ScaledObject',
  'Service',
  'ServiceEntry',
  'ServingRuntime',
  'StatefulSet',
  'TCPRoute',
  'TLSRoute',
  'VirtualService',
]);

/** Kinds that run pods, and the fields of them that pods are made of. */
const TEMPLATES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  DaemonSet: [['spec', 'template']],
  Deployment: [['spec', 'template']],
  InferenceService: [
    ['spec', 'predictor'],
    ['spec', 'transformer'],
    ['spec', 'explainer'],
  ],
  LLMInferenceService: [
    ['spec', 'template'],
    ['spec', 'worker'],
    ['spec', 'prefill'],
  ],
  Pod: [['spec']],
  Rollout: [['spec', 'template']],
  Service: [['spec', 'template']],
  ServingRuntime: [
    ['spec', 'containers'],
    ['spec', 'volumes'],
  ],
  StatefulSet: [['spec', 'template']],
};

/**
 * Words for all that no other rule has words for: objects that come, go or get another name, fields, labels, files.
 *
 * @param unexplained what is left, an object without `changes` as a whole.
 * @example restOf(unit, stage, rest)[0]?.text // 'Deployment shop/api: spec.replicas is 3 (was 2)'
 */
export function restOf(unit: ChangedUnit, stage: Stage, unexplained: readonly Explained[]): Said[] {
  const objects = unexplained.flatMap(({ of, changes }) =>
    'file' in of ? [] : [{ of, changes: changes ?? of.changes }],
  );
  const documents = unexplained.flatMap(({ of, changes }) =>
    'file' in of ? [{ of, changes: changes ?? of.changes }] : [],
  );
  return [
    ...arrivals(
      unit,
      stage,
      objects.map(({ of }) => of),
    ),
    ...objects.flatMap(({ of, changes }) => replacements(unit, stage, of, changes)),
    ...fields(unit, stage, objects),
    ...documentWords(unit, stage, documents),
  ];
}

/** An object that comes, or goes by a rule. */
interface Arrival {
  readonly change: ObjectChange;
  readonly kind: string;
  readonly rule: Deletion | undefined;
}

function arrivals(unit: ChangedUnit, stage: Stage, changes: readonly ObjectChange[]): Said[] {
  const all = changes.flatMap((change): Arrival[] => {
    const { kind } = latest(change);
    if (change.change === 'removed') return [{ change, kind, rule: deletionOf(kind) }];
    return change.change === 'added' ? [{ change, kind, rule: undefined }] : [];
  });
  const groups = groupedBy(all, ({ change, kind, rule }) => `${change.change}\n${kind}\n${rule ?? ''}`);
  return [...groups.values()].flatMap((group): Said[] => {
    const {
      change: { change: verb },
      kind,
      rule,
    } = group[0]!;
    const reason = rule === undefined ? [] : [reasonOf(rule, stage, DELETED[rule])];
    if (group.length <= FEW || rule === 'risk/delete-data' || rule === 'risk/delete-live') {
      return group.map(({ change }) => ({
        text: `${labelOf(unit, latest(change))} ${verb}`,
        reasons: reason,
        explains: [{ of: change }],
      }));
    }
    const names = group.map(({ change }) => labelOf(unit, latest(change)).slice(shown(kind).length + 1));
    return [
      {
        text: `${counted(group.length, 'object')} of kind ${shown(kind)} ${verb}: ${listed(names)}`,
        reasons: reason,
        explains: group.map(({ change }) => ({ of: change })),
      },
    ];
  });
}

type Deletion = 'risk/delete-data' | 'risk/delete-live' | 'risk/delete';

const DELETED: Readonly<Record<Deletion, string>> = {
  'risk/delete-data': 'what it holds goes with it',
  'risk/delete-live': 'it may be in use',
  'risk/delete': 'something may count on it',
} satisfies Readonly<Partial<Record<RiskId, string>>>;

function deletionOf(kind: string): Deletion {
  return DATA.has(kind) ? 'risk/delete-data' : LIVE.has(kind) ? 'risk/delete-live' : 'risk/delete';
}

/** What names an object: the cluster knows no change of it. */
function isName({ path }: Change): boolean {
  return path.length === 2 && path[0] === 'metadata' && (path[1] === 'name' || path[1] === 'namespace');
}

function replacements(unit: ChangedUnit, stage: Stage, change: ObjectChange, changes: readonly Change[]): Said[] {
  const names = changes.filter(isName);
  if (change.change !== 'replaced' || names.length === 0) return [];
  const {
    before: { object: old },
    after: { object: now },
  } = change;
  const moved = textAt(old, 'metadata', 'namespace') !== textAt(now, 'metadata', 'namespace');
  const title = (object: typeof now): string => {
    const namespace = textAt(object, 'metadata', 'namespace');
    return `${namespace === undefined || (!moved && labelOf(unit, object).indexOf('/') < 0) ? '' : `${shown(namespace)}/`}${shown(object.metadata.name)}`;
  };
  const deletion = deletionOf(old.kind);
  const reason: Reason =
    deletion === 'risk/delete-live'
      ? reasonOf('risk/replace', stage, `${shown(old.kind)} is a live object`)
      : reasonOf(deletion, stage, DELETED[deletion]);
  return [
    {
      text: `${shown(old.kind)} ${title(old)} is now ${title(now)}: it is deleted and created again`,
      reasons: [reason],
      explains: [{ of: change, changes: names }],
    },
  ];
}

interface Left {
  readonly of: ObjectChange;
  readonly changes: readonly Change[];
}

function fields(unit: ChangedUnit, stage: Stage, left: readonly Left[]): Said[] {
  const open = left
    .map(({ of, changes }) => ({
      of,
      changes: changes.filter((change) => !(of.change === 'replaced' && isName(change))),
    }))
    .filter(({ changes }) => changes.length > 0);
  const tags = open.filter(({ changes }) => changes.every(isTag));
  return [
    ...open.filter(({ changes }) => !changes.every(isTag)).map((one) => fieldWords(unit, stage, one)),
    ...tagWords(unit, tags),
  ];
}

function fieldWords(unit: ChangedUnit, stage: Stage, { of, changes }: Left): Said {
  const object = latest(of);
  const label = labelOf(unit, object);
  // All values of a Secret are masked.
  const words =
    isSecret(object) && changes.every(({ path }) => path[0] === 'data' || path[0] === 'stringData')
      ? 'its data changed'
      : fieldsInWords(changes);
  const restarts = (Object.hasOwn(TEMPLATES, object.kind) ? TEMPLATES[object.kind]! : []).some((prefix) =>
    changes.some(({ path }) => isBelow(path, prefix) && !path.includes('annotations') && !path.includes('labels')),
  );
  return {
    text: `${label}: ${words}`,
    reasons: restarts ? [reasonOf('risk/in-place', stage, 'its pods are made anew')] : [],
    explains: [{ of, changes }],
  };
}

/** A label or an annotation of the object itself. */
function isTag({ path }: Change): boolean {
  return path[0] === 'metadata' && (path[1] === 'labels' || path[1] === 'annotations');
}

function tagInWords(change: Change): string {
  const [, kind, name] = change.path;
  return name === undefined
    ? fieldInWords(change, shown(kind))
    : `${kind === 'labels' ? 'label' : 'annotation'} ${fieldInWords(change, shown(name, 100))}`;
}

/** Labels and annotations: the same change of many objects is one sentence. */
function tagWords(unit: ChangedUnit, left: readonly Left[]): Said[] {
  const words = ({ changes }: Left): string => listed(changes.map(tagInWords));
  return [...groupedBy(left, words)].flatMap(([text, group]): Said[] => {
    const explains = group.map(({ of, changes }) => ({ of, changes }));
    if (group.length <= FEW)
      return group.map(({ of, changes }) => ({
        text: `${labelOf(unit, latest(of))}: ${text}`,
        reasons: [],
        explains: [{ of, changes }],
      }));
    const whose = unit.place.service === undefined ? '' : ` of ${shown(unit.place.service)}`;
    return [{ text: `${counted(group.length, 'object')}${whose}: ${text}`, reasons: [], explains }];
  });
}
