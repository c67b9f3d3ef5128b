import { compareVersions } from '../core/version.ts';
import type { KnownHistogram } from './metrics.ts';

/** What vLLM says about itself. The colon is part of the names. Labels of its own: `model_name`, `engine`. */
export const VLLM = {
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  promptTokens: 'vllm:prompt_tokens_total',
  generatedTokens: 'vllm:generation_tokens_total',
  preemptions: 'vllm:num_preemptions_total',
  /** Requests that ended, by `finished_reason`; aborted ones are among them, whatever the name says. */
  finished: 'vllm:request_success_total',
  /** Seconds until the first token; a histogram. */
  timeToFirstToken: 'vllm:time_to_first_token_seconds',
} as const;

/** Requests, by the server itself: `handler` is the path, `status` the class of the code (vllm v0.6 to v0.11 entrypoints/openai/api_server.py). */
export const VLLM_HTTP_REQUESTS = 'http_requests_total';

/** Time to the first token, with its buckets (vllm v0.8 to v0.11 v1/metrics/loggers.py). */
export const VLLM_FIRST_TOKEN: KnownHistogram = {
  name: VLLM.timeToFirstToken,
  unit: 'seconds',
  bounds: [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
  ],
};

/** A metric that vLLM renamed: what it is called up to some version, and from then on. */
interface Renamed {
  readonly before: string;
  readonly since: string;
  readonly now: string;
  /** The first version without the old name; until then both are there. */
  readonly gone: string;
}

/** Share of the KV cache that is used, 0 to 1 (vllm-project/vllm, 0.10; the old name went with #29330). */
const KV_CACHE: Renamed = {
  before: 'vllm:gpu_cache_usage_perc',
  since: '0.10',
  now: 'vllm:kv_cache_usage_perc',
  gone: '0.12',
};

/** Seconds from one token to the next; a histogram (vllm-project/vllm#24110, 0.11). */
const BETWEEN_TOKENS: Renamed = {
  before: 'vllm:time_per_output_token_seconds',
  since: '0.11',
  now: 'vllm:inter_token_latency_seconds',
  gone: '0.12',
};

/** Names of the share of the KV cache that is used. @param version of vLLM; `undefined` when the image does not say. */
export function kvCacheUsage(version: string | undefined): string[] {
  return namesOf(KV_CACHE, version);
}

/** Names of the histogram of the time between tokens. @param version of vLLM; `undefined` when the image does not say. */
export function timeBetweenTokens(version: string | undefined): string[] {
  return namesOf(BETWEEN_TOKENS, version);
}

/**
 * The version of vLLM that an image says it has. Only of vLLM's own images: what a tag of another one means, nobody knows.
 *
 * @example vllmVersion('vllm/vllm-openai:v0.24.0@sha256:…') // '0.24.0'
 */
export function vllmVersion(image: string): string | undefined {
  return /(?:^|\/)vllm\/vllm-openai(?:-cpu)?:v(\d+\.\d+(?:\.\d+)?)(?:@|$)/.exec(image)?.[1];
}

/** The newer name first; both where either may be there. */
function namesOf({ before, since, now, gone }: Renamed, version: string | undefined): string[] {
  if (version === undefined) return [now, before];
  if (compareVersions(version, gone) >= 0) return [now];
  return compareVersions(version, since) >= 0 ? [now] : [before];
}
