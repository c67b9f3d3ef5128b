import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createSchemaCheck, SCHEMA_RULES } from '../../src/check/schema.ts';
import type { KubeObject } from '../../src/core/object.ts';

const root = mkdtempSync(join(tmpdir(), 'imports-'));
afterAll(() => rmSync(root, { recursive: true }));

mkdirSync(join(root, 'example.com'));
const widget = {
  type: 'object',
  required: ['apiVersion', 'kind', 'spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      properties: { size: { type: 'integer' }, name: { type: 'string', pattern: '^(?U)a$' } },
      'x-kubernetes-validations': [{ rule: 'self.size > 0' }],
    },
  },
};
const kinds = {
  Widget: { plural: 'widgets', scope: 'Namespaced', versions: { v1: widget } },
  Zone: { plural: 'zones', scope: 'Cluster', versions: { v1: { ...widget, required: undefined } } },
};
writeFileSync(join(root, 'example.com', 'schema.json'), JSON.stringify({ group: 'example.com', kinds, defs: {} }));
mkdirSync(join(root, 'broken.example.com'));
writeFileSync(join(root, 'broken.example.com', 'schema.json'), '');

const metadata = { name: 'a', namespace: 'team' };

function widgetWith(more: object): KubeObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata, spec: { size: 1 }, ...more };
}

describe('an object by its schema', () => {
  test('a valid one has no findings', () => {
    expect(createSchemaCheck([root]).check(widgetWith({}))).toEqual([]);
  });

  test('a finding names object, field, rule and fix', () => {
    expect(createSchemaCheck([root]).check(widgetWith({ spec: { siz: 1 } }))).toEqual([
      {
        id: 'schema/unknown-field',
        severity: 'error',
        where: { object: 'Widget team/a', field: 'spec.siz' },
        message: 'is no field of the schema, so the API server refuses it or drops it without a word',
        fix: 'write size',
      },
    ]);
  });

  test('all mistakes are said at once', () => {
    const object = widgetWith({ metadata: { name: 'A B', labels: { a: 1 } }, spec: undefined, status: {}, extra: 1 });
    expect(
      createSchemaCheck([root])
        .check(object)
        .map(({ id, where }) => `${where.field}: ${id}`),
    ).toEqual([
      'metadata.labels.a: schema/type',
      'metadata.name: schema/metadata',
      'metadata.namespace: schema/metadata',
      'status: schema/metadata',
      'extra: schema/unknown-field',
      'spec: schema/required',
    ]);
  });

  test('the scope of the kind decides about the namespace', () => {
    const check = createSchemaCheck([root]);
    expect(check.check({ apiVersion: 'example.com/v1', kind: 'Zone', metadata: { name: 'a' } })).toEqual([]);
    expect(check.check({ apiVersion: 'example.com/v1', kind: 'Zone', metadata })[0]?.where.field).toBe(
      'metadata.namespace',
    );
  });

  test('what a Secret holds is in no message, and other rules refuse it', () => {
    const secret = (field: string, value: unknown): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a', namespace: 'b' },
      [field]: value,
    });
    for (const field of ['data', 'stringData']) {
      for (const value of ['hunter2!', 'aGVs\nbG8=\n', 47, null])
        expect(createSchemaCheck([]).check(secret(field, { password: value }))).toEqual([]);
      expect(createSchemaCheck([]).check(secret(field, 'hunter2'))).toEqual([
        {
          id: 'schema/type',
          severity: 'error',
          where: { object: 'Secret b/a', field },
          message: 'is no map',
          fix: 'leave the field out',
        },
      ]);
    }
  });

  test('a part of the schema that cannot be checked is a warning, once', () => {
    const check = createSchemaCheck([root]);
    expect(check.check(widgetWith({ spec: { size: 1, name: 'x' } }))).toEqual([
      {
        id: 'schema/unchecked',
        severity: 'warning',
        where: { object: 'Widget team/a' },
        message: 'the pattern "^(?U)a$" has no translation to JavaScript',
        fix: 'nothing to change here; the API server checks it when the object is applied',
      },
    ]);
    expect(check.check(widgetWith({ spec: { size: 1, name: 'x' } }))).toEqual([]);
  });
});

describe('an object without a schema', () => {
  const unknown = (apiVersion: string, kind: string): KubeObject => ({ apiVersion, kind, metadata, spec: {} });

  test('is an error that names the command', () => {
    expect(createSchemaCheck([root]).check(unknown('unheard.example.com/v1', 'Sprocket'))).toEqual([
      {
        id: 'schema/unknown-kind',
        severity: 'error',
        where: { object: 'Sprocket team/a' },
        message: 'kind Sprocket of apiVersion unheard.example.com/v1 has no schema, so nothing can be checked',
        fix: 'run ai-service import <file or URL of its CustomResourceDefinition>, and name its folder in imports of the platform',
      },
    ]);
  });

  test.each([
    ['example.com/v2', 'Widget', 'kind Widget of apiVersion example.com/v1'],
    ['example.com/v1', 'Wigdet', 'kind Widget of apiVersion example.com/v1'],
    ['v1', 'Deployment', 'kind Deployment of apiVersion apps/v1'],
    [
      'networking.istio.io/v2',
      'VirtualService',
      'kind VirtualService of apiVersion networking.istio.io/v1 or networking.istio.io/v1alpha3 or networking.istio.io/v1beta1',
    ],
  ])('%s %s: what is near is named', (apiVersion, kind, near) => {
    expect(createSchemaCheck([root]).check(unknown(apiVersion, kind))[0]?.fix).toBe(
      `write ${near} if that is meant; otherwise run ai-service import <file or URL of its CustomResourceDefinition>, and name its folder in imports of the platform`,
    );
  });

  test('may pass when it is allowed, but its metadata and data are checked', () => {
    const check = createSchemaCheck([root], ['unheard.example.com/v1/Sprocket']);
    expect(check.check(unknown('unheard.example.com/v1', 'Sprocket'))).toEqual([]);
    const wrong = {
      ...unknown('unheard.example.com/v1', 'Sprocket'),
      metadata: { name: 'A_B' },
      spec: { size: Number.NaN },
    };
    expect(check.check(wrong).map(({ id, where }) => `${where.field}: ${id}`)).toEqual([
      'metadata.name: schema/metadata',
      'spec.size: schema/type',
    ]);
    expect(check.check(unknown('unheard.example.com/v1', 'Cog'))[0]?.id).toBe('schema/unknown-kind');
  });

  test('a schema file that cannot be read is said as that', () => {
    const [finding] = createSchemaCheck([root]).check(unknown('broken.example.com/v1', 'Thing'));
    expect(finding).toMatchObject({ id: 'schema/unknown-kind', fix: 'run ai-service import again for this group' });
    expect(finding?.message).toContain(join(root, 'broken.example.com', 'schema.json'));
  });
});

test('every rule has an id of its own and says what it demands', () => {
  const ids = SCHEMA_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(SCHEMA_RULES.every(({ id, summary, source }) => id.startsWith('schema/') && summary && source)).toBe(true);
});
