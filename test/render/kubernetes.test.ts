import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { KubeObject } from '../../src/core/object.ts';
import { renderKubernetes, renderShared } from '../../src/render/kubernetes.ts';
import { cluster as clusterSchema, environment as environmentSchema } from '../../src/service/platform.ts';
import { defaultCluster, targetOf, type TargetOptions } from '../support/target.ts';

const LABELS = {
  'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
  'app.kubernetes.io/name': 'fraud-detector',
  'app.kubernetes.io/part-of': 'risk-ml',
};
const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const SMALL = { image: 'registry.example.com/code:v46', resources: { cpu: '1', memory: '1Gi' } } as const;

function ofKind(kind: string, options: TargetOptions): KubeObject[] {
  return renderKubernetes(targetOf(options)).filter((object) => object.kind === kind);
}

describe('the ServiceAccount', () => {
  it('carries the identity of the cluster, and the credentials where KServe looks for them', () => {
    const options: TargetOptions = {
      spec: { identity: { credentials: ['store-b', 'store-a', 'store-b'] } },
      cluster: {
        serviceAccountAnnotations: ({ team, service, namespace }) => ({
          'eks.amazonaws.com/role-arn': `arn:aws:iam::1:role/${team}/${service}/${namespace}`,
        }),
      },
    };
    expect(ofKind('ServiceAccount', options)).toEqual([
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: {
          name: 'fraud-detector',
          namespace: 'risk-ml-prod',
          labels: LABELS,
          annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/risk-ml/fraud-detector/risk-ml-prod' },
        },
        secrets: [{ name: 'store-a' }, { name: 'store-b' }],
      },
    ]);
  });

  it('is there without annotations and secrets too, since pods run as it', () => {
    expect(ofKind('ServiceAccount', {})).toEqual([
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'fraud-detector', namespace: 'risk-ml-prod', labels: LABELS },
      },
    ]);
  });

  it('is left to others when the service runs as an existing one', () => {
    expect(ofKind('ServiceAccount', { spec: { identity: { serviceAccount: 'existing' } } })).toEqual([]);
  });
});

describe('PodDisruptionBudgets', () => {
  it('keep replicas of each part and release through a node drain', () => {
    expect(
      ofKind('PodDisruptionBudget', {
        spec: { predictor: { ...PREDICTOR, scaling: { min: 3 } }, disruption: { maxUnavailable: 2 } },
      }),
    ).toEqual([
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: {
          name: 'fraud-detector-v46',
          namespace: 'risk-ml-prod',
          labels: { ...LABELS, 'app.kubernetes.io/component': 'predictor', 'app.kubernetes.io/version': 'v46' },
        },
        spec: {
          maxUnavailable: 2,
          selector: {
            matchLabels: {
              'app.kubernetes.io/component': 'predictor',
              'app.kubernetes.io/name': 'fraud-detector',
              'app.kubernetes.io/version': 'v46',
            },
          },
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
    ]);
  });

  it('are made for parts with two or more replicas, of all releases that run', () => {
    const names = ofKind('PodDisruptionBudget', {
      candidate: { release: 'v47', weight: 0 },
      spec: {
        predictor: { ...PREDICTOR, scaling: { min: 1 } },
        transformer: { ...SMALL, scaling: { min: 2 } },
        explainer: { ...SMALL, scaling: { min: 2 } },
        models: { embedding: { ...PREDICTOR, scaling: { min: 2 } } },
        function: { ...SMALL, scaling: { min: 2 } },
      },
    }).map(({ metadata }) => metadata.name);
    expect(names).toEqual([
      'fraud-detector-function-v46',
      'fraud-detector-v46-with-transformer',
      'fraud-detector-v46-with-explainer',
      'fraud-detector-embedding-v46',
      'fraud-detector-function-v47',
      'fraud-detector-v47-with-transformer',
      'fraud-detector-v47-with-explainer',
      'fraud-detector-embedding-v47',
    ]);
  });
});

describe('the NetworkPolicy', () => {
  const from = (options: TargetOptions): unknown =>
    (ofKind('NetworkPolicy', options)[0]!['spec'] as { ingress: { from: unknown }[] }).ingress[0]!.from;
  const namespace = (name: string): object => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  });
  const PROMETHEUS = {
    namespaceSelector: {},
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
  };

  it('is made only for a service that asks for it', () => {
    expect(ofKind('NetworkPolicy', {})).toEqual([]);
  });

  it('lets in the own namespace, the callers that are listed, and Prometheus', () => {
    const network = { allowFrom: [{ namespace: 'shop' }, { namespace: 'bank', pods: { app: 'cards' } }] };
    expect(ofKind('NetworkPolicy', { spec: { network } })).toEqual([
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'fraud-detector', namespace: 'risk-ml-prod', labels: LABELS },
        spec: {
          podSelector: {
            matchLabels: {
              'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
              'app.kubernetes.io/name': 'fraud-detector',
            },
          },
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [
                { podSelector: {} },
                namespace('shop'),
                { ...namespace('bank'), podSelector: { matchLabels: { app: 'cards' } } },
                PROMETHEUS,
              ],
            },
          ],
        },
      },
    ]);
  });

  it('lets in the public gateway of a public service', () => {
    const cluster = { istio: { version: '1.30', dataplane: 'sidecar', gateway: 'edge/public' } } as const;
    expect(from({ cluster, spec: { network: {}, traffic: { visibility: 'public' } } })).toEqual([
      { podSelector: {} },
      namespace('edge'),
      PROMETHEUS,
    ]);
    expect(from({ cluster, spec: { network: {} } })).toEqual([{ podSelector: {} }, PROMETHEUS]);
    const gatewayApi = {
      istio: undefined,
      knative: undefined,
      gatewayApi: { version: '1.4', gateway: 'edge/public' },
    } as const;
    expect(from({ cluster: gatewayApi, spec: { network: {}, traffic: { visibility: 'public' } } })).toEqual([
      { podSelector: {} },
      namespace('edge'),
      PROMETHEUS,
    ]);
  });

  it('lets in what stands before pods on Knative', () => {
    expect(from({ mode: 'Knative', spec: { network: {} } })).toEqual([
      { podSelector: {} },
      namespace('istio-system'),
      namespace('knative-serving'),
      PROMETHEUS,
    ]);
  });

  it("lets in the kubelet's probes of an ambient mesh", () => {
    const cluster = { istio: { version: '1.30', dataplane: 'ambient' }, prometheus: undefined } as const;
    expect(from({ cluster, spec: { network: {} } })).toEqual([
      { podSelector: {} },
      { ipBlock: { cidr: '169.254.7.127/32' } },
    ]);
  });
});

