import { createRequire } from 'node:module';
import type { SyntaxNode } from '@lezer/common';
import type * as Lezer from '@prometheus-io/lezer-promql';
import { didYouMean } from '../core/names.ts';
import { AGGREGATIONS, FUNCTIONS } from './functions.ts';
import { durationOf, literalValue, unquote } from './literal.ts';

/**
 * Reads PromQL that somebody else wrote, without a Prometheus: the grammar is Prometheus' own
 * (`@prometheus-io/lezer-promql`), what it means is looked at in `analyze.ts`.
 *
 * The tree is that of the newest Prometheus, with all feature flags. `parsePromql` refuses what only newer versions or flags
 * understand (arithmetic in durations, names in quotes, `fill`, …): what it accepts is for every Prometheus from 2.42 on.
 */

/** Where something stands in the text: offsets in UTF-16 units, the second one behind it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wrong with an expression, and what to write instead. */
export interface PromqlProblem {
  readonly from: number;
  /** Lower case, no full stop. */
  readonly message: string;
  readonly fix: string;
}

/** A condition of a selector, its value unquoted. */
export interface QueryMatcher extends Span {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  /** Where the value stands, quotes included. */
  readonly literal: Span;
}

/** A vector selector. */
export interface SelectorQuery extends Span {
  readonly kind: 'selector';
  /** The metric in front of the braces, or given by `__name__="…"`; `undefined` when there is none. */
  readonly metric: string | undefined;
  readonly matchers: readonly QueryMatcher[];
  /** Where the list of conditions starts and ends, braces included; `undefined` without one. */
  readonly braces: Span | undefined;
}

/** An expression as a tree. Parentheses, `offset` and `@` are left out: they change neither types nor labels. */
export type Query =
  | SelectorQuery
  | (Span & { readonly kind: 'number'; readonly value: number })
  | (Span & { readonly kind: 'string'; readonly value: string })
  | RangeQuery
  | (Span & { readonly kind: 'subquery'; readonly of: Query; readonly seconds: number | undefined })
  | (Span & { readonly kind: 'negative'; readonly of: Query })
  | (Span & { readonly kind: 'call'; readonly name: string; readonly args: readonly Query[] })
  | AggregateQuery
  | BinaryQuery;

/** `up[5m]` */
export interface RangeQuery extends Span {
  readonly kind: 'range';
  readonly of: SelectorQuery;
  /** `undefined` for what only a newer Prometheus works out: `[step() * 2]`. */
  readonly seconds: number | undefined;
}

/** `sum by (x) (…)` */
export interface AggregateQuery extends Span {
  readonly kind: 'aggregate';
  readonly operator: string;
  readonly grouping: { readonly by: boolean; readonly labels: readonly string[] } | undefined;
  readonly args: readonly Query[];
}

/** `a > on (x) b` */
export interface BinaryQuery extends Span {
  readonly kind: 'binary';
  readonly operator: string;
  readonly bool: boolean;
  readonly matching: VectorMatching | undefined;
  /** Whether values are given for what one side lacks: `fill(0)`. */
  readonly fill: boolean;
  readonly left: Query;
  readonly right: Query;
}

/** Which labels two vectors must have in common. */
export interface VectorMatching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Which side may have several elements for one on the other. */
  readonly many: 'left' | 'right' | undefined;
  /** Labels that are taken over from the other side. */
  readonly include: readonly string[];
}

/** The tree of an expression, or the first thing that keeps it from having one. */
export type ParsedPromql =
  | { readonly query: Query; readonly problem?: undefined }
  | { readonly query?: undefined; readonly problem: PromqlProblem };

/** Longer than what anybody reads; what is longer was not written by hand. */
const MAX_LENGTH = 16_384;

/** Nested deeper than any expression that means something. */
const MAX_DEPTH = 100;

/** Deeper ones would fill the stack. */
const LAST_DEPTH = 1000;

/**
 * Parses an expression that every Prometheus from 2.42 on reads.
 *
 * @example parsePromql('rate(x[5m]').problem // { from: 10, message: 'the expression ends too early', … }
 */
export function parsePromql(text: string): ParsedPromql {
  if (text.length > MAX_LENGTH)
    return refused(
      MAX_LENGTH,
      `the expression has ${text.length} characters`,
      'record parts of it under names of their own',
    );
  const { parsed, newer } = read(text);
  return parsed.query && newer ? { problem: newer } : parsed;
}

