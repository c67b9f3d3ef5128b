import type { Namespace, ServiceAccount } from '../../imports/core/v1.js';
import type { Gateway } from '../../imports/gateway.networking.k8s.io/v1.js';
import type { PodDisruptionBudget } from '../../imports/policy/v1.js';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import type { Cluster, Environment } from '../service/platform.ts';
import { renderNetworkPolicy } from './network-policy.ts';
import { partSelector, podName, podSelector } from './pod-selector.ts';
import { serviceLabels, workloadLabels, type Target } from './target.ts';

/** What stands around the workloads of a service: ServiceAccount, PodDisruptionBudgets, NetworkPolicy. */
export function renderKubernetes(target: Target): KubeObject[] {
  return [...serviceAccount(target), ...disruptionBudgets(target), ...renderNetworkPolicy(target)];
}

/**
 * The identity of all pods of a service, unless it runs as an existing one. KServe looks for model-store credentials
 * in its `secrets` (0.20 pkg/credentials/service_account_credentials.go); cloud identities are annotations.
 */
function serviceAccount(target: Target): ServiceAccount[] {
  const { service, namespace, annotations, spec } = target;
  if (spec.identity.serviceAccount !== undefined) return [];
  const { credentials } = spec.identity;
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: service,
        namespace,
        labels: serviceLabels(target),
        ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
      },
      ...(credentials.length > 0 && { secrets: [...new Set(credentials)].sort(compareText).map((name) => ({ name })) }),
    },
  ];
}

/** One budget for each part with two or more replicas: with one replica it would only block node drains for ever. */
function disruptionBudgets(target: Target): PodDisruptionBudget[] {
  return target.serving.workloads.flatMap((workload) => {
    if (workload.kind === 'function')
      return budget(target, workload.name, workload.part, workload.release, workload.scale.scaling.min);
    const { name, part, release, scale, transformerScale, explainerScale } = workload;
    // Not `<name>-predictor`: KServe after 0.20 may claim the names of its Deployments for budgets of its own.
    return [
      ...budget(target, name, part, release, scale.scaling.min, podName(target, workload)),
      ...budget(target, `${name}-with-transformer`, 'transformer', release, transformerScale?.scaling.min),
      ...budget(target, `${name}-with-explainer`, 'explainer', release, explainerScale?.scaling.min),
    ];
  });
}

function budget(
  target: Target,
  name: string,
  part: string,
  release: string,
  min: number | undefined,
  pods = target.service,
): PodDisruptionBudget[] {
  if (min === undefined || min < 2) return [];
  const { native, stable } = target.serving;
  const shared = native !== undefined && name === stable.workload.name;
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace: target.namespace, labels: workloadLabels(target, part, release) },
      spec: {
        maxUnavailable: target.spec.disruption.maxUnavailable,
        // Revisions of one object share its budget.
        selector: { matchLabels: shared ? partSelector(target, part) : podSelector(target, part, release, pods) },
        // A release that never becomes ready must not hold up node drains (Kubernetes 1.27).
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  ];
}

/** What a team's services share in one environment on one cluster. */
export interface SharedUnit {
  readonly team: string;
  readonly environment: string;
  readonly env: Environment;
  readonly clusterName: string;
  readonly cluster: Cluster;
  readonly namespace: string;
}

/** Name of the waypoint that `istioctl waypoint apply` makes, and of ours. */
const WAYPOINT = 'waypoint';

/**
 * The objects of a team's `_shared` unit: its Namespace, where the environment makes them, with its pods in the mesh.
 * In ambient mode VirtualServices act at a waypoint only, so there the Namespace gets one.
 */
export function renderShared({ team, env, cluster, namespace }: SharedUnit): KubeObject[] {
  if (!env.createNamespaces) return [];
  const labels = { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service', 'app.kubernetes.io/part-of': team };
  const object: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: {
        ...labels,
        ...meshLabels(cluster),
        ...(env.podSecurity && { 'pod-security.kubernetes.io/enforce': env.podSecurity }),
      },
      // A Namespace takes everything in it along: it goes by hand only.
      annotations: { 'argocd.argoproj.io/sync-options': 'Delete=false,Prune=false' },
    },
  };
  return cluster.istio?.dataplane === 'ambient' ? [object, waypoint(namespace, labels)] : [object];
}

function meshLabels({ istio }: Cluster): Record<string, string> {
  if (!istio) return {};
  if (istio.dataplane === 'sidecar') return { 'istio-injection': 'enabled' };
  return { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': WAYPOINT };
}

function waypoint(namespace: string, labels: Record<string, string>): Gateway {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: WAYPOINT, namespace, labels },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } }],
    },
  };
}
