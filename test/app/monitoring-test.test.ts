import { describe, expect, test } from 'vitest';
import {
  builtInStories,
  readStories,
  testsOfStories,
  type RulesUnderTest,
  type Story,
} from '../../src/app/monitoring-test.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const MONITORING: NonNullable<TargetOptions['spec']>['monitoring'] = {
  metrics: { blocked_total: { type: 'counter' }, lag_seconds: { type: 'gauge', from: 'elsewhere' } },
  alerts: [
    { name: 'BlockedOften', expr: 'sum(rate(blocked_total[5m])) > 1', summary: 'Often.', description: 'Very often.' },
    {
      name: 'FeaturesLate',
      expr: 'lag_seconds{namespace="$namespace",store=~"a|b"} > 60',
      summary: 'Late.',
      description: 'Very late.',
    },
  ],
};

function rulesOf(options: TargetOptions = {}): RulesUnderTest {
  const target = targetOf({ ...options, spec: { monitoring: MONITORING, ...options.spec } });
  const groups = renderPrometheus(target, new Map()).flatMap(({ kind, spec }) =>
    kind === 'PrometheusRule' ? (spec as { groups: RuleGroup[] }).groups : [],
  );
  return { groups, service: target.service, namespace: target.namespace };
}

interface TestFile {
  readonly tests: readonly [
    {
      readonly input_series: readonly { series: string; values: string }[];
      readonly promql_expr_test: readonly { expr: string; eval_time: string; exp_samples: unknown[] }[];
    },
  ];
}

const BLOCKED: Story = {
  story: 'payments are blocked',
  series: { blocked_total: '0+120x30' },
  at: '15m',
  fires: ['BlockedOften'],
};
const LATE: Story = {
  story: 'features are late',
  series: { 'lag_seconds{store="a"}': '600x60' },
  at: '1h',
  fires: ['FeaturesLate'],
};
const WHERE = { service: 'fraud-detector', environment: 'prod-eu' };

function fileOf(story: Story, rules = rulesOf()): TestFile['tests'][0] {
  const [first] = testsOfStories(rules, [story], WHERE).value ?? [];
  return (JSON.parse(first?.text ?? '') as TestFile).tests[0];
}

