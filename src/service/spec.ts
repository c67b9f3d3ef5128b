// Generated from the zod schemas of this folder by `npm run generate`. Do not edit.

/**
 * What model is wanted: an immutable URI, or a name in a registry that a release locks.
 */
export type ModelRef = ModelUri | RegistryModel;
/**
 * A literal, a key of a Secret or ConfigMap, or the base URL of a model or service.
 */
export type EnvValue =
  | string
  | {
      /**
       * Name of the Secret (see `secrets`, or one that exists).
       */
      secret: string;
      /**
       * Key in the Secret.
       */
      key: string;
    }
  | {
      /**
       * Name of the ConfigMap.
       */
      configMap: string;
      /**
       * Key in the ConfigMap.
       */
      key: string;
    }
  | Endpoint;
/**
 * The base URL of a model or service, handed in as an environment variable.
 */
export type Endpoint =
  | {
      /**
       * A part of this service that serves: `predictor`, or a name in `models`.
       */
      part: string;
    }
  | {
      /**
       * Another service of the platform, in the same environment.
       */
      service: string;
    }
  | {
      /**
       * A URL outside of the platform.
       */
      url: string;
    };
/**
 * What the autoscaler aims at. Knative scales by concurrency or rps, Standard mode by cpu or memory.
 */
export type ScalingTarget =
  | {
      /**
       * Average CPU use, in per cent of the request.
       */
      cpu: number;
    }
  | {
      /**
       * Average memory use, in per cent of the request.
       */
      memory: number;
    }
  | {
      /**
       * Requests in flight per replica.
       */
      concurrency: number;
    }
  | {
      /**
       * Requests per second per replica.
       */
      rps: number;
    };
/**
 * What must hold on the candidate before it gets more traffic. That it is ready must hold always.
 */
export type Gate =
  | {
      /**
       * Requests that fail: answers 5xx, and answers 4xx in excess of those of the stable release.
       */
      errorRatio: {
        /**
         * Largest share of failed requests, 0 to 1.
         */
        max: number;
        /**
         * The share beside that of the stable release at the same time; what chance explains does not count.
         */
        comparedToStable?: {
          /**
           * At most so many times the stable release's share: 1.5.
           */
          factor?: number;
          /**
           * At most so much more than the stable release's share, 0 to 1: 0.005.
           */
          difference?: number;
        };
        /**
         * Fewest requests to the candidate during the bake time; with fewer nothing is decided. Default: 100.
         */
        minSamples?: number;
        /**
         * Parts of equal length that the bake time is divided into; the gate must hold in each. Default: 3.
         */
        consecutive?: number;
      };
    }
  | {
      /**
       * Time to answer, of requests that do not fail.
       */
      latency: {
        /**
         * Quantile, 0 to 1.
         */
        quantile: number;
        /**
         * Largest latency at that quantile. Exact at a bucket bound of the metric, between two an estimate.
         */
        max: string;
        /**
         * The latency beside that of the stable release at the same time.
         */
        comparedToStable?: {
          /**
           * At most so many times the stable release's latency: 1.25.
           */
          factor?: number;
          /**
           * At most so much more than the stable release's latency: 50ms.
           */
          difference?: string;
        };
        /**
         * Fewest requests to the candidate during the bake time; with fewer nothing is decided. Default: 100.
         */
        minSamples?: number;
        /**
         * Parts of equal length that the bake time is divided into; the gate must hold in each. Default: 3.
         */
        consecutive?: number;
      };
    }
  | {
      /**
       * Predictions of the candidate beside those of the stable release: the histogram in `exports.predictions`.
       */
      predictionDrift: {
        /**
         * Largest population stability index between candidate and stable.
         */
        psi: number;
        /**
         * Bounds between the bins, of the buckets of the histogram. Default: all its bounds, read when the gate is evaluated; an AnalysisTemplate cannot, and needs them.
         *
         * @minItems 1
         * @maxItems 100
         */
        edges?: readonly number[];
        /**
         * Fewest requests to the candidate during the bake time; with fewer nothing is decided. Default: 100.
         */
        minSamples?: number;
        /**
         * Parts of equal length that the bake time is divided into. Default: 1.
         */
        consecutive?: number;
      };
    }
  | {
      /**
       * A metric of the model in the registry, as the release record has it. Needs no network.
       */
      registryMetric: {
        /**
         * Name of a metric that the release record has for the model: auc.
         */
        metric: string;
        /**
         * Part whose model has the metric. Default: the predictor, or the only part with a model.
         */
        part?: string;
        /**
         * Smallest value.
         */
        min?: number;
        /**
         * Largest value.
         */
        max?: number;
        /**
         * No worse than the stable release's value; with `by`, not by more than that.
         */
        notWorseThanStable?:
          | true
          | {
              /**
               * How much worse it may be, in units of the metric.
               */
              by: number;
            };
        /**
         * Which values are better. Default: `lower` where only `max` is given, else `higher`.
         */
        better?: 'higher' | 'lower';
      };
    }
  | {
      /**
       * A query of your own.
       */
      prometheus: {
        /**
         * What the gate is called in reports.
         */
        name: string;
        /**
         * PromQL with one value, in which {{candidate}}, {{stable}}, {{candidateService}}, {{stableService}}, {{service}}, {{namespace}}, {{environment}}, {{cluster}} and {{window}} stand for what is looked at.
         */
        query: string;
        /**
         * Smallest value.
         */
        min?: number;
        /**
         * Largest value.
         */
        max?: number;
        /**
         * Fewest requests to the candidate during the bake time; with fewer nothing is decided. Default: 100.
         */
        minSamples?: number;
        /**
         * Parts of equal length that the bake time is divided into; the gate must hold in each. Default: 3.
         */
        consecutive?: number;
      };
    };
