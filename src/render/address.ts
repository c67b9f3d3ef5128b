import type { RunningWorkload } from '../release/serving.ts';
import { isLlm } from './is-llm.ts';
import { serviceHost, type Target } from './target.ts';

/** Where requests to a workload go, inside of the cluster. */
export interface Address {
  /** Host of the Service that answers for the workload. */
  readonly host: string;
  /** Port of that Service. */
  readonly port: 80;
  /** True when Knative routes by host name, so that a request must carry `host` as its authority. */
  readonly knative: boolean;
}

/**
 * The address of a workload. With a transformer it is the transformer's, since that calls the predictor.
 * An LLMInferenceService answers at KServe's gateway, under a path. Standard mode: Service `<isvc>-predictor`, port 80 (KServe 0.20 reconcilers/service); Knative: the Knative Service.
 */
export function workloadAddress(target: Target, workload: RunningWorkload): Address {
  if (isLlm(workload)) return { host: target.cluster.kserve?.llm?.gatewayService ?? '', port: 80, knative: false };
  const name =
    workload.kind === 'function'
      ? workload.name
      : `${workload.name}-${workload.transformer ? 'transformer' : 'predictor'}`;
  return { host: serviceHost(target, name), port: 80, knative: runsOnKnative(target, workload) };
}

/** The address of a server's explainer, which answers `:explain`; of the server itself where it has none. */
export function explainerAddress(target: Target, workload: RunningWorkload): Address {
  const address = workloadAddress(target, workload);
  return workload.kind === 'server' && workload.explainer
    ? { ...address, host: serviceHost(target, `${workload.name}-explainer`) }
    : address;
}

/** Base URL of a workload for callers inside of the cluster, without a trailing slash. */
export function workloadUrl(target: Target, workload: RunningWorkload): string {
  return `http://${workloadAddress(target, workload).host}`;
}

/** Whether a workload becomes Knative Services on this cluster. */
export function runsOnKnative(target: Target, workload: RunningWorkload): boolean {
  return workload.kind === 'function'
    ? target.cluster.knative !== undefined
    : target.cluster.kserve?.mode === 'Knative' && !isLlm(workload);
}
