import type { KubeObject } from '../src/core/object.ts';
import type { AlertRule, RuleGroup } from '../src/promql/rule.ts';
import { renderPrometheus } from '../src/render/prometheus.ts';
import { targetOf } from '../test/support/target.ts';
import { REFERENCES, WATCHED } from '../test/support/watched.ts';
import { code, table } from './markdown.ts';

/** What the expressions of an alert do not say by themselves. */
interface Told {
  /** When it fires. */
  readonly when: string;
  /** Who must expose something for that; nothing for what we record ourselves. */
  readonly needs?: string;
  /** The field that turns it on, or off where it is there by default. */
  readonly field: string;
  /** How long it takes, where that is measured, or depends on the service. Default: how long the expression must hold. */
  readonly after?: string;
}

const OBJECTIVES = { needs: 'who counts the requests', field: 'slos' };
const REPLICAS = '5m longer than `startup` allows';
const COUNTED = 'Istio, or `queueProxy`';

/** Every built-in alert, in the order of the pages that tell of them. */
export const ALERTS: Readonly<Record<string, Told>> = {
  AiServiceOutage: {
    when: 'requests come and none is answered, or no replica is ready that could answer',
    needs: 'who counts the requests; replicas by `kubeStateMetrics`',
    field: 'outage: false',
    after: 'within 3m',
  },
  AiSloErrorBudgetBurn: {
    when: 'an error budget burns 14.4, 6, 3 or 1 times too fast',
    ...OBJECTIVES,
    after: '5m to 37h, by how fast',
  },
  AiSloLatencyBucketMissing: {
    when: 'the limit of an objective on a time is no bucket bound of the metric',
    ...OBJECTIVES,
  },
  AiSloEventsMissing: {
    when: 'requests come, and nothing counts the events of an objective of your own',
    ...OBJECTIVES,
  },
  AiDrift: {
    when: 'a distribution differs from its reference',
    needs: 'an exported histogram',
    field: 'drift',
    after: 'within 10m at 1 request/s',
  },
  AiCandidateDrift: {
    when: 'candidate and stable release say different things',
    needs: 'an exported histogram',
    field: 'drift',
    after: 'within 15m at 1 of 10 requests/s',
  },
  AiDriftBucketMismatch: {
    when: 'a histogram lacks a bucket for an edge, so that its rule is blind',
    needs: 'an exported histogram',
    field: 'drift',
  },
  AiDriftMetricMissing: {
    when: 'requests come, and the histogram counts nothing',
    needs: 'who counts the requests',
    field: 'drift',
  },
  AiInputSchemaViolated: {
    when: 'the input has changed; the labels `feature` and `rule` say how',
    needs: '`exports.schema`',
    field: 'schema',
    after: 'within 10m at 1 request/s',
  },
  AiInputSchemaMismatch: {
    when: 'pods check another schema than the service declares',
    needs: '`exports.schema`',
    field: 'schema',
  },
  AiInputSchemaMetricMissing: {
    when: 'requests come, and nobody counts instances',
    needs: 'who counts the requests',
    field: 'schema',
  },
  AiPodNotStarting: {
    when: 'a container, or an init container (where KServe loads the model), waits with an error',
    needs: '`kubeStateMetrics`',
    field: 'health.pods: false',
  },
  AiPodOutOfMemory: {
    when: 'a container was killed for its memory within 15 minutes',
    needs: '`kubeStateMetrics`',
    field: 'health.pods: false',
  },
  AiReplicasNotReady: {
    when: 'replicas are missing',
    needs: '`kubeStateMetrics`',
    field: 'health.pods: false',
    after: REPLICAS,
  },
  AiMetricsMissing: {
    when: 'replicas of a part are available, and none is scraped',
    needs: '`kubeStateMetrics`',
    field: 'health.pods: false',
  },
  AiInferenceServiceNotReady: {
    when: 'an InferenceService is not ready, and was not stopped',
    needs: '`inferenceServices`',
    field: 'health.pods: false',
    after: REPLICAS,
  },
  AiInferenceServiceMissing: {
    when: 'an InferenceService is in Git, and not on the cluster',
    needs: '`inferenceServices`',
    field: 'health.pods: false',
  },
  AiReplicasAtMaximum: {
    when: 'the autoscaler wants `scaling.max` replicas or more',
    needs: '`kubeStateMetrics`, on Knative `knative`',
    field: 'health.saturation: false',
  },
  AiScaleFromZeroStuck: {
    when: 'replicas are wanted, and there is none',
    needs: '`knative`',
    field: 'health.saturation: false',
    after: 'as long as `startup` allows',
  },
  AiRequestsQueued: {
    when: 'more than 20 requests wait at the activator',
    needs: '`knative`, 1.22',
    field: 'health.saturation: false',
  },
  AiColdStartSlow: {
    when: 'a replica took longer from its creation until it served',
    needs: '`kubeStateMetrics`',
    field: 'health.coldStart',
  },
  AiCandidateFailing: {
    when: 'the candidate fails 0.5 points more of its requests than the stable release, beyond chance',
    needs: COUNTED,
    field: 'health.candidate: false',
    after: 'within 10m at 1 of 10 requests/s',
  },
  AiCandidateSlow: {
    when: "the candidate's 95th percentile is above 1.25 times that of the stable release, and 20 ms",
    needs: COUNTED,
    field: 'health.candidate: false',
  },
  AiTrafficShareDiffers: {
    when: 'a release gets another share of the requests than Git says, beyond chance',
    needs: COUNTED,
    field: 'health.candidate: false',
  },
  AiCandidateStuck: {
    when: 'a candidate stays at one share too long',
    field: 'delivery.candidate: false',
    after: 'twice the bake time, or `delivery.candidate`',
  },
  AiHoldForgotten: {
    when: 'a release has been held for too long',
    field: 'delivery.hold: false',
    after: '`delivery.hold`, 72h',
  },
  AiAppOutOfSync: {
    when: 'what is in Git is not on the cluster',
    needs: '`argocd`',
    field: 'delivery.argocd: false',
    after: REPLICAS,
  },
  AiAppDegraded: {
    when: 'Argo CD finds the Application unhealthy',
    needs: '`argocd`',
    field: 'delivery.argocd: false',
  },
  AiAppSyncFailed: { when: 'a sync failed', needs: '`argocd`', field: 'delivery.argocd: false' },
  AiAppMissing: { when: 'the Application does not exist', needs: '`argocd`', field: 'delivery.argocd: false' },
  AiAppAutoSyncOff: {
    when: 'somebody switched automatic sync off',
    needs: '`argocd`',
    field: 'delivery.argocd: false',
  },
  AiInferenceFailures: {
    when: '1 % of the inferences fail inside of the server',
    needs: 'Triton, MLServer',
    field: 'health.runtime: false',
  },
  AiQueueTimeHigh: {
    when: 'requests wait longer for their model, on average',
    needs: 'Triton, TorchServe',
    field: 'health.queueTime',
  },
  AiModelStale: {
    when: 'the model that serves is older, by what its registry says',
    needs: 'a registry',
    field: 'health.modelAge',
    after: '`health.modelAge`',
  },
  AiLlmEngineStalled: {
    when: 'requests run, and no token comes',
    needs: 'vLLM',
    field: 'health.runtime: false',
    after: '8m',
  },
  AiLlmQueueGrowing: {
    when: 'more than 10 requests wait, half as many as run',
    needs: 'vLLM',
    field: 'health.runtime: false',
  },
  AiLlmCacheFull: { when: 'the KV cache is full while requests wait', needs: 'vLLM', field: 'health.runtime: false' },
  AiLlmFirstTokenSlow: {
    when: 'the 95th percentile until the first token is above the limit',
    needs: 'vLLM',
    field: 'health.timeToFirstToken',
  },
  AiLlmTokensSlow: {
    when: 'the 95th percentile between two tokens is above the limit',
    needs: 'vLLM',
    field: 'health.timeBetweenTokens',
  },
  AiLlmPreemptions: { when: 'requests are put off again and again', needs: 'vLLM', field: 'health.answers' },
  AiLlmAnswersAborted: { when: 'many answers are aborted', needs: 'vLLM', field: 'health.answers' },
  AiLlmAnswersCut: { when: 'many answers end at the limit of tokens', needs: 'vLLM', field: 'health.answers' },
  AiGpuHardwareError: {
    when: 'a GPU has a new XID error of its hardware',
    needs: '`dcgm`',
    field: 'health.gpu: false',
  },
  AiGpuMemoryFull: {
    when: 'the memory of a GPU is used above 95 %, but by vLLM, which takes it all',
    needs: '`dcgm`',
    field: 'health.gpu: false',
  },
  AiGpuIdle: {
    when: 'GPUs are busy less than a share of the time',
    needs: '`dcgm`',
    field: 'cost.idleGpu',
    after: '`cost.idleGpu.for`, 2h',
  },
  AiCostBudgetExceeded: {
    when: 'at the rate of the last day, a month costs more',
    needs: '`opencost`',
    field: 'cost.compute',
  },
  AiTokenBudgetBurn: {
    when: 'the budget of tokens goes 14.4 or 6 times faster than evenly, and still does',
    needs: 'vLLM',
    field: 'cost.tokens',
  },
  AiCallerUnusual: {
    when: 'a caller asks many times more than the day before, and has a large share of all requests',
    needs: 'Istio',
    field: 'cost.callers',
  },
  AiCallerEnumerates: {
    when: 'a caller walks through the inputs: it asks many times more than on a day of the week before, or nearly all that it sends is new',
    needs: 'Istio, or counters of your own',
    field: 'cost.enumeration',
  },
};

