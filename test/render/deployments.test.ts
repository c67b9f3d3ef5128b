import { describe, expect, test } from 'vitest';
import { componentsOf, deploymentPattern, podPattern } from '../../src/render/deployments.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const RESOURCES = { cpu: '1', memory: '1Gi' };
const PREDICTOR = { framework: 'sklearn' as const, model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES };

/** Name, Deployment and pods of everything that runs. */
function running(options: TargetOptions = {}): string[][] {
  const target = targetOf(options);
  return target.serving.workloads
    .flatMap(componentsOf)
    .map((component) => [
      component.part,
      deploymentPattern(target, component).source,
      podPattern(target, component).source,
    ]);
}

const HASH = '-[0-9a-z]{1,10}-[0-9a-z]{5}';

describe('pods', () => {
  test('are called after their Deployment, with a hash and five random characters', () => {
    expect(running()).toEqual([['predictor', 'fraud-detector-v46-predictor', `fraud-detector-v46-predictor${HASH}`]]);
  });

  test('of a transformer and a function are told from those of the predictor', () => {
    const spec = { predictor: PREDICTOR, transformer: { image: 'registry.example.com/t:1.0.0', resources: RESOURCES } };
    expect(running({ spec }).map(([, deployment]) => deployment)).toEqual([
      'fraud-detector-v46-predictor',
      'fraud-detector-v46-transformer',
    ]);
    const fn = { predictor: PREDICTOR, function: { image: 'registry.example.com/f:1.0.0', resources: RESOURCES } };
    expect(running({ spec: fn, cluster: { knative: undefined } })[0]?.[2]).toBe(`fraud-detector-function-v46${HASH}`);
  });

  test('on Knative belong to the Deployment of a revision', () => {
    expect(running({ mode: 'Knative' })).toEqual([
      [
        'predictor',
        'fraud-detector-v46-predictor-[0-9]{5}-deployment',
        `fraud-detector-v46-predictor-[0-9]{5}-deployment${HASH}`,
      ],
    ]);
  });

  test('of long names are called by what Kubernetes keeps of them', () => {
    const service = 'a-service-with-a-really-long-name-inde';
    const [[, , standard] = []] = running({ service });
    const pod = `${service}-v46-predictor-6c9f7d8b5c-`.slice(0, 58) + 'x2x4x';
    expect(`${service}-v46-predictor`).toHaveLength(52);
    expect(new RegExp(`^(?:${standard})$`).test(pod)).toBe(true);
    expect(new RegExp(`^(?:${standard})$`).test(`${service}-v47-predictor-6c9f7d8b5c-`.slice(0, 58) + 'x2x4x')).toBe(
      false,
    );
  });
});
