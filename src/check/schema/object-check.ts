import { didYouMean } from '../../core/names.ts';
import { isPlainMap } from './plain-data.ts';
import type { Check, Problems } from './problem.ts';
import { below, both, problem } from './problem.ts';
import { SCALAR_TYPES, typeProblem } from './scalar-check.ts';
import type { Definitions, SchemaNode } from './schema-node.ts';
import { hasDefault } from './schema-node.ts';

/** How to check the fields of an object: those with a name in the schema, and all others. */
export interface FieldChecks {
  /** Compiled when a field is met for the first time: of a PodSpec most fields never are. */
  readonly named: ReadonlyMap<string, LazyCheck>;
  /** For every other field; `undefined` refuses them. */
  readonly others: Check | undefined;
}

/** A check that is compiled when it is needed. */
export interface LazyCheck {
  readonly compile: () => Check;
  check: Check | undefined;
}

/** Checks an object: its fields, which must be there, and how many there are. */
export function objectCheck(node: SchemaNode, definitions: Definitions, { named, others }: FieldChecks): Check {
  const defaulted = Object.entries(node.properties ?? {})
    .filter(([, property]) => hasDefault(property, definitions))
    .map(([name]) => name);
  const required = (node.required ?? []).filter((name) => !defaulted.includes(name));
  const { minProperties = 0, maxProperties = Infinity } = node;
  const counted = minProperties > 0 || maxProperties < Infinity;
  // Most objects have the fields of the one before, in its order: their checks need not be looked up again.
  const keys: string[] = [];
  const checks: (Check | undefined)[] = [];
  return (value) => {
    if (!isPlainMap(value)) return typeProblem(value, 'an object');
    let found: Problems;
    let place = 0;
    for (const key in value) {
      const child = value[key];
      // Writers drop such fields, as JSON does.
      if (child === undefined) continue;
      if (keys[place] !== key) {
        const field = named.get(key);
        checks[place] = field === undefined ? others : (field.check ??= field.compile());
        keys[place] = key;
      }
      const check = checks[place++];
      // The check of most fields.
      if (check === SCALAR_TYPES.string && typeof child === 'string') continue;
      const problems = check === undefined ? unknownField(key, named) : check(child);
      if (problems !== undefined) found = both(found, below(key, problems));
    }
    for (const name of required) {
      if (value[name] === undefined)
        found = both(found, below(name, problem('schema/required', 'is missing', `write ${name}`)));
    }
    if (counted) {
      const present = new Set(Object.keys(value).filter((key) => value[key] !== undefined));
      for (const name of defaulted) present.add(name);
      if (present.size < minProperties) {
        const message =
          present.size === 0
            ? 'the object is empty'
            : `the object has ${present.size} fields, fewer than ${minProperties}`;
        found = both(found, problem('schema/length', message, `write at least ${minProperties}`));
      }
      if (present.size > maxProperties) {
        const message = `the object has ${present.size} fields, more than ${maxProperties}`;
        found = both(found, problem('schema/length', message, `write at most ${maxProperties}`));
      }
    }
    return found;
  };
}

/** More names than this are no help in a message. */
const MAX_LISTED = 12;

function unknownField(key: string, named: ReadonlyMap<string, LazyCheck>): Problems {
  const near = didYouMean(key, named.keys());
  const names = [...named.keys()];
  const known =
    names.length === 0
      ? 'no fields are known here'
      : `known here: ${names.slice(0, MAX_LISTED).join(', ')}${names.length > MAX_LISTED ? ', …' : ''}`;
  return problem(
    'schema/unknown-field',
    'is no field of the schema, so the API server refuses it or drops it without a word',
    near === undefined ? `remove it; ${known}` : `write ${near}`,
  );
}
