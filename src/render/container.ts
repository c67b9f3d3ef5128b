import { parseDuration } from '../core/duration.ts';
import { compareText } from '../core/finding.ts';
import type { ContainerWorkload, ServerWorkload } from '../release/record.ts';
import { IN_PLACE, type RunningServer, type RunningWorkload, type Scale } from '../release/serving.ts';
import type { Resources } from '../service/workload.ts';
import { workloadUrl } from './address.ts';
import type { Target } from './target.ts';

/** What containers of InferenceServices, Knative Services and Deployments have in common. */

/** A value of an environment variable with every default filled in. */
export type EnvValue = NonNullable<ContainerWorkload['env']>[string];

/** Where an environment variable points to: a part, another service, or a URL. */
export type EndpointRef = Exclude<EnvValue, string | { secret: string } | { configMap: string }>;

/** The servers that a part's references resolve to, by part name. */
export type Calls = Readonly<Record<string, RunningServer>>;

/** An item of `env`. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly configMapKeyRef?: { readonly name: string; readonly key: string };
  };
}

/** `securityContext` of a container, or of a pod. A type, since the schema of a Knative pod takes nothing that may be extended. */
type Security = {
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { drop: string[] };
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
};

/** `nodeSelector` and `tolerations` of a pod. */
export interface PodPlacement {
  nodeSelector?: Record<string, string>;
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[];
}

/**
 * The base URL behind an endpoint, or `undefined` when there is no such part or service.
 *
 * @param calls the servers of the same release that may be called, by part.
 */
export function endpointUrl(target: Target, endpoint: EndpointRef, calls: Calls): string | undefined {
  if ('url' in endpoint) return endpoint.url;
  if ('service' in endpoint) return target.serviceUrl(endpoint.service);
  // A name such as `constructor` is nobody's but an object's own.
  const server = Object.hasOwn(calls, endpoint.part) ? calls[endpoint.part] : undefined;
  return server && workloadUrl(target, server);
}

/** Whether a value of an environment variable is an endpoint. */
export function isEndpoint(value: EnvValue): value is EndpointRef {
  return typeof value === 'object' && !('secret' in value) && !('configMap' in value);
}

/**
 * `env` of a container, by name. An endpoint that leads nowhere becomes an empty value; the checks refuse it.
 *
 * @param given variables that the server itself needs; they win.
 */
export function envOf(
  target: Target,
  env: ContainerWorkload['env'],
  calls: Calls,
  given: Readonly<Record<string, string>> = {},
): EnvVar[] {
  const all: Record<string, EnvValue> = { ...env, ...given };
  return Object.keys(all)
    .sort(compareText)
    .map((name) => {
      const value = all[name]!;
      if (typeof value === 'string') return { name, value };
      if ('secret' in value) return { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } };
      if ('configMap' in value)
        return { name, valueFrom: { configMapKeyRef: { name: value.configMap, key: value.key } } };
      return { name, value: endpointUrl(target, value, calls) ?? '' };
    });
}

/** `resources` of a container; limits are the requests where nothing else is said. */
export function resourcesOf({ cpu, memory, gpu, gpuResource, limits }: Resources): {
  requests: Record<string, string>;
  limits: Record<string, string>;
} {
  const devices = gpu === undefined ? {} : { [gpuResource]: String(gpu) };
  return {
    requests: { cpu, memory, ...devices },
    limits: { cpu: limits.cpu ?? cpu, memory: limits.memory ?? memory, ...devices },
  };
}

/** How long a replica may take until it serves, in seconds. Default: 10 minutes, with a GPU 30. */
export function startupSeconds({ startup, resources }: Pick<ServerWorkload, 'startup' | 'resources'>): number {
  const stated = startup === undefined ? undefined : parseDuration(startup);
  return Math.ceil((stated ?? (resources.gpu === undefined ? 600_000 : 1_800_000)) / 1000);
}

/** A probe handler: an HTTP path, or a TCP check where there is none. */
type Handler = { httpGet: { path: string; port: number } } | { tcpSocket: { port: number } };

type Probe = Handler & { periodSeconds: number; timeoutSeconds: number; failureThreshold: number };

/** Seconds between probes. */
const PERIOD = 10;

/**
 * Probes of a container in a Deployment. The startup probe holds the others back until the model is loaded, and
 * restarts the container only when that takes longer than `startup`.
 */
export function deploymentProbes(
  path: string | undefined,
  port: number,
  startup: number,
): { readinessProbe: Probe; startupProbe: Probe } {
  const handler: Handler = path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } };
  const probe = (failureThreshold: number): Probe => ({
    periodSeconds: PERIOD,
    timeoutSeconds: 5,
    failureThreshold,
    ...handler,
  });
  return { readinessProbe: probe(3), startupProbe: probe(Math.max(1, Math.ceil(startup / PERIOD))) };
}

