import type { PrometheusRule } from '../../imports/monitoring.coreos.com/v1.js';
import { sha256 } from '../core/digest.ts';
import type { KubeObject } from '../core/object.ts';
import { counterOf, type RequestSource } from '../promql/catalogue/availability.ts';
import { planOf, windowName } from '../promql/catalogue/burn-rate.ts';
import { maximum, multiply, number, or, ratio, type Expr } from '../promql/expr.ts';
import { KUBE } from '../promql/metrics-kubernetes.ts';
import {
  equal,
  exactly,
  matcherText,
  matches,
  pattern,
  selector,
  type Matcher,
  type Pattern,
} from '../promql/selector.ts';
import { IN_PLACE } from '../release/serving.ts';
import {
  countedRequests,
  counterWithCode,
  measuredTimes,
  releaseLabel,
  requestRate,
  type MeasuredTime,
} from './counted-requests.ts';
import { deploymentPattern } from './deployments.ts';
import { runningComponents } from './prometheus-health.ts';
import { promisesOf } from './prometheus-slo.ts';
import { hasSource } from './scrape.ts';
import { serviceLabels, type Target } from './target.ts';

/** A dashboard in Grafana's own JSON (version 1 of its schema, Grafana 10 and later). */
export type Dashboard = Readonly<Record<string, unknown>>;

/**
 * The dashboard of a service as a ConfigMap, where the cluster has a Grafana that looks for them. Its first rows answer a question
 * each; what is recorded in detail stands below, folded up, and is asked of nobody until somebody unfolds it.
 *
 * Panels read what is recorded and what alerts compare, and requests and replicas from the same series as the alerts, so that they
 * cannot disagree. No step of a release changes it; a release that comes or goes does, as it changes the rules.
 *
 * @param rules what was rendered for Prometheus.
 */
export function renderGrafana(target: Target, rules: readonly KubeObject[]): KubeObject[] {
  if (!target.cluster.grafana || !target.cluster.prometheus) return [];
  return [dashboardObject(target, 'dashboard', overview(target, rowsOf(target, recordingsOf(target, rules))))];
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
    data: {
      [`${target.service}-${name}.${target.environment}.${target.clusterName}.json`]: `${JSON.stringify({ uid, ...rest }, null, 2)}\n`,
    },
  };
}

/** Grafana's limit. */
const LONGEST_UID = 40;

/** An identity that is the same on every run, and another one in every environment and cluster. */
function dashboardUid({ service, environment, clusterName }: Target, name: string): string {
  const uid = [service, ...(name === 'dashboard' ? [] : [name]), environment, clusterName].join('-');
  return uid.length <= LONGEST_UID ? uid : `${uid.slice(0, LONGEST_UID - 9)}-${sha256(uid).slice(0, 8)}`;
}

type Recording = Pick<
  NonNullable<NonNullable<NonNullable<PrometheusRule['spec']['groups']>[number]['rules']>[number]>,
  'labels'
> & { readonly record: string };

/** What is recorded at all times: the object that changes with every step of a release is another one. */
function recordingsOf(target: Target, objects: readonly KubeObject[]): Recording[] {
  const lasting = objects.find(({ kind, metadata }) => kind === 'PrometheusRule' && metadata.name === target.service);
  const { groups = [] } = (lasting?.['spec'] ?? {}) as PrometheusRule['spec'];
  return groups.flatMap(({ rules = [] }) =>
    rules.flatMap(({ record, labels }) =>
      record === undefined || OF_CANDIDATES.test(record) ? [] : [{ record, ...(labels && { labels }) }],
    ),
  );
}

/** Recordings of a candidate come and go with it. */
const OF_CANDIDATES = /^ai_drift:(?:candidate|release)_/;

interface Query {
  readonly expr: string;
  readonly legend: string;
}

type Color = 'blue' | 'green' | 'orange' | 'purple' | 'red' | 'yellow';

interface Panel {
  readonly title: string;
  /** What somebody should know who reads it. */
  readonly description?: string;
  readonly kind: 'timeseries' | 'stat' | 'bargauge';
  /** Unit as Grafana calls it. */
  readonly unit: 'percentunit' | 'ops' | 'short' | 's' | 'ms' | 'currencyUSD' | 'none';
  readonly queries: readonly Query[];
  /** Values from which on a colour holds. */
  readonly steps?: readonly { readonly color: Color; readonly value: number | null }[];
  /** Whether the steps are lines in the picture. */
  readonly lines?: true;
  /** Colours that mean something, by legend. */
  readonly colors?: Readonly<Record<string, Color>>;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Panels that stand side by side. */
  readonly abreast: 1 | 2 | 4;
  /** Whether it is closed until somebody looks. */
  readonly folded?: true;
}

