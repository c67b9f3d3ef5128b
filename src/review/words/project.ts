import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { alike, changesBelow, exactly, explainsAll, latest, listAt, listed, shown, textAt, valueAt } from './read.ts';

/** A list of an AppProject, and what an item of it allows. */
interface Allowance {
  readonly field: string;
  /** What follows `may now` or `may no longer`. */
  readonly words: (item: unknown) => string;
  /** The list forbids: what leaves it is allowed. */
  readonly forbids?: boolean;
}

const ALLOWANCES: readonly Allowance[] = [
  { field: 'destinations', words: destinationInWords },
  { field: 'sourceRepos', words: (item) => `deploy from ${item === '*' ? 'every repository' : shown(item, 120)}` },
  { field: 'sourceNamespaces', words: (item) => `have Applications in namespace ${shown(item)}` },
  { field: 'clusterResourceWhitelist', words: (item) => `deploy ${kindInWords(item)} outside of namespaces` },
  { field: 'namespaceResourceWhitelist', words: (item) => `deploy ${kindInWords(item)}` },
  {
    field: 'clusterResourceBlacklist',
    words: (item) => `deploy ${kindInWords(item)} outside of namespaces`,
    forbids: true,
  },
  { field: 'namespaceResourceBlacklist', words: (item) => `deploy ${kindInWords(item)}`, forbids: true },
  {
    field: 'destinationServiceAccounts',
    words: (item) =>
      `deploy to namespace ${shown(valueAt(item, 'namespace'))} as ${shown(valueAt(item, 'defaultServiceAccount'))}`,
  },
];

function destinationInWords(item: unknown): string {
  const namespace = textAt(item, 'namespace') ?? '';
  const cluster = textAt(item, 'name') ?? textAt(item, 'server') ?? '';
  const where = cluster === '' || cluster === '*' ? 'every cluster' : shown(cluster);
  return `deploy to ${namespace === '*' ? 'every namespace' : `namespace ${shown(namespace)}`} on ${where}`;
}

function kindInWords(item: unknown): string {
  const [group, kind, name] = ['group', 'kind', 'name'].map((field) => textAt(item, field) ?? '');
  if (kind === '*') return group === '*' ? 'every kind' : `every kind of ${group === '' ? 'the core' : shown(group)}`;
  return `${shown(kind)}${group === '' ? '' : ` (${shown(group)})`}${name === '' || name === '*' ? '' : ` ${shown(name)}`}`;
}

/** Items that begin so deny instead of allowing. */
const DENIES = '!';

function isDenial(item: unknown): boolean {
  return typeof item === 'string'
    ? item.startsWith(DENIES)
    : ['namespace', 'server', 'name'].some((field) => (textAt(item, field) ?? '').startsWith(DENIES));
}

/** Words on what an AppProject allows those who write to its repositories. */
export function projectWords(stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const label = `AppProject ${shown(object.metadata.name)}`;
  const risk = (text: string): Said['reasons'] => [reasonOf('risk/project', stage, text)];
  if (change.change === 'removed') {
    return [
      {
        text: `${label} removed: its Applications are no longer synced`,
        reasons: [reasonOf('risk/delivery', stage, 'Applications without a project are not synced')],
        explains: [explainsAll(change)],
      },
    ];
  }
  if (change.change === 'added') {
    const words = listed(
      ALLOWANCES.slice(0, 2).flatMap(({ field, words: say }) =>
        listAt(object, 'spec', field)
          .filter((item) => !isDenial(item))
          .map(say),
      ),
      4,
    );
    return [
      {
        text: `${label} added: it may ${words === '' ? 'deploy nothing' : words}`,
        reasons: words === '' ? [] : risk('it allows what no project did'),
        explains: [explainsAll(change)],
      },
    ];
  }
  const {
    before: { object: old },
    after: { object: now },
  } = change;
  const said: Said[] = [];
  const say = (text: string, reasons: Said['reasons'], changes: readonly Change[]): void =>
    void said.push({ text: `${label} ${text}`, reasons, explains: [{ of: change, changes }] });
  for (const { field, words, forbids = false } of ALLOWANCES) {
    const changes = changesBelow(change.changes, ['spec', field]);
    if (changes.length === 0) continue;
    const [had, has] = [listAt(old, 'spec', field), listAt(now, 'spec', field)];
    if (
      field === 'namespaceResourceWhitelist' &&
      valueAt(old, 'spec', field) !== undefined &&
      valueAt(now, 'spec', field) === undefined
    ) {
      say('may now deploy every kind', risk('without the list all kinds in namespaces are allowed'), changes);
      continue;
    }
    const [come, gone] = [without(has, had), without(had, has)];
    const more = forbids ? gone : [...come.filter((item) => !isDenial(item)), ...gone.filter(isDenial)];
    const less = forbids ? come : [...gone.filter((item) => !isDenial(item)), ...come.filter(isDenial)];
    const plain = (item: unknown): string => words(isDenial(item) ? undenied(item) : item);
    if (more.length > 0)
      say(`may now ${listed(more.map(plain), 4)}`, risk(wideness(more) ?? 'it could not before'), changes);
    if (less.length > 0) say(`may no longer ${listed(less.map(plain), 4)}`, [], changes);
    if (more.length + less.length === 0 && !alike(had, has)) say(`has ${field} in another form`, [], changes);
  }
  roleWords(old, now, changesBelow(change.changes, ['spec', 'roles']), say, risk);
  windowWords(old, now, changesBelow(change.changes, ['spec', 'syncWindows']), say, risk);
  const orphans = changesBelow(change.changes, ['spec', 'orphanedResources']);
  if (orphans.length > 0) {
    const watched = valueAt(now, 'spec', 'orphanedResources') !== undefined;
    const fewer =
      !watched ||
      listAt(now, 'spec', 'orphanedResources', 'ignore').length >
        listAt(old, 'spec', 'orphanedResources', 'ignore').length;
    say(
      watched ? 'watches other objects that no Application owns' : 'no longer watches objects that no Application owns',
      fewer ? risk('what nobody owns is not seen') : [],
      orphans,
    );
  }
  const keys = changesBelow(change.changes, ['spec', 'signatureKeys'], ['spec', 'sourceIntegrity']);
  if (keys.length > 0)
    say('accepts other signatures of commits', risk('commits that it refused may be accepted'), keys);
  const scoped = changesBelow(change.changes, ['spec', 'permitOnlyProjectScopedClusters']);
  if (scoped.length > 0) {
    const only = valueAt(now, 'spec', 'permitOnlyProjectScopedClusters') === true;
    say(
      only ? 'may use its own clusters only' : 'may use clusters of others',
      only ? [] : risk('it could use its own clusters only'),
      scoped,
    );
  }
  return said;
}

