import { expect, test } from 'vitest';
import { mergeOverride, overrideSchema } from '../../src/service/overrides.ts';
import { aiService } from '../../src/service/service.ts';

const base = {
  owner: { team: 'risk-ml' },
  predictor: {
    framework: 'sklearn',
    resources: { cpu: '4', memory: '8Gi' },
    scaling: { min: 2, max: 20, target: { cpu: 70 } },
    args: ['--workers=2'],
    env: { LOG_LEVEL: 'info', HUB: { secret: 'hub', key: 'token' } },
  },
};

test('objects merge key by key, and what the override does not name stays', () => {
  expect(mergeOverride(aiService, base, { predictor: { scaling: { max: 4 } } })).toEqual({
    ...base,
    predictor: { ...base.predictor, scaling: { min: 2, max: 4, target: { cpu: 70 } } },
  });
});

test('arrays and unions replace', () => {
  const merged = mergeOverride(aiService, base, {
    predictor: { args: ['--workers=8'], scaling: { target: { memory: 60 } }, env: { HUB: 'none' } },
  });
  expect(merged).toMatchObject({
    predictor: {
      args: ['--workers=8'],
      scaling: { min: 2, max: 20, target: { memory: 60 } },
      env: { LOG_LEVEL: 'info', HUB: 'none' },
    },
  });
  expect((merged as typeof base).predictor.scaling.target).toEqual({ memory: 60 });
});

test('null unsets', () => {
  expect(mergeOverride(aiService, base, { predictor: { scaling: { target: null }, env: { HUB: null } } })).toEqual({
    ...base,
    predictor: { ...base.predictor, scaling: { min: 2, max: 20 }, env: { LOG_LEVEL: 'info' } },
  });
});

test('the inputs stay untouched', () => {
  const before = structuredClone(base);
  mergeOverride(aiService, base, { predictor: { env: { LOG_LEVEL: 'debug' } } });
  expect(base).toEqual(before);
});

test('the schema of an override takes any part of the shape, and null', () => {
  const schema = overrideSchema(aiService);
  expect(schema.safeParse({ predictor: { scaling: { min: 1 }, resources: null } }).success).toBe(true);
  expect(schema.safeParse({}).success).toBe(true);
});

test('the schema of an override refuses unknown fields and values of the wrong form', () => {
  const schema = overrideSchema(aiService);
  expect(schema.safeParse({ predictor: { scalling: { min: 1 } } }).success).toBe(false);
  expect(schema.safeParse({ predictor: { scaling: { min: 'one' } } }).success).toBe(false);
});
