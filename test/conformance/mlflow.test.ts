import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/release/registries/open.ts';
import type { Pin, Registry, ResolvedModel } from '../../src/release/registries/registry.ts';
import { world } from '../release/registries/world.ts';
import { startServer, type PythonServer } from './python-server.ts';

/** A real MLflow server that hands out artifacts itself, as most do. */

let folder: string;
let server: PythonServer;
let registry: Registry;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlflow-'));
  const store = ['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', './artifacts'];
  server = await startServer(
    'mlflow',
    (port) => ['server', ...store, '--host', '127.0.0.1', '--port', port, '--workers', '1'],
    folder,
    '/health',
  );
  registry = await openCorp({ artifactsDestination: 's3://ml-models/tracking' });
}, 180_000);

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function openCorp(more: { artifactsDestination?: string; approvalTag?: string }): Promise<Registry> {
  return openRegistry('corp', { kind: 'mlflow', url: server.url, ...more }, world().deps);
}

type Json = Record<string, unknown>;

async function call(method: string, path: string, body: Json): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { method, headers, body: JSON.stringify(body) });
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Json;
}

async function run(): Promise<string> {
  const { run } = (await call('POST', 'runs/create', { experiment_id: '0', start_time: 1 })) as {
    run: { info: { run_id: string } };
  };
  const { run_id } = run.info;
  await call('POST', 'runs/log-metric', { run_id, key: 'auc', value: 0.93, timestamp: 5, step: 0 });
  await call('POST', 'runs/log-metric', { run_id, key: 'loss', value: 'NaN', timestamp: 5, step: 0 });
  const dataset = { name: 'claims-2026-10', digest: 'a1b2c3d4', source_type: 'local', source: 'claims.csv' };
  await call('POST', 'runs/log-inputs', { run_id, datasets: [{ dataset }] });
  return run_id;
}

async function loggedModel(source_run_id: string): Promise<string> {
  const { model } = (await call('POST', 'logged-models', {
    experiment_id: '0',
    name: 'classifier',
    source_run_id,
  })) as { model: { info: { model_id: string } } };
  const { model_id } = model.info;
  await call('PATCH', `logged-models/${model_id}`, { model_id, status: 'LOGGED_MODEL_READY' });
  return model_id;
}

const register = (name: string): Promise<Json> => call('POST', 'registered-models/create', { name });

/** A version of a logged model, as `mlflow.register_model` of MLflow 3 makes it. */
async function versionOf(name: string): Promise<{ run_id: string; model_id: string }> {
  const run_id = await run();
  const model_id = await loggedModel(run_id);
  await call('POST', 'model-versions/create', { name, source: `models:/${model_id}`, run_id, model_id });
  return { run_id, model_id };
}

const setAlias = (name: string, alias: string, version: string): Promise<Json> =>
  call('POST', 'registered-models/alias', { name, alias, version });

const pinOf = ({ name, version, uri, run, uid, created, approval }: ResolvedModel, alias: string): Pin => ({
  name,
  version,
  uri,
  approval,
  alias,
  ...(run ? { run } : {}),
  ...(uid ? { uid } : {}),
  ...(created ? { created } : {}),
});

/** What differs in the registry; the bucket is not there, so nobody can read its bytes. */
const registryDrifts = async (pin: Pin): Promise<string[]> =>
  (await registry.verify(pin)).filter(({ message }) => !message.includes('was not read')).map(({ kind }) => kind);

test('a version of a logged model is locked at the place behind the proxy', async () => {
  await register('fraud');
  const { run_id, model_id } = await versionOf('fraud');
  await setAlias('fraud', 'champion', '1');
  const { value } = await registry.resolve({ name: 'fraud', alias: 'champion' });
  const { created, ...rest } = value!;
  expect(rest).toEqual({
    name: 'fraud',
    version: '1',
    uri: `s3://ml-models/tracking/0/models/${model_id}/artifacts/`,
    run: run_id,
    uid: model_id,
    status: 'ready',
    approval: 'unknown',
    metrics: { auc: 0.93 },
    tags: {},
    datasets: { 'claims-2026-10': 'a1b2c3d4' },
  });
  expect(created).toMatch(/^20\d\d-\d\d-\d\dT/);
});

test('without artifactsDestination the setting is named', async () => {
  await register('proxied');
  await versionOf('proxied');
  expect((await (await openCorp({})).describe('proxied', '1')).findings.map(({ id }) => id)).toEqual([
    'registry/setting',
  ]);
});

