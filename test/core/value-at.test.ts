import { expect, test } from 'vitest';
import { listAt, valueAt } from '../../src/core/value-at.ts';

const SERVICE = { spec: { ports: [{ port: 80 }], selector: null } };

test('a path of fields and places leads to a value', () => {
  expect(valueAt(SERVICE, 'spec', 'ports', 0, 'port')).toBe(80);
  expect(valueAt(SERVICE, 'spec', 'selector')).toBe(null);
  expect(valueAt(SERVICE)).toBe(SERVICE);
});

test.each([
  ['a field that is missing', SERVICE, ['status', 'phase']],
  ['a place that a list does not have', SERVICE, ['spec', 'ports', 1]],
  ['a field of null', SERVICE, ['spec', 'selector', 'app']],
  ['a field of a text', 'text', ['length']],
  ['what every object inherits', SERVICE, ['constructor']],
])('%s is nothing', (_name, value, path) => {
  expect(valueAt(value, ...path)).toBeUndefined();
});

test('what is no list is an empty one', () => {
  expect(listAt(SERVICE, 'spec', 'ports')).toEqual([{ port: 80 }]);
  expect(listAt(SERVICE, 'spec')).toEqual([]);
  expect(listAt(undefined, 'spec')).toEqual([]);
});
