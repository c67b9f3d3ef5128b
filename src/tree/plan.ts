import { readFileSync, statSync } from 'node:fs';
import { sortFindings, type Finding } from '../core/finding.ts';
import { type Disk, type Entry, readDisk } from './disk.ts';
import { formatOwnership, readOwnership } from './ownership.ts';
import { checkPaths, folderOf, INDEX_FILE, LOCK_FILE, nameOf, pathIn, temporaryFor } from './paths.ts';
import { treeFinding } from './rules.ts';

/** A tree and the folder it belongs into. */
export interface TreeInput {
  /** The folder that holds the tree; may be a link itself, and need not exist. */
  readonly outDir: string;
  /** All files of the tree: relative path with `/`, and content. */
  readonly files: ReadonlyMap<string, string>;
}

/** What has to happen on disk so that a folder holds a tree. Made by looking only. */
export interface Plan {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: number;
  /** Own files that the tree no longer has. */
  readonly removed: readonly string[];
  /** Temporary files and folders that a killed run left. */
  readonly leftovers: readonly string[];
  /** Folders that may become empty, deepest first. */
  readonly emptied: readonly string[];
  /** Whether a lock file is there, of a run that is at work or was killed. */
  readonly locked: boolean;
  /** The ownership index now, while writing, and at the end. */
  readonly index: { readonly now: string | undefined; readonly during: string; readonly after: string };
  readonly findings: readonly Finding[];
}

const NOTHING: Plan = {
  added: [], changed: [], unchanged: 0, removed: [], leftovers: [], emptied: [], locked: false,
  index: { now: undefined, during: '', after: '' },
  findings: [],
};

/**
 * Compares a tree with what is on disk. With a finding in it the plan must not be carried out.
 *
 * Ours is what the ownership index lists; a file that has the right bytes already is ours too, whoever wrote it.
 * Nothing is followed through a link, and nothing that is not ours is replaced or removed.
 */
export function planTree({ outDir, files }: TreeInput): Plan {
  const display = (path: string) => `${outDir}/${path}`;
  const findings = checkPaths(files.keys(), display);
  if (findings.length > 0) return { ...NOTHING, findings: sortFindings(findings) };
  try {
    return look(outDir, files, display);
  } catch (error) {
    // Only the operating system throws here: no permission, a file as output folder, a folder for the index.
    return { ...NOTHING, findings: [outputFolderFinding(outDir, error)] };
  }
}

/** The output folder cannot be used, and why the operating system says so. */
export function outputFolderFinding(outDir: string, error: unknown): Finding {
  const fix = 'give --out a folder that you may write to';
  return treeFinding('tree/output-folder', outDir, `cannot write here: ${(error as Error).message}`, fix);
}

function look(outDir: string, files: ReadonlyMap<string, string>, display: (path: string) => string): Plan {
  const root = statSync(outDir, { throwIfNoEntry: false });
  if (root !== undefined && !root.isDirectory()) throw new Error('it is not a folder');
  const disk = readDisk(outDir);
  const index = disk.at(INDEX_FILE);
  if (index !== undefined && index !== 'file') {
    return { ...NOTHING, findings: [inTheWayFinding(display(INDEX_FILE), index)] };
  }
  const owned = readOwnership(outDir);
  if (owned.findings.length > 0) return { ...NOTHING, findings: owned.findings };

  const stale = [...owned.paths].filter((path) => !files.has(path));
  const removed = stale.filter((path) => disk.at(path) === 'file').sort();
  const leftovers = temporaryEntries(disk, files, owned.paths);
  const going: Going = { files: new Set([...removed, ...leftovers]), folders: foldersAbove(stale) };

  const added: string[] = [];
  const changed: string[] = [];
  const inTheWay = new Set<string>();
  for (const [path, content] of files) {
    const entry = disk.at(path);
    if (entry === 'file') {
      if (readFileSync(display(path), 'utf8') === content) continue;
      if (owned.paths.has(path)) changed.push(path);
      else inTheWay.add(path);
      continue;
    }
    const obstacle = entry === undefined ? (disk.obstacle(path) ?? sameButForCase(disk, path)) : path;
    if (obstacle !== undefined && !disappears(disk, obstacle, going)) inTheWay.add(obstacle);
    added.push(path);
  }

  const needed = foldersAbove(files.keys());
  const after = formatOwnership(files.keys());
  return {
    added: added.sort(),
    changed: changed.sort(),
    unchanged: files.size - added.length - changed.length,
    removed,
    leftovers,
    emptied: [...going.folders].filter((folder) => !needed.has(folder) && disk.at(folder) === 'folder').sort().reverse(),
    locked: disk.at(LOCK_FILE) !== undefined,
    index: {
      now: owned.text,
      during: stale.length === 0 ? after : formatOwnership(new Set([...owned.paths, ...files.keys()])),
      after,
    },
    findings: sortFindings([...inTheWay].map((path) => inTheWayFinding(display(path), disk.at(path)))),
  };
}

/** What the write will remove: files and what a killed run left, and folders once they are empty. */
interface Going {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** All folders above some paths, the root left out. */
function foldersAbove(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder)) {
      folders.add(folder);
    }
  }
  return folders;
}

/** What has the name of a new file but for case: some disks would write the one over the other. */
function sameButForCase(disk: Disk, path: string): string | undefined {
  const folder = folderOf(path);
  const folded = nameOf(path).toLowerCase();
  for (const name of disk.entries(folder).keys()) {
    if (name.toLowerCase() === folded) return pathIn(folder, name);
  }
  return undefined;
}

/** Whether nothing is left at a path once everything is gone that goes. */
function disappears(disk: Disk, path: string, going: Going): boolean {
  if (going.files.has(path)) return true;
  if (disk.at(path) !== 'folder') return false;
  if (!going.folders.has(path)) return false;
  return [...disk.entries(path).keys()].every((name) => disappears(disk, pathIn(path, name), going));
}

function inTheWayFinding(file: string, entry: Entry | undefined): Finding {
  if (entry === 'link') {
    const message = 'a symbolic link stands where the tree has a file or folder';
    return treeFinding('tree/symlink', file, message, 'remove the link');
  }
  const what = entry === 'folder' ? 'a folder with files of others' : 'a file that synth did not write';
  return treeFinding(
    'tree/foreign-file',
    file,
    `${what} stands where the tree needs the name`,
    `move it away; if it is synth's own, restore ${INDEX_FILE} from Git`,
  );
}

/** Temporary files beside the files that we know. */
function temporaryEntries(disk: Disk, files: ReadonlyMap<string, string>, owned: ReadonlySet<string>): string[] {
  const folders = foldersAbove([...files.keys(), ...owned]);
  const found: string[] = [];
  for (const folder of ['', ...folders]) {
    for (const [name, entry] of disk.entries(folder)) {
      const target = temporaryFor(name);
      if (target === undefined) continue;
      const path = pathIn(folder, target);
      const ours = entry === 'file' ? path === INDEX_FILE || files.has(path) || owned.has(path) : entry === 'folder' && folders.has(path);
      if (ours) found.push(pathIn(folder, name));
    }
  }
  return found.sort();
}
