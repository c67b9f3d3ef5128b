import { expect, test } from 'vitest';
import { Platform } from '../../src/app/platform.ts';
import { formatFinding } from '../../src/core/finding.ts';

function findingsOf(environment: string, stage: string): string[] {
  const platform = new Platform({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5' },
    clusters: { 'eu-1': { kubernetes: '1.33' } },
    environments: { [environment]: { stage, clusters: ['eu-1'], namespace: 'ml' } },
  });
  return platform.findings.map(formatFinding);
}

test('an environment that is called like production, in a stage that is not protected, is warned about', () => {
  expect(findingsOf('prod-eu', 'prd')).toEqual([
    `warning platform/stage: apps/platform.ts: environments.prod-eu.stage
  stage "prd" is not "prod": what Git loses is deleted from the clusters, and no alert wakes anybody up
  fix: write stage: 'prod', or call environment and stage otherwise`,
  ]);
  expect(findingsOf('eu', 'production')).toHaveLength(1);
  expect(findingsOf('live', 'last')).toHaveLength(1);
});

test('stages before production have any name', () => {
  for (const stage of ['dev', 'staging', 'preprod', 'product-tests']) expect(findingsOf(stage, stage)).toEqual([]);
  expect(findingsOf('prod-eu', 'prod')).toEqual([]);
});
