import { orderedKeys } from '../../core/order.ts';
import { emitYaml } from '../../core/yaml.ts';
import { align } from '../align.ts';
import type { Placed } from '../compare.ts';
import { withoutMovedAway, type Change } from '../field.ts';
import type { Entry, Plan, Risk } from '../plan.ts';
import type { Place } from '../unit.ts';
import { exactly } from '../words/sets.ts';
import { clipped, visible, visibleLines } from './characters.ts';
import { count, RISKS_DOWN } from './verdict.ts';

/** A changed field as all formats show it: one line before and after, or a small unified diff. */
export interface FieldDiff {
  readonly op: Change['op'];
  readonly field: string;
  /** One line; missing where there is nothing, and where `lines` say it. */
  readonly before?: string;
  readonly after?: string;
  /** What has several lines, with a few around what differs. */
  readonly lines?: readonly DiffLine[];
  /** Instead of values, which are the same: `moved from place 1 to 3`. */
  readonly note?: string;
}

/** A line of a diff; `…` stands for lines that are left out, and says how many. */
export interface DiffLine {
  readonly sign: '+' | '-' | ' ' | '…';
  readonly text: string;
}

/** How much of a value is shown. */
export interface Bounds {
  /** Lines of one diff. */
  readonly lines: number;
  /** Characters of one line. */
  readonly characters: number;
}

/** The changes of one service (or other subject) in one environment, for the details. */
export interface Group {
  readonly subject: string;
  /** Empty for what belongs to none. */
  readonly environment: string;
  readonly risk: Risk;
  /** Indices in the entries of the plan. */
  readonly entries: readonly number[];
}

/** Lines that stay, before and after those that differ. */
const CONTEXT = 2;

/** The entries of a plan by subject and environment, each once, most risky group and in it most risky entry first. */
export function groupsOf(plan: Plan): Group[] {
  const groups = new Map<string, { subject: string; environment: string; risk: Risk; entries: number[] }>();
  const taken = new Set<number>();
  const put = (subject: string, environment: string, risk: Risk, indices: readonly number[]): void => {
    const key = JSON.stringify([subject, environment]);
    const group = groups.get(key) ?? { subject, environment, risk, entries: [] };
    groups.set(key, group);
    for (const index of indices) {
      if (taken.has(index) || environmentOf(plan.entries[index]?.place) !== environment) continue;
      taken.add(index);
      group.entries.push(index);
    }
  };
  for (const { subject, environment, statements, risk } of plan.cells) {
    put(
      subject,
      environment,
      risk,
      statements.flatMap((index) => plan.statements[index]?.entries ?? []),
    );
  }
  // What no sentence explains is shown all the same.
  for (const [index, { place, risk }] of plan.entries.entries()) {
    if (!taken.has(index)) put(place.service ?? (place.folder || '.'), environmentOf(place), risk, [index]);
  }
  const rank = (risk: Risk | undefined): number => RISKS_DOWN.indexOf(risk ?? 'low');
  const byRank = (one: number, other: number): number =>
    rank(plan.entries[one]?.risk) - rank(plan.entries[other]?.risk) || one - other;
  return [...groups.values()]
    .map((group) => ({ ...group, entries: group.entries.sort(byRank) }))
    .sort((one, other) => rank(one.risk) - rank(other.risk));
}

/** The environment of a place as cells have it; empty where the tree does not say one. */
export function environmentOf(place: Place | undefined): string {
  return place?.environment ?? '';
}

/** What an entry is called: `VirtualService risk-ml-prod/fraud-detector`; the file where it is none of Kubernetes' objects. */
export function titleOf(entry: Entry): string {
  if (entry.type === 'document') return visible(entry.file);
  const { before, after } = entry;
  const [old, now] = [before && labelOf(before), after && labelOf(after)];
  return visible(old !== undefined && now !== undefined && old !== now ? `${old} → ${now}` : (now ?? old ?? ''));
}

