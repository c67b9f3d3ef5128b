import type { Finding } from '../core/finding.ts';
import { treeFinding } from './rules.ts';

/**
 * Paths in a tree are relative, with `/` on every system. The rules for them hold for every door: the owned tree,
 * the scratch folder, and what is read from an index that someone may have edited.
 */

/** Which files are ours: lies in the output folder, outside the bytes that both doors share. */
export const INDEX_FILE = '.ai-service-index';

/** There while a writer is at work. */
export const LOCK_FILE = '.ai-service-lock';

/** What a release command is about to change; there while it is at work, or after it was killed. */
export const JOURNAL_FILE = '.ai-service-journal';

const TEMPORARY_SUFFIX = '.ai-service-tmp';

/** File systems allow 255 bytes; the rest is left for the name of the temporary file beside it. */
const MAX_NAME_BYTES = 200;

/** The folder of a path, empty for the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A path below a folder, the root being empty. */
export function pathIn(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/**
 * Where a file is written before it takes its place: in the same folder, so that the rename is atomic; always the
 * same name, so that the next run finds what a killed one left; no ending that Argo CD would read.
 */
export function temporaryName(name: string): string {
  return `.${name}${TEMPORARY_SUFFIX}`;
}

/** The file that a temporary name stands for, or `undefined`. */
export function temporaryFor(name: string): string | undefined {
  return name.startsWith('.') && name.endsWith(TEMPORARY_SUFFIX) ? name.slice(1, -TEMPORARY_SUFFIX.length) : undefined;
}

/**
 * A path of a tree in the repository that holds it; the tree may be its root, `.`.
 *
 * @example inTree('gitops', 'argocd/root.yaml') // 'gitops/argocd/root.yaml'
 */
export function inTree(tree: string, path: string): string {
  return tree === '.' ? path : `${tree}/${path}`;
}

/** Why a path cannot be part of a tree; `undefined` when it can. */
export function pathFlaw(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute';
  for (const name of path.split('/').slice(0, -1)) {
    const flaw = nameFlaw(name);
    if (flaw !== undefined) return flaw;
  }
  return fileFlaw(path);
}

/** What nearly every file is called; none of these is in the way of anything. */
const USUAL_NAME = /^[a-z0-9][a-z0-9.-]{0,59}$/;

/** Why a file cannot be part of a tree, though its folder can. */
function fileFlaw(path: string): string | undefined {
  const name = nameOf(path);
  if (USUAL_NAME.test(name) && !name.startsWith('kustomization')) return undefined;
  const flaw = nameFlaw(name);
  if (flaw !== undefined) return flaw;
  if (name.endsWith('Chart.yaml')) return 'makes Argo CD take the folder for a Helm chart';
  if (/^kustomization(\.ya?ml)?$/i.test(name)) return 'makes Argo CD take the folder for a Kustomize overlay';
  const reserved =
    path === INDEX_FILE || path === LOCK_FILE || path === JOURNAL_FILE || temporaryFor(name) !== undefined;
  return reserved ? 'is a name the writer needs for itself' : undefined;
}

function nameFlaw(name: string): string | undefined {
  if (name === '') return 'has an empty part';
  if (name === '.' || name === '..') return 'leaves its folder';
  if (/[\\\0-\x1f\x7f]/.test(name) || !name.isWellFormed())
    return 'has a character that not every file system can hold';
  if (/^\.git$/i.test(name)) return 'reaches into the Git repository itself';
  // Most names are too short to be counted: a UTF-16 unit is at most three bytes.
  if (name.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(name) <= MAX_NAME_BYTES) return undefined;
  return `has a name of more than ${MAX_NAME_BYTES} bytes`;
}

/** Text that looks the same to a disk that ignores case, and nearly every path is. */
const FOLDED = /^[\x21-\x40\x5b-\x7e]*$/;

/**
 * The paths of a whole tree: each one can be part of it, and none clashes with another on a disk that ignores
 * case. `display` says how a path is shown.
 */
export function checkPaths(paths: Iterable<string>, display: (path: string) => string): Finding[] {
  const findings: Finding[] = [];
  /** Every file and folder by the form in which such a disk compares it. */
  const taken = new Map<string, string>();
  const folders = new Set<string>();

  const take = (path: string, kind: 'file' | 'folder') => {
    const folded = FOLDED.test(path) ? path : path.normalize('NFC').toLowerCase();
    const other = taken.get(folded);
    taken.set(folded, path);
    if (other === undefined) return;
    const message =
      other === path
        ? `${JSON.stringify(path)} is a file and a folder at the same time`
        : `${JSON.stringify(path)} and ${JSON.stringify(other)} are the same ${kind} on a disk that ignores case`;
    findings.push(treeFinding('tree/path-clash', display(path), message, 'rename one of the two'));
  };

  for (const path of paths) {
    const folder = folderOf(path);
    const flaw = folders.has(folder) ? fileFlaw(path) : pathFlaw(path);
    if (flaw !== undefined) {
      const message = `the path ${JSON.stringify(path)} ${flaw}`;
      findings.push(treeFinding('tree/path', display(path), message, 'rename what the file is made from'));
      continue;
    }
    take(path, 'file');
    for (let above = folder; above !== '' && !folders.has(above); above = folderOf(above)) {
      folders.add(above);
      take(above, 'folder');
    }
  }
  return findings;
}
