import { atLeast, compareVersions, type Versions } from '../core/version.ts';

/** How one generation of Knative Serving names what its autoscaler says about a Knative Service. */
export interface KnativeMetrics {
  /** Replicas that the autoscaler wants. */
  readonly wanted: string;
  /** Replicas that are there; without a series when there is none. */
  readonly present: string;
  /** Labels that hold the namespace and the name of the Knative Service. */
  readonly namespace: string;
  readonly service: string;
}

/** OpenCensus names, up to 1.18 (knative serving v1.18.2 pkg/autoscaler/scaling/metrics). */
const OPENCENSUS: KnativeMetrics = {
  wanted: 'autoscaler_desired_pods',
  present: 'autoscaler_actual_pods',
  namespace: 'namespace_name',
  service: 'service_name',
};

/** OpenTelemetry names, as the Prometheus protocol writes them (knative serving 1.19.0 to 1.23.0). */
const OPENTELEMETRY: KnativeMetrics = {
  wanted: 'kn_revision_pods_desired',
  present: 'kn_revision_pods_count',
  namespace: 'k8s_namespace_name',
  service: 'kn_service_name',
};

/**
 * How the metrics of a cluster's Knative are called: one generation, or two while an upgrade from one to the other is under
 * way. The queue-proxy's changed twice more (1.19.8, 1.20.1); the autoscaler's did not.
 */
export function knativeMetrics(versions: Versions): KnativeMetrics[] {
  const each = typeof versions === 'string' ? [versions] : versions;
  return [
    ...(each.some((version) => compareVersions(version, '1.19') < 0) ? [OPENCENSUS] : []),
    ...(each.some((version) => compareVersions(version, '1.19') >= 0) ? [OPENTELEMETRY] : []),
  ];
}

/** Requests that wait at the activator for a replica, by revision; there since 1.22, before there is no such metric. */
export const REQUESTS_QUEUED = 'kn_revision_request_queued';

/** Whether every version that is named says how many requests wait at the activator. */
export function countsQueuedRequests(versions: Versions): boolean {
  return atLeast(versions, '1.22');
}
