import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { isPlainMap } from '../../src/check/schema/plain-data.ts';
import { compareTrees, type Contents } from '../../src/review/compare.ts';
import { readFile, type FileContent } from '../../src/review/documents.ts';
import { planJson } from '../../src/review/format/json.ts';
import { planMarkdown } from '../../src/review/format/markdown.ts';
import { makePlan } from '../../src/review/make-plan.ts';
import { createMask } from '../../src/review/mask.ts';
import type { Entry, Plan } from '../../src/review/plan.ts';
import { valueOf } from '../git/folders.ts';
import { applyChanges } from '../support/apply-changes.ts';
import { golden as whole } from '../support/golden-tree.ts';
import { memoryTrees, type TextTree } from '../support/memory-trees.ts';
import { fc } from '../support/property.ts';

/** What a plan promises, held for any edit of the golden tree. */

/** Enough of it: all parsing of the tests is of these files. */
const golden: TextTree = Object.fromEntries(
  Object.entries(whole).filter(([path]) => /^argocd\/|fraud-detector|prod-eu.*image-classifier/.test(path)),
);
const schemas = createCatalogue([OWN_IMPORTS]);
const mask = createMask();

/** Everything in a tree, by path: the objects of a file, or its value. */
type ValueTree = Readonly<Record<string, unknown>>;

function valuesOf(tree: TextTree): ValueTree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, text]) => {
      const { objects, documents } = contentOf(path, text);
      return [path, objects[0] ?? documents[0]?.value];
    }),
  );
}

/** Most files are those of the golden tree in every run. */
const read = new Map<string, FileContent>();
function contentOf(path: string, text: string): FileContent {
  const key = `${path}\n${text}`;
  const content = read.get(key) ?? readFile(path, text, mask);
  if (golden[path] === text) read.set(key, content);
  return content;
}

const values = valuesOf(golden);

function textsOf(tree: ValueTree): TextTree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, value]) => {
      if (value === values[path]) return [path, golden[path]!];
      return [
        path,
        typeof value === 'string'
          ? value
          : path.endsWith('.json')
            ? JSON.stringify(value)
            : stringify(value, { version: '1.1', aliasDuplicateObjects: false }),
      ];
    }),
  );
}

async function planOf(before: TextTree, after: TextTree): Promise<Plan> {
  return valueOf(await makePlan(memoryTrees(before, after), { schemas, topology: false }));
}

/** One edit of a tree: a file goes, gets another name, an item of a list moves, or one of its fields gets another value. */
type Edit = { readonly at: number; readonly seed: number } & (
  { readonly do: 'remove' | 'move' | 'rename' | 'reorder' } | { readonly do: 'field'; readonly value: unknown }
);

