import type { z } from 'zod';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { modelTextProblems, type ModelSpelling } from './model-uri.ts';
import { serviceFinding } from './rules.ts';
import { knownFields } from './schema-walk.ts';
import { findUnwritable } from './unwritable.ts';

/** Where all fields are listed: of services, and of the platform. */
const REFERENCE = 'docs/service-reference.md, docs/platform.md';

/** The value, or what is wrong with it. */
export type Parsed<T> =
  | { readonly value: T; readonly findings: readonly Finding[] }
  | { readonly value: undefined; readonly findings: readonly Finding[] };

/**
 * Checks a value against a schema of the vocabulary and turns zod's issues into findings that name the field.
 *
 * @param where service, environment and file, as far as they are known; `field` is the prefix of the paths.
 * @param locate where the value at a path stands in its file, when it comes from one.
 */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: Where,
  locate?: Locate,
): Parsed<z.output<S>> {
  const root: Root = { schema, value, where, locate };
  const unwritable = findUnwritable(value).map(({ path, message, fix }) =>
    serviceFinding('service/value', placeOf(root, path), message, fix),
  );
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
  /** Whether it is what a fix would make of the value, of which is asked only whether it were right. */
  readonly tried?: boolean;
}

function placeOf({ where, locate }: Root, path: readonly PropertyKey[]): Where {
  const at = { ...where, ...locate?.(path) };
  const field = fieldPath(at.field, path);
  return field === '' ? at : { ...at, field };
}

function issueFindings(issue: z.core.$ZodIssue, root: Root): Finding[] {
  const at = valueAt(root.value, issue.path);
  if (
    at === undefined &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')
  ) {
    return [
      serviceFinding(
        'service/required',
        placeOf(root, issue.path),
        'the field is missing',
        `write it; expected ${expected(issue)}`,
      ),
    ];
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      return issue.keys.map((key) => {
        const fix = nearMiss(key) ?? `remove it; the fields that there are: ${REFERENCE}`;
        return serviceFinding(
          'service/unknown-field',
          placeOf(root, [...issue.path, key]),
          `unknown field ${JSON.stringify(key)}`,
          fix,
        );
      });
    }
    case 'invalid_union': {
      const kinds = kindsOf(issue);
      return kinds ? [choiceFinding(issue.path, kinds, 'kind', root)] : unionFindings(issue, root);
    }
    case 'invalid_type':
      return [typeFinding(issue, root)];
    case 'invalid_value':
      return [choiceFinding(issue.path, issue.values, 'value', root)];
    case 'custom':
      return [
        ownWords(issue) === undefined
          ? serviceFinding('service/value', placeOf(root, issue.path), issue.message, fixOf(issue))
          : valueFinding(issue, root),
      ];
    case 'too_small':
    case 'too_big':
      return [sizeFinding(issue, root)];
    case 'invalid_key': {
      const [inner] = issue.issues;
      const key = JSON.stringify(issue.path.at(-1));
      const message =
        inner?.code === 'custom'
          ? inner.message
          : `${key} is not ${(inner && whatIsExpected(inner)) ?? 'a name that is allowed here'}`;
      const fix = inner?.code === 'custom' ? fixOf(inner) : `write ${inner ? expected(inner) : 'another'}`;
      return [serviceFinding('service/value', placeOf(root, issue.path), message, fix)];
    }
    default:
      return [valueFinding(issue, root)];
  }

  function nearMiss(key: string): string | undefined {
    const near = didYouMean(key, knownFields(root.schema, issue.path));
    return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
  }
}

/** What a value is not, by the words of its schema. */
function valueFinding(issue: z.core.$ZodIssue, root: Root): Finding {
  const value = shown(valueAt(root.value, issue.path), issue.path);
  const what = whatIsExpected(issue);
  const message =
    what === undefined ? `${value} is not valid: ${lowerFirst(issue.message)}` : `${value} is not ${what}`;
  return serviceFinding('service/value', placeOf(root, issue.path), message, `write ${expected(issue)}`);
}

/** A number that is too small or large, or a text or list that is too short or long. */
function sizeFinding(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, root: Root): Finding {
  const value = valueAt(root.value, issue.path);
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const beyond =
    issue.code === 'too_small'
      ? issue.inclusive === false
        ? 'not more'
        : 'less'
      : issue.inclusive === false
        ? 'not less'
        : 'more';
  let message = `${shown(value, issue.path)} is ${beyond} than ${bound}`;
  if (value === '' || (Array.isArray(value) && value.length === 0))
    message = `the ${value === '' ? 'text' : 'list'} is empty`;
  else if (typeof value === 'string') message = `the text has ${value.length} characters, ${beyond} than ${bound}`;
  else if (Array.isArray(value))
    message = `the list has ${value.length} ${value.length === 1 ? 'entry' : 'entries'}, ${beyond} than ${bound}`;
  return serviceFinding('service/value', placeOf(root, issue.path), message, `write ${expected(issue)}`);
}

