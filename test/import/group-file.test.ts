import { expect, test } from 'vitest';
import { compactGroup, readGroup, writeDocs, writeGroup } from '../../src/import/group-file.ts';
import type { ImportedKind } from '../../src/import/kind.ts';
import type { Schema } from '../../src/import/schema.ts';
import { compactSchema } from '../../src/import/schema.ts';
import { fc } from '../support/property.ts';
import { CONTAINER } from './fixture.ts';

function kindOf(kind: string, spec: object, versions: readonly string[] = ['v1']): ImportedKind {
  const schema = compactSchema({ type: 'object', properties: { spec } });
  return {
    group: 'acme.example',
    kind,
    plural: `${kind.toLowerCase()}s`,
    scope: 'Namespaced',
    versions: Object.fromEntries(versions.map((version) => [version, schema])),
    selectors: [],
  };
}

const WIDGET = kindOf('Widget', {
  type: 'object',
  properties: {
    containers: { type: 'array', items: CONTAINER },
    initContainers: { type: 'array', items: CONTAINER, description: 'Run first.' },
  },
});

test('a repeated part is written once, and named after where it stands', () => {
  expect(writeGroup(compactGroup('acme.example', [WIDGET]))).toBe(`{
  "group": "acme.example",
  "kinds": {
    "Widget": { "plural": "widgets", "scope": "Namespaced", "versions": {
      "v1": {"type":"object","properties":{"spec":{"type":"object","properties":{"containers":{"$ref":"#/defs/ContainerList"},"initContainers":{"$ref":"#/defs/ContainerList"}}}}}
    } }
  },
  "defs": {
    "Container": {"type":"object","required":["name"],"properties":{"env":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"value":{"type":"string"}}}},"image":{"type":"string"},"name":{"type":"string","minLength":1}}},
    "ContainerList": {"type":"array","items":{"$ref":"#/defs/Container"}}
  }
}
`);
});

test('descriptions stand beside the schema, each once, where they belong', () => {
  expect(writeDocs(compactGroup('acme.example', [WIDGET]))).toBe(`{
  "Widget/v1": {"/spec/initContainers":"Run first."},
  "#Container": {"/name":"Name of the container."}
}
`);
});

test('a group without prose has no docs file', () => {
  const group = compactGroup('acme.example', [
    kindOf('Widget', { type: 'object', properties: { size: { type: 'integer' } } }),
  ]);
  expect(writeDocs(group)).toBeUndefined();
});

test('a part that stands only inside another repeated part stays there', () => {
  const inner = {
    type: 'object',
    properties: { first: { type: 'string', minLength: 1 }, second: { type: 'string', maxLength: 9 } },
  };
  const outer = { type: 'object', properties: { inner, name: { type: 'string' } } };
  const { defs } = compactGroup('acme.example', [
    kindOf('Pair', { type: 'object', properties: { left: outer, right: outer } }),
  ]);
  expect(Object.keys(defs)).toEqual(['Left']);
});

test('a definition is never called like a kind of the group', () => {
  const part = { ...CONTAINER, description: 'x' };
  const user = kindOf('User', { type: 'object', properties: { container: part, other: part } });
  const { defs } = compactGroup('acme.example', [
    user,
    kindOf('Container', { type: 'object' }),
    kindOf('Other', { type: 'object' }),
  ]);
  expect(Object.keys(defs)).toEqual(['UserSpecOther']);
});

test('quantities and ports are called what everybody calls them', () => {
  const quantity = {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
    'x-kubernetes-int-or-string': true,
  };
  const port = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
  const spec = { type: 'object', properties: { cpu: quantity, memory: quantity, http: port, grpc: port } };
  expect(Object.keys(compactGroup('acme.example', [kindOf('Widget', spec)]).defs)).toEqual(['IntOrString', 'Quantity']);
});

test.each(['', '[]', '{"group":"x","kinds":{"A":1},"defs":{}}', '{"group":"x"}'])('%j is not a group file', (text) => {
  expect(readGroup(text, undefined)).toBeUndefined();
});

const scalar = fc.constantFrom<Schema[]>(
  { type: 'string', minLength: 1 },
  { type: 'integer', format: 'int32' },
  { type: 'boolean' },
);
const { schema: anySchema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.record(
      {
        type: fc.constant('object'),
        description: fc.constantFrom('One.', 'Two.'),
        properties: fc.dictionary(
          fc.constantFrom('spec', 'items', 'a/b', '~', 'port', 'ports', '__proto__', '$ref'),
          tie('schema'),
          { maxKeys: 4 },
        ),
      },
      { requiredKeys: ['type', 'properties'] },
    ),
  ),
}));
const anyKinds = fc
  .array(fc.tuple(fc.constantFrom('A', 'B', 'Spec', 'Port'), anySchema, anySchema), { minLength: 1, maxLength: 4 })
  .map((list) =>
    [...new Map(list.map((entry) => [entry[0], entry])).values()].map(([kind, one, two]) =>
      // The same part in many places, as in real groups.
      kindOf(
        kind,
        { type: 'object', properties: { one, two, both: { type: 'array', items: one }, again: { ...two } } },
        ['v1', 'v2'],
      ),
    ),
  );

function bare(kinds: readonly ImportedKind[]): unknown {
  return JSON.parse(
    JSON.stringify(
      [...kinds].sort((a, b) => (a.kind < b.kind ? -1 : 1)),
      (key, value: unknown) => (key === 'description' && typeof value === 'string' ? undefined : value),
    ),
  );
}

test('what is read back demands what was written', () => {
  fc.assert(
    fc.property(anyKinds, (kinds) => {
      const group = compactGroup('acme.example', kinds);
      expect(bare(readGroup(writeGroup(group), writeDocs(group))!)).toEqual(bare(kinds));
    }),
    { numRuns: 200 },
  );
});

test('the text does not depend on the order of kinds, nor on how often it was read and written', () => {
  fc.assert(
    fc.property(anyKinds, (kinds) => {
      const group = compactGroup('acme.example', kinds);
      const [schema, docs] = [writeGroup(group), writeDocs(group)];
      expect(writeGroup(compactGroup('acme.example', [...kinds].reverse()))).toBe(schema);
      const again = compactGroup('acme.example', readGroup(schema, docs)!);
      expect(writeGroup(again)).toBe(schema);
      expect(writeDocs(again)).toBe(docs);
    }),
    { numRuns: 200 },
  );
});

test('kinds added one after the other give the same text as all at once', () => {
  fc.assert(
    fc.property(anyKinds, (kinds) => {
      const whole = writeGroup(compactGroup('acme.example', kinds));
      let known: ImportedKind[] = [];
      for (const kind of kinds) {
        const group = compactGroup('acme.example', [...known, kind]);
        known = readGroup(writeGroup(group), writeDocs(group))!;
      }
      expect(writeGroup(compactGroup('acme.example', known))).toBe(whole);
    }),
    { numRuns: 200 },
  );
});
