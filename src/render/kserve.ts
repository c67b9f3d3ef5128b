import type { ServingRuntime } from '../../imports/serving.kserve.io/v1alpha1.js';
import type { LLMInferenceService } from '../../imports/serving.kserve.io/v1alpha2.js';
import type { InferenceService } from '../../imports/serving.kserve.io/v1beta1.js';
import type { KubeObject } from '../core/object.ts';
import type { ContainerWorkload, ServerWorkload } from '../release/record.ts';
import { serverImage } from '../release/server-image.ts';
import type { RunningServer, Scale } from '../release/serving.ts';
import { protocolOf, readinessPath, RUNTIMES, type Runtime, type RuntimeFramework } from '../service/runtime.ts';
import { runsOnKnative } from './address.ts';
import {
  choosesParallelism,
  deploymentProbes,
  envOf,
  IN_PLACE_STRATEGY,
  isRestricted,
  knativeProbes,
  maxReplicas,
  mirrored,
  placementOf,
  podSecurityOf,
  progressDeadline,
  replacesInPlace,
  resourcesOf,
  RUNTIME_DEFAULT,
  securityOf,
  serviceAccountName,
  startupSeconds,
} from './container.ts';
import { llmInferenceService } from './llm.ts';
import { workloadTimeout } from './request-timeout.ts';
import { workloadLabels, type Target } from './target.ts';

type Spec = NonNullable<InferenceService['spec']>;
type Predictor = NonNullable<Spec['predictor']>;
type Component = NonNullable<Spec['transformer']> & NonNullable<Spec['explainer']>;
type Container = NonNullable<Component['containers']>[number];

/** Name that KServe gives and expects of the container that serves (kserve v0.20.0 pkg/constants). */
const CONTAINER = 'kserve-container';

/**
 * An InferenceService per model server, and the ServingRuntime that pins its image. The runtime carries what the
 * server always needs, the InferenceService what this service wants of it; KServe appends the arguments of the second
 * to those of the first.
 */
export function renderKserve(target: Target): KubeObject[] {
  const objects: (InferenceService | LLMInferenceService | ServingRuntime)[] = [];
  for (const workload of target.serving.workloads) {
    if (workload.kind !== 'server') continue;
    const { framework, llm } = workload.server;
    if (llm) {
      objects.push(llmInferenceService(target, workload));
      continue;
    }
    if (framework !== 'custom') objects.push(servingRuntime(target, workload, framework));
    objects.push(inferenceService(target, workload));
  }
  return objects;
}

function servingRuntime(target: Target, workload: RunningServer, framework: RuntimeFramework): ServingRuntime {
  const { cluster } = target;
  const { server } = workload;
  const runtime = RUNTIMES[framework];
  const image = serverImage(framework, server, [cluster]);
  const env = runtime.env(protocolOf(framework, server.protocol));
  const restricted = isRestricted(target);
  const user = server.runAsUser ?? runtime.user;
  const sharedMemory = { name: 'shared-memory', mountPath: '/dev/shm' };
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: {
      name: runtimeName(target, workload),
      namespace: target.namespace,
      labels: workloadLabels(target, workload.part, workload.release),
      // There before the InferenceService that names it, and gone after it.
      annotations: { 'argocd.argoproj.io/sync-wave': '-1' },
    },
    // No serving.kserve.io/server-type annotation: with it KServe would rewrite the image and the environment.
    spec: {
      // Ours serves the one model that names it, and is no candidate for others of the namespace.
      supportedModelFormats: [{ autoSelect: false, ...runtime.modelFormat }],
      protocolVersions: [...runtime.protocols],
      multiModel: false,
      containers: [
        {
          name: CONTAINER,
          image: mirrored(cluster.imageMirrors, image),
          ...(runtime.command && { command: [...runtime.command] }),
          ...(runtime.args.length > 0 && { args: [...runtime.args] }),
          ...(Object.keys(env).length > 0 && { env: Object.keys(env).map((name) => ({ name, value: env[name]! })) }),
          ports: portsOf(target, runtime.port, runtime.metrics?.port),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            privileged: false,
            ...((runtime.nonRoot || user !== undefined || restricted) && { runAsNonRoot: true }),
            ...(user !== undefined && { runAsUser: user }),
            ...(restricted && { seccompProfile: RUNTIME_DEFAULT }),
          },
          ...(runtime.sharedMemory && { volumeMounts: [sharedMemory] }),
        },
      ],
      ...(runtime.sharedMemory && { volumes: [{ name: sharedMemory.name, emptyDir: { medium: 'Memory' } }] }),
    },
  };
}

/**
 * Name of a server's runtime. One object for all releases still has a runtime per release: KServe would apply a runtime
 * that changed to the object as it was before, and so to what serves.
 */
