import { describe, expect, it } from 'vitest';
import { renderTarget } from '../../src/app/render-target.ts';
import { createChecker } from '../../src/check/checker.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const adaptersOf = (release: string) => [{ name: 'billing', uri: `s3://ml-models/lora/billing/${release}/` }];
const predictor = (release: string): NonNullable<AIServiceInput['predictor']> => ({
  framework: 'vllm',
  image: 'registry.example.com/llm-d:0.10.0',
  model: { uri: `s3://ml-models/support-llm/${release}/` },
  args: ['--max-model-len=8192'],
  env: { HF_HUB_OFFLINE: '1' },
  resources: { cpu: '8', memory: '64Gi', gpu: 2 },
  scaling: { min: 2 },
  llm: { adapters: adaptersOf(release) },
});
const kserve = {
  version: '0.20.0',
  mode: 'Standard',
  llm: { gatewayService: 'kserve-ingress-gateway-istio.kserve.svc.cluster.local' },
} as const;

function rendered(kind: string, options: TargetOptions = {}): KubeObject[] {
  const spec = { predictor: predictor(options.stable ?? 'v46'), canary: { steps: [10, 50] } };
  const target = targetOf({ service: 'support-llm', spec, ...options, cluster: { kserve, ...options.cluster } });
  return renderTarget(target, new Map()).filter((object) => object.kind === kind);
}

const weights = (options: TargetOptions): string[] =>
  rendered('LLMInferenceService', options).map(({ metadata, spec }) => {
    const { route } = (spec as { router: { route: { group: string; weight: number } } }).router;
    return `${metadata.name} in ${route.group}: ${route.weight}`;
  });

it('a model on llm-d is an LLMInferenceService, and nothing else of KServe', () => {
  expect(rendered('InferenceService')).toEqual([]);
  expect(rendered('ServingRuntime')).toEqual([]);
  expect(emitYaml(rendered('LLMInferenceService')[0]!)).toBe(`---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata:
  name: support-llm-v46
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: support-llm
    app.kubernetes.io/part-of: risk-ml
    app.kubernetes.io/version: v46
spec:
  labels:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/version: v46
  model:
    name: support-llm
    lora:
      adapters:
        - name: billing
          uri: s3://ml-models/lora/billing/v46/
    uri: s3://ml-models/support-llm/v46/
  parallelism:
    tensor: 2
  replicas: 2
  router:
    gateway: {}
    route:
      group: support-llm
      http: {}
      weight: 100
  template:
    containers:
      - name: main
        env:
          - name: HF_HUB_OFFLINE
            value: "1"
          - name: VLLM_ADDITIONAL_ARGS
            value: --max-model-len=8192
        image: registry.example.com/llm-d:0.10.0
        resources:
          limits:
            cpu: "8"
            memory: 64Gi
            nvidia.com/gpu: "2"
          requests:
            cpu: "8"
            memory: 64Gi
            nvidia.com/gpu: "2"
        startupProbe:
          failureThreshold: 180
          periodSeconds: 10
    serviceAccountName: support-llm
`);
});

describe('the group of a service', () => {
  it('has every release that runs, each with its share', () => {
    expect(weights({})).toEqual(['support-llm-v46 in support-llm: 100']);
    expect(weights({ candidate: { release: 'v47', weight: 0 } })).toEqual([
      'support-llm-v46 in support-llm: 100',
      'support-llm-v47 in support-llm: 0',
    ]);
    expect(weights({ candidate: { release: 'v47', weight: 10 } })).toEqual([
      'support-llm-v46 in support-llm: 90',
      'support-llm-v47 in support-llm: 10',
    ]);
    expect(weights({ stable: 'v47', previous: 'v46' })).toEqual([
      'support-llm-v47 in support-llm: 100',
      'support-llm-v46 in support-llm: 0',
    ]);
  });

  it('is the only thing that a step changes', () => {
    const all = (weight: number): string => {
      const spec = { predictor: predictor('v46'), canary: { steps: [10, 50] } };
      const target = targetOf({
        service: 'support-llm',
        spec,
        cluster: { kserve },
        candidate: { release: 'v47', weight },
      });
      // The rules on releases compare with the declared shares, so that they follow each step.
      return renderTarget(target, new Map())
        .filter(({ metadata }) => metadata.name !== 'support-llm.releases')
        .map(emitYaml)
        .join('');
    };
    expect(all(50)).toBe(all(10).replace('weight: 90', 'weight: 50').replace('weight: 10\n', 'weight: 50\n'));
  });
});

