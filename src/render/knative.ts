import type { Deployment } from '../../imports/apps/v1.js';
import type { HorizontalPodAutoscaler } from '../../imports/autoscaling/v2.js';
import type { Service as CoreService } from '../../imports/core/v1.js';
import type { Service as KnativeService } from '../../imports/serving.knative.dev/v1.js';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import type { Entry, RunningFunction } from '../release/serving.ts';
import {
  deploymentProbes,
  envOf,
  IN_PLACE_STRATEGY,
  knativeProbes,
  maxReplicas,
  mirrored,
  placementOf,
  podSecurityOf,
  progressDeadline,
  replacesInPlace,
  resourcesOf,
  securityOf,
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
  const labels = workloadLabels(target, workload.part, workload.release);
  const template = templateOf(target, workload);
  const native = target.serving.native === 'revisions';
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
      template: native
        ? { ...template, metadata: { name: revisionName(target, workload), ...template.metadata } }
        : template,
      traffic: native ? revisionTraffic(target) : [{ latestRevision: true, percent: 100 }],
    },
  };
}

type Template = NonNullable<NonNullable<KnativeService['spec']>['template']>;
type Traffic = NonNullable<NonNullable<KnativeService['spec']>['traffic']>;

function templateOf(target: Target, workload: RunningFunction): Template {
  const { container, scale } = workload;
  const { scaling } = scale;
  const [metric, aim] = Object.entries(scaling.target ?? {})[0] ?? [];
  const timeoutMs = workloadTimeout(target, workload);
  return {
    metadata: {
      labels: workloadLabels(target, workload.part, workload.release),
      annotations: {
        // What was stopped gets no requests, so that it scales to zero.
        'autoscaling.knative.dev/min-scale': String(workload.stopped ? 0 : scaling.min),
        'autoscaling.knative.dev/max-scale': String(maxReplicas(scale)),
        ...(metric !== undefined && {
          'autoscaling.knative.dev/metric': metric,
          'autoscaling.knative.dev/target': String(aim),
        }),
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
  };
}

/**
 * Name of the revision of a function, where revisions split the traffic. Knative refuses a template that changes under
 * its name, and scaling or an environment may change it without a release, so that a digest stands at the end.
 */
export function revisionName(target: Target, workload: RunningFunction): string {
  return `${workload.name}-${workload.release}-${sha256(canonicalJson(templateOf(target, workload))).slice(0, 8)}`;
}

/** Tag of a candidate that warms; with one Knative keeps replicas of a revision that gets no traffic. */
export const CANDIDATE_TAG = 'candidate';

/**
 * Who gets how much, by name. A candidate that was held is not listed: a revision that is not ready would keep Knative
 * from taking traffic off it.
 */
function revisionTraffic(target: Target): Traffic {
  const { stable, candidate } = target.serving;
  const shares = new Map<string, number>();
  const add = ({ workload }: Entry, percent: number): void => {
    if (workload.kind !== 'function') return;
    const name = revisionName(target, workload);
    shares.set(name, percent + (shares.get(name) ?? 0));
  };
  add(stable, 100 - (candidate?.weight ?? 0));
  if (candidate && !candidate.held) add(candidate, candidate.weight);
  return [...shares]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, percent]) => ({
      latestRevision: false,
      revisionName: name,
      percent,
      ...(percent === 0 && { tag: CANDIDATE_TAG }),
    }));
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
      ...(!scales(workload) && { replicas: workload.stopped ? 0 : Math.max(scale.scaling.min, 1) }),
      progressDeadlineSeconds: Math.max(startup, 60),
      ...(replacesInPlace(workload, container, scale) && { strategy: IN_PLACE_STRATEGY }),
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
  const [resource, averageUtilization] =
    scaling.target && 'memory' in scaling.target
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
        metrics: [
          { type: 'Resource', resource: { name: resource, target: { type: 'Utilization', averageUtilization } } },
        ],
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      },
    },
  ];
}

/** Whether the number of replicas may change at all. */
function scales({ scale, stopped }: RunningFunction): boolean {
  return !stopped && maxReplicas(scale) > Math.max(scale.scaling.min, 1);
}

function metadata(
  target: Target,
  workload: RunningFunction,
): { name: string; namespace: string; labels: Record<string, string> } {
  return {
    name: workload.name,
    namespace: target.namespace,
    labels: workloadLabels(target, workload.part, workload.release),
  };
}

/** Labels that tell the pods of one release from those of every other; a Deployment's selector can never change. */
function podFields(target: Target, { scale }: RunningFunction) {
  return {
    // Off by default on Knative, and hundreds of variables in a busy namespace elsewhere.
    enableServiceLinks: false,
    serviceAccountName: serviceAccountName(target),
    ...placementOf(scale),
    ...podSecurityOf(target, target.cluster.knative !== undefined),
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
    ...securityOf(target, container),
  };
}
