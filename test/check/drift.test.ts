import { describe, expect, test } from 'vitest';
import { checkDrift, DRIFT_RULES } from '../../src/check/drift.ts';
import type { Finding } from '../../src/core/finding.ts';
import type { Reference } from '../../src/service/reference.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const REFERENCES = new Map<string, Reference | undefined>([
  ['./score.json', { edges: [0.5], shares: [0.9, 0.1] }],
  ['./broken.json', undefined],
]);

const PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/x/v46/' },
  resources: { cpu: '1', memory: '1Gi' },
  image: 'registry.example.com/sklearn-metrics:0.20.0',
  exports: { predictions: 'score', features: { amount: 'feature_amount' }, schema: true },
};

function check(monitoring: AIServiceInput['monitoring'], options: TargetOptions = {}): Finding[] {
  return checkDrift(targetOf({ ...options, spec: { predictor: PREDICTOR, ...options.spec, monitoring } }), REFERENCES);
}

function at(field: string): object {
  return { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field };
}

type Monitoring = NonNullable<AIServiceInput['monitoring']>;
type Window = '5m' | '10m' | '30m' | '1h' | '6h' | '1d';

const drift = (metric: string, reference = './score.json', window?: Window): Monitoring => ({
  drift: [{ psi: { metric, reference, ...(window && { window }) } }],
});
const SCHEMA: Monitoring = { schema: { missing: ['amount'] } };
const expecting = (expectedRps: number): TargetOptions => ({ spec: { traffic: { expectedRps } } });

test('good rules have no findings', () => {
  const rule = { metric: 'score', reference: './score.json' };
  const monitoring: Monitoring = {
    drift: [{ psi: rule }, { candidate: rule }, { jensenShannon: { ...rule, metric: 'feature_amount' } }],
    schema: { missing: ['amount'], nullRatio: { amount: 0 } },
  };
  expect(check(monitoring, expecting(5))).toEqual([]);
  expect(check(monitoring)).toEqual([]);
  expect(check({})).toEqual([]);
});

describe('a native histogram', () => {
  const native: TargetOptions = {
    spec: { predictor: { ...PREDICTOR, exports: { ...PREDICTOR.exports, native: true } } },
  };
  const prometheus = (nativeHistograms?: 'scraped' | 'converted'): TargetOptions => ({
    cluster: { prometheus: { version: '3.4', ...(nativeHistograms && { nativeHistograms }) } },
  });

  test('needs a Prometheus that keeps them', () => {
    expect(check(drift('score'), native)).toEqual([
      {
        id: 'monitoring/native-histogram',
        severity: 'error',
        where: at('predictor.exports.native'),
        message: 'predictor exports native histograms, and the Prometheus of cluster eu-1 is not said to keep them',
        fix: "write prometheus.nativeHistograms: 'scraped' on the cluster if it scrapes them, or leave native out and expose classic ones",
      },
    ]);
    for (const kept of ['scraped', 'converted'] as const)
      expect(check(drift('score'), { ...native, ...prometheus(kept) })).toEqual([]);
    expect(check({}, { ...native, cluster: { prometheus: undefined } })).toEqual([]);
  });

  test('is one in every part that exposes it', () => {
    const transformer = {
      image: 'registry.example.com/t:1.0.0',
      resources: { cpu: '1', memory: '1Gi' },
      metrics: {},
      exports: { predictions: 'score', native: true },
    };
    expect(check({}, { ...prometheus('scraped'), spec: { predictor: PREDICTOR, transformer } })).toEqual([
      {
        id: 'monitoring/native-histogram',
        severity: 'error',
        where: at('transformer.exports.native'),
        message:
          'score is a native histogram in transformer and a classic one in predictor, and rules read one of them only',
        fix: 'have both parts expose the same, or give one of them another name',
      },
    ]);
  });

  test('that is made of a classic one has buckets that only exports can tell', () => {
    expect(check(drift('score'), prometheus('converted'))).toEqual([
      {
        id: 'monitoring/native-edges',
        severity: 'warning',
        where: at('monitoring.drift[0].psi.reference'),
        message:
          'the Prometheus of cluster eu-1 converts score, so that no alert can tell when an edge of the reference is no bucket bound of predictor',
        fix: 'write predictor.exports.buckets: { score: [0.5] } if these are its buckets',
      },
    ]);
    const declared = { ...PREDICTOR, exports: { ...PREDICTOR.exports, buckets: { score: [0.25, 0.5] } } };
    expect(check(drift('score'), { ...prometheus('converted'), spec: { predictor: declared } })).toEqual([]);
    expect(check(drift('score'), prometheus('scraped'))).toEqual([]);
  });
});

