import { describe, expect, test } from 'vitest';
import type { PodMonitor } from '../../imports/monitoring.coreos.com/v1.js';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { Slo } from '../../src/service/slo.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Sources = readonly ('kubeStateMetrics' | 'queueProxy')[];

const RESOURCES = { cpu: '1', memory: '1Gi' };

/** A service on Knative, whose Istio only routes: Prometheus does not scrape it. */
function onKnative(sources: Sources, knative: string | [string, string], more: TargetOptions = {}): TargetOptions {
  const cluster = {
    istio: { version: '1.30', dataplane: 'sidecar' as const, metrics: false },
    knative: { version: knative },
    prometheus: { version: '3.4', sources },
  };
  const monitoring = { slos: [Slo.availability(99.9), Slo.latency({ below: '100ms', objective: 99 })] };
  return { mode: 'Knative', ...more, cluster, spec: { monitoring, ...more.spec } };
}

function groupsOf(options: TargetOptions): readonly RuleGroup[] {
  const objects = renderPrometheus(targetOf(options), new Map());
  return objects.flatMap(({ kind, spec }) =>
    kind === 'PrometheusRule' ? (spec as { groups: readonly RuleGroup[] }).groups : [],
  );
}

function concerns(options: TargetOptions): string[] {
  return groupsOf(options).map(({ name }) => name.replace('ai-service.risk-ml-prod.fraud-detector.', ''));
}

/** The expressions of a concern, on one line each. */
function exprs(concern: string, options: TargetOptions): string[] {
  const group = groupsOf(options).find(({ name }) => name.endsWith(`.${concern}`));
  return (group?.rules ?? []).map(({ expr }) => expr.replaceAll(/\s+/g, ' '));
}

function endpoints(options: TargetOptions): unknown[] {
  const monitor = renderPrometheus(targetOf(options), new Map()).find(({ kind }) => kind === 'PodMonitor') as
    PodMonitor | undefined;
  return (monitor?.spec.podMetricsEndpoints ?? []).map(({ portNumber, path, relabelings = [] }) => [
    portNumber,
    path,
    relabelings[0]?.regex,
    ...relabelings.slice(1).map(({ targetLabel }) => targetLabel),
  ]);
}

const OWN = 'namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"';

