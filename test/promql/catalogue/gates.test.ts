import { describe, expect, test } from 'vitest';
import {
  bucketBounds,
  comparedObservations,
  countsOf,
  deploymentAge,
  errorRatio,
  errorRatioBeyond,
  latenciesAt,
  latencyAt,
  latencyDifference,
  latencyFactor,
  noValue,
  observationsFor,
  predictionShift,
  replicasAvailable,
  replicasOnceAvailable,
  requests,
  type Deployments,
  type Observed,
  type Requests,
  type Sides,
} from '../../../src/promql/catalogue/gates.ts';
import type { Versions } from '../../../src/core/version.ts';
import { queueProxyMetrics } from '../../../src/promql/metrics-knative.ts';
import { equal, exactly, pattern } from '../../../src/promql/selector.ts';

const OF = 'reporter="source",destination_service_namespace="n",destination_service_name=';
const istio = (service: string): Requests => ({
  source: { istio: { reporters: ['source'], namespace: 'n', services: [exactly(service)] } },
});
const SIDES: Sides = { candidate: istio('c'), stable: istio('s') };
const OBSERVED: Sides<Observed> = {
  candidate: { matchers: [equal('d', 'c')] },
  stable: { matchers: [equal('d', 's')] },
};

/** Without line breaks and the spaces that go with them. */
const flat = ({ text }: { readonly text: string }): string =>
  text.replace(/\n\s*/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')');

const all = (side: string): string => `sum(increase(istio_requests_total{${OF}"${side}"}[30m]))`;
const answered = (side: string, code: string): string =>
  `(sum(increase(istio_requests_total{${OF}"${side}",response_code=~"${code}"}[30m])) or 0 * ${all(side)})`;
const share = (side: string, code: string): string => `${answered(side, code)} / (${all(side)} > 0)`;
const chance = (code: string): string => {
  const pooled = `(${answered('c', code)} + ${answered('s', code)}) / (${all('c')} + ${all('s')} > 0)`;
  return `3 * sqrt(${pooled} * (1 - ${pooled}) * (1 / (${all('c')} > 0) + 1 / (${all('s')} > 0)))`;
};

describe('the error ratio', () => {
  const own = `${share('c', '5..')} + clamp_min(${share('c', '4..')} - ${share('s', '4..')} - ${chance('4..')}, 0)`;

  test('is the share of 5xx, and what 4xx has beyond the stable release and chance', () => {
    expect(flat(errorRatio(SIDES, '30m'))).toBe(own);
  });

  test('beside the stable release is what is above it, beyond chance', () => {
    expect(flat(errorRatioBeyond(SIDES, 1, '30m'))).toBe(`${own} - ${share('s', '5..')} - ${chance('5..')}`);
    expect(flat(errorRatioBeyond(SIDES, 1.5, '30m'))).toBe(`${own} - 1.5 * (${share('s', '5..')}) - ${chance('5..')}`);
  });
});

describe('latency', () => {
  const at = (side: string, ago = ''): string =>
    `histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{${OF}"${side}",response_code!~"5.."}[5m]${ago})))`;

  test('is that of requests that did not fail', () => {
    expect(latencyAt(SIDES.candidate, 0.99, '5m').text).toBe(at('c'));
  });

  test('is given at several quantiles, and by labels that tell more', () => {
    expect(latenciesAt(SIDES.candidate, [0.5, 0.99], '5m', ['pod']).map(flat)).toEqual(
      [0.5, 0.99].map((quantile) => at('c').replace('0.99', String(quantile)).replace('(le)', '(pod, le)')),
    );
  });

  test('is compared as a multiple or as a difference', () => {
    expect(flat(latencyFactor(SIDES, 0.99, '5m'))).toBe(`${at('c')} / ${at('s')}`);
    expect(flat(latencyDifference(SIDES, 0.99, '5m'))).toBe(`${at('c')} - ${at('s')}`);
  });

  test('of a release without traffic is that of before', () => {
    const sides: Sides = { ...SIDES, stable: { ...SIDES.stable, ago: '40m' } };
    expect(flat(latencyDifference(sides, 0.99, '5m'))).toBe(`${at('c')} - ${at('s', ' offset 40m')}`);
    expect(requests(sides.stable, '5m').text).toBe(`sum(increase(istio_requests_total{${OF}"s"}[5m] offset 40m))`);
  });
});

