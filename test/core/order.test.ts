import { expect, test } from 'vitest';
import { compareKeys, orderedKeys } from '../../src/core/order.ts';
import { fc } from '../support/property.ts';

test.each([
  ['an object', ['data', 'spec', 'metadata', 'kind', 'apiVersion'], ['apiVersion', 'kind', 'metadata', 'spec', 'data']],
  [
    'metadata',
    ['annotations', 'labels', 'namespace', 'name', 'finalizers'],
    ['name', 'namespace', 'finalizers', 'labels', 'annotations'],
  ],
  ['an alert', ['annotations', 'labels', 'for', 'expr', 'alert'], ['alert', 'expr', 'for', 'labels', 'annotations']],
  ['a container', ['image', 'args', 'name', 'resources', 'env'], ['name', 'args', 'env', 'image', 'resources']],
  ['a reference', ['name', 'kind', 'apiVersion', 'group'], ['apiVersion', 'kind', 'name', 'group']],
  ['anything else', ['b', 'B', 'a', '10', '9', 'é'], ['10', '9', 'B', 'a', 'b', 'é']],
])('the keys of %s', (_, keys, ordered) => {
  expect(orderedKeys(Object.fromEntries(keys.map((key) => [key, 1])))).toStrictEqual(ordered);
});

test('compareKeys is a total order', () => {
  const key = fc.oneof(
    fc.constantFrom('apiVersion', 'name', 'spec', 'labels', 'annotations', 'expr', 'labelz'),
    fc.string(),
  );
  fc.assert(
    fc.property(key, key, key, (a, b, c) => {
      expect(Math.sign(compareKeys(a, b)) + Math.sign(compareKeys(b, a))).toBe(0);
      expect(compareKeys(a, b) === 0).toBe(a === b);
      if (compareKeys(a, b) < 0 && compareKeys(b, c) < 0) expect(compareKeys(a, c)).toBeLessThan(0);
    }),
    { numRuns: 1000 },
  );
});
