import { expect, test } from 'vitest';
import { isCounter, seriesOf, surroundingMetrics, type MetricSurroundings } from '../../src/promql/known-metrics.ts';

const NOTHING: MetricSurroundings = {
  istio: false,
  sources: [],
  knative: undefined,
  queueProxies: false,
  servers: [],
  inputSchema: false,
};

function names(more: Partial<MetricSurroundings>): string[] {
  const always = new Set(surroundingMetrics(NOTHING).keys());
  return [...surroundingMetrics({ ...NOTHING, ...more }).keys()].filter((name) => !always.has(name));
}

test('metrics are known where something exposes them', () => {
  expect([...surroundingMetrics(NOTHING).keys()]).toEqual(['up', 'scrape_duration_seconds', 'scrape_samples_scraped']);
  expect(names({ istio: true })).toContain('istio_requests_total');
  expect(names({ sources: ['kubeStateMetrics'] })).toContain('kube_pod_container_status_restarts_total');
  expect(names({ inputSchema: true })).toEqual([
    'ai_instances_total',
    'ai_feature_violations_total',
    'ai_input_schema_info',
  ]);
});

test('metrics of Knative are those of the declared version, and of both in an upgrade', () => {
  const knative = (version: MetricSurroundings['knative']): string[] =>
    names({ sources: ['knative'], knative: version });
  expect(knative('1.18.2')).toEqual(['autoscaler_desired_pods', 'autoscaler_actual_pods']);
  expect(knative('1.21.1')).toEqual(['kn_revision_pods_desired', 'kn_revision_pods_count']);
  expect(knative('1.22.0')).toEqual([
    'kn_revision_pods_desired',
    'kn_revision_pods_count',
    'kn_revision_request_queued',
  ]);
  expect(knative(['1.18.2', '1.21.1'])).toEqual([
    'autoscaler_desired_pods',
    'autoscaler_actual_pods',
    'kn_revision_pods_desired',
    'kn_revision_pods_count',
  ]);
});

test('metrics of queue-proxies are those of the declared version, and belong to the pods of the service', () => {
  const counted = (version: MetricSurroundings['knative']): string[] => names({ queueProxies: true, knative: version });
  expect(counted('1.18.2')).toEqual(['revision_request_latencies', 'revision_request_count']);
  expect(counted('1.20.0')).toEqual(['kn_queueproxy_app_duration_seconds']);
  expect(counted(['1.20.0', '1.20.1'])).toEqual([
    'kn_serving_invocation_duration_seconds',
    'kn_queueproxy_app_duration_seconds',
  ]);
  const metrics = surroundingMetrics({ ...NOTHING, queueProxies: true, knative: '1.21.1' });
  expect(metrics.get('kn_serving_invocation_duration_seconds')).toEqual({ type: 'histogram', own: true });
});

test('metrics of vLLM are those of the version in its image, and all where that is not known', () => {
  const cache = (version: string | undefined): string[] =>
    names({ servers: [{ framework: 'vllm', version }] }).filter((name) => name.includes('cache'));
  expect(cache('0.9.1')).toEqual(['vllm:gpu_cache_usage_perc']);
  expect(cache('0.12.0')).toEqual(['vllm:kv_cache_usage_perc']);
  expect(cache(undefined)).toEqual(['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc']);
});

test('metrics of servers are those of the pods of the service', () => {
  const metrics = surroundingMetrics({
    ...NOTHING,
    istio: true,
    servers: [{ framework: 'triton', version: undefined }],
  });
  expect(metrics.get('nv_inference_request_failure')).toEqual({ type: 'counter', own: true });
  expect(metrics.get('istio_requests_total')).toEqual({ type: 'counter', own: false });
});

test.each([
  ['histogram', ['m_bucket', 'm_sum', 'm_count'], [true, true, true]],
  ['summary', ['m', 'm_sum', 'm_count'], [false, true, true]],
  ['counter', ['m'], [true]],
  ['gauge', ['m'], [false]],
] as const)('a %s has the series %j', (type, series, rising) => {
  expect(seriesOf('m', type)).toEqual(series);
  expect(series.map((name) => isCounter(name, type))).toEqual(rising);
});
