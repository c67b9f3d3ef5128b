import type { KubeObject } from '../../core/object.ts';
import { isKind, nameOf, textAt } from '../read.ts';
import { routeOf } from '../route.ts';
import { nativeShares, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { objectsOf } from './changes.ts';
import { releaseBehind, workloadsOf } from './shares.ts';

/** Whom requests reach, as far as a unit shows it. */

/** Who gets requests on one side of a change. */
export interface Reach {
  /** First labels of the hosts that do. */
  readonly hosts: ReadonlySet<string>;
  /** The releases that do, and how many per cent; 0 for copies, and for callers that follow no route. */
  readonly releases: ReadonlyMap<string, number>;
}

/** Who gets requests before and after; `undefined` where the unit shows no route, and nobody can tell. */
export function reachOf(unit: ChangedUnit): { readonly before: Reach | undefined; readonly after: Reach | undefined } {
  const { releases } = workloadsOf(unit);
  return { before: reachIn(objectsOf(unit, 'before'), releases), after: reachIn(objectsOf(unit, 'after'), releases) };
}

function reachIn(objects: readonly KubeObject[], known: ReadonlyMap<string, string>): Reach | undefined {
  const hosts = new Set<string>();
  const releases = new Map<string, number>();
  let any = false;
  const gets = (host: string, release: string | undefined, weight: number): void => {
    hosts.add(host);
    if (release !== undefined) releases.set(release, Math.max(weight, releases.get(release) ?? 0));
  };
  for (const object of objects) {
    const route = routeOf(object);
    for (const { backends, mirror } of route?.rules ?? []) {
      for (const { host, release, weight } of backends)
        if (weight > 0) gets(host, release ?? releaseBehind(host, known), weight);
      if (mirror && mirror.percent > 0) gets(mirror.host, releaseBehind(mirror.host, known), 0);
    }
    const selected = selectedBy(object);
    if (selected !== undefined) gets('', selected, 0);
    const group = isKind(object, 'serving.kserve.io', 'LLMInferenceService') ? (nativeShares(object) ?? []) : [];
    for (const { release, weight } of group) if (weight > 0) gets(nameOf(object), release, weight);
    any ||= route !== undefined || selected !== undefined || group.length > 0;
  }
  return any ? { hosts, releases } : undefined;
}

/** The release that the Service of a service's name selects. */
function selectedBy(object: KubeObject): string | undefined {
  const entry = isKind(object, '', 'Service') && releaseOf(object) === undefined;
  return entry ? textAt(object, 'spec', 'selector', 'app.kubernetes.io/version') : undefined;
}
