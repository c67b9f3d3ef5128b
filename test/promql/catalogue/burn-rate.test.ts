import { describe, expect, test } from 'vitest';
import { burnRateGroup, errorBudget, unreachableTiers } from '../../../src/promql/catalogue/burn-rate.ts';
import { template, type AlertRule, type Subject } from '../../../src/promql/rule.ts';
import { selector } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = { service: 's', namespace: 'n', team: 't', environment: 'e', escalation: undefined, page: 'critical' };

function groupOf(objective: number, subject: Subject = SUBJECT): ReturnType<typeof burnRateGroup> {
  const events = { total: selector('total', []), bad: selector('bad', []) };
  return burnRateGroup(subject, { name: 'slo', objective, events, bad: template`failed` });
}

function alertsOf(objective: number, subject?: Subject): AlertRule[] {
  return groupOf(objective, subject).rules.filter((rule) => 'alert' in rule);
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

describe('a group', () => {
  test('records what its alerts read, before they read it', () => {
    const labels = { namespace: 'n', ai_service: 's', ai_slo: 'slo' };
    const identity = '{namespace="n",ai_service="s",ai_slo="slo"}';
    const group = groupOf(99.9);
    expect(group.name).toBe('ai-service.n.s.slo');
    expect(group.interval).toBe('1m');
    expect(group.rules.slice(0, 4)).toEqual([
      { record: 'ai_slo:events_total:rate5m', expr: 'total', labels },
      { record: 'ai_slo:events_bad:rate5m', expr: 'bad', labels },
      { record: 'ai_slo:error:ratio_rate5m', expr: `ai_slo:events_bad:rate5m${identity}\n/\n(ai_slo:events_total:rate5m${identity} > 0)`, labels },
      {
        record: 'ai_slo:error:ratio_rate30m',
        expr: `sum_over_time(ai_slo:events_bad:rate5m${identity}[30m])\n/\n(sum_over_time(ai_slo:events_total:rate5m${identity}[30m]) > 0)`,
        labels,
      },
    ]);
    expect(group.rules.map((rule) => ('record' in rule ? rule.record : `${rule.alert} ${rule.labels['burn_tier'] ?? ''}`)).slice(4)).toEqual([
      'ai_slo:error:ratio_rate1h',
      'ai_slo:error:ratio_rate2h',
      'ai_slo:error:ratio_rate6h',
      'ai_slo:error:ratio_rate1d',
      'ai_slo:error:ratio_rate3d',
      'ai_slo:events_bad:increase1h',
      'ai_slo:events_bad:increase6h',
      'ai_slo:events_bad:increase1d',
      'ai_slo:events_bad:increase3d',
      'AiSloErrorBudgetBurn fast',
      'AiSloErrorBudgetBurn medium',
      'AiSloErrorBudgetBurn slow',
      'AiSloErrorBudgetBurn longterm',
    ]);
    for (const { expr } of alertsOf(99.9)) {
      for (const [name] of expr.matchAll(/ai_slo:\w+:\w+/g)) expect(group.rules.map((rule) => ('record' in rule ? rule.record : ''))).toContain(name);
    }
  });

  test('asks for a burn rate over both windows, and for enough bad events', () => {
    const identity = '{namespace="n",ai_service="s",ai_slo="slo"}';
    expect(alertsOf(99.9)[0]).toEqual({
      alert: 'AiSloErrorBudgetBurn',
      expr:
        `ai_slo:error:ratio_rate1h${identity} > 0.0144\nand\n` +
        `ai_slo:error:ratio_rate5m${identity} > 0.0144\nand\n` +
        `ai_slo:events_bad:increase1h${identity} >= 5`,
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
    expect(alertsOf(99.9).map(({ labels }) => labels['severity'])).toEqual(['critical', 'critical', 'warning', 'warning']);
    expect(alertsOf(99.9, { ...SUBJECT, page: 'warning' }).map(({ labels }) => labels['severity'])).toEqual(['warning', 'warning', 'warning', 'warning']);
  });

  test.each([
    [95, [], ['5m', '30m', '1h', '2h', '6h', '1d', '3d']],
    [93, ['fast'], ['30m', '2h', '6h', '1d', '3d']],
    [80, ['fast', 'medium'], ['2h', '6h', '1d', '3d']],
    [50, ['fast', 'medium', 'slow'], ['6h', '3d']],
  ])('of %d %% drops the tiers that could never fire, and what only they read', (objective, dropped, windows) => {
    expect(unreachableTiers(objective)).toEqual(dropped);
    expect(alertsOf(objective).map(({ labels }) => labels['burn_tier'])).toEqual(['fast', 'medium', 'slow', 'longterm'].filter((tier) => !dropped.includes(tier)));
    const records = groupOf(objective).rules.flatMap((rule) => ('record' in rule ? [rule.record] : []));
    expect(records.filter((name) => name.includes('ratio_rate'))).toEqual(windows.map((window) => `ai_slo:error:ratio_rate${window}`));
  });
});
