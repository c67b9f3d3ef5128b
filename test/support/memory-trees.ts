import { answered } from '../../src/core/answer.ts';
import type { Side, Trees } from '../../src/review/trees.ts';

/** Files of a tree: text by path. */
export type TextTree = Readonly<Record<string, string>>;

/** Two trees in memory. */
export function memoryTrees(before: TextTree, after: TextTree): Trees {
  const sides: Readonly<Record<Side, TextTree>> = { before, after };
  const below = (side: Side, folder: string): string[] =>
    Object.keys(sides[side]).filter((path) => path.startsWith(`${folder}/`));
  return {
    base: 'before',
    head: 'after',
    changedFiles: () =>
      Promise.resolve(
        answered(
          [...new Set([...Object.keys(before), ...Object.keys(after)])]
            .sort()
            .filter((path) => before[path] !== after[path]),
        ),
      ),
    readFiles: (side, paths) =>
      Promise.resolve(
        answered(
          new Map(paths.flatMap((path) => (sides[side][path] === undefined ? [] : [[path, sides[side][path]]]))),
        ),
      ),
    listFiles: (side, folders) => Promise.resolve(answered(folders.flatMap((folder) => below(side, folder)).sort())),
    listFolders: (side, folder) =>
      Promise.resolve(
        answered(
          [
            ...new Set(
              below(side, folder)
                .map((path) => path.slice(folder.length + 1).split('/'))
                .flatMap(([name = '', ...rest]) => (rest.length > 0 ? [name] : [])),
            ),
          ].sort(),
        ),
      ),
  };
}
