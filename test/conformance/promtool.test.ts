import { describe, expect, test } from 'vitest';
import { equal, exactly, matches, pattern, selector } from '../../src/promql/selector.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { KubeObject } from '../../src/core/object.ts';
import type { Reference } from '../../src/service/reference.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { checkRules, testRules, type Expectation, type Series } from './promtool.ts';

const REFERENCE: Reference = { edges: [0.1, 0.5, 1, 10], shares: [0.5, 0.3, 0.1, 0.1, 0], n: 10_000 };

const MONITORED: TargetOptions = {
  candidate: { release: 'v47', weight: 10 },
  spec: {
    owner: { team: 'risk-ml', escalation: '#risk {{ $labels.x }}' },
    predictor: {
      framework: 'sklearn',
      model: { uri: 's3://ml-models/fraud-detector/v46/' },
      resources: { cpu: '4', memory: '8Gi' },
      exports: { predictions: 'fraud_score' },
    },
    monitoring: {
      slos: [{ availability: { objective: 99.9 } }, { latency: { below: '250ms', objective: 99 } }],
      drift: [{ psi: { metric: 'fraud_score', reference: './score.json' } }],
    },
  },
};

/** The same without drift, whose alert on a missing metric has its own stories. */
const OBJECTIVES: TargetOptions = {
  ...MONITORED,
  spec: { ...MONITORED.spec, monitoring: { ...MONITORED.spec?.monitoring, drift: [] } },
};

function rulesOf(options: TargetOptions): KubeObject {
  const objects = renderPrometheus(targetOf(options), new Map([['./score.json', REFERENCE]]));
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  if (!rule) throw new Error('no PrometheusRule');
  return rule;
}

/** A counter that grows by `perMinute` in each of some minutes, one stretch after the other. */
function counter(...stretches: readonly (readonly [minutes: number, perMinute: number])[]): string {
  let value = 0;
  return stretches
    .map(([minutes, perMinute]) => {
      const text = `${value}+${perMinute}x${minutes - 1}`;
      value += perMinute * minutes;
      return text;
    })
    .join(' ');
}

/** A counter that ends, as that of a pod that went away. */
function ends(values: string, missing: number): string {
  return `${values} stale _x${missing - 1}`;
}

function requests(code: string, values: string, service = 'fraud-detector-v46-predictor', reporter = 'source'): Series {
  const labels = `reporter="${reporter}",destination_service_namespace="risk-ml-prod",destination_service_name="${service}"`;
  return [`istio_requests_total{${labels},response_code="${code}"}`, values];
}

/** Durations by bucket bound. */
function durations(values: Readonly<Record<string, string>>, code = '200'): Series[] {
  const labels = `reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor",response_code="${code}"`;
  const name = 'istio_request_duration_milliseconds';
  return Object.entries(values).map(([le, text]) =>
    le === 'count' ? [`${name}_count{${labels}}`, text] : [`${name}_bucket{${labels},le="${le}"}`, text],
  );
}

/** Histogram of scores in which each bin grows by so much a minute; `le` in the spelling given. */
function scores(
  le: readonly string[],
  ...stretches: readonly (readonly [minutes: number, perBin: readonly number[]])[]
): Series[] {
  const labels = 'namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor",release="v46",pod="a"';
  const cumulative = (upTo: number): string =>
    counter(
      ...stretches.map(([minutes, perBin]) => [minutes, perBin.slice(0, upTo).reduce((sum, n) => sum + n, 0)] as const),
    );
  const bins = stretches[0]?.[1].length ?? 0;
  return [
    ...le.map((bound, index): Series => [`fraud_score_bucket{${labels},le="${bound}"}`, cumulative(index + 1)]),
    [`fraud_score_bucket{${labels},le="+Inf"}`, cumulative(bins)],
    [`fraud_score_count{${labels}}`, cumulative(bins)],
  ];
}

const EDGES = ['0.1', '0.5', '1', '10'];

/** No alert fires at any time: looked at every five minutes. */
function silent(minutes: number): Expectation[] {
  const at = Array.from({ length: Math.floor(minutes / 5) }, (_, index) => (index + 1) * 5);
  return at.map((minute) => ({ minute, query: 'ALERTS{alertstate="firing"}', samples: [] }));
}

/** So many alerts fire that match. */
function firing(minute: number, matchers: string, count = 1): Expectation {
  return {
    minute,
    query: `count(ALERTS{alertstate="firing",${matchers}})`,
    samples: count === 0 ? [] : [{ labels: '{}', value: count }],
  };
}

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

