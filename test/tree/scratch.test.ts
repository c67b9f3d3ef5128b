import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeScratch } from '../../src/tree/scratch.ts';
import { writeTree } from '../../src/tree/write.ts';
import { everythingIn, filesIn, temporaryFolder } from './folders.ts';

test('the scratch folder gets the same bytes as the owned one, and no index', () => {
  const files = new Map([
    ['argocd/root.yaml', '---\nroot\n'],
    ['envs/dev/x.yaml', '---\nx é\n'],
    ['y', ''],
  ]);
  const [scratch, owned] = [join(temporaryFolder(), 'deep/dist'), temporaryFolder()];
  expect(writeScratch(scratch, files)).toStrictEqual([]);
  writeTree({ outDir: owned, files });
  expect(everythingIn(scratch)).toStrictEqual(Object.fromEntries(files));
  expect(filesIn(owned)).toStrictEqual(Object.fromEntries(files));
});

test('nothing is written when a path leaves the folder', () => {
  const parent = temporaryFolder();
  const findings = writeScratch(
    join(parent, 'dist'),
    new Map([
      ['a', '1'],
      ['../b', '2'],
    ]),
  );
  expect(findings.map(({ id, message }) => `${id}: ${message}`)).toStrictEqual([
    'tree/path: the path "../b" leaves its folder',
  ]);
  expect(everythingIn(parent)).toStrictEqual({});
});

test('a folder that cannot be used is a finding', () => {
  const file = join(temporaryFolder(), 'dist');
  writeFileSync(file, 'x');
  expect(writeScratch(file, new Map([['a', '1']])).map(({ id, where }) => [id, where.file])).toStrictEqual([
    ['tree/output-folder', file],
  ]);
});
