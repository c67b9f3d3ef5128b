import type { Container, Pod } from '../../../imports/core/v1.js';
import { isAnnotationKey } from '../../core/names.ts';
import { atLeast, type Versions } from '../../core/version.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkContainer, checkIds, checkProbes, checkProfile, type PodContext } from './container.ts';
import { checkPlacement } from './placement.ts';
import { checkLabels } from './selector.ts';
import { checkName, checkRange, checkValue, DNS_LABEL, DNS_SUBDOMAIN, QUALIFIED_NAME, readIp } from './values.ts';
import { checkMounts, checkVolumes } from './volume.ts';

/** A pod as it stands in any of our kinds. */
export type PodLike = Partial<NonNullable<Pod['spec']>>;

/** What makes the pod, and what others add. */
export interface PodOwner {
  /** Kubernetes of the cluster. */
  readonly kubernetes: Versions;
  /** How its containers are started again. Default: any. */
  readonly restarts?: readonly string[];
  /** Others add to the pod before it is made, as KServe does: what is missing may come. */
  readonly partial?: boolean;
  /** Volumes beside those of the pod. */
  readonly claims?: readonly string[];
  /** Names its pods itself. */
  readonly namesPods?: boolean;
}

/** A template of pods as it stands in any of our kinds. */
export interface TemplateLike {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: PodLike;
}

/** Checks a template of pods: its metadata, and the pod. */
export function checkTemplate(report: Report, path: string, template: TemplateLike, owner: PodOwner): void {
  checkLabels(report, `${path}.metadata.labels`, template.metadata?.labels);
  for (const key of Object.keys(template.metadata?.annotations ?? {})) {
    if (isAnnotationKey(key)) continue;
    const said = `${showValue(key)} is no name of an annotation`;
    report.add('kubernetes/label', `${path}.metadata.annotations`, said, `write ${QUALIFIED_NAME.expected}`);
  }
  checkPod(report, `${path}.spec`, template.spec ?? {}, owner);
}

/**
 * Checks a pod, alone or in a template, as far as it goes without what others add.
 *
 * @example checkPod(report, 'spec.template.spec', pod, { kubernetes: '1.33', restarts: ['Always'] })
 */
export function checkPod(report: Report, path: string, pod: PodLike, owner: PodOwner): void {
  const context: PodContext = {
    kubernetes: owner.kubernetes,
    partial: owner.partial ?? false,
    gracePeriod: pod.terminationGracePeriodSeconds ?? 30,
  };
  checkContainers(report, path, pod, owner, context);
  if (pod.volumes) checkVolumes(report, `${path}.volumes`, pod.volumes);
  checkRestarts(report, path, pod, owner);
  checkPlacement(report, path, pod);
  checkNetwork(report, path, pod, owner);
  if (pod.securityContext) checkSecurity(report, `${path}.securityContext`, pod.securityContext);
  if (pod.shareProcessNamespace && pod.hostPID) {
    report.add('kubernetes/pod', `${path}.shareProcessNamespace`, 'stands beside hostPID', 'leave one of them out');
  }
  if (pod.serviceAccountName) checkName(report, path, 'serviceAccountName', pod.serviceAccountName, DNS_SUBDOMAIN);
  if (pod.priorityClassName) checkName(report, path, 'priorityClassName', pod.priorityClassName, DNS_SUBDOMAIN);
  if (pod.nodeName) checkName(report, path, 'nodeName', pod.nodeName, DNS_SUBDOMAIN);
  checkName(report, path, 'runtimeClassName', pod.runtimeClassName, DNS_SUBDOMAIN);
  checkValue(report, path, 'preemptionPolicy', pod.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  if (pod.os) checkValue(report, path, 'os.name', pod.os.name, ['linux', 'windows']);
  pod.readinessGates?.forEach(({ conditionType }, index) =>
    checkName(report, path, `readinessGates[${index}].conditionType`, conditionType, QUALIFIED_NAME),
  );
  if (pod.ephemeralContainers?.length) {
    const said = 'are added to a pod that runs, by kubectl debug';
    report.add('kubernetes/pod', `${path}.ephemeralContainers`, said, 'make it a container');
  }
}

function checkContainers(report: Report, path: string, pod: PodLike, owner: PodOwner, context: PodContext): void {
  const { containers = [], initContainers = [], volumes = [] } = pod;
  const { add } = report;
  if (containers.length === 0 && !context.partial) {
    add('kubernetes/container', `${path}.containers`, 'a pod without containers runs nothing', 'write one');
  }
  const names = context.partial
    ? undefined
    : new Set([...volumes.map((volume) => volume.name), ...(owner.claims ?? [])]);
  containers.forEach((container, index) => {
    const at = `${path}.containers[${index}]`;
    checkRunning(report, at, container, context, names);
    checkRestartPolicy(report, at, container, owner, false);
  });
  initContainers.forEach((container, index) => {
    const at = `${path}.initContainers[${index}]`;
    checkContainer(report, at, container, context);
    checkMounts(report, at, container, names);
    checkRestartPolicy(report, at, container, owner, true);
    // Knative names containers that have no name.
    const { name }: Partial<Container> = container;
    if (name !== undefined && containers.some((other) => other.name === name)) {
      const said = `${showValue(name)} is the name of a container as well`;
      add('kubernetes/container', `${at}.name`, said, 'give each a name of its own');
    }
    if (container.restartPolicy === 'Always') {
      checkProbes(report, at, container, context);
      return;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field] === undefined) continue;
      const said = 'an init container that ends is not looked after';
      add('kubernetes/container', `${at}.${field}`, said, 'leave it out, or write restartPolicy: Always for a sidecar');
    }
  });
}

