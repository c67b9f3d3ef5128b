import type { z } from 'zod';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { serviceFinding } from './rules.ts';
import { knownFields } from './schema-walk.ts';
import { findUnwritable } from './unwritable.ts';

/** Where all fields are listed: of services, and of the platform. */
const REFERENCE = 'docs/service-reference.md, docs/platform.md';

/** The value, or what is wrong with it. */
export type Parsed<T> = { readonly value: T; readonly findings: readonly Finding[] } | { readonly value: undefined; readonly findings: readonly Finding[] };

/**
 * Checks a value against a schema of the vocabulary and turns zod's issues into findings that name the field.
 *
 * @param where service, environment and file, as far as they are known; `field` is the prefix of the paths.
 * @param locate where the value at a path stands in its file, when it comes from one.
 */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, where: Where, locate?: Locate): Parsed<z.output<S>> {
  const root: Root = { schema, value, where, locate };
  const unwritable = findUnwritable(value).map(({ path, message, fix }) => serviceFinding('service/value', placeOf(root, path), message, fix));
  const result = schema.safeParse(value);
  if (result.success && unwritable.length === 0) return { value: result.data, findings: [] };
  const findings = (result.error?.issues ?? []).flatMap((issue) => issueFindings(issue, root));
  return { value: undefined, findings: [...unwritable, ...findings] };
}

/** Where a value stands in its file; a `field` that it gives is put in front of the path. */
export type Locate = (path: readonly PropertyKey[]) => Where;

/** What was parsed, with what, and where it is from. */
interface Root {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly where: Where;
  readonly locate: Locate | undefined;
}

function placeOf({ where, locate }: Root, path: readonly PropertyKey[]): Where {
  const at = { ...where, ...locate?.(path) };
  const field = fieldPath(at.field, path);
  return field === '' ? at : { ...at, field };
}

function issueFindings(issue: z.core.$ZodIssue, root: Root): Finding[] {
  const at = valueAt(root.value, issue.path);
  if (at === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')) {
    return [serviceFinding('service/required', placeOf(root, issue.path), 'the field is missing', `write it; expected ${expected(issue)}`)];
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      return issue.keys.map((key) => {
        const fix = nearMiss(key) ?? `remove it; the fields that there are: ${REFERENCE}`;
        return serviceFinding('service/unknown-field', placeOf(root, [...issue.path, key]), `unknown field ${JSON.stringify(key)}`, fix);
      });
    }
    case 'invalid_union':
      return [kindsOf(issue) ? kindFinding(issue, root) : unionFinding(issue, root)];
    case 'invalid_type':
      return [typeFinding(issue, root)];
    case 'custom':
      return [serviceFinding('service/value', placeOf(root, issue.path), issue.message, fixOf(issue))];
    case 'invalid_key': {
      const [inner] = issue.issues;
      const key = JSON.stringify(issue.path.at(-1));
      const message = inner?.code === 'custom' ? inner.message : `${key} is not a name that is allowed here`;
      const fix = inner?.code === 'custom' ? fixOf(inner) : `write ${inner ? expected(inner) : 'another'}`;
      return [serviceFinding('service/value', placeOf(root, issue.path), message, fix)];
    }
    default: {
      const message = `${shown(at, issue.path)} is not valid: ${lowerFirst(issue.message)}`;
      return [serviceFinding('service/value', placeOf(root, issue.path), message, `write ${expected(issue)}`)];
    }
  }

  function nearMiss(key: string): string | undefined {
    const near = didYouMean(key, knownFields(root.schema, issue.path));
    return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
  }
}

/** A value of the wrong type. What YAML reads as a number or a switch is nearly always text without its quotes. */
function typeFinding({ path, expected: type }: Pick<z.core.$ZodIssueInvalidType, 'path' | 'expected'>, root: Root): Finding {
  const value = valueAt(root.value, path);
  const text = type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  const quoted = isHidden(path) ? '' : `: "${String(value)}"`;
  const fix = text ? `write it in quotes${quoted}` : `write ${typeWord(type)}`;
  return serviceFinding('service/value', placeOf(root, path), `${shown(value, path)} is not ${typeWord(type)}`, fix);
}

/** The kinds that there are, where the field at the issue says which form a map has, and says none of them. */
function kindsOf(issue: z.core.$ZodIssueInvalidUnion): readonly string[] | undefined {
  return 'options' in issue ? issue.options?.map(String) : undefined;
}

