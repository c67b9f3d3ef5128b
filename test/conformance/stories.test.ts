import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { builtInStories, RULES_FILE } from '../../src/app/monitoring-test.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { projectWith, run, SERVICE, type Ran } from '../support/project.ts';
import { runTool } from './run-tool.ts';

const OWN = `${SERVICE}monitoring:
  metrics: { blocked_total: { type: counter } }
  alerts:
    - name: BlockedOften
      expr: sum(rate(blocked_total[5m])) > 1
      summary: Many are blocked.
      description: "{{ $value | humanize }} a second."
`;

const STORIES = `- story: many are blocked
  series: { blocked_total: "0+120x30" }
  at: 20m
  fires: [BlockedOften]
- story: few are blocked
  series: { blocked_total: "0+6x60" }
`;

// The command has words of its own for a promtool that is missing.
beforeAll(() => void runTool('promtool', ['--version']));

function monitoringTest(stories: string): Promise<Ran> {
  const root = projectWith({ 'apps/hello/service.yaml': OWN, 'apps/hello/monitoring.test.yaml': stories });
  return run(root, ['monitoring', 'test', 'hello', '--env', 'prod-eu']);
}

test('the stories of a service hold: of its own alerts, of healthy traffic and of an outage', async () => {
  expect(await monitoringTest(STORIES)).toEqual({
    code: 0,
    signal: null,
    stdout:
      'ok    healthy traffic\nok    a total outage\nok    many are blocked\nok    few are blocked\n4 of 4 stories hold\n',
    stderr: '',
  });
});

test('a story that does not hold is shown with what promtool says, and is an error', async () => {
  const { code, stdout } = await monitoringTest(STORIES.replace('0+120x30', '0+12x30'));
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^ok {4}healthy traffic\nok {4}a total outage\nFAIL {2}many are blocked\n {6}[^]*BlockedOften[^]*\nok {4}few are blocked\n3 of 4 stories hold\n$/,
  );
});

const ELSEWHERE: readonly (readonly [string, TargetOptions])[] = [
  [
    'the queue-proxies of Knative',
    {
      mode: 'Knative',
      cluster: {
        istio: { version: '1.30', dataplane: 'sidecar', metrics: false },
        knative: { version: ['1.18.2', '1.20.1'] },
        prometheus: { version: '3.4', sources: ['kubeStateMetrics', 'queueProxy'] },
      },
    },
  ],
  [
    'a vLLM',
    {
      cluster: {
        kserve: { version: '0.20.0', mode: 'Standard', llm: { gatewayService: 'gateway.kserve.svc.cluster.local' } },
      },
      spec: {
        predictor: {
          framework: 'vllm',
          image: 'registry.example.com/llm-d:0.10.0',
          model: { uri: 's3://m/v46/' },
          resources: { cpu: '1', memory: '1Gi' },
          llm: {},
        },
      },
    },
  ],
];

test.each(ELSEWHERE)('the stories that every service has hold where %s count the requests', (_who, options) => {
  const target = targetOf(options);
  const groups = renderPrometheus(target, new Map()).flatMap(({ kind, spec }) =>
    kind === 'PrometheusRule' ? (spec as { groups: RuleGroup[] }).groups : [],
  );
  const stories = builtInStories({ groups, service: target.service, namespace: target.namespace }, {}).value ?? [];
  expect(stories.map(({ name }) => name)).toEqual(['healthy traffic', 'a total outage']);
  const folder = mkdtempSync(join(tmpdir(), 'stories-'));
  writeFileSync(join(folder, RULES_FILE), emitYaml({ groups }));
  for (const { name, text } of stories) {
    writeFileSync(join(folder, `${name}.yaml`), text);
    const { status, stdout, stderr } = runTool('promtool', ['test', 'rules', `${name}.yaml`], { cwd: folder });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  }
  rmSync(folder, { recursive: true });
});
