import { describe, expect, test } from 'vitest';
import { checkCustomRules, checkRuleSyntax, PROMQL_RULES } from '../../src/check/promql.ts';
import type { Finding } from '../../src/core/finding.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { builtInGroups } from '../../src/render/prometheus.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Monitoring = NonNullable<AIServiceInput['monitoring']>;

const PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/x/v46/' },
  resources: { cpu: '1', memory: '1Gi' },
  image: 'registry.example.com/sklearn-metrics:0.20.0',
  exports: { predictions: 'fraud_score' },
};

const METRICS: Monitoring['metrics'] = {
  blocked_total: { type: 'counter' },
  queue_length: { type: 'gauge' },
  feature_store_lag_seconds: { type: 'gauge', from: 'elsewhere' },
};

function check(monitoring: Monitoring, options: TargetOptions = {}): Finding[] {
  const target = targetOf({
    ...options,
    spec: { predictor: PREDICTOR, ...options.spec, monitoring: { metrics: METRICS, ...monitoring } },
  });
  return checkCustomRules(target, () => builtInGroups(target, new Map()));
}

function alertOn(expr: string, more: Partial<NonNullable<Monitoring['alerts']>[number]> = {}): Monitoring {
  return {
    alerts: [
      { name: 'Mine', expr, summary: 'Something is wrong.', description: 'It is {{ $value | humanize }}.', ...more },
    ],
  };
}

/** Id, message and fix of what is wrong with the expression of one alert. */
function findingsOf(expr: string, options?: TargetOptions): unknown[] {
  return check(alertOn(expr), options).map(({ id, message, fix }) => [id, message, fix]);
}

test.each([
  'histogram_quantile(0.5, sum by (le) (rate(fraud_score_bucket[10m]))) > 0.9',
  'sum(rate(blocked_total[5m])) / sum(rate(fraud_score_count[5m])) > 0.1 and queue_length > 3',
  'feature_store_lag_seconds{namespace="feature-store"} > 600',
  'sum(rate(istio_requests_total{destination_service_name=~"$service-.*",response_code="429"}[5m])) > 1',
  'ai_slo:events_total:rate5m > 100',
  'absent(up{ai_service="$service"})',
])('%s is fine', (expr) => {
  expect(check(alertOn(expr))).toEqual([]);
});

describe('on a Prometheus that makes native histograms of classic ones', () => {
  const native: TargetOptions = { cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } };

  test.each([
    'histogram_quantile(0.5, sum(rate(fraud_score[10m]))) > 0.9',
    'histogram_fraction(0.25, +Inf, rate(istio_request_duration_milliseconds{destination_service_name=~"$service-.*"}[5m])) > 0.1',
  ])('%s is fine', (expr) => {
    expect(findingsOf(expr, native)).toEqual([]);
  });

  test('there are no series of buckets', () => {
    expect(
      findingsOf('histogram_quantile(0.5, sum by (le) (rate(fraud_score_bucket[10m]))) > 0.9', native),
    ).toMatchObject([['promql/unknown-metric', expect.stringContaining('"fraud_score_bucket"'), expect.anything()]]);
    expect(findingsOf('histogram_quantile(0.5, sum(rate(fraud_score[10m]))) > 0.9')).toMatchObject([
      ['promql/unknown-metric', expect.stringContaining('"fraud_score"'), expect.anything()],
    ]);
  });
});

test('recordings are read by alerts, and by recordings after them', () => {
  const recordings = [
    { name: 'service:blocked:rate5m', expr: 'sum(rate(blocked_total[5m]))' },
    { name: 'service:blocked:ratio', expr: 'service:blocked:rate5m / ai_slo:events_total:rate5m' },
  ];
  expect(check({ ...alertOn('service:blocked:ratio > 0.1'), recordings })).toEqual([]);
});

test('a finding names the field, the place in the expression, and what to write', () => {
  expect(check(alertOn('sum(\n  rate(blocked_total[5m]\n) > 1'))).toEqual([
    {
      id: 'promql/syntax',
      severity: 'error',
      where: { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field: 'monitoring.alerts[0].expr' },
      message: 'line 3, column 6: the expression ends too early',
      fix: 'complete it: a value, or a closing bracket, is missing',
    },
  ]);
  expect(check({ recordings: [{ name: 'a:b', expr: 'rate(blocked_total)' }] })).toMatchObject([
    {
      id: 'promql/type',
      where: { field: 'monitoring.recordings[0].expr' },
      message: 'line 1, column 6: rate takes series over a range here, but this is series',
    },
  ]);
});

