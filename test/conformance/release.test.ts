import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signV4 } from '../../src/release/registries/sigv4.ts';
import { projectWith, run, treeIn, type Ran } from '../support/project.ts';
import { startServer, type PythonServer } from './python-server.ts';

/**
 * Releases of models that a real MLflow has, with their bytes in a bucket of moto: the command line as people run it, from the
 * registry to the tree. Each story is a model of its own, and so they are told side by side.
 */

const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

let folder: string;
let storage: PythonServer | undefined;
let mlflow: PythonServer | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  const started = await startServer('moto_server', (port) => ['-H', '127.0.0.1', '-p', port], folder, '/moto-api/');
  storage = started;
  await bucket(
    'PUT',
    '',
    `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
  );
  const store = ['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', 's3://ml-models/mlflow'];
  const env = { ...process.env, ...aws(), AWS_DEFAULT_REGION: REGION, MLFLOW_S3_ENDPOINT_URL: started.url };
  mlflow = await startServer(
    'mlflow',
    (port) => ['server', ...store, '--host', '127.0.0.1', '--port', port, '--workers', '1'],
    folder,
    '/health',
    env,
  );
});

afterAll(async () => {
  await Promise.all([mlflow?.stop(), storage?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const aws = (): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_REGION: REGION,
  AWS_ENDPOINT_URL: storage?.url ?? '',
});

async function bucket(method: string, path: string, body: string): Promise<void> {
  const url = `${storage?.url ?? ''}/ml-models${path}`;
  const signed = signV4(
    { method, url, body },
    { credentials: CREDENTIALS, region: REGION, service: 's3', now: Date.now() },
  );
  const { status } = await fetch(url, { method, headers: signed, body });
  expect([method, path, status]).toEqual([method, path, 200]);
}

type Json = Record<string, unknown>;

async function call(method: string, path: string, body: Json): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${mlflow?.url ?? ''}/api/2.0/mlflow/${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Json;
}

const createModel = (name: string): Promise<Json> => call('POST', 'registered-models/create', { name });
const deleteModel = (name: string): Promise<Json> => call('DELETE', 'registered-models/delete', { name });
const createVersion = (name: string, id: string): Promise<Json> =>
  call('POST', 'model-versions/create', { name, source: `models:/${id}`, model_id: id });
const setAlias = (name: string, version: string): Promise<Json> =>
  call('POST', 'registered-models/alias', { name, alias: 'champion', version });

/** A logged model, whose bytes MLflow puts into the bucket. */
async function logged(bytes: string): Promise<string> {
  const { model } = (await call('POST', 'logged-models', { experiment_id: '0', name: 'classifier' })) as {
    model: { info: { model_id: string } };
  };
  const id = model.info.model_id;
  const url = `${mlflow?.url ?? ''}/api/2.0/mlflow-artifacts/artifacts/0/models/${id}/artifacts`;
  for (const [file, body] of [
    ['MLmodel', 'flavors: {}\n'],
    ['model.pkl', bytes],
  ] as const) {
    expect((await fetch(`${url}/${file}`, { method: 'PUT', body })).status).toBe(200);
  }
  await call('PATCH', `logged-models/${id}`, { model_id: id, status: 'LOGGED_MODEL_READY' });
  return id;
}

interface Project {
  readonly root: string;
  /** Logged models of the versions 1, 2, … */
  readonly versions: readonly string[];
  /** Runs `ai-service`. */
  readonly ask: (...args: string[]) => Promise<Ran>;
  /** `release <service> --env dev`. */
  readonly release: () => Promise<Ran>;
  readonly verify: () => Promise<{ code: number | null; said: readonly string[] }>;
  readonly read: (path: string) => string;
  /** Everything in tree and release store, with its bytes. */
  readonly files: () => Map<string, string>;
}

/** A registered model with as many versions as there are bytes, the first one its champion, and a service that runs it. */
async function project(name: string, ...bytes: readonly string[]): Promise<Project> {
  await createModel(name);
  const versions: string[] = [];
  for (const each of bytes) {
    const id = await logged(each);
    await createVersion(name, id);
    versions.push(id);
  }
  await setAlias(name, '1');
  const root = projectWith({
    'apps/platform.ts': platformText(mlflow?.url ?? ''),
    [`apps/${name}/service.yaml`]: serviceText(name),
  });
  const env = { ...aws(), no_proxy: '127.0.0.1' };
  const ask = (...args: string[]): Promise<Ran> => run(root, args, { env });
  return {
    root,
    versions,
    ask,
    release: () => ask('release', name, '--env', 'dev'),
    verify: async () => {
      const { code, stderr } = await ask('lock', 'verify');
      return {
        code,
        said: [...stderr.matchAll(/^\w+ (\S+): releases\/[\w-]+\/(\S+)\.yaml/gm)].map(
          ([, id = '', release = '']) => `${id} ${release}`,
        ),
      };
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    files: () => new Map([...treeIn(root)].filter(([path]) => /^(?:gitops|releases)\//.test(path))),
  };
}

const platformText = (url: string): string => `import { mlflow, Platform } from 'cdk8s-ai-service';

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: {
    'eu-1': {
      kubernetes: '1.33',
      kserve: { version: '0.20.0', mode: 'Standard' },
      istio: { version: '1.30', dataplane: 'sidecar' },
    },
  },
  environments: { dev: { stage: 'dev', clusters: ['eu-1'], namespace: 'risk-dev' } },
  registries: { corp: mlflow({ url: '${url}', artifactsDestination: 's3://ml-models/mlflow' }) },
});
`;

const serviceText = (name: string): string => `owner: { team: risk-ml }
predictor:
  framework: sklearn
  model: { registry: corp, name: ${name}, alias: champion }
  resources: { cpu: "1", memory: 1Gi }
