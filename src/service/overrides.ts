import { z } from 'zod';
import { childSchema, unwrap, type AnySchema } from './schema-walk.ts';

/**
 * Overrides follow the shape of what they override: objects merge key by key, everything else (arrays, unions,
 * scalars) replaces, and `null` unsets. Both functions here walk the zod schema, so there is one description of the shape.
 */

/** One override schema per schema, since a schema's id may stand in a JSON Schema only once. */
const made = new WeakMap<AnySchema, z.ZodType>();

/** The schema of an override: every field optional, and `null` where the field may be left out. */
export function overrideSchema(schema: AnySchema): z.ZodType {
  const inner = unwrap(schema) as z.ZodType;
  const known = made.get(inner);
  if (known) return known;
  const override = buildOverrideSchema(inner);
  made.set(inner, override);
  return override;
}

function buildOverrideSchema(inner: z.ZodType): z.ZodType {
  const meta = inner.meta() ?? {};
  const described = meta.description === undefined ? {} : { description: meta.description };
  const named = meta.id === undefined ? described : { ...described, id: `${meta.id}Override` };
  if (inner instanceof z.ZodObject) {
    const fields: Readonly<Record<string, AnySchema>> = inner.def.shape;
    const shape = Object.entries(fields).map(
      ([key, field]) => [key, overrideSchema(field).nullable().optional().meta(fieldMeta(field))] as const,
    );
    return z.strictObject(Object.fromEntries(shape)).meta(named);
  }
  if (inner instanceof z.ZodRecord) {
    return z.record(inner.def.keyType, overrideSchema(inner.def.valueType).nullable()).meta(described);
  }
  return inner;
}

/** The description of a field, which sits on the outermost wrapper. */
function fieldMeta(field: AnySchema): { description?: string } {
  const description = (field as z.ZodType).meta()?.description;
  return description === undefined ? {} : { description };
}

/**
 * Merges an override into a value. The inputs stay untouched.
 *
 * @example mergeOverride(schema, { scaling: { min: 2, max: 20 } }, { scaling: { max: null } }) // { scaling: { min: 2 } }
 */
export function mergeOverride(schema: AnySchema, base: unknown, override: unknown): unknown {
  const inner = unwrap(schema);
  const merges = inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
  if (!merges || !isObject(override)) return override;
  const merged: Record<string, unknown> = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(override)) {
    if (value === undefined) continue;
    const field = childSchema(inner, key);
    if (value === null) delete merged[key];
    else merged[key] = field ? mergeOverride(field, merged[key], value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a user writes in an override of `T`: part of the objects, whole arrays and unions, `null` to unset. */
export type Override<T> = [T] extends [readonly unknown[]]
  ? T
  : [T] extends [object]
    ? IsUnion<T> extends true
      ? T
      : { [K in keyof T]?: Override<Exclude<T[K], undefined>> | null }
    : T;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;
