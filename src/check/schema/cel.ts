import type { ParseResult } from '@marcbachmann/cel-js';
import { remember } from '../../core/remember.ts';
import type { CelEnvironment } from './cel-environment.ts';
import { celEnvironment } from './cel-environment.ts';
import { compileConversion, wordsOf } from './cel-value.ts';
import { showValue } from './plain-data.ts';
import type { Check, Problem } from './problem.ts';
import { joinPath } from './problem.ts';
import type { Definitions, SchemaNode, ValidationRule } from './schema-node.ts';

/** Names that a rule gives its values. */
type Variables = Readonly<Record<'self' | 'oldSelf', unknown>>;

/**
 * The CEL rules of a node (`x-kubernetes-validations`) as one check, evaluated as the API server does when it creates
 * an object (apiextensions v0.33 pkg/apiserver/schema/cel): on values typed by the schema, with defaults filled in.
 * Transition rules (`oldSelf`) need an object that is there already and are left out, unless they say
 * `optionalOldSelf`. A rule that cannot be evaluated is a problem, as there. The library is loaded with the first rule.
 *
 * @param unchecked is told of a rule that this library does not understand.
 */
export function compileRules(
  node: SchemaNode,
  definitions: Definitions,
  unchecked: (reason: string) => void,
): Check | undefined {
  const rules = (node['x-kubernetes-validations'] ?? []).filter((rule) => runsOnCreate(rule));
  if (rules.length === 0) return undefined;
  const environment = celEnvironment();
  const words = new Set(
    rules.flatMap(({ rule, messageExpression = '' }) => [...wordsOf(rule), ...wordsOf(messageExpression)]),
  );
  const convert = compileConversion(node, definitions, words, environment);
  const checks = rules.map((rule) => compileRule(rule, environment, unchecked)).filter((check) => check !== undefined);
  if (checks.length === 0) return undefined;
  const { none } = environment;
  const evaluate: Check = (value) => {
    const variables: Variables = { self: convert ? convert(value) : value, oldSelf: none };
    let found: Problem[] | undefined;
    for (const check of checks) {
      const failed = check(variables, value);
      if (failed) (found ??= []).push(failed);
    }
    return found;
  };
  // Rules are pure, and run on what has the right type only.
  return node.type === 'string' ? remember(evaluate) : evaluate;
}

/** Does the rule say something about an object that is not there yet? */
function runsOnCreate({ rule, optionalOldSelf }: ValidationRule): boolean {
  return optionalOldSelf === true || !/\boldSelf\b/.test(rule);
}

type RuleCheck = (variables: Variables, value: unknown) => Problem | undefined;

function compileRule(
  rule: ValidationRule,
  environment: CelEnvironment,
  unchecked: (reason: string) => void,
): RuleCheck | undefined {
  const program = parse(rule.rule, environment);
  if (typeof program === 'string') {
    unchecked(`the CEL rule ${oneLine(rule.rule)} is not understood here: ${program}`);
    return undefined;
  }
  const explain = rule.messageExpression === undefined ? undefined : parse(rule.messageExpression, environment);
  const path = fieldPath(rule.fieldPath);
  return (variables, value) => {
    const shown = typeof value === 'object' ? '' : `${showValue(value)}: `;
    let result: unknown;
    try {
      result = program(variables);
    } catch (error) {
      return {
        id: 'schema/cel',
        path,
        message: `${shown}the rule ${oneLine(rule.rule)} cannot be evaluated: ${summaryOf(error)}`,
        fix: shown === '' ? 'write the fields that the rule reads' : 'change it so that the rule holds',
      };
    }
    if (result === true) return undefined;
    const reason = (typeof explain === 'function' ? explained(explain, variables) : undefined) ?? rule.message?.trim();
    return {
      id: 'schema/cel',
      path,
      message: `${shown}${reason ?? `fails the rule ${oneLine(rule.rule)}`}`,
      fix: `change it so that ${reason === undefined ? 'the rule' : oneLine(rule.rule)} holds`,
    };
  };
}

function parse(expression: string, environment: CelEnvironment): ParseResult | string {
  try {
    const program = environment.parse(expression);
    const checked = program.check();
    return checked.valid ? program : summaryOf(checked.error);
  } catch (error) {
    return summaryOf(error);
  }
}

/** A message expression that fails, or gives nothing to print, is passed over, as in the API server. */
function explained(program: ParseResult, variables: Variables): string | undefined {
  try {
    const text: unknown = program(variables);
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

/** `.spec['a.b'].c` as a path below the node. */
function fieldPath(path: string | undefined): string {
  const steps = [...(path ?? '').matchAll(/\.([\w-]+)|\['((?:[^'\\]|\\.)*)'\]/g)].map(
    ([, plain, quoted]) => plain ?? quoted ?? '',
  );
  return steps.reduceRight((rest, step) => joinPath(step, rest), '');
}

function summaryOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The library appends an excerpt of the rule, which stands beside it anyway.
  return oneLine(error.message.split('\n')[0] ?? '');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}
