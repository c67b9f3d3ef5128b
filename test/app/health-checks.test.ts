import { expect, test } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { Platform } from '../../src/app/platform.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { PlatformSpec } from '../../src/service/platform-spec.ts';
import { stack } from '../support/platform.ts';

type Props = AIServiceProps<'dev' | 'prod', 'dev' | 'prod'>;

const GOOD: Props = {
  owner: { team: 'risk-ml' },
  predictor: {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud/v47/' },
    resources: { cpu: '4', memory: '8Gi' },
  },
};
const STOPS: Props = { ...GOOD, blueGreen: { keepPrevious: 'stopped' } };

/** What is said of Argo CD's health checks. The environment dev replaces in place. */
function findingsOf(services: Readonly<Record<string, Props>>, argocd?: Partial<PlatformSpec['argocd']>): string[] {
  const platform = new Platform({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5', ...argocd },
    clusters: { 'dev-1': stack, 'eu-1': stack },
    environments: {
      dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'ml-dev', rollout: 'replace' },
      prod: { stage: 'prod', clusters: ['eu-1'], namespace: 'ml' },
    },
  });
  for (const [name, props] of Object.entries(services)) new AIService(platform, name, props);
  return platform
    .render()
    .findings.filter(({ id }) => id === 'platform/health-check')
    .map(formatFinding);
}

test('services whose finished releases leave a stopped InferenceService behind are named once, with the way out', () => {
  expect(findingsOf({ fraud: STOPS, credit: STOPS, geo: GOOD })).toEqual([
    `warning platform/health-check: apps/platform.ts: argocd.healthChecks
  keepPrevious: 'stopped' of credit, fraud leaves a stopped InferenceService, which Argo CD calls suspended: a sync that stops one and removes another waits for ever, and holds up the next one, be it a rollback
  fix: give argocd-cm the health check of docs/gitops-tree.md and write healthChecks: ['InferenceService']; or keepPrevious: 'warm' or 'none'`,
  ]);
});

test('of many services three are named', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  expect(findingsOf(Object.fromEntries(names.map((name) => [name, STOPS])))[0]).toContain(
    'of a, b, c and 2 more leaves',
  );
});

test('an Argo CD that has the health check is not warned of', () => {
  expect(findingsOf({ fraud: STOPS }, { healthChecks: ['InferenceService'] })).toEqual([]);
});

test.each<[string, Props]>([
  ['stays warm', { ...GOOD, blueGreen: { keepPrevious: 'warm' } }],
  ['is removed', { ...GOOD, blueGreen: { keepPrevious: 'none' } }],
  ['runs only where the environment replaces in place', { ...STOPS, environments: ['dev'] }],
  [
    'is a function alone, which scales to zero',
    {
      owner: GOOD.owner,
      function: { image: 'registry.example.com/api:1.4.2', resources: { cpu: '500m', memory: '512Mi' } },
      blueGreen: { keepPrevious: 'stopped' },
    },
  ],
])('a service that %s leaves nothing that waits', (_name, props) => {
  expect(findingsOf({ fraud: props })).toEqual([]);
});