function kindFinding(issue: z.core.$ZodIssueInvalidUnion, root: Root): Finding {
  const kind = valueAt(root.value, issue.path);
  const near = typeof kind === 'string' ? didYouMean(kind, kindsOf(issue) ?? []) : undefined;
  const fix = near === undefined ? `write ${expected(issue)}` : `did you mean ${JSON.stringify(near)}?`;
  return serviceFinding('service/value', placeOf(root, issue.path), `${shown(kind, issue.path)} is no kind that is known here`, fix);
}

/** Of all options of a union, the one that got furthest says what is wrong. */
function unionFinding(issue: z.core.$ZodIssueInvalidUnion, root: Root): Finding {
  const value = valueAt(root.value, issue.path);
  const best = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0];
  const first = best?.[0];
  if (first && typeof value === 'object' && distance(best) < 100) {
    const [finding] = issueFindings({ ...first, path: [...issue.path, ...first.path] }, root);
    if (finding) return finding;
  }
  const orText = issue.errors.some(([error]) => error?.code === 'invalid_type' && error.expected === 'string' && error.path.length === 0);
  if (orText && (typeof value === 'number' || typeof value === 'boolean')) return typeFinding({ path: issue.path, expected: 'string' }, root);
  const message = `${shown(value, issue.path)} fits none of the forms that are allowed here`;
  return serviceFinding('service/value', placeOf(root, issue.path), message, `write one of: ${expected(issue)}`);
}

/** How far an option of a union is from fitting: a wrong type or key at the top is far, a wrong value deeper is near. */
function distance(errors: readonly z.core.$ZodIssue[]): number {
  let sum = 0;
  for (const error of errors) {
    if (error.code === 'unrecognized_keys') sum += 100;
    else if (error.code === 'invalid_type') sum += error.path.length === 0 ? 1000 : 100;
    else sum += 1;
  }
  return sum;
}

/** What an issue wants, in words; an issue of a field inside of a union's option names the field. */
function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeWord(issue.expected);
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_union': {
      const kinds = kindsOf(issue);
      if (kinds) return kinds.map((kind) => JSON.stringify(kind)).join(' or ');
      return [...new Set(issue.errors.map((errors) => errors.map(expectedInside).join(' and ')))].join('; ');
    }
    case 'unrecognized_keys':
      return `no ${issue.keys.join(', ')}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_format':
      return issue.pattern === undefined ? `a ${issue.format}` : `text that matches ${issue.pattern}`;
    default:
      return lowerFirst(issue.message);
  }
}

function expectedInside(issue: z.core.$ZodIssue): string {
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${expected(issue)}` : expected(issue);
}

/** zod's names of types, as people who write YAML and TypeScript call them. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list', boolean: 'true or false', int: 'a whole number', number: 'a number', object: 'a map', record: 'a map', string: 'text', tuple: 'a list',
};

function typeWord(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

function fixOf(issue: z.core.$ZodIssueCustom): string {
  const fix: unknown = issue.params?.['fix'];
  return typeof fix === 'string' ? fix : `see ${REFERENCE}`;
}

/** A path as it is written in the source: `predictor.args[0]`. */
export function fieldPath(prefix: string | undefined, path: readonly PropertyKey[]): string {
  let text = prefix ?? '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

/** The value at a path, `undefined` when there is none. What an object inherits is not there. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined), root);
}

/** Fields whose values may be secrets, by mistake or not: no message repeats them. */
const HIDDEN: ReadonlySet<PropertyKey> = new Set(['args', 'env', 'secrets']);

function isHidden(path: readonly PropertyKey[]): boolean {
  return path.some((part) => HIDDEN.has(part));
}

/** A value as its author knows it, on one line of moderate length; maps are not written out. Never throws. */
function shown(value: unknown, path: readonly PropertyKey[]): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const text = `[${value.map((item) => (typeof item === 'object' || isHidden(path) ? '…' : shown(item, path))).join(',')}]`;
    return text.length > 80 ? `${text.slice(0, 77)}…]` : text;
  }
  if (typeof value === 'object') return 'the map';
  if (isHidden(path)) return 'the value';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'number':
    case 'symbol':
      return String(value);
    default:
      return `a value of type ${typeof value}`;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
