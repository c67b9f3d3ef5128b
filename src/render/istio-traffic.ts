import type { IstioTraffic } from '../promql/metrics.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { workloadAddress } from './address.ts';
import type { Target } from './target.ts';

/** How Istio's metrics see the requests to one workload. */
export interface SeenTraffic {
  /** Name of the Service that answers. */
  readonly name: string;
  /** True when the Service of a revision answers in its place, whose name goes on after that of the Knative Service. */
  readonly knative: boolean;
  /** Who counts the requests; nobody on a cluster without Istio. */
  readonly reporters: IstioTraffic['reporters'];
}

/**
 * How Istio's metrics see the requests to a workload. Gateways report as source, and in ambient mode go past the waypoint;
 * Knative's gateway sees each request once.
 */
export function seenTraffic(target: Target, workload: RunningWorkload): SeenTraffic {
  const { host, knative } = workloadAddress(target, workload);
  return { name: host.slice(0, host.indexOf('.')), knative, reporters: reportersOf(target, knative) };
}

function reportersOf({ cluster: { istio }, spec }: Target, knative: boolean): SeenTraffic['reporters'] {
  if (!istio) return [];
  if (istio.dataplane !== 'ambient' || knative) return ['source'];
  return spec.traffic.visibility === 'public' ? ['waypoint', 'source'] : ['waypoint'];
}
