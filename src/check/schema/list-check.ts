import { isPlainMap, showValue } from './plain-data.ts';
import type { Check, Problems } from './problem.ts';
import { below, both, problem } from './problem.ts';
import { typeProblem } from './scalar-check.ts';
import type { SchemaNode, Definitions } from './schema-node.ts';
import { resolveNode } from './schema-node.ts';

/** Checks a list: its items, how many there are, and that no two are the same where the schema says so. */
export function listCheck(node: SchemaNode, definitions: Definitions, item: Check): Check {
  const { minItems = 0, maxItems = Infinity } = node;
  const identity = identityOf(node, definitions);
  return (value) => {
    if (!Array.isArray(value)) return typeProblem(value, 'a list');
    const list: readonly unknown[] = value;
    let found: Problems;
    for (let i = 0; i < list.length; i++) {
      const problems = item(list[i]);
      if (problems !== undefined) found = both(found, below(i, problems));
    }
    if (list.length < minItems) {
      const message =
        list.length === 0 ? 'the list is empty' : `the list has ${list.length} items, fewer than ${minItems}`;
      found = both(found, problem('schema/length', message, `write at least ${minItems}`));
    }
    if (list.length > maxItems) {
      const message = `the list has ${list.length} items, more than ${maxItems}`;
      found = both(found, problem('schema/length', message, `write at most ${maxItems}`));
    }
    if (identity && list.length > 1) found = both(found, repeats(list, identity));
    return found;
  };
}

/** What an item is known by in its list. */
interface Identity {
  /** Equal for items that are the same; `undefined` when the item has no identity (it is wrong itself). */
  readonly keyOf: (item: unknown) => unknown;
  /** The same for a message. */
  readonly show: (item: unknown) => string;
}

/**
 * `x-kubernetes-list-type: map` and `set` (apiextensions v0.33 pkg/apiserver/schema/listtype; for core kinds the
 * same lists are keyed by their patch merge key): the API server refuses two items with one key.
 */
function identityOf(node: SchemaNode, definitions: Definitions): Identity | undefined {
  if (node['x-kubernetes-list-type'] === 'set' || node.uniqueItems === true)
    return { keyOf: comparable, show: showValue };
  const keys = node['x-kubernetes-list-map-keys'];
  if (node['x-kubernetes-list-type'] !== 'map' || !keys) return undefined;
  const properties = node.items ? resolveNode(node.items, definitions).properties : undefined;
  // Two ports of which one says TCP and one says nothing are the same port.
  const defaults = keys.map((key) =>
    properties?.[key] ? resolveNode(properties[key], definitions).default : undefined,
  );
  const valuesOf = (item: unknown): unknown[] =>
    isPlainMap(item) ? keys.map((key, i) => item[key] ?? defaults[i]) : [];
  return {
    keyOf: (item) => {
      const values = valuesOf(item);
      if (values.every((value) => value === undefined)) return undefined;
      // Most lists have one key.
      return comparable(values.length === 1 ? values[0] : values);
    },
    show: (item) =>
      valuesOf(item)
        .flatMap((value, i) => (value === undefined ? [] : `${keys[i]} ${showValue(value)}`))
        .join(', '),
  };
}

function repeats(list: readonly unknown[], { keyOf, show }: Identity): Problems {
  let found: Problems;
  const first = new Map<unknown, number>();
  for (let i = 0; i < list.length; i++) {
    const key = keyOf(list[i]);
    if (key === undefined) continue;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, i);
    else {
      const message = `repeats ${show(list[i])} of item ${earlier}, but each may occur once`;
      found = both(
        found,
        below(i, problem('schema/list-key', message, 'remove one of the two, or give it a key of its own')),
      );
    }
  }
  return found;
}

/** What a `Map` finds equal for equal values only: the value itself, and text for lists and objects. */
function comparable(value: unknown): unknown {
  return value === undefined || (typeof value === 'object' && value !== null) ? `\0${stableText(value)}` : value;
}

/** Text that is equal for equal values, whatever the order of their fields. Never throws. */
function stableText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableText).join()}]`;
  if (!isPlainMap(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${stableText(value[field])}`).join()}}`;
}
