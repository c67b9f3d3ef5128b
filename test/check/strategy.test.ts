import { describe, expect, it } from 'vitest';
import { checkStrategy, STRATEGY_RULES } from '../../src/check/strategy.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const FUNCTION = { image: 'registry.example.com/api:v46', resources: { cpu: '500m', memory: '512Mi' } } as const;
const canary = { steps: [10, 50] };
const shadow = { percent: 25 };
const abTest = { header: { name: 'x-cohort', value: 'b' } };
const kserve = { steps: [10], mechanism: 'kserve' as const };
const revisions = { steps: [10], mechanism: 'revisions' as const };

const BARE = { istio: undefined, knative: undefined } as const;
const GATEWAY = { ...BARE, gatewayApi: { version: '1.4', gateway: 'edge/public' } } as const;
const MESH = { ...BARE, gatewayApi: { version: '1.4', mesh: true } } as const;
const PUBLIC = { visibility: 'public' } as const;

const found = (options: TargetOptions): string[] =>
  checkStrategy(targetOf(options)).map(
    ({ id, severity, where, message }) =>
      `${severity === 'error' ? '' : `${severity} `}${id} ${where.field ?? ''}: ${message}`,
  );

const INSIDE =
  'callers inside of the cluster reach the pods of the stable release by its Service, and cluster eu-1 has no mesh that would split them';

const FINE: readonly (readonly [string, TargetOptions])[] = [
  ['a flip without a router', { cluster: BARE, spec: { blueGreen: {} } }],
  ['a replacement without a router', { cluster: BARE, spec: { replace: {} } }],
  [
    'a canary policy where the environment replaces in place',
    { cluster: BARE, spec: { canary }, environment: { rollout: 'replace' } },
  ],
  ['a candidate that warms without a router', { cluster: BARE, candidate: { release: 'v47', weight: 0 } }],
  ['a canary with Istio', { spec: { canary }, candidate: { release: 'v47', weight: 10 } }],
  ['a canary on Knative with Istio', { mode: 'Knative', spec: { canary } }],
  [
    'gates where the queue-proxies of Knative count the requests',
    {
      mode: 'Knative',
      cluster: {
        istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
        prometheus: { version: '3.4', sources: ['queueProxy'] },
      },
      spec: { canary: { steps: [10], gates: [{ errorRatio: { max: 0.01 } }] } },
    },
  ],
  ['a shadow with Istio', { spec: { shadow } }],
  ['an A/B test on Knative with Istio', { mode: 'Knative', spec: { abTest } }],
  ['a canary in a mesh of Gateway API', { cluster: MESH, spec: { canary } }],
  ['a shadow in a mesh of Gateway API', { cluster: MESH, spec: { shadow } }],
  [
    'copies of all requests with an older Gateway API',
    { cluster: { ...BARE, gatewayApi: { version: '1.2', mesh: true } }, spec: { shadow: {} } },
  ],
  [
    'a canary on Gateway API beside Istio, which routes',
    { cluster: { gatewayApi: { version: '1.4' } }, spec: { canary } },
  ],
  ['a canary of KServe with nothing on its way', { mode: 'Knative', spec: { canary: kserve } }],
  ['a canary of revisions with nothing on its way', { spec: { function: FUNCTION, canary: revisions } }],
  [
    'GPUs of a replacement in Standard mode',
    {
      environment: { rollout: 'replace' },
      spec: { predictor: { ...PREDICTOR, resources: { ...PREDICTOR.resources, gpu: 1 } } },
    },
  ],
  [
    'GPUs of releases on Knative',
    { mode: 'Knative', spec: { predictor: { ...PREDICTOR, resources: { ...PREDICTOR.resources, gpu: 1 } } } },
  ],
];

