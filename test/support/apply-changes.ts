import type { Change, ItemKey, Segment } from '../../src/review/field.ts';

/** Makes the changes of a plan, one after the other, in a copy of what was there before. What it says and what it does must agree. */
export function applyChanges(before: unknown, changes: readonly Change[]): unknown {
  return changes.reduce((value, change) => applied(value, change.path, change), structuredClone(before));
}

function applied(value: unknown, [segment, ...rest]: readonly Segment[], change: Change): unknown {
  if (segment === undefined) return change.after;
  if (typeof segment === 'string') {
    const map = value as Record<string, unknown>;
    if (rest.length > 0) return { ...map, [segment]: applied(map[segment], rest, change) };
    const { [segment]: _gone, ...others } = map;
    return change.op === 'remove' ? others : { ...others, [segment]: change.after };
  }
  const list = [...(value as unknown[])];
  const index = typeof segment === 'number' ? segment : list.findIndex((item) => hasKey(item, segment));
  if (rest.length > 0) list[index] = applied(list[index], rest, change);
  else if (change.op === 'remove') list.splice(index, 1);
  else if (change.op === 'change') list[index] = change.after;
  else list.splice(typeof segment === 'number' ? index : list.length, 0, change.after);
  return list;
}

function hasKey(item: unknown, key: ItemKey): boolean {
  if ('' in key) return same(item, key['']);
  return Object.entries(key).every(([field, value]) =>
    same((item as Record<string, unknown>)[field] ?? (field === 'protocol' ? 'TCP' : undefined), value),
  );
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
