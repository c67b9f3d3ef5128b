import { writeFileSync } from 'node:fs';
import type { Finding } from '../core/finding.ts';
import { makeFolder } from '../core/make-folder.ts';
import { checkPaths, folderOf } from './paths.ts';
import { outputFolderFinding } from './plan.ts';

/**
 * Writes a complete tree into a scratch folder that was wiped before, as the cdk8s CLI does: the same files with
 * the same bytes as `writeTree`, but no ownership index, no guard, and nothing is removed. Returns what went wrong;
 * with a path that cannot be, nothing is written.
 *
 * @example writeScratch(process.env.CDK8S_OUTDIR ?? 'dist', files) // []
 */
export function writeScratch(outDir: string, files: ReadonlyMap<string, string>): Finding[] {
  const findings = checkPaths(files.keys(), (path) => `${outDir}/${path}`);
  if (findings.length > 0) return findings;
  try {
    const folders = new Set<string>();
    makeFolder(outDir);
    for (const [path, content] of files) {
      const folder = folderOf(path);
      if (!folders.has(folder)) makeFolder(`${outDir}/${folder}`);
      folders.add(folder);
      writeFileSync(`${outDir}/${path}`, content);
    }
    return [];
  } catch (error) {
    return [outputFolderFinding(outDir, error)];
  }
}