/** Read with care: an object of a tree may have any shape. */
function labelOf({ object }: Placed): string {
  const metadata: unknown = object.metadata;
  const { name, namespace } = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Readonly<
    Record<string, unknown>
  >;
  return `${nameText(object.kind)} ${namespace === undefined || namespace === null ? '' : `${nameText(namespace)}/`}${nameText(name)}`;
}

function nameText(name: unknown): string {
  return typeof name === 'string' ? name : name === undefined ? '?' : valueText(name);
}

/** The file of an entry: where it is now, else where it was. */
export function fileOf(entry: Entry): string {
  return visible(entry.type === 'document' ? entry.file : ((entry.after ?? entry.before)?.file ?? ''));
}

/** What there is to say of an entry that has no changes by field; empty where they say it. */
export function noteOf(entry: Entry): string {
  if (entry.change === 'added' || entry.change === 'removed') return entry.change;
  if (entry.changes.length > 0) return '';
  if (entry.type === 'document') return 'not compared: binary, too large, or broken';
  return entry.change === 'replaced' ? 'nothing but its name' : 'nothing but its place in the tree';
}

/** The changed fields of an entry. */
export function fieldDiffs(entry: Entry, bounds: Bounds): FieldDiff[] {
  const left = new Map(
    entry.changes.flatMap(({ op, path, field }) => (op === 'remove' ? [[exactly(path), field]] : [])),
  );
  return withoutMovedAway(entry.changes).map((change) => {
    const from = change.moved && left.get(exactly(change.moved));
    if (from === undefined) return fieldDiff(change, bounds);
    return { op: 'change', field: visible(change.field), note: movedText(change, from) };
  });
}

/** Places are counted from 1, as people do; of another list it is said which. */
function movedText({ path, moved = [] }: Change, from: string): string {
  if (exactly(path.slice(0, -1)) !== exactly(moved.slice(0, -1))) return `moved from ${visible(from)}`;
  const [was, is] = [moved, path].map((of) => Number(of.at(-1)) + 1);
  return `moved from place ${was} to ${is}`;
}

function fieldDiff({ op, field, before, after }: Change, bounds: Bounds): FieldDiff {
  // A file of text changes as a whole.
  const name = { op, field: visible(field) || 'text' };
  const [old, now] =
    op === 'change'
      ? unfolded(before, after)
      : [op === 'add' ? undefined : valueText(before), op === 'remove' ? undefined : valueText(after)];
  if (!`${old}${now}`.includes('\n')) {
    const [from, to] = narrowed(old, now, bounds.characters);
    return { ...name, ...(from !== undefined && { before: from }), ...(to !== undefined && { after: to }) };
  }
  return { ...name, lines: lineDiff(old, now, bounds) };
}

