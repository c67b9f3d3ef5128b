import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { Reference } from '../../src/service/reference.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const REFERENCES = new Map<string, Reference>([['./score.json', { edges: [0.5], shares: [0.9, 0.1] }]]);
const RESOURCES = { cpu: '1', memory: '1Gi' };
const LABELS = {
  'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
  'app.kubernetes.io/name': 'fraud-detector',
  'app.kubernetes.io/part-of': 'risk-ml',
  release: 'kube-prometheus-stack',
};
const STAMPS = [
  {
    action: 'replace',
    sourceLabels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'],
    targetLabel: 'ai_service',
  },
  {
    action: 'replace',
    sourceLabels: ['__meta_kubernetes_pod_label_app_kubernetes_io_version'],
    targetLabel: 'release',
  },
  { action: 'replace', sourceLabels: ['__meta_kubernetes_pod_label_app_kubernetes_io_component'], targetLabel: 'part' },
];
const PART = '__meta_kubernetes_pod_label_app_kubernetes_io_component';
const RELEASE = '__meta_kubernetes_pod_label_app_kubernetes_io_version';

function keep(regex: string): object {
  return { action: 'keep', sourceLabels: [PART], regex };
}

function render(options: TargetOptions = {}): KubeObject[] {
  return renderPrometheus(targetOf(options), REFERENCES);
}

function endpoints(options: TargetOptions): unknown {
  const monitor = render(options).find(({ kind }) => kind === 'PodMonitor');
  return (monitor?.spec as { podMetricsEndpoints: unknown } | undefined)?.podMetricsEndpoints;
}

function groups(options: TargetOptions): RuleGroup[] {
  const rule = render(options).find(({ kind }) => kind === 'PrometheusRule');
  return (rule?.spec as { groups: RuleGroup[] } | undefined)?.groups ?? [];
}

/** What is watched, without the rules that every service has for its health. */
function concerns(options: TargetOptions): string[] {
  const names = groups(options).map(({ name }) => name.replace('ai-service.risk-ml-prod.fraud-detector.', ''));
  return names.filter((name) => /^(?:slo-|drift-|error-budget$|outage$)/.test(name));
}

function total(options: TargetOptions): string {
  return /\{(.*)\}/.exec(groups(options)[0]?.rules[0]?.expr ?? '')?.[1] ?? '';
}

function server(fields: Partial<NonNullable<AIServiceInput['predictor']>>): NonNullable<AIServiceInput['predictor']> {
  return { framework: 'sklearn', model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES, ...fields };
}

function custom(fields: Partial<NonNullable<AIServiceInput['predictor']>>): NonNullable<AIServiceInput['predictor']> {
  return { framework: 'custom', image: 'registry.example.com/x:1.0.0', resources: RESOURCES, ...fields };
}

