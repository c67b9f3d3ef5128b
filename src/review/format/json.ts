import { orderedKeys } from '../../core/order.ts';
import type { Plan } from '../plan.ts';

/** Fields of the plan itself, in the order in which a reader wants them; what trees hold has the order of `core/order.ts`. */
// prettier-ignore
const FIELDS = [
  'version', 'base', 'head', 'risk', 'totals', 'statements', 'cells', 'entries', 'topologies', 'findings',
  'services', 'environments', 'objects', 'added', 'changed', 'replaced', 'removed', 'high', 'medium', 'low',
  'id', 'severity', 'rule', 'type', 'change', 'op', 'file', 'text', 'subject', 'environment', 'cluster', 'team', 'service', 'folder',
  'where', 'place', 'places', 'path', 'moved', 'field', 'reasons', 'before', 'after', 'changes',
  'hosts', 'public', 'releases', 'release', 'weight', 'mirror', 'header', 'parts', 'part', 'kind', 'name', 'model', 'replicas',
  'object', 'line', 'column', 'message', 'fix',
];
const RANKS: ReadonlyMap<string, number> = new Map(FIELDS.map((field, index) => [field, index]));

/** Where in a plan the objects and values of trees begin: those of an entry, of a change, and what names an item. */
const OF_TREES: ReadonlySet<string> = new Set(['object', 'path', 'moved']);

/**
 * A plan as JSON: the same plan is always the same bytes, in whatever order it was put together. `schema/plan.schema.json`
 * describes it. What JSON has no word for (`.nan`, `.inf`) is text, as YAML writes it; characters that cannot be seen are escaped.
 *
 * @example JSON.parse(planJson(plan)).risk // 'high'
 */
export function planJson(plan: Plan): string {
  return `${JSON.stringify(ordered(plan), null, 2).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => (character === '\n' ? character : escaped(character)))}\n`;
}

/** Outside of strings JSON of ours has no such character but line breaks. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}

function ordered(value: unknown, ofTree = false): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => ordered(item, ofTree));
  const map = value as Readonly<Record<string, unknown>>;
  const keys = ofTree
    ? orderedKeys(map)
    : Object.keys(map).sort((a, b) => (RANKS.get(a) ?? RANKS.size) - (RANKS.get(b) ?? RANKS.size));
  return Object.fromEntries(keys.map((key) => [key, ordered(map[key], ofTree || isOfTree(map, key))]));
}

/** The values of a change and of a document are of the tree; those of an object's entry say the file, too, and those of a topology are ours. */
function isOfTree(map: Readonly<Record<string, unknown>>, key: string): boolean {
  if (OF_TREES.has(key)) return true;
  return (key === 'before' || key === 'after') && (map['op'] !== undefined || map['type'] === 'document');
}
