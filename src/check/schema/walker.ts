import { alternativeChecks } from './alternatives.ts';
import { listCheck } from './list-check.ts';
import { EMBEDDED_FIELDS } from './metadata.ts';
import type { FieldChecks, LazyCheck } from './object-check.ts';
import { objectCheck } from './object-check.ts';
import { checkPlainData, isPlainMap } from './plain-data.ts';
import type { Check } from './problem.ts';
import { all, both } from './problem.ts';
import {
  enumCheck,
  integerProblem,
  isInteger,
  numberConstraints,
  SCALAR_TYPES,
  textConstraints,
  typeProblem,
} from './scalar-check.ts';
import type { Definitions, SchemaNode } from './schema-node.ts';
import { hasDefault, resolveNode } from './schema-node.ts';

/** Makes the check of the CEL rules of a node; `undefined` when it has none that can run. */
export type CompileRules = (node: SchemaNode) => Check | undefined;

/** Turns schema nodes into checks. */
export interface Compiler {
  /** The check of a value by its node. A definition is compiled once, whatever refers to it. */
  compile(node: SchemaNode): Check;
  /** The same, but the named fields are checked by these checks, whether the schema has them or not. */
  compileWithFields(node: SchemaNode, fields: Readonly<Record<string, Check>>): Check;
}

/**
 * A compiler for the schemas of one group.
 *
 * Each node becomes a closure that knows its constraints, so that a check reads no schema; the fields of an object are
 * compiled when one is met for the first time. What is checked is what the API server checks of a structural schema
 * (k8s.io/apiextensions-apiserver and k8s.io/kube-openapi, v0.33), with unknown fields refused and defaults taken
 * into account.
 *
 * @param unchecked is told what cannot be checked here, while compiling.
 */
