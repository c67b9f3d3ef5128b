import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectWith, put, REPOSITORY, run, SERVICE, spawn, timesIn, treeIn, type Ran } from '../support/project.ts';

const SECOND = SERVICE.replaceAll('hello', 'second').replace('team: ml', 'team: other');
const twoServices = (): string =>
  projectWith({ 'apps/hello/service.yaml': SERVICE, 'apps/second/service.yaml': SECOND });
const broken = (): string => projectWith({ 'apps/hello/service.yaml': SERVICE.replace('"1"', '8GB') });

const scratch = mkdtempSync(join(tmpdir(), 'doors-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs that need nothing of each other, all at once. */
let ran: Record<
  | 'owned'
  | 'door'
  | 'missing'
  | 'wrongDoor'
  | 'wrongCheck'
  | 'help'
  | 'synthHelp'
  | 'option'
  | 'command'
  | 'nothing'
  | 'emptyOut'
  | 'sourcesOut'
  | 'cdk8s'
  | 'repository',
  Ran
>;
const [owned, door, unwritten, wrong, wrongChecked] = [twoServices(), twoServices(), twoServices(), broken(), broken()];

beforeAll(async () => {
  const runs = {
    owned: run(owned, ['synth']),
    door: run(door, ['synth'], { env: { CDK8S_OUTDIR: 'scratch' } }),
    missing: run(unwritten, ['synth', '--check', '--out', 'tree']),
    wrongDoor: run(wrong, ['synth'], { env: { CDK8S_OUTDIR: 'scratch' } }),
    wrongCheck: run(wrongChecked, ['synth', '--check']),
    help: run(scratch, ['--help']),
    synthHelp: run(scratch, ['synth', '--help']),
    option: run(scratch, ['synth', '--chekc']),
    command: run(scratch, ['snyth']),
    nothing: run(scratch, []),
    emptyOut: run(unwritten, ['synth', '--out', '']),
    sourcesOut: run(unwritten, ['synth', '--out', './apps/']),
    cdk8s: spawn('npx', ['cdk8s', 'synth', '--output', join(scratch, 'dist')], REPOSITORY, {
      CDK8S_CHECK_UPGRADE: 'false',
    }),
    repository: run(REPOSITORY, ['synth', '--out', join(scratch, 'gitops')]),
  };
  ran = Object.fromEntries(
    await Promise.all(Object.entries(runs).map(async ([name, each]) => [name, await each])),
  ) as typeof ran;
}, 60_000);

describe('the two doors', () => {
  test('write the same bytes; only the owned one keeps an index, and none writes into the place of the other', () => {
    expect(ran.owned).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^gitops: \d+ written, 0 removed, 0 unchanged\n$/) as string,
    });
    expect(ran.door).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(treeIn(join(door, 'scratch')).size).toBeGreaterThan(30);
    expect(treeIn(join(door, 'scratch'))).toEqual(treeIn(join(owned, 'gitops')));
    expect(readdirSync(join(owned, 'gitops')).sort()).toEqual(['.ai-service-index', 'argocd', 'envs']);
    expect(readdirSync(join(door, 'scratch')).sort()).toEqual(['argocd', 'envs']);
    expect(existsSync(join(door, 'gitops'))).toBe(false);
    expect(existsSync(join(owned, 'dist'))).toBe(false);
  });

  test('each file of the tree starts a document, since `cdk8s synth -p` joins them', () => {
    for (const [path, text] of treeIn(join(door, 'scratch')))
      if (path.endsWith('.yaml')) expect(text.startsWith('---\n'), path).toBe(true);
  });

  test('say what is wrong on stderr, exit with 1 and write nothing', () => {
    expect(ran.wrongDoor).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error service\/value: apps\/hello\/service\.yaml:5:16: [^]*\n1 error; nothing was written\n$/,
      ) as string,
    });
    expect(ran.wrongCheck).toEqual(ran.wrongDoor);
    expect(existsSync(join(wrong, 'scratch'))).toBe(false);
    expect(existsSync(join(wrong, 'gitops'))).toBe(false);
  });

  test('are open in this repository too: npx cdk8s synth leaves what ai-service synth writes', () => {
    expect(ran.cdk8s).toMatchObject({ code: 0 });
    expect(ran.repository).toMatchObject({ code: 0 });
    const tree = treeIn(join(scratch, 'dist'));
    expect([...tree.keys()]).toContain(
      'envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests/inferenceservice.fraud-detector-v47.yaml',
    );
    expect(tree).toEqual(treeIn(join(scratch, 'gitops')));
  });
});

test('a folder that is nothing, or holds the sources, is none to write to', () => {
  const refused = (file: string, why: string): Partial<Ran> => ({
    code: 1,
    stderr: `error tree/output-folder: ${file}\n  cannot write here: ${why}\n  fix: give --out a folder that you may write to\n1 error; nothing was written\n`,
  });
  expect(ran.emptyOut).toMatchObject(refused('--out', 'the name of the folder is empty; is a variable unset?'));
  expect(ran.sourcesOut).toMatchObject(refused('apps/', 'it is among the sources'));
  expect(readdirSync(unwritten).sort()).not.toContain('argocd');
});

