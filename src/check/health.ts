import type { Finding, Rule } from '../core/finding.ts';
import { DAYS_OF_PAST } from '../promql/catalogue/enumeration.ts';
import { knownMetrics } from '../render/custom-rules.ts';
import { istioCounts } from '../render/istio-traffic.ts';
import { createdOf, gpuComponents, QUEUEING_FRAMEWORKS, runningServers } from '../render/prometheus-health.ts';
import { hasSource } from '../render/scrape.ts';
import type { Target } from '../render/target.ts';
import type { Cost } from '../service/health.ts';
import type { MetricSource } from '../service/platform.ts';
import { retentionSeconds } from '../service/prometheus-storage.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what a service asks to be watched about its health and cost: what nobody measures raises no alert. */
export const HEALTH_RULES: readonly Rule[] = [
  {
    id: 'health/no-source',
    severity: 'warning',
    summary: "What a service asks to be watched is measured by something that the cluster's Prometheus scrapes.",
    source: 'prometheus.sources of the cluster; an alert on a metric that nobody exposes never fires',
  },
  {
    id: 'health/no-runtime',
    severity: 'error',
    summary: 'A limit is about something that one of the model servers measures.',
    source: 'vLLM docs/usage/metrics, Triton docs/user_guide/metrics.md, TorchServe docs/metrics.md',
  },
  {
    id: 'health/no-counter',
    severity: 'error',
    summary: 'Counters that an alert reads are declared.',
    source: 'ours: nobody else knows what a service counts; an alert on a metric that nobody exposes never fires',
  },
  {
    id: 'health/retention',
    severity: 'warning',
    summary: 'What alerts look back at is kept by Prometheus.',
    source: 'prometheus.retention of the cluster; Prometheus forgets what is older',
  },
  {
    id: 'health/no-gpu',
    severity: 'error',
    summary: 'GPUs are watched where a part of the service has one.',
    source: "NVIDIA's dcgm-exporter names the pod that has a GPU",
  },
  {
    id: 'health/model-age-unknown',
    severity: 'warning',
    summary: 'The age of a model is known to its registry.',
    source: 'The release record has the time at which the registry says that the version was made',
  },
];

const ISTIO = 'declare istio on the cluster if its metrics are scraped';

const report = reporter(HEALTH_RULES);

/** Checks what a service asks to be watched on one cluster that has a Prometheus; what is watched by default asks for nothing. */
export function checkHealth(target: Target): Finding[] {
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  const { cluster, clusterName, spec } = target;
  if (!cluster.prometheus) return findings;
  const { health, cost } = spec.monitoring;

  const sources = cluster.prometheus.sources ?? [];
  const needs = (field: string, wanted: unknown, source: MetricSource, who: string): void => {
    if (wanted === undefined || hasSource(target, source)) return;
    const message = `it is not watched on cluster ${clusterName}, whose Prometheus is not said to scrape ${who}`;
    add(
      'health/no-source',
      field,
      message,
      `write prometheus.sources: [${[...sources, source]
        .sort()
        .map((each) => `'${each}'`)
        .join(', ')}] on the cluster, if it does`,
    );
  };
  needs('monitoring.health.coldStart', health.coldStart, 'kubeStateMetrics', 'kube-state-metrics');
  needs('monitoring.cost.compute', cost.compute, 'opencost', 'OpenCost');
  needs('monitoring.cost.idleGpu', cost.idleGpu, 'dcgm', 'dcgm-exporter');
  if (cost.callers && !istioCounts(target)) {
    add(
      'health/no-source',
      'monitoring.cost.callers',
      `cluster ${clusterName} has no metrics of Istio, which tells callers apart`,
      ISTIO,
    );
  }

  if (cost.enumeration) checkEnumeration(add, target, cost.enumeration);

  const llms = runningServers(target, 'vllm').length > 0;
  const ofLlms = {
    'health.timeToFirstToken': health.timeToFirstToken,
    'health.timeBetweenTokens': health.timeBetweenTokens,
    'health.answers': health.answers || undefined,
    'cost.tokens': cost.tokens,
  };
  for (const [field, wanted] of Object.entries(ofLlms)) {
    if (wanted === undefined || llms) continue;
    add(
      'health/no-runtime',
      `monitoring.${field}`,
      'no part of the service runs vLLM, which is what says how many tokens there are and when',
      `leave it out, or serve the model by framework: 'vllm'`,
    );
  }
  if (health.queueTime !== undefined && runningServers(target, ...QUEUEING_FRAMEWORKS).length === 0) {
    const message =
      'no part of the service runs Triton or TorchServe, which are the servers that say how long requests wait';
    add(
      'health/no-runtime',
      'monitoring.health.queueTime',
      message,
      `leave it out; of vLLM a growing queue is watched anyway`,
    );
  }
  if (cost.idleGpu && gpuComponents(target).length === 0) {
    add(
      'health/no-gpu',
      'monitoring.cost.idleGpu',
      'no part of the service has an NVIDIA GPU',
      'leave it out, or give a part resources: { gpu: 1 }',
    );
  }
  if (health.modelAge !== undefined && createdOf(target) === undefined) {
    const { release } = target.serving.stable;
    const message = `nothing says when the model of ${release} was made, so that its age is not watched`;
    add(
      'health/model-age-unknown',
      'monitoring.health.modelAge',
      message,
      'name the model by ModelRef.registry(…), in a registry that tells: MLflow, SageMaker, Vertex AI, Azure ML',
    );
  }
  return findings;
}

type Enumeration = NonNullable<Cost['enumeration']>;

function checkEnumeration(add: Report['add'], target: Target, { distinct }: Enumeration): void {
  const field = 'monitoring.cost.enumeration';
  const {
    clusterName,
    cluster: { prometheus },
  } = target;
  const retention = prometheus?.retention;
  if (!istioCounts(target)) {
    const message = `cluster ${clusterName} has no metrics of Istio, which tells callers apart`;
    if (!distinct)
      add('health/no-source', field, message, `${ISTIO}, or count distinct inputs: distinct: { metric, total }`);
  } else if (retention !== undefined && retentionSeconds(retention) < DAYS_OF_PAST * 86_400) {
    const message = `callers are compared with the week before, and the Prometheus of cluster ${clusterName} keeps samples for ${retention} only, so that nobody is compared`;
    add('health/retention', field, message, `keep them for ${DAYS_OF_PAST}d, or leave enumeration out`);
  }
  const known = distinct && knownMetrics(target, []);
  for (const [name, metric] of Object.entries({ metric: distinct?.metric, total: distinct?.total })) {
    const there = metric === undefined ? undefined : known?.get(metric);
    if (metric === undefined || (there?.own && there.type === 'counter')) continue;
    const message = there
      ? `${metric} is no counter of the service`
      : `nothing is known to expose ${metric}, so that the alert would never fire`;
    add(
      'health/no-counter',
      `${field}.distinct.${name}`,
      message,
      `declare it, if a part of the service exposes it: monitoring.metrics: { ${metric}: { type: 'counter' } }`,
    );
  }
}
