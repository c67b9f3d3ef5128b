import { describe, expect, test } from 'vitest';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { Slo } from '../../src/service/slo.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Monitoring = NonNullable<AIServiceInput['monitoring']>;

const RESOURCES = { cpu: '1', memory: '1Gi' };
const KUBE = { prometheus: { version: '3.4', sources: ['kubeStateMetrics' as const] } };
const FUNCTION = { image: 'registry.example.com/f:1.0.0', resources: RESOURCES };
const VLLM: NonNullable<AIServiceInput['predictor']> = {
  framework: 'vllm',
  model: { uri: 's3://ml-models/chat/v46/' },
  resources: { ...RESOURCES, gpu: 1 },
  servedName: 'chat',
};

/** Rules of one concern. */
function rules(concern: string, monitoring: Monitoring, options: TargetOptions = {}): RuleGroup['rules'] {
  const objects = renderPrometheus(targetOf({ ...options, spec: { ...options.spec, monitoring } }), new Map());
  const groups = objects.flatMap(({ kind, spec }) =>
    kind === 'PrometheusRule' ? (spec as { groups: readonly RuleGroup[] }).groups : [],
  );
  return groups.find(({ name }) => name === `ai-service.risk-ml-prod.fraud-detector.${concern}`)?.rules ?? [];
}

function causes(options: TargetOptions): unknown[] {
  return rules('outage', {}, { cluster: KUBE, ...options }).map(({ labels }) => labels['cause']);
}

describe('the tiers of an objective', () => {
  test('are those that the service sets', () => {
    const slo = Slo.availability(99.9, {
      period: '7d',
      alerts: {
        fast: { long: '2h', minBadEvents: 20 },
        medium: { severity: 'ticket' },
        slow: false,
        longterm: { for: '90m' },
      },
    });
    const alerts = rules('slo-availability', { slos: [slo] }).flatMap((rule) => ('alert' in rule ? [rule] : []));
    expect(alerts.map((rule) => [rule.labels['burn_tier'], rule.labels['severity'], rule.for])).toEqual([
      ['fast', 'critical', '2m'],
      ['medium', 'warning', '5m'],
      ['longterm', 'warning', '90m'],
    ]);
    expect(alerts[0]?.expr).toMatch(/\[2h\]\) \* 60 >= 20$/);
    expect(rules('error-budget', { slos: [slo] }).map((rule) => ('record' in rule ? rule.record : ''))).toEqual([
      'ai_slo:objective:ratio',
      'ai_slo:error_budget_remaining:ratio7d',
    ]);
  });

  test('look at longer windows where the service expects few requests', () => {
    const options: TargetOptions = { spec: { traffic: { expectedRps: 0.1 } } };
    const alerts = rules('slo-availability', { slos: [Slo.availability(99.99)] }, options).flatMap((rule) =>
      'alert' in rule ? [rule] : [],
    );
    expect(
      alerts.map(({ expr }) => [...new Set([...expr.matchAll(/\[(\w+)\]/g)].map(([, window]) => window))]),
    ).toEqual([
      ['12h', '1h'],
      ['1d', '2h'],
      ['2d', '4h'],
      ['7d', '14h'],
    ]);
  });
});

describe('an objective on a length of time, where Prometheus converts histograms', () => {
  const converted: TargetOptions = { cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } };

  test('reads no buckets', () => {
    const ofIstio = rules('slo-latency-250ms', { slos: [Slo.latency({ below: '250ms', objective: 99 })] }, converted);
    const ofVllm = rules(
      'slo-ttft-1s',
      { slos: [Slo.timeToFirstToken({ below: '1s', objective: 95 })] },
      { ...converted, spec: { predictor: VLLM } },
    );
    expect(ofIstio[1]?.expr).toContain('histogram_fraction(250, +Inf,');
    expect(ofVllm[1]?.expr).toContain('histogram_fraction(1, +Inf,');
    expect(JSON.stringify([ofIstio, ofVllm])).not.toMatch(/_bucket|_count\{/);
  });
});

