import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { checkRules, testRules, type Expectation, type Series } from './promtool.ts';
import { counter, firing, gauge, series, silent } from './series.ts';

const ALL_SOURCES = ['argocd', 'dcgm', 'inferenceServices', 'knative', 'kubeStateMetrics', 'opencost'] as const;

const RESOURCES = { cpu: '4', memory: '8Gi' };

/** A service on a cluster that is scraped for everything. */
function watched(options: TargetOptions = {}): TargetOptions {
  return { ...options, cluster: { prometheus: { version: '3.4', sources: [...ALL_SOURCES] }, ...options.cluster } };
}

/** The groups of one concern, as one PrometheusRule. */
function rulesOf(concern: string, options: TargetOptions = {}): KubeObject {
  const objects = renderPrometheus(targetOf(watched(options)), new Map()).filter(
    ({ kind }) => kind === 'PrometheusRule',
  );
  const groups = objects
    .flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups)
    .filter(({ name }) => name.endsWith(`.${concern}`));
  if (groups.length === 0) throw new Error(`no group ${concern}`);
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'x' }, spec: { groups } };
}

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

function story(rules: KubeObject, input: readonly Series[], expectations: readonly Expectation[]): void {
  expect(testRules(rules, { series: input, expect: expectations })).toEqual(PASSES);
}

const NAMESPACE = { namespace: 'risk-ml-prod' };
const POD = { ...NAMESPACE, pod: 'fraud-detector-v46-predictor-6c9f7d8b5c-x2x4x', container: 'kserve-container' };
const DEPLOYMENT = { ...NAMESPACE, deployment: 'fraud-detector-v46-predictor' };

describe('pods', () => {
  const rules = rulesOf('pods');
  const replicas = (wanted: string, available: string): Series[] => [
    series('kube_deployment_spec_replicas', { ...DEPLOYMENT, instance: 'a' }, wanted),
    series('kube_deployment_status_replicas_available', { ...DEPLOYMENT, instance: 'a' }, available),
  ];
  const up = (values: string): Series =>
    series(
      'up',
      { ...NAMESPACE, ai_service: 'fraud-detector', part: 'predictor', release: 'v46', pod: POD.pod },
      values,
    );

  test('are silent while all is well, without any series, and when the service is scaled to zero', () => {
    story(rules, [...replicas('2x120', '2x120'), up('1x120')], silent(120));
    story(rules, [], silent(60));
    story(
      rules,
      [...replicas(gauge([30, 2], [90, 0]), gauge([30, 2], [90, 0])), up(gauge([30, 1], [90, undefined]))],
      silent(120),
    );
  });

  test('are silent on a container that waits for a moment, and on one of somebody else', () => {
    const waiting = 'kube_pod_container_status_waiting_reason';
    story(rules, [series(waiting, { ...POD, reason: 'ContainerCreating' }, '1x60')], silent(60));
    const other = { ...POD, pod: 'fraud-detector-v46-predictor-extra-6c9f7d8b5c-x2x4x', reason: 'CrashLoopBackOff' };
    story(rules, [series(waiting, other, '1x60')], silent(60));
  });

  test('tell of a container that crashes again and again, although it runs in between', () => {
    const values = `_x9 ${Array.from({ length: 10 }, () => '1 1 stale').join(' ')}`;
    const crashing = series('kube_pod_container_status_waiting_reason', { ...POD, reason: 'CrashLoopBackOff' }, values);
    story(rules, [crashing], [firing(9, 'AiPodNotStarting', 0), firing(20, 'AiPodNotStarting')]);
  });

  test('tell of a model that is not downloaded: an init container', () => {
    const waiting = series(
      'kube_pod_init_container_status_waiting_reason',
      { ...POD, container: 'storage-initializer', reason: 'CrashLoopBackOff' },
      '1x30',
    );
    story(rules, [waiting], [firing(10, 'AiPodNotStarting')]);
  });

  test('tell of a container that runs out of memory, once', () => {
    const input = [
      series('kube_pod_container_status_restarts_total', POD, '0x20 1x60'),
      series('kube_pod_container_status_last_terminated_reason', { ...POD, reason: 'OOMKilled' }, '_x21 1x60'),
    ];
    story(rules, input, [
      firing(20, 'AiPodOutOfMemory', 0),
      firing(25, 'AiPodOutOfMemory'),
      firing(60, 'AiPodOutOfMemory', 0),
    ]);
  });

  test('tell of replicas that do not become available, after the time that they may take', () => {
    const input = [...replicas(gauge([30, 2], [90, 4]), '2x120'), up('1x120')];
    story(rules, input, [firing(40, 'AiReplicasNotReady', 0), firing(46, 'AiReplicasNotReady')]);
  });

  test('tell when nothing is scraped of what runs', () => {
    story(
      rules,
      [...replicas('2x60', '2x60'), up(gauge([20, 1], [40, undefined]))],
      [firing(30, 'AiMetricsMissing', 0), firing(45, 'AiMetricsMissing')],
    );
    story(rules, [...replicas('2x60', '2x60'), up('0x60')], [firing(30, 'AiMetricsMissing')]);
  });

  test('are silent on a release change', () => {
    const next = rulesOf('pods', { candidate: { release: 'v47', weight: 10 } });
    const of = (release: string, values: string): Series[] => {
      const labels = { ...NAMESPACE, deployment: `fraud-detector-${release}-predictor` };
      return [
        series('kube_deployment_spec_replicas', labels, values),
        series('kube_deployment_status_replicas_available', labels, values),
      ];
    };
    story(
      next,
      [...of('v46', gauge([60, 2], [60, undefined])), ...of('v47', gauge([30, undefined], [90, 2])), up('1x120')],
      silent(120),
    );
  });
});

