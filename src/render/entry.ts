import { compareText } from '../core/finding.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { RUNTIMES } from '../service/runtime.ts';
import { isLlm } from './is-llm.ts';
import type { Target } from './target.ts';

/** A workload that answers the service's address, and its share of the traffic in per cent. */
export interface EntryWorkload {
  readonly workload: RunningWorkload;
  /** The release that it answers for; `undefined` where one workload answers for two, and only its revisions differ. */
  readonly release: string | undefined;
  readonly weight: number;
}

/**
 * The workloads that answer the service's address by weight, by name; a release without weight is not among them, so that
 * a rollback gives back, byte for byte, the route from before. The order does not depend on who is stable. Releases that
 * share a workload share its line.
 */
export function entryWorkloads({ serving }: Target): EntryWorkload[] {
  const { stable, candidate, native } = serving;
  // KServe or Knative splits the requests behind it.
  if (native || isLlm(stable.workload)) return [{ workload: stable.workload, release: undefined, weight: 100 }];
  const weights = new Map<string, EntryWorkload>();
  const add = (workload: RunningWorkload, release: string, weight: number): void => {
    if (weight > 0)
      weights.set(workload.name, { workload, release, weight: weight + (weights.get(workload.name)?.weight ?? 0) });
  };
  if (candidate) add(candidate.workload, candidate.release, candidate.weight);
  add(stable.workload, stable.release, 100 - (candidate?.weight ?? 0));
  return [...weights.values()].sort((a, b) => compareText(a.workload.name, b.workload.name));
}

/** Response header with the release that answered: it tells a caller, and its log. */
export const MODEL_VERSION = 'x-model-version';

/** Hosts by which callers from outside of the cluster, or of an older address, find a service. */
export function publicHosts({ service, namespace, cluster: { domain }, spec }: Target): string[] {
  const { visibility, hosts } = spec.traffic;
  return [
    ...new Set([
      ...(visibility === 'public' && domain !== undefined ? [`${service}.${namespace}.${domain}`] : []),
      ...hosts,
    ]),
  ];
}

/** The part of a workload that takes its requests: a transformer stands before its predictor. */
export function entryPart(workload: RunningWorkload): string {
  return workload.kind === 'server' && workload.transformer ? 'transformer' : workload.part;
}

/** The port of the container that takes a workload's requests. */
export function entryPort(workload: RunningWorkload): number {
  if (workload.kind === 'function') return workload.container.port;
  const { server, transformer } = workload;
  if (transformer) return transformer.port;
  return server.framework === 'custom' ? (server.port ?? 8080) : RUNTIMES[server.framework].port;
}
