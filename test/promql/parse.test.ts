import { describe, expect, test } from 'vitest';
import { parsePromql, placeOf, secondsOf, type Query } from '../../src/promql/parse.ts';

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
      return [query.operator, shape(query.left), shape(query.right), ...(query.bool ? ['bool'] : []), ...(query.matching ? [query.matching] : [])];
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
    [
      'a / on (x) group_left (y) b',
      ['/', ['a'], ['b'], { on: true, labels: ['x'], many: 'left', include: ['y'] }],
    ],
    ['a unless ignoring (z) b', ['unless', ['a'], ['b'], { on: false, labels: ['z'], many: undefined, include: [] }]],
    ['x @ end()', ['x']],
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
    expect([cut(selector), selector.braces && cut(selector.braces), cut(selector.matchers[0]!), cut(selector.matchers[0]!.literal)]).toEqual(['x{a="b"}', '{a="b"}', 'a="b"', '"b"']);
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
    ['rate(x[0m])', 7, '0m is not a duration that every Prometheus reads'],
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
    expect(parsePromql(`${'('.repeat(150)}1${')'.repeat(150)}`).problem?.message).toBe('the expression is nested more than 100 deep');
    expect(parsePromql('('.repeat(20_000)).problem?.message).toBe('the expression has 20000 characters');
  });
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