/** Two values as text; two texts that are JSON, as dashboards are, with a value to a line, so that one sees which of them changed. */
function unfolded(before: unknown, after: unknown): [string, string] {
  const texts: [string, string] = [valueText(before), valueText(after)];
  const [old, now] = [before, after].map((value) => {
    if (typeof value !== 'string' || value.length <= MAX_FLOW || !/^\s*[[{]/.test(value)) return undefined;
    try {
      return JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      return undefined;
    }
  });
  return old === undefined || now === undefined || old === now ? texts : [old, now];
}

/** All of what came or went, as lines of a diff. */
export function wholeDiff(entry: Entry, bounds: Bounds): readonly DiffLine[] {
  const [before, after] =
    entry.type === 'object' ? [entry.before?.object, entry.after?.object] : [entry.before, entry.after];
  const text = (value: unknown): string | undefined => {
    if (typeof value === 'object' && value !== null) return blockText(value);
    return value === undefined ? undefined : valueText(value);
  };
  const [old, now] = [text(before), text(after)];
  return old === undefined && now === undefined ? [] : lineDiff(old, now, bounds);
}

/** Two lines, cut around the first place where they differ when they are too long. */
function narrowed(before: string | undefined, after: string | undefined, length: number): (string | undefined)[] {
  let from = 0;
  if (before !== undefined && after !== undefined && Math.max(before.length, after.length) > length) {
    while (from < before.length && before[from] === after[from]) from += 1;
    from = Math.max(from - Math.floor(length / 4), 0);
  }
  const cut = (text: string): string =>
    clipped(visible(from === 0 ? text : `…${text.slice(from).replace(/^[\udc00-\udfff]/, '')}`), length);
  return [before, after].map((text) => (text === undefined ? undefined : cut(text)));
}

function lineDiff(
  before: string | undefined,
  after: string | undefined,
  { lines: most, characters }: Bounds,
): DiffLine[] {
  const [old, now] = [before, after].map((text) =>
    text === undefined ? [] : visibleLines(text.replace(/\n$/, '')),
  ) as [string[], string[]];
  const named = (line: string): { exact: string; near: string } => ({ exact: line, near: line });
  const all: DiffLine[] = [];
  const next = [0, 0] as [number, number];
  const until = (oldEnd: number, newEnd: number): void => {
    for (; next[0] < oldEnd; next[0] += 1) all.push({ sign: '-', text: clipped(old[next[0]]!, characters) });
    for (; next[1] < newEnd; next[1] += 1) all.push({ sign: '+', text: clipped(now[next[1]]!, characters) });
  };
  for (const [left, right] of align(old.map(named), now.map(named)).kept) {
    until(left, right);
    all.push({ sign: ' ', text: clipped(old[left]!, characters) });
    next[0] += 1;
    next[1] += 1;
  }
  until(old.length, now.length);
  const shown = folded(all);
  // One line more says how many are left out, so one that is left out alone is shown.
  return shown.length <= most + 1
    ? shown
    : [...shown.slice(0, most), { sign: '…', text: count(shown.length - most, 'more line') }];
}

/** Long runs of lines that stay become one that says how many they are. */
function folded(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Uint8Array(lines.length);
  let last = -Infinity;
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at]!.sign !== ' ') last = at;
    if (at - last <= CONTEXT) near[at] = 1;
  }
  last = Infinity;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    if (lines[at]!.sign !== ' ') last = at;
    if (last - at <= CONTEXT) near[at] = 1;
  }
  const out: DiffLine[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && near[end] === 0) end += 1;
    if (end - at > 1) {
      out.push({ sign: '…', text: count(end - at, 'equal line') });
      at = end;
    } else out.push(lines[at++]!);
  }
  return out;
}

/** Longer collections are written as blocks. */
const MAX_FLOW = 60;
const MAX_FLOW_DEPTH = 4;

/** A value for people: text of several lines as it is, else as YAML has it; collections in short where that fits a line. */
function valueText(value: unknown): string {
  if (typeof value === 'string' && value.includes('\n')) return value;
  if (typeof value !== 'object' || value === null) return scalarText(value);
  const flow = flowText(value);
  return flow.length <= MAX_FLOW ? flow : blockText(value);
}

/** As it is written in a tree, so that the text `"1"` is told from the number. */
function scalarText(value: unknown): string {
  try {
    return emitYaml({ value }).slice('---\nvalue: '.length, -1);
  } catch {
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  }
}

/** `[a, b]`, `{ key: value }`; something longer than a line where there is more than fits one. */
function flowText(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? JSON.stringify(value) : scalarText(value);
  const items = Array.isArray(value) ? value : orderedKeys(value);
  if (depth > MAX_FLOW_DEPTH || items.length > MAX_FLOW) return ' '.repeat(MAX_FLOW + 1);
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, depth + 1)).join(', ')}]`;
  const fields = items.map((key: string) => {
    const name = /^[\w./-]+$/.test(key) ? key : JSON.stringify(key);
    return `${name}: ${flowText((value as Record<string, unknown>)[key], depth + 1)}`;
  });
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** A collection as YAML; what YAML of ours has no words for, as JSON. */
function blockText(value: object): string {
  try {
    if (!Array.isArray(value)) return emitYaml(value).slice('---\n'.length);
    return emitYaml({ list: value }).slice('---\nlist:\n'.length).replace(/^ {2}/gm, '');
  } catch {
    return JSON.stringify(value, null, 2);
  }
}
