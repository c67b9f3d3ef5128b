import { networkFailure, readAtMost, withRetries, type Attempt, type Network } from '../../core/network.ts';

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;
const REDIRECTS = 5;
/** A registry that wants more patience than this gets none. */
const LONGEST_WAIT_MS = 60_000;
/** The largest answer that makes sense is a page of 1,000 objects. */
const SIZE_LIMIT = 16 * 1024 * 1024;

/** A request that only reads, so that it can be sent again. */
export interface HttpRequest {
  readonly url: string;
  /** Default: `GET`. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * Headers that carry credentials. Asked for at every attempt, since signatures age; never sent to another origin than
   * that of `url`, whatever a redirect says.
   */
  readonly authorize?: () => Readonly<Record<string, string>>;
  /** Whether an answer besides 429 and 5xx says to come back later: SageMaker throttles with 400. */
  readonly busy?: (reply: Reply) => boolean;
}

/** What a server answered, whatever its status is. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Why there is no answer, in words that hold no secret. */
export interface NoReply {
  readonly status: undefined;
  readonly reason: string;
}

/**
 * Sends a request: 30 s per attempt, and at most four attempts when the network fails or the server answers 429 or 5xx,
 * after 1, 2 and 4 s or what `Retry-After` says (at most 60 s). Follows up to five redirects, never from https to http.
 *
 * @example const reply = await send({ url: 'https://mlflow.example.com/version' }, deps);
 */
export async function send(request: HttpRequest, deps: Network): Promise<Reply | NoReply> {
  const attempt = async (): Promise<Attempt<Reply | Failure>> => {
    const result = await once(request, deps);
    if (result.status === undefined) return { result, retry: !result.final };
    const { status, headers } = result;
    return { result, retry: status >= 500 || status === 429 || request.busy?.(result) === true, headers };
  };
  const {
    result,
    end,
    wait = 0,
  } = await withRetries(attempt, { attempts: ATTEMPTS, longestWait: LONGEST_WAIT_MS }, deps);
  if (end === 'done') return result.status === undefined ? { status: undefined, reason: result.reason } : result;
  const reason = result.status === undefined ? result.reason : `it answers ${result.status}`;
  const why = end === 'wait' ? `, and asks to come back in ${Math.ceil(wait / 1000)} s` : ` (tried ${ATTEMPTS} times)`;
  return { status: undefined, reason: `${reason}${why}` };
}

type Failure = NoReply & { readonly final: boolean };

async function once(
  { url, method = 'GET', headers = {}, body, authorize }: HttpRequest,
  deps: Network,
): Promise<Reply | Failure> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { origin } = new URL(url);
  let at = url;
  try {
    for (let hop = 0; hop <= REDIRECTS; hop += 1) {
      const own = new URL(at).origin === origin;
      const response = await deps.fetch(at, {
        method,
        headers: { ...headers, ...(own ? authorize?.() : {}) },
        redirect: 'manual',
        signal,
        ...(body === undefined ? {} : { body }),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        const bytes = await readAtMost(response, SIZE_LIMIT);
        return bytes === undefined
          ? failure(`its answer is larger than ${SIZE_LIMIT / 1024 / 1024} MB`, true)
          : { status: response.status, headers: response.headers, text: bytes.toString('utf8') };
      }
      await response.body?.cancel();
      if (method === 'POST') return failure('it redirects a POST', true);
      const next = new URL(location, at);
      if (next.protocol !== 'https:' && next.protocol !== new URL(at).protocol)
        return failure('it redirects to an address that is not https', true);
      at = next.href;
    }
    return failure(`it redirects more than ${REDIRECTS} times`, true);
  } catch (error) {
    return failure(networkFailure(error, TIMEOUT_MS), false);
  }
}

function failure(reason: string, final: boolean): Failure {
  return { status: undefined, reason, final };
}
