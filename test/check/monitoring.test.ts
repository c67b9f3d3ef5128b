import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/finding.ts';
import { checkMonitoring, MONITORING_RULES } from '../../src/check/monitoring.ts';
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
  exports: { predictions: 'score', features: { amount: 'feature_amount' } },
};

function check(monitoring: AIServiceInput['monitoring'], options: TargetOptions = {}): Finding[] {
  return checkMonitoring(targetOf({ ...options, spec: { predictor: PREDICTOR, ...options.spec, monitoring } }), REFERENCES);
}

function at(field: string): object {
  return { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field };
}

const drift = (metric: string, reference = './score.json'): NonNullable<AIServiceInput['monitoring']> => ({ drift: [{ psi: { metric, reference } }] });

test('good monitoring has no findings', () => {
  const monitoring: AIServiceInput['monitoring'] = {
    slos: [{ availability: { objective: 99.9 } }, { latency: { below: '250ms', objective: 99 } }, { latency: { below: '1s', objective: 99.9 } }],
    drift: [{ psi: { metric: 'score', reference: './score.json' } }, { psi: { metric: 'feature_amount', reference: './score.json' } }],
  };
  expect(check(monitoring)).toEqual([]);
  expect(check({})).toEqual([]);
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
    expect(finding?.message).toContain('no part (predictor, function, models.embedder) declares that it exports "score"');
    expect(finding?.fix).toBe('have a part expose this histogram and declare it: predictor.exports: { predictions: "score" }');
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
    const custom: typeof PREDICTOR = { framework: 'custom', image: 'registry.example.com/x:1.0.0', resources: PREDICTOR.resources, exports: { predictions: 'score' } };
    expect(check(drift('score'), { spec: { predictor: custom } })).toMatchObject([{ id: 'monitoring/metric-not-scraped' }]);
    expect(check(drift('score'), { spec: { predictor: { ...custom, metrics: {} } } })).toEqual([]);
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
        fix: 'write it, relative to the service\'s folder: { "edges": [0.1, 0.5], "shares": [0.7, 0.2, 0.1] }',
      },
    ]);
  });

  test('is not reported twice when it is there and broken', () => {
    expect(check(drift('score', './broken.json'))).toEqual([]);
  });
});

describe('the limit of a latency objective', () => {
  test.each([
    ['300ms', '250ms or 500ms'],
    ['0s', '1ms'],
    ['2h', '1h'],
    ['3s', '2s500ms or 5s'],
  ])('of %s is no bucket bound; %s would be', (below, nearest) => {
    expect(check({ slos: [{ availability: { objective: 99.9 } }, { latency: { below, objective: 99 } }] })).toEqual([
      {
        id: 'monitoring/latency-bucket',
        severity: 'error',
        where: at('monitoring.slos[1].latency.below'),
        message: `${below} is no bucket bound of istio_request_duration_milliseconds, so that nothing counts the requests below it`,
        fix: `write ${nearest}`,
      },
    ]);
  });

  test('may be written in any unit', () => {
    expect(check({ slos: [{ latency: { below: '0.25s', objective: 99 } }] })).toEqual([]);
  });
});

describe('an objective', () => {
  test.each([
    [93, 7, 'fast'],
    [80, 20, 'fast, medium'],
    [50, 50, 'fast, medium, slow'],
  ])('of %d %% leaves out the alerts that could never fire', (objective, bad, tiers) => {
    expect(check({ slos: [{ availability: { objective } }] })).toEqual([
      {
        id: 'monitoring/objective-unreachable',
        severity: 'warning',
        where: at('monitoring.slos[0].availability.objective'),
        message: `the objective ${objective} allows ${bad} % of requests to be bad, so that burn-rate alerts that could never fire are left out: ${tiers}`,
        fix: 'write an objective above 93.06 for all four alerts, above 83.34 for all but the fast one',
      },
    ]);
  });

  test('and a drift rule are not given twice', () => {
    const slos: NonNullable<AIServiceInput['monitoring']>['slos'] = [
      { latency: { below: '1s', objective: 99 } },
      { availability: { objective: 99.9 } },
      { latency: { below: '1000ms', objective: 99.9 } },
      { availability: { objective: 99 } },
    ];
    const findings = check({ slos, drift: [...(drift('score').drift ?? []), ...(drift('score').drift ?? [])] });
    expect(findings.map(({ id, where, message }) => [id, where.field, message])).toEqual([
      ['monitoring/duplicate', 'monitoring.slos[2]', 'latency-1s is watched by monitoring.slos[0] already'],
      ['monitoring/duplicate', 'monitoring.slos[3]', 'availability is watched by monitoring.slos[1] already'],
      ['monitoring/duplicate', 'monitoring.drift[1]', 'score is watched by monitoring.drift[0] already'],
    ]);
  });
});

describe('a cluster', () => {
  test('without Istio cannot watch objectives', () => {
    expect(check({ slos: [{ latency: { below: '300ms', objective: 99 } }] }, { cluster: { istio: undefined } })).toEqual([
      {
        id: 'monitoring/no-mesh',
        severity: 'info',
        where: at('monitoring.slos'),
        message: 'cluster eu-1 has no Istio, so that availability and latency are not watched there, and no alert tells when the metric of a drift rule is missing',
        fix: 'declare istio on the cluster if it is installed',
      },
    ]);
  });

  test('without Prometheus watches nothing, which is said when something was asked for', () => {
    const cluster = { prometheus: undefined };
    expect(check({}, { cluster })).toEqual([]);
    expect(check(drift('score'), { cluster })).toMatchObject([{ id: 'monitoring/no-prometheus', severity: 'info', where: at('monitoring') }]);
  });
});

test('metrics that the usual image does not expose are promised in vain', () => {
  const { image: _image, ...usual } = PREDICTOR;
  expect(check(drift('score'), { spec: { predictor: usual } })).toMatchObject([
    { id: 'monitoring/exports-of-runtime', severity: 'warning', message: 'the usual image of framework sklearn exposes neither predictions nor features' },
  ]);
});

test('every finding has its rule', () => {
  const { image: _image, ...usual } = PREDICTOR;
  const ids = [
    ...check(drift('score'), { spec: { predictor: usual } }),
    ...check({ slos: [{ latency: { below: '3ms', objective: 50 } }, { latency: { below: '3ms', objective: 99 } }], ...drift('nothing', './no.json') }),
    ...check(drift('score'), { cluster: { istio: undefined } }),
    ...check(drift('score'), { cluster: { prometheus: undefined } }),
    ...check(drift('score'), { spec: { predictor: { ...PREDICTOR, framework: 'tensorflow' } } }),
  ].map(({ id, severity }) => `${id} ${severity}`);
  expect(new Set(ids)).toEqual(new Set(MONITORING_RULES.map(({ id, severity }) => `${id} ${severity}`)));
});
