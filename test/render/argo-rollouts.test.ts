import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AnalysisTemplate } from '../../imports/argoproj.io/v1alpha1.js';
import { createSchemaCheck } from '../../src/check/schema.ts';
import { gateSubject, renderArgoRollouts } from '../../src/render/argo-rollouts.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Gates = NonNullable<NonNullable<AIServiceInput['canary']>['gates']>;

const PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
  scaling: { min: 2, max: 20, target: { cpu: 70 } },
  exports: { predictions: 'fraud_score' },
};

function templateOf(gates: Gates, options: TargetOptions = {}): AnalysisTemplate {
  const spec = { predictor: PREDICTOR, canary: { steps: [10], bake: '30m', gates }, ...options.spec };
  const [template, ...others] = renderArgoRollouts(targetOf({ ...options, spec }));
  expect(others).toEqual([]);
  expect(createSchemaCheck([join(import.meta.dirname, '../../imports')]).check(template!)).toEqual([]);
  return template as AnalysisTemplate;
}

/** Name and query of each metric. */
function queriesOf(template: AnalysisTemplate): Record<string, string | undefined> {
  return Object.fromEntries(
    (template.spec.metrics ?? []).map(({ name, provider }) => [name, provider?.prometheus?.query]),
  );
}

const ONE = 'len(result) == 1 && !isNaN(result[0]) && !isInf(result[0])';
const STRICT = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };

describe('the AnalysisTemplate', () => {
  test('has a metric for each gate, of which every measurement must be one finite value within the limit', () => {
    const traffic =
      'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="{{args.candidate}}"';
    expect(templateOf([{ latency: { quantile: 0.99, max: '250ms' } }])).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: {
        name: 'fraud-detector',
        namespace: 'risk-ml-prod',
        labels: {
          'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
          'app.kubernetes.io/name': 'fraud-detector',
          'app.kubernetes.io/part-of': 'risk-ml',
        },
      },
      spec: {
        args: [{ name: 'candidate' }, { name: 'prometheus' }],
        metrics: [
          {
            name: 'readiness-predictor',
            successCondition: `${ONE} && result[0] >= 1`,
            failureCondition: `${ONE} && !(result[0] >= 1)`,
            ...STRICT,
            count: 1,
            provider: {
              prometheus: {
                address: '{{args.prometheus}}',
                timeout: 30,
                query:
                  'sum(max by (deployment) (kube_deployment_status_replicas_available{namespace="risk-ml-prod",deployment="{{args.candidate}}"}))',
              },
            },
          },
          {
            name: 'latency-p99',
            successCondition: `${ONE} && result[0] <= 250`,
            failureCondition: `${ONE} && !(result[0] <= 250)`,
            ...STRICT,
            initialDelay: '30m',
            interval: '10m',
            count: 3,
            provider: {
              prometheus: {
                address: '{{args.prometheus}}',
                timeout: 30,
                query: `(
histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{${traffic},response_code!~"5.."}[30m])))
)
and on ()
(sum(increase(istio_requests_total{${traffic}}[30m])) >= 100)`,
              },
            },
          },
        ],
      },
    });
  });

  test('is the same at every step of a release', () => {
    const gates: Gates = [
      { errorRatio: { max: 0.01, comparedToStable: { factor: 1.5 } } },
      { predictionDrift: { psi: 0.2, edges: [0.5] } },
    ];
    const idle = templateOf(gates);
    expect(templateOf(gates, { candidate: { release: 'v47', weight: 10 } })).toEqual(idle);
    expect(
      templateOf(gates, {
        stable: 'v47',
        spec: { predictor: { ...PREDICTOR, model: { uri: 's3://ml-models/fraud-detector/v47/' } } },
      }),
    ).toEqual(idle);
  });

  test('is not there without gates', () => {
    expect(renderArgoRollouts(targetOf())).toEqual([]);
    expect(renderArgoRollouts(targetOf({ spec: { canary: { steps: [10] } } }))).toEqual([]);
  });

  test('looks at the revisions of a Knative Service, whichever number they have', () => {
    const spec = { predictor: { ...PREDICTOR, scaling: { min: 2, max: 20, target: { concurrency: 4 } } } };
    const queries = queriesOf(templateOf([{ latency: { quantile: 0.5, max: '1s' } }], { mode: 'Knative', spec }));
    expect(queries['latency-p50']).toContain('destination_service_name=~"{{args.candidate}}(-[0-9]{5})?"');
    expect(queries['readiness-predictor']).toContain('deployment=~"{{args.candidate}}-[0-9]{5}-deployment"');
  });

  test('has a value for nothing that it cannot measure, so that it does not pass', () => {
    expect(queriesOf(templateOf([{ predictionDrift: { psi: 0.2 } }]))).toMatchObject({
      'prediction-drift-needs-edges': 'vector(0) / 0',
    });
    expect(queriesOf(templateOf([{ errorRatio: { max: 0.01 } }], { cluster: { istio: undefined } }))).toMatchObject({
      'error-ratio': 'vector(0) / 0',
    });
  });

  test('is told the metrics of the registry', () => {
    const template = templateOf([
      { registryMetric: { metric: 'val/AUC', min: 0.9, notWorseThanStable: { by: 0.01 } } },
    ]);
    expect(queriesOf(template)).toMatchObject({
      'registry-val-auc': 'vector({{args.candidate-val-auc}})',
      'registry-val-auc-vs-stable': 'vector({{args.candidate-val-auc}}) - vector({{args.stable-val-auc}})',
    });
    expect(template.spec.metrics?.map(({ successCondition }) => successCondition).slice(1)).toEqual([
      `${ONE} && result[0] >= 0.9`,
      `${ONE} && result[0] >= -0.01`,
    ]);
    expect(template.spec.args).toEqual(
      ['candidate', 'candidate-val-auc', 'prometheus', 'stable-val-auc'].map((name) => ({ name })),
    );
  });

  test('fills in queries of users, and gives metrics of one name a number', () => {
    const own = { prometheus: { name: 'own', query: 'sum(x{release="{{candidate}}"}) # why', max: 1, consecutive: 1 } };
    const template = templateOf([own, own]);
    expect(template.spec.metrics?.map(({ name }) => name)).toEqual(['readiness-predictor', 'own', 'own-2']);
    expect(queriesOf(template)['own']).toMatch(
      /^\(\nsum\(x\{release="\{\{args\.candidate-release\}\}"\}\) # why\n\)\nand on \(\)\n/,
    );
    expect(template.spec.metrics?.[1]).toMatchObject({ count: 1, initialDelay: '30m' });
    expect(template.spec.metrics?.[1]).not.toHaveProperty('interval');
  });
});