function rowsOf(target: Target, recordings: readonly Recording[]): Row[] {
  const names = new Set(recordings.map(({ record }) => record));
  const own = ownOf(target);
  const { source } = countedRequests(target);
  const times = measuredTimes(target, source);
  const details = [
    ...valuesOf(recordings, 'ai_slo').map((slo) => objective(own, slo, names)),
    ...valuesOf(recordings, 'metric').map((metric) => drift(own, metric, recordings)),
    ...inputRow(own, names),
    ...startsAndCost(own, names),
    ...ownRow(own),
  ];
  return [
    { title: 'Is it well?', abreast: 2, panels: [firing(own), ...budgets(own, names)] },
    ...rowWith('How fast?', 2, times.map(timeOf)),
    ...rowWith('How much?', 2, [...(source ? [requestsByClass(source)] : []), ...replicas(target)]),
    ...(target.serving.stable.workload.release === IN_PLACE ? [] : [releases(own, source, times[0])]),
    ...details.map((row): Row => ({ ...row, folded: true })),
  ];
}

function rowWith(title: string, abreast: Row['abreast'], panels: readonly Panel[]): Row[] {
  return panels.length === 0 ? [] : [{ title, abreast, panels }];
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

const GREEN_TO_RED: NonNullable<Panel['steps']> = [
  { color: 'green', value: null },
  { color: 'red', value: 1 },
];

function firing({ series }: Own): Panel {
  const alerts = series('ALERTS', equal('alertstate', 'firing'));
  return {
    title: 'Alerts that fire',
    kind: 'timeseries',
    unit: 'short',
    steps: GREEN_TO_RED,
    queries: [{ expr: `sum by (alertname, severity) (${alerts})`, legend: '{{alertname}} ({{severity}})' }],
  };
}

function budgets({ series }: Own, names: ReadonlySet<string>): Panel[] {
  const left = [...names].filter((name) => name.startsWith('ai_slo:error_budget_remaining:'));
  if (left.length === 0) return [];
  return [
    {
      title: 'Error budgets that are left',
      kind: 'stat',
      unit: 'percentunit',
      queries: left.map((name) => ({ expr: series(name), legend: '{{ai_slo}}' })),
      steps: [
        { color: 'red', value: null },
        { color: 'yellow', value: 0 },
        { color: 'green', value: 0.25 },
      ],
    },
  ];
}

/** Quantiles that are always shown. */
const QUANTILES = [0.5, 0.95, 0.99];

function timeOf({ of, holder, at, limits }: MeasuredTime): Panel {
  const quantiles = [...new Set([...QUANTILES, ...limits.map(({ quantile }) => quantile)])].sort((a, b) => a - b);
  const bounds = [...new Set(limits.map(({ below }) => below))].sort((a, b) => a - b);
  const panel: Panel = {
    title: `Time to ${of === 'answer' ? 'answer' : 'the first token'}${holder === undefined ? '' : `: ${holder}`}`,
    kind: 'timeseries',
    unit: 'ms',
    queries: at(quantiles).map(({ text }, index) => ({
      expr: text,
      legend: `p${Number((quantiles[index]! * 100).toPrecision(12))}`,
    })),
  };
  if (bounds.length === 0) return panel;
  return {
    ...panel,
    description: `Lines are limits. ${limits.map(({ name, objective }) => `${name}: ${objective} % must be faster.`).join(' ')}`,
    steps: [{ color: 'green', value: null }, ...bounds.map((value) => ({ color: 'red' as const, value }))],
    lines: true,
  };
}

const CLASSES: readonly (readonly [legend: string, color: Color, codes: Pattern])[] = [
  ['2xx', 'green', pattern`2..`],
  ['3xx', 'blue', pattern`3..`],
  ['4xx', 'yellow', pattern`4..`],
  ['5xx', 'red', pattern`5..`],
  // Istio's code where the caller went away.
  ['no answer', 'purple', exactly('0')],
];

function requestsByClass(source: RequestSource): Panel {
  const classes = 'istio' in source ? CLASSES : CLASSES.slice(0, -1);
  return {
    title: 'Requests by answer',
    kind: 'timeseries',
    unit: 'ops',
    queries:
      'vllm' in source
        ? [{ expr: requestRate(counterOf(source, 'any'), ['status']).text, legend: '{{status}}' }]
        : classes.map(([legend, , codes]) => ({
            expr: requestRate(counterWithCode(source, (label) => matches(label, codes))).text,
            legend,
          })),
    colors: Object.fromEntries(classes.map(([legend, color]) => [legend, color])),
  };
}

function replicas(target: Target): Panel[] {
  const components = hasSource(target, 'kubeStateMetrics') ? runningComponents(target) : [];
  if (components.length === 0) return [];
  const deployments = matches('deployment', ...components.map((component) => deploymentPattern(target, component)));
  // Of two kube-state-metrics that are scraped, each counts every Deployment.
  const count = (metric: string): string =>
    maximum(selector(metric, [equal('namespace', target.namespace), deployments]), ['deployment']).text;
  return [
    {
      title: 'Replicas',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: count(KUBE.replicasWanted), legend: '{{deployment}}: wanted' },
        { expr: count(KUBE.replicasAvailable), legend: '{{deployment}}: ready' },
      ],
    },
  ];
}

