import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, and leaves one that is there alone. Throws what the operating system says.
 *
 * Step by step, since `mkdirSync` with `recursive` (seen in Node 20 to 24) takes ENOENT for a missing parent whatever there
 * is, and asks for ever in a file system that answers so to every new folder, like /proc.
 *
 * @example makeFolder('gitops/envs/dev')
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process may have been quicker.
    if (code === 'EEXIST' && isFolder(path)) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    makeFolder(parent);
    makeFolder(path);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
