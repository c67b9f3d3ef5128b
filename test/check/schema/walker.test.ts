import { describe, expect, test } from 'vitest';
import type { SchemaNode } from '../../../src/check/schema/schema-node.ts';
import { NATIVE_QUANTITY } from '../../../src/import/well-known.ts';
import { problemsOf, rulesBroken } from './fixture.ts';

const text: SchemaNode = { type: 'string' };
const object = (properties: Record<string, SchemaNode>, more: SchemaNode = {}): SchemaNode => ({
  type: 'object',
  properties,
  ...more,
});

describe('types', () => {
  test.each([
    ['string', 'a'],
    ['boolean', false],
    ['integer', 3],
    ['integer', 3.0],
    ['number', 2.5],
    ['number', 2],
    ['object', {}],
    ['array', []],
  ])('%s accepts %j', (type, value) => {
    expect(problemsOf({ type }, value)).toEqual([]);
  });

  test.each([
    ['string', 47, ': schema/type: 47 is an integer, and must be a string -> write it as text: "47"'],
    ['string', true, ': schema/type: true is a boolean, and must be a string -> write it as text: "true"'],
    ['integer', '4', ': schema/type: "4" is a string, and must be an integer -> write 4 without quotes'],
    ['integer', 2.5, ': schema/type: 2.5 is a number with a fraction, and must be an integer -> write an integer'],
    ['boolean', 'true', ': schema/type: "true" is a string, and must be a boolean -> write true without quotes'],
    [
      'number',
      null,
      ': schema/type: is null, which counts as left out, or is refused -> leave the field out, or write a number',
    ],
    ['object', [], ': schema/type: is a list, and must be an object -> write an object'],
    [
      'array',
      {},
      ': schema/type: is an object, and must be a list -> put it into a list, even when it is the only one',
    ],
  ])('%s refuses %j', (type, value, said) => {
    expect(problemsOf({ type }, value)).toEqual([said]);
  });

  test('null is a value only where the schema says nullable', () => {
    expect(problemsOf({ type: 'string', nullable: true, enum: ['a'] }, null)).toEqual([]);
    expect(rulesBroken({ type: 'string' }, null)).toEqual([': schema/type']);
  });

  test('int-or-string takes both, and the pattern binds text only', () => {
    const schema: SchemaNode = {
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: '^[0-9]+%$',
    };
    expect(problemsOf(schema, 5)).toEqual([]);
    expect(problemsOf(schema, '25%')).toEqual([]);
    expect(rulesBroken(schema, 'many')).toEqual([': schema/pattern']);
    expect(problemsOf(schema, 0.5)).toEqual([
      ': schema/type: 0.5 is a number with a fraction, and must be an integer or a string -> write an integer or a string',
    ]);
    expect(rulesBroken(schema, true)).toEqual([': schema/type']);
  });
});

describe('integers', () => {
  const tooLarge =
    ': schema/range: 10000000000000000000 does not fit int64 -> write a number between ±9223372036854775000';

  test.each<SchemaNode>([{ type: 'integer' }, { 'x-kubernetes-int-or-string': true }])(
    '%j is one that 64 bits can hold, whatever the format says',
    (schema) => {
      expect(problemsOf(schema, 2 ** 62)).toEqual([]);
      expect(problemsOf(schema, 1e19)).toEqual([tooLarge]);
    },
  );

  test('a number may be larger', () => {
    expect(problemsOf({ type: 'number' }, 1e19)).toEqual([]);
  });
});

describe('quantities of kinds of Kubernetes itself', () => {
  const { definitions, node } = { definitions: { Quantity: NATIVE_QUANTITY as SchemaNode }, node: '#/defs/Quantity' };

  test('may be numbers with a fraction', () => {
    expect(problemsOf({ $ref: node }, 0.5, definitions)).toEqual([]);
    expect(problemsOf({ $ref: node }, '500m', definitions)).toEqual([]);
    expect(rulesBroken({ $ref: node }, '500 m', definitions)).toEqual([': schema/pattern']);
    expect(rulesBroken({ $ref: node }, true, definitions)).toEqual([': schema/one-of']);
  });
});

