import { describe, expect, test } from 'vitest';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { schemaDigest, schemaWatch } from '../../src/service/data-schema.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const RULE = { metric: 'score', reference: './score.json' };
const SCHEMA = {
  missing: ['amount', 'country'],
  nullRatio: { amount: 0.02, age: 0.02, country: 0 },
  newCategories: { country: ['DE'] },
};

function groups(monitoring: AIServiceInput['monitoring'], options: TargetOptions = {}, exports = {}): RuleGroup[] {
  const predictor: AIServiceInput['predictor'] = {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/x/v46/' },
    resources: { cpu: '1', memory: '1Gi' },
    exports: { predictions: 'score', schema: true, ...exports },
  };
  const target = targetOf({ ...options, spec: { predictor, ...options.spec, monitoring } });
  const rules = renderPrometheus(target, new Map([['./score.json', { edges: [0.5], shares: [0.9, 0.1] }]]));
  const all = rules.flatMap(({ kind, spec }) =>
    kind === 'PrometheusRule' ? (spec as { groups: RuleGroup[] }).groups : [],
  );
  return all.filter(({ name }) => /\.(drift|input-schema)/.test(name));
}

const names = (found: readonly RuleGroup[]): string[] =>
  found.map(({ name }) => name.replace('ai-service.risk-ml-prod.fraud-detector.', ''));
const exprOf = ([group]: readonly RuleGroup[], name: string): string =>
  group?.rules.find((rule) => ('alert' in rule ? rule.alert : rule.record) === name)?.expr ?? '';

describe('drift between releases', () => {
  const monitoring = { drift: [{ candidate: RULE }] };

  test('is watched while there is a candidate', () => {
    expect(groups(monitoring)).toEqual([]);
    const found = groups(monitoring, { candidate: { release: 'v47', weight: 10 } });
    expect(names(found)).toEqual(['drift-candidate-score']);
    expect(exprOf(found, 'ai_drift:release_samples:increase10m')).toContain('release=~"v46|v47"');
  });

  test('has a window that the share of the first step fills', () => {
    const window = (expectedRps: number, steps: number[]): string | undefined =>
      /\[(\w+)\]/.exec(
        groups(monitoring, {
          candidate: { release: 'v47', weight: 50 },
          spec: { traffic: { expectedRps }, canary: { steps } },
        })[0]?.rules[0]?.expr ?? '',
      )?.[1];
    expect(window(100, [10, 50])).toBe('5m');
    expect(window(10, [1, 50])).toBe('30m');
    expect(window(10, [50])).toBe('5m');
  });
});

describe('a histogram is read as Prometheus keeps it', () => {
  const keeping = (nativeHistograms?: 'scraped' | 'converted'): TargetOptions => ({
    cluster: { prometheus: { version: '3.4', ...(nativeHistograms && { nativeHistograms }) } },
  });
  const read = (options: TargetOptions, exports = {}): string | undefined =>
    /\bscore\w*/.exec(
      exprOf(groups({ drift: [{ psi: RULE }] }, options, exports), 'AiDriftMetricMissing').split('unless')[1] ?? '',
    )?.[0];

  test('as a classic one, unless the part or the cluster says otherwise', () => {
    expect([
      read(keeping()),
      read(keeping('scraped')),
      read(keeping('scraped'), { native: true }),
      read(keeping('converted')),
    ]).toEqual(['score_count', 'score_count', 'score', 'score']);
  });

  test('between releases too', () => {
    const found = groups(
      { drift: [{ candidate: RULE }] },
      { ...keeping('converted'), candidate: { release: 'v47', weight: 10 } },
    );
    expect(exprOf(found, 'ai_drift:release_buckets:increase10m')).toContain('increase(score{');
  });
});

describe('drift from a reference', () => {
  test('looks back as far as the traffic asks for, or as the rule says', () => {
    const window = (expectedRps: number, rule: object = {}): string | undefined =>
      /\[(\w+)\]/.exec(
        groups({ drift: [{ psi: { ...RULE, ...rule } }] }, { spec: { traffic: { expectedRps } } })[0]?.rules[1]?.expr ??
          '',
      )?.[1];
    expect(window(40)).toBe('5m');
    expect(window(0.2)).toBe('30m');
    expect(window(40, { window: '1h' })).toBe('1h');
    expect(groups({ drift: [{ psi: RULE }] }, { spec: { traffic: { expectedRps: 0.001 } } })).toEqual([]);
  });

  test('names the feature of a histogram', () => {
    const [group] = groups(
      { drift: [{ ks: { ...RULE, metric: 'feature_amount' } }] },
      {},
      { features: { amount: 'feature_amount' } },
    );
    expect(group?.rules.find((rule) => 'alert' in rule)).toMatchObject({
      alert: 'AiDrift',
      labels: { metric: 'feature_amount', feature: 'amount' },
    });
  });
});

describe('the input', () => {
  test('has one alert, in which features with the same limit stand together', () => {
    const found = groups({ schema: SCHEMA });
    expect(names(found)).toEqual(['input-schema']);
    const series = exprOf(found, 'AiInputSchemaViolated').match(/rule="\w+",feature=~?"[^"]+"/g);
    expect([...new Set(series)]).toEqual([
      'rule="missing",feature=~"amount|country"',
      'rule="null",feature="country"',
      'rule="null",feature=~"age|amount"',
      'rule="new_category",feature="country"',
    ]);
  });

  test('is not watched without a part that counts it', () => {
    expect(groups({ schema: SCHEMA }, {}, { schema: false })).toEqual([]);
  });

  test('has a digest that follows what is checked, and neither order nor tolerance', () => {
    const digest = (changed: object): string => schemaDigest(schemaWatch.parse({ ...SCHEMA, ...changed }));
    expect(digest({})).toMatch(/^[0-9a-f]{8}$/);
    expect(digest({ missing: ['country', 'amount'], tolerance: 0.1 })).toBe(digest({}));
    expect(digest({ newCategories: { country: ['DE', 'FR'] } })).not.toBe(digest({}));
  });
});