describe('InferenceServices', () => {
  const rules = rulesOf('inference-services');
  const condition = (type: string, values: string, name = 'fraud-detector-v46'): Series =>
    series('kube_customresource_inferenceservice_status_condition', { ...NAMESPACE, name, type }, values);

  test('are silent while ready, while they start, when they were stopped, and without the metric', () => {
    story(rules, [condition('Ready', '1x60')], silent(60));
    story(rules, [condition('Ready', gauge([10, 0], [50, 1]))], silent(60));
    story(rules, [condition('Ready', '0x60'), condition('Stopped', '1x60')], silent(60));
    story(rules, [], silent(60));
  });

  test('tell of one that is not ready, and of one that is not there', () => {
    story(
      rules,
      [condition('Ready', '0x60')],
      [firing(14, 'AiInferenceServiceNotReady', 0), firing(16, 'AiInferenceServiceNotReady')],
    );
    story(
      rules,
      [condition('Ready', '1x60', 'other')],
      [firing(14, 'AiInferenceServiceMissing', 0), firing(16, 'AiInferenceServiceMissing')],
    );
  });
});

describe('saturation', () => {
  const wants = (values: string): Series[] => {
    const labels = { ...NAMESPACE, horizontalpodautoscaler: 'fraud-detector-v46-predictor' };
    return [
      series('kube_horizontalpodautoscaler_status_desired_replicas', labels, values),
      series('kube_horizontalpodautoscaler_spec_max_replicas', labels, '20x240'),
    ];
  };

  test('is silent below the maximum and on a short peak, and tells of a long one', () => {
    const rules = rulesOf('saturation');
    story(rules, wants(gauge([60, 19], [20, 20], [100, 4])), silent(180));
    story(rules, wants('20x120'), [firing(29, 'AiReplicasAtMaximum', 0), firing(31, 'AiReplicasAtMaximum')]);
    story(rules, [], silent(60));
  });

  test.each([
    [
      '1.18.2',
      'autoscaler_desired_pods',
      { namespace_name: 'risk-ml-prod', service_name: 'fraud-detector-v46-predictor' },
    ],
    [
      '1.19.3',
      'kn_revision_pods_desired',
      { k8s_namespace_name: 'risk-ml-prod', kn_service_name: 'fraud-detector-v46-predictor' },
    ],
    [
      '1.21.1',
      'kn_revision_pods_desired',
      { k8s_namespace_name: 'risk-ml-prod', kn_service_name: 'fraud-detector-v46-predictor' },
    ],
  ] as const)('is that of Knative %s too', (version, metric, labels) => {
    const rules = rulesOf('saturation', { mode: 'Knative', cluster: { knative: { version } } });
    story(
      rules,
      [series(metric, { ...labels }, gauge([60, 5], [60, 20]))],
      [firing(80, 'AiReplicasAtMaximum', 0), firing(92, 'AiReplicasAtMaximum')],
    );
    story(rules, [series(metric, { ...labels }, gauge([60, 5], [60, 0]))], silent(120));
  });

  const toZero: TargetOptions = {
    mode: 'Knative',
    cluster: { knative: { version: '1.22.0' } },
    spec: {
      predictor: {
        framework: 'sklearn',
        model: { uri: 's3://ml-models/x/v46/' },
        resources: RESOURCES,
        scaling: { min: 0, max: 4 },
      },
    },
  };
  const KNATIVE = { k8s_namespace_name: 'risk-ml-prod', kn_service_name: 'fraud-detector-v46-predictor' };

  test('tells of what does not come up from zero, and not of what is at zero or comes up', () => {
    const rules = rulesOf('saturation', toZero);
    const replicas = (wanted: string, present?: string): Series[] => [
      series('kn_revision_pods_desired', KNATIVE, wanted),
      ...(present === undefined ? [] : [series('kn_revision_pods_count', KNATIVE, present)]),
    ];
    story(rules, replicas('0x120', '0x120'), silent(120));
    story(rules, replicas(gauge([30, 0], [60, 2]), gauge([35, 0], [55, 2])), silent(90));
    story(rules, replicas(gauge([30, 0], [60, 1])), [
      firing(38, 'AiScaleFromZeroStuck', 0),
      firing(42, 'AiScaleFromZeroStuck'),
    ]);
    story(rules, replicas(gauge([30, 0], [60, 1]), '0x90'), [firing(42, 'AiScaleFromZeroStuck')]);
  });

  test('tells of requests that wait at the activator', () => {
    const rules = rulesOf('saturation', toZero);
    const queued = (values: string): Series[] => [
      series(
        'kn_revision_request_queued',
        { k8s_namespace_name: 'risk-ml-prod', kn_revision_name: 'fraud-detector-v46-predictor-00001', pod: 'a' },
        values,
      ),
    ];
    story(rules, queued(gauge([30, 0], [2, 60], [60, 0])), silent(90));
    story(rules, queued(gauge([30, 0], [30, 60])), [firing(30, 'AiRequestsQueued', 0), firing(37, 'AiRequestsQueued')]);
  });
});