describe('where queue-proxies count', () => {
  const side = (release: string, versions: Versions): Requests => ({
    source: { queueProxy: { generations: queueProxyMetrics(versions), pods: [[equal('release', release)]] } },
  });

  test('requests are those of the pods, by the code that the version has a label for', () => {
    const { requests: all, failed, refused } = countsOf(side('v2', '1.21.1'), '5m');
    const counted = (code = ''): string =>
      `sum(increase(kn_serving_invocation_duration_seconds_count{release="v2"${code}}[5m]))`;
    const answered = (code: string): string =>
      `${counted(`,http_response_status_code=~"${code}"`)} or 0 * ${counted()}`;
    expect([all, failed, refused].map(flat)).toEqual([counted(), answered('5..'), answered('4..')]);
  });

  test('latency is in milliseconds, whatever the unit of the metric', () => {
    const old =
      'histogram_quantile(0.99, sum by (le) (rate(revision_request_latencies_bucket{release="v2",response_code!~"5.."}[5m])))';
    const now =
      '1000 * histogram_quantile(0.99, sum by (le) (rate(kn_serving_invocation_duration_seconds_bucket{release="v2",http_response_status_code!~"5.."}[5m])))';
    const at = (versions: Versions): string => flat(latencyAt(side('v2', versions), 0.99, '5m'));
    expect([at('1.18.2'), at('1.21.1'), at(['1.18.2', '1.21.1'])]).toEqual([old, now, `${now} or ${old}`]);
  });
});

describe('the shift of predictions', () => {
  test('compares shares bin by bin, and has no value unless every bin has one on both sides', () => {
    const bucket = (side: string, le: string): string => `sum(rate(score_bucket{d="${side}",${le}}[1h]))`;
    const bins = (side: string): string => {
      const [half, every] = [bucket(side, 'le="0.5"'), bucket(side, 'le="+Inf"')];
      const labelled = `(label_replace(${half}, "bin", "00", "", "") or label_replace(${every} - ${half}, "bin", "01", "", ""))`;
      return `clamp_min(${labelled} / on () group_left () (${every} > 0), scalar(0.5 / sum(increase(score_count{d="${side}"}[1h]))))`;
    };
    const index = `sum((${bins('c')} - on (bin) ${bins('s')}) * on (bin) ln(${bins('c')} / on (bin) ${bins('s')}))`;
    expect(flat(predictionShift('score', OBSERVED, [0.5], '1h'))).toBe(
      `${index} and count(${bins('c')} + on (bin) ${bins('s')}) == 2`,
    );
  });

  test('counts observations as if one side were known', () => {
    const made = (side: string): string => `sum(increase(score_count{d="${side}"}[1h]))`;
    expect(flat(comparedObservations('score', OBSERVED, '1h'))).toBe(
      `${made('c')} * ${made('s')} / (${made('c')} + ${made('s')} > 0)`,
    );
  });

  test('needs the more observations the more bins there are, and the smaller the index is', () => {
    // Quantiles 0.99 of chi-squared: 9.21 for two degrees of freedom, 21.67 for nine.
    expect([observationsFor(0.2, 3), observationsFor(0.2, 10), observationsFor(0.1, 10)]).toEqual([47, 109, 217]);
  });

  test('finds the bounds of each release', () => {
    expect(bucketBounds('score', [equal('a', 'b')]).text).toBe('group by (le, release) (score_bucket{a="b"})');
  });
});

describe('Deployments', () => {
  const deployments: Deployments = {
    namespace: 'n',
    name: pattern`${'a.b'}-[0-9]+-deployment`,
    matchers: [equal('cluster', 'c')],
  };
  const labels = '{namespace="n",deployment=~"a\\\\.b-[0-9]+-deployment",cluster="c"}';

  test('count once, however many instances of kube-state-metrics are scraped', () => {
    expect(replicasAvailable(deployments).text).toBe(
      `sum(max by (deployment) (kube_deployment_status_replicas_available${labels}))`,
    );
    expect(replicasOnceAvailable(deployments, '20m').text).toBe(
      `sum(max by (deployment) (max_over_time(kube_deployment_status_replicas_available${labels}[20m])))`,
    );
  });

  test('are as old as they say, or as it is asked when they were there then', () => {
    expect(flat(deploymentAge(deployments, 1200, '20m'))).toBe(
      `time() - min(kube_deployment_created${labels}) or 0 * max(kube_deployment_spec_replicas${labels} offset 20m) + 1200`,
    );
  });
});

test('what has no value is NaN', () => {
  expect(noValue().text).toBe('vector(0) / 0');
});
