import { expect, test } from 'vitest';
import { cost, delivery, health } from '../../src/service/health.ts';

test('what a service does not say is watched where it is little, and asked for where it is a matter of taste', () => {
  expect(health.parse({})).toEqual({
    pods: true,
    saturation: true,
    candidate: true,
    runtime: true,
    gpu: true,
    answers: false,
  });
  expect(delivery.parse({})).toEqual({ argocd: true, hold: '72h' });
  expect(cost.parse({})).toEqual({});
  expect(cost.parse({ callers: {}, idleGpu: {} })).toEqual({
    callers: { share: 0.3, factor: 5, least: 1000 },
    idleGpu: { below: 0.05, for: '2h' },
  });
});

test('durations are read in their canonical form', () => {
  expect(delivery.parse({ candidate: '90m', hold: false })).toEqual({ argocd: true, candidate: '1h30m', hold: false });
});

test.each([
  [health, { coldStart: '90s' }, 'coldStart: 1m30s is no number of whole minutes: write 30m, 2h, 72h'],
  [
    health,
    { timeToFirstToken: '0s' },
    'timeToFirstToken: a limit of 0 is always passed: write a longer duration: 500ms, 2s',
  ],
  [
    health,
    { queueTime: '2 seconds' },
    'queueTime: "2 seconds" is not a duration: write a number with a unit: 250ms, 30s, 20m, 1h30m',
  ],
] as const)('%#: %j is refused', (schema, input, message) => {
  const { error } = schema.safeParse(input);
  expect(
    error?.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}: ${'params' in issue ? issue.params?.['fix'] : ''}`,
    ),
  ).toEqual([message]);
});

test.each([
  { compute: 0 },
  { tokens: { budget: 100 } },
  { callers: { share: 1 } },
  { idleGpu: { below: 0 } },
  { gpu: true },
])('a cost of %j is refused', (input) => {
  expect(cost.safeParse(input).success).toBe(false);
});
