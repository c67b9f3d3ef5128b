import type { Finding, Rule } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { atLeast, type Versions } from '../core/version.ts';
import { analyze, canHave, isCondition, type Analysis, type Read, type ResultLabels } from '../promql/analyze.ts';
import { FUNCTIONS } from '../promql/functions.ts';
import { isCounter, seriesOf, type KnownMetric } from '../promql/known-metrics.ts';
import { renamedOnKnative } from '../promql/metrics-knative.ts';
import {
  type ParsedPromql,
  parseNewestPromql,
  parsePromql,
  placeOf,
  type PromqlProblem,
  type Query,
} from '../promql/parse.ts';
import type { RuleGroup } from '../promql/rule.ts';
import { isBounded, unknownPlaceholders, type Scope } from '../promql/scope.ts';
import { readTemplate } from '../promql/user-template.ts';
import { knownMetrics, scopeOf } from '../render/custom-rules.ts';
import type { Target } from '../render/target.ts';
import type { CustomAlert } from '../service/custom-alert.ts';
import { sloExpressions } from '../service/slo.ts';
import { reporter, type Report } from './report.ts';
import { isPlainMap } from './schema/plain-data.ts';

/** Rules on the alerts and recordings that a service brings along. Prometheus itself would take most of what they refuse. */
export const PROMQL_RULES: readonly Rule[] = [
  {
    id: 'promql/syntax',
    severity: 'error',
    summary:
      'An expression is PromQL that every Prometheus from 2.42 on reads; in a PrometheusRule that a chart or a patch brings in, that the newest reads, with whatever feature flag.',
    source:
      "prometheus v0.315.0 web/ui/module/lezer-promql: Prometheus' own grammar; one bad rule makes the operator leave out the whole PrometheusRule",
  },
  {
    id: 'promql/type',
    severity: 'error',
    summary:
      'Functions and operators get what they take: numbers, series, or series over a range; regular expressions are ones for RE2; the result of a rule is a number or series.',
    source: 'prometheus 2.42 to 3.15 promql/parser/parse.go checkAST, rules/manager.go EngineQueryFunc',
  },
  {
    id: 'promql/version',
    severity: 'error',
    summary: 'Functions are ones that every version of Prometheus on the cluster has.',
    source: 'prometheus 2.42 to 3.15 promql/parser/functions.go',
  },
  {
    id: 'promql/unknown-metric',
    severity: 'error',
    summary:
      'Every metric that is read is known for the cluster, exported by a part, recorded, or declared in `monitoring.metrics`.',
    source: 'ours: Prometheus evaluates a misspelt name to nothing, and the alert never fires',
  },
  {
    id: 'promql/unbounded',
    severity: 'error',
    summary: 'A selector names its metric, and says whose series it means.',
    source: 'ours: it would read, and fire on, the series of every service of the cluster',
  },
  {
    id: 'promql/placeholder',
    severity: 'error',
    summary: '`$` placeholders in conditions are ones that there are.',
    source: 'ours: Prometheus would read it as text',
  },
  {
    id: 'promql/no-condition',
    severity: 'error',
    summary: 'The expression of an alert compares.',
    source: 'pint alerts/comparison: without a comparison an alert fires as long as there are series',
  },
  {
    id: 'promql/template',
    severity: 'error',
    summary: 'Annotations have only placeholders that cannot fail, for labels that the result has.',
    source:
      'prometheus 2.42 to 3.14 template/template.go; a label that is not there prints nothing (pint alerts/template)',
  },
  {
    id: 'promql/gauge',
    severity: 'error',
    summary: 'rate and increase are taken of what only rises.',
    source: 'pint promql/rate, promql/counter',
  },
  {
    id: 'promql/window',
    severity: 'warning',
    summary: 'The range of a rate holds four scrapes.',
    source:
      'prometheus-operator v0.85.0 scrapes every 30s by default; rate() needs two samples, and one scrape may fail',
  },
  {
    id: 'promql/duplicate',
    severity: 'error',
    summary: 'Alerts and recordings of a service have names of their own.',
    source: 'Prometheus tells rules apart by name and labels only',
  },
];

const report = reporter(PROMQL_RULES);
type Add = Report['add'];

/** Scrapes come every 30 seconds by default; four of them. */
const SHORTEST_RATE = 120;

const RATES: ReadonlySet<string> = new Set(['rate', 'irate', 'increase']);

/**
 * Checks the alerts and recordings that a service brings along, for one cluster.
 *
 * @param builtIn the groups that are rendered without them: expressions may read what they record.
 */
