import { rmSync, symlinkSync } from 'node:fs';
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
    expect(await changes(trees)).toEqual({ 'a.yaml': ['1', '2'], 'b.yaml': ['1', undefined], 'envs/c.yaml': [undefined, '2'] });
    expect([trees.base, trees.head]).toEqual([expect.stringMatching(/^main \([0-9a-f]{7}\)$/), expect.stringMatching(/^change \([0-9a-f]{7}\)$/)]);
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
    expect(await changes(await treesOf(root, { base: 'main~1', head: 'main', tree: '.' }))).toEqual({ 'a.yaml': ['1', '2'] });
  });
});

describe('a commit and the disk', () => {
  test('untracked files count, ignored ones and those of the writer do not', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1', 'gitops/b.yaml': '1', '.gitignore': '*.tmp\n' });
    put(root, { 'gitops/a.yaml': '2', 'gitops/c.yaml': '3', 'gitops/d.tmp': 'x', 'gitops/.ai-service-index': 'x' });
    rmSync(join(root, 'gitops/b.yaml'));
    expect(await changes(await treesOf(root, { base: 'HEAD' }))).toEqual({ 'a.yaml': ['1', '2'], 'b.yaml': ['1', undefined], 'c.yaml': [undefined, '3'] });
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
  test('a link is not followed, and said', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    symlinkSync('/etc/hostname', join(root, 'gitops/b.yaml'));
    const trees = await treesOf(root, { base: 'HEAD' });
    expect(await trees.changedFiles()).toMatchObject({ value: [], findings: [{ id: 'plan/link', severity: 'warning', where: { file: 'gitops/b.yaml' } }] });
  });
});

describe('two folders', () => {
  test('are compared by bytes; a repository in one of them is not looked at', async () => {
    const from = temporaryFolder();
    put(from, { 'a.yaml': '1', 'b/c.yaml': '1', same: 'x' });
    const to = temporaryFolder();
    put(to, { 'a.yaml': '2', 'd.yaml': '3', same: 'x', '.git/HEAD': 'x' });
    const trees = valueOf(folderTrees(from, to));
    expect(await changes(trees)).toEqual({ 'a.yaml': ['1', '2'], 'b/c.yaml': ['1', undefined], 'd.yaml': [undefined, '3'] });
    expect([trees.base, trees.head]).toEqual([from, to]);
  });
  test('a folder that is not there is an error', () => {
    const from = temporaryFolder();
    expect(folderTrees(from, join(from, 'nowhere'))).toMatchObject({ value: undefined, findings: [{ id: 'plan/folder', where: { file: join(from, 'nowhere') }, message: 'there is no such folder' }] });
  });
});

describe('what cannot be compared', () => {
  test('a ref that is not there', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    expect(await gitTrees(await opened(root), root, { base: 'origin/main', tree: 'gitops' })).toMatchObject({ value: undefined, findings: [{ id: 'git/ref', message: 'there is no commit "origin/main" in this repository' }] });
  });
  test('histories that have nothing in common', async () => {
    const root = repositoryWith({ 'gitops/a.yaml': '1' });
    git(root, 'switch', '--quiet', '--orphan', 'other');
    commitAll(root, 'change', { 'gitops/a.yaml': '2' });
    expect(await gitTrees(await opened(root), root, { base: 'main', head: 'other', tree: 'gitops' })).toMatchObject({ value: undefined, findings: [{ id: 'git/no-merge-base' }] });
  });
});