describe('where queue-proxies count the requests', () => {
  test.each([
    ['1.18.2', 'revision_request_count', 'response_code'],
    ['1.19.7', 'kn_queueproxy_app_duration_seconds_count', 'http_response_status_code'],
    ['1.20.1', 'kn_serving_invocation_duration_seconds_count', 'http_response_status_code'],
  ])('availability is what Knative %s counts in %s', (version, metric, code) => {
    const [total, bad] = exprs('slo-availability', onKnative(['queueProxy'], version));
    expect(total).toBe(`sum(rate(${metric}{${OWN}}[5m]))`);
    expect(bad).toMatch(`sum(rate(${metric}{${OWN},${code}=~"5.."}[5m])) or 0 * `);
  });

  test.each([
    ['1.18.2', 'revision_request_latencies', 'response_code', 'le=~"100|100\\\\.0"'],
    ['1.19.7', 'kn_queueproxy_app_duration_seconds', 'http_response_status_code', 'le="0.1"'],
    ['1.20.1', 'kn_serving_invocation_duration_seconds', 'http_response_status_code', 'le="0.1"'],
  ])('latency on Knative %s is that of %s, in its unit', (version, metric, code, le) => {
    const [total, bad] = exprs('slo-latency-100ms', onKnative(['queueProxy'], version));
    expect(total).toBe(`sum(rate(${metric}_count{${OWN},${code}!~"5.."}[5m]))`);
    expect(bad).toContain(` - sum(rate(${metric}_bucket{${OWN},${code}!~"5..",${le}}[5m]))`);
  });

  test('an outage is that they answer nothing, or that no replica is ready', () => {
    const [failing, ...more] = exprs('outage', onKnative(['kubeStateMetrics', 'queueProxy'], '1.21.1'));
    const requests = `kn_serving_invocation_duration_seconds_count{${OWN}`;
    expect(failing).toBe(
      `sum(increase(${requests},http_response_status_code=~"5.."}[2m])) >= 5 unless sum(increase(${requests},http_response_status_code!~"5.."}[2m])) > 0`,
    );
    expect(more).toEqual([expect.stringContaining('kube_deployment_status_replicas_available') as string]);
    expect(exprs('outage', onKnative(['queueProxy'], '1.21.1'))).toEqual([failing]);
  });

  test('both names are asked for while Knative is upgraded', () => {
    const options = onKnative(['queueProxy'], ['1.18.2', '1.20.0']);
    expect(exprs('slo-availability', options)[0]).toBe(
      `sum( rate(kn_queueproxy_app_duration_seconds_count{${OWN}}[5m]) or rate(revision_request_count{${OWN}}[5m]) )`,
    );
    expect(exprs('slo-latency-100ms', options)[0]).toMatch(
      /^sum\( rate\(kn_queueproxy_app_duration_seconds_count\{.+ or rate\(revision_request_latencies_count\{/,
    );
  });

  test('of a transformer only its own count, or every request would count twice', () => {
    const transformer = { image: 'registry.example.com/t:1.0.0', resources: RESOURCES };
    const [total] = exprs('slo-availability', onKnative(['queueProxy'], '1.21.1', { spec: { transformer } }));
    expect(total).toContain('part="transformer"');
    expect(total).not.toContain('part="predictor"');
  });

  test('where only one of two releases has a transformer, each counts what answers it', () => {
    const transformer = { image: 'registry.example.com/t:1.0.0', resources: RESOURCES };
    const target = targetOf(
      onKnative(['queueProxy'], '1.21.1', { spec: { transformer }, candidate: { release: 'v47', weight: 10 } }),
    );
    const { candidate } = target.serving;
    const without = { ...candidate!, workload: { ...candidate!.workload, transformer: undefined } } as typeof candidate;
    const [, rule] = renderPrometheus({ ...target, serving: { ...target.serving, candidate: without } }, new Map());
    const [total] = (rule?.spec as { groups: readonly RuleGroup[] }).groups[0]?.rules ?? [];
    const counted = 'kn_serving_invocation_duration_seconds_count{namespace="risk-ml-prod",ai_service="fraud-detector"';
    expect(total?.expr.replaceAll(/\s+/g, ' ')).toBe(
      `sum( rate(${counted},part="predictor",release="v47"}[5m]) or rate(${counted},part="transformer",release="v46"}[5m]) )`,
    );
  });

  test('a function is what answers', () => {
    const spec = { function: { image: 'registry.example.com/f:1.0.0', resources: RESOURCES } };
    const [total] = exprs('slo-availability', onKnative(['queueProxy'], '1.21.1', { spec, mode: 'Standard' }));
    expect(total).toContain('part="function"');
  });

  test('a release change changes no line', () => {
    const [before, during] = [{}, { candidate: { release: 'v47', weight: 10 } }].map((more) =>
      exprs('slo-availability', onKnative(['queueProxy'], '1.21.1', more)),
    );
    expect(during).toEqual(before);
  });
});

describe('a candidate where queue-proxies count the requests', () => {
  const releases = (options: TargetOptions): RuleGroup['rules'] =>
    groupsOf(options).find(({ name }) => name.endsWith('.releases'))?.rules ?? [];
  const named = (options: TargetOptions): string[] =>
    releases(options).map((rule) => ('alert' in rule ? rule.alert : rule.record));
  const candidate = { release: 'v47', weight: 10 };

  test('is compared with the stable release by the pods of each', () => {
    const options = onKnative(['queueProxy'], '1.21.1', { candidate });
    expect(named(options)).toEqual(
      expect.arrayContaining(['AiCandidateFailing', 'AiCandidateSlow', 'AiTrafficShareDiffers']),
    );
    const counted =
      'kn_serving_invocation_duration_seconds_count{namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"';
    expect(
      exprs('releases', options).filter((expr) => expr.startsWith('sum(increase(') && !expr.includes(' or ')),
    ).toEqual([`sum(increase(${counted},release="v46"}[10m]))`, `sum(increase(${counted},release="v47"}[10m]))`]);
  });

  test('is not compared where they are not scraped', () => {
    expect(named(onKnative([], '1.21.1', { candidate }))).toEqual([
      'ai_release:info',
      'ai_release:info',
      'AiCandidateStuck',
    ]);
  });
});

test('a metric that is promised is missed when queue-proxies count requests', () => {
  const transformer = {
    image: 'registry.example.com/t:1.0.0',
    resources: RESOURCES,
    metrics: {},
    exports: { schema: true },
  };
  const missing = exprs(
    'input-schema',
    onKnative(['queueProxy'], '1.21.1', { spec: { transformer, monitoring: { schema: { missing: ['amount'] } } } }),
  ).at(-1);
  expect(missing).toMatch(
    /^sum\(increase\(kn_serving_invocation_duration_seconds_count\{.+,part="transformer"\}\[15m\]\)\) > 100 unless /,
  );
});

describe('the PodMonitor', () => {
  const STAMPED = ['ai_service', 'release', 'part'];

  test('scrapes queue-proxies with the labels of the pods, beside the containers', () => {
    expect(endpoints(onKnative(['queueProxy'], '1.21.1'))).toEqual([
      [8080, '/metrics', 'predictor', ...STAMPED],
      [9091, '/metrics', 'predictor', ...STAMPED],
    ]);
    expect(endpoints(onKnative([], '1.21.1'))).toEqual([[8080, '/metrics', 'predictor', ...STAMPED]]);
  });

  test('knows none in Standard mode, where there are no queue-proxies', () => {
    expect(
      endpoints({ ...onKnative(['queueProxy'], '1.21.1'), mode: 'Standard', spec: {} }).map(
        (endpoint) => (endpoint as unknown[])[0],
      ),
    ).toEqual([8080]);
  });

  test('that finds nobody at their port is told of apart from the containers', () => {
    const up = (source: Sources): string[] =>
      exprs('pods', onKnative(source, '1.21.1')).flatMap((expr) => /\bup\{[^}]*\}/.exec(expr)?.[0] ?? []);
    const own = 'up{namespace="risk-ml-prod",ai_service="fraud-detector"';
    expect(up(['kubeStateMetrics', 'queueProxy'])).toEqual([
      `${own},container!="queue-proxy"}`,
      `${own},container="queue-proxy"}`,
    ]);
    expect(up(['kubeStateMetrics'])).toEqual([`${own}}`]);
  });
});

test.each([
  ['are not said to be scraped', onKnative([], '1.21.1')],
  ['do not stand in front of what answers', { ...onKnative(['queueProxy'], '1.21.1'), mode: 'Standard' as const }],
  [
    'count in histograms that Prometheus converts',
    {
      ...onKnative([], '1.21.1'),
      cluster: {
        ...onKnative([], '1.21.1').cluster,
        prometheus: { version: '3.4', sources: ['queueProxy' as const], nativeHistograms: 'converted' as const },
      },
    },
  ],
])('there are no objectives on requests where queue-proxies %s', (_, options) => {
  expect(concerns(options)).toEqual(['releases']);
});

test('Istio counts the requests where it is scraped, also those that never reached a pod', () => {
  const { cluster, ...rest } = onKnative(['queueProxy'], '1.21.1');
  const [total] = exprs('slo-availability', {
    ...rest,
    cluster: { ...cluster, istio: { version: '1.30', dataplane: 'sidecar' } },
  });
  expect(total).toContain('istio_requests_total');
});
