import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { openRepository } from '../../src/git/repository.ts';
import {
  alone,
  at,
  commitAll,
  emptyRepository,
  git,
  opened,
  put,
  refusalOf,
  repositoryWith,
  temporaryFolder,
  valueOf,
} from './folders.ts';

describe('opening', () => {
  test('a folder inside of a repository gives the repository', async () => {
    const folder = repositoryWith({ 'team/gitops/a.yaml': 'a' });
    const repository = await opened(join(folder, 'team/gitops'));
    expect(repository).toMatchObject({ root: folder, shallow: false });
  });

  test('a folder that is reached by a link is the folder behind it', async () => {
    const folder = repositoryWith({ 'team/a.yaml': 'a' });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(join(folder, 'team'), link);
    const repository = await opened(link);
    expect(repository.root).toBe(folder);
    expect(valueOf(await repository.listFiles('HEAD'))).toEqual(['a.yaml']);
  });

  test('a folder that is in no repository is refused', async () => {
    alone();
    const folder = temporaryFolder();
    expect(refusalOf(await openRepository(folder))).toEqual([
      `git/repository: ${folder} is not in a Git repository: fatal: not a git repository (or any of the parent directories): .git`,
    ]);
  });

  test('a folder that does not exist is refused', async () => {
    const folder = join(temporaryFolder(), 'nowhere');
    expect(refusalOf(await openRepository(folder))).toEqual([
      `git/repository: ${folder} is not in a Git repository: fatal: cannot change to '${folder}': No such file or directory`,
    ]);
  });

  test('a machine without git is told to install it', async () => {
    const folder = emptyRepository();
    vi.stubEnv('PATH', temporaryFolder());
    const answer = await openRepository(folder);
    expect(refusalOf(answer)).toEqual(['git/missing: git cannot be started: spawn git ENOENT']);
  });

  test('a repository of another user is refused with the command that trusts it', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    vi.stubEnv('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1');
    const answer = await openRepository(folder);
    expect(answer.findings).toEqual([
      {
        id: 'git/repository',
        severity: 'error',
        where: {},
        message: `the repository of ${folder} belongs to another user`,
        fix: 'trust it: git config --global --add safe.directory <folder>',
      },
    ]);
  });

  test('what a hook of another repository sets is not taken for ours', async () => {
    const other = repositoryWith({ 'other.yaml': 'other' });
    const folder = repositoryWith({ 'a.yaml': 'a' });
    vi.stubEnv('GIT_DIR', join(other, '.git'));
    vi.stubEnv('GIT_INDEX_FILE', join(other, '.git/index'));
    vi.stubEnv('GIT_ICASE_PATHSPECS', '1');
    expect(valueOf(await (await opened(folder)).listFiles('HEAD'))).toEqual(['a.yaml']);
  });
});

