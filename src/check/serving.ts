import type { Finding, Rule } from '../core/finding.ts';
import type { ContainerWorkload, ServerWorkload } from '../release/record.ts';
import type { RunningFunction, RunningServer, RunningWorkload, Scale } from '../release/serving.ts';
import { runsOnKnative } from '../render/address.ts';
import { endpointUrl, isEndpoint, isRestricted, maxReplicas, type Calls, type EnvValue } from '../render/container.ts';
import { isLlm } from '../render/is-llm.ts';
import { CANDIDATE_TAG, revisionName } from '../render/knative.ts';
import { workloadTimeout } from '../render/request-timeout.ts';
import type { Target } from '../render/target.ts';
import { RUNTIMES, type Runtime } from '../service/runtime.ts';
import { hasFeature, RESERVED_ENV, RESERVED_PORTS } from './knative/pod.ts';
import { opensTemplate } from './kserve.ts';
import { componentNameProblem, countOfCharacters } from './kserve/names.ts';
import { checkLlm } from './llm.ts';
import { reporter, type Report } from './report.ts';

/** What a service asks of a cluster that it cannot give. Findings name the field as it is written in the source. */

/** Rules on what a service asks of its cluster. */
export const SERVING_RULES: readonly Rule[] = [
  {
    id: 'serving/no-kserve',
    severity: 'error',
    summary: 'Models need KServe on the cluster.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'serving/no-knative',
    severity: 'error',
    summary: 'KServe in Knative mode needs Knative on the cluster.',
    source: "kserve v0.20.0: without Knative's kinds the reconciler fails",
  },
  {
    id: 'serving/name-too-long',
    severity: 'error',
    summary: 'Names leave room for what is derived from them.',
    source: 'kserve v0.20.0 reconcilers/raw createRawURL; Knative and core Services: DNS labels',
  },
  {
    id: 'serving/scale-to-zero',
    severity: 'error',
    summary: 'Scaling to zero needs Knative.',
    source: 'kserve v0.20.0 reconcilers/hpa createHPA: 0 silently becomes 1; a HorizontalPodAutoscaler keeps one',
  },
  {
    id: 'serving/scaling-target',
    severity: 'error',
    summary: 'Knative scales by concurrency or rps, everything else by cpu or memory.',
    source: 'kserve v0.20.0 validateAutoScalingCompExtension; knative serving 1.21 autoscaling annotations',
  },
  {
    id: 'serving/gpu-scaling',
    severity: 'warning',
    summary: 'What runs on GPUs scales by CPU only where that is asked for.',
    source:
      'kserve v0.20.0 reconcilers/hpa: 80 % CPU where no metric is named; the queue in front of a GPU is in metrics of the server alone',
  },
  {
    id: 'serving/concurrency',
    severity: 'error',
    summary: 'A limit of requests in flight needs Knative.',
    source: 'kserve v0.20.0: only the Knative reconciler reads containerConcurrency',
  },
  {
    id: 'serving/placement',
    severity: 'error',
    summary: 'On Knative each field of placement needs its feature flag.',
    source: 'knative serving 1.21 config-features, off by default',
  },
  {
    id: 'serving/timeout',
    severity: 'warning',
    summary: 'Knative answers within 600 s, unless the cluster allows more.',
    source: 'knative serving 1.21 config-defaults max-revision-timeout-seconds',
  },
  {
    id: 'serving/protocol',
    severity: 'error',
    summary: 'The framework speaks the protocol.',
    source: 'kserve v0.20.0 config/runtimes; a runtime that does not fails when KServe reconciles',
  },
  {
    id: 'serving/endpoint',
    severity: 'error',
    summary: 'An environment variable refers to a part or another service that there is.',
    source: 'the sources',
  },
  {
    id: 'serving/given',
    severity: 'error',
    summary: 'Arguments and variables that the runtime sets are not set again.',
    source: 'the last argument wins, and another served name per release would break the one address',
  },
  {
    id: 'serving/reserved-env',
    severity: 'error',
    summary: 'Variables of Knative and KServe are left to them.',
    source: 'knative serving 1.21 k8s_validation.go reservedEnvVars; kserve v0.20.0 pkg/validation/env_policy.go',
  },
  {
    id: 'serving/template',
    severity: 'error',
    summary: 'Arguments and variables of a model hold "{{" only as KServe\'s placeholders.',
    source: 'kserve v0.20.0 inferenceservice/utils ReplacePlaceholders',
  },
  {
    id: 'serving/port',
    severity: 'error',
    summary: 'The port is one that the platform leaves to the container.',
    source: 'knative serving 1.21 k8s_validation.go reservedPorts; kserve v0.20.0 explainer_custom.go',
  },
  {
    id: 'serving/root-image',
    severity: 'error',
    summary: 'Where no container may run as root, no image is one that would.',
    source:
      'kubernetes Pod Security Standards, restricted; kserve v0.20.0 config/llmisvcconfig: runAsNonRoot; config/runtimes/kserve-vllmserver.yaml leaves it out, since the image names no user',
  },
  {
    id: 'serving/added-containers',
    severity: 'warning',
    summary:
      'Where namespaces take restricted pods only, the containers that KServe and Istio add to a pod are restricted too.',
    source:
      'k8s.io/pod-security-admission 0.33 on the pods of kserve v0.20.0: pkg/utils/storage.go CreateModelcarContainer, charts/kserve-resources/values.yaml storage.containerSecurityContext; istio 1.30 injection-template.yaml',
  },
];

