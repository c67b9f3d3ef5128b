import type { HTTPRoute } from '../../imports/gateway.networking.k8s.io/v1.js';
import type { VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { Finding, Rule } from '../core/finding.ts';
import { groupOf, objectKey, objectLabel, type KubeObject } from '../core/object.ts';
import { checkSyncAnnotations } from './argocd-annotations.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what stands together on one cluster, whoever made it. */
export const CLUSTER_RULES: readonly Rule[] = [
  {
    id: 'objects/duplicate',
    severity: 'error',
    summary: 'An object is written once per cluster.',
    source: 'argo-cd 3.5.1: of two in one Application the last wins silently, two Applications fight over it (RepeatedResourceWarning, SharedResourceWarning)',
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
    source: 'istio 1.30.3: on a gateway the order of merging is not defined, in the mesh only one counts (IST0109); gateway-api v1: of two rules that match alike the older route counts',
  },
];

const report = reporter(CLUSTER_RULES);

/** Kinds that belong to no namespace, as far as people are likely to add them to a service. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  '/Namespace', '/Node', '/PersistentVolume', 'rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/ClusterRoleBinding',
  'storage.k8s.io/StorageClass', 'scheduling.k8s.io/PriorityClass', 'node.k8s.io/RuntimeClass', 'apiextensions.k8s.io/CustomResourceDefinition',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration', 'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy', 'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'serving.kserve.io/ClusterServingRuntime', 'serving.kserve.io/ClusterStorageContainer', 'serving.kserve.io/LocalModelCache',
  'serving.kserve.io/LocalModelNodeGroup', 'external-secrets.io/ClusterSecretStore', 'gateway.networking.k8s.io/GatewayClass',
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
  const units = new Map<string, string>();
  const hosts = new Map<string, string>();
  return {
    check(object, { unit, namespace }) {
      const result = report({ object: objectLabel(object) });
      checkDuplicate(result, units, object, unit);
      if (namespace !== undefined) checkNamespace(result, object, namespace);
      if (object.kind === 'VirtualService' && groupOf(object.apiVersion) === 'networking.istio.io') {
        checkHosts(result, hosts, object as unknown as VirtualService);
      }
      if (object.kind === 'HTTPRoute' && groupOf(object.apiVersion) === 'gateway.networking.k8s.io') {
        checkHostnames(result, hosts, object as unknown as HTTPRoute);
      }
      return [...result.findings, ...checkSyncAnnotations(object)];
    },
  };
}

function checkDuplicate({ add }: Report, units: Map<string, string>, object: KubeObject, unit: string): void {
  const key = objectKey(object);
  const other = units.get(key);
  if (other === undefined) units.set(key, unit);
  else {
    add(
      'objects/duplicate',
      undefined,
      `it is written twice, in ${other}${other === unit ? '' : ` and in ${unit}`}`,
      'rename one of the two, or leave it to one unit',
    );
  }
}

function checkNamespace({ add }: Report, object: KubeObject, namespace: string): void {
  const own = object.metadata.namespace;
  if (CLUSTER_SCOPED.has(`${groupOf(object.apiVersion)}/${object.kind}`)) {
    add(
      'objects/cluster-scoped',
      undefined,
      `a ${object.kind} belongs to no namespace`,
      'leave it to those who run the cluster',
    );
  } else if (own !== namespace) {
    const message = own === undefined ? 'the object names no namespace' : `the object is in namespace ${own}, and the service in ${namespace}`;
    add('objects/namespace', 'metadata.namespace', message, `write namespace: ${namespace}`);
  }
}

/** Two VirtualServices with one host. Sleeping clashes of wildcards are left to the one who writes them. */
function checkHosts({ add }: Report, hosts: Map<string, string>, { metadata, spec = {} }: VirtualService): void {
  const own = { label: `VirtualService ${metadata.namespace ?? ''}/${metadata.name}`, field: 'spec.hosts', hosts: spec.hosts ?? [] };
  for (const gateway of spec.gateways ?? ['mesh']) {
    const place = gateway === 'mesh' || gateway.includes('/') ? gateway : `${metadata.namespace ?? ''}/${gateway}`;
    claim({ add }, hosts, place === 'mesh' ? 'in the mesh' : `at gateway ${place}`, own);
  }
}

function checkHostnames({ add }: Report, hosts: Map<string, string>, { metadata, spec }: HTTPRoute): void {
  const own = { label: `HTTPRoute ${metadata.namespace ?? ''}/${metadata.name}`, field: 'spec.hostnames', hosts: spec.hostnames ?? [] };
  for (const { kind = 'Gateway', namespace = metadata.namespace ?? '', name } of spec.parentRefs ?? []) {
    if (kind === 'Gateway') claim({ add }, hosts, `at gateway ${namespace}/${name}`, own);
  }
}

interface Routed {
  readonly label: string;
  readonly field: string;
  readonly hosts: readonly string[];
}

function claim({ add }: Pick<Report, 'add'>, taken: Map<string, string>, place: string, { label, field, hosts }: Routed): void {
  hosts.forEach((host, index) => {
    const key = `${place} ${host}`;
    const other = taken.get(key);
    if (other === undefined) taken.set(key, label);
    else if (other !== label) {
      const kind = label.slice(0, label.indexOf(' '));
      add('objects/host-clash', `${field}[${index}]`, `${other} routes ${host} ${place} already`, `use another host, or one ${kind} for both`);
    }
  });
}