describe('a cold start', () => {
  const rules = rulesOf('cold-start', { spec: { monitoring: { health: { coldStart: '2m' } } } });
  const pod = (times: Readonly<Record<'created' | 'scheduled' | 'initialized' | 'ready', number>>): Series[] => [
    series('kube_pod_created', POD, `_x9 ${times.created}x100`),
    series('kube_pod_status_scheduled_time', POD, `_x9 ${times.scheduled}x100`),
    series('kube_pod_status_initialized_time', POD, `_x9 ${times.initialized}x100`),
    series('kube_pod_status_ready_time', POD, `_x9 ${times.ready}x100`),
  ];

  test('is measured by phase', () => {
    const query = 'ai_pod:cold_start:seconds';
    const labels = (phase: string): string =>
      `${query}{ai_service="fraud-detector",namespace="risk-ml-prod",phase="${phase}"}`;
    const samples = [
      ['download', 40],
      ['load', 30],
      ['schedule', 10],
      ['total', 80],
    ].map(([phase, value]) => ({ labels: labels(String(phase)), value: Number(value) }));
    story(rules, pod({ created: 600, scheduled: 610, initialized: 650, ready: 680 }), [
      { minute: 12, query, samples },
      ...silent(100),
    ]);
  });

  test('tells of a slow one, and not of an old pod that became ready again', () => {
    story(rules, pod({ created: 600, scheduled: 610, initialized: 900, ready: 930 }), [
      firing(20, 'AiColdStartSlow'),
      firing(80, 'AiColdStartSlow', 0),
    ]);
  });
});