/**
 * A service level objective.
 */
export type Slo =
  | {
      /**
       * Requests do not fail.
       */
      availability: {
        /**
         * Share of requests that must not fail, in per cent: 99.9.
         */
        objective: number;
        /**
         * An InferenceGraph in the namespace of the service, to which the requests go that are meant; Istio counts them. Default: the service itself.
         */
        graph?: string;
        /**
         * Time for which the error budget is; Prometheus must keep its data as long. Default: 30d.
         */
        period?: '7d' | '14d' | '28d' | '30d';
        alerts?: BurnRateAlerts;
      };
    }
  | {
      /**
       * Requests are answered in time.
       */
      latency: {
        /**
         * Quantile that dashboard and runbook show. Default: the objective as a share.
         */
        quantile?: number;
        /**
         * Latency limit; must be a bucket bound of the metric, for Istio 0.5, 1, 5, 10, 25, 50, 100, 250, 500 ms, 1 s, 2.5 s, 5 s, 10 s, 30 s, …
         */
        below: string;
        /**
         * Share of requests that must be faster than `below`, in per cent.
         */
        objective: number;
        /**
         * An InferenceGraph in the namespace of the service, to which the requests go that are meant; Istio counts them. Default: the service itself.
         */
        graph?: string;
        /**
         * Time for which the error budget is; Prometheus must keep its data as long. Default: 30d.
         */
        period?: '7d' | '14d' | '28d' | '30d';
        alerts?: BurnRateAlerts;
      };
    }
  | {
      /**
       * The first token comes in time. The time for a whole answer says little: it depends on its length.
       */
      timeToFirstToken: {
        /**
         * Limit; must be a bucket bound of vLLM's histogram: 100ms, 250ms, 500ms, 750ms, 1s, 2500ms, 5s, 7500ms, 10s, …
         */
        below: string;
        /**
         * Share of requests whose first token must come within `below`, in per cent.
         */
        objective: number;
        /**
         * The part that is a vLLM. Default: the only one.
         */
        part?: string;
        /**
         * Time for which the error budget is; Prometheus must keep its data as long. Default: 30d.
         */
        period?: '7d' | '14d' | '28d' | '30d';
        alerts?: BurnRateAlerts;
      };
    }
  | {
      /**
       * Events of your own.
       */
      custom: {
        /**
         * What the objective is called: lower-case letters, digits and "-".
         */
        name: string;
        /**
         * Share of events that must be good, in per cent.
         */
        objective: number;
        /**
         * All events: a counter, or PromQL of their rate per second over 5 minutes; its series are added up.
         */
        total: string | EventCounter;
        /**
         * Good ones among them, like `total`. Give this or `bad`.
         */
        good?: string | EventCounter;
        /**
         * Bad ones among them, like `total`. Give this or `good`.
         */
        bad?: string | EventCounter;
        /**
         * Time for which the error budget is; Prometheus must keep its data as long. Default: 30d.
         */
        period?: '7d' | '14d' | '28d' | '30d';
        alerts?: BurnRateAlerts;
      };
    };
/**
 * The alert on a total outage: requests come, and none is answered. `false` switches it off.
 */
export type Outage =
  | false
  | {
      /**
       * Time in which no request is answered. Default: 2m; longer where `traffic.expectedRps` is so low that too few requests come in that time.
       */
      window?: string;
      /**
       * Fewest requests in that time that must have failed.
       */
      minFailures?: number;
      /**
       * `page` wakes somebody up in stage prod.
       */
      severity?: 'page' | 'ticket';
    };
/**
 * A drift rule: compares what the server sees or says with a reference distribution, or a candidate with the stable release.
 */
