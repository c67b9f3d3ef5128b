import { expect, test } from 'vitest';
import { inParallel } from '../../src/core/in-parallel.ts';

test('results come in the order of the items, and no more than a few are worked on at a time', async () => {
  let [now, most] = [0, 0];
  const work = async (item: number): Promise<string> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 10 - item));
    now -= 1;
    return `done ${item}`;
  };
  expect(await inParallel([0, 1, 2, 3, 4, 5, 6], 3, work)).toEqual([0, 1, 2, 3, 4, 5, 6].map((item) => `done ${item}`));
  expect(most).toBe(3);
  expect(await inParallel([], 3, work)).toEqual([]);
});

test('a mistake of the work is not swallowed', async () => {
  await expect(inParallel([1], 3, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
