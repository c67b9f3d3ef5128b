import { valueAt } from '../../core/value-at.ts';

/** Reading answers of others: nothing is taken on trust, and what is not there is `undefined`. */

/** Text at a path, numbers written out; empty text is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  if (typeof found === 'number' && Number.isFinite(found)) return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A finite number at a path; text that is one counts, since int64 travels as text. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = textAt(value, ...path);
  const number = found === undefined ? NaN : Number(found);
  return Number.isFinite(number) ? number : undefined;
}

/** The text fields of a map at a path, sorted by key. */
export function textsAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = valueAt(value, ...path);
  if (typeof found !== 'object' || found === null) return {};
  return sortedRecord(
    Object.keys(found).flatMap((key) => {
      const text = textAt(found, key);
      return text === undefined ? [] : [[key, text] as const];
    }),
  );
}

/** A map from pairs, sorted by key so that a record reads the same whatever order a server chose. The last of a key wins. */
export function sortedRecord<T>(pairs: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries([...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** JSON, or `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** ISO 8601 in UTC from milliseconds since 1970, or from any date that JavaScript reads. */
export function instant(value: number | string | undefined): string | undefined {
  const date = value === undefined ? undefined : new Date(value);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
