import { clusterHost } from '../core/names.ts';
import type { Serving } from '../release/serving.ts';
import type { Cluster, Environment } from '../service/platform.ts';
import type { ServiceSpec } from '../service/service.ts';

/** The unit of rendering: one service in one environment on one cluster. */
export interface Target {
  readonly service: string;
  /** The service with the environment's overrides merged and every default filled in. */
  readonly spec: ServiceSpec;
  readonly serving: Serving;
  readonly environment: string;
  readonly env: Environment;
  readonly clusterName: string;
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Annotations of the service's ServiceAccount, as the cluster's function gives them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Base URL of another service in the same environment, or `undefined` when there is none. */
  readonly serviceUrl: (service: string) => string | undefined;
}

/** Labels of every object of a service. Istio and our relabelings read them, so they are Kubernetes' own words. */
export function serviceLabels(target: Target): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
    'app.kubernetes.io/name': target.service,
    'app.kubernetes.io/part-of': target.spec.owner.team,
  };
}

/**
 * Labels of a workload's pods: which part of which service, and the release that introduced it.
 *
 * Here and in what is rendered for every service, what is spread comes last: V8 gives each object that goes on after `{ ...spread`
 * a hidden class of its own (Node 20), which takes ten times as long and more, and slows down whoever reads it.
 */
export function workloadLabels(target: Target, part: string, release: string): Record<string, string> {
  return { 'app.kubernetes.io/component': part, 'app.kubernetes.io/version': release, ...serviceLabels(target) };
}

/** Cluster-internal host name of a Service in the target's namespace. */
export function serviceHost(target: Target, name: string): string {
  return clusterHost(name, target.namespace);
}
