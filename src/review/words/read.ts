import { groupOf, type KubeObject } from '../../core/object.ts';
import type { DocumentChange, ObjectChange } from '../compare.ts';
import type { Change, Segment } from '../field.ts';
import type { Explained } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';

/**
 * Careful reading of what anybody may have written: every field may be missing or of another type. What is not there, or
 * is something else, reads as nothing.
 */

/** What stands at a path of fields; `undefined` when nothing does. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string | number, unknown>)[key];
  }
  return found;
}

/** The map at a path; an empty one when there is none. */
export function mapAt(value: unknown, ...path: readonly (string | number)[]): Readonly<Record<string, unknown>> {
  const found = valueAt(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
}

/** The list at a path; an empty one when there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path, numbers and booleans as text too; `undefined` when there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = valueAt(value, ...path);
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined;
}

/** The number at a path, also one that is written as text; `undefined` when there is none. */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const text = textAt(value, ...path);
  if (text === undefined || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether an object is of a kind, in any version: `isKind(object, 'apps', 'Deployment')`. */
export function isKind(object: KubeObject | undefined, group: string, kind: string): boolean {
  return object !== undefined && object.kind === kind && groupOf(textAt(object, 'apiVersion') ?? '') === group;
}

/** The object of a change as it is after it, else as it was. */
export function latest(change: ObjectChange): KubeObject {
  return (change.after ?? change.before).object;
}

/**
 * A value of a tree in a sentence: on one line, and short.
 *
 * @param most characters; what is longer ends in `…`.
 * @example shown('a\n b') // 'a b'
 */
export function shown(value: unknown, most = 80): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
  const line = text
    .slice(0, 4 * most)
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  if (line === '') return '""';
  const letters = [...line];
  return letters.length > most || text.length > 4 * most ? `${letters.slice(0, most - 1).join('')}…` : line;
}

/**
 * What an object is called in sentences: `Deployment shop/api`, and in the unit of a service, whose namespace need not be
 * said, `PodMonitor fraud-detector`.
 */
export function labelOf(unit: ChangedUnit, object: KubeObject): string {
  const namespace = textAt(object, 'metadata', 'namespace');
  const usual = textAt(unit.descriptor.after ?? unit.descriptor.before, 'namespace');
  const said =
    namespace === undefined || (unit.place.service !== undefined && namespace === usual) ? '' : `${shown(namespace)}/`;
  return `${shown(valueAt(object, 'kind'))} ${said}${shown(valueAt(object, 'metadata', 'name'))}`;
}

/** Whom a sentence is about: the service of the unit, else the object. */
export function subjectOf(unit: ChangedUnit, object: KubeObject): string {
  return unit.place.service === undefined ? labelOf(unit, object) : shown(unit.place.service);
}

/** Whether a whole service comes to this place, or goes from it: then one sentence says so, and not one for each object. */
export function comesOrGoes({ place, descriptor }: ChangedUnit): 'added' | 'removed' | undefined {
  if (place.service === undefined || (descriptor.before === undefined) === (descriptor.after === undefined))
    return undefined;
  return descriptor.before === undefined ? 'added' : 'removed';
}

/**
 * Several things in one sentence: all of a few, else the first ones and how many more.
 *
 * @example listed(['a', 'b', 'c', 'd', 'e']) // 'a, b, c and 2 more'
 */
export function listed(items: readonly string[], most = 3): string {
  if (items.length > most) return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** A count and its noun: `1 alert`, `12 alerts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Whether a path begins with these segments; items of lists are not told apart by `*`. */
export function isBelow(path: readonly Segment[], prefix: readonly (string | number)[]): boolean {
  return prefix.length <= path.length && prefix.every((segment, index) => segment === '*' || segment === path[index]);
}

/** A sentence explains all of an object or file. */
export function explainsAll(of: ObjectChange | DocumentChange): Explained {
  return { of };
}

/** A sentence explains those changes of an object that are at or below some paths; all of an added or removed one. */
export function explainsBelow(
  of: ObjectChange | DocumentChange,
  ...prefixes: readonly (readonly (string | number)[])[]
): Explained {
  if (of.change === 'added' || of.change === 'removed') return { of };
  return { of, changes: changesBelow(of.changes, ...prefixes) };
}

/** The changes that are at or below some paths. */
export function changesBelow(
  changes: readonly Change[],
  ...prefixes: readonly (readonly (string | number)[])[]
): readonly Change[] {
  return changes.filter(({ path }) => prefixes.some((prefix) => isBelow(path, prefix)));
}

/** Items by a key, in the order in which they come. */
export function groupedBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const found = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const others = found.get(key);
    if (others) others.push(item);
    else found.set(key, [item]);
  }
  return found;
}

/** Whether two values are alike, whatever the order of their fields. */
export function alike(a: unknown, b: unknown): boolean {
  return a === b || exactly(a) === exactly(b);
}

/** A text that two values share exactly when they are alike. */
export function exactly(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'none'
  );
}
