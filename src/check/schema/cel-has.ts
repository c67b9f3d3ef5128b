import type { ASTNode, Environment, Optional } from '@marcbachmann/cel-js';

/** What the library hands to a macro, as far as this one needs it (its README, "Custom macros"). */
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown;
}
interface Checker {
  check(node: ASTNode, context: unknown): unknown;
  getType(name: string): unknown;
}
interface HasMacro {
  readonly operand: ASTNode;
  readonly field: string;
}

/**
 * Adds `hasField(e.f)`: is there a field `f` in `e`? `e` is any expression, and an error in it is an error, as the CEL
 * specification says of `has`.
 */
export function registerHas(environment: Environment, optional: typeof Optional): void {
  const expand = ({ args }: { readonly args: readonly ASTNode[] }) => {
    const [selection] = args;
    if (selection?.op !== '.') throw new Error('has() takes a field selection');
    const [operand, field] = selection.args;
    return {
      operand,
      field,
      async: false,
      typeCheck(checker: Checker, macro: HasMacro, context: unknown): unknown {
        checker.check(macro.operand, context);
        return checker.getType('bool');
      },
      evaluate(evaluator: Evaluator, macro: HasMacro, context: unknown): boolean {
        const operand = evaluator.run(macro.operand, context);
        return operand instanceof optional
          ? operand.hasValue() && holds(operand.value(), macro.field)
          : holds(operand, macro.field);
      },
    };
  };
  environment.registerFunction('hasField(ast): bool', expand);
}

function holds(operand: unknown, field: string): boolean {
  if (operand instanceof Map) return operand.has(field);
  if (typeof operand !== 'object' || operand === null)
    throw new Error(`no field ${field} in a value that is not an object`);
  return (operand as Readonly<Record<string, unknown>>)[field] !== undefined && Object.hasOwn(operand, field);
}
