import { analyze, canHave, isCondition, type Read } from '../../src/promql/analyze.ts';
import { parsePromql, secondsOf } from '../../src/promql/parse.ts';
import type { AlertRule, RecordingRule, RuleGroup } from '../../src/promql/rule.ts';
import { isBounded } from '../../src/promql/scope.ts';

/** What the lint must know beside the rules. */
export interface LintContext {
  /** Names of all series that there are, recordings of the rules excepted. */
  readonly known: ReadonlySet<string>;
  /** Metrics that are read as a whole: of everybody, or by a join. */
  readonly shared?: ReadonlySet<string>;
  /** Seconds between two scrapes. */
  readonly scrapeInterval: number;
}

/**
 * What pint and the conventions of monitoring mixins ask of rules, and what we ask of ours, as far as it can be seen
 * without a Prometheus. Each problem is one line: group, rule, what is wrong.
 */
export function lintRules(groups: readonly RuleGroup[], context: LintContext): string[] {
  const recorded = new Set(
    groups.flatMap(({ rules }) => rules.flatMap((rule) => ('record' in rule ? [rule.record] : []))),
  );
  const names = groups.map(({ name }) => name);
  const identities = groups.flatMap(({ name, rules }) => rules.map((rule) => `${name}: ${identity(rule)}`));
  return [
    ...repeated(names).map((name) => `${name}: the name of the group is given twice`),
    ...repeated(identities).map((rule) => `${rule}: the rule has name and labels of another`),
    ...groups.flatMap(({ name, interval, rules }) => [
      ...(interval !== undefined && (secondsOf(interval) ?? Infinity) > 300
        ? [`${name}: an interval above 5m leaves gaps`]
        : []),
      ...rules.flatMap((rule) => {
        const who = `${name}: ${'alert' in rule ? rule.alert : rule.record}`;
        const common = expressionProblems(rule, recorded, context);
        return [...common, ...('alert' in rule ? alertProblems(rule) : recordingProblems(rule))].map(
          (problem) => `${who}: ${problem}`,
        );
      }),
    ]),
  ];
}

function identity(rule: AlertRule | RecordingRule): string {
  return JSON.stringify(['alert' in rule ? rule.alert : rule.record, Object.entries(rule.labels).sort()]);
}

function repeated(texts: readonly string[]): string[] {
  return texts.filter((text, index) => texts.indexOf(text) !== index);
}

/** Labels that have as many values as there are things that somebody deployed, declared, or gave an identity in the mesh. */
const BOUNDED = new Set([
  'ai_service',
  'ai_slo',
  'autoscaler',
  'bin',
  'caller',
  'container',
  'deployment',
  'err_code',
  'exported_pod',
  'feature',
  'gpu',
  'horizontalpodautoscaler',
  'Hostname',
  'kn_service_name',
  'le',
  'model',
  'model_name',
  'name',
  'namespace',
  'node',
  'part',
  'pod',
  'reason',
  'release',
  'rule',
  'schema',
  'service_name',
  'source_principal',
]);

function expressionProblems(
  { expr }: AlertRule | RecordingRule,
  recorded: ReadonlySet<string>,
  context: LintContext,
): string[] {
  const { query, problem } = parsePromql(expr);
  if (!query) return [`${problem.message} (${expr.slice(problem.from, problem.from + 30)})`];
  const { type, reads, problems, labels } = analyze(query);
  const kept = 'only' in labels ? [...labels.only] : [];
  return [
    ...kept.filter((label) => !BOUNDED.has(label)).map((label) => `the label ${label} may have any number of values`),
    ...problems.map(({ message }) => message),
    ...(type === 'vector' || type === 'scalar' ? [] : [`the result is a ${type}`]),
    ...reads.flatMap((read) => readProblems(read, recorded, context)),
  ];
}

/** Functions that need several samples in their range. */
const OF_RANGES = new Set(['rate', 'irate', 'increase', 'delta', 'idelta', 'deriv', 'changes', 'resets']);

function readProblems(
  { selector, function: fn, seconds }: Read,
  recorded: ReadonlySet<string>,
  { known, shared, scrapeInterval }: LintContext,
): string[] {
  const { metric, matchers } = selector;
  if (metric === undefined) return ['a selector names no metric'];
  return [
    ...(known.has(metric) || recorded.has(metric) ? [] : [`${metric} is in no dictionary, and nothing records it`]),
    ...(isBounded(selector) || shared?.has(metric) ? [] : [`the selector of ${metric} is not bounded`]),
    ...(fn !== undefined && OF_RANGES.has(fn) && seconds !== undefined && seconds < 4 * scrapeInterval
      ? [`the range of ${metric} holds fewer than four scrapes`]
      : []),
    ...matchers
      .filter(({ operator, value }) => (operator === '=~' || operator === '!~') && /^[\w /:-]*$/.test(value))
      .map(({ label, value }) => `the regular expression ${label}=~"${value}" has no pattern in it`),
    ...matchers
      .filter(({ value }) => value.includes('^') || value.endsWith('$'))
      .map(({ label }) => `the regular expression of ${label} is anchored already`),
  ];
}

/** Labels that every alert has, by which it is routed. */
const ROUTED_BY = ['namespace', 'severity', 'ai_service', 'team'];

function alertProblems({ expr, for: pending, labels, annotations }: AlertRule): string[] {
  const { query } = parsePromql(expr);
  const { summary, description, runbook_url: runbook } = annotations;
  const result = query && analyze(query).labels;
  const read = [summary, description].flatMap((text) =>
    [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? ''),
  );
  return [
    ...(query && !isCondition(query) ? ['it fires as long as there are series'] : []),
    ...((secondsOf(pending) ?? 0) > 0 ? [] : ['it has no for']),
    ...ROUTED_BY.filter((label) => (labels[label] ?? '') === '').map((label) => `the label ${label} is missing`),
    ...(['critical', 'warning', 'info'].includes(labels['severity'] ?? '')
      ? []
      : [`severity is ${labels['severity']}`]),
    ...Object.entries(labels)
      .filter(([, value]) => value.includes('$'))
      .map(([label]) => `the label ${label} changes while it fires`),
    ...(/^[A-Z\d{a-z].*\.$/s.test(summary) && !summary.includes('$value')
      ? []
      : ['the summary is no sentence that stays the same']),
    ...(description.length > summary.length ? [] : ['the description says no more than the summary']),
    ...(runbook !== undefined && URL.canParse(runbook) ? [] : ['runbook_url is no URL']),
    ...read
      .filter((label) => result && !canHave(result, label))
      .map((label) => `the result has no label ${label}, which an annotation uses`),
    ...(/\b(?:topk|bottomk|count_values)\b/.test(expr)
      ? ['the series that it fires on change from one evaluation to the next']
      : []),
  ];
}

function recordingProblems({ record, expr, labels }: RecordingRule): string[] {
  const { query } = parsePromql(expr);
  const analysis = query && analyze(query);
  // Recordings that read only recordings have the labels of those.
  const raw = analysis?.reads.some(({ selector }) => !/^ai_\w+:/.test(selector.metric ?? '')) ?? false;
  return [
    ...(/^\w+(?::\w+)+$/.test(record) ? [] : ['the name is not level:metric:operations']),
    ...['namespace', 'ai_service']
      .filter((label) => labels[label] === undefined)
      .map((label) => `the label ${label} is missing`),
    ...(raw && analysis && 'except' in analysis.labels ? ['it has as many series as what it reads: aggregate'] : []),
  ];
}