describe('objects', () => {
  test('a field that the schema lacks is refused, and the near one named', () => {
    const schema = object({ minReplicas: { type: 'integer' }, maxReplicas: { type: 'integer' } });
    expect(problemsOf(schema, { minReplica: 1 })).toEqual([
      'minReplica: schema/unknown-field: is no field of the schema, so the API server refuses it or drops it without a word -> write minReplicas',
    ]);
    expect(problemsOf(schema, { zone: 1 })).toEqual([
      'zone: schema/unknown-field: is no field of the schema, so the API server refuses it or drops it without a word -> remove it; known here: minReplicas, maxReplicas',
    ]);
  });

  test('an object without known fields takes none', () => {
    expect(problemsOf({ type: 'object' }, {})).toEqual([]);
    expect(rulesBroken({ type: 'object' }, { a: 1 })).toEqual(['a: schema/unknown-field']);
  });

  test('a missing required field is named, unless the schema has a default for it', () => {
    const schema = object({ name: text, path: { type: 'string', default: '/' } }, { required: ['name', 'path'] });
    expect(problemsOf(schema, {})).toEqual(['name: schema/required: is missing -> write name']);
    expect(problemsOf(schema, { name: 'a' })).toEqual([]);
  });

  test('an undefined field is an absent one', () => {
    expect(rulesBroken(object({ a: text }, { required: ['a'] }), { a: undefined, b: undefined })).toEqual([
      'a: schema/required',
    ]);
  });

  test('additionalProperties checks every value of a map', () => {
    const schema: SchemaNode = { type: 'object', additionalProperties: text };
    expect(problemsOf(schema, { 'a.b/c': 'x' })).toEqual([]);
    expect(rulesBroken(schema, { 'a.b/c': 1, d: 2 })).toEqual(['["a.b/c"]: schema/type', 'd: schema/type']);
    expect(problemsOf({ type: 'object', additionalProperties: true }, { a: [1, { b: null }] })).toEqual([]);
  });

  test('preserve-unknown-fields keeps what it does not know and checks what it knows', () => {
    const schema = object({ a: text }, { 'x-kubernetes-preserve-unknown-fields': true });
    expect(problemsOf(schema, { a: 'x', b: { c: [1] } })).toEqual([]);
    expect(rulesBroken(schema, { a: 1, b: Number.NaN })).toEqual(['a: schema/type', 'b: schema/type']);
    expect(problemsOf({ 'x-kubernetes-preserve-unknown-fields': true }, [1, 'a', null])).toEqual([]);
  });

  test('an embedded resource has the fields of every object', () => {
    const schema = object({ spec: { type: 'object' } }, { 'x-kubernetes-embedded-resource': true });
    expect(problemsOf(schema, { apiVersion: 'v1', kind: 'A', metadata: { labels: { a: 'b' } } })).toEqual([]);
    expect(rulesBroken(schema, { kind: '', metadata: { labels: { a: 'not a label value' }, uid: 'x' } })).toEqual([
      'kind: schema/required',
      'metadata.labels.a: schema/metadata',
      'metadata.uid: schema/metadata',
      'apiVersion: schema/required',
    ]);
  });

  test('minProperties counts defaults, maxProperties what is there', () => {
    const schema = object({ a: { type: 'string', default: 'x' }, b: text }, { minProperties: 1, maxProperties: 1 });
    expect(problemsOf(schema, {})).toEqual([]);
    expect(problemsOf(schema, { a: 'x', b: 'y' })).toEqual([
      ': schema/length: the object has 2 fields, more than 1 -> write at most 1',
    ]);
    expect(problemsOf(object({ b: text }, { minProperties: 1 }), {})).toEqual([
      ': schema/length: the object is empty -> write at least 1',
    ]);
  });

  test('definitions are followed, also from one to the next', () => {
    const definitions = { A: object({ b: { $ref: '#/defs/B' } }), B: { type: 'integer' } };
    expect(rulesBroken({ $ref: '#/defs/A' }, { b: 'x' }, definitions)).toEqual(['b: schema/type']);
  });
});

