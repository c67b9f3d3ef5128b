import { describe, expect, test } from 'vitest';
import { canHave, analyze } from '../../src/promql/analyze.ts';
import { parsePromql } from '../../src/promql/parse.ts';
import { seriesOf } from '../../src/promql/known-metrics.ts';
import { knownMetrics } from '../../src/render/custom-rules.ts';
import { dashboardObject, renderGrafana } from '../../src/render/grafana.ts';
import { builtInGroups, renderPrometheus } from '../../src/render/prometheus.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly description?: string;
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: object;
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly value: { readonly fixedColor: string } }[];
    }[];
  };
  /** Of a row. */
  readonly collapsed?: boolean;
  readonly panels?: readonly Panel[];
}

type Slos = NonNullable<NonNullable<NonNullable<TargetOptions['spec']>['monitoring']>['slos']>;

interface Overview {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

function withGrafana(options: TargetOptions): TargetOptions {
  return { ...options, cluster: { ...options.cluster, grafana: { folder: 'AI services' } } };
}

function textOf(options: TargetOptions): string {
  const target = targetOf(withGrafana(options));
  const [object] = renderGrafana(target, renderPrometheus(target, REFERENCES));
  return Object.values(object?.['data'] as Record<string, string>)[0] ?? '';
}

const overviewOf = (options: TargetOptions): Overview => JSON.parse(textOf(options)) as Overview;
/** Those of folded rows too. */
const panelsOf = ({ panels }: Overview): Panel[] => panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
const queriesOf = (overview: Overview): { expr: string; legendFormat: string }[] =>
  panelsOf(overview).flatMap(({ targets = [] }) => [...targets]);

test('the dashboard of a service is a ConfigMap that the sidecar finds', () => {
  const target = targetOf(withGrafana({}));
  const [object, ...others] = renderGrafana(target, renderPrometheus(target, new Map()));
  expect(others).toEqual([]);
  expect(object).toMatchObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'fraud-detector-dashboard',
      namespace: 'risk-ml-prod',
      annotations: { grafana_folder: 'AI services' },
    },
  });
  expect(object?.metadata.labels).toMatchObject({ grafana_dashboard: '1', 'app.kubernetes.io/part-of': 'risk-ml' });
  expect(Object.keys(object?.['data'] as object)).toEqual(['fraud-detector-dashboard.prod-eu.eu-1.json']);
});

test('its rows answer a question each; details are folded up below, and the name and identity stay', () => {
  const { uid, title, panels } = overviewOf(WATCHED['a predictor with everything, and a candidate']!);
  expect([uid, title]).toEqual(['fraud-detector-prod-eu-eu-1', 'fraud-detector in prod-eu on eu-1']);
  const shown = panels.flatMap((panel) =>
    panel.type === 'row'
      ? [`${panel.collapsed ? '+' : '#'} ${panel.title}`, ...(panel.panels ?? []).map((inner) => inner.title)]
      : [panel.title],
  );
  expect(shown).toEqual([
    '# Is it well?',
    'Alerts that fire',
    'Error budgets that are left',
    '# How fast?',
    'Time to answer',
    '# How much?',
    'Requests by answer',
    'Replicas',
    '# Which release?',
    'What Git says',
    'Share of the requests',
    'Share that fails',
    '95th percentile of the time to answer',
    'Candidate against stable',
    '+ Objective: availability',
    'Share of bad events',
    'Events',
    '+ Objective: latency-250ms',
    'Share of bad events',
    'Events',
    '+ Objective: chargebacks',
    'Share of bad events',
    'Events',
    '+ Drift: score',
    'Distance from the reference',
    'Shares of the bins',
    '+ Drift: feature_amount',
    'Distance from the reference',
    'Shares of the bins',
    '+ Drift: feature_age',
    'Distance from the reference',
    'Shares of the bins',
    '+ Input of the model',
    'Instances that break a rule',
    '+ Starts and cost',
    'Start of a replica',
    'Cost in an hour',
    '+ Recordings of the service',
    'service:payments:rate5m',
  ]);
});

