import { describe, expect, test } from 'vitest';
import { workloadWords } from '../../../src/review/words/workload.ts';
import { DEV, edited, inWords, unexplained, unitOfScenario } from './support.ts';

const model = `
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: fraud-detector-v47, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: v47 } }
spec:
  predictor:
    maxReplicas: 20
    minReplicas: 2
    model:
      args:
        - --model_name=fraud-detector
      modelFormat: { name: sklearn, version: "1" }
      protocolVersion: v2
      readinessProbe: { failureThreshold: 3, httpGet: { path: /ready, port: 8080 } }
      resources:
        limits: { cpu: "4", memory: 8Gi }
        requests: { cpu: "4", memory: 8Gi }
      runtime: fraud-detector-v47
      storageUri: s3://ml-models/fraud-detector/v47/
    scaleMetric: cpu
    scaleTarget: 70
    serviceAccountName: fraud-detector
    timeout: 30
`;

const api = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: fraud-detector-function-v47, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: function, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: v47 } }
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/max-scale: "20"
        autoscaling.knative.dev/metric: concurrency
        autoscaling.knative.dev/min-scale: "2"
        autoscaling.knative.dev/target: "20"
    spec:
      containerConcurrency: 0
      containers:
        - name: function
          env:
            - { name: LOG_LEVEL, value: info }
            - { name: TOKEN, valueFrom: { secretKeyRef: { name: keys, key: token } } }
          image: registry.example.com/vision/image-api:2.3.1
          resources: { limits: { cpu: 500m, memory: 512Mi }, requests: { cpu: 500m, memory: 512Mi } }
  traffic: [{ latestRevision: true, percent: 100 }]
