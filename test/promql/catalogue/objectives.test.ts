import { describe, expect, test } from 'vitest';
import { availability } from '../../../src/promql/catalogue/availability.ts';
import type { BurnPromise } from '../../../src/promql/catalogue/burn-rate.ts';
import { latency, timeToFirstToken } from '../../../src/promql/catalogue/latency.ts';
import type { IstioTraffic } from '../../../src/promql/metrics.ts';
import type { Subject } from '../../../src/promql/rule.ts';
import { equal, exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const TRAFFIC: IstioTraffic = { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] };
const CONDITIONS = 'reporter="source",destination_service_namespace="n",destination_service_name="s-v1-predictor"';

const promise = (objective: number): BurnPromise => ({ objective, days: 30, tiers: {} });
const recordedTotal = (name: string): string =>
  `sum(ai_slo:events_total:rate5m{namespace="n",ai_service="s",ai_slo="${name}"})`;

describe('availability', () => {
  test('is the share of requests without a server error, of Istio', () => {
    const { name, rules } = availability(SUBJECT, {
      name: 'availability',
      ...promise(99.9),
      source: { istio: TRAFFIC },
      byDefault: false,
    });
    expect(name).toBe('ai-service.n.s.slo-availability');
    expect(rules[0]).toMatchObject({
      record: 'ai_slo:events_total:rate5m',
      expr: `sum(rate(istio_requests_total{${CONDITIONS}}[5m]))`,
      labels: { ai_slo: 'availability' },
    });
    expect(rules[1]).toMatchObject({
      record: 'ai_slo:events_bad:rate5m',
      expr: `sum(rate(istio_requests_total{${CONDITIONS},response_code=~"5.."}[5m]))\nor\n0 * ${recordedTotal('availability')}`,
    });
  });

  test('of a vLLM that nobody else counts the requests of is what it counts itself, without probes', () => {
    const own = [equal('namespace', 'n'), equal('part', 'predictor')];
    const { rules } = availability(SUBJECT, {
      name: 'availability',
      ...promise(99),
      source: { vllm: own },
      byDefault: false,
    });
    const counted = 'http_requests_total{namespace="n",part="predictor",handler=~"/v1/.*"';
    expect(rules[0]).toMatchObject({ expr: `sum(rate(${counted}}[5m]))` });
    expect(rules[1]).toMatchObject({
      expr: `sum(rate(${counted},status="5xx"}[5m]))\nor\n0 * ${recordedTotal('availability')}`,
    });
  });

  test('says when the service sets no objective', () => {
    const alert = availability(SUBJECT, {
      name: 'availability',
      ...promise(99),
      source: { istio: TRAFFIC },
      byDefault: true,
    }).rules.find((rule) => 'alert' in rule);
    expect(alert?.annotations.description).toContain(
      'the objective of 99 % allows 1 %. (It is the default: the service sets no objective.)',
    );
  });
});

describe('latency', () => {
  test('is the share of successful requests within the limit, by the bucket of that bound', () => {
    const { name, rules } = latency(SUBJECT, {
      ...promise(99),
      name: 'latency-250ms',
      below: 250,
      form: 'classic',
      traffic: TRAFFIC,
    });
    expect(name).toBe('ai-service.n.s.slo-latency-250ms');
    expect(rules[0]).toMatchObject({
      expr: `sum(rate(istio_request_duration_milliseconds_count{${CONDITIONS},response_code!~"5.."}[5m]))`,
    });
    expect(rules[1]).toMatchObject({
      expr: `${recordedTotal('latency-250ms')}\n-\nsum(rate(istio_request_duration_milliseconds_bucket{${CONDITIONS},response_code!~"5..",le=~"250|250\\\\.0"}[5m]))`,
    });
  });

  test('tells when the bucket is not there', () => {
    const identity = '{namespace="n",ai_service="s",ai_slo="latency-2s500ms"}';
    expect(
      latency(SUBJECT, {
        ...promise(99),
        name: 'latency-2s500ms',
        below: 2500,
        form: 'classic',
        traffic: TRAFFIC,
      }).rules.at(-1),
    ).toMatchObject({
      alert: 'AiSloLatencyBucketMissing',
      expr: `ai_slo:events_total:rate5m${identity} > 0\nunless\nai_slo:events_bad:rate5m${identity}`,
      labels: { severity: 'warning', ai_slo: 'latency-2s500ms' },
    });
  });
});

describe('latency by a native histogram', () => {
  test('is the fraction above the limit, and none where there are no requests', () => {
    const { rules } = latency(SUBJECT, {
      ...promise(99),
      name: 'latency-250ms',
      below: 250,
      form: 'native',
      traffic: TRAFFIC,
    });
    const rates = `sum(rate(istio_request_duration_milliseconds{${CONDITIONS},response_code!~"5.."}[5m]))`;
    const total = recordedTotal('latency-250ms');
    expect(rules[0]).toMatchObject({ expr: `histogram_count(${rates})` });
    expect((rules[1]?.expr ?? '').replace(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')')).toBe(
      `${total} * histogram_fraction(250, +Inf, ${rates}) > 0 or 0 * ${total}`,
    );
    expect(rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []))).not.toContain('AiSloLatencyBucketMissing');
  });
});

test('the time to first token is that of a vLLM, in seconds', () => {
  const own = [equal('namespace', 'n'), equal('ai_service', 's'), equal('part', 'predictor')];
  const { rules } = timeToFirstToken(SUBJECT, {
    ...promise(95),
    name: 'ttft-2s500ms',
    below: 2500,
    form: 'classic',
    own,
  });
  const labels = 'namespace="n",ai_service="s",part="predictor"';
  expect(rules[0]).toMatchObject({
    expr: `sum(rate(vllm:time_to_first_token_seconds_count{${labels}}[5m]))`,
    labels: { ai_slo: 'ttft-2s500ms' },
  });
  expect(rules[1]).toMatchObject({
    expr: `${recordedTotal('ttft-2s500ms')}\n-\nsum(rate(vllm:time_to_first_token_seconds_bucket{${labels},le="2.5"}[5m]))`,
  });
  expect(rules.at(-1)).toMatchObject({
    alert: 'AiSloLatencyBucketMissing',
    annotations: {
      description: expect.stringContaining('vllm:time_to_first_token_seconds has no bucket of 2s500ms') as string,
    },
  });
});
