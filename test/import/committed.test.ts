import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'json-schema-to-typescript';
import { expect, test } from 'vitest';
import { compactGroup, readGroup, writeGroup } from '../../src/import/group-file.ts';
import { readSources } from '../../src/import/sources.ts';
import { typesOf, versionsOf } from '../../src/import/types.ts';

const IMPORTS = join(import.meta.dirname, '../../imports');
const textOf = (path: string): string => readFileSync(join(IMPORTS, path), 'utf8');

/** What the product renders or checks, by group. */
const COMMITTED: Readonly<Record<string, readonly string[]>> = {
  'argoproj.io': ['AnalysisTemplate', 'AppProject', 'Application', 'ApplicationSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  apps: ['DaemonSet', 'Deployment', 'StatefulSet'],
  batch: ['CronJob', 'Job'],
  core: [
    'ConfigMap',
    'LimitRange',
    'Namespace',
    'PersistentVolumeClaim',
    'Pod',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  'external-secrets.io': ['ClusterSecretStore', 'ExternalSecret', 'SecretStore'],
  'gateway.networking.k8s.io': ['GRPCRoute', 'Gateway', 'HTTPRoute', 'ReferenceGrant'],
  'helm.toolkit.fluxcd.io': ['HelmRelease'],
  'keda.sh': ['ClusterTriggerAuthentication', 'ScaledObject', 'TriggerAuthentication'],
  'kustomize.toolkit.fluxcd.io': ['Kustomization'],
  'monitoring.coreos.com': ['AlertmanagerConfig', 'PodMonitor', 'Probe', 'PrometheusRule', 'ServiceMonitor'],
  'networking.istio.io': ['DestinationRule', 'EnvoyFilter', 'Gateway', 'ServiceEntry', 'Sidecar', 'VirtualService'],
  'networking.k8s.io': ['Ingress', 'NetworkPolicy'],
  'notification.toolkit.fluxcd.io': ['Alert', 'Provider', 'Receiver'],
  policy: ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'security.istio.io': ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'],
  'serving.knative.dev': ['DomainMapping', 'Service'],
  'serving.kserve.io': [
    'ClusterServingRuntime',
    'ClusterStorageContainer',
    'InferenceGraph',
    'InferenceService',
    'LLMInferenceService',
    'LLMInferenceServiceConfig',
    'LocalModelCache',
    'LocalModelNamespaceCache',
    'LocalModelNode',
    'LocalModelNodeGroup',
    'ServingRuntime',
    'TrainedModel',
  ],
  'source.toolkit.fluxcd.io': ['GitRepository', 'OCIRepository'],
  'telemetry.istio.io': ['Telemetry'],
};

test.each(Object.entries(COMMITTED))(
  '%s holds its kinds, as the importer of today writes them',
  async (folder, expected) => {
    const text = textOf(`${folder}/schema.json`);
    const { group } = JSON.parse(text) as { group: string };
    const kinds = readGroup(text, undefined)!;
    expect(kinds.map(({ kind }) => kind)).toEqual(expected);
    const compact = compactGroup(group, kinds);
    expect(writeGroup(compact)).toBe(text);
    for (const version of versionsOf(compact))
      expect(await typesOf(compact, version, compile)).toBe(textOf(`${folder}/${version}.d.ts`));
  },
);

test('sources.yaml names a project, a version and a digest for every kind', () => {
  const sources = readSources(textOf('sources.yaml'))!;
  expect(sources.filter(({ version }) => version === undefined)).toEqual([]);
  const listed = sources.flatMap(({ files }) =>
    files.flatMap(({ kinds }) => kinds.map((kind) => kind.split('/').pop()!)),
  );
  expect(listed.sort()).toEqual(Object.values(COMMITTED).flat().sort());
  const digests = sources.flatMap(({ files }) => files.map(({ digest }) => digest));
  expect(digests.filter((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest))).toEqual([]);
});

test('the schema of KServe keeps within its budget: 2.4 MB of definitions in less than 130 KB', () => {
  expect(textOf('serving.kserve.io/schema.json').length).toBeLessThan(130_000);
});
