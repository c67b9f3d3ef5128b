import { expect, test } from 'vitest';
import { durationOf, literalValue, unquote } from '../../src/promql/literal.ts';

test.each([
  ['1', 1],
  ['-1.5e3', -1500],
  ['+ 2', 2],
  ['0x1F', 31],
  ['1_000', 1000],
  ['.5', 0.5],
  ['Inf', Infinity],
  ['-inf', -Infinity],
  ['NaN', NaN],
  ['1h30m', 5400],
  ['-5m', -300],
  ['0s', 0],
  ['5m * 2', undefined],
  ['step()', undefined],
])('%s has the value %s', (text, value) => {
  expect(literalValue(text)).toBe(value);
});

test.each([
  ['1w2d', 777_600],
  ['500ms', 0.5],
  ['0s', 0],
  ['30m1h', undefined],
  ['5', undefined],
  ['', undefined],
])('the duration %j has %s seconds', (text, seconds) => {
  expect(durationOf(text)).toBe(seconds);
});

test.each([
  ['"a\\"b\\n"', 'a"b\n'],
  ['`a\\n`', 'a\\n'],
  ["'\\x41\\u00e9'", 'Aé'],
])('%s is the text %j', (literal, text) => {
  expect(unquote(literal)).toBe(text);
});

test('a text that is none says where it goes wrong', () => {
  expect(unquote('"a')).toEqual({ at: 0, message: 'a string has no end', fix: 'close it with "' });
  expect(unquote('"a\\.b"')).toEqual({
    at: 2,
    message: '\\. is no escape that PromQL knows',
    fix: 'double the backslash, also in regular expressions: "\\\\."',
  });
});
