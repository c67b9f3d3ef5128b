import type { Container, Env, HttpGet, Lifecycle, Resources, StartupProbe } from '../../../imports/core/v1.js';
import { canonicalQuantity, parseQuantity, type Quantity } from '../../core/quantity.ts';
import { atLeast, type Versions } from '../../core/version.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import {
  checkName,
  checkPort,
  checkRange,
  checkValue,
  DATA_KEY,
  DNS_LABEL,
  DNS_SUBDOMAIN,
  PROTOCOLS,
  repeated,
  requireName,
} from './values.ts';

/** What is known about the pod that a container is part of. */
export interface PodContext {
  /** Kubernetes of the cluster. */
  readonly kubernetes: Versions;
  /** Others add to the pod before it is made: what is not there may come. */
  readonly partial: boolean;
  /** How long the pod has to end, in seconds. */
  readonly gracePeriod: number;
}

/** Checks what every container has: identity, ports, environment, resources, rights. */
export function checkContainer(report: Report, path: string, container: Partial<Container>, pod: PodContext): void {
  const { add } = report;
  const { name, image, ports, env, envFrom, resources } = container;
  if (name !== undefined || !pod.partial) requireName(report, path, 'name', name, DNS_LABEL);
  if (!image) {
    if (!pod.partial)
      add('kubernetes/container', `${path}.image`, 'a container without an image runs nothing', 'write the image');
  } else if (image !== image.trim()) {
    add('kubernetes/container', `${path}.image`, 'has white space at its ends', `write ${image.trim()}`);
  }
  checkValue(report, path, 'imagePullPolicy', container.imagePullPolicy, PULL_POLICIES);
  checkValue(report, path, 'terminationMessagePolicy', container.terminationMessagePolicy, MESSAGE_POLICIES);
  if (ports) checkPorts(report, `${path}.ports`, ports);
  env?.forEach((variable, index) => checkEnv(report, `${path}.env[${index}]`, variable, pod));
  envFrom?.forEach((source, index) => checkEnvFrom(report, `${path}.envFrom[${index}]`, source, pod));
  if (resources) checkResources(report, `${path}.resources`, resources, pod);
  container.resizePolicy?.forEach(({ resourceName, restartPolicy }, index) => {
    const at = `${path}.resizePolicy[${index}]`;
    checkValue(report, at, 'resourceName', resourceName, ['cpu', 'memory']);
    checkValue(report, at, 'restartPolicy', restartPolicy, ['NotRequired', 'RestartContainer']);
  });
  if (container.securityContext) checkSecurityContext(report, `${path}.securityContext`, container.securityContext);
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never', ''];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError', ''];

function checkPorts(report: Report, path: string, ports: NonNullable<Container['ports']>): void {
  ports.forEach(({ name, containerPort, hostPort, protocol }, index) => {
    const at = `${path}[${index}]`;
    if (name) checkPort(report, at, 'name', name);
    checkPort(report, at, 'containerPort', containerPort);
    if (hostPort) checkPort(report, at, 'hostPort', hostPort);
    checkValue(report, at, 'protocol', protocol, PROTOCOLS);
  });
  for (const [index, name] of repeated(ports, (port) => port.name || undefined)) {
    const said = `${showValue(name)} is the name of another port of the container`;
    report.add('kubernetes/port', `${path}[${index}].name`, said, 'give each port a name of its own');
  }
}

const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.host',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const RESOURCE_FIELD = /^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-.*)$/;

