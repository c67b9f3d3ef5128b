import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  canonicalQuantity,
  compareQuantity,
  explainQuantity,
  parseQuantity,
  type Quantity,
} from '../../src/core/quantity.ts';
import { fc } from '../support/property.ts';

/**
 * Printed by a Go program with k8s.io/apimachinery v0.33.4: for each number and suffix, `ParseQuantity`, then
 * `NewDecimalQuantity(*q.AsDec(), q.Format).String()`, which leaves out that Go keeps the text of some quantities
 * that are not canonical (`+2`, `1.500`). The program also made sure that Go prints each result back unchanged.
 * `null` stands for 1000E, which Go prints as `1`.
 */
const GO = JSON.parse(readFileSync(new URL('quantity.go-fixture.json', import.meta.url), 'utf8')) as {
  readonly suffixes: readonly string[];
  readonly canonical: Readonly<Record<string, readonly (string | null)[]>>;
};

function parsed(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (!quantity) throw new Error(`${text} is not a quantity`);
  return quantity;
}

describe('canonicalQuantity', () => {
  test.each(Object.entries(GO.canonical))('prints %s with every suffix as Kubernetes does', (number, canonical) => {
    expect(GO.suffixes.map((suffix) => canonicalQuantity(number + suffix) ?? null)).toStrictEqual(canonical);
  });

  test.each([
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1.5Gi', '1536Mi'],
    ['0.1Gi', '107374182400m'],
    ['62.5Ki', '64k'],
    ['1.5Ki', '1536'],
    ['1e3', '1e3'],
    ['4', '4'],
  ])('writes %s as %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  test('reads a number as the JSON number that it becomes', () => {
    expect([4, 0.5, 1e21, 1e-7].map(canonicalQuantity)).toStrictEqual(['4', '500m', '1e21', '100e-9']);
  });

  test('is its own canonical form, and the same amount', () => {
    const suffix = fc.constantFrom(
      '',
      'n',
      'u',
      'm',
      'k',
      'M',
      'G',
      'T',
      'P',
      'Ki',
      'Mi',
      'Gi',
      'Ti',
      'e3',
      'E-2',
      'e+5',
    );
    const number = fc.tuple(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.option(fc.nat(10 ** 9)));
    fc.assert(
      fc.property(number, suffix, ([whole, fraction], unit) => {
        const text = `${whole}${fraction === null ? '' : `.${fraction}`}${unit}`;
        const canonical = canonicalQuantity(text);
        // From 1000E on there is no suffix.
        if (canonical === undefined) {
          expect(parsed(text).nanos ** 2n).toBeGreaterThanOrEqual((10n ** 30n) ** 2n);
          return;
        }
        expect(canonicalQuantity(canonical)).toBe(canonical);
        expect(compareQuantity(parsed(text), parsed(canonical))).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseQuantity', () => {
  test.each([
    '',
    '.',
    '-',
    '+',
    'abc',
    '1 Gi',
    ' 1',
    '1_000',
    '0x10',
    'Infinity',
    'NaN',
    '--1',
    '1..5',
    '1.5.5',
    '1K',
    '100mi',
    '8GB',
    '1Gib',
    '1e',
    '1e1.5',
    '1e9999',
    '1i',
    'm',
  ])('refuses %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
    expect(canonicalQuantity(text)).toBeUndefined();
  });

  test('keeps amounts exactly, and rounds what is finer than a billionth away from zero', () => {
    expect(parseQuantity('1.5Gi')).toStrictEqual({ nanos: 1_610_612_736_000_000_000n, format: 'binary' });
    expect(parseQuantity('-0.00000000001')).toStrictEqual({ nanos: -1n, format: 'decimal' });
    expect(parseQuantity('9007199254740993e3')).toStrictEqual({
      nanos: 9_007_199_254_740_993_000_000_000_000n,
      format: 'exponent',
    });
  });
});

test('compareQuantity orders by amount, whatever the spelling', () => {
  expect(
    ['1Gi', '1G', '500m', '1e9', '-1', '1024Mi'].sort((a, b) => compareQuantity(parsed(a), parsed(b))),
  ).toStrictEqual(['-1', '500m', '1G', '1e9', '1Gi', '1024Mi']);
});

describe('explainQuantity', () => {
  test.each([
    ['8GB', 'memory', '"8GB" is not a Kubernetes quantity', 'write 8G or 8Gi'],
    ['8 GiB', 'memory', '"8 GiB" is not a Kubernetes quantity', 'write 8Gi'],
    ['100mi', 'memory', '"100mi" is not a Kubernetes quantity', 'write 100Mi'],
    ['1K', 'memory', '"1K" is not a Kubernetes quantity', 'write 1k or 1Ki'],
    ['1,5Gi', 'memory', '"1,5Gi" is not a Kubernetes quantity', 'write 1.5Gi'],
    ['much', 'memory', '"much" is not a Kubernetes quantity', 'write bytes with a unit, as 512Mi or 8Gi'],
    ['8', 'memory', '"8" is only 8 bytes, less than any process needs', 'write 8Gi or 8Mi'],
    [8, 'memory', '8 is only 8 bytes, less than any process needs', 'write 8Gi or 8Mi'],
    [
      '64Ki',
      'memory',
      '"64Ki" is only 65536 bytes, less than any process needs',
      'write bytes with a unit, as 512Mi or 8Gi',
    ],
    ['500m', 'memory', '"500m" is thousandths of a byte; m is milli, not mega', 'write 500Mi or 500M'],
    ['2.5', 'memory', '"2.5" is not a whole number of bytes', 'write bytes with a unit, as 512Mi or 8Gi'],
    ['-1Gi', 'memory', '"-1Gi" is negative', 'write bytes with a unit, as 512Mi or 8Gi'],
    ['-1', 'cpu', '"-1" is negative', 'write cores as 4, or thousandths of a core as 500m'],
    [
      '4Gi',
      'cpu',
      '"4Gi" has a unit of bytes, but processor time is counted in cores',
      'write cores as 4, or thousandths of a core as 500m',
    ],
    ['4000', 'cpu', '"4000" is 4000 whole cores, more than a node has; m stands for thousandths', 'write 4000m or 4'],
    [
      '0.5m',
      'cpu',
      '"0.5m" is finer than a thousandth of a core, the least that Kubernetes keeps',
      'write cores as 4, or thousandths of a core as 500m',
    ],
    ['0,5', 'cpu', '"0,5" is not a Kubernetes quantity', 'write 0.5'],
    ['2 cores', 'cpu', '"2 cores" is not a Kubernetes quantity', 'write 2'],
    ['500 millicores', 'cpu', '"500 millicores" is not a Kubernetes quantity', 'write 500m'],
    ['8GB', 'cpu', '"8GB" is not a Kubernetes quantity', 'write cores as 4, or thousandths of a core as 500m'],
    [
      '100000000',
      'cpu',
      '"100000000" cores are more than a node has',
      'write cores as 4, or thousandths of a core as 500m',
    ],
    ['1e900', 'cpu', '"1e900" cores are more than a node has', 'write cores as 4, or thousandths of a core as 500m'],
    [
      '99999999999999Ei',
      'memory',
      '"99999999999999Ei" is more memory than a node has',
      'write bytes with a unit, as 512Mi or 8Gi',
    ],
    ['65Ti', 'memory', '"65Ti" is more memory than a node has', 'write bytes with a unit, as 512Mi or 8Gi'],
    [
      '0',
      'cpu',
      '"0" asks for nothing, so that no node keeps room for it',
      'write cores as 4, or thousandths of a core as 500m',
    ],
    [
      '0Gi',
      'memory',
      '"0Gi" asks for nothing, so that no node keeps room for it',
      'write bytes with a unit, as 512Mi or 8Gi',
    ],
    ['0.5', 'count', '"0.5" is not a whole number', 'write a whole number, as 1'],
    ['1 gpu', 'count', '"1 gpu" is not a Kubernetes quantity', 'write 1'],
    ['one', 'count', '"one" is not a Kubernetes quantity', 'write a whole number, as 1'],
  ] as const)('%j of %s: says what is wrong and what to write', (text, kind, message, fix) => {
    expect(explainQuantity(text, kind)).toStrictEqual({ message, fix });
  });

  test.each([
    ['4', 'cpu'],
    [4, 'cpu'],
    ['500m', 'cpu'],
    ['0.5', 'cpu'],
    ['1e-1', 'cpu'],
    ['448', 'cpu'],
    ['8Gi', 'memory'],
    ['0.1Gi', 'memory'],
    ['8G', 'memory'],
    ['1e9', 'memory'],
    ['128974848', 'memory'],
    ['64Ti', 'memory'],
    ['1', 'count'],
    ['0', 'count'],
    [8, 'count'],
    ['1k', 'count'],
  ] as const)('%j of %s is fine', (text, kind) => {
    expect(explainQuantity(text, kind)).toBeUndefined();
  });
});
