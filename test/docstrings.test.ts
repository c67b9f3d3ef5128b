import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Everything that users of the package see in their editor says what it is for. */

const root = join(import.meta.dirname, '..');
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
  config: { compilerOptions: object };
};
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram([join(root, 'src/index.ts')], options);
const checker = program.getTypeChecker();

function exported(): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, 'src/index.ts'))!)!;
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

const isDocumented = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0;

const isOurs = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.[0]?.getSourceFile().fileName.startsWith(join(root, 'src')) ?? false;

/** Fields and methods of our own that users may touch. A field may leave the word to its type, when that has one. */
function members(symbol: ts.Symbol): ts.Symbol[] {
  const own = [...(symbol.members?.values() ?? []), ...(symbol.exports?.values() ?? []), ...membersOfConstant(symbol)];
  return own.filter((member) => {
    if (!isOurs(member) || member.flags & ts.SymbolFlags.TypeParameter) return false;
    if (member.name.startsWith('__') || member.name.startsWith('#')) return false;
    if (member.getJsDocTags(checker).some(({ name }) => name === 'internal')) return false;
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(member));
    const named = type.aliasSymbol ?? type.getSymbol();
    return !named || !isOurs(named) || !isDocumented(named);
  });
}

/** `ModelRef` and its kin are constants with functions. */
function membersOfConstant(symbol: ts.Symbol): readonly ts.Symbol[] {
  const declaration = symbol.valueDeclaration;
  return declaration && ts.isVariableDeclaration(declaration) ? checker.getTypeOfSymbol(symbol).getProperties() : [];
}

test('every public symbol has a docstring', () => {
  const symbols = exported();
  expect(symbols.length).toBeGreaterThan(30);
  expect(symbols.filter((symbol) => !isDocumented(symbol)).map(({ name }) => name)).toEqual([]);
});

test('every public field and method has a docstring', () => {
  const silent = exported().flatMap((symbol) =>
    members(symbol)
      .filter((member) => !isDocumented(member))
      .map(({ name }) => `${symbol.name}.${name}`),
  );
  expect(silent).toEqual([]);
});
