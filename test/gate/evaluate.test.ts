import { describe, expect, it } from 'vitest';
import { evaluateGates, type GateQuestion, type GateResult } from '../../src/gate/evaluate.ts';
import { queueProxyMetrics } from '../../src/promql/metrics-knative.ts';
import type { GateOutput } from '../../src/service/gate.ts';
import { NOW, prometheusOf, questionWith, SUBJECT, type World } from './fixture.ts';

const ERRORS: GateOutput = { errorRatio: { max: 0.01 } };

/** The verdict of one result and the reason that it gives. */
async function resultOf(name: string, question: GateQuestion, world: World = {}): Promise<[string, string]> {
  const { results } = await evaluateGates(question, new Map([['eu-1', prometheusOf(world)]]), NOW);
  const found = results.filter((result) => result.name === name);
  if (found.length !== 1) throw new Error(`${name} is not one of ${results.map((result) => result.name).join(', ')}`);
  return [found[0]!.verdict, found[0]!.why];
}

const errors = (world: World, more: Partial<GateQuestion> = {}, gate = ERRORS): Promise<[string, string]> =>
  resultOf('error-ratio', questionWith(more, { gates: [gate] }), world);

const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

describe('a warming candidate', () => {
  const warming = (more: Partial<GateQuestion> = {}): GateQuestion =>
    questionWith({ phase: 'warming', weight: 0, ...more }, { gates: [ERRORS] });
  const readiness = (world: World, more: Partial<GateQuestion> = {}): Promise<[string, string]> =>
    resultOf('readiness-predictor', warming(more), world);

  it('passes when it has the replicas that it shall have, and nothing is asked about traffic', async () => {
    const { verdict, results } = await evaluateGates(warming(), new Map([['eu-1', prometheusOf()]]), NOW);
    expect(verdict).toBe('pass');
    expect(results.map(({ name, value, limit, why }) => ({ name, value, limit, why }))).toEqual([
      {
        name: 'readiness-predictor',
        value: '2',
        limit: '>= 2',
        why: 'fraud-detector-v47-predictor has 2 of 2 replicas',
      },
    ]);
  });

  it('waits before the deadline', async () => {
    expect(await readiness({ available: () => '1', age: () => '1199' })).toEqual([
      'inconclusive',
      'fraud-detector-v47-predictor has 1 of 2 replicas, 19m59s after it came',
    ]);
  });

  it('fails at the deadline', async () => {
    expect(await readiness({ available: () => '0', age: () => '1200' })).toEqual([
      'fail',
      'fraud-detector-v47-predictor has 0 of 2 replicas, 20m after it came; the deadline is 20m',
    ]);
  });

  it('has the whole deadline when a workload that is there for long starts to warm again', async () => {
    const [verdict, why] = await readiness({ available: () => '0', age: () => '900000' }, { since: minutesAgo(5) });
    expect([verdict, why]).toEqual([
      'inconclusive',
      'fraud-detector-v47-predictor has 0 of 2 replicas, 5m after it came',
    ]);
  });

  it('is never ready by absence', async () => {
    expect(await readiness({ available: () => undefined, age: () => '900000' })).toEqual([
      'inconclusive',
      'kube-state-metrics says nothing of Deployment fraud-detector-v47-predictor: it is not there yet, or its metrics are not',
    ]);
    expect(await readiness({ available: () => '0', age: () => undefined })).toEqual([
      'inconclusive',
      'fraud-detector-v47-predictor has 0 of 2 replicas, and since when it is there is not known: there is no data',
    ]);
  });

  it('that goes down to no replica must have had one', async () => {
    const deployments = SUBJECT.deployments.map((deployment) => ({ ...deployment, replicas: 0 }));
    const client = prometheusOf({ available: () => '1' });
    const { verdict } = await evaluateGates(
      warming({ clusters: [{ ...SUBJECT, deployments }] }),
      new Map([['eu-1', client]]),
      NOW,
    );
    expect(verdict).toBe('pass');
    expect(client.asked).toEqual([
      'sum(max by (deployment) (max_over_time(kube_deployment_status_replicas_available{namespace="risk-ml-prod",deployment="fraud-detector-v47-predictor"}[20m])))',
    ]);
  });
});

