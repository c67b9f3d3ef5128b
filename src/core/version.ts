import { remember } from './remember.ts';

/** A version, or both versions of an upgrade under way. */
export type Versions = string | readonly [string, string];

/**
 * Whether every version that is named is at least `minimum`. Parts that are not written count as 0.
 *
 * @example atLeast(['1.22.3', '1.23'], '1.23') // false
 */
export function atLeast(versions: Versions, minimum: string): boolean {
  return (typeof versions === 'string' ? [versions] : versions).every(
    (version) => compareVersions(version, minimum) >= 0,
  );
}

/** Order of two versions by their numbers, for `sort`: `1.9` comes before `1.10`. */
export function compareVersions(a: string, b: string): number {
  const partsA = partsOf(a);
  const partsB = partsOf(b);
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const difference = (partsA[i] ?? 0) - (partsB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const partsOf = remember((version: string): readonly number[] => version.split('.').map(Number));
