import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/finding.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { checkGraphs, checkMonitoring, MONITORING_RULES } from '../../src/check/monitoring.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Monitoring = NonNullable<AIServiceInput['monitoring']>;

const RESOURCES = { cpu: '1', memory: '1Gi', gpu: 1 };
const VLLM: NonNullable<AIServiceInput['predictor']> = {
  framework: 'vllm',
  model: { uri: 's3://ml-models/chat/v46/' },
  resources: RESOURCES,
  servedName: 'chat',
  image: 'vllm/vllm-openai:v0.11.0',
};

function check(monitoring: Monitoring, options: TargetOptions = {}): Finding[] {
  return checkMonitoring(targetOf({ ...options, spec: { ...options.spec, monitoring } }));
}

function atRate(expectedRps: number, monitoring: Monitoring): Finding[] {
  return check(monitoring, { spec: { traffic: { expectedRps } } });
}

function at(field: string): object {
  return { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field };
}

test('good monitoring has no findings', () => {
  const slos: Monitoring['slos'] = [
    { availability: { objective: 99.9 } },
    { latency: { below: '250ms', objective: 99 } },
    { latency: { below: '1s', objective: 99.9 } },
    {
      custom: {
        name: 'settled',
        objective: 99,
        total: { metric: 'settlements_total' },
        good: { metric: 'settlements_total', labels: { outcome: 'done' } },
      },
    },
  ];
  expect(atRate(40, { slos })).toEqual([]);
  expect(check({ slos })).toEqual([]);
  expect(check({})).toEqual([]);
  expect(
    check({ slos: [{ timeToFirstToken: { below: '1s', objective: 95 } }] }, { spec: { predictor: VLLM } }),
  ).toEqual([]);
});

describe('a Prometheus that is said to keep its samples for', () => {
  const keeping = (retention: string, slos: Monitoring['slos'], expectedRps?: number): Finding[] =>
    check(
      { slos },
      {
        cluster: { prometheus: { version: '3.4', retention } },
        spec: expectedRps === undefined ? {} : { traffic: { expectedRps } },
      },
    );

  test('15 days cannot say what is left of a budget of 30', () => {
    expect(keeping('15d', [{ availability: { objective: 99.9 } }])).toEqual([
      {
        id: 'monitoring/retention',
        severity: 'warning',
        where: at('monitoring.slos[0].availability'),
        message:
          'its error budget is over 30d, but the Prometheus of cluster eu-1 keeps 15d, so that what is older counts as if it had not happened',
        fix: 'write a shorter period, or keep samples for longer (storage.tsdb.retention.time) and say so in prometheus.retention',
      },
    ]);
  });

  test.each(['30d', '720h', '5w', '1y'])('%s can', (retention) => {
    expect(keeping(retention, [{ availability: { objective: 99.9 } }])).toEqual([]);
  });

  test('a day cannot serve alerts that look back for longer', () => {
    const [finding] = keeping('1d', [{ availability: { objective: 99, period: '7d' } }]);
    expect(finding?.message).toMatch(/^its error budget is over 7d, and the longterm alert looks back 3d, but/);
  });

  test('15 days is warned of only where the service promises something', () => {
    expect(keeping('15d', [])).toEqual([]);
    expect(keeping('15d', [{ availability: { objective: 99.9, period: '14d' } }])).toEqual([]);
  });
});

describe('the limit of a latency objective', () => {
  test.each([
    ['300ms', '250ms or 500ms'],
    ['0s', '1ms'],
    ['2h', '1h'],
    ['3s', '2s500ms or 5s'],
  ])('of %s is no bucket bound; %s would be', (below, nearest) => {
    expect(check({ slos: [{ availability: { objective: 99.9 } }, { latency: { below, objective: 99 } }] })).toEqual([
      {
        id: 'monitoring/latency-bucket',
        severity: 'error',
        where: at('monitoring.slos[1].latency.below'),
        message: `${below} is no bucket bound of istio_request_duration_milliseconds, so that nothing counts the requests below it`,
        fix: `write ${nearest}`,
      },
    ]);
  });

  test('may be written in any unit', () => {
    expect(check({ slos: [{ latency: { below: '0.25s', objective: 99 } }] })).toEqual([]);
  });
});