function objective({ spec, series }: Own, slo: string, names: ReadonlySet<string>): Row {
  const of = (name: string): string => series(name, equal('ai_slo', slo));
  const [all, bad] = [of('ai_slo:events_total:rate5m'), of('ai_slo:events_bad:rate5m')];
  const over = (window: string): string => `sum_over_time(${bad}[${window}]) / (sum_over_time(${all}[${window}]) > 0)`;
  const promised = promisesOf(spec).find(({ promise }) => promise.name === slo);
  const windows = new Set(promised && planOf(promised.promise).tiers.map(({ long }) => long));
  return {
    title: `Objective: ${slo}`,
    abreast: 2,
    panels: [
      {
        title: 'Share of bad events',
        kind: 'timeseries',
        unit: 'percentunit',
        queries: [
          { expr: `${bad} / (${all} > 0)`, legend: '5m' },
          ...[...windows]
            .sort((a, b) => a - b)
            .map(windowName)
            .map((window) => ({ expr: over(window), legend: window })),
          ...(names.has('ai_slo:objective:ratio')
            ? [{ expr: `1 - ${of('ai_slo:objective:ratio')}`, legend: 'allowed' }]
            : []),
        ],
      },
      {
        title: 'Events',
        kind: 'timeseries',
        unit: 'ops',
        queries: [
          { expr: all, legend: 'all' },
          { expr: bad, legend: 'bad' },
        ],
      },
    ],
  };
}

/** @param time what is measured of the requests, where somebody counts them. */
function releases(
  { series, identity, spec }: Own,
  source: RequestSource | undefined,
  time: MeasuredTime | undefined,
): Row {
  const compares = spec.monitoring.drift.some((rule) => 'candidate' in rule);
  // The window is in the name, and known while there is a candidate.
  const distance = `{__name__=~"ai_drift:candidate_psi:.+",${identity.map(matcherText).join(',')}}`;
  const panels: Panel[] = [
    {
      title: 'What Git says',
      kind: 'timeseries',
      unit: 'none',
      queries: [{ expr: series('ai_release:info'), legend: '{{release}} {{phase}} {{weight}} %' }],
    },
  ];
  if (source && time) {
    const label = releaseLabel(source);
    const requests = counterOf(source, 'any');
    const [all, failed] = [requestRate(requests, [label]), requestRate(counterOf(source, 'failed'), [label])];
    const beside = (title: string, unit: Panel['unit'], expr: Expr): Panel => ({
      title,
      kind: 'timeseries',
      unit,
      queries: [{ expr: expr.text, legend: `{{${label}}}` }],
    });
    panels.push(
      beside('Share of the requests', 'percentunit', ratio(all, requestRate(requests), { on: [], groupLeft: true })),
      // Before the first failure there is no series of failures.
      beside('Share that fails', 'percentunit', ratio(or(failed, multiply(number(0), all)), all)),
      beside(
        `95th percentile of the time to ${time.of === 'answer' ? 'answer' : 'the first token'}`,
        'ms',
        time.at([0.95], [label])[0]!,
      ),
    );
  }
  if (compares)
    panels.push({
      title: 'Candidate against stable',
      kind: 'timeseries',
      unit: 'none',
      queries: [{ expr: distance, legend: '{{metric}}' }],
    });
  return { title: 'Which release?', abreast: 4, panels };
}

