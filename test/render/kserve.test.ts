import { describe, expect, test } from 'vitest';
import { checkKserve } from '../../src/check/kserve.ts';
import { checkServing } from '../../src/check/serving.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import { renderKserve } from '../../src/render/kserve.ts';
import { RUNTIMES, type RuntimeFramework } from '../../src/service/runtime.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Fields = Record<string, unknown>;

const resources = { cpu: '4', memory: '8Gi' };

function rendered(options: TargetOptions): KubeObject[] {
  return renderKserve(targetOf(options));
}

/** Field of the first InferenceService, by path. */
function inferenceService(options: TargetOptions, ...path: string[]): unknown {
  const object = rendered(options).find(({ kind }) => kind === 'InferenceService');
  return path.reduce<unknown>((value, key) => (value as Fields | undefined)?.[key], object);
}

function predictor(input: Partial<NonNullable<AIServiceInput['predictor']>>, options: TargetOptions = {}): Fields {
  const spec = {
    ...options.spec,
    predictor: {
      framework: 'sklearn' as const,
      model: { uri: 's3://ml-models/fraud-detector/v46/' },
      resources,
      ...input,
    },
  };
  return inferenceService({ ...options, spec }, 'spec', 'predictor') as Fields;
}

test('an sklearn model in Standard mode becomes a pinned runtime and an InferenceService', () => {
  expect(rendered({}).map(emitYaml).join('')).toBe(`---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata:
  name: fraud-detector-v46
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
    app.kubernetes.io/version: v46
  annotations:
    argocd.argoproj.io/sync-wave: "-1"
spec:
  containers:
    - name: kserve-container
      args:
        - --model_dir=/mnt/models
        - --http_port=8080
      image: kserve/sklearnserver:v0.20.0
      ports:
        - name: http
          containerPort: 8080
          protocol: TCP
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop:
            - ALL
        privileged: false
        runAsNonRoot: true
  multiModel: false
  protocolVersions:
    - v2
    - v1
  supportedModelFormats:
    - name: sklearn
      autoSelect: false
      version: "1"
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: fraud-detector-v46
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
    app.kubernetes.io/version: v46
    networking.kserve.io/visibility: cluster-local
  annotations:
    modelFormat: sklearn
    serving.kserve.io/autoscalerClass: hpa
    serving.kserve.io/deploymentMode: Standard
spec:
  predictor:
    maxReplicas: 20
    minReplicas: 2
    model:
      args:
        - --model_name=fraud-detector
      modelFormat:
        name: sklearn
        version: "1"
      protocolVersion: v2
      readinessProbe:
        failureThreshold: 3
        httpGet:
          path: /v2/models/fraud-detector/ready
          port: 8080
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        limits:
          cpu: "4"
          memory: 8Gi
        requests:
          cpu: "4"
          memory: 8Gi
      runtime: fraud-detector-v46
      startupProbe:
        failureThreshold: 60
        httpGet:
          path: /v2/models/fraud-detector/ready
          port: 8080
        periodSeconds: 10
        timeoutSeconds: 5
      storageUri: s3://ml-models/fraud-detector/v46/
    scaleMetric: cpu
    scaleTarget: 70
    serviceAccountName: fraud-detector
    timeout: 30
`);
});

test('in Knative mode probes have no port, a revision gets a deadline, and no autoscaler class is given', () => {
  expect(inferenceService({ mode: 'Knative' }, 'spec', 'predictor')).toEqual({
    annotations: { 'serving.knative.dev/progress-deadline': '600s' },
    minReplicas: 2,
    maxReplicas: 20,
    scaleMetric: 'concurrency',
    scaleTarget: 4,
    timeout: 30,
    serviceAccountName: 'fraud-detector',
    model: {
      modelFormat: { name: 'sklearn', version: '1' },
      runtime: 'fraud-detector-v46',
      protocolVersion: 'v2',
      storageUri: 's3://ml-models/fraud-detector/v46/',
      args: ['--model_name=fraud-detector'],
      resources: { requests: { cpu: '4', memory: '8Gi' }, limits: { cpu: '4', memory: '8Gi' } },
      readinessProbe: { httpGet: { path: '/v2/models/fraud-detector/ready' }, successThreshold: 1 },
    },
  });
  expect(inferenceService({ mode: 'Knative' }, 'metadata', 'annotations')).toEqual({
    modelFormat: 'sklearn',
    'serving.kserve.io/deploymentMode': 'Knative',
  });
  expect(inferenceService({ mode: 'Knative' }, 'metadata', 'labels')).toMatchObject({
    'networking.knative.dev/visibility': 'cluster-local',
  });
});

