import { expect, test } from 'vitest';
import { projectWith, run, SERVICE, type Ran } from '../support/project.ts';
import { hasPromtool } from './promtool.ts';

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

function monitoringTest(stories: string): Promise<Ran> {
  const root = projectWith({ 'apps/hello/service.yaml': OWN, 'apps/hello/monitoring.test.yaml': stories });
  return run(root, ['monitoring', 'test', 'hello', '--env', 'prod-eu']);
}

test('promtool is at hand, or somebody is told', () => {
  if (!hasPromtool) console.error('\n*** promtool is missing: NO STORY WAS RUN. apt-get install -y prometheus ***\n');
  expect(hasPromtool || process.env['CI'] !== 'true', 'promtool is required in CI: apt-get install -y prometheus').toBe(true);
});

test.runIf(hasPromtool)('the stories of a service hold: of its own alerts, of healthy traffic and of an outage', async () => {
  expect(await monitoringTest(STORIES)).toEqual({
    code: 0,
    signal: null,
    stdout: 'ok    healthy traffic\nok    a total outage\nok    many are blocked\nok    few are blocked\n4 of 4 stories hold\n',
    stderr: '',
  });
});

test.runIf(hasPromtool)('a story that does not hold is shown with what promtool says, and is an error', async () => {
  const { code, stdout } = await monitoringTest(STORIES.replace('0+120x30', '0+12x30'));
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ok {4}healthy traffic\nok {4}a total outage\nFAIL {2}many are blocked\n {6}[^]*BlockedOften[^]*\nok {4}few are blocked\n3 of 4 stories hold\n$/);
});