function drift({ series }: Own, metric: string, recordings: readonly Recording[]): Row {
  const names = recordings.filter(({ labels }) => labels?.['metric'] === metric).map(({ record }) => record);
  const of = (name: string): string => series(name, equal('metric', metric));
  const distances = names.filter((name) => /^ai_drift:(?!bin|bucket|samples|reference)/.test(name));
  const bins = names.filter((name) => name.startsWith('ai_drift:bin:'));
  return {
    title: `Drift: ${metric}`,
    abreast: 2,
    panels: [
      {
        title: 'Distance from the reference',
        kind: 'timeseries',
        unit: 'none',
        queries: distances.map((name) => ({ expr: of(name), legend: name.split(':')[1] ?? name })),
      },
      {
        title: 'Shares of the bins',
        kind: 'bargauge',
        unit: 'percentunit',
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
  const panel: Panel = {
    title: 'Instances that break a rule',
    kind: 'timeseries',
    unit: 'percentunit',
    queries: [{ expr: share, legend: '{{feature}} {{rule}}' }],
  };
  return rowWith('Input of the model', 1, [panel]);
}

function startsAndCost({ series }: Own, names: ReadonlySet<string>): Row[] {
  const panels: (Panel | false)[] = [
    names.has('ai_pod:cold_start:seconds') && {
      title: 'Start of a replica',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: series('ai_pod:cold_start:seconds'), legend: '{{phase}}' }],
    },
    names.has('ai_cost:compute_usd:per_hour') && {
      title: 'Cost in an hour',
      kind: 'timeseries',
      unit: 'currencyUSD',
      queries: [{ expr: series('ai_cost:compute_usd:per_hour'), legend: 'compute' }],
    },
    names.has('ai_cost:tokens_usd:rate5m') && {
      title: 'Cost of tokens in an hour',
      kind: 'timeseries',
      unit: 'currencyUSD',
      queries: [{ expr: `3600 * ${series('ai_cost:tokens_usd:rate5m')}`, legend: 'tokens' }],
    },
  ];
  return rowWith(
    'Starts and cost',
    2,
    panels.filter((panel) => panel !== false),
  );
}

function ownRow({ series, spec }: Own): Row[] {
  const panels = spec.monitoring.recordings.map(({ name }): Panel => ({
    title: name,
    kind: 'timeseries',
    unit: 'none',
    queries: [{ expr: series(name), legend: '' }],
  }));
  return rowWith('Recordings of the service', 2, panels);
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
      list: [
        {
          name: 'Releases',
          datasource: SOURCE,
          enable: true,
          iconColor: 'blue',
          expr: `${releases} unless ${releases} offset 2m`,
          titleFormat: '{{release}} {{phase}} {{weight}} %',
          step: '60s',
        },
      ],
    },
    panels: laidOut(rows),
  };
}

/** Rows from top to bottom, in each the panels from left to right; ids are places. Panels of a folded row are in it. */
function laidOut(rows: readonly Row[]): object[] {
  const all: object[] = [];
  let [id, y] = [0, 0];
  for (const { title, panels, abreast, folded = false } of rows) {
    id += 1;
    const inside: object[] = [];
    all.push({
      id,
      type: 'row',
      title,
      collapsed: folded,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: folded ? inside : [],
    });
    const below = y + 1;
    panels.forEach((panel, index) => {
      const line = Math.floor(index / abreast);
      // The last line may have fewer, which are wider then.
      const w = WIDTH / Math.min(abreast, panels.length - line * abreast);
      id += 1;
      (folded ? inside : all).push(
        panelJson(panel, id, { x: (index % abreast) * w, y: below + line * HEIGHT, w, h: HEIGHT }),
      );
    });
    // Unfolded, a row moves down what is below it.
    y = below + (folded ? 0 : Math.ceil(panels.length / abreast) * HEIGHT);
  }
  return all;
}

function panelJson(
  { title, description, kind, unit, queries, steps, lines, colors = {} }: Panel,
  id: number,
  gridPos: object,
): object {
  return {
    id,
    type: kind,
    title,
    ...(description !== undefined && { description }),
    gridPos,
    datasource: SOURCE,
    // Rules are evaluated once a minute, and more often nobody need ask.
    ...(kind === 'timeseries' && { interval: '1m' }),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      expr,
      legendFormat: legend === '' ? '__auto' : legend,
      ...(kind !== 'timeseries' && { instant: true, range: false }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(kind === 'timeseries' && unit !== 'none' && { min: 0 }),
        ...(steps && { thresholds: { mode: 'absolute', steps } }),
        ...(lines && { custom: { thresholdsStyle: { mode: 'dashed' } } }),
      },
      overrides: Object.entries(colors).map(([legend, fixedColor]) => ({
        matcher: { id: 'byName', options: legend },
        properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
      })),
    },
  };
}
