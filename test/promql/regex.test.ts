import { expect, test } from 'vitest';
import { matchesNothing, regexFlaw } from '../../src/promql/regex.ts';

test.each([
  '',
  'a|b',
  '5..',
  'fraud\\.detector(-[0-9]+)?',
  '(?i)abc',
  '(?P<n>a)',
  '(?s-i:a)',
  '[[:alpha:]]+',
  '\\pL\\d',
  '\\\\+',
  'x?[a]+',
  '\\++',
  '\\Qa(b\\E+',
  '\\x{1F600}',
  'a{1,1000}',
  '\\101',
  '\\p{Greek}\\p{^Lu}\\PZ',
  '[]a][^]a][a[]',
  '(?P<n>a)|(?P<n>b)',
  '\\_\\-\\x41',
])('RE2 reads %s', (source) => {
  expect(regexFlaw(source)).toBeUndefined();
});

test.each([
  ['(?=a)', 'looks ahead or behind, which RE2 does not'],
  ['(?<!a)b', 'looks ahead or behind, which RE2 does not'],
  ['(a)\\1', 'refers back to a group, which RE2 does not'],
  ['\\8', 'refers back to a group, which RE2 does not'],
  ['\\h+', 'has \\h, which RE2 does not know'],
  ['a\\Z', 'has \\Z, which RE2 does not know'],
  ['\\x4', 'has \\x, which RE2 does not know'],
  ['\\é', 'has \\é, which RE2 does not know'],
  ['\\p{Foo}', 'has the class Foo, which Unicode does not know'],
  ['\\pQ', 'has the class Q, which Unicode does not know'],
  ['[]', 'cannot be read: unterminated character class'],
  ['[^]', 'cannot be read: unterminated character class'],
  ['a++', 'has a possessive part, which RE2 has not'],
  ['(?>a)', 'has a possessive part, which RE2 has not'],
  ['a{1001}', 'repeats more than 1000 times, which RE2 refuses'],
  ['(', 'cannot be read: unterminated group'],
  ['*a', 'cannot be read: nothing to repeat'],
])('RE2 does not read %s', (source, flaw) => {
  expect(regexFlaw(source)).toBe(flaw);
});

test.each(['', 'a*', 'a|', '(?i)b?', '^$', '(a|b){0,3}', '\\Qa\\E?'])('an empty text is matched by %j', (source) => {
  expect(matchesNothing(source)).toBe(true);
});

test.each(['a', '.+', 'a|b', '\\Qa*\\E', '[[:alpha:]]+', '\\\\+', '('])(
  'an empty text is not matched by %j',
  (source) => {
    expect(matchesNothing(source)).toBe(false);
  },
);
