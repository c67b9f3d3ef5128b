import { compareText } from '../core/finding.ts';
import type { IstioTraffic } from '../promql/metrics.ts';
import { exactly, pattern } from '../promql/selector.ts';
import { entriesOf, type RunningWorkload } from '../release/serving.ts';
import { workloadAddress } from './address.ts';
import { isLlm } from './is-llm.ts';
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
 * The requests to a service, as Istio counts them: those to the workloads that answer its address, of every release
 * that runs, so that objectives hold across a release change.
 *
 * - Standard: the Service that KServe (`<isvc>-predictor`) or our function has.
 * - Knative: the revision's Service (`<service>-00001`); the gateway sees each request once on its way there. The hop to
 *   the local gateway has that gateway's name, and the activator's to `<revision>-private` would count it again.
 *
 * Requests by callers without a sidecar are seen when they come through a gateway or waypoint.
 */
export function serviceTraffic(target: Target): IstioTraffic | undefined {
  // Behind KServe's gateway nothing says which service a request was for.
  if (!istioCounts(target) || isLlm(target.serving.stable.workload)) return undefined;
  const workloads = new Map(entriesOf(target.serving).map(({ workload }) => [workload.name, workload]));
  // By name: a release that becomes stable changes no line.
  const seen = [...workloads.values()]
    .sort((a, b) => compareText(a.name, b.name))
    .map((workload) => seenTraffic(target, workload));
  const services = seen.map(({ name, knative }) => {
    if (!knative) return exactly(name);
    // Revisions that we name end in release and digest.
    return target.serving.native === 'revisions' ? pattern`${name}(-[0-9a-z-]+)?` : pattern`${name}(-[0-9]+)?`;
  });
  const reporters = [...new Set(seen.flatMap((one) => one.reporters))];
  return { reporters, namespace: target.namespace, services };
}

/**
 * The requests to an InferenceGraph, as Istio counts them at the callers of its router: a Service, or on Knative a Knative Service,
 * with the name of the graph (kserve v0.20.0 pkg/controller/v1alpha1/inferencegraph). The router itself has no metrics.
 */
export function graphTraffic(target: Target, graph: string): IstioTraffic | undefined {
  if (!istioCounts(target)) return undefined;
  const {
    cluster: { istio, kserve },
    namespace,
  } = target;
  const knative = kserve?.mode === 'Knative';
  // Through a gateway or from inside: nobody has said how it is called, and each request counts once.
  const reporters =
    istio?.dataplane === 'ambient' && !knative ? (['source', 'waypoint'] as const) : (['source'] as const);
  return { reporters, namespace, services: [knative ? pattern`${graph}(-[0-9]+)?` : exactly(graph)] };
}

function reportersOf(target: Target, knative: boolean): SeenTraffic['reporters'] {
  const {
    cluster: { istio },
    spec,
  } = target;
  if (!istioCounts(target)) return [];
  if (istio?.dataplane !== 'ambient' || knative) return ['source'];
  return spec.traffic.visibility === 'public' ? ['waypoint', 'source'] : ['waypoint'];
}
