import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { INDEX_FILE } from '../../src/tree/paths.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-service-tree-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Puts files of others into a folder. */
export function putFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Everything in a folder: files with their content, links with `-> target`, and empty folders with `<empty>`. */
export function everythingIn(folder: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, prefix)).sort()) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stat = lstatSync(join(folder, path));
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`;
    else if (stat.isFile()) found[path] = readFileSync(join(folder, path), 'utf8');
    else {
      const below = everythingIn(folder, path);
      Object.assign(found, Object.keys(below).length === 0 ? { [path]: '<empty>' } : below);
    }
  }
  return found;
}

/** The same without the ownership index. */
export function filesIn(folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(everythingIn(folder)).filter(([path]) => path !== INDEX_FILE));
}
