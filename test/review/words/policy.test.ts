import { describe, expect, test } from 'vitest';
import type { Stage } from '../../../src/review/risks.ts';
import { policyWords } from '../../../src/review/words/policy.ts';
import { DESCRIPTOR, DEV, inWords, PROD, unexplained, unitOfScenario } from './support.ts';

const POLICY = {
  strategy: 'canary',
  warm: { deadline: '20m' },
  bake: '30m',
  gates: [
    { errorRatio: { max: 0.01 } },
    { latency: { quantile: 0.99, max: '250ms' } },
    { predictionDrift: { psi: 0.2 } },
  ],
  keepPrevious: 'warm',
  exposures: [{ weight: 10 }, { weight: 25 }, { weight: 50 }],
  mechanism: 'workloads',
};
type Descriptor = Record<string, unknown>;
const withPolicy = (change: Descriptor): Descriptor => ({ ...DESCRIPTOR, policy: { ...POLICY, ...change } });
const file = (descriptor: Descriptor): Record<string, string> => ({ 'argocd-app.json': JSON.stringify(descriptor) });

const said = (before: Descriptor, after: Descriptor, stage: Stage = PROD): string[] =>
  inWords(policyWords, file(before), file(after), { stage, descriptor: { before, after } });

describe('the release policy', () => {
  test.each<readonly [string, Descriptor, readonly string[]]>([
    [
      'a gate that goes',
      { gates: POLICY.gates.slice(1) },
      ['gate errorRatio of fraud-detector is removed [high risk/gate]'],
    ],
    [
      'a gate that comes',
      { gates: [...POLICY.gates, { registryMetric: { metric: 'auc', min: 0.9 } }] },
      ['gate registryMetric auc of fraud-detector is new: min 0.9'],
    ],
    [
      'a gate that lets more pass',
      { gates: [{ errorRatio: { max: 0.05 } }, ...POLICY.gates.slice(1)] },
      ['gate errorRatio of fraud-detector: max is 0.05 (was 0.01) [high risk/gate]'],
    ],
    [
      'a gate that lets less pass',
      { gates: [{ errorRatio: { max: 0.005 } }, ...POLICY.gates.slice(1)] },
      ['gate errorRatio of fraud-detector: max is 0.005 (was 0.01)'],
    ],
    [
      'a longer latency',
      { gates: [POLICY.gates[0], { latency: { quantile: 0.99, max: '1s' } }, POLICY.gates[2]] },
      ['gate latency p99 of fraud-detector: max is 1s (was 250ms) [high risk/gate]'],
    ],
    [
      'another quantile is another gate',
      { gates: [POLICY.gates[0], { latency: { quantile: 0.5, max: '250ms' } }, POLICY.gates[2]] },
      [
        'gate latency p99 of fraud-detector is removed [high risk/gate]',
        'gate latency p50 of fraud-detector is new: max 250ms',
      ],
    ],
    [
      'a step less',
      { exposures: [{ weight: 10 }, { weight: 50 }] },
      ['steps of fraud-detector are 10 % and 50 % (were 10 %, 25 % and 50 %) [high risk/gate]'],
    ],
    [
      'a step more',
      { exposures: [{ weight: 1 }, ...POLICY.exposures] },
      ['steps of fraud-detector are 1 %, 10 %, 25 % and 50 % (were 10 %, 25 % and 50 %)'],
    ],
    ['a shorter bake time', { bake: '5m' }, ['bake time of fraud-detector is 5m (was 30m) [high risk/gate]']],
    ['a longer bake time', { bake: '1h' }, ['bake time of fraud-detector is 1h (was 30m)']],
    [
      'nothing is kept',
      { keepPrevious: 'none' },
      ['the release before is not kept for fraud-detector (was warm) [low risk/retire]'],
    ],
    [
      'more time to warm',
      { warm: { deadline: '1h' } },
      ['a release of fraud-detector may take 1h until it is ready (was 20m)'],
    ],
    ['another mechanism', { mechanism: 'kserve' }, ['traffic of fraud-detector is split by kserve (was workloads)']],
  ])('%s', (_, change, sentences) => {
    expect(said(withPolicy({}), withPolicy(change))).toEqual(sentences);
    const [before, after] = [withPolicy({}), withPolicy(change)];
    const unit = unitOfScenario(file(before), file(after), { descriptor: { before, after } });
    expect(unexplained(unit, policyWords(unit, PROD))).toEqual([]);
  });

  test('another strategy is said with its steps', () => {
    expect(said(withPolicy({}), withPolicy({ strategy: 'blueGreen', exposures: [] }), DEV)).toEqual([
      'releases of fraud-detector are by blueGreen (were by canary) [medium risk/gate]',
      'steps of fraud-detector are none (were 10 %, 25 % and 50 %) [medium risk/gate]',
    ]);
  });
});

describe('where a service goes', () => {
  test('another namespace, with all that only moves there', () => {
    const model = (namespace: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: labels, namespace: ${namespace} }\ndata: { a: b }\n`;
    const [before, after] = [DESCRIPTOR, { ...DESCRIPTOR, namespace: 'fraud-prod' }];
    const unit = unitOfScenario(
      { ...file(before), 'manifests/a.yaml': model('risk-ml-prod') },
      { ...file(after), 'manifests/a.yaml': model('fraud-prod') },
      { descriptor: { before, after } },
    );
    const words = policyWords(unit, PROD);
    expect(words.map(({ text, reasons }) => [text, ...reasons.map(({ rule, risk }) => `${risk} ${rule}`)])).toEqual([
      ['fraud-detector goes to namespace fraud-prod (was risk-ml-prod)', 'high risk/destination'],
    ]);
    expect(unexplained(unit, words)).toEqual([]);
  });

  test('another cluster of Argo CD', () => {
    const at = (name: string): Descriptor => ({ ...DESCRIPTOR, destination: { name, server: '' } });
    expect(said(at('eu-1'), at('eu-2'))).toEqual([
      'fraud-detector goes to the cluster eu-2 (was eu-1) [high risk/destination]',
    ]);
  });

  test('another stage', () => {
    expect(said(DESCRIPTOR, { ...DESCRIPTOR, stage: 'staging' })).toEqual([
      'stage of fraud-detector is staging (was prod) [high risk/destination]',
    ]);
  });
});