describe('the time to first token', () => {
  const ttft = (below: string, part?: string): Monitoring => ({
    slos: [{ timeToFirstToken: { below, objective: 95, ...(part !== undefined && { part }) } }],
  });
  const fn = { image: 'registry.example.com/f:1.0.0', resources: RESOURCES };

  test('has limits that are bucket bounds of vLLM', () => {
    expect(check(ttft('2s'), { spec: { predictor: VLLM } })).toEqual([
      {
        id: 'monitoring/latency-bucket',
        severity: 'error',
        where: at('monitoring.slos[0].timeToFirstToken.below'),
        message:
          '2s is no bucket bound of vllm:time_to_first_token_seconds, so that nothing counts the requests below it',
        fix: 'write 1s or 2s500ms',
      },
    ]);
    expect(check(ttft('2500ms'), { spec: { predictor: VLLM } })).toEqual([]);
  });

  test('is known to a vLLM only', () => {
    expect(check(ttft('1s'))).toEqual([
      {
        id: 'monitoring/not-measured',
        severity: 'error',
        where: at('monitoring.slos[0].timeToFirstToken.part'),
        message: 'no part of the service is a vLLM, which would say when a first token comes',
        fix: 'write latency instead',
      },
    ]);
  });

  test('is that of one part, which must be named where there are several', () => {
    const spec = { function: fn, models: { chat: VLLM, code: VLLM } };
    expect(check(ttft('1s'), { spec })).toMatchObject([
      {
        message: 'several parts are a vLLM: chat, code',
        fix: 'write part: chat, and an objective for each of the others',
      },
    ]);
    expect(check(ttft('1s', 'embedder'), { spec })).toMatchObject([
      { message: '"embedder" is no part that is a vLLM', fix: 'write chat or code' },
    ]);
    expect(check({ slos: [...(ttft('1s', 'chat').slos ?? []), ...(ttft('1s', 'code').slos ?? [])] }, { spec })).toEqual(
      [],
    );
  });

  test('takes the place of latency behind the gateway of KServe, which does not say whom a request was for', () => {
    const spec = { predictor: { ...VLLM, llm: {} } };
    const cluster = {
      kserve: {
        version: '0.20.0',
        mode: 'Standard' as const,
        llm: { gatewayService: 'kserve-gateway.kserve.svc.cluster.local' },
      },
    };
    expect(
      check({ slos: [{ latency: { below: '1s', objective: 95 } }, ...(ttft('1s').slos ?? [])] }, { spec, cluster }),
    ).toEqual([
      {
        id: 'monitoring/not-measured',
        severity: 'error',
        where: at('monitoring.slos[0].latency'),
        message:
          "the latency of fraud-detector is not measured: KServe's gateway does not say which service a request was for",
        fix: 'write timeToFirstToken instead: the time for a whole answer depends on its length',
      },
    ]);
  });
});

