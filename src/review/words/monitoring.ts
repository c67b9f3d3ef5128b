import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { alertWords } from './alerts.ts';
import { fieldsInWords } from './fields.ts';
import type { Follow } from './follow.ts';
import {
  changesBelow,
  comesOrGoes,
  explainsAll,
  explainsBelow,
  groupedBy,
  isKind,
  labelOf,
  latest,
  listAt,
  listed,
  mapAt,
  shown,
  subjectOf,
  textAt,
  valueAt,
} from './read.ts';

const OPERATOR = 'monitoring.coreos.com';

/**
 * What changes of who is told what: alerts and objectives, where alerts go, which metrics are collected, dashboards.
 *
 * @example monitoringWords(unit, stage)[0]?.text // 'availability objective of fraud-detector is 99.5 % (was 99.9 %)'
 */
export function monitoringWords(whole: ChangedUnit, stage: Stage): Said[] {
  const told = comesOrGoes(whole);
  const unit =
    told === undefined ? whole : { ...whole, objects: whole.objects.filter(({ change }) => change !== told) };
  const followers = new Map<ObjectChange, readonly Change[]>();
  const alerts = alertWords(unit, stage, (follow) => {
    for (const change of unit.objects.filter(isScrape)) {
      const changes = followingRelabelings(change, follow);
      if (changes.length > 0) followers.set(change, changes);
    }
    return [...followers].map(([of, changes]) => ({ of, changes }));
  });
  const others = unit.objects.flatMap((change) => {
    if (isScrape(change)) return scrapeWords(unit, stage, change, followers.get(change) ?? []);
    if (isKind(latest(change), OPERATOR, 'AlertmanagerConfig')) return routingWords(unit, stage, change);
    return isDashboard(change) ? dashboardWords(unit, stage, change) : [];
  });
  return [...alerts, ...others];
}

const SCRAPES: ReadonlyMap<string, string> = new Map([
  ['PodMonitor', 'podMetricsEndpoints'],
  ['ServiceMonitor', 'endpoints'],
]);

function isScrape(change: ObjectChange): boolean {
  return [...SCRAPES.keys()].some((kind) => isKind(latest(change), OPERATOR, kind));
}

/** Changes of rules on pods and labels that only name other releases. */
function followingRelabelings({ changes }: ObjectChange, { withoutReleases }: Follow): Change[] {
  return changes.filter(({ path, before, after }) => {
    if (!path.includes('relabelings') || typeof before !== 'string' || typeof after !== 'string') return false;
    return withoutReleases(JSON.stringify(before)) === withoutReleases(JSON.stringify(after));
  });
}

function scrapeWords(unit: ChangedUnit, stage: Stage, change: ObjectChange, following: readonly Change[]): Said[] {
  const label = labelOf(unit, latest(change));
  const subject = subjectOf(unit, latest(change));
  if (change.change === 'removed') {
    const text = `metrics of ${subject} are no longer collected: ${label} removed`;
    return [{ text, reasons: [reasonOf('risk/scrape', stage, 'alerts on them never fire')], explains: [explainsAll(change)] }];
  }
  if (change.change === 'added')
    return [
      { text: `metrics of ${subject} are collected: ${label} added`, reasons: [], explains: [explainsAll(change)] },
    ];
  const field = SCRAPES.get(change.after.object.kind) ?? '';
  const said = [...placeWords(stage, subject, change, field), ...intervalWords(subject, change, field)];
  const open = changesBelow(change.changes, ['spec', field]).filter(
    (one) => !following.includes(one) && !saysPlace(one) && !saysInterval(one),
  );
  if (open.length > 0) {
    const text = `${label} collects otherwise: ${fieldsInWords(open, 2)}`;
    said.push({
      text,
      reasons: [reasonOf('risk/scrape', stage, 'some series may be missing, or have other labels')],
      explains: [{ of: change, changes: open }],
    });
  }
  const selection = changesBelow(change.changes, ['spec', 'selector'], ['spec', 'namespaceSelector']);
  if (selection.length > 0) {
    const text = `${label} collects metrics of other pods: ${fieldsInWords(selection, 2)}`;
    said.push({
      text,
      reasons: [reasonOf('risk/scrape', stage, 'pods that it no longer selects are not seen')],
      explains: [{ of: change, changes: selection }],
    });
  }
  return said;
}

const PLACE_FIELDS: ReadonlySet<unknown> = new Set(['port', 'portNumber', 'targetPort', 'path', 'scheme']);

/** An endpoint that comes or goes is said by its place too. */
function saysPlace({ path }: Change): boolean {
  return path.length === 3 || (path.length === 4 && PLACE_FIELDS.has(path[3]));
}

