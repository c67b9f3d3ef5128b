import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { AGGREGATIONS, FUNCTIONS } from '../../src/promql/functions.ts';
import { parseNewestPromql, parsePromql, placeOf, secondsOf, type Query } from '../../src/promql/parse.ts';

function queryOf(text: string): Query {
  const { query, problem } = parsePromql(text);
  if (!query) throw new Error(problem.message);
  return query;
}

/** The tree without places, as nested lists. */
function shape(query: Query): unknown {
  switch (query.kind) {
    case 'number':
    case 'string':
      return query.value;
    case 'selector':
      return [query.metric, ...query.matchers.map(({ label, operator, value }) => `${label} ${operator} ${value}`)];
    case 'range':
    case 'subquery':
      return [query.kind, query.seconds, shape(query.of)];
    case 'negative':
      return ['-', shape(query.of)];
    case 'call':
      return [query.name, ...query.args.map(shape)];
    case 'aggregate':
      return [query.operator, query.grouping, ...query.args.map(shape)];
    case 'binary':
      return [
        query.operator,
        shape(query.left),
        shape(query.right),
        ...(query.bool ? ['bool'] : []),
        ...(query.matching ? [query.matching] : []),
      ];
  }
}

describe('an expression becomes a tree', () => {
  test.each<[string, unknown]>([
    ['up', ['up']],
    ['up{job="a",pod=~"b.*",}', ['up', 'job = a', 'pod =~ b.*']],
    [`{__name__="up"}`, ['up', '__name__ = up']],
    ['rate(x[1h30m] offset 5m)', ['rate', ['range', 5400, ['x']]]],
    ['max_over_time(rate(x[5m])[1h:1m])', ['max_over_time', ['subquery', 3600, ['rate', ['range', 300, ['x']]]]]],
    ['sum by (a, b) (x)', ['sum', { by: true, labels: ['a', 'b'] }, ['x']]],
    ['SUM(x) without (a)', ['sum', { by: false, labels: ['a'] }, ['x']]],
    ['topk(3, x)', ['topk', undefined, 3, ['x']]],
    ['a > bool 1.5e3', ['>', ['a'], 1500, 'bool']],
    ['-(a)', ['-', ['a']]],
    ['a - b * 2 # and so on\n', ['-', ['a'], ['*', ['b'], 2]]],
    ['a / on (x) group_left (y) b', ['/', ['a'], ['b'], { on: true, labels: ['x'], many: 'left', include: ['y'] }]],
    ['a unless ignoring (z) b', ['unless', ['a'], ['b'], { on: false, labels: ['z'], many: undefined, include: [] }]],
    ['x @ end()', ['x']],
    ['x[5m] @ 1.5 offset -5m', ['range', 300, ['x']]],
    ['##########\nup', ['up']],
    ['vector(-Inf)', ['vector', ['-', Infinity]]],
    ['label_replace(x, "a", "$1", `b`, \'c\')', ['label_replace', ['x'], 'a', '$1', 'b', 'c']],
  ])('%s', (text, expected) => {
    expect(shape(queryOf(text))).toEqual(expected);
  });

  test.each([
    ['"a\\"b"', 'a"b'],
    ["'it\\'s'", "it's"],
    ['"\\\\.\\n\\t"', '\\.\n\t'],
    ['"\\x41\\u00e9\\U0001f600\\101"', 'Aé😀A'],
    ['`\\.`', '\\.'],
  ])('the text of %s is unquoted as Go does', (literal, text) => {
    expect(queryOf(`x{a=${literal}}`)).toMatchObject({ matchers: [{ value: text }] });
  });

  test('places are those of the text', () => {
    const text = 'sum(x{a="b"})';
    const query = queryOf(text);
    const selector = query.kind === 'aggregate' && query.args[0];
    if (!selector || selector.kind !== 'selector') throw new Error('no selector');
    const cut = ({ from, to }: { from: number; to: number }): string => text.slice(from, to);
    expect([
      cut(selector),
      selector.braces && cut(selector.braces),
      cut(selector.matchers[0]!),
      cut(selector.matchers[0]!.literal),
    ]).toEqual(['x{a="b"}', '{a="b"}', 'a="b"', '"b"']);
  });
});

