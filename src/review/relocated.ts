import { isPlainMap } from '../check/schema/plain-data.ts';
import type { KubeObject } from '../core/object.ts';
import type { DocumentChange, ObjectChange } from './compare.ts';
import { differences } from './diff.ts';
import type { Known } from './lists.ts';
import { isKind, textAt } from './read.ts';
import type { Said } from './statement.ts';
import type { ChangedUnit } from './unit.ts';

const DESCRIPTOR = 'argocd-app.json';

/** A unit as its words see it. */
export interface Seen {
  readonly unit: ChangedUnit;
  /** What stands for the sentence in the unit as it is. */
  whole(said: Said): readonly (ObjectChange | DocumentChange)[];
}

/**
 * A service that goes to another namespace has its name in hundreds of fields: labels of alerts, hosts, queries. All of them
 * follow from the one change. So the words see a service that was in the new namespace before, and speak of what is different
 * beside; what is not is explained by the sentence that the service goes there. Its addresses are looked at as they are: they change.
 *
 * @param known the schema of a kind, where there is one.
 */
export function seenInPlace(whole: ChangedUnit, known: (object: KubeObject) => Known | undefined): Seen {
  const { documents, halves } = withOwner(whole);
  const isAlike = (of: DocumentChange): boolean => halves.has(of) && of.changes.length === 0;
  const unit = { ...whole, documents: documents.filter((of) => !isAlike(of)) };
  const originals = new Map<ObjectChange, ObjectChange>();
  const follows: (ObjectChange | DocumentChange)[] = documents.filter(isAlike);
  const [from, to] = [textAt(unit.descriptor.before, 'namespace'), textAt(unit.descriptor.after, 'namespace')];
  const descriptor = unit.documents.find(
    ({ file, change }) => change === 'changed' && file === `${unit.place.folder}/${DESCRIPTOR}`,
  );
  const goes = descriptor && from && to && from !== to;
  const objects = unit.objects.flatMap((change): ObjectChange[] => {
    if (!goes || !change.before || !change.after || isAddress(change.after.object)) return [change];
    const before = { ...change.before, object: renamed(change.before.object, from, to, leavesOf(change.after.object)) };
    const moved =
      before.object.metadata.name === change.after.object.metadata.name &&
      before.object.metadata.namespace === change.after.object.metadata.namespace;
    const changes = differences(
      change.after.object.kind,
      before.object,
      change.after.object,
      known(change.after.object),
    );
    if (changes.length === 0) {
      follows.push(change);
      return [];
    }
    const seen: ObjectChange = { change: moved ? 'changed' : 'replaced', before, after: change.after, changes };
    originals.set(seen, change);
    return [seen];
  });
  return {
    unit: { ...unit, objects },
    whole({ explains, reasons }) {
      const own = explains.map(({ of }) => of);
      const all = descriptor && own.includes(descriptor) && reasons.some(({ rule }) => rule === 'risk/destination');
      return [...own, ...(all ? follows : [])].flatMap((of) =>
        'file' in of ? (halves.get(of) ?? of) : (originals.get(of) ?? of),
      );
    },
  };
}

/** Files of a service that another team has now: each is one that changed, and stands for its two halves. */
function withOwner({ place, from, documents }: ChangedUnit): {
  readonly documents: readonly DocumentChange[];
  readonly halves: ReadonlyMap<DocumentChange, readonly DocumentChange[]>;
} {
  const halves = new Map<DocumentChange, readonly DocumentChange[]>();
  if (!from) return { documents, halves };
  const paired = new Set<DocumentChange>();
  const gone = new Map(
    documents.flatMap((of) =>
      of.change === 'removed' ? [[`${place.folder}${of.file.slice(from.folder.length)}`, of]] : [],
    ),
  );
  for (const now of documents) {
    const old = now.change === 'added' ? gone.get(now.file) : undefined;
    if (old?.before === undefined || now.after === undefined) continue;
    const changes = differences('', old.before, now.after);
    // Where the descriptor does not say another team, no sentence would tell of the rest.
    if (changes.length === 0 && now.file === `${place.folder}/${DESCRIPTOR}`) return { documents, halves: new Map() };
    halves.set({ change: 'changed', file: now.file, before: old.before, after: now.after, changes }, [now, old]);
    paired.add(now).add(old);
  }
  return { documents: [...halves.keys(), ...documents.filter((of) => !paired.has(of))], halves };
}

function isAddress(object: KubeObject): boolean {
  return (
    isKind(object, '', 'Service') ||
    isKind(object, 'networking.istio.io', 'VirtualService') ||
    isKind(object, 'gateway.networking.k8s.io', 'HTTPRoute')
  );
}

/** Texts of an object with the name of the field that holds them. */
function leavesOf(value: unknown, field = '', found = new Set<string>()): Set<string> {
  if (typeof value === 'string') found.add(`${field}\n${value}`);
  else if (Array.isArray(value)) value.forEach((item) => leavesOf(item, field, found));
  else if (isPlainMap(value)) for (const key of Object.keys(value)) leavesOf(value[key], key, found);
  return found;
}

/** The object with the one name for the other, but where the new object still has it: a team may be called as its namespace. */
function renamed(object: KubeObject, from: string, to: string, kept: ReadonlySet<string>): KubeObject {
  const name = new RegExp(`(?<![A-Za-z0-9])${from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
  const rename = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return kept.has(`${field}\n${value}`) ? value : value.replace(name, () => to);
    if (Array.isArray(value)) return value.map((item) => rename(item, field));
    return isPlainMap(value)
      ? Object.fromEntries(Object.entries(value).map(([key, below]) => [key, rename(below, key)]))
      : value;
  };
  return rename(object, '') as KubeObject;
}
