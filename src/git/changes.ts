import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareText } from '../core/finding.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { checkPaths, fromFolder, pathspecs, type Place } from './paths.ts';
import { resolveRef } from './refs.ts';
import { gitFinding } from './rules.ts';
import { failed, piecesOf, runGit } from './run.ts';

/** One file that differs. */
export interface Change {
  readonly path: string;
  readonly status: 'added' | 'changed' | 'removed';
  /** What stands there now; for what is removed, what stood there. */
  readonly kind: 'file' | 'link' | 'submodule';
}

const RAW = ['--raw', '-z', '--no-abbrev', '--no-renames'];

/** See `Repository.changedFiles`. */
export async function changedFiles(
  place: Place,
  base: string,
  head: string,
  folder = '',
): Promise<Answer<readonly Change[]>> {
  const flaws = checkPaths([folder], 'folders');
  const [from, to] = await Promise.all([resolveRef(place, base), resolveRef(place, head)]);
  if (from.value === undefined || to.value === undefined) return refused(...flaws, ...from.findings, ...to.findings);
  if (flaws.length > 0) return refused(...flaws);
  const ran = await runGit(place.folder, [
    'diff-tree',
    '-r',
    ...RAW,
    from.value,
    to.value,
    '--',
    ...pathspecs(place, [folder]),
  ]);
  return ran.code === 0
    ? answered(sorted(changesOf(place, ran.stdout)))
    : refused(failed(`compare ${base} with ${head}`, ran));
}

/** See `Repository.changedInWorktree`. */
export async function changedInWorktree(place: Place, base: string, folder = ''): Promise<Answer<readonly Change[]>> {
  const flaws = [...checkPaths([folder], 'folders'), ...workTreeNeeded(place)];
  if (flaws.length > 0) return refused(...flaws);
  const from = await resolveRef(place, base);
  if (from.value === undefined) return from;
  const where = ['--', ...pathspecs(place, [folder])];
  // `diff` and not `diff-index`: it compares contents where only the times of a file differ.
  const diff = [
    '--no-optional-locks',
    'diff',
    ...RAW,
    '--no-ext-diff',
    '--ignore-submodules=dirty',
    from.value,
    ...where,
  ];
  const others = ['--no-optional-locks', 'ls-files', '-z', '--full-name', '--others', '--exclude-standard', ...where];
  const [tracked, untracked] = await Promise.all([runGit(place.folder, diff), runGit(place.folder, others)]);
  const wrong = [tracked, untracked].find(({ code }) => code !== 0);
  if (wrong) return refused(failed(`compare the files on the disk with ${base}`, wrong));
  const changes = changesOf(place, tracked.stdout);
  for (const piece of piecesOf(untracked.stdout)) {
    const path = fromFolder(place, piece.replace(/\/$/, ''));
    // What was taken out of the index, but lies on the disk, is not gone.
    changes.set(path, { path, status: changes.has(path) ? 'changed' : 'added', kind: kindOnDisk(place, piece) });
  }
  return answered(sorted(changes));
}

/** A bare repository has no files on the disk. */
export function workTreeNeeded(place: Place) {
  if (!place.bare) return [];
  const message = `${place.folder} is a bare repository: it has no files on the disk`;
  return [gitFinding('git/no-work-tree', {}, message, 'run the command in a clone')];
}

/** Reads `:<mode> <mode> <id> <id> <status>` and the path after it. */
function changesOf(place: Place, output: Buffer): Map<string, Change> {
  const changes = new Map<string, Change>();
  const pieces = piecesOf(output);
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    const [before = '', after = '', , , letter = ''] = (pieces[at] ?? '').slice(1).split(' ');
    const path = fromFolder(place, pieces[at + 1] ?? '');
    const status = letter === 'A' ? 'added' : letter === 'D' ? 'removed' : 'changed';
    changes.set(path, { path, status, kind: kindOf(letter === 'D' ? before : after) });
  }
  return changes;
}

function kindOf(mode: string): Change['kind'] {
  return mode === '120000' ? 'link' : mode === '160000' ? 'submodule' : 'file';
}

/** Git lists the repository of somebody else, in a folder of ours, with a slash. */
function kindOnDisk(place: Place, piece: string): Change['kind'] {
  if (piece.endsWith('/')) return 'submodule';
  return lstatSync(join(place.root, piece), { throwIfNoEntry: false })?.isSymbolicLink() ? 'link' : 'file';
}

function sorted(changes: ReadonlyMap<string, Change>): Change[] {
  return [...changes.values()].sort((a, b) => compareText(a.path, b.path));
}