describe('refs', () => {
  test('a branch, a tag and a commit name the same commit', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'tag', '--annotate', '--message=first', 'v1');
    const sha = git(folder, 'rev-parse', 'HEAD');
    const repository = await opened(folder);
    const refs = ['main', 'v1', 'HEAD', sha, sha.slice(0, 10), 'main~0'];
    expect(await Promise.all(refs.map(async (ref) => valueOf(await repository.resolve(ref))))).toEqual(
      refs.map(() => sha),
    );
  });

  test.each([
    '',
    '-h',
    '--output=x',
    '--upload-pack=touch x',
    'HEAD:a.yaml',
    ':/start',
    'main..main',
    'a b',
    'a\nb',
    'a\0b',
  ])('%j is no name of a commit, and never reaches git', async (ref) => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const repository = await opened(folder);
    const refusal = [`git/ref: ${JSON.stringify(ref)} is no name of a commit`];
    expect(refusalOf(await repository.resolve(ref))).toEqual(refusal);
    expect(refusalOf(await repository.mergeBase('HEAD', ref))).toEqual(refusal);
    expect(refusalOf(await repository.listFiles(ref))).toEqual(refusal);
    expect(refusalOf(await repository.readFiles(ref, ['a.yaml']))).toEqual(refusal);
    expect(refusalOf(await repository.changedFiles(ref, 'HEAD'))).toEqual(refusal);
    expect(refusalOf(await repository.changedInWorktree(ref))).toEqual(refusal);
    expect(refusalOf(await repository.log({ ref }))).toEqual(refusal);
    expect(refusalOf(await repository.lastChanges(['a.yaml'], ref))).toEqual(refusal);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('an unknown ref, a tree and the HEAD of an empty repository name no commit', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const tree = git(folder, 'rev-parse', 'HEAD^{tree}');
    const repository = await opened(folder);
    expect(refusalOf(await repository.resolve('feature/x'))).toEqual([
      'git/ref: there is no commit "feature/x" in this repository',
    ]);
    expect(refusalOf(await repository.resolve(tree))).toEqual([
      `git/ref: there is no commit "${tree}" in this repository`,
    ]);
    const empty = await opened(emptyRepository());
    expect(refusalOf(await empty.resolve('HEAD'))).toEqual(['git/ref: there is no commit "HEAD" in this repository']);
  });

  test('the merge base is where a branch left the other', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const left = git(folder, 'rev-parse', 'HEAD');
    git(folder, 'switch', '--quiet', '--create', 'feature');
    commitAll(folder, 'feature', { 'b.yaml': 'b' });
    git(folder, 'switch', '--quiet', 'main');
    commitAll(folder, 'main', { 'c.yaml': 'c' });
    expect(valueOf(await (await opened(folder)).mergeBase('main', 'feature'))).toBe(left);
  });

  test('branches without a common ancestor have no merge base', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'switch', '--quiet', '--orphan', 'other');
    commitAll(folder, 'other', { 'b.yaml': 'b' });
    expect(refusalOf(await (await opened(folder)).mergeBase('main', 'other'))).toEqual([
      'git/no-merge-base: "main" and "other" have no common ancestor',
    ]);
  });
});

const HOSTILE = [
  'a b.yaml',
  '"quoted".yaml',
  "it's.yaml",
  'größe.yaml',
  '-rf.yaml',
  ':(top)x.yaml',
  '*.yaml',
  '[a].yaml',
  'line\nbreak.yaml',
  'back\\slash.yaml',
  '<x>',
];
const hostile = Object.fromEntries(HOSTILE.map((name, index) => [name, `text ${index}\n`]));

