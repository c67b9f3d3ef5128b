import {
  didYouMean,
  isAnnotationKey,
  isDns1035,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  NAME_FORMS,
} from '../../core/names.ts';
import { isPlainMap, showValue } from './plain-data.ts';
import type { Check, Problems } from './problem.ts';
import { below, both, problem } from './problem.ts';
import { SCALAR_TYPES, typeProblem } from './scalar-check.ts';

/** Where a kind lives, as its schema says. */
export type Scope = 'Namespaced' | 'Cluster';

/** Which names a kind accepts. */
interface NameRule {
  readonly test: (name: string) => boolean;
  readonly expected: string;
}

const SUBDOMAIN: NameRule = {
  test: isDnsSubdomain,
  expected: NAME_FORMS.dnsSubdomain,
};
const LABEL: NameRule = {
  test: isDnsLabel,
  expected: NAME_FORMS.dnsLabel,
};
const LABEL_1035: NameRule = {
  test: isDns1035,
  expected: 'at most 63 lower-case letters, digits and "-", starting with a letter and ending with a letter or digit',
};
const PATH_SEGMENT: NameRule = {
  test: (name) => name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name),
  expected: 'any text without "/" and "%"',
};

/** Kinds whose names follow another rule than most (Kubernetes 1.33, pkg/apis/<group>/validation). */
const NAME_RULES: Readonly<Record<string, NameRule>> = {
  'v1/Service': LABEL_1035,
  'v1/Namespace': LABEL,
  'apps/v1/StatefulSet': LABEL,
  // ValidatePodDisruptionBudget looks at the spec only.
  'policy/v1/PodDisruptionBudget': PATH_SEGMENT,
  'rbac.authorization.k8s.io/v1/Role': PATH_SEGMENT,
  'rbac.authorization.k8s.io/v1/RoleBinding': PATH_SEGMENT,
  'rbac.authorization.k8s.io/v1/ClusterRole': PATH_SEGMENT,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': PATH_SEGMENT,
};

/** Fields that a cluster writes, or that mean something else in every cluster. */
const RUNTIME_FIELDS: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
]);

const ALLOWED_FIELDS = ['name', 'namespace', 'labels', 'annotations', 'finalizers'];

/** Of keys and values of all annotations together, in bytes (apimachinery pkg/api/validation/objectmeta.go). */
const MAX_ANNOTATIONS = 256 * 1024;

/**
 * Checks `metadata` by the rules of every API server (apimachinery v0.33 `ValidateObjectMeta`), and refuses what has
 * no place in Git: fields that the cluster writes, and `generateName`, which makes a new object on every sync.
 *
 * @param kind `<apiVersion>/<Kind>`, decides the name rule.
 * @param scope `undefined` when it is not known.
 */
export function metadataCheck(kind: string, scope: Scope | undefined): Check {
  const nameRule = NAME_RULES[kind] ?? SUBDOMAIN;
  return (value) => {
    if (value === undefined) return problem('schema/required', 'is missing', 'write metadata with a name');
    if (!isPlainMap(value)) return typeProblem(value, 'an object');
    const found = both(checkFields(value), checkName(value.name, nameRule));
    return both(found, checkNamespace(value.namespace, scope));
  };
}

/** The fields of an embedded resource that every object has; name and namespace may be left to the embedding. */
export const EMBEDDED_FIELDS: Readonly<Record<string, Check>> = {
  apiVersion: checkFilledText,
  kind: checkFilledText,
  metadata: (value) => (isPlainMap(value) ? checkFields(value) : typeProblem(value, 'an object')),
};

function checkFilledText(value: unknown): Problems {
  return value === '' ? problem('schema/required', 'is empty', 'write one') : SCALAR_TYPES.string!(value);
}

function checkName(name: unknown, rule: NameRule): Problems {
  if (name === undefined || name === '') return below('name', problem('schema/metadata', 'is missing', 'write a name'));
  if (typeof name !== 'string') return below('name', typeProblem(name, 'a string'));
  if (rule.test(name)) return undefined;
  const length = name.length > 63 ? ` (${name.length} characters)` : '';
  return below(
    'name',
    problem('schema/metadata', `${showValue(name)}${length} is not a name for this kind`, `write ${rule.expected}`),
  );
}

