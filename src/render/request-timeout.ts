import { parseDuration } from '../core/duration.ts';
import type { RunningWorkload } from '../release/serving.ts';
import type { Target } from './target.ts';

const DEFAULT_MS = 30_000;

/** Language models stream for minutes. */
const GENERATIVE_MS = 300_000;

/**
 * Longest time for one request to the service, in milliseconds: `traffic.timeout`, else the longest default of what
 * runs. Routes use it.
 */
export function requestTimeout(target: Target): number {
  return Math.max(...target.serving.workloads.map((workload) => workloadTimeout(target, workload)));
}

/**
 * Longest time for one request to a workload, in milliseconds: `traffic.timeout`, else 30 s; 300 s for huggingface
 * and vllm, and for a function that may call one. It depends on the workload alone: a candidate of another kind must
 * not restart what serves.
 */
export function workloadTimeout(target: Target, workload: RunningWorkload): number {
  const { timeout } = target.spec.traffic;
  const stated = timeout === undefined ? undefined : parseDuration(timeout);
  if (stated !== undefined) return stated;
  const servers = workload.kind === 'server' ? [workload] : Object.values(workload.calls);
  const generative = servers.some(({ server: { framework } }) => framework === 'huggingface' || framework === 'vllm');
  return generative ? GENERATIVE_MS : DEFAULT_MS;
}