export type Drift =
  | {
      /**
       * Population stability index over a histogram.
       */
      psi: {
        /**
         * Histogram of predictions or of a feature that a part of the service declares in `exports`.
         */
        metric: string;
        /**
         * File with the reference distribution, relative to the service's folder.
         */
        reference: string;
        /**
         * Population stability index above which the alert fires.
         */
        threshold?: number;
        /**
         * How long the rule looks back. Default: the shortest window that `traffic.expectedRps` fills with enough observations, 10m when it is not given.
         */
        window?: '5m' | '10m' | '30m' | '1h' | '6h' | '1d';
      };
    }
  | {
      /**
       * Jensen-Shannon distance over a histogram.
       */
      jensenShannon: {
        /**
         * Histogram of predictions or of a feature that a part of the service declares in `exports`.
         */
        metric: string;
        /**
         * File with the reference distribution, relative to the service's folder.
         */
        reference: string;
        /**
         * Square root of the divergence in bits, between 0 and 1, above which the alert fires.
         */
        threshold?: number;
        /**
         * How long the rule looks back. Default: the shortest window that `traffic.expectedRps` fills with enough observations, 10m when it is not given.
         */
        window?: '5m' | '10m' | '30m' | '1h' | '6h' | '1d';
      };
    }
  | {
      /**
       * Kolmogorov-Smirnov distance over a histogram.
       */
      ks: {
        /**
         * Histogram of predictions or of a feature that a part of the service declares in `exports`.
         */
        metric: string;
        /**
         * File with the reference distribution, relative to the service's folder.
         */
        reference: string;
        /**
         * Largest difference of the shares up to an edge, between 0 and 1, above which the alert fires.
         */
        threshold?: number;
        /**
         * How long the rule looks back. Default: the shortest window that `traffic.expectedRps` fills with enough observations, 10m when it is not given.
         */
        window?: '5m' | '10m' | '30m' | '1h' | '6h' | '1d';
      };
    }
  | {
      /**
       * Population stability index between the candidate and the stable release, over the bins of the reference.
       */
      candidate: {
        /**
         * Histogram of predictions or of a feature that a part of the service declares in `exports`.
         */
        metric: string;
        /**
         * File with the reference distribution, relative to the service's folder.
         */
        reference: string;
        /**
         * Population stability index above which the alert fires.
         */
        threshold?: number;
        /**
         * How long the rule looks back. Default: the shortest window that `traffic.expectedRps` fills with enough observations, 10m when it is not given.
         */
        window?: '5m' | '10m' | '30m' | '1h' | '6h' | '1d';
      };
    };

/**
 * One deployable AI service: owner, models, function, release policy, monitoring.
 */
export interface AIServiceSpec {
  /**
   * What the service is for, one sentence.
   */
  description?: string;
  owner: Owner;
  /**
   * Environments and stages to run in. Default: all.
   *
   * @minItems 1
   */
  environments?: readonly string[];
  traffic?: Traffic;
  /**
   * The main model.
   */
  predictor?: ModelServer;
  /**
   * A container in front of the predictor, in its InferenceService.
   */
  transformer?: Component;
  /**
   * A container that explains predictions, in the InferenceService.
   */
  explainer?: Component;
  /**
   * More models of the service, by name; the function calls them.
   */
  models?: {
    [k: string]: ModelServer;
  };
  /**
   * Code around the model; when given, it answers the service's address.
   */
  function?: ServerlessFunction;
  canary?: CanaryPolicySpec;
  /**
   * Both releases run, and all traffic flips at once. The default, without gates.
   */
  blueGreen?: BlueGreenPolicySpec;
  /**
   * The candidate gets copies of requests before it takes over.
   */
  shadow?: ShadowPolicySpec;
  /**
   * The candidate answers requests with a header before it takes over.
   */
  abTest?: ABTestPolicySpec;
  /**
   * A new release replaces the old one in place.
   */
  replace?: ReplacePolicySpec;
  monitoring?: MonitoringRulesSpec;
  identity?: Identity;
  /**
   * Secrets by name, filled from a secret store.
   */
  secrets?: {
    [k: string]: ExternalSecret;
  };
  network?: Network;
  /**
   * PodDisruptionBudget of parts with two or more replicas.
   */
  disruption?: {
    /**
     * Replicas of a part that a node drain may take away at once.
     */
    maxUnavailable?: number;
  };
}
/**
 * Who owns the service.
 */
export interface Owner {
  /**
   * Team that owns the service; decides namespace, AppProject and ApplicationSet.
   */
  team: string;
  /**
   * Where the team is reached when it burns: a channel or an address.
   */
  escalation?: string;
}
/**
 * How requests reach the service.
 */
export interface Traffic {
  /**
   * Requests per second on a usual day. Alerts are fitted to it, and promises that it cannot keep are refused.
   */
  expectedRps?: number;
  /**
   * Who may call: `cluster` callers only, or `public` through the cluster's gateway at <service>.<namespace>.<domain>.
   */
  visibility?: 'cluster' | 'public';
  /**
   * More host names that lead to the service, for callers of an older address.
   */
  hosts?: readonly string[];
  /**
   * Longest time for one request. Default: 30s, for huggingface and vllm 300s.
   */
  timeout?: string;
  /**
   * Retries, only where the request cannot have reached the model: connect-failure, refused-stream, reset-before-request.
   */
  retries?: {
    /**
     * Retries after the first try; 0 switches them off.
     */
    attempts?: number;
    /**
     * Longest time for one try. Default: the timeout.
     */
    perTryTimeout?: string;
  };
  /**
   * Limits of connections to each release (not on Knative, which queues by itself).
   */
  connectionPool?: {
    /**
     * Open connections per release.
     */
    maxConnections?: number;
    /**
     * Requests that wait for a connection.
     */
    maxPendingRequests?: number;
  };
  /**
   * When a failing replica is left out for a while (not on Knative). A 500 of a model server ejects none.
   */
  outlierDetection?: {
    /**
     * Answers 502, 503, 504 or none at all, in a row, that eject a replica.
     */
    consecutiveGatewayErrors?: number;
    /**
     * Time between sweeps.
     */
    interval?: string;
    /**
     * Shortest ejection.
     */
    baseEjectionTime?: string;
    /**
     * Most replicas ejected at once, in per cent.
     */
    maxEjectionPercent?: number;
  };
}
/**
 * A model and the server that runs it; a KServe InferenceService.
 */
