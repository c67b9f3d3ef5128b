import { describe, expect, it } from 'vitest';
import { prometheusClient, prometheusCredentials, type Answer } from '../../src/gate/prometheus.ts';

const AT = new Date('2026-03-01T12:00:00.250Z');
const ok = (data: unknown, more: object = {}): Response => Response.json({ status: 'success', data, ...more });
const VECTOR = { resultType: 'vector', result: [{ metric: { job: 'a' }, value: [1772366400.25, '0.0123'] }] };

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** Answers one after the other; the last one for all that follow. */
function world(...replies: readonly (() => Response)[]): {
  deps: Parameters<typeof prometheusClient>[2];
  sent: Sent[];
  slept: number[];
} {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const fetch = ((url: string, init: RequestInit) => {
    sent.push({ url, init });
    return new Promise<Response>((resolve) => resolve(replies[Math.min(sent.length, replies.length) - 1]!()));
  }) as typeof globalThis.fetch;
  return { deps: { fetch, sleep: (ms) => Promise.resolve(void slept.push(ms)), now: () => AT.getTime() }, sent, slept };
}

async function ask(
  ...replies: readonly (() => Response)[]
): Promise<{ answer: Answer; slept: number[]; sent: Sent[] }> {
  const { deps, slept, sent } = world(...replies);
  const answer = await prometheusClient(
    'https://prometheus.example.com/base',
    { headers: { authorization: 'Bearer hunter2' } },
    deps,
  ).query('up', AT);
  return { answer, slept, sent };
}

describe('a query', () => {
  it('is a form that is posted, with its time, and asks Thanos for all of the data', async () => {
    const { answer, sent } = await ask(() => ok(VECTOR));
    expect(answer).toEqual([{ labels: { job: 'a' }, samples: [{ time: 1772366400.25, value: '0.0123' }] }]);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe('https://prometheus.example.com/base/api/v1/query');
    expect(sent[0]?.init).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: 'Bearer hunter2', 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(sent[0]?.init.body).toBe('query=up&time=1772366400.250&timeout=25s&partial_response=false');
  });

  it('over a range names start, end and step', async () => {
    const { deps, sent } = world(() =>
      ok({
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1, '1'],
              [2, 'NaN'],
            ],
          },
        ],
      }),
    );
    const client = prometheusClient('https://p.example.com', { headers: {} }, deps);
    const answer = await client.queryRange('up', { start: new Date(1000), end: new Date(2000), stepSeconds: 1 });
    expect(answer).toEqual([
      {
        labels: {},
        samples: [
          { time: 1, value: '1' },
          { time: 2, value: 'NaN' },
        ],
      },
    ]);
    expect(sent[0]?.init.body).toBe('query=up&start=1.000&end=2.000&step=1&timeout=25s&partial_response=false');
  });

  it('may give a scalar, or a native histogram, which has no value', async () => {
    expect((await ask(() => ok({ resultType: 'scalar', result: [5, '7'] }))).answer).toEqual([
      { labels: {}, samples: [{ time: 5, value: '7' }] },
    ]);
    const histogram = { resultType: 'vector', result: [{ metric: {}, histogram: [5, {}] }] };
    expect((await ask(() => ok(histogram))).answer).toEqual([{ labels: {}, samples: [] }]);
  });

  it('has no result when Prometheus warns; what it notes is no warning', async () => {
    expect((await ask(() => ok(VECTOR, { warnings: ['store\n down'] }))).answer).toEqual({
      problem: 'prometheus.example.com warns: store down',
      unreachable: false,
    });
    expect((await ask(() => ok(VECTOR, { infos: ['not a counter'] }))).answer).toHaveLength(1);
  });

  it.each([
    ['a string', { resultType: 'string', result: [5, 'x'] }],
    ['a number for a value', { resultType: 'vector', result: [{ metric: {}, value: [5, 7] }] }],
    ['nothing', undefined],
  ])('does not take %s for a result', async (_what, data) => {
    expect((await ask(() => ok(data))).answer).toEqual({
      problem: "prometheus.example.com gives a result that is not of Prometheus' form",
      unreachable: false,
    });
  });

  it('that is refused is not sent again', async () => {
    const refusal = (): Response =>
      Response.json({ status: 'error', errorType: 'execution', error: 'found duplicate series' }, { status: 422 });
    const { answer, sent } = await ask(refusal);
    expect(answer).toEqual({
      problem: 'prometheus.example.com answers 422: execution: found duplicate series',
      unreachable: false,
    });
    expect(sent).toHaveLength(1);
  });

  it('waits as long as it is told to, and asks three times at most', async () => {
    const busy = (): Response => new Response('<html>', { status: 503, headers: { 'retry-after': '7' } });
    expect((await ask(busy, () => ok(VECTOR))).slept).toEqual([7000]);
    const until = (): Response =>
      new Response('', { status: 429, headers: { 'retry-after': 'Sun, 01 Mar 2026 12:00:05 GMT' } });
    expect((await ask(until, () => ok(VECTOR))).slept).toEqual([4750]);
    const { answer, slept, sent } = await ask(() => new Response('', { status: 502 }));
    expect([slept, sent.length, answer]).toEqual([
      [1000, 2000],
      3,
      { problem: 'prometheus.example.com answers 502', unreachable: false },
    ]);
    expect((await ask(() => new Response('', { status: 429, headers: { 'retry-after': '3600' } }))).slept).toEqual([]);
  });

  it('says what the network did, and nothing that may be secret', async () => {
    const fails = (error: Error) => (): Response => {
      throw error;
    };
    const refused = new TypeError('fetch https://u:hunter2@proxy failed', {
      cause: Object.assign(new Error('hunter2'), { code: 'ECONNREFUSED' }),
    });
    expect((await ask(fails(refused))).answer).toEqual({
      problem: 'prometheus.example.com: the network failed: ECONNREFUSED',
      unreachable: true,
    });
    expect((await ask(fails(new DOMException('', 'TimeoutError')))).answer).toEqual({
      problem: 'prometheus.example.com: no answer within 30 s',
      unreachable: true,
    });
    expect((await ask(fails(new TypeError('hunter2')))).answer).toEqual({
      problem: 'prometheus.example.com: the network failed',
      unreachable: true,
    });
  });

  it('does not carry credentials to where a redirect leads', async () => {
    const { answer, sent } = await ask(
      () => new Response('', { status: 302, headers: { location: 'https://login.example.com' } }),
    );
    expect([answer, sent.length]).toEqual([
      { problem: 'prometheus.example.com redirects: give the address that it redirects to', unreachable: true },
      1,
    ]);
  });

  it('that is not authorised says where credentials come from', async () => {
    expect((await ask(() => new Response('', { status: 401 }))).answer).toEqual({
      problem: 'prometheus.example.com answers 401: see PROMETHEUS_TOKEN, or PROMETHEUS_USER and PROMETHEUS_PASSWORD',
      unreachable: true,
    });
  });
});

