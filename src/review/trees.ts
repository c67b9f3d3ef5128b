import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { answered, refused, type Answer } from '../core/answer.ts';
import { textOf } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import type { Change } from '../git/changes.ts';
import type { Repository } from '../git/repository.ts';
import { readDisk, type Disk, type Entry as DiskEntry } from '../tree/disk.ts';
import { INDEX_FILE, inTree, JOURNAL_FILE, LOCK_FILE, nameOf, pathIn } from '../tree/paths.ts';
import { planFinding } from './rules.ts';

/** Which of two trees. */
export type Side = 'before' | 'after';

/** What files hold, by path. */
export type Texts = ReadonlyMap<string, string | undefined>;

/** Two trees that are to be compared. Only what is asked for is read. Paths are below the root of the trees. */
export interface Trees {
  /** How the trees are called: a ref and its commit, a folder. */
  readonly base: string;
  readonly head: string;
  /** Files that are not the same in both, sorted. */
  changedFiles(): Promise<Answer<readonly string[]>>;
  /** Texts by path; `undefined` for what is there and is no text to read, as a link; what a tree does not have is left out. */
  readFiles(side: Side, paths: readonly string[]): Promise<Answer<Texts>>;
  /** Files below folders, sorted; none where there is no such folder. */
  listFiles(side: Side, folders: readonly string[]): Promise<Answer<readonly string[]>>;
  /** Names of the folders directly in a folder; none where there is no such folder. */
  listFolders(side: Side, folder: string): Promise<Answer<readonly string[]>>;
}

/** Which commits to compare, and where in the repository the tree is. */
export interface GitRange {
  /** Ref of the tree before. */
  readonly base: string;
  /** Ref of the tree after; the files on the disk when it is missing. */
  readonly head?: string;
  /** Folder of the tree below the folder that the repository was opened in; `.` for that itself. */
  readonly tree: string;
}

/**
 * The trees of two commits, or of a commit and the disk, without a checkout. What a branch changed counts from where it left
 * the other one, so that what was merged there since does not show as taken back; a `head` that is older than `base` is
 * compared as it is: what going back means.
 */
export async function gitTrees(repository: Repository, folder: string, range: GitRange): Promise<Answer<Trees>> {
  const { base, head, tree } = range;
  const [from, to] = await Promise.all([repository.resolve(base), repository.resolve(head ?? 'HEAD')]);
  if (from.value === undefined || to.value === undefined) return refused(...from.findings, ...to.findings);
  const left = await repository.mergeBase(base, head ?? 'HEAD');
  if (left.value === undefined) return left;
  const after = to.value;
  const before = head !== undefined && left.value === after ? from.value : left.value;
  const root = tree === '.' ? '' : tree;
  const below = (path: string): string => (root === '' ? path : path.slice(root.length + 1));
  const disk = head === undefined ? folderSide(join(folder, tree)) : undefined;
  /** What changed and is no file, by its path below the tree. */
  const others = new Map<string, Change>();
  return answered({
    base: `${base} (${before.slice(0, 7)})`,
    head: head === undefined ? 'files on the disk' : `${head} (${after.slice(0, 7)})`,
    async changedFiles() {
      const changes = await (head === undefined
        ? repository.changedInWorktree(before, root)
        : repository.changedFiles(before, after, root));
      if (changes.value === undefined) return changes;
      if (changes.value.length === 0 && root !== '') {
        const files = await repository.listFiles(before, root);
        if (files.value === undefined) return files;
        // Else a misspelt folder would look like one in which nothing changes.
        if (files.value.length === 0)
          return refused(noTree(tree, 'there is no tree in this folder, neither before nor after'));
      }
      if (changes.value.some(({ path }) => path === root))
        return refused(noTree(tree, 'the tree is behind a link, or in a submodule'));
      const findings: Finding[] = [];
      for (const change of changes.value) {
        const path = below(change.path);
        if (change.kind === 'file' && !isGarbled(path)) continue;
        others.set(path, change);
        findings.push(change.kind === 'file' ? nameFinding(path) : linkFinding(path));
      }
      return answered(changes.value.map(({ path }) => below(path)).filter(isOfTree), ...findings);
    },
    async readFiles(side, paths) {
      if (side === 'after' && disk) return disk.readFiles(paths, others);
      const texts = await repository.readFiles(
        side === 'before' ? before : after,
        paths.map((path) => inTree(tree, path)),
      );
      if (texts.value === undefined) return texts;
      const found = new Map<string, string | undefined>([...texts.value].map(([path, text]) => [below(path), text]));
      const gone = side === 'before' ? 'added' : 'removed';
      for (const path of paths)
        if (!found.has(path) && others.has(path) && others.get(path)?.status !== gone) found.set(path, undefined);
      return answered(found);
    },
    async listFiles(side, folders) {
      if (folders.length === 0) return answered([]);
      if (side === 'after' && disk) return answered(disk.listFiles(folders));
      const files = await repository.listFiles(
        side === 'before' ? before : after,
        ...folders.map((of) => inTree(tree, of)),
      );
      return files.value === undefined ? files : answered(files.value.map(below));
    },
    async listFolders(side, of) {
      if (side === 'after' && disk) return answered(disk.listFolders(of));
      return repository.listFolders(side === 'before' ? before : after, inTree(tree, of));
    },
  });
}