const WRONG: readonly (readonly [TargetOptions, ...string[]])[] = [
  [
    { cluster: BARE, spec: { canary } },
    'strategy/no-router canary: a candidate is to get 10 % of the requests, 50 % of the requests, and cluster eu-1 has neither Istio nor Gateway API to route them',
  ],
  [
    { cluster: BARE, spec: { abTest } },
    'strategy/no-router abTest: a candidate is to get requests with header x-cohort, and cluster eu-1 has neither Istio nor Gateway API to route them',
  ],
  [
    { cluster: BARE, spec: { shadow } },
    'strategy/no-router shadow: a candidate is to get copies of 25 % of the requests, and cluster eu-1 has neither Istio nor Gateway API to route them',
  ],
  [
    { cluster: BARE, candidate: { release: 'v47', weight: 30 } },
    'strategy/no-router blueGreen: a candidate is to get 30 % of the requests, and cluster eu-1 has neither Istio nor Gateway API to route them',
  ],
  [
    { cluster: GATEWAY, spec: { canary: { steps: [10] } } },
    `strategy/no-mesh canary: a candidate is to get 10 % of the requests, but ${INSIDE}`,
  ],
  [
    { cluster: GATEWAY, spec: { canary: { steps: [10] }, traffic: PUBLIC } },
    `info strategy/callers-not-split canary: a candidate gets 10 % of the requests at the gateway only: ${INSIDE}`,
  ],
  [
    {
      cluster: MESH,
      spec: {
        canary: { steps: [10], gates: [{ predictionDrift: { psi: 0.2 } }, { latency: { quantile: 0.99, max: '1s' } }] },
      },
    },
    'warning strategy/no-metrics canary.gates[1]: cluster eu-1 has no Istio, and nothing else counts the requests that latency looks at: the gate stays inconclusive',
  ],
  [
    { cluster: BARE, spec: { blueGreen: { gates: [{ errorRatio: { max: 0.01 } }] } } },
    'warning strategy/no-metrics blueGreen.gates[0]: cluster eu-1 has no Istio, and nothing else counts the requests that errorRatio looks at: the gate stays inconclusive',
  ],
  [
    {
      cluster: { istio: { version: '1.30', dataplane: 'sidecar', metrics: false } },
      spec: { canary: { steps: [10], gates: [{ errorRatio: { max: 0.01 } }] } },
    },
    'warning strategy/no-metrics canary.gates[0]: cluster eu-1 has no metrics of Istio, and nothing else counts the requests that errorRatio looks at: the gate stays inconclusive',
  ],
  [
    { mode: 'Knative', spec: { shadow } },
    'strategy/mirror shadow: the predictor runs on Knative, which routes by host, and a copy of a request keeps the host of the original: it would reach the stable release again',
  ],
  [
    { spec: { predictor: PREDICTOR, function: FUNCTION, shadow } },
    'strategy/mirror shadow: the function runs on Knative, which routes by host, and a copy of a request keeps the host of the original: it would reach the stable release again',
  ],
  [
    { cluster: { ...BARE, gatewayApi: { version: '1.2', mesh: true } }, spec: { shadow } },
    'strategy/mirror shadow: Gateway API before 1.3 copies all requests or none, and cluster eu-1 cannot copy 25 %',
  ],
  [
    { mode: 'Knative', spec: { canary: kserve }, candidate: { release: 'v47', weight: 10 } },
    'info strategy/native-canary canary.mechanism: with mechanism kserve v46 lives in the cluster alone while v47 is on its way: a cluster that never ran it would give all traffic to v47',
  ],
  [
    { spec: { canary: kserve } },
    'strategy/kserve-mechanism canary.mechanism: KServe on cluster eu-1 is in Standard mode, which ignores canaryTrafficPercent: all traffic would go to a candidate at once',
  ],
  [
    { mode: 'Knative', spec: { predictor: PREDICTOR, function: FUNCTION, canary: kserve } },
    "strategy/kserve-mechanism canary.mechanism: the function answers the service's address, and KServe splits the traffic of InferenceServices",
  ],
  [
    { mode: 'Knative', spec: { predictor: PREDICTOR, transformer: FUNCTION, canary: kserve } },
    'strategy/kserve-mechanism canary.mechanism: KServe splits each component by itself, so that a request may meet the transformer of one release and the predictor of the other',
  ],
  [
    { mode: 'Knative', spec: { predictor: PREDICTOR, explainer: FUNCTION, canary: kserve } },
    'strategy/kserve-mechanism canary.mechanism: KServe splits each component by itself, so that a request may meet the explainer of one release and the predictor of the other',
  ],
  [
    {
      mode: 'Knative',
      spec: {
        canary: {
          ...kserve,
          gates: [
            { errorRatio: { max: 0.01 } },
            { predictionDrift: { psi: 0.2 } },
            { latency: { quantile: 0.99, max: '1s' } },
          ],
        },
      },
    },
    'strategy/native-gates canary.gates[0]: with mechanism kserve both releases answer under one name, and errorRatio cannot tell them apart',
    'strategy/native-gates canary.gates[2]: with mechanism kserve both releases answer under one name, and latency cannot tell them apart',
  ],
  [
    { spec: { function: FUNCTION, canary: revisions }, candidate: { release: 'v47', weight: 0 } },
    'info strategy/native-canary canary.mechanism: with mechanism revisions v46 lives in the cluster alone while v47 is on its way: a cluster that never ran it would wait for a revision that nothing makes',
  ],
  [
    { mode: 'Knative', spec: { canary: revisions } },
    'strategy/revisions-mechanism canary.mechanism: the service has no function, and the revisions of models are made by KServe',
  ],
  [
    { cluster: { knative: undefined }, spec: { function: FUNCTION, canary: revisions } },
    'strategy/revisions-mechanism canary.mechanism: cluster eu-1 has no Knative, and a Deployment has no revisions',
  ],
  [
    {
      mode: 'Knative',
      environment: { rollout: 'replace' },
      spec: { predictor: { ...PREDICTOR, resources: { ...PREDICTOR.resources, gpu: 2 } } },
    },
    'warning strategy/replace-surges predictor.resources.gpu: on Knative an update of fraud-detector-main starts the new replicas before the old ones go, and waits until 2 more nvidia.com/gpu per replica are free',
  ],
  [
    {
      cluster: {
        kserve: { version: '0.20.0', mode: 'Standard', llm: { gatewayService: 'gateway.kserve.svc.cluster.local' } },
      },
      environment: { rollout: 'replace' },
      spec: {
        predictor: {
          framework: 'vllm',
          image: 'registry.example.com/llm-d:0.10.0',
          model: { uri: 's3://ml-models/fraud-detector/v46/' },
          resources: { ...PREDICTOR.resources, gpu: 1 },
          llm: {},
        },
      },
    },
    'warning strategy/replace-surges predictor.resources.gpu: with an LLMInferenceService an update of fraud-detector-main starts the new replicas before the old ones go, and waits until 1 more nvidia.com/gpu per replica are free',
  ],
];

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, options) => {
    expect(found(options)).toEqual([]);
  });
});

describe('a cluster that cannot do it', () => {
  it.each(WRONG.map(([options, ...expected]) => ({ options, expected, title: expected[0] })))(
    '$title',
    ({ options, expected }) => {
      expect(found(options)).toEqual(expected);
    },
  );

  it('has an example here for each rule', () => {
    const ids = new Set(
      WRONG.flatMap(([, ...expected]) => expected.map((text) => /strategy\/[a-z-]+/.exec(text)?.[0])),
    );
    expect(STRATEGY_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
  });
});

it('says where and what to choose instead', () => {
  expect(checkStrategy(targetOf({ cluster: BARE, spec: { canary: { steps: [10] } } }))).toEqual([
    {
      id: 'strategy/no-router',
      severity: 'error',
      where: { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field: 'canary' },
      message:
        'a candidate is to get 10 % of the requests, and cluster eu-1 has neither Istio nor Gateway API to route them',
      fix: 'add istio or gatewayApi to the cluster, or write blueGreen or replace for the environment: overrides: { prod-eu: { canary: null, blueGreen: {} } }',
    },
  ]);
});
