import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { renderGrafana } from '../../src/render/grafana.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { renderRunbook } from '../../src/render/runbook.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { checkRules, testRules, type Expectation, type Series } from './promtool.ts';

/**
 * Dashboards and runbooks ask what Prometheus can answer: it parses and types each of their expressions as if it was recorded, and
 * in stories with series it gives the answer that somebody at night must be able to believe.
 */

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly panels?: readonly Panel[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

function dashboardOf(options: TargetOptions): Dashboard {
  const target = targetOf({ ...options, cluster: { ...options.cluster, grafana: {} } });
  const [object] = renderGrafana(target, renderPrometheus(target, REFERENCES));
  return JSON.parse(Object.values(object?.['data'] as Record<string, string>)[0] ?? '') as Dashboard;
}

function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

function shownOn(options: TargetOptions): string[] {
  const dashboard = dashboardOf(options);
  return [...panelsOf(dashboard).flatMap(({ targets = [] }) => targets), ...dashboard.annotations.list].map(
    ({ expr }) => expr,
  );
}

function askedIn(options: TargetOptions): string[] {
  const target = targetOf(options);
  const page = renderRunbook(target, renderPrometheus(target, REFERENCES)) ?? '';
  const commands = page.split('\n').filter((line) => line.startsWith('promtool '));
  return [
    ...new Set(
      commands.map(
        (command) => /^promtool query instant "\$PROMETHEUS" '([^']+)'$/.exec(command)?.[1] ?? `no command: ${command}`,
      ),
    ),
  ];
}

/** The expressions as recording rules, by which promtool parses and types them. */
function recorded(expressions: readonly string[]): KubeObject {
  const rules = expressions.map((expr, index) => ({ record: `asked:number${index}`, expr }));
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'asked' },
    spec: { groups: [{ name: 'asked', rules }] },
  };
}

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

describe('Prometheus reads every expression', () => {
  test.each(Object.entries(WATCHED))('on the dashboard of %s', (_, options) => {
    const expressions = shownOn(options);
    expect(expressions.length).toBeGreaterThan(10);
    expect(checkRules(recorded(expressions))).toEqual(PASSES);
  });

  test.each(Object.entries(WATCHED))('in the runbook of %s', (_, options) => {
    const expressions = askedIn(options);
    expect(expressions.length).toBeGreaterThan(4);
    expect(checkRules(recorded(expressions))).toEqual(PASSES);
  });

  test('and would say which one it cannot', () => {
    expect(checkRules(recorded(['rate(up)']))).toEqual({
      ok: false,
      output: expect.stringContaining('range vector') as string,
    });
  });
});

/** Requests a minute that a proxy saw, for ten minutes. */
function requests(service: string, code: string, perMinute: number, reporter = 'source'): Series {
  const labels = `reporter="${reporter}",destination_service_namespace="risk-ml-prod",destination_service_name="${service}",response_code="${code}",response_flags="-"`;
  return [`istio_requests_total{${labels}}`, `0+${perMinute}x15`];
}

function durations(service: string, perMinute: Readonly<Record<string, number>>, reporter = 'source'): Series[] {
  const labels = `reporter="${reporter}",destination_service_namespace="risk-ml-prod",destination_service_name="${service}",response_code="200"`;
  return Object.entries(perMinute).map(([le, count]) => [
    `istio_request_duration_milliseconds_bucket{${labels},le="${le}"}`,
    `0+${count}x15`,
  ]);
}

const [STABLE, CANDIDATE] = ['fraud-detector-v46-predictor', 'fraud-detector-v47-predictor'];

