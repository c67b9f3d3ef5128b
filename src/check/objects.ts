import type { HTTPRoute } from '../../imports/gateway.networking.k8s.io/v1.js';
import type { VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { Finding, Rule } from '../core/finding.ts';
import { groupOf, objectLabel, type KubeObject } from '../core/object.ts';
import { checkSyncAnnotations } from './argocd/annotations.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what stands together on one cluster, whoever made it. */
export const CLUSTER_RULES: readonly Rule[] = [
  {
    id: 'objects/duplicate',
    severity: 'error',
    summary: 'An object is written once per cluster.',
    source:
      'argo-cd 3.5.1: of two in one Application the last wins silently, two Applications fight over it (RepeatedResourceWarning, SharedResourceWarning)',
  },
  {
    id: 'objects/namespace',
    severity: 'error',
    summary: 'The objects of a service are in its namespace.',
    source: "ours: the team's AppProject allows no other, so Argo CD would refuse the whole sync",
  },
  {
    id: 'objects/cluster-scoped',
    severity: 'error',
    summary: 'A service makes nothing that belongs to no namespace.',
    source: "ours: the team's AppProject allows nothing outside of namespaces",
  },
  {
    id: 'objects/host-clash',
    severity: 'error',
    summary: 'A host is routed by one VirtualService or HTTPRoute per gateway.',
    source:
      'istio 1.30.3: on a gateway the order of merging is not defined, in the mesh only one counts (IST0109); gateway-api v1: of two rules that match alike the older route counts',
  },
];

const report = reporter(CLUSTER_RULES);

/** Kinds that belong to no namespace, as far as people are likely to add them to a service, and their groups. */
// prettier-ignore
const CLUSTER_SCOPED: ReadonlyMap<string, string> = new Map([
  ['Namespace', ''], ['Node', ''], ['PersistentVolume', ''],
  ['ClusterRole', 'rbac.authorization.k8s.io'], ['ClusterRoleBinding', 'rbac.authorization.k8s.io'],
  ['StorageClass', 'storage.k8s.io'], ['PriorityClass', 'scheduling.k8s.io'], ['RuntimeClass', 'node.k8s.io'],
  ['CustomResourceDefinition', 'apiextensions.k8s.io'],
  ['MutatingWebhookConfiguration', 'admissionregistration.k8s.io'], ['ValidatingWebhookConfiguration', 'admissionregistration.k8s.io'],
  ['ValidatingAdmissionPolicy', 'admissionregistration.k8s.io'], ['ValidatingAdmissionPolicyBinding', 'admissionregistration.k8s.io'],
  ['ClusterServingRuntime', 'serving.kserve.io'], ['ClusterStorageContainer', 'serving.kserve.io'],
  ['LocalModelCache', 'serving.kserve.io'], ['LocalModelNodeGroup', 'serving.kserve.io'],
  ['ClusterSecretStore', 'external-secrets.io'], ['GatewayClass', 'gateway.networking.k8s.io'],
]);

/** The unit that an object belongs to: what one Application delivers. */
export interface Unit {
  /** Folder of the unit, for findings. */
  readonly unit: string;
  /** Namespace of a service's objects; `undefined` for what a team's services share, which may be anywhere. */
  readonly namespace: string | undefined;
}

/** Checks the objects of one cluster against each other, one at a time, so that the work grows with their number only. */
export interface ClusterChecks {
  /** Takes in an object, and says what is wrong with it beside all that came before. */
  check(object: KubeObject, unit: Unit): Finding[];
}

/**
 * Makes the checks of one cluster.
 *
 * @example createClusterChecks().check(object, { unit: 'envs/prod-eu/eu-1/risk-ml/fraud-detector', namespace: 'risk-ml-prod' })
 */
export function createClusterChecks(): ClusterChecks {
  const units: Units = new Map();
  const hosts: Hosts = new Map();
  return {
    check(object, { unit, namespace }) {
      const result = report({ object: objectLabel(object) });
      const group = groupOf(object.apiVersion);
      checkDuplicate(result, units, object, group, unit);
      if (namespace !== undefined) checkNamespace(result, object, group, namespace);
      if (object.kind === 'VirtualService' && group === 'networking.istio.io') {
        checkHosts(result, hosts, object as unknown as VirtualService);
      }
      if (object.kind === 'HTTPRoute' && group === 'gateway.networking.k8s.io') {
        checkHostnames(result, hosts, object as unknown as HTTPRoute);
      }
      result.findings.push(...checkSyncAnnotations(object));
      return result.findings;
    },
  };
}

/** Who writes an object of some name. */
interface Written {
  readonly group: string;
  readonly kind: string;
  readonly unit: string;
}

/** What is written by namespace and name of an object: the objects of a service share few names. */
type Units = Map<string, Map<string, Written[]>>;

/** Who routes a host, by `mesh` or gateway, then host. */
type Hosts = Map<string, Map<string, string>>;

/** The map at a key, which is made when it is not there. */
function mapAt<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map<string, V>()));
  return map;
}

