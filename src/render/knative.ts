import type { Deployment } from '../../imports/apps/v1.js';
import type { HorizontalPodAutoscaler } from '../../imports/autoscaling/v2.js';
import type { Service as CoreService } from '../../imports/core/v1.js';
import type { Service as KnativeService } from '../../imports/serving.knative.dev/v1.js';
import type { KubeObject } from '../core/object.ts';
import type { RunningFunction } from '../release/serving.ts';
import {
  deploymentProbes,
  envOf,
  knativeProbes,
  maxReplicas,
  mirrored,
  placementOf,
  progressDeadline,
  resourcesOf,
  serviceAccountName,
  startupSeconds,
} from './container.ts';
import { podSelector } from './pod-selector.ts';
import { workloadTimeout } from './request-timeout.ts';
import { workloadLabels, type Target } from './target.ts';

/**
 * The function of each release that runs: a Knative Service, or a Deployment with Service and autoscaler where the
 * cluster has no Knative. Both answer at `http://<name>.<namespace>`, port 80.
 */
export function renderFunctions(target: Target): KubeObject[] {
  const objects: (KnativeService | Deployment | CoreService | HorizontalPodAutoscaler)[] = [];
  for (const workload of target.serving.workloads) {
    if (workload.kind !== 'function') continue;
    if (target.cluster.knative) objects.push(knativeService(target, workload));
    else objects.push(deployment(target, workload), service(target, workload), ...autoscaler(target, workload));
  }
  return objects;
}

function knativeService(target: Target, workload: RunningFunction): KnativeService {
  const { container, scale } = workload;
  const { scaling } = scale;
  const labels = workloadLabels(target, workload.part, workload.release);
  const [metric, aim] = Object.entries(scaling.target ?? {})[0] ?? [];
  const timeoutMs = workloadTimeout(target, workload);
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name: workload.name,
      namespace: target.namespace,
      // Public traffic comes through our VirtualService too, so that no release is reachable past its weight.
      labels: { ...labels, 'networking.knative.dev/visibility': 'cluster-local' },
    },
    spec: {
      template: {
        metadata: {
          labels,
          annotations: {
            'autoscaling.knative.dev/min-scale': String(scaling.min),
            'autoscaling.knative.dev/max-scale': String(maxReplicas(scale)),
            ...(metric !== undefined && { 'autoscaling.knative.dev/metric': metric, 'autoscaling.knative.dev/target': String(aim) }),
            ...progressDeadline(startupSeconds(container), timeoutMs),
          },
        },
        spec: {
          // 0, no limit, and the fields of `traffic` are what Knative's webhook would add.
          containerConcurrency: scale.concurrency ?? 0,
          timeoutSeconds: Math.ceil(timeoutMs / 1000),
          ...podFields(target, workload),
          containers: [
            {
              ...containerFields(target, workload),
              ports: [{ name: 'http1', containerPort: container.port, protocol: 'TCP' }],
              ...knativeProbes(container.readiness),
            },
          ],
        },
      },
      traffic: [{ latestRevision: true, percent: 100 }],
    },
  };
}

function deployment(target: Target, workload: RunningFunction): Deployment {
  const { container, scale } = workload;
  const startup = startupSeconds(container);
  const timeout = Math.ceil(workloadTimeout(target, workload) / 1000);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(target, workload),
    spec: {
      // What an autoscaler owns must not stand in Git, or every sync would undo it.
      ...(!scales(workload) && { replicas: Math.max(scale.scaling.min, 1) }),
      progressDeadlineSeconds: Math.max(startup, 60),
      selector: { matchLabels: podSelector(target, workload.part, workload.release) },
      template: {
        metadata: { labels: workloadLabels(target, workload.part, workload.release) },
        spec: {
          ...podFields(target, workload),
          ...(timeout > 30 && { terminationGracePeriodSeconds: timeout }),
          containers: [
            {
              ...containerFields(target, workload, { PORT: String(container.port) }),
              ports: [{ name: 'http', containerPort: container.port, protocol: 'TCP' }],
              ...deploymentProbes(container.readiness, container.port, startup),
            },
          ],
        },
      },
    },
  };
}

function service(target: Target, workload: RunningFunction): CoreService {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(target, workload),
    spec: {
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: workload.container.port }],
      selector: podSelector(target, workload.part, workload.release),
    },
  };
}

function autoscaler(target: Target, workload: RunningFunction): HorizontalPodAutoscaler[] {
  if (!scales(workload)) return [];
  const { scaling } = workload.scale;
  const [resource, averageUtilization] = scaling.target && 'memory' in scaling.target
    ? (['memory', scaling.target.memory] as const)
    : (['cpu', scaling.target && 'cpu' in scaling.target ? scaling.target.cpu : 80] as const);
  return [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata(target, workload),
      spec: {
        minReplicas: Math.max(scaling.min, 1),
        maxReplicas: maxReplicas(workload.scale),
        metrics: [{ type: 'Resource', resource: { name: resource, target: { type: 'Utilization', averageUtilization } } }],
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      },
    },
  ];
}

/** Whether the number of replicas may change at all. */
function scales({ scale }: RunningFunction): boolean {
  return maxReplicas(scale) > Math.max(scale.scaling.min, 1);
}

function metadata(
  target: Target,
  workload: RunningFunction,
): { name: string; namespace: string; labels: Record<string, string> } {
  return { name: workload.name, namespace: target.namespace, labels: workloadLabels(target, workload.part, workload.release) };
}

/** Labels that tell the pods of one release from those of every other; a Deployment's selector can never change. */
function podFields(target: Target, { scale }: RunningFunction) {
  return {
    // Off by default on Knative, and hundreds of variables in a busy namespace elsewhere.
    enableServiceLinks: false,
    serviceAccountName: serviceAccountName(target),
    ...placementOf(scale),
  };
}

/** @param given variables that the platform sets: Knative hands in PORT itself, and refuses it in the spec. */
function containerFields(
  target: Target,
  { container, calls }: RunningFunction,
  given: Readonly<Record<string, string>> = {},
) {
  const env = envOf(target, container.env, calls, given);
  return {
    name: 'function',
    image: mirrored(target.cluster.imageMirrors, container.image),
    ...(container.command && { command: container.command }),
    ...(container.args && { args: container.args }),
    ...(env.length > 0 && { env }),
    resources: resourcesOf(container.resources),
  };
}
