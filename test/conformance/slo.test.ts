import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { Slo } from '../../src/service/slo.ts';
import { measure, type MeasuredStory } from './measure.ts';
import { testRules, type Expectation, type Series } from './promtool.ts';
import { counter, firing, gauge, series as seriesOf, silent } from './series.ts';
import { evaluatedEvery, requests, rulesOf, SERVICE } from './slo-stories.ts';

/**
 * How soon the alerts on objectives and outages come, and where they must not: simulated with promtool, which evaluates the
 * rules as Prometheus does. docs/monitoring.md has the tables.
 */

const KUBE = { prometheus: { version: '3.4', sources: ['kubeStateMetrics' as const] } };

/** Seconds at which an alert fires for the first time. @param step seconds between looks. */
function firstFiring(matchers: string, minutes: number, step: number): string {
  return `min(min_over_time(timestamp(ALERTS{alertstate="firing",${matchers}})[${minutes}m:${step}s]))`;
}

/** That a tier fires. */
function burns(minute: number, tier: string): Expectation {
  return {
    minute,
    query: `count(ALERTS{alertstate="firing",burn_tier="${tier}"})`,
    samples: [{ labels: '{}', value: 1 }],
  };
}

const minutesAndSeconds = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** A table of docs/monitoring.md, row by row. */
function documented(heading: string): string[][] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
  const [, section = ''] = page.split(`\n${heading}\n`);
  const rows = section
    .slice(0, section.search(/\n#+ /))
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('a total outage', () => {
  const STEP = 10;
  const MINUTES = 40;

  /** When it begins, and how Prometheus scrapes: every so many seconds, some seconds after the rules are evaluated. */
  interface Moment {
    readonly start: number;
    readonly every: number;
    readonly phase: number;
  }

  /** Wherever between two scrapes and two evaluations it begins. */
  function moments(every: number): Moment[] {
    const steps = Array.from({ length: every / STEP }, (_, index) => index * STEP);
    return steps.flatMap((phase) => steps.map((late) => ({ every, phase, start: 1200 + late })));
  }

  /** What is scraped, with `_` between two scrapes. */
  function scraped({ every, phase }: Moment, value: (second: number) => number | string): (number | string)[] {
    return Array.from({ length: (MINUTES * 60) / STEP + 1 }, (_, index) =>
      (index * STEP) % every === phase ? value(index * STEP) : '_',
    );
  }

  /** Seconds from the start of an outage until it pages, in the worst case. */
  function worst(rule: KubeObject, cause: string, story: (moment: Moment) => Series[], every = 30): number {
    const query = firstFiring(`alertname="AiServiceOutage",severity="critical",cause="${cause}"`, MINUTES, STEP);
    const all = moments(every);
    const fired = measure(
      rule,
      STEP,
      all.map((moment): MeasuredStory => ({ series: story(moment), query, minute: MINUTES })),
      30,
    );
    const seconds = fired.map((second, index) => (second ?? Infinity) - all[index]!.start);
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    return Math.max(...seconds);
  }

  /** All requests fail from then on; nobody counted a failure before. */
  const failing =
    (rate: number) =>
    (moment: Moment): Series[] => {
      const before = Math.floor(rate * moment.start);
      return [
        requests(
          '200',
          scraped(moment, (second) => Math.min(Math.floor(rate * second), before)),
        ),
        requests(
          '503',
          scraped(moment, (second) => (second <= moment.start ? '_' : Math.floor(rate * second) - before || '_')),
        ),
      ];
    };

  const replicas = (moment: Moment): Series[] => [
    requests(
      '200',
      scraped(moment, (second) => Math.floor(second / 200)),
    ),
    [
      `kube_deployment_status_replicas_available{namespace="risk-ml-prod",deployment="${SERVICE}"}`,
      scraped(moment, (second) => (second < moment.start ? 2 : 0)).join(' '),
    ],
    [
      `kube_deployment_spec_replicas{namespace="risk-ml-prod",deployment="${SERVICE}"}`,
      scraped(moment, () => 2).join(' '),
    ],
  ];

  test('pages within three minutes, with the delays that are documented', () => {
    const rule = rulesOf(/\.outage$/, { cluster: KUBE });
    const slow = rulesOf(/\.outage$/, { cluster: KUBE, spec: { traffic: { expectedRps: 0.02 } } });
    const measured: readonly (readonly [string, number])[] = [
      ['all of 10 requests a second fail', worst(rule, 'failing', failing(10))],
      ['all of 1 request a second fail', worst(rule, 'failing', failing(1))],
      ['all of 6 requests a minute fail', worst(rule, 'failing', failing(0.1))],
      ['no replica is ready, at 1 request in 200 seconds', worst(rule, 'no_replica', replicas)],
      ['all of 10 requests a second fail, scraped once a minute', worst(rule, 'failing', failing(10), 60)],
      ['all of 1 request in 50 seconds fail (`expectedRps: 0.02`)', worst(slow, 'failing', failing(0.02))],
    ];
    expect(measured.map(([fault, seconds]) => [fault, minutesAndSeconds(seconds)])).toEqual(
      documented('### Total outage'),
    );
    for (const [, seconds] of measured.slice(0, 5)) expect(seconds).toBeLessThanOrEqual(180);
  });
});

describe('burn rates', () => {
  const RATE = 600;

  /** A share of 600 requests a minute fails from a time on that had none before. */
  function burning(before: number, minutes: number, share: number): Series[] {
    const at = (value: (minute: number) => number): number[] =>
      Array.from({ length: minutes + 1 }, (_, minute) => Number(value(minute).toFixed(3)));
    const failed = (minute: number): number => Math.max(0, minute - before) * RATE * share;
    return [
      requests(
        '200',
        at((minute) => minute * RATE - failed(minute)),
      ),
      requests('503', at(failed)),
    ];
  }

  /** Which tier sees a share of failures, and how many minutes of health its long window has, which delays it most. */
  const FAULTS = [
    { share: 1, tier: 'fast', before: 60, evaluation: 60 },
    { share: 0.5, tier: 'fast', before: 60, evaluation: 60 },
    { share: 0.1, tier: 'fast', before: 60, evaluation: 60 },
    { share: 0.05, tier: 'fast', before: 60, evaluation: 60 },
    { share: 0.02, tier: 'fast', before: 60, evaluation: 60 },
    { share: 0.01, tier: 'medium', before: 360, evaluation: 60 },
    { share: 0.005, tier: 'slow', before: 1440, evaluation: 300 },
    { share: 0.002, tier: 'longterm', before: 4320, evaluation: 300 },
  ] as const;

  test('are noticed with the delays that are documented', () => {
    const rule = rulesOf(/\.slo-availability$/, {
      spec: { monitoring: { slos: [{ availability: { objective: 99.9 } }] } },
    });
    const stories = FAULTS.map(({ share, before, tier }): MeasuredStory => {
      const minute = 2 * before;
      return { series: burning(before, minute, share), query: firstFiring(`burn_tier="${tier}"`, minute, 60), minute };
    });
    const of = (evaluation: number): MeasuredStory[] =>
      stories.filter((_, index) => FAULTS[index]!.evaluation === evaluation);
    const seconds = [...measure(rule, 60, of(60)), ...measure(evaluatedEvery(300, rule), 60, of(300), 300)];
    const measured = FAULTS.map(({ share, before, tier }, index) => {
      const minutes = (seconds[index] ?? Infinity) / 60 - before;
      return [`${Number((share * 100).toPrecision(3))} %`, String(Math.round(share / 0.001)), tier, length(minutes)];
    });
    expect(measured).toEqual(documented('### Burn rates'));
  });

  function length(minutes: number): string {
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
});

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

function istio(code: string, values: string, service = SERVICE): Series {
  return seriesOf(
    'istio_requests_total',
    {
      reporter: 'source',
      destination_service_namespace: 'risk-ml-prod',
      destination_service_name: service,
      response_code: code,
    },
    values,
  );
}

function replicas(available: string, wanted: string): Series[] {
  const labels = { namespace: 'risk-ml-prod', deployment: SERVICE };
  return [
    seriesOf('kube_deployment_status_replicas_available', labels, available),
    seriesOf('kube_deployment_spec_replicas', labels, wanted),
  ];
}

describe('the alert on a total outage is silent', () => {
  const rule = rulesOf(/\.outage$/, { cluster: KUBE, candidate: { release: 'v47', weight: 10 } });

  test.each<[string, readonly Series[]]>([
    ['while a third of the requests is answered', [istio('200', counter([60, 20])), istio('503', counter([60, 40]))]],
    [
      'when four requests fail and no other comes',
      [istio('200', counter([30, 0], [30, 0])), istio('503', '0x20 4x40')],
    ],
    ['when callers make mistakes only', [istio('422', counter([60, 100]))]],
    ['without any series', []],
    [
      'when traffic ends, and the replicas go with it',
      [istio('200', counter([30, 100], [30, 0])), ...replicas(gauge([35, 2], [25, 0]), gauge([35, 2], [25, 0]))],
    ],
    [
      'when nobody asks what is not ready',
      [istio('200', counter([60, 0])), ...replicas(gauge([60, 0]), gauge([60, 2]))],
    ],
    [
      'when counters start again',
      [
        istio('200', `${counter([30, 100])} ${counter([30, 100])}`),
        istio('503', `${counter([30, 1])} ${counter([30, 1])}`),
      ],
    ],
    [
      'when traffic moves to the next release',
      [
        istio('200', `${counter([30, 100])} stale _x29`),
        istio('200', `_x30 ${counter([30, 100])}`, 'fraud-detector-v47-predictor'),
      ],
    ],
  ])('%s', (_, series) => {
    expect(testRules(rule, { series, expect: silent(60) })).toEqual(PASSES);
  });
});

test('an outage in which callers give up before there is an answer is one', () => {
  const rule = rulesOf(/\.outage$/, {});
  const series = [istio('200', counter([20, 60], [20, 0])), istio('0', counter([20, 1], [20, 60]))];
  expect(
    testRules(rule, { series, expect: [firing(20, 'AiServiceOutage', 0), firing(25, 'AiServiceOutage')] }),
  ).toEqual(PASSES);
});

test('an alert whose window is widened for few requests sees a burn rate of 20 within its window', () => {
  const slos = [{ availability: { objective: 99.99 } }];
  const rule = rulesOf(/\.slo-/, { spec: { traffic: { expectedRps: 0.1 }, monitoring: { slos } } });
  // 6 requests a minute, of which one in 500 fails: one in 83 minutes.
  const failed = (minute: number): number => Math.floor(Math.max(0, minute - 720) / 83.4);
  const at = (value: (minute: number) => number): number[] =>
    Array.from({ length: 1441 }, (_, minute) => value(minute));
  const series = [
    requests(
      '200',
      at((minute) => 6 * minute - failed(minute)),
    ),
    requests('503', at(failed)),
  ];
  const [second = Infinity] = measure(
    evaluatedEvery(300, rule),
    60,
    [{ series, query: firstFiring('burn_tier="fast"', 1440, 60), minute: 1440 }],
    300,
  );
  expect(second / 3600 - 12).toBeGreaterThan(6);
  expect(second / 3600 - 12).toBeLessThanOrEqual(12);
});

describe('an objective of the user', () => {
  const slo = { metric: 'settled_total', labels: {} };
  const rulesFor = (events: Pick<Parameters<typeof Slo.custom>[0], 'good' | 'bad'>): KubeObject => {
    const monitoring = { slos: [Slo.custom({ name: 'settled', objective: 99, total: slo, ...events })] };
    return rulesOf(/\.slo-settled$/, { spec: { monitoring } });
  };
  const events = (outcome: string, values: string): Series =>
    seriesOf(
      'settled_total',
      { namespace: 'risk-ml-prod', ai_service: 'fraud-detector', part: 'predictor', release: 'v46', outcome },
      values,
    );
  const rule = rulesFor({ bad: { metric: 'settled_total', labels: { outcome: 'lost' } } });
  const byGood = rulesFor({ good: { metric: 'settled_total', labels: { outcome: 'done' } } });

  test.each([
    ['bad', rule],
    ['good', byGood],
  ] as const)('fires on its fault, by what is %s', (_, counted) => {
    const series = [events('done', counter([60, 60], [30, 30])), events('lost', counter([60, 0], [30, 30]))];
    expect(testRules(counted, { series, expect: [...silent(60), burns(85, 'fast')] })).toEqual(PASSES);
  });

  test('is not blind when nothing is good any more, and nothing ever was', () => {
    expect(testRules(byGood, { series: [events('lost', counter([60, 60]))], expect: [burns(30, 'fast')] })).toEqual(
      PASSES,
    );
  });

  test.each<[string, readonly Series[]]>([
    ['healthy events', [events('done', counter([120, 60])), events('lost', counter([120, 0.2]))]],
    ['no events', [events('done', counter([120, 0]))]],
    ['events that end', [events('done', counter([60, 60], [60, 0])), events('lost', counter([60, 0.2], [60, 0]))]],
    ['counters that start again', [events('done', `${counter([60, 60])} ${counter([60, 60])}`)]],
    [
      'requests that come while events are counted',
      [istio('200', counter([120, 60])), events('done', counter([120, 0]))],
    ],
  ])('is silent on %s', (_, series) => {
    expect(testRules(rule, { series, expect: silent(120) })).toEqual(PASSES);
  });

  test('is silent on bad events of another counter while there are no events at all', () => {
    const refunds = rulesFor({ bad: { metric: 'refunds_total', labels: {} } });
    const labels = { namespace: 'risk-ml-prod', ai_service: 'fraud-detector', part: 'predictor', release: 'v46' };
    const series = [
      events('done', counter([60, 60], [400, 0])),
      seriesOf('refunds_total', labels, counter([400, 0], [60, 60])),
    ];
    expect(
      testRules(refunds, {
        series,
        expect: [330, 400, 460].flatMap((minute) => ({
          minute,
          query: 'count(ALERTS{alertstate="firing",burn_tier="fast"})',
          samples: [],
        })),
      }),
    ).toEqual(PASSES);
  });

  test('tells when requests come and nothing counts the events', () => {
    expect(
      testRules(rule, {
        series: [istio('200', counter([120, 60]))],
        expect: [...silent(60), firing(90, 'AiSloEventsMissing')],
      }),
    ).toEqual(PASSES);
  });
});

describe('the time to first token', () => {
  const predictor = {
    framework: 'vllm' as const,
    model: { uri: 's3://ml-models/chat/v46/' },
    resources: { cpu: '4', memory: '32Gi', gpu: 1 },
    servedName: 'chat',
  };
  const slos = [{ timeToFirstToken: { below: '1s', objective: 95 } }];
  const rule = rulesOf(/\.slo-ttft-1s$/, { spec: { predictor, monitoring: { slos } } });
  const name = 'vllm:time_to_first_token_seconds';
  const tokens = (within: string, all: string, le = '1.0'): Series[] => {
    const labels = { namespace: 'risk-ml-prod', ai_service: 'fraud-detector', part: 'predictor', release: 'v46' };
    return [
      seriesOf(`${name}_bucket`, { ...labels, le }, within),
      seriesOf(`${name}_bucket`, { ...labels, le: '+Inf' }, all),
      seriesOf(`${name}_count`, labels, all),
    ];
  };

  test('fires when requests wait', () => {
    const series = tokens(counter([60, 60], [60, 0]), counter([120, 60]));
    expect(testRules(rule, { series, expect: [...silent(60), burns(115, 'fast')] })).toEqual(PASSES);
  });

  test.each<[string, readonly Series[]]>([
    ['healthy traffic', tokens(counter([120, 59]), counter([120, 60]))],
    ['no traffic', tokens(counter([120, 0]), counter([120, 0]))],
    [
      'counters that start again',
      tokens(`${counter([60, 59])} ${counter([60, 59])}`, `${counter([60, 60])} ${counter([60, 60])}`),
    ],
    ['scale to zero', tokens(`${counter([60, 59])} stale _x59`, `${counter([60, 60])} stale _x59`)],
  ])('is silent on %s', (_, series) => {
    expect(testRules(rule, { series, expect: silent(120) })).toEqual(PASSES);
  });

  test('tells when vLLM has other buckets', () => {
    expect(
      testRules(rule, {
        series: tokens(counter([60, 59]), counter([60, 60]), '2.0'),
        expect: [firing(30, 'AiSloLatencyBucketMissing')],
      }),
    ).toEqual(PASSES);
  });
});
