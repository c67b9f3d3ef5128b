import type { RunningServer, RunningWorkload } from '../release/serving.ts';
import type { MetricSource } from '../service/platform.ts';
import { RUNTIMES } from '../service/runtime.ts';
import { runsOnKnative } from './address.ts';
import { componentsOf } from './deployments.ts';
import { LLM_PORT } from './llm.ts';
import type { Target } from './target.ts';

/** Where the pods of one part of one release expose Prometheus metrics. */
export interface Scrape {
  readonly part: string;
  readonly release: string;
  /** The port with the metrics. */
  readonly port: number;
  readonly path: string;
  /** A port that the container declares, by which a PodMonitor finds the pod: Knative allows one, for requests. */
  readonly declaredPort: number;
}

/** Whether the Prometheus of the cluster has metrics from somewhere. */
export function hasSource({ cluster }: Target, source: MetricSource): boolean {
  return cluster.prometheus?.sources?.includes(source) ?? false;
}

/** Port of a queue-proxy with metrics of requests; its container declares it (knative serving 1.18 to 1.23 pkg/networking/constants.go). */
const QUEUE_PROXY_PORT = 9091;

/** The queue-proxies of what runs on Knative, where they are said to count requests. */
export function queueProxyScrapes(target: Target): Scrape[] {
  if (!target.cluster.knative || !hasSource(target, 'queueProxy')) return [];
  return target.serving.workloads
    .filter((workload) => runsOnKnative(target, workload))
    .flatMap((workload) =>
      componentsOf(workload).map(({ part }): Scrape => ({
        part,
        release: workload.release,
        port: QUEUE_PROXY_PORT,
        path: '/metrics',
        declaredPort: QUEUE_PROXY_PORT,
      })),
    );
}

/** HTTP port of a custom server that names none. */
const DEFAULT_PORT = 8080;

/** Everything to scrape of the containers that run; parts without metrics are left out. */
export function scrapesOf(target: Target): Scrape[] {
  return target.serving.workloads.flatMap((workload) => {
    const knative = runsOnKnative(target, workload);
    return placesOf(workload).map(({ part, httpPort, port, path }): Scrape => ({
      part,
      release: workload.release,
      port,
      path,
      declaredPort: knative ? httpPort : port,
    }));
  });
}

/** A place of metrics in the pods of a workload. */
interface Place {
  readonly part: string;
  readonly httpPort: number;
  readonly port: number;
  readonly path: string;
}

function placesOf(workload: RunningWorkload): Place[] {
  if (workload.kind === 'function') return containerPlace('function', workload.container);
  const { transformer, explainer } = workload;
  return [
    ...serverPlace(workload),
    ...(transformer ? containerPlace('transformer', transformer) : []),
    ...(explainer ? containerPlace('explainer', explainer) : []),
  ];
}

function serverPlace({ part, server }: RunningServer): Place[] {
  if (server.llm) return [{ part, httpPort: LLM_PORT, port: LLM_PORT, path: '/metrics' }];
  if (server.framework === 'custom') {
    const httpPort = server.port ?? DEFAULT_PORT;
    return server.metrics ? [{ part, httpPort, port: server.metrics.port ?? httpPort, path: server.metrics.path }] : [];
  }
  const { port: httpPort, metrics } = RUNTIMES[server.framework];
  return metrics ? [{ part, httpPort, ...metrics }] : [];
}

/** A container's metrics are on the port of its requests. */
function containerPlace(
  part: string,
  { port, metrics }: { port: number; metrics?: { path: string } | undefined },
): Place[] {
  return metrics ? [{ part, httpPort: port, port, path: metrics.path }] : [];
}
