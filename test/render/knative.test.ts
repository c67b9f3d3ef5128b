import { expect, test } from 'vitest';
import { checkKnative } from '../../src/check/knative.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import { renderFunctions } from '../../src/render/knative.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const fn = {
  image: 'registry.example.com/image-api:1.4.2',
  env: { MODEL_URL: { part: 'predictor' } },
  resources: { cpu: '500m', memory: '512Mi' },
  scaling: { min: 0, max: 20, target: { concurrency: 10 } },
} satisfies AIServiceInput['function'];

const predictor = {
  framework: 'triton',
  model: { uri: 's3://ml-models/resnet50/v46/' },
  servedName: 'resnet50',
  resources: { cpu: '4', memory: '8Gi' },
} satisfies AIServiceInput['predictor'];

function functions(input: Partial<NonNullable<AIServiceInput['function']>>, options: TargetOptions = {}): KubeObject[] {
  return renderFunctions(
    targetOf({
      service: 'image-classifier',
      ...options,
      spec: { predictor, ...options.spec, function: { ...fn, ...input } },
    }),
  );
}

test('a function becomes a Knative Service that only our routing reaches', () => {
  const target = targetOf({
    service: 'image-classifier',
    spec: { predictor, function: { ...fn, concurrency: 20, readiness: '/healthz' }, traffic: { visibility: 'public' } },
  });
  const objects = renderFunctions(target);
  expect(objects.map(emitYaml)).toEqual([
    `---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: image-classifier-function-v46
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/component: function
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: image-classifier
    app.kubernetes.io/part-of: risk-ml
    app.kubernetes.io/version: v46
    networking.knative.dev/visibility: cluster-local
spec:
  template:
    metadata:
      labels:
        app.kubernetes.io/component: function
        app.kubernetes.io/managed-by: cdk8s-ai-service
        app.kubernetes.io/name: image-classifier
        app.kubernetes.io/part-of: risk-ml
        app.kubernetes.io/version: v46
      annotations:
        autoscaling.knative.dev/max-scale: "20"
        autoscaling.knative.dev/metric: concurrency
        autoscaling.knative.dev/min-scale: "0"
        autoscaling.knative.dev/target: "10"
        serving.knative.dev/progress-deadline: 600s
    spec:
      containerConcurrency: 20
      containers:
        - name: function
          env:
            - name: MODEL_URL
              value: http://image-classifier-v46-predictor.risk-ml-prod.svc.cluster.local
          image: registry.example.com/image-api:1.4.2
          ports:
            - name: http1
              containerPort: 8080
              protocol: TCP
          readinessProbe:
            httpGet:
              path: /healthz
            successThreshold: 1
          resources:
            limits:
              cpu: 500m
              memory: 512Mi
            requests:
              cpu: 500m
              memory: 512Mi
      enableServiceLinks: false
      serviceAccountName: image-classifier
      timeoutSeconds: 30
  traffic:
    - latestRevision: true
      percent: 100
`,
  ]);
  expect(checkKnative(objects[0]!, target.cluster)).toEqual([]);
});

test('each release calls the model of its own release', () => {
  const urls = functions({}, { candidate: { release: 'v47', weight: 10 } }).map(
    (object) => /http:\S+/.exec(emitYaml(object))?.[0],
  );
  expect(urls).toEqual([
    'http://image-classifier-v46-predictor.risk-ml-prod.svc.cluster.local',
    'http://image-classifier-v47-predictor.risk-ml-prod.svc.cluster.local',
  ]);
});

test('a function in front of a language model waits as long as the model may take', () => {
  const [service] = functions({}, { spec: { predictor: { ...predictor, framework: 'vllm' } } });
  expect(service).toMatchObject({ spec: { template: { spec: { timeoutSeconds: 300 } } } });
});

test('without Knative a function becomes a Deployment, a Service and an autoscaler that owns the replicas', () => {
  const scaling = { min: 2, max: 6, target: { memory: 60 } };
  const [deployment, service, autoscaler, ...rest] = functions(
    { scaling, port: 9000, readiness: '/healthz', env: {} },
    { cluster: { knative: undefined } },
  );
  const labels = {
    'app.kubernetes.io/component': 'function',
    'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
    'app.kubernetes.io/name': 'image-classifier',
    'app.kubernetes.io/part-of': 'risk-ml',
    'app.kubernetes.io/version': 'v46',
  };
  const metadata = { name: 'image-classifier-function-v46', namespace: 'risk-ml-prod', labels };
  const selector = {
    'app.kubernetes.io/component': 'function',
    'app.kubernetes.io/name': 'image-classifier',
    'app.kubernetes.io/version': 'v46',
  };
  expect(rest).toEqual([]);
  expect(deployment).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      progressDeadlineSeconds: 600,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels },
        spec: {
          enableServiceLinks: false,
          serviceAccountName: 'image-classifier',
          containers: [
            {
              name: 'function',
              image: 'registry.example.com/image-api:1.4.2',
              env: [{ name: 'PORT', value: '9000' }],
              ports: [{ name: 'http', containerPort: 9000, protocol: 'TCP' }],
              resources: { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
              readinessProbe: {
                httpGet: { path: '/healthz', port: 9000 },
                periodSeconds: 10,
                timeoutSeconds: 5,
                failureThreshold: 3,
              },
              startupProbe: {
                httpGet: { path: '/healthz', port: 9000 },
                periodSeconds: 10,
                timeoutSeconds: 5,
                failureThreshold: 60,
              },
            },
          ],
        },
      },
    },
  });
  expect(service).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 9000 }], selector },
  });
  expect(autoscaler).toEqual({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 60 } } },
      ],
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'image-classifier-function-v46' },
    },
  });
});

test('a fixed number of replicas stands in the Deployment, without an autoscaler', () => {
  const objects = functions({ scaling: { min: 3 } }, { cluster: { knative: undefined } });
  expect(objects.map(({ kind }) => kind)).toEqual(['Deployment', 'Service']);
  expect(objects[0]).toMatchObject({ spec: { replicas: 3 } });
});

test('the default aim of the autoscaler is 80 % of the processor', () => {
  const [, , autoscaler] = functions({ scaling: { min: 1, max: 2 } }, { cluster: { knative: undefined } });
  expect(autoscaler).toMatchObject({
    spec: { metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }] },
  });
});

test.each([
  [
    'several replicas on GPUs: one goes before its successor comes',
    { gpu: 1 },
    { min: 2 },
    'release',
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  ],
  ['one replica of a release stays up while another starts', { gpu: 1 }, { min: 1 }, 'release', undefined],
  [
    'one replica that is replaced in place frees its GPU first',
    { gpu: 1 },
    { min: 1 },
    'replace',
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  ],
  ['without GPUs another replica always starts first', {}, { min: 1 }, 'replace', undefined],
] as const)('a Deployment of %s', (_, gpu, scaling, rollout, strategy) => {
  const resources = { ...fn.resources, ...gpu };
  const [deployment] = functions({ resources, scaling }, { cluster: { knative: undefined }, environment: { rollout } });
  expect((deployment!['spec'] as { strategy?: unknown }).strategy).toEqual(strategy);
});