/** A container that runs as long as its pod. */
function checkRunning(
  report: Report,
  path: string,
  container: Partial<Container>,
  context: PodContext,
  volumes: ReadonlySet<string> | undefined,
): void {
  checkContainer(report, path, container, context);
  checkProbes(report, path, container, context);
  checkMounts(report, path, container, volumes);
}

/** Checks a container that others complete, and put into a pod. */
export function checkPartialContainer(
  report: Report,
  path: string,
  container: Partial<Container>,
  kubernetes: Versions,
): void {
  checkRunning(report, path, container, { kubernetes, partial: true, gracePeriod: Infinity }, undefined);
}

/** A container's own policy: sidecars alone have one, until 1.35. */
function checkRestartPolicy(
  report: Report,
  path: string,
  { restartPolicy }: Partial<Container>,
  { kubernetes }: PodOwner,
  init: boolean,
): void {
  if (restartPolicy === undefined) return;
  if (atLeast(kubernetes, '1.35')) {
    checkValue(report, path, 'restartPolicy', restartPolicy, ['Always', 'Never', 'OnFailure']);
  } else if (init) {
    checkValue(report, path, 'restartPolicy', restartPolicy, ['Always']);
  } else {
    const said = 'only init containers have one of their own';
    report.add(
      'kubernetes/container',
      `${path}.restartPolicy`,
      said,
      'leave it out, or write the restartPolicy of the pod',
    );
  }
}

const RESTARTS = ['Always', 'OnFailure', 'Never'];

function checkRestarts(report: Report, path: string, pod: PodLike, { restarts = RESTARTS }: PodOwner): void {
  if (pod.restartPolicy) checkValue(report, path, 'restartPolicy', pod.restartPolicy, restarts);
  checkRange(report, path, 'activeDeadlineSeconds', pod.activeDeadlineSeconds, 1, 2 ** 31 - 1);
  if (pod.activeDeadlineSeconds !== undefined && restarts.length === 1) {
    const said = 'ends pods that this kind starts for ever';
    report.add('kubernetes/pod', `${path}.activeDeadlineSeconds`, said, 'leave it out, or write a Job');
  }
}

const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None', ''];