const report = reporter(SERVING_RULES);

/**
 * Checks whether the cluster can do what the service asks, for every workload of every release that runs.
 *
 * @example checkServing(target) // [{ id: 'serving/scale-to-zero', where: { field: 'predictor.scaling.min', … }, … }]
 */
export function checkServing(target: Target): Finding[] {
  const result = report({ service: target.service, environment: target.environment, cluster: target.clusterName });
  for (const workload of target.serving.workloads) {
    if (workload.kind === 'server') checkServer(result, target, workload);
    else checkFunction(result, target, workload);
    checkTimeout(result, target, workload);
    checkAddedContainers(result, target, workload);
  }
  result.findings.push(...checkLlm(target));
  return result.findings;
}

function checkServer(result: Report, target: Target, workload: RunningServer): void {
  const { add } = result;
  const { cluster } = target;
  const { server, transformer, explainer, part } = workload;
  const field = part === 'predictor' ? part : `models.${part}`;
  if (!cluster.kserve) {
    return add(
      'serving/no-kserve',
      field,
      `cluster ${target.clusterName} has no KServe to serve the model`,
      'add kserve: { version, mode } to the cluster, or leave this environment out of environments',
    );
  }
  if (cluster.kserve.mode === 'Knative' && !cluster.knative && !isLlm(workload)) {
    add(
      'serving/no-knative',
      field,
      `KServe on cluster ${target.clusterName} is in Knative mode, but the cluster has no Knative`,
      "add knative: { version } to the cluster, or write mode: 'Standard'",
    );
  }
  // Findings of the parts below say the same for every release; sorting drops the repeats.
  checkContainer(result, target, workload, field, server, workload.scale);
  checkRuntime(result, field, server);
  checkPodSecurity(result, target, workload, field);
  if (transformer && workload.transformerScale) {
    checkContainer(result, target, workload, 'transformer', transformer, workload.transformerScale);
  }
  if (explainer && workload.explainerScale) {
    checkContainer(result, target, workload, 'explainer', explainer, workload.explainerScale);
    if (explainer.port !== 8080) {
      add(
        'serving/port',
        'explainer.port',
        `KServe starts an explainer with --http_port 8080, whatever else is asked, but port is ${explainer.port}`,
        'listen on 8080 and leave port out',
      );
    }
  }
  // Its names are longer and its replicas fixed, and its own rules know that.
  if (isLlm(workload)) return;
  const knative = cluster.kserve.mode === 'Knative';
  // Of the names of its parts the longest; an explainer's is as long as a predictor's.
  const longest = componentNameProblem(
    knative,
    workload.name,
    target.namespace,
    transformer ? 'transformer' : 'predictor',
  );
  if (longest) tooLong(result, target, field, longest.message, longest.over);
}

/** An autoscaler that looks at the CPU adds no replicas for requests that wait for a GPU, or adds them for nothing. */
function checkGpuScaling(
  { add }: Report,
  field: string,
  { resources }: ServerWorkload | ContainerWorkload,
  scale: Scale,
): void {
  const { min, max, target } = scale.scaling;
  if (resources.gpu === undefined || target !== undefined || maxReplicas(scale) <= Math.max(min, 1)) return;
  add(
    'serving/gpu-scaling',
    `${field}.scaling`,
    `between min ${min} and max ${max} the autoscaler goes by CPU, at 80 %, where no target is written; how many requests wait for the GPU does not show there`,
    `write min: ${max} without max, or how many the busiest hour needs; or target: { cpu: 80 }, if the CPU is what you mean`,
  );
}

