import type { KubeObject } from '../../core/object.ts';
import { routeOf } from '../route.ts';
import { nativeShares, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { isKind, textAt } from './read.ts';
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
  const side = (objects: readonly KubeObject[]): Reach | undefined => {
    const hosts = new Set<string>();
    const found = new Map<string, number>();
    let any = false;
    const gets = (host: string, release: string | undefined, weight: number): void => {
      hosts.add(host);
      if (release !== undefined) found.set(release, Math.max(weight, found.get(release) ?? 0));
    };
    for (const object of objects) {
      const route = routeOf(object);
      if (route) any = true;
      for (const { backends, mirror } of route?.rules ?? []) {
        for (const { host, release, weight } of backends)
          if (weight > 0) gets(host, release ?? releaseBehind(host, releases), weight);
        if (mirror && mirror.percent > 0) gets(mirror.host, releaseBehind(mirror.host, releases), 0);
      }
      const selected =
        isKind(object, '', 'Service') && releaseOf(object) === undefined
          ? textAt(object, 'spec', 'selector', 'app.kubernetes.io/version')
          : undefined;
      if (selected !== undefined) {
        any = true;
        gets('', selected, 0);
      }
      for (const { release, weight } of isKind(object, 'serving.kserve.io', 'LLMInferenceService')
        ? (nativeShares(object) ?? [])
        : []) {
        any = true;
        if (weight > 0) gets(textAt(object, 'metadata', 'name') ?? '', release, weight);
      }
    }
    return any ? { hosts, releases: found } : undefined;
  };
  const changed = (which: 'before' | 'after'): KubeObject[] => unit.objects.flatMap((change) => change[which]?.object ?? []);
  return { before: side([...changed('before'), ...unit.beside]), after: side([...changed('after'), ...unit.beside]) };
}
