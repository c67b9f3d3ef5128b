import type { RunningWorkload } from '../release/serving.ts';

/** Whether a workload is an LLMInferenceService. */
export function isLlm(workload: RunningWorkload): boolean {
  return workload.kind === 'server' && workload.server.llm !== undefined;
}
