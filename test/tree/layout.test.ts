import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { descriptorPath, manifestsFolder, nameManifests, unitFolder } from '../../src/tree/layout.ts';
import { fc } from '../support/property.ts';

function object(apiVersion: string, kind: string, name: string, namespace?: string): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function fileNames(...objects: KubeObject[]): string[] {
  return [...nameManifests('m', objects).files.keys()];
}

test('a unit has a folder, a descriptor, and a folder for its manifests', () => {
  const unit = { environment: 'prod-eu', cluster: 'eu-1', team: 'risk-ml', service: 'fraud-detector' };
  expect(unitFolder(unit)).toBe('envs/prod-eu/eu-1/risk-ml/fraud-detector');
  expect(manifestsFolder(unit)).toBe('envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests');
  expect(descriptorPath(unit)).toBe('envs/prod-eu/eu-1/risk-ml/fraud-detector/argocd-app.json');
});

describe('nameManifests', () => {
  test('names a file after kind and name', () => {
    const service = object('serving.kserve.io/v1beta1', 'InferenceService', 'fraud-detector-v47');
    expect(nameManifests('envs/x/manifests', [service])).toStrictEqual({
      files: new Map([['envs/x/manifests/inferenceservice.fraud-detector-v47.yaml', service]]),
      findings: [],
    });
  });

  test.each([
    ['a core kind', object('v1', 'Service', 'x'), 'm/service.x.yaml'],
    ['a kind of Kubernetes in a group', object('networking.k8s.io/v1', 'Ingress', 'x'), 'm/ingress.x.yaml'],
    [
      'a custom kind that shares its name with a kind of Kubernetes',
      object('serving.knative.dev/v1', 'Service', 'x'),
      'm/service.serving.x.yaml',
    ],
    ['another one', object('networking.internal.knative.dev/v1alpha1', 'Ingress', 'x'), 'm/ingress.networking.x.yaml'],
    [
      'an RBAC name',
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:Reader'),
      'm/clusterrole.system:Reader.yaml',
    ],
    ['an unknown core kind', object('v1', 'Widget', 'x'), 'm/widget.x.yaml'],
  ])('%s', (_, one, path) => {
    expect(fileNames(one)).toStrictEqual([path]);
  });

  test('adding a core Service does not rename the Knative Service of that name', () => {
    expect(fileNames(object('serving.knative.dev/v1', 'Service', 'x'), object('v1', 'Service', 'x'))).toStrictEqual([
      'm/service.serving.x.yaml',
      'm/service.x.yaml',
    ]);
  });

  test('tells custom kinds of two groups apart by the first label, and by the whole group where that is the same', () => {
    expect(
      fileNames(
        object('networking.istio.io/v1', 'Gateway', 'x'),
        object('gateway.networking.k8s.io/v1', 'Gateway', 'x'),
      ),
    ).toStrictEqual(['m/gateway.networking.x.yaml', 'm/gateway.gateway.x.yaml']);
    expect(
      fileNames(object('serving.knative.dev/v1', 'Route', 'x'), object('serving.kserve.io/v1', 'Route', 'x')),
    ).toStrictEqual(['m/route.serving.knative.dev.x.yaml', 'm/route.serving.kserve.io.x.yaml']);
  });

  test('tells objects of two namespaces apart by the namespace', () => {
    expect(
      fileNames(
        object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'x', 'a'),
        object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'x', 'b'),
        object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'y', 'b'),
      ),
    ).toStrictEqual(['m/rolebinding.x.a.yaml', 'm/rolebinding.x.b.yaml', 'm/rolebinding.y.yaml']);
  });

  test.each([
    [
      'the same object twice',
      object('v1', 'ConfigMap', 'x', 'a'),
      object('v1', 'ConfigMap', 'x', 'a'),
      'm/configmap.x.a.yaml',
    ],
    [
      'names that differ by case only',
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'x'),
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'X'),
      'm/clusterrole.X.yaml',
    ],
  ])('%s is a finding', (_, first, second, path) => {
    const { files, findings } = nameManifests('m', [first, second]);
    expect([...files.values()]).toStrictEqual([first]);
    const label = (one: KubeObject) =>
      `${one.kind} ${one.metadata.namespace === undefined ? '' : `${one.metadata.namespace}/`}${one.metadata.name}`;
    expect(findings).toStrictEqual([
      {
        id: 'tree/path-clash',
        severity: 'error',
        where: { file: path, object: label(second) },
        message: `${label(second)} and ${label(first)} would be the same file`,
        fix: 'remove or rename one of the two',
      },
    ]);
  });

  test('which object gets which file does not depend on their order, and no two share one', () => {
    const any = fc.record({
      apiVersion: fc.constantFrom(
        'v1',
        'apps/v1',
        'serving.knative.dev/v1',
        'serving.kserve.io/v1',
        'gateway.networking.k8s.io/v1',
      ),
      kind: fc.constantFrom('Service', 'Gateway', 'Deployment'),
      name: fc.constantFrom('x', 'serving.x', 'X'),
      namespace: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (specs, random) => {
        const objects = specs.map(({ apiVersion, kind, name, namespace }) => object(apiVersion, kind, name, namespace));
        const key = (one: KubeObject) => JSON.stringify([one.apiVersion, one.kind, one.metadata]);
        const shuffled = objects
          .map((one) => [random.next().value ?? 0, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        const byObject = (list: readonly KubeObject[]) => {
          const { files, findings } = nameManifests('m', list);
          expect(files.size + findings.length).toBe(list.length);
          expect(new Set([...files.keys()].map((path) => path.toLowerCase())).size).toBe(files.size);
          return findings.length > 0 ? 'findings' : new Map([...files].map(([path, one]) => [key(one), path]));
        };
        expect(byObject(shuffled)).toStrictEqual(byObject(objects));
      }),
    );
  });
});