/** 270 requests a minute to the stable release and 30 to the candidate, which fails half of them; beside them a service that is called alike. */
const SEEN: readonly Series[] = [
  ...['source', 'destination'].flatMap((reporter) => [
    requests(STABLE, '200', 270, reporter),
    requests(CANDIDATE, '200', 15, reporter),
    requests(CANDIDATE, '503', 15, reporter),
    requests('fraud-detector-eu-v46-predictor', '500', 6000, reporter),
    requests('fraud-detector-eu-v46-predictor', '200', 6000, reporter),
    ...durations(STABLE, { 50: 0, 100: 270, 250: 270, '+Inf': 270 }, reporter),
    ...durations(CANDIDATE, { 50: 0, 100: 0, 250: 15, '+Inf': 15 }, reporter),
    ...durations('fraud-detector-eu-v46-predictor', { 50: 0, 100: 0, 250: 0, '+Inf': 6000 }, reporter),
  ]),
  ['kube_deployment_spec_replicas{namespace="risk-ml-prod",deployment="fraud-detector-v46-predictor",pod="a"}', '3x15'],
  ['kube_deployment_spec_replicas{namespace="risk-ml-prod",deployment="fraud-detector-v46-predictor",pod="b"}', '3x15'],
  [
    'kube_deployment_spec_replicas{namespace="risk-ml-prod",deployment="fraud-detector-eu-v46-predictor",pod="a"}',
    '9x15',
  ],
  [
    'kube_deployment_status_replicas_available{namespace="risk-ml-prod",deployment="fraud-detector-v46-predictor",pod="a"}',
    '2x15',
  ],
];

const CANARY: TargetOptions = {
  cluster: { prometheus: { version: '3.4', sources: ['kubeStateMetrics'] } },
  spec: { canary: { steps: [10, 50] }, monitoring: { slos: [{ latency: { below: '250ms', objective: 95 } }] } },
  candidate: { release: 'v47', weight: 10 },
};

/** What a query gives after ten minutes, by labels. */
function gives(query: string | undefined, samples: Readonly<Record<string, number>>): Expectation {
  return {
    minute: 10,
    query: query ?? '',
    samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
  };
}

function answers(expectations: readonly Expectation[]): ReturnType<typeof testRules> {
  return testRules(recorded(['vector(1)']), { series: SEEN, expect: expectations });
}

describe('with sidecars on both sides, and beside a service that is called alike', () => {
  const byRelease = (stable: number, candidate: number): Record<string, number> => ({
    [`{destination_service_name="${STABLE}"}`]: stable,
    [`{destination_service_name="${CANDIDATE}"}`]: candidate,
  });

  test('a dashboard shows each request to the service once', () => {
    const panels = new Map(
      panelsOf(dashboardOf(CANARY)).map(({ title, targets = [] }) => [
        title,
        new Map(targets.map(({ legendFormat, expr }) => [legendFormat, expr])),
      ]),
    );
    const shown = (title: string, legend = '{{destination_service_name}}'): string | undefined =>
      panels.get(title)?.get(legend);
    const replicas = (ready: 'wanted' | 'ready'): string | undefined => shown('Replicas', `{{deployment}}: ${ready}`);
    expect(
      answers([
        gives(shown('Requests by answer', '2xx'), { '{}': 4.75 }),
        gives(shown('Requests by answer', '5xx'), { '{}': 0.25 }),
        gives(shown('Requests by answer', '4xx'), {}),
        gives(shown('Share of the requests'), byRelease(0.9, 0.1)),
        gives(shown('Share that fails'), byRelease(0, 0.5)),
        gives(shown('95th percentile of the time to answer'), byRelease(97.5, 242.5)),
        gives(shown('Time to answer', 'p50'), { '{}': 50 + (142.5 / 270) * 50 }),
        gives(replicas('wanted'), { [`{deployment="${STABLE}"}`]: 3 }),
        gives(replicas('ready'), { [`{deployment="${STABLE}"}`]: 2 }),
      ]),
    ).toEqual(PASSES);
  });

  test('so does a runbook, and it has the quantile that the objective is about', () => {
    const expressions = askedIn(CANARY);
    const asked = (start: string): string | undefined => expressions.find((expr) => expr.startsWith(start));
    const answered = (code: string, service: string): string =>
      `{destination_service_name="${service}",response_code="${code}",response_flags="-"}`;
    expect(
      answers([
        gives(asked('sum by (response_code'), {
          [answered('200', STABLE)]: 4.5,
          [answered('200', CANDIDATE)]: 0.25,
          [answered('503', CANDIDATE)]: 0.25,
        }),
        gives(asked('sum by (destination_service_name)'), byRelease(4.5, 0.5)),
        gives(asked('histogram_quantile(0.95'), byRelease(97.5, 242.5)),
      ]),
    ).toEqual(PASSES);
  });
});