export interface ModelServer {
  /**
   * What serves the model; decides runtime, protocol, port, probes and metrics.
   */
  framework:
    | 'sklearn'
    | 'xgboost'
    | 'lightgbm'
    | 'tensorflow'
    | 'pytorch'
    | 'onnx'
    | 'triton'
    | 'huggingface'
    | 'vllm'
    | 'mlflow'
    | 'pmml'
    | 'paddle'
    | 'custom';
  /**
   * The model. Required, except for `custom` images that carry their model.
   */
  model?: ModelRef;
  /**
   * Server image, pinned. Default: the runtime table's image for the cluster's KServe version. Required for `custom`.
   */
  image?: string;
  /**
   * Model name in request paths, the same for every release. Default: the service's name, in `models` the model's. Triton and TorchServe take it from the model's files: required for triton, onnx and pytorch.
   */
  servedName?: string;
  /**
   * Inference protocol. Default: the best one that the framework speaks.
   */
  protocol?: 'v1' | 'v2';
  /**
   * HTTP port of a `custom` server. Default: 8080.
   */
  port?: number;
  /**
   * Path that answers 200 when a `custom` server can serve. Default: a TCP check of the port.
   */
  readiness?: string;
  /**
   * Where a `custom` server exposes Prometheus metrics. Default: it does not.
   */
  metrics?: {
    /**
     * Port of the metrics. Default: `port`.
     */
    port?: number;
    /**
     * HTTP path of the metrics.
     */
    path?: string;
  };
  llm?: Llm;
  /**
   * Entry point. Default: the image's.
   */
  command?: readonly string[];
  /**
   * Arguments, after those that the runtime needs.
   */
  args?: readonly string[];
  /**
   * Environment variables by name. Secrets by reference only; a secret-looking literal is refused.
   */
  env?: {
    [k: string]: EnvValue;
  };
  resources: Resources;
  scaling?: Scaling;
  placement?: Placement;
  /**
   * Hard limit of requests in flight per replica; Knative only. Default: none.
   */
  concurrency?: number;
  /**
   * How long a replica may take until it serves (pull, download, load). Default: 10m, with a GPU 30m.
   */
  startup?: string;
  /**
   * Number of the user to run as, for an image that would run as root, or names its user by a word. Default: the image's.
   */
  runAsUser?: number;
  exports?: ExportedMetrics;
}
/**
 * A model by its immutable storage URI.
 */
export interface ModelUri {
  /**
   * Storage URI that KServe can load (s3, gs, hf, https, pvc, oci). It names one version for ever and says whether it is a directory (ends in "/") or an object.
   */
  uri: string;
  /**
   * Digest of the content, as `<algorithm>:<value>`, when it is known.
   */
  digest?: string;
}
/**
 * A model in a registry. A release locks it to one version.
 */
export interface RegistryModel {
  /**
   * Name of a registry of the platform's `registries`.
   */
  registry: string;
  /**
   * Name of the model in the registry.
   */
  name: string;
  /**
   * Version in the registry.
   */
  version?: string;
  /**
   * Alias in the registry, resolved when a release is made: `champion`.
   */
  alias?: string;
}
/**
 * Serves the model by an LLMInferenceService, which splits the traffic by weights of its own.
 */
export interface Llm {
  /**
   * LoRA adapters, loaded with the model.
   */
  adapters?: readonly {
    /**
     * What requests call it: `model` in the body.
     */
    name: string;
    /**
     * Where it is: hf://, s3:// or pvc://, one version.
     */
    uri: string;
  }[];
}
/**
 * What one replica needs.
 */
export interface Resources {
  /**
   * CPU request, in cores or millicores: `4`, `500m`.
   */
  cpu: string;
  /**
   * Memory request: `8Gi`.
   */
  memory: string;
  /**
   * GPUs per replica. Default: none.
   */
  gpu?: number;
  /**
   * Resource name of the GPU.
   */
  gpuResource?: string;
  /**
   * Limits, where they differ from the requests.
   */
  limits?: {
    /**
     * CPU limit. Default: the request.
     */
    cpu?: string;
    /**
     * Memory limit. Default: the request.
     */
    memory?: string;
  };
}
/**
 * How many replicas run, per environment and cluster.
 */
