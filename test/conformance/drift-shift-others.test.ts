import { describe, expect, test } from 'vitest';
import type { AIServiceInput } from '../../src/service/service.ts';
import { arrivals, delays, expectRow, histogram, MINE, randomRuns, rulesOf, SCRAPE } from './drift-stories.ts';
import { firstFiring, measure, type MeasuredStory } from './measure.ts';

const MINUTES = { before: 10, after: 11 };

/** The shifts that `Drift.psi` promises to find are found by the others as they can; the docs say how often. */
describe('a shift of the distribution by an index of 0.25, at one request a second', () => {
  test.each<[string, NonNullable<NonNullable<AIServiceInput['monitoring']>['drift']>[number]]>([
    ['Drift.jensenShannon', { jensenShannon: MINE }],
    ['Drift.ks', { ks: MINE }],
  ])('is found by %s within 10 minutes as often as the docs say, and never before it is there', (name, drift) => {
    const found = randomRuns(20).flatMap(({ edges, from, to, next }) => {
      const stories = to.map((distribution): MeasuredStory => {
        const perScrape = [
          ...arrivals(next, from, 1, MINUTES.before),
          ...arrivals(next, distribution, 1, MINUTES.after),
        ];
        return { series: histogram(edges, perScrape), query: firstFiring('AiDrift', 20), minute: 20 };
      });
      return measure(
        rulesOf({ drift: [drift] }, { reference: { edges: [...edges], shares: [...from], n: 100_000 } }),
        SCRAPE,
        stories,
      );
    });
    const minutes = delays(found, MINUTES.before);
    expect(minutes[0]).toBeGreaterThan(0);
    expectRow(`the same, by \`${name}\``, [
      '1 request/s',
      `${minutes.filter((minute) => minute <= 10).length} of 200`,
      inMinutes(minutes[99]),
      inMinutes(minutes[179]),
    ]);
  });
});

function inMinutes(minutes: number | undefined): string {
  return minutes === undefined || minutes === Infinity ? `more than ${MINUTES.after} min` : `${minutes} min`;
}