describe('what is no expression is refused with its place', () => {
  test.each([
    ['', 0, 'the expression is empty'],
    ['# nothing', 0, 'the expression is empty'],
    ['a +', 3, 'the expression ends too early'],
    ['rate(x[5m]  ', 10, 'the expression ends too early'],
    ['a b', 2, '"b" is not expected here'],
    ['sum(x)) > 1', 6, '")" is not expected here'],
    ['rate(x[$__interval])', 7, '"$" is not expected here'],
    ['2 * ratee(x[5m])', 4, 'there is no function "ratee"'],
    ['x{a="b}', 4, 'a string has no end'],
    ['x{a="b\\"}', 4, 'a string has no end'],
    ['x{a=~"a\\.b"}', 7, '\\. is no escape that PromQL knows'],
    ['x{a="\\ud800"}', 5, '\\u is no escape that PromQL knows'],
    ['{"http.requests"}', 1, '"http.requests": names in quotes need Prometheus 3'],
    ['sum by ("a.b") (x)', 8, 'names in quotes need Prometheus 3'],
    ['rate(x[5m * 2])', 7, '5m * 2 is not a duration that every Prometheus reads'],
    ['rate(x[300])', 7, '300 is not a duration that every Prometheus reads'],
    ['rate(x[0m])', 7, '0m is no length of time'],
    ['x offset 300', 9, '300 is not a duration that every Prometheus reads'],
    ['(a + b)[5m]', 1, 'only a selector has a range'],
    [
      'sort_by_label(x, "a")',
      0,
      'the function sort_by_label is behind a feature flag, or newer than most Prometheus servers',
    ],
    ['limitk(3, x)', 0, 'the aggregation limitk is behind a feature flag'],
    ['x > 5m', 4, '5m is not a number that every Prometheus reads'],
    ['rate(x[5m] smoothed)', 5, '"x[5m] smoothed" is not understood by every Prometheus'],
    ['a + fill(0) b', 4, '"fill(0)" is not understood by every Prometheus'],
    ['a </ b', 2, '</ is not understood by every Prometheus'],
  ])('%j', (text, from, message) => {
    expect(parsePromql(text).problem).toMatchObject({ from, message });
  });

  test('with a function that was meant', () => {
    expect(parsePromql('ratee(x[5m])').problem?.fix).toBe('did you mean rate?');
  });

  test('when nobody could read it', () => {
    expect(parsePromql(`${'('.repeat(150)}1${')'.repeat(150)}`).problem?.message).toBe(
      'the expression is nested more than 100 deep',
    );
    expect(parsePromql('('.repeat(20_000)).problem?.message).toBe('the expression has 20000 characters');
  });
});

describe('modifiers and ranges belong to the operand before them', () => {
  test.each<[string, unknown]>([
    ['a + b offset 5m', ['+', ['a'], ['b']]],
    ['a + b offset 5m * c', ['+', ['a'], ['*', ['b'], ['c']]]],
    ['a * b offset 5m + c', ['+', ['*', ['a'], ['b']], ['c']]],
    ['a ^ b offset 5m ^ c', ['^', ['a'], ['^', ['b'], ['c']]]],
    ['(a + b) offset 5m * c', undefined],
    ['a > 1 and b offset 5m > 2', ['and', ['>', ['a'], 1], ['>', ['b'], 2]]],
    ['-a[1h:1m]', ['-', ['subquery', 3600, ['a']]]],
    ['(-a)[1h:1m]', ['subquery', 3600, ['-', ['a']]]],
    ['(a + b)[1h:1m] offset 5m', ['subquery', 3600, ['+', ['a'], ['b']]]],
    ['a + b[5m]', ['+', ['a'], ['range', 300, ['b']]]],
  ])('%s', (text, expected) => {
    const { query } = parsePromql(text);
    expect(query && shape(query)).toEqual(expected);
  });

  test('whose place grows with them', () => {
    expect(queryOf('a + b[5m] ')).toMatchObject({ from: 0, to: 9, right: { from: 4, to: 9, of: { from: 4, to: 5 } } });
  });
});

