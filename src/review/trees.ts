import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answered, refused, type Answer } from '../core/answer.ts';
import type { Finding } from '../core/finding.ts';
import type { Repository } from '../git/repository.ts';
import { readDisk, type Disk } from '../tree/disk.ts';
import { INDEX_FILE, inTree, JOURNAL_FILE, LOCK_FILE, nameOf, pathIn } from '../tree/paths.ts';
import { planFinding } from './rules.ts';

/** Which of two trees. */
export type Side = 'before' | 'after';

/** Two trees that are to be compared. Only what is asked for is read. Paths are below the root of the trees. */
export interface Trees {
  /** How the trees are called: a ref and its commit, a folder. */
  readonly base: string;
  readonly head: string;
  /** Files that are not the same in both, sorted. */
  changedFiles(): Promise<Answer<readonly string[]>>;
  /** Texts by path; what a tree does not have is left out. */
  readFiles(side: Side, paths: readonly string[]): Promise<Answer<ReadonlyMap<string, string>>>;
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
  const left = await repository.mergeBase(from.value, to.value);
  if (left.value === undefined) return left;
  const after = to.value;
  const before = head !== undefined && left.value === after ? from.value : left.value;
  const root = tree === '.' ? '' : tree;
  const below = (paths: readonly string[]): string[] => paths.map((path) => (root === '' ? path : path.slice(root.length + 1)));
  const disk = head === undefined ? folderSide(join(folder, tree)) : undefined;
  return answered({
    base: `${base} (${before.slice(0, 7)})`,
    head: head === undefined ? 'files on the disk' : `${head} (${after.slice(0, 7)})`,
    async changedFiles() {
      const changes = await (head === undefined ? repository.changedInWorktree(before, root) : repository.changedFiles(before, after, root));
      if (changes.value === undefined) return changes;
      const links = changes.value.filter(({ kind }) => kind !== 'file').map(({ path }) => linkFinding(path));
      return answered(below(changes.value.filter(({ kind }) => kind === 'file').map(({ path }) => path)).filter(isOfTree), ...links);
    },
    async readFiles(side, paths) {
      if (side === 'after' && disk) return answered(disk.readFiles(paths));
      const texts = await repository.readFiles(side === 'before' ? before : after, paths.map((path) => inTree(tree, path)));
      return texts.value === undefined ? texts : answered(new Map([...texts.value].map(([path, text]) => [below([path])[0]!, text])));
    },
    async listFiles(side, folders) {
      if (folders.length === 0) return answered([]);
      if (side === 'after' && disk) return answered(disk.listFiles(folders));
      const files = await repository.listFiles(side === 'before' ? before : after, ...folders.map((of) => inTree(tree, of)));
      return files.value === undefined ? files : answered(below(files.value));
    },
    async listFolders(side, of) {
      if (side === 'after' && disk) return answered(disk.listFolders(of));
      return repository.listFolders(side === 'before' ? before : after, inTree(tree, of));
    },
  });
}

/** The trees in two folders of the disk. */
export function folderTrees(from: string, to: string): Answer<Trees> {
  const missing = [from, to].filter((folder) => !lstatSync(folder, { throwIfNoEntry: false })?.isDirectory());
  if (missing.length > 0) {
    return refused(...missing.map((folder) => planFinding('plan/folder', { file: folder }, 'there is no such folder', 'write the folder of a tree, as gitops')));
  }
  const sides = { before: folderSide(from), after: folderSide(to) };
  return answered({
    base: from,
    head: to,
    changedFiles() {
      const [before, after] = [sides.before.all(), sides.after.all()];
      const links = [...new Set([...before.links, ...after.links])].map(linkFinding);
      const all = [...new Set([...before.files, ...after.files])].filter(isOfTree).sort();
      return Promise.resolve(answered(all.filter((path) => !before.files.has(path) || !after.files.has(path) || !sameBytes(join(from, path), join(to, path))), ...links));
    },
    readFiles: (side, paths) => Promise.resolve(answered(sides[side].readFiles(paths))),
    listFiles: (side, folders) => Promise.resolve(answered(sides[side].listFiles(folders))),
    listFolders: (side, folder) => Promise.resolve(answered(sides[side].listFolders(folder))),
  });
}

/** Not what the writer keeps beside the tree, nor a repository. */
function isOfTree(path: string): boolean {
  return ![INDEX_FILE, JOURNAL_FILE, LOCK_FILE].includes(nameOf(path));
}

function linkFinding(path: string): Finding {
  return planFinding('plan/link', { file: path }, 'this is a link or a submodule, and is not compared', 'keep files in the tree');
}

function sameBytes(a: string, b: string): boolean {
  return lstatSync(a).size === lstatSync(b).size && readFileSync(a).equals(readFileSync(b));
}

/** What a folder of the disk answers. */
function folderSide(root: string) {
  const disk = readDisk(root);
  return {
    all: () => everything(disk),
    readFiles(paths: readonly string[]): Map<string, string> {
      const there = paths.filter((path) => disk.at(path) === 'file');
      return new Map(there.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
    },
    listFiles: (folders: readonly string[]): string[] => folders.flatMap((folder) => [...everything(disk, folder).files]).sort(),
    listFolders: (folder: string): string[] => [...disk.entries(folder)].filter(([, entry]) => entry === 'folder').map(([name]) => name).sort(),
  };
}

function everything(disk: Disk, top = ''): { readonly files: Set<string>; readonly links: string[] } {
  const files = new Set<string>();
  const links: string[] = [];
  const walk = (folder: string): void => {
    for (const [name, entry] of disk.entries(folder)) {
      const path = pathIn(folder, name);
      if (entry === 'file') files.add(path);
      else if (entry === 'folder') {
        if (name !== '.git') walk(path);
      } else links.push(path);
    }
  };
  walk(top);
  return { files, links };
}
