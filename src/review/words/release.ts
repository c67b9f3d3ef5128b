import type { KubeObject } from '../../core/object.ts';
import { IN_PLACE } from '../../release/serving.ts';
import type { ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { namesBehind } from '../route.ts';
import { calledBy, isWorkload, partOf, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { DATA } from './objects.ts';
import { explainsAll, isKind, latest, listed, shown, textAt } from './read.ts';
import { distinct, merged, percent, touching } from './said.ts';
import { reachOf, type Reach } from './reach.ts';
import { mutableReasons } from './pins.ts';

/** Releases and services that come and go, each in one sentence for all of its objects. */

/**
 * What comes and goes at a place: a service for the first time or for good, releases, and workloads that are stopped.
 *
 * @example releaseWords(unit, stage)[0]?.text // 'release v48 of fraud-detector is deployed, without traffic'
 */
export function releaseWords(unit: ChangedUnit, stage: Stage): Said[] {
  const whole = serviceSaid(unit, stage);
  if (whole) return [whole];
  const { service } = unit.place;
  if (service === undefined) return [];
  return merged([...releasesSaid(unit, stage, shown(service)), ...stopsSaid(unit, stage, shown(service))]);
}

/** A service that comes to a place, or goes from it, with all that it has there. */
function serviceSaid(unit: ChangedUnit, stage: Stage): Said | undefined {
  const { place, descriptor, objects, documents } = unit;
  if (place.service === undefined || (descriptor.before === undefined) === (descriptor.after === undefined)) return undefined;
  const name = place.service === '_shared' ? `what ${shown(place.team)} shares` : shown(place.service);
  if (descriptor.before === undefined) {
    const added = objects.filter(({ change }) => change === 'added');
    const workloads = added.map(latest).filter(isWorkload);
    const releases = [...new Set(workloads.flatMap((object) => releaseOf(object) ?? []))]
      .filter((release) => release !== IN_PLACE)
      .sort();
    const release =
      releases.length === 0
        ? ''
        : `, with ${releases.length === 1 ? 'release' : 'releases'} ${listed(releases.map((each) => shown(each)))}`;
    return {
      text: `${name} is deployed for the first time${release}`,
      reasons: distinct([
        ...(workloads.length > 0 ? [reasonOf('risk/first-in-prod', stage, 'there is nothing of it here before')] : []),
        ...added.map(latest).flatMap((object) => mutableReasons(object, stage)),
      ]),
      explains: [...added, ...documents].map(explainsAll),
    };
  }
  const removed = objects.filter(({ change }) => change === 'removed');
  const live = removed.map(latest).some((object) => isWorkload(object));
  return {
    text: `${name} is removed`,
    reasons: [
      live
        ? reasonOf('risk/delete-live', stage, 'its workloads and its address go with it')
        : reasonOf('risk/delete', stage, 'all that it has here goes'),
    ],
    explains: [...removed.filter((change) => !DATA.has(latest(change).kind)), ...documents].map(explainsAll),
  };
}

/** Objects that come, go or replace each other with a release. */
interface Groups {
  readonly added: Map<string, ObjectChange[]>;
  readonly removed: Map<string, ObjectChange[]>;
  /** By the release before and the one after. */
  readonly replaced: Map<string, { readonly before: string; readonly after: string; readonly changes: ObjectChange[] }>;
}

function groupsOf(unit: ChangedUnit): Groups {
  const groups: Groups = { added: new Map(), removed: new Map(), replaced: new Map() };
  const push = (map: Map<string, ObjectChange[]>, release: string, change: ObjectChange): void => {
    const others = map.get(release);
    if (others) others.push(change);
    else map.set(release, [change]);
  };
  for (const change of unit.objects) {
    const before = change.before && releaseOf(change.before.object);
    const after = change.after && releaseOf(change.after.object);
    if (change.change === 'added' && after !== undefined) push(groups.added, after, change);
    else if (change.change === 'removed' && before !== undefined) push(groups.removed, before, change);
    else if (change.change === 'replaced' && before !== undefined && after !== undefined && before !== after) {
      const key = JSON.stringify([before, after]);
      const group = groups.replaced.get(key) ?? { before, after, changes: [] };
      groups.replaced.set(key, group);
      group.changes.push(change);
    }
  }
  return groups;
}

function releasesSaid(unit: ChangedUnit, stage: Stage, service: string): Said[] {
  const { added, removed, replaced } = groupsOf(unit);
  if (added.size === 0 && removed.size === 0 && replaced.size === 0) return [];
  const reach = reachOf(unit);
  const said: Said[] = [];
  for (const { before, after, changes } of replaced.values()) {
    if (!runs(changes)) continue;
    // A release that comes while another one serves takes nobody's place, though one goes in the same commit.
    const apart =
      reach.before !== undefined &&
      reach.after !== undefined &&
      !reach.before.releases.has(before) &&
      !reach.after.releases.has(after);
    const explains = changes.map(explainsAll);
    if (apart) {
      said.push(
        deployed(stage, service, after, changes, reach.after, explains),
        gone(unit, stage, service, before, changes, reach, explains),
      );
      continue;
    }
    said.push({
      text: `release ${shown(after)} of ${service} replaces ${shown(before)}`,
      reasons: distinct([
        reasonOf('risk/replace', stage, `${shown(before)} goes before ${shown(after)} has served`),
        ...mutable(changes, stage),
      ]),
      explains,
    });
  }
  const pairs = [...replaced.values()].filter(({ changes }) => !runs(changes)).flatMap(({ changes }) => changes);
  for (const [release, changes] of added) {
    if (!runs(changes)) continue;
    const with_ = pairs.filter(({ after }) => after && releaseOf(after.object) === release);
    said.push(deployed(stage, service, release, changes, reach.after, [...changes, ...with_].map(explainsAll)));
  }
  for (const [release, changes] of removed) {
    if (!runs(changes)) continue;
    const with_ = pairs.filter(({ before }) => before && releaseOf(before.object) === release);
    said.push(gone(unit, stage, service, release, changes, reach, [...changes, ...with_].map(explainsAll)));
  }
  return said;
}

/** Whether something that runs is among the objects; else the release stays, and only something beside it comes or goes. */
function runs(changes: readonly ObjectChange[]): boolean {
  return changes.some((change) => isWorkload(latest(change)));
}

function mutable(changes: readonly ObjectChange[], stage: Stage): Reason[] {
  return changes.flatMap(({ after }) => (after ? mutableReasons(after.object, stage) : []));
}

function deployed(
  stage: Stage,
  service: string,
  release: string,
  changes: readonly ObjectChange[],
  after: Reach | undefined,
  explains: Said['explains'],
): Said {
  const weight = after?.releases.get(release);
  const pins = mutable(changes, stage);
  const text = `release ${shown(release)} of ${service} is deployed`;
  if (weight !== undefined && weight > 0) {
    return {
      text: `${text}, and gets traffic at once`,
      reasons: distinct([reasonOf('risk/no-backend', stage, `it gets ${percent(weight)} % before it is ready`), ...pins]),
      explains,
    };
  }
  return {
    text: `${text}, without traffic`,
    reasons: distinct([reasonOf('risk/new-release', stage, 'no request goes to it yet'), ...pins]),
    explains,
  };
}

function gone(
  unit: ChangedUnit,
  stage: Stage,
  service: string,
  release: string,
  changes: readonly ObjectChange[],
  { before, after }: { readonly before: Reach | undefined; readonly after: Reach | undefined },
  explains: Said['explains'],
): Said {
  const text = `release ${shown(release)} of ${service} is removed`;
  const removed = changes.flatMap((change) =>
    change.before && isWorkload(change.before.object) ? [change.before.object] : [],
  );
  const names = new Set(removed.map((object) => textAt(object, 'metadata', 'name') ?? ''));
  const leads = (reach: Reach): boolean =>
    reach.releases.has(release) || [...reach.hosts].some((host) => namesBehind(host).some((name) => names.has(name)));
  const callers = callersOf(unit, names);
  const reasons: Reason[] = [];
  if (after && leads(after)) reasons.push(reasonOf('risk/no-backend', stage, `a route still leads to ${shown(release)}`));
  if (callers.length > 0)
    reasons.push(reasonOf('risk/delete-live', stage, `${listed(callers.map((each) => shown(each)))} still calls it`));
  if (before && leads(before)) {
    const weight = before.releases.get(release) ?? 0;
    reasons.push(
      reasonOf('risk/delete-live', stage, weight > 0 ? `it had ${percent(weight)} % of the requests` : 'a route led to it'),
    );
  }
  if (reasons.length > 0) return { text, reasons, explains };
  if (!after)
    return { text, reasons: [reasonOf('risk/delete-live', stage, 'the tree does not say who sends requests to it')], explains };
  return {
    text: `${text}; nothing sends requests to it`,
    reasons: [reasonOf('risk/retire', stage, 'no route leads to it')],
    explains,
  };
}

/** Workloads that stay and have the address of one that goes. */
function callersOf(unit: ChangedUnit, names: ReadonlySet<string>): string[] {
  const stays = [...unit.beside, ...unit.objects.flatMap(({ after }) => (after ? [after.object] : []))];
  const callers = stays.filter(
    (object) => isWorkload(object) && calledBy(object).some((host) => namesBehind(host).some((name) => names.has(name))),
  );
  return [...new Set(callers.map((object) => textAt(object, 'metadata', 'name') ?? ''))].sort();
}

const STOP = ['metadata', 'annotations', 'serving.kserve.io/stop'] as const;

/** Workloads that KServe takes down and whose objects stay. */
function stopsSaid(unit: ChangedUnit, stage: Stage, service: string): Said[] {
  const stopped = unit.objects.filter(
    (change) =>
      change.change === 'changed' &&
      isServed(change.after.object) &&
      touching(change.changes, STOP).length > 0 &&
      textAt(change.before.object, ...STOP) !== textAt(change.after.object, ...STOP),
  );
  if (stopped.length === 0) return [];
  const reach = reachOf(unit).after;
  return stopped.map((change) => {
    const object = latest(change);
    const release = releaseOf(object);
    const who =
      release === undefined || release === IN_PLACE
        ? `${service} ${shown(partOf(object))}`
        : `release ${shown(release)} of ${service}`;
    const explains = [{ of: change, changes: touching(change.changes, STOP) }];
    if (textAt(object, ...STOP) !== 'true') return { text: `${who} is started again`, reasons: [], explains };
    const idle = reach !== undefined && release !== undefined && !reach.releases.has(release);
    const reason = idle
      ? reasonOf('risk/retire', stage, 'no route leads to it')
      : reasonOf('risk/delete-live', stage, 'no replica of it runs any more');
    return { text: `${who} is stopped`, reasons: [reason], explains };
  });
}

function isServed(object: KubeObject): boolean {
  return isKind(object, 'serving.kserve.io', 'InferenceService') || isKind(object, 'serving.kserve.io', 'LLMInferenceService');
}
