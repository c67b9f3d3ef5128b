import { isPlainMap } from '../check/schema/plain-data.ts';
import { orderedKeys } from '../core/order.ts';
import type { Change, ItemKey, Segment } from './field.ts';
import { align, type Alignment, type Name } from './align.ts';
import { fieldOf, itemOf, listForm, type Known } from './lists.ts';
import { meaningOf, worthOf } from './scalars.ts';
import { exactly, groupedBy } from './words/sets.ts';

/** Where in an object a value is, and what is known of it. */
interface At {
  /** Kind of the object. */
  readonly kind: string;
  /** Name of the field; of a list's items, that of the list. */
  readonly field: string;
  /** The field above. */
  readonly above: string;
  readonly known: Known | undefined;
}

/**
 * What turns one object into the other, by field. Nothing for what means the same: another order of keys or of a list that
 * has none, another spelling of a quantity or a duration, `null` for what is left out.
 *
 * The changes are made one after the other: within an ordered list what goes is named from the end, then what comes from the
 * start. What goes and comes again elsewhere, as a route that is tried before another one now, has moved.
 *
 * @param known the schema of the kind, where there is one.
 */
export function differences(kind: string, before: unknown, after: unknown, known?: Known): Change[] {
  const changes: Change[] = [];
  compare({ kind, field: '', above: '', known }, [], '', before, after, changes);
  return withMoves(changes);
}

/** Marks what is the same in two places of ordered lists of one name. */
function withMoves(changes: readonly Change[]): Change[] {
  const items = (op: Change['op']): Change[] => changes.filter((change) => change.op === op && isItem(change));
  const [gone, come] = [items('remove'), items('add')];
  if (gone.length === 0 || come.length === 0) return [...changes];
  const by = groupedBy(gone, ({ path, before }) => contentOf(path, before));
  const moves = new Map<Change, Change>();
  for (const change of come) {
    // What goes is named from the end: of several that are alike the first one is taken.
    const from = by.get(contentOf(change.path, change.after))?.pop();
    if (from) moves.set(from, change).set(change, from);
  }
  return changes.map((change) => {
    const other = moves.get(change);
    return other ? { ...change, moved: other.path } : change;
  });
}

/** Whether a change is about all of an item of an ordered list that says enough to be told again. */
function isItem({ path, before, after }: Change): boolean {
  return typeof path.at(-1) === 'number' && isPlainMap(before ?? after);
}

function contentOf(path: readonly Segment[], item: unknown): string {
  return exactly([path.at(-2), item]);
}

/** Whether two objects mean the same. */
export function isSame(kind: string, before: unknown, after: unknown, known?: Known): boolean {
  return (
    canonical({ kind, field: '', above: '', known }, before) === canonical({ kind, field: '', above: '', known }, after)
  );
}

function compare(
  at: At,
  path: readonly Segment[],
  name: string,
  before: unknown,
  after: unknown,
  changes: Change[],
): void {
  if (before === after) return;
  if (isPlainMap(before) && isPlainMap(after)) compareMaps(at, path, name, before, after, changes);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(at, path, name, before, after, changes);
  else if (canonical(at, before) !== canonical(at, after))
    changes.push({ op: 'change', path, field: name, before, after });
}

function compareMaps(
  at: At,
  path: readonly Segment[],
  name: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  changes: Change[],
): void {
  for (const key of orderedKeys({ ...before, ...after })) {
    const [old, now] = [ownValue(before, key), ownValue(after, key)];
    if (old === null && now === null) continue;
    const below = [...path, key];
    const field = `${name}${name === '' ? '' : '.'}${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}`;
    if (old === null) changes.push({ op: 'add', path: below, field, after: now });
    else if (now === null) changes.push({ op: 'remove', path: below, field, before: old });
    else
      compare(
        { kind: at.kind, field: key, above: at.field, known: fieldOf(at.known, key) },
        below,
        field,
        old,
        now,
        changes,
      );
  }
}

/** The API server takes `null` for a field that is not there. */
function ownValue(map: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : null;
}

function compareLists(
  at: At,
  path: readonly Segment[],
  name: string,
  before: readonly unknown[],
  after: readonly unknown[],
  changes: Change[],
): void {
  if (isEqual(before, after)) return;
  const items: At = { ...at, known: itemOf(at.known) };
  const form = listForm(at.kind, at.field, at.known, before, after);
  if (form.form === 'ordered') return compareOrdered(items, path, name, before, after, changes);
  const keyOf = form.form === 'keyed' ? form.keyOf : (item: unknown): ItemKey => ({ '': item });
  const left = byKey(items, before, keyOf);
  const right = byKey(items, after, keyOf);
  for (const [key, olds] of left) {
    const news = right.get(key) ?? [];
    const id = keyOf(olds[0]);
    const field = `${name}[${shown(id)}]`;
    if (form.form === 'keyed' && news.length > 0) compare(items, [...path, id], field, olds[0], news[0], changes);
    for (const item of olds.slice(news.length))
      changes.push({ op: 'remove', path: [...path, id], field, before: item });
  }
  for (const [key, news] of right) {
    for (const item of news.slice(left.get(key)?.length ?? 0)) {
      changes.push({ op: 'add', path: [...path, keyOf(item)], field: `${name}[${shown(keyOf(item))}]`, after: item });
    }
  }
}