describe('readiness of a candidate with traffic', () => {
  it('does not fail for a replica that is missing: its requests say how bad that is', async () => {
    expect(
      await resultOf('readiness-predictor', questionWith(), { available: () => '1', age: () => '900000' }),
    ).toEqual(['inconclusive', 'fraud-detector-v47-predictor has 1 of 2 replicas']);
  });
});

describe('the bake time', () => {
  const bake = (world: World, more: Partial<GateQuestion> = {}): Promise<[string, string]> =>
    resultOf('bake', questionWith(more), world);

  it('is over when the candidate has had its share for so long', async () => {
    expect(await bake({})).toEqual(['pass', 'the candidate has had 10 % of the requests for 30m']);
  });

  it('counts from the requests: a weight that came ten minutes ago has baked for ten', async () => {
    const requests = (minutes: number): string => (minutes < 10 ? '1000' : '0');
    expect(await bake({ requests })).toEqual([
      'inconclusive',
      'the candidate has had 10 % of the requests for 10m; the bake time is 30m',
    ]);
  });

  it('starts again after a part in which the share was smaller', async () => {
    const requests = (minutes: number): string => (minutes === 5 ? '500' : '1000');
    expect(await bake({ requests })).toEqual([
      'inconclusive',
      'the candidate has had 10 % of the requests for 5m; the bake time is 30m',
    ]);
  });

  it('takes a share that chance explains', async () => {
    expect((await bake({ requests: () => '12', all: () => '200' }))[0]).toBe('pass');
    expect((await bake({ requests: () => '5', all: () => '200' }))[0]).toBe('inconclusive');
  });

  it('does not count what was before the candidate got its weight', async () => {
    expect(await bake({}, { since: minutesAgo(17) })).toEqual([
      'inconclusive',
      'the candidate has had 10 % of the requests for 15m; the bake time is 30m',
    ]);
  });

  it('needs requests also where the weight is 0, as for copies', async () => {
    expect(await bake({ requests: () => '1', all: () => '1000' }, { weight: 0 })).toEqual([
      'pass',
      'the candidate has had requests for 30m',
    ]);
    expect((await bake({ requests: () => undefined }, { weight: 0 }))[0]).toBe('inconclusive');
  });

  it('cannot be told without Istio, nor where both releases share a workload', async () => {
    expect(await bake({}, { clusters: [{ ...SUBJECT, reporters: [] }] })).toEqual([
      'inconclusive',
      "cluster eu-1 has no metrics of Istio or of Knative's queue-proxies, which count the requests",
    ]);
    expect(await bake({}, { clusters: [{ ...SUBJECT, stable: SUBJECT.candidate }] })).toEqual([
      'inconclusive',
      'both releases are answered by fraud-detector-v47-predictor, so their requests cannot be told apart',
    ]);
  });

  it('is what the queue-proxies of Knative counted, in the pods of each release', async () => {
    const subject = { ...SUBJECT, reporters: [], queueProxies: queueProxyMetrics('1.21.1'), clusterLabel: 'cluster' };
    const client = prometheusOf();
    const { results } = await evaluateGates(questionWith({ clusters: [subject] }), new Map([['eu-1', client]]), NOW);
    expect(results.find(({ name }) => name === 'bake')?.verdict).toBe('pass');
    const counted = (release: string): string =>
      `sum(increase(kn_serving_invocation_duration_seconds_count{namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor",release="${release}",cluster="eu-1"}[5m]))`;
    expect(client.asked.map((query) => query.replaceAll(/\s+/g, ' '))).toEqual(
      expect.arrayContaining([counted('v47'), `${counted('v47')} + ${counted('v46')}`]),
    );
  });

  it('may be none', async () => {
    expect(await resultOf('bake', questionWith({}, { bake: '0s' }), { requests: () => undefined })).toEqual([
      'pass',
      'the policy has no bake time',
    ]);
  });
});

