import { describe, expect, test } from 'vitest';
import { driftOfCandidate, type CandidateDriftRule } from '../../../src/promql/catalogue/drift-candidate.ts';
import { DISTANCES } from '../../../src/promql/catalogue/drift-distance.ts';
import { driftFromReference, type DriftRule } from '../../../src/promql/catalogue/drift-reference.ts';
import { expectedIn, samplingFor, samplingOf } from '../../../src/promql/catalogue/drift-window.ts';
import type { RuleGroup, Subject } from '../../../src/promql/rule.ts';
import { exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const RULE: DriftRule = {
  metric: 'score',
  form: 'classic',
  feature: undefined,
  parts: ['predictor'],
  reference: { edges: [0.5, 1], shares: [0.7, 0.2, 0.1], n: 1000 },
  distance: 'psi',
  threshold: 0.25,
  sampling: samplingOf('10m'),
  requests: { istio: { reporters: ['source'], namespace: 'n', services: [exactly('s-v1-predictor')] } },
};
const IDENTITY = '{namespace="n",ai_service="s",metric="score"}';

function exprs(group: RuleGroup): Record<string, string> {
  return Object.fromEntries(group.rules.map((rule) => ['record' in rule ? rule.record : rule.alert, rule.expr]));
}

describe('a drift rule', () => {
  test('carries the reference as constants', () => {
    expect(exprs(driftFromReference(SUBJECT, RULE))['ai_drift:reference:ratio']).toBe(
      [
        'label_replace(vector(0.7), "bin", "00", "", "")',
        'label_replace(vector(0.2), "bin", "01", "", "")',
        'label_replace(vector(0.1), "bin", "02", "", "")',
      ].join('\nor\n'),
    );
  });

  test('takes the difference of neighbouring buckets for the share of a bin', () => {
    const identity = 'namespace="n",ai_service="s",metric="score"';
    const bucket = (le: string): string => `sum(ai_drift:bucket:rate10m{${identity},${le}})`;
    const one = 'le=~"1|1\\\\.0"';
    expect(exprs(driftFromReference(SUBJECT, RULE))['ai_drift:bin:ratio_rate10m']).toBe(
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

  test('reads the histogram of the parts that export it, of every release, where it was there five minutes ago', () => {
    const bucket = 'score_bucket{namespace="n",ai_service="s",part="predictor"}';
    expect(exprs(driftFromReference(SUBJECT, RULE))['ai_drift:bucket:rate10m']).toBe(
      `sum by (le) (\n  rate(${bucket}[10m])\n  and\n  ${bucket} offset 5m\n)`,
    );
    const count = 'score_count{namespace="n",ai_service="s",part=~"predictor|transformer"}';
    expect(
      exprs(driftFromReference(SUBJECT, { ...RULE, parts: ['transformer', 'predictor'] }))[
        'ai_drift:samples:increase10m'
      ],
    ).toBe(`sum(\n  increase(${count}[10m])\n  and\n  ${count} offset 5m\n)`);
  });

  test('fires above the threshold, above chance (chi-squared, two degrees of freedom) and with enough samples', () => {
    const limit = `19.288 * (1 / ai_drift:samples:increase10m${IDENTITY} + 1 / 1000)`;
    expect(exprs(driftFromReference(SUBJECT, RULE))['AiDrift']).toBe(
      [
        `ai_drift:psi:rate10m${IDENTITY} > 0.25`,
        `ai_drift:psi:rate10m${IDENTITY}\n>\n${limit}`,
        `ai_drift:samples:increase10m${IDENTITY} > 200`,
      ].join('\nand\n'),
    );
    expect(
      exprs(driftFromReference(SUBJECT, { ...RULE, reference: { ...RULE.reference, n: undefined } }))['AiDrift'],
    ).toContain(`>\n19.288 * (1 / ai_drift:samples:increase10m${IDENTITY})`);
  });

  test('names its recordings by distance and window', () => {
    const names = (rule: Partial<DriftRule>): string[] =>
      Object.keys(exprs(driftFromReference(SUBJECT, { ...RULE, ...rule })));
    expect(names({ distance: 'jensenShannon', sampling: samplingOf('5m') })).toEqual([
      'ai_drift:reference:ratio',
      'ai_drift:bucket:rate5m',
      'ai_drift:samples:increase5m',
      'ai_drift:bin:ratio_rate5m',
      'ai_drift:jensen_shannon:rate5m',
      'AiDrift',
      'AiDriftBucketMismatch',
      'AiDriftMetricMissing',
    ]);
    expect(names({ distance: 'ks' })).toContain('ai_drift:ks:rate10m');
    expect(names({ requests: undefined })).not.toContain('AiDriftMetricMissing');
  });

  test('says which metric drifted, and of which feature', () => {
    const alertOf = (rule: DriftRule): unknown =>
      driftFromReference(SUBJECT, rule).rules.find((one) => 'alert' in one && one.alert === 'AiDrift');
    expect(alertOf(RULE)).toMatchObject({
      for: '2m',
      labels: { severity: 'warning', ai_service: 's', namespace: 'n', team: 't', metric: 'score' },
      annotations: {
        description:
          's in e (namespace n): the distribution of score over the last 10m differs from the reference by a population stability index of {{ $value | humanize }}, above 0.25. Team t.',
      },
    });
    expect(alertOf({ ...RULE, feature: 'amount', distance: 'ks' })).toMatchObject({
      labels: { metric: 'score', feature: 'amount' },
      annotations: {
        description: expect.stringContaining(
          'the distribution of the feature amount (score) over the last 10m differs from the reference by a Kolmogorov-Smirnov distance of',
        ) as string,
      },
    });
  });
});

describe('a distance', () => {
  test('needs the more observations, the more bins and the lower its threshold', () => {
    expect([2, 5, 10, 20].map((bins) => DISTANCES.psi.observations(bins, 0.2))).toEqual([82, 121, 171, 256]);
    expect(DISTANCES.jensenShannon.observations(10, 0.2)).toBe(154);
    expect([0.1, 0.2].map((threshold) => DISTANCES.ks.observations(10, threshold))).toEqual([496, 124]);
  });
});

describe('a window', () => {
  test('is the shortest that holds enough, and ten minutes where nobody says how much comes', () => {
    expect([undefined, 40, 1, 0.5, 0.2, 0.06, 0.01, 0.003, 0.001].map((rps) => samplingFor(rps, 200)?.window)).toEqual([
      '10m',
      '5m',
      '5m',
      '10m',
      '30m',
      '1h',
      '6h',
      '1d',
      undefined,
    ]);
    expect(expectedIn('5m', 1)).toBe(240);
  });
});

describe('drift of a candidate', () => {
  const rule: CandidateDriftRule = {
    metric: 'score',
    form: 'classic',
    parts: ['predictor'],
    edges: [0.5],
    threshold: 0.2,
    sampling: samplingOf('10m'),
    candidate: 'v2',
    stable: 'v1',
  };
  const group = driftOfCandidate(SUBJECT, rule);

  test('keeps the two releases apart, and the others out', () => {
    expect(exprs(group)['ai_drift:release_bucket:rate10m']).toContain(
      'sum by (le, release) (\n  rate(score_bucket{namespace="n",ai_service="s",part="predictor",release=~"v1|v2"}[10m])',
    );
  });

  test('compares what is recorded of each', () => {
    const bins = (release: string): string =>
      `ai_drift:release_bin:ratio_rate10m{namespace="n",ai_service="s",metric="score",release="${release}"}`;
    expect(
      group.rules.flatMap((one) =>
        'record' in one && one.record.startsWith('ai_drift:release_bin') ? [one.labels['release']] : [],
      ),
    ).toEqual(['v2', 'v1']);
    expect(exprs(group)['ai_drift:candidate_psi:rate10m']).toContain(
      `${bins('v2')}\n/ on (bin)\n${bins('v1')}`.replaceAll('\n', '\n    '),
    );
  });

  test('has no index unless both releases have all bins', () => {
    expect(exprs(group)['ai_drift:candidate_psi:rate10m']).toMatch(/\nand\ncount\([^]*\) == 2$/);
  });

  test('fires above the threshold, above chance of both sides, and with enough of both', () => {
    const samples = (release: string): string =>
      `sum(ai_drift:release_samples:increase10m{namespace="n",ai_service="s",metric="score",release="${release}"})`;
    const { AiCandidateDrift: expr = '' } = exprs(group);
    expect(expr).toContain(`sum(ai_drift:candidate_psi:rate10m${IDENTITY}) > 0.2`);
    expect(expr).toContain(`${samples('v2')} > 100\nand\n${samples('v1')} > 100`);
  });

  test('of a native histogram is computed of the whole histograms of each release', () => {
    const native = exprs(driftOfCandidate(SUBJECT, { ...rule, form: 'native' }));
    const recorded = (release: string): string =>
      `sum(ai_drift:release_buckets:increase10m{namespace="n",ai_service="s",metric="score",release="${release}"})`;
    expect(native['ai_drift:release_buckets:increase10m']).toBe(
      'sum by (release) (increase(score{namespace="n",ai_service="s",part="predictor",release=~"v1|v2"}[10m]))',
    );
    expect(native['ai_drift:release_samples:increase10m']).toBe(
      `histogram_count(ai_drift:release_buckets:increase10m${IDENTITY})`,
    );
    expect(native['ai_drift:release_bin:ratio_rate10m']).toContain(`histogram_fraction(0.5, +Inf, ${recorded('v1')})`);
  });
});

describe('drift of a native histogram', () => {
  const group = driftFromReference(SUBJECT, { ...RULE, form: 'native' });
  const recorded = `sum(ai_drift:buckets:increase10m${IDENTITY})`;

  test('reads the histogram once, and no bucket', () => {
    expect(exprs(group)).toMatchObject({
      'ai_drift:buckets:increase10m': 'sum(increase(score{namespace="n",ai_service="s",part="predictor"}[10m]))',
      'ai_drift:samples:increase10m': `histogram_count(ai_drift:buckets:increase10m${IDENTITY})`,
    });
    expect(JSON.stringify(group)).not.toMatch(/score_(?:bucket|count)|\ble=/);
  });

  test('has a fraction of it for each bin, and none without observations', () => {
    const fraction = (bounds: string, bin: string): string =>
      `label_replace(\n    histogram_fraction(${bounds}, ${recorded}),\n    "bin", "${bin}", "", ""\n  )`;
    const oneLine = (text = ''): string => text.replace(/\s+/g, ' ');
    expect(oneLine(exprs(group)['ai_drift:bin:ratio_rate10m'])).toBe(
      oneLine(
        `( ${[fraction('-Inf, 0.5', '00'), fraction('0.5, 1', '01'), fraction('1, +Inf', '02')].join(' or ')} ) >= 0`,
      )
        .replaceAll('label_replace( ', 'label_replace(')
        .replaceAll(' "", "" )', ' "", "")'),
    );
  });

  test('compares what is up to an edge for the distance of Kolmogorov and Smirnov', () => {
    const { 'ai_drift:ks:rate10m': expr = '' } = exprs(
      driftFromReference(SUBJECT, { ...RULE, form: 'native', distance: 'ks' }),
    );
    expect(expr).toContain(`histogram_fraction(-Inf, 0.5, ${recorded}) - 0.7`);
    expect(expr).toContain(`histogram_fraction(-Inf, 1, ${recorded}) - 0.9`);
  });

  test('has no buckets that could be missing, and the histogram itself may be', () => {
    expect(group.rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []))).toEqual([
      'AiDrift',
      'AiDriftMetricMissing',
    ]);
    expect(exprs(group)['AiDriftMetricMissing']).toContain(
      'unless\nhistogram_count(sum(increase(score{namespace="n",ai_service="s",part="predictor"}[15m]))) > 0',
    );
  });
});
