import { compareText, type Finding, type Rule } from '../core/finding.ts';
import { gateName } from '../gate/measure.ts';
import type { KnownHistogram } from '../promql/metrics.ts';
import { formOfExported } from '../render/histogram-form.ts';
import { latencyHistograms } from '../render/prometheus-slo.ts';
import { scrapesOf } from '../render/scrape.ts';
import type { Target } from '../render/target.ts';
import { exportedMetrics } from '../service/exports.ts';
import { policyOf } from '../service/release-policy.ts';
import { checkGateQuery, GATE_QUERY_RULES } from './gates-query.ts';
import { boundsBeside } from './latency-bounds.ts';
import { PROMQL_RULES } from './promql.ts';
import { reporter, type Report } from './report.ts';

/** Rules on the gates of a policy: one that can never pass would stop every release. */
export const GATE_POLICY_RULES: readonly Rule[] = [
  {
    id: 'gate/predictions',
    severity: 'error',
    summary: 'A gate on predictions has a histogram in the exports of a part, and a metrics endpoint to read it from.',
    source: 'ours: a gate without data is inconclusive for ever; model servers export no predictions by themselves',
  },
  {
    id: 'gate/latency-bucket',
    severity: 'warning',
    summary: 'The limit of a gate on latency is a bucket bound of the metric.',
    source: 'Prometheus 3.4 histogram_quantile: between two bounds it estimates; bounds of Envoy',
  },
  {
    id: 'gate/duplicate',
    severity: 'error',
    summary: 'Gates of a policy have different names.',
    source: 'ours: results and evidence are found by name',
  },
  ...GATE_QUERY_RULES,
];

const report = reporter([...GATE_POLICY_RULES, ...PROMQL_RULES]);

/**
 * Checks whether the gates of a service can decide anything on one cluster.
 *
 * @example checkGates(target) // [{ id: 'gate/predictions', where: { field: 'canary.gates[2].predictionDrift', … }, … }]
 */
export function checkGates(target: Target): Finding[] {
  const { service, environment, clusterName, spec, env } = target;
  const { add, findings } = report({ service, environment, cluster: clusterName });
  const { strategy, gates } = policyOf(spec, env.rollout);
  const names = gates.map(gateName);
  gates.forEach((gate, index) => {
    const field = `${strategy}.gates[${index}]`;
    if ('predictionDrift' in gate)
      checkPredictions(add, `${field}.predictionDrift`, gate.predictionDrift.edges !== undefined, target);
    if ('latency' in gate) checkBucket(add, `${field}.latency.max`, gate.latency.max, latencyHistograms(target));
    if ('prometheus' in gate) checkGateQuery(add, `${field}.prometheus.query`, gate.prometheus.query, target);
    const name = names[index] ?? '';
    const first = names.indexOf(name);
    if (first === index) return;
    const fix = 'prometheus' in gate ? 'give it another name' : 'keep one of the two, with all the limits';
    add('gate/duplicate', field, `${strategy}.gates[${first}] is called ${name} already`, fix);
  });
  return findings;
}

type Add = Report['add'];

/** @param bounded whether the gate names the bounds of its bins. */
function checkPredictions(add: Add, field: string, bounded: boolean, target: Target): void {
  const parts = exportedMetrics(target.spec);
  const declared = parts.find(({ predictions }) => predictions !== undefined);
  if (!declared) {
    const names = parts.map((part) => part.field).sort(compareText);
    const message = `no part (${names.join(', ')}) declares the histogram of its predictions, so that the gate would never have data`;
    const fix = `have a part expose one and declare it: ${parts[0]?.field ?? 'predictor'}.exports: { predictions: "score" }`;
    add('gate/predictions', field, message, fix);
    return;
  }
  const shown = JSON.stringify(declared.predictions);
  if (!bounded && formOfExported(target, declared.predictions ?? '') === 'native') {
    add(
      'gate/predictions',
      field,
      `${shown} is a native histogram on cluster ${target.clusterName}, without bounds that the bins could be made of`,
      'write edges: the edges of the reference of its drift rule',
    );
  }
  if (scrapesOf(target).some(({ part }) => part === declared.part)) return;
  const message = `${declared.field} exports ${shown} but has no metrics endpoint that Prometheus could scrape`;
  add(
    'gate/predictions',
    field,
    message,
    'set its metrics, or export the predictions from a transformer or function that has metrics',
  );
}

function checkBucket(add: Add, field: string, max: string, histograms: readonly KnownHistogram[]): void {
  const beside = histograms.length > 0 ? boundsBeside(max, ...histograms) : undefined;
  if (beside === undefined) return;
  const message = `${max} is no bucket bound of ${histograms.map(({ name }) => name).join(' or ')}, so that the quantile near it is an estimate`;
  add('gate/latency-bucket', field, message, `write ${beside}`);
}
