import { expect, test } from 'vitest';
import { isOpenApi, kindsOfOpenApi } from '../../src/import/openapi.ts';
import { NATIVE_QUANTITY } from '../../src/import/well-known.ts';

const GVK = { group: 'apps', version: 'v1', kind: 'Gadget' };
const PATHS = {
  '/apis/apps/v1/namespaces/{namespace}/gadgets': { post: { 'x-kubernetes-group-version-kind': GVK } },
  '/apis/apps/v1/namespaces/{namespace}/gadgets/{name}/scale': {
    post: { 'x-kubernetes-group-version-kind': { ...GVK, kind: 'Scale' } },
  },
  '/api/v1/nodes': { get: {}, post: { 'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Node' } } },
};

/** The same kind as version 2 and version 3 of OpenAPI describe it. */
const V2 = {
  swagger: '2.0',
  paths: PATHS,
  definitions: {
    Gadget: {
      type: 'object',
      'x-kubernetes-group-version-kind': [GVK],
      properties: {
        apiVersion: { type: 'string' },
        metadata: { $ref: '#/definitions/Meta' },
        spec: { $ref: '#/definitions/Spec', description: 'What is wanted.' },
        status: { $ref: '#/definitions/Spec' },
      },
    },
    Spec: {
      description: 'The spec of a gadget.',
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string' },
        limits: {
          type: 'object',
          additionalProperties: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
        },
        port: { $ref: '#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString' },
        raw: { $ref: '#/definitions/io.k8s.apimachinery.pkg.runtime.RawExtension' },
        data: { type: 'string', format: 'byte' },
        steps: {
          type: 'array',
          'x-kubernetes-list-type': 'atomic',
          'x-kubernetes-patch-merge-key': 'id',
          items: { type: 'string' },
        },
        old: {
          type: 'array',
          'x-kubernetes-patch-merge-key': 'id',
          'x-kubernetes-patch-strategy': 'merge',
          items: { $ref: '#/definitions/Spec' },
        },
      },
    },
    Node: { type: 'object', 'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Node' }] },
    Scale: { type: 'object', 'x-kubernetes-group-version-kind': [{ ...GVK, kind: 'Scale' }] },
    Meta: { type: 'object' },
    'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
    'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  },
};

function asVersion3(): object {
  const refs = JSON.stringify(V2.definitions).replaceAll('#/definitions/', '#/components/schemas/');
  const schemas = JSON.parse(refs) as Record<string, { properties: Record<string, unknown> }>;
  const reference = '#/components/schemas/Spec';
  schemas['Gadget']!.properties['spec'] = { allOf: [{ $ref: reference }], default: {}, description: 'What is wanted.' };
  schemas['Spec']!.properties['name'] = { type: 'string', default: '' };
  return { openapi: '3.0.0', paths: PATHS, components: { schemas } };
}

test.each([
  ['2', V2],
  ['3', asVersion3()],
])(
  'version %s of OpenAPI: kinds that can be created, references resolved, well-known types as in CRDs',
  (_, document) => {
    const [gadget, node, ...others] = kindsOfOpenApi(document);
    expect(others).toEqual([]);
    expect(node).toEqual({
      group: '',
      kind: 'Node',
      plural: 'nodes',
      scope: 'Cluster',
      versions: { v1: { type: 'object', properties: {} } },
      selectors: ['v1/Node'],
    });
    expect(gadget).toEqual({
      group: 'apps',
      kind: 'Gadget',
      plural: 'gadgets',
      scope: 'Namespaced',
      selectors: ['apps/v1/Gadget'],
      versions: {
        v1: {
          type: 'object',
          properties: {
            spec: {
              description: 'What is wanted.',
              type: 'object',
              required: ['name'],
              properties: {
                data: { type: 'string', format: 'byte' },
                limits: { type: 'object', additionalProperties: NATIVE_QUANTITY },
                name: { type: 'string' },
                // A type that contains itself is cut off at the second turn.
                old: {
                  type: 'array',
                  'x-kubernetes-list-type': 'map',
                  'x-kubernetes-list-map-keys': ['id'],
                  items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
                port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
                raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                steps: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } },
              },
            },
          },
        },
      },
    });
  },
);

test('only an OpenAPI document is one', () => {
  expect([V2, asVersion3(), { swagger: '1.2' }, { openapi: 3 }, null].map(isOpenApi)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('names that could lead out of the folder are no kinds', () => {
  const post = (group: string, kind: string) => ({
    post: { 'x-kubernetes-group-version-kind': { group, version: 'v1', kind } },
  });
  const definition = (group: string, kind: string) => ({
    'x-kubernetes-group-version-kind': [{ group, version: 'v1', kind }],
  });
  const document = {
    swagger: '2.0',
    paths: { '/a/as': post('../..', 'A'), '/b/bs': post('b', 'B } & {'), '/c/cs': post('c', 'C') },
    definitions: { A: definition('../..', 'A'), B: definition('b', 'B } & {'), C: definition('c', 'C') },
  };
  expect(kindsOfOpenApi(document).map(({ kind }) => kind)).toEqual(['C']);
});
