import { code, table } from './markdown.ts';

/** The part of JSON Schema that zod makes of the vocabulary. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** What JSON Schema has no word for: a function. */
  readonly tsType?: string;
}

/**
 * Tables of all fields of a schema: one for the schema itself, one for every definition that it uses. Fields of nested
 * objects have their path: `retries.attempts`, `tolerations[].key`, `keys.<name>.key`.
 *
 * @param leaveOut fields at the top that are described elsewhere.
 */
export function fieldReference(schema: JsonSchema, leaveOut: readonly string[] = []): string {
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !leaveOut.includes(name));
  const top: JsonSchema = { ...schema, properties: Object.fromEntries(properties) };
  const definitions = schema.$defs ?? {};
  const named = used(top, definitions).map((name) => section(name, definitions[name] ?? {}, definitions));
  return [section(schema.title ?? '', top, definitions), ...named].join('\n\n');
}

type Definitions = Readonly<Record<string, JsonSchema>>;

/** The definitions that a schema uses, in the order in which it names them. */
function used(schema: JsonSchema, definitions: Definitions, names = new Set<string>()): string[] {
  for (const child of [...Object.values(schema.properties ?? {}), ...parts(schema)]) {
    const name = nameOf(child);
    if (name === undefined) used(child, definitions, names);
    else if (!names.has(name)) {
      names.add(name);
      used(definitions[name] ?? {}, definitions, names);
    }
  }
  return [...names];
}

/** Everything in a schema that is a schema, but for its fields. */
function parts({ items, prefixItems, additionalProperties, anyOf }: JsonSchema): JsonSchema[] {
  return [items ?? [], prefixItems ?? [], additionalProperties || [], anyOf ?? []].flat();
}

function section(name: string, schema: JsonSchema, definitions: Definitions): string {
  const forms = schema.anyOf ? [`One of: ${schema.anyOf.map(form).join(', ')}.`] : [];
  const rows = fieldRows(schema, '', definitions);
  const fields = rows.length > 0 ? [table(['field', 'type', 'default', 'description'], rows)] : [];
  return [`### ${name}`, schema.description ?? '', ...forms, ...fields].filter((part) => part !== '').join('\n\n');
}

/** One form of a union, in short. */
function form(schema: JsonSchema): string {
  const fields = Object.keys(schema.properties ?? {});
  return fields.length > 0 ? code(`{ ${fields.join(', ')} }`) : typeText(schema);
}

function fieldRows(schema: JsonSchema, prefix: string, definitions: Definitions): string[][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const { text, stated } = described(field.description ?? definitions[nameOf(field) ?? '']?.description ?? '');
    const required = schema.required?.includes(name) ? 'required' : '';
    return [
      [code(path), typeText(field), required || stated || defaultText(field.default), text],
      ...nested(field, path, definitions),
    ];
  });
  // A field of one form of a union is required in that form only, which the list of forms says.
  const forms = (schema.anyOf ?? []).map((option) => ({ ...option, required: [] }));
  return [...own, ...forms.flatMap((option) => fieldRows(option, prefix, definitions))];
}

/** Rows of what is written in place in a field: objects, lists and maps of them, and their unions. */
function nested(field: JsonSchema, path: string, definitions: Definitions): string[][] {
  if (nameOf(field) !== undefined) return [];
  const rows = fieldRows(field, path, definitions);
  if (field.items && nameOf(field.items) === undefined) rows.push(...fieldRows(field.items, `${path}[]`, definitions));
  const { additionalProperties: values } = field;
  if (values && nameOf(values) === undefined) rows.push(...fieldRows(values, `${path}.<name>`, definitions));
  return rows;
}

/** A default that only the description knows stands in it as a sentence. */
function described(description: string): { text: string; stated: string } {
  const [sentence = '', stated = ''] = / ?Default: (.+?)\.(?= |$)/.exec(description) ?? [];
  return { text: description.replace(sentence, ''), stated };
}

/** Objects and lists that are empty by default say nothing that a missing field does not say. */
function defaultText(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0))
    return '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function typeText(schema: JsonSchema): string {
  const name = nameOf(schema);
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`;
  if (schema.tsType !== undefined) return code(schema.tsType.replace(/^\((.*)\)$/, '$1'));
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (schema.prefixItems) return `list of ${schema.prefixItems.length}: ${schema.prefixItems.map(typeText).join(', ')}`;
  if (schema.items) return `list of ${typeText(schema.items)}`;
  if (schema.additionalProperties && !schema.properties) return `map of ${typeText(schema.additionalProperties)}`;
  return [schema.type ?? 'any', range(schema)].filter((part) => part !== '').join(', ');
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const bounds = [
    minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : `from ${minimum}`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`,
    exclusiveMaximum === undefined ? '' : `and below ${exclusiveMaximum}`,
  ];
  return bounds.filter((bound) => bound !== '').join(' ');
}

function nameOf({ $ref }: JsonSchema): string | undefined {
  return $ref?.replace('#/$defs/', '');
}