/** The trees in two folders of the disk. */
export function folderTrees(from: string, to: string): Answer<Trees> {
  const missing = [from, to].filter((folder) => !statSync(folder, { throwIfNoEntry: false })?.isDirectory());
  if (missing.length > 0) return refused(...missing.map((folder) => noTree(folder, 'there is no such folder')));
  const sides = { before: folderSide(from), after: folderSide(to) };
  return answered({
    base: from,
    head: to,
    changedFiles() {
      const [before, after] = [sides.before.all(), sides.after.all()];
      const all = [...new Set([...before.keys(), ...after.keys()])].filter(isOfTree).sort();
      const differ = all.filter(
        (path) => before.get(path) !== after.get(path) || !isSame(join(from, path), join(to, path), before.get(path)),
      );
      const flaws = differ.flatMap((path) => {
        if ([before.get(path), after.get(path)].some((entry) => entry !== undefined && entry !== 'file'))
          return [linkFinding(path)];
        return isGarbled(path) ? [nameFinding(path)] : [];
      });
      return Promise.resolve(answered(differ, ...flaws));
    },
    readFiles: (side, paths) => Promise.resolve(sides[side].readFiles(paths)),
    listFiles: (side, folders) => Promise.resolve(answered(sides[side].listFiles(folders))),
    listFolders: (side, folder) => Promise.resolve(answered(sides[side].listFolders(folder))),
  });
}

/** Not what the writer keeps beside the tree. */
function isOfTree(path: string): boolean {
  return ![INDEX_FILE, JOURNAL_FILE, LOCK_FILE].includes(nameOf(path));
}

/** Whether the name of a file had bytes that are no text: then nothing can be read by it. */
function isGarbled(path: string): boolean {
  return path.includes('\ufffd');
}

function noTree(folder: string, message: string): Finding {
  return planFinding('plan/folder', { file: folder }, message, 'write the folder of a tree, as gitops');
}

function linkFinding(path: string): Finding {
  return planFinding(
    'plan/link',
    { file: path },
    'this is a link or a submodule, and is not compared',
    'keep files in the tree',
  );
}

function nameFinding(path: string): Finding {
  return planFinding(
    'plan/file-name',
    { file: path },
    'the name of the file is not UTF-8, and it is not compared',
    'give it another name',
  );
}

/** Whether what two folders have under a name is the same. What cannot be read is not: reading it says why. */
function isSame(a: string, b: string, entry: DiskEntry | undefined): boolean {
  if (entry === 'other') return true;
  try {
    if (entry === 'link') return readlinkSync(a) === readlinkSync(b);
    return lstatSync(a).size === lstatSync(b).size && readFileSync(a).equals(readFileSync(b));
  } catch {
    return false;
  }
}

/** What a folder of the disk answers. */
function folderSide(root: string) {
  const disk = readDisk(root);
  return {
    all: () => everything(disk),
    /** @param others paths that are more than a folder where the disk has one: repositories of others. */
    readFiles(paths: readonly string[], others?: ReadonlyMap<string, unknown>): Answer<Texts> {
      const texts = new Map<string, string | undefined>();
      const findings: Finding[] = [];
      for (const path of paths) {
        const entry = disk.at(path);
        if (entry === undefined || (entry === 'folder' && !others?.has(path))) continue;
        texts.set(path, undefined);
        if (entry !== 'file' || isGarbled(path)) continue;
        try {
          texts.set(path, textOf(readFileSync(join(root, path))));
        } catch (error) {
          const { code = 'it cannot be opened' } = error as NodeJS.ErrnoException;
          findings.push(
            planFinding(
              'plan/not-read',
              { file: path },
              `the file cannot be read: ${code}`,
              'let the user that runs the command read it',
            ),
          );
        }
      }
      return answered(texts, ...findings);
    },
    listFiles: (folders: readonly string[]): string[] =>
      folders
        .flatMap((folder) => [...everything(disk, folder)].flatMap(([path, entry]) => (entry === 'file' ? [path] : [])))
        .sort(),
    listFolders: (folder: string): string[] =>
      [...disk.entries(folder)]
        .filter(([, entry]) => entry === 'folder')
        .map(([name]) => name)
        .sort(),
  };
}

/** All that is below a folder and is no folder, by path. What Git keeps of a repository is not looked at. */
function everything(disk: Disk, top = ''): Map<string, DiskEntry> {
  const found = new Map<string, DiskEntry>();
  const walk = (folder: string): void => {
    for (const [name, entry] of disk.entries(folder)) {
      if (name === '.git') continue;
      const path = pathIn(folder, name);
      if (entry === 'folder') walk(path);
      else found.set(path, entry);
    }
  };
  walk(top);
  return found;
}
