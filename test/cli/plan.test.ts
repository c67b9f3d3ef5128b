import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { commitAll, git, put, repositoryWith, temporaryFolder } from '../git/folders.ts';
import { REPOSITORY, run } from '../support/project.ts';

/** `ai-service plan` as people and CI call it: what it prints, where, and with which exit code. */

const golden = join(REPOSITORY, 'snapshots/envs/prod-eu/eu-1/risk-ml/fraud-detector');
const UNIT = 'gitops/envs/prod-eu/eu-1/risk-ml/fraud-detector';
const ROUTE = `${UNIT}/manifests/virtualservice.fraud-detector.yaml`;

/** A checkout with the fraud detector in production, at 10 % for v47. */
function checkout(): string {
  const root = repositoryWith({ 'README.md': '' });
  cpSync(golden, join(root, UNIT), { recursive: true });
  commitAll(root, 'fraud-detector', {});
  return root;
}

function weights(root: string, stable: number): void {
  const route = join(golden, 'manifests/virtualservice.fraud-detector.yaml');
  cpSync(route, join(root, ROUTE));
  const text = git(root, 'show', `HEAD:${ROUTE}`);
  writeFileSync(
    join(root, ROUTE),
    `${text.replace(/weight: \d+\n((?:.*\n)*?.*)weight: \d+/, `weight: ${stable}\n$1weight: ${100 - stable}`)}\n`,
  );
}

let root: string;
beforeEach(() => {
  root = checkout();
});

describe('exit codes', () => {
  test('0: nothing changes', async () => {
    expect(await run(root, ['plan'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^no changes/) as string,
    });
  });
  test('2: something does; the files on the disk are compared with HEAD', async () => {
    weights(root, 75);
    const { code, stdout, stderr } = await run(root, ['plan']);
    expect([code, stderr]).toEqual([2, '']);
    expect(stdout).toContain('medium  prod-eu: fraud-detector sends 25 % (was 10 %) to release v47\n');
  });
  test('1: more risk than is allowed, and the plan is printed all the same', async () => {
    weights(root, 40);
    const { code, stdout, stderr } = await run(root, ['plan', '--max-risk', 'medium']);
    expect(code).toBe(1);
    expect(stdout).toContain('high    prod-eu: fraud-detector sends 60 % (was 10 %) to release v47\n');
    expect(stderr).toMatch(/^error plan\/max-risk\n {2}1 change has more than medium risk\n/);
    expect((await run(root, ['plan', '--max-risk', 'high'])).code).toBe(2);
  });
  test('1: a file that cannot be read, with file and line, and the rest of the plan', async () => {
    weights(root, 75);
    put(root, { [`${UNIT}/manifests/service.fraud-detector.yaml`]: 'kind: Service\nmetadata: [\n' });
    const { code, stdout, stderr } = await run(root, ['plan']);
    expect(code).toBe(1);
    expect(stdout).toContain('fraud-detector sends 25 %');
    expect(stderr).toMatch(/^error plan\/syntax: envs\/prod-eu.*service\.fraud-detector\.yaml:\d+:\d+\n/);
  });
});

