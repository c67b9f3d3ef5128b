import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { checkArgocd } from '../../src/check/argocd.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import { argocdApp, renderApplicationSet, renderAppProject, renderRootApplication } from '../../src/render/argocd.ts';
import { platform as platformSchema, type PlatformConfig } from '../../src/service/platform.ts';
import { defaultCluster, targetOf } from '../support/target.ts';

function platformOf(input: Partial<z.input<typeof platformSchema>> = {}): PlatformConfig {
  return platformSchema.parse({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5' },
    clusters: {
      'dev-1': defaultCluster('Standard'),
      'eu-1': defaultCluster('Standard'),
      'us-1': { ...defaultCluster('Standard'), destination: { server: 'https://us-1.example.com:6443' } },
    },
    environments: {
      dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'risk-ml-dev', createNamespaces: true },
      'prod-eu': { stage: 'prod', clusters: ['eu-1', 'us-1'], namespace: 'risk-ml-prod' },
    },
    ...input,
  });
}

function applicationSet(platform: PlatformConfig, environment: string): KubeObject {
  return renderApplicationSet({ platform, team: 'risk-ml', environment, env: platform.environments[environment]! });
}

describe('the descriptor', () => {
  const canary = { steps: [10, 25, 50], bake: '30m', gates: [{ errorRatio: { max: 0.01 } }] };

  it('says where a service goes and how its releases get their traffic, in an order of its own', () => {
    const text = JSON.stringify(argocdApp(targetOf({ spec: { canary } })), null, 2);
    expect(text).toBe(`{
  "name": "fraud-detector.prod-eu.eu-1",
  "team": "risk-ml",
  "service": "fraud-detector",
  "environment": "prod-eu",
  "stage": "prod",
  "cluster": "eu-1",
  "destination": {
    "name": "eu-1",
    "server": ""
  },
  "namespace": "risk-ml-prod",
  "policy": {
    "strategy": "canary",
    "warm": {
      "deadline": "20m"
    },
    "bake": "30m",
    "gates": [
      {
        "errorRatio": {
          "max": 0.01
        }
      }
    ],
    "keepPrevious": "warm",
    "exposures": [
      {
        "weight": 10
      },
      {
        "weight": 25
      },
      {
        "weight": 50
      }
    ],
    "mechanism": "workloads"
  }
}`);
  });

  it('says that releases flip at once when the service has no policy of its own', () => {
    expect(argocdApp(targetOf()).policy).toEqual({
      strategy: 'blueGreen',
      warm: { deadline: '20m' },
      bake: '30m',
      gates: [],
      keepPrevious: 'warm',
      exposures: [],
      mechanism: 'workloads',
    });
  });

  it('says that nothing moves step by step where releases replace each other in place', () => {
    const target = targetOf({ spec: { canary }, environment: { rollout: 'replace' } });
    expect(argocdApp(target).policy).toMatchObject({
      strategy: 'replace',
      exposures: [],
      gates: [],
      keepPrevious: 'none',
    });
  });

  it('names a cluster by its server where the platform does', () => {
    const target = targetOf({ cluster: { destination: { server: 'https://eu-1.example.com' } } });
    expect(argocdApp(target).destination).toEqual({ name: '', server: 'https://eu-1.example.com' });
  });

  it('is made for what a team shares too', () => {
    const { environment, env, clusterName, cluster, namespace } = targetOf();
    expect(argocdApp({ team: 'risk-ml', environment, env, clusterName, cluster, namespace })).toEqual({
      name: 'shared.risk-ml.prod-eu.eu-1',
      team: 'risk-ml',
      service: '_shared',
      environment: 'prod-eu',
      stage: 'prod',
      cluster: 'eu-1',
      destination: { name: 'eu-1', server: '' },
      namespace: 'risk-ml-prod',
    });
  });
});

