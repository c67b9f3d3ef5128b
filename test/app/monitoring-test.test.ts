import { describe, expect, test } from 'vitest';
import { builtInStories, readStories, testsOfStories, type RulesUnderTest, type Story } from '../../src/app/monitoring-test.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const MONITORING: NonNullable<TargetOptions['spec']>['monitoring'] = {
  metrics: { blocked_total: { type: 'counter' }, lag_seconds: { type: 'gauge', from: 'elsewhere' } },
  alerts: [
    { name: 'BlockedOften', expr: 'sum(rate(blocked_total[5m])) > 1', summary: 'Often.', description: 'Very often.' },
    { name: 'FeaturesLate', expr: 'lag_seconds{namespace="$namespace",store=~"a|b"} > 60', summary: 'Late.', description: 'Very late.' },
  ],
};

function rulesOf(options: TargetOptions = {}): RulesUnderTest {
  const target = targetOf({ ...options, spec: { monitoring: MONITORING, ...options.spec } });
  const groups = renderPrometheus(target, new Map()).flatMap(({ kind, spec }) => (kind === 'PrometheusRule' ? (spec as { groups: RuleGroup[] }).groups : []));
  return { groups, service: target.service, namespace: target.namespace };
}

interface TestFile {
  readonly tests: readonly [{ readonly input_series: readonly { series: string; values: string }[]; readonly promql_expr_test: readonly { expr: string; eval_time: string; exp_samples: unknown[] }[] }];
}

const BLOCKED: Story = { story: 'payments are blocked', series: { blocked_total: '0+120x30' }, at: '15m', fires: ['BlockedOften'] };
const LATE: Story = { story: 'features are late', series: { 'lag_seconds{store="a"}': '600x60' }, at: '1h', fires: ['FeaturesLate'] };
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
      { expr: `count(${ALERTS('BlockedOften')}) > bool 0`, eval_time: '15m', exp_samples: [{ labels: '{}', value: 1 }] },
    ]);
  });

  test('writes of its series what matters; the rest is what the rules ask for', () => {
    expect(fileOf(BLOCKED).input_series).toEqual([{ series: 'blocked_total{ai_service="fraud-detector",namespace="risk-ml-prod"}', values: '0+120x30' }]);
    expect(fileOf(LATE).input_series).toEqual([{ series: 'lag_seconds{namespace="risk-ml-prod",store="a"}', values: '600x60' }]);
    const other = { ...BLOCKED, series: { 'blocked_total{ai_service="$service-two",namespace="x"}': '0x5' } };
    expect(fileOf(other).input_series[0]?.series).toBe('blocked_total{ai_service="fraud-detector-two",namespace="x"}');
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

  test.each(['0+60x30', '1 2 3', '_x5 stale 0x3', '1.5-0.5x10', '1e3x2', 'NaNx2 Inf'])('may have the values %s', (values) => {
    expect(fileOf({ ...BLOCKED, series: { blocked_total: values } }).input_series[0]?.values).toBe(values);
  });

  test('names alerts of the service', () => {
    const { findings } = testsOfStories(rulesOf(), [{ ...BLOCKED, fires: ['BlockdOften'] }], WHERE);
    expect(findings).toMatchObject([{ id: 'story/alert', message: 'story "payments are blocked": the service has no alert "BlockdOften" of its own', fix: 'did you mean BlockedOften?' }]);
  });
});

test('an alert without a story is said', () => {
  const { value, findings } = testsOfStories(rulesOf(), [BLOCKED], WHERE);
  expect(value).toHaveLength(1);
  expect(findings).toMatchObject([{ id: 'story/untested', severity: 'warning', message: 'no story says when FeaturesLate fires' }]);
});

describe('a file of stories', () => {
  test('is a list, with defaults', () => {
    expect(readStories('- { story: a, series: { x: 1x5 } }', 'f.yaml', WHERE)).toEqual({ value: [{ story: 'a', series: { x: '1x5' }, at: '1h', fires: [] }], findings: [] });
  });

  test.each([
    ['story: a', 'story/file', 'the map is not a list'],
    ['[]', 'story/file', '[] is not valid: too small: expected array to have >=1 items'],
    ['- { story: a, series: { x: 1x5 }, fire: [A] }', 'story/file', 'unknown field "fire"'],
    ['- story: [', 'yaml/syntax', expect.any(String) as string],
  ])('that is %j is refused', (text, id, message) => {
    expect(readStories(text, 'f.yaml', WHERE)).toMatchObject({ value: undefined, findings: [{ id, message }] });
  });
});

describe('stories that every service has', () => {
  test('are healthy traffic and a total outage, in the labels of the cluster', () => {
    const told = builtInStories(rulesOf());
    expect(told.map(({ name }) => name)).toEqual(['healthy traffic', 'a total outage']);
    const { input_series: series } = (JSON.parse(told[1]?.text ?? '') as TestFile).tests[0];
    const labels = 'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"';
    expect(series).toEqual([
      { series: `istio_requests_total{${labels},response_code="200"}`, values: '0+600x60 36000x30' },
      { series: `istio_requests_total{${labels},response_code="503"}`, values: '0x60 600+600x29' },
    ]);
  });

  test('are none where nobody counts requests', () => {
    expect(builtInStories(rulesOf({ cluster: { istio: undefined } }))).toEqual([]);
  });
});
