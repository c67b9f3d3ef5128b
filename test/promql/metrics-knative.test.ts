import { expect, test } from 'vitest';
import { countsQueuedRequests, knativeMetrics } from '../../src/promql/metrics-knative.ts';

test.each([
  ['1.18.2', ['autoscaler_desired_pods']],
  ['1.19', ['kn_revision_pods_desired']],
  ['1.23.0', ['kn_revision_pods_desired']],
  [['1.18.2', '1.21.1'], ['autoscaler_desired_pods', 'kn_revision_pods_desired']],
  [['1.20.0', '1.21.1'], ['kn_revision_pods_desired']],
] as const)('Knative %j calls the replicas that it wants %j', (versions, names) => {
  expect(knativeMetrics(versions).map(({ wanted }) => wanted)).toEqual(names);
});

test('requests that wait at the activator are counted from 1.22 on, on both sides of an upgrade', () => {
  expect([countsQueuedRequests('1.21.1'), countsQueuedRequests('1.22.0'), countsQueuedRequests(['1.21.1', '1.22.0'])]).toEqual([false, true, false]);
});
