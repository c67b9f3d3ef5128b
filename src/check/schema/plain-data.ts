import type { Problems } from './problem.ts';
import { below, both, problem } from './problem.ts';

/** Deeper than any API goes; what is deeper holds itself. The same limit as that of the YAML emitter. */
const MAX_DEPTH = 100;

/** A map of plain data: an object literal or what a parser returns, not a list and not an instance of a class. */
export function isPlainMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The last condition is `Object.prototype` of another realm.
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What a value is, with the value where that is short: `"4" is a string`, `is a list`. Never throws. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `${showValue(value)} is a string`;
  if (typeof value === 'boolean') return `${value} is a boolean`;
  if (typeof value === 'number' && isManifestNumber(value)) {
    return `${value} is ${Number.isInteger(value) ? 'an integer' : 'a number with a fraction'}`;
  }
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is a list';
  return isPlainMap(value) ? 'is an object' : `${showValue(value)} cannot be written into a manifest`;
}

/** The value as a reader of a finding knows it, cut to one line of moderate length. Never throws. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return shorten(JSON.stringify(value));
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'the list';
      return isPlainMap(value) ? 'the object' : 'an instance of a class';
    default:
      return `a ${typeof value}`;
  }
}

/** Text of at most 80 characters. */
function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 60)}…${text.slice(-16)}`;
}

/** A number that JSON and YAML can hold: finite, and not -0, which reads back as another number. */
export function isManifestNumber(value: number): boolean {
  return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
}

/** Checks a value that no schema describes: anything goes that YAML can hold. */
export function checkPlainData(value: unknown, depth = 0): Problems {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return isManifestNumber(value) ? undefined : unfit(value);
    case 'object': {
      if (value === null) return undefined;
      if (depth >= MAX_DEPTH) {
        return problem('schema/type', `is nested more than ${MAX_DEPTH} levels deep, or holds itself`, 'make it flat');
      }
      let found: Problems;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
          const inner = checkPlainData(value[i], depth + 1);
          if (inner) found = both(found, below(i, inner));
        }
        return found;
      }
      if (!isPlainMap(value)) return unfit(value);
      for (const key in value) {
        const inner = value[key] === undefined ? undefined : checkPlainData(value[key], depth + 1);
        if (inner) found = both(found, below(key, inner));
      }
      return found;
    }
    default:
      return unfit(value);
  }
}

function unfit(value: unknown): Problems {
  return problem('schema/type', describeValue(value), 'write a string, number, boolean, list or plain object');
}