/** What a panel asks, by legend. */
function asked(options: TargetOptions, title: string): Record<string, string> {
  const targets = panelsOf(overviewOf(options))
    .filter((panel) => panel.title === title)
    .flatMap((panel) => panel.targets ?? []);
  return Object.fromEntries(targets.map(({ legendFormat, expr }) => [legendFormat, expr]));
}

const ISTIO =
  'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"';
const QUEUE_PROXY: TargetOptions = {
  mode: 'Knative',
  cluster: {
    istio: undefined,
    knative: { version: '1.21.1' },
    prometheus: { version: '3.4', sources: ['queueProxy'] },
  },
};
const OWN = 'namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"';

describe('how fast it is', () => {
  const at = (quantile: string, matchers: string): string =>
    `histogram_quantile(${quantile}, sum by (le) (rate(istio_request_duration_milliseconds_bucket{${matchers}}[5m])))`;

  test('is shown as the median, 95th and 99th percentile, of what did not fail', () => {
    const answered = `${ISTIO},response_code!~"5.."`;
    expect(asked({}, 'Time to answer')).toEqual({
      p50: at('0.5', answered),
      p95: at('0.95', answered),
      p99: at('0.99', answered),
    });
  });

  test('is beside the limits of its objectives, and at their quantiles', () => {
    const slos: Slos = [
      { latency: { below: '250ms', objective: 99 } },
      { latency: { below: '1s', objective: 99.9 } },
      { latency: { below: '100ms', objective: 90, quantile: 0.8 } },
    ];
    const options: TargetOptions = { spec: { monitoring: { slos } } };
    const panel = panelsOf(overviewOf(options)).find(({ title }) => title === 'Time to answer');
    expect(Object.keys(asked(options, 'Time to answer'))).toEqual(['p50', 'p80', 'p95', 'p99', 'p99.9']);
    expect(panel?.fieldConfig?.defaults).toEqual({
      unit: 'ms',
      min: 0,
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 100 },
          { color: 'red', value: 250 },
          { color: 'red', value: 1000 },
        ],
      },
      custom: { thresholdsStyle: { mode: 'dashed' } },
    });
    expect(panel?.description).toBe(
      'Lines are limits. latency-250ms: 99 % must be faster. latency-1s: 99.9 % must be faster. latency-100ms: 90 % must be faster.',
    );
  });

  test('has no line without an objective', () => {
    const panel = panelsOf(overviewOf({})).find(({ title }) => title === 'Time to answer');
    expect(panel?.fieldConfig?.defaults).toEqual({ unit: 'ms', min: 0 });
    expect(panel?.description).toBeUndefined();
  });

  test('is asked of native histograms where Prometheus keeps those', () => {
    const converted: TargetOptions = { cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } };
    expect(asked(converted, 'Time to answer')['p95']).toBe(
      `histogram_quantile(0.95, sum(rate(istio_request_duration_milliseconds{${ISTIO},response_code!~"5.."}[5m])))`,
    );
  });

  test('is asked of queue-proxies where Istio does not count, in milliseconds too', () => {
    expect(asked(QUEUE_PROXY, 'Time to answer')['p95']).toBe(
      `1000 * histogram_quantile(0.95, sum by (le) (rate(kn_serving_invocation_duration_seconds_bucket{${OWN},http_response_status_code!~"5.."}[5m])))`,
    );
  });

  test('is the time to the first token too where a vLLM runs', () => {
    const options = WATCHED['a vLLM']!;
    expect(asked(options, 'Time to the first token')['p95']).toBe(
      `1000 * histogram_quantile(0.95, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket{${OWN}}[5m])))`,
    );
    expect(panelsOf(overviewOf(options)).find(({ title }) => title === 'Time to the first token')?.description).toBe(
      'Lines are limits. ttft-500ms: 95 % must be faster.',
    );
  });

  test('is shown of a graph that has an objective, beside the service', () => {
    const options = WATCHED['a service beside an InferenceGraph']!;
    expect(asked(options, 'Time to answer: claims')['p50']).toBe(
      at(
        '0.5',
        'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="claims",response_code!~"5.."',
      ),
    );
  });
});

