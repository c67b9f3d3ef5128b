import { expect, test } from 'vitest';
import {
  countsQueuedRequests,
  knativeMetrics,
  queueProxyMetrics,
  renamedOnKnative,
} from '../../src/promql/metrics-knative.ts';

test.each([
  ['1.18.2', ['autoscaler_desired_pods']],
  ['1.19', ['kn_revision_pods_desired']],
  ['1.23.0', ['kn_revision_pods_desired']],
  [
    ['1.18.2', '1.21.1'],
    ['autoscaler_desired_pods', 'kn_revision_pods_desired'],
  ],
  [['1.20.0', '1.21.1'], ['kn_revision_pods_desired']],
] as const)('Knative %j calls the replicas that it wants %j', (versions, names) => {
  expect(knativeMetrics(versions).map(({ wanted }) => wanted)).toEqual(names);
});

test('requests that wait at the activator are counted from 1.22 on, on both sides of an upgrade', () => {
  expect([
    countsQueuedRequests('1.21.1'),
    countsQueuedRequests('1.22.0'),
    countsQueuedRequests(['1.21.1', '1.22.0']),
  ]).toEqual([false, true, false]);
});

const FIRST = 'kn_queueproxy_app_duration_seconds_count';
const NOW = 'kn_serving_invocation_duration_seconds_count';

// prettier-ignore
test.each([
  ['1.18.2', ['revision_request_count']],
  ['1.19.0', [FIRST]],
  ['1.19.7', [FIRST]],
  ['1.19.8', [NOW]],
  ['1.20.0', [FIRST]],
  ['1.20.1', [NOW]],
  ['1.21', [NOW]],
  [['1.18.2', '1.20.0'], [FIRST, 'revision_request_count']],
  [['1.19.7', '1.19.8'], [NOW, FIRST]],
  [['1.21.1', '1.22.0'], [NOW]],
] as const)('queue-proxies of Knative %j count requests in %j', (versions, names) => {
  expect(queueProxyMetrics(versions).map(({ requests }) => requests)).toEqual(names);
});

test('a version of 1.19 or 1.20 without its patch may be on either side of the renaming', () => {
  expect(['1.19', '1.20'].map((version) => queueProxyMetrics(version).map(({ requests }) => requests))).toEqual([
    [NOW, FIRST],
    [NOW, FIRST],
  ]);
});

test('the time to answer is in milliseconds up to 1.18, and in seconds up to ten since', () => {
  const [now, before] = queueProxyMetrics(['1.18.2', '1.21.1']).map(({ duration: { name, unit, bounds } }) => [
    name,
    unit,
    bounds.at(-1),
  ]);
  expect([before, now]).toEqual([
    ['revision_request_latencies', 'milliseconds', 100_000],
    ['kn_serving_invocation_duration_seconds', 'seconds', 10],
  ]);
});

test('a series of another generation is known by what it is called here', () => {
  expect(renamedOnKnative('autoscaler_actual_pods', '1.21.1')).toEqual({
    versions: 'up to 1.18',
    names: ['kn_revision_pods_count'],
  });
  expect(renamedOnKnative('revision_request_count', ['1.20.0', '1.20.1'])).toEqual({
    versions: 'up to 1.18',
    names: [NOW, FIRST],
  });
  expect(renamedOnKnative(FIRST, ['1.18.2', '1.20.0'])).toBe(undefined);
  expect(renamedOnKnative('revision_request_cuont', '1.21.1')).toBe(undefined);
});