describe('what the gates look at', () => {
  const CANDIDATE: TargetOptions = { candidate: { release: 'v47', weight: 10 } };

  test('is nothing without a candidate', () => {
    expect(gateSubject(targetOf())).toBeUndefined();
  });

  test('are the Services and Deployments of the two releases', () => {
    expect(gateSubject(targetOf({ ...CANDIDATE, spec: { predictor: PREDICTOR } }), 'cluster')).toEqual({
      service: 'fraud-detector',
      environment: 'prod-eu',
      cluster: 'eu-1',
      namespace: 'risk-ml-prod',
      reporters: ['source'],
      durations: 'classic',
      candidate: {
        release: 'v47',
        serviceName: 'fraud-detector-v47-predictor',
        service: { source: 'fraud-detector-v47-predictor', only: 'fraud-detector-v47-predictor' },
        pods: { part: 'predictor', release: 'v47' },
      },
      stable: {
        release: 'v46',
        serviceName: 'fraud-detector-v46-predictor',
        service: { source: 'fraud-detector-v46-predictor', only: 'fraud-detector-v46-predictor' },
        pods: { part: 'predictor', release: 'v46' },
      },
      deployments: [
        {
          part: 'predictor',
          name: 'fraud-detector-v47-predictor',
          pattern: { source: 'fraud-detector-v47-predictor', only: 'fraud-detector-v47-predictor' },
          replicas: 2,
        },
      ],
      predictions: { metric: 'fraud_score', form: 'classic', part: 'predictor', candidate: 'v47', stable: 'v46' },
      clusterLabel: 'cluster',
    });
  });

  test('are all parts of an InferenceService, and the models that a function calls', () => {
    const container = { image: 'registry.example.com/a:v46', resources: { cpu: '1', memory: '1Gi' } };
    const spec = {
      predictor: PREDICTOR,
      transformer: { ...container, exports: { predictions: 'fraud_score' } },
      function: { ...container, scaling: { min: 0, max: 3 } },
    };
    const subject = gateSubject(targetOf({ ...CANDIDATE, spec }));
    expect(subject?.deployments.map(({ part, name, replicas }) => [part, name, replicas])).toEqual([
      ['function', 'fraud-detector-function-v47', 0],
      ['predictor', 'fraud-detector-v47-predictor', 2],
      ['transformer', 'fraud-detector-v47-transformer', 1],
    ]);
    // The function answers, on Knative with the name of its revision.
    expect(subject?.candidate.service).toEqual({ source: 'fraud-detector-function-v47(-[0-9]{5})?', only: undefined });
    expect(subject?.deployments[0]?.pattern.source).toBe('fraud-detector-function-v47-[0-9]{5}-deployment');
    expect(subject?.predictions).toEqual({
      metric: 'fraud_score',
      form: 'classic',
      part: 'predictor',
      candidate: 'v47',
      stable: 'v46',
    });
  });

  test('are revisions, where these split the traffic of a function', () => {
    const fn = { image: 'registry.example.com/a:v46', resources: { cpu: '1', memory: '1Gi' } };
    const canary = { steps: [10], mechanism: 'revisions' as const, gates: [{ errorRatio: { max: 0.01 } }] };
    const target = targetOf({ ...CANDIDATE, spec: { function: fn, canary } });
    const { candidate, stable, deployments } = gateSubject(target)!;
    const ours = /^fraud-detector-function-(v4[67])-[0-9a-f]{8}$/;
    expect(
      [candidate, stable].map(({ serviceName, service }) => [
        ours.exec(serviceName)?.[1],
        service.only === serviceName,
      ]),
    ).toEqual([
      ['v47', true],
      ['v46', true],
    ]);
    expect(deployments.map(({ pattern }) => pattern.only)).toEqual([`${candidate.serviceName}-deployment`]);
    expect(queriesOf(renderArgoRollouts(target)[0] as AnalysisTemplate)['readiness-function']).toContain(
      'deployment="{{args.candidate}}-deployment"',
    );
  });

  test('are alike where KServe splits the traffic of one object, so that no gate on traffic passes', () => {
    const predictor = { ...PREDICTOR, scaling: { min: 2, max: 20, target: { concurrency: 4 } } };
    const subject = gateSubject(
      targetOf({ ...CANDIDATE, mode: 'Knative', spec: { predictor, canary: { steps: [10], mechanism: 'kserve' } } }),
    );
    expect(subject?.candidate.serviceName).toBe(subject?.stable.serviceName);
  });

  test('count requests where the mesh does', () => {
    const reporters = (options: TargetOptions): unknown =>
      gateSubject(targetOf({ ...CANDIDATE, ...options }))?.reporters;
    const ambient = { istio: { version: '1.30', dataplane: 'ambient' as const, gateway: 'istio-system/public' } };
    expect(reporters({ cluster: ambient })).toEqual(['waypoint']);
    expect(reporters({ cluster: ambient, spec: { traffic: { visibility: 'public' } } })).toEqual([
      'waypoint',
      'source',
    ]);
    expect(reporters({ cluster: { istio: undefined } })).toEqual([]);
  });

  test('count requests where the queue-proxies of Knative do, when Istio does not', () => {
    const prometheus = { version: '3.4', sources: ['queueProxy' as const] };
    const [counting, routing] = [
      { version: '1.30', dataplane: 'sidecar' as const },
      { version: '1.30', dataplane: 'sidecar' as const, metrics: false },
    ];
    const proxies = (options: TargetOptions): unknown =>
      gateSubject(targetOf({ ...CANDIDATE, mode: 'Knative', ...options }))?.queueProxies?.map(
        ({ requests }) => requests,
      );
    expect(proxies({ cluster: { istio: routing, prometheus } })).toEqual([
      'kn_serving_invocation_duration_seconds_count',
    ]);
    expect(proxies({ cluster: { istio: counting, prometheus } })).toBeUndefined();
    expect(proxies({ cluster: { istio: routing } })).toBeUndefined();
    expect(proxies({ mode: 'Standard', cluster: { istio: routing, prometheus } })).toBeUndefined();
    const transformer = { image: 'registry.example.com/a:v46', resources: { cpu: '1', memory: '1Gi' } };
    const spec = { transformer, canary: { steps: [10], gates: [{ errorRatio: { max: 0.01 } }] } };
    const target = targetOf({ ...CANDIDATE, mode: 'Knative', cluster: { istio: routing, prometheus }, spec });
    expect(gateSubject(target)?.candidate.pods).toEqual({ part: 'transformer', release: 'v47' });
    expect(queriesOf(renderArgoRollouts(target)[0] as AnalysisTemplate)['error-ratio']).toContain(
      'kn_serving_invocation_duration_seconds_count{namespace="risk-ml-prod",ai_service="fraud-detector",part="transformer",release="{{args.candidate-release}}",http_response_status_code=~"5.."}',
    );
  });
});
