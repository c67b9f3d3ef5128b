/**
 * One node of an imported schema: the subset of JSON Schema that Kubernetes calls structural, as `ai-service
 * import` writes it to `imports/<group>/schema.json`.
 */
export interface SchemaNode {
  /** Always alone: the node is the definition `#/defs/<name>` of the same file. */
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly not?: SchemaNode;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** A CEL rule of a schema node (`ValidationRule` of apiextensions.k8s.io/v1). */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** Definitions of one group by name, which `$ref` points to. */
export type Definitions = Readonly<Record<string, SchemaNode>>;

const PREFIX = '#/defs/';

/** The node itself, or the definition that it refers to. */
export function resolveNode(node: SchemaNode, definitions: Definitions): SchemaNode {
  let resolved = node;
  while (resolved.$ref !== undefined) resolved = definitions[resolved.$ref.slice(PREFIX.length)] ?? {};
  return resolved;
}

/** Properties that the API server fills in before it validates, so that their absence is no mistake. */
export function hasDefault(node: SchemaNode | undefined, definitions: Definitions): boolean {
  return node !== undefined && resolveNode(node, definitions).default !== undefined;
}
