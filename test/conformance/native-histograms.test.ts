import { describe, expect, test } from 'vitest';
import {
  predictionShift,
  comparedObservations,
  latencyAt,
  type Observed,
  type Requests,
  type Sides,
} from '../../src/promql/catalogue/gates.ts';
import type { Expr } from '../../src/promql/expr.ts';
import type { HistogramForm } from '../../src/promql/histogram.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import type { TargetOptions } from '../support/target.ts';
import { targetOf } from '../support/target.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { arrivals, histogram, MINE, pod, randomRuns, REFERENCE, rulesOf, SCRAPE, SCRAPES } from './drift-stories.ts';
import { firstFiring, measure, type MeasuredStory } from './measure.ts';
import { native, predictions, steady } from './native-stories.ts';
import { checkRules, CURRENT_PROMTOOL, type Series } from './promtool.ts';
import { indexOf } from './random.ts';
import { SERVICE, rulesOf as objectivesOf } from './slo-stories.ts';

/** A Prometheus that makes native histograms of all that are exposed as classic ones. */
const CONVERTED: TargetOptions = { cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } };

const asked = (rule: Parameters<typeof measure>[0], stories: readonly MeasuredStory[]): (number | undefined)[] =>
  measure(rule, SCRAPE, stories, 60, CURRENT_PROMTOOL);

describe('a current promtool accepts', () => {
  test.each(Object.entries(WATCHED))('the rules of %s, whichever form its histograms have', (_, options) => {
    const prometheus = {
      ...(options.cluster?.prometheus ?? { version: '3.4' }),
      nativeHistograms: 'converted',
    } as const;
    for (const each of [options, { ...options, cluster: { ...options.cluster, prometheus } }]) {
      for (const rule of renderPrometheus(targetOf(each), REFERENCES).filter(({ kind }) => kind === 'PrometheusRule')) {
        expect(checkRules(rule, CURRENT_PROMTOOL)).toEqual({
          ok: true,
          output: expect.stringContaining('SUCCESS') as string,
        });
      }
    }
  });
});

describe('a distance of a native histogram is that of textbooks', () => {
  const actual = [0.2, 0.25, 0.2, 0.2, 0.15];
  const mean = actual.map((share, bin) => (share + REFERENCE.shares[bin]!) / 2);
  const divergence = (side: readonly number[]): number =>
    side.reduce((sum, share, bin) => sum + share * Math.log2(share / mean[bin]!), 0);
  const upTo = (side: readonly number[], bins: number): number =>
    side.slice(0, bins).reduce((sum, share) => sum + share, 0);
  const perScrape = steady(
    20,
    actual.map((share) => share * 40),
  );

  test.each([
    ['psi', { psi: MINE }, indexOf(actual, REFERENCE.shares)],
    ['jensen_shannon', { jensenShannon: MINE }, Math.sqrt((divergence(actual) + divergence(REFERENCE.shares)) / 2)],
    [
      'ks',
      { ks: MINE },
      Math.max(...[1, 2, 3, 4].map((bins) => Math.abs(upTo(actual, bins) - upTo(REFERENCE.shares, bins)))),
    ],
  ] as const)('%s', (recording, drift, expected) => {
    const query = `sum(ai_drift:${recording}:rate5m)`;
    const converted = { series: [predictions(REFERENCE.edges, perScrape)], query, minute: 19 };
    // Buckets of a client that chooses them itself: of 1/16, 1/8, 1/4, 1/2 and 1.
    const edges = [0.0625, 0.125, 0.25, 0.5];
    const exponential = {
      series: [native('fraud_score', pod('v46', 'a'), { powers: { first: -4, count: 5 } }, perScrape)],
      query,
      minute: 19,
    };
    const [ofConverted] = asked(rulesOf({ drift: [drift] }, CONVERTED), [converted]);
    const [ofExponential] = asked(rulesOf({ drift: [drift] }, { ...CONVERTED, reference: { ...REFERENCE, edges } }), [
      exponential,
    ]);
    expect(ofConverted).toBeCloseTo(expected, 5);
    expect(ofExponential).toBeCloseTo(expected, 5);
  });
});