describe('a gate', () => {
  it('passes when it holds over the bake time and in each of three parts', async () => {
    expect(await errors({})).toEqual(['pass', '0.001 over 30m is <= 0.01']);
  });

  it('holds at its very limit', async () => {
    expect((await errors({ value: () => '0.01' }))[0]).toBe('pass');
  });

  it('fails beyond its limit', async () => {
    expect(await errors({ value: () => '0.011' })).toEqual(['fail', '0.011 over 30m is not <= 0.01']);
  });

  it('fails when one part is beyond the limit that the whole keeps', async () => {
    expect(await errors({ value: (minutes) => (minutes === 10 ? '0.02' : '0.001') })).toEqual([
      'fail',
      '0.02 in the part until 2026-03-01T11:50:00.000Z is not <= 0.01',
    ]);
  });

  it('decides nothing on such a part with too few requests', async () => {
    const world = {
      value: (minutes: number) => (minutes === 10 ? '0.02' : '0.001'),
      requests: (minutes: number) => (minutes === 10 ? '50' : '1000'),
    };
    expect(await errors(world)).toEqual([
      'inconclusive',
      '0.02 in the part until 2026-03-01T11:50:00.000Z is not <= 0.01',
    ]);
  });

  it.each([
    ['no data', () => undefined, 'there is no data over 30m'],
    ['NaN', () => 'NaN', 'the value is NaN'],
    ['an infinite value', () => '+Inf', 'the value is +Inf'],
    [
      'several series',
      () => [
        { labels: { a: '1' }, samples: [] },
        { labels: { a: '2' }, samples: [] },
      ],
      'the query gives 2 series, and must give one',
    ],
    ['a problem', () => ({ problem: 'p answers 422', unreachable: false }), 'p answers 422'],
  ] satisfies [string, NonNullable<World['value']>, string][])('never passes by %s', async (_what, value, why) => {
    expect(await errors({ value })).toEqual(['inconclusive', why]);
  });

  it('needs data in every part', async () => {
    expect(await errors({ value: (minutes) => (minutes === 20 ? undefined : '0.001') })).toEqual([
      'inconclusive',
      'there is no data in the part until 2026-03-01T11:40:00.000Z',
    ]);
  });

  it('decides nothing with fewer requests than it wants, 100 by default', async () => {
    expect(await errors({ requests: () => '99.4' })).toEqual([
      'inconclusive',
      '99 requests over 30m are too few; it takes 100',
    ]);
    expect(await errors({ requests: () => '99', value: () => '0.5' })).toEqual([
      'inconclusive',
      '99 requests over 30m are too few; it takes 100',
    ]);
    expect(await errors({ requests: () => undefined })).toEqual(['inconclusive', 'there are no requests over 30m']);
    expect((await errors({ requests: () => '99' }, {}, { errorRatio: { max: 0.01, minSamples: 50 } }))[0]).toBe('pass');
  });

  it('does not look at what was before the candidate got its weight, and does not pass before the bake time is over', async () => {
    const world = { value: (minutes: number) => (minutes >= 15 ? '0.5' : '0.001') };
    expect(await errors(world, { since: minutesAgo(12) })).toEqual([
      'inconclusive',
      '1 of 3 parts of the bake time are over',
    ]);
    expect(await errors({}, { since: minutesAgo(12) }, { errorRatio: { max: 0.01, consecutive: 1 } })).toEqual([
      'inconclusive',
      '12m of the bake time are over',
    ]);
  });

  it('fails as soon as there are requests enough, long before the bake time is over', async () => {
    expect(await errors({ value: () => '0.2' }, { since: minutesAgo(1) })).toEqual([
      'fail',
      '0.2 over 1m is not <= 0.01',
    ]);
  });

  it('shows its parts, as Prometheus gave them', async () => {
    const { results } = await evaluateGates(
      questionWith({}, { gates: [ERRORS] }),
      new Map([['eu-1', prometheusOf({ value: () => '1e-03' })]]),
      NOW,
    );
    const part = (time: string): GateResult['parts'][number] => ({
      at: new Date(`2026-03-01T${time}:00.000Z`),
      value: '1e-03',
      samples: '1000',
    });
    expect(results.find(({ name }) => name === 'error-ratio')).toMatchObject({
      value: '1e-03',
      samples: '1000',
      parts: [part('11:40'), part('11:50'), part('12:00')],
    });
  });

  it('beside the stable release is a result of its own', async () => {
    const gate = { latency: { quantile: 0.99, max: '250ms', comparedToStable: { factor: 1.25 } } };
    const { results } = await evaluateGates(
      questionWith({}, { gates: [gate, gate] }),
      new Map([['eu-1', prometheusOf({ value: () => '1.2' })]]),
      NOW,
    );
    expect(results.slice(2).map(({ name, limit, verdict }) => [name, limit, verdict])).toEqual([
      ['latency-p99', '<= 250', 'pass'],
      ['latency-p99-vs-stable', '<= 1.25', 'pass'],
      ['latency-p99-2', '<= 250', 'pass'],
      ['latency-p99-vs-stable-2', '<= 1.25', 'pass'],
    ]);
  });

  it("compares with the stable release of before, once all traffic is the candidate's", async () => {
    const client = prometheusOf();
    const gate = { latency: { quantile: 0.5, max: '250ms', comparedToStable: { difference: '20ms' } } };
    await evaluateGates(
      questionWith({ phase: 'finishing', weight: 100, since: minutesAgo(40) }, { gates: [gate] }),
      new Map([['eu-1', client]]),
      NOW,
    );
    const compared = client.asked.filter(
      (expr) => expr.includes('v46-predictor') && expr.includes('histogram_quantile'),
    );
    expect(compared.map((expr) => /\[(\w+)\] offset (\w+)/.exec(expr)?.slice(1))).toEqual([
      ['30m', '40m'],
      ['10m', '40m'],
    ]);
  });
});

