import type { Schema } from './schema.ts';
import { compactSchema, partsOf, withoutDescription } from './schema.ts';

/** The text of a quantity, as controller-tools writes it for `resource.Quantity`. */
const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/** What a CustomResourceDefinition says about a quantity: no number with a fraction, which needs quotes there. */
export const QUANTITY = compactSchema({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: QUANTITY_PATTERN,
  'x-kubernetes-int-or-string': true,
});

/**
 * A quantity in a kind of Kubernetes itself, which any number may be (apimachinery v0.33 pkg/api/resource/quantity.go
 * UnmarshalJSON); its OpenAPI says only `string`.
 */
export const NATIVE_QUANTITY = compactSchema({
  anyOf: [{ type: 'number' }, { type: 'string' }],
  pattern: QUANTITY_PATTERN,
});

export const INT_OR_STRING = compactSchema({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
});

/** An object that nothing is known about; whatever is written into it stays. */
export const OPEN_OBJECT = compactSchema({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

/** Any value at all. */
export const ANYTHING = compactSchema({ 'x-kubernetes-preserve-unknown-fields': true });

const NAMES = new Map([
  [JSON.stringify(QUANTITY), 'Quantity'],
  [JSON.stringify(NATIVE_QUANTITY), 'Quantity'],
  [JSON.stringify(INT_OR_STRING), 'IntOrString'],
]);

/** The name under which everybody knows a schema, wherever it stands. */
export function wellKnownName(schema: Schema): string | undefined {
  return partsOf(schema).length === 0 ? NAMES.get(JSON.stringify(withoutDescription(schema))) : undefined;
}
