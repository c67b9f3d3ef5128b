import { analyze } from '../promql/analyze.ts';
import type { Expr } from '../promql/expr.ts';
import type { HistogramForm } from '../promql/histogram.ts';
import { seriesOf, surroundingMetrics, type KnownMetric, type MetricSurroundings } from '../promql/known-metrics.ts';
import { vllmVersion } from '../promql/metrics-vllm.ts';
import { parsePromql } from '../promql/parse.ts';
import {
  alert,
  groupName,
  identityLabels,
  record,
  template,
  type AlertRule,
  type RuleGroup,
  type Subject,
  type Template,
} from '../promql/rule.ts';
import { scoped, type Scope } from '../promql/scope.ts';
import { readTemplate } from '../promql/user-template.ts';
import type { CustomAlert } from '../service/custom-alert.ts';
import { exportedMetrics } from '../service/exports.ts';
import { defaultImage } from '../service/runtime.ts';
import { istioCounts } from './istio-traffic.ts';
import { queueProxyScrapes } from './scrape.ts';
import { formOfClassic, formOfExported } from './histogram-form.ts';
import type { Target } from './target.ts';

/** The placeholders of a service's expressions. */
export function scopeOf({ service, namespace, environment, spec }: Target): Scope {
  return { service, namespace, environment, team: spec.owner.team };
}

/**
 * Metrics that expressions of a service may read, by name: what there is on the cluster, what its servers and parts expose,
 * what is recorded, and what it declares.
 *
 * @param builtIn the groups that are rendered without the service's own.
 */
export function knownMetrics(target: Target, builtIn: readonly RuleGroup[]): Map<string, KnownMetric> {
  const { cluster, spec } = target;
  const { metrics, recordings } = spec.monitoring;
  const exports = exportedMetrics(spec);
  const recorded = builtIn.flatMap(({ rules }) => rules.flatMap((rule) => ('record' in rule ? [rule] : [])));
  const surroundings: MetricSurroundings = {
    istio: istioCounts(target),
    sources: cluster.prometheus?.sources ?? [],
    knative: cluster.knative?.version,
    queueProxies: queueProxyScrapes(target).length > 0,
    servers: serversOf(target),
    inputSchema: exports.some(({ schema }) => schema),
  };
  return new Map<string, KnownMetric>([
    ...inForm(surroundingMetrics(surroundings), formOfClassic(target)),
    ...recorded.map(({ record: name, labels }) => [name, { type: 'gauge', own: 'ai_service' in labels }] as const),
    ...exports.flatMap((part) =>
      part.metrics.map((name) => [name, { type: HISTOGRAMS[formOfExported(target, name)], own: true }] as const),
    ),
    ...recordings.map(({ name }) => [name, { type: 'gauge', own: true }] as const),
    ...Object.entries(metrics).map(([name, { type, from }]) => [name, { type, own: from === 'service' }] as const),
  ]);
}

const HISTOGRAMS = { classic: 'histogram', native: 'nativeHistogram' } as const;

/** Metrics as Prometheus keeps them. */
function inForm(known: ReadonlyMap<string, KnownMetric>, form: HistogramForm): (readonly [string, KnownMetric])[] {
  return [...known].map(
    ([name, metric]) => [name, metric.type === 'histogram' ? { ...metric, type: HISTOGRAMS[form] } : metric] as const,
  );
}

/** Model servers that run, of all releases: an old one may call its metrics otherwise. */
function serversOf({ serving, cluster }: Target): MetricSurroundings['servers'] {
  return serving.workloads.flatMap((workload) => {
    if (workload.kind !== 'server') return [];
    const { framework, image, resources } = workload.server;
    const version =
      framework === 'vllm'
        ? vllmVersion(image ?? defaultImage('vllm', cluster.kserve?.version ?? '', resources.gpu !== undefined))
        : undefined;
    return [{ framework, version }];
  });
}

/**
 * Recordings and alerts that a service brings along, kept to it: one group, recordings first, so that alerts see fresh
 * samples. What is not PromQL has been reported by the checks.
 *
 * @param builtIn the groups that are rendered without them.
 */
export function customRules(target: Target, subject: Subject, builtIn: readonly RuleGroup[]): RuleGroup[] {
  const { alerts, recordings } = target.spec.monitoring;
  if (alerts.length === 0 && recordings.length === 0) return [];
  const expression = keptToService(target, builtIn);
  const labels = identityLabels(subject);
  return [
    {
      name: groupName(subject, 'custom'),
      rules: [
        ...recordings.map(({ name, expr }) => record(name, expression(expr), labels)),
        ...alerts.map((rule) => customAlert(subject, rule, expression(rule.expr))),
      ],
    },
  ];
}

/**
 * Keeps expressions of a service to its own series. What is not PromQL stays as it is: the checks have reported it.
 *
 * @param builtIn the groups whose recordings they may read.
 */
export function keptToService(target: Target, builtIn: readonly RuleGroup[]): (text: string) => Expr {
  const scope = scopeOf(target);
  const own = new Set(
    [...knownMetrics(target, builtIn)].flatMap(([name, { type, own }]) => (own ? seriesOf(name, type) : [])),
  );
  return (text) => {
    const { query } = parsePromql(text);
    const kept = query ? scoped(text, analyze(query), scope, (series) => own.has(series)) : text;
    return { text: kept, precedence: 0, broken: kept.includes('\n') };
  };
}

function customAlert(
  subject: Subject,
  { name, for: pending, severity, summary, description, runbook }: CustomAlert,
  expr: Expr,
): AlertRule {
  const rule = alert(subject, name, {
    expr,
    for: pending,
    severity: severity === 'critical' ? subject.page : severity,
    labels: {},
    summary: templateOf(summary),
    description: [templateOf(description)],
  });
  return runbook === undefined ? rule : { ...rule, annotations: { ...rule.annotations, runbook_url: runbook } };
}

function templateOf(text: string): Template {
  return readTemplate(text).template?.text ?? template`${text}`;
}
