import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { Finding, Where } from './finding.ts';

/** A parsed YAML file, which knows where each value stands. */
export interface YamlFile {
  /** The value, or `undefined` when the text is not YAML. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** File, line and column of the deepest value on a path that exists. */
  readonly locate: (path: readonly PropertyKey[]) => Where;
}

/** Loaded on first use: most projects have no YAML to read, and start-up should not pay for the parser. */
let yaml: typeof Yaml | undefined;
function yamlModule(): typeof Yaml {
  yaml ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return yaml;
}

/**
 * Parses one YAML document. Syntax errors, duplicate keys and further documents are findings with line and column.
 *
 * @param file name for findings, relative to the project.
 */
export function readYaml(text: string, file: string): YamlFile {
  const { LineCounter, parseDocument, isNode } = yamlModule();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const findings = document.errors.map(
    (error): Finding => ({
      id: 'yaml/syntax',
      severity: 'error',
      where: at(error.pos[0]),
      message: error.message,
      fix: error.code === 'DUPLICATE_KEY' ? 'remove one of the two' : 'correct the YAML at this place',
    }),
  );
  const locate = (path: readonly PropertyKey[]): Where => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return { file };
  };
  return { value: findings.length > 0 ? undefined : (document.toJS() as unknown), findings, locate };
}
