import { describe, expect, test } from 'vitest';
import {
  burnRateGroup,
  errorBudget,
  errorBudgetGroup,
  planOf,
  windowName,
  type BurnPromise,
} from '../../../src/promql/catalogue/burn-rate.ts';
import { multiply, number, or } from '../../../src/promql/expr.ts';
import { template, type AlertRule, type Subject } from '../../../src/promql/rule.ts';
import { selector } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const IDENTITY = '{namespace="n",ai_service="s",ai_slo="slo"}';
const TOTAL = `ai_slo:events_total:rate5m${IDENTITY}`;
const BAD = `ai_slo:events_bad:rate5m${IDENTITY}`;
const LABELS = { namespace: 'n', ai_service: 's', ai_slo: 'slo' };

function groupOf(
  objective: number,
  more: Partial<BurnPromise> = {},
  subject: Subject = SUBJECT,
): ReturnType<typeof burnRateGroup> {
  const events = {
    total: selector('total', []),
    bad: (total: ReturnType<typeof number>) => or(selector('bad', []), multiply(number(0), total)),
  };
  return burnRateGroup(subject, {
    name: 'slo',
    objective,
    days: 30,
    tiers: {},
    ...more,
    events,
    bad: template`of requests failed`,
  });
}

function alertsOf(...args: Parameters<typeof groupOf>): AlertRule[] {
  return groupOf(...args).rules.filter((rule) => 'alert' in rule);
}

function recordsOf(...args: Parameters<typeof groupOf>): string[] {
  return groupOf(...args).rules.flatMap((rule) => ('record' in rule ? [rule.record] : []));
}

describe('the error budget', () => {
  test.each([
    [99.9, 0.001],
    [99.999, 0.00001],
    [99.9999, 0.000001],
    [99, 0.01],
    [50, 0.5],
    [33.3, 0.667],
  ])('of %d %% is %d, without noise of binary fractions', (objective, budget) => {
    expect(errorBudget(objective)).toBe(budget);
  });
});

describe('a window', () => {
  test.each([
    [300, '5m'],
    [5400, '90m'],
    [86_400, '1d'],
    [129_600, '36h'],
    [259_200, '3d'],
  ])('of %d seconds is called %s', (seconds, name) => {
    expect(windowName(seconds)).toBe(name);
  });
});

describe('a group', () => {
  test('records what is good and bad, and its alerts read nothing else', () => {
    const group = groupOf(99.9);
    expect(group.name).toBe('ai-service.n.s.slo-slo');
    expect(group.interval).toBe('1m');
    expect(group.rules.slice(0, 2)).toEqual([
      { record: 'ai_slo:events_total:rate5m', expr: 'total', labels: LABELS },
      { record: 'ai_slo:events_bad:rate5m', expr: `bad or 0 * sum(${TOTAL})`, labels: LABELS },
    ]);
    expect(
      group.rules
        .slice(2)
        .map((rule) => ('alert' in rule ? `${rule.alert} ${rule.labels['burn_tier'] ?? ''}` : rule.record)),
    ).toEqual([
      'AiSloErrorBudgetBurn fast',
      'AiSloErrorBudgetBurn medium',
      'AiSloErrorBudgetBurn slow',
      'AiSloErrorBudgetBurn longterm',
    ]);
    for (const { expr } of alertsOf(99.9)) {
      for (const [name] of expr.matchAll(/ai_slo:\w+:\w+/g)) expect(recordsOf(99.9)).toContain(name);
    }
  });

  test('asks for a burn rate over both windows, and for enough bad events', () => {
    expect(alertsOf(99.9)[0]).toEqual({
      alert: 'AiSloErrorBudgetBurn',
      expr:
        `sum_over_time(${BAD}[1h])\n/\n(sum_over_time(${TOTAL}[1h]) > 0) > 0.0144\nand\n` +
        `${BAD}\n/\n(${TOTAL} > 0) > 0.0144\nand\n` +
        `sum_over_time(${BAD}[1h]) * 60 >= 5`,
      for: '2m',
      labels: { severity: 'critical', ai_service: 's', namespace: 'n', team: 't', ai_slo: 'slo', burn_tier: 'fast' },
      annotations: {
        summary: 's uses up the error budget of its slo objective too fast.',
        description:
          's in e (namespace n): {{ $value | humanizePercentage }} of requests failed in the last 1h; the objective of 99.9 % allows 0.1 %. ' +
          'Burn rate 14.4 or more: the error budget of 30 days is gone within 50 hours. Team t.',
      },
    });
  });

  test('pages for fast burns and tickets slow ones; outside of production it tickets all', () => {
    expect(alertsOf(99.9).map(({ labels }) => labels['severity'])).toEqual([
      'critical',
      'critical',
      'warning',
      'warning',
    ]);
    expect(alertsOf(99.9, {}, { ...SUBJECT, page: 'warning' }).map(({ labels }) => labels['severity'])).toEqual([
      'warning',
      'warning',
      'warning',
      'warning',
    ]);
  });

  test('has the tiers that the service leaves on, with what it sets of them', () => {
    const tiers: BurnPromise['tiers'] = {
      fast: { factor: 10, long: 7200, for: 300, severity: 'ticket', minBadEvents: 20 },
      medium: { short: 5400 },
      slow: false,
    };
    const [fast, medium, longterm, ...more] = alertsOf(99.9, { tiers });
    expect(fast).toMatchObject({
      expr:
        `sum_over_time(${BAD}[2h])\n/\n(sum_over_time(${TOTAL}[2h]) > 0) > 0.01\nand\n` +
        `sum_over_time(${BAD}[10m])\n/\n(sum_over_time(${TOTAL}[10m]) > 0) > 0.01\nand\n` +
        `sum_over_time(${BAD}[2h]) * 60 >= 20`,
      for: '5m',
      labels: { severity: 'warning', burn_tier: 'fast' },
    });
    expect(medium?.expr).toContain(`(sum_over_time(${TOTAL}[90m]) > 0) > 0.006`);
    expect(longterm?.labels['burn_tier']).toBe('longterm');
    expect(more).toEqual([]);
  });

  test.each([
    [7, 14.4, '11.7 hours'],
    [30, 14.4, '50 hours'],
    [28, 7, '4 days'],
  ])('says how long a budget of %d days lasts at burn rate %d: %s', (days, factor, lasts) => {
    const [fast] = alertsOf(99.9, { days, tiers: { fast: { factor } } });
    expect(fast?.annotations.description).toContain(
      `Burn rate ${factor} or more: the error budget of ${days} days is gone within ${lasts}.`,
    );
  });

  test.each([
    [95, []],
    [93, ['fast']],
    [80, ['fast', 'medium']],
    [50, ['fast', 'medium', 'slow']],
  ])('of %d %% drops the tiers that could never fire', (objective, dropped) => {
    expect(planOf({ objective, days: 30, tiers: {} }).unreachable).toEqual(dropped);
    expect(alertsOf(objective).map(({ labels }) => labels['burn_tier'])).toEqual(
      ['fast', 'medium', 'slow', 'longterm'].filter((tier) => !dropped.includes(tier)),
    );
  });
});

