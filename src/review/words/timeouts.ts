import { parseDuration } from '../../core/duration.ts';
import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import { isKind, numberAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { routeOf } from '../route.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, type Altered } from './changes.ts';
import { COMPONENTS } from './running.ts';
import { sentence } from './said.ts';
import { groupedBy } from './sets.ts';
import { subjectOf } from './subject.ts';

/** Who gives up first: the route, or what answers. */

const ROUTE_TIMEOUTS: readonly Path[] = [
  ['spec', 'http', '*', 'timeout'],
  ['spec', 'rules', '*', 'timeouts', 'request'],
];
const PODS: readonly Path[] = [...COMPONENTS.map((component) => ['spec', component]), ['spec', 'template', 'spec']];
const MODEL_TIMEOUTS: readonly Path[] = PODS.flatMap((pod) => [
  [...pod, 'timeout'],
  [...pod, 'timeoutSeconds'],
]);
/** Written with a timeout, so that a pod may finish what it has begun, and of no meaning of its own then. */
const GRACE: readonly Path[] = PODS.map((pod) => [...pod, 'terminationGracePeriodSeconds']);

/** Whether a route's own time or that of what answers changes. */
export function timeoutsChanged(change: ObjectChange): { readonly route: boolean; readonly model: boolean } {
  const changed = change.change === 'changed';
  return {
    route: changed && changesBelow(change.changes, ...ROUTE_TIMEOUTS).length > 0,
    model: changed && isServing(change.after.object) && changesBelow(change.changes, ...MODEL_TIMEOUTS).length > 0,
  };
}

function isServing(object: KubeObject): boolean {
  return isKind(object, 'serving.kserve.io', 'InferenceService') || isKind(object, 'serving.knative.dev', 'Service');
}

/** The time of a service's routes beside the times of what answers. */
export function timeoutWords(unit: ChangedUnit, stage: Stage): Said[] {
  const moved = unit.objects.filter((change): change is Altered =>
    Object.values(timeoutsChanged(change)).includes(true),
  );
  return [...groupedBy(moved, (change) => subjectOf(unit, change.after.object))].flatMap(([subject, changes]) =>
    timeoutSaid(unit, stage, subject, changes),
  );
}

function timeoutSaid(unit: ChangedUnit, stage: Stage, subject: string, changes: readonly Altered[]): Said[] {
  const explains = changes.map((change) => explainsBelow(change, ...ROUTE_TIMEOUTS, ...MODEL_TIMEOUTS, ...GRACE));
  const all = unit.place.service === undefined ? changes : unit.objects;
  const route = limitOf(unit, all, routeTimeouts, Math.min);
  const model = limitOf(unit, all, modelTimeouts, Math.max);
  const wasShorter = route.was !== undefined && model.was !== undefined && route.was < model.was;
  if (route.is !== undefined && model.is !== undefined && route.is < model.is && !wasShorter) {
    const before =
      route.was === route.is ? `the model's own was ${seconds(model.was)}` : `it was ${seconds(route.was)}`;
    const text = `timeout ${seconds(route.is)} of ${subject} is now shorter than the model's own ${seconds(model.is)}`;
    return [sentence(text, explains, reasonOf('risk/timeout', stage, `${before}; the model computes for nobody`))];
  }
  const said = (text: string, { was, is }: Limit): Said[] => {
    const shorter = is !== undefined && is < (was ?? Infinity);
    return [
      sentence(
        `${text} ${seconds(is)} (was ${seconds(was)})`,
        explains,
        shorter ? reasonOf('risk/timeout', stage, 'slow requests fail') : undefined,
      ),
    ];
  };
  if (route.was !== route.is && route.is !== undefined) return said(`timeout of ${subject} is`, route);
  return model.was === model.is ? [] : said(`what serves ${subject} gives up after`, model);
}

/** A time that somebody gives up after, before and after the change, in milliseconds; no limit is `Infinity`. */
interface Limit {
  readonly was: number | undefined;
  readonly is: number | undefined;
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
  if (!isServing(object)) return [];
  const knative = isKind(object, 'serving.knative.dev', 'Service');
  const limits = knative
    ? [numberAt(object, 'spec', 'template', 'spec', 'timeoutSeconds')]
    : COMPONENTS.map((component) => numberAt(object, 'spec', component, 'timeout'));
  return limits.flatMap((limit) => (limit === undefined ? [] : [limit * 1000]));
}

/** `30 s`, `2.5 s`; a time of `1500 ms` is hard to compare. */
function seconds(limit: number | undefined): string {
  return limit === undefined || limit === Infinity ? 'none' : `${limit / 1000} s`;
}