describe('AiDrift of a native histogram', () => {
  const rule = rulesOf({ drift: [{ psi: MINE }] }, CONVERTED);
  const healthy = REFERENCE.shares.map((share) => share * 30);
  const fires = (...series: readonly Series[]): number | undefined =>
    asked(rule, [{ series, query: firstFiring('AiDrift', 38), minute: 38 }])[0];

  test('fires as soon as that of a classic one', () => {
    const other = steady(40, [6, 6, 6, 6, 6]);
    const classic = measure(rulesOf({ drift: [{ psi: MINE }] }), SCRAPE, [
      { series: histogram(REFERENCE.edges, other), query: firstFiring('AiDrift', 38), minute: 38 },
    ]);
    // A young classic histogram is not compared for five minutes; a native one may be, once there is enough of it.
    expect([fires(predictions(REFERENCE.edges, other)), ...classic]).toEqual([5, 6]);
  });

  test('finds a shift of 0.25 within 10 minutes in 90 % of 50 random runs, and never before it is there', () => {
    const delays = randomRuns(5).flatMap(({ edges, from, to, next }) => {
      const stories = to.map((distribution): MeasuredStory => {
        const perScrape = [...arrivals(next, from, 1, 10), ...arrivals(next, distribution, 1, 11)];
        return { series: [predictions(edges, perScrape)], query: firstFiring('AiDrift', 20), minute: 20 };
      });
      const reference = { edges: [...edges], shares: [...from], n: 100_000 };
      return asked(rulesOf({ drift: [{ psi: MINE }] }, { ...CONVERTED, reference }), stories).map(
        (minute) => (minute ?? Infinity) - 10,
      );
    });
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(delays.filter((minutes) => minutes <= 10).length).toBeGreaterThanOrEqual(45);
  });

  test.each([
    ['on healthy traffic', [predictions(REFERENCE.edges, steady(40, healthy))]],
    ['on no traffic', [predictions(REFERENCE.edges, steady(40, [0, 0, 0, 0, 0]))]],
    ['on scale to zero', [predictions(REFERENCE.edges, steady(10, healthy), pod('v46', 'a'), { ends: true })]],
    [
      'on a counter reset',
      [
        [
          predictions(REFERENCE.edges, steady(20, healthy))[0],
          `${predictions(REFERENCE.edges, steady(20, healthy))[1]} `.repeat(2).trim(),
        ] as Series,
      ],
    ],
    [
      'on a release change',
      [
        predictions(REFERENCE.edges, steady(15, healthy), pod('v46', 'a'), { ends: true }),
        predictions(REFERENCE.edges, steady(25, healthy), pod('v47', 'b'), { missing: 14 * SCRAPES }),
      ],
    ],
    ['on little of another kind', [predictions(REFERENCE.edges, steady(40, [1, 1, 1, 1, 1]))]],
  ] as const)('is silent %s', (_, series) => {
    expect(fires(...series)).toBeUndefined();
  });

  test('is blind where Prometheus keeps the buckets only, and AiDriftMetricMissing says so', () => {
    const requests: Series = [
      `istio_requests_total{reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="${SERVICE}",response_code="200"}`,
      '0+30x80',
    ];
    const query = firstFiring('AiDriftMetricMissing', 38);
    const told = asked(rule, [
      { series: [requests, ...histogram(REFERENCE.edges, steady(40, healthy))], query, minute: 38 },
      { series: [requests, predictions(REFERENCE.edges, steady(40, healthy))], query, minute: 38 },
    ]);
    expect(told).toEqual([17, undefined]);
  });
});

