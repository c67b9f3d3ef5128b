import { parseDuration } from '../../core/duration.ts';
import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import { routeOf, type Route } from '../route.ts';
import { isPublicService, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import {
  changesBelow,
  comesOrGoes,
  explainsAll,
  explainsBelow,
  isKind,
  latest,
  listAt,
  listed,
  mapAt,
  numberAt,
  shown,
  subjectOf,
  textAt,
} from './read.ts';
import { merged, type Altered } from './said.ts';

/** How callers reach a service: addresses, gateways, timeouts and retries. */

/**
 * What changes of the addresses of a service, of who can reach it, and of how long and how often a request is tried.
 *
 * @example routeWords(unit, stage)[0]?.text // 'fraud-detector can be reached from outside of the cluster'
 */
export function routeWords(unit: ChangedUnit, stage: Stage): Said[] {
  // That a service comes to a place or goes from it is said as a whole.
  if (comesOrGoes(unit)) return [];
  const entries = unit.objects.flatMap((change) => {
    const [before, after] = [change.before && entryOf(change.before.object), change.after && entryOf(change.after.object)];
    return before || after ? [{ change, before, after }] : [];
  });
  return merged([
    ...addressesSaid(unit, stage, entries),
    ...entries.flatMap(({ change }) =>
      change.change === 'changed' ? [...retriesSaid(unit, change), ...portsSaid(unit, stage, change)] : [],
    ),
    ...timeoutsSaid(unit, stage),
    ...unit.objects.flatMap((change) => visibilitySaid(unit, stage, change)),
  ]);
}

/** Where callers find something: a route, an Ingress, a Service. */
type EntryPoint = Pick<Route, 'hosts' | 'public'>;

function entryOf(object: KubeObject): EntryPoint | undefined {
  const route = routeOf(object);
  if (route) return route;
  if (isKind(object, 'networking.k8s.io', 'Ingress')) {
    return { hosts: listAt(object, 'spec', 'rules').map((rule) => textAt(rule, 'host') ?? 'every host'), public: true };
  }
  return isKind(object, '', 'Service') && releaseOf(object) === undefined
    ? { hosts: [], public: isPublicService(object) }
    : undefined;
}

interface Entry {
  readonly change: ObjectChange;
  readonly before: EntryPoint | undefined;
  readonly after: EntryPoint | undefined;
}

const WHERE: readonly (readonly (string | number)[])[] = [
  ['spec', 'hosts'],
  ['spec', 'gateways'],
  ['spec', 'hostnames'],
  ['spec', 'parentRefs'],
  ['spec', 'type'],
  ['spec', 'rules', '*', 'host'],
];

/** Addresses and gateways, of all routes of a service together: one may take over the hosts of another. */
function addressesSaid(unit: ChangedUnit, stage: Stage, entries: readonly Entry[]): Said[] {
  const bySubject = new Map<string, Entry[]>();
  for (const entry of entries) {
    const subject = subjectOf(unit, latest(entry.change));
    const others = bySubject.get(subject);
    if (others) others.push(entry);
    else bySubject.set(subject, [entry]);
  }
  return [...bySubject].flatMap(([subject, own]) => {
    const moved = own.filter(({ change }) => change.change !== 'changed' || changesAtEntry(change).length > 0);
    // A Service comes and goes with other objects, which tell of it; a Service without a route is one of the rest.
    const told = moved.filter(
      ({ change, before, after }) =>
        change.change === 'changed' || (before ?? after)!.hosts.length > 0 || (before ?? after)!.public,
    );
    if (told.length === 0) return [];
    const explains = told.map(({ change }): Explained =>
      change.change === 'changed' ? { of: change, changes: changesAtEntry(change) } : explainsAll(change),
    );
    const [olds, news] = [
      new Set(own.flatMap(({ before }) => before?.hosts ?? [])),
      new Set(own.flatMap(({ after }) => after?.hosts ?? [])),
    ];
    const [fresh, gone] = [[...news].filter((host) => !olds.has(host)), [...olds].filter((host) => !news.has(host))];
    const [was, is] = [own.some(({ before }) => before?.public), own.some(({ after }) => after?.public)];
    const said: Said[] = [];
    if (fresh.length > 0)
      said.push({
        text: `${subject} answers at ${listed(fresh.map((each) => shown(each)))}${olds.size > 0 && gone.length === 0 ? ' too' : ''}`,
        reasons: [],
        explains,
      });
    if (gone.length > 0) {
      said.push({
        text: `${subject} no longer answers at ${listed(gone.map((each) => shown(each)))}`,
        reasons: [reasonOf('risk/address', stage, `callers of ${listed(gone.map((each) => shown(each)))} fail`)],
        explains,
      });
    }
    if (is && !was)
      said.push({
        text: `${subject} can be reached from outside of the cluster`,
        reasons: [reasonOf('risk/public', stage, doorsOf(told, 'after'))],
        explains,
      });
    if (was && !is)
      said.push({
        text: `${subject} can no longer be reached from outside of the cluster`,
        reasons: [reasonOf('risk/address', stage, 'callers from outside fail')],
        explains,
      });
    if (said.length > 0) return said;
    const gateways = told.some(
      ({ change }) =>
        change.change === 'changed' && changesBelow(change.changes, ['spec', 'gateways'], ['spec', 'parentRefs']).length > 0,
    );
    return gateways
      ? [
          {
            text: `${subject} is at ${doorsOf(told, 'after')} (was ${doorsOf(told, 'before')})`,
            reasons: is ? [reasonOf('risk/public', stage, 'who is behind another gateway reaches it')] : [],
            explains,
          },
        ]
      : [];
  });
}

function changesAtEntry(change: ObjectChange): ReturnType<typeof changesBelow> {
  return changesBelow(change.changes, ...WHERE);
}

/** The gateways and such by which callers come in. */
function doorsOf(entries: readonly Entry[], side: 'before' | 'after'): string {
  const doors = entries.flatMap(({ change }) => {
    const object = change[side]?.object;
    if (!object) return [];
    const gateways = listAt(object, 'spec', 'gateways').filter((gateway) => typeof gateway === 'string' && gateway !== 'mesh');
    const parents = listAt(object, 'spec', 'parentRefs').map((parent) =>
      [textAt(parent, 'namespace'), textAt(parent, 'name')].filter((text) => text !== undefined).join('/'),
    );
    const own = isKind(object, 'networking.k8s.io', 'Ingress')
      ? ['an Ingress']
      : isPublicService(object)
        ? [`a Service of type ${shown(textAt(object, 'spec', 'type'))}`]
        : [];
    return [...gateways, ...parents].map((door) => `gateway ${shown(door)}`).concat(own);
  });
  return listed([...new Set(doors)]) || 'no gateway';
}

/** The labels by which KServe and Knative keep a workload's own address inside of the cluster. */
const VISIBILITY = ['networking.kserve.io/visibility', 'networking.knative.dev/visibility'] as const;

function visibilitySaid(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (change.change !== 'changed') return [];
  const paths = VISIBILITY.map((label) => ['metadata', 'labels', label]);
  const touched = changesBelow(change.changes, ...paths);
  if (touched.length === 0) return [];
  const hidden = (object: KubeObject): boolean =>
    VISIBILITY.some((label) => textAt(object, 'metadata', 'labels', label) === 'cluster-local');
  const [was, is] = [hidden(change.before.object), hidden(change.after.object)];
  const name = shown(textAt(change.after.object, 'metadata', 'name'));
  const explains = [{ of: change, changes: touched }];
  if (was && !is)
    return [
      {
        text: `${name} of ${subjectOf(unit, change.after.object)} can be reached from outside of the cluster, past its routes`,
        reasons: [reasonOf('risk/public', stage, 'it is no longer cluster-local')],
        explains,
      },
    ];
  return is && !was
    ? [
        {
          text: `${name} of ${subjectOf(unit, change.after.object)} can be reached from inside of the cluster only`,
          reasons: [],
          explains,
        },
      ]
    : [];
}

/** Ports of a Service. */
function portsSaid(unit: ChangedUnit, stage: Stage, change: Altered): Said[] {
  if (!isKind(change.after.object, '', 'Service')) return [];
  const explains = explainsBelow(change, ['spec', 'ports']);
  if (explains.changes?.length === 0) return [];
  const ports = (object: KubeObject): string[] => listAt(object, 'spec', 'ports').map((port) => textAt(port, 'port') ?? '');
  const [olds, news] = [new Set(ports(change.before.object)), new Set(ports(change.after.object))];
  const [fresh, gone] = [[...news].filter((port) => !olds.has(port)), [...olds].filter((port) => !news.has(port))];
  const subject = subjectOf(unit, change.after.object);
  return [
    ...(fresh.length > 0
      ? [{ text: `${subject} answers at port ${listed(fresh.map((each) => shown(each)))}`, reasons: [], explains: [explains] }]
      : []),
    ...(gone.length > 0
      ? [
          {
            text: `${subject} no longer answers at port ${listed(gone.map((each) => shown(each)))}`,
            reasons: [reasonOf('risk/address', stage, 'callers of that port fail')],
            explains: [explains],
          },
        ]
      : []),
  ];
}

function retriesSaid(unit: ChangedUnit, change: Altered): Said[] {
  const explains = explainsBelow(change, ['spec', 'http', '*', 'retries'], ['spec', 'rules', '*', 'retry']);
  if (explains.changes?.length === 0) return [];
  const subject = subjectOf(unit, change.after.object);
  // Mostly all rules of a service have the same.
  const of = (object: KubeObject): string => {
    const texts = [
      ...listAt(object, 'spec', 'http').map((rule) => retryText(mapAt(rule, 'retries'))),
      ...listAt(object, 'spec', 'rules').map((rule) => retryText(mapAt(rule, 'retry'))),
    ];
    return listed([...new Set(texts)], 2);
  };
  const [was, is] = [of(change.before.object), of(change.after.object)];
  return was === is
    ? []
    : [{ text: `requests to ${subject} are tried again ${is} (was ${was})`, reasons: [], explains: [explains] }];
}

function retryText(retries: unknown): string {
  const attempts = numberAt(retries, 'attempts');
  const per = textAt(retries, 'perTryTimeout') ?? textAt(retries, 'backoff');
  const on = textAt(retries, 'retryOn');
  if (attempts === undefined) return "as the mesh's default says";
  if (attempts === 0) return 'never';
  return `${attempts === 1 ? 'once' : `${attempts} times`}${per === undefined ? '' : `, after ${shown(per)} each`}${on === undefined ? '' : ` on ${shown(on)}`}`;
}

// Timeouts

/** A time that somebody gives up after, before and after the change, in milliseconds; no limit is `Infinity`. */
interface Limit {
  readonly was: number | undefined;
  readonly is: number | undefined;
}

const ROUTE_TIMEOUTS: readonly (readonly (string | number)[])[] = [
  ['spec', 'http', '*', 'timeout'],
  ['spec', 'rules', '*', 'timeouts', 'request'],
];
const MODEL_TIMEOUTS: readonly (readonly (string | number)[])[] = [
  ['spec', 'predictor', 'timeout'],
  ['spec', 'transformer', 'timeout'],
  ['spec', 'explainer', 'timeout'],
  ['spec', 'template', 'spec', 'timeoutSeconds'],
];
/** Written with a timeout, so that a pod may finish what it has begun, and of no meaning of its own then. */
const GRACE: readonly (readonly (string | number)[])[] = [
  ['spec', 'predictor', 'terminationGracePeriodSeconds'],
  ['spec', 'transformer', 'terminationGracePeriodSeconds'],
  ['spec', 'explainer', 'terminationGracePeriodSeconds'],
  ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'],
];

/** Whether a route's own time or that of what answers changes. */
export function timeoutsChanged(change: ObjectChange): { readonly route: boolean; readonly model: boolean } {
  return {
    route: change.change === 'changed' && changesBelow(change.changes, ...ROUTE_TIMEOUTS).length > 0,
    model:
      change.change === 'changed' &&
      isServing(change.after.object) &&
      changesBelow(change.changes, ...MODEL_TIMEOUTS).length > 0,
  };
}

function isServing(object: KubeObject): boolean {
  return isKind(object, 'serving.kserve.io', 'InferenceService') || isKind(object, 'serving.knative.dev', 'Service');
}

/** The time of a service's routes beside the times of what answers: who gives up first matters. */
function timeoutsSaid(unit: ChangedUnit, stage: Stage): Said[] {
  const moved = unit.objects.filter((change) => {
    const { route, model } = timeoutsChanged(change);
    return route || model;
  });
  if (moved.length === 0) return [];
  const bySubject = new Map<string, Altered[]>();
  for (const change of moved as Altered[]) {
    const subject = subjectOf(unit, change.after.object);
    const others = bySubject.get(subject);
    if (others) others.push(change);
    else bySubject.set(subject, [change]);
  }
  return [...bySubject].flatMap(([subject, changes]) => timeoutSaid(unit, stage, subject, changes));
}

function timeoutSaid(unit: ChangedUnit, stage: Stage, subject: string, changes: readonly Altered[]): Said[] {
  const explains = changes.map((change) => explainsBelow(change, ...ROUTE_TIMEOUTS, ...MODEL_TIMEOUTS, ...GRACE));
  const all = unit.place.service === undefined ? changes : unit.objects;
  const route = limitOf(unit, all, routeTimeouts, Math.min);
  const model = limitOf(unit, all, (object) => (isServing(object) ? modelTimeouts(object) : []), Math.max);
  const { was, is } = route;
  const own = model.is;
  if (is !== undefined && own !== undefined && is < own && !(was !== undefined && model.was !== undefined && was < model.was)) {
    const text = `timeout ${seconds(is)} of ${subject} is now shorter than the model's own ${seconds(own)}`;
    const before = was === is ? `the model's own was ${seconds(model.was)}` : `it was ${seconds(was)}`;
    return [{ text, reasons: [reasonOf('risk/timeout', stage, before)], explains }];
  }
  if (was !== is && is !== undefined) {
    const text = `timeout of ${subject} is ${seconds(is)} (was ${seconds(was)})`;
    return [
      { text, reasons: (was ?? Infinity) > is ? [reasonOf('risk/timeout', stage, `it was ${seconds(was)}`)] : [], explains },
    ];
  }
  if (model.was === own) return [];
  const shorter = own !== undefined && own < (model.was ?? Infinity);
  return [
    {
      text: `what serves ${subject} gives up after ${seconds(own)} (was ${seconds(model.was)})`,
      reasons: shorter ? [reasonOf('risk/timeout', stage, `it was ${seconds(model.was)}`)] : [],
      explains,
    },
  ];
}

function limitOf(
  unit: ChangedUnit,
  changes: readonly ObjectChange[],
  read: (object: KubeObject) => number[],
  choose: (...limits: number[]) => number,
): Limit {
  const beside = unit.beside.flatMap(read);
  const of = (side: 'before' | 'after'): number | undefined => {
    const limits = [...changes.flatMap((change) => (change[side] ? read(change[side].object) : [])), ...beside];
    return limits.length === 0 ? undefined : limits.reduce((a, b) => choose(a, b));
  };
  return { was: of('before'), is: of('after') };
}

function routeTimeouts(object: KubeObject): number[] {
  return (routeOf(object)?.rules ?? []).map(({ timeout }) => {
    const limit = timeout === undefined || timeout.length > 40 ? undefined : parseDuration(timeout);
    // Without one, and with 0, there is no limit.
    return limit === undefined || limit === 0 ? Infinity : limit;
  });
}

function modelTimeouts(object: KubeObject): number[] {
  const found = isKind(object, 'serving.knative.dev', 'Service')
    ? [numberAt(object, 'spec', 'template', 'spec', 'timeoutSeconds')]
    : ['predictor', 'transformer', 'explainer'].map((component) => numberAt(object, 'spec', component, 'timeout'));
  return found.flatMap((limit) => (limit === undefined ? [] : [limit * 1000]));
}

/** `30 s`, `2.5 s`, `1500 ms` is no way to say it. */
function seconds(limit: number | undefined): string {
  if (limit === undefined || limit === Infinity) return 'none';
  return `${limit / 1000} s`;
}
