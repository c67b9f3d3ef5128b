import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { topologyOf } from '../../src/review/topology.ts';
import { edited, unitOfScenario } from './words/support.ts';

const envs = join(import.meta.dirname, '../../snapshots/envs');
const objectsOf = (yaml: string): KubeObject[] =>
  unitOfScenario('', yaml).objects.map((change) => change.after!.object);
const golden = (path: string): KubeObject[] =>
  objectsOf(
    readdirSync(join(envs, path, 'manifests'))
      .sort()
      .map((file) => readFileSync(join(envs, path, 'manifests', file), 'utf8'))
      .join(''),
  );

describe('the golden tree', () => {
  test('a canary: two releases behind one address', () => {
    expect(topologyOf(golden('prod-eu/eu-1/risk-ml/fraud-detector'))).toEqual({
      hosts: ['fraud-detector.risk-ml-prod.svc.cluster.local'],
      public: false,
      releases: [
        {
          release: 'v46',
          weight: 90,
          parts: [
            {
              part: 'predictor',
              kind: 'InferenceService',
              name: 'fraud-detector-v46',
              model: 's3://ml-models/fraud-detector/v46/',
              replicas: '2 to 20',
            },
          ],
        },
        {
          release: 'v47',
          weight: 10,
          parts: [
            {
              part: 'predictor',
              kind: 'InferenceService',
              name: 'fraud-detector-v47',
              model: 's3://ml-models/fraud-detector/v47/',
              replicas: '2 to 20',
            },
          ],
        },
      ],
    });
  });

  test('a function on Knative before a model that two releases share', () => {
    const model = {
      part: 'predictor',
      kind: 'InferenceService',
      name: 'image-classifier-v12',
      model: 's3://ml-models/image-classifier/v12/',
      replicas: '2',
    };
    expect(topologyOf(golden('prod-eu/eu-1/vision/image-classifier'))).toEqual({
      hosts: ['image-classifier.vision-prod.svc.cluster.local', 'image-classifier.vision-prod.eu.example.com'],
      public: true,
      releases: [
        {
          release: 'v12',
          weight: 100,
          parts: [
            { part: 'function', kind: 'Service', name: 'image-classifier-function-v12', replicas: '2 to 20' },
            model,
          ],
        },
        {
          release: 'v12-2',
          weight: 0,
          parts: [
            { part: 'function', kind: 'Service', name: 'image-classifier-function-v12-2', replicas: '2 to 20' },
            model,
          ],
        },
      ],
    });
  });
});

const workload = (release: string): string => `---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: churn-${release}, namespace: growth, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: churn, app.kubernetes.io/version: ${release} } }
spec: { predictor: { minReplicas: 1, maxReplicas: 1 } }
`;
const service =
  'apiVersion: v1\nkind: Service\nmetadata: { name: churn, namespace: growth }\nspec: { selector: { app.kubernetes.io/version: v3 } }\n';
const shares = (yaml: string) =>
  topologyOf(objectsOf(yaml))?.releases.map(({ parts, ...share }) => ({
    ...share,
    parts: parts.map(({ name }) => name),
  }));

describe('other ways to split', () => {
  test('without a route the Service selects', () => {
    expect(shares(service + workload('v3') + workload('v4'))).toEqual([
      { release: 'v3', weight: 100, parts: ['churn-v3'] },
      { release: 'v4', weight: 0, parts: ['churn-v4'] },
    ]);
  });

  const route = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: churn, namespace: growth }
spec:
  hosts: [churn.growth.svc.cluster.local]
  http:
    - { name: candidate, match: [{ headers: { x-canary: { exact: always } } }], route: [{ destination: { host: churn-v4-predictor.growth.svc.cluster.local }, weight: 100 }] }
    - { name: default, mirror: { host: churn-v4-predictor.growth.svc.cluster.local }, mirrorPercentage: { value: 20 }, route: [{ destination: { host: churn-v3-predictor.growth.svc.cluster.local }, weight: 100 }] }
`;

  test('headers and copies', () => {
    expect(shares(route + workload('v3') + workload('v4'))).toEqual([
      { release: 'v3', weight: 100, parts: ['churn-v3'] },
      { release: 'v4', weight: 0, mirror: 20, header: 'x-canary: always', parts: ['churn-v4'] },
    ]);
  });

  test('canaryTrafficPercent of KServe', () => {
    const main = edited(workload('main'), [
      'minReplicas: 1',
      'canaryTrafficPercent: 10, model: { runtime: churn-v4 }, minReplicas: 1',
    ]);
    const plain = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: churn, namespace: growth }
spec: { hosts: [churn.growth.svc.cluster.local], http: [{ route: [{ destination: { host: churn-main-predictor.growth.svc.cluster.local }, weight: 100 }] }] }
`;
    expect(shares(plain + main)).toEqual([
      { release: 'before v4', weight: 90, parts: ['churn-main'] },
      { release: 'v4', weight: 10, parts: ['churn-main'] },
    ]);
  });

  test('groups of LLMInferenceServices behind the gateway of KServe', () => {
    const llm = (release: string, weight: number): string => `---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: { name: churn-${release}, namespace: growth, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/version: ${release} } }
spec: { replicas: 2, model: { uri: "s3://ml-models/llm/${release}/" }, router: { route: { group: churn, weight: ${weight} } } }
`;
    const gateway = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: churn, namespace: growth }
spec: { hosts: [churn.growth.svc.cluster.local], http: [{ match: [{ uri: { prefix: / } }], route: [{ destination: { host: kserve-ingress-gateway.kserve.svc.cluster.local }, weight: 100 }] }] }
`;
    expect(shares(gateway + llm('v1', 90) + llm('v2', 10))).toEqual([
      { release: 'v1', weight: 90, parts: ['churn-v1'] },
      { release: 'v2', weight: 10, parts: ['churn-v2'] },
    ]);
  });
});

test('where nothing routes there is no topology', () => {
  expect(topologyOf(objectsOf(workload('v3')))).toBeUndefined();
  expect(topologyOf([])).toBeUndefined();
});