describe('delivery', () => {
  const rules = rulesOf('delivery');
  const APP = { name: 'fraud-detector.prod-eu.eu-1', project: 'risk-ml' };
  const info = (values: string, more: Readonly<Record<string, string>> = {}): Series =>
    series(
      'argocd_app_info',
      { ...APP, sync_status: 'Synced', health_status: 'Healthy', autosync_enabled: 'true', ...more },
      values,
    );

  test('is silent while all is well, during a sync, and without the metrics of Argo CD', () => {
    story(
      rules,
      [info('1x240'), series('argocd_app_sync_total', { ...APP, phase: 'Succeeded' }, counter([240, 1]))],
      silent(240),
    );
    const syncing = [
      info(gauge([30, 1], [10, undefined], [80, 1])),
      info(gauge([30, undefined], [10, 1], [80, undefined]), {
        sync_status: 'OutOfSync',
        health_status: 'Progressing',
      }),
    ];
    story(rules, syncing, silent(120));
    story(rules, [], silent(60));
  });

  test.each([
    ['AiAppOutOfSync', { sync_status: 'OutOfSync' }, 14, 17],
    ['AiAppDegraded', { health_status: 'Degraded' }, 9, 11],
    ['AiAppDegraded', { health_status: 'Missing' }, 9, 11],
    ['AiAppAutoSyncOff', { autosync_enabled: 'false' }, 719, 721],
  ] as const)('tells of %s with %j', (alert, labels, before, after) => {
    story(rules, [info('1x800', labels)], [firing(before, alert, 0), firing(after, alert)]);
  });

  test('tells of syncs that fail: of the first one, and of the next', () => {
    const failed = (values: string): Series => series('argocd_app_sync_total', { ...APP, phase: 'Failed' }, values);
    story(
      rules,
      [info('1x120'), failed(`_x30 1x90`)],
      [firing(29, 'AiAppSyncFailed', 0), firing(32, 'AiAppSyncFailed'), firing(50, 'AiAppSyncFailed', 0)],
    );
    story(
      rules,
      [info('1x120'), failed('3x60 4x60')],
      [firing(59, 'AiAppSyncFailed', 0), firing(64, 'AiAppSyncFailed'), firing(90, 'AiAppSyncFailed', 0)],
    );
  });

  test('does not take a counter for a failure that is there when Prometheus starts', () => {
    story(
      rules,
      [info('_x30 1x90'), series('argocd_app_sync_total', { ...APP, phase: 'Failed' }, '_x30 5x90')],
      silent(120, 'alertname="AiAppSyncFailed"'),
    );
  });

  test('tells when Argo CD has others, and not this one', () => {
    story(
      rules,
      [info('1x60', { name: 'other.prod-eu.eu-1' })],
      [firing(14, 'AiAppMissing', 0), firing(16, 'AiAppMissing')],
    );
  });
});

