import type { z } from 'zod';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { knownFields } from './schema-walk.ts';

/** The value, or what is wrong with it. */
export type Parsed<T> = { readonly value: T; readonly findings: readonly Finding[] } | { readonly value: undefined; readonly findings: readonly Finding[] };

/**
 * Checks a value against a schema of the vocabulary and turns zod's issues into findings that name the field.
 *
 * @param where service, environment and file, as far as they are known; `field` is the prefix of the paths.
 * @param locate where the value at a path stands in its file, when it comes from one.
 */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, where: Where, locate?: Locate): Parsed<z.output<S>> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, findings: [] };
  const findings = result.error.issues.flatMap((issue) =>
    issueFindings(issue, locate ? { ...where, ...locate(issue.path) } : where, { schema, value }),
  );
  return { value: undefined, findings };
}

/** Where a value stands in its file. */
export type Locate = (path: readonly PropertyKey[]) => Where;

/** What was parsed, and with what. */
interface Root {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

function issueFindings(issue: z.core.$ZodIssue, where: Where, root: Root): Finding[] {
  const here = (path: readonly PropertyKey[]): Where => ({ ...where, field: fieldPath(where.field, path) });
  const at = valueAt(root.value, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      return issue.keys.map((key) => ({
        id: 'service/unknown-field',
        severity: 'error',
        where: here([...issue.path, key]),
        message: `unknown field ${JSON.stringify(key)}`,
        fix: nearMiss(key) ?? 'remove it, or see docs/service.md for the fields that there are',
      }));
    }
    case 'invalid_union':
      return [unionFinding(issue, where, root)];
    case 'custom':
      return [{ id: 'service/value', severity: 'error', where: here(issue.path), message: issue.message, fix: fixOf(issue) }];
    default:
      if (issue.code === 'invalid_type' && at === undefined) {
        return [{ id: 'service/required', severity: 'error', where: here(issue.path), message: 'the field is missing', fix: `write it; expected ${issue.expected}` }];
      }
      return [{ id: 'service/value', severity: 'error', where: here(issue.path), message: `${shown(at)} is not valid: ${lowerFirst(issue.message)}`, fix: `write ${expected(issue)}` }];
  }

  function nearMiss(key: string): string | undefined {
    const near = didYouMean(key, knownFields(root.schema, issue.path));
    return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
  }
}

/** Of all options of a union, the one that got furthest says what is wrong. */
function unionFinding(issue: z.core.$ZodIssueInvalidUnion, where: Where, root: Root): Finding {
  const value = valueAt(root.value, issue.path);
  const best = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0];
  const first = best?.[0];
  if (first && typeof value === 'object' && distance(best) < 100) {
    const [finding] = issueFindings({ ...first, path: [...issue.path, ...first.path] } as z.core.$ZodIssue, where, root);
    if (finding) return finding;
  }
  const options = issue.errors.map((errors) => errors.map(expected).join(' and '));
  return {
    id: 'service/value',
    severity: 'error',
    where: { ...where, field: fieldPath(where.field, issue.path) },
    message: `${shown(value)} fits none of the forms that are allowed here`,
    fix: `write one of: ${[...new Set(options)].join('; ')}`,
  };
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

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.expected}` : issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'unrecognized_keys':
      return `no ${issue.keys.join(', ')}`;
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_format':
      return issue.pattern === undefined ? `a ${issue.format}` : `text that matches ${issue.pattern}`;
    default:
      return lowerFirst(issue.message);
  }
}

function fixOf(issue: z.core.$ZodIssueCustom): string {
  const fix: unknown = issue.params?.['fix'];
  return typeof fix === 'string' ? fix : 'see docs/service.md';
}

function fieldPath(prefix: string | undefined, path: readonly PropertyKey[]): string {
  let text = prefix ?? '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined), root);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