/** Items by what their key means; several with one key only in a set that holds the same value twice. */
function byKey(at: At, items: readonly unknown[], keyOf: (item: unknown) => ItemKey): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of items) {
    const id = keyOf(item);
    const key = Object.keys(id)
      .map((field) =>
        canonical(field === '' ? at : { ...at, field, above: at.field, known: fieldOf(at.known, field) }, id[field]),
      )
      .join('\n');
    const others = found.get(key);
    if (others) others.push(item);
    else found.set(key, [item]);
  }
  return found;
}

function compareOrdered(
  at: At,
  path: readonly Segment[],
  name: string,
  before: readonly unknown[],
  after: readonly unknown[],
  changes: Change[],
): void {
  // Of hundreds of rules few change: the ends that are equal need no names.
  let head = 0;
  while (head < Math.min(before.length, after.length) && isEqual(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && isEqual(before.at(-1 - tail), after.at(-1 - tail)))
    tail += 1;
  const middle = (items: readonly unknown[]): Name[] => namesOf(at, items.slice(head, items.length - tail));
  const { removed, added, kept } = shifted(align(middle(before), middle(after)), head);
  const place = (list: readonly unknown[], index: number): string => `${name}[${titleOf(list[index]) ?? index}]`;
  for (const index of [...removed].reverse())
    changes.push({ op: 'remove', path: [...path, index], field: place(before, index), before: before[index] });
  for (const index of added)
    changes.push({ op: 'add', path: [...path, index], field: place(after, index), after: after[index] });
  for (const [old, now] of kept) compare(at, [...path, now], place(after, now), before[old], after[now], changes);
}

function shifted({ removed, added, kept }: Alignment, by: number): Alignment {
  return {
    removed: removed.map((index) => index + by),
    added: added.map((index) => index + by),
    kept: kept.map(([old, now]) => [old + by, now + by]),
  };
}

/** Whether two values are written the same, but for the order of keys. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
    );
  const keys = Object.keys(a);
  const [one, other] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
}

/** What tells the items of an ordered list apart: what they are called, with their labels, else what they are. */
function namesOf(at: At, items: readonly unknown[]): Name[] {
  return items.map((item) => {
    const title = titleOf(item);
    if (title === undefined) return { exact: canonical(at, item), near: Array.isArray(item) ? 'list' : typeof item };
    const labels = (item as { labels?: unknown }).labels ?? {};
    return { exact: `${title}\n${canonical({ ...at, field: 'labels', known: undefined }, labels)}`, near: title };
  });
}

/** What people call an item: an alert, a recording, a route with a name. */
function titleOf(item: unknown): string | undefined {
  if (!isPlainMap(item)) return undefined;
  const { alert, record, name } = item;
  return [alert, record, name].find((title): title is string => typeof title === 'string');
}

/** Scalars of a key that say enough: a host and its port, a destination and its namespace. */
const MOST_SCALARS = 3;

function shown(id: ItemKey): string {
  return scalarsIn(Object.values(id)).slice(0, MOST_SCALARS).join(' ');
}

/** The scalars in a value, the same ones first however its keys are ordered. */
function scalarsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(scalarsIn);
  return isPlainMap(value) ? orderedKeys(value).flatMap((key) => scalarsIn(value[key])) : [String(value)];
}

/** A text that two values share exactly when they mean the same. */
function canonical(at: At, value: unknown): string {
  if (Array.isArray(value)) {
    const items: At = { ...at, known: itemOf(at.known) };
    const texts = value.map((item) => canonical(items, item));
    const form = listForm(at.kind, at.field, at.known, value, value).form;
    return `[${(form === 'ordered' ? texts : texts.sort()).join(',')}]`;
  }
  if (isPlainMap(value)) {
    const fields = Object.keys(value)
      .filter((key) => (value[key] ?? null) !== null)
      .sort()
      .map(
        (key) =>
          `${JSON.stringify(key)}:${canonical({ kind: at.kind, field: key, above: at.field, known: fieldOf(at.known, key) }, value[key])}`,
      );
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(worthOf(value, meaningOf(at.field, at.above, at.known)) ?? null);
}
