import { describe, expect, test } from 'vitest';
import { kvCacheUsage, timeBetweenTokens, vllmVersion } from '../../src/promql/metrics-vllm.ts';

describe('the version of vLLM', () => {
  test.each([
    ['vllm/vllm-openai:v0.24.0', '0.24.0'],
    ['vllm/vllm-openai-cpu:v0.11.2@sha256:0f', '0.11.2'],
    ['mirror.example.com/vllm/vllm-openai:v0.9', '0.9'],
    ['registry.example.com/team/llm:v3.1.0', undefined],
    ['vllm/vllm-openai@sha256:0f', undefined],
    ['registry.example.com/notvllm/vllm-openai-own:v1.0.0', undefined],
  ])('of %s is %s', (image, version) => {
    expect(vllmVersion(image)).toBe(version);
  });
});

test.each([
  ['0.9.2', 'vllm:gpu_cache_usage_perc', 'vllm:time_per_output_token_seconds'],
  ['0.10.0', 'vllm:kv_cache_usage_perc', 'vllm:time_per_output_token_seconds'],
  ['0.11.0', 'vllm:kv_cache_usage_perc', 'vllm:inter_token_latency_seconds'],
  ['0.24.0', 'vllm:kv_cache_usage_perc', 'vllm:inter_token_latency_seconds'],
])('vLLM %s calls its cache and the time between tokens %s and %s', (version, cache, between) => {
  expect([kvCacheUsage(version), timeBetweenTokens(version)]).toEqual([[cache], [between]]);
});

test('of an image that does not say its version, both names are asked for', () => {
  expect(kvCacheUsage(undefined)).toEqual(['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc']);
});
