import { readFileSync } from 'node:fs';
import type { Finding } from '../core/finding.ts';
import { INDEX_FILE, pathFlaw } from './paths.ts';
import { treeFinding } from './rules.ts';

/**
 * The ownership index: which files of a folder are ours. Text with one path per line, sorted, so that Git merges
 * two branches line by line. During a write it lists the old and the new files, so that a killed run leaves
 * nothing behind that the next one does not know.
 */
const FIRST_LINE = 'ai-service-index 1';

/** What the index says. */
export interface Ownership {
  readonly paths: ReadonlySet<string>;
  /** The file as it is, `undefined` when there is none. */
  readonly text: string | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads the index of a folder; a missing one means that nothing is ours. An index that cannot be trusted gives a
 * finding and no paths: a conflict of Git left in it, another format, or a path that leaves the folder.
 */
export function readOwnership(outDir: string): Ownership {
  const file = `${outDir}/${INDEX_FILE}`;
  const wrong = (message: string): Ownership => {
    const fix = 'restore the file from Git; after a merge keep the lines of both sides';
    return { paths: new Set(), text: undefined, findings: [treeFinding('tree/index', file, message, fix)] };
  };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { paths: new Set(), text: undefined, findings: [] };
    return wrong(`the ownership index cannot be read: ${(error as Error).message}`);
  }
  const [first, ...lines] = text.split('\n');
  if (first !== FIRST_LINE) {
    return wrong(`the ownership index starts with ${JSON.stringify(first)}, not ${JSON.stringify(FIRST_LINE)}`);
  }
  const paths = new Set(lines.filter((line) => line !== ''));
  for (const path of paths) {
    const flaw = /^(?:<{7}|={7}|>{7}|\|{7})/.test(path) ? 'is left over from a merge' : pathFlaw(path);
    if (flaw !== undefined) return wrong(`the line ${JSON.stringify(path)} of the ownership index ${flaw}`);
  }
  return { paths, text, findings: [] };
}

/** The paths in the text of an index that was checked before. */
export function ownershipOf(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');
}

/** The index for these files. */
export function formatOwnership(paths: Iterable<string>): string {
  return [FIRST_LINE, ...[...paths].sort(), ''].join('\n');
}
