import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/release/registries/open.ts';
import type { Registry } from '../../../src/release/registries/registry.ts';
import { serve, type Routes, type Server } from './server.ts';
import { world, type WorldOptions } from './world.ts';

const SUBSCRIPTION = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/ml/providers/Microsoft.MachineLearningServices`;
const MODEL = `GET management.azure.com${GROUP}/workspaces/risk/models/fraud`;
const STORE = `GET management.azure.com${GROUP}/workspaces/risk/datastores`;
const BLOBS = 'GET acme.blob.core.windows.net/models';

const PROGRAMS = {
  'az account get-access-token --resource https://management.azure.com -o json': '{"accessToken":"arm"}',
  'az account get-access-token --resource https://storage.azure.com -o json': '{"accessToken":"storage"}',
};

const version = (properties: object, name = '12'): object => ({
  id: `${GROUP}/workspaces/risk/models/fraud/versions/${name}`,
  name,
  properties: { modelType: 'mlflow_model', isArchived: false, tags: {}, ...properties },
  systemData: { createdAt: '2026-11-02T10:11:12.1234567Z' },
});

const DATASTORE = {
  properties: {
    datastoreType: 'AzureBlob',
    accountName: 'acme',
    containerName: 'models',
    endpoint: 'core.windows.net',
    protocol: 'https',
  },
};

const blobs = (...names: string[]): Routes => ({
  [BLOBS]: ({ headers }) =>
    headers.authorization === 'Bearer storage'
      ? {
          text: names
            .map(
              (name) =>
                `<Blob><Name>${name}</Name><Properties><Content-Length>1</Content-Length><Etag>e</Etag></Properties></Blob>`,
            )
            .join(''),
        }
      : { status: 403 },
});

async function azure(
  routes: Routes,
  { approvalTag, ...options }: WorldOptions & { approvalTag?: string } = {},
): Promise<{ registry: Registry; server: Server; ran: string[] }> {
  const cloud = await serve(routes);
  const { deps, ran } = world({ programs: PROGRAMS, ...options, cloud });
  const config = {
    kind: 'azureml',
    subscription: SUBSCRIPTION,
    resourceGroup: 'ml',
    workspace: 'risk',
    approvalTag,
  } as const;
  return { registry: await openRegistry('azure', config, deps), server: cloud, ran };
}

describe('the place of the bytes', () => {
  const full = `azureml://subscriptions/${SUBSCRIPTION}/resourceGroups/ml/workspaces/risk/datastores/lake/paths`;

  test.each([
    [
      'a datastore with its workspace',
      `${full}/fraud/v1`,
      'mlflow_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
    [
      'a datastore by name',
      'azureml://datastores/lake/paths/fraud/v1',
      'mlflow_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
    [
      'a signed address',
      'https://acme.blob.core.windows.net/models/fraud/v1?sv=2024&sig=s3cr3t',
      'triton_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
    [
      'a directory that says so',
      `${full}/fraud/v1/`,
      'custom_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
    [
      'a custom model that is a directory',
      `${full}/fraud/v1`,
      'custom_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
    [
      'a custom model that is a file',
      `${full}/other/v1/model.pkl`,
      'custom_model',
      'https://acme.blob.core.windows.net/models/other/v1/model.pkl',
    ],
    [
      'wasbs',
      'wasbs://models@acme.blob.core.windows.net/fraud/v1',
      'mlflow_model',
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    ],
  ])('%s leads to the blobs that KServe loads, without a signature', async (_name, modelUri, modelType, uri) => {
    const { registry } = await azure({
      [`${MODEL}/versions/12`]: { json: version({ modelUri, modelType }) },
      [`${STORE}/lake`]: { json: DATASTORE },
      [BLOBS]: (seen) => {
        const names = ['fraud/v1/model.pkl', 'other/v1/model.pkl'].filter((name) =>
          name.startsWith(seen.query['prefix'] ?? ''),
        );
        const route = blobs(...names)[BLOBS];
        return typeof route === 'function' ? route(seen) : {};
      },
    });
    expect((await registry.describe('fraud', '12')).value?.uri).toBe(uri);
  });

  test('outputs of a job are below it in the datastore of the workspace', async () => {
    const { registry } = await azure({
      [`${MODEL}/versions/12`]: {
        json: version({ modelUri: 'azureml://jobs/train-7/outputs/artifacts/paths/model', jobName: 'train-7' }),
      },
      [`${STORE}/workspaceartifactstore`]: { json: DATASTORE },
      ...blobs('ExperimentRun/dcid.train-7/model/MLmodel'),
    });
    const { value } = await registry.describe('fraud', '12');
    expect(value).toMatchObject({
      uri: 'https://acme.blob.core.windows.net/models/ExperimentRun/dcid.train-7/model/',
      run: 'train-7',
      created: '2026-11-02T10:11:12.123Z',
    });
    expect(value?.uid).toBe(`${GROUP}/workspaces/risk/models/fraud/versions/12`);
  });

  test('a lake of the second generation has blobs too', async () => {
    const { registry } = await azure({
      [`${MODEL}/versions/12`]: { json: version({ modelUri: 'azureml://datastores/lake/paths/fraud/v1' }) },
      [`${STORE}/lake`]: {
        json: {
          properties: {
            datastoreType: 'AzureDataLakeGen2',
            accountName: 'acme',
            filesystem: 'models',
            endpoint: 'core.windows.net',
          },
        },
      },
      ...blobs('fraud/v1/MLmodel'),
    });
    expect((await registry.describe('fraud', '12')).value?.uri).toBe(
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    );
  });

  test.each([
    [
      'a file share',
      'azureml://datastores/lake/paths/fraud/v1',
      { properties: { datastoreType: 'AzureFile' } },
      'datastore "lake" is of type AzureFile, which KServe does not load',
    ],
    ['a run', 'runs:/abc/model', DATASTORE, 'Azure ML names a place of runs:, of which no blob is known'],
  ])('%s is refused', async (_name, modelUri, store, message) => {
    const { registry } = await azure({
      [`${MODEL}/versions/12`]: { json: version({ modelUri }) },
      [`${STORE}/lake`]: { json: store },
    });
    expect((await registry.describe('fraud', '12')).findings.map((finding) => [finding.id, finding.message])).toEqual([
      ['registry/place', message],
    ]);
  });

  test('a custom model whose storage nobody may ask is refused, and not guessed', async () => {
    const programs = {
      'az account get-access-token --resource https://management.azure.com -o json': '{"accessToken":"arm"}',
    };
    const { registry } = await azure(
      {
        [`${MODEL}/versions/12`]: {
          json: version({ modelUri: 'azureml://datastores/lake/paths/fraud/v1', modelType: 'custom_model' }),
        },
        [`${STORE}/lake`]: { json: DATASTORE },
      },
      { programs },
    );
    expect((await registry.describe('fraud', '12')).findings.map((finding) => [finding.id, finding.message])).toEqual([
      [
        'registry/place',
        'version "12" of model "fraud" may be a directory or an object, and Azure ML does not say which: there are no credentials for Azure Storage',
      ],
    ]);
  });

  test('the model of a registry is in its own account', async () => {
    const cloud = await serve({
      [`GET management.azure.com${GROUP}/registries/shared/models/fraud/versions/1`]: {
        json: version(
          { modelUri: 'https://acme.blob.core.windows.net/models/fraud/v1?sig=x', provisioningState: 'Succeeded' },
          '1',
        ),
      },
      ...blobs('fraud/v1/MLmodel'),
    });
    const config = { kind: 'azureml', subscription: SUBSCRIPTION, resourceGroup: 'ml', registry: 'shared' } as const;
    const registry = await openRegistry('azure', config, world({ programs: PROGRAMS, cloud }).deps);
    expect((await registry.describe('fraud', '1')).value?.uri).toBe(
      'https://acme.blob.core.windows.net/models/fraud/v1/',
    );
  });
});

describe('selectors', () => {
  const listed: Routes = {
    [`${MODEL}/versions`]: ({ query }) =>
      query['$skip'] === '1'
        ? { json: { value: [version({ tags: { approved: 'true' }, stage: 'Production' }, '11')] } }
        : {
            json: {
              value: [version({ tags: { approved: 'false' } }, '12')],
              nextLink: `https://management.azure.com${GROUP}/workspaces/risk/models/fraud/versions?$skip=1`,
            },
          },
    [`${MODEL}/versions/11`]: {
      json: version({ modelUri: 'azureml://datastores/lake/paths/fraud/v11', tags: { approved: 'true' } }, '11'),
    },
    [`${STORE}/lake`]: { json: DATASTORE },
    ...blobs('fraud/v11/MLmodel'),
  };

  test.each(['tag=approved=true', 'stage=Production', 'latest'])(
    '%s finds a version on a later page',
    async (alias) => {
      const { registry, server } = await azure(listed, { approvalTag: 'approved=true' });
      expect((await registry.resolve({ name: 'fraud', alias })).value).toMatchObject({
        version: '11',
        approval: 'approved',
      });
      expect(server.seen[0]?.query).toMatchObject({
        'api-version': '2025-09-01',
        $orderBy: 'createdtime desc',
        listViewType: 'ActiveOnly',
      });
    },
  );

  test.each([
    ['champion', 'Azure ML has no aliases, so there is no "champion"'],
    ['stage=Archived', 'there is no version of "fraud" with stage "Archived"'],
  ])('%s is refused', async (alias, message) => {
    const { registry } = await azure(listed);
    expect((await registry.resolve({ name: 'fraud', alias })).findings.map((finding) => finding.message)).toEqual([
      message,
    ]);
  });

  test('a word in place of a version is not taken, whatever the service makes of it', async () => {
    const { registry } = await azure({ [`${MODEL}/versions/latest`]: { json: version({ modelUri: 'x' }, '12') } });
    expect(
      (await registry.resolve({ name: 'fraud', version: 'latest' })).findings.map(({ id, message }) => [id, message]),
    ).toEqual([['registry/answer', 'the answer of the registry lacks the version latest']]);
  });

  test('a next page on another server is not asked with our token', async () => {
    const { registry, server } = await azure({
      [`${MODEL}/versions`]: {
        json: { value: [version({ provisioningState: 'Failed' })], nextLink: 'https://attacker.example.com/next' },
      },
    });
    await registry.resolve({ name: 'fraud', alias: 'latest' });
    expect(server.seen.map(({ host }) => host)).toEqual(['management.azure.com']);
  });
});

describe('a version', () => {
  test.each([
    [
      'that is archived is not there',
      version({ isArchived: true, modelUri: 'x' }),
      'there is no version "12" of model "fraud" that is not archived',
    ],
    [
      'without a place is an answer that lacks something',
      version({}),
      'the answer of the registry lacks properties.modelUri',
    ],
  ])('%s', async (_name, json, message) => {
    const { registry } = await azure({ [`${MODEL}/versions/12`]: { json } });
    expect((await registry.describe('fraud', '12')).findings.map((finding) => finding.message)).toEqual([message]);
  });

  test('that was archived since it was locked is drift', async () => {
    const { registry } = await azure({
      [`${MODEL}/versions/12`]: { json: version({ isArchived: true }) },
      ...blobs('fraud/v1/MLmodel'),
    });
    const pin = { name: 'fraud', version: '12', uri: 'https://acme.blob.core.windows.net/models/fraud/v1/' };
    expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['version-deleted']);
  });

  test('cannot be asked for without credentials', async () => {
    const { registry, server } = await azure({}, { programs: {} });
    expect((await registry.describe('fraud', '12')).findings.map(({ id, fix }) => [id, fix])).toEqual([
      [
        'registry/credentials',
        'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in with the az command',
      ],
    ]);
    expect(server.seen).toEqual([]);
  });

  test('is asked for with a federated token of a pipeline', async () => {
    const env = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_FEDERATED_TOKEN: 'jwt' };
    const { registry, server } = await azure(
      { 'POST login.microsoftonline.com/t/oauth2/v2.0/token': { json: { access_token: 'arm' } } },
      { env, programs: {} },
    );
    await registry.resolve({ name: 'fraud', alias: 'latest' });
    expect(new URLSearchParams(server.seen[0]?.body).get('client_assertion')).toBe('jwt');
    expect(server.seen[1]?.headers.authorization).toBe('Bearer arm');
  });
});
