import { describe, expect, test } from 'vitest';
import { movingImage } from '../../src/service/image.ts';
import {
  defaultImage,
  protocolOf,
  readinessPath,
  requestPath,
  RUNTIMES,
  type RuntimeFramework,
} from '../../src/service/runtime.ts';
import { frameworks, modelServer } from '../../src/service/workload.ts';

const withRuntime = Object.keys(RUNTIMES) as RuntimeFramework[];

test('every framework but custom has a runtime', () => {
  expect([...withRuntime].sort()).toEqual(frameworks.filter((framework) => framework !== 'custom').sort());
});

test.each(withRuntime)('the default images of %s are pinned, with and without a GPU', (framework) => {
  expect(movingImage(defaultImage(framework, '0.20.0', false))).toBeUndefined();
  expect(movingImage(defaultImage(framework, '0.20.0', true))).toBeUndefined();
});

test("KServe's own servers follow KServe's version, others do not", () => {
  expect(defaultImage('sklearn', '0.20.0', false)).toBe('kserve/sklearnserver:v0.20.0');
  expect(defaultImage('sklearn', '0.19.1', false)).toBe('kserve/sklearnserver:v0.19.1');
  expect(defaultImage('sklearn', '0.19', false)).toBe('kserve/sklearnserver:v0.19.0');
  expect(defaultImage('triton', '0.19', false)).toBe(defaultImage('triton', '0.20.0', false));
});

test('an upgrade of KServe under way keeps the image of the older version', () => {
  expect(defaultImage('xgboost', ['0.19.0', '0.20.0'], false)).toBe('kserve/xgbserver:v0.19.0');
});

test('a GPU chooses another tag or repository where there is one', () => {
  expect(defaultImage('huggingface', '0.20.0', true)).toBe('kserve/huggingfaceserver:v0.20.0-gpu');
  expect(defaultImage('tensorflow', '0.20.0', true)).toBe('tensorflow/serving:2.6.2-gpu');
  expect(defaultImage('vllm', '0.20.0', true)).toBe('vllm/vllm-openai:v0.24.0');
  expect(defaultImage('vllm', '0.20.0', false)).toBe('vllm/vllm-openai-cpu:v0.24.0');
  expect(defaultImage('triton', '0.20.0', true)).toBe(defaultImage('triton', '0.20.0', false));
});

test('the default protocol is v2 where the server speaks it well', () => {
  const v1 = withRuntime.filter((framework) => protocolOf(framework, undefined) === 'v1');
  expect(v1.sort()).toEqual(['pytorch', 'tensorflow']);
  expect(protocolOf('sklearn', 'v1')).toBe('v1');
  expect(protocolOf('custom', undefined)).toBeUndefined();
});

test('request and readiness paths follow the protocol', () => {
  expect(requestPath('sklearn', 'v2', 'fraud')).toBe('/v2/models/fraud/infer');
  expect(requestPath('tensorflow', 'v1', 'fraud')).toBe('/v1/models/fraud:predict');
  expect(requestPath('huggingface', 'v2', 'assistant')).toBe('/openai/v1/chat/completions');
  expect(requestPath('vllm', 'v2', 'assistant')).toBe('/v1/chat/completions');
  expect(requestPath('custom', undefined, 'x')).toBeUndefined();
  expect(requestPath('custom', 'v2', 'x')).toBe('/v2/models/x/infer');
  expect(readinessPath('triton', 'v2', 'resnet50')).toBe('/v2/models/resnet50/ready');
  expect(readinessPath('tensorflow', 'v1', 'fraud')).toBe('/v1/models/fraud');
  expect(readinessPath('vllm', 'v2', 'a/b')).toBe('/health');
});

describe('the served name', () => {
  const server = { model: { uri: 's3://m/a/v1/' }, resources: { cpu: '1', memory: '1Gi' } };
  const messages = (input: object): string[] =>
    (modelServer.safeParse({ ...server, ...input }).error?.issues ?? []).map(
      (issue) => `${issue.path.join('.')}: ${issue.message}`,
    );

  test.each(withRuntime.filter((framework) => RUNTIMES[framework].servedName === 'repository'))(
    'must be declared for %s, which takes it from the model',
    (framework) => {
      expect(messages({ framework })).toEqual([
        expect.stringMatching(/^servedName: framework \w+ serves a model under /),
      ]);
      expect(messages({ framework, servedName: 'resnet50' })).toEqual([]);
    },
  );

  test('has a default for every other framework', () => {
    for (const framework of withRuntime.filter((one) => RUNTIMES[one].servedName !== 'repository'))
      expect(messages({ framework })).toEqual([]);
  });

  test('holds a slash only where it stands in no path', () => {
    expect(messages({ framework: 'vllm', servedName: 'acme/support' })).toEqual([]);
    expect(messages({ framework: 'huggingface', servedName: 'acme/support' })).toEqual([
      'servedName: "acme/support" stands in request paths, where "/" separates',
    ]);
  });
});
