import { expect } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import type { Series } from './promtool.ts';

/** The workload that answers in these stories, as Istio names it. */
export const SERVICE = 'fraud-detector-v46-predictor';

/** The rules of some concerns of a service: those whose groups are called so. */
export function rulesOf(concerns: RegExp, options: TargetOptions): KubeObject {
  const rules = renderPrometheus(targetOf(options), new Map()).filter(({ kind }) => kind === 'PrometheusRule');
  const groups = rules
    .flatMap(({ spec }) => (spec as { groups: readonly { name: string }[] }).groups)
    .filter(({ name }) => concerns.test(name));
  // A story without rules is silent whatever happens.
  if (groups.length === 0) throw new Error(`no group is called ${concerns.source}`);
  return { ...rules[0]!, spec: { groups } };
}

/** Requests by how they ended. */
export function requests(code: string, numbers: readonly (number | string)[]): Series {
  const labels = `reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="${SERVICE}",response_code="${code}"`;
  return [`istio_requests_total{${labels}}`, numbers.join(' ')];
}

/**
 * The rules as they are when they are evaluated more seldom: they sum up what they recorded. Days take as many evaluations
 * less, each of as many samples less.
 */
export function evaluatedEvery(seconds: number, rule: KubeObject): KubeObject {
  const { groups } = rule.spec as { groups: readonly { rules: readonly { expr: string }[] }[] };
  const slower = groups.map((group) => ({
    ...group,
    rules: group.rules.map((one) => ({ ...one, expr: one.expr.replace(') * 60 >=', `) * ${seconds} >=`) })),
  }));
  expect(JSON.stringify(slower)).toContain(`) * ${seconds} >= 5`);
  return { ...rule, spec: { groups: slower } };
}
