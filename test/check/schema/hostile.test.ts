import { describe, expect, test } from 'vitest';
import { createSchemaCheck, SCHEMA_RULES } from '../../../src/check/schema.ts';
import type { KubeObject } from '../../../src/core/object.ts';
import { fc } from '../../support/property.ts';
import { typicalObjects } from './typical-objects.ts';

const check = createSchemaCheck([]);
const ids = new Set(SCHEMA_RULES.map(({ id }) => id));

/** What anybody may hand in, past the types. */
function said(object: unknown): string[] {
  return check.check(object as KubeObject).map(({ where, id }) => `${where.object}: ${where.field ?? ''}: ${id}`);
}

class Special {
  readonly field = 1;
}

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-0', -0],
  ['a huge number', 1e300],
  ['a bigint', 10n],
  ['a function', () => 1],
  ['a symbol', Symbol('x')],
  ['a date', new Date(0)],
  ['a map', new Map([['a', 1]])],
  ['a class instance', new Special()],
  ['a list', [[]]],
  ['a list with a hole', [undefined]],
  ['a key that is none', JSON.parse('{"__proto__": {"polluted": true}}')],
  ['a key called constructor', { constructor: 1 }],
];

describe('a field that holds', () => {
  test.each(HOSTILE)('%s has a finding', (_name, value) => {
    const { virtualService, networkPolicy, inferenceService } = typicalObjects();
    expect(said({ ...virtualService, spec: { ...virtualService.spec, hosts: value } })).not.toEqual([]);
    expect(said({ ...virtualService, spec: value })).not.toEqual([]);
    expect(said({ ...virtualService, metadata: value })).not.toEqual([]);
    expect(said({ ...networkPolicy, spec: { ...networkPolicy.spec, policyTypes: [value] } })).not.toEqual([]);
    expect(said({ ...inferenceService, spec: { predictor: { minReplicas: value } } })).not.toEqual([]);
    expect(said({ ...virtualService, spec: { ...virtualService.spec, http: [{ timeout: value }] } })).not.toEqual([]);
  });

  test.each(
    HOSTILE.filter(
      ([name]) => !['null', 'a huge number', 'a list', 'a key that is none', 'a key called constructor'].includes(name),
    ),
  )('%s has one even where any data may stand', (_name, value) => {
    const envoyFilter = {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'a', namespace: 'b' },
      spec: { configPatches: [{ patch: { value: { deep: [value] } } }] },
    };
    const [first] = said(envoyFilter);
    expect(first).toMatch(/^EnvoyFilter b\/a: spec\.configPatches\[0\]\.patch\.value\.deep\[0\].*: schema\/type$/);
  });

  test('itself has one where any data may stand', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const envoyFilter = {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'a', namespace: 'b' },
      spec: { configPatches: [{ patch: { value: loop } }] },
    };
    expect(check.check(envoyFilter)[0]?.message).toBe('is nested more than 100 levels deep, or holds itself');
  });
});

test.each([
  ['nothing', undefined, 'an object: : schema/type'],
  ['null', null, 'an object: : schema/type'],
  ['a list', [], 'an object: : schema/type'],
  ['text', 'kind: Service', 'an object: : schema/type'],
  ['an instance', new Special(), 'an object: : schema/type'],
  ['an empty object', {}, 'an object (no name): apiVersion: schema/required'],
  ['a kind that is no text', { apiVersion: 'v1', kind: 3 }, 'an object (no name): kind: schema/type'],
  ['no metadata', { apiVersion: 'v1', kind: 'ConfigMap' }, 'ConfigMap (no name): metadata: schema/required'],
  ['an unknown kind without metadata', { apiVersion: 'x/v1', kind: 'A' }, 'A (no name): : schema/unknown-kind'],
])('%s instead of an object', (_name, object, first) => {
  expect(said(object)[0]).toBe(first);
});

test('a key called __proto__ is a field like any other, and unknown', () => {
  const { configMap } = typicalObjects();
  const data: unknown = JSON.parse('{"__proto__": "x"}');
  expect(said({ ...configMap, data })).toEqual([]);
  const spoilt = JSON.parse(
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"},"__proto__":{}}',
  ) as unknown;
  expect(said(spoilt)).toEqual(['ConfigMap b/a: __proto__: schema/unknown-field']);
});

test('an object whose prototype is null is plain data', () => {
  const { service } = typicalObjects();
  expect(said(Object.assign(Object.create(null) as object, service))).toEqual([]);
});

/** All paths in a value, the empty one (the value itself) left out. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((one: unknown, i) => [i, one] as const) : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...entries.flatMap(([step, one]) => pathsOf(one, [...path, step]))];
}

function replaceAt(root: unknown, path: readonly (string | number)[], value: unknown): void {
  let parent = root as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
  parent[path.at(-1)!] = value;
}

test('whatever a valid object is spoilt with, the check answers in findings, and twice the same', () => {
  const names = Object.keys(typicalObjects()) as (keyof ReturnType<typeof typicalObjects>)[];
  const spoilt = fc
    .constantFrom(...names)
    .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...pathsOf(typicalObjects()[name]))))
    .chain(([name, path]) =>
      fc.tuple(
        fc.constant(name),
        fc.constant(path),
        fc.oneof(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
          fc.constantFrom(...HOSTILE.map(([, value]) => value)),
        ),
      ),
    );
  fc.assert(
    fc.property(spoilt, ([name, path, value]) => {
      const object = typicalObjects()[name] as KubeObject;
      replaceAt(object, path, value);
      const findings = check.check(object);
      for (const { id, where, message, fix } of findings) {
        expect(ids.has(id)).toBe(true);
        expect(where.object && message && fix).toBeTruthy();
      }
      expect(check.check(object)).toEqual(findings);
    }),
    { numRuns: 1000 },
  );
});
