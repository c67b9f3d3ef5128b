import type { Path } from '../read.ts';

/** What it means that an object of a kind goes away or changes. */

/** Kinds that hold data or other objects. */
export const DATA: ReadonlySet<string> = new Set([
  'CustomResourceDefinition',
  'ExternalSecret',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'SealedSecret',
  'Secret',
  'VolumeSnapshot',
]);

/** Kinds that run, or that callers find what runs by. */
// prettier-ignore
export const LIVE: ReadonlySet<string> = new Set([
  'CronJob', 'DaemonSet', 'Deployment', 'GRPCRoute', 'Gateway', 'HTTPRoute', 'HelmRelease', 'InferenceGraph', 'InferenceService',
  'Ingress', 'Job', 'LLMInferenceService', 'Pod', 'ReplicaSet', 'Rollout', 'Route', 'ScaledObject', 'Service', 'ServiceEntry',
  'ServingRuntime', 'StatefulSet', 'TCPRoute', 'TLSRoute', 'VirtualService',
]);

const TEMPLATE: readonly Path[] = [['spec', 'template']];

/** Kinds that run pods, and the fields of them that pods are made of. */
// prettier-ignore
export const POD_FIELDS: ReadonlyMap<string, readonly Path[]> = new Map<string, readonly Path[]>([
  ['DaemonSet', TEMPLATE],
  ['Deployment', TEMPLATE],
  ['InferenceService', [['spec', 'predictor'], ['spec', 'transformer'], ['spec', 'explainer']]],
  ['LLMInferenceService', [['spec', 'template'], ['spec', 'worker'], ['spec', 'prefill']]],
  ['Pod', [['spec']]],
  ['Rollout', TEMPLATE],
  ['Service', TEMPLATE],
  ['ServingRuntime', [['spec', 'containers'], ['spec', 'volumes']]],
  ['StatefulSet', TEMPLATE],
]);
