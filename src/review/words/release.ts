import { IN_PLACE } from '../../release/serving.ts';
import type { ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { isKind, nameOf, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind } from '../route.ts';
import type { Explained, Said } from '../statement.ts';
import { calledBy, isWorkload, partOf, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { comesOrGoes, latest, objectsOf, touching } from './changes.ts';
import { DATA } from './kinds.ts';
import { mutableReasons } from './pins.ts';
import { reachOf, type Reach } from './reach.ts';
import { STOP } from './running.ts';
import { merged, sentence } from './said.ts';
import { groupedBy } from './sets.ts';
import { serviceOf } from './subject.ts';
import { names, percent, shown } from './text.ts';

/** Releases and services that come and go, each in one sentence for all of its objects. */

/**
 * What comes and goes at a place: a service for the first time or for good, releases, and workloads that are stopped.
 *
 * @example releaseWords(unit, stage)[0]?.text // 'release v48 of fraud-detector is deployed, without traffic'
 */
export function releaseWords(unit: ChangedUnit, stage: Stage): Said[] {
  const service = serviceOf(unit);
  if (service === undefined) return [];
  const told = comesOrGoes(unit);
  if (told === 'added') return [arrivalSaid(unit, stage, service)];
  if (told === 'removed') return [departureSaid(unit, stage, service)];
  return merged([...releasesSaid(unit, stage, service), ...stopsSaid(unit, stage, service)]);
}

/** A service that comes to a place, with all that it has there. */
function arrivalSaid({ objects, documents }: ChangedUnit, stage: Stage, service: string): Said {
  const added = objects.filter(({ change }) => change === 'added');
  const workloads = added.map(latest).filter(isWorkload);
  const releases = new Set(workloads.flatMap((object) => releaseOf(object) ?? []));
  releases.delete(IN_PLACE);
  const release =
    releases.size === 0 ? '' : `, with ${releases.size === 1 ? 'release' : 'releases'} ${names([...releases].sort())}`;
  return sentence(
    `${service} is deployed for the first time${release}`,
    [...added, ...documents].map((of) => ({ of })),
    workloads.length > 0 ? reasonOf('risk/first-in-prod', stage) : undefined,
    ...mutable(added, stage),
  );
}

/** A service that goes for good. What holds data is said by itself. */
function departureSaid({ objects, documents }: ChangedUnit, stage: Stage, service: string): Said {
  const removed = objects.filter(({ change }) => change === 'removed');
  const live = removed.map(latest).some(isWorkload);
  return sentence(
    `${service} is removed`,
    [...removed.filter((change) => !holdsData(latest(change).kind)), ...documents].map((of) => ({ of })),
    live
      ? reasonOf('risk/delete-live', stage, 'its workloads and its address go with it')
      : reasonOf('risk/delete', stage),
  );
}

/** What an ExternalSecret makes is kept elsewhere. */
function holdsData(kind: string): boolean {
  return DATA.has(kind) && kind !== 'ExternalSecret';
}

/** What of a release comes, goes, or replaces what another one had. */
interface Movement {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly changes: readonly ObjectChange[];
}

function movementsOf(unit: ChangedUnit): Movement[] {
  const changes = unit.objects.filter(({ change }) => change !== 'changed');
  const releases = ({ before, after }: ObjectChange) =>
    [before, after].map((placed) => placed && releaseOf(placed.object));
  return [...groupedBy(changes, (change) => JSON.stringify([change.change, ...releases(change)])).values()].flatMap(
    (group) => {
      const { change } = group[0]!;
      const [before, after] = releases(group[0]!);
      const known =
        change === 'replaced'
          ? before !== undefined && after !== undefined && before !== after
          : (before ?? after) !== undefined;
      return known ? [{ before, after, changes: group }] : [];
    },
  );
}

function releasesSaid(unit: ChangedUnit, stage: Stage, service: string): Said[] {
  const movements = movementsOf(unit);
  if (movements.length === 0) return [];
  const reach = reachOf(unit);
  // Where nothing that runs comes or goes the release stays, and only something beside it moves.
  const [running, rest] = [true, false].map((runs) =>
    movements.filter(({ changes }) => changes.map(latest).some(isWorkload) === runs),
  );
  const pairs = rest!.filter(({ before, after }) => before !== undefined && after !== undefined);
  const explains = (changes: readonly ObjectChange[], also: (pair: Movement) => boolean): Explained[] =>
    [...changes, ...pairs.filter(also).flatMap((pair) => pair.changes)].map((of) => ({ of }));
  return running!.flatMap(({ before, after, changes }) => {
    if (before === undefined)
      return [
        deployed(
          stage,
          service,
          after!,
          changes,
          reach.after,
          explains(changes, (pair) => pair.after === after),
        ),
      ];
    if (after === undefined)
      return [
        gone(
          unit,
          stage,
          service,
          before,
          changes,
          reach,
          explains(changes, (pair) => pair.before === before),
        ),
      ];
    // A release that comes while another one serves takes nobody's place, though one goes in the same commit.
    const apart = reach.before && reach.after && !reach.before.releases.has(before) && !reach.after.releases.has(after);
    const own = explains(changes, () => false);
    if (apart)
      return [
        deployed(stage, service, after, changes, reach.after, own),
        gone(unit, stage, service, before, changes, reach, own),
      ];
    const reason = reasonOf('risk/replace', stage, `${shown(before)} goes before ${shown(after)} has served`);
    return [
      sentence(
        `release ${shown(after)} of ${service} replaces ${shown(before)}`,
        own,
        reason,
        ...mutable(changes, stage),
      ),
    ];
  });
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
  explains: readonly Explained[],
): Said {
  const weight = after?.releases.get(release) ?? 0;
  const reason =
    weight > 0
      ? reasonOf('risk/no-backend', stage, `it gets ${percent(weight)} % before it is ready`)
      : reasonOf('risk/new-release', stage);
  const text = `release ${shown(release)} of ${service} is deployed, ${weight > 0 ? 'and gets traffic at once' : 'without traffic'}`;
  return sentence(text, explains, reason, ...mutable(changes, stage));
}

function gone(
  unit: ChangedUnit,
  stage: Stage,
  service: string,
  release: string,
  changes: readonly ObjectChange[],
  { before, after }: { readonly before: Reach | undefined; readonly after: Reach | undefined },
  explains: readonly Explained[],
): Said {
  const text = `release ${shown(release)} of ${service} is removed`;
  const removed = new Set(
    changes.flatMap(({ before: placed }) => (placed && isWorkload(placed.object) ? [nameOf(placed.object)] : [])),
  );
  const leads = (reach: Reach | undefined): boolean =>
    reach !== undefined &&
    (reach.releases.has(release) ||
      [...reach.hosts].some((host) => namesBehind(host).some((name) => removed.has(name))));
  const live = (why: string): Reason => reasonOf('risk/delete-live', stage, why);
  const callers = callersOf(unit, removed);
  const weight = before?.releases.get(release) ?? 0;
  const reasons = [
    ...(leads(after) ? [reasonOf('risk/no-backend', stage, `a route still leads to ${shown(release)}`)] : []),
    ...(callers.length > 0 ? [live(`${names(callers)} still calls it`)] : []),
    ...(leads(before) ? [live(weight > 0 ? `it had ${percent(weight)} % of the requests` : 'a route led to it')] : []),
  ];
  if (reasons.length > 0) return sentence(text, explains, ...reasons);
  if (!after) return sentence(text, explains, live('the tree does not say who sends requests to it'));
  return sentence(`${text}; nothing sends requests to it`, explains, reasonOf('risk/retire', stage));
}

/** Workloads that stay and have the address of one that goes. */
function callersOf(unit: ChangedUnit, removed: ReadonlySet<string>): string[] {
  const callers = objectsOf(unit, 'after').filter(
    (object) =>
      isWorkload(object) && calledBy(object).some((host) => namesBehind(host).some((name) => removed.has(name))),
  );
  return [...new Set(callers.map(nameOf))].sort();
}

/** Whether KServe takes a workload down or starts it again, while its object stays. */
export function isStopMoved(change: ObjectChange): boolean {
  if (
    change.change !== 'changed' ||
    !isKind(change.after.object, 'serving.kserve.io', 'InferenceService', 'LLMInferenceService')
  )
    return false;
  return textAt(change.before.object, ...STOP) !== textAt(change.after.object, ...STOP);
}

function stopsSaid(unit: ChangedUnit, stage: Stage, service: string): Said[] {
  const stopped = unit.objects.filter(isStopMoved);
  const reach = stopped.length === 0 ? undefined : reachOf(unit).after;
  return stopped.map((change) => {
    const object = latest(change);
    const release = releaseOf(object);
    const named = release !== undefined && release !== IN_PLACE;
    const who = named ? `release ${shown(release)} of ${service}` : `${service} ${shown(partOf(object))}`;
    const explains = { of: change, changes: touching(change.changes, STOP) };
    if (textAt(object, ...STOP) !== 'true') return sentence(`${who} is started again`, explains);
    const idle = reach !== undefined && release !== undefined && !reach.releases.has(release);
    const reason = idle
      ? reasonOf('risk/retire', stage)
      : reasonOf('risk/delete-live', stage, 'no replica of it runs any more');
    return sentence(`${who} is stopped`, explains, reason);
  });
}
