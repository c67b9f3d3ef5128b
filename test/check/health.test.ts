import { describe, expect, test } from 'vitest';
import { checkHealth } from '../../src/check/health.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { MetricSource } from '../../src/service/platform.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

function check(
  monitoring: AIServiceInput['monitoring'],
  options: TargetOptions = {},
  ...sources: readonly MetricSource[]
): string[] {
  const target = targetOf({
    ...options,
    spec: { ...options.spec, monitoring },
    cluster: { prometheus: { version: '3.4', sources: [...sources] }, ...options.cluster },
  });
  return checkHealth(target).map(formatFinding);
}

const RESOURCES = { cpu: '1', memory: '1Gi' };

describe('what a service asks to be watched', () => {
  test('is nothing, where it says nothing', () => {
    expect(check({})).toEqual([]);
  });

  test('needs somebody who measures it on the cluster', () => {
    expect(check({ health: { coldStart: '2m' } }, {}, 'argocd')).toEqual([
      `warning health/no-source: fraud-detector, prod-eu, eu-1: monitoring.health.coldStart
  it is not watched on cluster eu-1, whose Prometheus is not said to scrape kube-state-metrics
  fix: write prometheus.sources: ['argocd', 'kubeStateMetrics'] on the cluster, if it does`,
    ]);
    expect(check({ health: { coldStart: '2m' } }, {}, 'kubeStateMetrics')).toEqual([]);
    expect(check({ cost: { compute: 100 } })).toEqual([
      expect.stringContaining('whose Prometheus is not said to scrape OpenCost') as string,
    ]);
    expect(check({ cost: { callers: {} } }, { cluster: { istio: undefined } })).toEqual([
      expect.stringContaining('cluster eu-1 has no metrics of Istio') as string,
    ]);
  });

  describe('of callers that walk through the inputs', () => {
    const ISTIO = { version: '1.30', dataplane: 'sidecar', metrics: false } as const;
    const distinct = { metric: 'new_total', total: 'inputs_total' };
    const counted = { new_total: { type: 'counter' as const }, inputs_total: { type: 'counter' as const } };

    test('needs Istio, or counters of the service', () => {
      expect(check({ cost: { enumeration: {} } }, { cluster: { istio: ISTIO } })).toEqual([
        `warning health/no-source: fraud-detector, prod-eu, eu-1: monitoring.cost.enumeration
  cluster eu-1 has no metrics of Istio, which tells callers apart
  fix: declare istio on the cluster if its metrics are scraped, or count distinct inputs: distinct: { metric, total }`,
      ]);
      expect(check({ cost: { enumeration: { distinct } }, metrics: counted }, { cluster: { istio: ISTIO } })).toEqual(
        [],
      );
    });

    test('reads no counter that nobody exposes, and nothing that is no counter', () => {
      expect(check({ cost: { enumeration: { distinct } }, metrics: { new_total: { type: 'gauge' } } })).toEqual([
        `error health/no-counter: fraud-detector, prod-eu, eu-1: monitoring.cost.enumeration.distinct.metric
  new_total is no counter of the service
  fix: declare it, if a part of the service exposes it: monitoring.metrics: { new_total: { type: 'counter' } }`,
        `error health/no-counter: fraud-detector, prod-eu, eu-1: monitoring.cost.enumeration.distinct.total
  nothing is known to expose inputs_total, so that the alert would never fire
  fix: declare it, if a part of the service exposes it: monitoring.metrics: { inputs_total: { type: 'counter' } }`,
      ]);
      expect(
        check({
          cost: { enumeration: { distinct } },
          metrics: { ...counted, new_total: { type: 'counter', from: 'elsewhere' } },
        }),
      ).toHaveLength(1);
    });

    test('needs a past of eight days', () => {
      const kept = (retention: string): string[] =>
        check({ cost: { enumeration: {} } }, { cluster: { prometheus: { version: '3.4', retention } } });
      expect(kept('7d')).toEqual([
        `warning health/retention: fraud-detector, prod-eu, eu-1: monitoring.cost.enumeration
  callers are compared with the week before, and the Prometheus of cluster eu-1 keeps samples for 7d only, so that nobody is compared
  fix: keep them for 8d, or leave enumeration out`,
      ]);
      expect(kept('8d')).toEqual([]);
    });
  });

  test('is not looked at on a cluster without Prometheus, which is said elsewhere', () => {
    expect(check({ health: { coldStart: '2m' } }, { cluster: { prometheus: undefined } })).toEqual([]);
  });

  test('needs a model server that measures it', () => {
    expect(check({ health: { timeToFirstToken: '2s' } })).toEqual([
      `error health/no-runtime: fraud-detector, prod-eu, eu-1: monitoring.health.timeToFirstToken
  no part of the service runs vLLM, which is what says how many tokens there are and when
  fix: leave it out, or serve the model by framework: 'vllm'`,
    ]);
    expect(
      check({
        health: { timeBetweenTokens: '1s', answers: true, queueTime: '1s' },
        cost: { tokens: { budget: 1, prompt: 1, generated: 1 } },
      }),
    ).toEqual([
      expect.stringContaining('monitoring.health.timeBetweenTokens'),
      expect.stringContaining('monitoring.health.answers'),
      expect.stringContaining('monitoring.cost.tokens'),
      expect.stringContaining('no part of the service runs Triton or TorchServe'),
    ]);
    const predictor = { framework: 'vllm' as const, model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES };
    expect(check({ health: { timeToFirstToken: '2s', answers: true } }, { spec: { predictor } })).toEqual([]);
  });

  test('needs a GPU to be idle', () => {
    expect(check({ cost: { idleGpu: {} } }, {}, 'dcgm')).toEqual([
      `error health/no-gpu: fraud-detector, prod-eu, eu-1: monitoring.cost.idleGpu
  no part of the service has an NVIDIA GPU
  fix: leave it out, or give a part resources: { gpu: 1 }`,
    ]);
  });

  test('has an age where a registry says when the model was made', () => {
    expect(check({ health: { modelAge: 30 } })).toEqual([
      expect.stringContaining('nothing says when the model of v46 was made, so that its age is not watched') as string,
    ]);
  });
});
