import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { differences } from '../../src/review/diff.ts';
import { planHtml } from '../../src/review/format/html.ts';
import { planJson } from '../../src/review/format/json.ts';
import { planMarkdown } from '../../src/review/format/markdown.ts';
import { planText } from '../../src/review/format/text.ts';
import type { Plan } from '../../src/review/plan.ts';
import { applyChanges } from '../support/apply-changes.ts';
import { changed, EMPTY, placeOf } from './format/example.ts';

/** What is the same in another place of an ordered list moved: it is neither gone nor new. */

const RULES = (...groups: readonly string[]): unknown =>
  parse(`{ spec: { groups: [${groups.map((rules, index) => `{ name: g${index}, rules: [${rules}] }`).join(', ')}] } }`);
const [A, B, C] = ['{ alert: A, expr: a }', '{ alert: B, expr: b }', '{ alert: C, expr: c }'];

const moves = (before: unknown, after: unknown): unknown[] =>
  differences('PrometheusRule', before, after).map(({ op, field, moved }) => [op, field, moved]);

test('a rule that stands elsewhere in its group: both halves say where the other one is', () => {
  expect(moves(RULES(`${A}, ${B}, ${C}`), RULES(`${C}, ${A}, ${B}`))).toEqual([
    ['remove', 'spec.groups[g0].rules[C]', ['spec', 'groups', { name: 'g0' }, 'rules', 0]],
    ['add', 'spec.groups[g0].rules[C]', ['spec', 'groups', { name: 'g0' }, 'rules', 2]],
  ]);
});

test('a rule that goes to another group', () => {
  expect(moves(RULES(`${A}, ${B}`, C), RULES(B, `${C}, ${A}`))).toEqual([
    ['remove', 'spec.groups[g0].rules[A]', ['spec', 'groups', { name: 'g1' }, 'rules', 1]],
    ['add', 'spec.groups[g1].rules[A]', ['spec', 'groups', { name: 'g0' }, 'rules', 0]],
  ]);
});

test.each([
  ['what is another thing there', RULES(`${A}, ${B}`), RULES(`${B}, { alert: A, expr: other }`)],
  ['what comes into a list of another name', parse('{ a: [{ x: 1 }], b: [] }'), parse('{ a: [], b: [{ x: 1 }] }')],
  ['a text, which is as long as its move', parse('{ args: [--a, --b] }'), parse('{ args: [--b, --a] }')],
])('%s did not move', (_what, before, after) => {
  expect(differences('PrometheusRule', before, after).filter(({ moved }) => moved)).toEqual([]);
});

test('of two that are alike each moves once', () => {
  const changes = differences('PrometheusRule', RULES(`${A}, ${A}, ${B}, ${C}`), RULES(`${B}, ${C}, ${A}`));
  expect(changes.map(({ op, moved }) => [op, moved?.at(-1)])).toEqual([
    ['remove', undefined],
    ['remove', 2],
    ['add', 0],
  ]);
});

const BEFORE = RULES(`${A}, ${B}, ${C}`, '{ alert: D, expr: d }');
const AFTER = RULES(`${B}, ${A}`, `{ alert: D, expr: d }, ${C}`);
const PLAN: Plan = {
  ...EMPTY,
  risk: 'low',
  entries: [
    changed(
      placeOf('fraud-detector', 'dev', 'dev-1'),
      'PrometheusRule',
      'x',
      'low',
      differences('PrometheusRule', BEFORE, AFTER),
    ),
  ],
};

test('a reader sees one line for each', () => {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line.includes('moved'));
  const said = [
    'spec.groups[g0].rules[A]: moved from place 1 to 2',
    'spec.groups[g1].rules[C]: moved from spec.groups[g0].rules[C]',
  ];
  expect(lines(planText(PLAN, { color: false })).map((line) => line.trim())).toEqual(said);
  expect(lines(planMarkdown(PLAN, { marker: 'x' }))).toEqual(said.map((line) => ` ${line}`));
  const page = planHtml(PLAN);
  expect(page).toContain('<span class="quiet">changed, 2 fields</span>');
  expect(lines(page).join('')).toContain(
    '<dt><code>spec.groups[g0].rules[A]</code></dt><dd>moved from place 1 to 2</dd>',
  );
});

test('a program applies the halves, and needs not know that they are one', () => {
  const { entries } = JSON.parse(planJson(PLAN)) as Plan;
  expect(applyChanges(BEFORE, entries[0]!.changes)).toEqual(AFTER);
  expect(entries[0]!.changes[0]).toEqual({
    op: 'remove',
    path: ['spec', 'groups', { name: 'g0' }, 'rules', 2],
    moved: ['spec', 'groups', { name: 'g1' }, 'rules', 1],
    field: 'spec.groups[g0].rules[C]',
    before: { alert: 'C', expr: 'c' },
  });
});
