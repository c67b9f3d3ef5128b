import { describe, expect, test } from 'vitest';
import {
  arrivals,
  delays,
  expectRow,
  histogram,
  MINE,
  pod,
  randomRuns,
  REFERENCE,
  rulesOf,
  SCRAPE,
} from './drift-stories.ts';
import { firstFiring, measure, type MeasuredStory } from './measure.ts';
import type { Series } from './promtool.ts';

describe('a candidate that predicts something else, by an index of 0.25, at 10 % of 10 requests a second', () => {
  const candidate = { release: 'v47', weight: 10 };

  test('is found within a quarter of an hour in 90 % of 50 random runs, and one that predicts the same is not', () => {
    const found: (number | undefined)[] = [];
    const same: (number | undefined)[] = [];
    for (const { edges, from, to, next } of randomRuns(5)) {
      const rule = rulesOf(
        { drift: [{ candidate: MINE }] },
        { candidate, expectedRps: 10, reference: { edges: [...edges], shares: [...from] } },
      );
      const story = (distribution: readonly number[]): MeasuredStory => ({
        series: [
          ...histogram(edges, arrivals(next, from, 9, 17)),
          ...histogram(edges, arrivals(next, distribution, 1, 17), pod('v47', 'b')),
        ],
        query: firstFiring('AiCandidateDrift', 16),
        minute: 16,
      });
      found.push(...measure(rule, SCRAPE, to.map(story)));
      same.push(...measure(rule, SCRAPE, [story(from)]));
    }
    const minutes = delays(found, 0);
    const inTime = minutes.filter((minute) => minute <= 15).length;
    expect(same.filter((minute) => minute !== undefined)).toEqual([]);
    expect(inTime).toBeGreaterThanOrEqual(45);
    expectRow('candidate predicts otherwise, index 0.25', [
      '1 of 10 requests/s',
      `${inTime} of 50`,
      `${minutes[24]} min`,
      `${minutes[44]} min`,
    ]);
  });
});

describe('AiCandidateDrift is silent', () => {
  const candidate = { release: 'v47', weight: 10 };
  const rule = rulesOf({ drift: [{ candidate: MINE }] }, { candidate, expectedRps: 10 });
  const usual = Array.from({ length: 40 }, () => REFERENCE.shares.map((share) => share * 300));
  const own = usual.map((counts) => counts.map((count) => count / 5));
  const other = usual.map(() => [12, 12, 12, 12, 12]);
  const fires = (series: readonly Series[]): number | undefined =>
    measure(rule, SCRAPE, [{ series, query: firstFiring('AiCandidateDrift', 35), minute: 35 }])[0];
  const stable = histogram(REFERENCE.edges, [...usual, ...usual]);
  const b = pod('v47', 'b');

  test.each([
    [
      'before the candidate gets traffic',
      [
        ...stable,
        ...histogram(
          REFERENCE.edges,
          usual.map(() => [0, 0, 0, 0, 0]),
          b,
        ),
      ],
    ],
    ['without any candidate that runs', stable],
    [
      'when the candidate scales to zero',
      [...stable, ...histogram(REFERENCE.edges, own, b).map(([name, text]): Series => [name, `${text} stale _x40`])],
    ],
    [
      'on a counter reset',
      [...stable, ...histogram(REFERENCE.edges, own, b).map(([name, text]): Series => [name, `${text} ${text}`])],
    ],
    [
      'when a third release predicts otherwise',
      [...stable, ...histogram(REFERENCE.edges, own, b), ...histogram(REFERENCE.edges, other, pod('v45', 'c'))],
    ],
  ] as const)('%s', (_, series) => {
    expect(fires(series)).toBeUndefined();
  });

  test('but not on predictions of another kind', () => {
    expect(fires([...stable, ...histogram(REFERENCE.edges, other, b)])).toBe(7);
  });
});
