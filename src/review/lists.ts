import { resolveNode, type Definitions, type SchemaNode } from '../check/schema/schema-node.ts';
import { isPlainMap } from '../check/schema/plain-data.ts';
import type { ItemKey } from './field.ts';

/** A schema node and the definitions that it may refer to; `undefined` where nothing is known. */
export interface Known {
  readonly node: SchemaNode;
  readonly definitions: Definitions;
}

/** The schema of a field, with references followed. */
export function fieldOf(known: Known | undefined, name: string): Known | undefined {
  const { properties, additionalProperties } = known?.node ?? {};
  const own = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return step(known, own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined));
}

/** The schema of the items of a list, with references followed. */
export function itemOf(known: Known | undefined): Known | undefined {
  return step(known, known?.node.items);
}

function step(known: Known | undefined, node: SchemaNode | undefined): Known | undefined {
  return known && node && { node: resolveNode(node, known.definitions), definitions: known.definitions };
}

/** How the items of a list are told apart. */
export type ListForm =
  /** Without order, each with a key of its own. */
  | { readonly form: 'keyed'; readonly keyOf: (item: unknown) => ItemKey }
  /** Without order, an item is its own name. */
  | { readonly form: 'set' }
  /** In order: `initContainers` run one after the other, the first route that matches wins. */
  | { readonly form: 'ordered' };

/**
 * Keys of lists that have no order although their schema says nothing of it, by the name of the field. Several: the first
 * one that all items have, and have as the only one.
 */
const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  backendRefs: [['name'], ['name', 'port']],
  containers: [['name']],
  data: [['secretKey']],
  endpoints: [['port'], ['port', 'path']],
  env: [['name']],
  ephemeralContainers: [['name']],
  ephemeralVolumes: [['name']],
  groups: [['name']],
  hostAliases: [['ip']],
  imagePullSecrets: [['name']],
  listeners: [['name']],
  metrics: [['name']],
  parentRefs: [['name'], ['name', 'sectionName'], ['namespace', 'name'], ['group', 'kind', 'name']],
  paths: [['path'], ['path', 'pathType']],
  podMetricsEndpoints: [['port'], ['port', 'path'], ['portNumber'], ['portNumber', 'path']],
  ports: [['containerPort'], ['containerPort', 'protocol'], ['port'], ['port', 'protocol'], ['name'], ['number']],
  receivers: [['name']],
  roles: [['name']],
  route: [['destination'], ['destination', 'headers']],
  secrets: [['name']],
  subjects: [['name'], ['kind', 'name'], ['kind', 'namespace', 'name']],
  subsets: [['name']],
  tls: [['hosts'], ['secretName']],
  topologySpreadConstraints: [['topologyKey'], ['topologyKey', 'whenUnsatisfiable']],
  traffic: [['revisionName'], ['tag'], ['latestRevision']],
  triggers: [['name'], ['type', 'metadata']],
  volumeClaimTemplates: [['metadata']],
  volumeDevices: [['devicePath']],
  volumeMounts: [['mountPath']],
  volumes: [['name']],
};

/** Fields whose lists are sets, although their schema says nothing of it. */
// prettier-ignore
const SETS: ReadonlySet<string> = new Set([
  'accessModes', 'add', 'apiGroups', 'categories', 'clusterResourceBlacklist', 'clusterResourceWhitelist', 'destinations', 'drop',
  'egress', 'exportTo', 'finalizers', 'from', 'gateways', 'goTemplateOptions', 'hostnames', 'hosts', 'imagePullSecrets', 'ingress',
  'ipBlocks', 'matchExpressions', 'matchNames', 'methods', 'metrics', 'namespaceResourceBlacklist', 'namespaceResourceWhitelist', 'namespaces',
  'nonResourceURLs', 'notHosts', 'notNamespaces', 'notPaths', 'notPrincipals', 'paths', 'policyTypes', 'principals', 'remoteIpBlocks',
  'requestPrincipals', 'resourceNames', 'resources', 'sourceNamespaces', 'sourceRepos', 'subjects', 'syncOptions', 'to', 'tolerations',
  'values', 'verbs', 'when',
]);

/** Fields in which the order means something, whatever else is said of them. */
const ORDERED: ReadonlySet<string> = new Set(['initContainers', 'http', 'args', 'command']);

/** Kinds whose `rules` all hold together; those of other kinds are tried or evaluated one after the other. */
const RULES_ARE_SETS: ReadonlySet<string> = new Set(['AuthorizationPolicy', 'ClusterRole', 'Role']);

/**
 * How two lists at the same place are compared: as the schema says, else as is known of fields of this name, else in order.
 *
 * @param kind of the object: `rules` of a Role are a set, those of a PrometheusRule are not.
 * @param field name of the field that holds the list.
 */
export function listForm(
  kind: string,
  field: string,
  known: Known | undefined,
  before: readonly unknown[],
  after: readonly unknown[],
): ListForm {
  if (ORDERED.has(field)) return { form: 'ordered' };
  if (field === 'rules') return { form: RULES_ARE_SETS.has(kind) ? 'set' : 'ordered' };
  const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys } = known?.node ?? {};
  const candidates = [
    ...(type === 'map' && keys ? [keys] : []),
    ...(Object.hasOwn(KEYS, field) ? (KEYS[field] ?? []) : []),
  ];
  for (const candidate of candidates) {
    if (isKey(candidate, before) && isKey(candidate, after))
      return { form: 'keyed', keyOf: (item) => keyOf(candidate, item) };
  }
  return { form: type === 'set' || SETS.has(field) || candidates.length > 0 ? 'set' : 'ordered' };
}

/** What a key of a schema is when it is left out. */
const DEFAULTS: Readonly<Record<string, unknown>> = { protocol: 'TCP' };

function keyOf(fields: readonly string[], item: unknown): ItemKey {
  const map = item as Readonly<Record<string, unknown>>;
  return Object.fromEntries(fields.map((field) => [field, map[field] ?? DEFAULTS[field]]));
}

/** Whether every item is a map that has the first field of the key, and no two have the same key. */
function isKey(fields: readonly string[], items: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    if (!isPlainMap(item) || item[fields[0]!] === undefined) return false;
    seen.add(JSON.stringify(fields.map((field) => item[field] ?? DEFAULTS[field] ?? null)));
  }
  return seen.size === items.length;
}
