import type { KubeObject } from '../../core/object.ts';
import type { DocumentChange, ObjectChange, Placed } from '../compare.ts';
import type { Change, Segment } from '../field.ts';
import type { Path } from '../read.ts';
import type { Explained } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';

/** Which changes of an object or a unit a sentence is about. */

/** An object that is there before and after, under this name or another. */
export type Altered = Extract<ObjectChange, { readonly before: Placed; readonly after: Placed }>;

/** Whether an object is there before and after. */
export function isAltered(change: ObjectChange): change is Altered {
  return change.change === 'changed' || change.change === 'replaced';
}

/** The object of a change as it is after it, else as it was. */
export function latest(change: ObjectChange): KubeObject {
  return (change.after ?? change.before).object;
}

/** All objects of a unit on one side of the change, as far as it knows them. */
export function objectsOf(unit: ChangedUnit, side: 'before' | 'after'): KubeObject[] {
  return [...unit.objects.flatMap((change) => change[side]?.object ?? []), ...unit.beside];
}

/** Whether a path is at another one or leads on from it. */
export function isBelow(path: readonly Segment[], field: Path): boolean {
  return path.length >= field.length && isAlong(path, field);
}

function isAlong(path: readonly Segment[], field: Path): boolean {
  const length = Math.min(path.length, field.length);
  for (let index = 0; index < length; index += 1) {
    if (field[index] !== '*' && field[index] !== path[index]) return false;
  }
  return true;
}

/** The changes that are at or below some paths. */
export function changesBelow(changes: readonly Change[], ...fields: readonly Path[]): readonly Change[] {
  return changes.filter(({ path }) => fields.some((field) => isBelow(path, field)));
}

/**
 * The changes that touch a field: those at or below its path, and those that bring or take away something around it, since
 * a map that is added is one change.
 */
export function touching(changes: readonly Change[], ...fields: readonly Path[]): readonly Change[] {
  return changes.filter(({ path }) => fields.some((field) => isAlong(path, field)));
}

/** A sentence explains those changes of an object that are at or below some paths; all of an added or removed one. */
export function explainsBelow(of: ObjectChange | DocumentChange, ...fields: readonly Path[]): Explained {
  return of.change === 'added' || of.change === 'removed'
    ? { of }
    : { of, changes: changesBelow(of.changes, ...fields) };
}

/** Whether a whole service comes to this place, or goes from it: then one sentence says so, and not one for each object. */
export function comesOrGoes({ place, descriptor }: ChangedUnit): 'added' | 'removed' | undefined {
  if (place.service === undefined || (descriptor.before === undefined) === (descriptor.after === undefined))
    return undefined;
  return descriptor.before === undefined ? 'added' : 'removed';
}