describe('values', () => {
  test('enum names the values, or the near one', () => {
    const schema: SchemaNode = { type: 'string', enum: ['HTTP', 'HTTPS', 'TLS'] };
    expect(problemsOf(schema, 'HTTPS')).toEqual([]);
    expect(problemsOf(schema, 'HTPS')).toEqual([
      ': schema/enum: "HTPS" is not one of "HTTP", "HTTPS", "TLS" -> write HTTPS',
    ]);
    expect(problemsOf(schema, 'grpc')).toEqual([
      ': schema/enum: "grpc" is not one of "HTTP", "HTTPS", "TLS" -> write one of "HTTP", "HTTPS", "TLS"',
    ]);
  });

  test('enum compares objects by what they hold', () => {
    const schema: SchemaNode = { type: 'object', properties: { a: { type: 'integer' } }, enum: [{ a: 1 }] };
    expect(problemsOf(schema, { a: 1 })).toEqual([]);
    expect(rulesBroken(schema, { a: 2 })).toEqual([': schema/enum']);
  });

  test('pattern is not anchored and shows itself', () => {
    expect(problemsOf({ type: 'string', pattern: 'b+' }, 'abc')).toEqual([]);
    expect(problemsOf({ type: 'string', pattern: '^[a-z]+$' }, 'A1')).toEqual([
      ': schema/pattern: "A1" does not match ^[a-z]+$ -> write a value that matches the pattern',
    ]);
  });

  test('the pattern of quantities says quantity', () => {
    const pattern =
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';
    expect(problemsOf({ 'x-kubernetes-int-or-string': true, pattern }, '8GB')).toEqual([
      ': schema/pattern: "8GB" is not a Kubernetes quantity -> write an amount as 500m, 2, 1.5Gi or 1e3',
    ]);
  });

  test('a pattern that cannot be translated is said, and checks nothing', () => {
    expect(problemsOf({ type: 'string', pattern: '^(?U)a$' }, 'b')).toEqual([
      'unchecked: the pattern "^(?U)a$" has no translation to JavaScript',
    ]);
  });

  test.each<[SchemaNode, number, string]>([
    [{ minimum: 1 }, 0, ': schema/range: 0 is too small -> write at least 1'],
    [{ maximum: 10 }, 11, ': schema/range: 11 is too large -> write at most 10'],
    [{ minimum: 1, exclusiveMinimum: true }, 1, ': schema/range: 1 is too small -> write more than 1'],
    [{ maximum: 10, exclusiveMaximum: true }, 10, ': schema/range: 10 is too large -> write less than 10'],
    [{ multipleOf: 5 }, 7, ': schema/range: 7 is not a multiple of 5 -> write a multiple of 5'],
    [
      { format: 'int32' },
      2 ** 31,
      ': schema/range: 2147483648 does not fit int32 -> write a number between ±2147483647',
    ],
    [
      { format: 'int64' },
      -1e19,
      ': schema/range: -10000000000000000000 does not fit int64 -> write a number between ±9223372036854775000',
    ],
  ])('a number is bound by %j', (constraint, value, said) => {
    expect(problemsOf({ type: 'integer', ...constraint }, value)).toEqual([said]);
  });

  test('bounds are part of their range', () => {
    const schema: SchemaNode = { type: 'integer', format: 'int32', minimum: -5, maximum: 2 ** 31 - 1, multipleOf: 1 };
    expect(problemsOf(schema, -5)).toEqual([]);
    expect(problemsOf(schema, 2 ** 31 - 1)).toEqual([]);
    expect(problemsOf({ type: 'number', multipleOf: 0.1 }, 0.3)).toEqual([]);
  });

  test('lengths count characters, not code units', () => {
    const schema: SchemaNode = { type: 'string', minLength: 2, maxLength: 3 };
    expect(problemsOf(schema, '😀😀😀')).toEqual([]);
    expect(problemsOf(schema, '😀')).toEqual([
      ': schema/length: "😀" has fewer than 2 characters -> write at least 2 characters',
    ]);
    expect(problemsOf(schema, 'abcd')).toEqual([
      ': schema/length: "abcd" has 4 characters, of which at most 3 are allowed -> write at most 3 characters',
    ]);
    expect(problemsOf({ type: 'string', minLength: 1 }, '')).toEqual([
      ': schema/length: is empty -> write at least 1 character',
    ]);
  });
});

