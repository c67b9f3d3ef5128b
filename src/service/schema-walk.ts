import { z } from 'zod';

export type AnySchema = z.core.$ZodType;

/** The schema without its wrappers `optional`, `nullable`, `default` and `prefault`. */
export function unwrap(schema: AnySchema): AnySchema {
  let inner = schema as z.ZodType;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  ) {
    inner = inner.def.innerType as z.ZodType;
  }
  return inner;
}

/** The schema of a field of an object or record; `undefined` where the schema has no such field. */
export function childSchema(schema: AnySchema, key: PropertyKey): AnySchema | undefined {
  if (schema instanceof z.ZodObject) return schema.def.shape[String(key)] as AnySchema | undefined;
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  return undefined;
}

/** The fields that an object may have at a path below a schema, over all options of the unions on the way. */
export function knownFields(schema: AnySchema, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.def.options.flatMap((option) => knownFields(option, path));
  const [key, ...rest] = path;
  if (key === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.def.shape) : [];
  const child = inner instanceof z.ZodArray ? inner.def.element : childSchema(inner, key);
  return child ? knownFields(child, rest) : [];
}
