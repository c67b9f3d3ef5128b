import { parseDuration } from '../core/duration.ts';
import { compareText, type Finding, type Rule } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { errorBudget, unreachableTiers } from '../promql/catalogue/burn-rate.ts';
import { latencyName } from '../promql/catalogue/latency.ts';
import { ISTIO_DURATION } from '../promql/metrics.ts';
import { scrapesOf } from '../render/scrape.ts';
import type { Target } from '../render/target.ts';
import { exportedMetrics } from '../service/exports.ts';
import type { Monitoring } from '../service/monitoring-rules.ts';
import type { Reference } from '../service/reference.ts';
import type { ServiceSpec } from '../service/service.ts';
import { boundsBeside } from './latency-bounds.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what a service asks to be watched: an alert that could never fire is a mistake, not an alert. */
export const MONITORING_RULES: readonly Rule[] = [
  { id: 'monitoring/metric-not-exported', severity: 'error', summary: 'The metric of a drift rule is declared in the exports of a part.', source: "KServe's servers (v0.20.0 python/kserve/kserve/metrics.py) export durations only, no predictions and no features" },
  { id: 'monitoring/metric-not-scraped', severity: 'error', summary: 'A part that exports the metric of a drift rule has a metrics endpoint.', source: 'A PodMonitor scrapes declared endpoints only; without one the rule never has data' },
  { id: 'monitoring/exports-of-runtime', severity: 'warning', summary: 'Exported metrics come from an image that was made to expose them.', source: "kserve v0.20.0 python/kserve/kserve/metrics.py: durations only; the other servers expose no values either" },
  { id: 'monitoring/reference', severity: 'error', summary: 'The reference of a drift rule is there, with rising edges and shares that sum to 1.', source: 'The constants of a drift rule are made from it' },
  { id: 'monitoring/latency-bucket', severity: 'error', summary: 'The limit of a latency objective is a bucket bound of the metric.', source: 'Classic histograms count up to their bounds only; bounds of istio_request_duration_milliseconds are Envoy\'s defaults' },
  { id: 'monitoring/objective-unreachable', severity: 'warning', summary: 'An objective leaves every burn-rate alert a chance to fire.', source: 'SRE workbook, chapter 5: burn rate times error budget must be below 1' },
  { id: 'monitoring/duplicate', severity: 'error', summary: 'A service has one objective for what is counted, and one drift rule for a metric.', source: 'Their recordings would have the same name and labels, which Prometheus cannot tell apart' },
  { id: 'monitoring/no-mesh', severity: 'info', summary: 'Objectives are made of the metrics of Istio.', source: 'Istio names its metrics alike in every mode; of servers, most count no errors' },
  { id: 'monitoring/no-prometheus', severity: 'info', summary: 'Objectives and drift rules need a Prometheus on the cluster.', source: 'Nothing is rendered without one, and that should not be a surprise' },
];

const report = reporter(MONITORING_RULES);

/**
 * Checks what a service asks to be watched on one cluster.
 *
 * @param references reference distributions by the path that a drift rule gives; `undefined` for a file that was read,
 *   and whose findings are reported already.
 */
export function checkMonitoring(target: Target, references: ReadonlyMap<string, Reference | undefined>): Finding[] {
  const { add, findings } = report({ service: target.service, environment: target.environment, cluster: target.clusterName });
  const { slos, drift } = target.spec.monitoring;
  const { istio, prometheus } = target.cluster;
  slos.forEach((slo, index) => checkSlo(add, `monitoring.slos[${index}]`, slo, istio !== undefined));
  drift.forEach((rule, index) => checkDrift(add, `monitoring.drift[${index}].psi`, rule, target, references));
  checkExports(add, target.spec);
  checkDuplicates(add, 'monitoring.slos', slos.map(sloName));
  checkDuplicates(add, 'monitoring.drift', drift.map(({ psi }) => psi.metric));
  if (!prometheus && slos.length + drift.length > 0) {
    const message = `cluster ${target.clusterName} has no Prometheus, so that nothing is watched there`;
    add('monitoring/no-prometheus', 'monitoring', message, 'declare prometheus on the cluster if its operator is installed');
  }
  if (prometheus && !istio) {
    const message = `cluster ${target.clusterName} has no Istio, so that availability and latency are not watched there, and no alert tells when the metric of a drift rule is missing`;
    add('monitoring/no-mesh', 'monitoring.slos', message, 'declare istio on the cluster if it is installed');
  }
  return findings;
}

