import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFiles } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import { broken } from './output.ts';
import type { ImportSource } from './read-source.ts';
import { importFinding } from './rules.ts';
import type { SourceEntry } from './sources.ts';
import { readSources } from './sources.ts';

/**
 * The sources that `sources.yaml` already lists, as they are found in folders: to import everything again after
 * an upgrade of a project or of the importer. A project's files are looked for in `<folder>/<project>/`, then in
 * `<folder>/` itself. https sources are read from their address.
 *
 * @returns what can be imported, and a finding for every project that is in none of the folders.
 */
export async function listedSources(
  outDir: string,
  folders: readonly string[],
): Promise<{ readonly sources: ImportSource[]; readonly findings: Finding[] }> {
  const file = join(outDir, 'sources.yaml');
  const entries = readSources(diskFiles(outDir).read('sources.yaml'));
  if (!entries) return { sources: [], findings: [broken(file)] };
  const sources: ImportSource[] = [];
  const findings: Finding[] = [];
  for (const entry of entries) {
    const remote = entry.files.filter(({ file: name }) => name.startsWith('https://'));
    sources.push(...remote.map((only) => source(entry, only.file, [only])));
    const local = entry.files.filter((known) => !remote.includes(known));
    if (local.length === 0) continue;
    const folder = await folderWith(
      local[0]!.file,
      folders.flatMap((base) => [join(base, entry.project), base]),
    );
    if (folder === undefined) findings.push(missing(file, entry));
    else sources.push({ ...source(entry, folder, local), files: local.map(({ file: name }) => name) });
  }
  return { sources, findings };
}

function source(
  { project, version, descriptions }: SourceEntry,
  location: string,
  files: SourceEntry['files'],
): ImportSource {
  return {
    project,
    ...(version !== undefined && { version }),
    ...(descriptions !== undefined && { descriptions }),
    location,
    kinds: files.flatMap(({ kinds }) => kinds),
  };
}

async function folderWith(file: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const found = await stat(join(folder, file)).catch(() => undefined);
    if (found?.isFile()) return folder;
  }
  return undefined;
}

function missing(file: string, { project, files }: SourceEntry): Finding {
  const message = `${files[0]!.file} of ${project} is in none of the folders; what was imported before is kept`;
  return importFinding(
    'import/source-missing',
    { file },
    message,
    `give a folder that holds ${project}/${files[0]!.file}`,
  );
}
