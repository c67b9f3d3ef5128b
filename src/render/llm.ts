import type { LLMInferenceService } from '../../imports/serving.kserve.io/v1alpha2.js';
import type { RunningServer } from '../release/serving.ts';
import {
  choosesParallelism,
  envOf,
  isRestricted,
  mirrored,
  placementOf,
  podSecurityOf,
  resourcesOf,
  securityOf,
  serviceAccountName,
  startupSeconds,
} from './container.ts';
import { workloadLabels, type Target } from './target.ts';

type Container = NonNullable<
  NonNullable<NonNullable<LLMInferenceService['spec']>['template']>['initContainers']
>[number];

/** Port of vLLM in an LLMInferenceService (kserve v0.20.0 config/llmisvcconfig). */
export const LLM_PORT = 8000;

/**
 * A model that llm-d serves: one LLMInferenceService per release, all in a group of routes, in which each has its weight.
 * KServe writes the routes, at a gateway of its own.
 *
 * Every release stays in the group, also at weight 0: outside of it a release would have a route of its own for the same
 * model, and of two the older one counts (kserve v0.20.0 router_group.go).
 */
export function llmInferenceService(target: Target, workload: RunningServer): LLMInferenceService {
  const { server, scale, servedName, model } = workload;
  const { mirrors, imageMirrors } = target.cluster;
  const labels = workloadLabels(target, workload.part, workload.release);
  // By the other two KServe's Service finds the pods, and ours would win (kserve v0.20.0 llmisvc/workload_single_node.go).
  const { 'app.kubernetes.io/name': _name, 'app.kubernetes.io/part-of': _partOf, ...podLabels } = labels;
  const adapters = server.llm?.adapters ?? [];
  const {
    args = [],
    command,
    resources: { gpu = 1 },
  } = server;
  const env = envOf(target, server.env, {}, args.length > 0 ? { VLLM_ADDITIONAL_ARGS: args.join(' ') } : {});
  return {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: {
      name: workload.name,
      namespace: target.namespace,
      labels,
      ...(workload.stopped && { annotations: { 'serving.kserve.io/stop': 'true' } }),
    },
    spec: {
      // Those of the object do not reach the pods.
      labels: podLabels,
      model: {
        uri: model ? mirrored(mirrors, model.uri) : '',
        name: servedName,
        ...(adapters.length > 0 && {
          lora: { adapters: adapters.map(({ name, uri }) => ({ name, uri: mirrored(mirrors, uri) })) },
        }),
      },
      replicas: scale.scaling.min,
      ...(gpu > 1 && !choosesParallelism(args) && { parallelism: { tensor: gpu } }),
      router: { gateway: {}, route: { http: {}, group: target.service, weight: weightOf(target, workload) } },
      template: {
        serviceAccountName: serviceAccountName(target),
        ...placementOf(scale),
        ...podSecurityOf(target, false),
        ...initContainers(target, workload),
        containers: [
          {
            // The rest of the container is KServe's, and restricted (kserve v0.20.0 config-llm-template.yaml).
            name: 'main',
            ...(server.image !== undefined && { image: mirrored(imageMirrors, server.image) }),
            ...(command && { command }),
            ...(env.length > 0 && { env }),
            resources: resourcesOf(server.resources),
            ...(server.runAsUser !== undefined && { securityContext: { runAsUser: server.runAsUser } }),
            startupProbe: { periodSeconds: 10, failureThreshold: Math.ceil(startupSeconds(server) / 10) },
          },
        ],
      },
    },
  };
}

/**
 * What a restricted namespace asks of the storage-initializer. KServe puts its own container under what stands here
 * (kserve v0.20.0 llmisvc/workload_storage.go), and a container without an image stays where it downloads nothing.
 */
function initContainers(target: Target, { server, model }: RunningServer): { initContainers?: Container[] } {
  const uris = [model?.uri ?? '', ...(server.llm?.adapters ?? []).map(({ uri }) => uri)];
  if (!isRestricted(target) || !uris.some((uri) => /^(?:hf|s3):/.test(uri))) return {};
  return { initContainers: [{ name: 'storage-initializer', ...securityOf(target, {}) }] };
}

/** Share of the requests in per cent. Releases that share a workload share its weight. */
function weightOf({ serving: { stable, candidate } }: Target, { name }: RunningServer): number {
  const share = candidate?.weight ?? 0;
  return (stable.workload.name === name ? 100 - share : 0) + (candidate?.workload.name === name ? share : 0);
}

/** Path at KServe's gateway where the releases of a model answer by weight. */
export function llmPath({ namespace }: Target, { servedName }: RunningServer): string {
  return `/publishers/${namespace}/models/${servedName}`;
}