describe('--check', () => {
  test('lists everything when nothing is there, exits with 2 and writes nothing', () => {
    const lines = ran.missing.stdout.trimEnd().split('\n');
    expect(ran.missing).toMatchObject({
      code: 2,
      stderr: 'tree is not what the sources say: run npx ai-service synth\n',
    });
    expect(lines).toEqual([...treeIn(join(owned, 'gitops')).keys()].map((path) => `missing  ${path}`));
    expect(existsSync(join(unwritten, 'tree'))).toBe(false);
  });

  test.concurrent(
    'lists what is missing, differs and is stale; is silent and exits with 0 when nothing is',
    async () => {
      const root = twoServices();
      await run(root, ['synth']);
      const path = (name: string): string => `envs/dev/dev-1/ml/hello/manifests/${name}.yaml`;
      const fine = await run(root, ['synth', '--check']);
      expect(fine).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });

      put(root, { [`gitops/${path('service.hello')}`]: 'edited by hand\n', 'gitops/NOTES.md': 'not ours\n' });
      rmSync(join(root, 'gitops', path('serviceaccount.hello')));
      rmSync(join(root, 'apps/second'), { recursive: true });
      const before = timesIn(join(root, 'gitops'));
      const differs = await run(root, ['synth', '--check']);
      expect(differs).toMatchObject({ code: 2 });
      const stale = [...before.keys()].filter((file) => file.includes('second') || file.includes('other'));
      expect(differs.stdout.split('\n')).toEqual([
        `missing  ${path('serviceaccount.hello')}`,
        `differs  ${path('service.hello')}`,
        ...stale.map((file) => `stale    ${file}`),
        '',
      ]);
      // What synth would refuse is said here already.
      expect(differs.stderr.match(/^error tree\/guarded-delete: .*$/gm)).toHaveLength(6);
      expect(differs.stderr).toMatch(
        /\n {2}prod-eu\/second would be deleted \([^]*\n6 errors\ngitops is not what the sources say: synth would refuse to delete what is live\n$/,
      );
      const names = [...differs.stderr.matchAll(/--allow-delete (\S+)/g)].map(([, name = '']) => name);
      const allowed = await run(root, ['synth', '--check', '--allow-delete', ...names]);
      expect(allowed).toEqual({ ...differs, stderr: 'gitops is not what the sources say: run npx ai-service synth\n' });
      expect(timesIn(join(root, 'gitops'))).toEqual(before);
    },
  );
});

test.concurrent('a second run writes nothing, and a change only what it is about', async () => {
  const root = twoServices();
  await run(root, ['synth']);
  const times = (): Map<string, bigint> =>
    new Map([
      ...timesIn(join(root, 'gitops')),
      ['index', statSync(join(root, 'gitops/.ai-service-index'), { bigint: true }).mtimeNs],
    ]);
  const first = times();
  const again = await run(root, ['synth']);
  expect(again).toMatchObject({ code: 0, stderr: `gitops: 0 written, 0 removed, ${first.size - 1} unchanged\n` });
  expect(times()).toEqual(first);

  put(root, { 'apps/hello/service.yaml': `${SERVICE}overrides: { prod-eu: { traffic: { timeout: 12s } } }\n` });
  await run(root, ['synth']);
  const changed = [...times()].filter(([path, time]) => first.get(path) !== time).map(([path]) => path);
  const unit = 'envs/prod-eu/eu-1/ml/hello';
  expect(changed.sort()).toEqual([
    `${unit}/intent.yaml`,
    `${unit}/manifests/inferenceservice.hello-v1.yaml`,
    `${unit}/manifests/virtualservice.hello.yaml`,
  ]);
});

test.concurrent('a service that goes takes what lives with it only when that is named', async () => {
  const root = twoServices();
  await run(root, ['synth']);
  put(root, { 'gitops/envs/dev/dev-1/other/second/NOTES.md': 'not ours\n' });
  rmSync(join(root, 'apps/second'), { recursive: true });
  const before = treeIn(join(root, 'gitops'));
  const names = [
    'argocd/applicationset.other-dev.yaml',
    'argocd/applicationset.other-prod-eu.yaml',
    'argocd/appproject.other.yaml',
    'dev/other/_shared',
    'dev/second',
    'prod-eu/second',
  ];

  const refused = await run(root, ['synth']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(
    [...refused.stderr.matchAll(/ {2}fix: bring it back, or say --allow-delete (.*)\n/g)].map(([, name]) => name),
  ).toEqual(names);
  expect(refused.stderr).toContain(`error tree/guarded-delete: gitops/envs/prod-eu/eu-1/other/second/argocd-app.json
  prod-eu/second would be deleted (InferenceService second-v1), which takes data or a live service down
  fix: bring it back, or say --allow-delete prod-eu/second
6 errors; nothing was written
`);
  const half = await run(root, ['synth', '--allow-delete', ...names.slice(0, -1)]);
  expect(half.stderr).toMatch(/^error tree\/guarded-delete: [^]*prod-eu\/second\n1 error; nothing was written\n$/);
  expect(treeIn(join(root, 'gitops'))).toEqual(before);

  const allowed = await run(root, ['synth', '--allow-delete', ...names]);
  const gone = [...before.keys()].filter((path) => /second|other/.test(path) && !path.endsWith('NOTES.md'));
  expect(allowed).toMatchObject({
    code: 0,
    stderr: `gitops: 0 written, ${gone.length} removed, ${before.size - gone.length - 1} unchanged\n`,
  });
  expect([...treeIn(join(root, 'gitops')).keys()]).toEqual([...before.keys()].filter((path) => !gone.includes(path)));
  expect(existsSync(join(root, 'gitops/envs/prod-eu/eu-1/other'))).toBe(false);
});

describe('the command line', () => {
  test('helps, and exits with 0', () => {
    expect(ran.help).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: ai-service [options] [command]') as string,
    });
    expect(ran.synthHelp).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('--allow-delete <what...>') as string,
    });
  });

  test('exits with 1 when it is not understood', () => {
    expect(ran.option).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining("error: unknown option '--chekc'") as string,
    });
    expect(ran.command).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining("error: unknown command 'snyth'") as string,
    });
    expect(ran.nothing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Usage: ai-service') as string,
    });
  });
});
