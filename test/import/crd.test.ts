import { expect, test } from 'vitest';
import { isCrd, kindOfCrd } from '../../src/import/crd.ts';
import { crd } from './fixture.ts';

const WHERE = { file: 'widget.yaml', line: 3 };
const SPEC = { type: 'object', properties: { size: { type: 'integer' } } };

function edited(change: (definition: { apiVersion: string; spec: Record<string, unknown> }) => void): object {
  const definition = structuredClone(crd('Widget', SPEC, ['v1', 'v2'])) as {
    apiVersion: string;
    spec: Record<string, unknown>;
  };
  change(definition);
  return definition;
}

test('a definition becomes a kind without status and without what every object has', () => {
  const { value: kind, findings } = kindOfCrd(crd('Widget', SPEC), WHERE);
  expect(findings).toEqual([]);
  expect(kind).toEqual({
    group: 'acme.example',
    kind: 'Widget',
    plural: 'widgets',
    scope: 'Namespaced',
    versions: { v1: { type: 'object', required: ['spec'], properties: { spec: SPEC } } },
    selectors: ['acme.example/Widget'],
  });
});

test('a schema that gives no root type is one of an object', () => {
  const definition = edited(({ spec }) => {
    spec.versions = [{ name: 'v1', served: true, schema: { openAPIV3Schema: { properties: { spec: SPEC } } } }];
  });
  expect(kindOfCrd(definition, WHERE).value?.versions).toEqual({ v1: { type: 'object', properties: { spec: SPEC } } });
});

test('versions that are not served are left out', () => {
  const definition = edited(({ spec }) => ((spec.versions as { served: boolean }[])[0]!.served = false));
  expect(Object.keys(kindOfCrd(definition, WHERE).value?.versions ?? {})).toEqual(['v2']);
});

test('a version without a schema is left out with a warning', () => {
  const definition = edited(({ spec }) => delete (spec.versions as { schema?: object }[])[0]!.schema);
  const { value: kind, findings } = kindOfCrd(definition, WHERE);
  expect(Object.keys(kind?.versions ?? {})).toEqual(['v2']);
  expect(findings).toEqual([
    {
      id: 'import/no-schema',
      severity: 'warning',
      where: WHERE,
      message: 'acme.example/Widget v1 has no openAPIV3Schema; it is left out, since nothing could be checked',
      fix: 'import the CustomResourceDefinition that the project publishes, with its schema',
    },
  ]);
});

test('a definition of an API version that Kubernetes removed is left out with a warning', () => {
  const { value: kind, findings } = kindOfCrd(
    edited((definition) => (definition.apiVersion = 'apiextensions.k8s.io/v1beta1')),
    WHERE,
  );
  expect(kind).toBeUndefined();
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([['import/crd-version', 'warning']]);
});

test.each<[string, (spec: Record<string, unknown>) => void]>([
  ['spec.group', (spec) => (spec.group = '../../etc')],
  ['spec.group', (spec) => delete spec.group],
  ['spec.names.kind', (spec) => (spec.names = { kind: 'No Kind', plural: 'x' })],
  ['spec.names.plural', (spec) => (spec.names = { kind: 'Widget' })],
  ['spec.scope', (spec) => (spec.scope = 'Galaxy')],
  ['spec.versions[].name', (spec) => (spec.versions = [{ name: '../v1', served: true }])],
])('a definition with a wrong %s is refused, since names become paths', (field, change) => {
  const { value: kind, findings } = kindOfCrd(
    edited(({ spec }) => change(spec)),
    WHERE,
  );
  expect(kind).toBeUndefined();
  expect(findings).toMatchObject([{ id: 'import/crd-invalid', severity: 'error', where: { ...WHERE, field } }]);
});

test('only a CustomResourceDefinition is one', () => {
  expect([crd('Widget', SPEC), { kind: 'ConfigMap' }, null, 'text', []].map(isCrd)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
