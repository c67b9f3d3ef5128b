import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/release/registries/open.ts';
import type { Registry } from '../../../src/release/registries/registry.ts';
import { serve, type Answers, type Routes, type Seen, type Server } from './server.ts';
import { world, type WorldOptions } from './world.ts';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  annotations: { 'org.opencontainers.image.created': '2026-10-01T00:00:00Z' },
  layers: [],
});
const DIGEST = digestOf(MANIFEST);
const REPOSITORY = '/v2/models/fraud';

/** A registry that wants a token for the repository, as all public ones do. */
function routes(manifest: string = MANIFEST, realm = '/token'): Routes {
  const guarded =
    (answer: Answers) =>
    (seen: Seen): Answers =>
      seen.headers.authorization === 'Bearer granted'
        ? answer
        : {
            status: 401,
            headers: {
              'www-authenticate': `Bearer realm="${realm.startsWith('/') ? `http://${seen.host}${realm}` : realm}",service="registry",scope="repository:models/fraud:pull"`,
            },
          };
  const digest = digestOf(manifest);
  return {
    [`HEAD ${REPOSITORY}/manifests/v47`]: guarded({ headers: { 'docker-content-digest': digest } }),
    [`HEAD ${REPOSITORY}/manifests/${digest}`]: guarded({ headers: { 'docker-content-digest': digest } }),
    [`GET ${REPOSITORY}/manifests/${digest}`]: guarded({ text: manifest }),
    'GET /token': { json: { token: 'granted' } },
  };
}

async function models(
  all: Routes,
  options: WorldOptions = {},
): Promise<{ registry: Registry; server: Server; ran: string[] }> {
  const server = await serve(all);
  const { deps, ran } = world(options);
  return { registry: await openRegistry('models', { kind: 'oci', host: server.host }, deps), server, ran };
}

describe('a model in an image', () => {
  test('is locked to the digest of its tag, after the dance for a token', async () => {
    const { registry, server } = await models(routes());
    expect((await registry.resolve({ name: 'models/fraud', alias: 'v47' })).value).toEqual({
      name: 'models/fraud',
      version: DIGEST,
      uri: `oci://${server.host}/models/fraud@${DIGEST}`,
      digest: DIGEST,
      created: '2026-10-01T00:00:00.000Z',
      status: 'ready',
      approval: 'unknown',
      metrics: {},
      tags: { 'org.opencontainers.image.created': '2026-10-01T00:00:00Z' },
      datasets: {},
    });
    expect(
      server.seen.slice(0, 3).map(({ method, path, query, headers }) => [method, path, query, headers.authorization]),
    ).toEqual([
      ['HEAD', `${REPOSITORY}/manifests/v47`, {}, undefined],
      ['GET', '/token', { service: 'registry', scope: 'repository:models/fraud:pull' }, undefined],
      ['HEAD', `${REPOSITORY}/manifests/v47`, {}, 'Bearer granted'],
    ]);
  });

  test('gets its token with user and password of the environment', async () => {
    const server = await serve(routes());
    const { deps } = world({ env: { OCI_HOST: server.host, OCI_USERNAME: 'ann', OCI_PASSWORD: 'pw' } });
    await (
      await openRegistry('models', { kind: 'oci', host: server.host }, deps)
    ).resolve({ name: 'models/fraud', alias: 'v47' });
    expect(server.seen.find(({ path }) => path === '/token')?.headers.authorization).toBe(
      `Basic ${Buffer.from('ann:pw').toString('base64')}`,
    );
  });

  test('does not get user and password of another registry', async () => {
    const { registry, server } = await models(routes(), {
      env: { OCI_HOST: 'other.example.com', OCI_USERNAME: 'ann', OCI_PASSWORD: 'pw' },
    });
    await registry.resolve({ name: 'models/fraud', alias: 'v47' });
    expect(server.seen.find(({ path }) => path === '/token')?.headers.authorization).toBeUndefined();
  });

  test('gets its token with what crane knows, when the environment has nothing', async () => {
    const server = await serve(routes());
    const { deps } = world({ programs: { [`crane auth get ${server.host}`]: '{"Username":"bob","Secret":"pw"}' } });
    await (
      await openRegistry('models', { kind: 'oci', host: server.host }, deps)
    ).resolve({ name: 'models/fraud', alias: 'v47' });
    expect(server.seen.find(({ path }) => path === '/token')?.headers.authorization).toBe(
      `Basic ${Buffer.from('bob:pw').toString('base64')}`,
    );
  });

  test('never sends a password to a token server of another host over http', async () => {
    const thief = await serve({ 'GET /token': { json: { token: 'granted' } } });
    const server = await serve(routes(MANIFEST, `${thief.url}/token`));
    const { deps } = world({ env: { OCI_HOST: server.host, OCI_USERNAME: 'ann', OCI_PASSWORD: 'pw' } });
    const registry = await openRegistry('models', { kind: 'oci', host: server.host }, deps);
    expect((await registry.resolve({ name: 'models/fraud', alias: 'v47' })).findings.map(({ id }) => id)).toEqual([
      'registry/credentials',
    ]);
    expect(thief.seen).toEqual([]);
  });
});

describe('what is refused', () => {
  test('a tag that is not there', async () => {
    const { registry, server } = await models(routes());
    expect((await registry.resolve({ name: 'models/fraud', alias: 'v9' })).findings[0]?.message).toBe(
      `there is no tag "v9" of "models/fraud" at ${server.host}`,
    );
  });

  test('a tag as version', async () => {
    const { registry } = await models(routes());
    const [finding] = (await registry.resolve({ name: 'models/fraud', version: 'v47' })).findings;
    expect([finding?.id, finding?.fix]).toEqual([
      'registry/request',
      'ask for a tag as "models/fraud@v47"; a release locks its digest',
    ]);
  });

  test.each(['application/vnd.cncf.model.manifest.v1+json', 'application/vnd.kitops.modelkit.config.v1+json'])(
    'an artifact of type %s, which KServe does not unpack',
    async (artifactType) => {
      const manifest = JSON.stringify({ schemaVersion: 2, artifactType });
      const { registry } = await models(routes(manifest));
      expect((await registry.describe('models/fraud', digestOf(manifest))).findings.map(({ id }) => id)).toEqual([
        'registry/place',
      ]);
    },
  );

  test('a manifest that is not the one of its digest', async () => {
    const { registry } = await models({ ...routes(), [`GET ${REPOSITORY}/manifests/${DIGEST}`]: { text: '{}' } });
    expect((await registry.describe('models/fraud', DIGEST)).findings.map(({ id }) => id)).toEqual(['registry/answer']);
  });
});

test('a tag that moved and a manifest that is gone are drift', async () => {
  const { registry, server } = await models({
    ...routes(),
    [`HEAD ${REPOSITORY}/manifests/v47`]: { headers: { 'docker-content-digest': `sha256:${'5'.repeat(64)}` } },
  });
  const pin = {
    name: 'models/fraud',
    version: DIGEST,
    uri: `oci://${server.host}/models/fraud@${DIGEST}`,
    digest: DIGEST,
    alias: 'v47',
  };
  expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['alias-moved']);
  const gone = `sha256:${'0'.repeat(64)}`;
  const old = { name: 'models/fraud', version: gone, uri: `oci://${server.host}/models/fraud@${gone}` };
  expect((await registry.verify(old)).map(({ kind }) => kind)).toEqual(['version-deleted', 'bytes-changed']);
});
