import type { PrometheusRule } from '../../imports/monitoring.coreos.com/v1.js';
import { sha256 } from '../core/digest.ts';
import type { KubeObject } from '../core/object.ts';
import { planOf, windowName } from '../promql/catalogue/burn-rate.ts';
import { IN_PLACE } from '../release/serving.ts';
import { equal, matcherText, selector, type Matcher } from '../promql/selector.ts';
import { promisesOf } from './prometheus-slo.ts';
import { serviceLabels, type Target } from './target.ts';

/** A dashboard in Grafana's own JSON (version 1 of its schema, Grafana 10 and later). */
export type Dashboard = Readonly<Record<string, unknown>>;

/**
 * The dashboard of a service as a ConfigMap, where the cluster has a Grafana that looks for them. It shows what is recorded
 * and what alerts compare, so that panels and alerts cannot disagree, and no panel reads a raw histogram. No step of a
 * release changes it.
 *
 * @param rules what was rendered for Prometheus.
 */
export function renderGrafana(target: Target, rules: readonly KubeObject[]): KubeObject[] {
  if (!target.cluster.grafana) return [];
  const rows = rowsOf(target, recordingsOf(target, rules));
  return rows.length > 0 ? [dashboardObject(target, 'dashboard', overview(target, rows))] : [];
}

/**
 * A dashboard as a ConfigMap, as Grafana's sidecar looks for it. One without `uid` gets one that stays.
 *
 * @param name what the dashboard is, in names: `<service>-<name>`.
 */
