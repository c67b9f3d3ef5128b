/**
 * What NVIDIA's dcgm-exporter says about GPUs. Its chart scrapes without `honorLabels`, so that the pod which uses a GPU is
 * in `exported_namespace` and `exported_pod`.
 */
export const DCGM = {
  namespace: 'exported_namespace',
  pod: 'exported_pod',
  /** The last XID error of a GPU, for ever; `err_code` says which. */
  xid: 'DCGM_FI_DEV_XID_ERRORS',
  /** Share of the time in which something ran, 0 to 1. Needs Volta or newer; MIG devices have it too. */
  active: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
  /** MiB. */
  memoryUsed: 'DCGM_FI_DEV_FB_USED',
  memoryFree: 'DCGM_FI_DEV_FB_FREE',
} as const;

/** XID errors of the hardware; the others are an application's (NVIDIA, "XID errors"). */
export const HARDWARE_ERRORS = ['48', '63', '64', '74', '79', '92', '94', '95', '119', '120'] as const;