`;

const said = (before: string, ...edits: readonly (readonly [string, string])[]): string[] =>
  inWords(workloadWords, before, edited(before, ...edits));

/** Each: what is edited, and what is said of it. */
const MODEL: readonly (readonly [string, readonly (readonly [string, string])[], readonly string[]])[] = [
  [
    'another model',
    [['/v47/', '/v48/']],
    [
      'model of fraud-detector predictor is s3://ml-models/fraud-detector/v48/ (was s3://ml-models/fraud-detector/v47/) [medium risk/in-place]',
    ],
  ],
  [
    'a model that can move',
    [['/v47/', '/latest/']],
    [
      'model of fraud-detector predictor is s3://ml-models/fraud-detector/latest/ (was s3://ml-models/fraud-detector/v47/) [medium risk/in-place] [high risk/mutable]',
    ],
  ],
  [
    'a model with a query',
    [['s3://ml-models/fraud-detector/v47/', 'https://models.example.com/v48/?tag=abc']],
    [
      'model of fraud-detector predictor is https://models.example.com/v48/?… (was s3://ml-models/fraud-detector/v47/) [medium risk/in-place] [high risk/mutable]',
    ],
  ],
  [
    'another runtime',
    [['runtime: fraud-detector-v47', 'runtime: shared']],
    ['runtime of fraud-detector predictor is shared (was fraud-detector-v47) [medium risk/in-place]'],
  ],
  [
    'less memory',
    [['memory: 8Gi', 'memory: 6Gi']],
    ['memory of fraud-detector predictor is 6Gi (was 8Gi) [medium risk/resources]'],
  ],
  [
    'half of the memory',
    [['memory: 8Gi', 'memory: 4Gi']],
    ['memory of fraud-detector predictor is 4Gi (was 8Gi) [high risk/resources-halved]'],
  ],
  ['more processors', [['cpu: "4"', 'cpu: "8"']], ['cpu of fraud-detector predictor is 8 (was 4)']],
  [
    'a lower limit alone',
    [['limits: { cpu: "4", memory: 8Gi }', 'limits: { cpu: "3", memory: 8Gi }']],
    ['limit of cpu of fraud-detector predictor is 3 (was 4) [medium risk/resources]'],
  ],
  [
    'a GPU',
    [['memory: 8Gi }', 'memory: 8Gi, nvidia.com/gpu: "1" }']],
    ['GPU of fraud-detector predictor is 1 (was none)'],
  ],
  [
    'fewer replicas',
    [
      ['minReplicas: 2', 'minReplicas: 1'],
      ['maxReplicas: 20', 'maxReplicas: 2'],
    ],
    ['fraud-detector predictor runs 1 to 2 replicas (was 2 to 20) [medium risk/replicas]'],
  ],
  [
    'the same model from a mirror',
    [['s3://ml-models/', 's3://ml-models-eu/']],
    [
      'fraud-detector predictor reads its model from s3://ml-models-eu/fraud-detector/v47/ (was s3://ml-models/fraud-detector/v47/) [medium risk/in-place]',
    ],
  ],
  [
    'more replicas',
    [['maxReplicas: 20', 'maxReplicas: 40']],
    ['fraud-detector predictor runs 2 to 40 replicas (was 2 to 20)'],
  ],
  [
    'down to none',
    [['minReplicas: 2', 'minReplicas: 0']],
    ['fraud-detector predictor may scale to zero [high risk/scale-to-zero]'],
  ],
  ['another aim', [['scaleTarget: 70', 'scaleTarget: 60']], ['fraud-detector predictor scales at cpu 60 (was cpu 70)']],
  [
    'another argument',
    [['--model_name=fraud-detector', '--model_name=fraud']],
    ['arguments of fraud-detector predictor: --model_name is fraud (was fraud-detector) [medium risk/in-place]'],
  ],
  [
    'one more argument',
    [['- --model_name=fraud-detector', '- --model_name=fraud-detector\n        - --workers=4']],
    ['arguments of fraud-detector predictor: --workers=4 added [medium risk/in-place]'],
  ],
  [
    'another probe',
    [['path: /ready', 'path: /health']],
    ['readiness probe of fraud-detector predictor: path=/health (was /ready) [medium risk/in-place]'],
  ],
  [
    'another identity',
    [['serviceAccountName: fraud-detector', 'serviceAccountName: admin']],
    ['fraud-detector predictor runs as service account admin (was fraud-detector) [medium risk/identity]'],
  ],
  [
    'other nodes',
    [['    timeout: 30', '    timeout: 30\n    nodeSelector: { gpu: a100 }']],
    ['fraud-detector predictor runs on other nodes: gpu=a100 added'],
  ],
  [
    'one request at a time',
    [['    timeout: 30', '    timeout: 30\n    containerConcurrency: 1']],
    ['fraud-detector predictor takes 1 request at a time per replica (was any number of)'],
  ],
];

const FUNCTION: readonly (readonly [string, readonly (readonly [string, string])[], readonly string[]])[] = [
  [
    'another image',
    [[':2.3.1', ':2.4.0']],
    [
      'image of fraud-detector function is registry.example.com/vision/image-api:2.4.0 (was 2.3.1) [medium risk/in-place]',
    ],
  ],
  [
    'an image that can move',
    [[':2.3.1', ':latest']],
    [
      'image of fraud-detector function is registry.example.com/vision/image-api:latest (was 2.3.1) [medium risk/in-place] [high risk/mutable]',
    ],
  ],
  [
    'an image without a tag',
    [[':2.3.1', '']],
    [
      'image of fraud-detector function is registry.example.com/vision/image-api (was 2.3.1) [medium risk/in-place] [high risk/mutable]',
    ],
  ],
  [
    'a pinned image',
    [[':2.3.1', `:2.3.1@sha256:${'0123456789ab0123'.repeat(4)}`]],
    [
      'image of fraud-detector function is registry.example.com/vision/image-api:2.3.1@sha256:0123456789ab… (was 2.3.1) [medium risk/in-place]',
    ],
  ],
  [
    'another variable',
    [['value: info', 'value: debug']],
    ['environment of fraud-detector function: LOG_LEVEL=debug (was info) [medium risk/in-place]'],
  ],
  ['a variable from a secret, which the secrets tell', [['name: keys', 'name: other']], []],
  [
    'scaling to zero',
    [['min-scale: "2"', 'min-scale: "0"']],
    ['fraud-detector may scale to zero [high risk/scale-to-zero]'],
  ],
  [
    'another aim',
    [['target: "20"', 'target: "10"']],
    ['fraud-detector function scales at concurrency 10 (was concurrency 20)'],
  ],
  [
    'a limit of requests',
    [['containerConcurrency: 0', 'containerConcurrency: 8']],
    ['fraud-detector function takes 8 requests at a time per replica (was any number of)'],
  ],
];

describe('in place', () => {
  test.each(MODEL)('a model server: %s', (_, edits, sentences) => {
    expect(said(model, ...edits)).toEqual(sentences);
    const unit = unitOfScenario(model, edited(model, ...edits));
    expect(unexplained(unit, workloadWords(unit, { prod: true }))).toEqual([]);
  });

  test.each(FUNCTION)('a function: %s', (_, edits, sentences) => {
    expect(said(api, ...edits)).toEqual(sentences);
  });

  test('elsewhere than in production the risks are lower', () => {
    expect(
      inWords(
        workloadWords,
        model,
        edited(model, ['minReplicas: 2', 'minReplicas: 0'], ['memory: 8Gi', 'memory: 4Gi']),
        { stage: DEV },
      ),
    ).toEqual([
      'memory of fraud-detector predictor is 4Gi (was 8Gi) [low risk/resources-halved]',
      'fraud-detector predictor may scale to zero [low risk/scale-to-zero]',
    ]);
  });

  test('the same of two releases is said once', () => {
    const both = (yaml: string): string => `${yaml}---${edited(yaml, ['v47', 'v46'])}`;
    const unit = unitOfScenario(both(model), both(edited(model, ['memory: 8Gi', 'memory: 6Gi'])));
    const words = workloadWords(unit, { prod: true });
    expect(words.map(({ text, reasons }) => [text, reasons.length])).toEqual([
      ['memory of fraud-detector predictor is 6Gi (was 8Gi)', 1],
    ]);
    expect(unexplained(unit, words)).toEqual([]);
  });

  test('a release that no route leads to is idle anyway', () => {
    const route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec: { http: [{ route: [{ destination: { host: fraud-detector-function-v48.risk-ml-prod.svc.cluster.local }, headers: { response: { set: { x-model-version: v48 } } }, weight: 100 }] }] }
`;
    const beside = unitOfScenario('', route).objects.map((change) => change.after!.object);
    const zero = edited(api, ['min-scale: "2"', 'min-scale: "0"']);
    expect(inWords(workloadWords, api, zero, { beside })).toEqual([
      'release v47 of fraud-detector may scale to zero [low risk/retire]',
    ]);
    const own = unitOfScenario('', edited(route, ['v48', 'v47'])).objects.map((change) => change.after!.object);
    expect(inWords(workloadWords, api, zero, { beside: own })).toEqual([
      'fraud-detector may scale to zero [high risk/scale-to-zero]',
    ]);
  });
});

