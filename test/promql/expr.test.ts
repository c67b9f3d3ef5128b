import { describe, expect, test } from 'vitest';
import {
  add,
  and,
  clampMin,
  compare,
  count,
  divide,
  increase,
  ln,
  multiply,
  number,
  or,
  rate,
  ratio,
  subtract,
  sum,
  sumOverTime,
  unless,
  vector,
  withLabel,
} from '../../src/promql/expr.ts';
import { equal, selector } from '../../src/promql/selector.ts';

const a = selector('a', []);
const b = selector('b', []);
const c = selector('c', []);
const long = selector('long_metric', [equal('label', 'x'.repeat(60))]);

describe('functions', () => {
  test.each([
    [rate(a, '5m'), 'rate(a[5m])'],
    [increase(a, '1h'), 'increase(a[1h])'],
    [sumOverTime(a, '3d'), 'sum_over_time(a[3d])'],
    [sum(a), 'sum(a)'],
    [sum(a, ['le', 'pod']), 'sum by (le, pod) (a)'],
    [count(a, []), 'count by () (a)'],
    [ln(a), 'ln(a)'],
    [clampMin(a, 0.0001), 'clamp_min(a, 0.0001)'],
    [vector(0.5), 'vector(0.5)'],
    [ratio(a, b), 'a / (b > 0)'],
  ])('%#', (expr, text) => {
    expect(expr.text).toBe(text);
  });

  test('a label is added as text, though label_replace takes a template', () => {
    expect(withLabel(a, 'bin', '$1"').text).toBe('label_replace(a, "bin", "$$1\\"", "", "")');
  });

  test('numbers must be finite', () => {
    expect(() => number(Number.NaN)).toThrow(new TypeError('NaN is not a finite number'));
  });
});

describe('parentheses', () => {
  test.each([
    [multiply(add(a, b), c), '(a + b) * c'],
    [add(multiply(a, b), c), 'a * b + c'],
    [subtract(a, subtract(b, c)), 'a - (b - c)'],
    [subtract(subtract(a, b), c), 'a - b - c'],
    [divide(a, multiply(b, c)), 'a / (b * c)'],
    [compare(add(a, b), '>', number(1)), 'a + b > 1'],
    [compare(compare(a, '>', b), '>', c), 'a > b > c'],
    [add(compare(a, '>', b), c), '(a > b) + c'],
    [and(or(a, b), c), '(a or b) and c'],
    [or(and(a, b), c), 'a and b or c'],
    [or(a, or(b, c)), 'a or (b or c)'],
    [and(a, unless(b, c)), 'a and (b unless c)'],
    [unless(and(a, b), c), 'a and b unless c'],
    [and(compare(a, '>', number(1)), b, c), 'a > 1 and b and c'],
  ])('%#: stand where they change the meaning, and nowhere else', (expr, text) => {
    expect(expr.text).toBe(text);
  });
});

describe('matching', () => {
  test('stands after the operator', () => {
    expect(divide(a, b, { on: ['bin'] }).text).toBe('a / on (bin) b');
    expect(divide(a, b, { on: [], groupLeft: true }).text).toBe('a / on () group_left () b');
    expect(unless(a, b, { on: ['x', 'y'] }).text).toBe('a unless on (x, y) b');
  });
});

describe('long expressions', () => {
  test('break at the outermost operator', () => {
    expect(divide(long, add(long, b)).text).toBe(`${long.text}\n/\n(${long.text} + b)`);
    expect(sum(or(long, long, b)).text).toBe(`sum(\n  ${long.text}\n  or\n  ${long.text}\n  or\n  b\n)`);
    expect(multiply(add(long, long), long).text).toBe(`(\n  ${long.text}\n  +\n  ${long.text}\n)\n*\n${long.text}`);
  });

  test('do not leave a number alone on its line', () => {
    expect(compare(or(long, long), '>', number(0)).text).toBe(`(\n  ${long.text}\n  or\n  ${long.text}\n) > 0`);
    expect(withLabel(subtract(long, long), 'bin', '01').text).toBe(
      `label_replace(\n  ${long.text}\n  -\n  ${long.text},\n  "bin", "01", "", ""\n)`,
    );
  });
});
