import { compareText } from '../core/finding.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { RUNTIMES } from '../service/runtime.ts';
import type { Target } from './target.ts';

/** A workload that answers the service's address, and its share of the traffic in per cent. */
export interface EntryWorkload {
  readonly workload: RunningWorkload;
  readonly weight: number;
}

/**
 * The workloads that may answer the service's address, by name: stable, candidate and the previous release that is
 * kept warm, also those with weight 0. The order does not depend on who is stable, so that steps and a rollback change
 * weights and a promotion changes nothing. Releases that share a workload share its line.
 */
export function entryWorkloads({ serving }: Target): EntryWorkload[] {
  const { stable, candidate, previous } = serving;
  const weights = new Map<string, EntryWorkload>();
  const add = (workload: RunningWorkload, weight: number): void => {
    weights.set(workload.name, { workload, weight: weight + (weights.get(workload.name)?.weight ?? 0) });
  };
  add(stable.workload, 100 - (candidate?.weight ?? 0));
  if (candidate) add(candidate.workload, candidate.weight);
  if (previous) add(previous.workload, 0);
  return [...weights.values()].sort((a, b) => compareText(a.workload.name, b.workload.name));
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