describe('a metric', () => {
  test('that nobody exposes is refused, with the one that was meant', () => {
    expect(findingsOf('rate(blockd_total[5m]) > 0')).toEqual([
      [
        'promql/unknown-metric',
        'line 1, column 6: nothing that is known exposes "blockd_total", so that the rule would never have data',
        'did you mean blocked_total? Else declare it: monitoring.metrics: { "blockd_total": { type: "gauge" } }',
      ],
    ]);
  });

  test('is known by the names of its series: a histogram has buckets', () => {
    expect(findingsOf('fraud_score > 0')).toMatchObject([
      ['promql/unknown-metric', expect.stringContaining('"fraud_score"'), expect.anything()],
    ]);
  });

  test('of Istio is known where there is one', () => {
    const expr = 'rate(istio_requests_total{destination_service_name="x"}[5m]) > 1';
    expect(findingsOf(expr, { cluster: { istio: undefined } })).toMatchObject([
      ['promql/unknown-metric', expect.anything(), expect.anything()],
    ]);
  });

  test('that may fall has no rate', () => {
    expect(findingsOf('rate(queue_length[5m]) > 1')).toEqual([
      [
        'promql/gauge',
        'line 1, column 6: rate of queue_length, a gauge, has no meaning: it takes each fall for a restart',
        'use delta or deriv',
      ],
    ]);
  });

  test('has a rate over at least four scrapes', () => {
    expect(findingsOf('rate(blocked_total[1m]) > 1')).toEqual([
      [
        'promql/window',
        'line 1, column 6: the range of 60 seconds holds fewer than four scrapes of 30 seconds, so that one failed scrape makes a gap',
        'write [2m] or more',
      ],
    ]);
  });
});

describe('a selector', () => {
  test('without a metric reads everything', () => {
    expect(findingsOf('count({job=~".+"}) > 1')).toEqual([
      [
        'promql/unbounded',
        'line 1, column 7: the selector names no metric, so that it reads every series that there is',
        'name one: metric{…}',
      ],
    ]);
  });

  test('of a metric that others have too must say whose series it means', () => {
    expect(findingsOf('feature_store_lag_seconds > 600')).toEqual([
      [
        'promql/unbounded',
        'line 1, column 1: feature_store_lag_seconds has series of others than this service, and the selector does not say whose are meant',
        'add a condition on a label: feature_store_lag_seconds{namespace="$namespace"}',
      ],
    ]);
    expect(findingsOf('up{job=~".*"} == 0')).toMatchObject([
      ['promql/unbounded', expect.anything(), expect.anything()],
    ]);
  });

  test('has placeholders that there are', () => {
    expect(findingsOf('up{job="$job"} == 0')).toEqual([
      [
        'promql/placeholder',
        'line 1, column 8: $job stands for nothing',
        'write $service, $namespace, $environment, $team',
      ],
    ]);
  });
});

test('an alert compares', () => {
  expect(findingsOf('queue_length')).toEqual([
    [
      'promql/no-condition',
      'line 1, column 1: the expression compares nothing, so that the alert would fire as long as there are series',
      'compare with a threshold: … > 0.9',
    ],
  ]);
});

test('the result is a number or series', () => {
  expect(check({ recordings: [{ name: 'a:b', expr: 'blocked_total[5m]' }] })).toMatchObject([
    { id: 'promql/type', message: 'line 1, column 1: the result is neither a number nor series' },
  ]);
});

describe('a function', () => {
  test('is one that the Prometheus of the cluster has, also during an upgrade', () => {
    const prometheus = { version: ['2.50', '3.1'] as [string, string] };
    expect(findingsOf('histogram_avg(queue_length) > 1', { cluster: { prometheus } })).toEqual([
      [
        'promql/version',
        'line 1, column 1: Prometheus 2.50 of the cluster has no histogram_avg: it came with 2.51',
        'use functions that it has',
      ],
    ]);
  });
});

describe('annotations', () => {
  test('have placeholders that always work', () => {
    expect(check(alertOn('queue_length > 1', { summary: 'It is {{ .Value }}.' }))).toMatchObject([
      {
        id: 'promql/template',
        where: { field: 'monitoring.alerts[0].summary' },
        message: '"{{ .Value }}" is no placeholder that always works',
        fix: 'write {{ $value }}, {{ $value | humanize }}, {{ printf "%.2f" $value }} or {{ $labels.name }}, and no other {{',
      },
    ]);
  });

  test('name labels that the result has', () => {
    const more = { description: '{{ $labels.part }} {{ $labels.release }}' };
    expect(
      check(alertOn('sum by (release) (queue_length) > 1', more)).map(({ message, fix }) => [message, fix]),
    ).toEqual([
      [
        'the result of the expression has no label part, so that {{ $labels.part }} would print nothing',
        'keep the label in the aggregation: by (part)',
      ],
    ]);
    expect(check(alertOn('queue_length > 1', more))).toEqual([]);
  });
});

test('names are given once', () => {
  const { alerts = [] } = alertOn('queue_length > 1');
  const recordings = [
    { name: 'a:b', expr: 'queue_length' },
    { name: 'a:b', expr: 'blocked_total' },
  ];
  expect(
    check({ alerts: [...alerts, ...alerts], recordings }).map(({ id, where, message }) => [id, where.field, message]),
  ).toEqual([
    ['promql/duplicate', 'monitoring.alerts[1].name', 'Mine is the name of monitoring.alerts[0] already'],
    ['promql/duplicate', 'monitoring.recordings[1].name', 'a:b is the name of monitoring.recordings[0] already'],
  ]);
});