/** A field of the pod that a variable or file gets. `more` are those that only a file may have. */
export function checkFieldRef(
  { add }: Report,
  path: string,
  { apiVersion, fieldPath }: { readonly apiVersion?: string; readonly fieldPath: string },
  fields: readonly string[] = FIELDS,
): void {
  if (apiVersion && apiVersion !== 'v1') {
    add('kubernetes/env', `${path}.apiVersion`, `${showValue(apiVersion)} has no fields of pods`, 'leave it out');
  }
  if (/^metadata\.(?:labels|annotations)\['[^']+'\]$/.test(fieldPath) || fields.includes(fieldPath)) return;
  const said = `${showValue(fieldPath)} is no field that a container can get`;
  const fix = `write one of ${fields.join(', ')}, or metadata.labels['<key>']`;
  add('kubernetes/env', `${path}.fieldPath`, said, fix);
}

/** An amount of a container that a variable or file gets. */
export function checkResourceFieldRef({ add }: Report, path: string, resource: string): void {
  if (RESOURCE_FIELD.test(resource)) return;
  const said = `${showValue(resource)} is no amount that a container can get`;
  add('kubernetes/env', `${path}.resource`, said, 'write limits or requests with .cpu, .memory or .ephemeral-storage');
}

const SOURCES = ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'];

function checkEnv(report: Report, path: string, { name, value, valueFrom }: Env, pod: PodContext): void {
  const { add } = report;
  checkEnvName(report, path, 'name', name, pod);
  if (!valueFrom) return;
  const sources = SOURCES.filter((source) => valueFrom[source as keyof typeof valueFrom] !== undefined);
  if (sources.length !== 1) {
    const said = sources.length === 0 ? 'names no source' : `has ${sources.join(' and ')}, of which there may be one`;
    add(
      'kubernetes/env',
      `${path}.valueFrom`,
      said,
      'write one of configMapKeyRef, fieldRef, resourceFieldRef, secretKeyRef',
    );
  }
  if (value) {
    const said = 'stands beside a value, of which only one can be';
    add('kubernetes/env', `${path}.valueFrom`, said, 'leave out value or valueFrom');
  }
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (configMapKeyRef) checkKeyRef(report, `${path}.valueFrom.configMapKeyRef`, configMapKeyRef);
  if (secretKeyRef) checkKeyRef(report, `${path}.valueFrom.secretKeyRef`, secretKeyRef);
  if (fieldRef) checkFieldRef(report, `${path}.valueFrom.fieldRef`, fieldRef);
  if (resourceFieldRef) {
    checkResourceFieldRef(report, `${path}.valueFrom.resourceFieldRef`, resourceFieldRef.resource);
  }
}

function checkKeyRef(
  report: Report,
  path: string,
  { name, key }: { readonly name?: string; readonly key: string },
): void {
  requireName(report, path, 'name', name, DNS_SUBDOMAIN);
  requireName(report, path, 'key', key, DATA_KEY);
}

function checkEnvFrom(
  report: Report,
  path: string,
  { prefix, configMapRef, secretRef }: NonNullable<Container['envFrom']>[number],
  pod: PodContext,
): void {
  if (prefix) checkEnvName(report, path, 'prefix', prefix, pod);
  if ((configMapRef === undefined) === (secretRef === undefined)) {
    const said = configMapRef ? 'has configMapRef and secretRef, of which there may be one' : 'names no source';
    report.add('kubernetes/env', path, said, 'write configMapRef or secretRef; for both, two items');
  }
  if (configMapRef) requireName(report, `${path}.configMapRef`, 'name', configMapRef.name, DNS_SUBDOMAIN);
  if (secretRef) requireName(report, `${path}.secretRef`, 'name', secretRef.name, DNS_SUBDOMAIN);
}

/** Until 1.32 a name is one of C, with dots and dashes; since then only what cannot be written is refused. */
function checkEnvName({ add }: Report, path: string, field: string, name: string, { kubernetes }: PodContext): void {
  if (/^(?!\.$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) return;
  const relaxed = atLeast(kubernetes, '1.32');
  if (relaxed && /^[ -<>-~]+$/.test(name)) return;
  const said = name === '' ? 'is empty' : `${showValue(name)} cannot be the name of a variable`;
  const fix = relaxed
    ? 'write ASCII without "=": MODEL_NAME'
    : 'write letters, digits and "_", no digit first: MODEL_NAME';
  add('kubernetes/env', `${path}.${field}`, said, fix);
}

const COMPUTE = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Whether a resource is one of Kubernetes' own: without a domain, or in its domain. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** Requests and limits of a container. */
function checkResources(
  { add }: Report,
  path: string,
  { limits = {}, requests = {} }: Resources,
  { partial }: PodContext,
): void {
  for (const [kind, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, amount] of Object.entries(amounts)) {
      const at = `${path}.${kind}["${name}"]`;
      const flaw = resourceFlaw(name);
      if (flaw !== undefined) {
        add('kubernetes/resources', at, flaw, 'write cpu, memory, ephemeral-storage, or a device as nvidia.com/gpu');
      }
      checkAmount(add, at, amount, !isNative(name));
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    const at = `${path}.requests["${name}"]`;
    const unshared = !isNative(name) || name.startsWith('hugepages-');
    const [asked, most] = [parseQuantity(request), limit === undefined ? undefined : parseQuantity(limit)];
    if (limit === undefined) {
      if (!unshared || partial) continue;
      const fix = `write limits with ${name}: ${request}`;
      add('kubernetes/resources', at, `${name} cannot be shared, so its limit is missing`, fix);
    } else if (!asked || !most || asked.nanos === most.nanos) continue;
    else if (unshared) {
      const said = `${request} is not the limit, ${limit}, and ${name} cannot be shared`;
      add('kubernetes/resources', at, said, `write ${limit}`);
    } else if (asked.nanos > most.nanos) {
      const said = `${request} is more than the limit, ${limit}`;
      add('kubernetes/resources', at, said, `write at most ${limit}, or a larger limit`);
    }
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const counted = names.some((name) => name === 'cpu' || name === 'memory');
  if (!partial && !counted && names.some((name) => name.startsWith('hugepages-'))) {
    add('kubernetes/resources', path, 'huge pages need cpu or memory beside them', 'write cpu and memory');
  }
}

/** An amount that is not negative, and whole where `whole` things are counted. */
export function checkAmount(add: Report['add'], path: string, amount: number | string, whole: boolean): void {
  const quantity = parseQuantity(amount);
  if (!quantity) return;
  if (quantity.nanos < 0n) add('kubernetes/resources', path, `${amount} is negative`, 'write 0 or more');
  else if (whole && !isWhole(quantity)) {
    add(
      'kubernetes/resources',
      path,
      `${amount} is no whole number, and this comes whole`,
      `write ${roundUp(quantity)}`,
    );
  }
}

const UNIT = 10n ** 9n;

/** Kubernetes looks at thousandths, rounded up. */
function isWhole({ nanos }: Quantity): boolean {
  return ((nanos + 999_999n) / 1_000_000n) % 1000n === 0n;
}

function roundUp({ nanos }: Quantity): string {
  return canonicalQuantity(String((nanos + UNIT - 1n) / UNIT))!;
}

/** Why something is no resource of a container. */
export function resourceFlaw(name: string): string | undefined {
  if (!name.includes('/')) {
    return COMPUTE.has(name) || name.startsWith('hugepages-')
      ? undefined
      : `${showValue(name)} is no resource of a container`;
  }
  const fits = /^[a-z0-9][-a-z0-9.]*\/[A-Za-z0-9](?:[-.\w]*[A-Za-z0-9])?$/.test(name) && name.length <= 253 + 64;
  if (fits && !name.startsWith('requests.')) return undefined;
  return `${showValue(name)} is no name of a device`;
}

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** A profile of seccomp or AppArmor. */
export function checkProfile(
  report: Report,
  path: string,
  profile: { readonly type: string; readonly localhostProfile?: string } | undefined,
): void {
  if (!profile) return;
  const { type, localhostProfile } = profile;
  checkValue(report, path, 'type', type, PROFILE_TYPES);
  const at = `${path}.localhostProfile`;
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return;
    report.add('kubernetes/security-context', at, `${type} names no profile`, 'leave it out, or write type: Localhost');
  } else if (!localhostProfile) {
    report.add('kubernetes/security-context', at, 'Localhost needs the name of a profile on the node', 'write it');
  }
}

/** The largest id of a user or group. */
const MAX_ID = 2 ** 31 - 1;

/** Ids of users and groups, of a container and of a pod. */
export function checkIds(
  report: Report,
  path: string,
  ids: { readonly runAsUser?: number; readonly runAsGroup?: number; readonly fsGroup?: number },
): void {
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) {
    checkRange(report, path, field, ids[field], 0, MAX_ID);
  }
}

function checkSecurityContext(report: Report, path: string, context: NonNullable<Container['securityContext']>): void {
  const { allowPrivilegeEscalation, privileged, capabilities } = context;
  checkIds(report, path, context);
  checkValue(report, path, 'procMount', context.procMount, ['Default', 'Unmasked']);
  checkProfile(report, `${path}.seccompProfile`, context.seccompProfile);
  checkProfile(report, `${path}.appArmorProfile`, context.appArmorProfile);
  if (allowPrivilegeEscalation !== false) return;
  const more = privileged ? 'privileged' : capabilities?.add?.includes('CAP_SYS_ADMIN') ? 'CAP_SYS_ADMIN' : undefined;
  if (more === undefined) return;
  const said = `false contradicts ${more}, which gives all rights`;
  const fix = `leave ${more} out, or allowPrivilegeEscalation`;
  report.add('kubernetes/security-context', `${path}.allowPrivilegeEscalation`, said, fix);
}

const HANDLERS = ['exec', 'grpc', 'httpGet', 'sleep', 'tcpSocket'] as const;
type Handler = Partial<Pick<StartupProbe, 'exec' | 'grpc' | 'httpGet' | 'tcpSocket'>> & {
  readonly sleep?: { readonly seconds: number };
};

/** Probes and hooks of a container that runs as long as its pod. */
export function checkProbes(report: Report, path: string, container: Partial<Container>, pod: PodContext): void {
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[kind];
    if (probe) checkProbe(report, `${path}.${kind}`, kind, probe, pod);
  }
  if (container.lifecycle) checkLifecycle(report, `${path}.lifecycle`, container.lifecycle, pod);
}