function checkDuplicate(
  { add }: Report,
  units: Units,
  { kind, metadata }: KubeObject,
  group: string,
  unit: string,
): void {
  const names = mapAt(units, metadata.namespace ?? '');
  const written = names.get(metadata.name);
  const other = written?.find((one) => one.kind === kind && one.group === group)?.unit;
  if (written === undefined) names.set(metadata.name, [{ group, kind, unit }]);
  else if (other === undefined) written.push({ group, kind, unit });
  else {
    // Nobody wrote it: createNamespaces did, for two teams, or for two environments on the cluster.
    const isNamespace = kind === 'Namespace' && group === '';
    add(
      'objects/duplicate',
      undefined,
      `it is written twice, in ${other}${other === unit ? '' : ` and in ${unit}`}`,
      isNamespace
        ? 'give each team and environment a namespace of its own, or make this one elsewhere, with createNamespaces: false'
        : 'rename one of the two, or leave it to one unit',
    );
  }
}

function checkNamespace(
  { add }: Report,
  { kind, metadata: { namespace: own } }: KubeObject,
  group: string,
  namespace: string,
): void {
  if (CLUSTER_SCOPED.get(kind) === group) {
    add(
      'objects/cluster-scoped',
      undefined,
      `a ${kind} belongs to no namespace`,
      'leave it to those who run the cluster',
    );
  } else if (own !== namespace) {
    const message =
      own === undefined
        ? 'the object names no namespace'
        : `the object is in namespace ${own}, and the service in ${namespace}`;
    add('objects/namespace', 'metadata.namespace', message, `write namespace: ${namespace}`);
  }
}

/** Two VirtualServices with one host. Sleeping clashes of wildcards are left to the one who writes them. */
function checkHosts({ add }: Report, hosts: Hosts, { metadata, spec = {} }: VirtualService): void {
  const own = {
    label: `VirtualService ${metadata.namespace ?? ''}/${metadata.name}`,
    field: 'spec.hosts',
    hosts: spec.hosts ?? [],
  };
  for (const gateway of spec.gateways ?? ['mesh']) {
    claim(
      { add },
      hosts,
      gateway === 'mesh' || gateway.includes('/') ? gateway : `${metadata.namespace ?? ''}/${gateway}`,
      own,
    );
  }
}

function checkHostnames({ add }: Report, hosts: Hosts, { metadata, spec }: HTTPRoute): void {
  const own = {
    label: `HTTPRoute ${metadata.namespace ?? ''}/${metadata.name}`,
    field: 'spec.hostnames',
    hosts: spec.hostnames ?? [],
  };
  for (const { kind = 'Gateway', namespace = metadata.namespace ?? '', name } of spec.parentRefs ?? []) {
    if (kind === 'Gateway') claim({ add }, hosts, `${namespace}/${name}`, own);
  }
}

interface Routed {
  readonly label: string;
  readonly field: string;
  readonly hosts: readonly string[];
}

/** @param gateway `mesh`, or `<namespace>/<name>`. */
function claim({ add }: Pick<Report, 'add'>, taken: Hosts, gateway: string, { label, field, hosts }: Routed): void {
  const routed = mapAt(taken, gateway);
  hosts.forEach((host, index) => {
    const other = routed.get(host);
    if (other === undefined) routed.set(host, label);
    else if (other !== label) {
      const kind = label.slice(0, label.indexOf(' '));
      const place = gateway === 'mesh' ? 'in the mesh' : `at gateway ${gateway}`;
      add(
        'objects/host-clash',
        `${field}[${index}]`,
        `${other} routes ${host} ${place} already`,
        `use another host, or one ${kind} for both`,
      );
    }
  });
}
