import { expect, test } from 'vitest';
import { checkKserve, KSERVE_RULES } from '../../src/check/kserve.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { targetOf } from '../support/target.ts';

type Fields = Record<string, unknown>;

const standard = targetOf({}).cluster;
const knative = targetOf({ mode: 'Knative' }).cluster;

const MODEL = {
  modelFormat: { name: 'sklearn', version: '1' },
  runtime: 'fraud',
  protocolVersion: 'v2',
  storageUri: 's3://models/fraud/v1/',
};
const CONTAINER = { name: 'kserve-container', image: 'r.example.com/x:1.0.0' };

interface Given {
  readonly mode?: string;
  readonly annotations?: Fields;
  readonly name?: string;
  readonly predictor?: Fields;
  readonly model?: Fields;
  readonly spec?: Fields;
}

function inferenceService({
  mode = 'Standard',
  annotations,
  name = 'fraud',
  predictor,
  model,
  spec,
}: Given): KubeObject {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: 'ml',
      annotations: { ...(mode !== '' && { 'serving.kserve.io/deploymentMode': mode }), ...annotations },
    },
    spec: { predictor: { model: { ...MODEL, ...model }, ...predictor }, ...spec },
  };
}

function runtime(spec: Fields): KubeObject {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name: 'fraud', namespace: 'ml' },
    spec: { containers: [CONTAINER], supportedModelFormats: [{ name: 'sklearn' }], ...spec },
  };
}

const seen = new Set<string>();

function check(object: KubeObject, cluster = standard): string[] {
  return checkKserve(object, cluster).map(({ id, where, severity }) => {
    seen.add(id);
    expect(severity).toBe(KSERVE_RULES.find((rule) => rule.id === id)?.severity ?? 'error');
    return `${id} ${where.field ?? ''}`;
  });
}

const MODE = 'metadata.annotations["serving.kserve.io/deploymentMode"]';
const CLASS = 'metadata.annotations["serving.kserve.io/autoscalerClass"]';
const keda = { 'serving.kserve.io/autoscalerClass': 'keda' };

test('sound objects pass', () => {
  expect(check(inferenceService({}))).toEqual([]);
  expect(
    check(
      inferenceService({
        mode: 'Knative',
        predictor: { containerConcurrency: 4, scaleMetric: 'rps', scaleTarget: 10, canaryTrafficPercent: 10 },
      }),
      knative,
    ),
  ).toEqual([]);
  expect(check(inferenceService({ predictor: { model: undefined, containers: [CONTAINER] } }))).toEqual([]);
  expect(check(runtime({ protocolVersions: ['v1', 'grpc-v2'] }))).toEqual([]);
});

