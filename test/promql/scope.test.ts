import { describe, expect, test } from 'vitest';
import { analyze } from '../../src/promql/analyze.ts';
import { parsePromql, type Query } from '../../src/promql/parse.ts';
import { isBounded, scoped, unknownPlaceholders, type Scope } from '../../src/promql/scope.ts';
import { HOSTILE_TEXT } from '../core/hostile-text.ts';
import { fc } from '../support/property.ts';

const SCOPE: Scope = { service: 'fraud', namespace: 'risk-prod', environment: 'prod-eu', team: 'risk' };

function queryOf(text: string): Query {
  const { query, problem } = parsePromql(text);
  if (!query) throw new Error(`${text}: ${problem.message}`);
  return query;
}

function scope(text: string, own: readonly string[] = [], values = SCOPE): string {
  return scoped(text, analyze(queryOf(text)), values, (series) => own.includes(series));
}

const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXT, '}) or vector(1) #', '"', '\\', '$service', '${team}'),
  fc.string({ unit: 'binary' }),
);

describe('an expression for one service', () => {
  test.each([
    ['rate(x[5m])', 'rate(x{ai_service="fraud",namespace="risk-prod"}[5m])'],
    ['x{}', 'x{ai_service="fraud",namespace="risk-prod"}'],
    [
      'x{ a="b" } > x',
      'x{ai_service="fraud",namespace="risk-prod", a="b" } > x{ai_service="fraud",namespace="risk-prod"}',
    ],
    ['{__name__="x"}', '{ai_service="fraud",namespace="risk-prod",__name__="x"}'],
    ['x{ai_service="other"}', 'x{namespace="risk-prod",ai_service="other"}'],
    ['y', 'y'],
  ])('%s keeps its own metrics to it', (text, expected) => {
    expect(scope(text, ['x'])).toBe(expected);
  });

  test.each([
    ['y{namespace="$namespace"}', 'y{namespace="risk-prod"}'],
    ['y{a="$service-$environment"} / y{b="${team}x"}', 'y{a="fraud-prod-eu"} / y{b="riskx"}'],
    ['y{a=~"$service-[0-9]+$"}', 'y{a=~"fraud-[0-9]+$"}'],
  ])('%s has its placeholders filled in', (text, expected) => {
    expect(scope(text)).toBe(expected);
  });

  test('quotes what is filled in, also for regular expressions', () => {
    const values = { ...SCOPE, service: 'a.b"c' };
    expect(scope('y{a="$service",b=~"$service.*"}', [], values)).toBe('y{a="a.b\\"c",b=~"a\\\\.b\\"c.*"}');
  });

  test('whose names are hostile has the shape of any other', () => {
    const text = 'sum by (a) (rate(x{b="$service $team",c=~"$namespace-.+"}[5m])) > 1 unless y{d="$environment"}';
    const shapeOf = (query: Query): string =>
      JSON.stringify(query, (key, value: unknown) =>
        key === 'from' || key === 'to' || key === 'value' ? undefined : value,
      );
    const plain = shapeOf(queryOf(scope(text, ['x'])));
    fc.assert(
      fc.property(
        fc.record({ service: hostileText, namespace: hostileText, environment: hostileText, team: hostileText }),
        (values) => {
          expect(shapeOf(queryOf(scope(text, ['x'], values)))).toBe(plain);
        },
      ),
    );
  });
});

test('a placeholder that nobody knows is named', () => {
  const { reads, ...rest } = analyze(queryOf('y{a="$servce"}'));
  expect(unknownPlaceholders({ reads, ...rest }, SCOPE)).toEqual([
    { from: 4, message: '$servce stands for nothing', fix: 'write $service, $namespace, $environment, $team' },
  ]);
});

describe('a selector', () => {
  test.each(['y{a="b"}', 'y{a=~"b.*"}', 'y{a=~"b|c"}', 'y{a=~"$service-.*"}', 'y{a!="b",c="d"}'])(
    '%s says whose series it means',
    (text) => {
      expect(analyze(queryOf(text)).reads.map(({ selector }) => isBounded(selector))).toEqual([true]);
    },
  );

  test.each([
    'y',
    'y{a=""}',
    'y{a!="b"}',
    'y{a=~".*"}',
    'y{a=~"b|.*"}',
    'y{a=~"b*"}',
    'y{a=~"(b|c)"}',
    '{__name__="y"}',
  ])('%s does not', (text) => {
    expect(analyze(queryOf(text)).reads.map(({ selector }) => isBounded(selector))).toEqual([false]);
  });
});