describe('an objective of the user', () => {
  test('is rendered without Istio too', () => {
    const slo = Slo.custom({
      name: 'settled',
      objective: 99,
      total: { metric: 'settled_total' },
      good: { metric: 'settled_total', labels: { ok: 'yes' } },
    });
    const own = 'settled_total{namespace="risk-ml-prod",ai_service="fraud-detector"';
    expect(rules('slo-settled', { slos: [slo] }, { cluster: { istio: undefined } })[0]?.expr).toBe(
      `sum(rate(${own}}[5m]))`,
    );
  });

  test('in PromQL is kept to the series of the service', () => {
    const slo = Slo.custom({
      name: 'settled',
      objective: 99,
      total: 'sum(rate(settled_total{env="$environment"}[5m]))',
      bad: 'sum(rate(lost_total[5m]))',
    });
    const metrics: Monitoring['metrics'] = { settled_total: { type: 'counter' }, lost_total: { type: 'counter' } };
    const [total, bad] = rules('slo-settled', { slos: [slo], metrics });
    expect(total?.expr).toBe(
      'sum(sum(rate(settled_total{ai_service="fraud-detector",namespace="risk-ml-prod",env="prod-eu"}[5m])))',
    );
    expect(bad?.expr).toContain(
      'sum(sum(rate(lost_total{ai_service="fraud-detector",namespace="risk-ml-prod"}[5m])))\nor\n',
    );
  });
});

describe('an objective on an InferenceGraph', () => {
  const slos = [
    Slo.availability(99.5, { graph: 'claims' }),
    Slo.latency({ below: '500ms', objective: 99, graph: 'claims' }),
    Slo.availability(99.9),
  ];
  const first = (concern: string, options: TargetOptions = {}): string | undefined =>
    rules(concern, { slos }, options)[0]?.expr;
  const called = (service: string, reporter = 'reporter="source"'): string =>
    `{${reporter},destination_service_namespace="risk-ml-prod",${service}`;

  test('counts the requests to its router, beside those to the service', () => {
    expect(first('slo-availability-claims')).toBe(
      `sum(rate(istio_requests_total${called('destination_service_name="claims"')}}[5m]))`,
    );
    expect(first('slo-latency-claims-500ms')).toContain(
      `istio_request_duration_milliseconds_count${called('destination_service_name="claims"')}`,
    );
    expect(first('slo-availability')).toContain('destination_service_name="fraud-detector-v46-predictor"');
  });

  test('counts those to its revisions on Knative, and at the waypoint in ambient mode', () => {
    expect(first('slo-availability-claims', { mode: 'Knative' })).toContain(
      called('destination_service_name=~"claims(-[0-9]+)?"'),
    );
    const ambient = { cluster: { istio: { version: '1.30', dataplane: 'ambient' as const } } };
    expect(first('slo-availability-claims', ambient)).toContain(
      called('destination_service_name="claims"', 'reporter=~"source|waypoint"'),
    );
  });

  test('comes after those on the service', () => {
    const objects = renderPrometheus(targetOf({ spec: { monitoring: { slos } } }), new Map());
    const groups = objects.flatMap(({ kind, spec }) =>
      kind === 'PrometheusRule' ? (spec as { groups: readonly RuleGroup[] }).groups : [],
    );
    expect(groups.slice(0, 3).map(({ name }) => name.split('.').at(-1))).toEqual([
      'slo-availability',
      'slo-availability-claims',
      'slo-latency-claims-500ms',
    ]);
  });

  test('says in its alerts which graph it is', () => {
    const [alert] = rules('slo-availability-claims', { slos }).flatMap((rule) => ('alert' in rule ? [rule] : []));
    expect([alert?.labels['ai_slo'], alert?.annotations.summary]).toEqual([
      'availability-claims',
      'fraud-detector uses up the error budget of its availability-claims objective too fast.',
    ]);
  });

  test('is not made of what queue-proxies count: those of a graph are not scraped', () => {
    const cluster = { istio: undefined, prometheus: { version: '3.4', sources: ['queueProxy' as const] } };
    expect([
      first('slo-availability-claims', { mode: 'Knative', cluster }),
      first('slo-availability', { mode: 'Knative', cluster }),
    ]).toEqual([undefined, expect.stringContaining('kn_serving_invocation_duration_seconds_count') as string]);
  });

  test('takes no windows from the rate of the service, which is not its own', () => {
    const spec = { traffic: { expectedRps: 0.1 } };
    const isWidened = (name: string): boolean =>
      rules(name, { slos }, { spec }).some(({ expr }) => expr.includes('[12h]'));
    expect(isWidened('slo-availability-claims')).toBe(false);
  });
});

