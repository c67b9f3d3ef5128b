import { remember } from '../core/remember.ts';
import type { Expr } from './expr.ts';

/**
 * Selectors whose label values and patterns cannot inject: values are quoted here and nowhere else, and a pattern is
 * made of our own regular expression and quoted text (`pattern`), never of text that somebody handed in.
 */

/** A regular expression (RE2) with everything foreign in it quoted. Make it with `pattern` or `exactly`. */
export interface Pattern {
  readonly source: string;
  /** The only text that it matches, when there is just one. */
  readonly only: string | undefined;
}

/** One condition on a label. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** An instant vector selector; the only thing that has a range. */
export interface Selector extends Expr {
  readonly selector: true;
}

/**
 * A regular expression from a template: the literal parts are RE2, interpolated text stands for itself.
 *
 * @example pattern`${'fraud.detector'}(-[0-9]+)?` // fraud\.detector(-[0-9]+)?
 */
export function pattern(literals: TemplateStringsArray, ...values: readonly string[]): Pattern {
  const source = literals.raw
    .map((literal, index) => literal + (index < values.length ? quoteRegex(values[index]!) : ''))
    .join('');
  return { source, only: undefined };
}

/** A pattern that matches one text only. */
export function exactly(text: string): Pattern {
  return { source: quoteRegex(text), only: text };
}

/** The label has this value. */
export function equal(label: string, value: string): Matcher {
  return { label: labelName(label), operator: '=', value };
}

/** The whole value of the label matches one of the patterns. */
export function matches(label: string, ...patterns: readonly Pattern[]): Matcher {
  const [first] = patterns;
  const sources = alternatives(patterns);
  // A pattern of plain text asks for equality; linters and the index of Prometheus like that better.
  if (sources.length === 1 && first?.only !== undefined) return equal(label, first.only);
  return { label: labelName(label), operator: '=~', value: sources.join('|') };
}

/** No pattern matches the whole value of the label. */
export function notMatches(label: string, ...patterns: readonly Pattern[]): Matcher {
  const { operator, value } = matches(label, ...patterns);
  return { label, operator: operator === '=' ? '!=' : '!~', value };
}

/** The label has one of these values. */
export function isOneOf(label: string, values: readonly string[]): Matcher {
  return matches(label, ...values.map(exactly));
}

/**
 * A selector of a metric. A name that is no classic metric name is written as a quoted `__name__`, so that it stays a
 * name whatever is in it.
 *
 * @example selector('up', [equal('job', 'a"b')]).text // up{job="a\"b"}
 */
export function selector(metric: string, matchers: readonly Matcher[]): Selector {
  return selectorsWith(matchers)(metric);
}

/** Selectors of many metrics with the same conditions, which are written once. */
export function selectorsWith(matchers: readonly Matcher[]): (metric: string) => Selector {
  const conditions = matchers.map(matcherText).join(',');
  const ofClassic = conditions === '' ? '' : `{${conditions}}`;
  return (metric) => {
    const text = isMetricName(metric)
      ? metric + ofClassic
      : `{${[`__name__=${quote(metric)}`, conditions].filter(Boolean).join(',')}}`;
    return { text, precedence: Infinity, broken: false, selector: true };
  };
}

/** One condition, as it stands between braces. */
export function matcherText({ label, operator, value }: Matcher): string {
  return `${label}${operator}${quote(value)}`;
}

/** A metric name that every version of Prometheus accepts. */
export const isMetricName = remember((text: string) => /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(text));

/** A label name that every version of Prometheus accepts, and that is not `__name__`. */
export const isLabelName = remember((text: string) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text) && text !== '__name__');

/**
 * A text as a PromQL string: double quotes, and Go's escapes for what must not stand there as it is (Prometheus 2 and
 * 3 read them alike). Half a surrogate pair is no text; it becomes U+FFFD, as in every Go program.
 *
 * @example quote('say "hi"\n') // '"say \\"hi\\"\\n"'
 */
export function quote(text: string): string {
  if (/^[\w .:/+-]*$/.test(text)) return `"${text}"`;
  const escaped = text.replace(/[\\"\x00-\x1f\x7f]|\p{Cs}/gu, (character) => {
    if (character === '\\' || character === '"') return `\\${character}`;
    if (character === '\n') return '\\n';
    if (character.charCodeAt(0) >= 0xd800) return '\ufffd';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

/** The characters that RE2's `QuoteMeta` escapes. */
const QUOTED_IN_REGEX = /[\\.+*?()|[\]{}^$]/;
const ALL_QUOTED_IN_REGEX = new RegExp(QUOTED_IN_REGEX, 'g');

/** A text as a regular expression that matches it. */
function quoteRegex(text: string): string {
  return QUOTED_IN_REGEX.test(text) ? text.replace(ALL_QUOTED_IN_REGEX, '\\$&') : text;
}

function alternatives(patterns: readonly Pattern[]): string[] {
  const [first, second] = patterns;
  if (first && !second) return [first.source];
  return [...new Set(patterns.map(({ source }) => source))].sort();
}

/** Label names come from our code only; another one is a programming error. */
export function labelName(text: string): string {
  if (!isLabelName(text)) throw new TypeError(`${JSON.stringify(text)} is not a label name`);
  return text;
}
