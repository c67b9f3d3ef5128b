import { describe, expect, test } from 'vitest';
import { remember } from '../../src/core/remember.ts';

describe('remember', () => {
  test('asks once for the same text, also where the answer is none', () => {
    const asked: string[] = [];
    const length = remember((text: string) => {
      asked.push(text);
      return text === '' ? undefined : text.length;
    });
    expect(['a', 'bb', 'a', '', ''].map(length)).toStrictEqual([1, 2, 1, undefined, undefined]);
    expect(asked).toStrictEqual(['a', 'bb', '']);
  });

  test('takes inputs with the same text for the same', () => {
    const first = remember(
      ({ name, size }: { name: string; size: number }) => `${name} ${size}`,
      ({ name }) => name,
    );
    expect([first({ name: 'a', size: 1 }), first({ name: 'a', size: 2 }), first({ name: 'b', size: 3 })]).toStrictEqual(
      ['a 1', 'a 1', 'b 3'],
    );
  });

  test('answers and does not keep what comes when 10,000 answers are kept', () => {
    let asked = 0;
    const answer = remember((text: string) => {
      asked += 1;
      return text;
    });
    for (let round = 0; round < 2; round++) for (let i = 0; i <= 10_000; i++) expect(answer(String(i))).toBe(String(i));
    expect(asked).toBe(10_002);
  });
});
