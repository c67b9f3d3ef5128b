import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { send } from '../../../src/release/registries/http.ts';
import { serve } from './server.ts';
import { NOON, world } from './world.ts';

const authorize = (): Record<string, string> => ({ authorization: 'Bearer t' });

describe('a server that is busy', () => {
  test('is asked again after 1, 2 and 4 s', async () => {
    let calls = 0;
    const server = await serve({ 'GET /': () => ((calls += 1) < 4 ? { status: 503 } : { json: 'ok' }) });
    const { deps, slept } = world();
    expect((await send({ url: `${server.url}/` }, deps)).status).toBe(200);
    expect(slept).toEqual([1000, 2000, 4000]);
  });

  test.each([
    ['a number of seconds', '7', 7000],
    ['a date', new Date(NOON + 12_000).toUTCString(), 12_000],
    ['a date that is over', new Date(NOON - 12_000).toUTCString(), 0],
    ['something else', 'soon', 1000],
  ])('is asked again after its Retry-After, which is %s', async (_name, after, wait) => {
    let calls = 0;
    const server = await serve({
      'GET /': () => ((calls += 1) < 2 ? { status: 429, headers: { 'retry-after': after } } : { json: 'ok' }),
    });
    const { deps, slept } = world();
    expect((await send({ url: `${server.url}/` }, deps)).status).toBe(200);
    expect(slept).toEqual([wait]);
  });

  test('is given up after four attempts', async () => {
    const server = await serve({ 'GET /': { status: 500 } });
    expect(await send({ url: `${server.url}/` }, world().deps)).toMatchObject({
      status: undefined,
      reason: 'it answers 500 (tried 4 times)',
    });
    expect(server.seen.length).toBe(4);
  });

  test('is given up at once when it wants to be left alone for longer than a minute', async () => {
    const server = await serve({ 'GET /': { status: 429, headers: { 'retry-after': '3600' } } });
    expect(await send({ url: `${server.url}/` }, world().deps)).toMatchObject({
      reason: 'it answers 429, and asks to come back in 3600 s',
    });
    expect(server.seen.length).toBe(1);
  });

  test('is not asked again when it refuses', async () => {
    const server = await serve({ 'GET /': { status: 403 } });
    expect((await send({ url: `${server.url}/` }, world().deps)).status).toBe(403);
    expect(server.seen.length).toBe(1);
  });
});

test('credentials are asked for at every attempt, since signatures age', async () => {
  let calls = 0;
  const server = await serve({ 'GET /': { status: 503 } });
  await send({ url: `${server.url}/`, authorize: () => ({ authorization: `attempt ${(calls += 1)}` }) }, world().deps);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    'attempt 1',
    'attempt 2',
    'attempt 3',
    'attempt 4',
  ]);
});

test('a network that fails is named by its code', async () => {
  const refused = createServer();
  await new Promise<void>((resolve) => refused.listen(0, '127.0.0.1', resolve));
  const { port } = refused.address() as AddressInfo;
  await new Promise((resolve) => refused.close(resolve));
  expect(await send({ url: `http://127.0.0.1:${port}/` }, world().deps)).toEqual({
    status: undefined,
    reason: 'the network failed: ECONNREFUSED (tried 4 times)',
  });
});

test('a server that says nothing is left after 30 s', async () => {
  const { deps } = world();
  const timedOut = (): Promise<Response> =>
    Promise.reject(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  expect(await send({ url: 'https://mlflow.example.com/' }, { ...deps, fetch: timedOut })).toEqual({
    status: undefined,
    reason: 'no answer within 30 s (tried 4 times)',
  });
});

describe('redirects', () => {
  test('are followed with credentials on the same server', async () => {
    const server = await serve({
      'GET /old': { status: 307, headers: { location: '/new' } },
      'GET /new': { json: 'ok' },
    });
    expect((await send({ url: `${server.url}/old`, authorize }, world().deps)).status).toBe(200);
    expect(server.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/old', 'Bearer t'],
      ['/new', 'Bearer t'],
    ]);
  });

  test('never take credentials to another server', async () => {
    const other = await serve({ 'GET /new': { json: 'ok' } });
    const server = await serve({ 'GET /old': { status: 302, headers: { location: `${other.url}/new` } } });
    expect(
      (await send({ url: `${server.url}/old`, authorize, headers: { accept: 'text/plain; q=1' } }, world().deps))
        .status,
    ).toBe(200);
    expect(other.seen.map(({ headers }) => [headers.authorization, headers.accept])).toEqual([
      [undefined, 'text/plain; q=1'],
    ]);
  });

  test('from https to http are refused', async () => {
    const { deps } = world();
    const fetch = (): Promise<Response> =>
      Promise.resolve(new Response(null, { status: 301, headers: { location: 'http://mlflow.example.com/' } }));
    expect(await send({ url: 'https://mlflow.example.com/' }, { ...deps, fetch })).toEqual({
      status: undefined,
      reason: 'it redirects to an address that is not https',
    });
  });

  test('that go in circles end', async () => {
    const server = await serve({ 'GET /': { status: 302, headers: { location: '/' } } });
    expect(await send({ url: `${server.url}/` }, world().deps)).toEqual({
      status: undefined,
      reason: 'it redirects more than 5 times',
    });
  });
});

test('an answer without end is not read', async () => {
  const server = await serve({ 'GET /': { text: 'x'.repeat(17 * 1024 * 1024) } });
  expect(await send({ url: `${server.url}/` }, world().deps)).toEqual({
    status: undefined,
    reason: 'its answer is larger than 16 MB',
  });
});
