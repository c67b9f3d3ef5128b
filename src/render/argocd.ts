import type { Application, ApplicationSet, ApplicationSpec, AppProject } from '../../imports/argoproj.io/v1alpha1.js';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { atLeast } from '../core/version.ts';
import type { Environment, PlatformConfig } from '../service/platform.ts';
import { policyOf, type ReleasePolicy } from '../service/release-policy.ts';
import { NAMESPACE, RENDERED_KINDS } from './kinds.ts';
import type { SharedUnit } from './kubernetes.ts';
import type { Target } from './target.ts';

/**
 * What delivers the tree: a descriptor per unit, an ApplicationSet per team and environment that makes an Application
 * of each descriptor, an AppProject per team, and the root Application that a cluster admin applies by hand.
 */

/** Content of `argocd-app.json`: what the ApplicationSet reads, and the policy summary that `plan` reads. */
export interface AppDescriptor {
  /** Name of the Application, unique in the whole platform. */
  readonly name: string;
  readonly team: string;
  /** The service, or `_shared`. */
  readonly service: string;
  readonly environment: string;
  readonly stage: string;
  readonly cluster: string;
  /** The cluster in Argo CD: one of the two is empty. Both are there, since a missing key would stop the whole set. */
  readonly destination: { readonly name: string; readonly server: string };
  readonly namespace: string;
  /** How a new release gets its traffic. */
  readonly policy?: ReleasePolicy;
}

/**
 * The descriptor of a service in one environment on one cluster, or of what a team's services share there. No key may
 * be called `path`: the generator sets that one itself. Dots part the name, since none of its parts can have one:
 * `a-b` in `c` and `a` in `b-c` stay two.
 *
 * @example argocdApp(target).name // 'fraud-detector.prod-eu.eu-1'
 */
export function argocdApp(unit: Target | SharedUnit): AppDescriptor {
  const { environment, env, clusterName, cluster, namespace } = unit;
  const shared = 'team' in unit;
  return {
    name: `${shared ? `shared.${unit.team}` : unit.service}.${environment}.${clusterName}`,
    team: shared ? unit.team : unit.spec.owner.team,
    service: shared ? '_shared' : unit.service,
    environment,
    stage: env.stage,
    cluster: clusterName,
    destination: { name: '', server: '', ...(cluster.destination ?? { name: clusterName }) },
    namespace,
    ...(!shared && { policy: policyOf(unit.spec, env.rollout) }),
  };
}

/**
 * Argo CD's settings for what it applies.
 *
 * ApplyOutOfSyncOnly: a sync touches what changed and nothing else, so a rollback waits neither for a candidate that
 * never becomes ready nor for a webhook that is down. PruneLast: nothing goes before what replaces it is healthy.
 * ServerSideApply: KServe's objects are too large for an annotation, and controllers' fields stay theirs.
 */
const SYNC_OPTIONS = [
  'ApplyOutOfSyncOnly=true',
  'PruneLast=true',
  'RespectIgnoreDifferences=true',
  'ServerSideApply=true',
];

/**
 * Diffs on the server know the defaults that the API server fills in. Without `IncludeMutationWebhook`: what webhooks
 * change is left out, and would otherwise defeat `ignoreDifferences`.
 */
const COMPARE_OPTIONS = { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' };

/** A team's services in one environment. */
export interface TeamEnvironment {
  readonly platform: PlatformConfig;
  readonly team: string;
  readonly environment: string;
  readonly env: Environment;
}

/**
 * The ApplicationSet of a team in one environment: one Application per descriptor. In stage `prod` a descriptor that
 * disappears deletes no Application, and an Application that is deleted leaves its objects running; someone may also
 * switch off self-heal at night without the set switching it on again.
 */
export function renderApplicationSet({ platform, team, environment, env }: TeamEnvironment): KubeObject {
  const { gitops, argocd } = platform;
  const prod = env.stage === 'prod';
  const object: ApplicationSet = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name: `${team}-${environment}`, namespace: argocd.namespace, labels: teamLabels(team) },
    spec: {
      goTemplate: true,
      goTemplateOptions: ['missingkey=error'],
      generators: [
        {
          git: {
            repoURL: gitops.repoUrl,
            // As configured: a branch may be written refs/heads/main, which spares a lookup, and a tag may not.
            revision: gitops.revision,
            // By default `*` matches `/` too. The file's name and the fixed folders make both readings give the same files.
            files: [{ path: inTree(platform, `envs/${environment}/*/${team}/*/argocd-app.json`) }],
          },
        },
      ],
      syncPolicy: prod
        ? { applicationsSync: 'create-update', preserveResourcesOnDeletion: true }
        : { applicationsSync: 'sync', preserveResourcesOnDeletion: false },
      ...(prod && { ignoreApplicationDifferences: [{ jsonPointers: ['/spec/syncPolicy'] }] }),
      template: {
        metadata: {
          name: '{{ .name }}',
          labels: {
            ...teamLabels(team),
            'app.kubernetes.io/name': '{{ .service | trimPrefix "_" }}',
            cluster: '{{ .cluster }}',
            environment: '{{ .environment }}',
            stage: '{{ .stage }}',
          },
          annotations: { ...COMPARE_OPTIONS, 'argocd.argoproj.io/manifest-generate-paths': '.' },
        },
        spec: {
          // Never from a descriptor: who writes those must not choose the project.
          project: team,
          source: source(platform, '{{ .path.path }}/manifests'),
          destination: {
            name: '{{ .destination.name }}',
            server: '{{ .destination.server }}',
            namespace: '{{ .namespace }}',
          },
          syncPolicy: syncPolicy(platform),
        },
      },
    },
  };
  return object;
}

