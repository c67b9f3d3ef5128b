import { z } from 'zod';
import { isDnsSubdomain } from '../core/names.ts';
import { across, dnsLabel, isMap, labels, report } from './common.ts';
import { pageUrl } from './custom-alert.ts';
import { KNOWN_VERSIONS, knownRange, type VersionedSystem } from './known-versions.ts';
import { checkNativeHistograms, nativeHistograms, retention } from './prometheus-storage.ts';
import { registry } from './registry.ts';
import { alertmanager } from './routing.ts';

/** A version with its patch, or both versions of an upgrade under way; everything is checked against each. */
function described(
  system: VersionedSystem,
  description: string,
): z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString, z.ZodString], null>]> {
  const { oldest, newest = oldest } = KNOWN_VERSIONS[system];
  const error = `expected a version, as "${newest}", or a list of both versions of an upgrade`;
  const one = z.string().regex(/^\d+\.\d+(\.\d+)?$/, error);
  return z
    .union([one, z.tuple([one, one]).meta({ tsType: '[string, string]' })], { error })
    .meta({ description: `${description} Known: ${knownRange(system)}.` });
}

/**
 * What the function of an environment's `namespace` is given.
 *
 * @example namespace: ({ team }) => `${team}-prod`
 */
export interface TeamScope {
  /** The team that owns the services. */
  readonly team: string;
}

/**
 * What the function of a cluster's `serviceAccountAnnotations` is given.
 *
 * @example serviceAccountAnnotations: ({ team, service }) => ({ 'eks.amazonaws.com/role-arn': roleOf(team, service) })
 */
export interface ServiceScope extends TeamScope {
  /** Name of the service. */
  readonly service: string;
  /** Namespace of the service in the environment. */
  readonly namespace: string;
}

/** A function of the configuration; `tsType` is what the generated interfaces say, JSON Schema has no word for it. */
function functionOf<Scope, Result>(tsType: string): z.ZodCustom<(scope: Scope) => Result, (scope: Scope) => Result> {
  return z
    .custom<(scope: Scope) => Result>((value) => typeof value === 'function', 'expected a function')
    .meta({ tsType });
}

/** Flags `kubernetes.podspec-<name>` of config-features of Knative Serving 1.21 that guard a field which we or users may write. */
const knativeFeatures = [
  'affinity',
  'dnsconfig',
  'dnspolicy',
  'hostaliases',
  'hostipc',
  'hostnetwork',
  'hostpid',
  'init-containers',
  'nodeselector',
  'persistent-volume-claim',
  'priorityclassname',
  'runtimeclassname',
  'schedulername',
  'securitycontext',
  'shareprocessnamespace',
  'tolerations',
  'topologyspreadconstraints',
  'volumes-csi',
  'volumes-hostpath',
  'volumes-image',
] as const;

/** Where the Prometheus of a cluster has metrics from, beside Istio and the pods of our services. */
const metricSources = [
  'argocd',
  'dcgm',
  'inferenceServices',
  'knative',
  'kubeStateMetrics',
  'opencost',
  'queueProxy',
] as const;

/** Where the Prometheus of a cluster may have metrics from. */
export type MetricSource = (typeof metricSources)[number];

/** Where Argo CD reads: it stands in the tree, so it must not carry credentials. */
const repositoryUrl = z.string().check((context) => {
  if (/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(context.value) || /^https?:\/\/[^/]*@/i.test(context.value)) {
    report(
      context,
      'the URL carries credentials, which would stand in the tree',
      'leave them out; Argo CD has them in a repository Secret',
    );
  } else if (!/^(?:[a-z][a-z0-9+.-]*:\/\/\S+|[^\s@:/]+@[^\s:/]+:\S+)$/i.test(context.value)) {
    const fix = 'write https://git.example.com/acme/ml-gitops.git, or git@git.example.com:acme/ml-gitops.git';
    report(context, 'the value is not the URL of a Git repository', fix);
  }
});

/** Public hosts end in it, and Istio refuses what is no host. */
const domainName = z.string().check((context) => {
  const { value } = context;
  if (isHost(value)) return;
  const meant = value
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^\*\.|[/:].*$/g, '');
  const fix = `write ${isHost(meant) ? meant : 'ml.example.com'}: lower-case letters, digits and "-" between dots, without scheme, port and path`;
  report(context, `${JSON.stringify(value.slice(0, 80))} is not a DNS name`, fix);
});