describe('a model server', () => {
  const server = (
    framework: 'triton' | 'mlflow' | 'pytorch',
    more: AIServiceInput['monitoring'] = {},
  ): TargetOptions => ({
    spec: {
      predictor: { framework, servedName: 'resnet', model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES },
      monitoring: more,
    },
  });
  const OWN = { ...NAMESPACE, ai_service: 'fraud-detector', part: 'predictor', release: 'v46', pod: 'a' };

  test.each([
    ['triton', 'nv_inference_request_success', 'nv_inference_request_failure', { model: 'resnet', version: '1' }],
    [
      'mlflow',
      'model_infer_request_success_total',
      'model_infer_request_failure_total',
      { model: 'resnet', version: '1' },
    ],
  ] as const)('of %s tells of inferences that fail', (framework, succeeded, failed, labels) => {
    const rules = rulesOf('servers', server(framework));
    const of = (metric: string, values: string, more: Readonly<Record<string, string>> = {}): Series =>
      series(metric, { ...OWN, ...labels, ...more }, values);
    story(rules, [of(succeeded, counter([120, 600])), of(failed, counter([120, 2]))], silent(120));
    story(rules, [of(succeeded, counter([60, 600], [60, 0])), of(failed, counter([120, 0]))], silent(120));
    story(
      rules,
      [of(succeeded, `${counter([60, 600])} ${counter([60, 600])}`), of(failed, counter([120, 1]))],
      silent(120),
    );
    // Two of four: few inferences say nothing.
    story(rules, [of(succeeded, '0 1 1 2 2x60'), of(failed, '0 0 1 2 2x60')], silent(60));
    story(rules, [], silent(60));
    const failing = [of(succeeded, counter([120, 600])), of(failed, counter([60, 0], [60, 30]))];
    story(rules, failing, [firing(60, 'AiInferenceFailures', 0), firing(70, 'AiInferenceFailures')]);
  });

  test('does not count what callers gave up', () => {
    const of = (metric: string, values: string, more: Readonly<Record<string, string>> = {}): Series =>
      series(metric, { ...OWN, model: 'resnet', ...more }, values);
    story(
      rulesOf('servers', server('triton')),
      [
        of('nv_inference_request_success', counter([60, 600])),
        of('nv_inference_request_failure', counter([60, 60]), { reason: 'CANCELED' }),
      ],
      silent(60),
    );
  });

  test.each([
    ['triton', 'nv_inference_queue_duration_us', 'nv_inference_request_success', { model: 'resnet' }],
    ['pytorch', 'ts_queue_latency_microseconds', 'ts_inference_requests_total', { model_name: 'resnet' }],
  ] as const)('of %s tells of requests that wait', (framework, waited, requests, labels) => {
    const rules = rulesOf('servers', server(framework, { health: { queueTime: '50ms' } }));
    const of = (metric: string, values: string): Series => series(metric, { ...OWN, ...labels }, values);
    const all = of(requests, counter([120, 600]));
    story(rules, [all, of(waited, counter([120, 600 * 20_000]))], silent(120, 'alertname="AiQueueTimeHigh"'));
    story(
      rules,
      [all, of(waited, counter([60, 600 * 20_000], [60, 600 * 80_000]))],
      [firing(60, 'AiQueueTimeHigh', 0), firing(75, 'AiQueueTimeHigh')],
    );
  });
});