describe('the address of a service', () => {
  it('leads to the path of the model at the gateway of KServe, whoever answers there', () => {
    const [route] = rendered('VirtualService', { candidate: { release: 'v47', weight: 10 } });
    expect(route!['spec']).toMatchObject({
      hosts: ['support-llm.risk-ml-prod.svc.cluster.local'],
      http: [
        {
          name: 'default',
          match: [{ uri: { prefix: '/' } }],
          rewrite: { uri: '/publishers/risk-ml-prod/models/support-llm/' },
          route: [
            {
              destination: { host: 'kserve-ingress-gateway-istio.kserve.svc.cluster.local', port: { number: 80 } },
              weight: 100,
            },
          ],
          timeout: '5m',
        },
      ],
    });
    expect(JSON.stringify(route)).not.toContain('x-model-version');
    expect(rendered('DestinationRule')).toEqual([]);
  });

  it('has a Service of its name', () => {
    expect(rendered('Service')[0]!['spec']).toEqual({
      type: 'ExternalName',
      externalName: 'kserve-ingress-gateway-istio.kserve.svc.cluster.local',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
    });
  });
});

it('what was stopped keeps its place in the group', () => {
  const target = targetOf({
    service: 'support-llm',
    spec: { predictor: predictor('v47') },
    cluster: { kserve },
    stable: 'v47',
    previous: 'v46',
  });
  const workloads = target.serving.workloads.map((workload) =>
    workload.release === 'v46' ? { ...workload, stopped: true } : workload,
  );
  const [, stopped] = renderTarget({ ...target, serving: { ...target.serving, workloads } }, new Map()).filter(
    ({ kind }) => kind === 'LLMInferenceService',
  );
  expect(stopped).toMatchObject({
    metadata: { name: 'support-llm-v46', annotations: { 'serving.kserve.io/stop': 'true' } },
    spec: { router: { route: { weight: 0 } } },
  });
});

it('metrics are scraped where vLLM has them, and requests are those that it counts itself', () => {
  expect(rendered('PodMonitor')[0]!['spec']).toMatchObject({
    podMetricsEndpoints: [{ portNumber: 8000, path: '/metrics' }],
  });
  const [rule] = rendered('PrometheusRule');
  const { groups } = rule!['spec'] as { groups: readonly { name: string; rules: readonly { expr: string }[] }[] };
  expect(groups[0]!.name).toBe('ai-service.risk-ml-prod.support-llm.slo-availability');
  expect(groups[0]!.rules[0]!.expr).toBe(
    'sum(rate(http_requests_total{namespace="risk-ml-prod",ai_service="support-llm",part="predictor",handler=~"/v1/.*"}[5m]))',
  );
  expect(JSON.stringify(groups)).not.toContain('istio_requests_total');
});

it('a NetworkPolicy lets in the gateway of KServe', () => {
  const spec = { predictor: predictor('v46'), network: {} };
  expect(JSON.stringify(rendered('NetworkPolicy', { spec })[0])).toContain(
    '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kserve"}}}',
  );
});

it('mirrors move models and adapters', () => {
  const [object] = rendered('LLMInferenceService', { cluster: { mirrors: { 's3://ml-models/': 's3://eu-models/' } } });
  expect(object!['spec']).toMatchObject({
    model: {
      uri: 's3://eu-models/support-llm/v46/',
      lora: { adapters: [{ uri: 's3://eu-models/lora/billing/v46/' }] },
    },
  });
});

it('every object is one that the cluster takes', () => {
  const checker = createChecker([], []);
  const target = targetOf({
    service: 'support-llm',
    spec: { predictor: predictor('v46') },
    cluster: { kserve },
    candidate: { release: 'v47', weight: 10 },
  });
  for (const object of renderTarget(target, new Map())) expect(checker.check(object, target.cluster)).toEqual([]);
});

it('pods keep the name that KServe gives them, by which its own Service finds them, and all that is ours finds them too', () => {
  const options: TargetOptions = {
    candidate: { release: 'v47', weight: 10 },
    spec: { predictor: predictor('v46'), canary: { steps: [10, 50] }, network: {} },
  };
  const selectorOf = (kind: string, field: string) =>
    rendered(kind, options).map(({ spec }) => (spec as Record<string, unknown>)[field]);
  const both = {
    key: 'app.kubernetes.io/name',
    operator: 'In',
    values: ['support-llm-v46', 'support-llm-v47'],
  };
  expect(selectorOf('PodMonitor', 'selector')).toEqual([{ matchExpressions: [both] }]);
  expect(selectorOf('NetworkPolicy', 'podSelector')).toEqual([
    { matchLabels: { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service' }, matchExpressions: [both] },
  ]);
  expect(selectorOf('PodDisruptionBudget', 'selector')).toEqual(
    ['v46', 'v47'].map((release) => ({
      matchLabels: {
        'app.kubernetes.io/component': 'predictor',
        'app.kubernetes.io/name': `support-llm-${release}`,
        'app.kubernetes.io/version': release,
      },
    })),
  );
  const [monitor] = rendered('PodMonitor');
  expect(monitor!['spec']).toMatchObject({
    selector: { matchExpressions: [{ ...both, values: ['support-llm-v46'] }] },
    podMetricsEndpoints: [
      {
        relabelings: expect.arrayContaining([
          { action: 'replace', targetLabel: 'ai_service', replacement: 'support-llm' },
        ]) as unknown,
      },
    ],
  });
});