function checkLifecycle(report: Report, path: string, lifecycle: Lifecycle, pod: PodContext): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[hook];
    if (handler) checkHandler(report, `${path}.${hook}`, handler, pod);
  }
}

function checkHandler(report: Report, path: string, handler: Handler, pod: PodContext): void {
  const { add } = report;
  const found = HANDLERS.filter((one) => handler[one] !== undefined);
  if (found.length > 1) {
    add('kubernetes/probe', path, `does ${found.join(' and ')}, of which there may be one`, `leave one of them out`);
  } else if (found.length === 0 && !pod.partial) {
    add('kubernetes/probe', path, 'does not say what to do', 'write httpGet, tcpSocket, grpc or exec');
  }
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec && !exec.command?.length && !pod.partial) {
    add('kubernetes/probe', `${path}.exec.command`, 'runs nothing', 'write a command');
  }
  if (httpGet) checkHttpGet(report, `${path}.httpGet`, httpGet);
  if (tcpSocket) checkPort(report, `${path}.tcpSocket`, 'port', tcpSocket.port);
  if (grpc) checkPort(report, `${path}.grpc`, 'port', grpc.port);
  if (!sleep) return;
  const least = atLeast(pod.kubernetes, '1.33') ? 0 : 1;
  if (sleep.seconds < least) {
    add('kubernetes/probe', `${path}.sleep.seconds`, `${sleep.seconds} is too short`, `write ${least} or more`);
  } else if (sleep.seconds > pod.gracePeriod && !pod.partial) {
    const said = `${sleep.seconds} s is longer than the pod has to end, ${pod.gracePeriod} s`;
    add(
      'kubernetes/probe',
      `${path}.sleep.seconds`,
      said,
      'shorten it, or write a longer terminationGracePeriodSeconds',
    );
  }
}

