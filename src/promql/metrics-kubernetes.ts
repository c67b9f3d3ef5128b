/**
 * What kube-state-metrics says about Deployments, pods and autoscalers, by its names since 2.0 (docs/metrics). `namespace`,
 * `pod` and `deployment` are those of the object; kube-prometheus-stack scrapes with `honorLabels`, so that they stay.
 */
export const KUBE = {
  /** 1 while a container waits, by `reason`. */
  waiting: 'kube_pod_container_status_waiting_reason',
  /** The same of init containers: KServe downloads models in one. */
  initWaiting: 'kube_pod_init_container_status_waiting_reason',
  /** 1 for ever after a container ended, by `reason`. */
  lastTerminated: 'kube_pod_container_status_last_terminated_reason',
  restarts: 'kube_pod_container_status_restarts_total',
  /** Unix time. */
  podCreated: 'kube_pod_created',
  podScheduledTime: 'kube_pod_status_scheduled_time',
  podInitializedTime: 'kube_pod_status_initialized_time',
  podReadyTime: 'kube_pod_status_ready_time',
  replicasWanted: 'kube_deployment_spec_replicas',
  replicasAvailable: 'kube_deployment_status_replicas_available',
  autoscalerWants: 'kube_horizontalpodautoscaler_status_desired_replicas',
  autoscalerMaximum: 'kube_horizontalpodautoscaler_spec_max_replicas',
} as const;

/**
 * Conditions of InferenceServices, 1 for true and 0 else, by `type`. KServe exports none itself (kserve/kserve#2705): this is
 * what kube-state-metrics makes of the CustomResourceState configuration in docs/health.md, with its default prefix.
 */
export const INFERENCE_SERVICE_CONDITION = 'kube_customresource_inferenceservice_status_condition';
