import { networkFailure, readAtMost, withRetries, type Attempt, type Network } from '../core/network.ts';

/** What a source may weigh; the OpenAPI document of a Kubernetes release has 4 MB. */
export const SIZE_LIMIT = 64 * 1024 * 1024;

/** What is said of a source that weighs more. */
export const TOO_LARGE = `it is larger than ${SIZE_LIMIT / 1024 / 1024} MB`;

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
/** A server that wants more patience than this gets none. */
const LONGEST_WAIT_MS = 60_000;
const REDIRECTS = 5;

/**
 * The bytes behind an https address. Tries three times when the network or the server fails (5xx, 429), after 1 and 2 s or
 * what `Retry-After` says (at most 60 s), gives every attempt 30 s, and stops reading at `SIZE_LIMIT`. Follows up to five
 * redirects, none of which may leave https.
 *
 * @returns the bytes, or in words without a secret what went wrong.
 * @example await fetchBytes('https://example.com/crds.yaml', await realNetwork(process.env))
 */
export async function fetchBytes(url: string, network: Network): Promise<Uint8Array | string> {
  const patience = { attempts: ATTEMPTS, longestWait: LONGEST_WAIT_MS };
  const { result, end, wait = 0 } = await withRetries(() => attempt(url, network), patience, network);
  if (typeof result !== 'string' || end === 'done') return result;
  const why = end === 'wait' ? `, and asks to come back in ${Math.ceil(wait / 1000)} s` : ` (tried ${ATTEMPTS} times)`;
  return `${result}${why}`;
}

async function attempt(url: string, network: Network): Promise<Attempt<Uint8Array | string>> {
  try {
    const response = await get(url, network);
    if (typeof response === 'string') return { result: response, retry: false };
    const { ok, status, headers } = response;
    if (ok) return { result: (await readAtMost(response, SIZE_LIMIT)) ?? TOO_LARGE, retry: false };
    await response.body?.cancel();
    return { result: `the server answers ${status}`, retry: status >= 500 || status === 429, headers };
  } catch (error) {
    return { result: networkFailure(error, TIMEOUT_MS), retry: true };
  }
}

/** By hand, since `fetch` follows redirects over http too, and shows the last address only. */
async function get(url: string, { fetch }: Network): Promise<Response | string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let at = url;
  for (let hop = 0; hop <= REDIRECTS; hop += 1) {
    const response = await fetch(at, { redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, at) ? new URL(location, at) : undefined;
    if (next?.protocol !== 'https:') return 'it redirects to an address that is not https';
    at = next.href;
  }
  return `it redirects more than ${REDIRECTS} times`;
}
