import { describe, expect, test } from 'vitest';
import {
  didYouMean,
  isAnnotationKey,
  isDns1035,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isQualifiedName,
  slug,
} from '../../src/core/names.ts';
import { fc } from '../support/property.ts';

const LONG = 'a'.repeat(63);

test.each([
  // text, DNS label, DNS subdomain, RFC 1035 label
  ['fraud-detector', true, true, true],
  ['a', true, true, true],
  ['47-fraud', true, true, false],
  ['0', true, true, false],
  [LONG, true, true, true],
  [`${LONG}a`, false, true, false],
  ['serving.kserve.io', false, true, false],
  [`${LONG}.${LONG}.${LONG}.${'a'.repeat(61)}`, false, true, false],
  [`${LONG}.${LONG}.${LONG}.${'a'.repeat(62)}`, false, false, false],
  ['', false, false, false],
  ['Fraud', false, false, false],
  ['fraud_detector', false, false, false],
  ['-fraud', false, false, false],
  ['fraud-', false, false, false],
  ['fraud\n', false, false, false],
  ['a..b', false, false, false],
  ['.a', false, false, false],
  ['a-.b', false, false, false],
  ['é', false, false, false],
])('%j: label %s, subdomain %s, RFC 1035 %s', (text, label, subdomain, rfc1035) => {
  expect([isDnsLabel(text), isDnsSubdomain(text), isDns1035(text)]).toStrictEqual([label, subdomain, rfc1035]);
});

test.each([
  ['a', true],
  ['example.com/a_b.c-d', true],
  ['example.com/A', true],
  ['', false],
  ['/a', false],
  ['a/', false],
  ['a/b/c', false],
  ['_a', false],
  ['a'.repeat(64), false],
  ['__proto__', false],
])('%j as a key of labels or annotations: %s', (key, valid) => {
  expect([isQualifiedName(key), isAnnotationKey(key)]).toEqual([valid, valid]);
});

test('only the prefix of an annotation may have capital letters', () => {
  expect([isQualifiedName('Example.com/a'), isAnnotationKey('Example.com/a')]).toEqual([false, true]);
});

test.each([
  ['', true],
  ['v47', true],
  ['A_b.c-9', true],
  ['a/b', false],
  ['-a', false],
  ['a b', false],
  ['a'.repeat(64), false],
])('%j as the value of a label: %s', (value, valid) => {
  expect(isLabelValue(value)).toBe(valid);
});

describe('slug', () => {
  test.each([
    ['v47', 12, 'v47'],
    ['V4.7 (März)', 12, 'v4-7-marz'],
    ['meta-llama/Llama-3.1-8B', 12, 'meta-llama-l'],
    ['abc-def', 4, 'abc'],
    ['--x--', 12, 'x'],
    ['日本', 12, ''],
    ['', 12, ''],
  ])('of %j in %d characters is %j', (text, max, expected) => {
    expect(slug(text, max)).toBe(expected);
  });

  test('is a DNS label or empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 63 }), (text, max) => {
        const result = slug(text, max);
        expect(result === '' || (isDnsLabel(result) && result.length <= max)).toBe(true);
      }),
    );
  });
});

describe('didYouMean', () => {
  test.each([
    ['minReplica', ['maxReplicas', 'minReplicas'], 'minReplicas'],
    ['minreplicas', ['minReplicas'], 'minReplicas'],
    ['teh', ['to', 'the'], 'the'],
    ['prod-ue', ['dev', 'prod-eu', 'prod-us'], 'prod-eu'],
    ['colour', ['memory', 'storage'], undefined],
    ['ab', ['xy'], undefined],
    ['x', [], undefined],
    ['bat', ['cat', 'at', 'bar'], 'at'],
    ['a', ['abcdefgh'], undefined],
  ])('%j among %j is %j', (word, candidates, expected) => {
    expect(didYouMean(word, candidates)).toBe(expected);
    expect(didYouMean(word, [...candidates].reverse())).toBe(expected);
  });
});