describe('the newest Prometheus reads more', () => {
  const newestOf = (text: string): unknown => {
    const { query, problem } = parseNewestPromql(text);
    return query ? shape(query) : [problem.from, problem.message];
  };

  test.each<[string, unknown]>([
    ['{"http.requests"}', ['http.requests', '__name__ = http.requests']],
    ['{"http.requests","a.b"=~"c"}', ['http.requests', '__name__ = http.requests', 'a.b =~ c']],
    ['sum by ("a.b", c) (x)', ['sum', { by: true, labels: ['a.b', 'c'] }, ['x']]],
    ['x[300]', ['range', 300, ['x']]],
    ['x[5m * 2]', ['range', undefined, ['x']]],
    ['x[5m:step()]', ['subquery', 300, ['x']]],
    ['x > 1h5s', ['>', ['x'], 3605]],
    ['0x1F + 1_000', ['+', 31, 1000]],
    ['x[5m] smoothed', ['range', 300, ['x']]],
    ['x anchored [5m]', ['range', 300, ['x']]],
    ['a + fill(0) b', ['+', ['a'], ['b']]],
    ['a </ b', ['</', ['a'], ['b']]],
    ['limitk(3, x)', ['limitk', undefined, 3, ['x']]],
    ['mad_over_time(x[5m])', ['mad_over_time', ['range', 300, ['x']]]],
  ])('%s', (text, expected) => {
    expect(newestOf(text)).toEqual(expected);
    expect(parsePromql(text).query).toBeUndefined();
  });

  test('also what is longer and deeper than anybody writes', () => {
    expect(parseNewestPromql(`up{job=~"${'a|'.repeat(9000)}"}`).problem).toBeUndefined();
    expect(parseNewestPromql(Array.from({ length: 250 }, () => 'up').join(' or ')).problem).toBeUndefined();
    expect(parseNewestPromql(`${'('.repeat(1500)}1${')'.repeat(1500)}`).problem?.message).toBe(
      'the expression is nested more than 1000 deep',
    );
  });

  test.each([
    ['', 0, 'the expression is empty'],
    ['a +', 3, 'the expression ends too early'],
    ['ratee(x[5m])', 0, 'there is no function "ratee"'],
    ['x{a="b}', 4, 'a string has no end'],
    ['(x)[5m]', 1, 'only a selector has a range'],
    ['rate(x[5m])[5m]', 0, 'only a selector has a range'],
    ['x offset 5m [5m]', 0, 'offset and @ stand behind a range'],
    ['x @ 5 [5m]', 0, 'offset and @ stand behind a range'],
    ['x[0]', 2, '0 is no length of time'],
    ['x[-5m]', 2, '-5m is no length of time'],
    ['x[300y]', 2, '300y is no length of time'],
    ['x[1h:0s]', 5, '0s is no length of time'],
    ['x offset 5m offset 5m', 12, 'offset is given twice'],
    ['x @ 1 @ 2', 6, '@ is given twice'],
    ['x @ Inf', 4, 'Inf is no time'],
    ['(x) offset 5m', 4, 'offset belongs behind a selector or a range, or a subquery'],
    ['sum(x) @ 5', 7, '@ belongs behind a selector or a range, or a subquery'],
    ['1 offset 5m', 2, 'offset belongs behind a selector or a range, or a subquery'],
    ['x[1h:] smoothed', 7, 'smoothed belongs behind a selector or a range'],
    ['x anchored smoothed', 11, 'anchored and smoothed exclude each other'],
  ])('but not %j', (text, from, message) => {
    expect(newestOf(text)).toEqual([from, message]);
  });

  test('functions that need a flag are not what anybody else is told to write', () => {
    expect(parsePromql('sort_by_labl(x)').problem?.fix).not.toContain('sort_by_label');
  });
});

test('every function and aggregation of the grammar is known', () => {
  const grammar = readFileSync(
    createRequire(import.meta.url)
      .resolve('@prometheus-io/lezer-promql')
      .replace(/dist\/.*$/, 'src/promql.grammar'),
    'utf8',
  );
  const functions = [...grammar.matchAll(/condFn<"(\w+)">/g)].map(([, name]) => name!);
  expect(functions.length).toBeGreaterThan(80);
  expect(functions.filter((name) => !Object.hasOwn(FUNCTIONS, name))).toEqual([]);
  const aggregations = /AggregateOp \{([^}]+)\}/
    .exec(grammar)![1]!
    .match(/\w+/g)!
    .map((name) => name.toLowerCase());
  expect(aggregations.sort()).toEqual(
    Object.keys(AGGREGATIONS)
      .map((name) => name.replace('_', ''))
      .sort(),
  );
});

test('a place is said as people count', () => {
  expect(placeOf('a +\n  b c', 8)).toBe('line 2, column 5');
  expect(placeOf('"😀" x', 5)).toBe('line 1, column 5');
});

test.each([
  ['1h30m', 5400],
  ['1d', 86_400],
  ['500ms', 0.5],
  ['30m1h', undefined],
  ['5', undefined],
  ['', undefined],
])('the duration %j has %s seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});