export function createCompiler(
  definitions: Definitions,
  compileRules: CompileRules,
  unchecked: (reason: string) => void,
): Compiler {
  const compiled = new Map<SchemaNode, Check>();

  function compile(node: SchemaNode): Check {
    const resolved = resolveNode(node, definitions);
    let check = compiled.get(resolved);
    if (check === undefined) {
      check =
        resolved['x-kubernetes-embedded-resource'] === true
          ? compileWithFields(
              { ...resolved, required: [...(resolved.required ?? []), 'apiVersion', 'kind'] },
              EMBEDDED_FIELDS,
            )
          : compileWhole(resolved);
      compiled.set(resolved, check);
    }
    return check;
  }

  function compileWithFields(node: SchemaNode, fields: Readonly<Record<string, Check>>): Check {
    const resolved = resolveNode(node, definitions);
    const properties: Record<string, SchemaNode> = { ...resolved.properties };
    for (const [name, check] of Object.entries(fields)) compiled.set((properties[name] = {}), check);
    return compileWhole({ ...resolved, properties });
  }

  /** A node that describes a value. CEL rules run on what has the right shape only, as in the API server. */
  function compileWhole(node: SchemaNode): Check {
    const structural = compileConstraints(node, false);
    const rules = compileRules(node);
    if (rules === undefined) return structural;
    return (value) => {
      const found = structural(value);
      if (found?.some(({ id }) => id !== 'schema/cel')) return found;
      return value === null ? found : both(found, rules(value));
    };
  }

  /** A node inside `allOf` and its kin says something more about a value that its parent has described. */
  function compilePartial(node: SchemaNode): Check {
    return compileConstraints(resolveNode(node, definitions), true);
  }

  function compileConstraints(node: SchemaNode, partial: boolean): Check {
    const intOrString = node['x-kubernetes-int-or-string'] === true;
    const checks = [
      intOrString ? intOrStringCheck(node) : node.type === undefined ? untyped(node, partial) : typed(node, partial),
    ];
    if (node.enum) checks.push(enumCheck(node.enum));
    // What controller-tools writes beside int-or-string is the same once more.
    const { anyOf, ...others } = node;
    const alternatives = [
      ...alternativeChecks(intOrString && anyOf?.length === 2 ? others : node, compilePartial),
      ...(node.allOf ?? []).map((branch) => compilePartial(branch)),
    ];
    checks.push(...withDefaults(node, alternatives));
    const check = all(checks);
    return node.nullable === true ? (value) => (value === null ? undefined : check(value)) : check;
  }

  /** The API server fills in defaults before it asks which alternative an object is. */
  function withDefaults(node: SchemaNode, alternatives: readonly Check[]): readonly Check[] {
    const defaults: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      if (hasDefault(property, definitions)) defaults[name] = resolveNode(property, definitions).default;
    }
    if (Object.keys(defaults).length === 0) return alternatives;
    return alternatives.map((check) => (value) => check(isPlainMap(value) ? filled(value, defaults) : value));
  }

  function typed(node: SchemaNode, partial: boolean): Check {
    switch (node.type) {
      case 'object':
        return objectCheck(node, definitions, fieldChecks(node, partial));
      case 'array':
        return listCheck(node, definitions, itemCheck(node));
      case 'string': {
        const constraints = textConstraints(node, unchecked);
        if (!constraints) return SCALAR_TYPES.string!;
        return (value) => (typeof value === 'string' ? constraints(value) : typeProblem(value, 'a string'));
      }
      case 'integer':
      case 'number': {
        const isType = SCALAR_TYPES[node.type]!;
        const constraints = numberConstraints(node);
        return constraints ? (value) => isType(value) ?? constraints(value as number) : isType;
      }
      default:
        return SCALAR_TYPES[node.type ?? ''] ?? checkPlainData;
    }
  }

  function intOrStringCheck(node: SchemaNode): Check {
    const text = textConstraints(node, unchecked);
    const number = numberConstraints(node);
    return (value) => {
      if (typeof value === 'string') return text?.(value);
      if (!isInteger(value)) return typeProblem(value, 'an integer or a string');
      return integerProblem(value) ?? number?.(value);
    };
  }

  /** Without a type the keywords bind the values that they can be about. */
  function untyped(node: SchemaNode, partial: boolean): Check {
    const text = textConstraints(node, unchecked);
    const number = numberConstraints(node);
    const object = isAny(node, OBJECT_KEYWORDS)
      ? objectCheck(node, definitions, fieldChecks(node, partial))
      : undefined;
    const list = isAny(node, LIST_KEYWORDS) ? listCheck(node, definitions, itemCheck(node)) : undefined;
    return (value) => {
      if (typeof value === 'string') return text?.(value);
      if (typeof value === 'number') return checkPlainData(value) ?? number?.(value);
      if (list && Array.isArray(value)) return list(value);
      if (object && isPlainMap(value)) return object(value);
      // Inside `allOf` and its kin the parent has looked at everything else.
      return partial ? undefined : checkPlainData(value);
    };
  }

  function itemCheck(node: SchemaNode): Check {
    return node.items ? compile(node.items) : checkPlainData;
  }

  function fieldChecks(node: SchemaNode, partial: boolean): FieldChecks {
    const inner = partial ? compilePartial : compile;
    const named = new Map<string, LazyCheck>();
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      named.set(name, { compile: () => inner(property), check: undefined });
    }
    const { additionalProperties } = node;
    if (typeof additionalProperties === 'object') return { named, others: inner(additionalProperties) };
    if (partial) return { named, others: () => undefined };
    const open = additionalProperties === true || node['x-kubernetes-preserve-unknown-fields'] === true;
    return { named, others: open ? checkPlainData : undefined };
  }

  return { compile, compileWithFields };
}

function filled(value: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>>): unknown {
  const copy: Record<string, unknown> = { ...value };
  for (const name in defaults) copy[name] ??= defaults[name];
  return copy;
}

const OBJECT_KEYWORDS = ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'] as const;
const LIST_KEYWORDS = ['items', 'minItems', 'maxItems', 'uniqueItems', 'x-kubernetes-list-type'] as const;

function isAny(node: SchemaNode, keywords: readonly (keyof SchemaNode)[]): boolean {
  return keywords.some((keyword) => node[keyword] !== undefined);
}