describe('a PrometheusRule that a user wrote', () => {
  const syntaxOf = (...objects: readonly unknown[]): unknown[] =>
    checkRuleSyntax(targetOf(), objects as KubeObject[]).map(({ id, where, message }) => [
      id,
      where.object,
      where.field,
      message,
    ]);
  const written = (spec: unknown, more: object = {}): unknown => ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'own' },
    spec,
    ...more,
  });
  const broken = { groups: [{ name: 'a', rules: [{ record: 'a:b', expr: 'a +' }] }] };

  test('has expressions that can be read, in each of its groups', () => {
    const groups = [
      { name: 'none' },
      {
        name: 'own',
        rules: [
          { alert: 'A', expr: 'anything{at="all"} > 1' },
          { alert: 'B', expr: 'up >> 1' },
        ],
      },
    ];
    expect(syntaxOf(written({ groups }), written(broken, { metadata: { name: 'other', namespace: 'ml' } }))).toEqual([
      [
        'promql/syntax',
        'PrometheusRule own',
        'spec.groups[1].rules[1].expr',
        'line 1, column 5: ">" is not expected here',
      ],
      [
        'promql/syntax',
        'PrometheusRule ml/other',
        'spec.groups[0].rules[0].expr',
        'line 1, column 4: the expression ends too early',
      ],
    ]);
  });

  test.each([
    ['rate(foo)', 'line 1, column 6: rate takes series over a range here, but this is series'],
    ['foo[5m] > 1', 'line 1, column 1: an operator takes numbers and series, but this is series over a range'],
    ['1 == 1', 'line 1, column 1: two numbers are compared, which is decided when the rule is written'],
    ['foo[5m]', 'line 1, column 1: the result is neither a number nor series'],
    ['"foo"', 'line 1, column 1: the result is neither a number nor series'],
    ['sort_by_label(foo, 1)', 'line 1, column 20: sort_by_label takes a text here, but this is a number'],
    ['foo{a=~"("}', 'line 1, column 8: the regular expression cannot be read: unterminated group'],
  ])('cannot have %s, which no Prometheus evaluates', (expr, message) => {
    expect(syntaxOf(written({ groups: [{ name: 'own', rules: [{ alert: 'A', expr }] }] }))).toEqual([
      ['promql/type', 'PrometheusRule own', 'spec.groups[0].rules[0].expr', message],
    ]);
  });

  test('may be written in the PromQL of the newest Prometheus, also what needs a feature flag', () => {
    const rules = [
      '{"foo.bar"} > 1',
      'rate(x[300])',
      'rate(x[5m+1m])',
      'sort_by_label(x, "a")',
      'limitk(3, x)',
      'rate(x[5m] smoothed)',
      '5',
      `up{job=~"${'a|'.repeat(9000)}"}`,
    ].map((expr) => ({ alert: 'A', expr }));
    expect(syntaxOf(written({ groups: [{ name: 'own', rules }] }))).toEqual([]);
  });

  test('is one of the operator', () => {
    expect(syntaxOf(written(broken, { apiVersion: 'acme.example/v1' }), written(broken, { kind: 'Widget' }))).toEqual(
      [],
    );
  });

  test.each([
    undefined,
    null,
    'up',
    {},
    { groups: 'none' },
    { groups: [null] },
    { groups: [{ rules: {} }] },
    { groups: [{ rules: [null, 'up', {}, { expr: 1 }, { expr: ['a +'] }] }] },
  ])('with the spec %j is left to its schema', (spec) => {
    expect(syntaxOf(written(spec))).toEqual([]);
  });

  test.each([{ metadata: undefined }, { metadata: 'own' }, { apiVersion: undefined }, { apiVersion: 1 }])(
    'with %j is left to its schema',
    (more) => {
      expect(syntaxOf(written(broken, more))).toEqual([]);
    },
  );
});

test('every finding has its rule', () => {
  const found = [
    ...check(alertOn('queue_length > 1', { name: 'A', summary: '{{ x }}' })),
    ...['a +', 'rate(queue_length)', 'nobody', 'rate(queue_length[1m]) > 1', 'up{a="$b"} > 1', 'up > 1'].flatMap(
      (expr) => check(alertOn(expr)),
    ),
    ...check(alertOn('histogram_avg(queue_length) > 1'), { cluster: { prometheus: { version: '2.45' } } }),
    ...check({
      recordings: [
        { name: 'a:b', expr: '1' },
        { name: 'a:b', expr: '1' },
      ],
    }),
  ];
  expect(new Set(found.map(({ id, severity }) => `${id} ${severity}`))).toEqual(
    new Set(PROMQL_RULES.map(({ id, severity }) => `${id} ${severity}`)),
  );
});