describe('how much there is', () => {
  test('is shown by class of the answers, in colours that mean something', () => {
    const counted = (code: string): string => `sum(rate(istio_requests_total{${ISTIO},response_code${code}}[5m]))`;
    expect(asked({}, 'Requests by answer')).toEqual({
      '2xx': counted('=~"2.."'),
      '3xx': counted('=~"3.."'),
      '4xx': counted('=~"4.."'),
      '5xx': counted('=~"5.."'),
      'no answer': counted('="0"'),
    });
    const colours = panelsOf(overviewOf({}))
      .find(({ title }) => title === 'Requests by answer')
      ?.fieldConfig?.overrides.map(({ matcher, properties }) => [matcher.options, properties[0]?.value.fixedColor]);
    expect(colours).toEqual([
      ['2xx', 'green'],
      ['3xx', 'blue'],
      ['4xx', 'yellow'],
      ['5xx', 'red'],
      ['no answer', 'purple'],
    ]);
  });

  test('is added up over both names that Knative uses in an upgrade, which have the code in different labels', () => {
    const upgrade: TargetOptions = {
      ...QUEUE_PROXY,
      cluster: { ...QUEUE_PROXY.cluster, knative: { version: ['1.18.2', '1.21.1'] } },
    };
    const requests = asked(upgrade, 'Requests by answer');
    expect(Object.keys(requests)).toEqual(['2xx', '3xx', '4xx', '5xx']);
    expect(requests['5xx']?.replace(/\n */g, ' ')).toBe(
      `sum( rate(kn_serving_invocation_duration_seconds_count{${OWN},http_response_status_code=~"5.."}[5m]) or rate(revision_request_count{${OWN},response_code=~"5.."}[5m]) )`,
    );
  });

  test('is shown as a vLLM behind the gateway counts it', () => {
    const llm = {
      framework: 'vllm' as const,
      image: 'registry.example.com/llm-d:0.10.0',
      model: { uri: 's3://m/v46/' },
      resources: { cpu: '1', memory: '1Gi' },
      llm: {},
    };
    const gateway = {
      kserve: {
        version: '0.20.0',
        mode: 'Standard' as const,
        llm: { gatewayService: 'gateway.kserve.svc.cluster.local' },
      },
    };
    expect(asked({ cluster: gateway, spec: { predictor: llm } }, 'Requests by answer')).toEqual({
      '{{status}}': `sum by (status) (rate(http_requests_total{${OWN},handler=~"/v1/.*"}[5m]))`,
    });
  });

  test('is beside the replicas that are wanted and ready, where kube-state-metrics is scraped', () => {
    expect(asked({}, 'Replicas')).toEqual({});
    const counted: TargetOptions = { cluster: { prometheus: { version: '3.4', sources: ['kubeStateMetrics'] } } };
    const of = (metric: string, name: string): string =>
      `max by (deployment) (${metric}{namespace="risk-ml-prod",deployment${name}})`;
    expect(asked(counted, 'Replicas')).toEqual({
      '{{deployment}}: wanted': of('kube_deployment_spec_replicas', '="fraud-detector-v46-predictor"'),
      '{{deployment}}: ready': of('kube_deployment_status_replicas_available', '="fraud-detector-v46-predictor"'),
    });
    expect(asked({ ...counted, mode: 'Knative' }, 'Replicas')['{{deployment}}: wanted']).toBe(
      of('kube_deployment_spec_replicas', '=~"fraud-detector-v46-predictor-[0-9]{5}-deployment"'),
    );
  });
});

