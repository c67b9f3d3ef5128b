import type { Schema } from './schema.ts';

const HANDLED: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/**
 * The schema of a whole object without what every object has (`apiVersion`, `kind`, `metadata`: checked by rule,
 * not by schema) and without `status`, which a tree in Git never carries.
 */
export function rootSchema(schema: Schema): Schema {
  const { properties = {}, required = [], ...rest } = schema;
  const named = required.filter((name) => !HANDLED.has(name));
  return {
    ...rest,
    type: 'object',
    ...(named.length > 0 && { required: named }),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !HANDLED.has(name))),
  };
}
