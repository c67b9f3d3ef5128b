import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { openRegistry } from '../../../src/release/registries/open.ts';
import type { Registry } from '../../../src/release/registries/registry.ts';
import { serve, type Routes, type Server } from './server.ts';
import { world } from './world.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const OTHER = 'f'.repeat(40);
const MODEL = '/api/models/acme/support-llm';

const FILES = [
  { type: 'directory', path: 'onnx', oid: 'd1' },
  { type: 'file', path: 'model.safetensors', size: 5, oid: 'pointer', lfs: { oid: 'aa11' } },
  { type: 'file', path: 'config.json', size: 2, oid: 'bb22' },
];

const ROUTES: Routes = {
  [`GET ${MODEL}/revision/v1.0`]: { json: { id: 'acme/support-llm', sha: SHA } },
  [`GET ${MODEL}/revision/${SHA}`]: { json: { id: 'acme/support-llm', sha: SHA } },
  [`GET ${MODEL}/tree/${SHA}`]: { json: FILES },
};

async function hub(routes: Routes, env: Record<string, string> = {}): Promise<{ registry: Registry; server: Server }> {
  const server = await serve(routes);
  return {
    registry: await openRegistry('hub', { kind: 'huggingface', endpoint: server.url }, world({ env }).deps),
    server,
  };
}

describe('a model of the Hub', () => {
  test('is locked to the commit of a tag, with a digest of its files', async () => {
    const { registry } = await hub(ROUTES);
    expect(await registry.resolve({ name: 'acme/support-llm', alias: 'v1.0' })).toEqual({
      value: {
        name: 'acme/support-llm',
        version: SHA,
        uri: `hf://acme/support-llm:${SHA}`,
        digest: `content-tree:${sha256('config.json\t2\tbb22\nmodel.safetensors\t5\taa11')}`,
        status: 'ready',
        approval: 'unknown',
        metrics: {},
        tags: {},
        datasets: {},
      },
      findings: [],
    });
  });

  test('has the same digest when the files come in pages and in another order', async () => {
    const digestOf = async (routes: Routes): Promise<string | undefined> =>
      (await (await hub(routes)).registry.describe('acme/support-llm', SHA)).value?.digest;
    const whole = await digestOf(ROUTES);
    const paged = await digestOf({
      ...ROUTES,
      [`GET ${MODEL}/tree/${SHA}`]: ({ query }) =>
        query['cursor'] === 'two'
          ? { json: FILES.slice(0, 2) }
          : { json: FILES.slice(2), headers: { link: `<${MODEL}/tree/${SHA}?recursive=true&cursor=two>; rel="next"` } },
    });
    expect(paged).toBe(whole);
  });

  test('is not read on another server that a page names', async () => {
    const other = await serve({});
    const { registry } = await hub(
      {
        ...ROUTES,
        [`GET ${MODEL}/tree/${SHA}`]: { json: FILES, headers: { link: `<${other.url}/next>; rel="next"` } },
      },
      { HF_TOKEN: 't' },
    );
    await registry.describe('acme/support-llm', SHA);
    expect(other.seen).toEqual([]);
  });

  test('is asked for with HF_TOKEN where there is one', async () => {
    const { registry, server } = await hub(ROUTES, { HF_TOKEN: 'hub' });
    await registry.describe('acme/support-llm', SHA);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer hub', 'Bearer hub']);
  });
});

describe('what is refused', () => {
  test.each([
    ['gpt2', SHA, '"gpt2" is not <owner>/<name>'],
    ['acme/support-llm', 'main', 'version "main" of "acme/support-llm" is not a commit of 40 hex digits'],
    ['acme/support-llm', 'abc1234', 'version "abc1234" of "acme/support-llm" is not a commit of 40 hex digits'],
  ])('%s:%s, without asking', async (name, version, message) => {
    const { registry, server } = await hub(ROUTES);
    expect((await registry.describe(name, version)).findings.map(({ id, message: said }) => [id, said])).toEqual([
      ['registry/request', message],
    ]);
    expect(server.seen).toEqual([]);
  });

  test('a revision that is not there', async () => {
    const { registry } = await hub(ROUTES);
    expect((await registry.resolve({ name: 'acme/support-llm', alias: 'v9' })).findings[0]?.message).toBe(
      'there is no revision "v9" of "acme/support-llm" on the Hub',
    );
  });

  test('a gated model whose conditions nobody accepted', async () => {
    const { registry } = await hub({
      ...ROUTES,
      [`GET ${MODEL}/revision/${SHA}`]: { status: 403, json: { error: 'gated' } },
    });
    expect((await registry.describe('acme/support-llm', SHA)).findings.map(({ id, fix }) => [id, fix])).toEqual([
      [
        'registry/credentials',
        'set HF_TOKEN to a token that may read the model; accept its conditions on the Hub when it is gated',
      ],
    ]);
  });
});

test('a branch that moved is drift, and other files under the same commit too', async () => {
  const { registry } = await hub({ ...ROUTES, [`GET ${MODEL}/revision/main`]: { json: { sha: OTHER } } });
  const pin = {
    name: 'acme/support-llm',
    version: SHA,
    uri: `hf://acme/support-llm:${SHA}`,
    digest: 'content-tree:00',
    alias: 'main',
  };
  expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['alias-moved', 'bytes-changed']);
});