function saysInterval({ path }: Change): boolean {
  return path.length === 4 && path[3] === 'interval';
}

/** Where an endpoint is: `8080/metrics`. */
function placeOf(endpoint: unknown): string {
  const scheme = textAt(endpoint, 'scheme');
  const port =
    textAt(endpoint, 'portNumber') ?? textAt(endpoint, 'port') ?? textAt(endpoint, 'targetPort') ?? 'any port';
  return `${scheme === undefined || scheme.toLowerCase() === 'http' ? '' : `${shown(scheme)}://`}${shown(port)}${shown(textAt(endpoint, 'path') ?? '/metrics')}`;
}

function placeWords(stage: Stage, subject: string, change: ObjectChange, field: string): Said[] {
  const [old, now] = [change.before, change.after].map(
    (placed) => new Set(listAt(placed?.object, 'spec', field).map(placeOf)),
  );
  const gone = [...old!].filter((place) => !now!.has(place));
  const come = [...now!].filter((place) => !old!.has(place));
  const changes = changesBelow(change.changes, ['spec', field]).filter(saysPlace);
  if (changes.length === 0 || gone.length + come.length === 0) return [];
  const text =
    gone.length === 0
      ? `metrics of ${subject} are collected from ${listed(come)} too`
      : come.length === 0
        ? `metrics of ${subject} are no longer collected from ${listed(gone)}`
        : `metrics of ${subject} are collected from ${listed(come)} (was ${listed(gone)})`;
  const reasons =
    gone.length === 0 ? [] : [reasonOf('risk/scrape', stage, `what is at ${listed(gone)} is no longer read`)];
  return [{ text, reasons, explains: [{ of: change, changes }] }];
}

function intervalWords(subject: string, change: ObjectChange, field: string): Said[] {
  const changes = changesBelow(change.changes, ['spec', field]).filter(saysInterval);
  if (changes.length === 0) return [];
  const words = listed([
    ...new Set(
      changes.map(
        ({ before, after }) => `${shown(after ?? 'the usual time')} (was ${shown(before ?? 'the usual time')})`,
      ),
    ),
  ]);
  return [
    { text: `metrics of ${subject} are collected every ${words}`, reasons: [], explains: [{ of: change, changes }] },
  ];
}

/** The key of alerts that no route of its own takes. */
const OTHERS = 'other';

function routingWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  const subject = subjectOf(unit, latest(change));
  if (change.change === 'removed') {
    const text = `alerts of ${subject} have no receivers of their own any more: ${label} removed`;
    return [
      { text, reasons: [reasonOf('risk/alert-routing', stage, 'who was told before is not')], explains: [explainsAll(change)] },
    ];
  }
  const now = receiversOf(change.after.object);
  if (change.change === 'added') {
    const words = listed(
      [...now].map(([severity, receiver]) => `${shown(severity)} ones to ${shown(receiver)}`),
      4,
    );
    return [
      {
        text: `alerts of ${subject} have receivers of their own: ${words === '' ? 'none' : words}`,
        reasons: [],
        explains: [explainsAll(change)],
      },
    ];
  }
  const old = receiversOf(change.before.object);
  const routes = changesBelow(change.changes, ['spec', 'route']);
  const said: Said[] = [...new Set([...old.keys(), ...now.keys()])].flatMap((severity) => {
    const [was, is] = [old.get(severity) ?? NOBODY, now.get(severity) ?? NOBODY];
    if (was === is) return [];
    const reasons = was === NOBODY ? [] : [reasonOf('risk/alert-routing', stage, `they went to ${shown(was)}`)];
    const text = `${shown(severity)} alerts of ${subject} go to ${shown(is)} (was ${shown(was)})`;
    return [{ text, reasons, explains: [{ of: change, changes: routes.filter(saysReceiver) }] }];
  });
  const quiet = routes.filter(({ path }) =>
    path.some((segment) => segment === 'muteTimeIntervals' || segment === 'activeTimeIntervals'),
  );
  if (quiet.length > 0) {
    const text = `the times at which alerts of ${subject} are sent change: ${fieldsInWords(quiet, 2)}`;
    said.push({
      text,
      reasons: [reasonOf('risk/alert-routing', stage, 'at other times nobody is told')],
      explains: [{ of: change, changes: quiet }],
    });
  }
  if (said.length === 0 && routes.some(saysReceiver)) {
    const text = `alerts of ${subject} are routed otherwise: ${fieldsInWords(routes.filter(saysReceiver), 2)}`;
    said.push({
      text,
      reasons: [reasonOf('risk/alert-routing', stage, 'some may reach somebody else')],
      explains: [{ of: change, changes: routes.filter(saysReceiver) }],
    });
  }
  const receivers = changesBelow(change.changes, ['spec', 'receivers']);
  for (const [name, changes] of groupedBy(receivers, ({ path, before, after }) =>
    receiverName(path[2], before ?? after),
  )) {
    // A receiver that comes or goes together with its route has been said.
    const whole = changes.every(({ path }) => path.length === 3);
    const explains = [{ of: change, changes }];
    if (whole)
      said.push({
        text: `receiver ${shown(name)} of ${subject} ${changes[0]!.op === 'add' ? 'added' : 'removed'}`,
        reasons: [],
        explains,
      });
    else
      said.push({
        text: `receiver ${shown(name)} of ${subject}: ${fieldsInWords(changes.map(shortened), 3)}`,
        reasons: [reasonOf('risk/alert-routing', stage, 'its alerts may reach somebody else')],
        explains,
      });
  }
  const inhibit = changesBelow(change.changes, ['spec', 'inhibitRules']);
  if (inhibit.length > 0) {
    const more = inhibitRules(change.after.object) > inhibitRules(change.before.object);
    const text = `which alerts of ${subject} silence others changed`;
    said.push({
      text,
      reasons: more ? [reasonOf('risk/alert', stage, 'more alerts may be silenced')] : [],
      explains: [{ of: change, changes: inhibit }],
    });
  }
  return said;
}

