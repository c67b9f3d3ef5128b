import type { IstioTraffic } from '../promql/metrics.ts';
import { exactly, pattern } from '../promql/selector.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { workloadAddress } from './address.ts';
import type { Target } from './target.ts';

/** How Istio's metrics see the requests to one workload. */
export interface SeenTraffic {
  /** Name of the Service that answers. */
  readonly name: string;
  /** True when the Service of a revision answers in its place, whose name goes on after that of the Knative Service. */
  readonly knative: boolean;
  /** Who counts the requests; nobody on a cluster without the metrics of Istio. */
  readonly reporters: IstioTraffic['reporters'];
}

/** Whether Istio counts requests, for the Prometheus of the cluster to see. */
export function istioCounts({ cluster: { istio } }: Pick<Target, 'cluster'>): boolean {
  return istio !== undefined && istio.metrics !== false;
}

/**
 * How Istio's metrics see the requests to a workload. Gateways report as source, and in ambient mode go past the waypoint;
 * Knative's gateway sees each request once.
 */
export function seenTraffic(target: Target, workload: RunningWorkload): SeenTraffic {
  const { host, knative } = workloadAddress(target, workload);
  return { name: host.slice(0, host.indexOf('.')), knative, reporters: reportersOf(target, knative) };
}

/**
 * The requests to an InferenceGraph, as Istio counts them at the callers of its router: a Service, or on Knative a Knative Service,
 * with the name of the graph (kserve v0.20.0 pkg/controller/v1alpha1/inferencegraph). The router itself has no metrics.
 */
export function graphTraffic(target: Target, graph: string): IstioTraffic | undefined {
  if (!istioCounts(target)) return undefined;
  const { cluster: { istio, kserve }, namespace } = target;
  const knative = kserve?.mode === 'Knative';
  // Through a gateway or from inside: nobody has said how it is called, and each request counts once.
  const reporters = istio?.dataplane === 'ambient' && !knative ? (['source', 'waypoint'] as const) : (['source'] as const);
  return { reporters, namespace, services: [knative ? pattern`${graph}(-[0-9]+)?` : exactly(graph)] };
}

function reportersOf(target: Target, knative: boolean): SeenTraffic['reporters'] {
  const { cluster: { istio }, spec } = target;
  if (!istioCounts(target)) return [];
  if (istio?.dataplane !== 'ambient' || knative) return ['source'];
  return spec.traffic.visibility === 'public' ? ['waypoint', 'source'] : ['waypoint'];
}
