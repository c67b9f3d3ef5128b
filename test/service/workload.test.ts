import { describe, expect, it } from 'vitest';
import { modelServer } from '../../src/service/workload.ts';

const SERVER = {
  framework: 'vllm',
  image: 'registry.example.com/llm-d:0.10.0',
  model: { uri: 's3://ml-models/support-llm/v46/' },
  resources: { cpu: '8', memory: '64Gi', gpu: 1 },
};

/** Where something is wrong, and what. */
function wrong(more: object): string[] {
  const { error } = modelServer.safeParse({ ...SERVER, ...more });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it('a container runs as a user with a number, which is not that of root', () => {
  expect(wrong({ runAsUser: 1000 })).toEqual([]);
  expect(wrong({ runAsUser: 0 })).toEqual([expect.stringMatching(/^runAsUser: /)]);
  expect(wrong({ runAsUser: 'app' })).toEqual([expect.stringMatching(/^runAsUser: /)]);
});

describe('a model on an LLMInferenceService', () => {
  it('may have adapters, or none', () => {
    expect(wrong({ llm: {} })).toEqual([]);
    expect(modelServer.parse({ ...SERVER, llm: {} }).llm).toEqual({ adapters: [] });
  });

  it('is served by vLLM', () => {
    expect(wrong({ framework: 'huggingface', llm: {} })).toEqual([
      'llm: an LLMInferenceService runs vLLM, and the framework is huggingface',
    ]);
  });

  it('has an image, since that of KServe changes with KServe', () => {
    expect(wrong({ image: undefined, llm: {} })).toEqual([
      'image: without an image KServe chooses one, and another one after an upgrade',
    ]);
  });

  it('has adapters with names of their own, each at one version', () => {
    const adapter = { name: 'billing', uri: 's3://ml-models/lora/billing/v3/' };
    expect(wrong({ llm: { adapters: [adapter, adapter] } })).toEqual([
      'llm.adapters.1.name: adapter billing stands there twice',
    ]);
    expect(wrong({ llm: { adapters: [{ name: 'billing', uri: 's3://ml-models/lora/billing/latest/' }] } })).toEqual([
      expect.stringMatching(/^llm\.adapters\.0\.uri: .*"latest"/),
    ]);
  });
});
