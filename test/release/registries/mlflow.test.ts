import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/release/registries/open.ts';
import { refusal, type Registry } from '../../../src/release/registries/registry.ts';
import { mlflow } from '../../../src/service/registry.ts';
import { serve, type Routes, type Server } from './server.ts';
import { world, type WorldOptions } from './world.ts';

const API = '/api/2.0/mlflow';
const CREATED = Date.UTC(2026, 10, 2, 10, 11, 12);

/** A version as a server of MLflow 2 describes it. */
const V12 = {
  name: 'fraud',
  version: '12',
  creation_timestamp: CREATED,
  current_stage: 'None',
  source: 's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/artifacts/model',
  run_id: '0f8e2c1d9b3a4f5e8d7c6b5a49382716',
  status: 'READY',
  tags: [{ key: 'review', value: 'passed' }],
  aliases: ['champion'],
};

const RUN = {
  run: {
    data: {
      metrics: [
        { key: 'auc', value: 0.9312, timestamp: '1', step: '0' },
        { key: 'loss', value: 'NaN', timestamp: 1, step: 0 },
      ],
    },
    inputs: { dataset_inputs: [{ dataset: { name: 'claims-2026-10', digest: 'a1b2c3d4' } }] },
  },
};

/** What a server of MLflow 2 answers for `fraud` 12. */
const ROUTES: Routes = {
  [`GET ${API}/model-versions/get`]: { json: { model_version: V12 } },
  [`GET ${API}/model-versions/get-download-uri`]: { json: { artifact_uri: V12.source } },
  [`GET ${API}/registered-models/alias`]: { json: { model_version: V12 } },
  [`GET ${API}/runs/get`]: { json: RUN },
};

type Options = WorldOptions & { readonly artifactsDestination?: string; readonly approvalTag?: string };

async function corp(
  routes: Routes,
  { artifactsDestination, approvalTag, ...options }: Options = {},
): Promise<{ registry: Registry; server: Server; slept: number[] }> {
  const server = await serve(routes);
  const { deps, slept } = world(options);
  const config = mlflow({
    url: server.url,
    ...(artifactsDestination ? { artifactsDestination } : {}),
    ...(approvalTag ? { approvalTag } : {}),
  });
  return { registry: await openRegistry('corp', config, deps), server, slept };
}

describe('a version that is asked for by alias', () => {
  test('is locked with its place, run, metrics and datasets', async () => {
    const { registry } = await corp(ROUTES);
    const { value } = await registry.resolve({ name: 'fraud', alias: 'champion' });
    expect(value).toEqual({
      name: 'fraud',
      version: '12',
      uri: 's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/artifacts/model/',
      run: '0f8e2c1d9b3a4f5e8d7c6b5a49382716',
      created: '2026-11-02T10:11:12.000Z',
      status: 'ready',
      approval: 'unknown',
      metrics: { auc: 0.9312 },
      tags: { review: 'passed' },
      datasets: { 'claims-2026-10': 'a1b2c3d4' },
    });
  });

  test('is locked without a digest, and a warning, where nobody may read its bytes', async () => {
    const { registry } = await corp(ROUTES);
    const { findings } = await registry.resolve({ name: 'fraud', alias: 'champion' });
    expect(findings).toEqual([
      {
        id: 'registry/unread',
        severity: 'warning',
        where: { field: 'registries.corp' },
        message: '"fraud" 12 is locked without a digest: there are no credentials for Amazon S3',
        fix: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command',
      },
    ]);
  });

  test.each([
    ['400', 400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias champion not found.' }],
    ['404', 404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }],
  ])('is a finding when the alias is not there, which some backends say with %s', async (_name, status, json) => {
    const { registry } = await corp({ [`GET ${API}/registered-models/alias`]: { status, json } });
    expect(await registry.resolve({ name: 'fraud', alias: 'champion' })).toEqual({
      value: undefined,
      findings: [
        {
          id: 'registry/not-found',
          severity: 'error',
          where: { field: 'registries.corp' },
          message: 'there is no alias "champion" of registered model "fraud"',
          fix: 'set it: client.set_registered_model_alias("fraud", "champion", "<version>")',
        },
      ],
    });
  });
});

