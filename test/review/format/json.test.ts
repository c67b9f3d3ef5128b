import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Plan } from '../../../src/review/plan.ts';
import { planJson } from '../../../src/review/format/json.ts';
import type { planSchema } from '../../../src/review/format/plan-schema.ts';
import { changed, EMPTY, EXAMPLE, field, manyStatements, placeOf, sayingOnly } from './example.ts';

/** The published schema, read as any reader of it would. */
const published = z.fromJSONSchema(
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../schema/plan.schema.json'), 'utf8'),
  ) as z.core.JSONSchema.JSONSchema,
);
const accepts = (plan: unknown): boolean => published.safeParse(plan).success;
const parsed = (plan: Plan): Record<string, unknown> => JSON.parse(planJson(plan)) as Record<string, unknown>;

/** Compiles only while every plan has the form of the schema. */
export const form = (plan: Plan): z.input<typeof planSchema> => plan;

test.each([
  ['changes of all kinds', EXAMPLE],
  ['no changes', EMPTY],
  ['hostile names', sayingOnly('\u001b[2J\u202e\ud800"')],
  ['5,000 statements', manyStatements(5000)],
  ['a replaced object', { ...EMPTY, entries: [{ ...EXAMPLE.entries[3]!, change: 'replaced' }] } as Plan],
])('a plan with %s has the published form', (_what, plan) => {
  expect(accepts(parsed(plan))).toBe(true);
});

test('the published form refuses what it does not know', () => {
  const plan = parsed(EXAMPLE);
  const with_ = (key: string, edit: (item: Record<string, unknown>) => unknown): unknown => ({
    ...plan,
    [key]: (plan[key] as Record<string, unknown>[]).map(edit),
  });
  expect(accepts({ ...plan, more: 1 })).toBe(false);
  expect(accepts({ ...plan, version: 2 })).toBe(false);
  for (const key of ['statements', 'cells', 'entries', 'topologies', 'findings']) {
    expect(accepts(with_(key, (item) => item))).toBe(true);
    expect(accepts(with_(key, (item) => ({ ...item, more: 1 })))).toBe(false);
    expect(accepts(with_(key, ({ ...item }) => Object.fromEntries(Object.entries(item).slice(1))))).toBe(false);
  }
});

/** The same data, its maps in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, shuffled(field)]),
  );
}

test('the same plan is the same text, in whatever order its maps were put together', () => {
  expect(planJson(shuffled(EXAMPLE) as Plan)).toBe(planJson(EXAMPLE));
});

test('the fields of a plan come in the order in which one reads them, those of objects in the order of the tree', () => {
  const text = planJson(EXAMPLE);
  expect(
    text
      .split('\n')
      .filter((line) => /^ {2}"/.test(line))
      .map((line) => line.split('"')[1]),
  ).toEqual(['version', 'base', 'head', 'risk', 'totals', 'statements', 'cells', 'entries', 'topologies', 'findings']);
  const entry = (JSON.parse(text) as { entries: Record<string, Record<string, object>>[] }).entries[1]!;
  expect(Object.keys(entry)).toEqual(['risk', 'type', 'change', 'place', 'after', 'changes']);
  expect(Object.keys(entry['after']!['object']!)).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
  expect(text.endsWith('}\n')).toBe(true);
});

test('what a plan holds comes back as it was', () => {
  expect(parsed(EXAMPLE)).toEqual(JSON.parse(JSON.stringify(EXAMPLE)));
  const hostile = sayingOnly('\u001b[2J\u009b\u2028\u202e\ud800\u{e0041}"');
  expect(parsed(hostile)).toEqual(JSON.parse(JSON.stringify(hostile)));
});

test('no character of it steers a terminal or hides', () => {
  expect(planJson(sayingOnly('\u001b[2J\u009b\u2028\u202e\ud800\u{e0041}"'))).not.toMatch(
    /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u,
  );
});

test('numbers that JSON has no word for are text, and a field named __proto__ is one like others', () => {
  const odd = field('a', NaN, -Infinity);
  const named = field('b', JSON.parse('{"__proto__":1}'), 2);
  const entries = [changed(placeOf('a', 'dev', 'dev-1'), 'ConfigMap', 'a', 'low', [odd, named])];
  const text = planJson({ ...EMPTY, entries });
  expect(text).toContain('"before": ".nan",\n          "after": "-.inf"');
  expect(text).toContain('"__proto__": 1');
});
