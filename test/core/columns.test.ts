import { expect, test } from 'vitest';
import { columns } from '../../src/core/columns.ts';

test('rows stand in aligned columns, without white space at the end', () => {
  expect(
    columns(
      ['SERVICE', 'WEIGHT'],
      [
        ['fraud', '10 %'],
        ['image-classifier', ''],
      ],
    ),
  ).toBe('SERVICE           WEIGHT\nfraud             10 %\nimage-classifier\n');
});

test('a column in which no row has anything is left out', () => {
  expect(columns(['A', 'B', 'C'], [['1', '', '3']])).toBe('A  C\n1  3\n');
});

test('a cell is one line and steers no terminal', () => {
  expect(columns(['REASON'], [['too\nslow \u001b[31mred']])).toBe('REASON\ntoo slow [31mred\n');
});

test('signs of other scripts count as one', () => {
  expect(columns(['A', 'B'], [['é🚀', 'x']])).toBe('A   B\né🚀  x\n');
});