describe('the word latest', () => {
  const listed = (...versions: readonly object[]): Routes => ({
    ...ROUTES,
    [`GET ${API}/registered-models/get`]: { json: { registered_model: { name: 'fraud' } } },
    [`GET ${API}/model-versions/search`]: {
      json: {
        model_versions: versions.map((one, index) => ({ ...V12, version: String(14 - index), tags: [], ...one })),
      },
    },
    [`GET ${API}/model-versions/get`]: ({ query }) => ({
      json: { model_version: { ...V12, version: query['version'] } },
    }),
  });
  const review = (value: string): object => ({ tags: [{ key: 'review', value }] });
  const approvalTag = 'review=passed';

  test.each(['latest', 'Latest'])(
    '%s means the newest version that is ready, and never asks MLflow for an alias of that name',
    async (alias) => {
      const { registry, server } = await corp(listed({ status: 'FAILED_REGISTRATION' }, {}, {}));
      const { value } = await registry.resolve({ name: 'fraud', alias });
      expect(value).toMatchObject({ name: 'fraud', version: '13' });
      expect(JSON.stringify(value).toLowerCase()).not.toContain('latest');
      expect(server.seen.map(({ path }) => path)).not.toContain(`${API}/registered-models/alias`);
    },
  );

  test('means an approved version where the registry knows approval', async () => {
    const { registry } = await corp(listed({}, review('rejected'), review('passed')), { approvalTag });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('12');
  });

  test('means one that waits for approval where that is allowed, and never one that was rejected', async () => {
    const allow = { unapproved: true };
    const { registry } = await corp(listed(review('rejected'), {}, review('passed')), { approvalTag });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest', allow })).value?.version).toBe('13');
    const rejected = await corp(listed(review('rejected')), { approvalTag });
    expect(
      (await rejected.registry.resolve({ name: 'fraud', alias: 'latest', allow })).findings.map(
        ({ message }) => message,
      ),
    ).toEqual(['there is no version of "fraud" that is ready and was not rejected']);
  });

  test('is a finding when there is no version', async () => {
    const { registry } = await corp(listed());
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).findings.map(({ message }) => message)).toEqual(
      ['there is no version of "fraud" that is ready and approved'],
    );
  });

  test('is a finding when no version is fit', async () => {
    const { registry, server } = await corp(listed({}, {}), { approvalTag });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).findings).toEqual([
      {
        id: 'registry/not-found',
        severity: 'error',
        where: { field: 'registries.corp' },
        message: 'there is no version of "fraud" that is ready and approved',
        fix: 'register or approve one, or name a version',
      },
    ]);
    expect(server.seen.length).toBe(2);
  });

  test('looks at more versions when none of the first is fit', async () => {
    const pending = Array.from({ length: 20 }, () => ({ ...V12, status: 'PENDING_REGISTRATION' }));
    const { registry } = await corp({
      ...listed(),
      [`GET ${API}/model-versions/search`]: ({ query }) => ({
        json: { model_versions: query['max_results'] === '20' ? pending : [...pending, V12] },
      }),
    });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('12');
  });

  test('goes over pages, newest first, and stops where one is fit', async () => {
    const page = (status: string, version: string, next: object): object => ({
      model_versions: [{ ...V12, version, status }],
      ...next,
    });
    const { registry, server } = await corp({
      ...listed(),
      [`GET ${API}/model-versions/search`]: ({ query }) =>
        query['page_token'] === 'two'
          ? { json: page('READY', '11', {}) }
          : { json: page('PENDING_REGISTRATION', '12', { next_page_token: 'two' }) },
    });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('11');
    const searches = server.seen.filter(({ path }) => path.endsWith('/search'));
    expect(searches.map(({ query }) => [query['filter'], query['order_by'], query['max_results']])).toEqual([
      ["name='fraud'", 'version_number DESC', '20'],
      ["name='fraud'", 'version_number DESC', '19'],
    ]);
  });

  test('is a finding that names the model when there is none', async () => {
    const { registry } = await corp({
      ...listed(),
      [`GET ${API}/registered-models/get`]: { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } },
    });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).findings.map(({ message }) => message)).toEqual(
      ['there is no registered model "fraud"'],
    );
  });

  test('has moved when there is a newer version', async () => {
    const { registry } = await corp(listed({}, {}));
    const drifts = await registry.verify({ name: 'fraud', version: '13', uri: `${V12.source}/`, alias: 'latest' });
    expect(drifts[0]).toMatchObject({ kind: 'alias-moved', message: '"fraud@latest" was version 13, and is 14' });
  });
});

