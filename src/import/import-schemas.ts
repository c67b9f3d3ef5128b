import type { Finding } from '../core/finding.ts';
import { sortFindings } from '../core/finding.ts';
import type { Network } from '../core/network.ts';
import type { FoundKind } from './kind.ts';
import { mergeKinds } from './kind.ts';
import { planOutput, writeOutput } from './output.ts';
import type { ImportSource } from './read-source.ts';
import { readSource } from './read-source.ts';
import { importFinding } from './rules.ts';
import type { SourceEntry } from './sources.ts';
import type { CompileTypes } from './types.ts';

/** What an import did. With a finding of severity error, nothing is written. */
export interface ImportResult {
  /** Files that changed, relative to the output folder. */
  readonly written: readonly string[];
  /** Files that were removed because no kind has their version any more, relative to the output folder. */
  readonly removed: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Makes types and compact schemas from CustomResourceDefinitions and Kubernetes OpenAPI documents.
 *
 * Writes `<group>/schema.json`, `<group>/<version>.d.ts`, `<group>/docs.json` where there is prose, and
 * `sources.yaml`. Kinds are added to what the folder holds; a kind that is imported again is replaced. The result
 * does not depend on the order of sources or files, and importing the same again writes nothing.
 *
 * Errors are findings with ids `import/…`. The network is used for https locations only.
 *
 * @example
 * const network = await realNetwork(process.env);
 * await importSchemas({ sources: [{ project: 'acme', location: './crds' }], outDir: 'imports', network });
 */
export async function importSchemas(request: {
  readonly sources: readonly ImportSource[];
  readonly outDir: string;
  readonly network: Network;
}): Promise<ImportResult> {
  const findings: Finding[] = [];
  const found: FoundKind[] = [];
  const entries: SourceEntry[] = [];
  for (const source of request.sources) {
    const read = await readSource(source, request.network);
    findings.push(...read.findings);
    found.push(...read.found);
    entries.push(read.entry);
  }
  const merged = mergeKinds(found);
  findings.push(...merged.findings);
  const compile = await loadCompiler();
  if (!compile) findings.push(compilerMissing());
  if (compile && !hasError(findings)) {
    const output = await planOutput(request.outDir, merged.kinds, entries, compile);
    findings.push(...output.findings);
    if (!hasError(findings))
      return { ...(await writeOutput(request.outDir, output)), findings: sortFindings(findings) };
  }
  return { written: [], removed: [], findings: sortFindings(findings) };
}

/** Loaded here and not at start-up: it takes 0.1 s, and only who imports needs to have it installed. */
async function loadCompiler(): Promise<CompileTypes | undefined> {
  try {
    const { compile } = await import('json-schema-to-typescript');
    return compile;
  } catch {
    return undefined;
  }
}

function compilerMissing(): Finding {
  const message = 'types are made by the package json-schema-to-typescript, which is not installed here';
  return importFinding('import/compiler-missing', {}, message, 'npm install --save-dev json-schema-to-typescript@16');
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
