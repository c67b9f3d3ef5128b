import { isPlainMap, showValue } from './plain-data.ts';
import type { Check, Problems } from './problem.ts';
import { below, both, problem } from './problem.ts';
import { typeProblem } from './scalar-check.ts';
import type { SchemaNode, Definitions } from './schema-node.ts';
import { resolveNode } from './schema-node.ts';

/** Checks a list: its items, how many there are, and that no two are the same where the schema says so. */
export function listCheck(
  node: SchemaNode,
  definitions: Definitions,
  item: Check,
): Check {
  const { minItems = 0, maxItems = Infinity } = node;
  const identify = identityOf(node, definitions);
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
    if (identify && list.length > 1) found = both(found, repeats(list, identify));
    return found;
  };
}

/** What an item is known by in its list; `undefined` when it has no identity (the item itself is wrong). */
type Identify = (item: unknown) => { readonly key: string; readonly shown: string } | undefined;

/**
 * `x-kubernetes-list-type: map` and `set` (apiextensions v0.33 pkg/apiserver/schema/listtype; for core kinds the
 * same lists are keyed by their patch merge key): the API server refuses two items with one key.
 */
function identityOf(node: SchemaNode, definitions: Definitions): Identify | undefined {
  if (node['x-kubernetes-list-type'] === 'set' || node.uniqueItems === true) {
    return (item) => ({ key: `${typeof item} ${stableText(item)}`, shown: showValue(item) });
  }
  const keys = node['x-kubernetes-list-map-keys'];
  if (node['x-kubernetes-list-type'] !== 'map' || !keys) return undefined;
  const properties = node.items ? resolveNode(node.items, definitions).properties : undefined;
  // Two ports of which one says TCP and one says nothing are the same port.
  const defaults = keys.map((key) =>
    properties?.[key] ? resolveNode(properties[key], definitions).default : undefined,
  );
  return (item) => {
    if (!isPlainMap(item)) return undefined;
    const values = keys.map((key, i) => item[key] ?? defaults[i]);
    if (values.every((value) => value === undefined)) return undefined;
    return {
      key: values.map((value) => `${typeof value} ${stableText(value)}`).join('\n'),
      shown: keys.map((key, i) => `${key} ${showValue(values[i])}`).join(', '),
    };
  };
}

function repeats(list: readonly unknown[], identify: Identify): Problems {
  let found: Problems;
  const first = new Map<string, number>();
  for (let i = 0; i < list.length; i++) {
    const identity = identify(list[i]);
    if (!identity) continue;
    const earlier = first.get(identity.key);
    if (earlier === undefined) first.set(identity.key, i);
    else {
      const message = `repeats ${identity.shown} of item ${earlier}, but each may occur once`;
      found = both(
        found,
        below(i, problem('schema/list-key', message, 'remove one of the two, or give it a key of its own')),
      );
    }
  }
  return found;
}

/** Text that is equal for equal values, whatever the order of their fields. Never throws. */
function stableText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableText).join()}]`;
  if (!isPlainMap(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${stableText(value[field])}`).join()}}`;
}
