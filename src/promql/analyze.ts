import { AGGREGATIONS, FUNCTIONS, type PromqlType } from './functions.ts';
import type { AggregateQuery, BinaryQuery, PromqlProblem, Query, QueryMatcher, SelectorQuery } from './parse.ts';
import { matchesNothing, regexFlaw } from './regex.ts';

/**
 * What a parsed expression means, as far as its text tells: its type, the labels that a result can have, what it reads.
 */
export interface Analysis {
  readonly type: PromqlType;
  readonly labels: ResultLabels;
  /** Every selector, in the order of the text, and what is done with it. */
  readonly reads: readonly Read[];
  /** Names of all functions that are called. */
  readonly functions: readonly string[];
  readonly problems: readonly PromqlProblem[];
}

/** One selector in its place. */
export interface Read {
  readonly selector: SelectorQuery;
  /** The function that is called on it itself: `rate`. */
  readonly function: string | undefined;
  /** Length of the range, where it has one. */
  readonly seconds: number | undefined;
}

/** Labels that a result can have: these only, or any but these. */
export type ResultLabels = { readonly only: ReadonlySet<string> } | { readonly except: ReadonlySet<string> };

/** Whether a result can have a label. */
export function canHave(labels: ResultLabels, label: string): boolean {
  return 'only' in labels ? labels.only.has(label) : !labels.except.has(label);
}

/**
 * Looks at an expression as a whole: types and numbers of arguments, regular expressions, labels. Its problems are those for
 * which Prometheus refuses an expression that it can parse.
 *
 * @example const { query } = parsePromql('sum by (a) (up)'); canHave(analyze(query!).labels, 'b') // false
 */