describe('an objective', () => {
  test.each([
    [93, 7, 'fast'],
    [80, 20, 'fast, medium'],
    [50, 50, 'fast, medium, slow'],
  ])('of %d %% leaves out the alerts that could never fire', (objective, bad, tiers) => {
    expect(check({ slos: [{ availability: { objective } }] })).toEqual([
      {
        id: 'monitoring/objective-unreachable',
        severity: 'warning',
        where: at('monitoring.slos[0].availability.objective'),
        message: `the objective ${objective} allows ${bad} % of requests to be bad, so that burn-rate alerts that could never fire are left out: ${tiers}`,
        fix: 'write an objective above 93.06 for all four alerts, above 83.34 for all but the fast one',
      },
    ]);
  });

  test('of less says nothing about an alert that is switched off', () => {
    expect(check({ slos: [{ availability: { objective: 93, alerts: { fast: false } } }] })).toEqual([]);
  });

  test('is not given twice', () => {
    const slos: Monitoring['slos'] = [
      { latency: { below: '1s', objective: 99 } },
      { availability: { objective: 99.9 } },
      { latency: { below: '1000ms', objective: 99.9 } },
      { availability: { objective: 99 } },
      { custom: { name: 'availability', objective: 99, total: { metric: 'a' }, bad: { metric: 'b' } } },
    ];
    expect(check({ slos }).map(({ id, where, message }) => [id, where.field, message])).toEqual([
      ['monitoring/duplicate', 'monitoring.slos[2]', 'latency-1s is watched by monitoring.slos[0] already'],
      ['monitoring/duplicate', 'monitoring.slos[3]', 'availability is watched by monitoring.slos[1] already'],
      ['monitoring/duplicate', 'monitoring.slos[4]', 'availability is watched by monitoring.slos[1] already'],
    ]);
  });
});

describe('an objective on an InferenceGraph', () => {
  const slos: Monitoring['slos'] = [
    { availability: { objective: 99.9 } },
    { latency: { below: '300ms', objective: 99, graph: 'claims' } },
  ];
  const graph = (name: string, apiVersion = 'serving.kserve.io/v1alpha1'): KubeObject => ({
    apiVersion,
    kind: 'InferenceGraph',
    metadata: { name },
  });
  const missing = (objects: readonly KubeObject[], cluster: TargetOptions['cluster'] = {}): unknown[] =>
    checkGraphs(targetOf({ spec: { monitoring: { slos } }, cluster }), objects).map(({ id, where, message }) => [
      id,
      where.field,
      message,
    ]);

  test('has limits that are bucket bounds of Istio', () => {
    expect(check({ slos })).toMatchObject([
      { id: 'monitoring/latency-bucket', where: at('monitoring.slos[1].latency.below'), fix: 'write 250ms or 500ms' },
    ]);
  });

  test('needs Istio, since its router counts nothing', () => {
    const cluster = {
      istio: { version: '1.30', dataplane: 'sidecar' as const, metrics: false },
      prometheus: { version: '3.4', sources: ['queueProxy' as const] },
    };
    expect(
      check({ slos: [{ availability: { objective: 99, graph: 'claims' } }] }, { mode: 'Knative', cluster }),
    ).toEqual([
      {
        id: 'monitoring/uncounted',
        severity: 'warning',
        where: at('monitoring.slos[0].availability.graph'),
        message:
          'cluster eu-1 has no metrics of Istio, and the router of an InferenceGraph has no metrics, so that nobody counts the requests to claims, and the objective is left out',
        fix: 'take istio.metrics: false from the cluster if Prometheus scrapes it',
      },
    ]);
  });

  test('names one that the service has', () => {
    const message = (others: string): string =>
      `no InferenceGraph claims is among the objects of the service (${others}); if nobody else makes it, the objective is about no requests and its alerts never fire`;
    expect(missing([graph('claims')])).toEqual([]);
    expect(missing([])).toEqual([
      ['monitoring/no-graph', 'monitoring.slos[1].latency.graph', message('there is none')],
    ]);
    expect(missing([graph('claim'), graph('claims', 'example.com/v1'), graph('appeals')])).toEqual([
      ['monitoring/no-graph', 'monitoring.slos[1].latency.graph', message('there are appeals, claim')],
    ]);
    expect(missing([], { prometheus: undefined })).toEqual([]);
  });
});

