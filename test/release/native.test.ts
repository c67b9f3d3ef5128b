import { describe, expect, it } from 'vitest';
import { servedBy } from '../../src/release/native.ts';
import type { Serving } from '../../src/release/serving.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const FUNCTION = {
  image: 'registry.example.com/api:v46',
  env: { MODEL_URL: { part: 'predictor' } },
  resources: { cpu: '500m', memory: '512Mi' },
};
const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;

const served = (options: TargetOptions): Serving => targetOf({ mode: 'Knative', ...options }).serving;
const running = ({ workloads }: Serving): string[] => workloads.map(({ name, release }) => `${name} ${release}`);

describe('an object that splits its traffic by itself', () => {
  const options = { spec: { canary: { steps: [10], mechanism: 'kserve' as const } } };

  it('has the content of the candidate while there is one', () => {
    expect(running(served(options))).toEqual(['fraud-detector-main v46']);
    expect(running(served({ ...options, candidate: { release: 'v47', weight: 0 } }))).toEqual([
      'fraud-detector-main v47',
    ]);
    expect(running(served({ ...options, candidate: { release: 'v47', weight: 10 } }))).toEqual([
      'fraud-detector-main v47',
    ]);
    expect(running(served({ ...options, candidate: { release: 'v47', weight: 0, held: true } }))).toEqual([
      'fraud-detector-main v47',
    ]);
    expect(running(served({ ...options, stable: 'v47' }))).toEqual(['fraud-detector-main v47']);
  });

  it('answers for both releases, under one name', () => {
    const { stable, candidate, native } = served({ ...options, candidate: { release: 'v47', weight: 10 } });
    expect([stable.release, stable.workload.name, candidate?.release, candidate?.workload.name]).toEqual([
      'v46',
      'fraud-detector-main',
      'v47',
      'fraud-detector-main',
    ]);
    expect([candidate?.weight, native]).toEqual([10, 'kserve']);
  });

  it('leaves nothing of the release that served before', () => {
    const { workloads, kept } = served({ ...options, stable: 'v47', previous: 'v46' });
    expect([workloads.length, kept]).toEqual([1, []]);
  });
});

it('a function that splits its traffic calls the models of its release, which are workloads of their own', () => {
  const spec = { predictor: PREDICTOR, function: FUNCTION, canary: { steps: [10], mechanism: 'revisions' as const } };
  expect(running(served({ spec, candidate: { release: 'v47', weight: 10 } }))).toEqual([
    'fraud-detector-function v47',
    'fraud-detector-v46 v46',
    'fraud-detector-v47 v47',
  ]);
});

it('a workload per release stays as it is', () => {
  const serving = served({ candidate: { release: 'v47', weight: 10 } });
  expect(servedBy(serving, 'fraud-detector', 'workloads')).toBe(serving);
  expect(running(serving)).toEqual(['fraud-detector-v46 v46', 'fraud-detector-v47 v47']);
});