/** Istio keeps to the limit of labels, which names of Kubernetes do not. */
function isHost(text: string): boolean {
  return isDnsSubdomain(text) && text.split('.').every((label) => label.length <= 63);
}

/** Beginnings of names, and what stands there instead: names go on right behind, so that both must end in "/", or neither. */
function prefixes(
  checkPrefix: (context: z.core.ParsePayload, prefix: string, path: string[]) => void = () => undefined,
): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(z.string().min(1), z.string().min(1)).check(
    across([], (context) => {
      for (const [from, to] of Object.entries(isMap(context.value) ? context.value : {})) {
        if (typeof to !== 'string' || from === '' || to === '') continue;
        checkPrefix(context, from, [from]);
        checkPrefix(context, to, [from]);
        if (from.endsWith('/') === to.endsWith('/')) continue;
        const [left, right] = [from, to].map((prefix) => JSON.stringify(withoutUser(prefix)));
        const [slash, none] = from.endsWith('/') ? [left, right] : [right, left];
        const fix = `end both alike: ${JSON.stringify(withoutUser(from.replace(/\/*$/, '/')))}: ${JSON.stringify(withoutUser(to.replace(/\/*$/, '/')))}`;
        report(
          context,
          `${slash} ends in "/" and ${none} does not, so that ${left} + "x" would become ${JSON.stringify(withoutUser(`${to}x`))}`,
          fix,
          [from],
        );
      }
    }),
  );
}

/** The beginning of an address as messages may repeat it. */
function withoutUser(prefix: string): string {
  return prefix.replace(/\/\/[^/]*@/, '//…@');
}