describe('AiCandidateDrift of native histograms', () => {
  const candidate = { release: 'v47', weight: 10 };
  const rule = rulesOf({ drift: [{ candidate: MINE }] }, { ...CONVERTED, candidate, expectedRps: 10 });
  const usual = REFERENCE.shares.map((share) => share * 300);
  const own = usual.map((count) => count / 5);
  const stable = predictions(REFERENCE.edges, steady(40, usual));
  const fires = (...series: readonly Series[]): number | undefined =>
    asked(rule, [{ series, query: firstFiring('AiCandidateDrift', 35), minute: 35 }])[0];
  const b = pod('v47', 'b');

  test('fires on a candidate that says something else', () => {
    expect(fires(stable, predictions(REFERENCE.edges, steady(40, [12, 12, 12, 12, 12]), b))).toBe(3);
  });

  test.each([
    ['on one that says the same', [stable, predictions(REFERENCE.edges, steady(40, own), b)]],
    ['before it gets traffic', [stable, predictions(REFERENCE.edges, steady(40, [0, 0, 0, 0, 0]), b)]],
    ['without one that runs', [stable]],
    ['when it scales to zero', [stable, predictions(REFERENCE.edges, steady(10, own), b, { ends: true })]],
    [
      'on a counter reset',
      [
        stable,
        [
          predictions(REFERENCE.edges, [], b)[0],
          `${predictions(REFERENCE.edges, steady(20, own), b)[1]} `.repeat(2).trim(),
        ] as Series,
      ],
    ],
    [
      'on a release that takes over',
      [
        predictions(REFERENCE.edges, steady(20, usual), pod('v46', 'a'), { ends: true }),
        predictions(REFERENCE.edges, steady(40, usual), b),
      ],
    ],
  ] as const)('is silent %s', (_, series) => {
    expect(fires(...series)).toBeUndefined();
  });
});

describe('an objective on latency by a native histogram', () => {
  const BOUNDS = [100, 250, 500];
  const labels = (service: string): string =>
    `reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="${service}",response_code="200"`;
  const spec: Partial<AIServiceInput> = {
    monitoring: { slos: [{ latency: { below: '250ms', objective: 99 } }] },
    traffic: { expectedRps: 10 },
  };
  const rule = objectivesOf(/\.slo-latency-250ms$/, { ...CONVERTED, spec });
  /** 300 requests between two scrapes, of which so many take longer than the limit. */
  const slow = (minutes: number, count: number): number[][] =>
    steady(minutes, [200, 100 - count, count - Math.floor(count / 2), Math.floor(count / 2)]);
  const durations = (perScrape: readonly (readonly number[])[], service = SERVICE, more = {}): Series =>
    native('istio_request_duration_milliseconds', labels(service), { bounds: BOUNDS }, perScrape, more);
  const query = `${firstFiring('AiSloErrorBudgetBurn', 88)} or min(ALERTS{alertname="AiSloLatencyBucketMissing"})`;
  const fires = (...series: readonly Series[]): number | undefined => asked(rule, [{ series, query, minute: 88 }])[0];

  test('records what is counted, exactly', () => {
    const record = (name: string): MeasuredStory => ({
      series: [durations(slow(20, 30))],
      query: `sum(${name})`,
      minute: 15,
    });
    const [total, bad] = asked(rule, [record('ai_slo:events_total:rate5m'), record('ai_slo:events_bad:rate5m')]);
    expect(total).toBeCloseTo(10, 6);
    expect(bad).toBeCloseTo(1, 6);
  });

  test('fires on a fault, in the minute in which it does by a classic one', () => {
    const fault = [...slow(60, 1), ...slow(30, 100)];
    const classicSeries = ['100', '250', '500', '+Inf'].map((le, index): Series => {
      let total = 0;
      return [
        `istio_request_duration_milliseconds_bucket{${labels(SERVICE)},le="${le}"}`,
        fault.map((counts) => (total += counts.slice(0, index + 1).reduce((sum, one) => sum + one, 0))).join(' '),
      ];
    });
    const count: Series = [`istio_request_duration_milliseconds_count{${labels(SERVICE)}}`, classicSeries.at(-1)![1]];
    const classic = objectivesOf(/\.slo-latency-250ms$/, { spec });
    const expected = measure(classic, SCRAPE, [{ series: [...classicSeries, count], query, minute: 88 }])[0];
    expect(expected).toBeGreaterThan(60);
    expect(fires(durations(fault))).toBe(expected);
  });

  test.each([
    ['on healthy traffic', [durations(slow(90, 1))]],
    ['where no request takes long', [durations(slow(90, 0))]],
    ['on no traffic', [durations(steady(90, [0, 0, 0, 0]))]],
    ['on scale to zero', [durations(slow(30, 1), SERVICE, { ends: true })]],
    ['on a counter reset', [[durations([])[0], `${durations(slow(40, 1))[1]} `.repeat(2).trim()] as Series]],
    [
      'on a release change',
      [
        durations(slow(40, 1), SERVICE, { ends: true }),
        durations(slow(50, 1), 'fraud-detector-v47-predictor', { missing: 39 * SCRAPES }),
      ],
    ],
    ['on a few slow ones', [durations([...steady(80, [0, 0, 0, 0]), [2, 0, 1, 1], ...steady(9, [0, 0, 0, 0])])]],
  ] as const)('is silent %s', (_, series) => {
    expect(fires(...series)).toBeUndefined();
  });
});