describe('promtool accepts', () => {
  test('every kind of rule that we render', () => {
    expect(checkRules(rulesOf(MONITORED))).toEqual(PASSES);
  });

  test.each([
    ['the default objective', {}],
    ['a cluster in Knative mode', { ...MONITORED, mode: 'Knative' as const }],
    ['ambient mode', { ...MONITORED, cluster: { istio: { version: '1.30', dataplane: 'ambient' as const } } }],
    [
      'an objective that only the slowest alert can guard',
      { spec: { monitoring: { slos: [{ availability: { objective: 50 } }] } } },
    ],
  ] satisfies [string, TargetOptions][])('%s', (_, options) => {
    expect(checkRules(rulesOf(options))).toEqual(PASSES);
  });
});

describe('selectors', () => {
  test('find exactly the series with a hostile label value, and nothing else', () => {
    const hostile = [
      '"',
      '\\',
      '\\"',
      '}) or vector(1) #',
      '{{ $labels.x }}',
      'a|b',
      '.*',
      '[0-9]+',
      'a.b',
      'a\nb',
      '\t\r',
      '\u0000\u0007\u007f',
      '`',
      "'",
      '$1',
      'ü😀',
      '(',
      '+Inf',
      '\\d',
    ];
    const rule = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'x' },
      spec: { groups: [] },
    };
    const series = hostile.map((value, index): Series => [
      selector('m', [equal('l', value), equal('i', String(index))]).text,
      '1x5',
    ]);
    const expectations = hostile.flatMap((value, index) =>
      [equal('l', value), matches('l', exactly(value), exactly(value)), matches('l', pattern`${value}()`)].map(
        (matcher): Expectation => {
          const query = `count by (i) (${selector('m', [matcher]).text})`;
          return { minute: 3, query, samples: [{ labels: `{i="${index}"}`, value: 1 }] };
        },
      ),
    );
    expect(testRules(rule, { series, expect: expectations })).toEqual(PASSES);
  });
});