describe('stages of MLflow 2', () => {
  const inProduction: Routes = {
    ...ROUTES,
    [`GET ${API}/registered-models/alias`]: { status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } },
    [`GET ${API}/registered-models/get-latest-versions`]: ({ query }) => ({
      json: { model_versions: query['stages'] === 'Production' ? [{ ...V12, current_stage: 'Production' }] : [] },
    }),
  };

  test.each(['stage=Production', 'Production'])('%s is resolved to the version in it', async (alias) => {
    const { registry } = await corp(inProduction);
    expect((await registry.resolve({ name: 'fraud', alias })).value?.version).toBe('12');
  });

  test('a stage without a version is a finding', async () => {
    const { registry } = await corp(inProduction);
    const { findings } = await registry.resolve({ name: 'fraud', alias: 'stage=Staging' });
    expect(findings[0]?.message).toBe('there is no version of "fraud" in stage "Staging"');
  });
});

describe('a version that must not serve', () => {
  test.each([
    ['PENDING_REGISTRATION', 'version "12" of "fraud" is still being registered'],
    ['FAILED_REGISTRATION', 'version "12" of "fraud" failed to register'],
  ])('%s is refused', async (status, message) => {
    const { registry } = await corp({
      ...ROUTES,
      [`GET ${API}/model-versions/get`]: { json: { model_version: { ...V12, status } } },
    });
    const { value } = await registry.describe('fraud', '12');
    expect(value && refusal(value, { service: 'fraud' })?.message).toBe(message);
  });

  test.each([
    ['passed', 'approved', undefined],
    ['open', 'pending', 'registry/not-approved'],
    ['rejected', 'rejected', 'registry/not-approved'],
  ])('the tag review=%s means %s where the platform says so', async (value, approval, refused) => {
    const version = { ...V12, tags: [{ key: 'review', value }] };
    const { registry } = await corp(
      { ...ROUTES, [`GET ${API}/model-versions/get`]: { json: { model_version: version } } },
      { approvalTag: 'review=passed' },
    );
    const model = (await registry.describe('fraud', '12')).value!;
    expect(model.approval).toBe(approval);
    expect(refusal(model, {})?.id).toBe(refused);
    expect(refusal(model, {}, { unapproved: true })).toBeUndefined();
  });

  test('a deleted version is a finding', async () => {
    const { registry } = await corp({
      [`GET ${API}/model-versions/get`]: { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } },
    });
    expect((await registry.describe('fraud', '12')).findings[0]?.message).toBe(
      'there is no version "12" of registered model "fraud"',
    );
  });
});

describe('the place of the bytes', () => {
  const at = (uri: string): Routes => ({
    ...ROUTES,
    [`GET ${API}/model-versions/get-download-uri`]: { json: { artifact_uri: uri } },
  });

  test.each([
    ['mlflow-artifacts:/1/0f8e2c1d9b3a4f5e/artifacts/model', 's3://ml-models/root/1/0f8e2c1d9b3a4f5e/artifacts/model/'],
    [
      'mlflow-artifacts://mlflow.example.com:5000/1/0f8e2c1d9b3a4f5e/artifacts/model',
      's3://ml-models/root/1/0f8e2c1d9b3a4f5e/artifacts/model/',
    ],
    ['gs://ml-models/1/0f8e2c1d9b3a4f5e/artifacts/model', 'gs://ml-models/1/0f8e2c1d9b3a4f5e/artifacts/model/'],
    [
      'wasbs://models@acme.blob.core.windows.net/1/0f8e2c1d9b3a4f5e/model',
      'https://acme.blob.core.windows.net/models/1/0f8e2c1d9b3a4f5e/model/',
    ],
    [
      'abfss://models@acme.dfs.core.windows.net/1/0f8e2c1d9b3a4f5e/model',
      'https://acme.blob.core.windows.net/models/1/0f8e2c1d9b3a4f5e/model/',
    ],
  ])('%s is a directory that KServe loads', async (uri, place) => {
    const { registry } = await corp(at(uri), { artifactsDestination: 's3://ml-models/root/' });
    expect((await registry.describe('fraud', '12')).value?.uri).toBe(place);
  });

  test('proxied artifacts without artifactsDestination name the setting', async () => {
    const { registry } = await corp(at('mlflow-artifacts:/1/0f8e2c1d9b3a4f5e/artifacts/model'));
    expect((await registry.describe('fraud', '12')).findings).toEqual([
      {
        id: 'registry/setting',
        severity: 'error',
        where: { field: 'registries.corp.artifactsDestination' },
        message: 'the server hands out artifacts itself (mlflow-artifacts:), and its API does not tell where they are',
        fix: "set artifactsDestination to the server's --artifacts-destination: s3://bucket/path",
      },
    ]);
  });

  test.each([
    ['file:///mlruns/1/abc/artifacts/model', 'MLflow keeps the model in file:, which KServe does not load'],
    ['/mlruns/1/abc/artifacts/model', 'MLflow keeps the model in file:, which KServe does not load'],
    ['dbfs:/databricks/mlflow/1/abc', 'MLflow keeps the model in dbfs:, which KServe does not load'],
    ['models:/fraud/12', 'MLflow keeps the model in models:, which KServe does not load'],
  ])('%s is refused', async (uri, message) => {
    const { registry } = await corp(at(uri));
    expect((await registry.describe('fraud', '12')).findings.map(({ id, message: said }) => [id, said])).toEqual([
      ['registry/place', message],
    ]);
  });

  test('a place without a version in it is refused', async () => {
    const { registry } = await corp(at('s3://ml-models/fraud/current'));
    const [finding] = (await registry.describe('fraud', '12')).findings;
    expect(finding?.id).toBe('registry/place');
    expect(finding?.message).toContain('"current" is a floating name');
  });
});