describe('files of a commit', () => {
  test('are read without a checkout, those that are not there are left out', async () => {
    const folder = repositoryWith({ 'envs/a.yaml': 'old\n', 'envs/b.yaml': 'b', 'readme.md': '' });
    commitAll(folder, 'change', { 'envs/a.yaml': 'new\n' });
    const read = valueOf(
      await (await opened(folder)).readFiles('HEAD~1', ['envs/a.yaml', 'readme.md', 'envs/c.yaml', 'envs']),
    );
    expect(read).toEqual(
      new Map([
        ['envs/a.yaml', 'old\n'],
        ['readme.md', ''],
      ]),
    );
  });

  test('are listed below a folder, sorted by code point', async () => {
    const folder = repositoryWith({
      'envs/b.yaml': '',
      'envs/B.yaml': '',
      'envs/a/x.yaml': '',
      'envsx/a.yaml': '',
      'readme.md': '',
    });
    const repository = await opened(folder);
    expect(valueOf(await repository.listFiles('HEAD', 'envs'))).toEqual([
      'envs/B.yaml',
      'envs/a/x.yaml',
      'envs/b.yaml',
    ]);
    expect(valueOf(await repository.listFiles('HEAD', 'nothing'))).toEqual([]);
    expect(valueOf(await repository.listFiles('HEAD'))).toHaveLength(5);
  });

  test('have any name that Git can hold', async () => {
    const folder = repositoryWith(hostile);
    const repository = await opened(folder);
    expect(valueOf(await repository.listFiles('HEAD'))).toEqual([...HOSTILE].sort());
    expect(valueOf(await repository.readFiles('HEAD', HOSTILE))).toEqual(
      new Map(Object.entries(hostile).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    expect(valueOf(await repository.readFiles('HEAD', ['*.yaml']))).toEqual(new Map([['*.yaml', hostile['*.yaml']]]));
  });

  test('are text in UTF-8, two with the same content too', async () => {
    const folder = repositoryWith({ 'a.yaml': 'größe: 5\r\n', 'b.yaml': 'größe: 5\r\n' });
    expect(valueOf(await (await opened(folder)).readFiles('HEAD', ['b.yaml', 'a.yaml']))).toEqual(
      new Map([
        ['a.yaml', 'größe: 5\r\n'],
        ['b.yaml', 'größe: 5\r\n'],
      ]),
    );
  });

  test('are text that tells what is no UTF-8, as files on the disk are', async () => {
    const folder = repositoryWith({ 'a.yaml': '' });
    writeFileSync(join(folder, 'a.yaml'), Buffer.from('café', 'latin1'));
    commitAll(folder, 'latin', {});
    expect(valueOf(await (await opened(folder)).readFiles('HEAD', ['a.yaml']))).toEqual(
      new Map([['a.yaml', 'caf\udce9']]),
    );
  });

  test('are regular files only: what a link says is not taken for the content of a file', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    symlinkSync('a.yaml', join(folder, 'link.yaml'));
    commitAll(folder, 'link', {});
    const repository = await opened(folder);
    expect(valueOf(await repository.listFiles('HEAD'))).toEqual(['a.yaml']);
    expect(valueOf(await repository.readFiles('HEAD', ['link.yaml']))).toEqual(new Map());
  });

  test('have paths relative to the folder that was opened, and others are not seen', async () => {
    const folder = repositoryWith({ 'team/gitops/a.yaml': 'a', 'team/gitops/envs/b.yaml': 'b', 'team/other.yaml': '' });
    const repository = await opened(join(folder, 'team/gitops'));
    expect(valueOf(await repository.listFiles('HEAD'))).toEqual(['a.yaml', 'envs/b.yaml']);
    expect(valueOf(await repository.listFiles('HEAD', 'envs'))).toEqual(['envs/b.yaml']);
    expect(valueOf(await repository.readFiles('HEAD', ['a.yaml']))).toEqual(new Map([['a.yaml', 'a']]));
  });

  test('are read from a bare repository too', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const bare = join(temporaryFolder(), 'bare.git');
    git(folder, 'clone', '--quiet', '--bare', folder, bare);
    const repository = await opened(bare);
    expect(repository.root).toBe(bare);
    expect(valueOf(await repository.readFiles('main', ['a.yaml']))).toEqual(new Map([['a.yaml', 'a']]));
  });

  test.each([
    ['../a.yaml', 'has a part that is . or ..'],
    ['envs/../../a.yaml', 'has a part that is . or ..'],
    ['./a.yaml', 'has a part that is . or ..'],
    ['/etc/passwd', 'is absolute'],
    ['C:\\a.yaml', 'is absolute'],
    ['envs//a.yaml', 'has an empty part'],
    ['', 'has an empty part'],
    ['.git/config', 'reaches into the Git repository itself'],
    ['a\0b', 'has a character that no path can have'],
  ])('the path %j is refused', async (path, flaw) => {
    const repository = await opened(repositoryWith({ 'a.yaml': 'a' }));
    const refusal = [`git/path: the path ${JSON.stringify(path)} ${flaw}`];
    expect(refusalOf(await repository.readFiles('HEAD', [path]))).toEqual(refusal);
    expect(refusalOf(await repository.lastChanges([path]))).toEqual(refusal);
    expect(refusalOf(await repository.commit({ paths: [path], subject: 'x', trailers: [] }))).toEqual(refusal);
  });

  test('are many in one go: more than fit on a command line', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1500 }, (_, index) => [`envs/prod/team/service-${index}.yaml`, `${index}`]),
    );
    const repository = await opened(repositoryWith({ ...files, 'envs/other.yaml': '' }));
    expect(valueOf(await repository.readFiles('HEAD', Object.keys(files)))).toEqual(
      new Map(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    expect(valueOf(await repository.lastChanges(Object.keys(files))).size).toBe(1500);
  });
});

