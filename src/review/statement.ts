import type { Change } from './field.ts';
import type { DocumentChange, ObjectChange } from './compare.ts';
import type { Reason } from './plan.ts';

/** What a rule of words says of a unit: a sentence without its place, why it matters, and which changes it explains. */
export interface Said {
  /** `fraud-detector sends 25 % (was 10 %) to v47`: the same text in two environments is said once. */
  readonly text: string;
  readonly reasons: readonly Reason[];
  /** The changes that need no further words: all of an object, or some of its fields. */
  readonly explains: readonly Explained[];
}

/** Changes of one object or file that a sentence explains; all of them when `changes` is missing. */
export interface Explained {
  readonly of: ObjectChange | DocumentChange;
  readonly changes?: readonly Change[];
}