/** Where alerts go that nobody is told of. */
const NOBODY = 'nobody';

/** The receiver of each severity, as the routes say. */
function receiversOf(object: unknown): Map<string, string> {
  const silent = new Set(
    listAt(object, 'spec', 'receivers')
      .filter((receiver) => Object.keys(mapAt(receiver)).length < 2)
      .map((receiver) => textAt(receiver, 'name')),
  );
  const called = (name: string | undefined): string => (name === undefined || silent.has(name) ? NOBODY : name);
  const found = new Map<string, string>();
  for (const route of listAt(object, 'spec', 'route', 'routes')) {
    const matchers = listAt(route, 'matchers');
    const severity =
      matchers.length === 1 && textAt(matchers[0], 'name') === 'severity' ? textAt(matchers[0], 'value') : undefined;
    if (severity !== undefined && !found.has(severity)) found.set(severity, called(textAt(route, 'receiver')));
  }
  const rest =
    valueAt(object, 'spec', 'route') === undefined ? undefined : called(textAt(object, 'spec', 'route', 'receiver'));
  if (rest !== undefined && rest !== NOBODY) found.set(OTHERS, rest);
  return found;
}

const WHEN: ReadonlySet<string> = new Set([
  'groupBy',
  'groupWait',
  'groupInterval',
  'repeatInterval',
  'muteTimeIntervals',
  'activeTimeIntervals',
]);

/** Times and groups of a route say when, and not who. */
function saysReceiver({ path }: Change): boolean {
  return !path.some((segment) => typeof segment === 'string' && WHEN.has(segment));
}

function receiverName(segment: unknown, receiver: unknown): string {
  return textAt(segment, 'name') ?? textAt(receiver, 'name') ?? 'without name';
}

/** The part of a path below the receiver. */
function shortened(change: Change): Change {
  return { ...change, field: change.field.replace(/^spec\.receivers\[[^\]]*\]\.?/, '') || change.field };
}

function inhibitRules(object: unknown): number {
  return listAt(object, 'spec', 'inhibitRules').length;
}

/** A ConfigMap that Grafana's sidecar looks for, or an object of its operator. */
function isDashboard(change: ObjectChange): boolean {
  const object = latest(change);
  if (object.kind === 'GrafanaDashboard') return true;
  if (!isKind(object, '', 'ConfigMap')) return false;
  return Object.keys(mapAt(object, 'metadata', 'labels')).some((label) => /grafana|dashboard/i.test(label));
}

function dashboardWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const name = object.metadata.name;
  const usual = name === `${unit.place.service ?? ''}-dashboard`;
  const what =
    unit.place.service === undefined
      ? `dashboard ${labelOf(unit, object).replace(/^\S+ /, '')}`
      : `dashboard${usual ? '' : ` ${shown(name)}`} of ${shown(unit.place.service)}`;
  if (change.change === 'added') return [{ text: `${what} added`, reasons: [], explains: [explainsAll(change)] }];
  if (change.change === 'removed')
    return [
      {
        text: `${what} removed`,
        reasons: [reasonOf('risk/delete', stage, 'people may look at it')],
        explains: [explainsAll(change)],
      },
    ];
  const explained: Explained = explainsBelow(change, ['data'], ['binaryData'], ['spec']);
  if (explained.changes?.length === 0 || change.change === 'replaced') return [];
  return [{ text: `${what} changed`, reasons: [], explains: [explained] }];
}