export interface Scaling {
  /**
   * Fewest replicas; 0 scales to zero, where the cluster can.
   */
  min?: number;
  /**
   * Most replicas. Default: `min`, at least 1.
   */
  max?: number;
  /**
   * What the autoscaler aims at. Default: 80 % CPU in Standard mode, the cluster's concurrency target on Knative.
   */
  target?: ScalingTarget;
}
/**
 * Where pods may run. On Knative each field needs its feature flag (`knative.features`).
 */
export interface Placement {
  /**
   * Labels of the nodes to run on.
   */
  nodeSelector?: {
    [k: string]: string;
  };
  /**
   * Taints to tolerate, as Kubernetes writes them.
   */
  tolerations?: readonly {
    key?: string;
    operator?: 'Exists' | 'Equal';
    value?: string;
    effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
    tolerationSeconds?: number;
  }[];
}
/**
 * Metrics that this part exposes and that drift rules may use. KServe's own servers export none.
 */
export interface ExportedMetrics {
  /**
   * Histogram of prediction values that the server exposes.
   */
  predictions?: string;
  /**
   * Histograms of feature values that the server exposes, by feature.
   */
  features?: {
    [k: string]: string;
  };
  /**
   * Bucket bounds by histogram, rising, without +Inf; edges of references are checked against them. Default: not known.
   */
  buckets?: {
    /**
     * @minItems 1
     */
    [k: string]: readonly number[];
  };
  /**
   * Whether these histograms are native ones; the Prometheus of the cluster must keep them (`prometheus.nativeHistograms`). Default: they are classic ones.
   */
  native?: boolean;
  /**
   * Whether the server counts what is wrong with its input, as docs/drift.md says. Default: it does not.
   */
  schema?: boolean;
}
/**
 * A transformer or explainer: a container of the InferenceService beside the predictor.
 */
export interface Component {
  /**
   * Image, pinned by a version or, better, by a digest.
   */
  image: string;
  /**
   * HTTP port of the container.
   */
  port?: number;
  /**
   * Path that answers 200 when the container can serve. Default: a TCP check of the port.
   */
  readiness?: string;
  /**
   * Set where the container exposes Prometheus metrics on its port. Default: it does not.
   */
  metrics?: {
    /**
     * HTTP path of the metrics.
     */
    path?: string;
  };
  /**
   * Entry point. Default: the image's.
   */
  command?: readonly string[];
  /**
   * Arguments, after those that the runtime needs.
   */
  args?: readonly string[];
  /**
   * Environment variables by name. Secrets by reference only; a secret-looking literal is refused.
   */
  env?: {
    [k: string]: EnvValue;
  };
  resources: Resources;
  scaling?: Scaling;
  placement?: Placement;
  /**
   * Hard limit of requests in flight per replica; Knative only. Default: none.
   */
  concurrency?: number;
  /**
   * How long a replica may take until it serves (pull, download, load). Default: 10m, with a GPU 30m.
   */
  startup?: string;
  /**
   * Number of the user to run as, for an image that would run as root, or names its user by a word. Default: the image's.
   */
  runAsUser?: number;
  exports?: ExportedMetrics;
}
/**
 * Code around a model: a Knative Service, or Deployment, Service and HorizontalPodAutoscaler where there is no Knative.
 */
export interface ServerlessFunction {
  /**
   * Image, pinned by a version or, better, by a digest.
   */
  image: string;
  /**
   * HTTP port of the container.
   */
  port?: number;
  /**
   * Path that answers 200 when the container can serve. Default: a TCP check of the port.
   */
  readiness?: string;
  /**
   * Set where the container exposes Prometheus metrics on its port. Default: it does not.
   */
  metrics?: {
    /**
     * HTTP path of the metrics.
     */
    path?: string;
  };
  /**
   * Entry point. Default: the image's.
   */
  command?: readonly string[];
  /**
   * Arguments, after those that the runtime needs.
   */
  args?: readonly string[];
  /**
   * Environment variables by name. Secrets by reference only; a secret-looking literal is refused.
   */
  env?: {
    [k: string]: EnvValue;
  };
  resources: Resources;
  scaling?: Scaling;
  placement?: Placement;
  /**
   * Hard limit of requests in flight per replica; Knative only. Default: none.
   */
  concurrency?: number;
  /**
   * How long a replica may take until it serves (pull, download, load). Default: 10m, with a GPU 30m.
   */
  startup?: string;
  /**
   * Number of the user to run as, for an image that would run as root, or names its user by a word. Default: the image's.
   */
  runAsUser?: number;
  exports?: ExportedMetrics;
}
/**
 * A new release gets a rising share of the traffic.
 */