const edits = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constantFrom<'remove' | 'move' | 'rename'>('remove', 'move', 'rename'),
      at: fc.nat(),
      seed: fc.nat(),
    }),
    fc.record({ do: fc.constant('reorder' as const), at: fc.nat(), seed: fc.nat() }),
    fc.record({
      do: fc.constant('field' as const),
      at: fc.nat(),
      seed: fc.nat(),
      value: fc.oneof(
        fc.constantFrom<unknown>('1', '1000m', '60s', 3, true, null, [], {}, 'x'),
        fc.jsonValue({ maxDepth: 2 }),
      ),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

function edited(tree: ValueTree, changes: readonly Edit[]): ValueTree {
  const result: Record<string, unknown> = { ...tree };
  for (const edit of changes) {
    const paths = Object.keys(result).filter((path) => path.endsWith('.yaml'));
    const path = paths[edit.at % paths.length]!;
    const value = result[path];
    if (edit.do === 'field') result[path] = withField(value, edit.seed, edit.value);
    else if (edit.do === 'reorder') result[path] = reordered(value, edit.seed);
    else delete result[path];
    if (edit.do === 'move') result[path.replace(/\.yaml$/, `-${edit.seed % 3}.yaml`)] = value;
    if (edit.do === 'rename' && isPlainMap(value) && isPlainMap(value['metadata']))
      result[path] = { ...value, metadata: { ...value['metadata'], name: `other-${edit.seed % 3}` } };
  }
  return result;
}

/** The value with an item of one of its lists in another of its lists of that name, or at another place of it. */
function reordered(value: unknown, seed: number): unknown {
  const copy = structuredClone(value);
  const lists = listsIn(copy).filter(({ list }) => list.length > 0);
  if (lists.length === 0) return value;
  const { name, list } = lists[seed % lists.length]!;
  const others = lists.filter((other) => other.name === name);
  const to = others[Math.floor(seed / 7) % others.length]!.list;
  const [item] = list.splice(seed % list.length, 1);
  to.splice(Math.floor(seed / 3) % (to.length + 1), 0, item);
  return copy;
}

function listsIn(value: unknown, name = ''): { readonly name: string; readonly list: unknown[] }[] {
  if (Array.isArray(value)) return [{ name, list: value }, ...value.flatMap((item) => listsIn(item))];
  return isPlainMap(value) ? Object.keys(value).flatMap((key) => listsIn(value[key], key)) : [];
}

/** The value with another one somewhere in it, but for what says what the object is. */
function withField(value: unknown, seed: number, put: unknown): unknown {
  if (Array.isArray(value) && value.length > 0)
    return value.map((item: unknown, index) =>
      index === seed % value.length ? withField(item, Math.floor(seed / value.length), put) : item,
    );
  if (!isPlainMap(value)) return put;
  const keys = Object.keys(value).filter((key) => !['apiVersion', 'kind', 'name', 'namespace'].includes(key));
  const key = keys[seed % Math.max(keys.length, 1)];
  if (key === undefined) return value;
  // What stands for `metadata` must stay a map, or it is no object any more.
  const below = value[key];
  return {
    ...value,
    [key]:
      key === 'metadata' || isPlainMap(below) || Array.isArray(below)
        ? withField(below, Math.floor(seed / keys.length), put)
        : put,
  };
}

/** Makes a plan of JSON come true in a tree. */
function applied(tree: ValueTree, { entries }: Plan): ValueTree {
  const result: Record<string, unknown> = { ...tree };
  const put = (entry: Entry): void => {
    if (entry.type === 'document') {
      const before = result[entry.file];
      if (entry.change !== 'removed')
        result[entry.file] = entry.change === 'added' ? entry.after : applyChanges(before, entry.changes);
    } else if (entry.after)
      result[entry.after.file] =
        entry.change === 'added' ? entry.after.object : applyChanges(entry.before.object, entry.changes);
  };
  for (const entry of entries) {
    if (entry.type === 'document' ? entry.change === 'removed' : entry.before)
      delete result[entry.type === 'document' ? entry.file : entry.before!.file];
  }
  entries.forEach(put);
  return result;
}

function contentsOf(tree: ValueTree): Contents {
  return new Map(Object.entries(textsOf(tree)).map(([path, text]) => [path, contentOf(path, text)]));
}

/** Whether two trees mean the same: nothing is in one and not in the other. */
function differ(before: ValueTree, after: ValueTree): boolean {
  const { objects, documents } = compareTrees(contentsOf(before), contentsOf(after), schemas);
  return objects.length + documents.length > 0;
}

describe('for any edits of the golden tree', () => {
  test('a plan is empty if and only if the trees mean the same, and every change has its words', async () => {
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const after = edited(values, changes);
        const plan = await planOf(golden, textsOf(after));
        expect(plan.risk === 'none').toBe(!differ(values, after));
        expect(plan.entries.length === 0).toBe(plan.risk === 'none');
        const explained = new Set(plan.statements.flatMap(({ entries }) => entries));
        expect(plan.entries.filter((_, index) => !explained.has(index))).toEqual([]);
        for (const { text } of plan.statements) expect(text).toMatch(/^\S.*\S$/s);
      }),
      { numRuns: 60 },
    );
  });

  test('the JSON plan turns the old tree into the new one', async () => {
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const after = edited(values, changes);
        const plan = JSON.parse(planJson(await planOf(golden, textsOf(after)))) as Plan;
        expect(differ(applied(values, plan), after)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('the order of keys, of lists without order and of files never shows', async () => {
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(), async (changes, seed) => {
        const after = textsOf(edited(values, changes));
        const plan = await planOf(golden, after);
        const respelled = await planOf(shuffled(golden, seed), shuffled(after, seed + 1));
        expect(planMarkdown(respelled, { marker: 'x' })).toBe(planMarkdown(plan, { marker: 'x' }));
      }),
      { numRuns: 20 },
    );
  });

  /** The same tree, written another way. */
  function shuffled(tree: TextTree, seed: number): TextTree {
    const entries = Object.entries(tree).map(([path, text]): [string, string] => {
      const { objects, documents } = contentOf(path, text);
      const value = objects[0] ?? documents[0]?.value;
      return [
        path,
        typeof value === 'string' || value === undefined
          ? text
          : path.endsWith('.json')
            ? JSON.stringify(turned(value, '', seed))
            : stringify(turned(value, '', seed), { version: '1.1' }),
      ];
    });
    return Object.fromEntries(seed % 2 === 0 ? entries : entries.reverse());
  }

  function turned(value: unknown, field: string, seed: number): unknown {
    if (Array.isArray(value)) {
      const items = value.map((item) => turned(item, Array.isArray(item) ? '' : field, seed));
      const shift = [
        'containers',
        'env',
        'hosts',
        'gateways',
        'destinations',
        'namespaceResourceWhitelist',
        'route',
      ].includes(field)
        ? seed % Math.max(items.length, 1)
        : 0;
      return [...items.slice(shift), ...items.slice(0, shift)];
    }
    if (!isPlainMap(value)) return value;
    const keys = Object.keys(value);
    return Object.fromEntries(
      [...keys.slice(seed % keys.length), ...keys.slice(0, seed % keys.length)].map((key) => [
        key,
        turned(value[key], key, seed),
      ]),
    );
  }
});
