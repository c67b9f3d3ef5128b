import { describe, expect, it } from 'vitest';
import { createClusterChecks } from '../../src/check/objects.ts';
import type { Finding } from '../../src/core/finding.ts';
import type { KubeObject } from '../../src/core/object.ts';

const UNIT = { unit: 'envs/prod/eu-1/ml/fraud', namespace: 'ml' };
const OTHER = { unit: 'envs/prod/eu-1/ml/cards', namespace: 'ml' };

const service = (name: string, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});
const route = (name: string, hosts: string[], gateways?: string[]): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'ml' },
  spec: { hosts, ...(gateways && { gateways }) },
});

/** What is found in objects that are checked one after the other. */
function found(...objects: [KubeObject, { unit: string; namespace: string | undefined }][]): Finding[] {
  const checks = createClusterChecks();
  return objects.flatMap(([object, unit]) => checks.check(object, unit));
}

describe('an object that is written twice', () => {
  it('is refused, and both units are named', () => {
    expect(found([service('a', 'ml'), UNIT], [service('a', 'ml'), OTHER])).toEqual([
      {
        id: 'objects/duplicate',
        severity: 'error',
        where: { object: 'Service ml/a' },
        message: 'it is written twice, in envs/prod/eu-1/ml/fraud and in envs/prod/eu-1/ml/cards',
        fix: 'rename one of the two, or leave it to one unit',
      },
    ]);
  });

  it('is a Namespace of two teams, which nobody can rename: the platform names it', () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shared' } };
    const units = ['risk-ml', 'growth'].map((team) => ({
      unit: `envs/dev/dev-1/${team}/_shared`,
      namespace: undefined,
    }));
    expect(found([namespace, units[0]!], [namespace, units[1]!]).map(({ id, fix }) => [id, fix])).toEqual([
      [
        'objects/duplicate',
        'give each team and environment a namespace of its own, or make this one elsewhere, with createNamespaces: false',
      ],
    ]);
  });

  it('is refused in one unit too', () => {
    expect(found([service('a', 'ml'), UNIT], [service('a', 'ml'), UNIT]).map(({ message }) => message)).toEqual([
      'it is written twice, in envs/prod/eu-1/ml/fraud',
    ]);
  });

  it('is the same object in another version of its kind', () => {
    const beta: KubeObject = { ...route('a', []), apiVersion: 'networking.istio.io/v1beta1' };
    expect(found([route('a', []), UNIT], [beta, UNIT]).map(({ id }) => id)).toEqual(['objects/duplicate']);
  });

  it('is another one in another namespace, of another group, or on another cluster', () => {
    const knative: KubeObject = {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'a', namespace: 'ml' },
    };
    expect(
      found([service('a', 'ml'), UNIT], [service('a', 'cards'), { unit: 'u', namespace: 'cards' }], [knative, UNIT]),
    ).toEqual([]);
    expect([...found([service('a', 'ml'), UNIT]), ...found([service('a', 'ml'), UNIT])]).toEqual([]);
  });
});

describe('the namespace of an object', () => {
  it("is the service's", () => {
    expect(
      found([service('a', 'other'), UNIT], [service('b'), UNIT]).map(({ id, where, message, fix }) => [
        id,
        where.field,
        message,
        fix,
      ]),
    ).toEqual([
      [
        'objects/namespace',
        'metadata.namespace',
        'the object is in namespace other, and the service in ml',
        'write namespace: ml',
      ],
      ['objects/namespace', 'metadata.namespace', 'the object names no namespace', 'write namespace: ml'],
    ]);
  });

  it('is free in what a team shares', () => {
    expect(
      found([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ml' } },
        { unit: 'envs/prod/eu-1/ml/_shared', namespace: undefined },
      ]),
    ).toEqual([]);
  });

  it('cannot be none: a service makes nothing for the whole cluster', () => {
    const role: KubeObject = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'a', namespace: 'ml' },
    };
    expect(found([role, UNIT]).map(({ id, message }) => [id, message])).toEqual([
      ['objects/cluster-scoped', 'a ClusterRole belongs to no namespace'],
    ]);
  });
});

describe('a host of two VirtualServices', () => {
  it('clashes in the mesh, where no gateway is named too', () => {
    expect(
      found([route('a', ['a.ml', 'x.example.com'], ['mesh']), UNIT], [route('b', ['x.example.com']), OTHER]),
    ).toEqual([
      {
        id: 'objects/host-clash',
        severity: 'error',
        where: { object: 'VirtualService ml/b', field: 'spec.hosts[0]' },
        message: 'VirtualService ml/a routes x.example.com in the mesh already',
        fix: 'use another host, or one VirtualService for both',
      },
    ]);
  });

  it('clashes at a gateway, however its name is written', () => {
    expect(
      found(
        [route('a', ['x.example.com'], ['public']), UNIT],
        [route('b', ['x.example.com'], ['ml/public']), OTHER],
      ).map(({ message }) => message),
    ).toEqual(['VirtualService ml/a routes x.example.com at gateway ml/public already']);
  });

  it('is fine at two gateways', () => {
    expect(
      found(
        [route('a', ['x.example.com'], ['istio-system/public']), UNIT],
        [route('b', ['x.example.com'], ['mesh']), OTHER],
      ),
    ).toEqual([]);
  });
});

describe('a hostname of two HTTPRoutes', () => {
  const httpRoute = (name: string, parent: object): KubeObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'ml' },
    spec: { parentRefs: [parent], hostnames: ['x.example.com'] },
  });

  it('clashes at a Gateway', () => {
    expect(
      found(
        [httpRoute('a', { name: 'public', namespace: 'edge' }), UNIT],
        [httpRoute('b', { kind: 'Gateway', name: 'public', namespace: 'edge' }), OTHER],
      ),
    ).toEqual([
      {
        id: 'objects/host-clash',
        severity: 'error',
        where: { object: 'HTTPRoute ml/b', field: 'spec.hostnames[0]' },
        message: 'HTTPRoute ml/a routes x.example.com at gateway edge/public already',
        fix: 'use another host, or one HTTPRoute for both',
      },
    ]);
  });

  it('is fine at two Gateways, and of a Service, which has no hosts', () => {
    const parents = [
      { name: 'public' },
      { name: 'public', namespace: 'edge' },
      { kind: 'Service', name: 'public' },
      { kind: 'Service', name: 'public' },
    ];
    expect(
      found(...parents.map((parent, index): [KubeObject, typeof UNIT] => [httpRoute(`r-${index}`, parent), UNIT])),
    ).toEqual([]);
  });
});

it('looks at each object once, however many there are', () => {
  let reads = 0;
  const counted = (index: number): KubeObject => ({
    apiVersion: 'v1',
    get kind() {
      reads += 1;
      return 'Service';
    },
    metadata: { name: `s-${index}`, namespace: 'ml' },
  });
  const reading = (count: number): number => {
    reads = 0;
    found(...Array.from({ length: count }, (_, index): [KubeObject, typeof UNIT] => [counted(index), UNIT]));
    return reads;
  };
  expect(reading(1000)).toBe(10 * reading(100));
});