describe('the metric of a drift rule', () => {
  test('must be exported by a part; a near miss is named', () => {
    expect(check(drift('scores'))).toEqual([
      {
        id: 'monitoring/metric-not-exported',
        severity: 'error',
        where: at('monitoring.drift[0].psi.metric'),
        message:
          'no part (predictor) declares that it exports "scores"; model servers export no predictions by themselves, so the rule would never have data',
        fix: 'did you mean "score"?',
      },
    ]);
  });

  test('is declared on a part, which the fix shows', () => {
    const silent = { ...PREDICTOR, exports: {} };
    const models = { embedder: silent };
    const fn = { image: 'registry.example.com/f:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
    const [finding] = check(drift('score'), { spec: { predictor: silent, models, function: fn } });
    expect(finding?.message).toContain(
      'no part (predictor, models.embedder, function) declares that it exports "score"',
    );
    expect(finding?.fix).toBe(
      'have a part expose this histogram and declare it: predictor.exports: { predictions: "score" }',
    );
  });

  test('must be where Prometheus can scrape it', () => {
    const predictor: typeof PREDICTOR = { ...PREDICTOR, framework: 'tensorflow' };
    expect(check(drift('score'), { spec: { predictor } })).toEqual([
      {
        id: 'monitoring/metric-not-scraped',
        severity: 'error',
        where: at('monitoring.drift[0].psi.metric'),
        message: 'predictor exports "score" but has no metrics endpoint that Prometheus could scrape',
        fix: 'set its metrics, or export the metric from a transformer or function that has metrics',
      },
    ]);
    const custom: typeof PREDICTOR = {
      framework: 'custom',
      image: 'registry.example.com/x:1.0.0',
      resources: PREDICTOR.resources,
      exports: { predictions: 'score' },
    };
    expect(check(drift('score'), { spec: { predictor: custom } })).toMatchObject([
      { id: 'monitoring/metric-not-scraped' },
    ]);
    expect(check(drift('score'), { spec: { predictor: { ...custom, metrics: {} } } })).toEqual([]);
  });

  test('is that of one thing', () => {
    const predictor: typeof PREDICTOR = { ...PREDICTOR, exports: { features: { amount: 'feature', age: 'feature' } } };
    expect(check(drift('feature'), { spec: { predictor } })).toEqual([
      {
        id: 'monitoring/exports-twice',
        severity: 'error',
        where: at('predictor.exports'),
        message: 'feature stands there twice, and one histogram has one distribution',
        fix: 'give each feature a histogram of its own',
      },
    ]);
  });

  test('has one rule against a reference, whatever the distance, and one between releases', () => {
    const rule = { metric: 'score', reference: './score.json' };
    expect(check({ drift: [{ psi: rule }, { candidate: rule }, { ks: rule }] })).toEqual([
      {
        id: 'monitoring/drift-duplicate',
        severity: 'error',
        where: at('monitoring.drift[2]'),
        message: 'monitoring.drift[0] watches score against a reference already',
        fix: 'keep one of the two',
      },
    ]);
  });

  test('is not exposed by the usual image of a server', () => {
    const { image: _image, ...usual } = PREDICTOR;
    expect(check(drift('score'), { spec: { predictor: usual } })).toMatchObject([
      {
        id: 'monitoring/exports-of-runtime',
        severity: 'warning',
        message: 'the usual image of framework sklearn exposes neither predictions nor features',
      },
    ]);
  });
});

describe('the reference of a drift rule', () => {
  test('must be there', () => {
    expect(check(drift('score', './typo.json'))).toEqual([
      {
        id: 'monitoring/reference',
        severity: 'error',
        where: at('monitoring.drift[0].psi.reference'),
        message: 'there is no reference file "./typo.json"',
        fix: "write it, relative to the service's folder, or make it of a sample: npx ai-service reference build sample.csv --column <name>",
      },
    ]);
  });

  test('is not reported twice when it is there and broken', () => {
    expect(check(drift('score', './broken.json'))).toEqual([]);
  });

  test('has the buckets of the histogram, where they are declared', () => {
    const declared = (bounds: number[]): TargetOptions => ({
      spec: { predictor: { ...PREDICTOR, exports: { predictions: 'score', buckets: { score: bounds } } } },
    });
    expect(check(drift('score'), declared([0.1, 0.5, 1]))).toEqual([]);
    expect(check(drift('score'), declared([0.1, 0.4, 0.6]))).toEqual([
      {
        id: 'monitoring/reference-buckets',
        severity: 'error',
        where: at('monitoring.drift[0].psi.reference'),
        message: '0.5 is no bucket bound of score in predictor.exports.buckets',
        fix: 'give the histogram the edges of the reference as buckets, or make the reference with --edges of these: 0.5 is beside 0.4 and 0.6',
      },
    ]);
  });
});

describe('a window', () => {
  test('that the traffic does not fill is refused, with one that it fills', () => {
    expect(check(drift('score', './score.json', '5m'), expecting(0.2))).toEqual([
      {
        id: 'monitoring/drift-samples',
        severity: 'error',
        where: at('monitoring.drift[0].psi.window'),
        message:
          'at 0.2 requests a second a window of 5m holds about 48 observations, and 2 bins with threshold 0.2 need 200',
        fix: "write window: '30m', or leave window out",
      },
    ]);
    expect(check(drift('score', './score.json', '30m'), expecting(0.2))).toEqual([]);
  });

  test('that nobody named is widened, and synth says what that means', () => {
    expect(check(drift('score'), expecting(0.2))).toEqual([
      {
        id: 'monitoring/drift-late',
        severity: 'info',
        where: at('monitoring.drift[0].psi'),
        message:
          'at 0.2 requests a second 200 observations take a window of 30m, so that drift of score is found after 36m at the latest, and not within 10 minutes',
        fix: "write window: '30m' if that will do, or correct traffic.expectedRps",
      },
    ]);
  });

  test('of a day is the longest, and with less traffic there is no rule', () => {
    expect(check(drift('score'), expecting(0.001))).toMatchObject([
      {
        id: 'monitoring/drift-samples',
        message:
          'at 0.001 requests a second a window of 1d holds about 86 observations, and 2 bins with threshold 0.2 need 200',
        fix: 'leave the rule out here, or correct traffic.expectedRps',
      },
    ]);
  });

  test('of a candidate holds the requests of its first step', () => {
    const monitoring: Monitoring = {
      drift: [{ candidate: { metric: 'score', reference: './score.json', window: '5m' } }],
    };
    const spec = { traffic: { expectedRps: 5 }, canary: { steps: [10, 50] } };
    expect(check(monitoring, { spec })).toMatchObject([
      {
        id: 'monitoring/drift-samples',
        message: expect.stringMatching(
          /^at 0\.5 requests a second to the candidate a window of 5m holds about 120 observations/,
        ) as string,
      },
    ]);
    expect(check(monitoring, { spec: { ...spec, canary: { steps: [50] } } })).toEqual([]);
  });
});

describe('rules on the input', () => {
  test('need a part that counts', () => {
    expect(check(SCHEMA, { spec: { predictor: { ...PREDICTOR, exports: {} } } })).toEqual([
      {
        id: 'monitoring/schema-not-exported',
        severity: 'error',
        where: at('monitoring.schema'),
        message:
          'no part (predictor) declares that it counts what is wrong with its input, so the rules would never have data',
        fix: 'have a part count it (npx ai-service reference snippet) and declare it: predictor.exports: { schema: true }',
      },
    ]);
    expect(check(SCHEMA, { spec: { predictor: { ...PREDICTOR, framework: 'tensorflow' } } })).toMatchObject([
      { id: 'monitoring/metric-not-scraped', where: at('monitoring.schema') },
    ]);
  });

  test('and instances', () => {
    expect(check(SCHEMA, expecting(0.1))).toMatchObject([
      { id: 'monitoring/drift-late', severity: 'info', where: at('monitoring.schema') },
    ]);
    expect(check(SCHEMA, expecting(0.001))).toMatchObject([
      { id: 'monitoring/drift-samples', severity: 'error', where: at('monitoring.schema') },
    ]);
  });
});

test('every finding has its rule', () => {
  const { image: _image, ...usual } = PREDICTOR;
  const rule = { metric: 'score', reference: './score.json' };
  const ids = [
    ...check(drift('score'), { spec: { predictor: usual } }),
    ...check(drift('nothing', './no.json')),
    ...check({ drift: [{ psi: rule }, { ks: rule }] }),
    ...check(drift('score'), { spec: { predictor: { ...PREDICTOR, framework: 'tensorflow' } } }),
    ...check(drift('score'), {
      spec: {
        predictor: {
          ...PREDICTOR,
          exports: { predictions: 'score', features: { a: 'score' }, buckets: { score: [1] } },
        },
      },
    }),
    ...check(drift('score'), expecting(0.2)),
    ...check(drift('score'), expecting(0.001)),
    ...check(SCHEMA, { spec: { predictor: { ...PREDICTOR, exports: {} } } }),
    ...check({}, { spec: { predictor: { ...PREDICTOR, exports: { native: true, predictions: 'score' } } } }),
    ...check(drift('score'), { cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } }),
  ].map(({ id, severity }) => `${id} ${severity}`);
  expect(new Set(ids)).toEqual(new Set(DRIFT_RULES.map(({ id, severity }) => `${id} ${severity}`)));
});
