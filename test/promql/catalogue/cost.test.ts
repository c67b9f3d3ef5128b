import { expect, test } from 'vitest';
import { callers, computeCost, tokenBudget } from '../../../src/promql/catalogue/cost.ts';
import { enumeration } from '../../../src/promql/catalogue/enumeration.ts';
import type { RuleGroup, Subject } from '../../../src/promql/rule.ts';
import { equal, exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};

function exprs({ rules }: RuleGroup): string[] {
  return rules.map(({ expr }) => expr.replaceAll(/\s+/g, ' '));
}

test('what pods were given is multiplied with the prices of their nodes, and a service without GPUs has a sum too', () => {
  const [recorded, alert] = exprs(computeCost(SUBJECT, { pods: [exactly('p')], budget: 500 }));
  const part = (allocation: string, price: string): string =>
    `sum( max by (node, pod, container) (${allocation}{namespace="n",pod="p"}) * on (node) group_left () max by (node) (${price}) )`;
  const cpu = part('container_cpu_allocation', 'node_cpu_hourly_cost');
  const memory = part('container_memory_allocation_bytes', 'node_ram_hourly_cost');
  const gpu = part('container_gpu_allocation', 'node_gpu_hourly_cost');
  expect(recorded).toBe(`${cpu} + ${memory} / 1073741824 + ( ${gpu} or 0 * ${cpu} )`);
  expect(alert).toBe('sum_over_time(ai_cost:compute_usd:per_hour{namespace="n",ai_service="s"}[1d]) / 60 * 30 > 500');
});

test('a budget of tokens is spent evenly over 30 days, or too fast', () => {
  const [recorded, hour] = exprs(tokenBudget(SUBJECT, { parts: ['predictor'], prompt: 1, generated: 2, budget: 1000 }));
  const own = '{namespace="n",ai_service="s",part="predictor"}[5m]';
  expect(recorded).toBe(
    `sum(rate(vllm:prompt_tokens_total${own})) * 0.000001 + sum(rate(vllm:generation_tokens_total${own})) * 0.000002`,
  );
  const spent = 'ai_cost:tokens_usd:rate5m{namespace="n",ai_service="s"}';
  expect(hour).toBe(`sum_over_time(${spent}[1h]) / 60 > 0.00555556 and avg_over_time(${spent}[5m]) > 0.00555556`);
});

test('a caller without a past is compared with nothing', () => {
  const [expr] = exprs(
    callers(SUBJECT, { requests: [equal('reporter', 'source')], least: 1000, factor: 5, share: 0.3 }),
  );
  const requests = 'istio_requests_total{reporter="source"}';
  const now = `sum by (source_principal) (increase(${requests}[1h]))`;
  const before = `(sum by (source_principal) (increase(${requests}[1d] offset 1h)) / 24 or 0 * ${now})`;
  expect(expr?.replaceAll('( ', '(').replaceAll(' )', ')')).toBe(
    `${now} > 1000 and ${now} > 5 * ${before} and ${now} / on () group_left () sum(increase(${requests}[1h])) > 0.3 and on () count(${requests} offset 1d) > 0`,
  );
});

test('a caller walks through the inputs when its day is many times one of the week before, once there was such a week', () => {
  const [recorded, alert, ...more] = exprs(
    enumeration(SUBJECT, { requests: [equal('reporter', 'source')], least: 10_000, factor: 5, distinct: undefined }),
  );
  expect(recorded).toBe('sum by (source_principal) (rate(istio_requests_total{reporter="source"}[5m]))');
  const own = 'ai_caller:requests:rate5m{namespace="n",ai_service="s"}';
  const now = `sum_over_time(${own}[1d]) * 300`;
  const before = `(sum_over_time(${own}[7d] offset 1d) * 300 / 7 or 0 * (${now}))`;
  expect(alert?.replaceAll('( ', '(').replaceAll(' )', ')')).toBe(
    `${now} > 10000 and ${now} > 5 * ${before} and on () count(sum_over_time(${own}[1d] offset 7d)) > 0`,
  );
  expect(more).toEqual([]);
});

test('a caller walks through the inputs when nearly all of its are new, by the counters and the label of the service', () => {
  const distinct = { metric: 'new_total', total: 'all_total', caller: 'client_id', share: 0.95, least: 500 };
  const { rules } = enumeration(SUBJECT, { requests: undefined, least: 1, factor: 5, distinct });
  const inputs = (metric: string): string =>
    `sum by (client_id) (increase(${metric}{namespace="n",ai_service="s"}[1h]))`;
  expect(exprs({ name: '', rules })).toEqual([
    `${inputs('new_total')} / (${inputs('all_total')} > 0) > 0.95 and ${inputs('all_total')} >= 500`,
  ]);
  const [alert] = rules.flatMap((rule) => ('alert' in rule ? [rule] : []));
  expect([alert?.labels['by'], alert?.annotations.description]).toEqual([
    'inputs',
    's in e (namespace n): {{ $value | humanizePercentage }} of the inputs that {{ $labels.client_id }} sent within an hour were never seen before; 95 % are usual at most. Team t.',
  ]);
});