describe('vLLM', () => {
  const llm = (image?: string): TargetOptions => ({
    spec: {
      predictor: {
        framework: 'vllm',
        model: { uri: 's3://ml-models/x/v46/' },
        resources: { ...RESOURCES, gpu: 1 },
        ...(image !== undefined && { image }),
      },
      monitoring: { health: { timeToFirstToken: '2s', timeBetweenTokens: '100ms', answers: true } },
    },
  });
  const rules = rulesOf('llm', llm());
  const OWN = {
    ...NAMESPACE,
    ai_service: 'fraud-detector',
    part: 'predictor',
    release: 'v46',
    pod: 'a',
    model_name: 'm',
    engine: '0',
  };
  const of = (metric: string, values: string, more: Readonly<Record<string, string>> = {}): Series =>
    series(`vllm:${metric}`, { ...OWN, ...more }, values);
  const histogram = (metric: string, slow: string, all: string): Series[] => [
    of(`${metric}_bucket`, slow, { le: '0.05' }),
    of(`${metric}_bucket`, all, { le: '20.0' }),
    of(`${metric}_bucket`, all, { le: '+Inf' }),
    of(`${metric}_count`, all),
  ];

  test('is silent at work, without requests, without series, and when its counters start again', () => {
    const working = [
      of('num_requests_running', '8x120'),
      of('num_requests_waiting', '0x120'),
      of('kv_cache_usage_perc', '0.99x60 0.5x60'),
      of('generation_tokens_total', `${counter([60, 6000])} ${counter([60, 6000])}`),
      of('num_preemptions_total', counter([120, 1])),
      of('request_success_total', counter([120, 60]), { finished_reason: 'stop' }),
      of('request_success_total', counter([120, 1]), { finished_reason: 'abort' }),
      ...histogram('time_to_first_token_seconds', counter([120, 60]), counter([120, 60])),
      ...histogram('inter_token_latency_seconds', counter([120, 6000]), counter([120, 6000])),
    ];
    story(rules, working, silent(120));
    const idle = working.map(([name, values]) => [name, values.includes('+') ? '5x120' : '0x120'] as const);
    story(rules, idle, silent(120));
    story(rules, [], silent(60));
  });

  test('tells of an engine that hangs', () => {
    const input = [
      of('num_requests_running', gauge([30, 4], [60, 4])),
      of('generation_tokens_total', counter([30, 600], [60, 0])),
    ];
    story(rules, input, [firing(34, 'AiLlmEngineStalled', 0), firing(39, 'AiLlmEngineStalled')]);
  });

  test('tells of requests that queue up, and of a cache that is full while they do', () => {
    const input = [
      of('num_requests_running', '20x60'),
      of('num_requests_waiting', gauge([30, 0], [30, 40])),
      of('kv_cache_usage_perc', '0.99x60'),
    ];
    story(rules, input, [
      firing(30, 'AiLlmQueueGrowing', 0),
      firing(30, 'AiLlmCacheFull', 0),
      firing(45, 'AiLlmQueueGrowing'),
      firing(45, 'AiLlmCacheFull'),
    ]);
  });

  test.each([
    ['vllm/vllm-openai:v0.9.2', 'gpu_cache_usage_perc', 'time_per_output_token_seconds'],
    ['vllm/vllm-openai:v0.10.1', 'kv_cache_usage_perc', 'time_per_output_token_seconds'],
    ['vllm/vllm-openai:v0.11.0', 'kv_cache_usage_perc', 'inter_token_latency_seconds'],
    ['registry.example.com/llm:7', 'gpu_cache_usage_perc', 'inter_token_latency_seconds'],
    ['registry.example.com/llm:7', 'kv_cache_usage_perc', 'time_per_output_token_seconds'],
  ])('is asked in the words of its version: %s', (image, cache, between) => {
    const input = [
      of('num_requests_waiting', '20x60'),
      of(cache, '0.99x60'),
      ...histogram(between, '0x60', counter([60, 600])),
    ];
    story(rulesOf('llm', llm(image)), input, [firing(20, 'AiLlmCacheFull'), firing(20, 'AiLlmTokensSlow')]);
  });

  test('tells of slow first tokens, of preemptions, and of answers that were aborted or cut off', () => {
    story(rules, histogram('time_to_first_token_seconds', '0x60', counter([60, 60])), [
      firing(20, 'AiLlmFirstTokenSlow'),
    ]);
    story(rules, histogram('time_to_first_token_seconds', '0x60', '0 0 0 0 3x60'), silent(60));
    story(rules, [of('num_preemptions_total', counter([60, 30]))], [firing(30, 'AiLlmPreemptions')]);
    const finished = (reason: string): Series[] => [
      of('request_success_total', counter([120, 40]), { finished_reason: 'stop' }),
      of('request_success_total', counter([120, 40]), { finished_reason: reason }),
    ];
    story(rules, finished('abort'), [firing(60, 'AiLlmAnswersAborted'), firing(60, 'AiLlmAnswersCut', 0)]);
    story(rules, finished('length'), [firing(90, 'AiLlmAnswersCut'), firing(90, 'AiLlmAnswersAborted', 0)]);
  });
});

