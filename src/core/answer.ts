import type { Finding } from './finding.ts';

/** What was asked for, perhaps with warnings; or no value, and the errors that say why. */
export type Answer<T> =
  | { readonly value: T; readonly findings: readonly Finding[] }
  | { readonly value: undefined; readonly findings: readonly Finding[] };

/** A value that comes with nothing to say. */
export function answered<T>(value: T, ...warnings: readonly Finding[]): Answer<T> {
  return { value, findings: warnings };
}

/** No value. */
export function refused(...findings: readonly Finding[]): {
  readonly value: undefined;
  readonly findings: readonly Finding[];
} {
  return { value: undefined, findings };
}
