import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { Slo } from '../../src/service/slo.ts';
import type { TargetOptions } from '../support/target.ts';
import { measure } from './measure.ts';
import { checkRules, type Series } from './promtool.ts';
import { counter, series } from './series.ts';
import { rulesOf } from './slo-stories.ts';

/** Objectives and outages by what Knative's queue-proxies count, in each way in which they have called it. */

interface Generation {
  readonly version: string;
  readonly requests: string;
  readonly histogram: string;
  readonly code: string;
  /** The bucket of 100 ms, as it is written. */
  readonly le: string;
  /** The bucket of a second. */
  readonly second: string;
}

const OPENCENSUS: Generation = {
  version: '1.18.2',
  requests: 'revision_request_count',
  histogram: 'revision_request_latencies',
  code: 'response_code',
  le: '100',
  second: '1000',
};
const FIRST: Generation = {
  version: '1.20.0',
  requests: 'kn_queueproxy_app_duration_seconds_count',
  histogram: 'kn_queueproxy_app_duration_seconds',
  code: 'http_response_status_code',
  le: '0.1',
  second: '1',
};
const NOW: Generation = {
  version: '1.20.1',
  requests: 'kn_serving_invocation_duration_seconds_count',
  histogram: 'kn_serving_invocation_duration_seconds',
  code: 'http_response_status_code',
  le: '0.1',
  second: '1',
};

function options(version: string | [string, string]): TargetOptions {
  return {
    mode: 'Knative',
    cluster: {
      istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
      knative: { version },
      prometheus: { version: '3.4', sources: ['kubeStateMetrics', 'queueProxy'] },
    },
    candidate: { release: 'v47', weight: 10 },
    spec: {
      canary: { steps: [10, 50] },
      monitoring: { slos: [Slo.availability(99.9), Slo.latency({ below: '100ms', objective: 99 })] },
    },
  };
}

function rules(version: string | [string, string]): KubeObject {
  return rulesOf(/\.(?:slo-availability|slo-latency-100ms|outage)$/, options(version));
}

interface Pod {
  readonly name: string;
  readonly release: string;
}

const POD: Pod = { name: 'fraud-detector-v46-predictor-00001-deployment-a', release: 'v46' };
const NEW_POD: Pod = { name: 'fraud-detector-v47-predictor-00001-deployment-b', release: 'v47' };

/** What a queue-proxy says about answers with a code: all of them, and those within 100 ms. */
function answers(
  { requests, histogram, code, le, second }: Generation,
  { name, release }: Pod,
  status: string,
  all: string,
  fast = all,
): Series[] {
  const labels = {
    namespace: 'risk-ml-prod',
    ai_service: 'fraud-detector',
    part: 'predictor',
    release,
    pod: name,
    container: 'queue-proxy',
    [code]: status,
  };
  return [
    series(requests, labels, all),
    ...(requests === `${histogram}_count` ? [] : [series(`${histogram}_count`, labels, all)]),
    series(`${histogram}_bucket`, { ...labels, le }, fast),
    series(`${histogram}_bucket`, { ...labels, le: second }, all),
    series(`${histogram}_bucket`, { ...labels, le: '+Inf' }, all),
  ];
}

/** Nothing for some minutes, and then a counter. */
const later = (minutes: number, values: string): string => `_x${minutes} ${values}`;

const MINUTES = 100;

/** How many alerts fired at some time, by a label of theirs; `undefined` for none. */
function fired(rule: KubeObject, stories: readonly (readonly Series[])[], matchers = ''): (number | undefined)[] {
  const query = `count(count_over_time(ALERTS{alertstate="firing"${matchers === '' ? '' : `,${matchers}`}}[${MINUTES}m]))`;
  return measure(
    rule,
    60,
    stories.map((story) => ({ series: story, query, minute: MINUTES })),
  );
}

