import { describe, expect, test } from 'vitest';
import {
  FindingsError,
  foldFindings,
  formatFinding,
  sortFindings,
  type Finding,
  type Where,
} from '../../src/core/finding.ts';

const at = (where: Where, more: Partial<Finding> = {}): Finding => ({
  id: 'serving/scaling-target',
  severity: 'error',
  where: { service: 'fraud', ...where },
  message: 'nothing scales by concurrency',
  fix: 'aim at cpu',
  ...more,
});
const inPlaces = (places: readonly (readonly [string, string])[], more: Where = {}): Finding[] =>
  places.map(([environment, cluster]) => at({ environment, cluster, field: 'predictor.scaling', ...more }));
const heads = (findings: readonly Finding[]): string[] =>
  findings.map((finding) => formatFinding(finding).split('\n', 1)[0] ?? '');

const THREE = inPlaces([
  ['prod-us', 'us-1'],
  ['dev', 'dev-1'],
  ['prod-eu', 'eu-1'],
]);

describe('what is the same in several places', () => {
  const clustersOf = (environment: string): readonly string[] =>
    ({ dev: ['dev-1'], 'prod-eu': ['eu-1', 'eu-2'], 'prod-us': ['us-1'] })[environment] ?? [];

  test('is said once, with the environments in order; a cluster is named where it is not all of them', () => {
    expect(heads(foldFindings(THREE, clustersOf))).toEqual([
      'error serving/scaling-target: fraud, in dev, prod-eu (eu-1), prod-us: predictor.scaling',
    ]);
    expect(heads(foldFindings([...THREE, ...inPlaces([['prod-eu', 'eu-2']])], clustersOf))).toEqual([
      'error serving/scaling-target: fraud, in dev, prod-eu, prod-us: predictor.scaling',
    ]);
    expect(heads(foldFindings(THREE))).toEqual([
      'error serving/scaling-target: fraud, in dev (dev-1), prod-eu (eu-1), prod-us (us-1): predictor.scaling',
    ]);
    expect(
      heads(foldFindings(THREE.map(({ where: { cluster: _, ...where }, ...rest }) => ({ ...rest, where })))),
    ).toEqual(['error serving/scaling-target: fraud, in dev, prod-eu, prod-us: predictor.scaling']);
  });

  test('does not depend on the order in which it was found', () => {
    expect(foldFindings([...THREE].reverse(), clustersOf)).toEqual(foldFindings(THREE, clustersOf));
  });

  test('is said for each place where anything else differs', () => {
    const [first, second, third] = THREE as [Finding, Finding, Finding];
    for (const other of [
      { ...second, message: 'something else' },
      { ...second, fix: 'something else' },
      { ...second, id: 'serving/other' },
      { ...second, severity: 'warning' as const },
      { ...second, where: { ...second.where, field: 'overrides.dev.predictor.scaling' } },
      { ...second, where: { ...second.where, service: 'churn' } },
      { ...second, where: { ...second.where, file: 'apps/fraud/service.yaml', line: 3 } },
    ])
      expect(foldFindings([first, other])).toHaveLength(2);
    expect(foldFindings([third])).toEqual([third]);
  });

  test('names an object without its namespace where that is another one in each', () => {
    const objects = [
      at({ environment: 'dev', cluster: 'dev-1', object: 'Widget ml-dev/w' }),
      at({ environment: 'prod-us', cluster: 'us-1', object: 'Widget ml-prod/w' }),
    ];
    expect(heads(foldFindings(objects, clustersOf))).toEqual([
      'error serving/scaling-target: fraud, in dev, prod-us: Widget w',
    ]);
    expect(
      heads(
        foldFindings(
          objects.map((each) => ({ ...each, where: { ...each.where, object: 'Widget ml/w' } })),
          clustersOf,
        ),
      ),
    ).toEqual(['error serving/scaling-target: fraud, in dev, prod-us: Widget ml/w']);
  });

  test('of two objects in one place both are named', () => {
    const both = ['a', 'b'].map((namespace) =>
      at({ environment: 'dev', cluster: 'dev-1', object: `Widget ${namespace}/w` }),
    );
    expect(foldFindings(both)).toEqual(both);
    const nowhere = ['a', 'b'].map((namespace) => at({ object: `Widget ${namespace}/w` }));
    expect(foldFindings(nowhere)).toEqual(nowhere);
  });

  test('is one text in the error of a synth, and a finding for each place', () => {
    const error = new FindingsError(THREE, clustersOf);
    expect(error.message).toBe(
      'error serving/scaling-target: fraud, in dev, prod-eu (eu-1), prod-us: predictor.scaling\n  nothing scales by concurrency\n  fix: aim at cpu',
    );
    expect(error.findings.map(({ where }) => where.cluster)).toEqual(['dev-1', 'eu-1', 'us-1']);
  });
});

test('findings are in the order of severity, place and line, where line 5 comes before line 14', () => {
  const lines = [14, 5, undefined].map((line) =>
    at({ file: 'apps/fraud/service.yaml', ...(line !== undefined && { line }) }),
  );
  const others = [
    at({ file: 'apps/churn/service.yaml', line: 99 }),
    at({}, { severity: 'warning', id: 'serving/other' }),
    at({}),
  ];
  expect(heads(sortFindings([...others, ...lines, ...lines]))).toEqual([
    'error serving/scaling-target: apps/churn/service.yaml:99: fraud',
    'error serving/scaling-target: apps/fraud/service.yaml: fraud',
    'error serving/scaling-target: apps/fraud/service.yaml:5: fraud',
    'error serving/scaling-target: apps/fraud/service.yaml:14: fraud',
    'error serving/scaling-target: fraud',
    'warning serving/other: fraud',
  ]);
});
