import type { Change } from '../field.ts';
import { listAt, mapAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { latest } from './changes.ts';
import { sentence } from './said.ts';
import { labelOf } from './subject.ts';
import { listed, shown } from './text.ts';

/** Something that a pod or container may do, or no longer has to. */
interface Right {
  /** Whose: `container api`, `the pod`. */
  readonly holder: string;
  /** After the holder: `is privileged`. */
  readonly words: string;
  /** Field that gives it: what has it in its path is explained. */
  readonly field: string;
}

/** Deeper than any pod template. */
const MAX_DEPTH = 12;

/**
 * Words on what containers and pods may do to their node, wherever a kind has its pod template. Only what is loosened; the
 * rest has words elsewhere.
 */
export function podSecurityWords(unit: ChangedUnit, stage: Stage): Said[] {
  // A new release has what the one before it had.
  const known = new Set(
    unit.objects.flatMap(({ before }) =>
      before
        ? [...rightsOf(before.object).values()].map(({ holder, words }) => `${before.object.kind}\n${holder}\n${words}`)
        : [],
    ),
  );
  return unit.objects.flatMap((change): Said[] => {
    if (change.change === 'removed') return [];
    const [old, now] = [change.before ? rightsOf(change.before.object) : undefined, rightsOf(change.after.object)];
    const gained = [...now].filter(([key, { holder, words }]) =>
      old ? !old.has(key) : !known.has(`${change.after.object.kind}\n${holder}\n${words}`),
    );
    const lost = change.before ? guardsLost(change.before.object, change.after.object) : [];
    const label = labelOf(unit, latest(change));
    return [...gained.map(([, right]) => right), ...lost].map(({ holder, words, field }) =>
      sentence(
        `${holder} of ${label} ${words}`,
        { of: change, changes: change.changes.filter((one) => gives(one, field)) },
        reasonOf('risk/privilege', stage, 'whoever gets into it may do more to the node'),
      ),
    );
  });
}

/** Whether a change is the one that gives a right: of the field, or of all of what holds it. */
function gives({ path, op, before, after }: Change, field: string): boolean {
  if (path.includes(field)) return true;
  const whole = op === 'remove' ? before : after;
  return (
    path.at(-1) === 'securityContext' &&
    (valueAt(whole, field) !== undefined || valueAt(whole, 'capabilities', field) !== undefined)
  );
}

/** A map that holds containers, or is one, with what it is called. */
type Visit = (holder: string, map: Readonly<Record<string, unknown>>, pod: boolean) => void;

const CONTAINERS: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Visits all pods and containers of an object: what has a security context, an image or containers. */
function visit(value: unknown, depth: number, seen: Visit, name = ''): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, depth + 1, seen, name);
    return;
  }
  const map = value as Readonly<Record<string, unknown>>;
  const pod = ['containers', 'volumes', 'hostNetwork', 'hostPID', 'hostIPC'].some((field) => Object.hasOwn(map, field));
  const container =
    !pod &&
    (CONTAINERS.has(name) ||
      Object.hasOwn(map, 'image') ||
      Object.hasOwn(map, 'securityContext') ||
      Object.hasOwn(map, 'resources'));
  if (pod || container) seen(pod ? 'the pod' : `container ${shown(textAt(map, 'name') ?? name)}`, map, pod);
  for (const key of Object.keys(map)) {
    if (key !== 'metadata' && key !== 'status') visit(map[key], depth + 1, seen, key);
  }
}

function rightsOf(object: unknown): Map<string, Right> {
  const rights = new Map<string, Right>();
  visit(object, 0, (holder, map, pod) => {
    const add = (field: string, words: string): void =>
      void rights.set(`${holder}\n${words}`, { holder, words, field });
    const context = mapAt(map, 'securityContext');
    if (context['privileged'] === true) add('privileged', 'is privileged');
    if (context['runAsUser'] === 0) add('runAsUser', 'runs as root');
    if (textAt(context, 'seccompProfile', 'type') === 'Unconfined') add('seccompProfile', 'may make any system call');
    if (textAt(context, 'procMount') === 'Unmasked') add('procMount', 'sees all of /proc');
    const capabilities = listAt(context, 'capabilities', 'add').map((capability) => shown(capability));
    for (const capability of capabilities) add('add', `has the capability ${capability}`);
    if (!pod) return;
    for (const [field, words] of HOST) if (map[field] === true) add(field, words);
    for (const volume of listAt(map, 'volumes')) {
      const path = textAt(volume, 'hostPath', 'path');
      if (path !== undefined) add('volumes', `mounts ${shown(path)} of the node`);
    }
  });
  return rights;
}

const HOST = [
  ['hostNetwork', 'uses the network of the node'],
  ['hostPID', 'sees the processes of the node'],
  ['hostIPC', 'shares memory with the node'],
] as const;

/** What keeps a container back, by holder. */
function guardsOf(object: unknown): Map<string, Map<string, Right>> {
  const holders = new Map<string, Map<string, Right>>();
  visit(object, 0, (holder, map) => {
    const guards = holders.get(holder) ?? new Map<string, Right>();
    holders.set(holder, guards);
    const add = (field: string, words: string, key = field): void => void guards.set(key, { holder, words, field });
    const context = mapAt(map, 'securityContext');
    if (context['runAsNonRoot'] === true) add('runAsNonRoot', 'may run as root');
    if (context['allowPrivilegeEscalation'] === false)
      add('allowPrivilegeEscalation', 'may gain more rights than it started with');
    if (context['readOnlyRootFilesystem'] === true) add('readOnlyRootFilesystem', 'may write to its file system');
    if (
      textAt(context, 'seccompProfile', 'type') !== undefined &&
      textAt(context, 'seccompProfile', 'type') !== 'Unconfined'
    )
      add('seccompProfile', 'has no filter of system calls');
    for (const capability of listAt(context, 'capabilities', 'drop'))
      add('drop', `keeps the capability ${shown(capability)}`, `drop ${shown(capability)}`);
    if (map['automountServiceAccountToken'] === false)
      add('automountServiceAccountToken', 'gets a token of its ServiceAccount');
  });
  return holders;
}

/** Guards of holders that are still there. */
function guardsLost(before: unknown, after: unknown): Right[] {
  const now = guardsOf(after);
  return [...guardsOf(before)].flatMap(([holder, guards]) => {
    const kept = now.get(holder);
    if (!kept) return [];
    const lost = [...guards].filter(([key]) => !kept.has(key) && !(key.startsWith('drop ') && kept.has('drop ALL')));
    const capabilities = lost.filter(([key]) => key.startsWith('drop '));
    const others = lost.filter(([key]) => !key.startsWith('drop ')).map(([, right]) => right);
    if (capabilities.length === 0) return others;
    const names = capabilities.map(([key]) => key.slice('drop '.length)).sort();
    return [
      ...others,
      {
        holder,
        words: `keeps the ${names.length === 1 ? 'capability' : 'capabilities'} ${listed(names)}`,
        field: 'drop',
      },
    ];
  });
}
