import { labelName, quote, type Selector } from './selector.ts';

/**
 * PromQL, built and not glued: an expression knows how tightly it binds, so parentheses come by themselves, and text
 * enters only through quoting. Precedence as in promql/parser of Prometheus 2 and 3.
 */
export interface Expr {
  readonly text: string;
  /** How tightly its outermost operator binds; `Infinity` for what needs no parentheses. */
  readonly precedence: number;
  /** Whether it is on several lines. */
  readonly broken: boolean;
}

/** A range: `5m`, `1h`, `3d`. */
export type Range = `${number}${'s' | 'm' | 'h' | 'd'}`;

/**
 * Seconds as a range, in the largest of hours, minutes and seconds without a rest.
 *
 * @example rangeOf(1800) // '30m'
 */
export function rangeOf(seconds: number): Range {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

const PRECEDENCE = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '>=': 3,
  '<': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
} as const;

type Operator = keyof typeof PRECEDENCE;

/** Lines longer than this are broken at the outermost operator. */
const LINE = 100;

/** Which labels two sides must have in common; without one, all of them. */
export interface Matching {
  readonly on: readonly string[];
  /** The left side may have several series for one on the right. */
  readonly groupLeft?: boolean;
}

/** A number. */
export function number(value: number): Expr {
  if (!Number.isFinite(value)) throw new TypeError(`${value} is not a finite number`);
  return atom(String(value));
}

/** Per-second increase of a counter, averaged over a range; over one that ended some time ago, when that is given. */
export function rate(counter: Selector, range: Range, ago?: Range): Expr {
  return atom(`rate(${counter.text}[${range}]${ago === undefined ? '' : ` offset ${ago}`})`);
}

/** Increase of a counter over a range; over one that ended some time ago, when that is given. */
export function increase(counter: Selector, range: Range, ago?: Range): Expr {
  return atom(`increase(${counter.text}[${range}]${ago === undefined ? '' : ` offset ${ago}`})`);
}

/** Sum of the samples in a range; in one that ended some time ago, when that is given. */
export function sumOverTime(series: Selector, range: Range, ago?: Range): Expr {
  return atom(`sum_over_time(${series.text}[${range}]${ago === undefined ? '' : ` offset ${ago}`})`);
}

/** Largest of the samples in a range. */
export function maxOverTime(series: Selector, range: Range): Expr {
  return atom(`max_over_time(${series.text}[${range}])`);
}

/** Smallest of the samples in a range. */
export function minOverTime(series: Selector, range: Range): Expr {
  return atom(`min_over_time(${series.text}[${range}])`);
}

/** Mean of the samples in a range. */
export function avgOverTime(series: Selector, range: Range): Expr {
  return atom(`avg_over_time(${series.text}[${range}])`);
}

/** Number of the samples in a range. */
export function countOverTime(series: Selector, range: Range): Expr {
  return atom(`count_over_time(${series.text}[${range}])`);
}

/** The series as they were some time ago. */
export function offset(series: Selector, range: Range): Expr {
  return atom(`${series.text} offset ${range}`);
}

/** Sum over all series, or one sum for each value of the labels. */
export function sum(series: Expr, by?: readonly string[]): Expr {
  return aggregation('sum', series, by);
}

/** Number of series, or one number for each value of the labels. */
export function count(series: Expr, by?: readonly string[]): Expr {
  return aggregation('count', series, by);
}

/** Smallest of all series, or the smallest for each value of the labels. */
export function minimum(series: Expr, by?: readonly string[]): Expr {
  return aggregation('min', series, by);
}

/** Largest of all series, or the largest for each value of the labels. */
export function maximum(series: Expr, by?: readonly string[]): Expr {
  return aggregation('max', series, by);
}

/** Mean of all series, or one mean for each value of the labels. */
export function average(series: Expr, by?: readonly string[]): Expr {
  return aggregation('avg', series, by);
}

/** One series with the value 1 for each value of the labels. */
export function group(series: Expr, by: readonly string[]): Expr {
  return aggregation('group', series, by);
}

/** The value below which a share of the observations lies, from the rates of a histogram's buckets. */
export function histogramQuantile(quantile: number, rates: Expr): Expr {
  return call('histogram_quantile', [number(quantile), rates]);
}

/** Number of observations in native histograms. */
export function histogramCount(histograms: Expr): Expr {
  return call('histogram_count', [histograms]);
}

/** Share of the observations in native histograms that are above one value and up to another; NaN where nothing was observed. */
export function histogramFraction(above: number, upTo: number, histograms: Expr): Expr {
  return call('histogram_fraction', [bound(above), bound(upTo), histograms]);
}

/** Seconds since 1970, at the time of the evaluation. */
export function time(): Expr {
  return call('time', []);
}

/** Square root. */
export function sqrt(series: Expr): Expr {
  return call('sqrt', [series]);
}

/** How far it is from 0. */
export function abs(series: Expr): Expr {
  return call('abs', [series]);
}

/** Natural logarithm. */
export function ln(series: Expr): Expr {
  return call('ln', [series]);
}

/** Raises what is below a minimum to it. */
export function clampMin(series: Expr, minimum: number | Expr): Expr {
  return call('clamp_min', [series, typeof minimum === 'number' ? number(minimum) : minimum]);
}

