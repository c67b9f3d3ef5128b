import { atLeast, compareVersions, type Versions } from '../core/version.ts';
import type { KnownHistogram } from './metrics.ts';

/** How one generation of Knative Serving names what its autoscaler says about a Knative Service. */
export interface KnativeMetrics {
  /** The versions that do so, in words. */
  readonly versions: string;
  /** Replicas that the autoscaler wants. */
  readonly wanted: string;
  /** Replicas that are there; without a series when there is none. */
  readonly present: string;
  /** Labels that hold the namespace and the name of the Knative Service. */
  readonly namespace: string;
  readonly service: string;
}

/** OpenCensus names, up to 1.18 (knative serving v1.18.2 pkg/autoscaler/scaling/metrics). */
const OPENCENSUS: KnativeMetrics = {
  versions: 'up to 1.18',
  wanted: 'autoscaler_desired_pods',
  present: 'autoscaler_actual_pods',
  namespace: 'namespace_name',
  service: 'service_name',
};

/** OpenTelemetry names, as the Prometheus protocol writes them (knative serving 1.19.0 to 1.23.0). */
const OPENTELEMETRY: KnativeMetrics = {
  versions: 'since 1.19',
  wanted: 'kn_revision_pods_desired',
  present: 'kn_revision_pods_count',
  namespace: 'k8s_namespace_name',
  service: 'kn_service_name',
};

/**
 * How the metrics of a cluster's Knative are called: one generation, or two while an upgrade from one to the other is under
 * way. The queue-proxy's changed once more (1.19.8, 1.20.1); the autoscaler's did not.
 */
export function knativeMetrics(versions: Versions): KnativeMetrics[] {
  const each = typeof versions === 'string' ? [versions] : versions;
  return [
    ...(each.some((version) => compareVersions(version, '1.19') < 0) ? [OPENCENSUS] : []),
    ...(each.some((version) => compareVersions(version, '1.19') >= 0) ? [OPENTELEMETRY] : []),
  ];
}

/** Requests that wait at the activator for a replica, by revision; there since 1.22, before there is no such metric. */
export const REQUESTS_QUEUED = 'kn_revision_request_queued';

/** Whether every version that is named says how many requests wait at the activator. */
export function countsQueuedRequests(versions: Versions): boolean {
  return atLeast(versions, '1.22');
}

/**
 * How one generation of Knative Serving names the requests that its queue-proxies count, on port 9091 of every pod. Since 1.19
 * the series say neither service nor revision (those are in `target_info`), so that only labels of the scrape tell whose they are.
 */
export interface QueueProxyMetrics {
  /** The versions that do so, in words. */
  readonly versions: string;
  /** Counter of requests. */
  readonly requests: string;
  readonly duration: KnownHistogram;
  /** Label that holds the status code of the answer. */
  readonly code: string;
}

/** All the time in the queue-proxy, with its own time-outs and refusals (knative serving v1.18.2 pkg/queue/request_metric.go). */
const REVISION_REQUESTS: QueueProxyMetrics = {
  versions: 'up to 1.18',
  requests: 'revision_request_count',
  duration: {
    name: 'revision_request_latencies',
    unit: 'milliseconds',
    bounds: [
      5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10_000,
      20_000, 50_000, 100_000,
    ],
  },
  code: 'response_code',
};

/** What the container answered, under a name that was soon changed (knative serving 1.19.0 and 1.20.0 pkg/queue/request_metric.go). */
const APP_DURATION = sinceOpenTelemetry('kn_queueproxy_app_duration_seconds', '1.19.0 to 1.19.7 and 1.20.0');

/** The same, as it was meant to be called (knative/serving#16290; 1.19.8, 1.20.1, 1.21.0). */
const INVOCATION_DURATION = sinceOpenTelemetry('kn_serving_invocation_duration_seconds', 'since 1.19.8 and 1.20.1');

function sinceOpenTelemetry(name: string, versions: string): QueueProxyMetrics {
  return {
    versions,
    requests: `${name}_count`,
    duration: {
      name,
      unit: 'seconds',
      bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    },
    code: 'http_response_status_code',
  };
}

/**
 * How queue-proxies of a cluster call what they count, the newest name first: one generation, or two while an upgrade is under
 * way, or where a version of 1.19 or 1.20 does not say its patch.
 *
 * @example queueProxyMetrics('1.20.1').map(({ requests }) => requests) // ['kn_serving_invocation_duration_seconds_count']
 */
export function queueProxyMetrics(versions: Versions): QueueProxyMetrics[] {
  const each = typeof versions === 'string' ? [versions] : versions;
  const there = new Set(each.flatMap(generationsOf));
  return QUEUE_PROXIES.filter((generation) => there.has(generation));
}

/** Every name that there was, the newest first. */
export const QUEUE_PROXIES = [INVOCATION_DURATION, APP_DURATION, REVISION_REQUESTS] as const;

/**
 * What a series of Knative is called on the declared versions, and which versions call it as it was asked for; `undefined` for what
 * no version has, or these have.
 *
 * @example renamedOnKnative('autoscaler_desired_pods', '1.21.1') // { versions: 'up to 1.18', names: ['kn_revision_pods_desired'] }
 */
export function renamedOnKnative(
  series: string,
  versions: Versions,
): { readonly versions: string; readonly names: readonly string[] } | undefined {
  return (
    namesakes(series, [OPENCENSUS, OPENTELEMETRY], knativeMetrics(versions), ({ wanted, present }) => [
      wanted,
      present,
    ]) ??
    namesakes(series, QUEUE_PROXIES, queueProxyMetrics(versions), ({ requests, duration: { name } }) => [
      requests,
      `${name}_bucket`,
      `${name}_sum`,
      `${name}_count`,
    ])
  );
}

function namesakes<Generation extends { readonly versions: string }>(
  series: string,
  all: readonly Generation[],
  declared: readonly Generation[],
  seriesOf: (generation: Generation) => readonly string[],
): ReturnType<typeof renamedOnKnative> {
  const asked = all.find((generation) => seriesOf(generation).includes(series));
  if (!asked || declared.includes(asked)) return undefined;
  const place = seriesOf(asked).indexOf(series);
  return { versions: asked.versions, names: declared.flatMap((generation) => seriesOf(generation)[place] ?? []) };
}

function generationsOf(version: string): QueueProxyMetrics[] {
  if (compareVersions(version, '1.19') < 0) return [REVISION_REQUESTS];
  if (version === '1.19' || version === '1.20') return [INVOCATION_DURATION, APP_DURATION];
  const renamed = compareVersions(version, '1.20') < 0 ? '1.19.8' : '1.20.1';
  return [compareVersions(version, renamed) < 0 ? APP_DURATION : INVOCATION_DURATION];
}
