import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { listAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { changesBelow, latest, type Altered } from './changes.ts';
import { sentence } from './said.ts';
import { alike, comeAndGone, exactly } from './sets.ts';
import { listed, shown } from './text.ts';

/** A list of an AppProject, and what an item of it allows. */
interface Allowance {
  readonly field: string;
  /** What follows `may now` or `may no longer`, before the items. */
  readonly verb: string;
  readonly words: (item: unknown) => string;
  /** The list forbids: what leaves it is allowed. */
  readonly forbids?: boolean;
}

const outside = (item: unknown): string => `${kindInWords(item)} outside of namespaces`;

const ALLOWANCES: readonly Allowance[] = [
  { field: 'destinations', verb: 'deploy to', words: destinationInWords },
  {
    field: 'sourceRepos',
    verb: 'deploy from',
    words: (item) => (item === '*' ? 'every repository' : shown(item, 120)),
  },
  { field: 'sourceNamespaces', verb: 'have Applications in', words: (item) => `namespace ${shown(item)}` },
  { field: 'clusterResourceWhitelist', verb: 'deploy', words: outside },
  { field: 'namespaceResourceWhitelist', verb: 'deploy', words: kindInWords },
  { field: 'clusterResourceBlacklist', verb: 'deploy', words: outside, forbids: true },
  { field: 'namespaceResourceBlacklist', verb: 'deploy', words: kindInWords, forbids: true },
  {
    field: 'destinationServiceAccounts',
    verb: 'deploy to',
    words: (item) =>
      `namespace ${shown(valueAt(item, 'namespace'))} as ${shown(valueAt(item, 'defaultServiceAccount'))}`,
  },
];

function destinationInWords(item: unknown): string {
  const namespace = textAt(item, 'namespace') ?? '';
  const cluster = textAt(item, 'name') ?? textAt(item, 'server') ?? '';
  const where = cluster === '' || cluster === '*' ? 'every cluster' : shown(cluster);
  return `${namespace === '*' ? 'every namespace' : `namespace ${shown(namespace)}`} on ${where}`;
}

function kindInWords(item: unknown): string {
  const [group, kind, name] = ['group', 'kind', 'name'].map((field) => textAt(item, field) ?? '');
  if (kind === '*') return group === '*' ? 'every kind' : `every kind of ${group === '' ? 'the core' : shown(group)}`;
  return `${shown(kind)}${group === '' ? '' : ` (${shown(group)})`}${name === '' || name === '*' ? '' : ` ${shown(name)}`}`;
}

/** Items that begin so deny instead of allowing. */
const DENIES = '!';

function isDenial(item: unknown): boolean {
  const denies = (text: unknown): boolean => typeof text === 'string' && text.startsWith(DENIES);
  return denies(item) || ['namespace', 'server', 'name'].some((field) => denies(valueAt(item, field)));
}

/** What an item is about, whether it allows or denies that. */
function undenied(item: unknown): unknown {
  const bare = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(DENIES) ? value.slice(DENIES.length) : value;
  if (typeof item !== 'object' || item === null) return bare(item);
  return Object.fromEntries(Object.entries(item).map(([field, value]) => [field, bare(value)]));
}

/** Sentences on one project, in the order in which they are added. */
interface Telling {
  readonly change: Altered;
  readonly say: (text: string, changes: readonly Change[], reason?: Reason) => void;
  readonly risk: (text?: string) => Reason;
}

/** Words on what an AppProject allows those who write to its repositories. */
export function projectWords(stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const label = `AppProject ${shown(object.metadata.name)}`;
  const risk = (text?: string): Reason => reasonOf('risk/project', stage, text);
  if (change.change === 'removed') {
    const reason = reasonOf('risk/delivery', stage, 'Argo CD refuses Applications without a project');
    return [sentence(`${label} removed: its Applications are no longer synced`, { of: change }, reason)];
  }
  if (change.change === 'added') {
    const allowed = ALLOWANCES.slice(0, 2).flatMap(({ field, verb, words }) => {
      const items = listAt(object, 'spec', field).filter((item) => !isDenial(item));
      return items.length === 0 ? [] : [`${verb} ${listed(items.map(words), 4)}`];
    });
    const text = `${label} added: it may ${listed(allowed) || 'deploy nothing'}`;
    return [sentence(text, { of: change }, allowed.length > 0 ? risk('it allows what no project did') : undefined)];
  }
  const said: Said[] = [];
  const telling: Telling = {
    change,
    risk,
    say: (text, changes, reason) => void said.push(sentence(`${label} ${text}`, { of: change, changes }, reason)),
  };
  for (const allowance of ALLOWANCES) allowanceWords(telling, allowance);
  roleWords(telling);
  windowWords(telling);
  otherWords(telling);
  return said;
}

function allowanceWords({ change, say, risk }: Telling, { field, verb, words, forbids = false }: Allowance): void {
  const [before, after] = [change.before.object, change.after.object];
  const changes = changesBelow(change.changes, ['spec', field]);
  if (changes.length === 0) return;
  const unlisted = valueAt(before, 'spec', field) !== undefined && valueAt(after, 'spec', field) === undefined;
  if (field === 'namespaceResourceWhitelist' && unlisted) {
    say('may now deploy every kind', changes, risk('without the list all kinds in namespaces are allowed'));
    return;
  }
  const [had, has] = [listAt(before, 'spec', field), listAt(after, 'spec', field)];
  const { come, gone } = comeAndGone(had, has);
  const [allowed, denied] = [(item: unknown) => !isDenial(item), isDenial];
  const more = forbids ? gone : [...come.filter(allowed), ...gone.filter(denied)];
  const less = forbids ? come : [...gone.filter(allowed), ...come.filter(denied)];
  const all = (items: readonly unknown[]): string => {
    const said = items.map((item) => words(undenied(item)));
    return `${verb} ${listed(said, 4)}`;
  };
  const wild = more.some((item) => exactly(item).includes('*'));
  if (more.length > 0)
    say(`may now ${all(more)}`, changes, risk(wild ? 'an asterisk allows also what does not exist yet' : undefined));
  if (less.length > 0) say(`may no longer ${all(less)}`, changes);
  if (more.length + less.length === 0 && !alike(had, has)) say(`has ${field} in another form`, changes);
}

function roleWords({ change, say, risk }: Telling): void {
  const changes = changesBelow(change.changes, ['spec', 'roles']);
  if (changes.length === 0) return;
  const grants = (object: unknown): string[] =>
    listAt(object, 'spec', 'roles').flatMap((role) => {
      const name = shown(valueAt(role, 'name'));
      const policies = listAt(role, 'policies').map((policy) => `lets role ${name} ${policyInWords(policy)}`);
      return [...policies, ...listAt(role, 'groups').map((group) => `gives role ${name} to group ${shown(group)}`)];
    });
  const { come, gone } = comeAndGone(grants(change.before.object), grants(change.after.object));
  if (come.length > 0) say(listed(come), changes, risk('nobody could by this role before'));
  if (gone.length > 0) say(`no longer ${listed(gone)}`, changes);
  if (come.length + gone.length === 0) say('has other roles', changes);
}

/** `p, proj:team:role, applications, sync, team/*, allow` */
function policyInWords(policy: unknown): string {
  const [, , resource, action, object, effect] = shown(policy, 200)
    .split(',')
    .map((part) => part.trim());
  if (object === undefined) return shown(policy);
  return `${effect === 'deny' ? 'not ' : ''}${action ?? ''} ${resource ?? ''} ${object}`;
}

function windowWords({ change, say, risk }: Telling): void {
  const changes = changesBelow(change.changes, ['spec', 'syncWindows']);
  if (changes.length === 0) return;
  const [had, has] = [
    listAt(change.before.object, 'spec', 'syncWindows'),
    listAt(change.after.object, 'spec', 'syncWindows'),
  ];
  const { come, gone } = comeAndGone(had, has);
  const are = (windows: readonly unknown[], kind: string): boolean =>
    windows.some((window) => textAt(window, 'kind') === kind);
  const wider = are(gone, 'deny') || are(come, 'allow') || (gone.length > 0 && has.length === 0);
  const inWords = (window: unknown): string => {
    const [kind, schedule, duration] = ['kind', 'schedule', 'duration'].map((field) => shown(valueAt(window, field)));
    return `${kind} ${schedule} for ${duration}`;
  };
  const words = (windows: readonly unknown[]): string => listed(windows.map(inWords), 2) || 'none';
  say(
    `has sync windows ${words(come)} (was ${words(gone)})`,
    changes,
    wider ? risk('it may sync at other times') : undefined,
  );
}

function otherWords({ change, say, risk }: Telling): void {
  const [before, after] = [change.before.object, change.after.object];
  const orphans = changesBelow(change.changes, ['spec', 'orphanedResources']);
  if (orphans.length > 0) {
    const watched = valueAt(after, 'spec', 'orphanedResources') !== undefined;
    const ignored = (object: unknown): number => listAt(object, 'spec', 'orphanedResources', 'ignore').length;
    const fewer = !watched || ignored(after) > ignored(before);
    const text = watched
      ? 'watches other objects that no Application owns'
      : 'no longer watches objects that no Application owns';
    say(text, orphans, fewer ? risk('what nobody owns is not seen') : undefined);
  }
  const keys = changesBelow(change.changes, ['spec', 'signatureKeys'], ['spec', 'sourceIntegrity']);
  if (keys.length > 0)
    say('accepts other signatures of commits', keys, risk('commits that it refused may be accepted'));
  const scoped = changesBelow(change.changes, ['spec', 'permitOnlyProjectScopedClusters']);
  if (scoped.length > 0) {
    const only = valueAt(after, 'spec', 'permitOnlyProjectScopedClusters') === true;
    say(only ? 'may use its own clusters only' : 'may use clusters of others', scoped, only ? undefined : risk());
  }
}
