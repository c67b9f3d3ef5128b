import type { Rule } from '../core/finding.ts';
import type { Cluster } from '../service/platform.ts';
import type { Report } from './report.ts';

/**
 * What Knative's webhook says about the pod of a revision. InferenceServices in Knative mode meet it too, but only in
 * the Knative Service that KServe makes of them: KServe accepts them, and they never become ready.
 */

const SOURCE = 'knative serving 1.21 (v0.48.1) pkg/apis/serving';

/** Rules on pods that Knative runs. */
export const KNATIVE_POD_RULES: readonly Rule[] = [
  {
    id: 'knative/feature-flag',
    severity: 'error',
    summary: 'Pod fields behind a feature flag need that flag on the cluster.',
    source: `${SOURCE}/fieldmask.go PodSpecMask`,
  },
  {
    id: 'knative/pod-field',
    severity: 'error',
    summary: 'Pod fields that Knative manages itself must be left out.',
    source: `${SOURCE}/fieldmask.go PodSpecMask`,
  },
  {
    id: 'knative/reserved-env',
    severity: 'error',
    summary: 'PORT and K_* are set by Knative.',
    source: `${SOURCE}/k8s_validation.go reservedEnvVars`,
  },
  {
    id: 'knative/reserved-name',
    severity: 'error',
    summary: 'No container may be called queue-proxy.',
    source: `${SOURCE}/k8s_validation.go reservedContainerNames`,
  },
  {
    id: 'knative/reserved-path',
    severity: 'error',
    summary: 'Nothing may be mounted at /, /dev or /dev/log.',
    source: `${SOURCE}/k8s_validation.go reservedPaths`,
  },
  {
    id: 'knative/port',
    severity: 'error',
    summary: 'One port per pod, named http1, h2c or not at all, and none of those of queue-proxy.',
    source: `${SOURCE}/k8s_validation.go validateContainersPorts, validateContainerPorts`,
  },
  {
    id: 'knative/probe',
    severity: 'error',
    summary: 'A readiness probe without a period has no thresholds or timeout.',
    source: `${SOURCE}/k8s_validation.go validateReadinessProbe`,
  },
];

/** Fields of a pod that a feature flag guards, and the flag (config-features of Knative Serving 1.21). */
const FLAGS: Readonly<Record<string, string>> = {
  affinity: 'affinity',
  dnsConfig: 'dnsconfig',
  dnsPolicy: 'dnspolicy',
  hostAliases: 'hostaliases',
  hostIPC: 'hostipc',
  hostNetwork: 'hostnetwork',
  hostPID: 'hostpid',
  initContainers: 'init-containers',
  nodeSelector: 'nodeselector',
  priorityClassName: 'priorityclassname',
  runtimeClassName: 'runtimeclassname',
  schedulerName: 'schedulername',
  securityContext: 'securitycontext',
  shareProcessNamespace: 'shareprocessnamespace',
  tolerations: 'tolerations',
  topologySpreadConstraints: 'topologyspreadconstraints',
};

const MANAGED = [
  'activeDeadlineSeconds',
  'hostname',
  'nodeName',
  'priority',
  'readinessGates',
  'restartPolicy',
  'subdomain',
  'terminationGracePeriodSeconds',
];

/** Environment variables that Knative sets. */
export const RESERVED_ENV: ReadonlySet<string> = new Set(['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']);
/** Ports of queue-proxy: HTTP, HTTP/2, admin, metrics, and the profiler. */
export const RESERVED_PORTS: ReadonlySet<number> = new Set([8008, 8012, 8013, 8022, 9090, 9091]);
const RESERVED_PATHS = new Set(['/', '/dev', '/dev/log']);

/** A pod as it stands in any of our kinds. */
export interface PodLike {
  readonly containers?: readonly ContainerLike[];
  readonly volumes?: readonly { readonly name?: string; readonly persistentVolumeClaim?: unknown }[];
  readonly [field: string]: unknown;
}

/** A container as it stands in any of our kinds. */
export interface ContainerLike {
  readonly name?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number }[];
  readonly readinessProbe?: {
    readonly periodSeconds?: number;
    readonly failureThreshold?: number;
    readonly timeoutSeconds?: number;
  };
  readonly volumeMounts?: readonly { readonly mountPath?: string }[];
}

