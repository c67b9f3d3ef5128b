import type { ServiceScope, TeamScope } from './platform.ts';

// Generated from the zod schemas of this folder by `npm run generate`. Do not edit.

/**
 * What all services of an organisation share.
 */
export interface PlatformSpec {
  /**
   * Where Argo CD reads the tree.
   */
  gitops: {
    /**
     * URL of the repository that Argo CD reads.
     */
    repoUrl: string;
    /**
     * Branch or tag that Argo CD follows.
     */
    revision?: string;
    /**
     * Folder of the GitOps tree in that repository; empty for its root.
     */
    path?: string;
  };
  /**
   * The Argo CD that delivers the tree.
   */
  argocd: {
    /**
     * Argo CD version: "3.5".
     */
    version: string | readonly [string, string];
    /**
     * Namespace of Argo CD.
     */
    namespace?: string;
    /**
     * AppProject of the root Application.
     */
    rootProject?: string;
  };
  /**
   * Clusters by name.
   */
  clusters: {
    [k: string]: ClusterSpec;
  };
  /**
   * Environments by name.
   */
  environments: {
    [k: string]: EnvironmentSpec;
  };
  /**
   * Model registries by name.
   */
  registries?: {
    [k: string]: {
      /**
       * Which registry it is: `mlflow`, …
       */
      kind: string;
      [k: string]: unknown;
    };
  };
  /**
   * Folder of the release store, relative to the project.
   */
  releases?: string;
  /**
   * More folders with imported CRDs (`ai-service import`), relative to the project.
   */
  imports?: readonly string[];
  /**
   * Kinds without a schema that may be written unchecked, as <apiVersion>/<Kind>.
   */
  allowUnknownKinds?: readonly string[];
}
/**
 * What is installed where. Versions decide which fields, checks and metric names are right.
 */
export interface ClusterSpec {
  /**
   * Kubernetes version: "1.33".
   */
  kubernetes: string | readonly [string, string];
  /**
   * KServe. Default: not installed.
   */
  kserve?: {
    /**
     * KServe version: "0.20.0".
     */
    version: string | readonly [string, string];
    /**
     * How InferenceServices are deployed.
     */
    mode: 'Standard' | 'Knative';
  };
  /**
   * Knative Serving. Default: not installed.
   */
  knative?: {
    /**
     * Knative Serving version with its patch: "1.21.1"; metric names switch at patches.
     */
    version: string | readonly [string, string];
    /**
     * Feature flags that are enabled in config-features.
     */
    features?: readonly (
      'nodeselector' | 'tolerations' | 'affinity' | 'persistent-volume-claim' | 'init-containers' | 'securitycontext'
    )[];
    /**
     * Istio Gateway for callers inside of the cluster.
     */
    localGateway?: string;
    /**
     * Host name of the Service in front of the local gateway.
     */
    localGatewayService?: string;
  };
  /**
   * Istio. Default: not installed.
   */
  istio?: {
    /**
     * Istio version: "1.30".
     */
    version: string | readonly [string, string];
    /**
     * Sidecars, or ambient with waypoints.
     */
    dataplane: 'sidecar' | 'ambient';
    /**
     * Gateway for public hosts, as <namespace>/<name>.
     */
    gateway?: string;
  };
  /**
   * Prometheus, run by its operator. Default: not installed.
   */
  prometheus?: {
    /**
     * Prometheus version: "3.4".
     */
    version: string | readonly [string, string];
    /**
     * Labels that the Prometheus object's selectors ask for.
     */
    ruleLabels?: {
      [k: string]: string;
    };
  };
  /**
   * KEDA. Default: not installed.
   */
  keda?: {
    /**
     * KEDA version.
     */
    version: string | readonly [string, string];
  };
  /**
   * External Secrets. Default: not installed.
   */
  externalSecrets?: {
    /**
     * External Secrets version; must serve external-secrets.io/v1.
     */
    version: string | readonly [string, string];
  };
  /**
   * Domain of public hosts.
   */
  domain?: string;
  /**
   * The cluster in Argo CD. Default: its name here.
   */
  destination?:
    | {
        /**
         * Name of the cluster in Argo CD.
         */
        name: string;
      }
    | {
        /**
         * URL of its API server.
         */
        server: string;
      };
  /**
   * Prefixes of model URIs to replace: { "s3://a/": "s3://b/" }.
   */
  mirrors?: {
    [k: string]: string;
  };
  /**
   * Prefixes of image names to replace.
   */
  imageMirrors?: {
    [k: string]: string;
  };
  /**
   * Annotations of ServiceAccounts: IRSA, workload identity.
   */
  serviceAccountAnnotations?: (scope: ServiceScope) => Readonly<Record<string, string>>;
}
/**
 * Where services run for one purpose.
 */
export interface EnvironmentSpec {
  /**
   * Stage of one or more environments; overrides may name it. `prod` gets the production safety settings.
   */
  stage: string;
  /**
   * Clusters that the environment runs on.
   *
   * @minItems 1
   */
  clusters: readonly string[];
  /**
   * Namespace of a team, or a function of the team.
   */
  namespace: string | ((scope: TeamScope) => string);
  /**
   * `release` serves what the release store says; `replace` follows the sources, one workload updated in place.
   */
  rollout?: 'release' | 'replace';
  /**
   * Render the teams' Namespaces too.
   */
  createNamespaces?: boolean;
}
