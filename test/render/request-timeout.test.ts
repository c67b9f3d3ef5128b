import { expect, test } from 'vitest';
import { requestTimeout, workloadTimeout } from '../../src/render/request-timeout.ts';
import { targetOf } from '../support/target.ts';

const resources = { cpu: '1', memory: '1Gi' };
const model = { uri: 's3://ml-models/a/v46/' };

test.each([
  ['sklearn', 30_000],
  ['vllm', 300_000],
  ['huggingface', 300_000],
] as const)('%s answers within %i ms, unless the service says something else', (framework, expected) => {
  const predictor = { framework, model, resources };
  expect(requestTimeout(targetOf({ spec: { predictor } }))).toBe(expected);
  expect(requestTimeout(targetOf({ spec: { predictor, traffic: { timeout: '1m30s' } } }))).toBe(90_000);
});

test('a model beside a language model keeps its own timeout, the service takes the longest', () => {
  const target = targetOf({
    spec: {
      predictor: { framework: 'vllm', model, resources },
      models: { embedding: { framework: 'sklearn', model, resources } },
      function: { image: 'registry.example.com/rag:1.0.0', resources },
    },
  });
  const byPart = Object.fromEntries(
    target.serving.workloads.map((workload) => [workload.part, workloadTimeout(target, workload)]),
  );
  expect(byPart).toEqual({ function: 300_000, predictor: 300_000, embedding: 30_000 });
  expect(requestTimeout(target)).toBe(300_000);
});
