import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { foreignByte, type ForeignByte } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { isPlainMap } from '../check/schema/plain-data.ts';
import { maskSecrets, type Mask } from './mask.ts';
import { planFinding } from './rules.ts';

/** What one file of a tree holds. */
export interface FileContent {
  readonly objects: readonly KubeObject[];
  /** What is no object: a descriptor, a page; `undefined` as value where it cannot be read. Its name is the file's, with `#2` for a second document. */
  readonly documents: readonly { readonly name: string; readonly value: unknown }[];
  readonly findings: readonly Finding[];
}

/** What the parsers of Kubernetes read, which take UTF-8 alone. */
const IS_DATA = /\.(?:ya?ml|json)$/i;

/** Characters of a file that are read at most. */
export const MAX_LENGTH = 4_000_000;

/** Levels of maps and lists that are looked into: far more than an object of any kind has, and few enough for functions that call themselves. */
const MAX_DEPTH = 200;

/**
 * Reads a file of a tree, whoever wrote it: YAML with several documents, `List` kinds, JSON, text, and what is none of
 * these. YAML is read as the Go parsers of Kubernetes read it. Secrets are masked before anything else sees them.
 */
export function readFile(file: string, text: string, mask: Mask): FileContent {
  if (text.length > MAX_LENGTH) {
    return notCompared(file, tooLarge(file, `has ${(text.length / 1_000_000).toFixed(1)} million characters`));
  }
  if (text.includes('\0')) return notCompared(file);
  const foreign = foreignByte(text);
  if (foreign) return notCompared(file, ...(IS_DATA.test(file) ? [noUtf8(file, foreign)] : []));
  const read = /\.ya?ml$/i.test(file)
    ? readYamlValues(file, text)
    : /\.json$/i.test(file)
      ? readJson(file, text)
      : asText(text);
  const { values, findings } = read.findings.length > 0 && isTemplate(file, text) ? asText(text) : read;
  if (values.some((value) => isDeeper(value, MAX_DEPTH))) return notCompared(file, tooDeep(file));
  const objects: KubeObject[] = [];
  const documents: { name: string; value: unknown }[] = [];
  for (const value of values.map((each) => maskSecrets(each, mask))) {
    const found = objectsIn(value);
    if (found) objects.push(...found);
    else documents.push({ name: documents.length === 0 ? file : `${file}#${documents.length + 1}`, value });
  }
  return { objects, documents, findings };
}

/** A file of which no one can say here what it holds. */
export function notCompared(file: string, ...findings: readonly Finding[]): FileContent {
  return { objects: [], documents: [{ name: file, value: undefined }], findings };
}

function noUtf8(file: string, { line, column, message, fix }: ForeignByte): Finding {
  return planFinding('plan/syntax', { file, line, column }, message, fix);
}

function tooLarge(file: string, what: string): Finding {
  return planFinding(
    'plan/too-large',
    { file },
    `the file ${what} and is not compared`,
    'split it, or keep it out of the tree',
  );
}

function tooDeep(file: string): Finding {
  return tooLarge(file, `has more than ${MAX_DEPTH} levels`);
}

/** Whether a value has more levels; one that holds itself has. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((below) => isDeeper(below, levels - 1));
}

/** The objects of a document: one, or those of a `List`; nothing when it is something else. */
function objectsIn(value: unknown): KubeObject[] | undefined {
  if (!isPlainMap(value) || typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string')
    return undefined;
  const { metadata, items, kind } = value;
  if (isPlainMap(metadata) && typeof metadata['name'] === 'string' && typeof (metadata['namespace'] ?? '') !== 'object')
    return [value as unknown as KubeObject];
  if (!kind.toString().endsWith('List') || !Array.isArray(items)) return undefined;
  const objects = items.map(objectsIn);
  return objects.includes(undefined) ? undefined : objects.flatMap((found) => found ?? []);
}

interface Values {
  readonly values: readonly unknown[];
  readonly findings: readonly Finding[];
}

function asText(text: string): Values {
  return { values: [text], findings: [] };
}

/** A file of a Helm chart from which Helm makes YAML; by itself it is none. */
function isTemplate(file: string, text: string): boolean {
  return /(?:^|\/)templates\/./.test(file) && text.includes('{{');
}

function readJson(file: string, text: string): Values {
  try {
    return { values: [JSON.parse(text)], findings: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'it is not JSON';
    // Without the excerpt that some versions of the engine put into the message.
    const why = /^[\w' -]*/.exec(message)?.[0].trim() || 'it is not JSON';
    return broken(
      file,
      planFinding('plan/syntax', { file }, `the file is not JSON: ${why}`, 'correct it, or run synth again'),
    );
  }
}

let yaml: typeof Yaml | undefined;

/** What Go does not make of YAML 1.1; dates become text. */
const NOT_IN_GO: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
]);

/** Go takes this form of YAML 1.2 too. */
const GO_OCTAL: Yaml.ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (text) => Number(text),
};

type Tag = Yaml.Tags[number];

/** A tag of YAML 1.1 as Go has it: times of day are text, and `E0` has no digits before its exponent. */
function asInGo(tag: Tag): Tag[] {
  if (typeof tag !== 'object') return [tag];
  if (NOT_IN_GO.has(tag.tag) || tag.format === 'TIME') return [];
  return tag.format === 'EXP'
    ? [{ ...tag, test: /^[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)[eE][-+]?\d+$/ } as Yaml.ScalarTag]
    : [tag];
}

function readYamlValues(file: string, text: string): Values {
  yaml ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  const documents = yaml.parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    logLevel: 'error',
    prettyErrors: false,
    uniqueKeys: true,
    customTags: (tags) => [GO_OCTAL, ...tags.flatMap(asInGo)],
  });
  // Nothing but comments.
  if (!Array.isArray(documents)) return { values: [], findings: [] };
  for (const { errors } of documents) {
    const error = errors[0];
    if (!error) continue;
    // The parser calls itself for each level.
    if (error.message.includes('call stack')) return { values: [undefined], findings: [tooDeep(file)] };
    // Counted only here: counting along takes time in every file.
    const above = text.slice(0, error.pos[0]).split('\n');
    return broken(
      file,
      planFinding(
        'plan/syntax',
        { file, line: above.length, column: above.at(-1)!.length + 1 },
        `the file is not YAML: ${oneLine(error.message)}`,
        'correct it, or run synth again',
      ),
    );
  }
  try {
    const values = documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown);
    return { values: values.filter((value) => value !== null), findings: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return broken(
      file,
      planFinding('plan/syntax', { file }, `the file is not YAML: ${oneLine(error.message)}`, 'write the values out'),
    );
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function broken(file: string, finding: Finding): Values {
  return { values: [undefined], findings: [{ ...finding, where: { ...finding.where, file } }] };
}
