import { describe, expect, test } from 'vitest';
import { buildReference, formatReference } from '../../src/app/reference-build.ts';
import { parseReference } from '../../src/service/reference.ts';

/** 1 to n in another order. */
const numbers = (n: number): number[] => Array.from({ length: n }, (_, index) => ((index * 7919) % n) + 1);
const csv = (values: readonly unknown[]): string =>
  `id,score\n${values.map((value, index) => `${index},${String(value)}\n`).join('')}`;

function problem(text: string, file: string, options: Parameters<typeof buildReference>[2]): unknown {
  return buildReference(text, file, options).findings.map(({ id, where: { line }, message, fix }) => [
    id,
    line,
    message,
    fix,
  ]);
}

describe('a reference', () => {
  test('is made of a sample at its quantiles, and is valid', () => {
    const { value, findings } = buildReference(csv(numbers(1009)), 's.csv', { column: 'score', bins: 5 });
    expect(findings).toEqual([]);
    expect(value).toEqual({
      edges: [202, 404, 606, 808],
      shares: [0.200198216, 0.200198216, 0.200198216, 0.200198216, 0.199207136],
      n: 1009,
    });
    const text = formatReference(value!);
    expect(text).toBe(`{
  "edges": [202, 404, 606, 808],
  "shares": [0.200198216, 0.200198216, 0.200198216, 0.200198216, 0.199207136],
  "n": 1009
}
`);
    expect(parseReference(text, { file: 'r.json' })).toEqual({ value, findings: [] });
  });

  test('is the same whatever the order and the form of the sample', () => {
    const sample = numbers(1009).map((value) => value / 7);
    const expected = buildReference(csv(sample), 's.csv', { column: 'score', bins: 8 }).value;
    expect(expected).toBeDefined();
    const objects = sample.map((score) => ({ score }));
    expect(buildReference(JSON.stringify(objects.reverse()), 's.json', { column: 'score', bins: 8 }).value).toEqual(
      expected,
    );
    expect(buildReference(JSON.stringify(sample), 's.json', { bins: 8 }).value).toEqual(expected);
    expect(
      buildReference(objects.map((one) => `${JSON.stringify(one)}\n`).join(''), 's.jsonl', { column: 'score', bins: 8 })
        .value,
    ).toEqual(expected);
    expect(
      buildReference(`\ufeff${csv(sample).replaceAll('\n', '\r\n')}`, 's.csv', { column: 'score', bins: 8 }).value,
    ).toEqual(expected);
  });

  test('has edges with as many digits as keep the bins apart', () => {
    const sample = numbers(1000).map((value) => 1000 + value / 1000);
    expect(buildReference(JSON.stringify(sample), 's.json', { bins: 2 }).value?.edges).toEqual([1000.5]);
  });

  test('has the edges that are given; a value that is equal to an edge is below it', () => {
    const sample = [...Array.from({ length: 40 }, () => 1), ...Array.from({ length: 60 }, () => 2)];
    expect(buildReference(JSON.stringify(sample), 's.json', { bins: [1], feature: 'amount' }).value).toEqual({
      edges: [1],
      shares: [0.4, 0.6],
      n: 100,
      feature: 'amount',
    });
  });

  test('leaves rows without a value out, and says so', () => {
    const { value, findings } = buildReference(csv([...numbers(100), '', 'NaN', ' null ']), 's.csv', {
      column: 'score',
      bins: 2,
    });
    expect(value?.n).toBe(100);
    expect(findings).toMatchObject([
      { id: 'reference/left-out', severity: 'warning', message: '3 of 103 rows have no value and are left out' },
    ]);
  });

  test('reads quoted fields of CSV', () => {
    const text = `"the ""name"", long",score\n${numbers(60)
      .map((value) => `"a\nb, c","${value}"\n`)
      .join('')}`;
    expect(buildReference(text, 's.csv', { column: 'score', bins: [30] }).value).toEqual({
      edges: [30],
      shares: [0.5, 0.5],
      n: 60,
    });
  });
});