describe('a gate of the user', () => {
  it('asks the query with what the placeholders stand for', async () => {
    const client = prometheusOf({ value: () => '5' });
    const gate = {
      prometheus: {
        name: 'chargebacks',
        query: 'sum(x{r="{{ candidate }}",s="{{stable}}",n="{{namespace}}",c="{{candidateService}}"}) / {{window}}',
        min: 4,
      },
    };
    const { results } = await evaluateGates(questionWith({}, { gates: [gate] }), new Map([['eu-1', client]]), NOW);
    expect(results.at(-1)).toMatchObject({
      name: 'chargebacks',
      verdict: 'pass',
      limit: '>= 4',
      query: 'sum(x{r="v47",s="v46",n="risk-ml-prod",c="fraud-detector-v47-predictor"}) / 30m',
    });
  });
});

describe('a gate on predictions', () => {
  const DRIFT: GateOutput = { predictionDrift: { psi: 0.2 } };
  const drift = (world: World, gate = DRIFT, more: Partial<GateQuestion> = {}): Promise<[string, string]> =>
    resultOf('prediction-drift', questionWith(more, { gates: [gate] }), { value: () => '0.05', ...world });

  it('compares over the whole bake time, in the bins that the histogram has', async () => {
    const client = prometheusOf({ value: () => '0.05' });
    const { results } = await evaluateGates(questionWith({}, { gates: [DRIFT] }), new Map([['eu-1', client]]), NOW);
    expect(results.at(-1)).toMatchObject({
      name: 'prediction-drift',
      verdict: 'pass',
      why: '0.05 over 30m is <= 0.2',
      parts: [],
    });
    expect(client.asked).toContain(
      'group by (le, release) (fraud_score_bucket{namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor",release=~"v46|v47"})',
    );
    expect(results.at(-1)?.query).toContain('== 3');
  });

  it('needs as many observations as keep chance below the limit, at least 100', async () => {
    expect(await drift({ requests: () => '99' })).toEqual([
      'inconclusive',
      '99 compared observations over 30m are too few; it takes 100',
    ]);
    expect(await drift({ requests: () => '900' }, { predictionDrift: { psi: 0.01 } })).toEqual([
      'inconclusive',
      '900 compared observations over 30m are too few; it takes 923',
    ]);
  });

  it('cannot compare histograms with other bounds, nor one that is not there', async () => {
    const bounds = (les: readonly [string, string][]): NonNullable<World['bounds']> =>
      les.map(([le, release]) => ({ labels: { le, release }, samples: [] }));
    expect(
      await drift({
        bounds: bounds([
          ['1', 'v46'],
          ['1.0', 'v47'],
          ['2', 'v47'],
        ]),
      }),
    ).toEqual(['inconclusive', 'fraud_score has other bounds in the candidate than in the stable release']);
    expect(await drift({ bounds: bounds([['1', 'v46']]) })).toEqual([
      'inconclusive',
      'the candidate exposes no histogram fraud_score with bounds',
    ]);
    expect(await drift({}, DRIFT, { clusters: [{ ...SUBJECT, predictions: undefined }] })).toEqual([
      'inconclusive',
      'no part of the service declares a histogram in exports.predictions',
    ]);
  });

  it('asks for no bounds when the policy names them', async () => {
    const client = prometheusOf({ value: () => '0.05' });
    await evaluateGates(
      questionWith({}, { gates: [{ predictionDrift: { psi: 0.2, edges: [0.5] } }] }),
      new Map([['eu-1', client]]),
      NOW,
    );
    expect(client.asked.filter((expr) => expr.startsWith('group by'))).toEqual([]);
  });
});