export interface CanaryPolicySpec {
  /**
   * Weights of the candidate in per cent, rising, between 1 and 99. 100 follows the last step.
   *
   * @minItems 1
   */
  steps: readonly number[];
  /**
   * What splits the traffic. `workloads`: a workload per release and weights of our own route; the tree alone says who gets what. `kserve`: canaryTrafficPercent of one InferenceService (Knative mode only), `revisions`: named revisions of one Knative Service (functions only); with these two the older release lives in the cluster alone.
   */
  mechanism?: 'workloads' | 'kserve' | 'revisions';
  /**
   * A candidate is deployed at weight 0 and must be ready before it gets traffic.
   */
  warm?: {
    /**
     * How long a candidate may take to become ready at weight 0.
     */
    deadline?: string;
  };
  /**
   * How long the gates must hold at each step.
   */
  bake?: string;
  /**
   * What must hold before the next step.
   */
  gates?: readonly Gate[];
  /**
   * What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights; `stopped` keeps its objects without replicas, for which Argo CD needs a health check (docs/gitops-tree.md).
   */
  keepPrevious?: 'warm' | 'stopped' | 'none';
}
/**
 * Both releases run, and all traffic flips at once.
 */
export interface BlueGreenPolicySpec {
  /**
   * A candidate is deployed at weight 0 and must be ready before it gets traffic.
   */
  warm?: {
    /**
     * How long a candidate may take to become ready at weight 0.
     */
    deadline?: string;
  };
  /**
   * How long the gates must hold at each step.
   */
  bake?: string;
  /**
   * What must hold before the next step.
   */
  gates?: readonly Gate[];
  /**
   * What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights; `stopped` keeps its objects without replicas, for which Argo CD needs a health check (docs/gitops-tree.md).
   */
  keepPrevious?: 'warm' | 'stopped' | 'none';
}
/**
 * The candidate gets copies of requests, and nobody sees its answers.
 */
export interface ShadowPolicySpec {
  /**
   * Share of the requests that is copied to the candidate, in per cent.
   */
  percent?: number;
  /**
   * A candidate is deployed at weight 0 and must be ready before it gets traffic.
   */
  warm?: {
    /**
     * How long a candidate may take to become ready at weight 0.
     */
    deadline?: string;
  };
  /**
   * How long the gates must hold at each step.
   */
  bake?: string;
  /**
   * What must hold before the next step.
   */
  gates?: readonly Gate[];
  /**
   * What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights; `stopped` keeps its objects without replicas, for which Argo CD needs a health check (docs/gitops-tree.md).
   */
  keepPrevious?: 'warm' | 'stopped' | 'none';
}
/**
 * Requests with a header go to the candidate, all others to the stable release.
 */
export interface ABTestPolicySpec {
  /**
   * Requests with this header go to the candidate.
   */
  header: {
    /**
     * Name of the header, in lower case.
     */
    name: string;
    /**
     * Its value, exactly.
     */
    value: string;
  };
  /**
   * A candidate is deployed at weight 0 and must be ready before it gets traffic.
   */
  warm?: {
    /**
     * How long a candidate may take to become ready at weight 0.
     */
    deadline?: string;
  };
  /**
   * How long the gates must hold at each step.
   */
  bake?: string;
  /**
   * What must hold before the next step.
   */
  gates?: readonly Gate[];
  /**
   * What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights; `stopped` keeps its objects without replicas, for which Argo CD needs a health check (docs/gitops-tree.md).
   */
  keepPrevious?: 'warm' | 'stopped' | 'none';
}
/**
 * One workload, updated in place: for small stages, and models that leave no room for two.
 */
export interface ReplacePolicySpec {}
/**
 * What is watched, and alerted on.
 */
export interface MonitoringRulesSpec {
  /**
   * Service level objectives; each becomes burn-rate alerts.
   */
  slos?: readonly Slo[];
  outage?: Outage;
  /**
   * Drift rules over metrics that a part exports.
   */
  drift?: readonly Drift[];
  /**
   * What the input of the model must look like. Default: it is not watched.
   */
  schema?: SchemaWatchSpec;
  health?: Health;
  delivery?: Delivery;
  cost?: Cost;
  /**
   * Alerts of your own.
   */
  alerts?: readonly CustomAlert[];
  /**
   * Recordings of your own, for alerts and dashboards.
   */
  recordings?: readonly CustomRecording[];
  routing?: AlertRouting;
  /**
   * Metrics that alerts and recordings of your own read, by name, beside what is exported or known.
   */
  metrics?: {
    [k: string]: DeclaredMetric;
  };
}
/**
 * Differences from the four burn-rate alerts of the SRE workbook.
 */
export interface BurnRateAlerts {
  /**
   * Burn rate 14.4 over 1h and 5m for 2m: page. `false` switches it off.
   */
  fast?: false | BurnRateAlert;
  /**
   * Burn rate 6 over 6h and 30m for 5m: page.
   */
  medium?: false | BurnRateAlert;
  /**
   * Burn rate 3 over 24h and 2h for 15m: ticket.
   */
  slow?: false | BurnRateAlert;
  /**
   * Burn rate 1 over 72h and 6h for 1h: ticket.
   */
  longterm?: false | BurnRateAlert;
}
/**
 * What of a burn-rate alert differs from the default.
 */
