import { describe, expect, test } from 'vitest';
import { driftPsi, type PsiRule } from '../../../src/promql/catalogue/drift-psi.ts';
import type { RuleGroup, Subject } from '../../../src/promql/rule.ts';
import { exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = { service: 's', namespace: 'n', team: 't', environment: 'e', escalation: undefined, page: 'critical' };
const RULE: PsiRule = {
  metric: 'score',
  parts: ['predictor'],
  reference: { edges: [0.5, 1], shares: [0.7, 0.3, 0], n: 1000 },
  threshold: 0.25,
  traffic: { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] },
};

function exprs(group: RuleGroup): Record<string, string> {
  return Object.fromEntries(group.rules.map((rule) => ['record' in rule ? rule.record : rule.alert, rule.expr]));
}

describe('a drift rule', () => {
  test('carries the reference as constants, an empty bin as a ten-thousandth', () => {
    expect(exprs(driftPsi(SUBJECT, RULE))['ai_drift:reference:ratio']).toBe(
      [
        'label_replace(vector(0.7), "bin", "00", "", "")',
        'label_replace(vector(0.3), "bin", "01", "", "")',
        'label_replace(vector(0.0001), "bin", "02", "", "")',
      ].join('\nor\n'),
    );
  });

  test('takes the difference of neighbouring buckets for the share of a bin', () => {
    const identity = 'namespace="n",ai_service="s",metric="score"';
    const bucket = (le: string): string => `sum(ai_drift:bucket:rate10m{${identity},${le}})`;
    const one = 'le=~"1|1\\\\.0"';
    expect(exprs(driftPsi(SUBJECT, RULE))['ai_drift:bin:ratio_rate10m']).toBe(
      `(
  label_replace(${bucket('le="0.5"')}, "bin", "00", "", "")
  or
  label_replace(
    ${bucket(one)}
    -
    ${bucket('le="0.5"')},
    "bin", "01", "", ""
  )
  or
  label_replace(
    ${bucket('le="+Inf"')}
    -
    ${bucket(one)},
    "bin", "02", "", ""
  )
)
/ on () group_left ()
(${bucket('le="+Inf"')} > 0)`,
    );
  });

  test('reads the histogram of the parts that export it, of every release', () => {
    expect(exprs(driftPsi(SUBJECT, RULE))['ai_drift:bucket:rate10m']).toBe(
      'sum by (le) (rate(score_bucket{namespace="n",ai_service="s",part="predictor"}[10m]))',
    );
    expect(exprs(driftPsi(SUBJECT, { ...RULE, parts: ['transformer', 'predictor'] }))['ai_drift:samples:increase10m']).toBe(
      'sum(increase(score_count{namespace="n",ai_service="s",part=~"predictor|transformer"}[10m]))',
    );
  });

  test('fires above the threshold, above chance (chi-squared, two degrees of freedom) and with enough samples', () => {
    const identity = '{namespace="n",ai_service="s",metric="score"}';
    const limit = `9.221 * (1 / ai_drift:samples:increase10m${identity} + 1 / 1000)`;
    expect(exprs(driftPsi(SUBJECT, RULE))['AiDrift']).toBe(
      [
        `ai_drift:psi:rate10m${identity} > 0.25`,
        `ai_drift:psi:rate10m${identity}\n>\n${limit}`,
        `ai_drift:samples:increase10m${identity} > 200`,
      ].join('\nand\n'),
    );
    expect(exprs(driftPsi(SUBJECT, { ...RULE, reference: { ...RULE.reference, n: undefined } }))['AiDrift']).toContain(`>\n9.221 / ai_drift:samples:increase10m${identity}`);
  });

  test('has an alert on a missing metric only where requests are counted', () => {
    expect(Object.keys(exprs(driftPsi(SUBJECT, RULE)))).toContain('AiDriftMetricMissing');
    expect(Object.keys(exprs(driftPsi(SUBJECT, { ...RULE, traffic: undefined })))).not.toContain('AiDriftMetricMissing');
  });

  test('says which metric drifted', () => {
    const rule = driftPsi(SUBJECT, RULE).rules.find((one) => 'alert' in one && one.alert === 'AiDrift');
    expect(rule).toMatchObject({
      for: '2m',
      labels: { severity: 'warning', ai_service: 's', namespace: 'n', team: 't', metric: 'score' },
      annotations: {
        description:
          's in e (namespace n): the distribution of score over the last 10m differs from the reference by a population stability index of {{ $value | humanize }}, above 0.25. Team t.',
      },
    });
  });
});
