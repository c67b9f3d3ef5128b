import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildReference, formatReference, REFERENCE_RULES } from '../app/reference-build.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { textOf } from '../core/files.ts';
import { findingOf } from '../core/finding.ts';
import { makeFolder } from '../core/make-folder.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings } from './report.ts';

const finding = findingOf(REFERENCE_RULES);

/** Options of `ai-service reference build`. */
export interface ReferenceBuildOptions {
  readonly column?: string;
  /** Number of bins, as it was written. */
  readonly bins: string;
  /** Edges, as they were written, instead. */
  readonly edges?: string;
  readonly feature?: string;
  readonly out?: string;
}

/** `ai-service reference build`: makes a reference distribution of a sample, and prints or writes it. */
export function referenceBuild(file: string, { column, bins, edges, feature, out }: ReferenceBuildOptions): number {
  const sample = readText(file);
  if (sample.value === undefined) return fail(sample.findings);
  const numbers = (edges ?? bins).split(',').map((word) => (word.trim() === '' ? NaN : Number(word)));
  if (numbers.some((value) => !Number.isFinite(value)) || (edges === undefined && numbers.length > 1)) {
    const message = `${JSON.stringify(edges ?? bins)} is not ${edges === undefined ? 'a number of bins' : 'a list of edges'}`;
    return fail([
      finding('reference/bins', {}, message, edges === undefined ? 'write --bins 10' : 'write --edges 0.1,0.5,0.9'),
    ]);
  }
  const { value, findings } = buildReference(sample.value, file, {
    column,
    bins: edges === undefined ? numbers[0]! : numbers,
    feature,
  });
  if (!value) return fail(findings);
  printFindings(findings);
  return hand(formatReference(value), out);
}

/** `ai-service reference snippet`: prints or writes a transformer that observes what drift and schema rules read. */
export async function referenceSnippet(paths: readonly string[], { out }: { readonly out?: string }): Promise<number> {
  const { observedBy, transformerSnippet } = await import('../app/reference-snippet.ts');
  const files = new Map<string, string>();
  for (const path of paths) {
    const { value, findings } = readText(path);
    if (value === undefined) return fail(findings);
    files.set(path, value);
  }
  const { value, findings } = observedBy(files);
  if (!value) return fail(findings);
  return hand(transformerSnippet(value), out);
}

function readText(file: string): Answer<string> {
  try {
    return answered(textOf(readFileSync(file)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refused(
      finding('reference/sample', { file }, `the file cannot be read: ${code ?? 'unknown reason'}`, 'correct its path'),
    );
  }
}

function hand(text: string, out: string | undefined): number {
  if (out === undefined) {
    process.stdout.write(text);
    return EXIT.fine;
  }
  try {
    makeFolder(dirname(out));
    writeFileSync(out, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail([
      finding(
        'reference/sample',
        { file: out },
        `the file cannot be written: ${code ?? 'unknown reason'}`,
        'write --out <file> in a folder of yours',
      ),
    ]);
  }
  process.stderr.write(`${out}: written\n`);
  return EXIT.fine;
}
