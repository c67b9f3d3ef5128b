import { ISTIO_DURATION, ISTIO_REQUESTS } from '../promql/metrics.ts';
import { queueProxyMetrics } from '../promql/metrics-knative.ts';
import { VLLM_FIRST_TOKEN, VLLM_HTTP_REQUESTS } from '../promql/metrics-vllm.ts';
import { formOfClassic } from './histogram-form.ts';
import { isLlm } from './is-llm.ts';
import { istioCounts } from './istio-traffic.ts';
import { queueProxiesCount } from './queue-proxy-traffic.ts';
import type { Target } from './target.ts';

/** PromQL by which somebody sees the requests to a service, whoever counts them on the cluster. */
export interface RequestQueries {
  /** Requests per second, by what they were answered and by release. */
  readonly byCode: string;
  readonly byRelease: string;
  /** Missing where nobody knows the caller. */
  readonly byCaller: string | undefined;
  /** The 99th percentile of the time that an answer takes, by release; of a vLLM until its first token. */
  readonly slow: string;
}

/**
 * The requests to a service, for its runbook: as Istio counts them, the queue-proxies of Knative, or a vLLM behind the gateway of
 * KServe; `undefined` where nobody does. They name no release, so that no step of one changes a line.
 */
export function requestQueries(target: Target): RequestQueries | undefined {
  const { service, namespace } = target;
  const own = `ai_service="${service}",namespace="${namespace}"`;
  if (isLlm(target.serving.stable.workload)) {
    const requests = `${VLLM_HTTP_REQUESTS}{${own},handler=~"/v1/.*"}`;
    return {
      byCode: rateBy(['status', 'release'], requests),
      byRelease: rateBy(['release'], requests),
      byCaller: undefined,
      slow: slowest(target, VLLM_FIRST_TOKEN.name, own, 'release'),
    };
  }
  if (istioCounts(target)) {
    const calls = `destination_service_namespace="${namespace}",destination_service_name=~"${service}.*"`;
    const requests = `${ISTIO_REQUESTS}{${calls}}`;
    return {
      byCode: rateBy(['response_code', 'response_flags', 'destination_service_name'], requests),
      byRelease: rateBy(['destination_service_name'], requests),
      byCaller: `topk(10, ${rateBy(['source_principal'], requests, '15m')})`,
      slow: slowest(target, ISTIO_DURATION.name, calls, 'destination_service_name'),
    };
  }
  const { knative } = target.cluster;
  if (!knative || !queueProxiesCount(target)) return undefined;
  const generations = queueProxyMetrics(knative.version);
  // A transformer calls its predictor, so that parts must not be added up.
  const each = (query: (generation: (typeof generations)[number]) => string): string => generations.map(query).join(' or ');
  return {
    byCode: each(({ requests, code }) => rateBy([code, 'release', 'part'], `${requests}{${own}}`)),
    byRelease: each(({ requests }) => rateBy(['release', 'part'], `${requests}{${own}}`)),
    byCaller: undefined,
    slow: each(({ duration }) => slowest(target, duration.name, own, 'release', 'part')),
  };
}

function rateBy(labels: readonly string[], counter: string, window = '5m'): string {
  return `sum by (${labels.join(', ')}) (rate(${counter}[${window}]))`;
}

/** @param labels what tells the releases apart. */
function slowest(target: Target, histogram: string, matchers: string, ...labels: readonly string[]): string {
  const native = formOfClassic(target) === 'native';
  return `histogram_quantile(0.99, ${rateBy(native ? labels : ['le', ...labels], `${histogram}${native ? '' : '_bucket'}{${matchers}}`)})`;
}