export function dashboardObject(target: Target, name: string, dashboard: Dashboard): KubeObject {
  const { grafana } = target.cluster;
  const { uid = dashboardUid(target, name), id: _id, ...rest } = dashboard;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${target.service}-${name}`,
      namespace: target.namespace,
      labels: { ...serviceLabels(target), ...grafana?.labels },
      ...(grafana?.folder !== undefined && { annotations: { grafana_folder: grafana.folder } }),
    },
    data: { [`${target.service}-${name}.${target.environment}.${target.clusterName}.json`]: `${JSON.stringify({ uid, ...rest }, null, 2)}\n` },
  };
}

/** Grafana's limit. */
const LONGEST_UID = 40;

/** An identity that is the same on every run, and another one in every environment and cluster. */
function dashboardUid({ service, environment, clusterName }: Target, name: string): string {
  const uid = [service, ...(name === 'dashboard' ? [] : [name]), environment, clusterName].join('-');
  return uid.length <= LONGEST_UID ? uid : `${uid.slice(0, LONGEST_UID - 9)}-${sha256(uid).slice(0, 8)}`;
}

type Recording = Pick<NonNullable<NonNullable<NonNullable<PrometheusRule['spec']['groups']>[number]['rules']>[number]>, 'labels'> & { readonly record: string };

/** What is recorded at all times: the object that changes with every step of a release is another one. */
function recordingsOf(target: Target, objects: readonly KubeObject[]): Recording[] {
  const lasting = objects.find(({ kind, metadata }) => kind === 'PrometheusRule' && metadata.name === target.service);
  const { groups = [] } = (lasting?.['spec'] ?? {}) as PrometheusRule['spec'];
  return groups.flatMap(({ rules = [] }) =>
    rules.flatMap(({ record, labels }) => (record === undefined || OF_CANDIDATES.test(record) ? [] : [{ record, ...(labels && { labels }) }])),
  );
}

/** Recordings of a candidate come and go with it. */
const OF_CANDIDATES = /^ai_drift:(?:candidate|release)_/;

interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly kind: 'timeseries' | 'stat' | 'bargauge';
  /** Unit as Grafana calls it. */
  readonly unit: 'percentunit' | 'ops' | 'short' | 's' | 'currencyUSD' | 'none';
  readonly queries: readonly Query[];
  /** Columns of 24. */
  readonly width: number;
  /** Values from which on a colour holds. */
  readonly steps?: readonly { readonly color: string; readonly value: number | null }[];
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

function rowsOf(target: Target, recordings: readonly Recording[]): Row[] {
  const names = new Set(recordings.map(({ record }) => record));
  if (names.size === 0) return [];
  const own = ownOf(target);
  return [
    { title: 'Alerts', panels: [firing(own)] },
    ...valuesOf(recordings, 'ai_slo').map((slo) => objective(own, slo, names)),
    ...(target.serving.stable.workload.release === IN_PLACE ? [] : [releases(own)]),
    ...valuesOf(recordings, 'metric').map((metric) => drift(own, metric, recordings)),
    ...inputRow(own, names),
    ...replicasAndCost(own, names),
    ...ownRow(own),
  ];
}

interface Own {
  readonly spec: Target['spec'];
  /** Conditions on what is recorded of the service. */
  readonly identity: readonly Matcher[];
  readonly series: (name: string, ...more: readonly Matcher[]) => string;
}

function ownOf({ service, namespace, spec }: Target): Own {
  const identity = [equal('namespace', namespace), equal('ai_service', service)];
  return { spec, identity, series: (name, ...more) => selector(name, [...identity, ...more]).text };
}

function valuesOf(recordings: readonly Recording[], label: string): string[] {
  return [...new Set(recordings.flatMap(({ labels }) => labels?.[label] ?? []))];
}

const GREEN_TO_RED = [
  { color: 'green', value: null },
  { color: 'red', value: 1 },
];

function firing({ series }: Own): Panel {
  const alerts = series('ALERTS', equal('alertstate', 'firing'));
  return {
    title: 'Alerts that fire', kind: 'timeseries', unit: 'short', width: 24, steps: GREEN_TO_RED,
    queries: [{ expr: `sum by (alertname, severity) (${alerts})`, legend: '{{alertname}} ({{severity}})' }],
  };
}

function objective({ spec, series }: Own, slo: string, names: ReadonlySet<string>): Row {
  const of = (name: string): string => series(name, equal('ai_slo', slo));
  const budget = [...names].find((name) => name.startsWith('ai_slo:error_budget_remaining:'));
  const [all, bad] = [of('ai_slo:events_total:rate5m'), of('ai_slo:events_bad:rate5m')];
  const over = (window: string): string => `sum_over_time(${bad}[${window}]) / (sum_over_time(${all}[${window}]) > 0)`;
  const promised = promisesOf(spec).find(({ promise }) => promise.name === slo);
  const windows = new Set(promised && planOf(promised.promise).tiers.map(({ long }) => long));
  return {
    title: `Objective: ${slo}`,
    panels: [
      ...(budget === undefined ? [] : [{
        title: 'Error budget that is left', kind: 'stat', unit: 'percentunit', width: 6,
        queries: [{ expr: of(budget), legend: 'left' }],
        steps: [{ color: 'red', value: null }, { color: 'yellow', value: 0 }, { color: 'green', value: 0.25 }],
      } as const]),
      {
        title: 'Share of bad events', kind: 'timeseries', unit: 'percentunit', width: 9,
        queries: [
          { expr: `${bad} / (${all} > 0)`, legend: '5m' },
          ...[...windows].sort((a, b) => a - b).map(windowName).map((window) => ({ expr: over(window), legend: window })),
          ...(names.has('ai_slo:objective:ratio') ? [{ expr: `1 - ${of('ai_slo:objective:ratio')}`, legend: 'allowed' }] : []),
        ],
      },
      {
        title: 'Events', kind: 'timeseries', unit: 'ops', width: 9,
        queries: [
          { expr: all, legend: 'all' },
          { expr: bad, legend: 'bad' },
        ],
      },
    ],
  };
}

function releases({ series, identity, spec }: Own): Row {
  const requests = series('ai_release:requests:increase10m');
  const failed = series('ai_release:failed:increase10m');
  const compares = spec.monitoring.drift.some((rule) => 'candidate' in rule);
  // The window is in the name, and known while there is a candidate.
  const distance = `{__name__=~"ai_drift:candidate_psi:.+",${identity.map(matcherText).join(',')}}`;
  return {
    title: 'Releases',
    panels: [
      { title: 'What Git says', kind: 'timeseries', unit: 'none', width: 8, queries: [{ expr: series('ai_release:info'), legend: '{{release}} {{phase}} {{weight}} %' }] },
      { title: 'Requests in 10 minutes', kind: 'timeseries', unit: 'short', width: 8, queries: [{ expr: requests, legend: '{{release}}' }] },
      { title: 'Share that fails', kind: 'timeseries', unit: 'percentunit', width: 8, queries: [{ expr: `${failed} / (${requests} > 0)`, legend: '{{release}}' }] },
      ...(compares ? [{ title: 'Candidate against stable', kind: 'timeseries', unit: 'none', width: 24, queries: [{ expr: distance, legend: '{{metric}}' }] } as const] : []),
    ],
  };
}

function drift({ series }: Own, metric: string, recordings: readonly Recording[]): Row {
  const names = recordings.filter(({ labels }) => labels?.['metric'] === metric).map(({ record }) => record);
  const of = (name: string): string => series(name, equal('metric', metric));
  const distances = names.filter((name) => /^ai_drift:(?!bin|bucket|samples|reference)/.test(name));
  const bins = names.filter((name) => name.startsWith('ai_drift:bin:'));
  return {
    title: `Drift: ${metric}`,
    panels: [
      { title: 'Distance from the reference', kind: 'timeseries', unit: 'none', width: 12, queries: distances.map((name) => ({ expr: of(name), legend: name.split(':')[1] ?? name })) },
      {
        title: 'Shares of the bins', kind: 'bargauge', unit: 'percentunit', width: 12,
        queries: [
          ...bins.slice(0, 1).map((name) => ({ expr: of(name), legend: '{{bin}} now' })),
          { expr: of('ai_drift:reference:ratio'), legend: '{{bin}} reference' },
        ],
      },
    ],
  };
}

function inputRow({ series }: Own, names: ReadonlySet<string>): Row[] {
  const find = (what: string): string | undefined => [...names].find((name) => name.startsWith(`ai_schema:${what}:`));
  const [violations, instances] = [find('violations'), find('instances')];
  if (violations === undefined || instances === undefined) return [];
  const share = `${series(violations)} / on (namespace, ai_service) group_left () (${series(instances)} > 0)`;
  return [{ title: 'Input of the model', panels: [{ title: 'Instances that break a rule', kind: 'timeseries', unit: 'percentunit', width: 24, queries: [{ expr: share, legend: '{{feature}} {{rule}}' }] }] }];
}

function replicasAndCost({ series }: Own, names: ReadonlySet<string>): Row[] {
  const panels: (Panel | false)[] = [
    names.has('ai_pod:cold_start:seconds') && { title: 'Start of a replica', kind: 'timeseries', unit: 's', width: 12, queries: [{ expr: series('ai_pod:cold_start:seconds'), legend: '{{phase}}' }] },
    names.has('ai_cost:compute_usd:per_hour') && { title: 'Cost in an hour', kind: 'timeseries', unit: 'currencyUSD', width: 12, queries: [{ expr: series('ai_cost:compute_usd:per_hour'), legend: 'compute' }] },
    names.has('ai_cost:tokens_usd:rate5m') && { title: 'Cost of tokens in an hour', kind: 'timeseries', unit: 'currencyUSD', width: 12, queries: [{ expr: `3600 * ${series('ai_cost:tokens_usd:rate5m')}`, legend: 'tokens' }] },
  ];
  const there = panels.filter((panel) => panel !== false);
  return there.length === 0 ? [] : [{ title: 'Replicas and cost', panels: there }];
}

function ownRow({ series, spec }: Own): Row[] {
  const { recordings } = spec.monitoring;
  if (recordings.length === 0) return [];
  return [{ title: 'Recordings of the service', panels: recordings.map(({ name }) => ({ title: name, kind: 'timeseries', unit: 'none', width: 12, queries: [{ expr: series(name), legend: '' }] })) }];
}

const WIDTH = 24;
const HEIGHT = 8;
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

function overview(target: Target, rows: readonly Row[]): Dashboard {
  const { service, environment, clusterName, spec } = target;
  const releases = ownOf(target).series('ai_release:info');
  return {
    title: `${service} in ${environment} on ${clusterName}`,
    tags: ['ai-service', spec.owner.team],
    editable: false,
    schemaVersion: 39,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }] },
    annotations: {
      list: [{ name: 'Releases', datasource: SOURCE, enable: true, iconColor: 'blue', expr: `${releases} unless ${releases} offset 2m`, titleFormat: '{{release}} {{phase}} {{weight}} %', step: '60s' }],
    },
    panels: laidOut(rows),
  };
}

/** Panels from left to right, row by row; ids are places. */
function laidOut(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, gridPos: { x: 0, y, w: WIDTH, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      if (x + panel.width > WIDTH) [x, y] = [0, y + HEIGHT];
      panels.push(panelJson(panel, panels.length + 1, { x, y, w: panel.width, h: HEIGHT }));
      x += panel.width;
    }
    y += HEIGHT;
  }
  return panels;
}

function panelJson({ title, kind, unit, queries, steps }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind,
    title,
    gridPos,
    datasource: SOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      expr,
      legendFormat: legend === '' ? '__auto' : legend,
      ...(kind !== 'timeseries' && { instant: true, range: false }),
    })),
    fieldConfig: {
      defaults: { unit, ...(kind === 'timeseries' && unit !== 'none' && { min: 0 }), ...(steps && { thresholds: { mode: 'absolute', steps } }) },
      overrides: [],
    },
  };
}
