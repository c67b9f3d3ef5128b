/** What two collections have in common, and what not. */

/** Items by a key, in the order in which they come. */
export function groupedBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const found = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const others = found.get(key);
    if (others) others.push(item);
    else found.set(key, [item]);
  }
  return found;
}

/** The keys of both maps, each once. */
export function keysOf<Key>(before: ReadonlyMap<Key, unknown>, after: ReadonlyMap<Key, unknown>): Key[] {
  return [...new Set([...before.keys(), ...after.keys()])];
}

/** What is only after a change, and what was only before it, sorted: the order of a set means nothing. Values that are alike are the same. */
export function comeAndGone<Item>(
  before: Iterable<Item>,
  after: Iterable<Item>,
): { readonly come: Item[]; readonly gone: Item[] } {
  const [olds, news] = [new Map<string, Item>(), new Map<string, Item>()];
  for (const item of before) olds.set(exactly(item), item);
  for (const item of after) news.set(exactly(item), item);
  const without = (items: ReadonlyMap<string, Item>, others: ReadonlyMap<string, Item>): Item[] =>
    [...items]
      .filter(([key]) => !others.has(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => item);
  return { come: without(news, olds), gone: without(olds, news) };
}

/** Whether two values are alike, whatever the order of their fields. */
export function alike(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a === null ||
    b === null ||
    Array.isArray(a) !== Array.isArray(b)
  )
    return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const fields = Object.keys(one);
  return (
    fields.length === Object.keys(other).length &&
    fields.every((field) => Object.hasOwn(other, field) && alike(one[field], other[field]))
  );
}

/** A text that two values share exactly when they are alike. Unlike a digest it takes whatever YAML can hold. */
export function exactly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(exactly).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'none';
  const map = value as Record<string, unknown>;
  const fields = Object.keys(map).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${exactly(map[field])}`).join(',')}}`;
}