describe('which release it is', () => {
  const BOTH =
    'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name=~"fraud-detector-v46-predictor|fraud-detector-v47-predictor"';
  const canary: TargetOptions = { candidate: { release: 'v47', weight: 10 } };
  const one = (options: TargetOptions, title: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(asked(options, title)).map(([legend, expr]) => [legend, expr.replace(/\s*\n\s*/g, ' ')]),
    );

  test('shows by their share of the requests, side by side', () => {
    const all = `rate(istio_requests_total{${BOTH}}[5m])`;
    expect(one(canary, 'Share of the requests')).toEqual({
      '{{destination_service_name}}': `sum by (destination_service_name) (${all}) / on () group_left () (sum(${all}) > 0)`,
    });
  });

  test('shows by what fails, and 0 is a value', () => {
    const of = (matchers: string): string =>
      `sum by (destination_service_name) (rate(istio_requests_total{${matchers}}[5m]))`;
    expect(one(canary, 'Share that fails')).toEqual({
      '{{destination_service_name}}': `( ${of(`${BOTH},response_code=~"5.."`)} or 0 * ${of(BOTH)} ) / (${of(BOTH)} > 0)`,
    });
  });

  test('shows by the 95th percentile, which AiCandidateSlow compares', () => {
    expect(one(canary, '95th percentile of the time to answer')).toEqual({
      '{{destination_service_name}}': `histogram_quantile(0.95, sum by (destination_service_name, le) (rate(istio_request_duration_milliseconds_bucket{${BOTH},response_code!~"5.."}[5m])))`,
    });
    expect(Object.keys(one(QUEUE_PROXY, '95th percentile of the time to answer'))).toEqual(['{{release}}']);
  });

  test('is no question where an environment follows the sources', () => {
    const rows = overviewOf({ environment: { rollout: 'replace' } }).panels.map(({ title }) => title);
    expect(rows).toContain('How much?');
    expect(rows).not.toContain('Which release?');
  });
});

test('a service whose requests nobody counts has its alerts, replicas and releases', () => {
  const { panels } = overviewOf({
    cluster: { istio: undefined, prometheus: { version: '3.4', sources: ['kubeStateMetrics'] } },
  });
  expect(panels.map(({ title }) => title)).toEqual([
    'Is it well?',
    'Alerts that fire',
    'How much?',
    'Replicas',
    'Which release?',
    'What Git says',
  ]);
});

test('the share of bad events is shown over the windows that its alerts look at', () => {
  const shown = (options: TargetOptions): string[] =>
    panelsOf(overviewOf(options)).flatMap((panel) =>
      panel.title === 'Share of bad events' ? (panel.targets ?? []).map(({ legendFormat }) => legendFormat) : [],
    );
  expect(shown({})).toEqual(['5m', '1h', '6h', '1d', '3d', 'allowed']);
  const spec: TargetOptions['spec'] = {
    traffic: { expectedRps: 0.1 },
    monitoring: { slos: [{ availability: { objective: 99.99 } }] },
  };
  expect(shown({ spec })).toEqual(['5m', '12h', '1d', '2d', '7d', 'allowed']);
});

test('panels stand side by side, and on no other, whichever row is unfolded', () => {
  const overview = overviewOf(WATCHED['a predictor with everything, and a candidate']!);
  const all = panelsOf(overview);
  expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => index + 1));
  expect(all.filter(({ gridPos: { x, w } }) => x + w > 24 || !Number.isInteger(w))).toEqual([]);
  const open = overview.panels.filter(({ collapsed }) => !collapsed);
  for (const together of [
    overview.panels,
    ...overview.panels.filter(({ collapsed }) => collapsed).map((row) => [...open, row, ...(row.panels ?? [])]),
  ]) {
    const overlapping = together.flatMap((a, index) =>
      together
        .slice(index + 1)
        .filter(
          ({ gridPos: b }) =>
            a.gridPos.x < b.x + b.w &&
            b.x < a.gridPos.x + a.gridPos.w &&
            a.gridPos.y < b.y + b.h &&
            b.y < a.gridPos.y + a.gridPos.h,
        ),
    );
    expect(overlapping).toEqual([]);
  }
});

