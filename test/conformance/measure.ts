import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import type { Series } from './promtool.ts';
import { runTool } from './run-tool.ts';

/** What Prometheus scraped, and what to ask at the end. */
export interface MeasuredStory {
  readonly series: readonly Series[];
  /** Query with one value without labels, or none. */
  readonly query: string;
  /** When it is asked. */
  readonly minute: number;
}

/**
 * What a query gives at the end of each story; `undefined` where it gives nothing.
 *
 * promtool tests and does not measure: each story expects a series that there cannot be, and promtool says what is there.
 *
 * @param scrape seconds between the values of the series.
 * @param evaluation seconds between evaluations; promtool takes this for every group, whatever its interval.
 * @param promtool Default: the one of the path.
 * @throws when promtool is missing, or says something else.
 */
export function measure(
  rule: KubeObject,
  scrape: number,
  stories: readonly MeasuredStory[],
  evaluation = 60,
  promtool = 'promtool',
): (number | undefined)[] {
  const tests = stories.map(({ series, query, minute }, index) => ({
    interval: `${scrape}s`,
    input_series: series.map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      { expr: query, eval_time: `${minute}m`, exp_samples: [{ labels: '{story="of nobody"}', value: index }] },
    ],
  }));
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    writeFileSync(join(folder, 'rules.yaml'), emitYaml(rule.spec as object));
    writeFileSync(
      join(folder, 'test.yaml'),
      JSON.stringify({ rule_files: ['rules.yaml'], evaluation_interval: `${evaluation}s`, tests }),
    );
    // It has little to keep, and would collect garbage all the time.
    const env = { ...process.env, GOGC: '800' };
    const { stdout, stderr } = runTool(promtool, ['test', 'rules', 'test.yaml'], { cwd: folder, env });
    const output = stdout + stderr;
    const values = [...output.matchAll(/^ +exp: \{story="of nobody"\} (\S+)\n +got: (?:nil|\{\} (\S+))$/gm)];
    if (values.length !== stories.length || values.some(([, index], at) => Number(index) !== at))
      throw new Error(output.slice(0, 2000));
    return values.map(([, , value]) => (value === undefined ? undefined : Number(value)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The minute at which an alert fires for the first time. */
export function firstFiring(alertname: string, minutes: number): string {
  return `min(min_over_time(timestamp(ALERTS{alertname="${alertname}",alertstate="firing"})[${minutes}m:1m])) / 60`;
}

/** Series of a counter from its values at each scrape. */
export function values(numbers: readonly number[]): string {
  return numbers.join(' ');
}
