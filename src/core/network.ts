/** The network, for commands alone: synth has none. It is handed in, so that tests decide what it is. */
export interface Network {
  readonly fetch: typeof globalThis.fetch;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The real network: `fetch` goes through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name (Node.js 20 ignores
 * them by itself).
 *
 * @example const { fetch } = await realNetwork(process.env);
 */
export function realNetwork(env: Environment): Promise<Network> {
  return Promise.resolve({
    fetch: proxiedFetch(env),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: Date.now,
  });
}

function proxiedFetch(env: Environment): typeof fetch {
  const variable = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined;
  const [httpProxy, httpsProxy, noProxy] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(variable);
  if (httpProxy === undefined && httpsProxy === undefined) return fetch;
  const load = async (): Promise<typeof fetch> => {
    const { EnvHttpProxyAgent, fetch: proxied } = await import('undici');
    try {
      const dispatcher = new EnvHttpProxyAgent({
        ...(httpProxy === undefined ? {} : { httpProxy }),
        ...(httpsProxy === undefined ? {} : { httpsProxy }),
        noProxy: noProxy ?? '',
      });
      return ((input: string, init: object) => proxied(input, { ...init, dispatcher })) as unknown as typeof fetch;
    } catch {
      // What it says repeats the address, perhaps with a password.
      throw Object.assign(new Error('the proxy has no valid address'), { code: 'INVALID_PROXY_ADDRESS' });
    }
  };
  // With the first request, since it takes 0.1 s: who only reads files does not wait, nor fails, for the proxy.
  let loaded: Promise<typeof fetch> | undefined;
  return async (input, init) => (await (loaded ??= load()))(input, init);
}

/** What an attempt came to. */
export interface Attempt<T> {
  readonly result: T;
  /** Whether another attempt may come to more. */
  readonly retry: boolean;
  /** What the server answered, where it did: `Retry-After` is read from it. */
  readonly headers?: Headers | undefined;
}

/** When attempts end. */
export interface Patience {
  /** Attempts at most. */
  readonly attempts: number;
  /** The longest wait, in milliseconds, that a server may ask for; one that wants more gets no other attempt. */
  readonly longestWait: number;
}

/** What the last attempt came to, and why it was the last. */
export interface Tried<T> {
  readonly result: T;
  readonly end: 'done' | 'attempts' | 'wait';
  /** The wait that was not granted, in milliseconds. */
  readonly wait?: number;
}

/** Tries until it is done: after 1, 2, 4 s and so on, or what `Retry-After` says. */
export async function withRetries<T>(
  attempt: () => Promise<Attempt<T>>,
  { attempts, longestWait }: Patience,
  { sleep, now }: Pick<Network, 'sleep' | 'now'>,
): Promise<Tried<T>> {
  for (let count = 1; ; count += 1) {
    const { result, retry, headers } = await attempt();
    if (!retry) return { result, end: 'done' };
    const wait = retryAfter(headers, now()) ?? 1000 * 2 ** (count - 1);
    if (wait > longestWait) return { result, end: 'wait', wait };
    if (count >= attempts) return { result, end: 'attempts' };
    await sleep(wait);
  }
}

/** `Retry-After` in milliseconds from now: a number of seconds or a date (RFC 9110 §10.2.3). */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const value = headers?.get('retry-after') ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * What the network did, in words without a secret: codes only, since messages of the network layer may repeat a URL with its
 * query, or that of a proxy with its password.
 *
 * @param timeout of the request, in milliseconds.
 * @example networkFailure(error, 30_000) // 'the network failed: ECONNREFUSED'
 */
export function networkFailure(error: unknown, timeout: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${timeout / 1000} s`;
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)
    ? `the network failed: ${code}`
    : 'the network failed';
}

/** The bytes of an answer, or `undefined` when they are more than `limit`: the rest of them is not read. */
export async function readAtMost(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
