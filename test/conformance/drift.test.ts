import { describe, expect, test } from 'vitest';
import { schemaDigest, schemaWatch } from '../../src/service/data-schema.ts';
import {
  arrivals,
  expectRow,
  histogram,
  MINE,
  pod,
  REFERENCE,
  rulesOf,
  SCHEMA,
  SCRAPE,
  SCRAPES,
} from './drift-stories.ts';
import { firstFiring, measure } from './measure.ts';
import { checkRules, type Series } from './promtool.ts';
import { happenings, indexOf, random } from './random.ts';

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

describe('promtool accepts', () => {
  test('the rules of every distance, of the candidate and of the schema', () => {
    const candidate = { release: 'v47', weight: 10 };
    for (const drift of [{ psi: MINE }, { jensenShannon: MINE }, { ks: MINE }]) {
      expect(checkRules(rulesOf({ drift: [drift, { candidate: MINE }], schema: SCHEMA }, { candidate }))).toEqual(
        PASSES,
      );
    }
  });
});

describe('a distance is that of textbooks', () => {
  const actual = [0.2, 0.25, 0.2, 0.2, 0.15];
  const mean = actual.map((share, bin) => (share + REFERENCE.shares[bin]!) / 2);
  const divergence = (side: readonly number[]): number =>
    side.reduce((sum, share, bin) => sum + share * Math.log2(share / mean[bin]!), 0);
  const upTo = (side: readonly number[], bins: number): number =>
    side.slice(0, bins).reduce((sum, share) => sum + share, 0);

  test.each([
    ['psi', { psi: MINE }, indexOf(actual, REFERENCE.shares)],
    ['jensen_shannon', { jensenShannon: MINE }, Math.sqrt((divergence(actual) + divergence(REFERENCE.shares)) / 2)],
    [
      'ks',
      { ks: MINE },
      Math.max(...[1, 2, 3, 4].map((bins) => Math.abs(upTo(actual, bins) - upTo(REFERENCE.shares, bins)))),
    ],
  ] as const)('%s', (recording, drift, expected) => {
    const perScrape = Array.from({ length: 20 * SCRAPES }, () => actual.map((share) => share * 40));
    const [value] = measure(rulesOf({ drift: [drift] }), SCRAPE, [
      { series: histogram(REFERENCE.edges, perScrape), query: `sum(ai_drift:${recording}:rate5m)`, minute: 19 },
    ]);
    expect(value).toBeCloseTo(expected, 5);
  });
});

describe('thirty days without drift', () => {
  /** The distance at each minute from the last five minutes of counts, as the rules compute it in full windows. */
  const psiOf = (
    perScrape: readonly (readonly number[])[],
    minute: number,
    expected: readonly number[],
  ): { psi: number; n: number } => {
    const seen = perScrape.slice(minute * SCRAPES - 5 * SCRAPES + 1, minute * SCRAPES + 1);
    const counts = expected.map((_, bin) => seen.reduce((sum, scrape) => sum + scrape[bin]!, 0));
    const n = counts.reduce((sum, count) => sum + count, 0);
    // A window holds one interval less than it lasts, and `increase` stretches it.
    const increase = (n * 5 * SCRAPES) / (5 * SCRAPES - 1);
    return {
      psi: indexOf(
        counts.map((count) => Math.max(count / n, 0.5 / increase)),
        expected,
      ),
      n: increase,
    };
  };

  test('are computed here as promtool does', () => {
    const next = random(7);
    const stories = Array.from({ length: 20 }, () => arrivals(next, REFERENCE.shares, 1, 21));
    const query = 'sum(ai_drift:psi:rate5m)';
    const measured = measure(
      rulesOf({ drift: [{ psi: MINE }] }),
      SCRAPE,
      stories.map((perScrape) => ({ series: histogram(REFERENCE.edges, perScrape), query, minute: 20 })),
    );
    measured.forEach((value, index) => {
      expect(value).toBeCloseTo(psiOf(stories[index]!, 20, REFERENCE.shares).psi, 2);
    });
  });

  test('have no alarm, by day and by night', () => {
    const next = random(42);
    let [alarms, above] = [0, 0];
    const minutes = 30 * 24 * 60;
    const perScrape: number[][] = [];
    for (let scrape = 0; scrape < minutes * SCRAPES; scrape += 1) {
      const hour = (scrape * SCRAPE) / 3600;
      const rps = 1 + 0.8 * Math.sin((2 * Math.PI * hour) / 24);
      perScrape.push(REFERENCE.shares.map((share) => happenings(next, share * rps * SCRAPE)));
    }
    for (let minute = 10; minute < minutes; minute += 1) {
      const { psi, n } = psiOf(perScrape, minute, REFERENCE.shares);
      above = psi > 0.2 && n > 200 ? above + 1 : 0;
      if (above >= 2) alarms += 1;
    }
    expect(alarms).toBe(0);
    expectRow('no shift in 30 days', ['0.2 to 1.8 requests/s', `${alarms} alarms`, 'never', 'never']);
  });
});

