import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { foreignByte } from './files.ts';
import { findingOf, type Finding, type Rule, type Where } from './finding.ts';

/** What may be wrong with any YAML file that is read: `service.yaml`, the release store, a manifest. */
export const YAML_RULES = [
  {
    id: 'yaml/syntax',
    severity: 'error',
    summary: 'A file holds one YAML document in UTF-8, without syntax errors and without duplicate keys.',
    source: 'YAML 1.2',
  },
] as const satisfies readonly Rule[];

const finding = findingOf(YAML_RULES);

/** A parsed YAML file, which knows where each value stands. */
export interface YamlFile {
  /** The value, or `undefined` when the text is not YAML. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** File, line and column of the deepest field on a path that exists: its key, or the item of a list. */
  readonly locate: (path: readonly PropertyKey[]) => Where;
}

/** Loaded on first use: most projects have no YAML to read, and start-up should not pay for the parser. */
let yaml: typeof Yaml | undefined;
function yamlModule(): typeof Yaml {
  yaml ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return yaml;
}

/**
 * Parses one YAML document. Syntax errors, duplicate keys, further documents and bytes that are no UTF-8 are findings with
 * line and column. A byte order mark at the start is nothing.
 *
 * @param given text as `textOf` reads it.
 * @param file name for findings, relative to the project.
 */
export function readYaml(given: string, file: string): YamlFile {
  const text = given.replace(/^\ufeff/, '');
  const foreign = foreignByte(text);
  if (foreign !== undefined) {
    const { line, column, message, fix } = foreign;
    const flaw = finding('yaml/syntax', { file, line, column }, message, fix);
    return { value: undefined, findings: [flaw], locate: () => ({ file }) };
  }
  const { LineCounter, parseDocument, isCollection, isMap, isNode, isScalar, visit } = yamlModule();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const findings: Finding[] = [];
  const add = (offset: number, message: string, fix: string): void =>
    void findings.push(finding('yaml/syntax', at(offset), message, fix));
  // What is a warning to the parser is a tag or directive that would be lost.
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const { why = message, fix = 'correct the YAML at this place' } = SAID[code] ?? {};
    add(pos[0], why, fix);
  }
  visit(document, {
    Pair: (_, { key }) => {
      if (isCollection(key))
        add(
          key.range?.[0] ?? 0,
          'a map or list stands where a key must',
          'write text; nothing fills in {{ templates }} here',
        );
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined)
        add(alias.range?.[0] ?? 0, `there is no anchor &${alias.source} before this alias`, 'write the value itself');
    },
  });
  const locate = (path: readonly PropertyKey[]): Where => {
    for (let length = path.length; length > 0; length -= 1) {
      const parent: unknown = document.getIn(path.slice(0, length - 1), true);
      const name = String(path[length - 1]);
      const key = isMap(parent)
        ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name)?.key
        : undefined;
      const node: unknown = key ?? document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return document.contents?.range ? at(document.contents.range[0]) : { file };
  };
  if (findings.length > 0) return { value: undefined, findings, locate };
  try {
    return { value: document.toJS() as unknown, findings, locate };
  } catch (error) {
    // Aliases of aliases of aliases: the parser stops counting at a hundred.
    if (!(error instanceof ReferenceError)) throw error;
    add(0, 'its aliases unfold to too many values', 'write the values out');
    return { value: undefined, findings, locate };
  }
}

/** What the parser says for programmers, for people; by its code. */
const SAID: Readonly<Record<string, { readonly why?: string; readonly fix: string }>> = {
  DUPLICATE_KEY: { why: 'this key is in the map already', fix: 'remove one of the two' },
  MULTIPLE_DOCS: { why: 'the file holds more than one document', fix: 'write one document per file' },
  TAG_RESOLVE_FAILED: { fix: 'leave the tag out' },
};
