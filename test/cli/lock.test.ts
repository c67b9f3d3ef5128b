import { expect, test } from 'vitest';
import { projectWith, run, type Ran } from '../support/project.ts';
import { fakeRegistry, type FakeRegistry } from '../support/registry-project.ts';

/** What `lock verify` exits with: 0 fine, 2 differs, 1 when nobody could tell. */

interface Locked {
  readonly registry: FakeRegistry;
  readonly ask: (...args: string[]) => Promise<Ran>;
  /** Runs `ai-service lock verify`. */
  readonly verify: (env?: NodeJS.ProcessEnv, ...options: string[]) => Promise<Ran>;
}

/** A project whose release v46 is locked. */
async function locked(): Promise<Locked> {
  const registry = await fakeRegistry({ 'fraud/46': {} }, { 'fraud@champion': '46' });
  const { url } = registry.server;
  const root = projectWith({
    'apps/platform.ts': `import { mlflow, Platform } from 'cdk8s-ai-service';
export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { 'eu-1': { kubernetes: '1.33', kserve: { version: '0.20.0', mode: 'Standard' } } },
  environments: { staging: { stage: 'staging', clusters: ['eu-1'], namespace: 'risk-staging' } },
  registries: { corp: mlflow({ url: '${url}' }) },
});
`,
    'apps/fraud/service.yaml': `owner: { team: risk-ml }
predictor:
  framework: sklearn
  model: { registry: corp, name: fraud, alias: champion }
  resources: { cpu: "1", memory: 1Gi }
`,
  });
  const env = {
    // No command of a vendor is asked for credentials.
    PATH: '',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'key',
    AWS_ENDPOINT_URL_S3: url,
    no_proxy: '127.0.0.1',
  };
  const ask = (...args: string[]): Promise<Ran> => run(root, args, { env });
  expect(await ask('release', 'fraud', '--env', 'staging')).toMatchObject({ code: 0 });
  return {
    registry,
    ask,
    verify: (more = {}, ...options) => run(root, ['lock', 'verify', ...options], { env: { ...env, ...more } }),
  };
}

/** Storage is not asked without credentials. */
const NO_CREDENTIALS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };

const UNREAD = `error lock/unreadable: releases/fraud/v46.yaml: fraud: parts.predictor.model
  s3://ml-models/fraud/v46/ was not read: there are no credentials for Amazon S3
  fix: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command
`;

test('what could not be asked is an error, and no difference', async () => {
  const { verify } = await locked();
  expect(await verify(NO_CREDENTIALS)).toEqual({
    code: 1,
    signal: null,
    stdout: '1 model asked for, nothing differs; 1 question without an answer\n',
    stderr: `${UNREAD}1 error\n`,
  });
});

test('where something differs and something could not be asked, both are said, and the error counts', async () => {
  const { registry, verify } = await locked();
  registry.versions.delete('fraud/46');
  const { code, stdout, stderr } = await verify(NO_CREDENTIALS);
  expect([code, stdout]).toEqual([1, '1 model asked for, 1 finding; 1 question without an answer\n']);
  expect(stderr).toContain(UNREAD);
  expect(stderr).toContain(
    `warning lock/version-deleted: releases/fraud/v46.yaml: fraud: parts.predictor.model
  version "46" of "fraud" is no longer in the registry
  fix: restore it, or release another version
`,
  );
});

test('bytes that are gone are a difference: the storage has answered', async () => {
  const { registry, verify } = await locked();
  registry.versions.set('fraud/46', { place: 's3://ml-models/fraud/elsewhere/' });
  const { code, stdout, stderr } = await verify();
  expect([code, stdout]).toEqual([2, '1 model asked for, 2 findings\n']);
  expect(stderr).toContain(
    '  s3://ml-models/fraud/v46/ is gone: the storage has nothing there\n  fix: restore what was deleted, or release another version\n',
  );
});

test('a model on a volume is named, and does not fail the command for ever', async () => {
  const { verify, ask } = await locked();
  expect(await ask('release', 'fraud', '--env', 'staging', '--model', 'main=pvc://models/fraud/v3/')).toMatchObject({
    code: 0,
  });
  expect(await verify()).toEqual({
    code: 0,
    signal: null,
    stdout:
      '2 models asked for, nothing differs; 1 place out of reach; bytes were not compared for 1, locked without a digest\n',
    stderr: `info lock/out-of-reach: releases/fraud/v3.yaml: fraud: parts.predictor.model
  pvc://models/fraud/v3/ cannot be verified: nothing here can read pvc://
  fix: check it where it is mounted
`,
  });
});

test('where no release is there is nothing that could be fine: another folder may be meant', async () => {
  const { verify } = await locked();
  expect(await verify({}, '--releases', 'elsewhere')).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: `error release/no-state
  elsewhere has no state of any service
  fix: name the folder of the release store with --releases, or make a first release: npx ai-service release
1 error
`,
  });
});
