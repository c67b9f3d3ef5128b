import { expect, test } from 'vitest';
import { checkServingPods } from '../../../src/check/kubernetes/serving.ts';
import { formatFinding } from '../../../src/core/finding.ts';
import type { KubeObject } from '../../../src/core/object.ts';

type Fields = Readonly<Record<string, unknown>>;

const CLUSTER = { kubernetes: '1.33' };

function object(kind: string, spec: Fields, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  const apiVersion = kind === 'Service' ? 'serving.knative.dev/v1' : 'serving.kserve.io/v1beta1';
  return { apiVersion, kind, metadata: { name: 'a', namespace: 'ml', annotations }, spec };
}

function check(one: KubeObject): string[] {
  return checkServingPods(one, CLUSTER).map(({ id, where }) => `${id} ${where.field ?? ''}`);
}

const MODEL = { modelFormat: { name: 'sklearn' }, storageUri: 's3://a/b/' };

test('parts of a pod pass: a model without a name and image, a mount of the runtime, a GPU that it limits', () => {
  const model = {
    ...MODEL,
    readinessProbe: { periodSeconds: 5 },
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    resources: { requests: { 'nvidia.com/gpu': 1 } },
  };
  expect(check(object('InferenceService', { predictor: { model, minReplicas: 1 } }))).toEqual([]);
});

test('what KServe would hand on to a Deployment that is refused is an error here', () => {
  const resources = { requests: { cpu: 4 }, limits: { cpu: 2 } };
  const deploymentStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } };
  const predictor = {
    model: { ...MODEL, resources },
    tolerations: [{ key: 'gpu', operator: 'Is' }],
    deploymentStrategy,
  };
  expect(checkServingPods(object('InferenceService', { predictor }), CLUSTER).map(formatFinding).join('\n')).toBe(
    `error kubernetes/value: InferenceService ml/a: spec.predictor.tolerations[0].operator
  "Is" is not one of Equal, Exists, Lt, Gt
  fix: write one of Equal, Exists, Lt, Gt
error kubernetes/resources: InferenceService ml/a: spec.predictor.model.resources.requests["cpu"]
  4 is more than the limit, 2
  fix: write at most 2, or a larger limit
error kubernetes/rollout: InferenceService ml/a: spec.predictor.deploymentStrategy.rollingUpdate
  no pod may be missing and none may be added, so none can be replaced
  fix: write maxSurge: 1 or maxUnavailable: 1`,
  );
});

const container = { name: 'kserve-container', image: 'a/b:1', imagePullPolicy: 'always' };

test.each<[string, Fields, string[]]>([
  ['InferenceService', { predictor: {}, transformer: { containers: [container] } }, ['spec.transformer.containers[0]']],
  [
    'InferenceService',
    { predictor: { workerSpec: { containers: [container] } } },
    ['spec.predictor.workerSpec.containers[0]'],
  ],
  ['ServingRuntime', { containers: [container] }, ['spec.containers[0]']],
  [
    'LLMInferenceService',
    { template: { containers: [container] }, prefill: { template: { containers: [container] } } },
    ['spec.template.containers[0]', 'spec.prefill.template.containers[0]'],
  ],
  ['Service', { template: { spec: { containers: [container] } } }, ['spec.template.spec.containers[0]']],
  ['InferenceGraph', { nodes: {} }, []],
])('pods of a %s are looked into', (kind, spec, paths) => {
  expect(check(object(kind, spec))).toEqual(paths.map((path) => `kubernetes/value ${path}.imagePullPolicy`));
});

test('what KServe expands as a template is not known before', () => {
  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: '{{.Name}}-Secret', key: 'k' } } }];
  expect(check(object('ServingRuntime', { containers: [{ ...container, imagePullPolicy: '', env }] }))).toEqual([]);
});

test('ports and probes are left to the rules of Knative, where it runs the pod', () => {
  const ports = [{ containerPort: 70000 }];
  const predictor = { containers: [{ ...container, imagePullPolicy: '', ports }] };
  const at = 'kubernetes/port spec.predictor.containers[0].ports[0].containerPort';
  expect(check(object('InferenceService', { predictor }))).toEqual([at]);
  const knative = { 'serving.kserve.io/deploymentMode': 'Knative' };
  expect(check(object('InferenceService', { predictor }, knative))).toEqual([]);
  expect(check(object('Service', { template: { spec: predictor } }))).toEqual([]);
});