const modelPrefixes = prefixes((context, prefix, path) => {
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(prefix)) return;
  const name = prefix.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/*/, '');
  report(
    context,
    `${JSON.stringify(withoutUser(prefix))} is not the beginning of a model URI`,
    `write it with its scheme: s3://${withoutUser(name)}`,
    path,
  );
});

/** A pattern with a place for what tells alerts apart. */
const runbookUrl = pageUrl('the pattern of runbooks').check((context) => {
  if (/\{(?:page|alert)\}/.test(context.value)) return;
  report(context, 'the pattern is the same for all alerts', 'put {page} or {alert} where they differ');
});

export const cluster = z
  .strictObject({
    kubernetes: described('kubernetes', 'Kubernetes version: "1.33".'),
    kserve: z
      .strictObject({
        version: described('kserve', 'KServe version: "0.20.0".'),
        mode: z.enum(['Standard', 'Knative']).meta({ description: 'How InferenceServices are deployed.' }),
        llm: z
          .strictObject({
            gatewayService: z
              .string()
              .regex(
                /^[a-z0-9-]+\.[a-z0-9-]+\.svc\.cluster\.local$/,
                'expected <service>.<namespace>.svc.cluster.local, as kserve-ingress-gateway.kserve.svc.cluster.local',
              )
              .meta({ description: "Host name of the Service in front of KServe's ingress gateway." }),
          })
          .optional()
          .meta({ description: 'LLMInferenceServices. Default: not installed.' }),
      })
      .optional()
      .meta({ description: 'KServe. Default: not installed.' }),
    knative: z
      .strictObject({
        version: described(
          'knative',
          'Knative Serving version with its patch: "1.21.1"; metric names switch at patches.',
        ),
        features: z
          .array(z.enum(knativeFeatures))
          .readonly()
          .default([])
          .meta({ description: 'Feature flags that are enabled in config-features.' }),
        localGateway: z
          .string()
          .default('knative-serving/knative-local-gateway')
          .meta({ description: 'Istio Gateway for callers inside of the cluster.' }),
        localGatewayService: z
          .string()
          .default('knative-local-gateway.istio-system.svc.cluster.local')
          .meta({ description: 'Host name of the Service in front of the local gateway.' }),
      })
      .optional()
      .meta({ description: 'Knative Serving. Default: not installed.' }),
    istio: z
      .strictObject({
        version: described('istio', 'Istio version: "1.30".'),
        dataplane: z.enum(['sidecar', 'ambient']).meta({ description: 'Sidecars, or ambient with waypoints.' }),
        metrics: z.boolean().optional().meta({
          description:
            'Whether the Prometheus of the cluster scrapes its gateways, sidecars and waypoints, which count the requests. Default: true.',
        }),
        gateway: z
          .string()
          .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'expected <namespace>/<name>, as istio-ingress/public')
          .optional()
          .meta({ description: 'Gateway for public hosts, as <namespace>/<name>.' }),
      })
      .optional()
      .meta({ description: 'Istio. Default: not installed.' }),
    gatewayApi: z
      .strictObject({
        version: described('gatewayApi', 'Gateway API version: "1.4".'),
        gateway: z
          .string()
          .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'expected <namespace>/<name>, as istio-ingress/public')
          .optional()
          .meta({
            description:
              "Gateway for public hosts, as <namespace>/<name>. It must let routes of the teams' namespaces attach.",
          }),
        mesh: z.boolean().default(false).meta({
          description:
            'Whether a mesh follows HTTPRoutes of Services (GAMMA: Linkerd, Cilium). Without one, callers inside of the cluster are not split.',
        }),
      })
      .optional()
      .meta({ description: 'Gateway API, which routes where the cluster has no Istio. Default: not installed.' }),
    argoRollouts: z
      .strictObject({ version: described('argoRollouts', 'Argo Rollouts version: "1.9".') })
      .optional()
      .meta({ description: 'Argo Rollouts, for its AnalysisTemplates. Default: not installed.' }),
    prometheus: z
      .strictObject({
        version: described('prometheus', 'Prometheus version: "3.4".'),
        retention: retention.optional(),
        nativeHistograms: nativeHistograms.optional(),
        ruleLabels: labels.default({}).meta({ description: "Labels that the Prometheus object's selectors ask for." }),
        alertmanager: alertmanager.optional(),
        runbookUrl: runbookUrl.optional().meta({
          description:
            'Address of an alert\'s page: {page} is its place in the GitOps tree, {alert} its name. "https://git.example.com/acme/ml-gitops/blob/main/gitops/{page}". Default: alerts name none.',
        }),
        sources: z.array(z.enum(metricSources)).readonly().optional().meta({
          description:
            'What it scrapes beside Istio and our pods; alerts on anything else are not rendered. `argocd`: the Argo CD that delivers to the cluster. `dcgm`: NVIDIA GPUs. `inferenceServices`: their conditions, by kube-state-metrics (docs/health.md has the configuration). `knative`: its autoscaler and activator. `queueProxy`: Knative counts requests in every pod (docs/health.md), which our PodMonitor scrapes. Default: nothing.',
        }),
      })
      .check(across(['version', 'nativeHistograms'], checkNativeHistograms))
      .optional()
      .meta({ description: 'Prometheus, run by its operator. Default: not installed.' }),
    grafana: z
      .strictObject({
        labels: labels
          .default({ grafana_dashboard: '1' })
          .meta({ description: 'Labels of ConfigMaps in which its sidecar looks for dashboards, in all namespaces.' }),
        folder: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'Folder of the dashboards, for the annotation `grafana_folder`. Default: none.' }),
      })
      .optional()
      .meta({ description: 'Grafana, with a sidecar that looks for dashboards. Default: not installed.' }),
    keda: z
      .strictObject({ version: described('keda', 'KEDA version.') })
      .optional()
      .meta({ description: 'KEDA. Default: not installed.' }),
    externalSecrets: z
      .strictObject({
        version: described('externalSecrets', 'External Secrets version; must serve external-secrets.io/v1.'),
      })
      .optional()
      .meta({ description: 'External Secrets. Default: not installed.' }),
    domain: domainName.optional().meta({ description: 'Domain of public hosts: "ml.example.com".' }),
    destination: z
      .union([
        z.strictObject({ name: z.string().min(1).meta({ description: 'Name of the cluster in Argo CD.' }) }),
        z.strictObject({
          server: z
            .url({ protocol: /^https?$/, error: 'expected a URL, as https://10.0.0.1:6443' })
            .meta({ description: 'URL of its API server.' }),
        }),
      ])
      .optional()
      .meta({ description: 'The cluster in Argo CD. Default: its name here.' }),
    mirrors: modelPrefixes.default({}).meta({
      description: 'Prefixes of model URIs to replace, both with "/" at the end, or none: { "s3://a/": "s3://b/" }.',
    }),
    imageMirrors: prefixes()
      .default({})
      .meta({ description: 'Prefixes of image names to replace, both with "/" at the end, or none.' }),
    serviceAccountAnnotations: functionOf<ServiceScope, Readonly<Record<string, string>>>(
      '((scope: ServiceScope) => Readonly<Record<string, string>>)',
    )
      .optional()
      .meta({ description: 'Annotations of ServiceAccounts: IRSA, workload identity.' }),
  })
  .meta({
    id: 'ClusterSpec',
    description: 'What is installed where. Versions decide which fields, checks and metric names are right.',
  });