test('a version that names its own bucket stays there', async () => {
  await register('direct');
  const run_id = await run();
  await call('POST', 'model-versions/create', {
    name: 'direct',
    source: `s3://ml-models/1/${run_id}/artifacts/model`,
    run_id,
  });
  expect((await registry.describe('direct', '1')).value?.uri).toBe(`s3://ml-models/1/${run_id}/artifacts/model/`);
});

test('latest is the newest version, and the newest approved one where approval is known', async () => {
  await register('newest');
  await versionOf('newest');
  await versionOf('newest');
  await call('POST', 'model-versions/set-tag', { name: 'newest', version: '1', key: 'review', value: 'passed' });
  expect((await registry.resolve({ name: 'newest', alias: 'latest' })).value?.version).toBe('2');
  const reviewed = await openCorp({ artifactsDestination: 's3://ml-models/tracking', approvalTag: 'review=passed' });
  expect((await reviewed.resolve({ name: 'newest', alias: 'latest' })).value?.version).toBe('1');
  expect(
    (await reviewed.resolve({ name: 'newest', alias: 'latest', allow: { unapproved: true } })).value?.version,
  ).toBe('2');
});

test('a stage leads to the version in it', async () => {
  await register('staged');
  await versionOf('staged');
  await call('POST', 'model-versions/transition-stage', {
    name: 'staged',
    version: '1',
    stage: 'Production',
    archive_existing_versions: false,
  });
  expect((await registry.resolve({ name: 'staged', alias: 'Production' })).value?.version).toBe('1');
});

test('approval is read from the tag that the platform names', async () => {
  const reviewed = await openCorp({ artifactsDestination: 's3://ml-models', approvalTag: 'review=passed' });
  await register('reviewed');
  await versionOf('reviewed');
  expect((await reviewed.describe('reviewed', '1')).value?.approval).toBe('pending');
  await call('POST', 'model-versions/set-tag', { name: 'reviewed', version: '1', key: 'review', value: 'passed' });
  expect((await reviewed.describe('reviewed', '1')).value?.approval).toBe('approved');
});

describe('what is not there is a finding', () => {
  const idOf = async (asked: Promise<{ findings: readonly { id: string }[] }>): Promise<string | undefined> =>
    (await asked).findings[0]?.id;

  test('an alias, a version, a model', async () => {
    await register('empty');
    expect(await idOf(registry.resolve({ name: 'empty', alias: 'champion' }))).toBe('registry/not-found');
    expect(await idOf(registry.resolve({ name: 'nobody', alias: 'champion' }))).toBe('registry/not-found');
    expect(await idOf(registry.resolve({ name: 'empty', alias: 'Staging' }))).toBe('registry/not-found');
    expect(await idOf(registry.describe('empty', '9'))).toBe('registry/not-found');
    expect(await idOf(registry.describe('empty', 'nine'))).toBe('registry/not-found');
    expect((await registry.resolve({ name: 'nobody', alias: 'latest' })).findings[0]?.message).toBe(
      'there is no registered model "nobody"',
    );
    expect((await registry.resolve({ name: 'empty', alias: 'latest' })).findings[0]?.message).toBe(
      'there is no version of "empty" that is ready and approved',
    );
  });
});

describe('a pin', () => {
  test('holds until the alias moves', async () => {
    await register('moved');
    await versionOf('moved');
    await versionOf('moved');
    await setAlias('moved', 'champion', '1');
    const pin = pinOf((await registry.resolve({ name: 'moved', alias: 'champion' })).value!, 'champion');
    expect(await registryDrifts(pin)).toEqual([]);
    await setAlias('moved', 'champion', '2');
    expect(await registryDrifts(pin)).toEqual(['alias-moved']);
  });

  test('says that its version was deleted', async () => {
    await register('deleted');
    await versionOf('deleted');
    await setAlias('deleted', 'champion', '1');
    const pin = pinOf((await registry.resolve({ name: 'deleted', alias: 'champion' })).value!, 'champion');
    await call('DELETE', 'model-versions/delete', { name: 'deleted', version: '1' });
    expect(await registryDrifts(pin)).toEqual(['alias-moved', 'version-deleted']);
  });

  test('knows a model that was deleted and made again, although name, version and alias are the same', async () => {
    await register('again');
    await versionOf('again');
    await setAlias('again', 'champion', '1');
    const pin = pinOf((await registry.resolve({ name: 'again', alias: 'champion' })).value!, 'champion');
    await call('DELETE', 'registered-models/delete', { name: 'again' });
    await register('again');
    await versionOf('again');
    await setAlias('again', 'champion', '1');
    expect(await registryDrifts(pin)).toEqual(['version-recreated']);
  });
});
