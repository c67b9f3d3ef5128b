import { and, compare, maximum, number, rangeOf, subtract, time, type Expr } from '../expr.ts';
import { KUBE } from '../metrics-kubernetes.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, matches, selector, type Pattern } from '../selector.ts';

/** A limit on how long a replica may take until it serves. */
export interface ColdStart {
  readonly pods: readonly Pattern[];
  /** In seconds. */
  readonly limit: number;
}

/** A pod that is older and becomes ready again did not start. */
const YOUNG_SECONDS = 3600;

/**
 * How long replicas take from being created until they serve, from kube-state-metrics, in parts: until they have a node
 * (`schedule`), until init containers are done (`download`: that is where KServe loads the model), until they are ready
 * (`load`), and `total`. Recorded as `ai_pod:cold_start:seconds`, the slowest of those that started within the last hour.
 *
 * A pod that never becomes ready has no such time; `AiReplicasNotReady` tells.
 *
 * Runbook: `schedule` is slow: nodes are missing, keep some warm. `download`: cache the model near. `load`: a smaller
 * model, or more processor for the start.
 */
export function coldStart(subject: Subject, { pods, limit }: ColdStart): RuleGroup {
  const of = (metric: string): Expr =>
    maximum(selector(metric, [equal('namespace', subject.namespace), matches('pod', ...pods)]), ['pod']);
  const created = of(KUBE.podCreated);
  const young = compare(subtract(time(), created), '<', number(YOUNG_SECONDS));
  const ready = of(KUBE.podReadyTime);
  const phases: readonly (readonly [phase: string, from: Expr, to: Expr])[] = [
    ['download', of(KUBE.podScheduledTime), of(KUBE.podInitializedTime)],
    ['load', of(KUBE.podInitializedTime), ready],
    ['schedule', created, of(KUBE.podScheduledTime)],
    ['total', created, ready],
  ];
  const identity = identityLabels(subject);
  const total = selector(
    'ai_pod:cold_start:seconds',
    Object.entries({ ...identity, phase: 'total' }).map(([label, value]) => equal(label, value)),
  );
  return {
    name: groupName(subject, 'cold-start'),
    rules: [
      ...phases.map(([phase, from, to]) =>
        record('ai_pod:cold_start:seconds', maximum(and(subtract(to, from), young)), { ...identity, phase }),
      ),
      alert(subject, 'AiColdStartSlow', {
        expr: compare(total, '>', number(limit)),
        for: '1m',
        severity: 'warning',
        labels: {},
        summary: template`Replicas of ${subject.service} start slowly.`,
        description: [
          template`a replica took {{ $value | humanizeDuration }} from its creation until it served; the limit is ${rangeOf(limit)}.`,
          template`ai_pod:cold_start:seconds says by phase where the time went.`,
        ],
      }),
    ],
  };
}