function checkNamespace(namespace: unknown, scope: Scope | undefined): Problems {
  if (namespace === undefined) {
    if (scope !== 'Namespaced') return undefined;
    const message = 'is missing, so the object lands in whatever namespace it is applied to';
    return below('namespace', problem('schema/metadata', message, 'write metadata.namespace'));
  }
  if (typeof namespace !== 'string') return below('namespace', typeProblem(namespace, 'a string'));
  if (scope === 'Cluster') {
    const message = `${showValue(namespace)} cannot be: the kind is cluster-scoped`;
    return below('namespace', problem('schema/metadata', message, 'leave metadata.namespace out'));
  }
  if (isDnsLabel(namespace)) return undefined;
  return below(
    'namespace',
    problem('schema/metadata', `${showValue(namespace)} is not a namespace`, `write ${LABEL.expected}`),
  );
}

function checkFields(metadata: Readonly<Record<string, unknown>>): Problems {
  let found: Problems;
  for (const field in metadata) {
    const value = metadata[field];
    if (value === undefined) continue;
    const problems = checkField(field, value);
    if (problems) found = both(found, below(field, problems));
  }
  return found;
}

function checkField(field: string, value: unknown): Problems {
  switch (field) {
    case 'name':
    case 'namespace':
      return undefined;
    case 'labels':
      return checkTextMap(value, checkKey, checkLabelValue);
    case 'annotations':
      return (
        checkTextMap(value, checkAnnotationKey, undefined) ??
        checkAnnotationsSize(value as Readonly<Record<string, string>>)
      );
    case 'finalizers':
      return checkFinalizers(value);
    case 'generateName':
      return problem('schema/metadata', 'makes a new object on every sync', 'write metadata.name');
    default: {
      if (RUNTIME_FIELDS.has(field)) {
        return problem('schema/metadata', 'is written by the cluster and has no place in Git', 'remove it');
      }
      const near = didYouMean(field, ALLOWED_FIELDS);
      const fix = near === undefined ? `remove it; known here: ${ALLOWED_FIELDS.join(', ')}` : `write ${near}`;
      return problem('schema/metadata', 'is no field of metadata', fix);
    }
  }
}

function checkTextMap(
  map: unknown,
  checkName: (key: string) => Problems,
  checkValue: ((value: string) => Problems) | undefined,
): Problems {
  if (!isPlainMap(map)) return typeProblem(map, 'an object');
  let found: Problems;
  for (const key in map) {
    const value = map[key];
    if (value === undefined) continue;
    const problems = both(
      checkName(key),
      typeof value === 'string' ? checkValue?.(value) : typeProblem(value, 'a string'),
    );
    if (problems) found = both(found, below(key, problems));
  }
  return found;
}

/** A key of labels, or a finalizer. */
function checkKey(key: string): Problems {
  const prefix = key.slice(0, Math.max(key.indexOf('/'), 0));
  if (prefix === prefix.toLowerCase()) return checkAnnotationKey(key);
  return problem(
    'schema/metadata',
    `${showValue(key)} has capital letters in its prefix, which only annotations may have`,
    `write ${prefix.toLowerCase()}${key.slice(prefix.length)}`,
  );
}

function checkAnnotationKey(key: string): Problems {
  if (isAnnotationKey(key)) return undefined;
  const fix = `write ${NAME_FORMS.qualifiedName}`;
  return problem('schema/metadata', `${showValue(key)} is not a valid key`, fix);
}

function checkLabelValue(value: string): Problems {
  if (isLabelValue(value)) return undefined;
  const why =
    value.length > 63 ? `has ${value.length} characters, of which at most 63 are allowed` : 'is not a label value';
  const fix = `write ${NAME_FORMS.labelValue}, or use an annotation`;
  return problem('schema/metadata', `${showValue(value)} ${why}`, fix);
}

function checkAnnotationsSize(annotations: Readonly<Record<string, string>>): Problems {
  let units = 0;
  for (const key in annotations) units += key.length + (annotations[key]?.length ?? 0);
  // A code unit has at most three bytes of UTF-8.
  if (units * 3 <= MAX_ANNOTATIONS) return undefined;
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value ?? '');
  if (bytes <= MAX_ANNOTATIONS) return undefined;
  return problem(
    'schema/metadata',
    `annotations have ${bytes} bytes, of which at most ${MAX_ANNOTATIONS} are allowed`,
    'put the data into a ConfigMap',
  );
}

function checkFinalizers(finalizers: unknown): Problems {
  if (!Array.isArray(finalizers)) return typeProblem(finalizers, 'a list');
  let found: Problems;
  finalizers.forEach((finalizer: unknown, i) => {
    const problems = typeof finalizer === 'string' ? checkKey(finalizer) : typeProblem(finalizer, 'a string');
    if (problems) found = both(found, below(i, problems));
  });
  return found;
}