/** The value of the only series; NaN when there is another number of them. */
export function scalar(series: Expr): Expr {
  return call('scalar', [series]);
}

/** A vector of one element without labels. */
export function vector(value: number): Expr {
  return call('vector', [number(value)]);
}

/** The series with one more label. */
export function withLabel(series: Expr, label: string, value: string): Expr {
  // The value is a replacement template, in which `$` starts a group.
  const texts = [labelName(label), value.replaceAll('$', '$$$$'), '', ''].map((text) => atom(quote(text)));
  return call('label_replace', [series, ...texts]);
}

/** The series with the value of one of their labels under another name too. */
export function withLabelFrom(series: Expr, label: string, source: string): Expr {
  const texts = [labelName(label), '$1', labelName(source), '(.+)'].map((text) => atom(quote(text)));
  return call('label_replace', [series, ...texts]);
}

/** `left + right` */
export function add(left: Expr, right: Expr, matching?: Matching): Expr {
  return binary('+', left, right, matching);
}

/** `left - right` */
export function subtract(left: Expr, right: Expr, matching?: Matching): Expr {
  return binary('-', left, right, matching);
}

/** `left * right` */
export function multiply(left: Expr, right: Expr, matching?: Matching): Expr {
  return binary('*', left, right, matching);
}

/** `left / right` */
export function divide(left: Expr, right: Expr, matching?: Matching): Expr {
  return binary('/', left, right, matching);
}

/** Share of events that are bad; no sample instead of NaN where nothing happened. */
export function ratio(bad: Expr, total: Expr, matching?: Matching): Expr {
  return divide(bad, compare(total, '>', number(0)), matching);
}

/** The elements on the left that compare like this. */
export function compare(
  left: Expr,
  operator: '==' | '!=' | '>' | '>=' | '<' | '<=',
  right: Expr,
  matching?: Matching,
): Expr {
  return binary(operator, left, right, matching);
}

/** The elements of the first expression for which all others have one too. */
export function and(...operands: readonly Expr[]): Expr {
  return chain('and', operands);
}

/** The elements on the left for which there is one on the right. */
export function where(left: Expr, right: Expr, matching: Matching): Expr {
  return binary('and', left, right, matching);
}

/** The elements of every expression, of the earlier ones first. */
export function or(...operands: readonly Expr[]): Expr {
  return chain('or', operands);
}

/** The elements on the left for which there is none on the right. */
export function unless(left: Expr, right: Expr, matching?: Matching): Expr {
  return binary('unless', left, right, matching);
}

/** A number, or an infinite one. */
function bound(value: number): Expr {
  return Number.isFinite(value) ? number(value) : atom(value > 0 ? '+Inf' : '-Inf');
}

function atom(text: string, broken = false): Expr {
  return { text, precedence: Infinity, broken };
}

function aggregation(operator: string, series: Expr, by: readonly string[] | undefined): Expr {
  return call(by ? `${operator} by (${by.map(labelName).join(', ')}) ` : operator, [series]);
}

function call(name: string, args: readonly Expr[]): Expr {
  const texts = args.map(({ text }) => text);
  if (!args.some(({ broken }) => broken)) return atom(`${name}(${texts.join(', ')})`);
  const [first = '', ...others] = texts;
  const rest = others.join(', ');
  return atom(`${name}(\n${indent(rest === '' ? first : `${first},\n${rest}`)}\n)`, true);
}

function binary(operator: Operator, left: Expr, right: Expr, matching?: Matching): Expr {
  const precedence = PRECEDENCE[operator];
  const group = matching?.groupLeft ? ' group_left ()' : '';
  const word = matching ? `${operator} on (${matching.on.map(labelName).join(', ')})${group}` : operator;
  // All operators here associate to the left.
  const a = left.precedence < precedence ? inParentheses(left) : left;
  const b = right.precedence <= precedence ? inParentheses(right) : right;
  const broken = a.broken || b.broken;
  const short = !broken && a.text.length + word.length + b.text.length + 2 <= LINE;
  if (short || isTiny(a) || isTiny(b)) return { text: `${a.text} ${word} ${b.text}`, precedence, broken };
  return { text: `${a.text}\n${word}\n${b.text}`, precedence, broken: true };
}

/** A chain of one operator, from the left. */
function chain(operator: 'and' | 'or', operands: readonly Expr[]): Expr {
  const precedence = PRECEDENCE[operator];
  const parts = operands.map((operand, index) => {
    const loose = index === 0 ? operand.precedence < precedence : operand.precedence <= precedence;
    return loose ? inParentheses(operand) : operand;
  });
  const texts = parts.map(({ text }) => text);
  if (!parts.some(({ broken }) => broken)) {
    const line = texts.join(` ${operator} `);
    if (line.length <= LINE) return { text: line, precedence, broken: false };
  }
  return {
    text: texts.join(`\n${operator}\n`),
    precedence,
    broken: parts.length > 1 || parts.some(({ broken }) => broken),
  };
}

function inParentheses({ text, broken }: Expr): Expr {
  return atom(broken ? `(\n${indent(text)}\n)` : `(${text})`, broken);
}

/** A number or the like: not worth a line of its own. */
function isTiny({ text, broken }: Expr): boolean {
  return text.length <= 12 && !broken;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