describe('credentials', () => {
  const headers = (env: Record<string, string>): unknown => prometheusCredentials(env).credentials.headers;
  const messages = (env: Record<string, string>): string[] =>
    prometheusCredentials(env).findings.map(({ where, message }) => `${where.field}: ${message}`);

  it('are a token, or a user with a password, and a tenant beside them', () => {
    expect(headers({})).toEqual({});
    expect(headers({ PROMETHEUS_TOKEN: 'abc', PROMETHEUS_ORG_ID: 'risk' })).toEqual({
      authorization: 'Bearer abc',
      'x-scope-orgid': 'risk',
    });
    expect(headers({ PROMETHEUS_USER: 'jörg', PROMETHEUS_PASSWORD: 'p:q', PROMETHEUS_TOKEN: '' })).toEqual({
      authorization: 'Basic asO2cmc6cDpx',
    });
  });

  it('are not half of something, and no two things', () => {
    expect(messages({ PROMETHEUS_USER: 'a' })).toEqual(['PROMETHEUS_PASSWORD: of user and password one is missing']);
    expect(messages({ PROMETHEUS_PASSWORD: 'hunter2' })).toEqual([
      'PROMETHEUS_USER: of user and password one is missing',
    ]);
    expect(messages({ PROMETHEUS_TOKEN: 'hunter2', PROMETHEUS_USER: 'a' })).toEqual([
      'PROMETHEUS_TOKEN: there are a token and a user, and a request can carry one of them',
    ]);
  });

  it('that no header can carry are refused without being shown', () => {
    expect(messages({ PROMETHEUS_TOKEN: 'hunter2\n' })).toEqual([
      'PROMETHEUS_TOKEN: it has white space or other characters that no HTTP header can carry',
    ]);
  });
});
