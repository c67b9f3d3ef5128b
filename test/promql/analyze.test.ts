import { describe, expect, test } from 'vitest';
import { analyze, canHave, isCondition, type Analysis } from '../../src/promql/analyze.ts';
import { parseNewestPromql, type Query } from '../../src/promql/parse.ts';

function queryOf(text: string): Query {
  const { query, problem } = parseNewestPromql(text);
  if (!query) throw new Error(problem.message);
  return query;
}

function analysisOf(text: string): Analysis {
  return analyze(queryOf(text));
}

describe('types', () => {
  test.each([
    ['1 + 2', 'scalar'],
    ['time()', 'scalar'],
    ['up', 'vector'],
    ['vector(1) * 2', 'vector'],
    ['sum(rate(x[5m])) / 3', 'vector'],
    ['x[5m]', 'range'],
    ['"a"', 'string'],
    ['round(x)', 'vector'],
    ['hour()', 'vector'],
    ['label_join(x, "a", "-", "b", "c", "d")', 'vector'],
    ['1 > bool 2', 'scalar'],
    ['1 + on () 2', 'scalar'],
    ['start()', 'scalar'],
    ['x[1h:5m]', 'range'],
    ['limitk(3, x)', 'vector'],
    ['sort_by_label(x)', 'vector'],
    ['histogram_quantiles(x, "q", 0.5, 0.9, 0.99)', 'vector'],
    ['info(x, {a=""})', 'vector'],
    ['a + fill (0) b', 'vector'],
    ['{a=~"b?",c!=""}', 'vector'],
    ['{__name__="a",__name__="b"}', 'vector'],
  ])('%s is a %s', (text, type) => {
    expect([analysisOf(text).type, analysisOf(text).problems]).toEqual([type, []]);
  });

  test.each([
    ['rate(x)', 5, 'rate takes series over a range here, but this is series'],
    ['sum(x[5m])', 4, 'sum takes series here, but this is series over a range'],
    ['topk(x, y)', 5, 'topk takes a number here, but this is series'],
    ['topk(x)', 0, 'topk takes a parameter and an expression, not 1'],
    ['sum(1, x)', 0, 'sum takes one expression, not 2'],
    ['clamp_max(x)', 0, 'clamp_max takes 2 arguments, not 1'],
    ['round(x, 1, 2)', 0, 'round takes 1 to 2 arguments, not 3'],
    ['label_join(x, "a")', 0, 'label_join takes at least 3 arguments, not 2'],
    ['x[5m] > 1', 0, 'an operator takes numbers and series, but this is series over a range'],
    ['x + "a"', 4, 'an operator takes numbers and series, but this is a text'],
    ['x and 1', 0, 'and combines series, but one side is a number'],
    ['1 > 2', 0, 'two numbers are compared, which is decided when the rule is written'],
    ['a + bool b', 0, 'bool makes sense behind a comparison, not behind +'],
    ['a / on (x) 2', 0, 'on matches series, but one side is a number'],
    ['a and on (x) group_left () b', 0, 'and has no group_left: it never combines values'],
    ['a and on (x) b + c[5m]', 17, 'an operator takes numbers and series, but this is series over a range'],
    ['sum(5)', 4, 'sum takes series here, but this is a number'],
    ['count_values(1, x)', 13, 'count_values takes a text here, but this is a number'],
    ['-"a"', 1, 'an operator takes numbers and series, but this is a text'],
    ['-x[1h:]', 1, 'an operator takes numbers and series, but this is series over a range'],
    ['max_over_time(1[1h:])', 14, 'this is a number, not series'],
    ['a * on (x) group_left (x) b', 0, 'x is matched and taken over at once'],
    ['1 + fill (0) b', 0, 'fill gives values where series of two sides are matched, which they are not here'],
    ['a or fill (0) b', 0, 'fill gives values where series of two sides are matched, which they are not here'],
    ['x{__name__=~"y"}', 2, 'the metric is named twice'],
    ['x{"y"}', 2, 'the metric is named twice'],
    ['{}', 0, 'the selector reads every series that there is'],
    ['{a="",b=~".*",c!~".+"}', 0, 'the selector reads every series that there is'],
    ['info(x, y)', 8, 'info takes the labels to add here, as conditions'],
    ['info({}, {})', 5, 'the selector reads every series that there is'],
    ['histogram_quantiles(x, "q")', 0, 'histogram_quantiles takes 3 to 12 arguments, not 2'],
    ['x{a=~"("}', 5, 'the regular expression cannot be read: unterminated group'],
  ])('%s is refused', (text, from, message) => {
    expect(analysisOf(text).problems).toMatchObject([{ from, message }]);
  });
});

