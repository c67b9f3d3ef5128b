import { expect, test } from 'vitest';
import { evaluateGates } from '../../src/gate/evaluate.ts';
import { evidenceJson, evidenceText } from '../../src/gate/evidence.ts';
import { NOW, prometheusOf, questionWith } from './fixture.ts';

const question = questionWith(
  {},
  {
    bake: '0s',
    gates: [
      { latency: { quantile: 0.99, max: '250ms', consecutive: 1 } },
      { registryMetric: { metric: 'auc', min: 0.9 } },
    ],
  },
);
const evaluation = await evaluateGates(question, new Map([['eu-1', prometheusOf({ value: () => '3.5e+02' })]]), NOW);

const READY =
  'sum(max by (deployment) (kube_deployment_status_replicas_available{namespace="risk-ml-prod",deployment="fraud-detector-v47-predictor"}))';
const LATENCY =
  'histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v47-predictor",response_code!~"5.."}[5m])))';

test('evidence for people says what decided, and what was asked', () => {
  expect(evidenceText(evaluation))
    .toBe(`fail fraud-detector in prod-eu: v47 beside v46, canary at 10 %, 2026-03-01T12:00:00.000Z
  pass          eu-1 readiness-predictor: fraud-detector-v47-predictor has 2 of 2 replicas
      ${READY}
  pass          eu-1 bake: the policy has no bake time
  fail          eu-1 latency-p99: 3.5e+02 over 5m is not <= 250
      ${LATENCY}
  pass          registry-auc: 0.97 is >= 0.9
`);
});

test('evidence for machines has times of RFC 3339, values as Prometheus gave them, and no field without a value', () => {
  const at = '2026-03-01T12:00:00.000Z';
  expect(JSON.parse(evidenceJson(evaluation))).toEqual({
    service: 'fraud-detector',
    environment: 'prod-eu',
    candidate: 'v47',
    stable: 'v46',
    phase: 'canary',
    weight: 10,
    verdict: 'fail',
    at,
    results: [
      {
        name: 'readiness-predictor',
        cluster: 'eu-1',
        verdict: 'pass',
        value: '2',
        limit: '>= 2',
        why: 'fraud-detector-v47-predictor has 2 of 2 replicas',
        at,
        query: READY,
      },
      {
        name: 'bake',
        cluster: 'eu-1',
        verdict: 'pass',
        value: '0s',
        limit: '0s',
        why: 'the policy has no bake time',
        at,
      },
      {
        name: 'latency-p99',
        cluster: 'eu-1',
        verdict: 'fail',
        value: '3.5e+02',
        limit: '<= 250',
        samples: '1000',
        why: '3.5e+02 over 5m is not <= 250',
        at,
        query: LATENCY,
      },
      { name: 'registry-auc', verdict: 'pass', value: '0.97', limit: '>= 0.9', why: '0.97 is >= 0.9', at },
    ],
  });
});

test('evidence has the parts of the bake time', async () => {
  const { results } = JSON.parse(
    evidenceJson(await evaluateGates(questionWith(), new Map([['eu-1', prometheusOf()]]), NOW)),
  ) as { results: { parts?: unknown[] }[] };
  expect(results[1]?.parts).toHaveLength(6);
  expect(results[1]?.parts?.[0]).toEqual({ at: '2026-03-01T11:35:00.000Z', value: '1000', samples: '10000' });
});

test('a query that nobody can read stands in the JSON alone', async () => {
  const drift = await evaluateGates(
    questionWith({}, { gates: [{ predictionDrift: { psi: 0.2 } }] }),
    new Map([['eu-1', prometheusOf({ value: () => '0.1' })]]),
    NOW,
  );
  expect(evidenceText(drift)).not.toContain('fraud_score_bucket');
  expect(evidenceJson(drift)).toContain('fraud_score_bucket');
});