test.each<[string, Given, string[]]>([
  ['a name that starts with a digit', { name: '4fraud' }, ['kserve/name metadata.name']],
  ['a name whose host label is too long', { name: 'f'.repeat(51) }, ['kserve/derived-name metadata.name']],
  ['no mode', { mode: '' }, [`kserve/deployment-mode ${MODE}`]],
  ['the old name of a mode', { mode: 'RawDeployment' }, [`kserve/deployment-mode ${MODE}`]],
  ['an unknown mode', { mode: 'standard' }, [`kserve/deployment-mode ${MODE}`]],
  [
    'an unknown autoscaler',
    { annotations: { 'serving.kserve.io/autoscalerClass': 'kpa' } },
    [`kserve/autoscaler-class ${CLASS}`],
  ],
  [
    'PYTHONPATH',
    { model: { env: [{ name: 'PYTHONPATH', value: '/x' }] } },
    ['kserve/blocked-env spec.predictor.model.env[0].name'],
  ],
  ['no predictor', { spec: { predictor: undefined } }, ['kserve/one-implementation spec.predictor']],
  [
    'a model and a custom server',
    { predictor: { containers: [CONTAINER] } },
    ['kserve/one-implementation spec.predictor'],
  ],
  [
    'a key per framework',
    { predictor: { model: undefined, sklearn: {} } },
    ['kserve/legacy-framework spec.predictor.sklearn'],
  ],
  [
    'a custom server with another name',
    { predictor: { model: undefined, containers: [{ ...CONTAINER, name: 'server' }] } },
    ['kserve/container-name spec.predictor.containers'],
  ],
  ['a name in the model', { model: { name: 'fraud' } }, ['kserve/container-name spec.predictor.model.name']],
  ['no runtime', { model: { runtime: undefined } }, ['kserve/runtime spec.predictor.model.runtime']],
  ['no protocol', { model: { protocolVersion: undefined } }, ['kserve/protocol spec.predictor.model.protocolVersion']],
  [
    'an unknown protocol',
    { model: { protocolVersion: 'v3' } },
    ['kserve/protocol spec.predictor.model.protocolVersion'],
  ],
  [
    'an unknown protocol of a custom server',
    { predictor: { model: undefined, containers: [{ ...CONTAINER, env: [{ name: 'PROTOCOL', value: 'rest' }] }] } },
    ['kserve/protocol spec.predictor.containers'],
  ],
  [
    'braces that would be expanded',
    { model: { args: ['--name={{.Name}}', '--literal={{`{{`}}', '--chat-template={{ messages }}'] } },
    ['kserve/template spec.predictor.model.args[2]'],
  ],
  ['two places of a model', { model: { storage: { path: 'a' } } }, ['kserve/storage spec.predictor.model.storage']],
  [
    'storageUri and storageUris',
    { predictor: { storageUris: [{ uri: 's3://a/b/' }] } },
    ['kserve/storage spec.predictor.storageUris'],
  ],
  [
    'two models in one folder',
    { model: { storageUri: undefined }, predictor: { storageUris: [{ uri: 's3://a/b/' }, { uri: 's3://a/c/' }] } },
    ['kserve/storage spec.predictor.storageUris[1].mountPath'],
  ],
  [
    'downloads without a common folder',
    {
      model: { storageUri: undefined },
      predictor: {
        storageUris: [
          { uri: 's3://a/b/', mountPath: '/a/x' },
          { uri: 's3://a/c/', mountPath: '/b/x' },
        ],
      },
    },
    ['kserve/storage spec.predictor.storageUris'],
  ],
  [
    'a mount at the root',
    { model: { storageUri: undefined }, predictor: { storageUris: [{ uri: 's3://a/b/', mountPath: '/' }] } },
    ['kserve/storage spec.predictor.storageUris[0].mountPath'],
  ],
  [
    'a scheme that nothing loads',
    { model: { storageUri: 'abfs://a/b' } },
    ['kserve/storage-scheme spec.predictor.model.storageUri'],
  ],
  ['min above max', { predictor: { minReplicas: 3, maxReplicas: 2 } }, ['kserve/replicas spec.predictor.maxReplicas']],
  [
    'negative replicas',
    { predictor: { minReplicas: -1, maxReplicas: -1 } },
    ['kserve/replicas spec.predictor.minReplicas', 'kserve/replicas spec.predictor.maxReplicas'],
  ],
  [
    'zero replicas in Standard mode',
    { predictor: { minReplicas: 0 } },
    ['kserve/scale-to-zero spec.predictor.minReplicas'],
  ],
  [
    'concurrency as the metric of an HPA',
    { predictor: { scaleMetric: 'concurrency' } },
    ['kserve/scale-metric spec.predictor.scaleMetric'],
  ],
  [
    'a share above 100',
    { predictor: { scaleMetric: 'memory', scaleTarget: 101 } },
    ['kserve/scale-target spec.predictor.scaleTarget'],
  ],
  [
    'behavior that an HPA ignores',
    { predictor: { autoScaling: { behavior: {} } } },
    ['kserve/scale-behavior spec.predictor.autoScaling.behavior'],
  ],
  [
    'an external metric for an HPA',
    { predictor: { autoScaling: { metrics: [{ type: 'External' }] } } },
    ['kserve/scale-metric spec.predictor.autoScaling.metrics[0].type'],
  ],
  [
    'scaleMetric with KEDA',
    { annotations: keda, predictor: { scaleMetric: 'cpu' } },
    ['kserve/scale-metric spec.predictor.scaleMetric'],
  ],
  [
    'a KEDA metric without query and value',
    {
      annotations: keda,
      predictor: {
        autoScaling: { metrics: [{ type: 'External', external: { metric: {}, target: { type: 'Value' } } }] },
      },
    },
    [
      'kserve/scale-metric spec.predictor.autoScaling.metrics[0].external.metric.query',
      'kserve/scale-target spec.predictor.autoScaling.metrics[0].external.target.value',
    ],
  ],
  [
    'processor time by value with KEDA',
    {
      annotations: keda,
      predictor: {
        autoScaling: {
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '1' } } },
          ],
        },
      },
    },
    ['kserve/scale-target spec.predictor.autoScaling.metrics[0].resource.target.type'],
  ],
  [
    'a KEDA metric without a source',
    { annotations: keda, predictor: { autoScaling: { metrics: [{ type: 'PodMetric' }] } } },
    ['kserve/scale-metric spec.predictor.autoScaling.metrics[0]'],
  ],
  [
    'a limit of requests in Standard mode',
    { predictor: { containerConcurrency: 4 } },
    ['kserve/concurrency spec.predictor.containerConcurrency'],
  ],
  [
    'a logger without mode',
    { predictor: { logger: { url: 'http://x' } } },
    ['kserve/logger spec.predictor.logger.mode'],
  ],
  [
    'a logger that stores nowhere',
    { predictor: { logger: { mode: 'all', storage: { path: 'x' } } } },
    ['kserve/logger spec.predictor.logger.storage'],
  ],
  [
    'a percentage in Standard mode',
    { predictor: { canaryTrafficPercent: 10 } },
    ['kserve/canary-percent spec.predictor.canaryTrafficPercent'],
  ],
  [
    'a canary that scales, without a name',
    {
      spec: {
        canary: [{ trafficPercent: 110, predictor: { model: MODEL, scaleTarget: 3, maxReplicas: 2, minReplicas: 2 } }],
      },
    },
    [
      'kserve/canary spec.canary[0].predictor.name',
      'kserve/canary spec.canary[0].trafficPercent',
      'kserve/canary spec.canary[0].predictor.scaleTarget',
      'kserve/canary spec.canary[0].predictor.maxReplicas',
      'kserve/canary spec.canary[0].predictor.minReplicas',
      'kserve/canary spec.canary',
    ],
  ],
  ['a transformer without containers', { spec: { transformer: {} } }, ['kserve/one-implementation spec.transformer']],
  [
    'several nodes without a claim and with an autoscaler',
    {
      predictor: { workerSpec: { pipelineParallelSize: 0, containers: [{}, {}] } },
      model: { env: [{ name: 'TENSOR_PARALLEL_SIZE', value: '2' }] },
    },
    [
      'kserve/worker spec.predictor.workerSpec.containers',
      'kserve/worker spec.predictor.workerSpec.pipelineParallelSize',
      'kserve/worker spec.predictor.model.env[0].name',
      'kserve/worker spec.predictor.model.storageUri',
      `kserve/worker ${CLASS}`,
    ],
  ],
  [
    'PYTHONPATH, unknown GPUs and sizes in the environment of several nodes',
    {
      annotations: { 'serving.kserve.io/autoscalerClass': 'none' },
      model: {
        storageUri: 'pvc://models/fraud/v1/',
        env: [{ name: 'TENSOR_PARALLEL_SIZE', value: '2' }],
        resources: { limits: { cpu: '1', 'acme.com/gpu': '1' } },
      },
      predictor: {
        workerSpec: {
          pipelineParallelSize: 2,
          containers: [
            {
              name: 'worker-container',
              env: [{ name: 'PYTHONPATH', value: '/x' }],
              resources: { requests: { 'nvidia.com/gpu': '1', 'acme.com/gpu': '1' } },
            },
          ],
        },
      },
    },
    [
      'kserve/blocked-env spec.predictor.workerSpec.containers[0].env[0].name',
      'kserve/worker spec.predictor.workerSpec.containers[0].resources.requests["acme.com/gpu"]',
      'kserve/worker spec.predictor.model.env[0].name',
      'kserve/worker spec.predictor.model.resources.limits["acme.com/gpu"]',
    ],
  ],
  [
    'a model without a format',
    { model: { modelFormat: undefined } },
    ['kserve/legacy-framework spec.predictor.model.modelFormat'],
  ],
  [
    'a key of a confidential model in another form',
    { model: { confidential: { enabled: true, resourceId: 'kbs://a/b/c' } } },
    ['kserve/storage spec.predictor.model.confidential.resourceId'],
  ],
  [
    'a confidential model without a place',
    { model: { storageUri: undefined, confidential: { enabled: true } } },
    ['kserve/storage spec.predictor.model.confidential'],
  ],
  [
    'a scheme of later versions',
    { model: { storageUri: 'modelscope://acme/fraud' } },
    ['kserve/storage-scheme spec.predictor.model.storageUri'],
  ],
  [
    'a canary beside a server that brings its model',
    {
      predictor: { model: undefined, containers: [CONTAINER] },
      spec: { canary: [{ trafficPercent: 10, predictor: { name: 'v2', model: { ...MODEL, name: '' } } }] },
    },
    ['kserve/canary spec.canary'],
  ],
  [
    'a canary without an implementation, and with a negative limit',
    { spec: { canary: [{ trafficPercent: 10, predictor: { name: 'v2', containerConcurrency: -1 } }] } },
    [
      'kserve/one-implementation spec.canary[0].predictor',
      'kserve/concurrency spec.canary[0].predictor.containerConcurrency',
    ],
  ],
  [
    'an unknown protocol and scheme of a canary',
    {
      spec: {
        canary: [
          {
            trafficPercent: 10,
            predictor: { name: 'v2', model: { ...MODEL, protocolVersion: 'v3', storageUri: 'ftp://a/b' } },
          },
        ],
      },
    },
    [
      'kserve/protocol spec.canary[0].predictor.model.protocolVersion',
      'kserve/storage-scheme spec.canary[0].predictor.model.storageUri',
    ],
  ],
  [
    'less than 1Mi for KEDA',
    {
      annotations: { 'serving.kserve.io/autoscalerClass': 'keda' },
      predictor: {
        autoScaling: {
          metrics: [
            { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Ki' } } },
          ],
        },
      },
    },
    ['kserve/scale-target spec.predictor.autoScaling.metrics[0].resource.target.averageValue'],
  ],
])('%s is refused', (_, given, expected) => {
  const object = inferenceService({
    ...given,
    ...(given.spec && 'predictor' in given.spec && { spec: { ...given.spec } }),
  });
  expect(check(object)).toEqual(expected);
});