describe('a PodMonitor', () => {
  test('scrapes the pods of a service and stamps service, release and part on all series', () => {
    expect(render()[0]).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: 'fraud-detector', namespace: 'risk-ml-prod', labels: LABELS },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'fraud-detector' } },
        podMetricsEndpoints: [{ portNumber: 8080, path: '/metrics', relabelings: [keep('predictor'), ...STAMPS] }],
      },
    });
  });

  test.each([
    ['sklearn', 8080],
    ['vllm', 8080],
    ['triton', 8002],
    ['mlflow', 8082],
    ['pytorch', 8082],
  ] as const)('scrapes %s on port %d', (framework, portNumber) => {
    const predictor = server({ framework, servedName: 'x' });
    expect(endpoints({ spec: { predictor } })).toEqual([
      { portNumber, path: '/metrics', relabelings: [keep('predictor'), ...STAMPS] },
    ]);
  });

  test('finds pods on Knative by the one port that they may declare, and scrapes another', () => {
    const predictor = server({ framework: 'triton', servedName: 'x', scaling: { min: 1, target: { concurrency: 1 } } });
    const address = {
      action: 'replace',
      sourceLabels: ['__address__'],
      targetLabel: '__address__',
      regex: '(.+):\\d+',
      replacement: '$1:8002',
    };
    expect(endpoints({ mode: 'Knative', spec: { predictor } })).toEqual([
      { portNumber: 8080, path: '/metrics', relabelings: [keep('predictor'), address, ...STAMPS] },
    ]);
  });

  test('has one endpoint for each port and path, kept to the parts that have it', () => {
    const spec: Partial<AIServiceInput> = {
      predictor: server({}),
      models: {
        embedder: server({ framework: 'triton', servedName: 'e' }),
        ranker: server({ framework: 'xgboost' }),
        plain: server({ framework: 'tensorflow' }),
      },
      transformer: { image: 'registry.example.com/t:1.0.0', port: 9000, metrics: {}, resources: RESOURCES },
      explainer: { image: 'registry.example.com/e:1.0.0', resources: RESOURCES },
      function: { image: 'registry.example.com/f:1.0.0', metrics: { path: '/prometheus' }, resources: RESOURCES },
    };
    expect(endpoints({ spec })).toEqual([
      { portNumber: 8002, path: '/metrics', relabelings: [keep('embedder'), ...STAMPS] },
      { portNumber: 8080, path: '/metrics', relabelings: [keep('predictor|ranker'), ...STAMPS] },
      { portNumber: 8080, path: '/prometheus', relabelings: [keep('function'), ...STAMPS] },
      { portNumber: 9000, path: '/metrics', relabelings: [keep('transformer'), ...STAMPS] },
    ]);
  });

  test('scrapes a custom server where it says', () => {
    expect(endpoints({ spec: { predictor: custom({ port: 5000, metrics: { path: '/m' } }) } })).toMatchObject([
      { portNumber: 5000, path: '/m' },
    ]);
    expect(endpoints({ spec: { predictor: custom({ metrics: { port: 9100 } }) } })).toMatchObject([
      { portNumber: 9100, path: '/metrics' },
    ]);
  });

  test('says which histograms are to be kept, where the cluster keeps native ones', () => {
    const fields = (
      version: string,
      nativeHistograms: 'scraped' | 'converted' | undefined,
      native: boolean,
    ): object => {
      const predictor = {
        framework: 'sklearn' as const,
        model: { uri: 's3://m/v46/' },
        resources: RESOURCES,
        exports: { predictions: 'score', native },
      };
      const [monitor] = render({
        cluster: { prometheus: { version, ...(nativeHistograms && { nativeHistograms }) } },
        spec: { predictor },
      });
      const {
        selector: _selector,
        podMetricsEndpoints: _endpoints,
        ...rest
      } = monitor?.spec as Record<string, unknown>;
      return rest;
    };
    expect(fields('3.8', undefined, false)).toEqual({});
    // Of what is exposed in both forms only the native one would be kept, and these rules read buckets.
    expect(fields('3.8', 'scraped', false)).toEqual({ scrapeClassicHistograms: true });
    expect(fields('3.8', 'scraped', true)).toEqual({ scrapeClassicHistograms: true, scrapeNativeHistograms: true });
    // A feature flag of the server says so before.
    expect(fields('3.7', 'scraped', true)).toEqual({ scrapeClassicHistograms: true });
    expect([fields('3.8', 'converted', false), fields('3.8', 'converted', true)]).toEqual([
      {},
      { scrapeNativeHistograms: true },
    ]);
  });

  test('is not there when no part has metrics', () => {
    expect(render({ spec: { predictor: custom({}) } }).map(({ kind }) => kind)).toEqual([
      'PrometheusRule',
      'PrometheusRule',
    ]);
  });

  test('tells releases apart when the next one has its metrics elsewhere', () => {
    const target = targetOf({ candidate: { release: 'v47', weight: 10 } });
    const [stable, candidate] = target.serving.workloads;
    if (stable?.kind !== 'server' || candidate?.kind !== 'server') throw new Error('two servers were expected');
    const moved = { ...candidate, server: { ...candidate.server, framework: 'triton' as const } };
    const [monitor] = renderPrometheus(
      { ...target, serving: { ...target.serving, workloads: [stable, moved] } },
      REFERENCES,
    );
    const each = (regex: string): object => ({ action: 'keep', sourceLabels: [PART, RELEASE], regex });
    expect(monitor?.spec).toMatchObject({
      podMetricsEndpoints: [
        { portNumber: 8002, relabelings: [each('predictor;v47'), ...STAMPS] },
        { portNumber: 8080, relabelings: [each('predictor;v46'), ...STAMPS] },
      ],
    });
  });
});

