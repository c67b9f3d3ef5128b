import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextTree } from './memory-trees.ts';

const root = join(import.meta.dirname, '../../snapshots');

/** The golden tree of the example services: text by path. */
export const golden: TextTree = Object.fromEntries(
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** The tree with texts replaced in the files that a pattern names; a text that is not there is a mistake of the test. */
export function edited(
  tree: TextTree,
  ...edits: readonly (readonly [file: RegExp, from: string | RegExp, to: string])[]
): TextTree {
  const result: Record<string, string> = { ...tree };
  for (const [file, from, to] of edits) {
    const pattern = typeof from === 'string' ? from : new RegExp(from, 'g');
    const changed = Object.keys(result).filter(
      (path) => file.test(path) && result[path] !== result[path]!.replaceAll(pattern, to),
    );
    if (changed.length === 0) throw new Error(`${String(from)} is in no file of ${String(file)}`);
    for (const path of changed) result[path] = result[path]!.replaceAll(pattern, to);
  }
  return result;
}

/** The tree without the files that a pattern names. */
export function without(tree: TextTree, file: RegExp): TextTree {
  const left = Object.fromEntries(Object.entries(tree).filter(([path]) => !file.test(path)));
  if (Object.keys(left).length === Object.keys(tree).length) throw new Error(`no file is called like ${String(file)}`);
  return left;
}

/** What the docs show a plan of: a jump of traffic, a shorter timeout in two environments, a function in dev that no longer scales to zero. */
export const exampleChange: TextTree = edited(
  golden,
  [/prod-eu.*fraud-detector\/manifests\/virtualservice/, 'weight: 90', 'weight: 40'],
  [/prod-eu.*fraud-detector\/manifests\/virtualservice/, 'weight: 10', 'weight: 60'],
  [/prod-.*image-classifier\/manifests\/virtualservice/, 'timeout: 20s', 'timeout: 10s'],
  [/dev.*image-classifier\/manifests\/service\.serving/, 'min-scale: "0"', 'min-scale: "1"'],
);
