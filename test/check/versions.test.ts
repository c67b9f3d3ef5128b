import { describe, expect, test } from 'vitest';
import { AIService } from '../../src/app/ai-service.ts';
import { Platform } from '../../src/app/platform.ts';
import { checkVersions } from '../../src/check/versions.ts';
import type { Finding } from '../../src/core/finding.ts';
import { KNOWN_VERSIONS, type VersionedSystem } from '../../src/service/known-versions.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { parseWith } from '../../src/service/parse.ts';
import { platform } from '../../src/service/platform.ts';
import { stack } from '../support/platform.ts';

/** What is said about the versions of a cluster, and of Argo CD. */
function findingsOn(cluster: Partial<ClusterSpec>, argocd: string | readonly [string, string] = '3.5'): Finding[] {
  const config = {
    gitops: { repoUrl: 'https://git.example.com/x.git' },
    argocd: { version: argocd },
    clusters: { 'eu-1': { ...stack, ...cluster } },
    environments: {},
  };
  return checkVersions(parseWith(platform, config, {}).value!, 'apps/platform.ts');
}

function said(...args: Parameters<typeof findingsOn>): string[] {
  return findingsOn(...args).map(({ where, message }) => `${where.field}: ${message}`);
}

test('a version that nobody released is a warning, which says whose rules it gets', () => {
  expect(findingsOn({ kserve: { version: '9.99', mode: 'Standard' } })).toEqual([
    {
      id: 'platform/unknown-version',
      severity: 'warning',
      where: { file: 'apps/platform.ts', field: 'clusters.eu-1.kserve.version' },
      message:
        'KServe 9.99 is newer than 0.20, the newest that our rules and schemas were read from: it is treated like 0.20, and what changed since is not known',
      fix: 'correct the number; where it is right, try the tree on such a cluster first (kubectl apply --dry-run=server), and look for a newer cdk8s-ai-service',
    },
  ]);
});

test('an old version is a warning', () => {
  expect(said({ kserve: { version: '0.9', mode: 'Standard' } })).toEqual([
    'clusters.eu-1.kserve.version: KServe 0.9 is older than 0.20, the oldest that our rules and schemas were read from: it is treated like 0.20, and may refuse or ignore what that takes',
  ]);
});

/** A cluster, or Argo CD, with a version of one system. */
function withVersion(system: VersionedSystem, version: string | [string, string]): string[] {
  if (system === 'argocd') return said({}, version);
  const rest = { kserve: { mode: 'Standard' }, istio: { dataplane: 'sidecar' } };
  return said({
    [system]: system === 'kubernetes' ? version : { ...(system in rest && rest[system as keyof typeof rest]), version },
  });
}

describe.each(
  Object.entries(KNOWN_VERSIONS).map(([system, known]) => ({ system: system as VersionedSystem, ...known })),
)('$name', ({ system, oldest, newest }) => {
  test('is known from its oldest to its newest version, with any patch', () => {
    expect(
      [oldest, `${oldest}.7`, newest ?? '1.99', `${newest ?? '1.99'}.99`].flatMap((version) =>
        withVersion(system, version),
      ),
    ).toEqual([]);
  });

  test('is warned about outside of that', () => {
    expect([withVersion(system, '0.1').length, withVersion(system, '99.0').length]).toEqual([
      1,
      newest === undefined ? 0 : 1,
    ]);
  });
});

test('in an upgrade both versions are looked at, in one finding', () => {
  expect(
    said({ istio: { version: ['1.22', '1.23'], dataplane: 'sidecar' }, knative: { version: ['1.18.2', '1.21.1'] } }, [
      '3.4',
      '3.5',
    ]),
  ).toEqual([]);
  expect(said({ keda: { version: ['2.18', '2.19'] } })).toEqual([
    'clusters.eu-1.keda.version: KEDA 2.19 is newer than 2.18, the newest that our rules and schemas were read from: it is treated like 2.18, and what changed since is not known',
  ]);
  expect(said({ prometheus: { version: ['2.40', '4.0'] } })).toHaveLength(1);
});

test('it is said once for each cluster and system, however many services run there', () => {
  const made = new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
      argocd: { version: '3.5' },
      clusters: { 'eu-1': { kubernetes: '1.28' }, 'us-1': { kubernetes: '1.28' } },
      environments: { prod: { stage: 'prod', clusters: ['eu-1', 'us-1'], namespace: 'ml', rollout: 'replace' } },
    },
    { root: '/nowhere' },
  );
  for (const name of ['a', 'b']) {
    new AIService(made, name, {
      owner: { team: 'ml', escalation: '#ml' },
      function: {
        image: `registry.example.com/${name}:1@sha256:${'0'.repeat(64)}`,
        resources: { cpu: '1', memory: '1Gi' },
      },
    });
  }
  const found = made.render().findings.filter(({ severity }) => severity !== 'info');
  expect(found.map(({ id, where }) => [id, where])).toEqual([
    ['platform/unknown-version', { file: 'apps/platform.ts', field: 'clusters.eu-1.kubernetes' }],
    ['platform/unknown-version', { file: 'apps/platform.ts', field: 'clusters.us-1.kubernetes' }],
  ]);
});
