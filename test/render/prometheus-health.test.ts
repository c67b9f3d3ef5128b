import { describe, expect, test } from 'vitest';
import type { AlertRule, RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { Target } from '../../src/render/target.ts';
import type { MetricSource } from '../../src/service/platform.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const ALL: readonly MetricSource[] = ['argocd', 'dcgm', 'inferenceServices', 'knative', 'kubeStateMetrics', 'opencost'];
const RESOURCES = { cpu: '4', memory: '8Gi' };

function targetWith(options: TargetOptions = {}, sources: readonly MetricSource[] = ALL): Target {
  return targetOf({
    ...options,
    cluster: { prometheus: { version: '3.4', sources: [...sources] }, ...options.cluster },
  });
}

function groupsOf(target: Target): RuleGroup[] {
  const rules = renderPrometheus(target, new Map()).filter(({ kind }) => kind === 'PrometheusRule');
  return rules.flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups);
}

/** The alerts of each concern that is ours. */
function alertsOf(target: Target): Record<string, string[]> {
  const ours =
    /\.(pods|inference-services|saturation|cold-start|releases|delivery|servers|llm|gpu|cost|tokens|callers|model-age)$/;
  return Object.fromEntries(
    groupsOf(target).flatMap(({ name, rules }) => {
      const concern = ours.exec(name)?.[1];
      return concern === undefined ? [] : [[concern, rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []))]];
    }),
  );
}

function alertNamed(target: Target, name: string): AlertRule {
  const found = groupsOf(target)
    .flatMap(({ rules }) => rules)
    .find((rule): rule is AlertRule => 'alert' in rule && rule.alert === name);
  if (!found) throw new Error(`no alert ${name}`);
  return found;
}

function server(
  framework: 'sklearn' | 'triton' | 'vllm' | 'mlflow',
  more: Partial<NonNullable<AIServiceInput['predictor']>> = {},
): NonNullable<AIServiceInput['predictor']> {
  return { framework, servedName: 'm', model: { uri: 's3://ml-models/x/v46/' }, resources: RESOURCES, ...more };
}

describe('a service that says nothing', () => {
  test('has few alerts, and only on what its cluster measures', () => {
    expect(alertsOf(targetWith())).toEqual({
      pods: ['AiPodNotStarting', 'AiPodOutOfMemory', 'AiReplicasNotReady', 'AiMetricsMissing'],
      'inference-services': ['AiInferenceServiceNotReady', 'AiInferenceServiceMissing'],
      saturation: ['AiReplicasAtMaximum'],
      delivery: ['AiAppOutOfSync', 'AiAppDegraded', 'AiAppSyncFailed', 'AiAppMissing', 'AiAppAutoSyncOff'],
      releases: [],
    });
    expect(alertsOf(targetWith({}, []))).toEqual({ releases: [] });
    expect(alertsOf(targetOf())).toEqual({ releases: [] });
  });

  test('has the alerts of its servers and GPUs', () => {
    const gpu = { resources: { ...RESOURCES, gpu: 1 } };
    expect(alertsOf(targetWith({ spec: { predictor: server('vllm', gpu) } }, ['dcgm']))).toEqual({
      llm: ['AiLlmEngineStalled', 'AiLlmQueueGrowing', 'AiLlmCacheFull'],
      gpu: ['AiGpuHardwareError'],
      releases: [],
    });
    expect(alertsOf(targetWith({ spec: { predictor: server('triton', gpu) } }, ['dcgm']))).toEqual({
      servers: ['AiInferenceFailures'],
      gpu: ['AiGpuHardwareError', 'AiGpuMemoryFull'],
      releases: [],
    });
    expect(alertsOf(targetWith({ spec: { predictor: server('mlflow') } }, []))).toMatchObject({
      servers: ['AiInferenceFailures'],
    });
  });

  test('wakes nobody up outside of production', () => {
    const options = {
      candidate: { release: 'v47', weight: 10 },
      spec: { predictor: server('vllm', { resources: { ...RESOURCES, gpu: 1 } }) },
    };
    const severities = (target: Target): string[] =>
      [...new Set(groupsOf(target).flatMap(({ rules }) => rules.map(({ labels }) => labels['severity'] ?? '')))].sort();
    expect(severities(targetWith(options))).toContain('critical');
    expect(severities(targetWith({ ...options, environment: { stage: 'dev' } }))).not.toContain('critical');
  });
});

describe('a service that turns concerns off', () => {
  test('does not have their alerts', () => {
    const monitoring = {
      health: { pods: false, saturation: false, candidate: false, runtime: false, gpu: false },
      delivery: { argocd: false, candidate: false as const },
    };
    const predictor = server('triton', { resources: { ...RESOURCES, gpu: 1 } });
    expect(
      alertsOf(targetWith({ candidate: { release: 'v47', weight: 10 }, spec: { predictor, monitoring } })),
    ).toEqual({ releases: [] });
  });
});

