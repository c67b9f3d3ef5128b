import type { ServiceScope, TeamScope } from './platform.ts';

// Generated from the zod schemas of this folder by `npm run generate`. Do not edit.

/**
 * Where alerts go. Addresses and keys are in Secrets.
 */
export type Receiver =
  | {
      /**
       * PagerDuty, Events API v2.
       */
      pagerduty: {
        routingKey: ReceiverSecret;
      };
    }
  | {
      /**
       * Opsgenie.
       */
      opsgenie: {
        apiKey: ReceiverSecret;
      };
    }
  | {
      /**
       * Slack.
       */
      slack: {
        /**
         * Secret with the URL of the webhook.
         */
        apiUrl: ReceiverSecret;
        /**
         * Channel. Default: the escalation of the owner, where that is a channel (#…).
         */
        channel?: string;
      };
    }
  | {
      /**
       * Microsoft Teams.
       */
      msteams: {
        webhookUrl: ReceiverSecret;
      };
    }
  | {
      /**
       * Anything that understands Alertmanager's webhook.
       */
      webhook: {
        url: ReceiverSecret;
      };
    };
/**
 * A model registry. Credentials never stand here: commands take them from the environment.
 */
export type RegistrySpec =
  MlflowRegistry | SageMakerRegistry | AzureMlRegistry | VertexAiRegistry | HuggingFaceRegistry | OciRegistry;

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
     * Argo CD version: "3.5". Known: 3.4 to 3.5.
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
    /**
     * Kinds for which its ConfigMap argocd-cm has the health check of docs/gitops-tree.md. Default: none.
     */
    healthChecks?: readonly 'InferenceService'[];
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
    [k: string]: RegistrySpec;
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
   * Kubernetes version: "1.33". Known: 1.33 and later.
   */
  kubernetes: string | readonly [string, string];
  /**
   * KServe. Default: not installed.
   */
  kserve?: {
    /**
     * KServe version: "0.20.0". Known: 0.20.
     */
    version: string | readonly [string, string];
    /**
     * How InferenceServices are deployed.
     */
    mode: 'Standard' | 'Knative';
    /**
     * LLMInferenceServices. Default: not installed.
     */
    llm?: {
      /**
       * Host name of the Service in front of KServe's ingress gateway.
       */
      gatewayService: string;
    };
  };
  /**
   * Knative Serving. Default: not installed.
   */
  knative?: {
    /**
     * Knative Serving version with its patch: "1.21.1"; metric names switch at patches. Known: 1.18 to 1.23.
     */
    version: string | readonly [string, string];
    /**
     * Feature flags that are enabled in config-features.
     */
    features?: readonly (
      | 'affinity'
      | 'dnsconfig'
      | 'dnspolicy'
      | 'hostaliases'
      | 'hostipc'
      | 'hostnetwork'
      | 'hostpid'
      | 'init-containers'
      | 'nodeselector'
      | 'persistent-volume-claim'
      | 'priorityclassname'
      | 'runtimeclassname'
      | 'schedulername'
      | 'securitycontext'
      | 'shareprocessnamespace'
      | 'tolerations'
      | 'topologyspreadconstraints'
      | 'volumes-csi'
      | 'volumes-hostpath'
      | 'volumes-image'
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
     * Istio version: "1.30". Known: 1.22 to 1.30.
     */
    version: string | readonly [string, string];
    /**
     * Sidecars, or ambient with waypoints.
     */
    dataplane: 'sidecar' | 'ambient';
    /**
     * Whether the Prometheus of the cluster scrapes its gateways, sidecars and waypoints, which count the requests. Default: true.
     */
    metrics?: boolean;
    /**
     * Gateway for public hosts, as <namespace>/<name>.
     */
    gateway?: string;
  };
  /**
   * Gateway API, which routes where the cluster has no Istio. Default: not installed.
   */
  gatewayApi?: {
    /**
     * Gateway API version: "1.4". Known: 1.2 to 1.5.
     */
    version: string | readonly [string, string];
    /**
     * Gateway for public hosts, as <namespace>/<name>. It must let routes of the teams' namespaces attach.
     */
    gateway?: string;
    /**
     * Whether a mesh follows HTTPRoutes of Services (GAMMA: Linkerd, Cilium). Without one, callers inside of the cluster are not split.
     */
    mesh?: boolean;
  };
  /**
   * Argo Rollouts, for its AnalysisTemplates. Default: not installed.
   */
  argoRollouts?: {
    /**
     * Argo Rollouts version: "1.9". Known: 1.9.
     */
    version: string | readonly [string, string];
  };
  /**
   * Prometheus, run by its operator. Default: not installed.
   */
  prometheus?: {
    /**
     * Prometheus version: "3.4". Known: 2.42 to 3.15.
     */
    version: string | readonly [string, string];
    /**
     * How long it keeps samples (`--storage.tsdb.retention.time`): "15d". Error budgets over a longer period are warned about. Default: not known.
     */
    retention?: string;
    /**
     * Native histograms. `scraped`: it keeps those that are exposed (`scrape_native_histograms`); Prometheus 3.0 or later. `converted`: it also makes native ones of all classic ones (`convert_classic_histograms_to_nhcb`), so that no series of buckets is left; 3.4 or later. Default: it keeps classic ones only.
     */
    nativeHistograms?: 'scraped' | 'converted';
    /**
     * Labels that the Prometheus object's selectors ask for.
     */
    ruleLabels?: {
      [k: string]: string;
    };
    alertmanager?: Alertmanager;
    /**
     * Address of an alert's page: {page} is its place in the GitOps tree, {alert} its name. "https://git.example.com/acme/ml-gitops/blob/main/gitops/{page}". Default: alerts name none.
     */
    runbookUrl?: string;
    /**
     * What it scrapes beside Istio and our pods; alerts on anything else are not rendered. `argocd`: the Argo CD that delivers to the cluster. `dcgm`: NVIDIA GPUs. `inferenceServices`: their conditions, by kube-state-metrics (docs/health.md has the configuration). `knative`: its autoscaler and activator. `queueProxy`: Knative counts requests in every pod (docs/health.md), which our PodMonitor scrapes. Default: nothing.
     */
    sources?: readonly ('argocd' | 'dcgm' | 'inferenceServices' | 'knative' | 'kubeStateMetrics' | 'opencost' | 'queueProxy')[];
  };
  /**
   * Grafana, with a sidecar that looks for dashboards. Default: not installed.
   */
  grafana?: {
    /**
     * Labels of ConfigMaps in which its sidecar looks for dashboards, in all namespaces.
     */
    labels?: {
      [k: string]: string;
    };
    /**
     * Folder of the dashboards, for the annotation `grafana_folder`. Default: none.
     */
    folder?: string;
  };
  /**
   * KEDA. Default: not installed.
   */
  keda?: {
    /**
     * KEDA version. Known: 2.18.
     */
    version: string | readonly [string, string];
  };
  /**
   * External Secrets. Default: not installed.
   */
  externalSecrets?: {
    /**
     * External Secrets version; must serve external-secrets.io/v1. Known: 2.9.
     */
    version: string | readonly [string, string];
  };
  /**
   * Domain of public hosts: "ml.example.com".
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
   * Prefixes of model URIs to replace, both with "/" at the end, or none: { "s3://a/": "s3://b/" }.
   */
  mirrors?: {
    [k: string]: string;
  };
  /**
   * Prefixes of image names to replace, both with "/" at the end, or none.
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
 * Routing of alerts by AlertmanagerConfigs, one for each service. Default: not rendered; alerts carry the labels `team` and `severity`, by which a central configuration can route.
 */
export interface Alertmanager {
  /**
   * Labels that the Alertmanager object's `alertmanagerConfigSelector` asks for.
   */
  configLabels?: {
    [k: string]: string;
  };
  /**
   * Receivers by name.
   */
  receivers: {
    [k: string]: Receiver;
  };
  routes: AlertRoutes;
}
/**
 * A key of a Secret in the service's own namespace, so that every team has its own. The value never passes through Git.
 */
export interface ReceiverSecret {
  /**
   * Name of the Secret.
   */
  secret: string;
  /**
   * Key in the Secret.
   */
  key: string;
}
/**
 * Names of receivers by severity.
 */
export interface AlertRoutes {
  /**
   * Receiver of what wakes somebody up.
   */
  critical: string;
  /**
   * Receiver of what can wait until morning.
   */
  warning: string;
  /**
   * Receiver of what is good to know. Default: nobody hears it.
   */
  info?: string;
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
   * Releases may be made here, and need not be promoted from an earlier stage. They always may in the first stage, and where the environment replaces.
   */
  entry?: boolean;
  /**
   * Render the teams' Namespaces too.
   */
  createNamespaces?: boolean;
  /**
   * Pod Security level that the namespaces enforce; those that we create get its label. Where it is `restricted`, every container runs without root, capabilities and privilege escalation, under the seccomp profile RuntimeDefault. Default: not said, and containers of your own images say nothing of it.
   */
  podSecurity?: 'baseline' | 'restricted';
}
/**
 * An MLflow tracking server with its model registry, 2.x or 3.x.
 */
export interface MlflowRegistry {
  /**
   * An MLflow tracking server with its model registry.
   */
  kind: 'mlflow';
  /**
   * URL of the tracking server.
   */
  url: string;
  /**
   * The server's `--artifacts-destination`: where proxied `mlflow-artifacts:` URIs really are. The API does not tell.
   */
  artifactsDestination?: string;
  /**
   * Tag that says that a version is approved, as `<key>=<value>`: `validation_status=passed`. A version without it waits for approval; the values `rejected` and `failed` refuse it. Default: approval is unknown, and refuses nothing.
   */
  approvalTag?: string;
}
/**
 * The model package groups of an AWS account and region.
 */
export interface SageMakerRegistry {
  /**
   * Amazon SageMaker Model Registry.
   */
  kind: 'sagemaker';
  /**
   * AWS region: `eu-central-1`.
   */
  region: string;
  /**
   * Account that owns the model package groups. Default: that of the credentials.
   */
  account?: string;
}
/**
 * The models of an Azure Machine Learning workspace or registry.
 */
export interface AzureMlRegistry {
  /**
   * Azure Machine Learning.
   */
  kind: 'azureml';
  /**
   * Id of the subscription.
   */
  subscription: string;
  /**
   * Resource group.
   */
  resourceGroup: string;
  /**
   * The workspace that has the models; or name a `registry`.
   */
  workspace?: string;
  /**
   * The registry that has the models; or name a `workspace`.
   */
  registry?: string;
  /**
   * Tag that says that a version is approved, as `<key>=<value>`: `validation_status=passed`. A version without it waits for approval; the values `rejected` and `failed` refuse it. Default: approval is unknown, and refuses nothing.
   */
  approvalTag?: string;
}
/**
 * The models of a Google Cloud project and location.
 */
export interface VertexAiRegistry {
  /**
   * Google Vertex AI Model Registry.
   */
  kind: 'vertex';
  /**
   * Id or number of the project.
   */
  project: string;
  /**
   * Location: `europe-west4`.
   */
  location: string;
}
/**
 * The Hugging Face Hub; a model is `<owner>/<name>`, its versions are commits.
 */
export interface HuggingFaceRegistry {
  /**
   * Hugging Face Hub.
   */
  kind: 'huggingface';
  /**
   * URL of the Hub or a mirror of it. Default: https://huggingface.co.
   */
  endpoint?: string;
}
/**
 * An OCI registry; a model is a repository, its versions are digests.
 */
export interface OciRegistry {
  /**
   * An OCI registry with models as images.
   */
  kind: 'oci';
  /**
   * Host of the registry, with its port when it is not 443: `registry.example.com`.
   */
  host: string;
}
