import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectWith, put, run, spawn, treeIn, type Ran } from '../support/project.ts';
import { fakeRegistry, type FakeRegistry } from '../support/registry-project.ts';

/** The commands that ask registries, in a project with a Git repository. */

const SERVICE = `owner: { team: risk-ml }
predictor:
  framework: sklearn
  model: { registry: corp, name: fraud, alias: champion }
  resources: { cpu: "1", memory: 1Gi }
`;

const platformText = (url: string): string => `import { mlflow, Platform } from 'cdk8s-ai-service';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  istio: { version: '1.30', dataplane: 'sidecar' },
} as const;

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { 'eu-1': stack, 'eu-2': stack },
  environments: {
    staging: { stage: 'staging', clusters: ['eu-1'], namespace: 'risk-staging' },
    'prod-eu': { stage: 'prod', clusters: ['eu-2'], namespace: 'risk-prod' },
  },
  registries: { corp: mlflow({ url: '${url}' }) },
});
`;

interface Project {
  readonly root: string;
  readonly registry: FakeRegistry;
  /** Runs `ai-service`. */
  readonly ask: (...args: string[]) => Promise<Ran>;
  readonly git: (...args: string[]) => Promise<string>;
  /** Everything in the project that Git may see, with its bytes. */
  readonly files: () => Map<string, string>;
}

/** A project whose champion is version 46, committed. */
async function project(): Promise<Project> {
  const registry = await fakeRegistry({ 'fraud/46': {}, 'fraud/47': {} }, { 'fraud@champion': '46' });
  const { url } = registry.server;
  const root = projectWith({
    'apps/platform.ts': platformText(url),
    'apps/fraud/service.yaml': SERVICE,
    '.gitignore': 'node_modules/\n',
  });
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'Ada'],
    [`GIT_${who}_EMAIL`, 'ada@example.com'],
  ]);
  const env = {
    ...(Object.fromEntries(identity) as Record<string, string>),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'key',
    AWS_ENDPOINT_URL_S3: url,
    no_proxy: '127.0.0.1',
  };
  const git = async (...args: string[]): Promise<string> => {
    const ran = await spawn('git', args, root, env);
    expect(ran, args.join(' ')).toMatchObject({ code: 0 });
    return ran.stdout;
  };
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '.');
  await git('commit', '--quiet', '--message=start');
  const files = (): Map<string, string> =>
    new Map([...treeIn(root)].filter(([path]) => !/^(?:node_modules|\.git)\//.test(path)));
  return { root, registry, git, files, ask: (...args) => run(root, args, { env }) };
}

test('a release is one commit of exactly the files that it writes, and a second one says that there is nothing to do', async () => {
  const { root, registry, ask, git, files } = await project();
  expect(await ask('release', 'fraud', '--env', 'staging', '--commit')).toMatchObject({
    code: 0,
    stdout: 'fraud staging: v46 is the first release\n',
    stderr: expect.stringMatching(/^committed [0-9a-f]{12}\n$/) as string,
  });
  expect(await git('status', '--porcelain')).toBe('');

  put(root, { 'NOTES.md': 'somebody is at work here\n' });
  registry.aliases.set('fraud@champion', '47');
  const made = await ask(
    'release',
    'fraud',
    '--env',
    'staging',
    '--branch',
    'fraud-v47',
    '--pr-body',
    'body.md',
    '--reason',
    'weekly retrain',
  );
  expect(made).toMatchObject({ code: 0, stdout: 'fraud staging: v47 is deployed, without traffic\n' });
  expect(await git('log', '-1', '--format=%D%n%B')).toBe(`HEAD -> fraud-v47
fraud staging: v47 is deployed, without traffic

Service: fraud
Environment: staging
Action: release
Release: v47
Model-Version: fraud:47
Weights: v46=100
Reason: weekly retrain

`);
  expect(await git('status', '--porcelain')).toBe('?? NOTES.md\n?? body.md\n');
  expect(readFileSync(join(root, 'body.md'), 'utf8')).toContain('| candidate | none | v47 |');

  const before = files();
  expect(await ask('release', 'fraud', '--env', 'staging', '--commit')).toMatchObject({
    code: 0,
    stdout: 'fraud staging: nothing to release, v47 is on its way already\n',
  });
  expect(files()).toEqual(before);
});

describe('what cannot be released', () => {
  test('is said, exits with 1, and writes nothing', async () => {
    const { registry, ask, files } = await project();
    registry.aliases.clear();
    const before = files();
    const [alias, argument] = await Promise.all([
      ask('release', 'fraud', '--env', 'staging'),
      ask('release', 'fraud', '--env', 'staging', '--model', 'main=fraud'),
    ]);
    expect(alias).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: `error registry/not-found: fraud, staging: registries.corp
  there is no alias "champion" of registered model "fraud"
  fix: set it: client.set_registered_model_alias("fraud", "champion", "<version>")
1 error; nothing was written
`,
    });
    expect(argument).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'error release/request\n  the argument for predictor is not understood\n',
      ) as string,
    });
    expect(files()).toEqual(before);
  });
});

test('lock verify exits with 0 when all is as it was, with 2 when something differs, with 1 when it cannot be asked', async () => {
  const { registry, ask } = await project();
  await ask('release', 'fraud', '--env', 'staging');
  expect(await ask('lock', 'verify')).toEqual({
    code: 0,
    signal: null,
    stdout: '1 model asked for, nothing differs\n',
    stderr: '',
  });
  registry.aliases.set('fraud@champion', '47');
  expect(await ask('lock', 'verify', '--env', 'staging')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('info lock/alias-moved: ') as string,
  });
  registry.versions.delete('fraud/46');
  expect(await ask('lock', 'verify', '--service', 'fraud')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'warning lock/version-deleted: releases/fraud/v46.yaml: fraud: parts.predictor.model\n',
    ) as string,
  });
  expect(await ask('lock', 'verify', '--service', 'frau')).toMatchObject({ code: 1, stdout: '' });
});

test('update proposes, and with --apply makes each release on its branch, once', async () => {
  const { registry, ask, git, files } = await project();
  await ask('release', 'fraud', '--env', 'staging', '--commit');
  expect(await ask('update', '--all')).toMatchObject({ code: 0, stdout: 'nothing is newer\n' });

  registry.aliases.set('fraud@champion', '47');
  const before = files();
  const branch = 'ai-service/update/fraud/staging/v47';
  expect(await ask('update', 'fraud')).toMatchObject({
    code: 0,
    stdout: `fraud staging: fraud:46 to fraud:47\n  branch ${branch}\n`,
  });
  expect(JSON.parse((await ask('update', '--all', '--json')).stdout)).toMatchObject({
    proposals: [{ service: 'fraud', environment: 'staging', release: 'v47', branch }],
    skipped: [],
  });
  expect(files()).toEqual(before);

  expect(await ask('update', '--all', '--apply')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(new RegExp(`committed [0-9a-f]{12} on ${branch}\n$`)) as string,
  });
  expect(files()).toEqual(before);
  expect(await git('log', '--format=%s', `main..${branch}`)).toBe('fraud staging: v47 is deployed, without traffic\n');
  expect(await git('branch', '--show-current')).toBe('main\n');
  expect(await ask('update', '--all', '--apply')).toMatchObject({ code: 0, stderr: `${branch} is there already\n` });
  expect(await ask('update')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('fix: name services, or say --all\n') as string,
  });
});