describe('a service that asks for more', () => {
  test('has it', () => {
    const monitoring = {
      health: { coldStart: '2m', timeToFirstToken: '2s', timeBetweenTokens: '100ms', answers: true },
      cost: { compute: 500, tokens: { budget: 1000, prompt: 1, generated: 2 }, idleGpu: {}, callers: {} },
    };
    const predictor = server('vllm', { resources: { ...RESOURCES, gpu: 1 } });
    expect(alertsOf(targetWith({ spec: { predictor, monitoring } }))).toMatchObject({
      'cold-start': ['AiColdStartSlow'],
      llm: [
        ...['AiLlmEngineStalled', 'AiLlmQueueGrowing', 'AiLlmCacheFull', 'AiLlmFirstTokenSlow', 'AiLlmTokensSlow'],
        ...['AiLlmPreemptions', 'AiLlmAnswersAborted', 'AiLlmAnswersCut'],
      ],
      gpu: ['AiGpuHardwareError', 'AiGpuIdle'],
      cost: ['AiCostBudgetExceeded'],
      tokens: ['AiTokenBudgetBurn', 'AiTokenBudgetBurn'],
      callers: ['AiCallerUnusual'],
    });
  });

  test('has the age of its model as a constant of the release', () => {
    const target = targetWith({ spec: { monitoring: { health: { modelAge: 30 } } } }, []);
    const { workload } = target.serving.stable;
    if (workload.kind !== 'server' || !workload.model) throw new Error('a server with a model was expected');
    const dated = { ...workload, model: { ...workload.model, created: '2025-03-01T00:00:00Z' } };
    const group = groupsOf({
      ...target,
      serving: { ...target.serving, stable: { release: 'v46', workload: dated } },
    }).find(({ name }) => name.endsWith('.model-age'));
    expect(group?.rules).toMatchObject([
      { record: 'ai_model:created:timestamp_seconds', expr: 'vector(1740787200)', labels: { release: 'v46' } },
      {
        alert: 'AiModelStale',
        expr: 'time() - ai_model:created:timestamp_seconds{namespace="risk-ml-prod",ai_service="fraud-detector",release="v46"} > 2592000',
      },
    ]);
  });
});

