import type { Finding } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { isLabelName } from '../promql/selector.ts';
import { gateFinding } from './rules.ts';

/** Where the metrics of each cluster are. */
export interface Endpoints {
  /** Base URL of the Prometheus of each cluster, without a trailing slash. */
  readonly urls: ReadonlyMap<string, string>;
  /** The label that holds the name of the cluster, where one Prometheus has several. */
  readonly clusterLabel: string | undefined;
}

/**
 * Reads the values of `--prometheus` and `--cluster-label`: `https://prometheus.example.com` for all clusters, or
 * `eu-1=https://…` for one. One address for several clusters needs the label that tells them apart.
 *
 * A cluster without an address is no error; its gates are inconclusive.
 *
 * @example prometheusEndpoints(['eu-1=https://a.example.com', 'us-1=https://b.example.com'], undefined, ['eu-1', 'us-1'])
 */
export function prometheusEndpoints(
  values: readonly string[],
  clusterLabel: string | undefined,
  clusters: readonly string[],
): { endpoints: Endpoints; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const urls = new Map<string, string>();
  const wrong = (message: string, fix: string): void =>
    void findings.push(gateFinding('gate/prometheus-cluster', { field: '--prometheus' }, message, fix));
  if (clusterLabel !== undefined && !isLabelName(clusterLabel)) {
    const fix = 'write the name of the label that holds the name of the cluster: --cluster-label cluster';
    findings.push(
      gateFinding('gate/prometheus-cluster', { field: '--cluster-label' }, 'this is not the name of a label', fix),
    );
  }
  for (const value of values) {
    const [, named, address = value] = /^([a-z0-9-]+)=(.*)$/.exec(value) ?? [];
    const url = baseUrl(address);
    if (url === undefined) {
      const message = `the address${named === undefined ? '' : ` for ${named}`} is not an http or https URL without user, password, query and fragment`;
      const fix =
        'write https://prometheus.example.com, and put credentials into PROMETHEUS_TOKEN, or PROMETHEUS_USER and PROMETHEUS_PASSWORD';
      findings.push(gateFinding('gate/prometheus-address', { field: '--prometheus' }, message, fix));
      continue;
    }
    if (named !== undefined && !clusters.includes(named)) {
      const near = didYouMean(named, clusters);
      wrong(
        `the environment has no cluster ${named}`,
        near === undefined ? `name one of ${clusters.join(', ')}` : `did you mean ${near}?`,
      );
      continue;
    }
    for (const cluster of named === undefined ? clusters : [named]) {
      if (urls.has(cluster)) wrong(`cluster ${cluster} has two addresses`, 'give each cluster one');
      urls.set(cluster, url);
    }
  }
  if (clusterLabel === undefined && new Set(urls.values()).size < urls.size) {
    const fix =
      'give each its own (--prometheus eu-1=https://…), or say which label holds the name of the cluster: --cluster-label cluster';
    wrong(`clusters ${[...urls.keys()].join(', ')} share one Prometheus`, fix);
  }
  return { endpoints: { urls, clusterLabel }, findings };
}

function baseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username, password, search, hash } = new URL(text);
  if (!['http:', 'https:'].includes(protocol) || username !== '' || password !== '' || search !== '' || hash !== '')
    return undefined;
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