describe('where few requests are expected', () => {
  const availability = (objective: number, more: object = {}): Monitoring => ({
    slos: [{ availability: { objective, ...more } }],
  });

  test('alerts look at longer windows, which is said', () => {
    expect(atRate(0.1, availability(99.99))).toEqual([
      {
        id: 'monitoring/rate-widens',
        severity: 'info',
        where: at('monitoring.slos[0].availability'),
        message:
          'at 0.1 requests per second (traffic.expectedRps) it takes so long until enough bad ones show that alerts look at longer windows: ' +
          'fast at 12h, medium at 1d, slow at 2d, longterm at 7d',
        fix: 'nothing, if that is soon enough; else a lower objective is noticed sooner',
      },
    ]);
  });

  test('an objective that they could never show is refused', () => {
    expect(atRate(0.02, availability(99.999, { alerts: { fast: false, medium: false, slow: false } }))).toMatchObject([
      {
        id: 'monitoring/rate-too-low',
        severity: 'error',
        where: at('monitoring.slos[0].availability'),
        message:
          'at 0.02 requests per second (traffic.expectedRps) the objective 99.999 leaves the longterm alert 0.52 bad ones in 30d at burn rate 1, and it asks for 5',
        fix: 'write a lower objective, a longer period or window, a smaller minBadEvents, or alerts: { longterm: false }',
      },
      { id: 'monitoring/rate-widens', where: at('monitoring.outage') },
    ]);
  });

  test('a window of the service itself is not widened but refused', () => {
    expect(
      atRate(
        1,
        availability(99.99, { alerts: { fast: { long: '30m' }, medium: false, slow: false, longterm: false } }),
      ),
    ).toMatchObject([
      {
        id: 'monitoring/rate-too-low',
        message: expect.stringContaining(
          'leaves the fast alert 2.6 bad ones in 30m at burn rate 14.4, and it asks for 5',
        ) as string,
      },
    ]);
  });

  test('the objective that a service gets by default is widened, and never refused', () => {
    expect(atRate(0.00001, {}).map(({ id, where }) => [id, where.field])).toEqual([
      ['monitoring/rate-widens', 'monitoring.outage'],
    ]);
  });

  test('a total outage shows later, or not at all', () => {
    expect(atRate(0.02, { outage: {} })).toEqual([
      {
        id: 'monitoring/rate-widens',
        severity: 'info',
        where: at('monitoring.outage'),
        message: 'at 0.02 requests per second (traffic.expectedRps) a total outage shows within 11m',
        fix: 'nothing, if that is soon enough; else write a smaller minFailures',
      },
    ]);
    expect(atRate(0.0001, {})).toMatchObject([
      { where: at('monitoring.slos') },
      {
        where: at('monitoring.outage'),
        message:
          'at 0.0001 requests per second (traffic.expectedRps) 5 requests are too long apart for an alert on a total outage; there is none',
      },
    ]);
    expect(atRate(0.02, { outage: { window: '10m' } })).toEqual([]);
    expect(atRate(0.02, { outage: false })).toEqual([]);
  });
});