describe('logged models of MLflow 3', () => {
  const ID = 'm-5ced0a1b2c3d4e5f60718293a4b5c6d7';
  const logged = {
    model: {
      info: {
        model_id: ID,
        artifact_uri: `s3://ml-models/1/models/${ID}/artifacts`,
        source_run_id: V12.run_id,
        status: 'LOGGED_MODEL_READY',
      },
      data: {
        metrics: [{ key: 'auc', value: 0.95, timestamp: 2, step: 0, dataset_name: 'holdout', dataset_digest: 'ffee' }],
      },
    },
  };
  const routes = (version: object): Routes => ({
    ...ROUTES,
    [`GET ${API}/model-versions/get`]: { json: { model_version: { ...V12, ...version } } },
    [`GET ${API}/logged-models/${ID}`]: { json: logged },
  });

  test.each([
    ['a source models:/m-…', { source: `models:/${ID}` }],
    [
      'a model_id beside a source runs:/…, whose folder has no model',
      { source: `runs:/${V12.run_id}/model`, model_id: ID },
    ],
  ])('%s leads to the place of the logged model', async (_name, version) => {
    const { registry } = await corp(routes(version));
    const { value } = await registry.describe('fraud', '12');
    expect(value?.uri).toBe(`s3://ml-models/1/models/${ID}/artifacts/`);
    expect(value?.uid).toBe(ID);
    expect(value?.metrics).toEqual({ auc: 0.95 });
    expect(value?.datasets).toEqual({ 'claims-2026-10': 'a1b2c3d4', holdout: 'ffee' });
  });

  test('a server that does not know the logged model is asked for the download URI', async () => {
    const { registry } = await corp({
      ...ROUTES,
      [`GET ${API}/model-versions/get`]: { json: { model_version: { ...V12, source: `models:/${ID}` } } },
    });
    expect((await registry.describe('fraud', '12')).value?.uri).toBe(`${V12.source}/`);
  });
});

