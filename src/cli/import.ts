import { basename, resolve } from 'node:path';
import { realNetwork } from '../core/network.ts';
import type { ImportResult } from '../import/import-schemas.ts';
import { importSchemas } from '../import/import-schemas.ts';
import { listedSources } from '../import/listed.ts';
import { outputFolderFinding } from '../tree/plan.ts';
import { EXIT } from './exit.ts';
import { printFindings } from './report.ts';

/** Options of `ai-service import`. */
export interface ImportOptions {
  /** The folder for types and schemas. Default `imports`. */
  readonly out?: string;
  /** Whose schemas these are, for `sources.yaml`. Default: the name of the file, folder or host. */
  readonly project?: string;
  /** The project's version, for `sources.yaml`. */
  readonly version?: string;
  /** Only these kinds of every location: `VirtualService`, `apps/v1/Deployment`. */
  readonly kinds?: readonly string[];
  /** `false` leaves descriptions out of the types. */
  readonly descriptions?: boolean;
  /** Import again what `sources.yaml` lists; the locations are the folders to find it in. */
  readonly listed?: boolean;
}

/**
 * `ai-service import <file|dir|url>…`: makes types and schemas from CustomResourceDefinitions and Kubernetes OpenAPI
 * documents, and says what changed. Nothing is written when a finding is an error.
 */
export async function importCrds(locations: readonly string[], options: ImportOptions = {}): Promise<number> {
  const { written, removed, findings } = await runImport(locations, options);
  printFindings(findings);
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  process.stderr.write(`${options.out ?? 'imports'}: ${written.length} written, ${removed.length} removed\n`);
  return EXIT.fine;
}

/** The same without printing. */
export async function runImport(locations: readonly string[], options: ImportOptions = {}): Promise<ImportResult> {
  const { out = 'imports', listed = false, project, ...rest } = options;
  const network = await realNetwork(process.env);
  try {
    if (listed) {
      const { sources, findings } = await listedSources(out, locations);
      const result = await importSchemas({ sources, outDir: out, network });
      return { ...result, findings: [...findings, ...result.findings] };
    }
    const sources = locations.map((location) => ({ project: project ?? projectOf(location), location, ...rest }));
    return await importSchemas({ sources, outDir: out, network });
  } catch (error) {
    // What cannot be read is a finding already; the operating system throws where it is asked to write.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return { written: [], removed: [], findings: [outputFolderFinding(out, error)] };
  }
}

function projectOf(location: string): string {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.protocol === 'https:') return url.hostname;
  return basename(resolve(location)).replace(/\.[a-z]+$/i, '');
}