describe('the ApplicationSet', () => {
  it('of a stage before prod follows the descriptors in everything', () => {
    expect(emitYaml(applicationSet(platformOf(), 'dev'))).toBe(`---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: risk-ml-dev
  namespace: argocd
  labels:
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/part-of: risk-ml
spec:
  generators:
    - git:
        files:
          - path: gitops/envs/dev/*/risk-ml/*/argocd-app.json
        repoURL: https://git.example.com/acme/ml-gitops.git
        revision: main
  goTemplate: true
  goTemplateOptions:
    - missingkey=error
  syncPolicy:
    applicationsSync: sync
    preserveResourcesOnDeletion: false
  template:
    metadata:
      name: "{{ .name }}"
      labels:
        app.kubernetes.io/managed-by: cdk8s-ai-service
        app.kubernetes.io/name: "{{ .service | trimPrefix \\"_\\" }}"
        app.kubernetes.io/part-of: risk-ml
        cluster: "{{ .cluster }}"
        environment: "{{ .environment }}"
        stage: "{{ .stage }}"
      annotations:
        argocd.argoproj.io/compare-options: ServerSideDiff=true
        argocd.argoproj.io/manifest-generate-paths: "."
    spec:
      destination:
        name: "{{ .destination.name }}"
        namespace: "{{ .namespace }}"
        server: "{{ .destination.server }}"
      project: risk-ml
      source:
        directory:
          recurse: true
        path: "{{ .path.path }}/manifests"
        repoURL: https://git.example.com/acme/ml-gitops.git
        targetRevision: main
      syncPolicy:
        automated:
          prune: true
          selfHeal: true
        retry:
          backoff:
            duration: 10s
            factor: 2
            maxDuration: 5m
          limit: 5
          refresh: true
        syncOptions:
          - ApplyOutOfSyncOnly=true
          - PruneLast=true
          - RespectIgnoreDifferences=true
          - ServerSideApply=true
`);
  });

  it('of stage prod deletes nothing that serves, and leaves a pause alone', () => {
    const spec = applicationSet(platformOf(), 'prod-eu')['spec'];
    expect(spec).toMatchObject({
      syncPolicy: { applicationsSync: 'create-update', preserveResourcesOnDeletion: true },
      ignoreApplicationDifferences: [{ jsonPointers: ['/spec/syncPolicy'] }],
    });
  });

  it('reads the tree where it is in the repository', () => {
    const files = (path: string): unknown =>
      (
        applicationSet(platformOf({ gitops: { repoUrl: 'https://git.example.com/a.git', path } }), 'dev')['spec'] as {
          generators: { git: { files: { path: string }[] } }[];
        }
      ).generators[0]!.git.files[0]!.path;
    expect(files('')).toBe('envs/dev/*/risk-ml/*/argocd-app.json');
    expect(files('deploy/tree/')).toBe('deploy/tree/envs/dev/*/risk-ml/*/argocd-app.json');
  });

  it('uses no field that an older Argo CD does not know', () => {
    expect(JSON.stringify(applicationSet(platformOf({ argocd: { version: ['3.4', '3.5'] } }), 'dev'))).not.toContain(
      'refresh',
    );
  });
});