describe('a language model', () => {
  const llm = `
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: { name: fraud-detector-main, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: main } }
spec:
  model: { uri: "s3://ml-models/llm/v2/", name: llm, lora: { adapters: [{ name: billing, uri: "s3://ml-models/lora/v3/" }] } }
  replicas: 2
  template: { containers: [{ name: main, image: "registry.example.com/llm-d:0.10.0" }] }
`;

  test.each([
    [
      'its model',
      ['llm/v2/', 'llm/v3/'],
      'model of fraud-detector predictor is s3://ml-models/llm/v3/ (was s3://ml-models/llm/v2/) [medium risk/in-place]',
    ],
    [
      'an adapter',
      ['lora/v3/', 'lora/v4/'],
      'adapters of fraud-detector predictor: billing from s3://ml-models/lora/v4/ (was s3://ml-models/lora/v3/) [medium risk/in-place]',
    ],
    [
      'its replicas',
      ['replicas: 2', 'replicas: 1'],
      'fraud-detector predictor runs 1 replica (was 2) [medium risk/replicas]',
    ],
  ] as const)('%s', (_, edit, sentence) => {
    expect(said(llm, edit)).toEqual([sentence]);
  });
});

test('the reason is why it matters, and not the value once more', () => {
  const reasons = (before: string, after: string): string[] =>
    workloadWords(unitOfScenario(before, after), { prod: true }).flatMap((words) =>
      words.reasons.map(({ text }) => text),
    );
  expect(reasons(model, edited(model, ['minReplicas: 2', 'minReplicas: 1'], ['memory: 8Gi', 'memory: 6Gi']))).toEqual([
    'it may be killed',
    'the load of before may be too much for them',
  ]);
});

