import { describe, expect, test } from 'vitest';
import { parseReference } from '../../src/service/reference.ts';

const AT = { file: 'apps/x/reference/score.json' };

function problem(value: unknown): unknown {
  return parseReference(typeof value === 'string' ? value : JSON.stringify(value), AT).findings.map(
    ({ where, message }) => [where.field, message],
  );
}

describe('a reference file', () => {
  test('is bins and shares', () => {
    expect(
      parseReference('{"edges": [0.1, 0.5], "shares": [0.7, 0.2, 0.1], "n": 5000, "feature": "amount"}', AT),
    ).toEqual({
      value: { edges: [0.1, 0.5], shares: [0.7, 0.2, 0.1], n: 5000, feature: 'amount' },
      findings: [],
    });
  });

  test('may have shares that were rounded', () => {
    expect(problem({ edges: [1, 2], shares: [0.3333333, 0.3333333, 0.3333334] })).toEqual([]);
    expect(problem({ edges: [1, 2], shares: [0.3333333, 0.3333333, 0.333333] })).toEqual([]);
  });

  test.each([
    ['shares that do not sum to 1', { edges: [1], shares: [0.5, 0.4] }, [['shares', 'shares sum to 0.9, not to 1']]],
    [
      'one share too few',
      { edges: [1, 2], shares: [0.5, 0.5] },
      [['shares', '2 edges make 3 bins, but there are 2 shares']],
    ],
    [
      'edges that do not rise',
      { edges: [1, 3, 3, 2], shares: [0.2, 0.2, 0.2, 0.2, 0.2] },
      [
        ['edges["2"]', 'edges do not rise: 3 is followed by 3'],
        ['edges["3"]', 'edges do not rise: 3 is followed by 2'],
      ],
    ],
    [
      'an empty bin',
      { edges: [1, 2], shares: [0.5, 0, 0.5] },
      [['shares["1"]', 'the bin above 1 up to 2 is empty, so that one observation in it would be endless drift']],
    ],
    [
      'an empty last bin',
      { edges: [1, 2], shares: [0.5, 0.5, 0] },
      [['shares["2"]', 'the bin above 2 is empty, so that one observation in it would be endless drift']],
    ],
    [
      'a negative share',
      { edges: [1], shares: [1.1, -0.1] },
      [
        ['shares[0]', '1.1 is more than 1'],
        ['shares[1]', '-0.1 is less than 0'],
      ],
    ],
    ['no bins', { edges: [], shares: [1] }, [['edges', 'the list is empty']]],
    ['an unknown field', { edges: [1], shares: [0.5, 0.5], bins: 2 }, [['bins', 'unknown field "bins"']]],
  ])('with %s is refused', (_, value, findings) => {
    expect(problem(value)).toEqual(findings);
  });

  test('that is not JSON is refused; every finding names the file and is of one kind', () => {
    const { value, findings } = parseReference('{"edges": [', AT);
    expect(value).toBeUndefined();
    expect(findings).toMatchObject([{ id: 'monitoring/reference', severity: 'error', where: AT }]);
    expect(findings[0]?.message).toMatch(/^the reference is not JSON: /);
    expect(parseReference('{"edges":[1],"shares":[1,1]}', AT).findings).toMatchObject([
      {
        id: 'monitoring/reference',
        severity: 'error',
        where: { ...AT, field: 'shares' },
        fix: 'divide each by their sum',
      },
    ]);
  });
});
