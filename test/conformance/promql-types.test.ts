import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readYaml } from '../../src/core/read-yaml.ts';
import { analyze } from '../../src/promql/analyze.ts';
import { AGGREGATIONS, FUNCTIONS, type PromqlType } from '../../src/promql/functions.ts';
import { parseNewestPromql, parsePromql } from '../../src/promql/parse.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { quote } from '../../src/promql/selector.ts';
import { accepted, ALL_FEATURES, CURRENT_PROMTOOL } from './promtool.ts';

/** An expression of each type. */
const OPERANDS: Readonly<Record<PromqlType, string>> = { scalar: '1', vector: 'x', range: 'x[5m]', string: '"s"' };
const TYPES = Object.values(OPERANDS);

/** Whether we take an expression for what the newest Prometheus reads. */
function takes(text: string): boolean {
  const { query } = parseNewestPromql(text);
  return query !== undefined && analyze(query).problems.length === 0;
}

/** Every value with every other. */
function pairs<A, B>(some: readonly A[], others: readonly B[]): [A, B][] {
  return some.flatMap((one) => others.map((other): [A, B] => [one, other]));
}

function calls(): string[] {
  return Object.entries(FUNCTIONS).flatMap(([name, { takes: wanted }]) => {
    const right = wanted.map((type) => OPERANDS[type]);
    // One argument of another type, each in turn.
    const wrong = right.flatMap((_, index) => TYPES.map((other) => right.with(index, other)));
    // Too few and too many.
    const counts = Array.from({ length: wanted.length + 11 }, (_, count) =>
      Array.from({ length: count }, (__, index) => right[Math.min(index, right.length - 1)] ?? '1'),
    );
    return [...wrong, ...counts].map((args) => `${name}(${args.join(', ')})`);
  });
}

function aggregations(): string[] {
  const args = [
    '',
    ...TYPES,
    ...pairs(TYPES, TYPES).map((two) => two.join(', ')),
    '1, x, x',
    'sum(x)',
    '1, rate(x[5m])',
    '"s", (x)',
  ];
  return pairs(Object.keys(AGGREGATIONS), args).flatMap(([name, inner]) => [
    `${name}(${inner})`,
    `${name.toUpperCase()} by (a, b) (${inner})`,
    `${name}(${inner}) without ()`,
  ]);
}

const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  'atan2',
  '==',
  '!=',
  '>',
  '<',
  '>=',
  '<=',
  '</',
  '>/',
  'and',
  'or',
  'unless',
  'AND',
];

const MATCHINGS = [
  '',
  'bool',
  'on ()',
  'on (a)',
  'ignoring ()',
  'ignoring (a)',
  'bool on (a)',
  'on (a) group_left',
  'on (a) group_left ()',
  'on (a) group_left (b)',
  'on (a, b) group_left (b)',
  'ignoring (b) group_left (b)',
  'on (a) group_right (b)',
  'on (b) group_right (b)',
  'on () group_left (b)',
  'fill (0)',
  'on (a) fill_left (0)',
  'bool fill_right (-1) fill_left (2)',
];

function operations(): string[] {
  const operands = [...TYPES, 'time()', '(1)', 'sum(x)'];
  return pairs(pairs(operands, operands), pairs(OPERATORS, MATCHINGS)).map(
    ([[left, right], [operator, matching]]) => `${left} ${operator} ${matching} ${right}`,
  );
}

/** What can stand behind an operand. */
const SUFFIXES = [
  'offset 5m',
  'offset -5m',
  'offset 300',
  'offset step()',
  '@ 1',
  '@ -1.5',
  '@ start()',
  '@ end()',
  '@ Inf',
  '@ 1e30',
  'anchored',
  'smoothed',
  '[5m]',
  '[300]',
  '[0]',
  '[0s]',
  '[-5m]',
  '[5m + 1m]',
  '[(5m)]',
  '[step()]',
  '[inf]',
  '[300y]',
  '[1h:5m]',
  '[1h:]',
  '[1h:0m]',
  '[0:]',
  '[1h:step()]',
];

