/** What an item of an ordered list is called. */
export interface Name {
  /** Items of the same exact name are the same item. */
  readonly exact: string;
  /** Items of the same near name may be one item that was changed where it stood. */
  readonly near: string;
}

/** How the items of one list became those of another one. All indices ascend. */
export interface Alignment {
  /** Places in the old list. */
  readonly removed: readonly number[];
  /** Places in the new list. */
  readonly added: readonly number[];
  /** Places in the old and the new list of what stayed, or was changed where it stood. */
  readonly kept: readonly Pair[];
}

type Pair = readonly [number, number];

/** A table of more cells than this costs more than a reader gains. */
const MAX_CELLS = 250_000;

/**
 * Aligns two ordered lists: the longest part that both have stays; between two items that stay, the longest part with the
 * same near names was changed.
 */
export function align(before: readonly Name[], after: readonly Name[]): Alignment {
  const exact = common(before, after, [0, 0], [before.length, after.length], 'exact');
  const kept: Pair[] = [];
  let from: Pair = [0, 0];
  for (const pair of [...exact, [before.length, after.length] as const]) {
    kept.push(...common(before, after, from, pair, 'near'));
    if (pair[0] < before.length && pair[1] < after.length) kept.push(pair);
    from = [pair[0] + 1, pair[1] + 1];
  }
  const [old, now] = [new Set(kept.map(([index]) => index)), new Set(kept.map(([, index]) => index))];
  const others = (names: readonly Name[], those: ReadonlySet<number>): number[] =>
    [...names.keys()].filter((index) => !those.has(index));
  return { removed: others(before, old), added: others(after, now), kept };
}

/** The longest common part of what lies between two places: equal ends first, what is left by the usual table. */
function common(before: readonly Name[], after: readonly Name[], from: Pair, to: Pair, by: keyof Name): Pair[] {
  const same = (old: number, now: number): boolean => before[old]![by] === after[now]![by];
  let [old, now] = from;
  let [oldEnd, newEnd] = to;
  const head: Pair[] = [];
  while (old < oldEnd && now < newEnd && same(old, now)) head.push([old++, now++]);
  const tail: Pair[] = [];
  while (oldEnd > old && newEnd > now && same(oldEnd - 1, newEnd - 1)) tail.push([--oldEnd, --newEnd]);
  tail.reverse();

  const [rows, columns] = [oldEnd - old, newEnd - now];
  if (rows <= 0 || columns <= 0 || rows * columns > MAX_CELLS) return [...head, ...tail];
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      const at = row * width + column;
      lengths[at] = same(old + row, now + column)
        ? lengths[at + width + 1]! + 1
        : Math.max(lengths[at + width]!, lengths[at + 1]!);
    }
  }
  const middle: Pair[] = [];
  for (let row = 0, column = 0; row < rows && column < columns;) {
    const at = row * width + column;
    if (same(old + row, now + column)) middle.push([old + row++, now + column++]);
    else if (lengths[at + width]! >= lengths[at + 1]!) row += 1;
    else column += 1;
  }
  return [...head, ...middle, ...tail];
}