describe('releases', () => {
  const info = (target: Target): string[] =>
    groupsOf(target).flatMap(({ rules }) =>
      rules.flatMap((rule) =>
        'record' in rule && rule.record === 'ai_release:info'
          ? [`${rule.labels['release']} ${rule.labels['phase']} ${rule.labels['weight']}`]
          : [],
      ),
    );

  test('are recorded as Git has them', () => {
    expect(info(targetWith())).toEqual(['v46 stable 100']);
    expect(info(targetWith({ candidate: { release: 'v47', weight: 0 }, previous: 'v45' }))).toEqual([
      'v46 stable 100',
      'v47 warming 0',
      'v45 kept 0',
    ]);
    expect(info(targetWith({ candidate: { release: 'v47', weight: 25 } }))).toEqual(['v46 stable 75', 'v47 canary 25']);
    expect(info(targetWith({ candidate: { release: 'v47', weight: 0, held: true } }))).toEqual([
      'v46 stable 100',
      'v47 held 0',
    ]);
    expect(info(targetWith({ candidate: { release: 'v47', weight: 0, mirror: 10 } }))).toEqual([
      'v46 stable 100',
      'v47 canary 0',
    ]);
    expect(info(targetWith({ environment: { rollout: 'replace' } }))).toEqual(['main stable 100']);
  });

  test.each([
    [
      'a candidate that warms',
      { candidate: { release: 'v47', weight: 0 } },
      ['AiTrafficShareDiffers', 'AiCandidateStuck'],
    ],
    [
      'a candidate with a share',
      { candidate: { release: 'v47', weight: 10 } },
      ['AiCandidateFailing', 'AiCandidateSlow', 'AiTrafficShareDiffers', 'AiCandidateStuck'],
    ],
    [
      'a candidate with all traffic',
      { candidate: { release: 'v47', weight: 100 } },
      ['AiCandidateFailing', 'AiCandidateSlow', 'AiTrafficShareDiffers', 'AiCandidateStuck'],
    ],
    [
      'a candidate asked by header',
      { candidate: { release: 'v47', weight: 0, header: { name: 'x', value: 'b' } } },
      ['AiCandidateFailing', 'AiCandidateSlow', 'AiCandidateStuck'],
    ],
    [
      'a candidate that is held',
      { candidate: { release: 'v47', weight: 0, held: true as const } },
      ['AiTrafficShareDiffers', 'AiHoldForgotten'],
    ],
    ['a release that is kept', { previous: 'v45' }, ['AiTrafficShareDiffers']],
    [
      'a cluster without Istio',
      { candidate: { release: 'v47', weight: 10 }, cluster: { istio: undefined } },
      ['AiCandidateStuck'],
    ],
  ] satisfies [string, TargetOptions, string[]][])('%s: %j', (_, options, alerts) => {
    expect(alertsOf(targetWith(options))['releases']).toEqual(alerts);
  });

  test('stand in an object of their own, which alone changes with a step', () => {
    const at = (weight: number): Record<string, string> =>
      Object.fromEntries(
        renderPrometheus(targetWith({ candidate: { release: 'v47', weight } }), new Map()).map(
          ({ kind, metadata, spec }) => [`${kind} ${metadata.name}`, JSON.stringify(spec)],
        ),
      );
    const [before, after] = [at(10), at(25)];
    expect(Object.keys(before)).toEqual([
      'PodMonitor fraud-detector',
      'PrometheusRule fraud-detector',
      'PrometheusRule fraud-detector.releases',
    ]);
    expect(Object.keys(before).filter((key) => before[key] !== after[key])).toEqual([
      'PrometheusRule fraud-detector.releases',
    ]);
  });

  test('on Knative are told apart by their revisions', () => {
    const { expr } = alertNamed(
      targetWith({ mode: 'Knative', candidate: { release: 'v47', weight: 10 } }),
      'AiCandidateSlow',
    );
    expect(expr).toContain('destination_service_name=~"fraud-detector-v47-predictor(-[0-9]{5})?"');
  });

  test('are watched both where Knative splits between revisions of one object', () => {
    const spec: Partial<AIServiceInput> = {
      function: { image: 'registry.example.com/api:1.0.0', resources: RESOURCES },
      canary: { steps: [10], mechanism: 'revisions' },
    };
    const { expr } = alertNamed(
      targetWith({ mode: 'Knative', spec, candidate: { release: 'v47', weight: 10 } }),
      'AiReplicasNotReady',
    );
    expect(expr).toMatch(
      /deployment=~"[^"]*fraud-detector-function-v46-[0-9a-f]{8}-deployment\|fraud-detector-function-v47-[0-9a-f]{8}-deployment[^"]*"/,
    );
  });

  test.each([
    ['bake: 30m', { canary: { steps: [10], bake: '30m' } }, '90m'],
    ['bake: 24h', { canary: { steps: [10], bake: '24h' } }, '48h'],
    ['bake: 72h', { canary: { steps: [10], bake: '72h' } }, '96h'],
    ['delivery.candidate: 2h', { monitoring: { delivery: { candidate: '2h' } } }, '2h'],
  ] satisfies [string, Partial<AIServiceInput>, string][])(
    '%s: a candidate may stay for %s at one share',
    (_, spec, range) => {
      expect(
        alertNamed(targetWith({ candidate: { release: 'v47', weight: 10 }, spec }), 'AiCandidateStuck').expr,
      ).toContain(`release="v47",phase="canary",weight="10"}[${range}]`);
    },
  );
});

describe('delivery', () => {
  test('is that of the Application which the descriptor names, in the project of the team', () => {
    expect(alertNamed(targetWith(), 'AiAppOutOfSync')).toMatchObject({
      expr: 'max(argocd_app_info{name="fraud-detector.prod-eu.eu-1",project="risk-ml",sync_status!="Synced"}) > 0',
      for: '15m',
      labels: { severity: 'warning', namespace: 'risk-ml-prod', ai_service: 'fraud-detector', team: 'risk-ml' },
    });
  });
});

describe('replicas', () => {
  test('at their maximum are those that could be fewer', () => {
    const fixed = server('sklearn', { scaling: { min: 3, max: 3 } });
    expect(alertsOf(targetWith({ spec: { predictor: fixed } }))['saturation']).toBeUndefined();
  });

  test('have as long as they need to start, and five minutes', () => {
    expect(
      alertNamed(targetWith({ spec: { predictor: server('sklearn', { startup: '40m' }) } }), 'AiReplicasNotReady').for,
    ).toBe('45m');
  });

  test('of what was stopped are not missed', () => {
    const target = targetWith({ previous: 'v45' });
    const workloads = target.serving.workloads.map((workload) =>
      workload.release === 'v45' ? { ...workload, stopped: true } : workload,
    );
    const { expr } = alertNamed({ ...target, serving: { ...target.serving, workloads } }, 'AiReplicasNotReady');
    expect(expr).toContain('deployment="fraud-detector-v46-predictor"');
    expect(expr).not.toContain('v45');
  });
});
