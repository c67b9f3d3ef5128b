import type { ModelServer } from '../service/workload.ts';
import type { Exposure, ReleasePolicy } from '../service/release-policy.ts';
import type { ContainerWorkload, LockedModel, ServerWorkload } from './record.ts';

/**
 * What runs in one environment, resolved: the workloads, and which of them answers how much of the traffic.
 * Renderers read this and never the release store.
 */

/** Release in the names of workloads that are updated in place; no release may be called so. */
export const IN_PLACE = 'main';

/** A model server: an InferenceService, with its transformer and explainer. */
export interface RunningServer {
  readonly kind: 'server';
  /** `predictor`, or a name in `models`. */
  readonly part: string;
  /** Name of the InferenceService: `fraud-detector-v47`. */
  readonly name: string;
  /** The release that introduced it: `v47`, or `main` where it is updated in place. */
  readonly release: string;
  /** Kept without replicas: what served before and was stopped. */
  readonly stopped: boolean;
  /** Model name in request paths, the same for every release. */
  readonly servedName: string;
  readonly model: LockedModel | undefined;
  readonly server: ServerWorkload;
  readonly transformer: ContainerWorkload | undefined;
  readonly explainer: ContainerWorkload | undefined;
  /** What follows the sources: replicas, placement, concurrency. */
  readonly scale: Scale;
  readonly transformerScale: Scale | undefined;
  readonly explainerScale: Scale | undefined;
}

/** The function: a Knative Service, or a Deployment. */
export interface RunningFunction {
  readonly kind: 'function';
  readonly part: 'function';
  /** Name of the Knative Service or Deployment: `image-classifier-function-v3`. */
  readonly name: string;
  readonly release: string;
  /** Kept without replicas: what served before and was stopped. */
  readonly stopped: boolean;
  readonly container: ContainerWorkload;
  readonly scale: Scale;
  /** The workload that each part of this service resolves to for this function, by part name. */
  readonly calls: Readonly<Record<string, RunningServer>>;
}

export type RunningWorkload = RunningServer | RunningFunction;

/** How much runs, and where: from the sources, per environment. */
export type Scale = Pick<ModelServer, 'scaling' | 'placement' | 'concurrency'>;

/** One release as the router sees it: the workload that answers the service's address. */
export interface Entry {
  readonly release: string;
  readonly workload: RunningWorkload;
}

/**
 * The releases that run: the stable one, the candidate where there is one, then those that are kept.
 *
 * @example entriesOf(target.serving).map(({ release }) => release) // ['v46', 'v47']
 */
export function entriesOf<E extends Entry>({
  stable,
  candidate,
  kept,
}: {
  readonly stable: E;
  readonly candidate: E | undefined;
  readonly kept: readonly E[];
}): readonly E[] {
  return [stable, ...(candidate ? [candidate] : []), ...kept];
}

/** What one service serves in one environment. */
export interface Serving {
  /** Distinct workloads; those of the stable release first, then the candidate's, then those of the kept ones. */
  readonly workloads: readonly RunningWorkload[];
  readonly stable: Entry;
  /** The candidate and who sees it: nobody while it warms, or when it is held. */
  readonly candidate: (Entry & Exposure & { readonly held?: true }) | undefined;
  /** Releases without traffic: the one that served before, and those that go with the next cleanup. */
  readonly kept: readonly Entry[];
  /** Set where KServe or Knative splits the traffic of one object, and not our route between the workloads of releases. */
  readonly native?: Exclude<ReleasePolicy['mechanism'], 'workloads'>;
}
