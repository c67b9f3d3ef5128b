import { parsePromql, type Query } from '../../promql/parse.ts';

/** An expression with its numbers taken out: two of one shape differ in numbers alone. */
export interface Shape {
  readonly text: string;
  readonly numbers: readonly number[];
}

/** Text in quotes, also when they never end, or a number that is no part of a name or a duration. */
const TOKENS =
  /"(?:[^"\\]|\\[^])*(?:"|\\?$)|'(?:[^'\\]|\\[^])*(?:'|\\?$)|`[^`]*(?:`|$)|(?<![\w.:])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.:])/g;

/** @example shapeOf('x{le="5"} > 0.5') // { text: 'x{le="5"} > #', numbers: [0.5] } */
export function shapeOf(expr: string): Shape {
  const numbers: number[] = [];
  const text = expr.replace(TOKENS, (token) => {
    if (/^["'`]/.test(token)) return token;
    numbers.push(Number(token));
    return '#';
  });
  return { text: text.replace(/\s+/g, ' ').trim(), numbers };
}

/** Whether two expressions differ in numbers alone, and each that differs by the same factor. */
export function isScaled(before: string, after: string, factor: number): boolean {
  const [old, now] = [shapeOf(before), shapeOf(after)];
  if (old.text !== now.text || old.numbers.length !== now.numbers.length) return false;
  return old.numbers.every(
    (number, index) => number === now.numbers[index] || isNear(number * factor, now.numbers[index]!),
  );
}

/** Whether two numbers are equal but for what arithmetic loses. */
export function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
}

/** A threshold of an alert that is another one now. */
export interface Threshold {
  readonly operator: '>' | '>=' | '<' | '<=';
  readonly before: number;
  readonly after: number;
}

/** How an alert's thresholds changed, where that is all that changed in its expression. */
export interface Thresholds {
  readonly all: readonly Threshold[];
  /** `loosened`: it fires later or never; `tightened`: sooner; `mixed`: both. */
  readonly effect: 'loosened' | 'tightened' | 'mixed';
}

/**
 * Thresholds of an alert's expression that differ: the numbers that its conditions, joined by `and`, `or` and `unless`, compare
 * with. `undefined` where anything else differs too.
 */
export function thresholdsOf(before: string, after: string): Thresholds | undefined {
  const [old, now] = [shapeOf(before), shapeOf(after)];
  if (old.text !== now.text || old.numbers.length !== now.numbers.length) return undefined;
  const differing = old.numbers.filter((number, index) => number !== now.numbers[index]).length;
  const [left, right] = [conditionsOf(before), conditionsOf(after)];
  if (!left || !right || left.length !== right.length) return undefined;
  const all = left.flatMap((condition, index) => {
    const other = right[index]!;
    return condition.bound === other.bound
      ? []
      : [{ operator: condition.operator, before: condition.bound, after: other.bound }];
  });
  // A number that no condition compares with is another change.
  if (all.length === 0 || all.length !== differing) return undefined;
  const effects = new Set(
    all.map((one) => (one.operator.startsWith('>') === one.after > one.before ? 'loosened' : 'tightened')),
  );
  return { all, effect: effects.size > 1 ? 'mixed' : [...effects][0]! };
}

interface Condition {
  readonly operator: Threshold['operator'];
  readonly bound: number;
}

function conditionsOf(expr: string): Condition[] | undefined {
  const { query } = parsePromql(expr);
  return query && conditionsIn(query);
}

const MIRRORED: Readonly<Record<string, Threshold['operator']>> = { '>': '<', '>=': '<=', '<': '>', '<=': '>=' };
const SAME: Readonly<Record<string, Threshold['operator']>> = { '>': '>', '>=': '>=', '<': '<', '<=': '<=' };

function conditionsIn(query: Query): Condition[] {
  if (query.kind !== 'binary') return [];
  const { operator, left, right, bool } = query;
  if (operator === 'and' || operator === 'or') return [...conditionsIn(left), ...conditionsIn(right)];
  // What takes alerts away works the other way round.
  if (operator === 'unless') return conditionsIn(left);
  const same = SAME[operator];
  if (same === undefined || bool) return [];
  const [bound, mirrored] = [numberOf(right), numberOf(left)];
  if (bound !== undefined) return [{ operator: same, bound }];
  return mirrored === undefined ? [] : [{ operator: MIRRORED[operator]!, bound: mirrored }];
}

function numberOf(query: Query): number | undefined {
  if (query.kind === 'number') return query.value;
  const inner = query.kind === 'negative' ? numberOf(query.of) : undefined;
  return inner === undefined ? undefined : -inner;
}
