import { createRequire } from 'node:module';
import type { SyntaxNode } from '@lezer/common';
import type * as Lezer from '@prometheus-io/lezer-promql';
import { didYouMean } from '../core/names.ts';
import { FUNCTIONS } from './functions.ts';

/**
 * Reads PromQL that somebody else wrote, without a Prometheus: the grammar is Prometheus' own
 * (`@prometheus-io/lezer-promql`), what it means is looked at in `analyze.ts`.
 *
 * What only newer versions or feature flags understand (arithmetic in durations, names in quotes, `fill`, …) is no part of
 * it: an expression that is accepted here is one for every Prometheus from 2.42 on.
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
  | (Span & { readonly kind: 'range'; readonly of: Query; readonly seconds: number })
  | (Span & { readonly kind: 'subquery'; readonly of: Query; readonly seconds: number })
  | (Span & { readonly kind: 'negative'; readonly of: Query })
  | (Span & { readonly kind: 'call'; readonly name: string; readonly args: readonly Query[] })
  | AggregateQuery
  | BinaryQuery;

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
export type ParsedPromql = { readonly query: Query; readonly problem?: undefined } | { readonly query?: undefined; readonly problem: PromqlProblem };

/** Longer than what anybody reads; what is longer was not written by hand. */
const MAX_LENGTH = 16_384;

/** Nested deeper than any expression that means something. */
const MAX_DEPTH = 100;

/**
 * Parses an expression.
 *
 * @example parsePromql('rate(x[5m]').problem // { from: 10, message: 'the expression ends too early', … }
 */