blueGreen: { keepPrevious: none }
`;

const placeOf = (id = ''): string => `s3://ml-models/mlflow/0/models/${id}/artifacts/`;

test.concurrent(
  'the champion is locked with its bytes; the next one is deployed beside it; and what did not change changes no byte',
  async () => {
    const { versions, ask, release, verify, read, files } = await project('fraud', 'one', 'two');
    expect(await release()).toMatchObject({ code: 0, stdout: 'fraud dev: v1 is the first release\n', stderr: '' });
    expect(read('releases/fraud/v1.yaml')).toMatch(/^ {6}digest: etag-tree:[0-9a-f]{64}$/m);
    expect(read('releases/fraud/v1.yaml')).toContain(`      uri: ${placeOf(versions[0])}\n      version: "1"\n`);
    expect(read('releases/fraud/v1.yaml')).not.toMatch(/(?:uri|version): .*champion/);
    expect(await verify()).toEqual({ code: 0, said: [] });
    const first = files();
    expect(await release()).toMatchObject({ code: 0, stdout: 'fraud dev: nothing to release, v1 serves already\n' });
    expect(files()).toEqual(first);

    await setAlias('fraud', '2');
    expect(await verify()).toEqual({ code: 0, said: ['lock/alias-moved v1'] });
    expect(await release()).toMatchObject({ code: 0, stdout: 'fraud dev: v2 is deployed, without traffic\n' });
    expect(read('releases/dev/risk-ml/fraud.yaml')).toMatch(/^stable: v1\ncandidate: v2\nphase: warming\nweight: 0\n/);
    const manifests = 'gitops/envs/dev/eu-1/risk-ml/fraud/manifests';
    expect(read(`${manifests}/inferenceservice.fraud-v2.yaml`)).toContain(`storageUri: ${placeOf(versions[1])}\n`);
    const route = `${manifests}/virtualservice.fraud.yaml`;
    expect(files().get(route)).toBe(first.get(route));
    const second = files();
    expect(await release()).toMatchObject({
      code: 0,
      stdout: 'fraud dev: nothing to release, v2 is on its way already\n',
    });
    expect(await ask('synth')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^gitops: 0 written, 0 removed, /m) as string,
    });
    expect(files()).toEqual(second);
  },
);

describe.concurrent('what serves is said to be another one', () => {
  test('when its model was deleted and made again, until that one is released', async () => {
    const { ask, release, verify, read } = await project('again', 'one');
    await release();
    await deleteModel('again');
    await createModel('again');
    const id = await logged('other bytes');
    await createVersion('again', id);
    await setAlias('again', '1');
    expect(await verify()).toEqual({ code: 2, said: ['lock/version-recreated v1'] });

    expect(await release()).toMatchObject({ code: 0, stdout: 'again dev: v1-2 is deployed, without traffic\n' });
    expect(read('releases/again/v1-2.yaml')).toContain(`uri: ${placeOf(id)}\n`);
    expect((await ask('finish', 'again', '--env', 'dev')).code).toBe(0);
    expect((await ask('cleanup', 'again', '--env', 'dev')).code).toBe(0);
    expect(await verify()).toEqual({ code: 0, said: [] });
  });

  test('but not by its bytes when it was registered again from the same place: then there is nothing to release', async () => {
    const { versions, release, verify, files } = await project('alike', 'one');
    await release();
    const before = files();
    await deleteModel('alike');
    await createModel('alike');
    await createVersion('alike', versions[0] ?? '');
    await setAlias('alike', '1');
    expect(await verify()).toEqual({ code: 0, said: ['lock/version-recreated-same-bytes v1'] });
    expect(await release()).toMatchObject({ code: 0, stdout: 'alike dev: nothing to release, v1 serves already\n' });
    expect(files()).toEqual(before);
  });

  test('when somebody wrote other bytes in its place, and a release of them is a new one', async () => {
    const { versions, release, verify } = await project('overwritten', 'one');
    await release();
    await bucket('PUT', `/mlflow/0/models/${versions[0] ?? ''}/artifacts/model.pkl`, 'two');
    expect(await verify()).toEqual({ code: 2, said: ['lock/bytes-changed v1'] });
    expect(await release()).toMatchObject({ code: 0, stdout: 'overwritten dev: v1-2 is deployed, without traffic\n' });
  });

  test('when its version was deleted', async () => {
    const { release, verify } = await project('deleted', 'one');
    await release();
    await call('DELETE', 'model-versions/delete', { name: 'deleted', version: '1' });
    expect(await verify()).toEqual({ code: 2, said: ['lock/version-deleted v1', 'lock/alias-moved v1'] });
  });
});