describe('the AppProject', () => {
  const kinds = new Set(['networking.istio.io/VirtualService', '/Service', 'batch/CronJob']);

  it('allows one repository, the own namespaces, the kinds that we may render, and those that users added', () => {
    const places = new Map([
      [
        'prod-eu',
        new Map([
          ['us-1', 'risk-ml-prod'],
          ['eu-1', 'risk-ml-prod'],
        ]),
      ],
    ]);
    expect(renderAppProject({ platform: platformOf(), team: 'risk-ml', kinds, places })).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: {
        name: 'risk-ml',
        namespace: 'argocd',
        labels: { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service', 'app.kubernetes.io/part-of': 'risk-ml' },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
      },
      spec: {
        description: 'AI services of team risk-ml',
        sourceRepos: ['https://git.example.com/acme/ml-gitops.git'],
        destinations: [
          { name: 'eu-1', namespace: 'risk-ml-prod' },
          { server: 'https://us-1.example.com:6443', namespace: 'risk-ml-prod' },
        ],
        namespaceResourceWhitelist: [
          { group: '', kind: 'ConfigMap' },
          { group: '', kind: 'Service' },
          { group: '', kind: 'ServiceAccount' },
          { group: 'apps', kind: 'Deployment' },
          { group: 'argoproj.io', kind: 'AnalysisTemplate' },
          { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' },
          { group: 'batch', kind: 'CronJob' },
          { group: 'external-secrets.io', kind: 'ExternalSecret' },
          { group: 'gateway.networking.k8s.io', kind: 'Gateway' },
          { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' },
          { group: 'monitoring.coreos.com', kind: 'AlertmanagerConfig' },
          { group: 'monitoring.coreos.com', kind: 'PodMonitor' },
          { group: 'monitoring.coreos.com', kind: 'PrometheusRule' },
          { group: 'networking.istio.io', kind: 'DestinationRule' },
          { group: 'networking.istio.io', kind: 'VirtualService' },
          { group: 'networking.k8s.io', kind: 'NetworkPolicy' },
          { group: 'policy', kind: 'PodDisruptionBudget' },
          { group: 'serving.knative.dev', kind: 'Service' },
          { group: 'serving.kserve.io', kind: 'InferenceService' },
          { group: 'serving.kserve.io', kind: 'LLMInferenceService' },
          { group: 'serving.kserve.io', kind: 'ServingRuntime' },
        ],
      },
    });
  });

  it('does not change when the last object of a kind goes, so that Argo CD may prune that', () => {
    const project = (own: string[]): unknown =>
      renderAppProject({ platform: platformOf(), team: 'risk-ml', kinds: new Set(own), places: new Map() });
    expect(project(['/Service'])).toEqual(
      project(['/Service', 'serving.kserve.io/InferenceService', 'policy/PodDisruptionBudget']),
    );
  });

  it('names a destination once, though two environments share it', () => {
    const places = new Map([
      ['a', new Map([['eu-1', 'shared']])],
      ['b', new Map([['eu-1', 'shared']])],
    ]);
    expect(renderAppProject({ platform: platformOf(), team: 'risk-ml', kinds, places })['spec']).toMatchObject({
      destinations: [{ name: 'eu-1', namespace: 'shared' }],
    });
  });

  it('allows the Namespaces that it makes, by name where Argo CD can tell them apart', () => {
    const places = new Map([
      ['dev', new Map([['dev-1', 'risk-ml-dev']])],
      ['prod-eu', new Map([['eu-1', 'risk-ml-prod']])],
    ]);
    const spec = (version: string): unknown =>
      renderAppProject({
        platform: platformOf({ argocd: { version } }),
        team: 'risk-ml',
        kinds: new Set(['/Namespace']),
        places,
      })['spec'];
    expect(spec('3.5')).toMatchObject({
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace', name: 'risk-ml-dev' }],
    });
    expect(JSON.stringify(spec('3.5'))).not.toMatch(/namespaceResourceWhitelist.*Namespace"/);
    expect(spec('3.4')).toMatchObject({ clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }] });
  });
});

describe('the root Application', () => {
  it('reads the projects and sets, and leaves itself to the admin', () => {
    expect(renderRootApplication(platformOf())).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: 'ai-services',
        namespace: 'argocd',
        labels: { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service' },
        annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' },
      },
      spec: {
        project: 'default',
        source: {
          repoURL: 'https://git.example.com/acme/ml-gitops.git',
          targetRevision: 'main',
          path: 'gitops/argocd',
          directory: { recurse: true, exclude: 'root.yaml' },
        },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'argocd' },
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          retry: { limit: 5, backoff: { duration: '10s', factor: 2, maxDuration: '5m' }, refresh: true },
          syncOptions: [
            'ApplyOutOfSyncOnly=true',
            'PruneLast=true',
            'RespectIgnoreDifferences=true',
            'ServerSideApply=true',
          ],
        },
      },
    });
  });
});

it('makes nothing that our own checks would refuse', () => {
  const platform = platformOf();
  const places = new Map([['dev', new Map([['dev-1', 'risk-ml-dev']])]]);
  const objects = [
    applicationSet(platform, 'dev'),
    applicationSet(platform, 'prod-eu'),
    renderAppProject({ platform, team: 'risk-ml', kinds: new Set(['/Namespace', '/Service']), places }),
    renderRootApplication(platform),
  ];
  expect(objects.flatMap((object) => checkArgocd(object))).toEqual([]);
});