function checkNetwork(report: Report, path: string, pod: PodLike, { kubernetes, partial, namesPods }: PodOwner): void {
  const { add } = report;
  const { dnsPolicy, dnsConfig, hostNetwork, containers = [], hostAliases } = pod;
  checkValue(report, path, 'dnsPolicy', dnsPolicy, DNS_POLICIES);
  if (dnsPolicy === 'None' && !partial && !dnsConfig?.nameservers?.length) {
    const fix = 'write at least one, or another dnsPolicy';
    add('kubernetes/pod', `${path}.dnsConfig.nameservers`, 'with dnsPolicy None the pod knows no name server', fix);
  }
  if (dnsConfig) {
    const { nameservers = [], searches = [], options = [] } = dnsConfig;
    nameservers.forEach((server, index) =>
      checkName(report, `${path}.dnsConfig`, `nameservers[${index}]`, server, ADDRESS),
    );
    if (nameservers.length > 3) {
      add('kubernetes/pod', `${path}.dnsConfig.nameservers`, `there are ${nameservers.length}`, 'write at most 3');
    }
    if (searches.length > 32 || searches.join(' ').length > 2048) {
      add(
        'kubernetes/pod',
        `${path}.dnsConfig.searches`,
        `there are ${searches.length}`,
        'write at most 32, of 2048 characters together',
      );
    }
    const kind = atLeast(kubernetes, '1.33') ? SEARCH : DNS_SUBDOMAIN;
    searches.forEach((domain, index) =>
      checkName(report, `${path}.dnsConfig`, `searches[${index}]`, domain.replace(/(.)\.$/, '$1'), kind),
    );
    options.forEach(({ name }, index) => {
      if (!name) add('kubernetes/pod', `${path}.dnsConfig.options[${index}].name`, 'is missing', 'write one: ndots');
    });
  }
  hostAliases?.forEach(({ ip, hostnames = [] }, index) => {
    const at = `${path}.hostAliases[${index}]`;
    checkName(report, at, 'ip', ip, ADDRESS);
    hostnames.forEach((host, number) => checkName(report, at, `hostnames[${number}]`, host, DNS_SUBDOMAIN));
  });
  if (!namesPods) {
    if (pod.hostname) checkName(report, path, 'hostname', pod.hostname, DNS_LABEL);
    if (pod.subdomain) checkName(report, path, 'subdomain', pod.subdomain, DNS_LABEL);
  }
  if (containers.some(({ ports }) => ports?.some(({ hostPort }) => hostPort))) {
    checkHostPorts(report, `${path}.containers`, containers, hostNetwork);
  }
}

/** Ports that containers open on the node. */
function checkHostPorts(
  { add }: Report,
  path: string,
  containers: readonly Container[],
  hostNetwork: boolean | undefined,
): void {
  const taken = new Map<string, string>();
  containers.forEach(({ ports = [] }, index) =>
    ports.forEach(({ containerPort, hostPort, hostIP = '', protocol = 'TCP' }, number) => {
      if (!hostPort) return;
      const at = `${path}[${index}].ports[${number}].hostPort`;
      if (hostNetwork && hostPort !== containerPort) {
        const said = `${hostPort} is not the containerPort, ${containerPort}, which hostNetwork opens on the node`;
        add('kubernetes/port', at, said, `write ${containerPort}, or leave it out`);
      }
      const key = `${protocol} ${hostIP} ${hostPort}`;
      const other = taken.get(key);
      if (other !== undefined) add('kubernetes/port', at, `${hostPort} is taken by ${other}`, 'choose another one');
      else taken.set(key, at);
    }),
  );
}

const ADDRESS = { test: (text: string) => readIp(text) !== undefined, expected: 'an IP address: 10.0.0.1' };
/** Since 1.33 a search domain may have underscores, or be the root. */
const SEARCH = {
  test: (text: string) => text === '.' || DNS_SUBDOMAIN.test(text.replaceAll('_', 'a')),
  expected: DNS_SUBDOMAIN.expected,
};

function checkSecurity(report: Report, path: string, context: NonNullable<PodLike['securityContext']>): void {
  checkIds(report, path, context);
  context.supplementalGroups?.forEach((group, index) =>
    checkRange(report, path, `supplementalGroups[${index}]`, group, 0, 2 ** 31 - 1),
  );
  checkValue(report, path, 'fsGroupChangePolicy', context.fsGroupChangePolicy, ['OnRootMismatch', 'Always']);
  checkValue(report, path, 'supplementalGroupsPolicy', context.supplementalGroupsPolicy, ['Merge', 'Strict']);
  checkValue(report, path, 'seLinuxChangePolicy', context.seLinuxChangePolicy, ['Recursive', 'MountOption']);
  checkProfile(report, `${path}.seccompProfile`, context.seccompProfile);
  checkProfile(report, `${path}.appArmorProfile`, context.appArmorProfile);
  context.sysctls?.forEach(({ name }, index) => checkName(report, path, `sysctls[${index}].name`, name, SYSCTL));
}

const SYSCTL = {
  test: (text: string) =>
    text.length <= 253 && /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/.test(text),
  expected: 'names of lower-case letters, digits, "-" and "_", joined by ".": net.core.somaxconn',
};