describe('a cluster', () => {
  const message = 'cluster eu-1 has no Istio, so that';

  test('without Istio does not watch an objective that the service sets, and says so', () => {
    expect(
      check({ slos: [{ latency: { below: '300ms', objective: 99 } }] }, { cluster: { istio: undefined } }),
    ).toEqual([
      {
        id: 'monitoring/uncounted',
        severity: 'warning',
        where: at('monitoring.slos[0].latency'),
        message: `${message} nobody counts the requests that the objective is about, and it is left out`,
        fix: 'declare istio on the cluster if it is installed',
      },
    ]);
  });

  test('without Istio has not even the objective that every service gets', () => {
    expect(check({}, { cluster: { istio: undefined } })).toEqual([
      {
        id: 'monitoring/no-mesh',
        severity: 'info',
        where: at('monitoring.slos'),
        message: `${message} availability and latency are not watched there, and no alert tells when the metric of a drift rule is missing`,
        fix: 'declare istio on the cluster if it is installed',
      },
    ]);
  });

  describe('on which Istio is not scraped', () => {
    const istio = { version: '1.30', dataplane: 'sidecar', metrics: false } as const;
    const slos: Monitoring['slos'] = [
      { availability: { objective: 99.9 } },
      { latency: { below: '75ms', objective: 99 } },
    ];
    const of = (knative: string | [string, string], prometheus: object): unknown[] =>
      check(
        { slos },
        {
          mode: 'Knative',
          cluster: { istio, knative: { version: knative }, prometheus: { version: '3.4', ...prometheus } },
        },
      ).map((finding) => [finding.id, finding.where.field, finding.message, finding.fix]);

    test('has objectives where the queue-proxies of Knative count', () => {
      expect(of('1.21.1', { sources: ['queueProxy'] })).toEqual([]);
    });

    test('has limits that are bucket bounds of every name that the histogram has while Knative is upgraded', () => {
      expect(of(['1.18.2', '1.19.8'], { sources: ['queueProxy'] })).toEqual([
        [
          'monitoring/latency-bucket',
          'monitoring.slos[1].latency.below',
          '75ms is no bucket bound of kn_serving_invocation_duration_seconds and revision_request_latencies, so that nothing counts the requests below it',
          'write 10ms or 100ms',
        ],
      ]);
    });

    test('says what of Knative is missing', () => {
      const because = (why: string): string =>
        `cluster eu-1 has no metrics of Istio${why}, so that nobody counts the requests that the objective is about, and it is left out`;
      const none = of('1.21.1', { sources: ['knative'] });
      expect(none[1]).toEqual([
        'monitoring/uncounted',
        'monitoring.slos[1].latency',
        because(', and its Prometheus is not said to have what the queue-proxies of Knative count'),
        "take istio.metrics: false from the cluster if Prometheus scrapes it, or write prometheus.sources: ['knative', 'queueProxy'] if Knative exposes metrics of requests (docs/health.md)",
      ]);
      expect(of('1.21.1', { sources: ['queueProxy'], nativeHistograms: 'converted' })[0]).toEqual([
        'monitoring/uncounted',
        'monitoring.slos[0].availability',
        because(
          ', and what the queue-proxies of Knative count is in classic histograms, which its Prometheus converts',
        ),
        'take istio.metrics: false from the cluster if Prometheus scrapes it',
      ]);
    });
  });

  test('without Prometheus watches nothing, which is said when something was asked for', () => {
    const cluster = { prometheus: undefined };
    expect(check({}, { cluster })).toEqual([]);
    expect(check({ slos: [{ availability: { objective: 99 } }] }, { cluster })).toMatchObject([
      { id: 'monitoring/no-prometheus', severity: 'info', where: at('monitoring') },
    ]);
  });
});

test('every finding has its rule', () => {
  const ids = [
    ...check({ slos: [{ latency: { below: '3ms', objective: 50 } }, { latency: { below: '3ms', objective: 99 } }] }),
    ...check({ slos: [{ timeToFirstToken: { below: '1s', objective: 99 } }] }),
    ...atRate(0.001, { slos: [{ availability: { objective: 99.9 } }] }),
    ...check(
      { slos: [{ availability: { objective: 99 } }] },
      { cluster: { prometheus: { version: '3.4', retention: '15d' } } },
    ),
    ...check({}, { cluster: { istio: undefined } }),
    ...checkGraphs(
      targetOf({ spec: { monitoring: { slos: [{ availability: { objective: 99, graph: 'claims' } }] } } }),
      [],
    ),
    ...check({ slos: [{ availability: { objective: 99 } }] }, { cluster: { istio: undefined } }),
    ...check({ slos: [{ availability: { objective: 99 } }] }, { cluster: { prometheus: undefined } }),
  ].map(({ id, severity }) => `${id} ${severity}`);
  expect(new Set(ids)).toEqual(new Set(MONITORING_RULES.map(({ id, severity }) => `${id} ${severity}`)));
});
