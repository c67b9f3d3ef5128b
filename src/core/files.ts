import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files to read, wherever they are: on disk, or in a commit. Paths are relative, with `/`. */
export interface Files {
  /** Text of a file, or `undefined` when there is none. Throws when it is there and cannot be read. */
  read(path: string): string | undefined;
  /** Names of the files and folders in a folder, sorted; empty when there is none. Links are left out. */
  entries(folder: string): FolderEntries;
}

export interface FolderEntries {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** The files below a folder of the disk. */
export function diskFiles(root: string): Files {
  return {
    read(path) {
      try {
        return readFileSync(join(root, path), 'utf8');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        throw error;
      }
    },
    entries(folder) {
      if (!existsSync(join(root, folder))) return { files: [], folders: [] };
      const found = readdirSync(join(root, folder), { withFileTypes: true });
      const named = (kind: 'isFile' | 'isDirectory'): string[] =>
        found
          .filter((entry) => entry[kind]())
          .map(({ name }) => name)
          .sort();
      return { files: named('isFile'), folders: named('isDirectory') };
    },
  };
}

/** Files as they would be after some of them have another content; the paths are those that `files` takes. */
export function overlaid(files: Files, changed: ReadonlyMap<string, string>): Files {
  return {
    read: (path) => changed.get(path) ?? files.read(path),
    entries(folder) {
      const below = [...changed.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1).split('/'));
      const { files: names, folders } = files.entries(folder);
      const merged = (old: readonly string[], added: readonly string[][]): string[] =>
        [...new Set([...old, ...added.map(([name = '']) => name)])].sort();
      return {
        files: merged(
          names,
          below.filter(({ length }) => length === 1),
        ),
        folders: merged(
          folders,
          below.filter(({ length }) => length > 1),
        ),
      };
    },
  };
}