/** A value of the wrong type. What YAML reads as a number or a switch is nearly always text without its quotes. */
function typeFinding(issue: Pick<z.core.$ZodIssueInvalidType, 'path' | 'expected'>, root: Root): Finding {
  const { path, expected: type } = issue;
  const value = valueAt(root.value, path);
  const place = placeOf(root, path);
  const text = type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  const quoted = isHidden(path) ? '' : `: "${String(value)}"`;
  const fix = text
    ? ((root.tried || isHidden(path) ? undefined : fixOfText(path, String(value), root)) ??
      `write it in quotes${quoted}`)
    : `write ${typeWord(type)}`;
  return serviceFinding('service/value', place, `${shown(value, path)} is not ${typeWord(type)}`, fix);
}

/** What would be said to do if the value at a path were that text; `undefined` where the text is right. */
function fixOfText(path: readonly PropertyKey[], text: string, root: Root): string | undefined {
  const value = withValueAt(root.value, path, text);
  const tried: Root = { ...root, value, tried: true };
  const findings = (root.schema.safeParse(value).error?.issues ?? []).flatMap((issue) => issueFindings(issue, tried));
  const { field } = placeOf(root, path);
  return findings.find(({ where }) => where.field === field)?.fix;
}

function withValueAt(root: unknown, [key, ...rest]: readonly PropertyKey[], value: unknown): unknown {
  if (key === undefined) return value;
  const inner = withValueAt(valueAt(root, [key]), rest, value);
  return Array.isArray(root)
    ? root.map((item: unknown, index) => (index === key ? inner : item))
    : { ...(root as object), [key]: inner };
}

/** The kinds that there are, where the field at the issue says which form a map has, and says none of them. */
function kindsOf(issue: z.core.$ZodIssueInvalidUnion): readonly string[] | undefined {
  return 'options' in issue ? issue.options?.map(String) : undefined;
}

/** A value that is none of those that there are, with the one that was meant. */
function choiceFinding(
  path: readonly PropertyKey[],
  choices: readonly unknown[],
  what: 'kind' | 'value',
  root: Root,
): Finding {
  const value = valueAt(root.value, path);
  const near =
    typeof value === 'string'
      ? didYouMean(
          value,
          choices.filter((choice) => typeof choice === 'string'),
        )
      : undefined;
  const fix = near === undefined ? `write ${listed(choices)}` : `did you mean ${JSON.stringify(near)}?`;
  return serviceFinding(
    'service/value',
    placeOf(root, path),
    `${shown(value, path)} is no ${what} that is known here`,
    fix,
  );
}

/** Of all options of a union, the one that was meant says all that is wrong; without one, all forms are named. */
function unionFindings(issue: z.core.$ZodIssueInvalidUnion, root: Root): Finding[] {
  if (ownWords(issue) !== undefined) return [valueFinding(issue, root)];
  const value = valueAt(root.value, issue.path);
  if (typeof value === 'string' && isModel(root, issue.path)) {
    const problems = modelTextProblems(value, (root.where.file ?? '').endsWith('.yaml') ? IN_YAML : IN_TYPESCRIPT);
    return problems.map(({ message, fix }) => serviceFinding('service/value', placeOf(root, issue.path), message, fix));
  }
  const meant = optionMeant(issue, value);
  if (meant) return meant.flatMap((error) => issueFindings({ ...error, path: [...issue.path, ...error.path] }, root));
  const orText = issue.errors.some(
    ([error]) => error?.code === 'invalid_type' && error.expected === 'string' && error.path.length === 0,
  );
  if (orText && (typeof value === 'number' || typeof value === 'boolean'))
    return [typeFinding({ path: issue.path, expected: 'string' }, root)];
  const message = `${shown(value, issue.path)} fits none of the forms that are allowed here`;
  const forms = expected(issue);
  return [
    serviceFinding(
      'service/value',
      placeOf(root, issue.path),
      message,
      mixedForms(issue, value) ?? `write ${forms.includes('; ') ? `one of: ${forms}` : forms}`,
    ),
  ];
}

/** Whether a model is meant at a path: the one kind of map that has both of these fields in its forms. */
function isModel({ schema }: Root, path: readonly PropertyKey[]): boolean {
  const fields = knownFields(schema, path);
  return fields.includes('uri') && fields.includes('registry');
}

const IN_YAML: ModelSpelling = {
  uri: (uri) => `{ uri: "${uri}" }`,
  registry: '{ registry: <registry>, name: <name>, version: "<version>" }',
};

const IN_TYPESCRIPT: ModelSpelling = {
  uri: (uri) => `ModelRef.uri('${uri}')`,
  registry: "ModelRef.registry('<registry>', '<name>:<version>')",
};

