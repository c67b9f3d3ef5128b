import { exactly } from './sets.ts';

/** Values of trees in sentences. */

/**
 * A value on one line, and short.
 *
 * @param most characters; what is longer ends in `…`.
 * @example shown('a\n b') // 'a b'
 */
export function shown(value: unknown, most = 80): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' ? value : exactly(value);
  const line = text
    .slice(0, 4 * most)
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  if (line === '') return '""';
  const letters = [...line];
  return letters.length > most || text.length > 4 * most ? `${letters.slice(0, most - 1).join('')}…` : line;
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

/** Several names of a tree in one sentence. */
export function names(items: Iterable<unknown>, most?: number): string {
  return listed(
    Array.from(items, (item) => shown(item)),
    most,
  );
}

/** What something is now, and what it was: `is 4Gi (was 8Gi)`. */
export function isWas(is: unknown, was: unknown, most?: number): string {
  return `is ${shown(is, most)} (was ${shown(was, most)})`;
}

/** A count and its noun: `1 alert`, `12 alerts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A share in words: `25`, `12.5`. */
export function percent(value: number): string {
  return String(Math.round(value * 10) / 10);
}