function checkFunction(result: Report, target: Target, workload: RunningFunction): void {
  checkContainer(result, target, workload, 'function', workload.container, workload.scale);
  // The name of a Service, with Knative or without.
  const name =
    target.serving.native === 'revisions'
      ? longerOf(revisionName(target, workload), `${CANDIDATE_TAG}-${workload.name}`)
      : workload.name;
  const over = name.length - 63;
  if (over > 0) {
    tooLong(
      result,
      target,
      'function',
      `${name} is ${countOfCharacters(over)} too long: it is the name of a Service, where 63 fit`,
      over,
    );
  }
}

function longerOf(a: string, b: string): string {
  return a.length < b.length ? b : a;
}

function tooLong({ add }: Report, target: Target, field: string, message: string, over: number): void {
  const room = target.service.length - over;
  const fix =
    room > 0
      ? `shorten the name of the service from ${target.service.length} to at most ${room} characters, or the namespace`
      : 'shorten the namespace';
  add('serving/name-too-long', field, message, fix);
}

/** What holds for every container, whatever it is part of. */
function checkContainer(
  result: Report,
  target: Target,
  workload: RunningWorkload,
  field: string,
  container: ServerWorkload | ContainerWorkload,
  scale: Scale,
): void {
  const knative = runsOnKnative(target, workload);
  checkScale(result, target, workload, field, scale, knative);
  // The number of an LLMInferenceService's replicas is fixed, and its own rules say so.
  if (!knative && !isLlm(workload)) checkGpuScaling(result, field, container, scale);
  checkEnv(result, target, field, container.env ?? {}, workload, knative);
  const { port } = container;
  if (knative && port !== undefined && RESERVED_PORTS.has(port)) {
    result.add(
      'serving/port',
      `${field}.port`,
      `port ${port} belongs to Knative's queue-proxy`,
      'listen on another port: 8080',
    );
  }
}

function checkScale(
  { add }: Report,
  target: Target,
  workload: RunningWorkload,
  field: string,
  { scaling, placement, concurrency }: Scale,
  knative: boolean,
): void {
  const runs = workload.kind === 'function' ? 'without Knative' : 'in Standard mode';
  if (scaling.min === 0 && !knative) {
    const keda = target.cluster.keda
      ? ' (KEDA does not change that: scaling.target has no metric of waiting requests)'
      : '';
    const knativeThere = workload.kind === 'function' ? 'that has Knative' : 'where KServe is in Knative mode';
    add(
      'serving/scale-to-zero',
      `${field}.scaling.min`,
      `min 0 asks to scale to zero, but ${runs} nothing starts a replica when a request comes, so one always stays${keda}`,
      `write min: 1, in overrides.${target.environment} if other environments scale to zero; or use a cluster ${knativeThere}`,
    );
  }
  const metric = Object.keys(scaling.target ?? {})[0];
  const known = knative ? ['concurrency', 'rps'] : ['cpu', 'memory'];
  if (metric !== undefined && !known.includes(metric)) {
    add(
      'serving/scaling-target',
      `${field}.scaling.target`,
      `${knative ? 'on Knative' : runs} nothing scales by ${metric}`,
      `aim at ${known.join(' or ')}: target: { ${knative ? 'concurrency: 10' : 'cpu: 70'} }`,
    );
  }
  if (concurrency !== undefined && !knative) {
    add(
      'serving/concurrency',
      `${field}.concurrency`,
      `${runs} nothing limits the requests in flight per replica`,
      'leave concurrency out, and limit connections with traffic.connectionPool',
    );
  }
  if (!knative || !target.cluster.knative) return;
  for (const [name, flag] of [
    ['nodeSelector', 'nodeselector'],
    ['tolerations', 'tolerations'],
  ] as const) {
    if (placement?.[name] !== undefined && !hasFeature(target.cluster, flag)) {
      add(
        'serving/placement',
        `${field}.placement.${name}`,
        `Knative on cluster ${target.clusterName} refuses ${name}: its feature ${flag} is off`,
        `set kubernetes.podspec-${flag}: enabled in config-features and add '${flag}' to knative.features of the cluster`,
      );
    }
  }
}

