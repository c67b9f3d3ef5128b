import { describe, expect, test } from 'vitest';
import { canHave, analyze } from '../../src/promql/analyze.ts';
import { parsePromql } from '../../src/promql/parse.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { dashboardObject, renderGrafana } from '../../src/render/grafana.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

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
const queriesOf = ({ panels }: Overview): { expr: string; legendFormat: string }[] => panels.flatMap(({ targets = [] }) => [...targets]);

test('the dashboard of a service is a ConfigMap that the sidecar finds', () => {
  const target = targetOf(withGrafana({}));
  const [object, ...others] = renderGrafana(target, renderPrometheus(target, new Map()));
  expect(others).toEqual([]);
  expect(object).toMatchObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fraud-detector-dashboard', namespace: 'risk-ml-prod', annotations: { grafana_folder: 'AI services' } },
  });
  expect(object?.metadata.labels).toMatchObject({ grafana_dashboard: '1', 'app.kubernetes.io/part-of': 'risk-ml' });
  expect(Object.keys(object?.['data'] as object)).toEqual(['fraud-detector-dashboard.prod-eu.eu-1.json']);
});

test('it has a row for what is recorded, and a name and identity that stay', () => {
  const { uid, title, panels } = overviewOf(WATCHED['a predictor with everything, and a candidate']!);
  expect([uid, title]).toEqual(['fraud-detector-prod-eu-eu-1', 'fraud-detector in prod-eu on eu-1']);
  const shown = panels.map((panel) => (panel.type === 'row' ? `# ${panel.title}` : panel.title));
  expect(shown).toEqual([
    '# Alerts', 'Alerts that fire',
    '# Objective: availability', 'Error budget that is left', 'Share of bad events', 'Events',
    '# Objective: latency-250ms', 'Error budget that is left', 'Share of bad events', 'Events',
    '# Objective: chargebacks', 'Error budget that is left', 'Share of bad events', 'Events',
    '# Releases', 'What Git says', 'Requests in 10 minutes', 'Share that fails', 'Candidate against stable',
    '# Drift: score', 'Distance from the reference', 'Shares of the bins',
    '# Drift: feature_amount', 'Distance from the reference', 'Shares of the bins',
    '# Drift: feature_age', 'Distance from the reference', 'Shares of the bins',
    '# Input of the model', 'Instances that break a rule',
    '# Replicas and cost', 'Start of a replica', 'Cost in an hour',
    '# Recordings of the service', 'service:payments:rate5m',
  ]);
});

test('the share of bad events is shown over the windows that its alerts look at', () => {
  const shown = (options: TargetOptions): string[] =>
    overviewOf(options).panels.flatMap((panel) => (panel.title === 'Share of bad events' ? (panel.targets ?? []).map(({ legendFormat }) => legendFormat) : []));
  expect(shown({})).toEqual(['5m', '1h', '6h', '1d', '3d', 'allowed']);
  const spec: TargetOptions['spec'] = { traffic: { expectedRps: 0.1 }, monitoring: { slos: [{ availability: { objective: 99.99 } }] } };
  expect(shown({ spec })).toEqual(['5m', '12h', '1d', '2d', '7d', 'allowed']);
});

test('panels stand side by side, and on no other', () => {
  const { panels } = overviewOf(WATCHED['a predictor with everything, and a candidate']!);
  expect(panels.map(({ id }) => id)).toEqual(panels.map((_, index) => index + 1));
  const overlapping = panels.flatMap((a, index) =>
    panels.slice(index + 1).filter(({ gridPos: b }) => a.gridPos.x < b.x + b.w && b.x < a.gridPos.x + a.gridPos.w && a.gridPos.y < b.y + b.h && b.y < a.gridPos.y + a.gridPos.h),
  );
  expect(overlapping).toEqual([]);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

describe.each(Object.entries(WATCHED))('the dashboard of %s', (_, options) => {
  test('reads only what is recorded of this very service, and shows labels that are there', () => {
    const target = targetOf(options);
    const groups = renderPrometheus(target, REFERENCES).flatMap(({ kind, spec }) => (kind === 'PrometheusRule' ? (spec as { groups: RuleGroup[] }).groups : []));
    const recorded = new Set(['ALERTS', ...groups.flatMap(({ rules }) => rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])))]);
    // Recorded while a candidate is there.
    for (const name of ['ai_release:requests:increase10m', 'ai_release:failed:increase10m']) recorded.add(name);
    const overview = overviewOf(options);
    const queries = [...queriesOf(overview), ...overview.annotations.list.map(({ expr }) => ({ expr, legendFormat: '' }))];
    expect(queries.length).toBeGreaterThan(5);
    for (const { expr, legendFormat } of queries) {
      const { query, problem } = parsePromql(expr);
      expect([expr, problem]).toEqual([expr, undefined]);
      const { reads, labels, problems } = analyze(query!);
      expect(problems).toEqual([]);
      const conditions = reads.map(({ selector: { matchers } }) => matchers.filter(({ label }) => label === 'namespace' || label === 'ai_service').map(({ value }) => value));
      expect(new Set(conditions.map(String))).toEqual(new Set(['risk-ml-prod,fraud-detector']));
      expect(reads.flatMap(({ selector: { metric } }) => (metric === undefined || recorded.has(metric) ? [] : [metric]))).toEqual([]);
      expect([...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].filter(([, label = '']) => !canHave(labels, label))).toEqual([]);
    }
  });

  test('is the same at every step of a release', () => {
    const { candidate: _candidate, ...before } = options;
    const after: TargetOptions = { ...before, candidate: { release: 'v47', weight: 10 } };
    expect(textOf(after)).toBe(textOf(before));
  });
});

test('without Grafana, or without anything recorded, there is none', () => {
  const target = targetOf();
  expect(renderGrafana(target, renderPrometheus(target, new Map()))).toEqual([]);
  expect(renderGrafana(targetOf(withGrafana({ cluster: { prometheus: undefined } })), [])).toEqual([]);
});

describe('a dashboard of a user', () => {
  const target = targetOf(withGrafana({}));
  const jsonOf = (name: string, dashboard: object): unknown => JSON.parse(Object.values(dashboardObject(target, name, dashboard as never)['data'] as Record<string, string>)[0] ?? '');

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
