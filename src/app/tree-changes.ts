import { readFileSync } from 'node:fs';
import { answered, refused, type Answer } from '../core/answer.ts';
import type { FileChange } from '../tree/journal.ts';
import { formatOwnership, readOwnership } from '../tree/ownership.ts';
import { INDEX_FILE, inTree } from '../tree/paths.ts';
import { compareTree, guardedDeletions } from '../tree/write.ts';
import { guardedObject } from './deletion-guard.ts';
import type { Synthesis } from './synthesize.ts';

/** A rendered tree, and where it belongs. */
export interface TreePlace {
  /** Root of the repository that holds the tree. */
  readonly root: string;
  /** Folder of the tree in it. */
  readonly tree: string;
  readonly synthesis: Synthesis;
}

/** What makes the tree on disk the rendered one, file by file, so that it can be written together with other files. */
export function treeChanges({
  root,
  tree,
  synthesis: { files, guard, instead },
}: TreePlace): Answer<readonly FileChange[]> {
  const outDir = `${root}/${tree}`;
  const { added, changed, removed, findings } = compareTree({ outDir, files });
  const refusals = [
    ...findings,
    ...guardedDeletions(removed, { outDir: tree, guard, describe: guardedObject, instead }),
  ];
  if (refusals.length > 0) return refused(...refusals);
  const change = (path: string, before: string | undefined): FileChange => ({
    path: inTree(tree, path),
    before,
    after: files.get(path),
  });
  const index = { before: readOwnership(outDir).text, after: formatOwnership(files.keys()) };
  return answered([
    ...removed.map((path) => change(path, read(outDir, path))),
    ...added.map((path) => change(path, undefined)),
    ...changed.map((path) => change(path, read(outDir, path))),
    ...(index.before === index.after ? [] : [{ path: inTree(tree, INDEX_FILE), ...index }]),
  ]);
}

function read(folder: string, path: string): string {
  return readFileSync(`${folder}/${path}`, 'utf8');
}
