import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  networkFailure,
  readAtMost,
  realNetwork,
  withRetries,
  type Attempt,
  type Tried,
} from '../../src/core/network.ts';
import { serve } from '../release/registries/server.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

describe('attempts', () => {
  const failed: Attempt<string> = { result: 'failed', retry: true };
  const fine: Attempt<string> = { result: 'fine', retry: false };
  const busy = (after: string): Attempt<string> => ({
    result: 'busy',
    retry: true,
    headers: new Headers({ 'retry-after': after }),
  });

  /** What attempts that come to this end in, and the waits between them; it is noon for ever. */
  async function tried(...outcomes: readonly Attempt<string>[]): Promise<[Tried<string>, number[]]> {
    const waits: number[] = [];
    const left = outcomes.values();
    const sleep = (wait: number): Promise<void> => Promise.resolve(void waits.push(wait));
    const end = await withRetries(
      () => Promise.resolve(left.next().value!),
      { attempts: 3, longestWait: 60_000 },
      { sleep, now: () => NOON },
    );
    return [end, waits];
  }

  test('are made after 1 and 2 s until one is fine', async () => {
    expect(await tried(fine)).toEqual([{ result: 'fine', end: 'done' }, []]);
    expect(await tried(failed, failed, fine)).toEqual([{ result: 'fine', end: 'done' }, [1000, 2000]]);
  });

  test('end when there were as many as are granted', async () => {
    expect(await tried(failed, failed, failed)).toEqual([{ result: 'failed', end: 'attempts' }, [1000, 2000]]);
  });

  test.each([
    ['a number of seconds', '7', 7000],
    ['a date', new Date(NOON + 12_000).toUTCString(), 12_000],
    ['a date that is over', new Date(NOON - 12_000).toUTCString(), 0],
    ['something else', 'soon', 1000],
  ])('wait for what Retry-After says when it is %s', async (_what, after, wait) => {
    expect(await tried(busy(after), fine)).toEqual([{ result: 'fine', end: 'done' }, [wait]]);
  });

  test('end at once when a server wants more patience than it gets', async () => {
    expect(await tried(busy('61'))).toEqual([{ result: 'busy', end: 'wait', wait: 61_000 }, []]);
  });
});

test('what the network did is named by its code, and by nothing that may be secret', () => {
  const refused = new TypeError('fetch https://u:hunter2@proxy failed', {
    cause: Object.assign(new Error('hunter2'), { code: 'ECONNREFUSED' }),
  });
  expect(networkFailure(refused, 30_000)).toBe('the network failed: ECONNREFUSED');
  expect(networkFailure(new DOMException('', 'TimeoutError'), 30_000)).toBe('no answer within 30 s');
  expect(networkFailure(Object.assign(new Error(), { code: 'hunter2' }), 30_000)).toBe('the network failed');
});

test('an answer is read to its limit, and no further', async () => {
  expect((await readAtMost(new Response('12345'), 5))?.toString()).toBe('12345');
  expect(await readAtMost(new Response('123456'), 5)).toBeUndefined();
  expect(await readAtMost(new Response(null), 0)).toEqual(Buffer.alloc(0));
});

describe('a proxy of the environment', () => {
  /** A proxy that connects everything to one server, and the hosts that it was asked for. */
  async function proxyTo(target: string): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      asked.push(request.url ?? '');
      const { hostname, port } = new URL(target);
      const upstream = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
  }

  test.each(['HTTP_PROXY', 'http_proxy'])('%s is used', async (variable) => {
    const server = await serve({ 'GET /version': { text: 'ok' } });
    const proxy = await proxyTo(server.url);
    const { fetch } = await realNetwork({ [variable]: proxy.url });
    expect(await (await fetch('http://mlflow.invalid/version', { redirect: 'manual' })).text()).toBe('ok');
    expect(proxy.asked).toEqual(['mlflow.invalid:80']);
  });

  test('is not used for hosts of NO_PROXY', async () => {
    const server = await serve({ 'GET /version': { text: 'ok' } });
    const proxy = await proxyTo(server.url);
    const { fetch } = await realNetwork({ HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
    expect(await (await fetch(`${server.url}/version`)).text()).toBe('ok');
    expect(proxy.asked).toEqual([]);
  });

  test.each(['http://user:hunter2@[proxy', 'user:hunter2@proxy:3128', 'http://user:hunter2%@proxy:3128'])(
    '%s is no address, which is said without it',
    async (url) => {
      const { fetch } = await realNetwork({ HTTPS_PROXY: url });
      const error: unknown = await fetch('https://mlflow.invalid/version').catch((thrown: unknown) => thrown);
      expect(networkFailure(error, 30_000)).toBe('the network failed: INVALID_PROXY_ADDRESS');
      expect(inspect(error)).not.toContain('hunter2');
    },
  );
});