describe('one served model name for all releases', () => {
  const cases = (Object.keys(RUNTIMES) as RuntimeFramework[]).flatMap((framework) =>
    (['Standard', 'Knative'] as const).map((mode) => ({ framework, mode })),
  );

  test.each(cases)('$framework in $mode mode', ({ framework, mode }) => {
    const target = targetOf({
      mode,
      candidate: { release: 'v47', weight: 10 },
      spec: {
        predictor: { framework, model: { uri: 's3://ml-models/fraud-detector/v46/' }, servedName: 'fraud', resources },
      },
    });
    const objects = renderKserve(target);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ServingRuntime fraud-detector-v46',
      'InferenceService fraud-detector-v46',
      'ServingRuntime fraud-detector-v47',
      'InferenceService fraud-detector-v47',
    ]);
    const how = RUNTIMES[framework].servedName;
    for (const object of objects.filter(({ kind }) => kind === 'InferenceService')) {
      const model = ((object['spec'] as Fields)['predictor'] as Fields)['model'] as {
        args?: string[];
        env?: object[];
        readinessProbe: { httpGet: { path: string } };
      };
      if (how === 'repository') expect(model.args).toBeUndefined();
      else if ('argument' in how) expect(model.args).toEqual([`${how.argument}=fraud`]);
      else expect(model.env).toEqual([{ name: how.environment, value: 'fraud' }]);
      if (framework !== 'vllm') expect(model.readinessProbe.httpGet.path).toContain('/models/fraud');
    }
    expect(objects.flatMap((object) => checkKserve(object, target.cluster))).toEqual([]);
    expect(checkServing(target)).toEqual([]);
  });
});

test('the releases differ in name, label and model only', () => {
  const [, stable, , candidate] = rendered({ candidate: { release: 'v47', weight: 10 } }).map(emitYaml);
  expect(candidate).toBe(stable?.replaceAll('v46', 'v47'));
});

test('an environment that replaces in place has one workload, called main', () => {
  const objects = rendered({ environment: { rollout: 'replace' } });
  expect(objects.map(({ metadata }) => metadata.name)).toEqual(['fraud-detector-main', 'fraud-detector-main']);
});

describe('scaling', () => {
  test('max is min where nothing else is said, and the default target of Standard mode is written', () => {
    expect(predictor({ scaling: { min: 3 } })).toMatchObject({
      minReplicas: 3,
      maxReplicas: 3,
      scaleMetric: 'cpu',
      scaleTarget: 80,
    });
    expect(predictor({ scaling: { min: 3 } }, { mode: 'Knative' })).not.toHaveProperty('scaleMetric');
  });

  test('Knative scales to zero and limits requests in flight', () => {
    expect(predictor({ scaling: { min: 0, max: 4 }, concurrency: 8 }, { mode: 'Knative' })).toMatchObject({
      minReplicas: 0,
      maxReplicas: 4,
      containerConcurrency: 8,
    });
  });
});

