/**
 * Canonical order of map keys, the same for every map at every depth, so that the bytes of an object do not
 * depend on how it was built and no rule has to know where in an object it is: what identifies a thing comes
 * first, everything else follows in code-unit order, and `annotations` stands after `labels`. Lists keep the
 * order of their author.
 */

/** Keys that open a map wherever they occur: identity of objects, alert rules, and named list items; then `spec`. */
const LEADING: ReadonlyMap<string, number> = new Map(
  ['apiVersion', 'kind', 'metadata', 'alert', 'record', 'name', 'namespace', 'spec'].map((key, index) => [key, index]),
);

/** Canonical order of two keys of one map, for `sort`. */
export function compareKeys(a: string, b: string): number {
  const leadingA = LEADING.get(a);
  const leadingB = LEADING.get(b);
  if (leadingA !== undefined || leadingB !== undefined) return (leadingA ?? LEADING.size) - (leadingB ?? LEADING.size);
  const placeA = a === 'annotations' ? AFTER_LABELS : a;
  const placeB = b === 'annotations' ? AFTER_LABELS : b;
  return placeA < placeB ? -1 : placeA > placeB ? 1 : 0;
}

/** Labels are short and say what a thing is, annotations are long and explain it. */
const AFTER_LABELS = 'labels\0';

/**
 * The keys of a map in canonical order, those of `undefined` fields included.
 *
 * @example orderedKeys({ spec: {}, kind: 'Service', metadata: {} }) // ['kind', 'metadata', 'spec']
 */
export function orderedKeys(map: object): string[] {
  const keys = Object.keys(map);
  for (let i = 1; i < keys.length; i++) {
    if (compareKeys(keys[i - 1]!, keys[i]!) > 0) return keys.sort(compareKeys);
  }
  return keys;
}
