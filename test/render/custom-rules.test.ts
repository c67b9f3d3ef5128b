import { expect, test } from 'vitest';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { monitoringRules } from '../../src/service/monitoring-rules.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type CustomAlertInput = NonNullable<NonNullable<AIServiceInput['monitoring']>['alerts']>[number];

function customGroup(
  monitoring: NonNullable<TargetOptions['spec']>['monitoring'],
  options: TargetOptions = {},
): RuleGroup | undefined {
  const rule = renderPrometheus(targetOf({ ...options, spec: { ...options.spec, monitoring } }), new Map()).find(
    ({ kind }) => kind === 'PrometheusRule',
  );
  const { groups } = rule?.spec as { groups: RuleGroup[] };
  return groups.find(({ name }) => name.endsWith('.custom'));
}

const MONITORING: NonNullable<AIServiceInput['monitoring']> & { alerts: [CustomAlertInput] } = {
  metrics: { blocked_total: { type: 'counter' }, lag_seconds: { type: 'gauge', from: 'elsewhere' } },
  recordings: [{ name: 'service:blocked:rate5m', expr: 'sum(rate(blocked_total[5m]))' }],
  alerts: [
    {
      name: 'BlockedOften',
      expr: 'service:blocked:rate5m > 3 and on () lag_seconds{namespace="$namespace"} < 60',
      for: '1h30m',
      severity: 'critical',
      summary: 'Many payments are blocked.',
      description: '{{ $value | humanize }} per second.',
    },
  ],
};

test('recordings and alerts of a service are one group, kept to the service, with its labels', () => {
  expect(customGroup(MONITORING)).toEqual({
    name: 'ai-service.risk-ml-prod.fraud-detector.custom',
    rules: [
      {
        record: 'service:blocked:rate5m',
        expr: 'sum(rate(blocked_total{ai_service="fraud-detector",namespace="risk-ml-prod"}[5m]))',
        labels: { namespace: 'risk-ml-prod', ai_service: 'fraud-detector' },
      },
      {
        alert: 'BlockedOften',
        expr: 'service:blocked:rate5m{ai_service="fraud-detector",namespace="risk-ml-prod"} > 3 and on () lag_seconds{namespace="risk-ml-prod"} < 60',
        for: '1h30m',
        labels: { severity: 'critical', ai_service: 'fraud-detector', namespace: 'risk-ml-prod', team: 'risk-ml' },
        annotations: {
          summary: 'Many payments are blocked.',
          description:
            'fraud-detector in prod-eu (namespace risk-ml-prod): {{ $value | humanize }} per second. Team risk-ml.',
        },
      },
    ],
  });
});

test('nobody is woken up outside of production, and a page of its own is linked', () => {
  const alerts = [{ ...MONITORING.alerts[0], runbook: 'https://wiki.example.com/blocked' }];
  const [, alert] = customGroup({ ...MONITORING, alerts }, { environment: { stage: 'dev' } })?.rules ?? [];
  expect(alert).toMatchObject({
    labels: { severity: 'warning' },
    annotations: { runbook_url: 'https://wiki.example.com/blocked' },
  });
});

test('a service without rules of its own has no such group', () => {
  expect(customGroup({})).toBeUndefined();
});

test.each([
  ['alerts', { ...MONITORING.alerts[0], name: 'blocked-often' }, '"blocked-often" is not the name of an alert'],
  [
    'alerts',
    { ...MONITORING.alerts[0], name: 'AiBlocked' },
    'names with Ai, such as AiBlocked, are those of the built-in alerts',
  ],
  ['alerts', { ...MONITORING.alerts[0], for: '0s' }, 'an alert without a delay fires on a single bad sample'],
  ['alerts', { ...MONITORING.alerts[0], runbook: 'wiki/blocked' }, 'the runbook is not a URL'],
  ['alerts', { ...MONITORING.alerts[0], runbook: 'javascript:alert(1)' }, 'the runbook is not a URL'],
  [
    'alerts',
    { ...MONITORING.alerts[0], runbook: 'https://me:secret@wiki.example.com/' },
    'the runbook carries credentials, which would stand in every alert',
  ],
  ['recordings', { name: 'blocked', expr: '1' }, '"blocked" is not the name of a recording'],
  [
    'recordings',
    { name: 'ai_slo:blocked', expr: '1' },
    'names with ai_, such as ai_slo:blocked, are those of the built-in recordings',
  ],
])('%s: %j is refused', (field, rule, message) => {
  expect(monitoringRules.safeParse({ [field]: [rule] }).error?.issues.map((issue) => issue.message)).toEqual([message]);
});
