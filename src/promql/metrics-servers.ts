/** What model servers say that only they know. The names of all are without `_total` where the server leaves it out. */

/** Failures and successes of inference, as counters by `model`. */
export interface InferenceCounters {
  /** Whose they are, in the label `server` of alerts. */
  readonly server: string;
  readonly succeeded: string;
  readonly failed: string;
  /** Reasons of failures that are the caller's doing, in the label `reason`. */
  readonly callers: readonly string[];
}

/** Triton (docs/user_guide/metrics.md). Versions before 24.03 have no `reason`. */
export const TRITON_INFERENCE: InferenceCounters = {
  server: 'triton',
  succeeded: 'nv_inference_request_success',
  failed: 'nv_inference_request_failure',
  callers: ['CANCELED'],
};

/** MLServer 1.3 to 1.7 (mlserver/handlers/dataplane.py); the Python client adds `_total`. */
export const MLSERVER_INFERENCE: InferenceCounters = {
  server: 'mlserver',
  succeeded: 'model_infer_request_success_total',
  failed: 'model_infer_request_failure_total',
  callers: [],
};

/** Time that requests waited for their model, as two counters. */
export interface QueueCounters {
  /** Whose they are, in the label `server` of alerts. */
  readonly server: string;
  /** Microseconds, all requests together. */
  readonly microseconds: string;
  /** Number of requests. */
  readonly requests: string;
  readonly model: string;
}

/** Triton (docs/user_guide/metrics.md). */
export const TRITON_QUEUE: QueueCounters = {
  server: 'triton',
  microseconds: 'nv_inference_queue_duration_us',
  requests: 'nv_inference_request_success',
  model: 'model',
};

/** TorchServe (pytorch/serve docs/metrics.md), when its configuration says `metrics_mode=prometheus`. */
export const TORCHSERVE_QUEUE: QueueCounters = {
  server: 'torchserve',
  microseconds: 'ts_queue_latency_microseconds',
  requests: 'ts_inference_requests_total',
  model: 'model_name',
};
