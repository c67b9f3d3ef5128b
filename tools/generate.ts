/**
 * Makes what is made from the vocabulary's zod schemas and from the rules: the published JSON Schema, the interfaces, and
 * the reference tables of the docs. Run by `npm run generate`; a test fails when what is committed is not what this makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';
import ts from 'typescript';
import { z } from 'zod';
import { planSchema } from '../src/review/format/plan-schema.ts';
import { platform } from '../src/service/platform.ts';
import { aiServiceFile } from '../src/service/service.ts';
import { alertsReference } from './alerts.ts';
import { below } from './markdown.ts';
import { movesReference } from './moves.ts';
import { fieldReference } from './reference.ts';
import { risksReference } from './risks.ts';
import { rulesReference } from './rules.ts';
import { frameworksReference } from './runtimes.ts';

type Json = Record<string, unknown>;

/** File name and content of everything that is generated. */
export async function generate(): Promise<Map<string, string>> {
  const schema = jsonSchemaOf(aiServiceFile);
  const platformSchema = jsonSchemaOf(platform);
  const published = { ...schema, $id: 'service.schema.json' };
  return new Map([
    ['schema/service.schema.json', `${JSON.stringify(published, null, 2)}\n`],
    [
      'schema/plan.schema.json',
      `${JSON.stringify({ ...jsonSchemaOf(planSchema), $id: 'plan.schema.json' }, null, 2)}\n`,
    ],
    ['src/service/spec.ts', await interfaces(schema, 'AIServiceSpec')],
    ['src/service/platform-spec.ts', SCOPES + (await interfaces(platformSchema, 'PlatformSpec'))],
    page('docs/service-reference.md', `${fieldReference(schema, ['overrides'])}\n\n${frameworksReference()}`),
    page('docs/platform.md', fieldReference(platformSchema)),
    page('docs/alerting.md', alertsReference()),
    page('docs/checks.md', rulesReference()),
    page('docs/releases.md', movesReference()),
    page('docs/plan.md', risksReference()),
  ]);
}

function jsonSchemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => unionsAlike(jsonSchema),
  });
}

/** zod writes a discriminated union as `oneOf`; its forms exclude each other, so that `anyOf` of all other unions says the same. */
function unionsAlike(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.oneOf === undefined) return;
  schema.anyOf = schema.oneOf;
  delete schema.oneOf;
}

/** A page of the docs: its head stays, what is below is replaced. */
function page(file: string, generated: string): [string, string] {
  return [file, below(readFileSync(`${import.meta.dirname}/../${file}`, 'utf8'), generated)];
}

/** What the platform's functions are given; they are no data, so no schema describes them. */
const SCOPES = "import type { ServiceScope, TeamScope } from './platform.ts';\n\n";

/** Interfaces with docs on hover. Overrides are left out: their keys are the platform's own names (`src/app`). */
async function interfaces(schema: Json, name: string): Promise<string> {
  const { overrides: _overrides, ...properties } = schema['properties'] as Json;
  const definitions = Object.entries((schema['$defs'] ?? {}) as Json).filter(([name]) => !name.endsWith('Override'));
  const plain = namedTypes({ ...schema, properties, $defs: Object.fromEntries(definitions) }) as Json;
  const text = await compile(plain, name, {
    bannerComment: '// Generated from the zod schemas of this folder by `npm run generate`. Do not edit.',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 120 },
  });
  return readonlyLists(text.replace(REFERENCED_BY, ''));
}

/** What the compiler adds to each comment; it would show on hover. */
const REFERENCED_BY = /\n \*\n \* This (?:interface|type) was referenced by [^]*?"\./g;

/** Lists are only read, so that constants (`as const`) may be handed in. */
function readonlyLists(text: string): string {
  const starts: number[] = [];
  const source = ts.createSourceFile('spec.ts', text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isArrayTypeNode(node) || ts.isTupleTypeNode(node)) starts.push(node.getStart(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return starts
    .sort((a, b) => b - a)
    .reduce((out, start) => `${out.slice(0, start)}readonly ${out.slice(start)}`, text);
}

/** A reference beside a description would be copied into a type of its own; a type's name is not. */
function namedTypes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(namedTypes);
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, examples: _examples, ...rest } = node as Json;
  const fields = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, namedTypes(value)]));
  return typeof $ref === 'string' ? { ...fields, tsType: $ref.replace('#/$defs/', '') } : fields;
}

if (process.argv[1] === import.meta.filename) {
  for (const [file, content] of await generate()) {
    let before = '';
    try {
      before = readFileSync(file, 'utf8');
    } catch {
      // A new file.
    }
    if (before !== content) writeFileSync(file, content);
  }
}
