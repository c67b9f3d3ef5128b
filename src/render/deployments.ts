import type { ContainerWorkload, ServerWorkload } from '../release/record.ts';
import type { Entry, RunningWorkload, Scale } from '../release/serving.ts';
import { exactly, pattern, type Pattern } from '../promql/selector.ts';
import { runsOnKnative } from './address.ts';
import { isLlm } from './is-llm.ts';
import { revisionName } from './knative.ts';
import type { Target } from './target.ts';

/** How the metrics of a cluster name what becomes of our workloads: Deployments and pods. */

/** What runs in pods of its own: a predictor, transformer, explainer or function of one release. */
export interface RunningComponent {
  readonly part: string;
  /** Name of the Deployment; on Knative of the Knative Service, and revisions have Deployments. */
  readonly name: string;
  readonly workload: RunningWorkload;
  readonly container: ServerWorkload | ContainerWorkload;
  readonly scale: Scale;
}

/** What a workload runs, the component that serves first. */
export function componentsOf(workload: RunningWorkload): RunningComponent[] {
  const { name, part, scale } = workload;
  if (workload.kind === 'function') return [{ part, name, workload, container: workload.container, scale }];
  const { server, transformer, transformerScale, explainer, explainerScale } = workload;
  // KServe 0.20 llmisvc: the Deployment of an LLMInferenceService.
  if (isLlm(workload)) return [{ part, name: `${name}-kserve-workload`, workload, container: server, scale }];
  return [
    { part, name: `${name}-predictor`, workload, container: server, scale },
    ...(transformer && transformerScale
      ? [
          {
            part: 'transformer',
            name: `${name}-transformer`,
            workload,
            container: transformer,
            scale: transformerScale,
          },
        ]
      : []),
    ...(explainer && explainerScale
      ? [{ part: 'explainer', name: `${name}-explainer`, workload, container: explainer, scale: explainerScale }]
      : []),
  ];
}

/** What a release runs: the workload that answers, and the models that it calls. */
export function workloadsOf({ workload }: Entry): RunningWorkload[] {
  return workload.kind === 'function' ? [workload, ...Object.values(workload.calls)] : [workload];
}

/** The revision of a function, where we name it. */
export function ownRevision(target: Target, workload: RunningWorkload): string | undefined {
  return target.serving.native === 'revisions' && workload.kind === 'function'
    ? revisionName(target, workload)
    : undefined;
}

/** The Deployments of a component: one, on Knative those of its revisions (Knative Serving 1.21 pkg/reconciler/revision/resources/names). */
export function deploymentPattern(target: Target, { name, workload }: RunningComponent): Pattern {
  const revision = ownRevision(target, workload);
  if (revision !== undefined) return exactly(`${revision}-deployment`);
  return runsOnKnative(target, workload) ? pattern`${name}-[0-9]{5}-deployment` : exactly(name);
}

/** What Kubernetes keeps of a name that it adds five random characters to (apiserver pkg/storage/names SimpleNameGenerator). */
const KEPT = 58;

/** The longest hash of a pod template, with the dashes on both sides. */
const HASH = '-0123456789-'.length;

/**
 * The pods of a component: the name of the Deployment, a hash and five random characters. Of a long name Kubernetes cuts
 * off the end, so that only its start tells.
 *
 * Prometheus compiles a pattern at each evaluation: with these ranges in 29 µs of a rule's millisecond, with `[^-]+` in 5 ms
 * (3.15 model/labels NewFastRegexMatcher).
 */
export function podPattern(target: Target, component: RunningComponent): Pattern {
  const { name, workload } = component;
  const revision = ownRevision(target, workload);
  const knative = revision === undefined && runsOnKnative(target, workload);
  const deployment = revision !== undefined ? `${revision}-deployment` : knative ? `${name}-00001-deployment` : name;
  if (deployment.length + HASH > KEPT)
    return pattern`${deployment.slice(0, Math.min(name.length, KEPT - 1))}[0-9a-z-]+`;
  return knative
    ? pattern`${name}-[0-9]{5}-deployment-[0-9a-z]{1,10}-[0-9a-z]{5}`
    : pattern`${deployment}-[0-9a-z]{1,10}-[0-9a-z]{5}`;
}
