import type { ObjectChange } from '../compare.ts';
import { isKind } from '../read.ts';
import { routeOf } from '../route.ts';
import { isWorkload, partOf } from '../topology.ts';
import { isRules } from './alert-rules.ts';
import { changesBelow, latest } from './changes.ts';
import { isStopMoved } from './release.ts';
import { crossesZero } from './scaling.ts';
import { timeoutsChanged } from './timeouts.ts';

/** Kinds of routes, as file names have them. */
const ROUTES = ['httproute', 'virtualservice'];

/**
 * Kinds of objects that did not change and that the words need to know nevertheless, as file names have them: reading them
 * costs, so that there are none for most changes.
 *
 * @example besideNeeded(objects) // new Set(['httproute', 'virtualservice'])
 */
export function besideNeeded(objects: readonly ObjectChange[]): ReadonlySet<string> {
  const needed = new Set<string>();
  const routed = objects.some((change) => change.change === 'changed' && routeOf(change.after.object));
  const ruled = objects.some(isRules);
  const ask = (...kinds: readonly string[]): void => kinds.forEach((kind) => needed.add(kind));
  const leaving = new Set<string>();
  for (const change of objects) {
    const object = latest(change);
    if ((change.change === 'removed' || change.change === 'replaced') && isWorkload(change.before.object)) {
      // Does a route lead to it, or a Service where there is no route, or does a function call it?
      leaving.add(partOf(change.before.object) ?? '');
      if (!routed) ask(...ROUTES, 'service');
      if (isKind(object, 'serving.kserve.io', 'LLMInferenceService')) ask('llminferenceservice');
    }
    const { route, model } = timeoutsChanged(change);
    if (route) ask('inferenceservice', 'service');
    if (model && !routed) ask(...ROUTES);
    if (crossesZero(change) || isStopMoved(change)) {
      ask(...ROUTES);
      // Rules that forget what is stopped; which releases there are stands in others, that did not change.
      if (ruled) ask('prometheusrule');
    }
    if (isKind(object, '', 'Service') && changesBelow(change.changes, ['spec', 'selector']).length > 0 && !routed)
      ask(...ROUTES);
  }
  if (leaving.size > 1) ask('deployment', 'service');
  return needed;
}
