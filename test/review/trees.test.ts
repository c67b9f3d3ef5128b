import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderTrees, gitTrees, type Trees } from '../../src/review/trees.ts';
import { commitAll, git, opened, put, repositoryWith, temporaryFolder, valueOf } from '../git/folders.ts';

async function treesOf(root: string, range: { base: string; head?: string; tree?: string }): Promise<Trees> {
  return valueOf(await gitTrees(await opened(root), root, { tree: 'gitops', ...range }));
}

/** Each changed file with its text before and after. */
async function changes(trees: Trees): Promise<Record<string, readonly [string | undefined, string | undefined]>> {
  const { value: files = [] } = await trees.changedFiles();
  const [before, after] = [await trees.readFiles('before', files), await trees.readFiles('after', files)];
  return Object.fromEntries(files.map((file) => [file, [before.value?.get(file), after.value?.get(file)]]));
}

describe('two commits', () => {
  test('are compared below the folder of the tree, and without a checkout', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1', 'gitops/b.yaml': '1', 'apps/x.ts': '1' });
    git(root, 'switch', '--quiet', '--create', 'change');
    rmSync(join(root, 'gitops/b.yaml'));
    commitAll(root, 'change', { 'gitops/a.yaml': '2', 'gitops/envs/c.yaml': '2', 'apps/x.ts': '2' });
    git(root, 'switch', '--quiet', 'main');
    const trees = await treesOf(root, { base: 'main', head: 'change' });
    expect(await changes(trees)).toEqual({
      'a.yaml': ['1', '2'],
      'b.yaml': ['1', undefined],
      'envs/c.yaml': [undefined, '2'],
    });
    expect([trees.base, trees.head]).toEqual([
      expect.stringMatching(/^main \([0-9a-f]{7}\)$/),
      expect.stringMatching(/^change \([0-9a-f]{7}\)$/),
    ]);
  });
  test('what came to the base since the branch left it is not taken back', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1', 'gitops/b.yaml': '1' });
    git(root, 'branch', 'change');
    commitAll(root, 'change', { 'gitops/b.yaml': '2' });
    git(root, 'switch', '--quiet', 'change');
    commitAll(root, 'change', { 'gitops/a.yaml': '2' });
    expect(await changes(await treesOf(root, { base: 'main', head: 'change' }))).toEqual({ 'a.yaml': ['1', '2'] });
  });
  test('going back shows what going back means', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    git(root, 'tag', 'before');
    commitAll(root, 'change', { 'gitops/a.yaml': '2' });
    expect(await changes(await treesOf(root, { base: 'main', head: 'before' }))).toEqual({ 'a.yaml': ['2', '1'] });
  });
  test('the tree may be the repository itself', async () => {
    const root = repositoryWith({ 'a.yaml': '1' });
    commitAll(root, 'change', { 'a.yaml': '2' });
    expect(await changes(await treesOf(root, { base: 'main~1', head: 'main', tree: '.' }))).toEqual({
      'a.yaml': ['1', '2'],
    });
  });
});

describe('a commit and the disk', () => {
  test('untracked files count, ignored ones and those of the writer do not', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1', 'gitops/b.yaml': '1', '.gitignore': '*.tmp\n' });
    put(root, { 'gitops/a.yaml': '2', 'gitops/c.yaml': '3', 'gitops/d.tmp': 'x', 'gitops/.ai-service-index': 'x' });
    rmSync(join(root, 'gitops/b.yaml'));
    expect(await changes(await treesOf(root, { base: 'HEAD' }))).toEqual({
      'a.yaml': ['1', '2'],
      'b.yaml': ['1', undefined],
      'c.yaml': [undefined, '3'],
    });
  });
  test('what lies beside a change can be read on both sides', async () => {
    const root = repositoryWith({ 'gitops/envs/prod/eu-1/a.yaml': '1', 'gitops/envs/prod/us-1/a.yaml': '1' });
    put(root, { 'gitops/envs/prod/ap-1/a.yaml': '1' });
    const trees = await treesOf(root, { base: 'HEAD' });
    expect((await trees.listFolders('before', 'envs/prod')).value).toEqual(['eu-1', 'us-1']);
    expect((await trees.listFolders('after', 'envs/prod')).value).toEqual(['ap-1', 'eu-1', 'us-1']);
    expect((await trees.listFolders('before', 'envs/none')).value).toEqual([]);
    expect((await trees.listFiles('before', ['envs/prod/eu-1', 'envs/none'])).value).toEqual(['envs/prod/eu-1/a.yaml']);
    expect((await trees.listFiles('after', ['envs/prod/ap-1', 'envs/none'])).value).toEqual(['envs/prod/ap-1/a.yaml']);
    expect((await trees.listFiles('before', [])).value).toEqual([]);
  });
  test('a link is not followed, and said; what came, went or changed with it is a file that cannot be read', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1', 'gitops/b.yaml': '1' });
    rmSync(join(root, 'gitops/a.yaml'));
    symlinkSync('b.yaml', join(root, 'gitops/a.yaml'));
    symlinkSync('/etc/hostname', join(root, 'gitops/c.yaml'));
    const links = [
      { id: 'plan/link', severity: 'warning', where: { file: 'a.yaml' } },
      { id: 'plan/link', severity: 'warning', where: { file: 'c.yaml' } },
    ];
    const seen = { 'a.yaml': ['1', undefined], 'c.yaml': [undefined, undefined] };
    const disk = await treesOf(root, { base: 'HEAD' });
    expect(await disk.changedFiles()).toMatchObject({ value: ['a.yaml', 'c.yaml'], findings: links });
    expect(await changes(disk)).toEqual(seen);
    expect([...((await disk.readFiles('after', ['a.yaml', 'c.yaml', 'd.yaml'])).value?.keys() ?? [])]).toEqual([
      'a.yaml',
      'c.yaml',
    ]);
    commitAll(root, 'links', {});
    const commits = await treesOf(root, { base: 'HEAD~1', head: 'HEAD' });
    expect(await commits.changedFiles()).toMatchObject({ value: ['a.yaml', 'c.yaml'], findings: links });
    expect(await changes(commits)).toEqual(seen);
    expect([...((await commits.readFiles('before', ['a.yaml', 'c.yaml'])).value?.keys() ?? [])]).toEqual(['a.yaml']);
    expect([...((await commits.readFiles('after', ['a.yaml', 'c.yaml'])).value?.keys() ?? [])]).toEqual([
      'a.yaml',
      'c.yaml',
    ]);
  });
  test.runIf(process.platform === 'linux')('a name that is not UTF-8 is said; nothing hides behind it', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'gitops/b')), Buffer.from([0xe9]), Buffer.from('.yaml')]), '1');
    const name = 'b\ufffd.yaml';
    const flaws = [{ id: 'plan/file-name', severity: 'error', where: { file: name } }];
    const disk = await treesOf(root, { base: 'HEAD' });
    expect(await disk.changedFiles()).toMatchObject({ value: [name], findings: flaws });
    expect([...((await disk.readFiles('after', [name])).value ?? [])]).toEqual([[name, undefined]]);
    commitAll(root, 'name', {});
    const commits = await treesOf(root, { base: 'HEAD~1', head: 'HEAD' });
    expect(await commits.changedFiles()).toMatchObject({ value: [name], findings: flaws });
    expect([...((await commits.readFiles('after', [name])).value ?? [])]).toEqual([[name, undefined]]);
    expect([...((await commits.readFiles('before', [name])).value ?? [])]).toEqual([]);
  });
});

