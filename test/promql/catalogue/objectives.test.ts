import { describe, expect, test } from 'vitest';
import { availability } from '../../../src/promql/catalogue/availability.ts';
import { latency, latencyName } from '../../../src/promql/catalogue/latency.ts';
import type { IstioTraffic } from '../../../src/promql/metrics.ts';
import type { Subject } from '../../../src/promql/rule.ts';
import { exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = { service: 's', namespace: 'n', team: 't', environment: 'e', escalation: undefined, page: 'critical' };
const TRAFFIC: IstioTraffic = { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] };
const CONDITIONS = 'reporter="source",destination_service_namespace="n",destination_service_name="s-v1-predictor"';

describe('availability', () => {
  test('is the share of requests without a server error, of Istio', () => {
    const { name, rules } = availability(SUBJECT, { objective: 99.9, traffic: TRAFFIC });
    const total = `sum(rate(istio_requests_total{${CONDITIONS}}[5m]))`;
    expect(name).toBe('ai-service.n.s.availability');
    expect(rules[0]).toMatchObject({ record: 'ai_slo:events_total:rate5m', expr: total, labels: { ai_slo: 'availability' } });
    expect(rules[1]).toMatchObject({
      record: 'ai_slo:events_bad:rate5m',
      expr: `sum(rate(istio_requests_total{${CONDITIONS},response_code=~"5.."}[5m]))\nor\n0 * ${total}`,
    });
  });

  test('has an objective of 99 % when the service names none, and says so', () => {
    const alert = availability(SUBJECT, { objective: undefined, traffic: TRAFFIC }).rules.find((rule) => 'alert' in rule);
    expect(alert?.expr).toContain('> 0.144\n');
    expect(alert?.annotations.description).toContain('the objective of 99 % allows 1 %. (It is the default: the service sets no objective.)');
  });
});

describe('latency', () => {
  test('is the share of successful requests within the limit, by the bucket of that bound', () => {
    const { name, rules } = latency(SUBJECT, { objective: 99, below: 250, traffic: TRAFFIC });
    const total = `sum(rate(istio_request_duration_milliseconds_count{${CONDITIONS},response_code!~"5.."}[5m]))`;
    expect(name).toBe('ai-service.n.s.latency-250ms');
    expect(rules[0]).toMatchObject({ expr: total });
    expect(rules[1]).toMatchObject({
      expr: `${total}\n-\nsum(rate(istio_request_duration_milliseconds_bucket{${CONDITIONS},response_code!~"5..",le=~"250|250\\\\.0"}[5m]))`,
    });
  });

  test('tells when the bucket is not there', () => {
    const identity = '{namespace="n",ai_service="s",ai_slo="latency-2s500ms"}';
    expect(latency(SUBJECT, { objective: 99, below: 2500, traffic: TRAFFIC }).rules.at(-1)).toMatchObject({
      alert: 'AiSloLatencyBucketMissing',
      expr: `ai_slo:events_total:rate5m${identity} > 0\nunless\nai_slo:events_bad:rate5m${identity}`,
      labels: { severity: 'warning', ai_slo: 'latency-2s500ms' },
    });
  });

  test.each([
    [1, 'latency-1ms'],
    [60_000, 'latency-1m'],
    [2_500, 'latency-2s500ms'],
  ])('of %d ms is called %s', (below, name) => {
    expect(latencyName(below)).toBe(name);
  });
});