export function analyze(query: Query): Analysis {
  const analyst = new Analyst();
  const { type, labels } = analyst.visit(query, undefined);
  const { reads, functions, problems } = analyst;
  return { type, labels, reads, functions: [...functions], problems };
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<=']);
const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

/**
 * Whether an expression has a result only sometimes: it compares, or asks for what is absent. An alert on one that does
 * not would fire as long as there are series.
 */
export function isCondition(query: Query): boolean {
  switch (query.kind) {
    case 'call':
      // `scalar` has a value at all times, if only NaN.
      return query.name.startsWith('absent') || (query.name !== 'scalar' && query.args.some(isCondition));
    case 'aggregate':
      return query.args.some(isCondition);
    case 'binary': {
      const { operator, bool, left, right } = query;
      if (COMPARISONS.has(operator)) return !bool;
      // Of `or`, each side fires by itself.
      if (operator === 'or') return isCondition(left) && isCondition(right);
      return isCondition(left) || isCondition(right);
    }
    case 'negative':
    case 'subquery':
      return isCondition(query.of);
    default:
      return false;
  }
}

/** Aggregations that give back some of the series themselves. */
const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

interface Result {
  readonly type: PromqlType;
  readonly labels: ResultLabels;
}

const NO_LABELS: ResultLabels = { only: new Set() };
const ANY_LABELS: ResultLabels = { except: new Set(['__name__']) };

const TYPE_WORDS: Readonly<Record<PromqlType, string>> = {
  scalar: 'a number',
  vector: 'series',
  range: 'series over a range',
  string: 'a text',
};

const TYPE_FIXES: Readonly<Record<PromqlType, string>> = {
  scalar: 'write a number',
  vector: 'write a selector or an expression, without a range',
  range: 'add a range: metric{…}[5m]',
  string: 'write a text in quotes',
};

class Analyst {
  readonly reads: Read[] = [];
  readonly functions = new Set<string>();
  readonly problems: PromqlProblem[] = [];
  /** Selectors that say of which labels, not of which series. */
  readonly #ofLabels = new Set<Query>();

  /** @param caller function that has this very expression as an argument. */
  visit(query: Query, caller: string | undefined): Result {
    switch (query.kind) {
      case 'number':
        return { type: 'scalar', labels: NO_LABELS };
      case 'string':
        return { type: 'string', labels: NO_LABELS };
      case 'selector':
        return this.#selector(query, caller, undefined);
      case 'range':
        return { ...this.#selector(query.of, caller, query.seconds), type: 'range' };
      case 'subquery':
        return { ...this.#expect(query.of, 'vector', undefined), type: 'range' };
      case 'negative':
        return this.#operand(query.of);
      case 'call':
        return this.#call(query);
      case 'aggregate':
        return this.#aggregate(query);
      case 'binary':
        return this.#binary(query);
    }
  }

  #problem({ from }: { readonly from: number }, message: string, fix: string): void {
    this.problems.push({ from, message, fix });
  }

  #selector(selector: SelectorQuery, caller: string | undefined, seconds: number | undefined): Result {
    this.reads.push({ selector, function: caller, seconds });
    const { matchers } = selector;
    matchers.forEach((matcher) => this.#matcher(matcher));
    const named = matchers.find(({ label }) => label === '__name__');
    if (isNamed(selector)) {
      if (named) this.#problem(named, 'the metric is named twice', 'remove one of the names');
    } else if (
      !this.#ofLabels.has(selector) &&
      matchers.every(({ operator, value }) => matchesAbsent(operator, value))
    ) {
      this.#problem(
        selector,
        'the selector reads every series that there is',
        'name a metric, or add a condition that an empty text does not meet',
      );
    }
    return { type: 'vector', labels: ANY_LABELS };
  }

  #matcher({ operator, value, literal }: QueryMatcher): void {
    if (operator !== '=~' && operator !== '!~') return;
    const flaw = regexFlaw(value);
    if (flaw !== undefined)
      this.#problem(
        literal,
        `the regular expression ${flaw}`,
        'write one that RE2 knows: github.com/google/re2/wiki/Syntax',
      );
  }

  /** Visits an expression that must have a type. */
  #expect(query: Query, type: PromqlType, caller: string | undefined): Result {
    const result = this.visit(query, caller);
    if (result.type !== type) {
      const who = caller === undefined ? '' : `${caller} takes ${TYPE_WORDS[type]} here, but `;
      this.#problem(
        query,
        `${who}this is ${TYPE_WORDS[result.type]}${who === '' ? `, not ${TYPE_WORDS[type]}` : ''}`,
        TYPE_FIXES[type],
      );
    }
    return { ...result, type };
  }

  /** Visits an operand: a number or series. */
  #operand(query: Query): Result {
    const result = this.visit(query, undefined);
    if (result.type === 'scalar' || result.type === 'vector') return result;
    const fix = result.type === 'range' ? 'apply a function to the range: rate(…[5m])' : 'write a number, or series';
    this.#problem(query, `an operator takes numbers and series, but this is ${TYPE_WORDS[result.type]}`, fix);
    return { ...result, type: 'vector' };
  }

  #call({ from, name, args }: Query & { kind: 'call' }): Result {
    this.functions.add(name);
    const signature = FUNCTIONS[name];
    // One that is newer than what we know is left to Prometheus.
    if (!signature) return { type: 'vector', labels: ANY_LABELS };
    const { takes, optional = 0, more = 0, gives } = signature;
    const [least, most] = [takes.length - optional, takes.length + more];
    if (args.length < least || args.length > most) {
      const wanted = most === Infinity ? `at least ${least}` : least < most ? `${least} to ${most}` : String(most);
      this.#problem(
        { from },
        `${name} takes ${wanted} ${most === 1 ? 'argument' : 'arguments'}, not ${args.length}`,
        `write ${name}(${takes.map((type) => TYPE_WORDS[type]).join(', ')})`,
      );
    }
    const [, filter] = args;
    if (name === 'info' && filter) {
      if (filter.kind !== 'selector' || isNamed(filter))
        this.#problem(
          filter,
          'info takes the labels to add here, as conditions',
          'write them in braces: {k8s_cluster_name=~".+"}',
        );
      this.#ofLabels.add(filter);
    }
    const results = args.map((arg, index) =>
      this.#expect(arg, takes[Math.min(index, takes.length - 1)] ?? 'vector', name),
    );
    const series = results[takes.findIndex((type) => type === 'vector' || type === 'range')];
    return {
      type: gives,
      labels: gives === 'scalar' ? NO_LABELS : labelsOfCall(name, args, series?.labels ?? NO_LABELS),
    };
  }

  #aggregate({ from, operator, grouping, args }: AggregateQuery): Result {
    const { parameter } = AGGREGATIONS[operator] ?? {};
    const wanted = parameter === undefined ? 1 : 2;
    if (args.length !== wanted) {
      this.#problem(
        { from },
        `${operator} takes ${wanted === 1 ? 'one expression' : 'a parameter and an expression'}, not ${args.length}`,
        `write ${operator}(${parameter === undefined ? '' : `${TYPE_WORDS[parameter]}, `}series)`,
      );
    }
    if (parameter !== undefined && args.length > 1 && args[0]) this.#expect(args[0], parameter, operator);
    const body = args.at(-1);
    const inner = body ? this.#expect(body, 'vector', operator).labels : NO_LABELS;
    if (CHOOSING.has(operator)) return { type: 'vector', labels: inner };
    const kept: ResultLabels = !grouping
      ? NO_LABELS
      : grouping.by
        ? { only: intersection(grouping.labels, inner) }
        : without(inner, grouping.labels);
    const named = operator === 'count_values' && args[0]?.kind === 'string' ? withLabels(kept, [args[0].value]) : kept;
    return { type: 'vector', labels: named };
  }

  #binary(query: BinaryQuery): Result {
    const { operator, bool, matching, fill } = query;
    const left = this.#operand(query.left);
    const right = this.#operand(query.right);
    const between = left.type === 'vector' && right.type === 'vector';
    const compares = COMPARISONS.has(operator);
    if (bool && !compares)
      this.#problem(query, `bool makes sense behind a comparison, not behind ${operator}`, 'remove bool');
    const doubled = matching?.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
    if (doubled !== undefined)
      this.#problem(
        query,
        `${doubled} is matched and taken over at once`,
        `remove it from group_${matching?.many ?? ''} (…)`,
      );
    if (fill && (!between || SET_OPERATORS.has(operator)))
      this.#problem(
        query,
        'fill gives values where series of two sides are matched, which they are not here',
        'remove fill',
      );
    if (matching && matching.labels.length > 0 && !between)
      this.#problem(
        query,
        `${matching.on ? 'on' : 'ignoring'} matches series, but one side is a number`,
        `remove ${matching.on ? 'on' : 'ignoring'} (…)`,
      );
    if (SET_OPERATORS.has(operator)) {
      if (!between)
        this.#problem(query, `${operator} combines series, but one side is a number`, 'wrap the number: vector(…)');
      if (matching?.many)
        this.#problem(
          query,
          `${operator} has no group_${matching.many}: it never combines values`,
          `remove group_${matching.many}`,
        );
      return { type: 'vector', labels: operator === 'or' ? union(left.labels, right.labels) : left.labels };
    }
    if (!between) {
      const type = left.type === 'scalar' && right.type === 'scalar' ? 'scalar' : 'vector';
      if (compares && type === 'scalar' && !bool)
        this.#problem(
          query,
          'two numbers are compared, which is decided when the rule is written',
          'compare series with a number',
        );
      return { type, labels: left.type === 'vector' ? left.labels : right.labels };
    }
    return { type: 'vector', labels: matchedLabels(matching, left.labels, right.labels) };
  }
}

