import { describe, expect, test } from 'vitest';
import { checkGates } from '../../src/check/gates.ts';
import type { Finding } from '../../src/core/finding.ts';
import { PLACEHOLDERS } from '../../src/service/gate.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

/** Queries that users bring along for gates: what no Prometheus would answer is said when they are written. */

function check(query: string, options: TargetOptions = {}): Finding[] {
  const gates = [{ errorRatio: { max: 0.01 } }, { prometheus: { name: 'own', query, max: 1 } }];
  return checkGates(targetOf({ ...options, spec: { canary: { steps: [10], gates } } }));
}

const said = (query: string, options?: TargetOptions): string[] =>
  check(query, options).map(({ id, message, fix }) => `${id}: ${message}: ${fix}`);

test('a query that Prometheus cannot read is an error of the gate, with the place in the query', () => {
  expect(check('sum(rate(reviews_total{release="{{candidate}}"}[{{window}}])')).toEqual([
    {
      id: 'promql/syntax',
      severity: 'error',
      where: {
        service: 'fraud-detector',
        environment: 'prod-eu',
        cluster: 'eu-1',
        field: 'canary.gates[1].prometheus.query',
      },
      message: 'line 1, column 61: the expression ends too early',
      fix: 'complete it: a value, or a closing bracket, is missing',
    },
  ]);
});

test.each([
  ['a number', '1'],
  ['one series', 'sum(rate(reviews_total{release="{{candidate}}"}[{{window}}]))'],
  ['a scalar', 'scalar(sum(reviews{release=~"{{ candidate }}|{{stable}}"}))'],
  ['what only the newest Prometheus reads', '{"http.reviews", release="{{candidate}}"}'],
  ['a comparison that gives 0 or 1', 'sum(a) > bool 3'],
  ['a divisor that is kept above 0', 'sum(a) / (sum(b) > 0)'],
  ['nothing counted as 0', 'sum(a) or vector(0)'],
  ['brackets in texts and comments', 'sum(x{a="(\\"["}) # ("'],
  [
    'every placeholder that there is',
    `sum(rate(x{${Object.keys(PLACEHOLDERS)
      .filter((name) => name !== 'window')
      .map((name) => `${name}="{{${name}}}"`)
      .join(', ')}}[{{window}}])) # {{candidate}}`,
  ],
])('%s is fine', (_what, query) => {
  expect(check(query)).toEqual([]);
});

describe('a syntax error', () => {
  test.each([
    [
      'sum(x',
      'line 1, column 6: the expression ends too early: complete it: a value, or a closing bracket, is missing',
    ],
    [
      'sum(x))',
      'line 1, column 7: ")" is not expected here: look for an operator, a comma or a bracket that is missing before it',
    ],
    [
      'sum(\n  rte(x{release="{{candidate}}"}[{{window}}])\n)',
      'line 2, column 3: there is no function "rte": did you mean rate?',
    ],
    [
      'sum(x{release="{{candidate}}"} y)',
      'line 1, column 32: "y" is not expected here: look for an operator, a comma or a bracket that is missing before it',
    ],
    [
      'rate(x[$__range])',
      'line 1, column 8: "$" is not expected here: write {{window}} for the range, and {{…}} for what else is meant',
    ],
    [
      'sum(x) {{window}}',
      'line 1, column 8: {{window}} is not expected here: look for an operator, a comma or a bracket that is missing before it',
    ],
    [
      'rate(x[{{window}}s])',
      'line 1, column 18: "s" is not expected here: look for an operator, a comma or a bracket that is missing before it',
    ],
  ])('in %j has the place that it has there, whatever placeholders stand before it', (query, message) => {
    expect(said(query)).toEqual([`promql/syntax: ${message}`]);
  });

  test('is a text that has no end, and not what stands in it', () => {
    expect(said('sum(x{release="{{candidate}}})')).toEqual([
      'promql/syntax: line 1, column 15: a string has no end: close it with "',
    ]);
  });

  test('are names outside of quotes, which have a minus in them', () => {
    expect(said('sum(reviews_{{candidate}}_total) / sum({{service}}_total{namespace={{namespace}}})')).toEqual([
      'promql/syntax: line 1, column 13: {{candidate}} stands outside of quotes, and its value is a name like v2-2, with a minus in it: put it in quotes, as the value of a label: {…="{{candidate}}"}',
      'promql/syntax: line 1, column 40: {{service}} stands outside of quotes, and its value is a name like fraud-detector, with a minus in it: put it in quotes, as the value of a label: {…="{{service}}"}',
      'promql/syntax: line 1, column 68: {{namespace}} stands outside of quotes, and its value is a name like risk-ml-prod, with a minus in it: put it in quotes, as the value of a label: {…="{{namespace}}"}',
    ]);
    expect(said('sum({{service}}_total)', { service: 'churn' })).toEqual([]);
  });
});

describe('a type error', () => {
  test.each([
    [
      'rate(reviews_total)',
      'promql/type: line 1, column 6: rate takes series over a range here, but this is series: add a range: metric{…}[5m]',
    ],
    [
      'sum(x{release="{{candidate}}"}) + sum(y[{{window}}])',
      'promql/type: line 1, column 39: sum takes series here, but this is series over a range: write a selector or an expression, without a range',
    ],
    [
      'sum(x{release=~"({{candidate}}"})',
      'promql/type: line 1, column 16: the regular expression cannot be read: unterminated group: write one that RE2 knows: github.com/google/re2/wiki/Syntax',
    ],
    [
      'reviews_total[{{window}}]',
      'promql/type: line 1, column 1: the result is series over a range, and a gate compares one number with its limit: apply a function to it: sum(rate(…[{{window}}]))',
    ],
    [
      '"{{candidate}}"',
      'promql/type: line 1, column 1: the result is a text, and a gate compares one number with its limit: write an expression with a number as its value: sum(rate(…[{{window}}]))',
    ],
  ])('is said of %s', (query, message) => {
    expect(said(query)).toEqual([message]);
  });
});

describe('a query that has no value at times, so that the gate would decide nothing, is warned of', () => {
  test('when it compares by itself', () => {
    expect(check('sum(rate(x{release="{{candidate}}"}[{{window}}])) > 0.5')).toEqual([
      {
        id: 'gate/query',
        severity: 'warning',
        where: {
          service: 'fraud-detector',
          environment: 'prod-eu',
          cluster: 'eu-1',
          field: 'canary.gates[1].prometheus.query',
        },
        message:
          'line 1, column 1: the query compares by itself (>), and has no value where that does not hold; without one the gate decides nothing',
        fix: 'leave the comparison out, and write its limit as min or max of the gate',
      },
    ]);
  });

  test('when it asks for what is absent', () => {
    expect(said('absent(x{release="{{candidate}}"})')).toEqual([
      'gate/query: line 1, column 1: absent has no value where there are series; without one the gate decides nothing: count them, and write min: count(…) or vector(0)',
    ]);
  });
});

test('where releases replace each other in place there is no gate, and no query to look at', () => {
  expect(check('sum(', { environment: { rollout: 'replace' } })).toEqual([]);
});
