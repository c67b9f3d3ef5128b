import { describe, expect, test } from 'vitest';
import { outage } from '../../src/service/outage.ts';
import { promiseOf, Slo, slo, sloExpressions } from '../../src/service/slo.ts';

/** What is wrong with an objective: where, and what to write. */
function wrong(value: unknown): unknown[] {
  const issues = (slo.safeParse(value).error?.issues ?? []) as readonly Issue[];
  return flat(issues).map(({ path, message, params }) => [
    path?.join('.'),
    message,
    ...(params?.fix === undefined ? [] : [params.fix]),
  ]);
}

interface Issue {
  readonly path?: readonly PropertyKey[];
  readonly message: string;
  readonly params?: { readonly fix?: string };
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of a union, what is wrong with the form that the value seems to have. */
function flat(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    const form = issue.errors?.find((errors) => errors.every((one) => (one.path?.length ?? 0) > 0));
    return form === undefined
      ? [issue]
      : flat(form.map((one) => ({ ...one, path: [...(issue.path ?? []), ...(one.path ?? [])] })));
  });
}

const availability = (objective: number, alerts: object = {}): unknown => ({ availability: { objective, alerts } });
const custom = (more: object): unknown => ({
  custom: { name: 'settled', objective: 99, total: { metric: 'settled_total' }, ...more },
});

describe('an objective', () => {
  test('on an InferenceGraph has a name of its own, and not one that is no name', () => {
    expect(
      [Slo.availability(99, { graph: 'claims' }), Slo.latency({ below: '1s', objective: 99, graph: 'claims' })].map(
        (one) => promiseOf(slo.parse(one)).name,
      ),
    ).toEqual(['availability-claims', 'latency-claims-1s']);
    expect(wrong({ availability: { objective: 99, graph: 'a"} or vector(1)' } })).toHaveLength(1);
  });

  test.each([0, 100, 150, -1, NaN])('of %d is refused', (objective) => {
    expect(wrong(availability(objective))).toHaveLength(1);
  });

  test('is in per cent, and a share is refused', () => {
    expect(wrong(availability(0.999))).toMatchObject([
      ['availability.objective', 'expected per cent, as 99.9 and not 0.999'],
    ]);
  });

  test('has windows of whole minutes from five minutes on', () => {
    const fix = 'write whole minutes, from 5m to 720h';
    expect(wrong(availability(99, { fast: { long: '4m' } }))).toEqual([
      ['availability.alerts.fast.long', '4m is no window of an alert', fix],
    ]);
    expect(wrong(availability(99, { fast: { long: '90s' } }))).toMatchObject([
      ['availability.alerts.fast.long', '1m30s is no window of an alert', fix],
    ]);
    expect(wrong(availability(99, { slow: { long: '721h' } }))).toMatchObject([
      ['availability.alerts.slow.long', '721h is no window of an alert', fix],
    ]);
    expect(wrong(availability(99, { fast: { long: '1h', short: '1h' } }))).toEqual([
      [
        'availability.alerts.fast.short',
        'the short window 1h is not shorter than the long one, 1h',
        'write a short window of about a twelfth of the long one',
      ],
    ]);
    expect(wrong(availability(99, { fast: { for: '1500ms' } }))).toEqual([
      [
        'availability.alerts.fast.for',
        '1s500ms is no time for which an alert can wait',
        'write whole seconds: 30s, 2m',
      ],
    ]);
  });

  test('knows four tiers, and a few periods', () => {
    expect(wrong(availability(99, { faster: false }))).toHaveLength(1);
    expect(wrong({ availability: { objective: 99, period: '3d' } })).toHaveLength(1);
  });

  test('on events counts the good ones or the bad ones', () => {
    const counted = { metric: 'a_total' };
    const fix = 'write good or bad, one of the two';
    expect(wrong(custom({}))).toEqual([['custom', 'the objective "settled" counts neither good nor bad events', fix]]);
    expect(wrong(custom({ good: counted, bad: counted }))).toEqual([
      ['custom', 'the objective "settled" counts good and bad events', fix],
    ]);
    expect(wrong(custom({ bad: counted }))).toEqual([]);
    expect(wrong(custom({ bad: 'rate(a_total[5m])' }))).toEqual([]);
  });

  test('on events has a name and a metric that can be ones', () => {
    expect(wrong(custom({ name: 'Settled!', bad: { metric: 'a' } }))).toMatchObject([
      ['custom.name', '"Settled!" is not a DNS label', expect.any(String)],
    ]);
    expect(wrong(custom({ bad: { metric: 'a-b' } }))).toHaveLength(1);
    expect(wrong(custom({ bad: { metric: 'a', labels: { 'b-c': 'd' } } }))).toHaveLength(1);
  });
});

describe('what an objective promises', () => {
  test.each([
    [Slo.availability(99.9), 'availability', 'availability'],
    [Slo.latency({ below: '2500ms', objective: 99 }), 'latency-2s500ms', 'latency'],
    [Slo.timeToFirstToken({ below: '1s', objective: 95 }), 'ttft-1s', 'timeToFirstToken'],
    [Slo.timeToFirstToken({ below: '1s', objective: 95, part: 'code' }), 'ttft-code-1s', 'timeToFirstToken'],
    [Slo.custom({ name: 'settled', objective: 99, total: { metric: 'a' }, bad: { metric: 'b' } }), 'settled', 'custom'],
  ])('is called by what it counts, whatever the objective (%#)', (one, name, field) => {
    expect(promiseOf(slo.parse(one))).toMatchObject({ name, field });
  });

  test('has its tiers in seconds, and nothing of those that stay as they are', () => {
    const one = Slo.availability(99.9, { period: '7d', alerts: { fast: { long: '2h', for: '90s' }, slow: false } });
    expect(promiseOf(slo.parse(one))).toEqual({
      name: 'availability',
      field: 'availability',
      objective: 99.9,
      days: 7,
      tiers: {
        fast: {
          factor: undefined,
          long: 7200,
          short: undefined,
          for: 90,
          severity: undefined,
          minBadEvents: undefined,
        },
        slow: false,
      },
    });
    expect(promiseOf(slo.parse(Slo.availability(99)))).toMatchObject({ days: 30, tiers: {} });
  });
});

test('PromQL of objectives is found with its place', () => {
  const all = [
    Slo.availability(99),
    Slo.custom({ name: 'a', objective: 99, total: 'x', good: { metric: 'y' } }),
    Slo.custom({ name: 'b', objective: 99, total: { metric: 'x' }, bad: 'z' }),
  ];
  expect(sloExpressions(all.map((one) => slo.parse(one)))).toEqual([
    { field: 'monitoring.slos[1].custom.total', text: 'x' },
    { field: 'monitoring.slos[2].custom.bad', text: 'z' },
  ]);
});

describe('the alert on a total outage', () => {
  test('is on, unless it is switched off', () => {
    expect(outage.parse(undefined)).toEqual({ minFailures: 5, severity: 'page' });
    expect(outage.parse(false)).toBe(false);
  });

  test.each(['1m', '150s', '7h'])('has no window of %s', (window) => {
    expect(outage.safeParse({ window }).success).toBe(false);
  });
});
