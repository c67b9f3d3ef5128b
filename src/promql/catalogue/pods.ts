import {
  and,
  compare,
  count,
  increase,
  maximum,
  maxOverTime,
  minimum,
  number,
  or,
  rangeOf,
  subtract,
  sum,
  unless,
  vector,
  where,
  withLabel,
  type Expr,
} from '../expr.ts';
import { INFERENCE_SERVICE_CONDITION, KUBE } from '../metrics-kubernetes.ts';
import { alert, groupName, identityLabels, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { equal, exactly, isOneOf, matches, notMatches, selector, type Pattern } from '../selector.ts';

/** What should run. */
export interface RunningPods {
  /** Deployments of all releases that run. */
  readonly deployments: readonly Pattern[];
  /** Their pods. */
  readonly pods: readonly Pattern[];
  /** The parts whose containers are scraped. */
  readonly scraped: readonly ScrapedPart[];
  /** The parts whose queue-proxies are. */
  readonly queueProxies: readonly ScrapedPart[];
  /** Seconds until a replica must serve. */
  readonly startup: number;
}

/** Deployments of a part that is scraped. */
export interface ScrapedPart {
  readonly part: string;
  readonly deployments: readonly Pattern[];
}

/** Reasons for which a container waits and will not start by itself. */
const NOT_STARTING = [
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
] as const;

/** What a replica may take beyond its startup, before somebody should know. */
const GRACE_SECONDS = 300;

/** How long something may be not ready. */
export function patience(startup: number): ReturnType<typeof rangeOf> {
  return rangeOf(Math.ceil((startup + GRACE_SECONDS) / 60) * 60);
}

/**
 * Pods that do not run as they should, from kube-state-metrics: containers that do not start or run out of memory, replicas
 * that do not become available, and replicas that Prometheus does not scrape.
 *
 * Scaled to zero there are no pods and nothing to say; and a release that goes takes its pods with it.
 *
 * Runbook: `kubectl describe pod`, then the logs of the container (of `storage-initializer` when a model is not loaded).
 */
export function pods(
  subject: Subject,
  { deployments, pods: names, scraped, queueProxies, startup }: RunningPods,
): RuleGroup {
  const inNamespace = equal('namespace', subject.namespace);
  const ofPods = [inNamespace, matches('pod', ...names)];
  const replicas = (metric: string, ...of: readonly Pattern[]): Expr =>
    maximum(selector(metric, [inNamespace, matches('deployment', ...of)]), ['deployment']);
  const waiting = (metric: string): Expr =>
    maxOverTime(selector(metric, [...ofPods, isOneOf('reason', NOT_STARTING)]), '5m');
  return {
    name: groupName(subject, 'pods'),
    rules: [
      alert(subject, 'AiPodNotStarting', {
        // Between two crashes a container runs for a moment, and the series is gone.
        expr: compare(
          maximum(or(waiting(KUBE.waiting), waiting(KUBE.initWaiting)), ['pod', 'container', 'reason']),
          '>',
          number(0),
        ),
        for: '5m',
        severity: 'warning',
        labels: {},
        summary: template`A container of ${subject.service} does not start.`,
        description: [
          template`container {{ $labels.container }} of pod {{ $labels.pod }} waits: {{ $labels.reason }}.`,
        ],
      }),
      alert(subject, 'AiPodOutOfMemory', {
        // The reason stays for ever; with a restart it is news.
        expr: and(
          compare(maximum(increase(selector(KUBE.restarts, ofPods), '15m'), ['pod', 'container']), '>', number(0)),
          compare(
            maximum(selector(KUBE.lastTerminated, [...ofPods, equal('reason', 'OOMKilled')]), ['pod', 'container']),
            '==',
            number(1),
          ),
        ),
        for: '1m',
        severity: 'warning',
        labels: {},
        summary: template`A container of ${subject.service} runs out of memory.`,
        description: [
          template`container {{ $labels.container }} of pod {{ $labels.pod }} was killed within the last 15m because it used more memory than its limit.`,
        ],
      }),
      alert(subject, 'AiReplicasNotReady', {
        expr: compare(
          subtract(replicas(KUBE.replicasWanted, ...deployments), replicas(KUBE.replicasAvailable, ...deployments)),
          '>',
          number(0),
        ),
        for: patience(startup),
        severity: 'warning',
        labels: {},
        summary: template`Replicas of ${subject.service} do not become available.`,
        description: [
          template`{{ $value | humanize }} replicas of {{ $labels.deployment }} have not been available for ${patience(startup)}.`,
        ],
      }),
      ...(scraped.length === 0
        ? []
        : [metricsMissing(subject, scraped, replicas, queueProxies.length === 0 ? undefined : 'container')]),
      ...(queueProxies.length === 0 ? [] : [metricsMissing(subject, queueProxies, replicas, 'queue-proxy')]),
    ],
  };
}

/**
 * Replicas serve, and none of them is scraped: whatever is made of the part's own metrics is blind.
 *
 * @param of who is scraped, where there are two in a pod.
 */
function metricsMissing(
  subject: Subject,
  scraped: readonly ScrapedPart[],
  replicas: (metric: string, ...of: readonly Pattern[]) => Expr,
  of: 'container' | 'queue-proxy' | undefined,
): AlertRule {
  const available = scraped.map(({ part, deployments }) =>
    withLabel(sum(replicas(KUBE.replicasAvailable, ...deployments)), 'part', part),
  );
  const { namespace, ai_service } = identityLabels(subject);
  const container =
    of === undefined ? [] : [(of === 'queue-proxy' ? matches : notMatches)('container', exactly('queue-proxy'))];
  const up = sum(selector('up', [equal('namespace', namespace), equal('ai_service', ai_service), ...container]), [
    'part',
  ]);
  return alert(subject, 'AiMetricsMissing', {
    expr: unless(compare(or(...available), '>', number(0)), compare(up, '>', number(0)), { on: ['part'] }),
    for: '15m',
    severity: 'warning',
    labels: of === 'queue-proxy' ? { of } : {},
    summary: template`Prometheus does not scrape ${subject.service}.`,
    description: [
      template`{{ $value | humanize }} replicas of {{ $labels.part }} are available, and no metrics come from any of them.`,
      of === 'queue-proxy'
        ? template`See whether config-observability of Knative says request-metrics-protocol: prometheus, and whether a NetworkPolicy keeps Prometheus out of port 9091.`
        : template`See whether the PodMonitor is selected, and whether a NetworkPolicy keeps Prometheus out.`,
    ],
  });
}

/**
 * InferenceServices that are not ready, or that are in Git and not on the cluster, by what kube-state-metrics makes of their
 * conditions. One that was stopped is not expected to be ready.
 *
 * Runbook: `kubectl describe inferenceservice`: the first condition that is false says what is missing.
 *
 * @param names InferenceServices that should be ready.
 */
export function inferenceServices(
  subject: Subject,
  { names, startup }: { readonly names: readonly string[]; readonly startup: number },
): RuleGroup {
  const of = [equal('namespace', subject.namespace), isOneOf('name', names)];
  const condition = (type: string): Expr => selector(INFERENCE_SERVICE_CONDITION, [...of, equal('type', type)]);
  const expected = or(...names.map((name) => withLabel(vector(1), 'name', name)));
  return {
    name: groupName(subject, 'inference-services'),
    rules: [
      alert(subject, 'AiInferenceServiceNotReady', {
        expr: unless(
          compare(minimum(condition('Ready'), ['name']), '==', number(0)),
          compare(maximum(condition('Stopped'), ['name']), '==', number(1)),
        ),
        for: patience(startup),
        severity: 'warning',
        labels: {},
        summary: template`An InferenceService of ${subject.service} is not ready.`,
        description: [template`InferenceService {{ $labels.name }} has not been ready for ${patience(startup)}.`],
      }),
      alert(subject, 'AiInferenceServiceMissing', {
        expr: where(
          unless(expected, maximum(condition('Ready'), ['name']), { on: ['name'] }),
          // Nothing is missed while nothing is counted.
          compare(count(selector(INFERENCE_SERVICE_CONDITION, [equal('type', 'Ready')])), '>', number(0)),
          { on: [] },
        ),
        for: '15m',
        severity: 'warning',
        labels: {},
        summary: template`An InferenceService of ${subject.service} is not there.`,
        description: [template`InferenceService {{ $labels.name }} is in Git, and not on the cluster.`],
      }),
    ],
  };
}
