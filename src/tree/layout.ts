import type { Finding } from '../core/finding.ts';
import { groupOf, objectLabel, type KubeObject } from '../core/object.ts';
import { treeFinding } from './rules.ts';

/** Where a service stands in the tree. */
export interface Unit {
  readonly environment: string;
  readonly cluster: string;
  readonly team: string;
  readonly service: string;
}

/**
 * The folder of a service on one cluster of one environment.
 *
 * @example unitFolder({ environment: 'prod-eu', cluster: 'eu-1', team: 'risk-ml', service: 'fraud-detector' })
 * // 'envs/prod-eu/eu-1/risk-ml/fraud-detector'
 */
export function unitFolder({ environment, cluster, team, service }: Unit): string {
  return `envs/${environment}/${cluster}/${team}/${service}`;
}

/** The folder in it that Argo CD reads: objects and nothing else. */
export function manifestsFolder(unit: Unit): string {
  return `${unitFolder(unit)}/manifests`;
}

/** The descriptor beside it that the ApplicationSet reads. */
export function descriptorPath(unit: Unit): string {
  return `${unitFolder(unit)}/argocd-app.json`;
}

/**
 * Kinds of Kubernetes 1.33 itself that belong into Git, with their group. A custom kind of the same name always
 * carries its group in the file name, so that neither has to be renamed when the other one comes.
 */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  '': [
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  'admissionregistration.k8s.io': [
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
    'MutatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  'apiregistration.k8s.io': ['APIService'],
  apps: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  batch: ['CronJob', 'Job'],
  'coordination.k8s.io': ['Lease'],
  'discovery.k8s.io': ['EndpointSlice'],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'networking.k8s.io': ['IPAddress', 'Ingress', 'IngressClass', 'NetworkPolicy', 'ServiceCIDR'],
  'node.k8s.io': ['RuntimeClass'],
  policy: ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['CSIDriver', 'StorageClass', 'VolumeAttributesClass'],
};

const GROUP_OF_BUILT_IN: ReadonlyMap<string, string> = new Map(
  Object.entries(BUILT_IN).flatMap(([group, kinds]) => kinds.map((kind) => [kind.toLowerCase(), group] as const)),
);

/**
 * Gives each object of a folder its file: `<kind>.<name>.yaml`, as `service.fraud-detector.yaml`, and for a custom
 * kind that shares its name with one of Kubernetes `service.serving.fraud-detector.yaml`. Objects that still want
 * the same file are told apart by their group, then by their namespace; which one gets which name depends on the
 * set of objects only, not on their order. What nothing tells apart (the same object twice, names that differ by
 * case only) gives findings, and the first one keeps the file.
 *
 * @example nameManifests('argocd', [root]).files // Map { 'argocd/application.root.yaml' => root }
 */
export function nameManifests(
  folder: string,
  objects: readonly KubeObject[],
): { readonly files: ReadonlyMap<string, KubeObject>; readonly findings: readonly Finding[] } {
  const named = objects.map((object) => ({ object, names: spellings(object) }));
  let clashes = clashing(named);
  while (clashes.some(({ names }) => names.length > 1)) {
    for (const { names } of clashes) if (names.length > 1) names.shift();
    clashes = clashing(named);
  }

  const files = new Map<string, KubeObject>();
  const findings: Finding[] = [];
  for (const entry of named) {
    const path = `${folder}/${entry.names[0]}.yaml`;
    const twin = clashes.includes(entry) ? twinOf(path, files) : undefined;
    if (twin === undefined) files.set(path, entry.object);
    else findings.push(twinFinding(path, entry.object, twin));
  }
  return { files, findings };
}

interface Named {
  readonly object: KubeObject;
  /** The spellings of its file name that are left, the usual one first. */
  readonly names: string[];
}

/** Those that want a file which another one wants too, on a disk that ignores case. */
function clashing(named: readonly Named[]): Named[] {
  const folded = named.map(({ names }) => names[0]!.toLowerCase());
  if (new Set(folded).size === named.length) return [];
  const counts = new Map<string, number>();
  for (const name of folded) counts.set(name, (counts.get(name) ?? 0) + 1);
  return named.filter((_, index) => counts.get(folded[index]!)! > 1);
}

/** The spellings of an object's file name: each later one tells apart what the earlier ones do not. */
function spellings({ apiVersion, kind: Kind, metadata: { name, namespace } }: KubeObject): string[] {
  const kind = Kind.toLowerCase();
  const group = groupOf(apiVersion);
  const names: string[] = [];
  const builtInGroup = GROUP_OF_BUILT_IN.get(kind);
  if (builtInGroup === undefined || builtInGroup === group) names.push(`${kind}.${name}`);
  if (builtInGroup !== group) names.push(`${kind}.${group.split('.', 1)[0]}.${name}`, `${kind}.${group}.${name}`);
  if (namespace !== undefined) names.push(`${names.at(-1)}.${namespace}`);
  return names;
}

/** The object that has a file already, on a disk that ignores case. */
function twinOf(path: string, files: ReadonlyMap<string, KubeObject>): KubeObject | undefined {
  const folded = path.toLowerCase();
  for (const [other, object] of files) if (other.toLowerCase() === folded) return object;
  return undefined;
}

function twinFinding(path: string, object: KubeObject, twin: KubeObject): Finding {
  const message = `${objectLabel(object)} and ${objectLabel(twin)} would be the same file`;
  const finding = treeFinding('tree/path-clash', path, message, 'remove or rename one of the two');
  return { ...finding, where: { ...finding.where, object: objectLabel(object) } };
}
