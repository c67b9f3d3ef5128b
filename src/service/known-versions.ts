/** The versions of a system that our rules, schemas and metric names were read from, or tell apart. */
export interface KnownVersions {
  /** As its makers call it. */
  readonly name: string;
  /** First minor version. */
  readonly oldest: string;
  /** Last minor version; `undefined` where later ones take what earlier ones took. */
  readonly newest: string | undefined;
}

/**
 * What a platform names versions of, by the field of the cluster; `argocd` is the platform's. Schemas are those of
 * imports/sources.yaml, the newest but where something else was read later.
 */
export const KNOWN_VERSIONS = {
  argocd: { name: 'Argo CD', oldest: '3.4', newest: '3.5' },
  // Within a major version nothing that is stable goes away (Kubernetes deprecation policy, rule 4a), and we render nothing else.
  kubernetes: { name: 'Kubernetes', oldest: '1.33', newest: undefined },
  kserve: { name: 'KServe', oldest: '0.20', newest: '0.20' },
  // Names of metrics: 1.18.2 to 1.23.0.
  knative: { name: 'Knative Serving', oldest: '1.18', newest: '1.23' },
  // 1.23 brought a condition of retries, which is left out before.
  istio: { name: 'Istio', oldest: '1.22', newest: '1.30' },
  // 1.3 brought copies of a share of the requests, which are refused before.
  gatewayApi: { name: 'Gateway API', oldest: '1.2', newest: '1.5' },
  argoRollouts: { name: 'Argo Rollouts', oldest: '1.9', newest: '1.9' },
  // Grammar, functions and storage: 2.42 to 3.15.
  prometheus: { name: 'Prometheus', oldest: '2.42', newest: '3.15' },
  keda: { name: 'KEDA', oldest: '2.18', newest: '2.18' },
  externalSecrets: { name: 'External Secrets', oldest: '2.9', newest: '2.9' },
} as const satisfies Readonly<Record<string, KnownVersions>>;

/** A system whose versions a platform names. */
export type VersionedSystem = keyof typeof KNOWN_VERSIONS;

/** The known versions in words: `1.18 to 1.23`. */
export function knownRange(system: VersionedSystem): string {
  const { oldest, newest } = KNOWN_VERSIONS[system];
  if (newest === undefined) return `${oldest} and later`;
  return String(oldest) === newest ? oldest : `${oldest} to ${newest}`;
}