describe('a gate on a metric of the registry', () => {
  const judged = async (
    gate: Extract<GateOutput, { registryMetric: unknown }>['registryMetric'],
    more: Partial<GateQuestion> = {},
  ): Promise<unknown[]> => {
    const { results } = await evaluateGates(
      questionWith({ phase: 'warming', clusters: [], ...more }, { gates: [{ registryMetric: gate }] }),
      new Map(),
      NOW,
    );
    return results.map(({ name, verdict, limit, why, cluster }) => [name, verdict, limit, why, cluster]);
  };

  it('asks no Prometheus, and is the same on every cluster', async () => {
    expect(await judged({ metric: 'auc', min: 0.9 })).toEqual([
      ['registry-auc', 'pass', '>= 0.9', '0.97 is >= 0.9', undefined],
    ]);
    expect(await judged({ metric: 'auc', min: 0.98 })).toEqual([
      ['registry-auc', 'fail', '>= 0.98', '0.97 is not >= 0.98', undefined],
    ]);
  });

  it('compares with the stable release: higher is better, unless only a largest value is given or the gate says so', async () => {
    const stable = { release: 'v46', metrics: { predictor: { auc: 0.98 } } };
    expect(await judged({ metric: 'auc', notWorseThanStable: true }, { stable })).toEqual([
      ['registry-auc-vs-stable', 'fail', '>= 0.98', '0.97 is not >= 0.98', undefined],
    ]);
    expect(await judged({ metric: 'auc', notWorseThanStable: { by: 0.01 } }, { stable })).toEqual([
      ['registry-auc-vs-stable', 'pass', '>= 0.97', '0.97 is >= 0.97', undefined],
    ]);
    expect((await judged({ metric: 'auc', max: 1, notWorseThanStable: true }, { stable }))[1]).toEqual([
      'registry-auc-vs-stable',
      'pass',
      '<= 0.98',
      '0.97 is <= 0.98',
      undefined,
    ]);
    expect(await judged({ metric: 'auc', better: 'lower', notWorseThanStable: true })).toEqual([
      ['registry-auc-vs-stable', 'fail', '<= 0.95', '0.97 is not <= 0.95', undefined],
    ]);
  });

  it('decides nothing where a record lacks the metric', async () => {
    expect(await judged({ metric: 'f1', min: 0.9 })).toEqual([
      [
        'registry-f1',
        'inconclusive',
        '>= 0.9',
        'the record of v47 has no metric f1 for the model of predictor',
        undefined,
      ],
    ]);
    expect(await judged({ metric: 'constructor', min: 0.9 })).toEqual([
      [
        'registry-constructor',
        'inconclusive',
        '>= 0.9',
        'the record of v47 has no metric constructor for the model of predictor',
        undefined,
      ],
    ]);
    expect(
      await judged(
        { metric: 'auc', notWorseThanStable: true },
        { stable: { release: 'v46', metrics: { predictor: {} } } },
      ),
    ).toEqual([
      [
        'registry-auc-vs-stable',
        'inconclusive',
        '',
        'the record of v46 has no metric auc for the model of predictor',
        undefined,
      ],
    ]);
  });

  it('finds the metric of the only part with a model, or of the part that it names', async () => {
    const candidate = { release: 'v47', metrics: { embedder: { recall: 0.8 } } };
    const verdictOf = async (
      gate: Parameters<typeof judged>[0],
      release: GateQuestion['candidate'],
    ): Promise<unknown> => ((await judged(gate, { candidate: release }))[0] as unknown[])[1];
    expect(await verdictOf({ metric: 'recall', min: 0.5 }, candidate)).toBe('pass');
    const two = { release: 'v47', metrics: { embedder: { recall: 0.8 }, ranker: { recall: 0.3 } } };
    expect(await verdictOf({ metric: 'recall', min: 0.5 }, two)).toBe('inconclusive');
    expect(await verdictOf({ metric: 'recall', min: 0.5, part: 'ranker' }, two)).toBe('fail');
  });
});