function checkTimeout({ add }: Report, target: Target, workload: RunningWorkload): void {
  const seconds = Math.ceil(workloadTimeout(target, workload) / 1000);
  if (seconds > 600 && runsOnKnative(target, workload)) {
    add(
      'serving/timeout',
      'traffic.timeout',
      `Knative refuses ${seconds} s unless max-revision-timeout-seconds of the cluster is as long; it is 600 s by default`,
      'write timeout: 600s or less, or raise the limit in config-defaults',
    );
  }
}

function checkEnv(
  { add }: Report,
  target: Target,
  field: string,
  env: Readonly<Record<string, EnvValue>>,
  workload: RunningWorkload,
  knative: boolean,
): void {
  const calls: Calls = workload.kind === 'function' ? workload.calls : {};
  for (const [name, value] of Object.entries(env)) {
    const at = `${field}.env.${name}`;
    // Without Knative the function gets PORT from us, so that it finds the same everywhere.
    if (RESERVED_ENV.has(name) && (knative || workload.kind === 'function')) {
      add(
        'serving/reserved-env',
        at,
        `${name} is set by the platform`,
        `leave ${name} out; PORT tells the port to listen on`,
      );
    }
    if (name === 'PYTHONPATH' && workload.kind === 'server') {
      add(
        'serving/reserved-env',
        at,
        'KServe refuses PYTHONPATH: it could load other code than the image holds',
        'put the modules where the image looks for them',
      );
    }
    if (!isEndpoint(value)) continue;
    if ('service' in value && value.service === target.service) {
      const [part] = Object.keys(calls);
      const own = part === undefined ? '' : `, or a part of this one: ModelRef.part('${part}')`;
      add(
        'serving/endpoint',
        at,
        `${name} is the address of ${target.service} itself, whose requests would come back to it`,
        `name the service that is meant${own}`,
      );
      continue;
    }
    if (endpointUrl(target, value, calls) !== undefined) continue;
    if ('service' in value) {
      add(
        'serving/endpoint',
        at,
        `there is no service ${value.service} in environment ${target.environment}`,
        'name a service that runs there, or write ModelRef.endpoint(url)',
      );
    } else if ('part' in value && workload.kind === 'server') {
      add(
        'serving/endpoint',
        at,
        `only the function can call parts of its release, but this is ${field}`,
        'call the part from the function, or name a service',
      );
    } else if ('part' in value) {
      const parts = Object.keys(calls);
      add(
        'serving/endpoint',
        at,
        `the release has no model called ${value.part}`,
        parts.length > 0 ? `name one of ${parts.join(', ')}` : 'add it to models',
      );
    }
  }
}

/** What cannot run without root, and how models come that nothing restricts. Whether an own image can is not known here. */
function checkPodSecurity({ add }: Report, target: Target, workload: RunningServer, field: string): void {
  const { environment } = target;
  const { server, model } = workload;
  const restricted = isRestricted(target);
  const image = rootImage(server);
  if (image !== undefined && (restricted || isLlm(workload))) {
    const why = restricted
      ? `the namespaces of ${environment} take restricted pods only`
      : 'KServe starts the containers of an LLMInferenceService as other users only';
    add(
      'serving/root-image',
      `${field}.image`,
      `${image} runs as root, and ${why}: no replica would ever start`,
      'name an image with another user, or a user that can run this one: runAsUser: <number>',
    );
  }
  if (!restricted || !model?.uri.startsWith('oci://')) return;
  add(
    'serving/added-containers',
    `${field}.model`,
    `KServe loads oci:// by containers of the model's image, which say nothing of privileges: the namespaces of ${environment} would refuse the pods`,
    'write oci+native://, which mounts the image; or nothing, if ociModelMode of inferenceservice-config is native',
  );
}

/** On Knative nothing but the pod could give the containers of others a seccomp profile, and it may not. */
function checkAddedContainers({ add }: Report, target: Target, workload: RunningWorkload): void {
  const { environment, clusterName, cluster } = target;
  if (!isRestricted(target) || !runsOnKnative(target, workload) || hasFeature(cluster, 'securitycontext')) return;
  const downloads =
    workload.kind === 'server' && workload.model && !/^(?:pvc|oci(?:\+native)?):/.test(workload.model.uri);
  const added = [
    ...(downloads ? ["KServe's storage-initializer"] : []),
    ...(cluster.istio?.dataplane === 'sidecar' ? ["Istio's sidecar"] : []),
  ];
  if (added.length === 0) return;
  add(
    'serving/added-containers',
    workload.kind === 'function' || workload.part === 'predictor' ? workload.part : `models.${workload.part}`,
    `by default ${added.join(' and ')} ${added.length > 1 ? 'have' : 'has'} no seccomp profile, and Knative on cluster ${clusterName} takes none for the pod: the namespaces of ${environment} would refuse it`,
    "set kubernetes.podspec-securitycontext: enabled in config-features and add 'securitycontext' to knative.features of the cluster; or give each one where it is configured (docs/gitops-tree.md)",
  );
}