type Add = Report['add'];

/** Promised metrics that nothing exposes would leave their rules without data for ever. */
function checkExports(add: Add, { predictor, models }: ServiceSpec): void {
  const servers = [['predictor', predictor] as const, ...Object.entries(models).map(([name, server]) => [`models.${name}`, server] as const)];
  for (const [field, server] of servers) {
    if (!server?.exports || server.framework === 'custom' || server.image !== undefined) continue;
    const message = `the usual image of framework ${server.framework} exposes neither predictions nor features`;
    add('monitoring/exports-of-runtime', `${field}.exports`, message, 'write image: an image of this server that exposes them, or export them from a transformer');
  }
}

function sloName(slo: Monitoring['slos'][number]): string {
  return 'availability' in slo ? 'availability' : latencyName(parseDuration(slo.latency.below) ?? 0);
}

function checkSlo(add: Add, field: string, slo: Monitoring['slos'][number], mesh: boolean): void {
  if ('availability' in slo) {
    checkObjective(add, `${field}.availability.objective`, slo.availability.objective);
    return;
  }
  checkObjective(add, `${field}.latency.objective`, slo.latency.objective);
  if (mesh) checkBucket(add, `${field}.latency.below`, slo.latency.below);
}

function checkObjective(add: Add, field: string, objective: number): void {
  const tiers = unreachableTiers(objective);
  if (tiers.length === 0) return;
  const bad = Number((100 * errorBudget(objective)).toPrecision(12));
  const message = `the objective ${objective} allows ${bad} % of requests to be bad, so that burn-rate alerts that could never fire are left out: ${tiers.join(', ')}`;
  add('monitoring/objective-unreachable', field, message, 'write an objective above 93.06 for all four alerts, above 83.34 for all but the fast one');
}

function checkBucket(add: Add, field: string, below: string): void {
  const beside = boundsBeside(below);
  if (beside === undefined) return;
  const message = `${below} is no bucket bound of ${ISTIO_DURATION.name}, so that nothing counts the requests below it`;
  add('monitoring/latency-bucket', field, message, `write ${beside}`);
}

function checkDrift(
  add: Add,
  field: string,
  { psi }: Monitoring['drift'][number],
  target: Target,
  references: ReadonlyMap<string, Reference | undefined>,
): void {
  checkMetric(add, `${field}.metric`, psi.metric, target);
  if (references.has(psi.reference)) return;
  const fix = `write it, relative to the service's folder: { "edges": [0.1, 0.5], "shares": [0.7, 0.2, 0.1] }`;
  add('monitoring/reference', `${field}.reference`, `there is no reference file ${JSON.stringify(psi.reference)}`, fix);
}

function checkMetric(add: Add, field: string, metric: string, target: Target): void {
  const parts = exportedMetrics(target.spec);
  const exporting = parts.filter(({ metrics }) => metrics.includes(metric));
  const shown = JSON.stringify(metric);
  if (exporting.length === 0) {
    const meant = didYouMean(metric, parts.flatMap(({ metrics }) => metrics).sort(compareText));
    const names = parts.map((part) => part.field);
    const message = `no part (${names.join(', ')}) declares that it exports ${shown}; model servers export no predictions by themselves, so the rule would never have data`;
    const declare = `have a part expose this histogram and declare it: ${names[0] ?? 'predictor'}.exports: { predictions: ${shown} }`;
    add('monitoring/metric-not-exported', field, message, meant === undefined ? declare : `did you mean ${JSON.stringify(meant)}?`);
    return;
  }
  const scraped = new Set(scrapesOf(target).map(({ part }) => part));
  if (exporting.some(({ part }) => scraped.has(part))) return;
  const names = exporting.map((part) => part.field).join(', ');
  const message = `${names} exports ${shown} but has no metrics endpoint that Prometheus could scrape`;
  add('monitoring/metric-not-scraped', field, message, 'set its metrics, or export the metric from a transformer or function that has metrics');
}

function checkDuplicates(add: Add, field: string, names: readonly string[]): void {
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (first !== index) add('monitoring/duplicate', `${field}[${index}]`, `${name} is watched by ${field}[${first}] already`, 'keep one of the two');
  });
}