function suffixes(): string[] {
  const bases = [
    ...TYPES,
    '-1',
    '(x)',
    '(x[5m])',
    '((x))',
    '-x',
    '-(x)',
    'x{a="b"}',
    '{a="b"}',
    'sum(x)',
    'rate(x[5m])',
    'x[1h:5m]',
    '(x)[1h:5m]',
    'y + x',
    'y ^ x',
    '1 and x',
    'y > 1',
    '2 > -x',
  ];
  const twice = pairs(bases, pairs(SUFFIXES, SUFFIXES)).map(([base, both]) => [base, ...both].join(' '));
  const once = pairs(bases, SUFFIXES).map((both) => both.join(' '));
  return [
    ...once,
    ...twice,
    ...[...once, ...twice].map((range) => `rate(${range})`),
    ...once.map((range) => `${range} * on (a) y`),
    ...once.map((range) => `1 + ${range} ^ 2 > bool 3 or y`),
  ];
}

function selectors(): string[] {
  const conditions = [
    'a=""',
    'a!=""',
    'a="b"',
    'a!="b"',
    'a=~""',
    'a=~".*"',
    'a=~".+"',
    'a!~".+"',
    'a!~".*"',
    'a=~"b|"',
    'a=~"b|c"',
    'a=~"b?"',
    'a=~"(b*)+"',
    'a=~"(?i)b*"',
    'a=~"\\\\Qb*\\\\E"',
    'a=~"("',
    '__name__="y"',
    '__name__=~"y.*"',
    '__name__!="y"',
    '__name__=""',
    '"y"',
    '"y.z"="b"',
    '"y.z"=""',
    '"__name__"="y"',
  ];
  return ['', 'x'].flatMap((name) => [
    name === '' ? '{}' : 'x{}',
    ...conditions.map((one) => `${name}{${one}}`),
    ...pairs(conditions, conditions).map((two) => `${name}{${two.join(',')}}`),
  ]);
}

function regularExpressions(): string[] {
  const sources = [
    '',
    'a|b',
    '(?i)abc',
    '(?P<n>a)',
    '[[:alpha:]]+',
    '[^/]+',
    '\\pL',
    '\\\\+',
    '\\Qa(b\\E+',
    '\\x{1F600}',
    'a{1,1000}',
    'a{,5}',
    'a{',
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    'a++',
    'a??',
    'a{1001}',
    '(',
    '*a',
    '(a',
    'a)',
    '[a',
    'a]',
    '[]a]',
    '[z-a]',
    '\\b\\d\\D\\s\\S\\w\\W',
    '^a$',
    '(?:a|(b))?',
    '.*\\.svc\\.cluster\\.local',
    '(kube-.*|istio-.*)',
    '5..',
    '.+:.+',
    '[a-zA-Z0-9_-]+',
    '\\d{3}',
    '\\-',
    'a\\',
    '\\8',
    '(?m)^a$',
  ];
  return sources.flatMap((source) => [`x{a=~${quote(source)}}`, `x{a!~${quote(source)}}`, `{a=~${quote(source)}}`]);
}