describe('AiDrift is silent', () => {
  const healthy = Array.from({ length: 40 * SCRAPES }, () => REFERENCE.shares.map((share) => share * 30));
  const other = Array.from({ length: 40 * SCRAPES }, () => [6, 6, 6, 6, 6]);
  const rule = rulesOf({ drift: [{ psi: MINE }] });
  const fires = (series: readonly Series[]): number | undefined =>
    measure(rule, SCRAPE, [{ series, query: firstFiring('AiDrift', 38), minute: 38 }])[0];

  test.each([
    [
      'on no traffic',
      histogram(
        REFERENCE.edges,
        other.map(() => [0, 0, 0, 0, 0]),
      ),
    ],
    [
      'on scale to zero',
      histogram(REFERENCE.edges, healthy.slice(0, 10)).map(([name, text]): Series => [name, `${text} stale _x60`]),
    ],
    [
      'on a counter reset',
      histogram(REFERENCE.edges, healthy.slice(0, 20)).map(([name, text]): Series => [name, `${text} ${text}`]),
    ],
    [
      'on a release change',
      [
        ...histogram(REFERENCE.edges, healthy.slice(0, 20)).map(([name, text]): Series => [name, `${text} stale`]),
        ...histogram(REFERENCE.edges, healthy.slice(0, 20), pod('v47', 'b'), 18),
      ],
    ],
  ] as const)('%s', (_, series) => {
    expect(fires(series)).toBeUndefined();
  });

  test('but not on a distribution of another kind', () => {
    expect(fires(histogram(REFERENCE.edges, other))).toBe(6);
  });
});

describe('the input', () => {
  const rule = rulesOf({ schema: SCHEMA });
  const before = 20;

  /** Counters of the contract: of 60 instances a minute so many break a rule, before and after the change. */
  function counters(broken: string, [usual, changed]: readonly [number, number], instances = 60): Series[] {
    const growing = (first: number, second: number): string =>
      `0+${first}x${before - 1} ${before * first}+${second}x40`;
    return [
      [`ai_instances_total{${pod('v46', 'a')}}`, growing(instances, instances)],
      [`ai_feature_violations_total{${pod('v46', 'a')},${broken}}`, growing(usual, changed)],
    ];
  }

  test.each([
    ['a feature is missing', 'feature="amount",rule="missing"', [0, 60]],
    ['a feature is null in one of four', 'feature="amount",rule="null"', [1, 15]],
    ['a new category in one of ten', 'feature="country",rule="new_category"', [0, 6]],
    ['a value out of range in one of ten', 'feature="amount",rule="out_of_range"', [0, 6]],
  ] as const)(
    'has changed: %s, and the alert is there within 10 minutes at one request a second',
    (name, broken, shape) => {
      const [minute] = measure(rule, 60, [
        { series: counters(broken, shape), query: firstFiring('AiInputSchemaViolated', 50), minute: 50 },
      ]);
      const delay = minute! - before;
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThanOrEqual(10);
      expectRow(name, ['1 request/s', 'always', `${delay} min`, `${delay} min`]);
    },
  );

  test.each([
    ['what is allowed', counters('feature="amount",rule="null"', [1, 1])],
    ['a feature that the schema does not name', counters('feature="other",rule="missing"', [0, 60])],
    ['a rule that is not asked for', counters('feature="country",rule="out_of_range"', [0, 60])],
    ['hardly any traffic', counters('feature="amount",rule="missing"', [1, 10], 10)],
    ['no traffic', counters('feature="amount",rule="missing"', [0, 0], 0)],
    [
      'scale to zero',
      counters('feature="amount",rule="null"', [1, 1]).map(([series]): Series => [series, '0+1x10 stale _x50']),
    ],
    [
      'a counter reset',
      counters('feature="amount",rule="null"', [1, 1]).map(([series, text]): Series => [
        series,
        `${text.split(' ')[0]!} 0+${series.startsWith('ai_i') ? 60 : 1}x40`,
      ]),
    ],
  ])('is as it was: %s', (_, series) => {
    expect(measure(rule, 60, [{ series, query: firstFiring('AiInputSchemaViolated', 50), minute: 50 }])).toEqual([
      undefined,
    ]);
  });

  test('is checked by another schema than Git says', () => {
    const info = (schema: string): Series[] => [
      [`ai_input_schema_info{${pod('v46', 'a')},schema="${schema}"}`, '1x60'],
    ];
    const digest = schemaDigest(schemaWatch.parse(SCHEMA));
    const found = measure(
      rule,
      60,
      ['0badcafe', digest].map((schema) => ({
        series: info(schema),
        query: firstFiring('AiInputSchemaMismatch', 30),
        minute: 30,
      })),
    );
    expect(found).toEqual([15, undefined]);
  });

  test('is not counted at all, though requests come', () => {
    const labels =
      'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor",response_code="200"';
    const requests: Series = [`istio_requests_total{${labels}}`, '0+60x60'];
    const query = firstFiring('AiInputSchemaMetricMissing', 50);
    expect(
      measure(rule, 60, [
        { series: [requests], query, minute: 50 },
        { series: [requests, ...counters('feature="amount",rule="null"', [1, 1])], query, minute: 50 },
      ]),
    ).toEqual([17, undefined]);
  });
});