describe('a sample is refused', () => {
  test.each([
    [
      'without the column',
      csv(numbers(100)),
      's.csv',
      { column: 'scores', bins: 5 },
      [['reference/column', undefined, 'there is no column "scores"', 'did you mean "score"?']],
    ],
    [
      'with columns of which none is named',
      csv(numbers(100)),
      's.csv',
      { bins: 5 },
      [
        [
          'reference/column',
          undefined,
          'the sample has columns, and none is asked for',
          'write --column with one of: id, score',
        ],
      ],
    ],
    [
      'with text in the column',
      csv([...numbers(100), 'gold']),
      's.csv',
      { column: 'score', bins: 5 },
      [
        [
          'reference/value',
          102,
          'the value of "score" is not a finite number',
          'take a column of numbers; categories belong into Schema.watch({ newCategories })',
        ],
      ],
    ],
    [
      'that is too small',
      csv(numbers(99)),
      's.csv',
      { column: 'score', bins: 5 },
      [
        [
          'reference/too-small',
          undefined,
          '99 values are too few for 5 bins, which need 100',
          'take a larger sample, or fewer bins',
        ],
      ],
    ],
    [
      'with a row of another length',
      'a,b\n1,2\n3\n',
      's.csv',
      { column: 'b', bins: 2 },
      [
        [
          'reference/sample',
          3,
          'the row has 1 fields, and the header 2',
          'separate fields by commas, and quote those that hold one',
        ],
      ],
    ],
    [
      'with a quote that is not closed',
      'a\n"1\n',
      's.csv',
      { column: 'a', bins: 2 },
      [['reference/sample', undefined, 'a quoted field is not closed', 'close it: "…", with "" for a quote in it']],
    ],
    [
      'that is empty',
      '',
      's.csv',
      { column: 'a', bins: 2 },
      [
        [
          'reference/sample',
          undefined,
          'the file is empty',
          'write a header line with the names of the columns, then the rows',
        ],
      ],
    ],
    [
      'that is no JSON',
      '[1, 2',
      's.json',
      { bins: 2 },
      [
        [
          'reference/sample',
          undefined,
          'this is not JSON',
          'write a list of numbers, or of objects with the column as a field',
        ],
      ],
    ],
    [
      'that is no list',
      '{"a": 1}',
      's.json',
      { bins: 2 },
      [
        [
          'reference/sample',
          undefined,
          'the JSON is not a list',
          'write a list of numbers, or of objects with the column as a field',
        ],
      ],
    ],
    [
      'with a line that is no JSON',
      '{"a": 1}\n{',
      's.jsonl',
      { column: 'a', bins: 2 },
      [
        [
          'reference/sample',
          2,
          'this is not JSON',
          'write a list of numbers, or of objects with the column as a field',
        ],
      ],
    ],
    [
      'of another kind',
      'x',
      's.parquet',
      { bins: 2 },
      [
        [
          'reference/sample',
          undefined,
          'the name of the file does not say what is in it',
          'call it .csv, .json or .jsonl',
        ],
      ],
    ],
  ] as const)('%s', (_, text, file, options, expected) => {
    expect(problem(text, file, options)).toEqual(expected);
  });
});

describe('bins are refused', () => {
  const ties = JSON.stringify([...Array.from({ length: 300 }, () => 0), ...numbers(100)]);

  test('that one frequent value makes empty, with the edges that remain', () => {
    expect(problem(ties, 's.json', { bins: 5 })).toEqual([
      [
        'reference/bins',
        undefined,
        'some values are so frequent that the quantiles of 5 bins are not apart',
        'name the edges: --edges 0,20',
      ],
    ]);
    expect(problem(JSON.stringify(Array.from({ length: 100 }, () => 7)), 's.json', { bins: 2 })).toEqual([
      [
        'reference/bins',
        undefined,
        'some values are so frequent that the quantiles of 2 bins are not apart',
        'a column with one value has no distribution to watch',
      ],
    ]);
  });

  test('that hold nothing, by edges that were given', () => {
    expect(problem(JSON.stringify(numbers(100)), 's.json', { bins: [50, 100, 200] })).toEqual([
      [
        'reference/bins',
        undefined,
        'no value of the sample is in the bin above 100 up to 200',
        'leave out the edge 200, so that the bin joins its neighbour',
      ],
    ]);
    expect(problem(JSON.stringify(numbers(100)), 's.json', { bins: [50, 20] })).toEqual([
      ['reference/bins', undefined, 'edges do not rise: 50 is followed by 20', 'sort them, and name each once'],
    ]);
  });

  test.each([1, 51, 2.5])('of which there are %d', (bins) => {
    expect(problem(JSON.stringify(numbers(2000)), 's.json', { bins })).toEqual([
      [
        'reference/bins',
        undefined,
        `${bins} is no number of bins that makes sense`,
        'choose 2 to 50 bins; 5 to 10 are usual',
      ],
    ]);
  });
});
