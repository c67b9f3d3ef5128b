import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files to read, wherever they are: on disk, or in a commit. Paths are relative, with `/`. */
export interface Files {
  /** Text of a file as `textOf` gives it, or `undefined` when there is none. Throws when it is there and cannot be read. */
  read(path: string): string | undefined;
  /** Names of the files and folders in a folder, sorted; empty when there is none. Links are left out. */
  entries(folder: string): FolderEntries;
}

export interface FolderEntries {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Text in UTF-8. A byte that is none becomes half a surrogate pair, which no text in UTF-8 has, so that the text equals no
 * other and whoever parses it can say where it is: `readYaml` does.
 */
export function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((each) => at + each <= bytes.length && isUtf8(bytes.subarray(at, at + each)));
    text += length === undefined ? String.fromCharCode(ESCAPED + bytes[at]!) : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}

/** Where bytes that are no UTF-8 stand among the code units. */
const ESCAPED = 0xdc00;

/** Where a text is no UTF-8, and what to say about it. */
export interface ForeignByte {
  /** Counted from 1, as in a finding. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly fix: string;
}

/** The first byte of a text that was no UTF-8; `undefined` where all of it was. */
export function foreignByte(text: string): ForeignByte | undefined {
  if (text.isWellFormed()) return undefined;
  const offset = text.search(/[\udc80-\udcff]/u);
  if (offset < 0) return undefined;
  const before = text.slice(0, offset);
  const byte = text.charCodeAt(offset) - ESCAPED;
  return {
    line: before.split('\n').length,
    column: offset - before.lastIndexOf('\n'),
    message: `the byte 0x${byte.toString(16)} is no UTF-8`,
    fix: 'save the file in UTF-8',
  };
}

/** The files below a folder of the disk. */
export function diskFiles(root: string): Files {
  return {
    read(path) {
      try {
        return textOf(readFileSync(join(root, path)));
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