export function checkCustomRules(target: Target, builtIn: () => readonly RuleGroup[]): Finding[] {
  const { alerts, recordings, slos } = target.spec.monitoring;
  const objectives = sloExpressions(slos);
  if (alerts.length === 0 && recordings.length === 0 && objectives.length === 0) return [];
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  const { prometheus, knative } = target.cluster;
  const context: Context = {
    add,
    scope: scopeOf(target),
    versions: [prometheus?.version ?? []].flat(),
    knative: knative?.version,
    metrics: metricsOf(target, builtIn()),
  };
  checkNames(add, 'monitoring.alerts', alerts);
  checkNames(add, 'monitoring.recordings', recordings);
  // What is recorded is made of objectives too, so that these cannot read it.
  const ofObjectives: Context = { ...context, metrics: metricsOf(target, []) };
  for (const { field, text } of objectives) checkExpression(ofObjectives, field, text, false);
  recordings.forEach(({ expr }, index) =>
    checkExpression(context, `monitoring.recordings[${index}].expr`, expr, false),
  );
  alerts.forEach((alert, index) => {
    const field = `monitoring.alerts[${index}]`;
    const labels = checkExpression(context, `${field}.expr`, alert.expr, true);
    checkAnnotations(add, field, alert, labels);
  });
  return findings;
}

/**
 * Checks that the newest Prometheus can read and evaluate the expressions of PrometheusRules, whatever else the objects hold.
 * For those that a user added or patched: what we render is right by construction, and there is much of it.
 */
export function checkRuleSyntax(
  { service, environment, clusterName: cluster }: Target,
  objects: readonly KubeObject[],
): Finding[] {
  return objects.filter(isPrometheusRule).flatMap((object) => {
    const { add, findings } = report({ service, environment, cluster, object: objectLabel(object) });
    listIn(object['spec'], 'groups').forEach((group, groupIndex) => {
      listIn(group, 'rules').forEach((rule, ruleIndex) => {
        const expr = isPlainMap(rule) ? rule['expr'] : undefined;
        // A number is an expression too; that an empty text is none, the rules of the operator say.
        if (typeof expr !== 'string' || expr === '') return;
        readExpression(
          sayAbout(add, `spec.groups[${groupIndex}].rules[${ruleIndex}].expr`, expr),
          parseNewestPromql(expr),
        );
      });
    });
    return findings;
  });
}

/** A patch can take anything away; the schema says so. */
function isPrometheusRule({ apiVersion, kind, metadata }: KubeObject): boolean {
  return kind === 'PrometheusRule' && String(apiVersion).startsWith('monitoring.coreos.com/') && isPlainMap(metadata);
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const list = isPlainMap(value) ? value[field] : undefined;
  return Array.isArray(list) ? list : [];
}

interface Context {
  readonly add: Add;
  readonly scope: Scope;
  /** Versions of the cluster's Prometheus. */
  readonly versions: readonly string[];
  /** Versions of the cluster's Knative, which renamed its metrics. */
  readonly knative: Versions | undefined;
  /** Metrics by the names of their series. */
  readonly metrics: ReadonlyMap<string, KnownMetric>;
}

/** Everything that an expression may read, by the names that selectors use. */
function metricsOf(target: Target, builtIn: readonly RuleGroup[]): Map<string, KnownMetric> {
  return new Map(
    [...knownMetrics(target, builtIn)].flatMap(([name, metric]) =>
      seriesOf(name, metric.type).map((series) => [series, metric] as const),
    ),
  );
}

function checkNames(add: Add, field: string, rules: readonly { readonly name: string }[]): void {
  const names = rules.map(({ name }) => name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (first !== index)
      add(
        'promql/duplicate',
        `${field}[${index}].name`,
        `${name} is the name of ${field}[${first}] already`,
        'give it another name',
      );
  });
}

/** Checks one expression; the labels of its result, as far as they are known. */
function checkExpression(context: Context, field: string, text: string, isAlert: boolean): ResultLabels | undefined {
  const { add, scope } = context;
  const say = sayAbout(add, field, text);
  const read = readExpression(say, parsePromql(text));
  if (!read) return undefined;
  const { query, analysis } = read;
  unknownPlaceholders(analysis, scope).forEach((each) => say('promql/placeholder', each));
  functionProblems(analysis, context).forEach((each) => say('promql/version', each));
  analysis.reads.forEach((each) => checkRead(context, each, say));
  if (isAlert && !isCondition(query)) {
    say('promql/no-condition', {
      from: 0,
      message: 'the expression compares nothing, so that the alert would fire as long as there are series',
      fix: 'compare with a threshold: … > 0.9',
    });
  }
  return analysis.labels;
}

