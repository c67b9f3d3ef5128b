import type { Strategy } from '../../../imports/apps/v1.js';
import type { Container } from '../../../imports/core/v1.js';
import type { Finding } from '../../core/finding.ts';
import { objectLabel, type KubeObject } from '../../core/object.ts';
import type { Cluster } from '../../service/platform.ts';
import { reporter } from '../report.ts';
import { checkPartialContainer, checkPod, type PodLike } from './pod.ts';
import { KUBERNETES_RULES } from './rules.ts';
import { checkStrategy } from './workload.ts';

/**
 * Pods that KServe and Knative hand on to a Deployment. Their webhooks take them, the API server refuses the Deployment,
 * and nobody sees it but in the status of an object that never becomes ready.
 */

/** A part of an InferenceService or a runtime: a pod, of which others add the rest. */
interface Part extends PodLike {
  readonly model?: Partial<Container>;
  readonly deploymentStrategy?: Strategy;
  readonly workerSpec?: PodLike;
  /** A template of Knative, and one of an LLM that is filled apart. */
  readonly spec?: PodLike;
  readonly template?: PodLike;
}

type Parts = Readonly<Record<string, Part | undefined>>;

type Places = readonly (readonly [path: string, part: Part | undefined])[];

const runtime = (spec: Parts): Places => [['spec', spec]];

/** Where pods stand in a kind. */
const PODS: ReadonlyMap<string, (spec: Parts) => Places> = new Map([
  [
    'InferenceService',
    ({ predictor, transformer, explainer }) => [
      ['spec.predictor', predictor],
      ['spec.transformer', transformer],
      ['spec.explainer', explainer],
    ],
  ],
  ['ServingRuntime', runtime],
  ['ClusterServingRuntime', runtime],
  [
    'LLMInferenceService',
    ({ template, worker, prefill }) => [
      ['spec.template', template],
      ['spec.worker', worker],
      ['spec.prefill.template', prefill?.template],
    ],
  ],
  // Of Knative.
  ['Service', ({ template }) => [['spec.template.spec', template?.spec]]],
]);

/** What Knative's own rules say already. */
const SAID_BY_KNATIVE: ReadonlySet<string> = new Set(['kubernetes/port', 'kubernetes/probe', 'kubernetes/volume']);

const report = reporter(KUBERNETES_RULES);

/**
 * Checks the pods of an object of KServe or Knative by the rules of Kubernetes, as far as they hold for a part of a pod.
 *
 * @example checkServingPods(inferenceService, cluster) // [{ id: 'kubernetes/resources', … }]
 */
export function checkServingPods(object: KubeObject, { kubernetes }: Pick<Cluster, 'kubernetes'>): readonly Finding[] {
  const result = report({ object: objectLabel(object) });
  for (const [path, part] of PODS.get(object.kind)?.((object.spec ?? {}) as Parts) ?? []) {
    if (!part) continue;
    checkPod(result, path, part, { kubernetes, partial: true });
    if (part.model) checkPartialContainer(result, `${path}.model`, part.model, kubernetes);
    if (part.workerSpec) checkPod(result, `${path}.workerSpec`, part.workerSpec, { kubernetes, partial: true });
    if (part.deploymentStrategy) checkStrategy(result, `${path}.deploymentStrategy`, part.deploymentStrategy);
  }
  const knative =
    object.kind === 'Service' || object.metadata.annotations?.['serving.kserve.io/deploymentMode'] === 'Knative';
  // What KServe expands as a template is known when it has done so.
  return result.findings.filter(({ id, message }) => !message.includes('{{') && !(knative && SAID_BY_KNATIVE.has(id)));
}
