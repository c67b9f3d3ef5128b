import type { ImportedKind } from './kind.ts';
import { apiVersionOf, isName } from './kind.ts';
import { rootSchema } from './root-schema.ts';
import type { Schema } from './schema.ts';
import { compactSchema, isRecord, sortedKeys, withDescription } from './schema.ts';
import { ANYTHING, INT_OR_STRING, NATIVE_QUANTITY, OPEN_OBJECT } from './well-known.ts';

/** Types whose definition in the document says less than they are (apimachinery, Kubernetes 1.33). */
const KNOWN: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': NATIVE_QUANTITY,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': INT_OR_STRING,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': OPEN_OBJECT,
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': OPEN_OBJECT,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': ANYTHING,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': ANYTHING,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': ANYTHING,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': ANYTHING,
};

/** Is this an OpenAPI document, version 2 (`swagger.json`) or 3? */
export function isOpenApi(document: unknown): boolean {
  return (
    isRecord(document) &&
    (document.swagger === '2.0' || (typeof document.openapi === 'string' && document.openapi.startsWith('3.')))
  );
}

/**
 * The kinds that a Kubernetes OpenAPI document describes: those which can be created (`POST` on a collection says
 * plural and scope). Definitions are shared, so a document with thousands of references stays cheap.
 *
 * The documents are `api/openapi-spec/swagger.json` and `api/openapi-spec/v3/*.json` of k8s.io/kubernetes, or what
 * `kubectl get --raw /openapi/v2` answers.
 */
export function kindsOfOpenApi(document: unknown): ImportedKind[] {
  if (!isRecord(document)) return [];
  const components = isRecord(document.components) ? document.components.schemas : undefined;
  const definitions = [document.definitions, components].find(isRecord) ?? {};
  const convert = converter(definitions);
  const collections = collectionsOf(document);
  const kinds: ImportedKind[] = [];
  for (const name of sortedKeys(definitions)) {
    const definition = definitions[name];
    const stated = isRecord(definition) ? definition['x-kubernetes-group-version-kind'] : undefined;
    for (const gvk of (Array.isArray(stated) ? stated : []).filter(isRecord)) {
      const [group, version, kind] = [String(gvk.group), String(gvk.version), String(gvk.kind)];
      const selector = `${apiVersionOf(group, version)}/${kind}`;
      const collection = collections.get(selector);
      const named = (group === '' || isName('group', group)) && isName('version', version) && isName('kind', kind);
      if (!collection || !named) continue;
      kinds.push({
        group,
        kind,
        ...collection,
        versions: { [version]: rootSchema(convert(name)) },
        selectors: [selector],
      });
    }
  }
  return kinds;
}

function collectionsOf(
  document: Readonly<Record<string, unknown>>,
): Map<string, Pick<ImportedKind, 'plural' | 'scope'>> {
  const collections = new Map<string, Pick<ImportedKind, 'plural' | 'scope'>>();
  for (const [path, operations] of Object.entries(isRecord(document.paths) ? document.paths : {})) {
    const post = isRecord(operations) ? operations.post : undefined;
    const gvk = isRecord(post) ? post['x-kubernetes-group-version-kind'] : undefined;
    // `/pods/{name}/binding` and its kin create sub-resources, not objects.
    if (!isRecord(gvk) || path.includes('{name}')) continue;
    const scope = path.includes('/namespaces/{namespace}/') ? 'Namespaced' : 'Cluster';
    const plural = path.slice(path.lastIndexOf('/') + 1);
    const selector = `${apiVersionOf(String(gvk.group), String(gvk.version))}/${String(gvk.kind)}`;
    collections.set(selector, { plural, scope });
  }
  return collections;
}

function converter(definitions: Readonly<Record<string, unknown>>): (name: string) => Schema {
  const done = new Map<string, Schema>();
  const open = new Set<string>();

  function definition(name: string): Schema {
    const known = KNOWN[name] ?? done.get(name);
    if (known) return known;
    // A type that contains itself (JSONSchemaProps) cannot be written out; below the first turn anything goes.
    if (open.has(name)) return OPEN_OBJECT;
    open.add(name);
    const schema = convert(definitions[name]);
    open.delete(name);
    done.set(name, schema);
    return schema;
  }

  function convert(raw: unknown): Schema {
    if (!isRecord(raw)) return ANYTHING;
    const reference = referenceOf(raw);
    if (reference !== undefined) {
      const target = definition(reference);
      return withDescription(target, typeof raw.description === 'string' ? raw.description : target.description);
    }
    if (raw.format === 'int-or-string') return withDescription(INT_OR_STRING, raw.description as string | undefined);
    const own = compactSchema({
      ...raw,
      ...listKeys(raw),
      default: usefulDefault(raw.default),
      properties: undefined,
      items: undefined,
      additionalProperties: undefined,
    });
    const properties = isRecord(raw.properties) ? raw.properties : undefined;
    const parts = {
      ...(properties && {
        properties: Object.fromEntries(sortedKeys(properties).map((name) => [name, convert(properties[name])])),
      }),
      ...(raw.items !== undefined && { items: convert(raw.items) }),
      ...(raw.additionalProperties !== undefined && {
        additionalProperties:
          typeof raw.additionalProperties === 'boolean' ? raw.additionalProperties : convert(raw.additionalProperties),
      }),
    };
    return { ...own, ...parts };
  }

  return definition;
}

/** Version 3 wraps a reference that has a description in `allOf`. */
function referenceOf(raw: Readonly<Record<string, unknown>>): string | undefined {
  const wrapped = Array.isArray(raw.allOf) && raw.allOf.length === 1 ? (raw.allOf[0] as unknown) : undefined;
  const reference = raw.$ref ?? (isRecord(wrapped) ? wrapped.$ref : undefined);
  return typeof reference === 'string' ? reference.slice(reference.lastIndexOf('/') + 1) : undefined;
}

/** Before `x-kubernetes-list-type` was stated everywhere, the key of a keyed list was the patch merge key. */
function listKeys(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const key = raw['x-kubernetes-patch-merge-key'];
  if (typeof key !== 'string' || raw['x-kubernetes-list-type'] !== undefined) return {};
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
}

/** Version 3 states the zero value of the Go type as default of required fields; the API server fills in none. */
function usefulDefault(value: unknown): unknown {
  const zero =
    value === null ||
    value === '' ||
    value === 0 ||
    value === false ||
    (isRecord(value) && Object.keys(value).length === 0);
  return zero ? undefined : value;
}