describe('a PrometheusRule', () => {
  const monitoring: AIServiceInput['monitoring'] = {
    slos: [{ latency: { below: '250ms', objective: 99 } }, { availability: { objective: 99.9 } }],
    drift: [{ psi: { metric: 'score', reference: './score.json' } }],
  };
  const spec: Partial<AIServiceInput> = { predictor: server({ exports: { predictions: 'score' } }), monitoring };

  test('has one group for each objective and drift rule, in the order of the service', () => {
    const rule = render({ spec })[1];
    expect({ ...rule, spec: undefined }).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'fraud-detector', namespace: 'risk-ml-prod', labels: LABELS },
    });
    expect(concerns({ spec })).toEqual([
      'slo-latency-250ms',
      'slo-availability',
      'error-budget',
      'outage',
      'drift-score',
    ]);
  });

  test('watches the availability of a service that asks for nothing', () => {
    expect(concerns({})).toEqual(['slo-availability', 'error-budget', 'outage']);
  });

  test('names the team and where it is reached', () => {
    const [group] = groups({ spec: { owner: { team: 'risk-ml', escalation: '#risk-ml-oncall' } } });
    const alert = group?.rules.find((rule) => 'alert' in rule);
    expect(alert?.labels).toEqual({
      severity: 'critical',
      ai_service: 'fraud-detector',
      namespace: 'risk-ml-prod',
      team: 'risk-ml',
      ai_slo: 'availability',
      burn_tier: 'fast',
    });
    expect(alert?.annotations.description).toMatch(
      /^fraud-detector in prod-eu \(namespace risk-ml-prod\): .* Team risk-ml, #risk-ml-oncall\.$/,
    );
  });

  test('wakes nobody up for a stage that is not prod', () => {
    const severities = groups({ environment: { stage: 'dev' } }).flatMap(({ rules }) =>
      rules.map(({ labels }) => labels['severity']),
    );
    expect(severities).not.toContain('critical');
    expect(severities).toContain('warning');
  });

  test('leaves out a drift rule without its reference, and one whose metric no part exports', () => {
    const drift = (metric: string, reference: string): Partial<AIServiceInput> => ({
      ...spec,
      monitoring: { drift: [{ psi: { metric, reference } }] },
    });
    expect(concerns({ spec: drift('score', './other.json') })).not.toContain('drift-score');
    expect(concerns({ spec: drift('other', './score.json') })).not.toContain('drift-other');
    expect(concerns({ spec: drift('score', './score.json') })).toContain('drift-score');
  });

  test('has no objectives without Istio, and does not notice a missing metric', () => {
    const cluster = { istio: undefined };
    expect(concerns({ spec, cluster })).toEqual(['drift-score']);
    const drift = groups({ spec, cluster }).find(({ name }) => name.endsWith('.drift-score'));
    expect(drift?.rules.map((rule) => ('alert' in rule ? rule.alert : undefined)).filter(Boolean)).toEqual([
      'AiDrift',
      'AiDriftBucketMismatch',
    ]);
    expect(concerns({ cluster })).toEqual([]);
  });
});

describe('requests are those', () => {
  const to = (service: string, reporter = 'reporter="source"'): string =>
    `${reporter},destination_service_namespace="risk-ml-prod",destination_service_name${service}`;

  test('to the predictors of all releases that run', () => {
    expect(total({})).toBe(to('="fraud-detector-v46-predictor"'));
    expect(total({ candidate: { release: 'v47', weight: 0 }, previous: 'v45' })).toBe(
      to('=~"fraud-detector-v45-predictor|fraud-detector-v46-predictor|fraud-detector-v47-predictor"'),
    );
    expect(total({ environment: { rollout: 'replace' } })).toBe(to('="fraud-detector-main-predictor"'));
  });

  test('to the transformer, where there is one', () => {
    const transformer = { image: 'registry.example.com/t:1.0.0', resources: RESOURCES };
    expect(total({ spec: { predictor: server({}), transformer } })).toBe(to('="fraud-detector-v46-transformer"'));
  });

  test('to the function, where there is one, by its Service or its revisions', () => {
    const spec = { predictor: server({}), function: { image: 'registry.example.com/f:1.0.0', resources: RESOURCES } };
    expect(total({ spec })).toBe(to('=~"fraud-detector-function-v46(-[0-9]+)?"'));
    expect(total({ spec, cluster: { knative: undefined } })).toBe(to('="fraud-detector-function-v46"'));
  });

  test('to the revisions of a predictor on Knative', () => {
    expect(total({ mode: 'Knative', candidate: { release: 'v47', weight: 10 } })).toBe(
      to('=~"fraud-detector-v46-predictor(-[0-9]+)?|fraud-detector-v47-predictor(-[0-9]+)?"'),
    );
  });

  test('that a waypoint saw in ambient mode, and those of the gateway when the service is public', () => {
    const cluster = { istio: { version: '1.30', dataplane: 'ambient' as const, gateway: 'istio-system/public' } };
    expect(total({ cluster })).toBe(to('="fraud-detector-v46-predictor"', 'reporter="waypoint"'));
    expect(total({ cluster, spec: { traffic: { visibility: 'public' } } })).toBe(
      to('="fraud-detector-v46-predictor"', 'reporter=~"source|waypoint"'),
    );
    expect(total({ cluster, mode: 'Knative' })).toBe(to('=~"fraud-detector-v46-predictor(-[0-9]+)?"'));
  });
});

test('a cluster without Prometheus gets nothing', () => {
  expect(render({ cluster: { prometheus: undefined } })).toEqual([]);
});
