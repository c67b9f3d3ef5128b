import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readYaml } from '../../src/core/read-yaml.ts';
import { parsePromql } from '../../src/promql/parse.ts';
import { regexFlaw } from '../../src/promql/regex.ts';
import { quote } from '../../src/promql/selector.ts';
import { seriesOf } from '../../src/promql/known-metrics.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { knownMetrics } from '../../src/render/custom-rules.ts';
import { builtInGroups, renderPrometheus } from '../../src/render/prometheus.ts';
import { ALERT_GUIDES } from '../../src/render/runbook-guides.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { checkRules } from './promtool.ts';
import { lintRules } from './rule-lint.ts';

const SCRAPE_INTERVAL = 30;

/** Whether Argo CD is scraped at all is seen by any Application; prices are one for each node. */
const SHARED = new Set(['argocd_app_info', 'node_cpu_hourly_cost', 'node_ram_hourly_cost', 'node_gpu_hourly_cost']);

function groupsOf(options: TargetOptions): RuleGroup[] {
  const rules = renderPrometheus(targetOf(options), REFERENCES).filter(({ kind }) => kind === 'PrometheusRule');
  return rules.flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups);
}

function seriesKnownTo(options: TargetOptions): Set<string> {
  const target = targetOf(options);
  return new Set(
    [...knownMetrics(target, builtInGroups(target, REFERENCES))].flatMap(([name, { type }]) => seriesOf(name, type)),
  );
}

describe('every rule of', () => {
  test.each(Object.entries(WATCHED))('%s is as pint and the mixins ask', (_, options) => {
    expect(
      lintRules(groupsOf(options), { known: seriesKnownTo(options), shared: SHARED, scrapeInterval: SCRAPE_INTERVAL }),
    ).toEqual([]);
  });

  test('the golden tree is, too', () => {
    const folder = join(import.meta.dirname, '../../snapshots');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /prometheusrule\..+\.yaml$/.test(file),
    );
    expect(files.length).toBeGreaterThan(5);
    const everything = new Set(Object.values(WATCHED).flatMap((options) => [...seriesKnownTo(options)]));
    // A service has one or two of these objects; what one records, the other may read.
    const folders = [...new Set(files.map((file) => join(file, '..')))];
    const problems = folders.flatMap((manifests) => {
      const of = files.filter((file) => join(file, '..') === manifests);
      const groups = of.flatMap(
        (file) =>
          (readYaml(readFileSync(join(folder, file), 'utf8'), file).value as { spec: { groups: RuleGroup[] } }).spec
            .groups,
      );
      const declared = groups.flatMap(({ rules }) =>
        rules.flatMap(({ expr }) => expr.match(/\bfraud_score\w*/g) ?? []),
      );
      return lintRules(groups, {
        known: new Set([...everything, ...declared]),
        shared: SHARED,
        scrapeInterval: SCRAPE_INTERVAL,
      }).map((problem) => `${manifests}: ${problem}`);
    });
    expect(problems).toEqual([]);
  });
});

test('these services have between them every alert of the catalogue, but the one on the age of a model, which only a registry knows', () => {
  const alerts = new Set(
    Object.values(WATCHED).flatMap((options) =>
      groupsOf(options).flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []))),
    ),
  );
  expect(Object.keys(ALERT_GUIDES).filter((name) => !alerts.has(name))).toEqual(['AiModelStale']);
});