test('everything that is read is listed, with what is done with it', () => {
  const { reads, functions } = analysisOf(
    'sum(rate(a{x="1"}[5m])) / on () group_left () max_over_time(sum(b)[1h:]) > c',
  );
  expect(reads.map(({ selector, function: fn, seconds }) => [selector.metric, fn, seconds])).toEqual([
    ['a', 'rate', 300],
    ['b', 'sum', undefined],
    ['c', undefined, undefined],
  ]);
  expect(functions).toEqual(['rate', 'max_over_time']);
});

describe('labels of a result', () => {
  test.each([
    ['x', 'a b', ''],
    ['sum(x)', '', 'a'],
    ['sum by (a) (x)', 'a', 'b'],
    ['sum without (a) (x)', 'b', 'a'],
    ['sum by (a, b) (count by (a) (x))', 'a', 'b'],
    ['topk(3, x)', 'a', ''],
    ['count_values("version", x)', 'version', 'a'],
    ['histogram_quantile(0.9, sum by (le, a) (rate(x_bucket[5m])))', 'a', 'le'],
    ['absent(x{a="1",b=~"2"})', 'a', 'b'],
    ['label_replace(sum(x), "a", "v", "", "")', 'a', 'b'],
    ['vector(1)', '', 'a'],
    ['sum by (a) (x) > 3', 'a', 'b'],
    ['x / on (a) y', 'a', 'b'],
    ['x / ignoring (a) y', 'b', 'a'],
    ['x + on (a) y offset 5m * on (b) z', 'a', 'b'],
    ['x * on (a) group_left (b) sum by (a, b) (y)', 'a b c', ''],
    ['sum by (a) (x) * on (a) group_right () y', 'a c', ''],
    ['sum by (a) (x) and on (a) y', 'a', 'b'],
    ['sum by (a) (x) or sum by (b) (y)', 'a b', 'c'],
    ['sum by (a) (x) or y', 'a b', ''],
    ['rate(x[5m])', 'a', '__name__'],
    ['-sum by (a) (x)', 'a', 'b'],
  ])('%s can have %j and cannot have %j', (text, there, gone) => {
    const { labels } = analysisOf(text);
    const split = (names: string): string[] => names.split(' ').filter(Boolean);
    expect(split(there).filter((label) => !canHave(labels, label))).toEqual([]);
    expect(split(gone).filter((label) => canHave(labels, label))).toEqual([]);
  });
});

describe('an expression is a condition', () => {
  test.each([
    'x > 1',
    'sum(x > 1)',
    'a and b > 1',
    'a > 1 or b > 1',
    'absent(x)',
    'a unless b > 0',
    '-(x > 1)',
    'x == 0 unless y',
    'label_replace(x > 1, "a", "b", "", "")',
    'max_over_time((x > 1)[5m:])',
  ])('when it is %s', (text) => {
    expect(isCondition(queryOf(text))).toBe(true);
  });

  test.each(['x', 'sum(x)', 'a > bool 1', 'a > 1 or b', 'rate(x[5m]) * 2', 'vector(scalar(x > 1))'])(
    'but not when it is %s',
    (text) => {
      expect(isCondition(queryOf(text))).toBe(false);
    },
  );
});
