import { compare, maximum, minOverTime, number, or, rangeOf, sum, unless, withLabelFrom, type Expr } from '../expr.ts';
import { KUBE } from '../metrics-kubernetes.ts';
import { knativeMetrics, REQUESTS_QUEUED, type KnativeMetrics } from '../metrics-knative.ts';
import { alert, groupName, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, matches, selector, type Pattern } from '../selector.ts';

/** Something that scales: what its autoscaler is called, and how far it may go. */
export interface Scaled {
  /** HorizontalPodAutoscaler, or Knative Service. */
  readonly name: string;
  readonly max: number;
}

/** How long everything may run at its maximum: a peak is what it is for. */
const PINNED = '30m';

/** @param scaler tells the alerts of a service apart whose parts are scaled by both. */
function pinned(subject: Subject, scaler: 'hpa' | 'knative', expr: Expr): AlertRule {
  return alert(subject, 'AiReplicasAtMaximum', {
    expr,
    for: PINNED,
    severity: 'warning',
    labels: { scaler },
    summary: template`${subject.service} runs as many replicas as it may.`,
    description: [
      template`the autoscaler of {{ $labels.autoscaler }} has wanted {{ $value | humanize }} replicas or more for ${PINNED}, which is the maximum.`,
      template`Raise scaling.max, or see why requests take longer.`,
    ],
  });
}

/**
 * HorizontalPodAutoscalers at their maximum, from kube-state-metrics.
 *
 * Runbook: is it load or a slow release? Compare requests per second with a week ago; raise `scaling.max`.
 *
 * @param names of the autoscalers that have room between minimum and maximum.
 */
export function atMaximum(subject: Subject, names: readonly string[]): RuleGroup {
  const of = (metric: string): Expr =>
    maximum(selector(metric, [equal('namespace', subject.namespace), isOneOf('horizontalpodautoscaler', names)]), [
      'horizontalpodautoscaler',
    ]);
  const reached = compare(of(KUBE.autoscalerWants), '>=', of(KUBE.autoscalerMaximum));
  return {
    name: groupName(subject, 'saturation'),
    rules: [pinned(subject, 'hpa', withLabelFrom(reached, 'autoscaler', 'horizontalpodautoscaler'))],
  };
}

/** What runs on Knative. */
export interface OnKnative {
  /** Versions of Knative Serving on the cluster. */
  readonly versions: Parameters<typeof knativeMetrics>[0];
  /** Knative Services that have room between minimum and maximum. */
  readonly scaled: readonly Scaled[];
  /** Knative Services that go to zero without requests. */
  readonly toZero: readonly string[];
  /** Revisions, where the version counts what waits for them. */
  readonly revisions: readonly Pattern[];
  /** Seconds until a replica must serve. */
  readonly startup: number;
}

/** Requests that may wait in front of all replicas together. */
const MAX_QUEUED = 20;

/**
 * Knative Services at their maximum, those that do not come up from zero, and requests that wait at the activator; from
 * Knative's autoscaler and activator. Metrics are called as the declared version calls them.
 *
 * Runbook: `kubectl describe revision`; pods that are not scheduled, images and models that are not pulled.
 */
export function knativeSaturation(
  subject: Subject,
  { versions, scaled, toZero, revisions, startup }: OnKnative,
): RuleGroup[] {
  const generations = knativeMetrics(versions);
  const stuck = rangeOf(Math.ceil(startup / 60) * 60);
  const rules = [
    ...(scaled.length === 0
      ? []
      : [
          pinned(
            subject,
            'knative',
            or(...generations.flatMap((metrics) => reachedOnKnative(subject, metrics, scaled))),
          ),
        ]),
    ...(toZero.length === 0
      ? []
      : [
          alert(subject, 'AiScaleFromZeroStuck', {
            expr: or(...generations.map((metrics) => stuckAtZero(subject, metrics, toZero))),
            for: stuck,
            severity: subject.page,
            labels: {},
            summary: template`${subject.service} does not come up from zero.`,
            description: [template`{{ $labels.autoscaler }} has been wanted for ${stuck}, and has no replica.`],
          }),
        ]),
    ...(revisions.length === 0
      ? []
      : [
          alert(subject, 'AiRequestsQueued', {
            expr: compare(
              sum(
                minOverTime(
                  selector(REQUESTS_QUEUED, [
                    equal('k8s_namespace_name', subject.namespace),
                    matches('kn_revision_name', ...revisions),
                  ]),
                  '2m',
                ),
              ),
              '>',
              number(MAX_QUEUED),
            ),
            for: '3m',
            severity: 'warning',
            labels: {},
            summary: template`Requests wait for replicas of ${subject.service}.`,
            description: [template`{{ $value | humanize }} requests or more have waited at the activator for 5m.`],
          }),
        ]),
  ];
  return rules.length === 0 ? [] : [{ name: groupName(subject, 'saturation'), rules }];
}

function replicasOf(
  { namespace }: Subject,
  metrics: KnativeMetrics,
  which: 'wanted' | 'present',
  names: readonly string[],
): Expr {
  const { service } = metrics;
  // Wanted and present are those of revisions; a Knative Service has one that matters, the one with the most.
  return maximum(selector(metrics[which], [equal(metrics.namespace, namespace), isOneOf(service, names)]), [service]);
}

/** One comparison for each maximum that there is. */
function reachedOnKnative(subject: Subject, metrics: KnativeMetrics, scaled: readonly Scaled[]): Expr[] {
  const limits = [...new Set(scaled.map(({ max }) => max))].sort((a, b) => a - b);
  return limits.map((max) => {
    const names = scaled.filter((one) => one.max === max).map(({ name }) => name);
    return withLabelFrom(
      compare(replicasOf(subject, metrics, 'wanted', names), '>=', number(max)),
      'autoscaler',
      metrics.service,
    );
  });
}

function stuckAtZero(subject: Subject, metrics: KnativeMetrics, names: readonly string[]): Expr {
  const wanted = compare(replicasOf(subject, metrics, 'wanted', names), '>', number(0));
  // Without a replica there may be no series at all, so that nothing would be equal to 0.
  const none = unless(wanted, compare(replicasOf(subject, metrics, 'present', names), '>', number(0)));
  return withLabelFrom(none, 'autoscaler', metrics.service);
}
