import { didYouMean } from '../../core/names.ts';
import { INT64, INTEGER_RANGES, TEXT_FORMATS } from './formats.ts';
import { translatePattern } from './pattern.ts';
import { describeValue, isManifestNumber, showValue } from './plain-data.ts';
import type { Check, Problem, Problems } from './problem.ts';
import { problem } from './problem.ts';
import type { SchemaNode } from './schema-node.ts';

/** Constraints on one JSON type; `undefined` when the node has none, so that nobody calls them. */
type Constraints<T> = ((value: T) => Problems) | undefined;

/** A value of the wrong type. */
export function typeProblem(value: unknown, expected: string): readonly Problem[] {
  // Right for all kinds: a core kind takes it for left out, and a server-side apply of a custom resource refuses it.
  const said =
    value === null
      ? 'is null, which counts as left out, or is refused'
      : `${describeValue(value)}, and must be ${expected}`;
  return problem('schema/type', said, typeFix(value, expected));
}

function typeFix(value: unknown, expected: string): string {
  if (expected === 'a string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `write it as text: "${String(value)}"`;
  }
  if (expected !== 'a string' && typeof value === 'string' && /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(value)) {
    return `write ${value} without quotes`;
  }
  if (expected === 'a list' && value !== null && value !== undefined)
    return 'put it into a list, even when it is the only one';
  if (value === null || value === undefined) return `leave the field out, or write ${expected}`;
  return `write ${expected}`;
}

/** An integer that can be written down. */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value) && isManifestNumber(value as number);
}

/**
 * The API server reads an integer that 64 bits cannot hold as a number with a fraction (sigs.k8s.io/json), and refuses
 * it wherever an integer must be.
 */
export function integerProblem(value: number): Problems {
  const [min, max] = INT64;
  if (value >= min && value <= max) return undefined;
  return problem('schema/range', `${value} does not fit int64`, `write a number between ±${max}`);
}

/** Is the value of this JSON type, and what is said when not. A float without a fraction is an integer. */
export const SCALAR_TYPES: Readonly<Record<string, Check>> = {
  string: (value) => (typeof value === 'string' ? undefined : typeProblem(value, 'a string')),
  boolean: (value) => (typeof value === 'boolean' ? undefined : typeProblem(value, 'a boolean')),
  integer: (value) => (isInteger(value) ? integerProblem(value) : typeProblem(value, 'an integer')),
  number: (value) =>
    typeof value === 'number' && isManifestNumber(value) ? undefined : typeProblem(value, 'a number'),
};

/** Length, pattern and format. Lengths count code points, as the API server does. */
export function textConstraints(node: SchemaNode, unchecked: (reason: string) => void): Constraints<string> {
  const { pattern, minLength = 0, maxLength = Infinity } = node;
  const format = TEXT_FORMATS.get(node.format ?? '');
  const expression = pattern === undefined ? undefined : translatePattern(pattern);
  if (pattern !== undefined && !expression)
    unchecked(`the pattern ${JSON.stringify(pattern)} has no translation to JavaScript`);
  if (!expression && !format && minLength === 0 && maxLength === Infinity) return undefined;
  return (text) => {
    // Code units are an upper bound of code points, and nearly always equal.
    if (text.length > maxLength && codePoints(text) > maxLength) {
      return problem(
        'schema/length',
        `${showValue(text)} has ${codePoints(text)} characters, of which at most ${maxLength} are allowed`,
        `write at most ${maxLength} characters`,
      );
    }
    if (text.length < 2 * minLength && codePoints(text) < minLength) {
      return problem(
        'schema/length',
        text === '' ? 'is empty' : `${showValue(text)} has fewer than ${minLength} characters`,
        `write at least ${minLength} character${minLength === 1 ? '' : 's'}`,
      );
    }
    if (expression && !expression.test(text)) {
      return pattern === QUANTITY_PATTERN
        ? problem(
            'schema/pattern',
            `${showValue(text)} is not a Kubernetes quantity`,
            'write an amount as 500m, 2, 1.5Gi or 1e3',
          )
        : problem(
            'schema/pattern',
            `${showValue(text)} does not match ${pattern}`,
            'write a value that matches the pattern',
          );
    }
    if (format && !format.test(text)) {
      return problem(
        'schema/format',
        `${showValue(text)} is not ${format.name}`,
        `write ${format.name}, as ${format.example}`,
      );
    }
    return undefined;
  };
}

/** What controller-tools and `ai-service import` write for a `resource.Quantity`; nobody reads it as what it means. */
const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

function codePoints(text: string): number {
  return [...text].length;
}

/** Range, also that of an integer format, and divisor. */
export function numberConstraints(node: SchemaNode): Constraints<number> {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum, multipleOf } = node;
  const range = INTEGER_RANGES.get(node.format ?? '');
  if (!range && minimum === -Infinity && maximum === Infinity && multipleOf === undefined) return undefined;
  return (value) => {
    if (value < minimum || (exclusiveMinimum === true && value === minimum)) {
      const bound = exclusiveMinimum === true ? 'more than' : 'at least';
      return problem('schema/range', `${value} is too small`, `write ${bound} ${minimum}`);
    }
    if (value > maximum || (exclusiveMaximum === true && value === maximum)) {
      const bound = exclusiveMaximum === true ? 'less than' : 'at most';
      return problem('schema/range', `${value} is too large`, `write ${bound} ${maximum}`);
    }
    if (range && (value < range[0] || value > range[1])) {
      return problem('schema/range', `${value} does not fit ${node.format}`, `write a number between ±${range[1]}`);
    }
    // Relative to the size, because 0.3 / 0.1 is not 3.
    if (multipleOf !== undefined && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
      return problem(
        'schema/range',
        `${value} is not a multiple of ${multipleOf}`,
        `write a multiple of ${multipleOf}`,
      );
    }
    return undefined;
  };
}

/** One of the listed values. */
export function enumCheck(allowed: readonly unknown[]): Check {
  const scalars = new Set(allowed);
  const texts = new Set(allowed.filter((one) => typeof one === 'object').map((one) => JSON.stringify(one)));
  return (value) => {
    if (scalars.has(value)) return undefined;
    if (texts.size > 0 && typeof value === 'object' && texts.has(JSON.stringify(value))) return undefined;
    const names = allowed.filter((one) => typeof one === 'string' && one !== '') as string[];
    const near = typeof value === 'string' ? didYouMean(value, names) : undefined;
    const list = allowed.map((one) => (typeof one === 'object' ? JSON.stringify(one) : showValue(one))).join(', ');
    return problem(
      'schema/enum',
      `${showValue(value)} is not one of ${list}`,
      near === undefined ? `write one of ${list}` : `write ${near}`,
    );
  };
}
