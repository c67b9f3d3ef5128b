import type { Reference } from '../../src/service/reference.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import type { TargetOptions } from './target.ts';

/** Everything that a Prometheus may scrape. */
export const EVERY_SOURCE = [
  'argocd',
  'dcgm',
  'inferenceServices',
  'knative',
  'kubeStateMetrics',
  'opencost',
  'queueProxy',
] as const;

/** The reference of every drift rule of these services. */
export const REFERENCES = new Map<string, Reference | undefined>([
  ['./score.json', { edges: [0.1, 0.5, 1], shares: [0.5, 0.3, 0.1, 0.1] }],
]);

const PROMETHEUS = {
  version: '3.4',
  ruleLabels: { release: 'kps' },
  runbookUrl: 'https://git.example.com/gitops/{page}',
  sources: EVERY_SOURCE,
};

const RESOURCES = { cpu: '1', memory: '1Gi' };

const EVERYTHING: NonNullable<AIServiceInput['monitoring']> = {
  slos: [
    { availability: { objective: 99.9 } },
    { latency: { below: '250ms', objective: 99 } },
    {
      custom: {
        name: 'chargebacks',
        objective: 99,
        total: { metric: 'payments_total' },
        bad: 'sum(rate(chargebacks_total[5m]))',
      },
    },
  ],
  drift: [
    { psi: { metric: 'score', reference: './score.json' } },
    { jensenShannon: { metric: 'feature_amount', reference: './score.json' } },
    { ks: { metric: 'feature_age', reference: './score.json' } },
    { candidate: { metric: 'score', reference: './score.json' } },
  ],
  schema: {
    missing: ['amount'],
    nullRatio: { age: 0.1 },
    newCategories: { country: ['de', 'fr'] },
    outOfRange: { amount: { min: 0 } },
  },
  health: { coldStart: '5m' },
  cost: {
    compute: 1000,
    callers: {},
    enumeration: { distinct: { metric: 'inputs_new_total', total: 'inputs_total' } },
  },
  metrics: {
    payments_total: { type: 'counter' },
    chargebacks_total: { type: 'counter' },
    lag_seconds: { type: 'gauge', from: 'elsewhere' },
    inputs_new_total: { type: 'counter' },
    inputs_total: { type: 'counter' },
  },
  recordings: [{ name: 'service:payments:rate5m', expr: 'sum(rate(payments_total[5m]))' }],
  alerts: [
    {
      name: 'PaymentsStopped',
      expr: 'service:payments:rate5m < 1 and on () lag_seconds{namespace="$namespace"} > 60',
      summary: 'There are no payments.',
      description: 'It is {{ $value | humanize }} per second, which is too few.',
    },
  ],
};

const PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  image: 'registry.example.com/sklearn-metrics:0.20.0',
  resources: RESOURCES,
  scaling: { min: 2, max: 20, target: { cpu: 70 } },
  exports: { predictions: 'score', features: { amount: 'feature_amount', age: 'feature_age' }, schema: true },
};

/** Services that between them ask for every alert that there is, on clusters that have everything. */
export const WATCHED: Readonly<Record<string, TargetOptions>> = {
  'a predictor with everything, and a candidate': {
    cluster: { prometheus: PROMETHEUS },
    spec: {
      owner: { team: 'risk-ml', escalation: '#risk' },
      traffic: { expectedRps: 40 },
      predictor: PREDICTOR,
      canary: { steps: [10, 50] },
      monitoring: EVERYTHING,
    },
    candidate: { release: 'v47', weight: 10 },
  },
  'a predictor whose histograms are native ones, and a candidate': {
    cluster: { prometheus: { ...PROMETHEUS, nativeHistograms: 'converted' } },
    spec: {
      predictor: {
        ...PREDICTOR,
        exports: {
          ...PREDICTOR.exports,
          buckets: { score: [0.1, 0.5, 1], feature_amount: [0.1, 0.5, 1], feature_age: [0.1, 0.5, 1] },
        },
      },
      canary: { steps: [10, 50] },
      monitoring: EVERYTHING,
    },
    candidate: { release: 'v47', weight: 10 },
  },
  'a release that is held': {
    cluster: { prometheus: PROMETHEUS },
    spec: { predictor: PREDICTOR, canary: { steps: [10, 50] } },
    candidate: { release: 'v47', weight: 0, held: true },
  },
  'a service that asks for nothing': { cluster: { prometheus: PROMETHEUS } },
  'a service on Knative': {
    mode: 'Knative',
    cluster: { prometheus: PROMETHEUS, knative: { version: ['1.18.2', '1.22.0'] } },
  },
  'a service on a Knative whose queue-proxies count, in an upgrade': {
    mode: 'Knative',
    cluster: {
      prometheus: PROMETHEUS,
      istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
      knative: { version: ['1.18.2', '1.20.1'] },
    },
    spec: {
      canary: { steps: [10, 50] },
      monitoring: { slos: [{ availability: { objective: 99.9 } }, { latency: { below: '100ms', objective: 99 } }] },
    },
    candidate: { release: 'v47', weight: 10 },
  },
  'a service beside an InferenceGraph': {
    cluster: { prometheus: PROMETHEUS },
    spec: {
      monitoring: {
        slos: [
          { availability: { objective: 99.5, graph: 'claims' } },
          { latency: { below: '500ms', objective: 99, graph: 'claims' } },
        ],
      },
    },
  },
  'a service on a Knative that counts queued requests': {
    mode: 'Knative',
    cluster: { prometheus: PROMETHEUS, knative: { version: '1.22.0' } },
  },
  'a function in front of Triton and TorchServe': {
    cluster: { prometheus: PROMETHEUS },
    spec: {
      function: {
        image: 'registry.example.com/f:1.0.0',
        resources: RESOURCES,
        scaling: { min: 0, max: 5, target: { concurrency: 10 } },
      },
      predictor: {
        framework: 'triton',
        servedName: 'resnet',
        model: { uri: 's3://ml-models/x/v46/' },
        resources: { ...RESOURCES, gpu: 1 },
        scaling: { min: 1, max: 4 },
      },
      models: {
        other: { framework: 'mlflow', model: { uri: 's3://ml-models/y/v46/' }, resources: RESOURCES },
        third: {
          framework: 'pytorch',
          servedName: 'third',
          model: { uri: 's3://ml-models/z/v46/' },
          resources: RESOURCES,
        },
      },
      monitoring: { health: { queueTime: '500ms' }, cost: { idleGpu: {} } },
    },
  },
  'a vLLM': {
    cluster: { prometheus: PROMETHEUS },
    spec: {
      predictor: {
        framework: 'vllm',
        model: { uri: 'hf://org/model:0123456789abcdef0123456789abcdef01234567' },
        resources: { cpu: '4', memory: '32Gi', gpu: 1 },
      },
      monitoring: {
        slos: [{ timeToFirstToken: { below: '500ms', objective: 95 } }],
        health: { timeToFirstToken: '1s', timeBetweenTokens: '100ms', answers: true },
        cost: { tokens: { budget: 1000, prompt: 0.1, generated: 0.4 } },
      },
    },
  },
};
