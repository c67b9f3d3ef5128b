import { compileRules } from '../../../src/check/schema/cel.ts';
import type { Definitions, SchemaNode } from '../../../src/check/schema/schema-node.ts';
import { createCompiler } from '../../../src/check/schema/walker.ts';

/** What a schema says of a value: `path: id: message -> fix` per problem. */
export function problemsOf(schema: SchemaNode, value: unknown, definitions: Definitions = {}): string[] {
  const unchecked: string[] = [];
  const skip = (reason: string) => void unchecked.push(reason);
  const compiler = createCompiler(definitions, (node) => compileRules(node, definitions, skip), skip);
  const problems = compiler.compile(schema)(value) ?? [];
  return [
    ...problems.map(({ path, id, message, fix }) => `${path}: ${id}: ${message} -> ${fix}`),
    ...unchecked.map((reason) => `unchecked: ${reason}`),
  ];
}

/** Only which rules a value breaks, and where. */
export function rulesBroken(schema: SchemaNode, value: unknown, definitions: Definitions = {}): string[] {
  return problemsOf(schema, value, definitions).map((text) => text.split(': ').slice(0, 2).join(': '));
}
