import type { Versions } from '../core/version.ts';
import { ARGOCD } from './metrics-argocd.ts';
import { DCGM } from './metrics-dcgm.ts';
import { AI_FEATURE_VIOLATIONS, AI_INPUT_SCHEMA, AI_INSTANCES } from './metrics-input-schema.ts';
import { countsQueuedRequests, knativeMetrics, queueProxyMetrics, REQUESTS_QUEUED } from './metrics-knative.ts';
import { INFERENCE_SERVICE_CONDITION, KUBE } from './metrics-kubernetes.ts';
import { OPENCOST } from './metrics-opencost.ts';
import { MLSERVER_INFERENCE, TORCHSERVE_QUEUE, TRITON_INFERENCE, TRITON_QUEUE } from './metrics-servers.ts';
import { kvCacheUsage, timeBetweenTokens, VLLM, VLLM_HTTP_REQUESTS } from './metrics-vllm.ts';
import { ISTIO_DURATION, ISTIO_REQUESTS } from './metrics.ts';

/** What a metric is; it decides which functions make sense. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'nativeHistogram' | 'summary';

/** A metric that exists on a cluster. */
export interface KnownMetric {
  readonly type: MetricType;
  /** Exposed by the service's own pods, so that its series have our labels `ai_service`, `release` and `part`. */
  readonly own: boolean;
}

/** What there is to be asked: the cluster as it is declared, and the servers that the service runs. */
export interface MetricSurroundings {
  readonly istio: boolean;
  /** What Prometheus scrapes beside: `kubeStateMetrics`, `dcgm`, … */
  readonly sources: readonly string[];
  readonly knative: Versions | undefined;
  /** The pods of the service have queue-proxies that are scraped. */
  readonly queueProxies: boolean;
  readonly servers: readonly { readonly framework: string; readonly version: string | undefined }[];
  /** Some part of the service counts what is wrong with its input. */
  readonly inputSchema: boolean;
}

/** Names of all series of a metric, as selectors write them. */
export function seriesOf(name: string, type: MetricType): string[] {
  switch (type) {
    case 'counter':
    case 'gauge':
    case 'nativeHistogram':
      return [name];
    case 'histogram':
      return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
    case 'summary':
      return [name, `${name}_sum`, `${name}_count`];
  }
}

/** Whether a series of a metric only rises: what is counted does, whatever the whole is. */
export function isCounter(series: string, type: MetricType): boolean {
  return (
    type === 'counter' ||
    type === 'histogram' ||
    type === 'nativeHistogram' ||
    (type === 'summary' && /_(?:sum|count)$/.test(series))
  );
}

type Dictionary = readonly (readonly [name: string, metric: KnownMetric])[];

function metrics(own: boolean, type: MetricType, names: readonly string[]): Dictionary {
  return names.map((name) => [name, { type, own }]);
}

/** Metrics by name that are there without anybody declaring them, for every version that is declared. */
export function surroundingMetrics({
  istio,
  sources,
  knative,
  queueProxies,
  servers,
  inputSchema,
}: MetricSurroundings): ReadonlyMap<string, KnownMetric> {
  return new Map([
    // Prometheus makes these of every scrape.
    ...metrics(false, 'gauge', ['up', 'scrape_duration_seconds', 'scrape_samples_scraped']),
    ...(istio ? ISTIO : []),
    ...sources.flatMap((source) => OF_SOURCES[source] ?? []),
    ...(sources.includes('knative') && knative !== undefined ? ofKnative(knative) : []),
    ...(queueProxies && knative !== undefined ? ofQueueProxies(knative) : []),
    ...servers.flatMap(({ framework, version }) => OF_SERVERS[framework]?.(version) ?? []),
    ...(inputSchema ? INPUT_SCHEMA : []),
  ]);
}

const ISTIO: Dictionary = [
  ...metrics(false, 'counter', [ISTIO_REQUESTS]),
  ...metrics(false, 'histogram', [ISTIO_DURATION.name, 'istio_request_bytes', 'istio_response_bytes']),
];

const OF_SOURCES: Readonly<Record<string, Dictionary>> = {
  argocd: [...metrics(false, 'gauge', [ARGOCD.info]), ...metrics(false, 'counter', [ARGOCD.syncs])],
  dcgm: metrics(false, 'gauge', [DCGM.xid, DCGM.active, DCGM.memoryUsed, DCGM.memoryFree]),
  inferenceServices: metrics(false, 'gauge', [INFERENCE_SERVICE_CONDITION]),
  kubeStateMetrics: Object.values(KUBE).flatMap((name) =>
    metrics(false, name === KUBE.restarts ? 'counter' : 'gauge', [name]),
  ),
  opencost: metrics(false, 'gauge', Object.values(OPENCOST)),
};

function ofKnative(versions: Versions): Dictionary {
  const names = knativeMetrics(versions).flatMap(({ wanted, present }) => [wanted, present]);
  return metrics(false, 'gauge', countsQueuedRequests(versions) ? [...names, REQUESTS_QUEUED] : names);
}

function ofQueueProxies(versions: Versions): Dictionary {
  return queueProxyMetrics(versions).flatMap(({ requests, duration }) => [
    ...metrics(true, 'histogram', [duration.name]),
    // Since 1.19 that is the count of the histogram.
    ...metrics(true, 'counter', requests === `${duration.name}_count` ? [] : [requests]),
  ]);
}

const TRITON = metrics(true, 'counter', [
  TRITON_INFERENCE.succeeded,
  TRITON_INFERENCE.failed,
  TRITON_QUEUE.microseconds,
]);

/** By framework. */
const OF_SERVERS: Readonly<Record<string, (version: string | undefined) => Dictionary>> = {
  vllm: (version) => [
    ...metrics(true, 'gauge', [VLLM.running, VLLM.waiting, ...kvCacheUsage(version)]),
    ...metrics(true, 'counter', [
      VLLM.promptTokens,
      VLLM.generatedTokens,
      VLLM.preemptions,
      VLLM.finished,
      VLLM_HTTP_REQUESTS,
    ]),
    ...metrics(true, 'histogram', [VLLM.timeToFirstToken, ...timeBetweenTokens(version)]),
  ],
  triton: () => TRITON,
  onnx: () => TRITON,
  mlflow: () => metrics(true, 'counter', [MLSERVER_INFERENCE.succeeded, MLSERVER_INFERENCE.failed]),
  pytorch: () => metrics(true, 'counter', [TORCHSERVE_QUEUE.microseconds, TORCHSERVE_QUEUE.requests]),
};

const INPUT_SCHEMA: Dictionary = [
  ...metrics(true, 'counter', [AI_INSTANCES, AI_FEATURE_VIOLATIONS]),
  ...metrics(true, 'gauge', [AI_INPUT_SCHEMA]),
];