describe('where the rate of events is known', () => {
  const plan = (promise: Partial<BurnPromise>): ReturnType<typeof planOf> =>
    planOf({ objective: 99.9, days: 30, tiers: {}, ...promise });

  test('nothing changes while it is high enough', () => {
    expect(plan({ rate: 40 })).toEqual(plan({}));
    // 14.4 times 0.1 % of 1 request a second are 51 bad ones in an hour.
    expect(plan({ rate: 0.1 }).widened).toEqual([]);
  });

  test('a window is widened until it has enough bad events at the burn rate of its tier', () => {
    // 0.01 % of 0.1 requests a second is one in 28 hours.
    const { tiers, widened, starved } = plan({ objective: 99.99, rate: 0.1 });
    expect(widened).toEqual(['fast', 'medium', 'slow', 'longterm']);
    expect(starved).toEqual([]);
    expect(tiers.map(({ tier, long, short }) => [tier, windowName(long), windowName(short)])).toEqual([
      ['fast', '12h', '1h'],
      ['medium', '1d', '2h'],
      ['slow', '2d', '4h'],
      ['longterm', '7d', '14h'],
    ]);
    for (const { long, limit, minBadEvents } of tiers) expect(0.1 * long * limit).toBeGreaterThanOrEqual(minBadEvents);
  });

  test('a window that the service sets is not widened, and its tier has too few events', () => {
    const { starved, tiers } = plan({ objective: 99.99, rate: 0.1, tiers: { fast: { long: 7200 }, longterm: false } });
    expect(starved).toMatchObject([{ tier: 'fast', window: 7200, badEvents: 0.1 * 0.00144 * 7200, minBadEvents: 5 }]);
    expect(tiers.map(({ tier }) => tier)).toEqual(['medium', 'slow']);
  });

  test('an objective that allows fewer bad events in its whole period than an alert asks for starves that alert', () => {
    const { starved } = plan({ objective: 99.99, rate: 0.01 });
    expect(
      starved.map(({ tier, window, badEvents }) => [tier, windowName(window), Number(badEvents.toPrecision(3))]),
    ).toEqual([['longterm', '30d', 2.59]]);
    expect(plan({ objective: 99.99, rate: 0.01, tiers: { longterm: { minBadEvents: 2 } } }).starved).toEqual([]);
  });
});

test('what is left of the budgets is one group for all objectives of a service', () => {
  const group = errorBudgetGroup(SUBJECT, [
    { name: 'slo', objective: 99.9, days: 30 },
    { name: 'b', objective: 95, days: 7 },
  ]);
  expect(group.name).toBe('ai-service.n.s.error-budget');
  expect(group.interval).toBe('5m');
  expect(
    group.rules.map((rule) =>
      'record' in rule ? [rule.record, rule.labels['ai_slo'], rule.expr.replaceAll('\n', ' ')] : [],
    ),
  ).toEqual([
    ['ai_slo:objective:ratio', 'slo', 'vector(0.999)'],
    [
      'ai_slo:error_budget_remaining:ratio30d',
      'slo',
      `1 - sum_over_time(ai_slo:events_bad:rate5m${IDENTITY}[30d]) / (sum_over_time(ai_slo:events_total:rate5m${IDENTITY}[30d]) > 0) / 0.001`,
    ],
    ['ai_slo:objective:ratio', 'b', 'vector(0.95)'],
    ['ai_slo:error_budget_remaining:ratio7d', 'b', expect.stringContaining('[7d]) > 0) / 0.05')],
  ]);
});