/**
 * Parses an expression that the newest Prometheus reads, if need be with feature flags.
 *
 * Known to be missing in the grammar, and so refused, are the functions `max_of` and `min_of`, numbers that end in a dot,
 * and more than some 400 operators in a row.
 *
 * @example parseNewestPromql('{"foo.bar"} > 1').query?.kind // 'binary'
 */
export function parseNewestPromql(text: string): ParsedPromql {
  return read(text).parsed;
}

function read(text: string): { readonly parsed: ParsedPromql; readonly newer?: PromqlProblem | undefined } {
  if (text.replace(/#.*/g, '').trim() === '')
    return { parsed: refused(0, 'the expression is empty', 'write what is to be evaluated') };
  const root = grammar().parse(text).topNode;
  const problem = badLiteral(text, root) ?? misplaced(text, root);
  if (problem) return { parsed: { problem } };
  const reader = new Reader(text);
  try {
    return { parsed: { query: reader.query(meaningful(root)[0]!, 0) }, newer: reader.newer };
  } catch (error) {
    if (error instanceof Unreadable) return { parsed: { problem: error.problem } };
    throw error;
  }
}

/**
 * A place in an expression as people count, from 1.
 *
 * @example placeOf('a +\n  b c', 8) // 'line 2, column 5'
 */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${[...(before.at(-1) ?? '')].length + 1}`;
}

/** Loaded on first use: few services bring expressions of their own. */
let parser: typeof Lezer.parser | undefined;
function grammar(): typeof Lezer.parser {
  parser ??= (createRequire(import.meta.url)('@prometheus-io/lezer-promql') as typeof Lezer).parser;
  return parser;
}

function refused(from: number, message: string, fix: string): { problem: PromqlProblem } {
  return { problem: { from, message, fix } };
}

/** Ends the reading of a tree at the first thing that no Prometheus takes, though the grammar does. */
class Unreadable extends Error {
  readonly problem: PromqlProblem;

  constructor(from: number, message: string, fix: string) {
    super(message);
    this.problem = { from, message, fix };
  }
}

/** The grammar takes strings without an end, and any escape. */
function badLiteral(text: string, root: SyntaxNode): PromqlProblem | undefined {
  let problem: PromqlProblem | undefined;
  root.cursor().iterate(({ name, from, to }) => {
    if (problem || name !== 'StringLiteral') return;
    const value = unquote(text.slice(from, to));
    if (typeof value !== 'string') problem = { from: from + value.at, message: value.message, fix: value.fix };
  });
  return problem;
}

function misplaced(text: string, root: SyntaxNode): PromqlProblem | undefined {
  let from: number | undefined;
  root.cursor().iterate((node) => {
    if (node.type.isError) from ??= node.from;
  });
  if (from === undefined) return undefined;
  const rest = text.slice(from).replace(/^(?:\s|#.*)+/, '');
  if (rest === '')
    return {
      from: text.trimEnd().length,
      message: 'the expression ends too early',
      fix: 'complete it: a value, or a closing bracket, is missing',
    };
  const at = text.length - rest.length;
  const name = rest.startsWith('(') ? /([a-zA-Z_]\w*)\s*$/.exec(text.slice(0, at))?.[1] : undefined;
  if (name !== undefined && !Object.hasOwn(FUNCTIONS, name)) {
    const near = didYouMean(
      name,
      Object.keys(FUNCTIONS).filter((known) => !FUNCTIONS[known]?.experimental),
    );
    const fix =
      near === undefined
        ? 'write a function of PromQL: prometheus.io/docs/prometheus/latest/querying/functions'
        : `did you mean ${near}?`;
    return { from: text.lastIndexOf(name, at), message: `there is no function ${JSON.stringify(name)}`, fix };
  }
  const found = /^(?:\w+|[^\w\s]{1,2})/u.exec(rest)?.[0] ?? rest.charAt(0);
  return {
    from: at,
    message: `${JSON.stringify(found)} is not expected here`,
    fix: 'look for an operator, a comma or a bracket that is missing before it',
  };
}

/** Children without comments. */
function meaningful(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'LineComment') children.push(child);
  return children;
}

const NEWER = 'write it in the PromQL of Prometheus 2, which every version reads';

/** What stands behind something that is read, and says how. */
interface Modifier {
  readonly word: string;
  /** The word that must not stand there too. */
  readonly excludes: string;
  readonly ofSubqueries: boolean;
  readonly example: string;
}

const MODIFIERS = {
  OffsetExpr: { word: 'offset', excludes: 'offset', ofSubqueries: true, example: 'metric[5m] offset 1h' },
  StepInvariantExpr: { word: '@', excludes: '@', ofSubqueries: true, example: 'metric[5m] @ end()' },
  AnchoredExpr: { word: 'anchored', excludes: 'smoothed', ofSubqueries: false, example: 'metric[5m] anchored' },
  SmoothedExpr: { word: 'smoothed', excludes: 'anchored', ofSubqueries: false, example: 'metric[5m] smoothed' },
} satisfies Record<string, Modifier>;

class Reader {
  readonly #text: string;
  /** What stood in brackets of its own. */
  readonly #closed = new Set<Query>();
  /** Modifiers of selectors, ranges and subqueries so far. */
  readonly #modifiers = new Map<Query, readonly string[]>();
  /** The first thing that not every Prometheus understands. */
  newer: PromqlProblem | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** One expression; each kind of node has its own reading. */
  query(node: SyntaxNode, depth: number): Query {
    const { from, to } = node;
    if (depth > MAX_DEPTH) this.#tooDeep(from, depth);
    const children = meaningful(node);
    const inner = (index: number): Query => this.query(children[index]!, depth + 1);
    switch (node.name) {
      case 'ParenExpr': {
        const query = inner(0);
        this.#closed.add(query);
        return query;
      }
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'AnchoredExpr':
      case 'SmoothedExpr': {
        const modifier = MODIFIERS[node.name];
        this.#checkModifier(node, children[2]);
        return this.#behind(inner(0), to, (of) => this.#modified(of, modifier, children[1]!));
      }
      case 'NumberDurationLiteral':
        return { kind: 'number', from, to, value: this.#number(node) };
      case 'StringLiteral':
        return { kind: 'string', from, to, value: this.#string(node) };
      case 'UnaryExpr':
        return { kind: 'negative', from, to, of: inner(1) };
      case 'VectorSelector':
        return this.#selector(node, children);
      case 'MatrixSelector': {
        const seconds = this.#seconds(children[1]);
        return this.#behind(inner(0), to, (of) => this.#range(of, to, seconds));
      }
      case 'SubqueryExpr': {
        const [seconds] = children.slice(1).map((duration) => this.#seconds(duration));
        return this.#behind(inner(0), to, (of) => ({ kind: 'subquery', from: of.from, to, of, seconds }));
      }
      case 'FunctionCall':
        return this.#call(node, children, depth);
      case 'AggregateExpr':
        return this.#aggregate(node, children, depth);
      case 'BinaryExpr':
        return this.#binary(node, children, depth);
      default:
        throw new Unreadable(from, `${this.#quoted(node)} is not understood by any Prometheus that we know`, NEWER);
    }
  }

  #newer(from: number, message: string, fix = NEWER): void {
    this.newer ??= { from, message, fix };
  }

  #tooDeep(from: number, depth: number): void {
    const problem = [
      from,
      `the expression is nested more than ${depth > LAST_DEPTH ? LAST_DEPTH : MAX_DEPTH} deep`,
      'record parts of it under names of their own',
    ] as const;
    if (depth > LAST_DEPTH) throw new Unreadable(...problem);
    this.#newer(...problem);
  }

  /**
   * Changes the operand that stands in front of a modifier or a range. To the grammar, that of `a + b offset 5m` is `a + b`;
   * to Prometheus it is `b`.
   */
  #behind(query: Query, to: number, change: (operand: Query) => Query): Query {
    if (this.#closed.has(query)) return change(query);
    if (query.kind === 'binary') return { ...query, to, right: this.#behind(query.right, to, change) };
    if (query.kind === 'negative') return { ...query, to, of: this.#behind(query.of, to, change) };
    return change(query);
  }

  #checkModifier(node: SyntaxNode, value: SyntaxNode | undefined): void {
    const { name, from } = node;
    if (name === 'AnchoredExpr' || name === 'SmoothedExpr')
      this.#newer(from, `${this.#quoted(node)} is not understood by every Prometheus`);
    if (name === 'OffsetExpr' && secondsOf(this.#slice(value).replace(/^[+-]\s*/, '')) === undefined) {
      this.#newer(value?.from ?? from, `${this.#slice(value)} is not a duration that every Prometheus reads`, DURATION);
    }
    if (value?.name === 'NumberDurationLiteral' && !(Math.abs(this.#number(value)) < 2 ** 63)) {
      throw new Unreadable(
        value.from,
        `${this.#slice(value)} is no time`,
        'write seconds since 1970, start() or end()',
      );
    }
  }

  #modified(of: Query, { word, excludes, ofSubqueries, example }: Modifier, { from }: SyntaxNode): Query {
    const before = this.#modifiers.get(of) ?? [];
    const isTaken = of.kind === 'selector' || of.kind === 'range' || (ofSubqueries && of.kind === 'subquery');
    if (!isTaken || this.#closed.has(of)) {
      throw new Unreadable(
        from,
        `${word} belongs behind a selector or a range${ofSubqueries ? ', or a subquery' : ''}`,
        `move it: ${example}`,
      );
    }
    if (before.includes(excludes))
      throw new Unreadable(
        from,
        excludes === word ? `${word} is given twice` : `${excludes} and ${word} exclude each other`,
        'remove one of them',
      );
    this.#modifiers.set(of, [...before, word]);
    return of;
  }

  #range(of: Query, to: number, seconds: number | undefined): Query {
    if (of.kind !== 'selector' || this.#closed.has(of)) {
      throw new Unreadable(
        of.from,
        'only a selector has a range',
        'put the range behind the selector, or write a subquery: (…)[1h:1m]',
      );
    }
    const before = this.#modifiers.get(of) ?? [];
    if (before.includes('offset') || before.includes('@'))
      throw new Unreadable(of.from, 'offset and @ stand behind a range', 'write metric[5m] offset 5m');
    const range: Query = { kind: 'range', from: of.from, to, of, seconds };
    this.#modifiers.set(range, before);
    return range;
  }

  #slice(node: SyntaxNode | undefined): string {
    return node ? this.#text.slice(node.from, node.to) : '';
  }

  #args(body: SyntaxNode | undefined, depth: number): Query[] {
    return body ? meaningful(body).map((arg) => this.query(arg, depth + 1)) : [];
  }

  /** The beginning of a node, for messages. */
  #quoted(node: SyntaxNode): string {
    return JSON.stringify(this.#slice(node).slice(0, 40));
  }

  #number(node: SyntaxNode): number {
    const text = this.#slice(node);
    if (!/^[+-]?\s*(?:inf|nan|0x[\da-f]+|[\d.]+(?:e[+-]?\d+)?)$/i.test(text)) {
      this.#newer(node.from, `${text} is not a number that every Prometheus reads`, 'write seconds, as a plain number');
    }
    return literalValue(text) ?? NaN;
  }

  #string(node: SyntaxNode): string {
    // What cannot be unquoted was refused before.
    return unquote(this.#slice(node)) as string;
  }

  /** Seconds of a duration; `undefined` for one that is worked out. */
  #seconds(node: SyntaxNode | undefined): number | undefined {
    const text = this.#slice(node);
    const from = node?.from ?? 0;
    if (secondsOf(text) === undefined)
      this.#newer(from, `${text} is not a duration that every Prometheus reads`, DURATION);
    const seconds = literalValue(text);
    if (seconds !== undefined && !(seconds > 0 && seconds < MAX_SECONDS))
      throw new Unreadable(from, `${text} is no length of time`, DURATION);
    return seconds;
  }

  #selector({ from, to }: SyntaxNode, children: readonly SyntaxNode[]): SelectorQuery {
    const name = children.find((child) => child.name === 'Identifier');
    const braces = children.find((child) => child.name === 'LabelMatchers');
    const matchers = braces ? meaningful(braces).map((child) => this.#matcher(child)) : [];
    const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
    return {
      kind: 'selector',
      from,
      to,
      metric: name ? this.#slice(name) : named?.value,
      matchers,
      braces: braces && { from: braces.from, to: braces.to },
    };
  }

  #matcher(node: SyntaxNode): QueryMatcher {
    const { from, to } = node;
    if (node.name !== 'UnquotedLabelMatcher') {
      this.#newer(
        from,
        `${this.#slice(node).slice(0, 40)}: names in quotes need Prometheus 3`,
        'write {__name__="…"}, and label names without quotes',
      );
    }
    const [label, operator, literal] = meaningful(node);
    // A name alone is that of the metric.
    if (!operator || !literal)
      return { from, to, label: '__name__', operator: '=', value: this.#string(node), literal: { from, to } };
    const name = label?.name === 'LabelName' ? this.#slice(label) : this.#string(label!);
    const sign = this.#slice(operator) as QueryMatcher['operator'];
    return {
      from,
      to,
      label: name,
      operator: sign,
      value: this.#string(literal),
      literal: { from: literal.from, to: literal.to },
    };
  }

  #call({ from, to }: SyntaxNode, children: readonly SyntaxNode[], depth: number): Query {
    const name = this.#slice(children[0]);
    const signature = FUNCTIONS[name];
    if (!signature || signature.experimental) {
      this.#newer(
        from,
        `the function ${name} is behind a feature flag, or newer than most Prometheus servers`,
        'use a function that every Prometheus has',
      );
    }
    return { kind: 'call', from, to, name, args: this.#args(children[1], depth) };
  }

  #aggregate({ from, to }: SyntaxNode, children: readonly SyntaxNode[], depth: number): AggregateQuery {
    const operator = this.#slice(children[0]).toLowerCase();
    const signature = AGGREGATIONS[operator];
    if (!signature || signature.experimental) {
      this.#newer(
        from,
        `the aggregation ${operator} is behind a feature flag`,
        'use one that every Prometheus has, such as topk',
      );
    }
    const modifier = children.find(({ name }) => name === 'AggregateModifier');
    const [word, labels] = modifier ? meaningful(modifier) : [];
    return {
      kind: 'aggregate',
      from,
      to,
      operator,
      grouping: word && { by: word.name === 'By', labels: this.#labels(labels) },
      args: this.#args(
        children.find(({ name }) => name === 'FunctionCallBody'),
        depth,
      ),
    };
  }

  #labels(node: SyntaxNode | undefined): string[] {
    if (node?.name !== 'GroupingLabels') return [];
    return meaningful(node).map((label) => {
      if (label.name === 'LabelName') return this.#slice(label);
      this.#newer(label.from, 'names in quotes need Prometheus 3', 'write label names without quotes');
      return this.#string(label);
    });
  }

  #binary({ from, to }: SyntaxNode, children: readonly SyntaxNode[], depth: number): BinaryQuery {
    const [left, sign, ...rest] = children;
    const operator = this.#slice(sign).toLowerCase();
    if (operator === '</' || operator === '>/')
      this.#newer(sign?.from ?? from, `${operator} is not understood by every Prometheus`);
    let bool = false;
    let fill = false;
    let matching: VectorMatching | undefined;
    for (const modifier of rest.slice(0, -1)) {
      if (modifier.name === 'BoolModifier') bool = true;
      else if (modifier.name === 'MatchingModifierClause') matching = this.#matching(modifier);
      else {
        fill = true;
        this.#newer(modifier.from, `${this.#quoted(modifier)} is not understood by every Prometheus`);
      }
    }
    return this.#operation(this.query(left!, depth + 1), {
      to,
      operator,
      bool,
      matching,
      fill,
      right: this.query(rest.at(-1)!, depth + 1),
    });
  }

  /** Behind an operand with a modifier, the grammar has forgotten the operators before, which may bind less. */
  #operation(left: Query, rest: Omit<BinaryQuery, 'kind' | 'from' | 'left'>): BinaryQuery {
    const { operator, to } = rest;
    if (
      left.kind === 'binary' &&
      !this.#closed.has(left) &&
      (binding(left.operator) < binding(operator) || operator === '^')
    ) {
      return { ...left, to, right: this.#operation(left.right, rest) };
    }
    return { kind: 'binary', from: left.from, ...rest, left };
  }

  #matching(node: SyntaxNode): VectorMatching {
    const [word, labels, group, include] = meaningful(node);
    const many = group && (group.name === 'GroupLeft' ? 'left' : 'right');
    return { on: word?.name === 'On', labels: this.#labels(labels), many, include: this.#labels(include) };
  }
}

/** How tightly operators bind, loosest first. */
const BINDING = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '>', '<', '>=', '<=', '</', '>/'],
  ['+', '-'],
  ['*', '/', '%', 'atan2'],
  ['^'],
];

function binding(operator: string): number {
  return BINDING.findIndex((operators) => operators.includes(operator));
}

const DURATION = 'write numbers with units, as 5m or 1h30m';

/** Go counts durations in nanoseconds. */
const MAX_SECONDS = 2 ** 63 / 1e9;

/**
 * Seconds of a duration as Prometheus 2 writes it; `undefined` when it is none, or has no length.
 *
 * @example secondsOf('1h30m') // 5400
 */
export function secondsOf(text: string): number | undefined {
  const seconds = durationOf(text);
  return seconds === 0 ? undefined : seconds;
}
