import { describe, expect, test } from 'vitest';
import { checkGates, GATE_POLICY_RULES } from '../../src/check/gates.ts';
import type { Finding } from '../../src/core/finding.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Gates = NonNullable<NonNullable<AIServiceInput['canary']>['gates']>;

const PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/x/v46/' },
  resources: { cpu: '1', memory: '1Gi' },
  image: 'registry.example.com/sklearn-metrics:0.20.0',
};
const EXPORTING = { ...PREDICTOR, exports: { predictions: 'score' } };

function check(gates: Gates, { spec, ...options }: TargetOptions = {}): Finding[] {
  return checkGates(targetOf({ ...options, spec: { predictor: PREDICTOR, canary: { steps: [10], gates }, ...spec } }));
}

const at = (field: string): object => ({ service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field });

test('gates that can decide something have no findings', () => {
  const own = { query: 'sum(up)', max: 1 };
  const gates: Gates = [
    { errorRatio: { max: 0.01 } },
    { latency: { quantile: 0.99, max: '250ms' } },
    { latency: { quantile: 0.5, max: '0.1s' } },
    { predictionDrift: { psi: 0.2 } },
    { registryMetric: { metric: 'auc', min: 0.9 } },
    { registryMetric: { metric: 'f1', min: 0.9 } },
    { prometheus: { name: 'a', ...own } },
    { prometheus: { name: 'b', ...own } },
  ];
  expect(check(gates, { spec: { predictor: EXPORTING } })).toEqual([]);
});

describe('a gate on predictions', () => {
  const gates: Gates = [{ errorRatio: { max: 0.01 } }, { predictionDrift: { psi: 0.2 } }];

  test('needs a part that declares them', () => {
    const features = { ...PREDICTOR, exports: { features: { amount: 'amount' } } };
    expect(check(gates, { spec: { predictor: features } })).toEqual([
      {
        id: 'gate/predictions',
        severity: 'error',
        where: at('canary.gates[1].predictionDrift'),
        message:
          'no part (predictor) declares the histogram of its predictions, so that the gate would never have data',
        fix: 'have a part expose one and declare it: predictor.exports: { predictions: "score" }',
      },
    ]);
  });

  test('needs them where Prometheus can scrape them', () => {
    expect(check(gates, { spec: { predictor: { ...EXPORTING, framework: 'tensorflow' } } })).toEqual([
      {
        id: 'gate/predictions',
        severity: 'error',
        where: at('canary.gates[1].predictionDrift'),
        message: 'predictor exports "score" but has no metrics endpoint that Prometheus could scrape',
        fix: 'set its metrics, or export the predictions from a transformer or function that has metrics',
      },
    ]);
  });

  test('needs the edges of its bins where the histogram is a native one', () => {
    const cluster = { prometheus: { version: '3.4', nativeHistograms: 'converted' } } as const;
    expect(check(gates, { cluster, spec: { predictor: EXPORTING } })).toEqual([
      {
        id: 'gate/predictions',
        severity: 'error',
        where: at('canary.gates[1].predictionDrift'),
        message: '"score" is a native histogram on cluster eu-1, without bounds that the bins could be made of',
        fix: 'write edges: the edges of the reference of its drift rule',
      },
    ]);
    expect(
      check([{ predictionDrift: { psi: 0.2, edges: [0.5] } }], { cluster, spec: { predictor: EXPORTING } }),
    ).toEqual([]);
  });

  test('is not looked at where releases replace each other in place', () => {
    expect(check(gates, { environment: { rollout: 'replace' } })).toEqual([]);
  });

  test('is named as the strategy has it', () => {
    expect(check([], { spec: { canary: undefined, shadow: { gates } } }).map(({ where }) => where.field)).toEqual([
      'shadow.gates[1].predictionDrift',
    ]);
  });
});

describe('the limit of a gate on latency', () => {
  test('is estimated between two bounds of the buckets', () => {
    expect(check([{ latency: { quantile: 0.99, max: '300ms' } }])).toEqual([
      {
        id: 'gate/latency-bucket',
        severity: 'warning',
        where: at('canary.gates[0].latency.max'),
        message:
          '300ms is no bucket bound of istio_request_duration_milliseconds, so that the quantile near it is an estimate',
        fix: 'write 250ms or 500ms',
      },
    ]);
  });

  test('is a bound of what the queue-proxies of Knative measure, where they do', () => {
    const cluster: TargetOptions['cluster'] = {
      istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
      prometheus: { version: '3.4', sources: ['queueProxy'] },
    };
    const predictor = { ...PREDICTOR, scaling: { min: 1, max: 2, target: { concurrency: 4 } } };
    const found = check([{ latency: { quantile: 0.99, max: '750ms' } }, { latency: { quantile: 0.9, max: '300ms' } }], {
      mode: 'Knative',
      cluster,
      spec: { predictor },
    });
    expect(found.map(({ message, fix }) => [message, fix])).toEqual([
      [
        '300ms is no bucket bound of kn_serving_invocation_duration_seconds, so that the quantile near it is an estimate',
        'write 250ms or 500ms',
      ],
    ]);
  });

  test('is nothing to a cluster where nobody measures it', () => {
    expect(check([{ latency: { quantile: 0.99, max: '300ms' } }], { cluster: { istio: undefined } })).toEqual([]);
  });
});

test.each<[string, Gates, string, string]>([
  [
    'on errors',
    [{ errorRatio: { max: 0.01 } }, { errorRatio: { max: 0.02 } }],
    'error-ratio',
    'keep one of the two, with all the limits',
  ],
  [
    'on one quantile',
    [{ latency: { quantile: 0.99, max: '250ms' } }, { latency: { quantile: 0.99, max: '500ms' } }],
    'latency-p99',
    'keep one of the two, with all the limits',
  ],
  [
    'on one metric',
    [{ registryMetric: { metric: 'auc', min: 0.9 } }, { registryMetric: { metric: 'auc', notWorseThanStable: true } }],
    'registry-auc',
    'keep one of the two, with all the limits',
  ],
  [
    'by one name',
    [{ errorRatio: { max: 0.01 } }, { prometheus: { name: 'error-ratio', query: 'up', max: 1 } }],
    'error-ratio',
    'give it another name',
  ],
])('two gates %s cannot be told apart in reports', (_what, gates, name, fix) => {
  expect(check(gates)).toEqual([
    {
      id: 'gate/duplicate',
      severity: 'error',
      where: at('canary.gates[1]'),
      message: `canary.gates[0] is called ${name} already`,
      fix,
    },
  ]);
});

test('every rule has its finding', () => {
  const ids = check([
    { predictionDrift: { psi: 0.2 } },
    { latency: { quantile: 0.9, max: '3s' } },
    { latency: { quantile: 0.9, max: '5s' } },
    { prometheus: { name: 'own', query: 'sum(x) > 1', max: 1 } },
  ]).map(({ id, severity }) => `${id} ${severity}`);
  expect(new Set(ids)).toEqual(new Set(GATE_POLICY_RULES.map(({ id, severity }) => `${id} ${severity}`)));
});
