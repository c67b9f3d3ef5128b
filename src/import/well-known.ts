import type { Schema } from './schema.ts';
import { compactSchema, partsOf, withoutDescription } from './schema.ts';

/**
 * What a CustomResourceDefinition says about a quantity (controller-tools writes it so for `resource.Quantity`);
 * Kubernetes' own OpenAPI says only `string`.
 */
export const QUANTITY = compactSchema({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
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
  [JSON.stringify(INT_OR_STRING), 'IntOrString'],
]);

/** The name under which everybody knows a schema, wherever it stands. */
export function wellKnownName(schema: Schema): string | undefined {
  return partsOf(schema).length === 0 ? NAMES.get(JSON.stringify(withoutDescription(schema))) : undefined;
}
