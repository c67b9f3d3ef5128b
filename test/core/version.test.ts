import { expect, it } from 'vitest';
import { atLeast, compareVersions } from '../../src/core/version.ts';

it('compares numbers and not letters', () => {
  expect(['1.10', '1.9.3', '1.9', '1.21.1', '1.21'].sort(compareVersions)).toEqual([
    '1.9',
    '1.9.3',
    '1.10',
    '1.21',
    '1.21.1',
  ]);
});

it('takes parts that are not written as 0', () => {
  expect(compareVersions('1.21', '1.21.0')).toBe(0);
});

it('is at least a version when every version that is named is', () => {
  expect(atLeast('1.23', '1.23')).toBe(true);
  expect(atLeast('1.9', '1.23')).toBe(false);
  expect(atLeast(['1.22.3', '1.23'], '1.23')).toBe(false);
  expect(atLeast(['1.23', '1.24'], '1.23')).toBe(true);
});