describe('availability', () => {
  const rules = rulesOf(OBJECTIVES);
  const IDENTITY = { namespace: 'risk-ml-prod', ai_service: 'fraud-detector', team: 'risk-ml', ai_slo: 'availability' };

  test('is silent on healthy traffic, failures within the objective and clients that go away', () => {
    const series = [
      requests('200', counter([240, 600])),
      requests('503', counter([240, 0.3])),
      requests('0', counter([240, 60])),
    ];
    expect(testRules(rules, { series, expect: silent(240) })).toEqual(PASSES);
  });

  test('pages within 5 minutes of a total outage that follows an hour of health, and says what is the matter', () => {
    const series = [requests('200', counter([60, 600], [30, 0])), requests('503', counter([60, 0], [30, 600]))];
    const alerts = [
      {
        minute: 72,
        alert: 'AiSloErrorBudgetBurn',
        firing: [
          {
            labels: { ...IDENTITY, burn_tier: 'fast', severity: 'critical' },
            annotations: {
              summary: 'fraud-detector uses up the error budget of its availability objective too fast.',
              description:
                'fraud-detector in prod-eu (namespace risk-ml-prod): 16.39% of requests failed in the last 1h; the objective of 99.9 % allows 0.1 %. ' +
                'Burn rate 14.4 or more: the error budget of 30 days is gone within 50 hours. Team risk-ml, #risk {{ $labels.x }}.',
            },
          },
          {
            labels: { ...IDENTITY, burn_tier: 'medium', severity: 'critical' },
            annotations: {
              summary: 'fraud-detector uses up the error budget of its availability objective too fast.',
              description:
                'fraud-detector in prod-eu (namespace risk-ml-prod): 14.29% of requests failed in the last 6h; the objective of 99.9 % allows 0.1 %. ' +
                'Burn rate 6 or more: the error budget of 30 days is gone within 5 days. Team risk-ml, #risk {{ $labels.x }}.',
            },
          },
        ],
      },
    ];
    expect(
      testRules(rules, { series, alerts, expect: [firing(59, 'burn_tier="fast"', 0), firing(65, 'burn_tier="fast"')] }),
    ).toEqual(PASSES);
  });

  test('tickets a slow burn and lets people sleep', () => {
    // 0.4 % failures: four times what the objective allows.
    const series = [requests('200', counter([600, 597.6])), requests('503', counter([600, 2.4]))];
    const expectations = [
      firing(590, 'ai_slo="availability",burn_tier="slow",severity="warning"'),
      firing(590, 'severity="critical"', 0),
    ];
    expect(testRules(rules, { series, expect: expectations })).toEqual(PASSES);
  });

  test('ends soon after the fault', () => {
    const series = [
      requests('200', counter([60, 600], [20, 0], [60, 600])),
      requests('503', counter([60, 0], [20, 600], [60, 0])),
    ];
    expect(
      testRules(rules, { series, expect: [firing(79, 'burn_tier="fast"'), firing(90, 'burn_tier="fast"', 0)] }),
    ).toEqual(PASSES);
  });

  test('is silent when one of four requests fails, also as the first that anybody sees', () => {
    const seldom = [requests('200', `0 1 1 2 3 3x120`), requests('503', '0 0 0 0 1 1x120')];
    expect(testRules(rules, { series: seldom, expect: silent(120) })).toEqual(PASSES);
  });

  test('is silent without any series, and when traffic ends', () => {
    expect(testRules(rules, { series: [], expect: silent(120) })).toEqual(PASSES);
    const series = [requests('200', counter([60, 600], [120, 0])), requests('503', counter([60, 0.3], [120, 0]))];
    expect(testRules(rules, { series, expect: silent(180) })).toEqual(PASSES);
  });

  test('is silent when a pod of the gateway restarts and its counters start again', () => {
    const series = [
      requests('200', `${counter([60, 600])} ${counter([60, 600])}`),
      requests('503', `${counter([60, 0.3])} ${counter([60, 0.3])}`),
    ];
    expect(testRules(rules, { series, expect: silent(120) })).toEqual(PASSES);
  });

  test('is silent when traffic moves to the next release, and sees the failures of that one', () => {
    const moved = [
      requests('200', ends(counter([60, 600]), 60)),
      requests('200', `_x60 ${counter([60, 600])}`, 'fraud-detector-v47-predictor'),
    ];
    expect(testRules(rules, { series: moved, expect: silent(120) })).toEqual(PASSES);
    const failing = [...moved, requests('503', `_x60 ${counter([60, 120])}`, 'fraud-detector-v47-predictor')];
    expect(testRules(rules, { series: failing, expect: [firing(100, 'burn_tier="fast"')] })).toEqual(PASSES);
  });

  test('counts a request once: not again what the server or another service reports', () => {
    const series = [
      requests('200', counter([30, 60])),
      requests('200', counter([30, 60]), 'fraud-detector-v46-predictor', 'destination'),
      requests('200', counter([30, 60]), 'fraud-detector-v46-predictor-extra'),
      requests('200', counter([30, 60]), 'other-v46-predictor'),
    ];
    const query = 'ai_slo:events_total:rate5m{ai_slo="availability"}';
    const labels =
      'ai_slo:events_total:rate5m{ai_service="fraud-detector",ai_slo="availability",namespace="risk-ml-prod"}';
    expect(testRules(rules, { series, expect: [{ minute: 20, query, samples: [{ labels, value: 1 }] }] })).toEqual(
      PASSES,
    );
  });

  test('counts on Knative what the gateway sends to revisions, and not the hop behind the activator', () => {
    const knative = rulesOf({ ...OBJECTIVES, mode: 'Knative' });
    const series = [
      requests('200', counter([30, 60]), 'fraud-detector-v46-predictor-00001'),
      requests('200', counter([30, 60]), 'fraud-detector-v47-predictor-00012'),
      requests('200', counter([30, 60]), 'fraud-detector-v46-predictor-00001-private'),
      requests('200', counter([30, 60]), 'knative-local-gateway'),
    ];
    const query = 'sum(ai_slo:events_total:rate5m{ai_slo="availability"})';
    expect(
      testRules(knative, { series, expect: [{ minute: 20, query, samples: [{ labels: '{}', value: 2 }] }] }),
    ).toEqual(PASSES);
  });
});

