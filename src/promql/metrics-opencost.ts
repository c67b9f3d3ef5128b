/** What OpenCost says about allocations and prices (opencost.io, "Prometheus metrics"). */
export const OPENCOST = {
  /** Cores, by `namespace`, `pod`, `container`, `node`. */
  cpu: 'container_cpu_allocation',
  memoryBytes: 'container_memory_allocation_bytes',
  gpu: 'container_gpu_allocation',
  /** US dollars an hour for one core, by `node`. */
  cpuPrice: 'node_cpu_hourly_cost',
  /** US dollars an hour for one GiB. */
  memoryPrice: 'node_ram_hourly_cost',
  gpuPrice: 'node_gpu_hourly_cost',
} as const;
