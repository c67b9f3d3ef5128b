/**
 * Canonical order of map keys, the same for every map at every depth, so that the bytes of an object do not
 * depend on how it was built and no rule has to know where in an object it is: what identifies a thing comes
 * first, everything else follows in code-unit order, and `annotations` stands after `labels`. Lists keep the
 * order of their author.
 */

/** Place of the keys that open a map wherever they occur: identity of objects, alert rules, and named list items; then `spec`. */
function placeOf(key: string): number {
  switch (key) {
    case 'apiVersion':
      return 0;
    case 'kind':
      return 1;
    case 'metadata':
      return 2;
    case 'alert':
      return 3;
    case 'record':
      return 4;
    case 'name':
      return 5;
    case 'namespace':
      return 6;
    case 'spec':
      return 7;
    default:
      return 8;
  }
}

/** Canonical order of two keys of one map, for `sort`. */
export function compareKeys(a: string, b: string): number {
  const placeA = placeOf(a);
  const placeB = placeOf(b);
  if (placeA !== placeB) return placeA - placeB;
  const textA = a === 'annotations' ? AFTER_LABELS : a;
  const textB = b === 'annotations' ? AFTER_LABELS : b;
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

/** Labels are short and say what a thing is, annotations are long and explain it. */
const AFTER_LABELS = 'labels\0';

/** From so many keys on, inserting one after the other takes longer than sorting. */
const MANY = 16;

/**
 * The keys of a map in canonical order, those of `undefined` fields included.
 *
 * @example orderedKeys({ spec: {}, kind: 'Service', metadata: {} }) // ['kind', 'metadata', 'spec']
 */
export function orderedKeys(map: object): string[] {
  const keys = Object.keys(map);
  if (keys.length > MANY) return keys.sort(compareKeys);
  // Most maps are short, and many are in order: no sort of the language is as fast on them.
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!;
    let place = i;
    for (; place > 0 && compareKeys(keys[place - 1]!, key) > 0; place--) keys[place] = keys[place - 1]!;
    keys[place] = key;
  }
  return keys;
}
