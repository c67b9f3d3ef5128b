import { describe, expect, test } from 'vitest';
import { arrivals, delays, expectRow, histogram, MINE, randomRuns, rulesOf, SCRAPE } from './drift-stories.ts';
import { firstFiring, measure, type MeasuredStory } from './measure.ts';

const MINUTES = { before: 10, after: 11 };

describe('a shift of the distribution by an index of 0.25, at one request a second', () => {
  test('is found within 10 minutes in 90 % of 200 random runs, and never before it is there', () => {
    const found = randomRuns(20).flatMap(({ edges, from, to, next }) => {
      const stories = to.map((distribution): MeasuredStory => {
        const perScrape = [
          ...arrivals(next, from, 1, MINUTES.before),
          ...arrivals(next, distribution, 1, MINUTES.after),
        ];
        return { series: histogram(edges, perScrape), query: firstFiring('AiDrift', 20), minute: 20 };
      });
      return measure(
        rulesOf({ drift: [{ psi: MINE }] }, { reference: { edges: [...edges], shares: [...from], n: 100_000 } }),
        SCRAPE,
        stories,
      );
    });
    const minutes = delays(found, MINUTES.before);
    const inTime = minutes.filter((minute) => minute <= 10).length;
    expect(minutes[0]).toBeGreaterThan(0);
    expect(inTime).toBeGreaterThanOrEqual(180);
    expectRow('distribution shift, index 0.25', [
      '1 request/s',
      `${inTime} of 200`,
      `${minutes[99]} min`,
      `${minutes[179]} min`,
    ]);
  });
});