describe('what a team shares', () => {
  const shared = (
    createNamespaces: boolean,
    istio: z.input<typeof clusterSchema>['istio'],
    podSecurity?: 'baseline' | 'restricted',
  ): KubeObject[] =>
    renderShared({
      team: 'risk-ml',
      environment: 'dev',
      env: environmentSchema.parse({
        stage: 'dev',
        clusters: ['dev-1'],
        namespace: 'risk-ml-dev',
        createNamespaces,
        podSecurity,
      }),
      clusterName: 'dev-1',
      cluster: clusterSchema.parse({ ...defaultCluster('Standard'), istio }),
      namespace: 'risk-ml-dev',
    });
  const labels = { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service', 'app.kubernetes.io/part-of': 'risk-ml' };
  const namespace = (mesh: object): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'risk-ml-dev',
      labels: { ...labels, ...mesh },
      annotations: { 'argocd.argoproj.io/sync-options': 'Delete=false,Prune=false' },
    },
  });

  it('is nothing, unless the environment makes the Namespaces', () => {
    expect(shared(false, { version: '1.30', dataplane: 'sidecar' })).toEqual([]);
  });

  it('is the Namespace, with sidecars', () => {
    expect(shared(true, { version: '1.30', dataplane: 'sidecar' })).toEqual([
      namespace({ 'istio-injection': 'enabled' }),
    ]);
  });

  it('is the Namespace alone, without Istio', () => {
    expect(shared(true, undefined)).toEqual([namespace({})]);
  });

  it.each(['baseline', 'restricted'] as const)('is the Namespace with its Pod Security level, %s', (level) => {
    expect(shared(true, undefined, level)).toEqual([namespace({ 'pod-security.kubernetes.io/enforce': level })]);
  });

  it('is the Namespace with a waypoint, in an ambient mesh', () => {
    expect(shared(true, { version: '1.30', dataplane: 'ambient' })).toEqual([
      namespace({ 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' }),
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'waypoint', namespace: 'risk-ml-dev', labels },
        spec: {
          gatewayClassName: 'istio-waypoint',
          listeners: [
            { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } },
          ],
        },
      },
    ]);
  });
});
