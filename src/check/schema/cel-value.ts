import type { CelEnvironment } from './cel-environment.ts';
import { isPlainMap } from './plain-data.ts';
import type { Definitions, SchemaNode } from './schema-node.ts';
import { resolveNode } from './schema-node.ts';

/** A plain value as CEL sees it. */
export type Convert = (value: unknown) => unknown;

/** All names and words of an expression; a field that is not among them cannot be read by it. */
export function wordsOf(expression: string): readonly string[] {
  return expression.match(/[A-Za-z_]\w*/g) ?? [];
}

/**
 * How to turn a value into what CEL rules read, typed by its schema: integers apart from numbers, dates and durations
 * instead of text, fields that are missing filled in with their defaults, fields whose names CEL cannot say under
 * their escaped names. Only what the rules mention is touched; `undefined` when that is nothing.
 *
 * @param words what the rules mention, see `wordsOf`.
 */
export function compileConversion(
  node: SchemaNode,
  definitions: Definitions,
  words: ReadonlySet<string>,
  environment: Pick<CelEnvironment, 'duration'>,
): Convert | undefined {
  function compile(unresolved: SchemaNode): Convert | undefined {
    const current = resolveNode(unresolved, definitions);
    if (current['x-kubernetes-int-or-string'] === true) return toInteger;
    switch (current.type) {
      case 'integer':
        return toInteger;
      case 'string':
        return textConversion(current.format);
      case 'array': {
        const item = current.items && compile(current.items);
        return item && ((value) => (Array.isArray(value) ? value.map(item) : value));
      }
      case 'object':
        return objectConversion(current);
      default:
        return undefined;
    }
  }

  function textConversion(format: string | undefined): Convert | undefined {
    switch (format) {
      // Dates are what the library has for timestamps.
      case 'date-time':
        return (value) => (typeof value === 'string' ? new Date(value) : value);
      case 'date':
        return (value) => (typeof value === 'string' ? new Date(`${value}T00:00:00Z`) : value);
      case 'duration':
        return (value) => (typeof value === 'string' ? environment.duration(value) : value);
      case 'byte':
        return (value) => (typeof value === 'string' ? Buffer.from(value, 'base64') : value);
      default:
        return undefined;
    }
  }

  function objectConversion(object: SchemaNode): Convert | undefined {
    const { additionalProperties, properties = {} } = object;
    if (typeof additionalProperties === 'object') {
      const convert = compile(additionalProperties);
      return convert && ((map) => (isPlainMap(map) ? mapValues(map, convert) : map));
    }
    const fields = Object.entries(properties)
      .map(([name, property]) => fieldConversion(name, property))
      .filter((field) => field !== undefined);
    if (fields.length === 0) return undefined;
    return (value) => {
      if (!isPlainMap(value)) return value;
      const converted: Record<string, unknown> = { ...value };
      for (const { name, escaped, convert, fallback } of fields) {
        const field = value[name];
        const result = field === undefined ? fallback : convert ? convert(field) : field;
        if (result !== undefined) converted[escaped] = result;
      }
      return converted;
    };
  }

  function fieldConversion(name: string, property: SchemaNode) {
    const escaped = escapeName(name);
    if (!words.has(escaped)) return undefined;
    const convert = compile(property);
    const { default: plain } = resolveNode(property, definitions);
    if (!convert && plain === undefined && escaped === name) return undefined;
    return { name, escaped, convert, fallback: convert && plain !== undefined ? convert(plain) : plain };
  }

  return compile(node);
}

function toInteger(value: unknown): unknown {
  return Number.isInteger(value) ? BigInt(value as number) : value;
}

function mapValues(map: Readonly<Record<string, unknown>>, convert: Convert): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, convert(value)]));
}

/** Words that CEL keeps for itself (k8s.io/apiserver pkg/cel/escaping.go). */
const RESERVED: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name by which a rule reads a field: `__namespace__`, `first__dash__name`. */
function escapeName(name: string): string {
  return RESERVED.has(name) ? `__${name}__` : name.replace(/__|[.\-/]/g, (part) => ESCAPES[part] ?? part);
}