export interface BurnRateAlert {
  /**
   * Burn rate from which on it fires; 1 uses up the error budget just in its period.
   */
  factor?: number;
  /**
   * Window over which the budget burns, in whole minutes from 5m to 720h.
   */
  long?: string;
  /**
   * Window over which it still does, so that the alert ends soon after the fault. Default: a twelfth of the long one.
   */
  short?: string;
  /**
   * How long it must hold.
   */
  for?: string;
  /**
   * `page` wakes somebody up in stage prod; `ticket` waits until the morning.
   */
  severity?: 'page' | 'ticket';
  /**
   * Fewest bad events in the long window: one failure among few requests is no emergency. Default: 5.
   */
  minBadEvents?: number;
}
/**
 * Events of the service, by a counter.
 */
export interface EventCounter {
  /**
   * A counter that a part of the service exposes: chargebacks_total.
   */
  metric: string;
  /**
   * Values of its labels, or lists of values. Namespace and service are added.
   */
  labels?: {
    [k: string]: string | readonly string[];
  };
}
/**
 * What the input of the model must look like. A part that counts it declares `exports.schema`.
 */
export interface SchemaWatchSpec {
  /**
   * Features that every instance must carry.
   *
   * @maxItems 200
   */
  missing?: readonly string[];
  /**
   * Highest share of instances in which a feature is null or NaN, by feature: 0.02.
   */
  nullRatio?: {
    [k: string]: number;
  };
  /**
   * The categories that the model knows, by feature. Others count as new.
   */
  newCategories?: {
    /**
     * @minItems 1
     * @maxItems 1000
     */
    [k: string]: readonly string[];
  };
  /**
   * The range of a feature, by feature. Both ends belong to it.
   */
  outOfRange?: {
    [k: string]: {
      /**
       * Smallest value. Default: none.
       */
      min?: number;
      /**
       * Largest value. Default: none.
       */
      max?: number;
    };
  };
  /**
   * Share of instances in which a feature may be missing, have a new category, or be out of range.
   */
  tolerance?: number;
}
/**
 * What tells that a service does not run as it should. Each alert needs its metrics: see `prometheus.sources` of the cluster.
 */
export interface Health {
  /**
   * Containers that do not start or run out of memory, replicas that do not become available, InferenceServices that are not ready, metrics that do not come in.
   */
  pods?: boolean;
  /**
   * Replicas at their maximum; on Knative also requests that wait, and what does not come up from zero.
   */
  saturation?: boolean;
  /**
   * A candidate that fails more or is slower than the stable release, and traffic that is not split as Git says.
   */
  candidate?: boolean;
  /**
   * What only the model server knows: failed inferences of Triton and MLServer; queue, cache and hanging engines of vLLM.
   */
  runtime?: boolean;
  /**
   * Hardware errors of GPUs, and their memory.
   */
  gpu?: boolean;
  /**
   * Longest time from the creation of a replica until it serves, in whole minutes. Default: not watched.
   */
  coldStart?: string;
  /**
   * Longest mean time that a request waits inside of Triton or TorchServe. Default: not watched.
   */
  queueTime?: string;
  /**
   * Longest time until the first token of vLLM, at the 95th percentile. Default: not watched.
   */
  timeToFirstToken?: string;
  /**
   * Longest time between two tokens of vLLM, at the 95th percentile. Default: not watched.
   */
  timeBetweenTokens?: string;
  /**
   * Answers of vLLM that were aborted or cut off, and requests that it puts off again and again.
   */
  answers?: boolean;
  /**
   * Days after which the model that serves is old; needs a model from a registry that says when it was made. Default: not watched.
   */
  modelAge?: number;
}
/**
 * What tells that a release does not go on, or does not arrive.
 */
export interface Delivery {
  /**
   * The Application is missing, out of sync, degraded, or its syncs fail.
   */
  argocd?: boolean;
  /**
   * Longest time of a candidate at one share of the traffic, in whole minutes; false: for ever. Default: the bake time (while it warms, its deadline) and as long again, at least an hour and at most a day more.
   */
  candidate?: string | false;
  /**
   * How long a release may be held before it counts as forgotten, in whole minutes; false: for ever.
   */
  hold?: string | false;
}
/**
 * What tells that a service costs too much, or that somebody takes too much of it.
 */