describe('lists', () => {
  test('items are checked in their place', () => {
    expect(rulesBroken({ type: 'array', items: object({ a: text }) }, [{ a: 'x' }, { a: 1 }, 'y'])).toEqual([
      '[1].a: schema/type',
      '[2]: schema/type',
    ]);
  });

  test('minItems and maxItems', () => {
    const schema: SchemaNode = { type: 'array', items: text, minItems: 1, maxItems: 2 };
    expect(problemsOf(schema, ['a'])).toEqual([]);
    expect(problemsOf(schema, [])).toEqual([': schema/length: the list is empty -> write at least 1']);
    expect(problemsOf(schema, ['a', 'b', 'c'])).toEqual([
      ': schema/length: the list has 3 items, more than 2 -> write at most 2',
    ]);
  });

  test('a set holds each value once', () => {
    const schema: SchemaNode = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' };
    expect(problemsOf(schema, ['a', 'b'])).toEqual([]);
    expect(problemsOf(schema, ['a', 'b', 'a'])).toEqual([
      '[2]: schema/list-key: repeats "a" of item 0, but each may occur once -> remove one of the two, or give it a key of its own',
    ]);
    const objects: SchemaNode = { type: 'array', items: object({ a: text, b: text }), 'x-kubernetes-list-type': 'set' };
    expect(
      rulesBroken(objects, [
        { a: 'x', b: 'y' },
        { b: 'y', a: 'x' },
      ]),
    ).toEqual(['[1]: schema/list-key']);
  });

  test('a keyed list holds each key once, and defaults are part of a key', () => {
    const schema: SchemaNode = {
      type: 'array',
      items: object({ port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, name: text }),
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    };
    expect(problemsOf(schema, [{ port: 53 }, { port: 53, protocol: 'UDP' }])).toEqual([]);
    expect(problemsOf(schema, [{ port: 53 }, { port: 53, protocol: 'TCP', name: 'dns' }])).toEqual([
      '[1]: schema/list-key: repeats port 53, protocol "TCP" of item 0, but each may occur once -> remove one of the two, or give it a key of its own',
    ]);
  });

  test('an atomic list may repeat', () => {
    expect(problemsOf({ type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' }, ['a', 'a'])).toEqual([]);
  });
});

describe('alternatives', () => {
  const properties = { a: text, b: text, c: text };
  const atMostOne = object(properties, {
    oneOf: [{ not: { anyOf: [{ required: ['a'] }, { required: ['b'] }] } }, { required: ['a'] }, { required: ['b'] }],
  });

  test('oneOf with a form for none is at most one', () => {
    expect(problemsOf(atMostOne, { c: 'x' })).toEqual([]);
    expect(problemsOf(atMostOne, { a: 'x' })).toEqual([]);
    expect(problemsOf(atMostOne, { a: 'x', b: 'y' })).toEqual([
      ': schema/one-of: has a and b, which exclude each other -> keep one of a, b',
    ]);
  });

  test('which form an object has is asked with its defaults', () => {
    const schema = object(
      { type: { type: 'string', default: 'IPAddress' }, value: text },
      {
        oneOf: [
          { properties: { type: { enum: ['IPAddress'] }, value: { format: 'ipv4' } } },
          { properties: { type: { not: { enum: ['IPAddress'] } } } },
        ],
      },
    );
    expect(problemsOf(schema, { value: '10.0.0.1' })).toEqual([]);
    expect(problemsOf(schema, { type: undefined, value: '10.0.0.1' })).toEqual([]);
    expect(rulesBroken(schema, { value: 'example.com' })).toEqual([': schema/one-of']);
    expect(problemsOf(schema, { type: 'Hostname', value: 'example.com' })).toEqual([]);
  });

  test('oneOf and anyOf say what is missing', () => {
    const forms = [{ required: ['a'] }, { required: ['b', 'c'] }];
    expect(problemsOf(object(properties, { oneOf: forms }), {})).toEqual([
      ': schema/one-of: has none of a, b with c -> write one of a, b with c',
    ]);
    expect(problemsOf(object(properties, { anyOf: forms }), { b: 'x' })).toEqual([
      ': schema/one-of: has none of a, b with c -> write one of a, b with c',
    ]);
    expect(problemsOf(object(properties, { anyOf: forms }), { a: 'x', b: 'y', c: 'z' })).toEqual([]);
  });

  test('forms may constrain values', () => {
    const schema: SchemaNode = { type: 'string', anyOf: [{ enum: ['*'] }, { pattern: '^[a-z]+$' }] };
    expect(problemsOf(schema, '*')).toEqual([]);
    expect(problemsOf(schema, 'abc')).toEqual([]);
    expect(problemsOf(schema, '1')).toEqual([
      ': schema/one-of: "1" matches none of the forms that the schema allows -> make it match {"enum":["*"]} or {"pattern":"^[a-z]+$"}',
    ]);
    expect(problemsOf({ type: 'integer', oneOf: [{ minimum: 1 }, { maximum: 5 }] }, 3)).toEqual([
      ': schema/one-of: 3 matches 2 of the forms, not one that the schema allows -> make it match {"minimum":1} or {"maximum":5}',
    ]);
  });

  test('forms say nothing of fields that they do not name', () => {
    const schema = object(properties, { anyOf: [{ properties: { a: { enum: ['x'] } } }] });
    expect(problemsOf(schema, { a: 'x', c: 'y' })).toEqual([]);
    expect(rulesBroken(schema, { a: 'y' })).toEqual([': schema/one-of']);
  });

  test('allOf adds to what the node says', () => {
    const schema = object(properties, { allOf: [{ required: ['a'] }, { properties: { b: { maxLength: 1 } } }] });
    expect(problemsOf(schema, { a: 'x', b: 'y', c: 'z' })).toEqual([]);
    expect(rulesBroken(schema, { b: 'yy' })).toEqual(['a: schema/required', 'b: schema/length']);
  });

  test('not refuses what matches', () => {
    expect(problemsOf({ type: 'string', not: { enum: ['x'] } }, 'y')).toEqual([]);
    expect(problemsOf({ type: 'string', not: { enum: ['x'] } }, 'x')).toEqual([
      ': schema/one-of: "x" is what the schema excludes: {"enum":["x"]} -> write something else',
    ]);
  });
});