function runtimeName({ service, serving }: Target, { name, release }: RunningServer): string {
  return serving.native === 'kserve' ? `${service}-${release}` : name;
}

function inferenceService(target: Target, workload: RunningServer): InferenceService {
  const { server, transformer, explainer } = workload;
  const standard = !onKnative(target);
  // Our VirtualService is the only way in: neither KServe's nor Knative's own gateway host leads to a release.
  const visibility = standard ? 'networking.kserve.io/visibility' : 'networking.knative.dev/visibility';
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: workload.name,
      namespace: target.namespace,
      labels: { [visibility]: 'cluster-local', ...workloadLabels(target, workload.part, workload.release) },
      annotations: {
        'serving.kserve.io/deploymentMode': standard ? 'Standard' : 'Knative',
        // Without the class the webhook checks no scaling field in Standard mode.
        ...(standard && { 'serving.kserve.io/autoscalerClass': 'hpa' }),
        // Takes the workload down and keeps the object (kserve v0.20.0 pkg/constants).
        ...(workload.stopped && { 'serving.kserve.io/stop': 'true' }),
        // KServe's webhook writes it (inference_service_defaults.go, without a domain).
        ...(server.framework !== 'custom' && { modelFormat: RUNTIMES[server.framework].modelFormat.name }),
      },
    },
    spec: {
      predictor: predictor(target, workload),
      ...(transformer &&
        workload.transformerScale && {
          transformer: component(target, workload, 'transformer', transformer, workload.transformerScale),
        }),
      ...(explainer &&
        workload.explainerScale && {
          explainer: component(target, workload, 'explainer', explainer, workload.explainerScale),
        }),
    },
  };
}

function predictor(target: Target, workload: RunningServer): Predictor {
  const { server, scale } = workload;
  const { native, candidate } = target.serving;
  const common = componentFields(target, workload, server, scale);
  // Without the field all traffic goes to what the object says now; with it, so much of it, and the rest to what served before.
  const share = native === 'kserve' && candidate && { canaryTrafficPercent: candidate.weight };
  return server.framework === 'custom'
    ? { containers: [customContainer(target, workload)], ...common, ...share }
    : { model: model(target, workload, RUNTIMES[server.framework], server.framework), ...common, ...share };
}

function model(
  target: Target,
  workload: RunningServer,
  runtime: Runtime,
  framework: RuntimeFramework,
): NonNullable<Predictor['model']> {
  const { server, servedName } = workload;
  const protocol = protocolOf(framework, server.protocol);
  const name = runtime.servedName;
  const args = [
    ...(typeof name === 'object' && 'argument' in name ? [`${name.argument}=${servedName}`] : []),
    ...gpuArguments(runtime, server),
    ...(server.args ?? []),
  ];
  const env = envOf(
    target,
    server.env,
    {},
    typeof name === 'object' && 'environment' in name ? { [name.environment]: servedName } : {},
  );
  return {
    modelFormat: { ...runtime.modelFormat },
    runtime: runtimeName(target, workload),
    protocolVersion: protocol,
    ...(workload.model && { storageUri: mirrored(target.cluster.mirrors, workload.model.uri) }),
    ...(server.command && { command: server.command }),
    ...(args.length > 0 && { args }),
    ...(env.length > 0 && { env }),
    resources: resourcesOf(server.resources),
    ...probesOf(target, server, readinessPath(framework, protocol, servedName), runtime.port),
  };
}

/** A server of the user's own: KServe downloads what STORAGE_URI names, and the image learns the served name. */
function customContainer(target: Target, workload: RunningServer): Container {
  const { server, servedName } = workload;
  const port = server.port ?? 8080;
  const env = envOf(
    target,
    server.env,
    {},
    {
      MODEL_NAME: servedName,
      ...(server.protocol && { PROTOCOL: server.protocol }),
      ...(workload.model && { STORAGE_URI: mirrored(target.cluster.mirrors, workload.model.uri) }),
    },
  );
  return {
    name: CONTAINER,
    ...(server.image !== undefined && { image: mirrored(target.cluster.imageMirrors, server.image) }),
    ...(server.command && { command: server.command }),
    ...(server.args && { args: server.args }),
    env,
    ports: portsOf(target, port, server.metrics && (server.metrics.port ?? port)),
    resources: resourcesOf(server.resources),
    ...securityOf(target, server),
    ...probesOf(target, server, server.readiness, port),
  };
}