/** Says for what Prometheus would refuse an expression, or fail each time that it evaluates the rule. */
function readExpression(
  say: Say,
  { query, problem }: ParsedPromql,
): { readonly query: Query; readonly analysis: Analysis } | undefined {
  if (!query) {
    say('promql/syntax', problem);
    return undefined;
  }
  const analysis = analyze(query);
  analysis.problems.forEach((each) => say('promql/type', each));
  if (analysis.type === 'string' || analysis.type === 'range') {
    say('promql/type', {
      from: 0,
      message: 'the result is neither a number nor series',
      fix: 'apply a function to it: rate(…[5m])',
    });
  }
  return { query, analysis };
}

function functionProblems({ functions }: Analysis, { versions }: Context): PromqlProblem[] {
  return functions.flatMap((name) => {
    const since = FUNCTIONS[name]?.since;
    const lacking = since === undefined ? undefined : versions.find((version) => !atLeast(version, since));
    if (lacking === undefined) return [];
    return [
      {
        from: 0,
        message: `Prometheus ${lacking} of the cluster has no ${name}: it came with ${since ?? ''}`,
        fix: 'use functions that it has',
      },
    ];
  });
}

type Say = (id: string, problem: PromqlProblem) => void;

/** Adds what is wrong with an expression, with the place in it. */
function sayAbout(add: Add, field: string, text: string): Say {
  return (id, { from, message, fix }) => add(id, field, `${placeOf(text, from)}: ${message}`, fix);
}

function checkRead({ metrics, knative }: Context, { selector, function: fn, seconds }: Read, say: Say): void {
  const { from, metric: series } = selector;
  if (series === undefined) {
    say('promql/unbounded', {
      from,
      message: 'the selector names no metric, so that it reads every series that there is',
      fix: 'name one: metric{…}',
    });
    return;
  }
  const metric = metrics.get(series);
  if (!metric) {
    const renamed = knative === undefined ? undefined : renamedOnKnative(series, knative);
    if (renamed?.names.some((name) => metrics.has(name))) {
      const message = `${series} is what Knative calls it ${renamed.versions}, and the cluster declares ${[knative ?? []].flat().join(' and ')}, so that the rule would never have data`;
      say('promql/unknown-metric', { from, message, fix: `write ${renamed.names.join(' or ')}` });
      return;
    }
    const near = didYouMean(series, metrics.keys());
    const declare = `declare it: monitoring.metrics: { ${JSON.stringify(series)}: { type: "gauge" } }`;
    say('promql/unknown-metric', {
      from,
      message: `nothing that is known exposes ${JSON.stringify(series)}, so that the rule would never have data`,
      fix: near === undefined ? declare : `did you mean ${near}? Else ${declare}`,
    });
    return;
  }
  if (!metric.own && !isBounded(selector)) {
    const message = `${series} has series of others than this service, and the selector does not say whose are meant`;
    say('promql/unbounded', { from, message, fix: `add a condition on a label: ${series}{namespace="$namespace"}` });
  }
  if (fn !== undefined && RATES.has(fn)) {
    if (!isCounter(series, metric.type)) {
      say('promql/gauge', {
        from,
        message: `${fn} of ${series}, a gauge, has no meaning: it takes each fall for a restart`,
        fix: 'use delta or deriv',
      });
    }
    if (seconds !== undefined && seconds < SHORTEST_RATE) {
      say('promql/window', {
        from,
        message: `the range of ${seconds} seconds holds fewer than four scrapes of 30 seconds, so that one failed scrape makes a gap`,
        fix: 'write [2m] or more',
      });
    }
  }
}

function checkAnnotations(add: Add, field: string, alert: CustomAlert, labels: ResultLabels | undefined): void {
  for (const name of ['summary', 'description'] as const) {
    const { template, wrong } = readTemplate(alert[name]);
    if (!template) {
      const fix =
        'write {{ $value }}, {{ $value | humanize }}, {{ printf "%.2f" $value }} or {{ $labels.name }}, and no other {{';
      add('promql/template', `${field}.${name}`, `${JSON.stringify(wrong)} is no placeholder that always works`, fix);
      continue;
    }
    for (const label of new Set(template.labels)) {
      if (labels === undefined || canHave(labels, label)) continue;
      const message = `the result of the expression has no label ${label}, so that {{ $labels.${label} }} would print nothing`;
      add('promql/template', `${field}.${name}`, message, `keep the label in the aggregation: by (${label})`);
    }
  }
}