test('the last replica that stays keeps a service from scaling to zero', () => {
  const zero = edited(api, ['min-scale: "2"', 'min-scale: "0"']);
  expect(said(zero, ['min-scale: "0"', 'min-scale: "1"'])).toEqual(['fraud-detector no longer scales to zero']);
  expect(said(zero, ['min-scale: "0"', 'min-scale: "2"'])).toEqual([
    'fraud-detector function runs 2 to 20 replicas (was 0 to 20)',
    'fraud-detector no longer scales to zero',
  ]);
});

test('a PodDisruptionBudget comes and goes with the second replica, in one sentence', () => {
  const budget = `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: fraud-detector-v47, namespace: risk-ml-prod }
spec: { maxUnavailable: 1 }
`;
  const [two, one] = [model + budget, edited(model, ['minReplicas: 2', 'minReplicas: 1'])];
  expect(inWords(workloadWords, two, one)).toEqual([
    'fraud-detector predictor runs 1 to 20 replicas (was 2 to 20), and has no PodDisruptionBudget any more [medium risk/replicas]',
  ]);
  expect(inWords(workloadWords, one, two)).toEqual([
    'fraud-detector predictor runs 2 to 20 replicas (was 1 to 20), and has a PodDisruptionBudget',
  ]);
  const unit = unitOfScenario(two, one);
  expect(unexplained(unit, workloadWords(unit, { prod: true }))).toEqual([]);
});

describe('workloads of others', () => {
  const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop, labels: { app.kubernetes.io/version: "1.2.3" } }
spec:
  replicas: 3
  template:
    spec:
      containers:
        - { name: api, image: "registry.example.com/api:1.2.3" }
        - { name: proxy, image: "registry.example.com/proxy:1" }
`;
  const foreign = (yaml: string, ...edits: readonly (readonly [string, string])[]): string[] =>
    inWords(workloadWords, yaml, edited(yaml, ...edits), { folder: 'shop/base' });

  test.each([
    ['replicas', ['replicas: 3', 'replicas: 1'], 'Deployment shop/api runs 1 replica (was 3) [medium risk/replicas]'],
    ['none', ['replicas: 3', 'replicas: 0'], 'Deployment shop/api is stopped (ran 3) [high risk/delete-live]'],
    [
      'one image of two',
      ['api:1.2.3"', 'api:1.3.0"'],
      'image of api in Deployment shop/api is registry.example.com/api:1.3.0 (was 1.2.3) [medium risk/in-place]',
    ],
    [
      'a container that goes',
      ['        - { name: proxy, image: "registry.example.com/proxy:1" }\n', ''],
      'container proxy of Deployment shop/api is removed [medium risk/in-place]',
    ],
  ] as const)('%s', (_, edit, sentence) => {
    expect(foreign(deployment, edit)).toEqual([sentence]);
  });

  test('an autoscaler speaks for what it scales', () => {
    const hpa = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: api, namespace: shop }
spec: { minReplicas: 2, maxReplicas: 10, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: api }, metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }] }
`;
    expect(
      foreign(hpa, ['maxReplicas: 10', 'maxReplicas: 5'], ['averageUtilization: 80', 'averageUtilization: 60']),
    ).toEqual([
      'Deployment shop/api runs 2 to 5 replicas (was 2 to 10) [medium risk/replicas]',
      'Deployment shop/api scales at cpu 60 (was cpu 80)',
    ]);
  });
});