describe.each([OPENCENSUS, FIRST, NOW])('on Knative $version', (generation) => {
  const rule = rules(generation.version);
  const healthy = counter([MINUTES, 600]);

  test('rules are sound', () => {
    expect(checkRules(rule)).toEqual({ ok: true, output: expect.stringContaining('SUCCESS') as string });
  });

  test('no alert fires on healthy traffic, none, counters that start again, replicas that go and come, and another release', () => {
    const again = `${counter([50, 600])} ${counter([50, 600])}`;
    const gone = `${counter([50, 600])} stale`;
    expect(
      fired(rule, [
        [
          ...answers(generation, POD, '200', healthy),
          ...answers(generation, POD, '503', counter([MINUTES, 0.1])),
          ...answers(generation, POD, '404', counter([MINUTES, 60])),
        ],
        answers(generation, POD, '200', '7x100'),
        [],
        answers(generation, POD, '200', again),
        [
          ...answers(generation, POD, '200', gone),
          ...answers(generation, { ...POD, name: `${POD.name}2` }, '200', later(70, counter([30, 600]))),
        ],
        [
          ...answers(generation, POD, '200', gone),
          ...answers(generation, NEW_POD, '200', later(50, counter([50, 600]))),
        ],
      ]),
    ).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });

  test('alerts fire on failures, on slow answers, and on an outage', () => {
    const half = [
      ...answers(generation, POD, '200', counter([60, 600], [40, 300])),
      ...answers(generation, POD, '500', counter([60, 0], [40, 300])),
    ];
    expect(fired(rule, [half], 'ai_slo="availability",burn_tier="fast"')).toEqual([1]);
    expect(fired(rule, [half], 'alertname="AiServiceOutage"')).toEqual([undefined]);
    const slow = answers(generation, POD, '200', healthy, counter([60, 600], [40, 300]));
    expect(fired(rule, [slow], 'ai_slo="latency-100ms",burn_tier="fast"')).toEqual([1]);
    expect(fired(rule, [slow], 'ai_slo="availability"')).toEqual([undefined]);
    const outage = [
      ...answers(generation, POD, '200', counter([60, 600], [40, 0])),
      ...answers(generation, POD, '502', counter([60, 0], [40, 600])),
    ];
    expect(fired(rule, [outage], 'alertname="AiServiceOutage",cause="failing"')).toEqual([1]);
  });

  test('an outage is also that no replica is ready, at most ten minutes after the last request', () => {
    const deployment = { namespace: 'risk-ml-prod', deployment: 'fraud-detector-v46-predictor-00001-deployment' };
    const replicas = [
      series('kube_deployment_spec_replicas', deployment, '2x100'),
      series('kube_deployment_status_replicas_available', deployment, '2x59 0x40'),
    ];
    const gone = answers(generation, POD, '200', `${counter([60, 600])} stale`);
    expect(fired(rule, [[...gone, ...replicas]], 'alertname="AiServiceOutage",cause="no_replica"')).toEqual([1]);
  });
});

test('a queue-proxy that does not answer the scrape is told of, and so is its container, each by itself', () => {
  const rule = rulesOf(/\.pods$/, options('1.21.1'));
  const deployment = { namespace: 'risk-ml-prod', deployment: 'fraud-detector-v46-predictor-00001-deployment' };
  const replicas = [
    series('kube_deployment_spec_replicas', deployment, '2x100'),
    series('kube_deployment_status_replicas_available', deployment, '2x100'),
  ];
  const up = (container: string, value: number): Series =>
    series(
      'up',
      { namespace: 'risk-ml-prod', ai_service: 'fraud-detector', part: 'predictor', pod: POD.name, container },
      `${value}x100`,
    );
  const both = (kserve: number, proxy: number): Series[] => [
    ...replicas,
    up('kserve-container', kserve),
    up('queue-proxy', proxy),
  ];
  const stories = [both(1, 1), both(1, 0), both(0, 1)];
  expect(fired(rule, stories, 'alertname="AiMetricsMissing",of="queue-proxy"')).toEqual([undefined, 1, undefined]);
  expect(fired(rule, stories, 'alertname="AiMetricsMissing",of=""')).toEqual([undefined, undefined, 1]);
});

