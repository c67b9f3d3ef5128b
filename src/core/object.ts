/**
 * Any Kubernetes object, as plain data. Rendered objects are these; so is what users add to a chart. Types of single
 * kinds are in `cdk8s-ai-service/imports/<group>/<version>`.
 */
export interface KubeObject {
  /** Group and version: `serving.kserve.io/v1beta1`, and `v1` for core kinds. */
  readonly apiVersion: string;
  /** Kind: `InferenceService`. */
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The part of `metadata` that belongs into Git. */
export interface ObjectMeta {
  /** Name, unique for its kind in the namespace. */
  readonly name: string;
  /** Namespace; what belongs to none has none. */
  readonly namespace?: string;
  /** Labels by key: what selectors match. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations by key. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The API group of an `apiVersion`: `serving.kserve.io` of `serving.kserve.io/v1beta1`, empty for core kinds. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The version of an `apiVersion`: `v1beta1` of `serving.kserve.io/v1beta1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** What an object is called in findings: `InferenceService risk-ml-prod/fraud-detector-v47`. */
export function objectLabel(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Identity of an object in a cluster: group, kind, namespace, name. Versions of one kind are one object. */
export function objectKey(object: KubeObject): string {
  return `${groupOf(object.apiVersion)}/${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
