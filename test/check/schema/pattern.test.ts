import { expect, test } from 'vitest';
import { translatePattern } from '../../../src/check/schema/pattern.ts';

test.each([
  ['^(?i)(abort|warn)?$', 'Abort', true],
  ['^(?i)(abort|warn)?$', 'ignore', false],
  ['^((?i)january|february)$', 'February', true],
  ['^(?P<year>[0-9]{4})$', '2026', true],
  ['\\A[a-z]+\\z', 'abc', true],
  ['(?s)^a.b$', 'a\nb', true],
  ['^a.b$', 'a\nb', false],
  ['^.$', '😀', true],
  ['^[a-z0-9\\-]+\\-x$', 'a-x', true],
])('%s against %j is %j', (pattern, text, matches) => {
  expect(translatePattern(pattern)?.test(text)).toBe(matches);
});

test('what JavaScript has no form for is undefined, not an error', () => {
  expect(translatePattern('^(?U)a+$')).toBeUndefined();
  expect(translatePattern('(')).toBeUndefined();
});