describe.each([OPENCENSUS, NOW])('a candidate on Knative $version', (generation) => {
  const rule = rulesOf(/\.releases$/, options(generation.version));
  const quiet = 'alertname!="AiCandidateStuck"';
  const stable = answers(generation, POD, '200', counter([MINUTES, 540]));

  test('rules are sound', () => {
    expect(checkRules(rule)).toEqual({ ok: true, output: expect.stringContaining('SUCCESS') as string });
  });

  test('no alert fires while it is as good as the stable release, without requests, when counters start again, and when both fail alike', () => {
    const again = (perMinute: number): string => `${counter([50, perMinute])} ${counter([50, perMinute])}`;
    expect(
      fired(
        rule,
        [
          [...stable, ...answers(generation, NEW_POD, '200', counter([MINUTES, 60]))],
          [],
          [...answers(generation, POD, '200', again(540)), ...answers(generation, NEW_POD, '200', again(60))],
          [
            ...stable,
            ...answers(generation, POD, '500', counter([MINUTES, 54])),
            ...answers(generation, NEW_POD, '200', counter([MINUTES, 54])),
            ...answers(generation, NEW_POD, '500', counter([MINUTES, 6])),
          ],
        ],
        quiet,
      ),
    ).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('alerts fire when it fails or refuses more, is slower, or gets another share', () => {
    const failing = (code: string): Series[] => [
      ...stable,
      ...answers(generation, NEW_POD, '200', counter([60, 60], [40, 54])),
      ...answers(generation, NEW_POD, code, counter([60, 0], [40, 6])),
    ];
    expect(fired(rule, [failing('500'), failing('422')], 'alertname="AiCandidateFailing"')).toEqual([1, 1]);
    const slow = [
      ...stable,
      ...answers(generation, NEW_POD, '200', counter([MINUTES, 60]), counter([60, 60], [40, 20])),
    ];
    expect(fired(rule, [slow, stable], 'alertname="AiCandidateSlow"')).toEqual([1, undefined]);
    const other = [
      ...answers(generation, POD, '200', counter([60, 540], [40, 300])),
      ...answers(generation, NEW_POD, '200', counter([60, 60], [40, 300])),
    ];
    expect(fired(rule, [other, slow], 'alertname="AiTrafficShareDiffers"')).toEqual([1, undefined]);
  });
});

describe('while Knative is upgraded', () => {
  /** Half of the pods have the old queue-proxy, then none: replaced one by one, no request counts twice. */
  test.each([
    [OPENCENSUS, NOW],
    [FIRST, NOW],
    [OPENCENSUS, FIRST],
  ])('from $version to another, no alert fires, and both are counted', (before, after) => {
    const rule = rules([before.version, after.version]);
    const old = { ...POD, name: `${POD.name}1` };
    const upgraded = [
      ...answers(before, POD, '200', `${counter([30, 300])} stale`),
      ...answers(before, old, '200', `${counter([60, 300])} stale`),
      ...answers(after, { ...POD, name: `${POD.name}2` }, '200', later(30, counter([70, 300]))),
      ...answers(after, { ...POD, name: `${POD.name}3` }, '200', later(60, counter([40, 300]))),
    ];
    expect(fired(rule, [upgraded])).toEqual([undefined]);
    const perSecond = (minute: number): (number | undefined)[] =>
      measure(rule, 60, [
        { series: upgraded, query: 'sum(ai_slo:events_total:rate5m{ai_slo="availability"})', minute },
      ]);
    expect([...perSecond(25), ...perSecond(50), ...perSecond(95)].map((rate) => Math.round(rate ?? 0))).toEqual([
      10, 10, 10,
    ]);
  });

  test.each([[OPENCENSUS], [NOW]])('alerts fire on failures that the queue-proxy of $version counts', (generation) => {
    const rule = rules([OPENCENSUS.version, NOW.version]);
    const half = [
      ...answers(generation, POD, '200', counter([60, 600], [40, 300])),
      ...answers(generation, POD, '500', counter([60, 0], [40, 300])),
    ];
    expect(fired(rule, [half], 'ai_slo="availability",burn_tier="fast"')).toEqual([1]);
    const slow = answers(generation, POD, '200', counter([MINUTES, 600]), counter([60, 600], [40, 300]));
    expect(fired(rule, [slow], 'ai_slo="latency-100ms",burn_tier="fast"')).toEqual([1]);
  });
});
