import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { diskFiles, type Files } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import { makeFolder } from '../core/make-folder.ts';
import { compactGroup, folderOf, readGroup, writeDocs, writeGroup } from './group-file.ts';
import type { ImportedKind } from './kind.ts';
import { importFinding } from './rules.ts';
import type { SourceEntry } from './sources.ts';
import { readSources, updateSources, writeSources } from './sources.ts';
import type { CompileTypes } from './types.ts';
import { HEADER, typesOf, versionsOf } from './types.ts';

/** What the output folder should hold for the groups that an import touches. */
export interface Output {
  /** Text by path, relative to the output folder. */
  readonly texts: ReadonlyMap<string, string>;
  /** The folders of these groups: other generated files in them are stale. */
  readonly folders: readonly string[];
}

/**
 * Adds kinds to what the output folder already holds. A kind that is there is replaced.
 *
 * @returns a finding instead of an output for every file there that cannot be added to.
 */
export async function planOutput(
  outDir: string,
  imported: readonly ImportedKind[],
  entries: readonly SourceEntry[],
  compile: CompileTypes,
): Promise<Output & { readonly findings: Finding[] }> {
  const files = diskFiles(outDir);
  const texts = new Map<string, string>();
  const findings: Finding[] = [];
  const groups = [...new Set(imported.map(({ group }) => group))];
  for (const group of groups) {
    const folder = folderOf(group);
    const known = knownKinds(files, folder);
    if (!known) {
      findings.push(broken(join(outDir, folder, 'schema.json')));
      continue;
    }
    const own = imported.filter((kind) => kind.group === group);
    const compact = compactGroup(group, [...new Map([...known, ...own].map((kind) => [kind.kind, kind])).values()]);
    texts.set(`${folder}/schema.json`, writeGroup(compact));
    const docs = writeDocs(compact);
    if (docs !== undefined) texts.set(`${folder}/docs.json`, docs);
    for (const version of versionsOf(compact)) {
      texts.set(`${folder}/${version}.d.ts`, await typesOf(compact, version, compile));
    }
  }
  const sources = readSources(files.read('sources.yaml'));
  if (sources) texts.set('sources.yaml', writeSources(updateSources(sources, entries)));
  else findings.push(broken(join(outDir, 'sources.yaml')));
  return { texts, folders: groups.map(folderOf), findings };
}

function knownKinds(files: Files, folder: string): ImportedKind[] | undefined {
  const schema = files.read(`${folder}/schema.json`);
  return schema === undefined ? [] : readGroup(schema, files.read(`${folder}/docs.json`));
}

/** Makes the folder hold the output: writes what differs, removes types of versions that no kind has any more. */
export async function writeOutput(
  outDir: string,
  { texts, folders }: Output,
): Promise<{ readonly written: string[]; readonly removed: string[] }> {
  const files = diskFiles(outDir);
  const written: string[] = [];
  const removed: string[] = [];
  for (const folder of folders) {
    makeFolder(join(outDir, folder));
    for (const name of await readdir(join(outDir, folder))) {
      const path = `${folder}/${name}`;
      if (texts.has(path) || !isOwn(files, path)) continue;
      await rm(join(outDir, path));
      removed.push(path);
    }
  }
  for (const [path, text] of texts) {
    if (files.read(path) === text) continue;
    const file = join(outDir, path);
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    written.push(path);
  }
  return { written: written.sort(), removed: removed.sort() };
}

function isOwn(files: Files, path: string): boolean {
  return basename(path) === 'docs.json' || (path.endsWith('.d.ts') && (files.read(path) ?? '').startsWith(HEADER));
}

/** The finding for a file of the output folder that cannot be added to. */
export function broken(file: string): Finding {
  const fix = 'restore the file from version control, or delete it and import everything again';
  return importFinding(
    'import/output-broken',
    { file },
    'is not what the importer wrote, so it cannot be added to',
    fix,
  );
}
