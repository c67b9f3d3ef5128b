import type { Rule } from '../core/finding.ts';
import { analyze } from '../promql/analyze.ts';
import { parseNewestPromql, placeOf, type PromqlProblem, type Query } from '../promql/parse.ts';
import type { Target } from '../render/target.ts';
import { PLACEHOLDER, type Placeholder } from '../service/gate.ts';
import type { Report } from './report.ts';

/** What a gate asks of a query beside being PromQL, of which the rules of `promql.ts` speak. */
export const GATE_QUERY_RULES: readonly Rule[] = [
  {
    id: 'gate/query',
    severity: 'warning',
    summary: 'The query of a gate gives its value whatever that is, and leaves comparing to the limit of the gate.',
    source:
      'prometheus 3.4 promql/engine.go: a comparison leaves out what does not meet it; ours: without a value a gate is inconclusive for ever',
  },
];

/**
 * Checks the query of a gate: whether the newest Prometheus can read it, and whether its value can be compared with a limit. Its
 * placeholders have the values of the target first, and of the releases those that the longest names have the form of.
 *
 * @param field where the query stands.
 * @example checkGateQuery(add, 'canary.gates[0].prometheus.query', 'rate(x[{{window}}]', target) // adds promql/syntax
 */
export function checkGateQuery(add: Report['add'], field: string, query: string, target: Target): void {
  const values = valuesOf(target);
  const say = (id: string, { from, message, fix }: PromqlProblem): void =>
    add(id, field, `${placeOf(query, from)}: ${message}`, fix);
  const unquoted = unquotedNames(query, values);
  unquoted.forEach((each) => say('promql/syntax', each));
  if (unquoted.length > 0) return;
  const { text, originOf } = filledIn(query, values);
  const { query: parsed, problem } = parseNewestPromql(text);
  if (!parsed) {
    const from = originOf(problem.from);
    const message = problem.message.replace(JSON.stringify(values.window), '{{window}}');
    // Variables of Grafana, which come along when a query is taken from there.
    const fix = query[from] === '$' ? 'write {{window}} for the range, and {{…}} for what else is meant' : problem.fix;
    say('promql/syntax', { from, message, fix });
    return;
  }
  const { type, problems } = analyze(parsed);
  problems.forEach((each) => say('promql/type', { ...each, from: originOf(each.from) }));
  if (type === 'range' || type === 'string') {
    const [is, fix] = RESULTS[type];
    say('promql/type', { from: 0, message: `the result is ${is}, and a gate compares one number with its limit`, fix });
  }
  const sometimes = onlySometimes(parsed);
  if (sometimes) say('gate/query', { ...sometimes, from: originOf(sometimes.from) });
}

const RESULTS = {
  range: ['series over a range', 'apply a function to it: sum(rate(…[{{window}}]))'],
  string: ['a text', 'write an expression with a number as its value: sum(rate(…[{{window}}]))'],
} as const;

type Values = Readonly<Record<Placeholder, string>>;

/** Values as a gate has them when it asks; a release may be called so, and a window may be so long. */
function valuesOf({ service, namespace, environment, clusterName }: Target): Values {
  return {
    service,
    namespace,
    environment,
    cluster: clusterName,
    candidate: 'v2-2',
    stable: 'v1-2',
    candidateService: `${service}-v2-2-predictor`,
    stableService: `${service}-v1-2-predictor`,
    window: '1m1s',
  };
}

/** Texts, if need be without an end, comments, and the placeholders between them. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?|#[^\n]*|\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names outside of quotes, where PromQL would take a `-` in them for a minus. */
function unquotedNames(query: string, values: Values): PromqlProblem[] {
  return [...query.matchAll(TOKEN)].flatMap(({ index: from, 1: name }) => {
    if (name === undefined || name === 'window') return [];
    const value = values[name as Placeholder];
    if (/^\w+$/.test(value)) return [];
    const message = `{{${name}}} stands outside of quotes, and its value is a name like ${value}, with a minus in it`;
    return [{ from, message, fix: `put it in quotes, as the value of a label: {…="{{${name}}}"}` }];
  });
}

interface Filled {
  readonly text: string;
  /** Where in the query a place of the text is. */
  readonly originOf: (offset: number) => number;
}

function filledIn(query: string, values: Values): Filled {
  let text = '';
  let end = 0;
  const spans: { readonly from: number; readonly to: number; readonly origin: number; readonly behind: number }[] = [];
  for (const { 0: placeholder, 1: name = '', index: origin } of query.matchAll(PLACEHOLDER)) {
    text += query.slice(end, origin);
    const from = text.length;
    // The schema knows no other names.
    text += values[name as Placeholder];
    end = origin + placeholder.length;
    spans.push({ from, to: text.length, origin, behind: end });
  }
  text += query.slice(end);
  const originOf = (offset: number): number => {
    const span = spans.findLast(({ from }) => from <= offset);
    if (!span) return offset;
    return offset < span.to ? span.origin : span.behind + offset - span.to;
  };
  return { text, originOf };
}

/** Why a query has no value at times, where its outermost part says so. What is divided by may well be kept above 0. */
function onlySometimes(query: Query): PromqlProblem | undefined {
  const { from } = query;
  const nothing = 'without one the gate decides nothing';
  if (query.kind === 'binary' && !query.bool && /^[=!<>]/.test(query.operator)) {
    const message = `the query compares by itself (${query.operator}), and has no value where that does not hold; ${nothing}`;
    return { from, message, fix: 'leave the comparison out, and write its limit as min or max of the gate' };
  }
  if (query.kind === 'call' && query.name.startsWith('absent')) {
    const message = `${query.name} has no value where there are series; ${nothing}`;
    return { from, message, fix: 'count them, and write min: count(…) or vector(0)' };
  }
  return undefined;
}