describe('gates see in native histograms what they see in classic ones', () => {
  const usual = REFERENCE.shares.map((share) => share * 300);
  const other = [70, 60, 40, 40, 30];
  const edges = REFERENCE.edges;
  const side = (release: string, form: HistogramForm) => ({
    form,
    matchers: [{ label: 'release', operator: '=', value: release } as const],
  });
  const sides = (form: HistogramForm): Sides<Observed> => ({ candidate: side('v47', form), stable: side('v46', form) });
  const requestsTo = (release: string): Requests['source'] => {
    const generation = {
      versions: '',
      requests: '',
      code: 'code',
      duration: { name: 'istio_request_duration_milliseconds', unit: 'milliseconds', bounds: edges },
    } as const;
    return { queueProxy: { generations: [generation], pods: [side(release, 'classic').matchers] } };
  };
  const duration = (form: HistogramForm): Series[] =>
    (form === 'native' ? [predictions(edges, steady(20, other))] : histogram(edges, steady(20, other))).map(
      ([name, text]): Series => [name.replace('fraud_score', 'istio_request_duration_milliseconds'), text],
    );
  const both: Readonly<Record<HistogramForm, readonly Series[]>> = {
    classic: [
      ...histogram(edges, steady(20, usual)),
      ...histogram(edges, steady(20, other), pod('v47', 'b')),
      ...duration('classic'),
    ],
    native: [
      predictions(edges, steady(20, usual)),
      predictions(edges, steady(20, other), pod('v47', 'b')),
      ...duration('native'),
    ],
  };

  test.each<readonly [string, (form: HistogramForm) => Expr]>([
    ['the shift of predictions', (form) => predictionShift('fraud_score', sides(form), edges, '10m')],
    ['the number of observations', (form) => comparedObservations('fraud_score', sides(form), '10m')],
    ['a quantile of the latency', (form) => latencyAt({ source: requestsTo('v46'), form }, 0.9, '10m')],
  ])('%s', (_, of) => {
    const rule = rulesOf({ drift: [{ psi: MINE }] });
    const [classic, fromNative] = (['classic', 'native'] as const).map(
      (form) => asked(rule, [{ series: both[form], query: of(form).text, minute: 15 }])[0],
    );
    expect(classic).toBeGreaterThan(0);
    expect(fromNative).toBeCloseTo(classic!, 6);
  });
});
