import type { GateQuestion } from '../../src/gate/evaluate.ts';
import type { Answer, PrometheusClient } from '../../src/gate/prometheus.ts';
import type { GateSubject } from '../../src/gate/subject.ts';
import { exactly } from '../../src/promql/selector.ts';

/** A candidate `v47` beside `v46`, and a Prometheus that says what a test wants. */

export const NOW = new Date('2026-03-01T12:00:00.000Z');

export const SUBJECT: GateSubject = {
  service: 'fraud-detector',
  environment: 'prod-eu',
  cluster: 'eu-1',
  namespace: 'risk-ml-prod',
  reporters: ['source'],
  candidate: {
    release: 'v47',
    serviceName: 'fraud-detector-v47-predictor',
    service: exactly('fraud-detector-v47-predictor'),
    pods: { part: 'predictor', release: 'v47' },
  },
  stable: {
    release: 'v46',
    serviceName: 'fraud-detector-v46-predictor',
    service: exactly('fraud-detector-v46-predictor'),
    pods: { part: 'predictor', release: 'v46' },
  },
  deployments: [
    {
      part: 'predictor',
      name: 'fraud-detector-v47-predictor',
      pattern: exactly('fraud-detector-v47-predictor'),
      replicas: 2,
    },
  ],
  predictions: { metric: 'fraud_score', part: 'predictor', candidate: 'v47', stable: 'v46' },
  clusterLabel: undefined,
};

/** A canary at 10 %, 30 minutes of bake time. */
export function questionWith(
  more: Partial<GateQuestion> = {},
  policy: Partial<GateQuestion['policy']> = {},
): GateQuestion {
  return {
    service: 'fraud-detector',
    environment: 'prod-eu',
    phase: 'canary',
    weight: 10,
    policy: { warm: { deadline: '20m' }, bake: '30m', gates: [], ...policy },
    candidate: { release: 'v47', metrics: { predictor: { auc: 0.97 } } },
    stable: { release: 'v46', metrics: { predictor: { auc: 0.95 } } },
    clusters: [SUBJECT],
    ...more,
  };
}

/** What a query gives at a time, `minutes` before now: a value, nothing, or an answer of any kind. */
export type Says = (minutes: number) => string | undefined | Answer;

/** What the fake Prometheus says. What is not told apart has a healthy default. */
export interface World {
  /** Available replicas of the candidate. */
  readonly available?: Says;
  /** Seconds since its Deployment came. */
  readonly age?: Says;
  /** Requests to the candidate, over whatever window. */
  readonly requests?: Says;
  /** Requests to both releases. */
  readonly all?: Says;
  /** The value of the gate that is looked at. */
  readonly value?: Says;
  readonly bounds?: Answer;
}

const HEALTHY: Required<World> = {
  available: () => '2',
  age: () => '60',
  requests: () => '1000',
  all: () => '10000',
  value: () => '0.001',
  bounds: ['0.5', '1.0', '+Inf'].flatMap((le) =>
    ['v46', 'v47'].map((release) => ({ labels: { le, release }, samples: [{ time: 0, value: '1' }] })),
  ),
};

/** A Prometheus, and what it was asked. */
export function prometheusOf(world: World = {}): PrometheusClient & { readonly asked: string[] } {
  const says = { ...HEALTHY, ...world };
  const asked: string[] = [];
  const topic = (expr: string): Says => {
    if (expr.includes('kube_deployment_created')) return says.age;
    if (expr.includes('kube_deployment_status_replicas_available')) return says.available;
    if (expr.startsWith('group by')) return () => says.bounds;
    if (/^sum\(increase\([^()]*\)\)$/.test(expr) || expr.startsWith('sum(increase(fraud_score_count'))
      return says.requests;
    return /^sum\(increase\([^()]*\)\)\s\+\ssum\(increase\([^()]*\)\)$/.test(expr) ? says.all : says.value;
  };
  const at = (expr: string, times: readonly Date[]): Answer => {
    asked.push(expr);
    const answers = times.map((time) => [time, topic(expr)((NOW.getTime() - time.getTime()) / 60_000)] as const);
    const whole = answers.map(([, answer]) => answer).find((answer) => typeof answer === 'object');
    if (whole) return whole;
    const samples = answers.flatMap(([time, value]) =>
      typeof value === 'string' ? [{ time: time.getTime() / 1000, value }] : [],
    );
    return samples.length > 0 ? [{ labels: {}, samples }] : [];
  };
  return {
    asked,
    query: (expr, time) => Promise.resolve(at(expr, [time])),
    queryRange: (expr, { start, end, stepSeconds }) => {
      const times: Date[] = [];
      for (let time = start.getTime(); time <= end.getTime(); time += stepSeconds * 1000) times.push(new Date(time));
      return Promise.resolve(at(expr, times));
    },
  };
}