describe('the verdict', () => {
  const us = { ...SUBJECT, cluster: 'us-1' };
  const overall = async (eu: World | undefined, american: World | undefined): Promise<string> => {
    const clients = new Map(
      Object.entries({ 'eu-1': eu, 'us-1': american }).flatMap(([cluster, world]) =>
        world ? [[cluster, prometheusOf(world)] as const] : [],
      ),
    );
    return (await evaluateGates(questionWith({ clusters: [SUBJECT, us] }, { gates: [ERRORS] }), clients, NOW)).verdict;
  };

  it('is the worst of all clusters', async () => {
    expect(await overall({}, {})).toBe('pass');
    expect(await overall({}, { requests: () => '10' })).toBe('inconclusive');
    expect(await overall({ requests: () => '10' }, { value: () => '0.5' })).toBe('fail');
  });

  it('is inconclusive when a cluster has no Prometheus, and says how to name one', async () => {
    expect(await overall({}, undefined)).toBe('inconclusive');
    const { results } = await evaluateGates(questionWith({ clusters: [us] }), new Map(), NOW);
    expect(results.map(({ why }) => why)).toEqual(
      Array(2).fill('no Prometheus is named for cluster us-1: --prometheus us-1=https://…'),
    );
  });

  it('is inconclusive when there is nothing to ask', async () => {
    expect((await evaluateGates(questionWith({ clusters: [] }), new Map(), NOW)).verdict).toBe('inconclusive');
  });

  it('does not take minutes to say that nobody answers', async () => {
    const client = prometheusOf({
      available: () => ({ problem: 'p: the network failed: ECONNREFUSED', unreachable: true }),
    });
    const { results } = await evaluateGates(questionWith({}, { gates: [ERRORS] }), new Map([['eu-1', client]]), NOW);
    expect(client.asked).toHaveLength(1);
    expect(results.map(({ verdict }) => verdict)).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
  });

  it('asks for one cluster only, where a label tells clusters apart', async () => {
    const client = prometheusOf();
    await evaluateGates(
      questionWith(
        { clusters: [{ ...SUBJECT, clusterLabel: 'cluster' }] },
        { gates: [ERRORS, { predictionDrift: { psi: 0.2 } }] },
      ),
      new Map([['eu-1', client]]),
      NOW,
    );
    const unlabelled = client.asked
      .flatMap((expr) => expr.match(/\{[^}]*\}/g) ?? [])
      .filter((matchers) => !matchers.includes('cluster="eu-1"'));
    expect(unlabelled).toEqual([]);
  });
});

describe('the name of a result', () => {
  it('is its own, whatever gates of users are called', async () => {
    const own = (name: string): GateOutput => ({ prometheus: { name, query: 'x', max: 1 } });
    const { results } = await evaluateGates(
      questionWith({}, { gates: [own('a'), own('a'), own('a-2'), own('error-ratio'), ERRORS] }),
      new Map([['eu-1', prometheusOf()]]),
      NOW,
    );
    expect(results.slice(2).map(({ name }) => name)).toEqual(['a', 'a-2', 'a-2-2', 'error-ratio', 'error-ratio-2']);
  });
});