/** The image of a runtime that runs as root, where nothing else is said. */
function rootImage({ framework, image, runAsUser }: ServerWorkload): string | undefined {
  if (framework === 'custom' || runAsUser !== undefined || RUNTIMES[framework].nonRoot) return undefined;
  const { image: name, gpu } = RUNTIMES[framework];
  const names = gpu && 'image' in gpu ? [name, gpu.image] : [name];
  const given = (image ?? name).replace(/^docker\.io\//, '').replace(/[:@].*$/, '');
  return names.find((each) => each === given);
}

/** Protocol, arguments and variables of a server against what its runtime speaks and sets. */
function checkRuntime({ add }: Report, field: string, server: ServerWorkload): void {
  const { framework, protocol, args = [], env = {} } = server;
  if (framework === 'custom') {
    for (const name of ['MODEL_NAME', 'PROTOCOL', 'STORAGE_URI']) {
      if (env[name] !== undefined) {
        add(
          'serving/given',
          `${field}.env.${name}`,
          `${name} is set from servedName, protocol and model`,
          `leave ${name} out`,
        );
      }
    }
    return;
  }
  const checkText = (text: EnvValue, at: string): void => {
    if (typeof text === 'string' && opensTemplate(text)) {
      add(
        'serving/template',
        `${field}.${at}`,
        'KServe expands the text as a Go template, and "{{" opens an action',
        'write {{`{{`}} for two braces',
      );
    }
  };
  args.forEach((text, index) => checkText(text, `args[${index}]`));
  for (const name of Object.keys(env)) checkText(env[name]!, `env.${name}`);
  const runtime = RUNTIMES[framework];
  if (protocol !== undefined && !runtime.protocols.includes(protocol)) {
    const fix =
      framework === 'vllm'
        ? "leave protocol out; vLLM speaks OpenAI's API"
        : `leave protocol out, or write ${runtime.protocols.join(' or ')}`;
    add(
      'serving/protocol',
      `${field}.protocol`,
      `the server of framework ${framework} does not speak ${protocol}`,
      fix,
    );
  }
  if (server.llm && env['VLLM_ADDITIONAL_ARGS'] !== undefined) {
    add(
      'serving/given',
      `${field}.env.VLLM_ADDITIONAL_ARGS`,
      'KServe hands the arguments over in it',
      'write args instead',
    );
  }
  args.forEach((arg, index) => {
    const name = /^(--[\w-]+)/.exec(arg)?.[1];
    if (name !== undefined && GIVEN.get(runtime)!.has(name)) {
      add(
        'serving/given',
        `${field}.args[${index}]`,
        `${name} is set by the runtime, and the last one wins`,
        name === servedArgument(runtime) ? 'write servedName instead' : `leave ${name} out`,
      );
    }
  });
  const set = runtime.env(runtime.protocols[0]);
  for (const name of Object.keys(env)) {
    const served =
      typeof runtime.servedName === 'object' &&
      'environment' in runtime.servedName &&
      runtime.servedName.environment === name;
    if (served || name in set) {
      add(
        'serving/given',
        `${field}.env.${name}`,
        `${name} is set by the runtime`,
        served ? 'write servedName instead' : `leave ${name} out`,
      );
    }
  }
}

function servedArgument({ servedName }: Runtime): string | undefined {
  return typeof servedName === 'object' && 'argument' in servedName ? servedName.argument : undefined;
}

/** Tuning that a user may well change, though the runtime has a value. */
const TUNABLE = new Set(['--nthread', '--rest_api_timeout_in_ms', '--allow-grpc']);

function argumentsOf(runtime: Runtime): ReadonlySet<string> {
  const names = runtime.args.flatMap((arg) => /^(--[\w-]+)/.exec(arg)?.[1] ?? []).filter((name) => !TUNABLE.has(name));
  return new Set([...names, ...[servedArgument(runtime) ?? []].flat()]);
}

/** The arguments of each runtime that nobody else may give. */
const GIVEN: ReadonlyMap<Runtime, ReadonlySet<string>> = new Map(
  Object.values(RUNTIMES).map((runtime) => [runtime, argumentsOf(runtime)]),
);
