import type { Rule } from '../../core/finding.ts';
import type { Cluster } from '../../service/platform.ts';
import type { Report } from '../report.ts';

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
    summary:
      'A readiness probe without a period has no thresholds or timeout; a probe has one handler and no negative times.',
    source: `${SOURCE}/k8s_validation.go validateProbe, validateReadinessProbe; of other probes Kubernetes refuses the pod`,
  },
  {
    id: 'knative/image',
    severity: 'error',
    summary: 'An image is a reference that Knative can resolve: lower case, and a name of at least two characters.',
    source: `${SOURCE}/k8s_validation.go validate; go-containerregistry pkg/name ParseReference`,
  },
  {
    id: 'knative/volume',
    severity: 'error',
    summary: 'Each volume is mounted, each mount has its volume, and no path is mounted twice.',
    source: `${SOURCE}/k8s_validation.go ValidateVolumes, validateVolumeMounts`,
  },
  {
    id: 'knative/container-field',
    severity: 'error',
    summary: 'Containers have names of their own, no life-cycle hooks, and no more rights than Knative grants.',
    source: `${SOURCE}/fieldmask.go ContainerMask, SecurityContextMask; k8s_validation.go validateContainers`,
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
  readonly volumes?: readonly VolumeLike[];
  readonly [field: string]: unknown;
}

/** A volume as it stands in any of our kinds. */
export interface VolumeLike {
  readonly name?: string;
}

/** A probe as it stands in any of our kinds. */
interface ProbeLike {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
  readonly timeoutSeconds?: number;
  readonly exec?: unknown;
  readonly grpc?: unknown;
  readonly httpGet?: unknown;
  readonly tcpSocket?: unknown;
}