describe('two folders', () => {
  test('are compared by bytes; a repository in one of them is not looked at', async () => {
    const from = temporaryFolder();
    put(from, { 'a.yaml': '1', 'b/c.yaml': '1', same: 'x' });
    const to = temporaryFolder();
    put(to, { 'a.yaml': '2', 'd.yaml': '3', same: 'x', '.git/HEAD': 'x' });
    const trees = valueOf(folderTrees(from, to));
    expect(await changes(trees)).toEqual({
      'a.yaml': ['1', '2'],
      'b/c.yaml': ['1', undefined],
      'd.yaml': [undefined, '3'],
    });
    expect([trees.base, trees.head]).toEqual([from, to]);
  });
  test('links that lead elsewhere, and what became one; a link to a folder is a folder', async () => {
    const folder = temporaryFolder();
    put(folder, { 'from/a': '1', 'from/same': '', 'to/b': '', 'to/same': '' });
    for (const [path, target] of [
      ['from/l', 'x'],
      ['to/l', 'y'],
      ['from/k', 'x'],
      ['to/k', 'x'],
      ['to/a', 'b'],
      ['link', 'to'],
    ] as const)
      symlinkSync(target, join(folder, path));
    const trees = valueOf(folderTrees(join(folder, 'from'), join(folder, 'link')));
    expect(await trees.changedFiles()).toMatchObject({
      value: ['a', 'b', 'l'],
      findings: [
        { id: 'plan/link', where: { file: 'a' } },
        { id: 'plan/link', where: { file: 'l' } },
      ],
    });
    expect(await changes(trees)).toEqual({ a: ['1', undefined], b: [undefined, ''], l: [undefined, undefined] });
  });
  test('a folder that is not there is an error', () => {
    const from = temporaryFolder();
    expect(folderTrees(from, join(from, 'nowhere'))).toMatchObject({
      value: undefined,
      findings: [{ id: 'plan/folder', where: { file: join(from, 'nowhere') }, message: 'there is no such folder' }],
    });
  });
});

describe('what cannot be compared', () => {
  test('a tree that neither side has: a misspelt folder', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    expect(await (await treesOf(root, { base: 'HEAD', tree: 'gitop' })).changedFiles()).toMatchObject({
      value: undefined,
      findings: [
        {
          id: 'plan/folder',
          where: { file: 'gitop' },
          message: 'there is no tree in this folder, neither before nor after',
        },
      ],
    });
    expect(await (await treesOf(root, { base: 'HEAD' })).changedFiles()).toEqual({ value: [], findings: [] });
  });
  test('a tree behind a link', async () => {
    const root = repositoryWith({ 'a.yaml': '1' });
    symlinkSync('.', join(root, 'gitops'));
    expect(await (await treesOf(root, { base: 'HEAD' })).changedFiles()).toMatchObject({
      value: undefined,
      findings: [{ id: 'plan/folder', message: 'the tree is behind a link, or in a submodule' }],
    });
  });
  test('a ref that is not there', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    expect(await gitTrees(await opened(root), root, { base: 'origin/main', tree: 'gitops' })).toMatchObject({
      value: undefined,
      findings: [{ id: 'git/ref', message: 'there is no commit "origin/main" in this repository' }],
    });
  });
  test('histories that have nothing in common', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    git(root, 'switch', '--quiet', '--orphan', 'other');
    commitAll(root, 'change', { 'gitops/a.yaml': '2' });
    expect(await gitTrees(await opened(root), root, { base: 'main', head: 'other', tree: 'gitops' })).toMatchObject({
      value: undefined,
      findings: [{ id: 'git/no-merge-base', message: '"main" and "other" have no common ancestor' }],
    });
  });
});