export function parsePromql(text: string): ParsedPromql {
  if (text.length > MAX_LENGTH) return refused(MAX_LENGTH, `the expression has ${text.length} characters`, 'record parts of it under names of their own');
  if (/^(?:\s|#.*)*$/.test(text)) return refused(0, 'the expression is empty', 'write what is to be evaluated');
  const root = grammar().parse(text).topNode;
  const problem = problemOf(text, root);
  if (problem) return { problem };
  try {
    return { query: new Reader(text).query(meaningful(root)[0]!, 0) };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.problem };
    throw error;
  }
}

/**
 * What no Prometheus would read; `undefined` for what the newest one does.
 *
 * @example syntaxProblem('rate(x[5m]')?.message // 'the expression ends too early'
 */
export function syntaxProblem(text: string): PromqlProblem | undefined {
  return problemOf(text, grammar().parse(text).topNode);
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

/** Ends the reading of a tree at the first thing that is not supported. */
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

function problemOf(text: string, root: SyntaxNode): PromqlProblem | undefined {
  return badLiteral(text, root) ?? misplaced(text, root);
}

function misplaced(text: string, root: SyntaxNode): PromqlProblem | undefined {
  let from: number | undefined;
  root.cursor().iterate((node) => {
    if (node.type.isError) from ??= node.from;
  });
  if (from === undefined) return undefined;
  const rest = text.slice(from).replace(/^(?:\s|#.*)+/, '');
  if (rest === '') return { from: text.trimEnd().length, message: 'the expression ends too early', fix: 'complete it: a value, or a closing bracket, is missing' };
  const at = text.length - rest.length;
  const name = rest.startsWith('(') ? /([a-zA-Z_]\w*)\s*$/.exec(text.slice(0, at))?.[1] : undefined;
  if (name !== undefined && !Object.hasOwn(FUNCTIONS, name)) {
    const near = didYouMean(name, Object.keys(FUNCTIONS));
    const fix = near === undefined ? 'write a function of PromQL: prometheus.io/docs/prometheus/latest/querying/functions' : `did you mean ${near}?`;
    return { from: text.lastIndexOf(name, at), message: `there is no function ${JSON.stringify(name)}`, fix };
  }
  const found = /^(?:\w+|[^\w\s]{1,2})/u.exec(rest)?.[0] ?? rest.charAt(0);
  return { from: at, message: `${JSON.stringify(found)} is not expected here`, fix: 'look for an operator, a comma or a bracket that is missing before it' };
}

/** Children without comments. */
function meaningful(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name !== 'LineComment') children.push(child);
  return children;
}

const NEWER = 'write it in the PromQL of Prometheus 2, which every version reads';

class Reader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** One expression; each kind of node has its own reading. */
  query(node: SyntaxNode, depth: number): Query {
    if (depth > MAX_DEPTH) throw new Unreadable(node.from, `the expression is nested more than ${MAX_DEPTH} deep`, 'record parts of it under names of their own');
    const { from, to } = node;
    const children = meaningful(node);
    const inner = (index: number): Query => this.query(children[index]!, depth + 1);
    switch (node.name) {
      case 'ParenExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
        return inner(0);
      case 'NumberDurationLiteral':
        return { kind: 'number', from, to, value: this.#number(node) };
      case 'StringLiteral':
        return { kind: 'string', from, to, value: this.#string(node) };
      case 'UnaryExpr':
        return { kind: 'negative', from, to, of: inner(1) };
      case 'VectorSelector':
        return this.#selector(node, children);
      case 'MatrixSelector':
        return { kind: 'range', from, to, of: inner(0), seconds: this.#seconds(children[1]) };
      case 'SubqueryExpr':
        return { kind: 'subquery', from, to, of: inner(0), seconds: this.#seconds(children[1]) };
      case 'FunctionCall':
        return { kind: 'call', from, to, name: this.#slice(children[0]), args: this.#args(children[1], depth) };
      case 'AggregateExpr':
        return this.#aggregate(node, children, depth);
      case 'BinaryExpr':
        return this.#binary(node, children, depth);
      default:
        throw new Unreadable(from, `${JSON.stringify(this.#slice(node).slice(0, 40))} is not understood by every Prometheus`, NEWER);
    }
  }

  #slice(node: SyntaxNode | undefined): string {
    return node ? this.#text.slice(node.from, node.to) : '';
  }

  #args(body: SyntaxNode | undefined, depth: number): Query[] {
    return body ? meaningful(body).map((arg) => this.query(arg, depth + 1)) : [];
  }

  #number(node: SyntaxNode): number {
    const text = this.#slice(node).toLowerCase().replace(/\s/g, '');
    if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    if (/^[+-]?nan$/.test(text)) return NaN;
    const value = Number(text);
    if (Number.isNaN(value)) throw new Unreadable(node.from, `${text} is not a number that every Prometheus reads`, 'write seconds, as a plain number');
    return value;
  }

  #string(node: SyntaxNode): string {
    // What cannot be unquoted was refused before.
    return unquote(this.#slice(node)) as string;
  }

  #seconds(node: SyntaxNode | undefined): number {
    const seconds = secondsOf(this.#slice(node));
    if (seconds === undefined) throw new Unreadable(node?.from ?? 0, `${this.#slice(node)} is not a duration that every Prometheus reads`, 'write numbers with units, as 5m or 1h30m');
    return seconds;
  }

  #selector({ from, to }: SyntaxNode, children: readonly SyntaxNode[]): SelectorQuery {
    const name = children.find((child) => child.name === 'Identifier');
    const braces = children.find((child) => child.name === 'LabelMatchers');
    const matchers = braces ? meaningful(braces).map((child) => this.#matcher(child)) : [];
    const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
    return { kind: 'selector', from, to, metric: name ? this.#slice(name) : named?.value, matchers, braces: braces && { from: braces.from, to: braces.to } };
  }

  #matcher(node: SyntaxNode): QueryMatcher {
    const [label, operator, literal] = meaningful(node);
    if (node.name !== 'UnquotedLabelMatcher' || !literal) {
      throw new Unreadable(node.from, `${this.#slice(node).slice(0, 40)}: names in quotes need Prometheus 3`, 'write {__name__="…"}, and label names without quotes');
    }
    const { from, to } = literal;
    const value = this.#string(literal);
    return { from: node.from, to: node.to, label: this.#slice(label), operator: this.#slice(operator) as QueryMatcher['operator'], value, literal: { from, to } };
  }

  #aggregate({ from, to }: SyntaxNode, children: readonly SyntaxNode[], depth: number): AggregateQuery {
    const modifier = children.find(({ name }) => name === 'AggregateModifier');
    const [word, labels] = modifier ? meaningful(modifier) : [];
    return {
      kind: 'aggregate',
      from,
      to,
      operator: this.#slice(children[0]).toLowerCase(),
      grouping: word && { by: word.name === 'By', labels: this.#labels(labels) },
      args: this.#args(children.find(({ name }) => name === 'FunctionCallBody'), depth),
    };
  }

  #labels(node: SyntaxNode | undefined): string[] {
    if (node?.name !== 'GroupingLabels') return [];
    return meaningful(node).map((label) => {
      if (label.name === 'LabelName') return this.#slice(label);
      throw new Unreadable(label.from, 'names in quotes need Prometheus 3', 'write label names without quotes');
    });
  }

  #binary({ from, to }: SyntaxNode, children: readonly SyntaxNode[], depth: number): BinaryQuery {
    const [left, operator, ...rest] = children;
    const right = rest.at(-1)!;
    let bool = false;
    let matching: VectorMatching | undefined;
    for (const modifier of rest.slice(0, -1)) {
      if (modifier.name === 'BoolModifier') bool = true;
      else if (modifier.name === 'MatchingModifierClause') matching = this.#matching(modifier);
      else throw new Unreadable(modifier.from, `${JSON.stringify(this.#slice(modifier))} is not understood by every Prometheus`, NEWER);
    }
    const sign = this.#slice(operator).toLowerCase();
    if (sign === '</' || sign === '>/') throw new Unreadable(operator?.from ?? from, `${sign} is not understood by every Prometheus`, NEWER);
    return { kind: 'binary', from, to, operator: sign, bool, matching, left: this.query(left!, depth + 1), right: this.query(right, depth + 1) };
  }

  #matching(node: SyntaxNode): VectorMatching {
    const [word, labels, group, include] = meaningful(node);
    const many = group && (group.name === 'GroupLeft' ? 'left' : 'right');
    return { on: word?.name === 'On', labels: this.#labels(labels), many, include: this.#labels(include) };
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };

/** Seconds of a duration as Prometheus 2 writes it; `undefined` when it is none, or none at all. */
export function secondsOf(text: string): number | undefined {
  if (!/^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/.test(text)) return undefined;
  const seconds = [...text.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
  return seconds > 0 ? seconds : undefined;
}

interface BadString {
  readonly at: number;
  readonly message: string;
  readonly fix: string;
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };

/** The text of a string literal, whose escapes are Go's; or where it goes wrong. */
function unquote(literal: string): string | BadString {
  const quote = literal.charAt(0);
  if (literal.length < 2 || !literal.endsWith(quote)) return { at: 0, message: 'a string has no end', fix: `close it with ${quote}` };
  const inner = literal.slice(1, -1);
  if (quote === '`') return inner;
  let text = '';
  for (let index = 0; index < inner.length; index++) {
    if (inner[index] !== '\\') {
      text += inner[index];
      continue;
    }
    const escape = escapeAt(inner, index, quote);
    if (!escape) return { at: index + 1, message: `${inner.slice(index, index + 2)} is no escape that PromQL knows`, fix: 'double the backslash, also in regular expressions: "\\\\."' };
    text += escape.text;
    index += escape.length - 1;
  }
  // An escaped quote at the end leaves none to close with.
  return closes(inner) ? text : { at: 0, message: 'a string has no end', fix: `close it with ${quote}` };
}

function escapeAt(inner: string, index: number, quote: string): { text: string; length: number } | undefined {
  const next = inner.charAt(index + 1);
  const simple = next === quote ? quote : ESCAPES[next];
  if (simple !== undefined) return { text: simple, length: 2 };
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(inner.slice(index + 1));
  if (!code) return undefined;
  const [all, byte, short, long, octal] = code;
  const value = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  const isCharacter = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return isCharacter ? { text: String.fromCodePoint(value), length: all.length + 1 } : undefined;
}

/** Whether the quote behind a text is not escaped by it. */
function closes(inner: string): boolean {
  return (/\\*$/.exec(inner)?.[0].length ?? 0) % 2 === 0;
}