/** What only a second look tells apart. */
const OTHERS = [
  '+"a"',
  '-"a"',
  '--1',
  '+x',
  '-x[5m]',
  '-(x)',
  '"a"',
  '("a")',
  'x[5m]',
  '1',
  '5m',
  '0x1F',
  '1_000',
  '.5',
  '1e3',
  'Inf',
  '-NaN',
  '1 > bool 2 > bool 3',
  '(1 > bool 2) + x',
  '1 == 1',
  '(1) == time()',
  'x == 1',
  'RATE(x[5m])',
  'Sum(x)',
  'holt_winters(x[5m], 1, 1)',
  'rate (x[5m])',
  'rate(x[5m],)',
  'sum(x,)',
  'sum by (a,) (x)',
  'sum by ("a.b") (x)',
  'sum by (a, a) (x)',
  'sum(x) by (a) + 1',
  'count_values(a, x)',
  'info(x, {a="b"})',
  'info(x, {a=""})',
  'info(x, {})',
  'info({}, {a="b"})',
  'info(x, y)',
  'info(x, y{a="b"})',
  'info(x, {__name__="y"})',
  'info(x, sum(x))',
  'info(x, x[5m])',
  'info(x[5m])',
  'info(x)',
  'label_replace(x, "a", "$1", `b`, \'c\')',
  'max_over_time(-x[1h:])',
  'max_over_time((-x)[1h:])',
  'max_over_time(y + x[1h:])',
  'max_over_time((y + x)[1h:])',
  'x - x offset 1h',
  '-x offset 1h',
  '(x - x) offset 1h',
  'x and 1 + x offset 5m',
  'x and 1 offset 5m',
  '1 > x offset 5m > 2',
  'x offset 5m + 1 and 2',
  'absent(x{a="b"} offset 5m) or x @ 5',
  'x # a\t',
  'rate(foo)',
  'sum(5)',
  'foo[5m] > 1',
  'foo and 1',
  'a / on (b) 2',
  'topk(x, y)',
  'quantile("a", x)',
  'count_values(1, x)',
  'scalar(x) and x',
  'vector(x)',
  'vector(scalar(x)) and x',
  'hour(1)',
  'round(x, y)',
  'x{__name__="y"}',
  'sum(x) offset 5m',
  '1 @ 5',
  'sort_by_label(x)',
];

const CORPORA = {
  'what functions take': calls,
  'what aggregations take': aggregations,
  'what operators take': operations,
  'what takes ranges, offsets and the like': suffixes,
  'what selectors must say': selectors,
  'regular expressions': regularExpressions,
  'other expressions': () => OTHERS,
};

/** What the grammar of the web interface has not, although the parser of the server does. */
const MISSING = /^(?:max_of|min_of)\(/;

function agrees(expressions: readonly string[]): void {
  const known = [...new Set(expressions)].filter((text) => !MISSING.test(text));
  const theirs = accepted(known, CURRENT_PROMTOOL, ALL_FEATURES);
  // Both verdicts are there, so that none goes by itself.
  expect([theirs.includes(true), theirs.includes(false)]).toEqual([true, true]);
  const differences = known.flatMap((text, index) =>
    takes(text) === theirs[index] ? [] : [`${theirs[index] ? 'Prometheus takes' : 'we take'} ${text}`],
  );
  expect(differences).toEqual([]);
}

describe('we agree with a current promtool', () => {
  test.each(Object.entries(CORPORA))('on %s', (_, corpus) => {
    agrees(corpus());
  });

  test('but on max_of and min_of, which we do not know as functions', () => {
    const missing = ['max_of(1, 2)', 'min_of(1, 2)'];
    expect([accepted(missing, CURRENT_PROMTOOL, ALL_FEATURES), missing.map(takes)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });
});

describe('what every Prometheus reads, Prometheus 2.42 reads', () => {
  const newer = Object.entries(FUNCTIONS).flatMap(([name, { since }]) => (since === undefined ? [] : [name]));

  test.each(Object.entries(CORPORA))('%s', (_, corpus) => {
    const ours = corpus().filter((text) => {
      const { query } = parsePromql(text);
      const analysis = query && analyze(query);
      return analysis?.problems.length === 0 && !analysis.functions.some((name) => newer.includes(name));
    });
    expect(ours.length).toBeGreaterThan(10);
    const theirs = accepted(ours, 'promtool');
    expect(ours.filter((__, index) => !theirs[index])).toEqual([]);
  });
});

test('every expression of the golden tree is taken', () => {
  const folder = join(import.meta.dirname, '../../snapshots');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /prometheusrule\..+\.yaml$/.test(file),
  );
  const expressions = files.flatMap((file) => {
    const { spec } = readYaml(readFileSync(join(folder, file), 'utf8'), file).value as {
      spec: { groups: RuleGroup[] };
    };
    return spec.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
  });
  expect(expressions.length).toBeGreaterThan(100);
  expect(expressions.filter((text) => !takes(text))).toEqual([]);
});
