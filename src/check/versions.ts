import { findingOf, type Finding, type Rule } from '../core/finding.ts';
import { compareVersions, type Versions } from '../core/version.ts';
import { KNOWN_VERSIONS, type VersionedSystem } from '../service/known-versions.ts';
import type { Cluster, PlatformConfig } from '../service/platform.ts';

/** What is said about the versions that a platform names. */
export const VERSION_RULES = [
  {
    id: 'platform/unknown-version',
    severity: 'warning',
    summary:
      'Versions that a platform names are among those that our rules, schemas and names of metrics were read from (docs/platform.md).',
    source: 'ours: nobody has looked what another version refuses, ignores or calls otherwise',
  },
] as const satisfies readonly Rule[];

const finding = findingOf(VERSION_RULES);

/**
 * Versions that nobody looked into, or that are mistyped: one finding for each cluster and system, however many services
 * run there. Of the two versions of an upgrade each is looked at.
 *
 * @param file the file that describes the platform.
 * @example checkVersions(config, 'apps/platform.ts') // [{ id: 'platform/unknown-version', … }]
 */
export function checkVersions({ argocd, clusters }: PlatformConfig, file: string): Finding[] {
  const findings: Finding[] = [];
  const look = (system: VersionedSystem, field: string, versions: Versions | undefined): void => {
    const unknown = (versions === undefined ? [] : [versions].flat()).flatMap(
      (version) => whyUnknown(system, version) ?? [],
    );
    if (unknown.length === 0) return;
    const fix =
      'correct the number; where it is right, try the tree on such a cluster first (kubectl apply --dry-run=server), and look for a newer cdk8s-ai-service';
    findings.push(finding('platform/unknown-version', { file, field }, unknown.join('; '), fix));
  };
  look('argocd', 'argocd.version', argocd.version);
  for (const [name, cluster] of Object.entries(clusters)) {
    for (const system of SYSTEMS) {
      const installed = cluster[system];
      const bare = typeof installed === 'string' || isPair(installed);
      look(system, `clusters.${name}.${system}${bare ? '' : '.version'}`, bare ? installed : installed?.version);
    }
  }
  return findings;
}

/** Fields of a cluster that name versions. */
const SYSTEMS = (Object.keys(KNOWN_VERSIONS) as VersionedSystem[]).filter((system) => system !== 'argocd');

function isPair(installed: Cluster[(typeof SYSTEMS)[number]]): installed is [string, string] {
  return Array.isArray(installed);
}

/** Says which known version is the nearest, and that its rules are used; nothing about a version that is known. */
function whyUnknown(system: VersionedSystem, version: string): string | undefined {
  const { name, oldest, newest } = KNOWN_VERSIONS[system];
  if (compareVersions(version, oldest) < 0) {
    return `${name} ${version} is older than ${oldest}, the oldest that our rules and schemas were read from: it is treated like ${oldest}, and may refuse or ignore what that takes`;
  }
  if (newest !== undefined && compareVersions(minorOf(version), newest) > 0) {
    return `${name} ${version} is newer than ${newest}, the newest that our rules and schemas were read from: it is treated like ${newest}, and what changed since is not known`;
  }
  return undefined;
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