describe('a GPU', () => {
  const rules = rulesOf('gpu', {
    spec: {
      predictor: {
        framework: 'triton',
        servedName: 'r',
        model: { uri: 's3://ml-models/x/v46/' },
        resources: { ...RESOURCES, gpu: 1 },
      },
      monitoring: { cost: { idleGpu: {} } },
    },
  });
  const GPU = { exported_namespace: 'risk-ml-prod', exported_pod: POD.pod, Hostname: 'n1', gpu: '0' };

  test('is silent at work, when its pod goes, and without series', () => {
    const of = (values: string): Series[] => [
      series('DCGM_FI_PROF_GR_ENGINE_ACTIVE', GPU, values.replaceAll('?', '0.6')),
      series('DCGM_FI_DEV_FB_USED', GPU, values.replaceAll('?', '5000')),
      series('DCGM_FI_DEV_FB_FREE', GPU, values.replaceAll('?', '9000')),
      series('DCGM_FI_DEV_XID_ERRORS', { ...GPU, err_code: '0' }, values.replaceAll('?', '0')),
    ];
    story(rules, of('?x300'), silent(300));
    story(rules, of('?x60 stale _x300'), silent(300));
    story(rules, [], silent(60));
  });

  test("tells of a new hardware error, and not of one that is old or an application's", () => {
    const xid = (code: string, values: string): Series =>
      series('DCGM_FI_DEV_XID_ERRORS', { ...GPU, err_code: code }, values);
    story(
      rules,
      [xid('79', '_x30 79x90')],
      [firing(29, 'AiGpuHardwareError', 0), firing(33, 'AiGpuHardwareError'), firing(60, 'AiGpuHardwareError', 0)],
    );
    story(rules, [xid('31', '_x30 31x90')], silent(120));
  });

  test('tells of memory that is nearly full, and of a GPU that does nothing', () => {
    const memory = [series('DCGM_FI_DEV_FB_USED', GPU, '15000x60'), series('DCGM_FI_DEV_FB_FREE', GPU, '100x60')];
    story(rules, memory, [firing(12, 'AiGpuMemoryFull')]);
    story(
      rules,
      [series('DCGM_FI_PROF_GR_ENGINE_ACTIVE', GPU, '0.01x300')],
      [firing(110, 'AiGpuIdle', 0), firing(130, 'AiGpuIdle')],
    );
  });
});

