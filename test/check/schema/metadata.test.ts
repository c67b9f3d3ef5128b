import { expect, test } from 'vitest';
import type { Scope } from '../../../src/check/schema/metadata.ts';
import { metadataCheck } from '../../../src/check/schema/metadata.ts';

function said(metadata: unknown, kind = 'apps/v1/Deployment', scope: Scope | undefined = 'Namespaced'): string[] {
  return (metadataCheck(kind, scope)(metadata) ?? []).map(
    ({ path, id, message, fix }) => `${path}: ${id}: ${message} -> ${fix}`,
  );
}

const good = { name: 'fraud-detector', namespace: 'risk-ml' };

test('name, namespace, labels, annotations and finalizers are what belongs into Git', () => {
  const metadata = {
    ...good,
    labels: { 'app.kubernetes.io/name': 'fraud-detector', empty: '' },
    annotations: { 'example.com/note': 'any text at all: ünïcode\n' },
    finalizers: ['resources-finalizer.argocd.argoproj.io'],
  };
  expect(said(metadata)).toEqual([]);
});

test('a name is there and has the form of its kind', () => {
  const subdomain =
    'at most 253 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part';
  expect(said({ namespace: 'a' })).toEqual(['name: schema/metadata: is missing -> write a name']);
  expect(said({ ...good, name: 'Fraud_Detector' })).toEqual([
    `name: schema/metadata: "Fraud_Detector" is not a name for this kind -> write ${subdomain}`,
  ]);
  expect(said({ ...good, name: 'a.b' })).toEqual([]);
  expect(said({ ...good, name: 'a'.repeat(254) })[0]).toContain('(254 characters) is not a name for this kind');
  expect(said({ ...good, name: 47 })).toEqual([
    'name: schema/type: 47 is an integer, and must be a string -> write it as text: "47"',
  ]);
});

test('names of Services start with a letter, those of Namespaces and StatefulSets have no dots, those of roles and budgets are free', () => {
  expect(said({ ...good, name: '47-fraud' }, 'v1/Service')).toEqual([
    'name: schema/metadata: "47-fraud" is not a name for this kind -> write at most 63 lower-case letters, digits and "-", starting with a letter and ending with a letter or digit',
  ]);
  expect(said({ ...good, name: 'a'.repeat(64) }, 'v1/Service')).toHaveLength(1);
  expect(said({ ...good, name: '47-fraud' }, 'serving.knative.dev/v1/Service')).toEqual([]);
  expect(said({ name: 'a.b' }, 'v1/Namespace', 'Cluster')).toHaveLength(1);
  // It is the beginning of the host names of its pods.
  expect(said({ ...good, name: 'a.b' }, 'apps/v1/StatefulSet')).toHaveLength(1);
  expect(said({ name: 'system:auth-delegator' }, 'rbac.authorization.k8s.io/v1/ClusterRole', 'Cluster')).toEqual([]);
  expect(said({ ...good, name: 'a/b' }, 'rbac.authorization.k8s.io/v1/Role')).toHaveLength(1);
  expect(said({ ...good, name: 'Fraud_Detector' }, 'policy/v1/PodDisruptionBudget')).toEqual([]);
});

test('a namespace is there exactly when the kind is namespaced', () => {
  expect(said({ name: 'a' })).toEqual([
    'namespace: schema/metadata: is missing, so the object lands in whatever namespace it is applied to -> write metadata.namespace',
  ]);
  expect(said(good, 'v1/Namespace', 'Cluster')).toEqual([
    'namespace: schema/metadata: "risk-ml" cannot be: the kind is cluster-scoped -> leave metadata.namespace out',
  ]);
  const check = metadataCheck('example.com/v1/Unknown', undefined);
  expect(check(good)).toBeUndefined();
  expect(check({ name: 'a' })).toBeUndefined();
  expect(said({ ...good, namespace: 'a.b' })).toEqual([
    'namespace: schema/metadata: "a.b" is not a namespace -> write at most 63 lower-case letters, digits and "-", with a letter or digit at both ends',
  ]);
  expect(said({ ...good, namespace: null })).toEqual([
    'namespace: schema/type: is null, which counts as left out, or is refused -> leave the field out, or write a string',
  ]);
});