describe('a story', () => {
  test('becomes a test in which its alerts fire, and all others of the service are silent all the time', () => {
    const ALERTS = (names: string): string => `ALERTS{alertstate="firing",alertname=~"${names}"}`;
    expect(fileOf(BLOCKED).promql_expr_test).toEqual([
      { expr: ALERTS('FeaturesLate'), eval_time: '5m', exp_samples: [] },
      { expr: ALERTS('FeaturesLate'), eval_time: '10m', exp_samples: [] },
      { expr: ALERTS('FeaturesLate'), eval_time: '15m', exp_samples: [] },
      {
        expr: `count(${ALERTS('BlockedOften')}) > bool 0`,
        eval_time: '15m',
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ]);
  });

  test('writes of its series what matters; the rest is what the rules ask for', () => {
    expect(fileOf(BLOCKED).input_series).toEqual([
      { series: 'blocked_total{ai_service="fraud-detector",namespace="risk-ml-prod"}', values: '0+120x30' },
    ]);
    expect(fileOf(LATE).input_series).toEqual([
      { series: 'lag_seconds{namespace="risk-ml-prod",store="a"}', values: '600x60' },
    ]);
    const other = { ...BLOCKED, series: { 'blocked_total{ai_service="$service-two",namespace="x"}': '0x5' } };
    expect(fileOf(other).input_series[0]?.series).toBe('blocked_total{ai_service="fraud-detector-two",namespace="x"}');
  });

  test('may have native histograms, which promtool reads if it is a current one', () => {
    const native = {
      ...BLOCKED,
      series: {
        blocked_total: '{{schema:0 sum:4 count:3 buckets:[1 2]}}+{{schema:0 sum:4 count:3 buckets:[1 2]}}x30 _ stale',
      },
    };
    expect(fileOf(native).input_series[0]?.values).toBe(native.series.blocked_total);
  });

  test.each([
    ['blocked_totl', '0x5', 'story/unread', 'no rule of the service reads blocked_totl'],
    ['blocked_total{', '0x5', 'story/series', '"blocked_total{", line 1, column 15: the expression ends too early'],
    ['blocked_total{a=~"b"}', '0x5', 'story/series', '"blocked_total{a=~\\"b\\"}" is not one series'],
    ['sum(blocked_total)', '0x5', 'story/series', '"sum(blocked_total)" is not one series'],
    ['blocked_total', 'many', 'story/series', '"many" are not values of promtool'],
  ])('with the series %s: %s is refused', (series, values, id, message) => {
    const { value, findings } = testsOfStories(rulesOf(), [{ ...BLOCKED, series: { [series]: values } }, LATE], WHERE);
    expect([value, findings.map((finding) => [finding.id, finding.message])]).toEqual([undefined, [[id, message]]]);
  });

  test.each(['0+60x30', '1 2 3', '_x5 stale 0x3', '1.5-0.5x10', '1e3x2', 'NaNx2 Inf'])(
    'may have the values %s',
    (values) => {
      expect(fileOf({ ...BLOCKED, series: { blocked_total: values } }).input_series[0]?.values).toBe(values);
    },
  );

  test('names alerts of the service', () => {
    const { findings } = testsOfStories(rulesOf(), [{ ...BLOCKED, fires: ['BlockdOften'] }], WHERE);
    expect(findings).toMatchObject([
      {
        id: 'story/alert',
        message: 'story "payments are blocked": the service has no alert "BlockdOften" of its own',
        fix: 'did you mean BlockedOften?',
      },
    ]);
  });
});

test('an alert without a story is said', () => {
  const { value, findings } = testsOfStories(rulesOf(), [BLOCKED], WHERE);
  expect(value).toHaveLength(1);
  expect(findings).toMatchObject([
    { id: 'story/untested', severity: 'warning', message: 'no story says when FeaturesLate fires' },
  ]);
});

describe('a file of stories', () => {
  test('is a list, with defaults', () => {
    expect(readStories('- { story: a, series: { x: 1x5 } }', 'f.yaml', WHERE)).toEqual({
      value: [{ story: 'a', series: { x: '1x5' }, at: '1h', fires: [] }],
      findings: [],
    });
  });

  test.each([
    ['story: a', 'story/file', 'the map is not a list'],
    ['[]', 'story/file', 'the list is empty'],
    ['- { story: a, series: { x: 1x5 }, fire: [A] }', 'story/file', 'unknown field "fire"'],
    ['- story: [', 'yaml/syntax', expect.any(String) as string],
  ])('that is %j is refused', (text, id, message) => {
    expect(readStories(text, 'f.yaml', WHERE)).toMatchObject({ value: undefined, findings: [{ id, message }] });
  });
});

describe('stories that every service has', () => {
  test('are healthy traffic and a total outage, in the labels of the cluster', () => {
    const { value: told = [] } = builtInStories(rulesOf(), WHERE);
    expect(told.map(({ name }) => name)).toEqual(['healthy traffic', 'a total outage']);
    const { input_series: series } = (JSON.parse(told[1]?.text ?? '') as TestFile).tests[0];
    const labels =
      'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"';
    expect(series).toEqual([
      { series: `istio_requests_total{${labels},response_code="200"}`, values: '0+600x60 36000x30' },
      { series: `istio_requests_total{${labels},response_code="503"}`, values: '0x60 600+600x29' },
    ]);
  });

  const QUEUE_PROXY: TargetOptions = {
    mode: 'Knative',
    cluster: {
      istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
      knative: { version: ['1.18.2', '1.20.1'] },
      prometheus: { version: '3.4', sources: ['queueProxy'] },
    },
  };
  const LLM: TargetOptions = {
    cluster: {
      kserve: { version: '0.20.0', mode: 'Standard', llm: { gatewayService: 'gateway.kserve.svc.cluster.local' } },
    },
    spec: {
      predictor: {
        framework: 'vllm',
        image: 'registry.example.com/llm-d:0.10.0',
        model: { uri: 's3://m/v46/' },
        resources: { cpu: '1', memory: '1Gi' },
        llm: {},
      },
      monitoring: {},
    },
  };
  const own = 'namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"';

  test.each<[string, TargetOptions, string, string]>([
    [
      'the queue-proxies of Knative',
      QUEUE_PROXY,
      `kn_serving_invocation_duration_seconds_count{${own},http_response_status_code="`,
      '503',
    ],
    ['a vLLM', LLM, `http_requests_total{${own},handler="/v1/.*",status="`, '5xx'],
  ])('are made of the requests that %s count', (_who, options, metric, bad) => {
    const { value: told = [] } = builtInStories(rulesOf(options), WHERE);
    const series = told.map(({ text }) =>
      (JSON.parse(text) as TestFile).tests[0].input_series.map((each) => each.series),
    );
    expect(series).toEqual([0, 1].map(() => [`${metric}${bad === '503' ? '200' : '2xx'}"}`, `${metric}${bad}"}`]));
  });

  test('are none where nobody counts requests, and that is said', () => {
    const { value, findings } = builtInStories(
      rulesOf({ cluster: { istio: undefined, prometheus: { version: '3.4', sources: ['kubeStateMetrics'] } } }),
      WHERE,
    );
    expect(value).toEqual([]);
    expect(findings.map(({ id, severity, message }) => [id, severity, message])).toEqual([
      [
        'story/untold',
        'info',
        'nothing that the rules read counts requests, so no story of ours tells AiMetricsMissing, AiPodNotStarting, AiPodOutOfMemory, AiReplicasAtMaximum, AiReplicasNotReady',
      ],
    ]);
  });

  test('name the alerts that they cannot tell, such as those on histograms', () => {
    const slos = [{ availability: { objective: 99.9 } }, { latency: { below: '250ms', objective: 99 } }];
    const { findings } = builtInStories(
      rulesOf({
        cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } },
        spec: { monitoring: { slos } },
      }),
      WHERE,
    );
    expect(findings.map(({ message }) => message)).toEqual([
      'they read something else than requests and their codes, so no story of ours tells AiSloErrorBudgetBurn (latency-250ms)',
    ]);
    expect(builtInStories(rulesOf(), WHERE).findings).toEqual([]);
  });
});