export interface Cost {
  /**
   * Budget for processors, memory and GPUs, in US dollars a month; by OpenCost. Default: none.
   */
  compute?: number;
  /**
   * Budget for the tokens of vLLM. Default: none.
   */
  tokens?: {
    /**
     * US dollars a month.
     */
    budget: number;
    /**
     * US dollars for a million tokens of prompts.
     */
    prompt: number;
    /**
     * US dollars for a million tokens of answers.
     */
    generated: number;
  };
  /**
   * GPUs that are paid for, and idle. Default: not watched.
   */
  idleGpu?: {
    /**
     * Share of the time in which a GPU that is not idle is busy, 0 to 1.
     */
    below?: number;
    /**
     * How long it is idle before that is told, in whole minutes.
     */
    for?: string;
  };
  /**
   * A caller that asks unusually much, as somebody who copies the model would. Default: not watched.
   */
  callers?: {
    /**
     * Share of all requests that one caller may have, 0 to 1.
     */
    share?: number;
    /**
     * How many times its own hourly mean of the day before a caller may ask.
     */
    factor?: number;
    /**
     * Fewest requests in an hour that are worth a word.
     */
    least?: number;
  };
  /**
   * A caller that walks through the inputs of the model, slowly and without much of the traffic, to copy it. Default: not watched.
   */
  enumeration?: {
    /**
     * How many times its own mean day of the week before a caller may ask within a day.
     */
    factor?: number;
    /**
     * Fewest requests of a caller in a day that are worth a word.
     */
    least?: number;
    /**
     * What a part of the service counts of its inputs. Default: requests are looked at only.
     */
    distinct?: {
      /**
       * Counter of inputs that its pod has not seen before, by caller; declared in `monitoring.metrics`.
       */
      metric: string;
      /**
       * Counter of all inputs, with the same labels; declared in `monitoring.metrics`.
       */
      total: string;
      /**
       * Label of both that names the caller.
       */
      caller?: string;
      /**
       * Share of the inputs of a caller that may be new, 0 to 1.
       */
      share?: number;
      /**
       * Fewest inputs of a caller in an hour that are worth a word.
       */
      least?: number;
    };
  };
}
/**
 * An alert of your own.
 */
export interface CustomAlert {
  /**
   * Name in CamelCase; not with `Ai` in front, which the built-in alerts have.
   */
  name: string;
  /**
   * PromQL with a comparison, checked at synth. Metrics of the service itself (`exports`, `metrics`, recordings) are kept to this service and environment; in conditions `$service`, `$namespace`, `$environment` and `$team` stand for its own.
   */
  expr: string;
  /**
   * How long it must hold.
   */
  for?: string;
  /**
   * `critical` wakes somebody up, and is a warning outside of production.
   */
  severity?: 'critical' | 'warning' | 'info';
  /**
   * One sentence. `{{ $labels.name }}` and `{{ $value | humanize }}` are filled in.
   */
  summary: string;
  /**
   * What is the matter, with the value.
   */
  description: string;
  /**
   * URL of a page of your own that says what to do. Default: the page that the platform names.
   */
  runbook?: string;
}
/**
 * An expression whose value is stored under a name of its own, with the labels `ai_service` and `namespace`.
 */
export interface CustomRecording {
  /**
   * Name as level:metric:operations; not with `ai_` in front.
   */
  name: string;
  /**
   * PromQL. Metrics of the service itself (`exports`, `metrics`, recordings) are kept to this service and environment; in conditions `$service`, `$namespace`, `$environment` and `$team` stand for its own.
   */
  expr: string;
}
/**
 * Receivers of the alerts of this service, by severity.
 */
export interface AlertRouting {
  /**
   * Name of a receiver of the platform; false: nobody. Default: the cluster's.
   */
  critical?: string | false;
  /**
   * Name of a receiver of the platform; false: nobody. Default: the cluster's.
   */
  warning?: string | false;
  /**
   * Name of a receiver of the platform; false: nobody. Default: the cluster's.
   */
  info?: string | false;
}
/**
 * A metric that rules of your own read.
 */
export interface DeclaredMetric {
  /**
   * What it is; a histogram has the series `_bucket`, `_sum` and `_count`, and a native one just one series.
   */
  type: 'counter' | 'gauge' | 'histogram' | 'nativeHistogram' | 'summary';
  /**
   * `service`: its own pods expose it. `elsewhere`: another exporter does, and selectors must say whose series they mean.
   */
  from?: 'service' | 'elsewhere';
}
/**
 * What the pods run as.
 */
export interface Identity {
  /**
   * An existing ServiceAccount to run as. Default: one of the service's own name is made.
   */
  serviceAccount?: string;
  /**
   * Secrets with credentials for the model store; listed in the ServiceAccount's `secrets`, where KServe looks for them.
   */
  credentials?: readonly string[];
}
/**
 * A Secret that External Secrets fills from a store. The value never passes through Git.
 */
export interface ExternalSecret {
  /**
   * Name of the secret store.
   */
  store: string;
  /**
   * Kind of the secret store.
   */
  storeKind?: 'ClusterSecretStore' | 'SecretStore';
  /**
   * Time between reads of the store.
   */
  refresh?: string;
  /**
   * Keys of the Secret, and where each value is in the store.
   */
  keys: {
    [k: string]: {
      /**
       * Name in the store.
       */
      key: string;
      /**
       * Field of the entry. Default: the whole entry.
       */
      property?: string;
    };
  };
  /**
   * Annotations of the Secret: `serving.kserve.io/s3-endpoint` and the like.
   */
  annotations?: {
    [k: string]: string;
  };
}
/**
 * Set it to get a NetworkPolicy.
 */
export interface Network {
  /**
   * Who may call, beside the service's own namespace, the gateways, Knative and Prometheus.
   */
  allowFrom?: readonly {
    /**
     * Namespace of the callers.
     */
    namespace: string;
    /**
     * Labels of the calling pods. Default: all pods of the namespace.
     */
    pods?: {
      [k: string]: string;
    };
  }[];
}