/** Everything that an AppProject is derived from. */
export interface TeamProject {
  readonly platform: PlatformConfig;
  readonly team: string;
  /** Kinds that are emitted for the team, as `<group>/<Kind>`: those that users added count, ours are listed always. */
  readonly kinds: ReadonlySet<string>;
  /** Where the team's units are: namespaces by environment, then cluster. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * The AppProject of a team, with the least that its Applications need: one repository, its own namespaces, the kinds
 * that we may render and those that users added, and of what belongs to no namespace only its own Namespaces.
 *
 * Kinds that nothing has at present are listed too: Argo CD prunes only what the project allows, so that a kind which
 * left the list together with its last object would leave that object running.
 */
export function renderAppProject({ platform, team, kinds, places }: TeamProject): KubeObject {
  const { gitops, argocd, clusters, environments } = platform;
  const destinations = new Map<string, { name?: string; server?: string; namespace: string }>();
  const created = new Set<string>();
  for (const [environment, namespaces] of places) {
    for (const [cluster, namespace] of namespaces) {
      const destination = { ...(clusters[cluster]?.destination ?? { name: cluster }), namespace };
      destinations.set(JSON.stringify(destination), destination);
      if (kinds.has(NAMESPACE) && environments[environment]?.createNamespaces) created.add(namespace);
    }
  }
  const metadata = {
    name: team,
    namespace: argocd.namespace,
    labels: teamLabels(team),
    // A project that goes before its Applications would leave them undeletable (docs, project specification).
    finalizers: ['resources-finalizer.argocd.argoproj.io'],
  };
  const object: AppProject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata,
    spec: {
      description: `AI services of team ${team}`,
      sourceRepos: [gitops.repoUrl],
      destinations: [...destinations].sort(([a], [b]) => compareText(a, b)).map(([, destination]) => destination),
      // Without the list nothing outside of namespaces is allowed.
      ...(created.size > 0 && { clusterResourceWhitelist: namespaceRules(platform, [...created].sort(compareText)) }),
      namespaceResourceWhitelist: [...new Set([...RENDERED_KINDS, ...kinds])]
        .filter((kind) => kind !== NAMESPACE)
        .sort(compareText)
        .map((kind) => ({ group: kind.slice(0, kind.indexOf('/')), kind: kind.slice(kind.indexOf('/') + 1) })),
    },
  };
  return object;
}

/** Namespaces by name where Argo CD can tell them apart (seen in the CRD of 3.5), else all of them. */
function namespaceRules(
  { argocd }: PlatformConfig,
  names: readonly string[],
): { group: string; kind: string; name?: string }[] {
  const rule = { group: '', kind: 'Namespace' };
  return atLeast(argocd.version, '3.5') ? names.map((name) => ({ ...rule, name })) : [rule];
}

/**
 * The Application that reads `argocd/` of the tree: AppProjects and ApplicationSets. A cluster admin applies it by hand,
 * so it leaves itself out; deleting it deletes nothing else.
 */
export function renderRootApplication(platform: PlatformConfig): KubeObject {
  const { argocd } = platform;
  const { directory, ...from } = source(platform, inTree(platform, 'argocd'));
  const object: Application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'ai-services', namespace: argocd.namespace, labels: MANAGED, annotations: COMPARE_OPTIONS },
    spec: {
      project: argocd.rootProject,
      source: { ...from, directory: { ...directory, exclude: 'root.yaml' } },
      destination: { server: 'https://kubernetes.default.svc', namespace: argocd.namespace },
      syncPolicy: syncPolicy(platform),
    },
  };
  return object;
}

const MANAGED = { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service' };

function teamLabels(team: string): Record<string, string> {
  return { ...MANAGED, 'app.kubernetes.io/part-of': team };
}

/** A path in the repository of something in the tree. */
function inTree({ gitops }: PlatformConfig, path: string): string {
  const folder = gitops.path.replace(/\/+$/, '');
  return folder === '' ? path : `${folder}/${path}`;
}

/** `recurse` also keeps Argo CD from taking the folder for a Helm chart or a kustomization; an empty `directory` would not. */
function source({ gitops }: PlatformConfig, path: string): NonNullable<ApplicationSpec['source']> {
  return { repoURL: gitops.repoUrl, targetRevision: gitops.revision, path, directory: { recurse: true } };
}

function syncPolicy({ argocd }: PlatformConfig): NonNullable<ApplicationSpec['syncPolicy']> {
  return {
    automated: { prune: true, selfHeal: true },
    retry: {
      limit: 5,
      backoff: { duration: '10s', factor: 2, maxDuration: '5m' },
      // A retry takes the newest commit, so that the fix of a broken one need not wait (seen in the CRD of 3.5).
      ...(atLeast(argocd.version, '3.5') && { refresh: true }),
    },
    syncOptions: [...SYNC_OPTIONS],
  };
}