/** Whether a feature flag is on; one that our vocabulary does not know counts as off, as it is by default. */
export function hasFeature(cluster: Cluster, flag: string): boolean {
  return cluster.knative?.features.some((feature) => feature === flag) ?? false;
}

/** Checks a pod that Knative would run. `containers` may differ from the pod's own: KServe's `model` is one too. */
export function checkKnativePod(
  report: Report,
  cluster: Cluster,
  field: string,
  pod: PodLike,
  containers: readonly (readonly [string, ContainerLike])[],
): void {
  const needsFlag = (what: string, flag: string): void => {
    if (!hasFeature(cluster, flag)) {
      report.add(
        'knative/feature-flag',
        what,
        `Knative refuses this field: feature ${flag} is not enabled on the cluster`,
        `enable kubernetes.podspec-${flag} in config-features and add '${flag}' to knative.features, or leave the field out`,
      );
    }
  };
  for (const [name, flag] of Object.entries(FLAGS)) if (pod[name] !== undefined) needsFlag(`${field}.${name}`, flag);
  for (const name of MANAGED) {
    if (pod[name] !== undefined) {
      report.add(
        'knative/pod-field',
        `${field}.${name}`,
        'Knative sets this field itself and refuses it',
        `leave ${name} out`,
      );
    }
  }
  pod.volumes?.forEach((volume, index) => {
    if (volume.persistentVolumeClaim !== undefined) {
      needsFlag(`${field}.volumes[${index}].persistentVolumeClaim`, 'persistent-volume-claim');
    }
  });
  let ports = 0;
  for (const [path, container] of containers) {
    ports += container.ports?.length ?? 0;
    checkContainer(report, path, container);
  }
  if (ports > 1) {
    report.add(
      'knative/port',
      field,
      `${ports} container ports are set, but Knative serves one`,
      'leave one port; metrics need none, the scraper may dial any',
    );
  }
}

function checkContainer(report: Report, path: string, container: ContainerLike): void {
  if (container.name === 'queue-proxy') {
    report.add(
      'knative/reserved-name',
      `${path}.name`,
      'queue-proxy is the name of the container that Knative adds',
      'choose another name',
    );
  }
  container.env?.forEach(({ name }, index) => {
    if (RESERVED_ENV.has(name)) {
      report.add(
        'knative/reserved-env',
        `${path}.env[${index}].name`,
        `${name} is set by Knative`,
        `leave ${name} out; Knative hands in the port as PORT`,
      );
    }
  });
  container.ports?.forEach(({ name = '', containerPort }, index) => {
    const at = `${path}.ports[${index}]`;
    if (containerPort !== undefined && RESERVED_PORTS.has(containerPort)) {
      report.add(
        'knative/port',
        `${at}.containerPort`,
        `port ${containerPort} belongs to Knative's queue-proxy`,
        'use another port: 8080',
      );
    }
    if (!['', 'http1', 'h2c'].includes(name)) {
      report.add(
        'knative/port',
        `${at}.name`,
        `Knative reads the protocol off the port's name, and knows no ${JSON.stringify(name)}`,
        'write name: http1, or h2c for gRPC',
      );
    }
  });
  const probe = container.readinessProbe;
  if (
    probe &&
    (probe.periodSeconds ?? 0) === 0 &&
    (probe.failureThreshold !== undefined || probe.timeoutSeconds !== undefined)
  ) {
    report.add(
      'knative/probe',
      `${path}.readinessProbe`,
      'without periodSeconds Knative probes in its own rhythm, and refuses failureThreshold and timeoutSeconds',
      'leave both out, or write periodSeconds',
    );
  }
  container.volumeMounts?.forEach(({ mountPath }, index) => {
    if (mountPath !== undefined && RESERVED_PATHS.has(mountPath.replace(/(?!^)\/+$/, ''))) {
      report.add(
        'knative/reserved-path',
        `${path}.volumeMounts[${index}].mountPath`,
        `${mountPath} is reserved`,
        'mount below another folder',
      );
    }
  });
}