/**
 * Probes of a container on Knative. queue-proxy asks in short intervals and never restarts the container, so there is
 * no startup probe to size; how long a start may take is the revision's progress deadline. Probes carry no port:
 * Knative fills in the container's. Without a path its own TCP check stays.
 */
export function knativeProbes(path: string | undefined): {
  readinessProbe?: { httpGet: { path: string }; successThreshold: number };
} {
  return path === undefined ? {} : { readinessProbe: { httpGet: { path }, successThreshold: 1 } };
}

/** The annotation that gives a revision's pods time to start; at least a request's timeout. */
export function progressDeadline(startup: number, timeoutMs: number): Record<string, string> {
  return { 'serving.knative.dev/progress-deadline': `${Math.max(startup, Math.ceil(timeoutMs / 1000))}s` };
}

/** `nodeSelector` and `tolerations`, as far as they are given. */
export function placementOf({ placement }: Scale): PodPlacement {
  return {
    ...(placement?.nodeSelector && { nodeSelector: placement.nodeSelector }),
    // The schema has no undefined in it, only absent fields; zod's types do not say so.
    ...(placement?.tolerations && { tolerations: placement.tolerations as NonNullable<PodPlacement['tolerations']> }),
  };
}

/** Whether the namespaces of the environment take nothing but restricted pods. */
export function isRestricted({ env }: Target): boolean {
  return env.podSecurity === 'restricted';
}

/** What a seccomp profile has to be in a restricted pod. */
export const RUNTIME_DEFAULT = { type: 'RuntimeDefault' };

/**
 * `securityContext` of a container with an image of the user's own: the chosen user, and all that the Pod Security level
 * `restricted` asks of a container. Nothing else by default, since an image may need its root.
 */
export function securityOf(
  target: Target,
  { runAsUser }: Pick<ContainerWorkload, 'runAsUser'>,
): { securityContext?: Security } {
  const user = runAsUser !== undefined && { runAsUser };
  if (!isRestricted(target)) return user ? { securityContext: user } : {};
  return {
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: RUNTIME_DEFAULT,
      ...user,
    },
  };
}

/**
 * `securityContext` of a pod, for the containers that others add to it: by default KServe's storage-initializer and Istio's
 * sidecar have no seccomp profile of their own (kserve v0.20.0 charts/kserve-resources/values.yaml; istio 1.30
 * injection-template.yaml).
 *
 * @param knative whether Knative makes the pod: it takes the field where its flag is on, and that of a container always.
 */
export function podSecurityOf(target: Target, knative: boolean): { securityContext?: Security } {
  if (!isRestricted(target) || (knative && !target.cluster.knative?.features.includes('securitycontext'))) return {};
  return { securityContext: { runAsNonRoot: true, seccompProfile: RUNTIME_DEFAULT } };
}

/**
 * Whether an update of a Deployment takes an old replica away before it starts a new one. With GPUs the new pod may wait
 * for ever for a device that only the old one could give back. One replica of a release is left to surge: it must not go
 * down.
 */
export function replacesInPlace(
  { release }: Pick<RunningWorkload, 'release'>,
  { resources }: Pick<ServerWorkload, 'resources'>,
  { scaling }: Scale,
): boolean {
  return resources.gpu !== undefined && (scaling.min > 1 || release === IN_PLACE);
}

/** How a Deployment is updated when nothing more than it has is free. */
export const IN_PLACE_STRATEGY = { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };

/** Whether arguments of vLLM say already how a model is spread over GPUs. */
export function choosesParallelism(args: readonly string[]): boolean {
  return args.some((arg) => /^(?:--(?:tensor|pipeline|data)-parallel-size|-[tpd]p)\b/.test(arg));
}

/** Most replicas. Default: the fewest, at least 1. */
export function maxReplicas({ scaling: { min, max } }: Scale): number {
  return max ?? Math.max(min, 1);
}

/** The ServiceAccount that pods of the service run as. */
export function serviceAccountName(target: Target): string {
  return target.spec.identity.serviceAccount ?? target.service;
}

/**
 * A name with its prefix replaced by the cluster's mirror; the longest prefix that fits wins.
 *
 * @example mirrored({ 's3://a/': 's3://b/' }, 's3://a/fraud/v47/') // 's3://b/fraud/v47/'
 */
export function mirrored(mirrors: Readonly<Record<string, string>>, name: string): string {
  let longest: string | undefined;
  for (const prefix of Object.keys(mirrors)) {
    if (name.startsWith(prefix) && (longest === undefined || prefix.length > longest.length)) longest = prefix;
  }
  return longest === undefined ? name : `${mirrors[longest]}${name.slice(longest.length)}`;
}
