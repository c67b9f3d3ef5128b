import type { HistogramForm } from '../promql/histogram.ts';
import type { QueueProxyMetrics } from '../promql/metrics-knative.ts';
import type { Pattern } from '../promql/selector.ts';

/**
 * What gates look at on one cluster, as plain data: how the metrics name the two releases. `gateSubject` of
 * `src/render/argo-rollouts.ts` makes it of a target.
 */
export interface GateSubject {
  readonly service: string;
  readonly environment: string;
  readonly cluster: string;
  readonly namespace: string;
  /** Who counts the requests in Istio's metrics; empty on a cluster without Istio. */
  readonly reporters: readonly ('source' | 'waypoint')[];
  /** How Knative's queue-proxies call the requests that they count, where they do in Istio's place. */
  readonly queueProxies?: readonly QueueProxyMetrics[] | undefined;
  readonly candidate: GateSide;
  readonly stable: GateSide;
  /** The Deployments of the candidate, all of which must be ready. */
  readonly deployments: readonly GateDeployment[];
  /** The histogram of predictions, where a part of the service declares one. */
  readonly predictions: GatePredictions | undefined;
  /** How Prometheus keeps the durations of requests. Default: as a classic histogram. */
  readonly durations?: HistogramForm;
  /** The label that holds the cluster's name, where one Prometheus has several. */
  readonly clusterLabel: string | undefined;
}

/** One of the two releases. */
export interface GateSide {
  readonly release: string;
  /** Name of the Service that answers for it: `fraud-detector-v47-predictor`. */
  readonly serviceName: string;
  /** The same as `destination_service_name` has it; on Knative a revision's number follows. */
  readonly service: Pattern;
  /** What the labels `part` and `release` say on series of the pods that answer; the release is the one that introduced the part. */
  readonly pods: { readonly part: string; readonly release: string };
}

/** A Deployment of the candidate. */
export interface GateDeployment {
  readonly part: string;
  /** What it is called in reports. */
  readonly name: string;
  /** Its name; on Knative those of its revisions. */
  readonly pattern: Pattern;
  /** How many replicas it must have at least; 0 where it goes down to none without requests. */
  readonly replicas: number;
}

/** Where predictions are counted. */
export interface GatePredictions {
  readonly metric: string;
  /** How Prometheus keeps it. Default: as a classic histogram. */
  readonly form?: HistogramForm;
  readonly part: string;
  /** Value of the label `release` on the candidate's series: the release that introduced the part. */
  readonly candidate: string;
  readonly stable: string;
}
