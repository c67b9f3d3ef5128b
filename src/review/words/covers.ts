import { listAt, mapAt, textAt, valueAt } from '../read.ts';
import { exactly } from './sets.ts';

/** Whether what one rule allows is within what another one allows. In doubt it is not. */

/** More rules than that are not compared one with the other. */
const MOST = 200;

/**
 * The items that no item of others covers. Where there are very many, only those count as covered that are the same.
 *
 * @param covers whether what the second item allows is within what the first one does.
 */
function uncovered<Item>(
  items: readonly Item[],
  others: readonly Item[],
  covers: (other: Item, item: Item) => boolean,
): Item[] {
  const same = new Set(others.map(exactly));
  const left = items.filter((item) => !same.has(exactly(item)));
  const many = left.length > MOST || others.length > MOST;
  const open = many ? left : left.filter((item) => !others.some((other) => covers(other, item)));
  return open.sort((a, b) => (exactly(a) < exactly(b) ? -1 : 1));
}

/** What some rules allow more and less than others, in parts that each have one item of some lists. */
export function compared(
  before: readonly unknown[],
  after: readonly unknown[],
  lists: readonly string[],
  covers: (wide: unknown, narrow: unknown) => boolean,
): { readonly more: unknown[]; readonly less: unknown[] } {
  const [old, now] = [before, after].map((rules) => rules.flatMap((rule) => partsOf(rule, lists))) as [
    unknown[],
    unknown[],
  ];
  return { more: uncovered(now, old, covers), less: uncovered(old, now, covers) };
}

/** Whether a pattern with `*` at its start or end, or alone, matches all that another one matches. */
function patternCovers(pattern: string, other: string): boolean {
  if (pattern === other || pattern === '*') return true;
  if (pattern.endsWith('*')) return other.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') && other.endsWith(pattern.slice(1));
}

function texts(value: unknown, field: string): string[] {
  return listAt(value, field).flatMap((item) => textAt(item) ?? exactly(item));
}

/** Whether a map of lists of patterns is at least as wide: `notX` lists narrow, others narrow by being there. */
function patternsCover(wide: unknown, narrow: unknown, fields: readonly string[]): boolean {
  return fields.every((field) => {
    const [all, some] = [texts(wide, field), texts(narrow, field)];
    if (/^not[A-Z]/.test(field)) return allCovered(some, all);
    return all.length === 0 || (some.length > 0 && allCovered(all, some));
  });
}

/** Whether each text is matched by one of some patterns. */
function allCovered(patterns: readonly string[], all: readonly string[]): boolean {
  const exact = new Set(patterns);
  const wild = patterns.filter((pattern) => pattern.includes('*')).slice(0, MOST);
  return all.every((text) => exact.has(text) || wild.some((pattern) => patternCovers(pattern, text)));
}

const SOURCE = [
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'ipBlocks',
  'notIpBlocks',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
];
const OPERATION = ['hosts', 'notHosts', 'ports', 'notPorts', 'methods', 'notMethods', 'paths', 'notPaths'];

/** Whether a rule of an AuthorizationPolicy matches all requests that another one matches. */
export function authorizationCovers(wide: unknown, narrow: unknown): boolean {
  const parts = (list: 'from' | 'to', item: string, fields: readonly string[]): boolean => {
    const [all, some] = [listAt(wide, list), listAt(narrow, list)];
    if (all.length === 0) return true;
    return (
      some.length > 0 &&
      uncovered(some, all, (other, one) => patternsCover(mapAt(other, item), mapAt(one, item), fields)).length === 0
    );
  };
  const conditions = listAt(wide, 'when').every((condition) =>
    listAt(narrow, 'when').some(
      (other) =>
        textAt(other, 'key') === textAt(condition, 'key') && patternsCover(condition, other, ['values', 'notValues']),
    ),
  );
  return conditions && parts('from', 'source', SOURCE) && parts('to', 'operation', OPERATION);
}

/** More parts than that are not told apart. */
const MOST_PARTS = 64;

/** A rule as several that each have one item of its lists, so that what two rules allow covers what one did. */
function partsOf(rule: unknown, lists: readonly string[]): unknown[] {
  return lists.reduce<unknown[]>(
    (parts, list) =>
      parts.flatMap((part) => {
        const items = listAt(part, list);
        return items.length < 2 || parts.length * items.length > MOST_PARTS
          ? [part]
          : items.map((item) => ({ ...mapAt(part), [list]: [item] }));
      }),
    [rule],
  );
}

/** Whether a label selector selects all that another one selects; one that is missing selects nothing of its own. */
export function selectorCovers(wide: unknown, narrow: unknown): boolean {
  const labels = mapAt(narrow, 'matchLabels');
  const expressions = new Set(listAt(narrow, 'matchExpressions').map(exactly));
  return (
    Object.entries(mapAt(wide, 'matchLabels')).every(
      ([label, value]) => Object.hasOwn(labels, label) && labels[label] === value,
    ) && listAt(wide, 'matchExpressions').every((expression) => expressions.has(exactly(expression)))
  );
}

function peerCovers(wide: unknown, narrow: unknown): boolean {
  if (exactly(wide) === exactly(narrow)) return true;
  if (valueAt(wide, 'ipBlock') !== undefined) {
    const [all, some] = [valueAt(wide, 'ipBlock'), valueAt(narrow, 'ipBlock')];
    const excluded = new Set(texts(some, 'except'));
    return textAt(all, 'cidr') === textAt(some, 'cidr') && texts(all, 'except').every((block) => excluded.has(block));
  }
  if (valueAt(narrow, 'ipBlock') !== undefined) return false;
  const [all, some] = [valueAt(wide, 'namespaceSelector'), valueAt(narrow, 'namespaceSelector')];
  // Without a selector of namespaces it is the policy's own.
  const namespaces = all === undefined ? some === undefined : some !== undefined && selectorCovers(all, some);
  return namespaces && selectorCovers(valueAt(wide, 'podSelector'), valueAt(narrow, 'podSelector'));
}

/** Whether an ingress (`from`) or egress (`to`) rule of a NetworkPolicy lets all through that another one does. */
export function networkCovers(wide: unknown, narrow: unknown, peers: 'from' | 'to'): boolean {
  const [all, some] = [listAt(wide, peers), listAt(narrow, peers)];
  const [ports, others] = [new Set(listAt(wide, 'ports').map(exactly)), listAt(narrow, 'ports').map(exactly)];
  const samePorts = ports.size === 0 || (others.length > 0 && others.every((port) => ports.has(port)));
  return samePorts && (all.length === 0 || (some.length > 0 && uncovered(some, all, peerCovers).length === 0));
}

/** Whether a rule of a Role allows all that another one allows. */
export function roleCovers(wide: unknown, narrow: unknown): boolean {
  const covers = (field: string): boolean => {
    const all = new Set(texts(wide, field));
    return all.has('*') || texts(narrow, field).every((item) => all.has(item));
  };
  const [names, others] = [new Set(texts(wide, 'resourceNames')), texts(narrow, 'resourceNames')];
  const sameNames = names.size === 0 || (others.length > 0 && others.every((name) => names.has(name)));
  const sameUrls = allCovered(texts(wide, 'nonResourceURLs'), texts(narrow, 'nonResourceURLs'));
  return sameNames && sameUrls && ['verbs', 'apiGroups', 'resources'].every(covers);
}