describe('a pin is verified', () => {
  const PIN = {
    name: 'fraud',
    version: '12',
    uri: `${V12.source}/`,
    run: V12.run_id,
    created: '2026-11-02T10:11:12.000Z',
    approval: 'unknown',
    alias: 'champion',
  };
  const drifts = async (routes: Routes, pin: object = {}): Promise<string[]> => {
    const { registry } = await corp(routes);
    return (await registry.verify({ ...PIN, ...pin }))
      .filter(({ message }) => !message.includes('was not read'))
      .map(({ kind, message }) => `${kind}: ${message}`);
  };

  test('and nothing is said when nothing is different', async () => {
    expect(await drifts(ROUTES)).toEqual([]);
  });

  test('and bytes that nobody may read are unreadable, not well', async () => {
    const { registry } = await corp(ROUTES);
    expect(await registry.verify(PIN)).toEqual([
      {
        kind: 'unreadable',
        message: `${PIN.uri} was not read: there are no credentials for Amazon S3`,
        fix: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command',
      },
    ]);
  });

  test.each([
    [
      'the alias moved',
      { [`GET ${API}/registered-models/alias`]: { json: { model_version: { ...V12, version: '13' } } } },
      'alias-moved: "fraud@champion" was version 12, and is 13',
    ],
    [
      'the alias is gone',
      { [`GET ${API}/registered-models/alias`]: { status: 400, json: {} } },
      'alias-moved: "fraud@champion" was version 12, and is no longer there',
    ],
    [
      'the version is deleted',
      { [`GET ${API}/model-versions/get`]: { status: 404, json: {} } },
      'version-deleted: version "12" of "fraud" is no longer in the registry',
    ],
    [
      'the registered model was made again, and counts from 1 again',
      {
        [`GET ${API}/model-versions/get`]: { json: { model_version: { ...V12, creation_timestamp: CREATED + 1000 } } },
      },
      'version-recreated: version "12" of "fraud" is another one than was locked: its time of creation was 2026-11-02T10:11:12.000Z, and is 2026-11-02T10:11:13.000Z',
    ],
    [
      'the registry names another place',
      { [`GET ${API}/model-versions/get-download-uri`]: { json: { artifact_uri: 's3://other/v1/model' } } },
      `bytes-changed: version "12" of "fraud" was at ${V12.source}/, and the registry says s3://other/v1/model/`,
    ],
  ])('and says that %s', async (_name, routes, said) => {
    expect(await drifts({ ...ROUTES, ...routes })).toEqual([said]);
  });

  test('and says that approval was revoked', async () => {
    const { registry } = await corp(
      { ...ROUTES, [`GET ${API}/model-versions/get`]: { json: { model_version: { ...V12, tags: [] } } } },
      { approvalTag: 'review=passed' },
    );
    const [drift] = await registry.verify({ ...PIN, approval: 'approved' });
    expect([drift?.kind, drift?.message]).toEqual([
      'approval-revoked',
      'approval of version "12" of "fraud" was approved, and is pending',
    ]);
  });

  test('and a registry that refuses is unreadable', async () => {
    const { registry } = await corp({ ...ROUTES, [`GET ${API}/model-versions/get`]: { status: 403, json: {} } });
    expect((await registry.verify(PIN)).map(({ kind }) => kind)).toEqual(['unreadable', 'unreadable']);
  });
});

describe('credentials', () => {
  test.each([
    [
      { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'pw', MLFLOW_TRACKING_TOKEN: 't' },
      `Basic ${Buffer.from('ann:pw').toString('base64')}`,
    ],
    [{ MLFLOW_TRACKING_TOKEN: 't' }, 'Bearer t'],
    [{}, undefined],
  ])('come from the environment', async (env, authorization) => {
    const { registry, server } = await corp(ROUTES, { env });
    await registry.describe('fraud', '12');
    expect(new Set(server.seen.map(({ headers }) => headers.authorization))).toEqual(new Set([authorization]));
  });

  test('of another server stay away from this one', async () => {
    const { registry, server } = await corp(ROUTES, {
      env: { MLFLOW_TRACKING_URI: 'https://other.example.com', MLFLOW_TRACKING_TOKEN: 't' },
    });
    await registry.describe('fraud', '12');
    expect(new Set(server.seen.map(({ headers }) => headers.authorization))).toEqual(new Set([undefined]));
  });

  test('that the server refuses are a finding that says which variables there are', async () => {
    const { registry, server } = await corp({ [`GET ${API}/model-versions/get`]: { status: 401, json: {} } });
    expect((await registry.describe('fraud', '12')).findings).toEqual([
      {
        id: 'registry/credentials',
        severity: 'error',
        where: { field: 'registries.corp' },
        message: `${server.host} does not take the credentials, or wants some (401)`,
        fix: 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN',
      },
    ]);
  });
});

test('a request without version and alias is refused', async () => {
  const { registry } = await corp(ROUTES);
  expect((await registry.resolve({ name: 'fraud' })).findings.map(({ id, fix }) => [id, fix])).toEqual([
    ['registry/request', 'write "fraud@champion" or "fraud:47"'],
  ]);
});

test('an answer that is no JSON, such as the page of a login, is a finding', async () => {
  const { registry, server } = await corp({ [`GET ${API}/model-versions/get`]: { text: '<html>' } });
  expect((await registry.describe('fraud', '12')).findings.map(({ id, message }) => [id, message])).toEqual([
    ['registry/answer', `${server.host} answers 200 with something that is not JSON`],
  ]);
});
