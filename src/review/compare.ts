import type { Catalogue } from '../check/schema/catalogue.ts';
import { resolveNode } from '../check/schema/schema-node.ts';
import { compareText, type Finding } from '../core/finding.ts';
import { objectKey, objectLabel, type KubeObject } from '../core/object.ts';
import { folderOf } from '../tree/paths.ts';
import { differences } from './diff.ts';
import type { FileContent } from './documents.ts';
import type { Change } from './field.ts';
import type { Known } from './lists.ts';
import { pairReplaced } from './pair.ts';
import { unitOf } from './place.ts';
import { planFinding } from './rules.ts';

/** An object of a tree, and the file that holds it. */
export interface Placed {
  readonly file: string;
  readonly object: KubeObject;
}

/** An object that is not the same in both trees. */
export type ObjectChange =
  | { readonly change: 'added'; readonly before?: undefined; readonly after: Placed; readonly changes: readonly [] }
  | { readonly change: 'removed'; readonly before: Placed; readonly after?: undefined; readonly changes: readonly [] }
  /** `replaced`: another name or namespace, so that the cluster deletes the one and creates the other. */
  | {
      readonly change: 'changed' | 'replaced';
      readonly before: Placed;
      readonly after: Placed;
      readonly changes: readonly Change[];
    };

/** A file that holds no objects: a descriptor, a page, a picture. */
export interface DocumentChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly file: string;
  /** Parsed JSON or YAML, text, or `undefined` for what is binary or too large to read. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** By field where both are maps; by line, with the field `line 12`, where they are text; empty for the rest. */
  readonly changes: readonly Change[];
}

/** What one tree holds, by file: only files that differ. */
export type Contents = ReadonlyMap<string, FileContent>;

/** All that differs between two trees. */
export interface Difference {
  /** Sorted by the file that holds the object now, else held it, and by what it is. */
  readonly objects: readonly ObjectChange[];
  readonly documents: readonly DocumentChange[];
  readonly findings: readonly Finding[];
}

/**
 * Compares two trees by what their files hold, wherever in the tree an object is.
 *
 * An object is told by the cluster that it is for (`envs/<environment>/<cluster>` in our layout), its group, kind, namespace
 * and name. Where folders of another layout hold objects of one name, the folder tells them apart.
 *
 * @param schemas of kinds, to know which lists are keyed.
 */
export function compareTrees(before: Contents, after: Contents, schemas: Catalogue): Difference {
  const findings = [...before.values(), ...after.values()].flatMap((content) => content.findings);
  const unread = new Set([...unreadFiles(before), ...unreadFiles(after)]);
  const [old, now] = [placed(before, unread), placed(after, unread)];
  const spread = new Set([...spreadKeys(old), ...spreadKeys(now)]);
  const left = byIdentity(old, spread, findings);
  const right = byIdentity(now, spread, findings);
  const known = knownBy(schemas);
  const changed: ObjectChange[] = [];
  const removed: Placed[] = [];
  for (const [identity, held] of left) {
    const holds = right.get(identity);
    if (!holds) {
      removed.push(held);
      continue;
    }
    const changes = differences(holds.object.kind, held.object, holds.object, known(holds.object));
    if (changes.length > 0) changed.push({ change: 'changed', before: held, after: holds, changes });
  }
  const added = [...right].filter(([identity]) => !left.has(identity)).map(([, holds]) => holds);
  const objects = [...changed, ...pairReplaced(removed, added, known)].sort(byPlace);
  return { objects, documents: compareDocuments(before, after, unread), findings };
}

/** The schema of the kind of an object, where there is one. */
export function knownBy(schemas: Catalogue): (object: KubeObject) => Known | undefined {
  return ({ apiVersion, kind }) => {
    const schema = schemas.lookup(apiVersion, kind);
    return schema && { node: resolveNode(schema.schema, schema.definitions), definitions: schema.definitions };
  };
}

function byPlace(a: ObjectChange, b: ObjectChange): number {
  const [one, other] = [a.after ?? a.before, b.after ?? b.before];
  return (
    compareText(one.file, other.file) ||
    compareText(objectKey(one.object), objectKey(other.object)) ||
    compareText(a.change, b.change)
  );
}

/** Files of which nobody can say what they hold. */
function unreadFiles(side: Contents): string[] {
  return [...side].flatMap(([file, { documents }]) =>
    documents.some(({ value }) => value === undefined) ? [file] : [],
  );
}

/** All objects, by file, but those of files that the other tree has in a form that cannot be read: they may still be there. */
function placed(side: Contents, unread: ReadonlySet<string>): Placed[] {
  return [...side]
    .sort(([one], [other]) => compareText(one, other))
    .flatMap(([file, { objects }]) => (unread.has(file) ? [] : objects.map((object) => ({ file, object }))));
}

/** What an object is called, and the cluster of our layout that it is for. */
function identityOf({ file, object }: Placed): string {
  const { environment = '', cluster = '' } = unitOf(file);
  return `${environment}/${cluster}\n${objectKey(object)}`;
}

/** Identities that several folders hold. */
function spreadKeys(objects: readonly Placed[]): string[] {
  const folders = new Map<string, string>();
  return objects.flatMap((held) => {
    const [identity, folder] = [identityOf(held), folderOf(held.file)];
    const first = folders.get(identity);
    folders.set(identity, first ?? folder);
    return first === undefined || first === folder ? [] : [identity];
  });
}

/** Objects by identity; of two in one folder the first by name of its file, and a finding. */
function byIdentity(objects: readonly Placed[], spread: ReadonlySet<string>, findings: Finding[]): Map<string, Placed> {
  const found = new Map<string, Placed>();
  for (const held of objects) {
    const identity = identityOf(held);
    const key = spread.has(identity) ? `${identity}\n${folderOf(held.file)}` : identity;
    const twin = found.get(key);
    if (!twin) found.set(key, held);
    else {
      const where = { file: held.file, object: objectLabel(held.object) };
      const also = twin.file === held.file ? 'the same file holds it twice' : `${twin.file} holds the same object`;
      findings.push(planFinding('plan/duplicate', where, also, 'remove one of the two'));
    }
  }
  return found;
}

function compareDocuments(before: Contents, after: Contents, unread: ReadonlySet<string>): DocumentChange[] {
  const [left, right] = [documentsOf(before, unread), documentsOf(after, unread)];
  const changes: DocumentChange[] = [];
  for (const name of [...new Set([...left.keys(), ...right.keys()])].sort(compareText)) {
    const [old, now] = [left.get(name), right.get(name)];
    if (!old) changes.push({ change: 'added', file: name, after: now?.value, changes: [] });
    else if (!now) changes.push({ change: 'removed', file: name, before: old.value, changes: [] });
    else {
      const fields = unread.has(name) ? [] : differences('', old.value, now.value);
      if (fields.length > 0 || unread.has(name))
        changes.push({ change: 'changed', file: name, before: old.value, after: now.value, changes: fields });
    }
  }
  return changes;
}

/** Documents by name; one without a value for a file that cannot be read in one of the trees. */
function documentsOf(side: Contents, unread: ReadonlySet<string>): Map<string, { readonly value: unknown }> {
  return new Map(
    [...side].flatMap(([file, { documents }]) => {
      const known = unread.has(file) ? [{ name: file, value: undefined }] : documents;
      return known.map(({ name, value }) => [name, { value }] as const);
    }),
  );
}
