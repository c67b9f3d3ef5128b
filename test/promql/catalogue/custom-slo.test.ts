import { describe, expect, test } from 'vitest';
import { customSlo, type CustomObjective } from '../../../src/promql/catalogue/custom-slo.ts';
import { selector, exactly } from '../../../src/promql/selector.ts';
import type { AlertRule, Subject } from '../../../src/promql/rule.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const TOTAL = 'sum(ai_slo:events_total:rate5m{namespace="n",ai_service="s",ai_slo="settled"})';
const OWN = 'settlements_total{namespace="n",ai_service="s"';
const OBJECTIVE: CustomObjective = {
  name: 'settled',
  objective: 99.5,
  days: 30,
  tiers: {},
  total: { metric: 'settlements_total', labels: {} },
  good: undefined,
  bad: { metric: 'settlements_total', labels: { outcome: ['refused', 'lo"st'] } },
  requests: { istio: { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] } },
};

function exprs(objective: Partial<CustomObjective>): string[] {
  return customSlo(SUBJECT, { ...OBJECTIVE, ...objective }).rules.map(({ expr }) => expr.replace(/\s+/g, ' '));
}

describe('an objective on counters of the service', () => {
  test('is kept to the service, and its values cannot inject', () => {
    expect(exprs({}).slice(0, 2)).toEqual([
      `sum(rate(${OWN}}[5m]))`,
      `sum(rate(${OWN},outcome=~"lo\\"st|refused"}[5m])) or 0 * ${TOTAL}`,
    ]);
  });

  test('takes all events that are not good for bad ones', () => {
    const good = { metric: 'settlements_total', labels: { outcome: 'done' } };
    expect(exprs({ bad: undefined, good })[1]).toBe(
      `clamp_min( ${TOTAL} - ( sum(rate(${OWN},outcome="done"}[5m])) or 0 * ${TOTAL} ), 0 )`,
    );
  });
});

test('expressions of the user stay whole, whatever is in them', () => {
  const total = { ...selector('a', []), text: 'rate(a[5m]) # ) or vector(1)', precedence: 0 };
  expect(customSlo(SUBJECT, { ...OBJECTIVE, total }).rules[0]?.expr).toBe(
    'sum(\n  rate(a[5m]) # ) or vector(1)\n  \n)',
  );
  const two = { text: 'rate(a[5m]) or rate(b[5m])', precedence: 0, broken: false };
  expect(exprs({ total: two })[0]).toBe('sum(rate(a[5m]) or rate(b[5m]))');
});

test('tells when requests come and nothing counts the events, where requests are counted', () => {
  const alerts = (objective: Partial<CustomObjective>): AlertRule[] =>
    customSlo(SUBJECT, { ...OBJECTIVE, ...objective }).rules.flatMap((rule) =>
      'alert' in rule && rule.alert !== 'AiSloErrorBudgetBurn' ? [rule] : [],
    );
  expect(alerts({})).toMatchObject([
    {
      alert: 'AiSloEventsMissing',
      expr:
        'sum(increase(istio_requests_total{reporter="source",destination_service_namespace="n",destination_service_name="s-v1-predictor"}[15m])) > 100\n' +
        `unless\n${TOTAL}`,
      for: '1h',
      labels: { severity: 'warning', ai_slo: 'settled' },
    },
  ]);
  expect(alerts({ requests: undefined })).toEqual([]);
});