function checkHttpGet(report: Report, path: string, { port, scheme, httpHeaders }: HttpGet): void {
  checkPort(report, path, 'port', port);
  checkValue(report, path, 'scheme', scheme, ['HTTP', 'HTTPS', '']);
  httpHeaders?.forEach(({ name }, index) =>
    checkName(report, `${path}.httpHeaders[${index}]`, 'name', name, HEADER_NAME),
  );
}

const HEADER_NAME = {
  test: (text: string) => /^[-A-Za-z0-9]+$/.test(text),
  expected: 'letters, digits and "-": X-Header-Name',
};

function checkProbe(
  report: Report,
  path: string,
  kind: 'livenessProbe' | 'readinessProbe' | 'startupProbe',
  probe: StartupProbe,
  pod: PodContext,
): void {
  const { add } = report;
  checkHandler(report, path, probe, pod);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'] as const) {
    // 0 is the default.
    const value = probe[field] ?? 0;
    if (value < 0)
      add('kubernetes/probe', `${path}.${field}`, `${value} is negative`, 'write 1 or more, or leave it out');
  }
  const { successThreshold = 0, terminationGracePeriodSeconds } = probe;
  if (successThreshold < 0 || (kind !== 'readinessProbe' && successThreshold > 1)) {
    const said = kind === 'readinessProbe' ? 'is negative' : `is not 1: a ${kind} succeeds at once`;
    add('kubernetes/probe', `${path}.successThreshold`, `${successThreshold} ${said}`, 'write 1, or leave it out');
  }
  if (terminationGracePeriodSeconds === undefined) return;
  const at = `${path}.terminationGracePeriodSeconds`;
  if (kind === 'readinessProbe') {
    add('kubernetes/probe', at, 'a readinessProbe ends no container', 'leave it out');
  } else if (terminationGracePeriodSeconds < 1) {
    add('kubernetes/probe', at, `${terminationGracePeriodSeconds} is too short`, 'write 1 or more');
  }
}
