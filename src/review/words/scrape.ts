import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { isKind, listAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, latest } from './changes.ts';
import { fieldsInWords } from './fields.ts';
import type { Follow } from './follow.ts';
import { sentence } from './said.ts';
import { selectsReleases } from './selects-releases.ts';
import { comeAndGone } from './sets.ts';
import { labelOf, subjectOf } from './subject.ts';
import { listed, shown } from './text.ts';

/** Kinds that say where metrics are collected, and their lists of places. */
const SCRAPES: ReadonlyMap<string, string> = new Map([
  ['PodMonitor', 'podMetricsEndpoints'],
  ['ServiceMonitor', 'endpoints'],
]);

/** Whether a change is one of which metrics are collected. */
export function isScrape(change: ObjectChange): boolean {
  return isKind(latest(change), 'monitoring.coreos.com', ...SCRAPES.keys());
}

/** Changes of which pods are scraped, and of rules on them and their labels, that only name other releases. */
export function followingScrapes(change: ObjectChange, { isPatternFollowing }: Follow): Change[] {
  const [old, now] = [change.before, change.after].map((placed) => valueAt(placed?.object, 'spec', 'selector'));
  const service = textAt(latest(change), 'metadata', 'name') ?? '';
  const selected = selectsReleases(old, now, service) ? changesBelow(change.changes, ['spec', 'selector']) : [];
  const relabelings = change.changes.filter(({ path, before, after }) => {
    if (!path.includes('relabelings') || typeof before !== 'string' || typeof after !== 'string') return false;
    return isPatternFollowing(before, after);
  });
  return [...selected, ...relabelings];
}

/**
 * What changes of which metrics are collected, from where, and how often.
 *
 * @param following changes that only follow a release, and have words elsewhere.
 */
export function scrapeWords(
  unit: ChangedUnit,
  stage: Stage,
  change: ObjectChange,
  following: readonly Change[],
): Said[] {
  const label = labelOf(unit, latest(change));
  const subject = `metrics of ${subjectOf(unit, latest(change))}`;
  if (change.change === 'removed') {
    return [
      sentence(`${subject} are no longer collected: ${label} removed`, { of: change }, reasonOf('risk/scrape', stage)),
    ];
  }
  if (change.change === 'added') return [sentence(`${subject} are collected: ${label} added`, { of: change })];
  const field = SCRAPES.get(change.after.object.kind) ?? '';
  const all = changesBelow(change.changes, ['spec', field]).filter((one) => !following.includes(one));
  const said = [
    ...placeWords(stage, subject, change, field, all.filter(saysPlace)),
    ...intervalWords(subject, change, all.filter(saysInterval)),
  ];
  const add = (text: string, changes: readonly Change[], why: string): void => {
    if (changes.length === 0) return;
    said.push(
      sentence(
        `${label} ${text}: ${fieldsInWords(changes, 2)}`,
        { of: change, changes },
        reasonOf('risk/scrape', stage, why),
      ),
    );
  };
  const open = all.filter((one) => !saysPlace(one) && !saysInterval(one));
  add('collects otherwise', open, 'some series may be missing, or have other labels');
  const selection = changesBelow(change.changes, ['spec', 'selector'], ['spec', 'namespaceSelector']).filter(
    (one) => !following.includes(one),
  );
  add('collects metrics of other pods', selection, 'pods that it no longer selects are not seen');
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
  const scheme = textAt(endpoint, 'scheme') ?? 'http';
  const port =
    textAt(endpoint, 'portNumber') ?? textAt(endpoint, 'port') ?? textAt(endpoint, 'targetPort') ?? 'any port';
  return `${scheme.toLowerCase() === 'http' ? '' : `${shown(scheme)}://`}${shown(port)}${shown(textAt(endpoint, 'path') ?? '/metrics')}`;
}

function placeWords(
  stage: Stage,
  subject: string,
  change: ObjectChange,
  field: string,
  changes: readonly Change[],
): Said[] {
  const places = (object: unknown): string[] => listAt(object, 'spec', field).map(placeOf);
  const { come, gone } = comeAndGone(places(change.before?.object), places(change.after?.object));
  if (changes.length === 0 || gone.length + come.length === 0) return [];
  const text =
    gone.length === 0
      ? `are collected from ${listed(come)} too`
      : come.length === 0
        ? `are no longer collected from ${listed(gone)}`
        : `are collected from ${listed(come)} (was ${listed(gone)})`;
  const reason = gone.length === 0 ? undefined : reasonOf('risk/scrape', stage);
  return [sentence(`${subject} ${text}`, { of: change, changes }, reason)];
}

function intervalWords(subject: string, change: ObjectChange, changes: readonly Change[]): Said[] {
  if (changes.length === 0) return [];
  const usual = (interval: unknown): string => shown(interval ?? 'the usual time');
  const words = new Set(changes.map(({ before, after }) => `${usual(after)} (was ${usual(before)})`));
  return [sentence(`${subject} are collected every ${listed([...words])}`, { of: change, changes })];
}