test('the lint finds what it is for', () => {
  const annotations = { summary: 'Bad {{ $value }}', description: 'Bad.' };
  const bad: RuleGroup[] = [
    {
      name: 'g',
      interval: '10m',
      rules: [
        { record: 'plain', expr: 'rate(known[1m])', labels: {} },
        { record: 'plain', expr: 'rate(known[1m])', labels: {} },
        {
          alert: 'A',
          expr: 'topk(3, typo{a=~"b"}) by (',
          for: '0s',
          labels: { severity: 'page', namespace: '{{ $value }}' },
          annotations,
        },
        {
          alert: 'B',
          expr: 'sum by (a) (known{b=~"^c.*$"})',
          for: '1m',
          labels: {},
          annotations: { summary: 'All is well.', description: 'See {{ $labels.gone }}.' },
        },
        { alert: 'C', expr: 'topk(3, typo{a="b"}) > 1', for: '1m', labels: {}, annotations },
        { alert: 'D', expr: '{__name__=~"a.*"} > 1', for: '1m', labels: {}, annotations },
        { alert: 'E', expr: 'known{a="b"}[5m]', for: '1m', labels: {}, annotations },
        { record: 'counted', expr: 'sum by (path, pod) (known{a="b"})', labels: {} },
      ],
    },
    { name: 'g', rules: [] },
  ];
  const found = lintRules(bad, { known: new Set(['known']), scrapeInterval: SCRAPE_INTERVAL });
  expect(found.map((problem) => problem.replace(/^g: (?:\w+: )?/, ''))).toEqual(
    expect.arrayContaining(
      [
        'g: the name of the group is given twice',
        'an interval above 5m leaves gaps',
        'the selector of known is not bounded',
        'the range of known holds fewer than four scrapes',
        'the name is not level:metric:operations',
        'the label namespace is missing',
        'it has as many series as what it reads: aggregate',
        'it has no for',
        'severity is page',
        'the label namespace changes while it fires',
        'the summary is no sentence that stays the same',
        'the description says no more than the summary',
        'runbook_url is no URL',
        'it fires as long as there are series',
        'the regular expression of b is anchored already',
        'the result has no label gone, which an annotation uses',
        'typo is in no dictionary, and nothing records it',
        'the series that it fires on change from one evaluation to the next',
        'a selector names no metric',
        'the result is a range',
        'the label path may have any number of values',
      ].map((problem) => problem.replace(/^g: /, '')),
    ),
  );
});

describe('promtool agrees', () => {
  function accepts(expr: string): boolean {
    const rule = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'x' },
      spec: { groups: [{ name: 'x', rules: [{ record: 'a:b', expr }] }] },
    };
    return checkRules(rule).ok;
  }

  test.each(Object.entries(WATCHED))('that all rules of %s are sound', (_, options) => {
    for (const rule of renderPrometheus(targetOf(options), REFERENCES).filter(
      ({ kind }) => kind === 'PrometheusRule',
    )) {
      expect(checkRules(rule)).toEqual({ ok: true, output: expect.stringContaining('SUCCESS') as string });
    }
  });

  test.each([
    'up{a="b",}',
    'sum(x) without (a)',
    'x @ end()',
    'a / on (x) group_left (y) b',
    'SUM(x)',
    'label_replace(x, "a", "$1", `b`, \'c\')',
    'vector(-Inf)',
    'max_over_time(rate(x[5m])[1h:1m])',
    '1 > bool 2',
    'round(x)',
    'hour()',
    'absent(x)',
    'x{a="\\x41\\u00e9\\U0001f600\\101"}',
    'topk(3, x)',
    'quantile(0.9, x)',
  ])('that %s can be evaluated', (expr) => {
    expect([parsePromql(expr).problem, accepts(expr)]).toEqual([undefined, true]);
  });

  test.each([
    'a +',
    'x{a="b}',
    'x{a=~"a\\.b"}',
    'ratee(x[5m])',
    'x{a="\\ud800"}',
    'rate(x[$__interval])',
    'rate(x[0m])',
    'sum(x)) > 1',
    '# nothing',
  ])('that %s cannot', (expr) => {
    expect([parsePromql(expr).query, accepts(expr)]).toEqual([undefined, false]);
  });

  test.each([
    'a|b',
    '(?i)abc',
    '(?P<n>a)',
    '[[:alpha:]]+',
    '\\pL',
    '\\\\+',
    '\\Qa(b\\E+',
    '\\x{1F600}',
    'a{1,1000}',
    '\\101',
    '\\p{Greek}\\p{^Lu}\\PZ',
    '[]a][^]a][a[]',
    '\\_\\-\\x41',
    '\\8',
    '\\h+',
    'a\\Z',
    '\\x4',
    '\\é',
    '\\p{Foo}',
    '\\pQ',
    '[]',
    '[^]',
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    'a++',
    'a{1001}',
    '(',
    '*a',
  ])('whether RE2 reads %s', (source) => {
    expect(regexFlaw(source) === undefined).toBe(accepts(`x{a=~${quote(source)}}`));
  });
});