describe('latency', () => {
  const rules = rulesOf(OBJECTIVES);

  test('is silent when all but a few requests are fast, whatever failing ones do', () => {
    const series = [
      ...durations({ '250': counter([240, 598]), '+Inf': counter([240, 600]), count: counter([240, 600]) }),
      ...durations({ '250': counter([240, 0]), '+Inf': counter([240, 100]), count: counter([240, 100]) }, '503'),
    ];
    expect(testRules(rules, { series, expect: silent(240) })).toEqual(PASSES);
  });

  test.each(['250', '250.0'])('pages when a third is slow, with le=%s', (le) => {
    const series = durations({
      [le]: counter([60, 600], [60, 400]),
      '+Inf': counter([120, 600]),
      count: counter([120, 600]),
    });
    const expectations = [
      firing(59, 'ai_slo="latency-250ms"', 0),
      firing(105, 'ai_slo="latency-250ms",burn_tier="fast",severity="critical"'),
    ];
    expect(testRules(rules, { series, expect: expectations })).toEqual(PASSES);
  });

  test('is silent on no traffic', () => {
    const series = durations({ '250': counter([120, 0]), '+Inf': counter([120, 0]), count: counter([120, 0]) });
    expect(testRules(rules, { series, expect: silent(120) })).toEqual(PASSES);
  });

  test('tells when the mesh counts in other buckets', () => {
    const series = durations({ '300': counter([60, 600]), '+Inf': counter([60, 600]), count: counter([60, 600]) });
    expect(
      testRules(rules, {
        series,
        expect: [firing(10, 'alertname=~".+"', 0), firing(30, 'alertname="AiSloLatencyBucketMissing"')],
      }),
    ).toEqual(PASSES);
  });
});

describe('drift', () => {
  const rules = rulesOf(MONITORED);
  const HEALTHY = [30, 18, 6, 6, 0];
  const SHIFTED = [10, 14, 12, 18, 6];
  const traffic = requests('200', counter([180, 60]));

  test.each([
    ['Go', EDGES],
    ['Python', ['0.1', '0.5', '1.0', '10.0']],
  ])('is the textbook index, with le as %s writes it', (_, le) => {
    const psi = SHIFTED.reduce((sum, count, bin) => {
      const actual = count / 60;
      const expected = Math.max(REFERENCE.shares[bin] ?? 0, 1e-4);
      return sum + (actual - expected) * Math.log(actual / expected);
    }, 0);
    const query = `abs(ai_drift:psi:rate10m - ${psi}) < bool 1e-9`;
    const samples = [
      { labels: '{ai_service="fraud-detector", metric="fraud_score", namespace="risk-ml-prod"}', value: 1 },
    ];
    expect(testRules(rules, { series: scores(le, [60, SHIFTED]), expect: [{ minute: 30, query, samples }] })).toEqual(
      PASSES,
    );
  });

  test('is silent on the distribution of the reference, on no traffic and without the metric', () => {
    expect(testRules(rules, { series: [traffic, ...scores(EDGES, [180, HEALTHY])], expect: silent(180) })).toEqual(
      PASSES,
    );
    expect(
      testRules(rules, { series: scores(EDGES, [60, HEALTHY], [120, [0, 0, 0, 0, 0]]), expect: silent(180) }),
    ).toEqual(PASSES);
    expect(testRules(rules, { series: [requests('200', counter([180, 0]))], expect: silent(180) })).toEqual(PASSES);
  });

  test('fires within 10 minutes of a shift at one prediction a second', () => {
    const series = [traffic, ...scores(EDGES, [60, HEALTHY], [60, SHIFTED])];
    const expectations = [
      firing(60, 'alertname="AiDrift"', 0),
      firing(70, 'alertname="AiDrift",severity="warning",metric="fraud_score"'),
    ];
    expect(testRules(rules, { series, expect: expectations })).toEqual(PASSES);
  });

  test('is silent on a few samples, however strange', () => {
    expect(testRules(rules, { series: scores(EDGES, [120, [0, 0, 0, 0, 15]]), expect: silent(120) })).toEqual(PASSES);
  });

  test('tells when the histogram has other buckets, none of them or one less', () => {
    const alien = scores(['0.2', '0.4', '0.6', '0.8'], [60, HEALTHY]);
    expect(testRules(rules, { series: alien, expect: [firing(30, 'alertname="AiDriftBucketMismatch"')] })).toEqual(
      PASSES,
    );
    const lacking = scores(['0.1', '0.5', '1', '9'], [60, HEALTHY]);
    expect(testRules(rules, { series: lacking, expect: [firing(30, 'alertname="AiDriftBucketMismatch"')] })).toEqual(
      PASSES,
    );
  });

  test('tells when the service works but the metric is missing', () => {
    expect(
      testRules(rules, {
        series: [traffic],
        expect: [firing(10, 'alertname=~".+"', 0), firing(40, 'alertname="AiDriftMetricMissing"')],
      }),
    ).toEqual(PASSES);
  });
});