/** What to leave out of a map that is as near to one form as to another, since it has fields of both. */
function mixedForms({ errors }: z.core.$ZodIssueInvalidUnion, value: unknown): string | undefined {
  const least = Math.min(...errors.map((option) => distance(option, value)));
  const nearest = errors.filter((option) => least < Infinity && distance(option, value) === least);
  const surplus = new Set(
    nearest.map((option) =>
      option
        .flatMap((error) => (error.code === 'unrecognized_keys' && error.path.length === 0 ? error.keys : []))
        .join(' and '),
    ),
  );
  return surplus.size > 1 && !surplus.has('') ? `leave out ${[...surplus].join(', or ')}` : undefined;
}

/** What is wrong with the option whose fields come nearest to those of the value; `undefined` where two are as near. */
function optionMeant(
  { errors }: z.core.$ZodIssueInvalidUnion,
  value: unknown,
): readonly z.core.$ZodIssue[] | undefined {
  const [first, second] = errors
    .map((option) => ({ option, far: distance(option, value) }))
    .sort((a, b) => a.far - b.far);
  return first && first.far < Infinity && first.far < (second?.far ?? Infinity) ? first.option : undefined;
}

/** How far a value is from an option by its fields alone: those that the option does not know, or misses. */
function distance(errors: readonly z.core.$ZodIssue[], value: unknown): number {
  let fields = 0;
  for (const error of errors) {
    if (error.code === 'unrecognized_keys' && error.path.length === 0) fields += error.keys.length;
    else if (error.path.length === 0 && isOtherType(error)) return Infinity;
    else if (error.code === 'invalid_union' && error.path.length === 0)
      fields += Math.min(...error.errors.map((option) => distance(option, value)));
    else if (error.path.length === 1 && valueAt(value, error.path) === undefined) fields += 1;
  }
  return fields;
}

/** Whether an option is for values of another type; our own checks of a type say what they expect, others what is wrong. */
function isOtherType(error: z.core.$ZodIssue): boolean {
  return (
    error.code === 'invalid_type' ||
    error.code === 'invalid_value' ||
    (error.code === 'custom' && ownWords(error) !== undefined)
  );
}

/** What a schema of ours says that it wants, by the message "expected <what>, as <example>"; the example may be missing. */
function ownWords({ message }: Pick<z.core.$ZodIssue, 'message'>): string | undefined {
  return message.startsWith('expected ') ? message.slice('expected '.length) : undefined;
}

/** What a schema of ours says that it wants, without the example. */
function whatIsExpected(issue: Pick<z.core.$ZodIssue, 'message'>): string | undefined {
  return ownWords(issue)?.split(', as ')[0];
}

/** What an issue wants, in words; an issue of a field inside of a union's option names the field. */
function expected(issue: z.core.$ZodIssue): string {
  const own = ownWords(issue);
  if (own !== undefined) return own;
  switch (issue.code) {
    case 'invalid_type':
      return typeWord(issue.expected);
    case 'invalid_value':
      return listed(issue.values);
    case 'invalid_union': {
      const kinds = kindsOf(issue);
      if (kinds) return listed(kinds);
      return [...new Set(issue.errors.map((errors) => errors.map(expectedInside).join(' and ')))].join('; ');
    }
    case 'unrecognized_keys':
      return `the same without ${issue.keys.join(', ')}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${counted(issue.maximum, issue.origin)}`;
    default:
      return lowerFirst(issue.message);
  }
}

function listed(choices: readonly unknown[]): string {
  return choices.map((choice) => JSON.stringify(choice)).join(' or ');
}

/** A bound with what it counts; a number counts nothing. */
function counted(bound: number | bigint, origin: string): string {
  if (origin === 'string') return `${bound} ${bound === 1 ? 'character' : 'characters'}`;
  if (origin === 'array') return `${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return String(bound);
}

function expectedInside(issue: z.core.$ZodIssue): string {
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${expected(issue)}` : expected(issue);
}

/** zod's names of types, as people who write YAML and TypeScript call them. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a map',
  record: 'a map',
  string: 'text',
  tuple: 'a list',
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

/** The path that a field names, the other way round of `fieldPath`; `undefined` where it is not of that form. */
export function pathOfField(field: string): PropertyKey[] | undefined {
  const parts = [...field.matchAll(/(?:^|\.)([A-Za-z_][\w-]*)|\[(?:(\d+)|("(?:[^"\\]|\\.)*"))\]/g)];
  if (parts.map(([part]) => part).join('') !== field) return undefined;
  return parts.map(([, name, index, quoted]) =>
    quoted === undefined ? (name ?? Number(index)) : (JSON.parse(quoted) as string),
  );
}

/** The value at a path, `undefined` when there is none. What an object inherits is not there. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    root,
  );
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
