import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareTree, writeTree } from '../../src/tree/write.ts';
import { everythingIn, putFiles, temporaryFolder } from './folders.ts';

const files = (tree: Readonly<Record<string, string>>) => new Map(Object.entries(tree));

test('a folder that is what the sources say does not differ', () => {
  const outDir = temporaryFolder();
  putFiles(outDir, { 'README.md': 'theirs' });
  writeTree({ outDir, files: files({ a: '1', 'b/c': '2' }) });
  expect(compareTree({ outDir, files: files({ 'b/c': '2', a: '1' }) })).toStrictEqual({
    added: [],
    changed: [],
    removed: [],
    findings: [],
  });
});

test('lists what a write would add, change and remove, sorted, and writes nothing', () => {
  const outDir = temporaryFolder();
  writeTree({ outDir, files: files({ a: '1', 'b/c': '2', 'b/d': '3', z: '4', y: '5' }) });
  const before = everythingIn(outDir);
  expect(
    compareTree({ outDir, files: files({ z: 'new', a: 'new', 'n/m': 'new', 'b/e': 'new', y: '5' }) }),
  ).toStrictEqual({
    added: ['b/e', 'n/m'],
    changed: ['a', 'z'],
    removed: ['b/c', 'b/d'],
    findings: [],
  });
  expect(everythingIn(outDir)).toStrictEqual(before);
});

test('a folder that is not there lacks everything', () => {
  const outDir = join(temporaryFolder(), 'none');
  expect(compareTree({ outDir, files: files({ a: '1' }) })).toStrictEqual({
    added: ['a'],
    changed: [],
    removed: [],
    findings: [],
  });
});

test('says what would stop a write', () => {
  const outDir = temporaryFolder();
  putFiles(outDir, { a: 'theirs' });
  expect(compareTree({ outDir, files: files({ a: '1' }) }).findings.map(({ id }) => id)).toStrictEqual([
    'tree/foreign-file',
  ]);
});