describe('GPUs', () => {
  const gpu = { ...resources, gpu: 2 };

  test('serve one model together, unless the arguments say how', () => {
    const argsOf = (args?: string[]): unknown => {
      const objects = rendered({
        spec: {
          predictor: {
            framework: 'vllm',
            servedName: 'llm',
            model: { uri: 's3://ml-models/llm/v46/' },
            resources: gpu,
            ...(args && { args }),
          },
        },
      });
      return (objects[1] as unknown as { spec: { predictor: { model: { args: string[] } } } }).spec.predictor.model
        .args;
    };
    expect(argsOf()).toEqual(['--served-model-name=llm', '--tensor-parallel-size=2']);
    expect(argsOf(['--pipeline-parallel-size=2'])).toEqual(['--served-model-name=llm', '--pipeline-parallel-size=2']);
  });

  test('are requests and limits, choose the GPU image, and give a start half an hour', () => {
    const objects = rendered({
      spec: { predictor: { framework: 'huggingface', model: { uri: 's3://ml-models/llm/v46/' }, resources: gpu } },
    });
    expect(objects[0]).toMatchObject({
      spec: {
        containers: [
          {
            image: 'kserve/huggingfaceserver:v0.20.0-gpu',
            volumeMounts: [{ name: 'shared-memory', mountPath: '/dev/shm' }],
          },
        ],
        volumes: [{ name: 'shared-memory', emptyDir: { medium: 'Memory' } }],
      },
    });
    expect(objects[1]).toMatchObject({
      spec: {
        predictor: {
          timeout: 300,
          terminationGracePeriodSeconds: 300,
          model: {
            resources: { requests: { 'nvidia.com/gpu': '2' }, limits: { 'nvidia.com/gpu': '2' } },
            startupProbe: { failureThreshold: 180 },
          },
        },
      },
    });
  });

  test.each([
    [
      'several replicas: one goes before its successor comes',
      { min: 2 },
      'release',
      { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    ],
    ['one replica of a release stays up while another starts', { min: 1 }, 'release', undefined],
    [
      'one replica that is replaced in place frees its device first',
      { min: 1 },
      'replace',
      { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    ],
  ] as const)('%s', (_, scaling, rollout, strategy) => {
    expect(predictor({ resources: gpu, scaling }, { environment: { rollout } })['deploymentStrategy']).toEqual(
      strategy,
    );
  });

  test('Knative rolls out by itself', () => {
    expect(predictor({ resources: gpu, scaling: { min: 2 } }, { mode: 'Knative' })).not.toHaveProperty(
      'deploymentStrategy',
    );
  });
});

test('mirrors change locations, the longest prefix first', () => {
  const objects = rendered({
    cluster: {
      mirrors: { 's3://ml-models/': 's3://mirror/', 's3://ml-models/fraud-detector/': 's3://fraud-mirror/' },
      imageMirrors: { 'kserve/': 'registry.example.com/kserve/' },
    },
  });
  expect(objects[0]).toMatchObject({
    spec: { containers: [{ image: 'registry.example.com/kserve/sklearnserver:v0.20.0' }] },
  });
  expect(objects[1]).toMatchObject({ spec: { predictor: { model: { storageUri: 's3://fraud-mirror/v46/' } } } });
});

test('environment variables are literals, references and URLs, by name', () => {
  const env = {
    LOG_LEVEL: 'info',
    API_KEY: { secret: 'keys', key: 'api' },
    MODE: { configMap: 'settings', key: 'mode' },
    GEO_URL: { service: 'geo' },
    RATES_URL: { url: 'https://rates.example.com/v1' },
  };
  expect(
    (predictor({ env }, { services: { geo: 'http://geo.risk-ml-prod.svc.cluster.local' } })['model'] as Fields)['env'],
  ).toEqual([
    { name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'api' } } },
    { name: 'GEO_URL', value: 'http://geo.risk-ml-prod.svc.cluster.local' },
    { name: 'LOG_LEVEL', value: 'info' },
    { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } },
    { name: 'RATES_URL', value: 'https://rates.example.com/v1' },
  ]);
});

test('quantities are canonical, and limits are the requests unless they are given', () => {
  const { resources: given } = predictor({ resources: { cpu: '0.5', memory: '1024Mi', limits: { cpu: '2000m' } } })[
    'model'
  ] as { resources: unknown };
  expect(given).toEqual({ requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } });
});

