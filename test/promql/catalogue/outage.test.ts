import { describe, expect, test } from 'vitest';
import { outage, outageWindow, type OutageRule } from '../../../src/promql/catalogue/outage.ts';
import type { Subject } from '../../../src/promql/rule.ts';
import { equal, exactly, pattern } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const RULE: OutageRule = {
  source: { istio: { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] } },
  window: 120,
  minFailures: 5,
  severity: 'page',
  deployments: [exactly('s-v1-predictor'), pattern`${'s-v2-predictor'}-[0-9]{5}-deployment`],
};
const REQUESTS =
  'istio_requests_total{reporter="source",destination_service_namespace="n",destination_service_name="s-v1-predictor"';

describe('a total outage', () => {
  test('is that requests come and none is answered, or that no replica is ready', () => {
    const { name, interval, rules } = outage(SUBJECT, RULE);
    expect(name).toBe('ai-service.n.s.outage');
    expect(interval).toBe('30s');
    const replicas = (metric: string): string =>
      `sum(max by (deployment) (${metric}{namespace="n",deployment=~"s-v1-predictor|s-v2-predictor-[0-9]{5}-deployment"}))`;
    expect(rules).toEqual([
      {
        alert: 'AiServiceOutage',
        expr: `sum(increase(${REQUESTS},response_code=~"0|5.."}[2m])) >= 5\nunless\nsum(increase(${REQUESTS},response_code!~"0|5.."}[2m])) > 0`,
        for: '30s',
        labels: { severity: 'critical', ai_service: 's', namespace: 'n', team: 't', cause: 'failing' },
        annotations: {
          summary: 's answers no request.',
          description:
            's in e (namespace n): {{ $value | humanize }} requests failed in the last 2m, and none was answered. Team t.',
        },
      },
      {
        alert: 'AiServiceOutage',
        expr: [
          `sum(increase(${REQUESTS}}[10m])) > 0`,
          `${replicas('kube_deployment_status_replicas_available')} == 0`,
          `${replicas('kube_deployment_spec_replicas')} > 0`,
        ].join('\nand\n'),
        for: '1m',
        labels: { severity: 'critical', ai_service: 's', namespace: 'n', team: 't', cause: 'no_replica' },
        annotations: {
          summary: 's answers no request.',
          description:
            's in e (namespace n): no replica is ready, and {{ $value | humanize }} requests came in the last 10m. Team t.',
        },
      },
    ]);
  });

  test('is a ticket where the service says so, and outside of production', () => {
    const severities = (rule: OutageRule, subject = SUBJECT): unknown[] =>
      outage(subject, rule).rules.map(({ labels }) => labels['severity']);
    expect(severities({ ...RULE, severity: 'ticket' })).toEqual(['warning', 'warning']);
    expect(severities(RULE, { ...SUBJECT, page: 'warning' })).toEqual(['warning', 'warning']);
  });

  test('of what may go down to none without requests does not look at replicas', () => {
    expect(outage(SUBJECT, { ...RULE, deployments: undefined }).rules.map(({ labels }) => labels['cause'])).toEqual([
      'failing',
    ]);
  });

  test('of a vLLM behind a gateway is seen by its own counter', () => {
    const [failing] = outage(SUBJECT, { ...RULE, source: { vllm: [equal('part', 'predictor')] } }).rules;
    const own = 'http_requests_total{part="predictor",handler=~"/v1/.*"';
    expect(failing?.expr).toBe(
      `sum(increase(${own},status="5xx"}[2m])) >= 5\nunless\nsum(increase(${own},status!="5xx"}[2m])) > 0`,
    );
  });
});

describe('the window of the alert', () => {
  test.each([
    [5, undefined, 120],
    [5, 40, 120],
    [5, 0.09, 120],
    [5, 0.05, 300],
    [5, 0.01, 1800],
    [1, 0.01, 300],
    [5, 0.0001, undefined],
  ])('has twice %d requests in it, at %s a second: %s seconds', (minFailures, rate, seconds) => {
    expect(outageWindow(minFailures, rate)).toBe(seconds);
  });
});