test.each<[string, Given, string[]]>([
  ['cpu as the metric', { predictor: { scaleMetric: 'cpu' } }, ['kserve/scale-metric spec.predictor.scaleMetric']],
  [
    'less than one request per second',
    { predictor: { scaleMetric: 'rps', scaleTarget: 0 } },
    ['kserve/scale-target spec.predictor.scaleTarget'],
  ],
  ['no request in flight', { predictor: { scaleTarget: 0 } }, ['kserve/scale-target spec.predictor.scaleTarget']],
  [
    'too many requests in flight',
    { predictor: { containerConcurrency: 1001 } },
    ['knative/concurrency spec.predictor.containerConcurrency'],
  ],
  ['a negative timeout', { predictor: { timeout: -1 } }, ['knative/timeout spec.predictor.timeout']],
  [
    'an annotation of the object that KServe hands on',
    { annotations: { 'autoscaling.knative.dev/window': '1s', 'serving.knative.dev/rollout-duration': '1.5s' } },
    [
      'knative/annotation-value metadata.annotations["autoscaling.knative.dev/window"]',
      'knative/annotation-value metadata.annotations["serving.knative.dev/rollout-duration"]',
    ],
  ],
  [
    'an image that Knative cannot read',
    { model: { image: 'r.example.com/f:1' } },
    ['knative/image spec.predictor.model.image'],
  ],
  [
    'a deployment strategy',
    { predictor: { deploymentStrategy: { type: 'Recreate' } } },
    ['kserve/deployment-strategy spec.predictor.deploymentStrategy'],
  ],
  [
    'a percentage above 100',
    { predictor: { canaryTrafficPercent: 101 } },
    ['kserve/canary-percent spec.predictor.canaryTrafficPercent'],
  ],
  [
    'a canary list',
    { spec: { canary: [{ trafficPercent: 10, predictor: { name: 'v2', model: MODEL } }] } },
    ['kserve/canary spec.canary'],
  ],
  [
    'a negative limit of requests',
    { predictor: { containerConcurrency: -1 } },
    ['kserve/concurrency spec.predictor.containerConcurrency'],
  ],
  [
    'placement without its flag',
    { predictor: { tolerations: [] } },
    ['knative/feature-flag spec.predictor.tolerations'],
  ],
  [
    'several models without init containers',
    { model: { storageUri: undefined }, predictor: { storageUris: [{ uri: 's3://a/b/' }] } },
    ['knative/feature-flag spec.predictor.storageUris[0]'],
  ],
  [
    'variables of Knative',
    { model: { env: [{ name: 'PORT', value: '1' }] } },
    ['knative/reserved-env spec.predictor.model.env[0].name'],
  ],
  [
    'a typo in an annotation of the revision',
    { predictor: { annotations: { 'autoscaling.knative.dev/windows': '30s' } } },
    ['knative/annotation-key spec.predictor.annotations["autoscaling.knative.dev/windows"]'],
  ],
])('in Knative mode, %s is refused', (_, given, expected) => {
  expect(check(inferenceService({ mode: 'Knative', ...given }), knative)).toEqual(expected);
});