/** A table of every built-in alert; severities and times are those of rules that are rendered for services which ask for all of them. */
export function alertsReference(): string {
  const rendered = renderedAlerts();
  const rows = Object.entries(ALERTS).map(([name, { when, needs = '', field, after }]) => {
    const rules = rendered.get(name) ?? [];
    const severities = new Set(rules.map(({ labels }) => (labels['severity'] === 'critical' ? 'page' : 'ticket')));
    const waits = [...new Set(rules.map((rule) => rule.for))];
    return [
      code(name),
      when,
      needs,
      [...severities].sort().join(', ') || 'ticket',
      after ?? waits.join(' or '),
      code(field),
    ];
  });
  const about = [
    'Every built-in alert. *Needs* names what the Prometheus of the cluster must have: [sources](health.md#sources), Istio, the server. A *page* is',
    '`critical` in stage `prod` and a `warning` elsewhere; a *ticket* is a `warning`. *After* says how long a fault lasts until it is told: `within` is a',
    'promise that simulations hold to ([objectives](monitoring.md#how-soon-measured), [drift](drift.md#what-was-measured), [releases](health.md#releases)); all else is how',
    'long the condition must be true. *Field* is below `monitoring` of the service: it turns the alert on, or off where it ends in `false`.',
  ];
  return `## All alerts\n\n${about.join('\n')}\n\n${table(['alert', 'fires when', 'needs', 'severity', 'after', 'field'], rows)}`;
}

/** The alerts that are rendered for services which between them ask for every one, by name. */
function renderedAlerts(): Map<string, AlertRule[]> {
  const alerts = new Map<string, AlertRule[]>();
  const rulesOf = ({ kind, spec }: KubeObject): RuleGroup['rules'] =>
    kind === 'PrometheusRule' ? (spec as { groups: readonly RuleGroup[] }).groups.flatMap(({ rules }) => rules) : [];
  for (const options of Object.values(WATCHED)) {
    for (const rule of renderPrometheus(targetOf(options), REFERENCES).flatMap(rulesOf)) {
      if ('alert' in rule) alerts.set(rule.alert, [...(alerts.get(rule.alert) ?? []), rule]);
    }
  }
  return alerts;
}
