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
  added: [],
  changed: [],
  unchanged: 0,
  removed: [],
  leftovers: [],
  emptied: [],
  locked: false,
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

/**
 * The output folder cannot be used.
 *
 * @param error why: what the operating system says, or what we do.
 */
export function outputFolderFinding(
  outDir: string,
  error: unknown,
  fix = 'give --out a folder that you may write to',
): Finding {
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
  // Sorted once: to sort what is in order already costs little.
  const paths = [...files.keys()].sort();
  const byFolder = groupByFolder(paths);
  const needed = withAbove(byFolder.keys());
  const left = withAbove(groupByFolder(stale).keys());
  const leftovers = temporaryEntries(disk, files, owned.paths, new Set([...needed, ...left]));
  const going: Going = { files: new Set([...removed, ...leftovers]), folders: left };

  const added: string[] = [];
  const changed: string[] = [];
  const inTheWay = new Set<string>();
  // Folder by folder: there are many times more files, and what is asked of a folder is asked once.
  for (const [folder, inFolder] of byFolder) {
    const entries = disk.entries(folder);
    const above = disk.obstacle(inFolder[0]!);
    for (const path of inFolder) {
      const entry = entries.size === 0 ? undefined : entries.get(nameOf(path));
      if (entry === 'file') {
        if (readFileSync(display(path), 'utf8') === files.get(path)) continue;
        if (owned.paths.has(path)) changed.push(path);
        else inTheWay.add(path);
        continue;
      }
      const obstacle = entry === undefined ? (above ?? sameButForCase(entries, path)) : path;
      if (obstacle !== undefined && !disappears(disk, obstacle, going)) inTheWay.add(obstacle);
      added.push(path);
    }
  }

  const after = formatOwnership(paths);
  return {
    added: added.sort(),
    changed: changed.sort(),
    unchanged: files.size - added.length - changed.length,
    removed,
    leftovers,
    emptied: [...going.folders]
      .filter((folder) => !needed.has(folder) && disk.at(folder) === 'folder')
      .sort()
      .reverse(),
    locked: disk.at(LOCK_FILE) !== undefined,
    index: {
      now: owned.text,
      during: stale.length === 0 ? after : formatOwnership(new Set([...owned.paths, ...paths])),
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

/** Paths by the folder that they are in. */
function groupByFolder(paths: Iterable<string>): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const folder = folderOf(path);
    const others = folders.get(folder);
    if (others === undefined) folders.set(folder, [path]);
    else others.push(path);
  }
  return folders;
}

/** Some folders and all above them, the root left out. */
function withAbove(folders: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (let folder of folders) {
    for (; folder !== '' && !all.has(folder); folder = folderOf(folder)) all.add(folder);
  }
  return all;
}

/** What has the name of a new file but for case: some disks would write the one over the other. */
function sameButForCase(entries: ReadonlyMap<string, Entry>, path: string): string | undefined {
  if (entries.size === 0) return undefined;
  const folded = nameOf(path).toLowerCase();
  for (const name of entries.keys()) {
    if (name.toLowerCase() === folded) return pathIn(folderOf(path), name);
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
function temporaryEntries(
  disk: Disk,
  files: ReadonlyMap<string, string>,
  owned: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  for (const folder of ['', ...folders]) {
    for (const [name, entry] of disk.entries(folder)) {
      const target = temporaryFor(name);
      if (target === undefined) continue;
      const path = pathIn(folder, target);
      const ours =
        entry === 'file'
          ? path === INDEX_FILE || files.has(path) || owned.has(path)
          : entry === 'folder' && folders.has(path);
      if (ours) found.push(pathIn(folder, name));
    }
  }
  return found.sort();
}