test('the time to first token is that of the only vLLM, or of the one that is named', () => {
  const first = (monitoring: Monitoring, name: string, spec: TargetOptions['spec']): string | undefined =>
    rules(name, monitoring, { spec: spec! })[0]?.expr;
  const counted = (part: string): string =>
    `sum(rate(vllm:time_to_first_token_seconds_count{namespace="risk-ml-prod",ai_service="fraud-detector",part="${part}"}[5m]))`;
  expect(
    first({ slos: [Slo.timeToFirstToken({ below: '1s', objective: 95 })] }, 'slo-ttft-1s', { predictor: VLLM }),
  ).toBe(counted('predictor'));
  const spec: TargetOptions['spec'] = { function: FUNCTION, models: { chat: VLLM, code: VLLM } };
  expect(
    first({ slos: [Slo.timeToFirstToken({ below: '1s', objective: 95, part: 'code' })] }, 'slo-ttft-code-1s', spec),
  ).toBe(counted('code'));
});

describe('a total outage', () => {
  test('is seen in the requests, and in the replicas where kube-state-metrics counts them', () => {
    expect(causes({})).toEqual(['failing', 'no_replica']);
    expect(causes({ cluster: {} })).toEqual(['failing']);
  });

  test('is not seen in the replicas of what goes down to none without requests', () => {
    const scaling = { min: 0, max: 2, target: { concurrency: 1 } };
    const spec = {
      predictor: {
        framework: 'sklearn' as const,
        model: { uri: 's3://ml-models/x/v46/' },
        resources: RESOURCES,
        scaling,
      },
    };
    expect(causes({ spec, mode: 'Knative' })).toEqual(['failing']);
    expect(causes({ mode: 'Knative' })).toEqual(['failing', 'no_replica']);
  });

  test('is about the workloads that answer, of all releases', () => {
    const deployments = (options: TargetOptions): string | undefined =>
      /deployment=~?"([^"]+)"/.exec(rules('outage', {}, { cluster: KUBE, ...options })[1]?.expr ?? '')?.[1];
    expect(deployments({ candidate: { release: 'v47', weight: 10 } })).toBe(
      'fraud-detector-v46-predictor|fraud-detector-v47-predictor',
    );
    const predictor = { framework: 'sklearn' as const, model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES };
    expect(
      deployments({
        spec: { predictor, transformer: { image: 'registry.example.com/t:1.0.0', resources: RESOURCES } },
      }),
    ).toBe('fraud-detector-v46-transformer');
    expect(deployments({ mode: 'Knative' })).toBe('fraud-detector-v46-predictor-[0-9]{5}-deployment');
  });

  test('has the window that the service sets, or that its rate of requests needs, or is not watched', () => {
    const failing = (monitoring: Monitoring, expectedRps?: number): string =>
      rules('outage', monitoring, { spec: { traffic: { ...(expectedRps !== undefined && { expectedRps }) } } })[0]
        ?.expr ?? '';
    expect(failing({})).toMatch(/\[2m\]\)\) >= 5\n/);
    expect(failing({}, 0.02)).toMatch(/\[10m\]\)\) >= 5\n/);
    expect(failing({ outage: { window: '5m', minFailures: 3 } }, 0.02)).toMatch(/\[5m\]\)\) >= 3\n/);
    expect(failing({ outage: false })).toBe('');
    expect(failing({}, 0.0001)).toBe('');
  });
});
