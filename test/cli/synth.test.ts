import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  PLATFORM,
  projectWith,
  put,
  REPOSITORY,
  run,
  SERVICE,
  spawn,
  timesIn,
  treeIn,
  type Ran,
} from '../support/project.ts';

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
  | 'diskOut'
  | 'homeOut'
  | 'projectOut'
  | 'aboveOut'
  | 'gitOut'
  | 'wholeRepository'
  | 'cdk8s'
  | 'repository',
  Ran
>;
const home = join(scratch, 'home');
mkdirSync(home);
symlinkSync(home, join(scratch, 'link'));
const whole = projectWith({
  'apps/platform.ts': PLATFORM.replace("ml-gitops.git'", "ml-gitops.git', path: '.'"),
  'apps/hello/service.yaml': SERVICE,
});
const [owned, door, unwritten, wrong, wrongChecked] = [twoServices(), twoServices(), twoServices(), broken(), broken()];
for (const root of [unwritten, whole]) mkdirSync(join(root, 'ml-gitops/.git'), { recursive: true });

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
    sourcesOut: run(unwritten, ['synth', '--out', join(unwritten, 'apps')]),
    diskOut: run(unwritten, ['synth', '--out', '/']),
    homeOut: run(unwritten, ['synth', '--out', join(scratch, 'link')], { env: { HOME: home } }),
    projectOut: run(unwritten, ['synth', '--out', './x/..']),
    aboveOut: run(unwritten, ['synth', '--out', '..']),
    gitOut: run(unwritten, ['synth', '--out', 'ml-gitops']),
    wholeRepository: run(whole, ['synth', '--out', 'ml-gitops']),
    cdk8s: spawn('npx', ['cdk8s', 'synth', '--output', join(scratch, 'dist')], REPOSITORY, {
      CDK8S_CHECK_UPGRADE: 'false',
    }),
    repository: run(REPOSITORY, ['synth', '--out', join(scratch, 'gitops')]),
  };
  ran = Object.fromEntries(
    await Promise.all(Object.entries(runs).map(async ([name, each]) => [name, await each])),
  ) as typeof ran;
});

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

describe('a folder that can never hold the tree', () => {
  const said = (name: keyof typeof ran): string => {
    expect(ran[name]).toMatchObject({ code: 1, stdout: '' });
    const [, message, fix] =
      /\n {2}cannot write here: (.*)\n {2}fix: (.*)\n1 error; nothing was written\n$/.exec(ran[name].stderr) ?? [];
    return `${message} -> ${fix}`;
  };
  const own = 'write --out gitops: the tree has a folder of its own';
  const path = 'and the platform says that the tree is in gitops/ of its repository (gitops.path)';

  test('is refused, with one that can', () => {
    expect(ran.emptyOut.stderr).toBe(
      `error tree/output-folder: --out\n  cannot write here: the name of the folder is empty; is a variable unset?\n  fix: ${own}\n1 error; nothing was written\n`,
    );
    expect(said('sourcesOut')).toBe(`it is among the sources -> ${own}`);
    expect(said('diskOut')).toBe(`it is the root of the disk -> ${own}`);
    expect(said('homeOut')).toBe(`it is your home folder -> ${own}`);
    expect(said('projectOut')).toBe(`it is the folder of the project, ${path} -> ${own}`);
    expect(said('aboveOut')).toBe(`the project is in it, ${path} -> ${own}`);
    expect(said('gitOut')).toBe(
      `it is the root of a Git repository, ${path} -> write --out ml-gitops/gitops: the tree has a folder of its own`,
    );
    for (const folder of [unwritten, home, join(unwritten, 'ml-gitops'), join(unwritten, 'apps')])
      expect(readdirSync(folder)).not.toContain('argocd');
  });

  test('a repository is fine where the platform says that all of it is the tree', () => {
    expect(ran.wholeRepository).toMatchObject({ code: 0 });
    expect(readdirSync(join(whole, 'ml-gitops')).sort()).toEqual(['.ai-service-index', '.git', 'argocd', 'envs']);
  });
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