function component(
  target: Target,
  workload: RunningServer,
  kind: 'transformer' | 'explainer',
  container: ContainerWorkload,
  scale: Scale,
): Component {
  const { port, resources } = container;
  const args = container.args ?? [];
  const missing = (name: string, value: string | number): string[] =>
    args.some((arg) => arg.startsWith(name)) ? [] : [`${name}=${value}`];
  const protocol = protocolOf(workload.server.framework, workload.server.protocol);
  const env = envOf(target, container.env, {});
  return {
    // The InferenceService's labels reach every pod, and name its predictor.
    labels: { 'app.kubernetes.io/component': kind },
    containers: [
      {
        name: CONTAINER,
        image: mirrored(target.cluster.imageMirrors, container.image),
        ...(container.command && { command: container.command }),
        // KServe appends these where they are missing, with values of its own: the release's name, 8080, and as many
        // workers as the container takes requests (kserve v0.20.0 transformer_custom.go, explainer_custom.go).
        args: [
          ...missing('--model_name', workload.servedName),
          ...(protocol === 'v2' ? missing('--predictor_protocol', protocol) : []),
          ...(kind === 'transformer' ? missing('--http_port', port) : []),
          ...(concurrencyOf(target, scale) === undefined ? [] : missing('--workers', 1)),
          ...args,
        ],
        ...(env.length > 0 && { env }),
        ports: portsOf(target, port, undefined),
        resources: resourcesOf(resources),
        ...securityOf(target, container),
        ...probesOf(target, container, container.readiness, port),
      },
    ],
    ...componentFields(target, workload, container, scale),
  };
}

/** Spreads a model over the GPUs of a replica, unless the arguments say already how. */
function gpuArguments({ gpuArgument }: Runtime, { resources: { gpu = 0 }, args = [] }: ServerWorkload): string[] {
  return gpuArgument === undefined || gpu < 2 || choosesParallelism(args) ? [] : [`${gpuArgument}=${gpu}`];
}

/** What predictor, transformer and explainer share: scaling in the mode's own form, timeouts, placement, identity. */
function componentFields(
  target: Target,
  workload: RunningServer,
  container: ServerWorkload | ContainerWorkload,
  scale: Scale,
) {
  const { target: scalingTarget, min } = scale.scaling;
  // KServe's own default in Standard mode, written so that a reader sees what the replicas follow.
  const byDefault = runsOnKnative(target, workload) ? {} : { cpu: 80 };
  const [scaleMetric, scaleTarget] = Object.entries(scalingTarget ?? byDefault)[0] ?? [];
  const timeoutMs = workloadTimeout(target, workload);
  const timeout = Math.ceil(timeoutMs / 1000);
  const containerConcurrency = concurrencyOf(target, scale);
  return {
    minReplicas: min,
    maxReplicas: maxReplicas(scale),
    ...(scaleMetric !== undefined &&
      scaleTarget !== undefined && { scaleMetric: scaleMetric as NonNullable<Predictor['scaleMetric']>, scaleTarget }),
    timeout,
    serviceAccountName: serviceAccountName(target),
    ...placementOf(scale),
    ...podSecurityOf(target, onKnative(target)),
    ...(onKnative(target)
      ? {
          annotations: progressDeadline(startupSeconds(container), timeoutMs),
          ...(containerConcurrency !== undefined && { containerConcurrency }),
        }
      : {
          // A pod that goes must be allowed to finish what it started; Knative does this by itself.
          ...(timeout > 30 && { terminationGracePeriodSeconds: timeout }),
          ...(replacesInPlace(workload, container, scale) && { deploymentStrategy: IN_PLACE_STRATEGY }),
        }),
  };
}

function onKnative(target: Target): boolean {
  return target.cluster.kserve?.mode === 'Knative';
}

/** Standard mode has no limit of requests in flight. */
function concurrencyOf(target: Target, scale: Scale): number | undefined {
  return onKnative(target) ? scale.concurrency : undefined;
}

function probesOf(
  target: Target,
  container: ServerWorkload | ContainerWorkload,
  path: string | undefined,
  port: number,
) {
  return onKnative(target) ? knativeProbes(path) : deploymentProbes(path, port, startupSeconds(container));
}

/**
 * Container ports. In Standard mode KServe makes Service ports of them: the first becomes 80, and Istio reads the
 * protocol off the name. PodMonitors find declared ports only. Knative allows one, named by its own words.
 */
function portsOf(
  target: Target,
  port: number,
  metricsPort: number | undefined,
): { name: string; containerPort: number; protocol: string }[] {
  if (onKnative(target)) return [{ name: 'http1', containerPort: port, protocol: 'TCP' }];
  return [
    { name: 'http', containerPort: port, protocol: 'TCP' },
    ...(metricsPort !== undefined && metricsPort !== port
      ? [
          {
            name: 'http-metrics',
            containerPort: metricsPort,
            protocol: 'TCP',
          },
        ]
      : []),
  ];
}
