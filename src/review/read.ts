import { groupOf, type KubeObject } from '../core/object.ts';
import { listAt, valueAt } from '../core/value-at.ts';

/**
 * Careful reading of what anybody may have written: every field may be missing or of another type. What is not there, or is
 * something else, reads as nothing.
 */

/** Fields and places in lists, from an object down to a value; `*` stands for any one of them where paths are compared. */
export type Path = readonly (string | number)[];

export { listAt, valueAt };

/** The map at a path; an empty one when there is none. */
export function mapAt(value: unknown, ...path: Path): Readonly<Record<string, unknown>> {
  const found = valueAt(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
}

/** The fields of the map at a path, sorted by their names: the order of a file means nothing. */
export function entriesAt(value: unknown, ...path: Path): [string, unknown][] {
  return Object.entries(mapAt(value, ...path)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The text at a path, numbers and booleans as text too; `undefined` when there is none. */
export function textAt(value: unknown, ...path: Path): string | undefined {
  const found = valueAt(value, ...path);
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined;
}

/** The number at a path, also one that is written as text; `undefined` when there is none. */
export function numberAt(value: unknown, ...path: Path): number | undefined {
  const text = textAt(value, ...path);
  if (text === undefined || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** The name of an object; an empty one when it has none. */
export function nameOf(object: unknown): string {
  return textAt(object, 'metadata', 'name') ?? '';
}

/** Whether an object is of one of some kinds of a group, in any version: `isKind(object, 'apps', 'Deployment')`. */
export function isKind(object: KubeObject, group: string, ...kinds: readonly string[]): boolean {
  return kinds.includes(object.kind) && groupOf(textAt(object, 'apiVersion') ?? '') === group;
}