/** A container as it stands in any of our kinds. */
export interface ContainerLike {
  readonly name?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number; readonly protocol?: string }[];
  readonly lifecycle?: unknown;
  readonly livenessProbe?: ProbeLike;
  readonly readinessProbe?: ProbeLike;
  readonly startupProbe?: ProbeLike;
  readonly resources?: { readonly limits?: object; readonly requests?: object };
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly capabilities?: { readonly add?: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name?: string; readonly mountPath?: string }[];
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
    for (const [source, flag] of Object.entries(VOLUME_FLAGS)) {
      if (Object.hasOwn(volume, source)) needsFlag(`${field}.volumes[${index}].${source}`, flag);
    }
  });
  let ports = 0;
  const names = new Set<string>();
  for (const [path, container] of containers) {
    ports += container.ports?.length ?? 0;
    checkContainer(report, path, container);
    const { name } = container;
    if (name === undefined || name === '') continue;
    if (names.has(name)) {
      report.add(
        'knative/container-field',
        `${path}.name`,
        `two containers are called ${name}`,
        'give each a name of its own',
      );
    }
    names.add(name);
  }
  // The port of a model is its runtime's.
  if (containers.length > 1 && ports === 0 && !containers.some(([path]) => path.endsWith('.model'))) {
    report.add(
      'knative/port',
      field,
      `of ${containers.length} containers none has a port, so that Knative does not know which one serves`,
      'give the one that serves its port',
    );
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

/** Kinds of volumes that a feature flag guards, and the flag. */
const VOLUME_FLAGS: Readonly<Record<string, string>> = {
  hostPath: 'volumes-hostpath',
  csi: 'volumes-csi',
  image: 'volumes-image',
  persistentVolumeClaim: 'persistent-volume-claim',
};
const VOLUMES = new Set(['name', 'configMap', 'emptyDir', 'projected', 'secret', ...Object.keys(VOLUME_FLAGS)]);

/** Checks that what is mounted is there, and what is there is mounted. */
export function checkVolumes(
  { add }: Report,
  field: string,
  volumes: readonly VolumeLike[],
  containers: readonly (readonly [string, ContainerLike])[],
): void {
  const mounted = new Set(
    containers.flatMap(([, { volumeMounts = [] }]) => volumeMounts.map(({ name }) => name ?? '')),
  );
  volumes.forEach((volume, index) => {
    const at = `${field}.volumes[${index}]`;
    const { name = '' } = volume;
    if (!mounted.has(name)) add('knative/volume', `${at}.name`, `nobody mounts the volume ${name}`, 'leave it out');
    for (const source of Object.keys(volume)) {
      if (VOLUMES.has(source)) continue;
      add('knative/volume', `${at}.${source}`, 'Knative takes no volumes of this kind', 'use another kind of volume');
    }
  });
  const names = new Set(volumes.map(({ name }) => name));
  for (const [path, { volumeMounts = [] }] of containers) {
    const paths = new Set<string>();
    volumeMounts.forEach(({ name, mountPath = '' }, index) => {
      const at = `${path}.volumeMounts[${index}]`;
      if (!names.has(name))
        add('knative/volume', `${at}.name`, `there is no volume ${name ?? ''}`, 'name one of volumes');
      if (!mountPath.startsWith('/'))
        add('knative/volume', `${at}.mountPath`, `${mountPath} is no absolute path`, 'begin it with "/"');
      const clean = mountPath.replace(/(?!^)\/+$/, '');
      if (paths.has(clean))
        add('knative/volume', `${at}.mountPath`, `${clean} is mounted twice`, 'give each volume a path of its own');
      paths.add(clean);
    });
  }
}

/** A reference as go-containerregistry reads it: a repository of 2 to 255 characters behind an optional registry. */
function isImageReference(image: string): boolean {
  const [, name = '', digest] = /^([^@]*)(?:@(.*))?$/s.exec(image) ?? [];
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return false;
  // A colon behind the last slash begins the tag.
  const [, repository = '', tag] = /^(.*?)(?::([^/:]*))?$/s.exec(name) ?? [];
  if (tag !== undefined && !/^[\w.-]{0,128}$/.test(tag)) return false;
  const slash = repository.indexOf('/');
  const first = repository.slice(0, Math.max(slash, 0));
  const path = /[.:]/.test(first) || first === 'localhost' ? repository.slice(slash + 1) : repository;
  return /^[a-z0-9_\-./]{2,255}$/.test(path);
}

function checkContainerFields({ add }: Report, path: string, container: ContainerLike): void {
  const { image, lifecycle, securityContext: { privileged, capabilities } = {} } = container;
  if (image !== undefined && !isImageReference(image)) {
    add(
      'knative/image',
      `${path}.image`,
      `Knative cannot read ${JSON.stringify(image)}`,
      'write registry/name:tag in lower case, with a name of at least two characters',
    );
  }
  if (lifecycle !== undefined)
    add('knative/container-field', `${path}.lifecycle`, 'Knative drains pods itself', 'leave lifecycle out');
  if (privileged === true) {
    add(
      'knative/container-field',
      `${path}.securityContext.privileged`,
      'Knative runs no privileged containers',
      'leave it out',
    );
  }
  if ((capabilities?.add?.length ?? 0) > 0) {
    add(
      'knative/container-field',
      `${path}.securityContext.capabilities.add`,
      'Knative grants no capabilities, unless the cluster allows it',
      'leave it out, or do without Knative',
    );
  }
}

function checkProbe({ add }: Report, at: string, probe: ProbeLike, needed: boolean): void {
  const handlers = (['exec', 'grpc', 'httpGet', 'tcpSocket'] as const).filter((key) => probe[key] !== undefined);
  if (handlers.length > 1 || (needed && handlers.length === 0)) {
    add('knative/probe', at, `a probe has one handler, not ${handlers.length}`, 'write httpGet or tcpSocket');
  }
  for (const key of ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold'] as const) {
    if ((probe[key] ?? 0) < 0) add('knative/probe', `${at}.${key}`, `${probe[key]} is negative`, 'write 1 or more');
  }
}

function checkContainer(report: Report, path: string, container: ContainerLike): void {
  checkContainerFields(report, path, container);
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
  container.ports?.forEach(({ name = '', containerPort, protocol = 'TCP' }, index) => {
    const at = `${path}.ports[${index}]`;
    if (containerPort !== undefined && RESERVED_PORTS.has(containerPort)) {
      report.add(
        'knative/port',
        `${at}.containerPort`,
        `port ${containerPort} belongs to Knative's queue-proxy`,
        'use another port: 8080',
      );
    }
    if (containerPort !== undefined && (containerPort < 0 || containerPort > 65535)) {
      report.add('knative/port', `${at}.containerPort`, `${containerPort} is no port`, 'write 1 to 65535');
    }
    if (protocol !== 'TCP') {
      report.add('knative/port', `${at}.protocol`, `Knative serves no ${protocol}`, 'write protocol: TCP');
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
  // Without a handler Knative asks the port of the container.
  if (probe) checkProbe(report, `${path}.readinessProbe`, probe, false);
  for (const kind of ['livenessProbe', 'startupProbe'] as const) {
    const other = container[kind];
    if (other) checkProbe(report, `${path}.${kind}`, other, kind === 'livenessProbe');
  }
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