describe('changes between commits', () => {
  test('are what was added, changed and removed; a rename is both', async () => {
    const folder = repositoryWith({
      'a.yaml': 'a',
      'b.yaml': 'a long text that git would take for a rename',
      'c.yaml': 'c',
      'same.yaml': '',
    });
    commitAll(folder, 'change', {
      'a.yaml': 'new',
      'b.yaml': undefined,
      'moved.yaml': 'a long text that git would take for a rename',
      'c.yaml': undefined,
    });
    expect(valueOf(await (await opened(folder)).changedFiles('HEAD~1', 'HEAD'))).toEqual([
      { path: 'a.yaml', status: 'changed', kind: 'file' },
      { path: 'b.yaml', status: 'removed', kind: 'file' },
      { path: 'c.yaml', status: 'removed', kind: 'file' },
      { path: 'moved.yaml', status: 'added', kind: 'file' },
    ]);
  });

  test('show a file that became a link', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    put(folder, { 'a.yaml': undefined });
    symlinkSync('b.yaml', join(folder, 'a.yaml'));
    commitAll(folder, 'link', {});
    expect(valueOf(await (await opened(folder)).changedFiles('HEAD~1', 'HEAD'))).toEqual([
      { path: 'a.yaml', status: 'changed', kind: 'link' },
    ]);
  });

  test('can be those below a folder, with any names', async () => {
    const folder = repositoryWith({ 'x.yaml': '' });
    commitAll(folder, 'hostile', { ...Object.fromEntries(HOSTILE.map((name) => [`envs/${name}`, ''])), 'x.yaml': 'x' });
    const changes = valueOf(await (await opened(folder)).changedFiles('HEAD~1', 'HEAD', 'envs'));
    expect(changes).toEqual(
      [...HOSTILE].sort().map((name) => ({ path: `envs/${name}`, status: 'added', kind: 'file' })),
    );
  });

  test('have paths relative to the folder that was opened', async () => {
    const folder = repositoryWith({ 'team/a.yaml': '', 'b.yaml': '' });
    commitAll(folder, 'change', { 'team/a.yaml': 'new', 'b.yaml': 'new' });
    expect(valueOf(await (await opened(join(folder, 'team'))).changedFiles('HEAD~1', 'HEAD'))).toEqual([
      { path: 'a.yaml', status: 'changed', kind: 'file' },
    ]);
  });
});

