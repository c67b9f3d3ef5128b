import { showValue } from './plain-data.ts';
import type { Check, Problems } from './problem.ts';
import { problem } from './problem.ts';
import type { SchemaNode } from './schema-node.ts';

/** Does a value match a schema? Says no more, and so costs no more, than that. */
type Test = (value: unknown) => boolean;

/**
 * A schema inside `oneOf`, `anyOf` or `not` as a test. Not matching is the normal case for these, so the usual forms
 * (which fields are there) must not build messages that nobody reads; all others go through `compile`.
 */
function compileTest(node: SchemaNode, compile: (node: SchemaNode) => Check): Test {
  const tests: Test[] = [];
  for (const keyword of Object.keys(node)) {
    const test = simpleTest(node, keyword, compile);
    if (test === undefined) {
      const check = compile(node);
      return (value) => check(value) === undefined;
    }
    tests.push(test);
  }
  return (value) => tests.every((test) => test(value));
}

function simpleTest(node: SchemaNode, keyword: string, compile: (node: SchemaNode) => Check): Test | undefined {
  switch (keyword) {
    case 'required': {
      const names = node.required ?? [];
      return (value) => !isObject(value) || names.every((name) => value[name] !== undefined);
    }
    case 'not': {
      const test = compileTest(node.not ?? {}, compile);
      return (value) => !test(value);
    }
    case 'oneOf':
    case 'anyOf':
    case 'allOf': {
      const tests = (node[keyword] ?? []).map((branch) => compileTest(branch, compile));
      if (keyword === 'anyOf') return (value) => tests.some((test) => test(value));
      if (keyword === 'allOf') return (value) => tests.every((test) => test(value));
      return (value) => countMatches(tests, value) === 1;
    }
    default:
      return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countMatches(tests: readonly Test[], value: unknown): number {
  let count = 0;
  for (const test of tests) if (test(value)) count++;
  return count;
}

/** `oneOf`, `anyOf` and `not` of a node, with messages in the names of the fields where only those matter. */
export function alternativeChecks(node: SchemaNode, compile: (node: SchemaNode) => Check): Check[] {
  const checks: Check[] = [];
  if (node.oneOf) {
    const { oneOf } = node;
    const tests = oneOf.map((branch) => compileTest(branch, compile));
    checks.push((value) => {
      const matches = countMatches(tests, value);
      return matches === 1 ? undefined : explain(oneOf, value, matches);
    });
  }
  if (node.anyOf) {
    const { anyOf } = node;
    const tests = anyOf.map((branch) => compileTest(branch, compile));
    checks.push((value) => (tests.some((test) => test(value)) ? undefined : explain(anyOf, value, 0)));
  }
  if (node.not) {
    const excluded = node.not;
    const test = compileTest(excluded, compile);
    checks.push((value) =>
      test(value)
        ? problem(
            'schema/one-of',
            `${showValue(value)} is what the schema excludes: ${cut(JSON.stringify(excluded))}`,
            'write something else',
          )
        : undefined,
    );
  }
  return checks;
}

/** Which alternatives there are and which of them the value has. */
function explain(branches: readonly SchemaNode[], value: unknown, matches: number): Problems {
  const names = branches.map((branch) =>
    Object.keys(branch).join() === 'required' ? (branch.required ?? []).join(' with ') : undefined,
  );
  const fields = names.filter((name) => name !== undefined);
  if (isObject(value) && fields.length >= branches.length - 1) {
    const choice = fields.join(', ');
    const present = fields.filter((name) => name.split(' with ').every((field) => value[field] !== undefined));
    if (present.length > 1) {
      return problem(
        'schema/one-of',
        `has ${present.join(' and ')}, which exclude each other`,
        `keep one of ${choice}`,
      );
    }
    if (present.length === 0) return problem('schema/one-of', `has none of ${choice}`, `write one of ${choice}`);
  }
  const allowed = cut(branches.map((branch) => JSON.stringify(branch)).join(' or '));
  const message =
    matches === 0
      ? `${showValue(value)} matches none of the forms`
      : `${showValue(value)} matches ${matches} of the forms, not one`;
  return problem('schema/one-of', `${message} that the schema allows`, `make it match ${allowed}`);
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