function without(items: readonly unknown[], others: readonly unknown[]): unknown[] {
  const known = new Set(others.map(exactly));
  return items.filter((item) => !known.has(exactly(item)));
}

/** What an item that denies is about. */
function undenied(item: unknown): unknown {
  if (typeof item === 'string') return item.slice(DENIES.length);
  return Object.fromEntries(
    Object.entries(item as object).map(([field, value]) => [
      field,
      typeof value === 'string' && value.startsWith(DENIES) ? value.slice(DENIES.length) : (value as unknown),
    ]),
  );
}

function wideness(items: readonly unknown[]): string | undefined {
  const wild = items.some((item) => exactly(item).includes('*'));
  return wild ? 'an asterisk allows also what does not exist yet' : undefined;
}

type Say = (text: string, reasons: Said['reasons'], changes: readonly Change[]) => void;
type Reasons = (text: string) => Said['reasons'];

function roleWords(old: unknown, now: unknown, changes: readonly Change[], say: Say, risk: Reasons): void {
  if (changes.length === 0) return;
  const grants = (object: unknown): Map<string, string> =>
    new Map(
      listAt(object, 'spec', 'roles').flatMap((role) => {
        const name = shown(valueAt(role, 'name'));
        const policies = listAt(role, 'policies').map(
          (policy) => [`${name} ${shown(policy, 200)}`, `lets role ${name} ${policyInWords(policy)}`] as const,
        );
        const groups = listAt(role, 'groups').map(
          (group) => [`${name} group ${shown(group)}`, `gives role ${name} to group ${shown(group)}`] as const,
        );
        return [...policies, ...groups];
      }),
    );
  const [had, has] = [grants(old), grants(now)];
  const more = [...has].filter(([key]) => !had.has(key)).map(([, words]) => words);
  const less = [...had].filter(([key]) => !has.has(key)).map(([, words]) => words);
  if (more.length > 0) say(listed(more), risk('nobody could by this role before'), changes);
  if (less.length > 0) say(`no longer ${listed(less)}`, [], changes);
  if (more.length + less.length === 0) say('has other roles', [], changes);
}

/** `p, proj:team:role, applications, sync, team/*, allow` */
function policyInWords(policy: unknown): string {
  const [, , resource, action, object, effect] = shown(policy, 200)
    .split(',')
    .map((part) => part.trim());
  if (object === undefined) return shown(policy);
  return `${effect === 'deny' ? 'not ' : ''}${action ?? ''} ${resource ?? ''} ${object}`;
}

function windowWords(old: unknown, now: unknown, changes: readonly Change[], say: Say, risk: Reasons): void {
  if (changes.length === 0) return;
  const [had, has] = [listAt(old, 'spec', 'syncWindows'), listAt(now, 'spec', 'syncWindows')];
  const [come, gone] = [without(has, had), without(had, has)];
  const denied = gone.filter((window) => textAt(window, 'kind') === 'deny').length > 0;
  const allowed =
    come.filter((window) => textAt(window, 'kind') === 'allow').length > 0 || (gone.length > 0 && has.length === 0);
  const words = (windows: readonly unknown[]): string =>
    listed(
      windows.map(
        (window) =>
          `${shown(valueAt(window, 'kind'))} ${shown(valueAt(window, 'schedule'))} for ${shown(valueAt(window, 'duration'))}`,
      ),
      2,
    ) || 'none';
  say(
    `has sync windows ${words(come)} (was ${words(gone)})`,
    denied || allowed ? risk('it may sync at other times') : [],
    changes,
  );
}
