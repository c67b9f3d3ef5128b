import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import { isKind, listAt, mapAt, nameOf, numberAt, textAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { routeOf, type Route } from '../route.ts';
import type { Said } from '../statement.ts';
import { isPublicService, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, comesOrGoes, explainsBelow, latest, type Altered } from './changes.ts';
import { merged, sentence } from './said.ts';
import { comeAndGone, groupedBy } from './sets.ts';
import { labelOf, subjectOf } from './subject.ts';
import { listed, names, shown } from './text.ts';
import { timeoutWords } from './timeouts.ts';

/** How callers reach a service: addresses, gateways and retries. */

/**
 * What changes of the addresses of a service, of who can reach it, and of how long and how often a request is tried.
 *
 * @example routeWords(unit, stage)[0]?.text // 'fraud-detector can be reached from outside of the cluster'
 */
export function routeWords(unit: ChangedUnit, stage: Stage): Said[] {
  // That a service comes to a place or goes from it is said as a whole.
  if (comesOrGoes(unit)) return [];
  const entries = unit.objects.flatMap((change): Entry[] => {
    const [before, after] = [
      change.before && entryOf(change.before.object),
      change.after && entryOf(change.after.object),
    ];
    return before || after ? [{ change, before, after }] : [];
  });
  const changed = unit.objects.filter((change): change is Altered => change.change === 'changed');
  return merged([
    ...[...groupedBy(entries, ({ change }) => entranceOf(unit, latest(change)))].flatMap(([subject, own]) =>
      addressWords(stage, subject, own),
    ),
    ...changed.flatMap((change) => {
      const subject = entranceOf(unit, change.after.object);
      return [
        ...tlsWords(stage, change, labelOf(unit, change.after.object)),
        ...retryWords(subject, change),
        ...portWords(stage, subject, change),
        ...visibilityWords(stage, subject, change),
      ];
    }),
    ...timeoutWords(unit, stage),
  ]);
}

/** Whose door an object is: the service's own, or that of something else that its team put beside it. */
function entranceOf(unit: ChangedUnit, object: KubeObject): string {
  const { service } = unit.place;
  const leadsTo = isKind(object, 'networking.k8s.io', 'Ingress')
    ? listAt(object, 'spec', 'rules').flatMap((rule) =>
        listAt(rule, 'http', 'paths').map((path) => textAt(path, 'backend', 'service', 'name')),
      )
    : isKind(object, '', 'Service')
      ? [nameOf(object)]
      : [service];
  return leadsTo.includes(service) ? subjectOf(unit, object) : labelOf(unit, object);
}

/** Hosts that callers from outside can no longer reach by TLS. */
function tlsWords(stage: Stage, change: Altered, label: string): Said[] {
  if (!isKind(change.after.object, 'networking.k8s.io', 'Ingress')) return [];
  const hosts = (object: KubeObject): unknown[] =>
    listAt(object, 'spec', 'tls').flatMap((entry) => {
      const own = listAt(entry, 'hosts');
      return own.length > 0 ? own : ['every host'];
    });
  const { gone } = comeAndGone(hosts(change.before.object), hosts(change.after.object));
  if (gone.length === 0) return [];
  const explains = explainsBelow(change, ['spec', 'tls']);
  return [sentence(`${label} has no certificate any more for ${names(gone)}`, explains, reasonOf('risk/mtls', stage))];
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

const GATEWAYS: readonly Path[] = [
  ['spec', 'gateways'],
  ['spec', 'parentRefs'],
];
const WHERE: readonly Path[] = [
  ...GATEWAYS,
  ['spec', 'hosts'],
  ['spec', 'hostnames'],
  ['spec', 'type'],
  ['spec', 'rules', '*', 'host'],
];

/** Addresses and gateways, of all routes of a service together: one may take over the hosts of another. */
function addressWords(stage: Stage, subject: string, entries: readonly Entry[]): Said[] {
  // A Service comes and goes with other objects, which tell of it; a Service without a route is one of the rest.
  const told = entries.filter(({ change, before, after }) => {
    if (change.change === 'changed') return changesBelow(change.changes, ...WHERE).length > 0;
    return (before ?? after)!.hosts.length > 0 || (before ?? after)!.public;
  });
  if (told.length === 0) return [];
  const explains = told.map(({ change }) =>
    change.change === 'changed' ? explainsBelow(change, ...WHERE) : { of: change },
  );
  const olds = entries.flatMap(({ before }) => before?.hosts ?? []);
  const { come, gone } = comeAndGone(
    olds,
    entries.flatMap(({ after }) => after?.hosts ?? []),
  );
  const [was, is] = [entries.some(({ before }) => before?.public), entries.some(({ after }) => after?.public)];
  const [now, before] = [doorsOf(told, 'after'), doorsOf(told, 'before')];
  const said: Said[] = [];
  const say = (text: string, ...reasons: Said['reasons']): void =>
    void said.push(sentence(`${subject} ${text}`, explains, ...reasons));
  if (come.length > 0) say(`answers at ${names(come.sort())}${olds.length > 0 && gone.length === 0 ? ' too' : ''}`);
  if (gone.length > 0) say(`no longer answers at ${names(gone.sort())}`, reasonOf('risk/address', stage));
  if (is && !was) say('can be reached from outside of the cluster', reasonOf('risk/public', stage, `by ${now}`));
  if (was && !is)
    say(
      'can no longer be reached from outside of the cluster',
      reasonOf('risk/address', stage, 'callers from outside fail'),
    );
  if (said.length === 0 && told.some(({ change }) => changesBelow(change.changes, ...GATEWAYS).length > 0)) {
    const reason = reasonOf('risk/public', stage, 'who is behind another gateway reaches it');
    say(`is at ${now} (was ${before})`, ...(is ? [reason] : []));
  }
  return said;
}

/** The gateways and such by which callers come in. */
function doorsOf(entries: readonly Entry[], side: 'before' | 'after'): string {
  const doors = entries.flatMap(({ change }) => {
    const object = change[side]?.object;
    if (!object) return [];
    if (isKind(object, 'networking.k8s.io', 'Ingress')) return ['an Ingress'];
    if (isPublicService(object)) return [`a Service of type ${shown(textAt(object, 'spec', 'type'))}`];
    const gateways = listAt(object, 'spec', 'gateways').filter(
      (gateway) => typeof gateway === 'string' && gateway !== 'mesh',
    );
    const parents = listAt(object, 'spec', 'parentRefs').map((parent) =>
      [textAt(parent, 'namespace'), textAt(parent, 'name')].filter((text) => text !== undefined).join('/'),
    );
    return [...gateways, ...parents].map((door) => `gateway ${shown(door)}`);
  });
  return listed([...new Set(doors)].sort()) || 'no gateway';
}

/** The labels by which KServe and Knative keep a workload's own address inside of the cluster. */
const VISIBILITY: readonly Path[] = ['networking.kserve.io/visibility', 'networking.knative.dev/visibility'].map(
  (label) => ['metadata', 'labels', label],
);

function visibilityWords(stage: Stage, subject: string, change: Altered): Said[] {
  const hidden = (object: KubeObject): boolean =>
    VISIBILITY.some((path) => textAt(object, ...path) === 'cluster-local');
  const [was, is] = [hidden(change.before.object), hidden(change.after.object)];
  const explains = explainsBelow(change, ...VISIBILITY);
  if (was === is || explains.changes?.length === 0) return [];
  const text = `${shown(nameOf(change.after.object))} of ${subject} can be reached from`;
  if (is) return [sentence(`${text} inside of the cluster only`, explains)];
  return [
    sentence(
      `${text} outside of the cluster, past its routes`,
      explains,
      reasonOf('risk/public', stage, 'it is no longer cluster-local'),
    ),
  ];
}

/** Ports of a Service. */
function portWords(stage: Stage, subject: string, change: Altered): Said[] {
  if (!isKind(change.after.object, '', 'Service')) return [];
  const explains = explainsBelow(change, ['spec', 'ports']);
  const ports = (object: KubeObject): string[] =>
    listAt(object, 'spec', 'ports').map((port) => textAt(port, 'port') ?? '');
  const { come, gone } = comeAndGone(ports(change.before.object), ports(change.after.object));
  return [
    ...(come.length > 0 ? [sentence(`${subject} answers at port ${names(come)}`, explains)] : []),
    ...(gone.length > 0
      ? [
          sentence(
            `${subject} no longer answers at port ${names(gone)}`,
            explains,
            reasonOf('risk/address', stage, 'callers of that port fail'),
          ),
        ]
      : []),
  ];
}

function retryWords(subject: string, change: Altered): Said[] {
  const explains = explainsBelow(change, ['spec', 'http', '*', 'retries'], ['spec', 'rules', '*', 'retry']);
  if (explains.changes?.length === 0) return [];
  // Mostly all rules of a service have the same.
  const of = (object: KubeObject): string => {
    const retries = [
      ...listAt(object, 'spec', 'http').map((rule) => mapAt(rule, 'retries')),
      ...listAt(object, 'spec', 'rules').map((rule) => mapAt(rule, 'retry')),
    ];
    return listed([...new Set(retries.map(retryText))], 2);
  };
  const [was, is] = [of(change.before.object), of(change.after.object)];
  return was === is ? [] : [sentence(`requests to ${subject} are tried again ${is} (was ${was})`, explains)];
}

function retryText(retries: unknown): string {
  const attempts = numberAt(retries, 'attempts');
  const [per, backoff] = [textAt(retries, 'perTryTimeout'), textAt(retries, 'backoff')];
  const on = textAt(retries, 'retryOn');
  if (attempts === undefined) return "as the mesh's default says";
  if (attempts === 0) return 'never';
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  const wait = backoff === undefined ? '' : `, after ${shown(backoff)} each`;
  return `${times}${per === undefined ? wait : ` of ${shown(per)}`}${on === undefined ? '' : ` on ${shown(on)}`}`;
}