test('label values are short and plain text', () => {
  const labels = { a: 47, b: 'has space', c: 'x'.repeat(64), d: '-x' };
  expect(said({ ...good, labels })).toEqual([
    'labels.a: schema/type: 47 is an integer, and must be a string -> write it as text: "47"',
    'labels.b: schema/metadata: "has space" is not a label value -> write at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends, or use an annotation',
    `labels.c: schema/metadata: "${'x'.repeat(64)}" has 64 characters, of which at most 63 are allowed -> write at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends, or use an annotation`,
    'labels.d: schema/metadata: "-x" is not a label value -> write at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends, or use an annotation',
  ]);
  expect(said({ ...good, labels: ['a'] })).toEqual([
    'labels: schema/type: is a list, and must be an object -> write an object',
  ]);
});

test('keys of labels and annotations are qualified names', () => {
  const fix = 'write [prefix/]name: the prefix a DNS name, the name at most 63 letters, digits, "-", "_" and "."';
  expect(said({ ...good, labels: { 'a b': 'x' }, annotations: { 'x/y/z': 'x' } })).toEqual([
    `labels["a b"]: schema/metadata: "a b" is not a valid key -> ${fix}`,
    `annotations["x/y/z"]: schema/metadata: "x/y/z" is not a valid key -> ${fix}`,
  ]);
});

test('the prefix of a label or finalizer is in lower case, that of an annotation need not be', () => {
  const labels = { 'App.kubernetes.io/Name': 'x', Name: 'x' };
  expect(said({ ...good, labels, annotations: labels, finalizers: ['Example.com/Wait'] })).toEqual([
    'labels["App.kubernetes.io/Name"]: schema/metadata: "App.kubernetes.io/Name" has capital letters in its prefix, which only annotations may have -> write app.kubernetes.io/Name',
    'finalizers[0]: schema/metadata: "Example.com/Wait" has capital letters in its prefix, which only annotations may have -> write example.com/Wait',
  ]);
});

test('annotations hold 256 KiB of bytes together', () => {
  const room = 256 * 1024 - 2;
  expect(said({ ...good, annotations: { a: 'x'.repeat(room - 1), b: 'x' } })).toEqual([]);
  expect(said({ ...good, annotations: { a: 'x'.repeat(room), b: 'x' } })).toEqual([
    'annotations: schema/metadata: annotations have 262145 bytes, of which at most 262144 are allowed -> put the data into a ConfigMap',
  ]);
  expect(said({ ...good, annotations: { a: 'ü'.repeat(room / 2 + 1) } })).toHaveLength(1);
});

test('what the cluster writes has no place in Git, nor has generateName', () => {
  expect(said({ ...good, creationTimestamp: null, uid: 'x', generateName: 'a-' })).toEqual([
    'creationTimestamp: schema/metadata: is written by the cluster and has no place in Git -> remove it',
    'uid: schema/metadata: is written by the cluster and has no place in Git -> remove it',
    'generateName: schema/metadata: makes a new object on every sync -> write metadata.name',
  ]);
});

test('a misspelt field is named', () => {
  expect(said({ ...good, label: {} })).toEqual(['label: schema/metadata: is no field of metadata -> write labels']);
  expect(said({ ...good, owner: 'me' })).toEqual([
    'owner: schema/metadata: is no field of metadata -> remove it; known here: name, namespace, labels, annotations, finalizers',
  ]);
});

test('metadata itself is an object', () => {
  expect(said(undefined)).toEqual([': schema/required: is missing -> write metadata with a name']);
  expect(said('fraud-detector')).toEqual([
    ': schema/type: "fraud-detector" is a string, and must be an object -> write an object',
  ]);
  expect(said({ ...good, finalizers: ['a b', 3] })).toHaveLength(2);
});
