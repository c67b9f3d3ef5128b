import { readdirSync } from 'node:fs';
import { folderOf, nameOf } from './paths.ts';

/** What stands at a path. Links are never followed, so a linked folder is a `link`. */
export type Entry = 'file' | 'folder' | 'link' | 'other';

/** A folder tree as it was when it was first looked at: each folder is read once, and only when it is asked for. */
export interface Disk {
  /** What stands at a path, `undefined` when nothing does. */
  at(path: string): Entry | undefined;
  /** What is in a folder, by name; empty when it is not a folder. */
  entries(folder: string): ReadonlyMap<string, Entry>;
  /** The first part of the path above `path` that is there but is no folder, `undefined` when the way is free. */
  obstacle(path: string): string | undefined;
}

const NO_ENTRIES: ReadonlyMap<string, Entry> = new Map();

/** Looks at the disk below `root`. A root that does not exist is empty. Errors other than that are thrown. */
export function readDisk(root: string): Disk {
  const folders = new Map<string, ReadonlyMap<string, Entry>>();

  const entries = (folder: string): ReadonlyMap<string, Entry> => {
    let found = folders.get(folder);
    if (found === undefined) {
      found = folder === '' || at(folder) === 'folder' ? readFolder(`${root}/${folder}`) : NO_ENTRIES;
      folders.set(folder, found);
    }
    return found;
  };
  const at = (path: string): Entry | undefined => entries(folderOf(path)).get(nameOf(path));

  const obstacle = (path: string): string | undefined => {
    const folder = folderOf(path);
    if (folder === '') return undefined;
    const entry = at(folder);
    if (entry === 'folder') return undefined;
    return obstacle(folder) ?? (entry === undefined ? undefined : folder);
  };
  return { at, entries, obstacle };
}

function readFolder(path: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      found.set(
        entry.name,
        entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'other',
      );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return found;
}
