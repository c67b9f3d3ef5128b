/** Reading data of others: every field may be missing or of another type. */

/**
 * What stands at a path of fields and places in lists; `undefined` when nothing does. What an object inherits is nothing.
 *
 * @example valueAt({ spec: { ports: [80] } }, 'spec', 'ports', 0) // 80
 */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string | number, unknown>)[key];
  }
  return found;
}

/** The list at a path; an empty one when there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
