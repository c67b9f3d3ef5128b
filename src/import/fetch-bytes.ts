/** What a source may weigh; the OpenAPI document of a Kubernetes release has 4 MB. */
export const SIZE_LIMIT = 64 * 1024 * 1024;

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;

/**
 * The bytes behind an https address. Tries three times when the network or the server fails (5xx, 429), waits 1 s
 * and 2 s in between, gives every attempt 30 s, and stops reading at `SIZE_LIMIT`.
 *
 * @returns the bytes, or in words what went wrong.
 */
export async function fetchBytes(url: string): Promise<Uint8Array | string> {
  let reason = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, attempt * 1000));
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.redirected && !response.url.startsWith('https:'))
        return 'it redirects to an address that is not https';
      if (response.ok) return await read(response);
      reason = `the server answers ${response.status} ${response.statusText}`.trim();
      if (response.status < 500 && response.status !== 429) return reason;
    } catch (error) {
      reason = describe(error);
    }
  }
  return `${reason} (tried ${ATTEMPTS} times)`;
}

async function read(response: Response): Promise<Uint8Array | string> {
  const body: AsyncIterable<Uint8Array> | [] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > SIZE_LIMIT) return `it is larger than ${SIZE_LIMIT / 1024 / 1024} MB`;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `fetch failed` says nothing; the cause does. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