describe('cost', () => {
  test('is silent within the budget and at zero, and tells when a day was too dear', () => {
    const rules = rulesOf('cost', { spec: { monitoring: { cost: { compute: 500 } } } });
    const allocated = (cores: string): Series[] => [
      series('container_cpu_allocation', { ...POD, node: 'n1', instance: 'a' }, cores),
      series(
        'container_memory_allocation_bytes',
        { ...POD, node: 'n1', instance: 'a' },
        cores.replaceAll(/\d+(?=x)/g, '0'),
      ),
      series('node_cpu_hourly_cost', { node: 'n1', instance: 'a' }, '0.1x1600'),
      series('node_ram_hourly_cost', { node: 'n1', instance: 'a' }, '0.01x1600'),
    ];
    const query = 'ai_cost:compute_usd:per_hour';
    const labels = `${query}{ai_service="fraud-detector",namespace="risk-ml-prod"}`;
    // 4 cores at 10 cents: 9.60 a day, 288 a month; 10 cores: 720.
    story(rules, allocated('4x1600'), [
      { minute: 1500, query, samples: [{ labels, value: 0.4 }] },
      firing(1590, 'AiCostBudgetExceeded', 0),
    ]);
    story(rules, allocated('10x1600'), [firing(900, 'AiCostBudgetExceeded', 0), firing(1590, 'AiCostBudgetExceeded')]);
    story(rules, allocated('10x600 stale _x1000'), [firing(1590, 'AiCostBudgetExceeded', 0)]);
  });

  test('of tokens is silent within the budget, and tells when it goes too fast', () => {
    const rules = rulesOf('tokens', {
      spec: {
        predictor: { framework: 'vllm', model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES },
        monitoring: { cost: { tokens: { budget: 1000, prompt: 1, generated: 2 } } },
      },
    });
    const OWN = { ...NAMESPACE, ai_service: 'fraud-detector', part: 'predictor', release: 'v46', pod: 'a' };
    const tokens = (values: string): Series[] => [
      series('vllm:prompt_tokens_total', OWN, values),
      series('vllm:generation_tokens_total', OWN, values),
    ];
    // Evenly, 1000 dollars a month are 0.023 a minute: 7,700 tokens each way.
    story(rules, tokens(counter([600, 15_000])), silent(600));
    story(rules, tokens(counter([60, 7000], [120, 300_000])), [
      firing(60, 'AiTokenBudgetBurn', 0),
      firing(100, 'AiTokenBudgetBurn', 1),
    ]);
    story(rules, [], silent(60));
  });

  test('of callers is silent on usual ones, and tells of one that asks unusually much', () => {
    const rules = rulesOf('callers', { spec: { monitoring: { cost: { callers: {} } } } });
    const caller = (principal: string, values: string): Series =>
      series(
        'istio_requests_total',
        {
          reporter: 'source',
          destination_service_namespace: 'risk-ml-prod',
          destination_service_name: 'fraud-detector-v46-predictor',
          source_principal: principal,
          response_code: '200',
        },
        values,
      );
    const usual = [caller('spiffe://a', counter([2000, 60])), caller('spiffe://b', counter([2000, 30]))];
    story(
      rules,
      usual,
      [60, 70, 1450, 1990].map((minute) => firing(minute, 'AiCallerUnusual', 0)),
    );
    story(
      rules,
      [...usual, caller('spiffe://c', counter([1600, 1], [400, 100]))],
      [firing(1600, 'AiCallerUnusual', 0), firing(1680, 'AiCallerUnusual')],
    );
    story(rules, [], silent(60));
  });
});

describe('promtool accepts', () => {
  const everything: AIServiceInput['monitoring'] = {
    health: {
      coldStart: '2m',
      queueTime: '50ms',
      timeToFirstToken: '2s',
      timeBetweenTokens: '100ms',
      answers: true,
      modelAge: 30,
    },
    delivery: { candidate: '2h', hold: '24h' },
    cost: { compute: 500, tokens: { budget: 1000, prompt: 1, generated: 2 }, idleGpu: {}, callers: {} },
  };

  test.each([
    ['Standard mode', {}],
    ['Knative mode', { mode: 'Knative' as const }],
    [
      'a Knative in the middle of an upgrade',
      { mode: 'Knative' as const, cluster: { knative: { version: ['1.18.2', '1.21.1'] as [string, string] } } },
    ],
  ] satisfies [string, TargetOptions][])('everything there is, in %s', (_, options) => {
    const models = {
      llm: { framework: 'vllm' as const, model: { uri: 's3://ml-models/x/v46/' }, resources: { ...RESOURCES, gpu: 1 } },
      image: {
        framework: 'triton' as const,
        servedName: 'r',
        model: { uri: 's3://ml-models/x/v46/' },
        resources: { ...RESOURCES, gpu: 1 },
        scaling: { min: 1, max: 3 },
      },
    };
    const spec = {
      models,
      monitoring: everything,
      function: { image: 'registry.example.com/f:1.0.0', resources: RESOURCES },
    };
    const target = targetOf(watched({ ...options, candidate: { release: 'v47', weight: 10 }, previous: 'v45', spec }));
    const objects = renderPrometheus(target, new Map()).filter(({ kind }) => kind === 'PrometheusRule');
    expect(objects).toHaveLength(2);
    for (const object of objects) expect(checkRules(object)).toEqual(PASSES);
  });
});
