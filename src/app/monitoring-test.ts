import { z } from 'zod';
import { answered, refused, type Answer } from '../core/answer.ts';
import { parseDuration } from '../core/duration.ts';
import { compareText, findingOf, type Finding, type Rule, type Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { readYaml } from '../core/read-yaml.ts';
import { analyze, type Read } from '../promql/analyze.ts';
import { QUEUE_PROXIES } from '../promql/metrics-knative.ts';
import { VLLM_HTTP_REQUESTS } from '../promql/metrics-vllm.ts';
import { ISTIO_REQUESTS } from '../promql/metrics.ts';
import { parsePromql, placeOf, type QueryMatcher } from '../promql/parse.ts';
import type { AlertRule, RuleGroup } from '../promql/rule.ts';
import { quote } from '../promql/selector.ts';
import { duration } from '../service/common.ts';
import { parseWith } from '../service/parse.ts';

/** What may be wrong with stories that alerts are tested by. */
export const STORY_RULES = [
  {
    id: 'story/file',
    severity: 'error',
    summary: 'A file of stories is a list of stories, and can be read.',
    source: 'ours: half of the stories would pass for all of them',
  },
  {
    id: 'story/series',
    severity: 'error',
    summary: 'Series of a story are selectors of one series, with values as promtool writes them.',
    source: 'prometheus 2.42 to 3.14 promql/promqltest: 1+2x3, _, stale',
  },
  {
    id: 'story/unread',
    severity: 'error',
    summary: 'A story has series that some rule of the service reads.',
    source: 'ours: others change nothing, so the name is a mistake',
  },
  {
    id: 'story/alert',
    severity: 'error',
    summary: 'A story names alerts of the service itself.',
    source: 'ours: an alert that is not there is silent, and the story would hold',
  },
  {
    id: 'story/untested',
    severity: 'warning',
    summary: 'Every alert of a service fires in one of its stories.',
    source: 'ours: what never fired is hoped for, not proven',
  },
  {
    id: 'story/untold',
    severity: 'info',
    summary: 'The stories that every service has, of healthy traffic and an outage, tell its built-in alerts.',
    source: 'ours: they are made of requests, by whoever counts them; all other alerts are tested with this package',
  },
  {
    id: 'story/no-rules',
    severity: 'error',
    summary: 'The service has rules in the environment.',
    source: 'ours: without rules every story of silence holds',
  },
  {
    id: 'story/no-promtool',
    severity: 'error',
    summary: 'promtool is there to run the stories.',
    source: 'the Debian package prometheus has it, and so has every release of Prometheus',
  },
] as const satisfies readonly Rule[];

/** A finding about stories. */
export const storyFinding = findingOf(STORY_RULES);

const story = z.strictObject({
  story: z.string().min(1).meta({ description: 'What happens, a sentence.' }),
  series: z
    .record(z.string(), z.string())
    .meta({ description: 'Values by series, one a minute: { "loans_total": "0+60x30 1800+0x30" }.' }),
  at: duration.default('1h').meta({ description: 'When the alerts are looked at, from the beginning.' }),
  fires: z
    .array(z.string())
    .default([])
    .meta({ description: 'Alerts of the service that fire then. All others stay silent from beginning to end.' }),
});

const stories = z.array(story).min(1);

/** What Prometheus scrapes, and which alerts come of it. */
export type Story = z.output<typeof story>;

/** The rules of a service as they are rendered, and its own names, for placeholders in series. */
export interface RulesUnderTest {
  readonly groups: readonly RuleGroup[];
  readonly service: string;
  readonly namespace: string;
}

/** A story as a test file of promtool. */
export interface StoryTest {
  readonly name: string;
  /** For `promtool test rules`; it reads `rules.yaml` beside it. */
  readonly text: string;
}

/** Name of the file with the rules that test files read. */
export const RULES_FILE = 'rules.yaml';

/** Reads a file of stories. */
export function readStories(text: string, file: string, where: Where): Answer<readonly Story[]> {
  const yaml = readYaml(text, file);
  if (yaml.findings.length > 0) return refused(...yaml.findings);
  const { value, findings } = parseWith(stories, yaml.value, { ...where, file }, yaml.locate);
  if (value) return answered(value);
  return refused(...findings.map(({ where: at, message, fix }) => storyFinding('story/file', at, message, fix)));
}

/**
 * Makes tests of the stories of a service: each of its own alerts fires where a story says so, and at no other time. Series
 * get the labels that the rules ask for, so that a story needs to write only what matters.
 */
export function testsOfStories(
  rules: RulesUnderTest,
  told: readonly Story[],
  where: Where,
): Answer<readonly StoryTest[]> {
  const own = ownAlerts(rules);
  const reads = readsOf(rules);
  const findings: Finding[] = [];
  const tests = told.map((each): StoryTest => {
    const unknown = each.fires.filter((name) => !own.includes(name));
    for (const name of unknown) {
      const near = didYouMean(name, own);
      findings.push(
        storyFinding(
          'story/alert',
          where,
          `story ${JSON.stringify(each.story)}: the service has no alert ${JSON.stringify(name)} of its own`,
          near === undefined ? `write one of ${own.join(', ')}` : `did you mean ${near}?`,
        ),
      );
    }
    const series = Object.entries(each.series).map(([selector, values]) => {
      const { value, findings: wrong } = seriesOf(selector, values, reads, rules, { ...where, field: each.story });
      findings.push(...wrong);
      return value ?? '';
    });
    return {
      name: each.story,
      text: testFile(
        each.story,
        series.map((text, index) => ({ series: text, values: Object.values(each.series)[index] ?? '' })),
        expectations(each, own),
      ),
    };
  });
  const fired = new Set(told.flatMap(({ fires }) => fires));
  const untested = own
    .filter((name) => !fired.has(name))
    .map((name) => {
      const message = `no story says when ${name} fires`;
      return storyFinding('story/untested', where, message, `add one: { story: …, series: …, fires: [${name}] }`);
    });
  return findings.length > 0 ? refused(...findings) : answered(tests, ...untested);
}

/**
 * Stories that every service has whose requests somebody counts: healthy traffic of 10 requests a second, which no alert on
 * objectives or an outage minds, and a total outage after an hour, which one of them tells within half an hour. A finding names
 * the alerts that none of the two can tell.
 */
export function builtInStories(rules: RulesUnderTest, where: Where): Answer<readonly StoryTest[]> {
  const alerts = rules.groups.flatMap((group) => group.rules.filter((rule): rule is AlertRule => 'alert' in rule));
  const minded = [...new Set(alerts.map(({ alert }) => alert))].filter(
    (name) => name === 'AiServiceOutage' || name === 'AiSloErrorBudgetBurn',
  );
  const told = alerts.filter(
    ({ alert, labels }) =>
      alert === 'AiServiceOutage' || (alert === 'AiSloErrorBudgetBurn' && labels['ai_slo'] === 'availability'),
  );
  const pages = told.some(({ alert, labels }) => alert === 'AiServiceOutage' || labels['burn_tier'] === 'fast');
  const counted = requestsOf(rules);
  const own = ownAlerts(rules);
  const others = alerts.filter((rule) => !own.includes(rule.alert) && (!counted || !pages || !told.includes(rule)));
  const names = [
    ...new Set(others.map(({ alert, labels: { ai_slo: slo } }) => (slo === undefined ? alert : `${alert} (${slo})`))),
  ].sort(compareText);
  const why = counted
    ? 'they read something else than requests and their codes'
    : 'nothing that the rules read counts requests';
  const untold =
    names.length === 0
      ? []
      : [
          storyFinding(
            'story/untold',
            where,
            `${why}, so no story of ours tells ${names.join(', ')}`,
            'nothing: they were tested with this package (docs/alerting.md)',
          ),
        ];
  if (!counted || minded.length === 0) return answered([], ...untold);
  const healthy = [
    { series: counted.good, values: '0+600x180' },
    { series: counted.bad, values: '0x180' },
  ];
  const outage = [
    { series: counted.good, values: '0+600x60 36000x30' },
    { series: counted.bad, values: '0x60 600+600x29' },
  ];
  const stories = [
    { name: 'healthy traffic', text: testFile('healthy traffic', healthy, silent(minded, 180)) },
    ...(pages
      ? [
          {
            name: 'a total outage',
            text: testFile('a total outage', outage, [
              ...silent(minded, 60),
              {
                expr: `count(${firing(minded)}) > bool 0`,
                eval_time: '90m',
                exp_samples: [{ labels: '{}', value: 1 }],
              },
            ]),
          },
        ]
      : []),
  ];
  return answered(stories, ...untold);
}

/** Counters of requests by the code of the answer: of Istio, a vLLM, and the queue-proxies of Knative. */
const COUNTERS = [
  { requests: ISTIO_REQUESTS, code: 'response_code', good: '200', bad: '503' },
  { requests: VLLM_HTTP_REQUESTS, code: 'status', good: '2xx', bad: '5xx' },
  ...QUEUE_PROXIES.map(({ requests, code }) => ({ requests, code, good: '200', bad: '503' })),
];

/** One series of answered requests and one of failed ones, with labels that the rules ask for. */
function requestsOf(rules: RulesUnderTest): { readonly good: string; readonly bad: string } | undefined {
  const reads = readsOf(rules);
  for (const { requests, code, good, bad } of COUNTERS) {
    const read = reads.get(requests)?.find(({ selector }) => selector.matchers.every(({ label }) => label !== code));
    if (!read) continue;
    const labels = Object.fromEntries(read.selector.matchers.map((matcher) => [matcher.label, exampleOf(matcher)]));
    const counted = (value: string): string => `${requests}${labelled({ ...labels, [code]: value })}`;
    return { good: counted(good), bad: counted(bad) };
  }
  return undefined;
}

interface Series {
  readonly series: string;
  readonly values: string;
}

interface Expectation {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** Alerts that the service brought along: they are a group of their own. */
function ownAlerts({ groups, service, namespace }: RulesUnderTest): string[] {
  const own = groups.find(({ name }) => name === `ai-service.${namespace}.${service}.custom`);
  return (own?.rules ?? []).flatMap((rule) => ('alert' in rule ? [rule.alert] : []));
}

/** What the rules read, by metric. */
function readsOf({ groups }: RulesUnderTest): Map<string, Read[]> {
  const reads = new Map<string, Read[]>();
  for (const { expr } of groups.flatMap(({ rules }) => rules)) {
    const { query } = parsePromql(expr);
    for (const read of query ? analyze(query).reads : []) {
      const { metric } = read.selector;
      if (metric !== undefined) reads.set(metric, [...(reads.get(metric) ?? []), read]);
    }
  }
  return reads;
}

const NUMBER = '(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf|NaN)';

/** One stretch of values as promtool reads them: `3`, `0+60x30`, `_x5`, `stale`. */
const VALUES = new RegExp(`^(?:_|stale|[+-]?${NUMBER}(?:[+-]${NUMBER})?)(?:x\\d+)?$`);

/** A series as promtool reads it: what the story does not say of its labels is what the rules ask for. */
function seriesOf(
  text: string,
  values: string,
  reads: ReadonlyMap<string, readonly Read[]>,
  names: RulesUnderTest,
  where: Where,
): Answer<string> {
  const { query, problem } = parsePromql(text);
  if (!query)
    return refused(
      storyFinding(
        'story/series',
        where,
        `${JSON.stringify(text)}, ${placeOf(text, problem.from)}: ${problem.message}`,
        problem.fix,
      ),
    );
  if (
    query.kind !== 'selector' ||
    query.metric === undefined ||
    query.matchers.some(({ operator }) => operator !== '=')
  ) {
    return refused(
      storyFinding(
        'story/series',
        where,
        `${JSON.stringify(text)} is not one series`,
        'write a metric, and labels with =: loans_total{part="predictor"}',
      ),
    );
  }
  // What stands between braces, a native histogram, is promtool's to judge.
  if (
    !values
      .replace(/\{\{[^{}]*\}\}/g, '1')
      .trim()
      .split(/\s+/)
      .every((value) => VALUES.test(value))
  ) {
    return refused(
      storyFinding(
        'story/series',
        where,
        `${JSON.stringify(values)} are not values of promtool`,
        'write one a minute, or 0+60x30 for 31 rising values: "0+60x30 1800x30"',
      ),
    );
  }
  const { metric } = query;
  const readers = reads.get(metric);
  if (!readers) {
    const near = didYouMean(metric, reads.keys());
    const message = `no rule of the service reads ${metric}`;
    return refused(
      storyFinding(
        'story/unread',
        where,
        message,
        near === undefined ? 'correct the name, or leave the series out' : `did you mean ${near}?`,
      ),
    );
  }
  const written = query.matchers.map(
    ({ label, value }) =>
      [label, value.replaceAll('$namespace', names.namespace).replaceAll('$service', names.service)] as const,
  );
  return answered(`${metric}${labelled({ ...agreedLabels(readers), ...Object.fromEntries(written) })}`);
}

/** Labels for which all readers that ask for one ask for the same value. */
function agreedLabels(reads: readonly Read[]): Record<string, string> {
  const asked = reads
    .flatMap(({ selector }) => selector.matchers)
    .filter(({ label, operator }) => operator === '=' && label !== '__name__');
  return Object.fromEntries(
    asked
      .filter(({ label, value }) => asked.every((other) => other.label !== label || other.value === value))
      .map(({ label, value }) => [label, value]),
  );
}

/** A value that a condition of ours accepts: of alternatives the first, of what may be there nothing. */
function exampleOf({ operator, value }: QueryMatcher): string {
  if (operator === '=') return value;
  const [first = ''] = value.split('|');
  return first.replace(/\([^)]*\)\?/g, '').replace(/\\(.)/g, '$1');
}

function labelled(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${quote(value)}`)
    .join(',')}}`;
}

function firing(alerts: readonly string[]): string {
  return `ALERTS{alertstate="firing",alertname=~${quote(alerts.join('|'))}}`;
}

/** Minutes between two looks at what must be silent. */
const LOOK = 5;

function silent(alerts: readonly string[], minutes: number): Expectation[] {
  if (alerts.length === 0) return [];
  const looks = Array.from({ length: Math.floor(minutes / LOOK) }, (_, index) => (index + 1) * LOOK);
  return looks.map((minute) => ({ expr: firing(alerts), eval_time: `${minute}m`, exp_samples: [] }));
}

function expectations({ at, fires }: Story, own: readonly string[]): Expectation[] {
  const minutes = Math.max(1, Math.round((parseDuration(at) ?? 0) / 60_000));
  const others = own.filter((name) => !fires.includes(name));
  return [
    ...silent(others, minutes),
    ...fires.map((name) => ({
      expr: `count(${firing([name])}) > bool 0`,
      eval_time: `${minutes}m`,
      exp_samples: [{ labels: '{}', value: 1 }],
    })),
  ];
}

/** A test file of promtool; JSON is YAML. */
function testFile(name: string, series: readonly Series[], expected: readonly Expectation[]): string {
  const tests = [{ name, interval: '1m', input_series: series, promql_expr_test: expected }];
  return `${JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', tests }, null, 2)}\n`;
}
