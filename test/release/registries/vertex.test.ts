import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/release/registries/open.ts';
import type { Registry } from '../../../src/release/registries/registry.ts';
import { serve, type Routes, type Server } from './server.ts';
import { world, type WorldOptions } from './world.ts';

const PARENT = 'projects/acme-ml/locations/europe-west4';
const MODELS = `GET europe-west4-aiplatform.googleapis.com/v1/${PARENT}/models`;

const V3 = {
  name: `${PARENT}/models/4242`,
  versionId: '3',
  versionAliases: ['prod', 'default'],
  versionCreateTime: '2026-11-02T10:11:12.123456Z',
  displayName: 'fraud',
  artifactUri: 'gs://ml-models/fraud/v3',
  labels: { team: 'risk' },
  pipelineJob: `${PARENT}/pipelineJobs/train-7`,
};

const ROUTES: Routes = {
  [MODELS]: ({ query }) => ({ json: query['filter'] === 'display_name="fraud"' ? { models: [V3] } : {} }),
  [`${MODELS}/4242@prod`]: { json: V3 },
  [`${MODELS}/4242@default`]: { json: V3 },
  [`${MODELS}/4242@3`]: { json: V3 },
  [`${MODELS}/4242@3/evaluations`]: {
    json: {
      modelEvaluations: [
        { createTime: '2026-11-03T00:00:00Z', metrics: { auPrc: 0.97, confidenceMetrics: [] } },
        { createTime: '2026-11-02T00:00:00Z', metrics: { auPrc: 0.9, logLoss: 0.1 } },
      ],
    },
  },
  'GET storage.googleapis.com/storage/v1/b/ml-models/o': { status: 403 },
};

async function gcp(
  routes: Routes = ROUTES,
  options: WorldOptions = {},
): Promise<{ registry: Registry; server: Server; ran: string[] }> {
  const cloud = await serve(routes);
  const { deps, ran } = world({ env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'g' }, ...options, cloud });
  return {
    registry: await openRegistry('gcp', { kind: 'vertex', project: 'acme-ml', location: 'europe-west4' }, deps),
    server: cloud,
    ran,
  };
}

describe('a version', () => {
  test.each(['fraud', '4242'])(
    'of the model %s is locked by its alias, with id, pipeline and metrics',
    async (name) => {
      const { registry } = await gcp();
      expect((await registry.resolve({ name, alias: 'prod' })).value).toEqual({
        name,
        version: '3',
        uri: 'gs://ml-models/fraud/v3/',
        run: `${PARENT}/pipelineJobs/train-7`,
        uid: `${PARENT}/models/4242`,
        created: '2026-11-02T10:11:12.123Z',
        status: 'ready',
        approval: 'unknown',
        metrics: { auPrc: 0.97, logLoss: 0.1 },
        tags: { team: 'risk' },
        datasets: {},
      });
    },
  );

  test('is asked for with the token of gcloud when the environment has none', async () => {
    const { registry, server } = await gcp(ROUTES, {
      env: {},
      programs: { 'gcloud auth print-access-token': 'cli\n' },
    });
    await registry.describe('fraud', '3');
    expect(server.seen[0]?.headers.authorization).toBe('Bearer cli');
  });

  test.each([
    [{ name: 'fraud' }, 'registry/request', '"fraud" is asked for without a version or alias'],
    [{ name: 'fraud', alias: 'Prod/x' }, 'registry/request', '"Prod/x" is not a version alias'],
    [{ name: 'fraud', alias: 'nobody' }, 'registry/not-found', 'there is no version "nobody" of model "fraud"'],
    [{ name: 'fraud', version: 'prod' }, 'registry/request', 'version "prod" of "fraud" is not a number'],
    [{ name: 'fraud', version: '9' }, 'registry/not-found', 'there is no version "9" of model "fraud"'],
  ])('%j is refused', async (request, id, message) => {
    const { registry } = await gcp();
    expect((await registry.resolve(request)).findings.map((finding) => [finding.id, finding.message])).toEqual([
      [id, message],
    ]);
  });

  test('that is the default one is locked by its number', async () => {
    const { registry } = await gcp();
    const { value } = await registry.resolve({ name: 'fraud', alias: 'default' });
    expect(value).toMatchObject({ name: 'fraud', version: '3', uri: 'gs://ml-models/fraud/v3/' });
  });

  test('that is the latest is the one with an alias of that name, else the newest', async () => {
    const versions = { [`${MODELS}/4242:listVersions`]: { json: { models: [{ ...V3, versionId: '2' }, V3] } } };
    const { registry } = await gcp({ ...ROUTES, ...versions });
    expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('3');
    const aliased = await gcp({
      ...ROUTES,
      ...versions,
      [`${MODELS}/4242@latest`]: { json: { ...V3, versionId: '2' } },
      [`${MODELS}/4242@2`]: { json: { ...V3, versionId: '2' } },
      [`${MODELS}/4242@2/evaluations`]: { json: {} },
    });
    expect((await aliased.registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('2');
  });

  test('of a display name that two models have is refused', async () => {
    const { registry } = await gcp({
      ...ROUTES,
      [MODELS]: { json: { models: [V3, { name: `${PARENT}/models/17` }] } },
    });
    expect(
      (await registry.resolve({ name: 'fraud', alias: 'prod' })).findings.map(({ message, fix }) => [message, fix]),
    ).toEqual([['2 models have the display name "fraud"', 'name the id: 17 or 4242']]);
  });

  test('whose model is in its container is refused', async () => {
    const { artifactUri: _uri, ...image } = V3;
    const { registry } = await gcp({ ...ROUTES, [`${MODELS}/4242@3`]: { json: image } });
    expect((await registry.describe('fraud', '3')).findings.map(({ id }) => id)).toEqual(['registry/place']);
  });

  test('cannot be asked for without credentials', async () => {
    const { registry, server } = await gcp(ROUTES, { env: {} });
    expect((await registry.describe('fraud', '3')).findings.map(({ id }) => id)).toEqual(['registry/credentials']);
    expect(server.seen).toEqual([]);
  });
});

test('the newest version is looked for on all pages', async () => {
  const { registry } = await gcp({
    ...ROUTES,
    [`${MODELS}/4242:listVersions`]: ({ query }) =>
      query['pageToken'] === 'two'
        ? { json: { models: [V3] } }
        : { json: { models: [{ ...V3, versionId: '2', versionAliases: [] }], nextPageToken: 'two' } },
  });
  expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('3');
});

test('a model that was uploaded again under its name has another id', async () => {
  const { registry } = await gcp();
  const pin = {
    name: 'fraud',
    version: '3',
    uri: 'gs://ml-models/fraud/v3/',
    uid: `${PARENT}/models/17`,
    alias: 'prod',
  };
  expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['version-recreated', 'unreadable']);
});
