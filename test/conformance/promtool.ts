import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitYaml } from '../../src/core/yaml.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { runTool } from './run-tool.ts';

/** A current promtool, which test/conformance/install-prometheus builds: Debian's knows no native histograms. */
export const CURRENT_PROMTOOL = join(import.meta.dirname, '../../.cache/prometheus/promtool');

/** A series as promtool writes it: name with labels, and values in its expanding notation, one a minute. */
export type Series = readonly [series: string, values: string];

/** What a query must give at a time: values by labels, in any order. */
export interface Expectation {
  readonly minute: number;
  readonly query: string;
  readonly samples: readonly { readonly labels: string; readonly value: number }[];
}

/** An alert that must fire at a time, exactly so. */
export interface ExpectedAlert {
  readonly minute: number;
  readonly alert: string;
  readonly firing: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** Output of `promtool check rules` on a PrometheusRule, with every lint fatal. */
export function checkRules(rule: KubeObject, promtool = 'promtool'): { ok: boolean; output: string } {
  return withFiles({ 'rules.yaml': emitYaml(rule.spec as object) }, (folder) =>
    run(folder, ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], promtool),
  );
}

/** Feature flags of a current promtool that are about expressions. */
export const ALL_FEATURES =
  '--enable-feature=promql-experimental-functions,promql-extended-range-selectors,promql-binop-fill-modifiers';

/** Whether promtool takes each of these expressions, which have one line each. */
export function accepted(expressions: readonly string[], promtool: string, ...flags: readonly string[]): boolean[] {
  const rules = expressions.map((expr, index) => ({ record: `expression:${index}`, expr }));
  const { output } = withFiles({ 'rules.yaml': JSON.stringify({ groups: [{ name: 'x', rules }] }) }, (folder) =>
    run(folder, [...flags, 'check', 'rules', 'rules.yaml'], promtool),
  );
  const refused = new Set(
    [...output.matchAll(/"expression:(\d+)": could not parse expression/g)].map(([, index]) => Number(index)),
  );
  // Whatever else it says is about the file.
  const said = output.split('\n').filter((line) => line.startsWith('rules.yaml:')).length;
  if (said !== refused.size || !/(?:FAILED|SUCCESS):/.test(output)) throw new Error(output.slice(0, 2000));
  return expressions.map((_, index) => !refused.has(index));
}

/** Output of `promtool test rules` for one story: what Prometheus scraped, and what must come of it. */
export function testRules(
  rule: KubeObject,
  story: { series: readonly Series[]; expect?: readonly Expectation[]; alerts?: readonly ExpectedAlert[] },
): { ok: boolean; output: string } {
  const test = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: story.series.map(([series, values]) => ({ series, values })),
        promql_expr_test: (story.expect ?? []).map(({ minute, query, samples }) => ({
          expr: query,
          eval_time: `${minute}m`,
          exp_samples: samples.map(({ labels, value }) => ({ labels, value })),
        })),
        alert_rule_test: (story.alerts ?? []).map(({ minute, alert, firing }) => ({
          eval_time: `${minute}m`,
          alertname: alert,
          exp_alerts: firing.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
        })),
      },
    ],
  };
  return withFiles({ 'rules.yaml': emitYaml(rule.spec as object), 'test.yaml': JSON.stringify(test) }, (folder) =>
    run(folder, ['test', 'rules', 'test.yaml']),
  );
}

function run(cwd: string, args: readonly string[], promtool = 'promtool'): { ok: boolean; output: string } {
  const { status, stdout, stderr } = runTool(promtool, args, { cwd });
  return { ok: status === 0, output: stdout + stderr };
}

function withFiles<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
