import type { DaemonSet, Deployment, StatefulSet } from '../../imports/apps/v1.js';
import type { HorizontalPodAutoscaler } from '../../imports/autoscaling/v2.js';
import type { CronJob, Job } from '../../imports/batch/v1.js';
import type {
  ConfigMap,
  LimitRange,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Secret,
  Service,
} from '../../imports/core/v1.js';
import type { Ingress, NetworkPolicy } from '../../imports/networking.k8s.io/v1.js';
import type { PodDisruptionBudget } from '../../imports/policy/v1.js';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../imports/rbac.authorization.k8s.io/v1.js';
import type { Finding } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import type { Versions } from '../core/version.ts';
import type { Cluster } from '../service/platform.ts';
import { checkBinding, checkRole } from './kubernetes/access.ts';
import { checkConfigMap, checkLimitRange, checkQuota, checkSecret } from './kubernetes/data.ts';
import { checkIngress, checkNetworkPolicy, checkService } from './kubernetes/network.ts';
import { checkPod } from './kubernetes/pod.ts';
import { KUBERNETES_RULES } from './kubernetes/rules.ts';
import { checkAutoscaler, checkDisruptionBudget } from './kubernetes/scaling.ts';
import { checkClaim } from './kubernetes/volume.ts';
import { checkCronJob, checkDaemonSet, checkDeployment, checkJob, checkStatefulSet } from './kubernetes/workload.ts';
import { reporter, type Report } from './report.ts';

export { KUBERNETES_RULES } from './kubernetes/rules.ts';

/** Rules on Kubernetes' own kinds beyond their schema: what the API server's validation refuses. */

type KindCheck = (report: Report, object: KubeObject, kubernetes: Versions) => void;

/** Kinds that the API server takes without a spec. */
const WITHOUT_SPEC: ReadonlySet<string> = new Set([
  'LimitRange',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ResourceQuota',
]);

/** The check of a kind whose `spec` it reads. */
function ofSpec<T extends { readonly spec?: unknown }>(
  check: (report: Report, spec: NonNullable<T['spec']>, kubernetes: Versions, name: string) => void,
): KindCheck {
  return (report, object, kubernetes) => {
    if (object.spec === undefined) {
      if (WITHOUT_SPEC.has(object.kind)) return;
      report.add('kubernetes/spec', 'spec', `is missing, and a ${object.kind} is nothing without it`, 'write spec');
      return;
    }
    check(report, object.spec as NonNullable<T['spec']>, kubernetes, object.metadata.name);
  };
}

/** The check of a kind that has no `spec`. */
function ofObject<T>(check: (report: Report, object: T) => void): KindCheck {
  return (report, object) => check(report, object as unknown as T);
}

const KINDS: ReadonlyMap<string, KindCheck> = new Map<string, KindCheck>([
  ['v1/Pod', ofSpec<Pod>((report, spec, kubernetes) => checkPod(report, 'spec', spec, { kubernetes }))],
  ['v1/Service', ofSpec<Service>(checkService)],
  ['v1/ConfigMap', ofObject<ConfigMap>(checkConfigMap)],
  ['v1/Secret', ofObject<Secret>(checkSecret)],
  ['v1/PersistentVolumeClaim', ofSpec<PersistentVolumeClaim>((report, spec) => checkClaim(report, 'spec', spec))],
  ['v1/ResourceQuota', ofSpec<ResourceQuota>(checkQuota)],
  ['v1/LimitRange', ofSpec<LimitRange>(checkLimitRange)],
  ['apps/v1/Deployment', ofSpec<Deployment>(checkDeployment)],
  ['apps/v1/ReplicaSet', ofSpec<Deployment>(checkDeployment)],
  ['apps/v1/DaemonSet', ofSpec<DaemonSet>(checkDaemonSet)],
  ['apps/v1/StatefulSet', ofSpec<StatefulSet>(checkStatefulSet)],
  ['batch/v1/Job', ofSpec<Job>(checkJob)],
  ['batch/v1/CronJob', ofSpec<CronJob>(checkCronJob)],
  ['autoscaling/v2/HorizontalPodAutoscaler', ofSpec<HorizontalPodAutoscaler>(checkAutoscaler)],
  ['policy/v1/PodDisruptionBudget', ofSpec<PodDisruptionBudget>(checkDisruptionBudget)],
  ['networking.k8s.io/v1/Ingress', ofSpec<Ingress>(checkIngress)],
  ['networking.k8s.io/v1/NetworkPolicy', ofSpec<NetworkPolicy>(checkNetworkPolicy)],
  ['rbac.authorization.k8s.io/v1/Role', ofObject<Role>(checkRole)],
  ['rbac.authorization.k8s.io/v1/ClusterRole', ofObject<ClusterRole>(checkRole)],
  ['rbac.authorization.k8s.io/v1/RoleBinding', ofObject<RoleBinding>(checkBinding)],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', ofObject<ClusterRoleBinding>(checkBinding)],
]);

const report = reporter(KUBERNETES_RULES);

/**
 * Checks an object of Kubernetes' own that its schema has accepted: what the API server refuses all the same. Kinds
 * without rules pass.
 *
 * @example checkKubernetes(deployment, cluster) // [{ id: 'kubernetes/selector', … }]
 */
export function checkKubernetes(object: KubeObject, { kubernetes }: Pick<Cluster, 'kubernetes'>): Finding[] {
  const check = KINDS.get(`${object.apiVersion}/${object.kind}`);
  if (!check) return [];
  const result = report({ object: objectLabel(object) });
  check(result, object, kubernetes);
  return result.findings;
}
