import { describe, expect, it } from 'vitest';
import { checkArgocd } from '../../src/check/argocd.ts';
import { checkIstio } from '../../src/check/istio.ts';
import { createClusterChecks } from '../../src/check/objects.ts';
import { createSchemaCheck } from '../../src/check/schema.ts';
import { checkSecrets } from '../../src/check/secrets.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { renderApplicationSet, renderAppProject, renderRootApplication } from '../../src/render/argocd.ts';
import { renderExternalSecrets } from '../../src/render/external-secrets.ts';
import { renderIstio } from '../../src/render/istio.ts';
import { renderKubernetes, renderShared } from '../../src/render/kubernetes.ts';
import { platform as platformSchema } from '../../src/service/platform.ts';
import { defaultCluster, targetOf, type TargetOptions } from '../support/target.ts';

const schema = createSchemaCheck([]);

const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
  scaling: { min: 2 },
} as const;
const SPEC: TargetOptions['spec'] = {
  predictor: PREDICTOR,
  traffic: { visibility: 'public', hosts: ['fraud.example.com'], retries: { perTryTimeout: '5s' } },
  identity: { credentials: ['store'] },
  secrets: { hub: { store: 'vault', keys: { token: { key: 'hub', property: 'token' } }, annotations: { a: 'b' } } },
  network: { allowFrom: [{ namespace: 'shop', pods: { app: 'cards' } }] },
};

function problems(objects: readonly KubeObject[], options: TargetOptions = {}): string[] {
  const { cluster, namespace } = targetOf(options);
  const across = createClusterChecks();
  return objects
    .flatMap((object) => [
      ...schema.check(object),
      ...(object.apiVersion.includes('istio.io') ? checkIstio(object, cluster) : []),
      ...(object.apiVersion.startsWith('argoproj.io') ? checkArgocd(object) : []),
      ...checkSecrets(object),
      ...across.check(object, {
        unit: 'a',
        namespace: object.apiVersion.startsWith('argoproj.io') || object.kind === 'Namespace' ? undefined : namespace,
      }),
    ])
    .map(formatFinding);
}

describe('the cluster would accept what stands around the workloads of', () => {
  it.each<[string, TargetOptions]>([
    ['a public service in Standard mode', { spec: SPEC, candidate: { release: 'v47', weight: 10 }, previous: 'v45' }],
    ['a public service on Knative', { mode: 'Knative', spec: SPEC, candidate: { release: 'v47', weight: 10 } }],
    [
      'a service in an ambient mesh',
      { spec: { ...SPEC, traffic: {} }, cluster: { istio: { version: '1.30', dataplane: 'ambient' } } },
    ],
    ['a service without Istio', { spec: { ...SPEC, traffic: {} }, cluster: { istio: undefined } }],
  ])('%s', (_, options) => {
    const target = targetOf(options);
    const objects = [...renderKubernetes(target), ...renderExternalSecrets(target), ...renderIstio(target)];
    expect(objects.length).toBeGreaterThan(4);
    expect(problems(objects, options)).toEqual([]);
  });
});

it('Argo CD would accept the objects that deliver a team, and a mesh what it shares', () => {
  const platform = platformSchema.parse({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5' },
    clusters: { 'eu-1': defaultCluster('Standard') },
    environments: {
      dev: { stage: 'dev', clusters: ['eu-1'], namespace: 'ml', createNamespaces: true },
      prod: { stage: 'prod', clusters: ['eu-1'], namespace: 'ml' },
    },
  });
  const places = new Map([['dev', new Map([['eu-1', 'ml']])]]);
  const cluster = { ...targetOf().cluster, istio: { version: '1.30', dataplane: 'ambient' as const } };
  const env = platform.environments['dev']!;
  expect(
    problems([
      renderApplicationSet({ platform, team: 'risk-ml', environment: 'dev', env }),
      renderApplicationSet({ platform, team: 'risk-ml', environment: 'prod', env: platform.environments['prod']! }),
      renderAppProject({ platform, team: 'risk-ml', kinds: new Set(['/Namespace', '/Service']), places }),
      renderRootApplication(platform),
      ...renderShared({
        team: 'risk-ml',
        environment: 'dev',
        env,
        clusterName: 'eu-1',
        cluster,
        namespace: targetOf().namespace,
      }),
    ]),
  ).toEqual([]);
});
