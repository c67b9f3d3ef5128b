import { expect, test } from 'vitest';
import { compactSchema, mapParts, partsOf, withDescription, withoutProse } from '../../src/import/schema.ts';

test('a schema keeps what demands something, in one order, and loses the rest', () => {
  const raw = {
    properties: {
      b: { example: 'x', type: 'string', title: 'B' },
      a: { minimum: 1, type: 'integer', uniqueItems: false },
    },
    'x-kubernetes-group-version-kind': [{ kind: 'X' }],
    required: ['b', 'a', 'b'],
    type: 'object',
    externalDocs: { url: 'https://example.com' },
  };
  expect(JSON.stringify(compactSchema(raw))).toBe(
    '{"type":"object","required":["a","b"],"properties":{"a":{"type":"integer","minimum":1},"b":{"type":"string"}}}',
  );
});

test('properties that are called like keywords survive', () => {
  const raw = {
    type: 'object',
    properties: { description: { type: 'string' }, example: {}, title: { type: 'string' }, default: {} },
  };
  expect(Object.keys(compactSchema(raw).properties ?? {})).toEqual(['default', 'description', 'example', 'title']);
});

test('a default of null or false and a closed map are demands too', () => {
  const raw = {
    type: 'object',
    default: null,
    additionalProperties: false,
    properties: { on: { type: 'boolean', default: false } },
  };
  expect(compactSchema(raw)).toEqual(raw);
});

test('validations keep their messages, branches lose their prose', () => {
  const rules = [{ rule: 'self.a > 0', message: 'a must be positive' }];
  const raw = {
    'x-kubernetes-validations': rules,
    oneOf: [{ title: 'One', required: ['a'] }],
    not: { example: 1, required: ['b'] },
  };
  expect(compactSchema(raw)).toEqual({
    'x-kubernetes-validations': rules,
    oneOf: [{ required: ['a'] }],
    not: { required: ['b'] },
  });
});

test('the parts of a schema are properties, items and map values, not branches', () => {
  const schema = compactSchema({
    properties: { a: { type: 'string' } },
    items: { type: 'integer' },
    additionalProperties: { type: 'boolean' },
    anyOf: [{ type: 'object' }],
  });
  expect(partsOf(schema).map(({ step, schema: { type } }) => [step, type])).toEqual([
    [{ property: 'a' }, 'string'],
    ['items', 'integer'],
    ['values', 'boolean'],
  ]);
  expect(mapParts(schema, (part) => part.type)).toEqual({
    properties: { a: 'string' },
    items: 'integer',
    additionalProperties: 'boolean',
    anyOf: [{ type: 'object' }],
  });
});

test('prose is taken from every level, and from no property name', () => {
  const schema = compactSchema({
    description: 'whole',
    properties: {
      description: { description: 'part', type: 'array', items: { description: 'element', type: 'string' } },
    },
  });
  expect(withoutProse(schema)).toEqual({ properties: { description: { type: 'array', items: { type: 'string' } } } });
  expect(withDescription({ type: 'string', description: 'old' }, 'new')).toEqual({
    description: 'new',
    type: 'string',
  });
  expect(withDescription({ type: 'string', description: 'old' }, undefined)).toEqual({ type: 'string' });
});
