import { expect, test } from 'vitest';
import { Platform } from '../../src/app/platform.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';

function findingsOf(clusters: Readonly<Record<string, ClusterSpec>>): string[] {
  const platform = new Platform({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5' },
    clusters,
    environments: { prod: { stage: 'prod', clusters: Object.keys(clusters), namespace: 'ml' } },
  });
  return platform.findings.map(formatFinding);
}

const PROMETHEUS = { kubernetes: '1.33', prometheus: { version: '3.4' } };

test('clusters that do not say what their Prometheus scrapes are named once, all together', () => {
  expect(findingsOf({ 'us-1': PROMETHEUS, 'eu-1': PROMETHEUS, plain: { kubernetes: '1.33' } })).toEqual([
    `info platform/metric-sources: apps/platform.ts: clusters.eu-1.prometheus.sources
  it is not said what the Prometheus of eu-1, us-1 scrapes, so that there are no alerts on pods, scaling, delivery and GPUs
  fix: write prometheus.sources: ['argocd', 'kubeStateMetrics'] and what else there is (docs/health.md), or [] for nothing`,
  ]);
});

test('an empty list says that there is nothing more', () => {
  expect(findingsOf({ 'eu-1': { kubernetes: '1.33', prometheus: { version: '3.4', sources: [] } } })).toEqual([]);
});
