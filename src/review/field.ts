/** Where in a value something is: the name of a field, the place in an ordered list, or what names an item of a list without order. */
export type Segment = string | number | ItemKey;

/** What names an item of a list without order: `{ name: 'kserve-container' }`; `{ '': value }` for an item that is its own name. */
export type ItemKey = Readonly<Record<string, unknown>>;

/** One difference within an object. Applied one after the other, all of them turn the one object into the other. */
export interface Change {
  /** `add` puts a field or an item there, before what has this place in an ordered list; `remove` takes it away. */
  readonly op: 'add' | 'remove' | 'change';
  readonly path: readonly Segment[];
  /** The path for people, in which items of ordered lists have their names too: `spec.http[default].timeout`. */
  readonly field: string;
  /** What is there before; missing for `add`. */
  readonly before?: unknown;
  /** What is there after; missing for `remove`. */
  readonly after?: unknown;
  /** Of an item that only moved: the path of its other half, a `remove` where it was and an `add` where it is. */
  readonly moved?: readonly Segment[];
}

/** The changes without the one half of each move: what moved is told where it is now. */
export function withoutMovedAway(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ op, moved }) => op !== 'remove' || !moved);
}
