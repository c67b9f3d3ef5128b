import type { KubeObject } from '../../core/object.ts';
import { SHARED } from '../place.ts';
import { nameOf, textAt, valueAt } from '../read.ts';
import type { ChangedUnit } from '../unit.ts';
import { shown } from './text.ts';

/** What sentences call the things that they are about. */

/**
 * What an object is called: `Deployment shop/api`, and in the unit of a service, whose namespace need not be said,
 * `PodMonitor fraud-detector`.
 */
export function labelOf(unit: ChangedUnit, object: KubeObject): string {
  const namespace = textAt(object, 'metadata', 'namespace');
  const usual = textAt(unit.descriptor.after ?? unit.descriptor.before, 'namespace');
  const { service } = unit.place;
  const said =
    namespace === undefined || (service !== undefined && service !== SHARED && namespace === usual)
      ? ''
      : `${shown(namespace)}/`;
  return `${shown(valueAt(object, 'kind'))} ${said}${shown(nameOf(object) || undefined)}`;
}

/** Whom a sentence is about: the service of the unit, else the object. */
export function subjectOf(unit: ChangedUnit, object: KubeObject): string {
  return serviceOf(unit) ?? labelOf(unit, object);
}

/** The service of a unit as sentences name it; for what a team shares, that. */
export function serviceOf({ place: { service, team } }: ChangedUnit): string | undefined {
  return service === SHARED ? `what ${shown(team)} shares` : service === undefined ? undefined : shown(service);
}