/** Labels by which a series is that of a service. */
const IDENTIFIES = /^(?:destination_service_)?namespace$|^(?:ai_service|destination_service_name|deployment)$/;

describe.each(Object.entries(WATCHED))('the dashboard of %s', (_, options) => {
  test('reads only what is known on the cluster, of this very service, and shows labels that are there', () => {
    const target = targetOf(options);
    const known = new Set([
      'ALERTS',
      ...[...knownMetrics(target, builtInGroups(target, REFERENCES))].flatMap(([name, { type }]) =>
        seriesOf(name, type),
      ),
    ]);
    for (const { name } of target.spec.monitoring.recordings) known.add(name);
    const overview = overviewOf(options);
    const queries = [
      ...queriesOf(overview),
      ...overview.annotations.list.map(({ expr }) => ({ expr, legendFormat: '' })),
    ];
    expect(queries.length).toBeGreaterThan(5);
    for (const { expr, legendFormat } of queries) {
      const { query, problem } = parsePromql(expr);
      expect([expr, problem]).toEqual([expr, undefined]);
      const { reads, labels, problems } = analyze(query!);
      expect(problems).toEqual([]);
      const conditions = reads.map(({ selector: { matchers } }) =>
        matchers.filter(({ label }) => IDENTIFIES.test(label)).map(({ value }) => value),
      );
      expect(
        conditions.filter(
          ([namespace, name]) =>
            namespace !== 'risk-ml-prod' || !/^(?:fraud-detector(?:-(?:function-)?v4[67]|$)|claims$)/.test(name ?? ''),
        ),
      ).toEqual([]);
      expect(
        reads.flatMap(({ selector: { metric } }) => (metric === undefined || known.has(metric) ? [] : [metric])),
      ).toEqual([]);
      expect([...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].filter(([, label = '']) => !canHave(labels, label))).toEqual(
        [],
      );
    }
  });

  test('is the same at every step of a release', () => {
    const { candidate: _candidate, ...before } = options;
    const at = (weight: number): string => textOf({ ...before, candidate: { release: 'v47', weight } });
    expect(at(50)).toBe(at(10));
    expect(at(0)).toBe(at(10));
    expect(textOf({ ...before, stable: 'v47', previous: 'v46' })).toBe(at(10));
  });
});

test('without Grafana, or without Prometheus, there is none', () => {
  const target = targetOf();
  expect(renderGrafana(target, renderPrometheus(target, new Map()))).toEqual([]);
  expect(renderGrafana(targetOf(withGrafana({ cluster: { prometheus: undefined } })), [])).toEqual([]);
});

describe('a dashboard of a user', () => {
  const target = targetOf(withGrafana({}));
  const jsonOf = (name: string, dashboard: object): unknown =>
    JSON.parse(
      Object.values(dashboardObject(target, name, dashboard as never)['data'] as Record<string, string>)[0] ?? '',
    );

  test('keeps its identity, or gets one; a number of a database is dropped', () => {
    expect(jsonOf('model', { title: 'x', uid: 'mine', id: 7 })).toEqual({ uid: 'mine', title: 'x' });
    expect(jsonOf('model', { title: 'x' })).toEqual({ uid: 'fraud-detector-model-prod-eu-eu-1', title: 'x' });
  });

  test('has an identity that Grafana takes, however long the names', () => {
    const { uid } = jsonOf('a-very-long-name-of-a-dashboard', { title: 'x' }) as { uid: string };
    expect(uid).toMatch(/^fraud-detector-a-very-long-name-[0-9a-f]{8}$/);
    expect(uid.length).toBeLessThanOrEqual(40);
  });
});
