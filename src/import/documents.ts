import { LineCounter, parseAllDocuments } from 'yaml';
import type { Finding, Where } from '../core/finding.ts';
import { importFinding } from './rules.ts';
import { isRecord } from './schema.ts';

/** One manifest of a file. */
export interface Document {
  readonly value: unknown;
  readonly where: Where;
}

/**
 * The manifests in a text, JSON or YAML with any number of documents. Lists (`kind: List`,
 * `CustomResourceDefinitionList`) are taken apart; empty documents are skipped.
 */
export function parseDocuments(
  text: string,
  file: string,
): { readonly documents: Document[]; readonly findings: Finding[] } {
  const json = parseJson(text);
  if (json !== undefined) return { documents: takeApart({ value: json, where: { file } }), findings: [] };
  const lineCounter = new LineCounter();
  const documents: Document[] = [];
  const findings: Finding[] = [];
  // YAML reads JSON too, and says where it is broken.
  for (const document of parseAllDocuments(text, { lineCounter, prettyErrors: false, logLevel: 'error' })) {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      findings.push(syntax({ file, line, column: col }, error.message));
      continue;
    }
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0);
    try {
      documents.push(...takeApart({ value: document.toJS() as unknown, where: { file, line } }));
    } catch (cause) {
      // Aliases of aliases of aliases: refused instead of written out.
      findings.push(syntax({ file, line }, (cause as Error).message));
    }
  }
  return { documents, findings };
}

function takeApart(document: Document): Document[] {
  const { value, where } = document;
  if (value === null || value === undefined) return [];
  const list =
    isRecord(value) && typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
  if (!list) return [document];
  return (value.items as unknown[]).flatMap((item) => takeApart({ value: item, where }));
}

/** Tried first: it is twenty times faster than YAML, and an OpenAPI document has megabytes. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function syntax(where: Where, reason: string): Finding {
  const fix = 'correct the syntax; render templates (Helm, Kustomize) before importing them';
  return importFinding('import/syntax', where, `is neither JSON nor YAML: ${reason}`, fix);
}