export const environment = z
  .strictObject({
    stage: dnsLabel.meta({
      description:
        'Stage of one or more environments; overrides may name it. `prod` gets the production safety settings.',
    }),
    clusters: z.array(z.string()).min(1).readonly().meta({ description: 'Clusters that the environment runs on.' }),
    namespace: z
      .union([dnsLabel, functionOf<TeamScope, string>('((scope: TeamScope) => string)')])
      .meta({ description: 'Namespace of a team, or a function of the team.' }),
    rollout: z.enum(['release', 'replace']).default('release').meta({
      description:
        '`release` serves what the release store says; `replace` follows the sources, one workload updated in place.',
    }),
    entry: z.boolean().default(false).meta({
      description:
        'Releases may be made here, and need not be promoted from an earlier stage. They always may in the first stage, and where the environment replaces.',
    }),
    createNamespaces: z.boolean().default(false).meta({ description: "Render the teams' Namespaces too." }),
    podSecurity: z.enum(['baseline', 'restricted']).optional().meta({
      description:
        'Pod Security level that the namespaces enforce; those that we create get its label. Where it is `restricted`, every container runs without root, capabilities and privilege escalation, under the seccomp profile RuntimeDefault. Default: not said, and containers of your own images say nothing of it.',
    }),
  })
  .meta({ id: 'EnvironmentSpec', description: 'Where services run for one purpose.' });

export const platform = z
  .strictObject({
    gitops: z
      .strictObject({
        repoUrl: repositoryUrl.meta({ description: 'URL of the repository that Argo CD reads.' }),
        revision: z
          .string()
          .regex(/^\S+$/, 'expected a branch or tag, as main')
          .default('main')
          .meta({ description: 'Branch or tag that Argo CD follows.' }),
        path: z
          .string()
          .regex(
            /^(?!\/)(?!.*\.\.)[^\s]*$/,
            'expected a folder below the root of the repository, without ".." and white space, as gitops',
          )
          .default('gitops')
          .meta({ description: 'Folder of the GitOps tree in that repository; empty for its root.' }),
      })
      .meta({ description: 'Where Argo CD reads the tree.' }),
    argocd: z
      .strictObject({
        version: described('argocd', 'Argo CD version: "3.5".'),
        namespace: dnsLabel.default('argocd').meta({ description: 'Namespace of Argo CD.' }),
        rootProject: z.string().default('default').meta({ description: 'AppProject of the root Application.' }),
        healthChecks: z
          .array(z.enum(['InferenceService']))
          .readonly()
          .optional()
          .meta({
            description:
              'Kinds for which its ConfigMap argocd-cm has the health check of docs/gitops-tree.md. Default: none.',
          }),
      })
      .meta({ description: 'The Argo CD that delivers the tree.' }),
    clusters: z.record(dnsLabel, cluster).meta({ description: 'Clusters by name.' }),
    environments: z.record(dnsLabel, environment).meta({ description: 'Environments by name.' }),
    registries: z.record(z.string().min(1), registry).default({}).meta({ description: 'Model registries by name.' }),
    releases: z
      .string()
      .default('releases')
      .meta({ description: 'Folder of the release store, relative to the project.' }),
    imports: z
      .array(z.string())
      .readonly()
      .default([])
      .meta({ description: 'More folders with imported CRDs (`ai-service import`), relative to the project.' }),
    allowUnknownKinds: z
      .array(
        z
          .string()
          .regex(
            /^(?:[a-z0-9.-]+\/)?v\d[a-z0-9]*\/[A-Z][A-Za-z0-9]*$/,
            'expected <apiVersion>/<Kind>, as example.com/v1/Widget',
          ),
      )
      .readonly()
      .default([])
      .meta({ description: 'Kinds without a schema that may be written unchecked, as <apiVersion>/<Kind>.' }),
  })
  .meta({ title: 'PlatformSpec', description: 'What all services of an organisation share.' });

/** A cluster with every default filled in. */
export type Cluster = z.output<typeof cluster>;
/** An environment with every default filled in. */
export type Environment = z.output<typeof environment>;
/** A platform with every default filled in. */
export type PlatformConfig = z.output<typeof platform>;

/** The stages of environments in the order in which releases go through them: that of the platform. */
export function stagesOf(environments: readonly Pick<Environment, 'stage'>[]): readonly string[] {
  return [...new Set(environments.map(({ stage }) => stage))];
}