describe('what is compared', () => {
  test('two commits, without a checkout', async () => {
    git(root, 'switch', '--quiet', '--create', 'step');
    weights(root, 75);
    commitAll(root, 'step', {});
    git(root, 'switch', '--quiet', 'main');
    const { code, stdout } = await run(root, ['plan', '--base', 'main', '--head', 'step', '--format', 'json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      risk: 'medium',
      statements: [{ where: 'prod-eu', subject: 'fraud-detector' }],
      topologies: [
        {
          before: { releases: [{ release: 'v46', weight: 90 }, { weight: 10 }] },
          after: { releases: [{ weight: 75 }, { weight: 25 }] },
        },
      ],
    });
  });
  test('a bare repository, as servers have it', async () => {
    const bare = temporaryFolder();
    weights(root, 75);
    commitAll(root, 'step', {});
    git(bare, 'clone', '--quiet', '--bare', root, '.');
    expect(await run(bare, ['plan', '--base', 'main~1', '--head', 'main'])).toMatchObject({ code: 2, stderr: '' });
  });
  test('two folders, in no repository', async () => {
    const folder = temporaryFolder();
    for (const side of ['before', 'after']) {
      mkdirSync(join(folder, side));
      put(folder, {
        [`${side}/a.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {side: ${side}}\n`,
      });
    }
    expect(await run(folder, ['plan', '--from', 'before', '--to', 'after'])).toMatchObject({ code: 2, stderr: '' });
  });
});

describe('forms', () => {
  test.each([
    ['markdown', /^<!-- ai-service plan: gitops -->\n/],
    ['html', /^<!doctype html>/i],
    ['json', /^\{\n {2}"version": 1,/],
    ['text', /^medium risk: /],
  ])('%s', async (format, start) => {
    weights(root, 75);
    const { code, stdout } = await run(root, ['plan', '--format', format]);
    expect([code, stdout]).toEqual([2, expect.stringMatching(start)]);
  });
  test('a comment with a marker of its own', async () => {
    expect((await run(root, ['plan', '--format', 'markdown', '--marker', 'prod'])).stdout).toMatch(
      /^<!-- ai-service plan: prod -->\n/,
    );
  });
});

describe('who reads it', () => {
  const shell = (line: string): { readonly stdout: string; readonly stderr: string } => {
    const { stdout, stderr } = spawnSync('sh', ['-c', line], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, AI: join(REPOSITORY, 'bin/ai-service.js') },
    });
    return { stdout, stderr };
  };
  test('a reader that has seen enough is no error, however long the plan is', () => {
    rmSync(join(root, 'gitops'), { recursive: true });
    // More than a pipe holds.
    put(root, {
      'gitops/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${Array.from({ length: 20_000 }, (_, index) => `  key-${index}: value\n`).join('')}`,
    });
    expect(shell('{ node "$AI" plan --format json; echo "exit $?" >&2; } | head -c 1')).toEqual({
      stdout: '{',
      stderr: 'exit 2\n',
    });
  });
  test.runIf(existsSync('/dev/full'))('a full disk is', () => {
    weights(root, 75);
    expect(shell('node "$AI" plan > /dev/full; echo "exit $?"')).toEqual({
      stdout: 'exit 1\n',
      stderr: expect.stringMatching(/^error plan\/output\n {2}the plan cannot be written: ENOSPC\n/) as string,
    });
  });
});

describe('what is refused', () => {
  test.each([
    [
      'a ref that is not there',
      ['--base', 'origin/main'],
      /^error git\/ref\n {2}there is no commit "origin\/main" in this repository\n {2}fix: fetch it/,
    ],
    [
      'a folder that is not there',
      ['--from', 'gitops', '--to', 'nowhere'],
      /^error plan\/folder: nowhere\n {2}there is no such folder\n/,
    ],
    [
      'a tree that neither commit has',
      ['--out', 'gitop'],
      /^error plan\/folder: gitop\n {2}there is no tree in this folder, neither before nor after\n/,
    ],
    ['half of two folders', ['--from', 'gitops'], /^error plan\/options\n {2}--from and --to go together\n/],
    ['folders and commits', ['--from', 'gitops', '--to', 'gitops', '--base', 'main'], /^error plan\/options\n/],
    [
      'two ends',
      ['--head', 'main', '--worktree'],
      /^error plan\/options\n {2}--head and --worktree exclude each other\n/,
    ],
    ['a form that there is not', ['--format', 'xml'], /^error: option '--format <format>' argument 'xml' is invalid/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(root, ['plan', ...args]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });
  test('a folder that is in no repository', async () => {
    const folder = temporaryFolder();
    expect(await run(folder, ['plan'], { env: { GIT_CEILING_DIRECTORIES: join(folder, '..') } })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error git\/repository\n/) as string,
    });
  });
});