/** Whether a metric stands in front of the braces. */
function isNamed({ from, braces }: SelectorQuery): boolean {
  return braces?.from !== from;
}

/** Whether a condition is met by series that do not have the label. */
function matchesAbsent(operator: QueryMatcher['operator'], value: string): boolean {
  const isMet = operator === '=~' || operator === '!~' ? matchesNothing(value) : value === '';
  return operator.startsWith('!') ? !isMet : isMet;
}

/** Labels of two matched vectors (promql/engine.go resultMetric of Prometheus). */
function matchedLabels(matching: BinaryQuery['matching'], left: ResultLabels, right: ResultLabels): ResultLabels {
  if (!matching) return left;
  if (matching.many) return withLabels(matching.many === 'left' ? left : right, matching.include);
  return matching.on ? { only: intersection(matching.labels, left) } : without(left, matching.labels);
}

function labelsOfCall(name: string, args: readonly Query[], series: ResultLabels): ResultLabels {
  if (name === 'absent' || name === 'absent_over_time') return { only: new Set(equalLabels(args[0])) };
  if (name === 'histogram_quantile' || name === 'histogram_fraction') return without(series, ['le']);
  const target = args[1];
  if ((name === 'label_replace' || name === 'label_join') && target?.kind === 'string')
    return withLabels(series, [target.value]);
  return series;
}

/** Labels that have one value in a selector: `absent` gives them back. */
function equalLabels(query: Query | undefined): string[] {
  const selector = query?.kind === 'range' || query?.kind === 'subquery' ? query.of : query;
  if (selector?.kind !== 'selector') return [];
  return selector.matchers
    .filter(({ label, operator }) => operator === '=' && label !== '__name__')
    .map(({ label }) => label);
}

function intersection(labels: readonly string[], of: ResultLabels): ReadonlySet<string> {
  return new Set(labels.filter((label) => canHave(of, label)));
}

function without(labels: ResultLabels, removed: readonly string[]): ResultLabels {
  return 'only' in labels
    ? { only: new Set([...labels.only].filter((label) => !removed.includes(label))) }
    : { except: new Set([...labels.except, ...removed]) };
}

function withLabels(labels: ResultLabels, added: readonly string[]): ResultLabels {
  return 'only' in labels
    ? { only: new Set([...labels.only, ...added]) }
    : { except: new Set([...labels.except].filter((label) => !added.includes(label))) };
}

function union(a: ResultLabels, b: ResultLabels): ResultLabels {
  if ('only' in a) return 'only' in b ? { only: new Set([...a.only, ...b.only]) } : union(b, a);
  return { except: new Set([...a.except].filter((label) => !canHave(b, label))) };
}
