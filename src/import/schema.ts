/**
 * A structural schema as Kubernetes knows it, cut down to what is needed to check an object and to type it.
 *
 * `description` lives only in memory and in the types; the schema files carry no prose.
 */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly [keyword: string]: unknown;
}

type Handling = 'value' | 'schema' | 'schemas' | 'map' | 'names';

/**
 * What is kept of a schema, in the order in which it is written. The list is that of
 * `JSONSchemaProps` (apiextensions.k8s.io/v1) without prose and without what structural schemas forbid.
 */
const KEYWORDS: Readonly<Record<string, Handling>> = {
  description: 'value',
  type: 'value',
  format: 'value',
  nullable: 'value',
  default: 'value',
  enum: 'value',
  pattern: 'value',
  minimum: 'value',
  maximum: 'value',
  exclusiveMinimum: 'value',
  exclusiveMaximum: 'value',
  multipleOf: 'value',
  minLength: 'value',
  maxLength: 'value',
  minItems: 'value',
  maxItems: 'value',
  uniqueItems: 'value',
  minProperties: 'value',
  maxProperties: 'value',
  'x-kubernetes-int-or-string': 'value',
  'x-kubernetes-preserve-unknown-fields': 'value',
  'x-kubernetes-embedded-resource': 'value',
  'x-kubernetes-list-type': 'value',
  'x-kubernetes-list-map-keys': 'value',
  'x-kubernetes-map-type': 'value',
  'x-kubernetes-validations': 'value',
  required: 'names',
  properties: 'map',
  items: 'schema',
  additionalProperties: 'schema',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
};

/**
 * Any JSON schema in canonical form: known keywords only, in one order, properties sorted, no title, no examples.
 *
 * Two schemas that demand the same thing have the same text afterwards, whatever order they were written in.
 */
export function compactSchema(raw: unknown): Schema {
  if (!isRecord(raw)) return {};
  const entries: [string, unknown][] = [];
  for (const [keyword, handling] of Object.entries(KEYWORDS)) {
    const value = raw[keyword];
    if (value === undefined || (value === null && keyword !== 'default')) continue;
    if (value === false && keyword !== 'default' && keyword !== 'additionalProperties') continue;
    entries.push([keyword, compactValue(value, handling)]);
  }
  return Object.fromEntries(entries);
}

function compactValue(value: unknown, handling: Handling): unknown {
  switch (handling) {
    case 'schema':
      return typeof value === 'boolean' ? value : compactSchema(value);
    case 'schemas':
      return Array.isArray(value) ? value.map(compactSchema) : [];
    case 'map':
      return isRecord(value)
        ? Object.fromEntries(sortedKeys(value).map((name) => [name, compactSchema(value[name])]))
        : {};
    case 'names':
      return Array.isArray(value) ? [...new Set(value.map(String))].sort() : [];
    case 'value':
      return value;
  }
}

/** Where a schema for a part of the value stands in the schema of the whole. */
export type Step = { readonly property: string } | 'items' | 'values';

/**
 * The schemas for parts of the value: properties, list items, map values. Branches of `anyOf` and its kin
 * constrain the same value, so they are not parts.
 */
export function partsOf(schema: Schema): { readonly step: Step; readonly schema: Schema }[] {
  const parts: { step: Step; schema: Schema }[] = [];
  for (const [property, child] of Object.entries(schema.properties ?? {}))
    parts.push({ step: { property }, schema: child });
  if (schema.items) parts.push({ step: 'items', schema: schema.items });
  if (typeof schema.additionalProperties === 'object')
    parts.push({ step: 'values', schema: schema.additionalProperties });
  return parts;
}

/** The same schema with every part replaced; keywords keep their order. */
export function mapParts<T>(
  schema: Schema,
  change: (part: Schema, step: Step) => T,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (keyword === 'properties') {
      const properties = Object.entries(value as Record<string, Schema>);
      return [
        keyword,
        Object.fromEntries(properties.map(([property, part]) => [property, change(part, { property })])),
      ];
    }
    if (keyword === 'items') return [keyword, change(value as Schema, 'items')];
    if (keyword === 'additionalProperties' && typeof value === 'object')
      return [keyword, change(value as Schema, 'values')];
    return [keyword, value];
  });
  return Object.fromEntries(entries);
}

/** The schema without its own description (those of its parts stay). */
export function withoutDescription(schema: Schema): Schema {
  const { description, ...rest } = schema;
  return description === undefined ? schema : rest;
}

/** The schema with this description, or without one. It stands first, where `compactSchema` puts it. */
export function withDescription(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? withoutDescription(schema) : { description, ...withoutDescription(schema) };
}

/** No description anywhere: for sources whose prose is not wanted. */
export function withoutProse(schema: Schema): Schema {
  return dropDescriptions(schema) as Schema;
}

const proseFree = new WeakMap<object, unknown>();

function dropDescriptions(schema: Schema): unknown {
  const known = proseFree.get(schema);
  if (known) return known;
  const result = mapParts(withoutDescription(schema), dropDescriptions);
  proseFree.set(schema, result);
  return result;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys in code-point order. */
export function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort();
}
