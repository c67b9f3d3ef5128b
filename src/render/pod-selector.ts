import { compareText } from '../core/finding.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { isLlm } from './is-llm.ts';
import type { Target } from './target.ts';

/**
 * What `app.kubernetes.io/name` is on the pods of a workload: the service. Pods of an LLMInferenceService have its name,
 * by which KServe's own Service finds them (kserve v0.20.0 llmisvc/workload.go GetWorkloadLabelSelector).
 */
export function podName(target: Target, workload: RunningWorkload): string {
  return isLlm(workload) ? workload.name : target.service;
}

/** The values of `app.kubernetes.io/name` on all pods of a service, in order; nearly always one. */
export function podNames(target: Target): string[] {
  return [...new Set(target.serving.workloads.map((workload) => podName(target, workload)))].sort(compareText);
}

/**
 * Labels that tell the pods of one part of one release from all others: of another service, another part, another
 * release. Fewer than the pods have, so that a new owner moves no pod out of its Service.
 *
 * @param name `podName` of their workload.
 */
export function podSelector(
  target: Target,
  part: string,
  release: string,
  name = target.service,
): Record<string, string> {
  return { 'app.kubernetes.io/version': release, ...partSelector(target, part, name) };
}

/** Labels that tell the pods of one part, of all its releases, from all others. */
export function partSelector(target: Target, part: string, name = target.service): Record<string, string> {
  return { 'app.kubernetes.io/component': part, 'app.kubernetes.io/name': name };
}

/**
 * Selects all pods of a service, and of these only those with the labels. Where names are those of workloads the form is the
 * same for one as for many, so that a release adds its name and changes nothing else.
 */
export function serviceSelector(
  target: Target,
  labels: Readonly<Record<string, string>> = {},
): {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
} {
  const key = 'app.kubernetes.io/name';
  const values = podNames(target);
  if (values.every((name) => name === target.service)) return { matchLabels: { ...labels, [key]: target.service } };
  return {
    ...(Object.keys(labels).length > 0 && { matchLabels: { ...labels } }),
    matchExpressions: [{ key, operator: 'In', values }],
  };
}
