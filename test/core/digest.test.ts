import { expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../../src/core/digest.ts';

test('canonicalJson is the same text however the data was built', () => {
  expect(canonicalJson({ b: { d: [2, 1, { z: null, a: 'x"' }], c: undefined }, a: true })).toBe(
    '{"a":true,"b":{"d":[2,1,{"a":"x\\"","z":null}]}}',
  );
  expect(canonicalJson({ a: true, b: { d: [2, 1, { a: 'x"', z: null }] } })).toBe(
    '{"a":true,"b":{"d":[2,1,{"a":"x\\"","z":null}]}}',
  );
  expect(canonicalJson('x')).toBe('"x"');
});

test.each([
  [NaN, 'NaN'],
  [[undefined], 'a value of type undefined'],
  [{ a: () => 1 }, 'a value of type function'],
  [{ a: [1n] }, 'a value of type bigint'],
  [new Array(1), 'a value of type undefined'],
])('canonicalJson drops nothing silently: %s', (value, name) => {
  expect(() => canonicalJson(value)).toThrow(new TypeError(`${name} has no canonical JSON`));
});

test('sha256 is hex over UTF-8', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
});
