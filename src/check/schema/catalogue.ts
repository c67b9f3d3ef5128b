import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compareText } from '../../core/finding.ts';
import { didYouMean, isDnsSubdomain } from '../../core/names.ts';
import { groupOf, versionOf } from '../../core/object.ts';
import { isPlainMap } from './plain-data.ts';
import type { Definitions, SchemaNode } from './schema-node.ts';

/** The schema of one version of one kind. */
export interface KindSchema {
  readonly scope: 'Namespaced' | 'Cluster';
  readonly schema: SchemaNode;
  /** What `$ref` in the schema points to; the same object for all kinds of one file. */
  readonly definitions: Definitions;
}

/** Imported schemas by API version and kind. */
export interface Catalogue {
  /** The schema, or `undefined` when none was imported. Reads the file of a group when it is asked for first. */
  lookup(apiVersion: string, kind: string): KindSchema | undefined;
  /** What was probably meant, as `<apiVersion>/<Kind>` in words; `undefined` when nothing is near. */
  suggest(apiVersion: string, kind: string): string | undefined;
  /** Why the file of a group cannot be read (half a merge, say), with its path; `undefined` when all is well. */
  unreadable(apiVersion: string): string | undefined;
}

/** One `imports/<group>/schema.json`. */
interface GroupFile {
  readonly group: string;
  readonly kinds: Readonly<Record<string, KindEntry>>;
  readonly defs: Definitions;
}

interface KindEntry {
  readonly scope: 'Namespaced' | 'Cluster';
  readonly versions: Readonly<Record<string, SchemaNode>>;
}

/** The folder of schemas that comes with the package, wherever in it this code is. */
export const OWN_IMPORTS = join(createRequire(import.meta.url).resolve('cdk8s-ai-service/package.json'), '../imports/');

/** Core kinds have no group; their folder needs a name. */
const CORE_FOLDER = 'core';

/**
 * Schemas from folders that `ai-service import` wrote. A kind that several folders have comes from the last of them, so
 * that a project's own import beats what comes with the package. Folders and groups that do not exist are empty.
 *
 * @example createCatalogue([OWN_IMPORTS]).lookup('networking.istio.io/v1', 'VirtualService')?.scope // 'Namespaced'
 */
export function createCatalogue(roots: readonly string[]): Catalogue {
  const files = new Map<string, readonly GroupFile[]>();
  const flaws = new Map<string, string>();
  const found = new Map<string, KindSchema | undefined>();

  function groupFiles(group: string): readonly GroupFile[] {
    let loaded = files.get(group);
    if (!loaded) {
      const read = isGroup(group) ? roots.map((root) => readGroup(root, group)) : [];
      for (const file of read) if (typeof file === 'string') flaws.set(group, file);
      loaded = read.filter((file) => typeof file === 'object').reverse();
      files.set(group, loaded);
    }
    return loaded;
  }

  function lookup(apiVersion: string, kind: string): KindSchema | undefined {
    const key = `${apiVersion}/${kind}`;
    if (!found.has(key)) found.set(key, find(apiVersion, kind));
    return found.get(key);
  }

  function find(apiVersion: string, kind: string): KindSchema | undefined {
    for (const file of groupFiles(groupOf(apiVersion))) {
      const entry = ownEntry(file.kinds, kind);
      const schema = entry && ownEntry(entry.versions, versionOf(apiVersion));
      if (entry && schema) return { scope: entry.scope, schema, definitions: file.defs };
    }
    return undefined;
  }

  function versionsOf(group: string, kind: string): string[] {
    return groupFiles(group).flatMap((file) => Object.keys(ownEntry(file.kinds, kind)?.versions ?? {}));
  }

  function suggest(apiVersion: string, kind: string): string | undefined {
    const group = groupOf(apiVersion);
    const versions = versionsOf(group, kind);
    if (versions.length > 0) return inWords(group, versions, kind);
    const near = didYouMean(
      kind,
      groupFiles(group).flatMap((file) => Object.keys(file.kinds)),
    );
    if (near !== undefined) return inWords(group, versionsOf(group, near), near);
    // The right kind in the wrong group: only now all files are read.
    const groups = [...new Set(roots.flatMap(listGroups))].sort(compareText);
    const holders = groups.filter((other) => versionsOf(other, kind).length > 0);
    const holder = didYouMean(group, holders) ?? holders[0];
    return holder === undefined ? undefined : inWords(holder, versionsOf(holder, kind), kind);
  }

  function unreadable(apiVersion: string): string | undefined {
    groupFiles(groupOf(apiVersion));
    return flaws.get(groupOf(apiVersion));
  }

  return { lookup, suggest, unreadable };
}

function inWords(group: string, versions: readonly string[], kind: string): string {
  const apiVersions = [...new Set(versions)]
    .sort(compareText)
    .map((version) => (group === '' ? version : `${group}/${version}`));
  return `kind ${kind} of apiVersion ${apiVersions.join(' or ')}`;
}

/** The group becomes part of a path, and comes from an object that anybody may have written. */
function isGroup(group: string): boolean {
  return group === '' || (group !== CORE_FOLDER && isDnsSubdomain(group));
}

/** The file, nothing when there is none, or what is wrong with it. */
function readGroup(root: string, group: string): GroupFile | string | undefined {
  const path = join(root, group === '' ? CORE_FOLDER : group, 'schema.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const file: unknown = JSON.parse(text);
    if (isPlainMap(file) && file.group === group && isPlainMap(file.kinds)) return file as unknown as GroupFile;
    return `${path} is not a schema file of group "${group}"`;
  } catch (error) {
    return `${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function listGroups(root: string): string[] {
  try {
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return folders.map(({ name }) => (name === CORE_FOLDER ? '' : name));
  } catch {
    return [];
  }
}

/** A kind may be called `constructor`. */
function ownEntry<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