test("a container beside a model needs no port: that of the model is its runtime's", () => {
  const containers = [{ name: 'side', image: 'r.example.com/side:1.0.0' }];
  expect(check(inferenceService({ mode: 'Knative', predictor: { containers } }), knative)).toEqual([]);
  expect(
    check(
      inferenceService({
        mode: 'Knative',
        spec: { transformer: { containers: [{ ...CONTAINER, image: 'r.example.com/own:1.0.0' }, ...containers] } },
      }),
      knative,
    ),
  ).toEqual(['knative/port spec.transformer']);
});

test('a claim behind one storageUri needs no flag of Knative: KServe mounts it when the pod is made', () => {
  expect(
    check(inferenceService({ mode: 'Knative', model: { storageUri: 'pvc://models/fraud/v1/' } }), knative),
  ).toEqual([]);
});

test('the cluster must have what is asked for', () => {
  expect(check(inferenceService({}), targetOf({ cluster: { kserve: undefined } }).cluster)).toEqual([
    'kserve/not-installed ',
  ]);
  expect(check(inferenceService({ mode: 'Knative' }), targetOf({ cluster: { knative: undefined } }).cluster)).toEqual([
    `kserve/deployment-mode ${MODE}`,
  ]);
});

test.each<[string, Fields, string[]]>([
  [
    'a moving image',
    { containers: [{ ...CONTAINER, image: 'kserve/sklearnserver:latest' }] },
    ['kserve/runtime-image spec.containers[0].image'],
  ],
  [
    'no container that serves',
    { containers: [{ ...CONTAINER, name: 'server' }] },
    ['kserve/container-name spec.containers'],
  ],
  ['an unknown protocol', { protocolVersions: ['rest'] }, ['kserve/protocol spec.protocolVersions[0]']],
  [
    'two priorities of one format',
    {
      supportedModelFormats: [
        { name: 'a', autoSelect: true, priority: 1 },
        { name: 'a', autoSelect: true, priority: 2 },
      ],
    },
    ['kserve/runtime-priority spec.supportedModelFormats[1].priority'],
  ],
  [
    'PYTHONPATH',
    { containers: [{ ...CONTAINER, env: [{ name: 'PYTHONPATH' }] }] },
    ['kserve/blocked-env spec.containers[0].env[0].name'],
  ],
  [
    'PYTHONPATH, sizes and GPUs of several nodes that KServe refuses',
    {
      containers: [{ ...CONTAINER, env: [{ name: 'PIPELINE_PARALLEL_SIZE' }] }],
      workerSpec: {
        tensorParallelSize: 0,
        containers: [
          {
            name: 'worker-container',
            env: [{ name: 'PYTHONPATH' }],
            resources: { limits: { 'acme.com/gpu': '1' } },
          },
        ],
      },
    },
    [
      'kserve/blocked-env spec.workerSpec.containers[0].env[0].name',
      'kserve/worker spec.workerSpec.tensorParallelSize',
      'kserve/worker spec.containers[0].env[0].name',
      'kserve/worker spec.workerSpec.containers[0].resources.limits["acme.com/gpu"]',
    ],
  ],
  [
    'two braces that no placeholder opens',
    { containers: [{ ...CONTAINER, args: ['{{- .Name -}}', '{{ .Foo }}'] }] },
    ['kserve/template spec.containers[0].args[1]'],
  ],
  ['several nodes without a worker', { workerSpec: { containers: [] } }, ['kserve/worker spec.workerSpec.containers']],
])('a runtime with %s is refused', (_, spec, expected) => {
  expect(check(runtime(spec))).toEqual(expected);
});

test('every rule has been seen at work', () => {
  expect(KSERVE_RULES.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
});