describe('changes on the disk', () => {
  test('are staged, unstaged and untracked ones, but not ignored ones', async () => {
    const folder = repositoryWith({ '.gitignore': 'dist/\n', 'a.yaml': 'a', 'b.yaml': 'b', 'c.yaml': 'c' });
    put(folder, {
      'a.yaml': 'new',
      'b.yaml': undefined,
      'c.yaml': 'staged',
      'new/größe "1".yaml': '',
      'dist/x.yaml': '',
    });
    git(folder, 'add', 'c.yaml');
    symlinkSync('a.yaml', join(folder, 'link.yaml'));
    const repository = await opened(folder);
    expect(valueOf(await repository.changedInWorktree('HEAD'))).toEqual([
      { path: 'a.yaml', status: 'changed', kind: 'file' },
      { path: 'b.yaml', status: 'removed', kind: 'file' },
      { path: 'c.yaml', status: 'changed', kind: 'file' },
      { path: 'link.yaml', status: 'added', kind: 'link' },
      { path: 'new/größe "1".yaml', status: 'added', kind: 'file' },
    ]);
    expect(valueOf(await repository.changedInWorktree('HEAD', 'new'))).toHaveLength(1);
  });

  test('are compared with any commit', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    commitAll(folder, 'more', { 'b.yaml': 'b' });
    expect(valueOf(await (await opened(folder)).changedInWorktree('HEAD~1'))).toEqual([
      { path: 'b.yaml', status: 'added', kind: 'file' },
    ]);
  });

  test('are none when a file was written again with the same bytes', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    put(folder, { 'a.yaml': undefined });
    put(folder, { 'a.yaml': 'a' });
    expect(valueOf(await (await opened(folder)).changedInWorktree('HEAD'))).toEqual([]);
  });

  test('are no removal when a file is only taken out of the index', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'rm', '--quiet', '--cached', 'a.yaml');
    put(folder, { 'a.yaml': 'new' });
    expect(valueOf(await (await opened(folder)).changedInWorktree('HEAD'))).toEqual([
      { path: 'a.yaml', status: 'changed', kind: 'file' },
    ]);
  });

  test('have paths relative to the folder that was opened; the repository of somebody else is one', async () => {
    const folder = repositoryWith({ 'team/a.yaml': '' });
    put(folder, { 'team/new.yaml': '', 'outside.yaml': '' });
    mkdirSync(join(folder, 'team/nested'));
    git(join(folder, 'team/nested'), 'init', '--quiet');
    put(folder, { 'team/nested/x.yaml': '' });
    expect(valueOf(await (await opened(join(folder, 'team'))).changedInWorktree('HEAD'))).toEqual([
      { path: 'nested', status: 'added', kind: 'submodule' },
      { path: 'new.yaml', status: 'added', kind: 'file' },
    ]);
  });

  test('need a checkout', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'config', 'core.bare', 'true');
    expect(refusalOf(await (await opened(folder)).changedInWorktree('HEAD'))).toEqual([
      `git/no-work-tree: ${folder} is a bare repository: it has no files on the disk`,
    ]);
  });
});

describe('a shallow clone', () => {
  async function shallowClone() {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    git(folder, 'branch', 'old');
    for (const text of ['1', '2']) {
      at(`2026-03-0${text}T12:00:00+00:00`);
      commitAll(folder, `change ${text}`, { 'a.yaml': text });
    }
    const clone = join(temporaryFolder(), 'clone');
    git(folder, 'clone', '--quiet', '--depth=2', '--no-single-branch', `file://${folder}`, clone);
    return { clone, repository: await opened(clone), sha: git(folder, 'rev-parse', 'HEAD') };
  }
  const warning = (clone: string) => ({
    id: 'git/shallow',
    severity: 'warning',
    where: {},
    message: `the clone ${clone} is shallow: what happened before its oldest commit is not known`,
    fix: 'fetch the rest of the history: git fetch --unshallow (in CI: fetch-depth 0, GIT_DEPTH 0)',
  });

  test('says so, and does not take its oldest commit for the last change of every file', async () => {
    const { clone, repository, sha } = await shallowClone();
    expect(repository.shallow).toBe(true);
    expect(await repository.lastChanges(['a.yaml', 'b.yaml'])).toEqual({
      value: new Map([['a.yaml', { sha, date: '2026-03-02T12:00:00+00:00' }]]),
      findings: [warning(clone)],
    });
  });

  test('gives the history that it has, with a warning, but for a log that found enough', async () => {
    const { clone, repository } = await shallowClone();
    const all = await repository.log();
    expect([all.value?.map(({ subject }) => subject), all.findings]).toEqual([
      ['change 2', 'change 1'],
      [warning(clone)],
    ]);
    expect((await repository.log({ limit: 1 })).findings).toEqual([]);
  });

  test('names the command that fetches the rest when a commit is missing', async () => {
    const { repository } = await shallowClone();
    const fix = 'the clone is shallow: fetch the rest, git fetch --unshallow (in CI: fetch-depth 0, GIT_DEPTH 0)';
    expect((await repository.resolve('HEAD~3')).findings).toMatchObject([{ id: 'git/ref', fix }]);
    expect(refusalOf(await repository.mergeBase('HEAD', 'origin/old'))).toEqual([
      'git/no-merge-base: "HEAD" and "origin/old" have no common ancestor in this shallow clone',
    ]);
  });
});
