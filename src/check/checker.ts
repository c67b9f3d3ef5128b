import type { Finding, Rule } from '../core/finding.ts';
import { groupOf, type KubeObject } from '../core/object.ts';
import type { Cluster } from '../service/platform.ts';
import { checkArgocd, ARGOCD_RULES } from './argocd.ts';
import { checkIstio, ISTIO_RULES } from './istio.ts';
import { checkKnative, KNATIVE_RULES } from './knative.ts';
import { checkKserve, KSERVE_RULES } from './kserve.ts';
import { checkKubernetes, KUBERNETES_RULES } from './kubernetes.ts';
import { checkServingPods } from './kubernetes/serving.ts';
import { checkPrometheus, PROMETHEUS_RULES } from './prometheus.ts';
import { createSchemaCheck, SCHEMA_RULES } from './schema.ts';
import { checkSecrets, SECRET_RULES } from './secrets.ts';

/** Checks one object, whoever made it: schema and CEL first, then the rules of its system, then secrets. */
export interface Checker {
  /** @param cluster where the object goes; Argo CD's own objects have none. */
  check(object: KubeObject, cluster: Cluster | undefined): readonly Finding[];
}

type SystemCheck = (object: KubeObject, cluster: Cluster) => readonly Finding[];

/** Rules of a system by API group, so that an object meets only those that concern it. */
const BY_GROUP: ReadonlyMap<string, SystemCheck> = new Map<string, SystemCheck>([
  ['serving.kserve.io', (object, cluster) => [...checkKserve(object, cluster), ...checkServingPods(object, cluster)]],
  [
    'serving.knative.dev',
    (object, cluster) => [...checkKnative(object, cluster), ...checkServingPods(object, cluster)],
  ],
  ['networking.istio.io', checkIstio],
  ['security.istio.io', checkIstio],
  ['telemetry.istio.io', checkIstio],
  ['monitoring.coreos.com', checkPrometheus],
  ['', checkKubernetes],
  ['apps', checkKubernetes],
  ['autoscaling', checkKubernetes],
  ['batch', checkKubernetes],
  ['networking.k8s.io', checkKubernetes],
  ['policy', checkKubernetes],
  ['rbac.authorization.k8s.io', checkKubernetes],
]);

const NONE: readonly Finding[] = [];

/** All rules on single objects, for the docs table. */
export const OBJECT_RULES: readonly Rule[] = [
  ...SCHEMA_RULES,
  ...KUBERNETES_RULES,
  ...KSERVE_RULES,
  ...KNATIVE_RULES,
  ...ISTIO_RULES,
  ...ARGOCD_RULES,
  ...PROMETHEUS_RULES,
  ...SECRET_RULES,
];

/**
 * Makes a checker.
 *
 * @param roots folders with imported schemas, beside our own.
 * @param allowUnknownKinds kinds without a schema that may pass, as `<apiVersion>/<Kind>`.
 */
export function createChecker(roots: readonly string[], allowUnknownKinds: readonly string[]): Checker {
  const schema = createSchemaCheck(roots, allowUnknownKinds);
  return {
    check(object, cluster) {
      const shape = schema.check(object);
      // The rules read typed fields; what has the wrong shape has been said already.
      if (shape.some(({ severity }) => severity === 'error')) return shape;
      const group = groupOf(object.apiVersion);
      const system = BY_GROUP.get(group);
      const own = group === 'argoproj.io' ? checkArgocd(object) : system && cluster ? system(object, cluster) : NONE;
      const secrets = checkSecrets(object);
      return shape.length + own.length + secrets.length === 0 ? NONE : [...shape, ...own, ...secrets];
    },
  };
}