test('placement, arguments and a slow start are as described', () => {
  const fields = predictor({
    placement: {
      nodeSelector: { pool: 'gpu' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
    },
    args: ['--workers=2'],
    startup: '45m',
  });
  expect(fields).toMatchObject({
    nodeSelector: { pool: 'gpu' },
    tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
    model: {
      args: ['--model_name=fraud-detector', '--workers=2'],
      startupProbe: { periodSeconds: 10, failureThreshold: 270 },
    },
  });
});

test('what KServe would set for runtimes that it knows by name, ours set themselves', () => {
  const env = (framework: RuntimeFramework, protocol?: 'v1' | 'v2'): unknown =>
    (
      rendered({
        spec: {
          predictor: {
            framework,
            ...(protocol && { protocol }),
            servedName: 'fraud',
            model: { uri: 's3://ml-models/a/v46/' },
            resources,
          },
        },
      })[0]!['spec'] as { containers: { env: unknown }[] }
    ).containers[0]?.env;
  expect(env('pytorch')).toEqual([
    { name: 'PROTOCOL_VERSION', value: 'v1' },
    { name: 'TS_SERVICE_ENVELOPE', value: 'kserve' },
  ]);
  expect(env('pytorch', 'v2')).toEqual([
    { name: 'PROTOCOL_VERSION', value: 'v2' },
    { name: 'TS_SERVICE_ENVELOPE', value: 'kservev2' },
  ]);
  expect(env('mlflow')).toContainEqual({
    name: 'MLSERVER_MODEL_IMPLEMENTATION',
    value: 'mlserver_mlflow.MLflowRuntime',
  });
});

test('metrics on a port of their own are declared, where the mode allows a second port', () => {
  const ports = (mode: 'Standard' | 'Knative'): unknown =>
    (
      rendered({
        mode,
        spec: {
          predictor: {
            framework: 'triton',
            servedName: 'resnet50',
            model: { uri: 's3://ml-models/a/v46/' },
            resources,
          },
        },
      })[0]!['spec'] as { containers: { ports: unknown }[] }
    ).containers[0]?.ports;
  expect(ports('Standard')).toEqual([
    { name: 'http', containerPort: 8080, protocol: 'TCP' },
    { name: 'http-metrics', containerPort: 8002, protocol: 'TCP' },
  ]);
  expect(ports('Knative')).toEqual([{ name: 'http1', containerPort: 8080, protocol: 'TCP' }]);
});

test('a custom server is a container that KServe downloads the model for', () => {
  const spec: TargetOptions['spec'] = {
    predictor: {
      framework: 'custom',
      image: 'registry.example.com/fraud-server:1.4.2',
      model: { uri: 's3://ml-models/fraud-detector/v46/' },
      protocol: 'v2',
      port: 9000,
      readiness: '/ready',
      metrics: { port: 9100 },
      command: ['/server'],
      args: ['--verbose'],
      env: { LOG_LEVEL: 'info' },
      resources: { cpu: '1', memory: '2Gi' },
    },
  };
  expect(rendered({ spec }).map(({ kind }) => kind)).toEqual(['InferenceService']);
  expect(inferenceService({ spec }, 'metadata', 'annotations')).toEqual({
    'serving.kserve.io/autoscalerClass': 'hpa',
    'serving.kserve.io/deploymentMode': 'Standard',
  });
  expect(inferenceService({ spec }, 'spec', 'predictor', 'containers')).toEqual([
    {
      name: 'kserve-container',
      image: 'registry.example.com/fraud-server:1.4.2',
      command: ['/server'],
      args: ['--verbose'],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'MODEL_NAME', value: 'fraud-detector' },
        { name: 'PROTOCOL', value: 'v2' },
        { name: 'STORAGE_URI', value: 's3://ml-models/fraud-detector/v46/' },
      ],
      ports: [
        { name: 'http', containerPort: 9000, protocol: 'TCP' },
        { name: 'http-metrics', containerPort: 9100, protocol: 'TCP' },
      ],
      resources: { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '1', memory: '2Gi' } },
      readinessProbe: {
        httpGet: { path: '/ready', port: 9000 },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 3,
      },
      startupProbe: {
        httpGet: { path: '/ready', port: 9000 },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 60,
      },
    },
  ]);
});

describe('transformer and explainer', () => {
  const container = { image: 'registry.example.com/features:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
  const base = { framework: 'sklearn' as const, model: { uri: 's3://ml-models/fraud-detector/v46/' }, resources };

  test('learn the served name, the port and the protocol, so that KServe appends none of its own', () => {
    const transformer = inferenceService(
      { spec: { predictor: base, transformer: { ...container, port: 9000, args: ['--features=all'] } } },
      'spec',
      'transformer',
    );
    expect(transformer).toMatchObject({
      minReplicas: 1,
      maxReplicas: 1,
      serviceAccountName: 'fraud-detector',
      labels: { 'app.kubernetes.io/component': 'transformer' },
      containers: [
        {
          name: 'kserve-container',
          args: ['--model_name=fraud-detector', '--predictor_protocol=v2', '--http_port=9000', '--features=all'],
          ports: [{ name: 'http', containerPort: 9000, protocol: 'TCP' }],
          readinessProbe: { tcpSocket: { port: 9000 } },
        },
      ],
    });
  });

  test('keep the arguments that the user wrote', () => {
    const explainer = inferenceService(
      { spec: { predictor: { ...base, protocol: 'v1' }, explainer: { ...container, args: ['--model_name=other'] } } },
      'spec',
      'explainer',
      'containers',
    ) as Fields[];
    expect(explainer[0]?.['args']).toEqual(['--model_name=other']);
  });

  test('get no worker per request in flight, which KServe would ask for', () => {
    const transformer = inferenceService(
      { mode: 'Knative', spec: { predictor: base, transformer: { ...container, concurrency: 100 } } },
      'spec',
      'transformer',
    );
    expect(transformer).toMatchObject({
      containerConcurrency: 100,
      containers: [{ args: expect.arrayContaining(['--workers=1']) as unknown }],
    });
  });
});
