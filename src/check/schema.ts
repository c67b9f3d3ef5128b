import { resolve } from 'node:path';
import type { Finding, Rule, Severity } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { objectLabel } from '../core/object.ts';
import type { KindSchema } from './schema/catalogue.ts';
import { createCatalogue, OWN_IMPORTS } from './schema/catalogue.ts';
import { compileRules } from './schema/cel.ts';
import { metadataCheck } from './schema/metadata.ts';
import { checkPlainData, isPlainMap } from './schema/plain-data.ts';
import type { Check, Problems } from './schema/problem.ts';
import { all, below, both, problem } from './schema/problem.ts';
import { typeProblem } from './schema/scalar-check.ts';
import type { Definitions } from './schema/schema-node.ts';
import type { Compiler } from './schema/walker.ts';
import { createCompiler } from './schema/walker.ts';

const STRUCTURE = 'k8s.io/apiextensions-apiserver v0.33 pkg/apiserver/validation';
const FIELD_PRUNING =
  'the API server prunes unknown fields without a word, or refuses them with fieldValidation=Strict';

/** The rules behind the findings of `createSchemaCheck`. */
export const SCHEMA_RULES: readonly Rule[] = [
  rule(
    'unknown-kind',
    'Every kind has an imported schema, or is allowed to have none.',
    'ours: nothing unchecked is written',
  ),
  rule(
    'metadata',
    'Metadata is complete and valid, and holds nothing that the cluster writes.',
    'k8s.io/apimachinery v0.33 ValidateObjectMeta',
  ),
  rule('unknown-field', 'Every field is one that the schema of the kind has.', FIELD_PRUNING),
  rule(
    'type',
    'Every value has the type that the schema says, and no null stands where none may be.',
    `${STRUCTURE}; of a custom resource a create drops such a null without a word, and a server-side apply refuses it; core kinds take it for left out`,
  ),
  rule('required', 'Required fields are there.', STRUCTURE),
  rule('enum', 'A value is one of those that the schema lists.', STRUCTURE),
  rule('pattern', 'Text matches the pattern of the schema.', STRUCTURE),
  rule('format', 'Text has the format of the schema.', 'k8s.io/kube-openapi v0.33 pkg/validation/strfmt'),
  rule(
    'range',
    'A number is in the range of the schema and of its integer format.',
    `${STRUCTURE}; ours: the format int32, which it takes for a comment, since controllers cannot read a larger number`,
  ),
  rule('length', 'Text, lists and maps are as long as the schema says.', STRUCTURE),
  rule(
    'list-key',
    'No two items of a keyed list or set are the same.',
    'k8s.io/apiextensions-apiserver v0.33 pkg/apiserver/schema/listtype; of core kinds a server-side apply refuses them',
  ),
  rule('one-of', 'Fields that exclude each other are not there together, and one of those that must be is.', STRUCTURE),
  rule('cel', 'The CEL rules of the schema hold.', 'k8s.io/apiextensions-apiserver v0.33 pkg/apiserver/schema/cel'),
  rule(
    'unchecked',
    'Patterns and CEL rules of imported schemas can be evaluated here.',
    'a rule that is skipped is said once',
    'warning',
  ),
];

function rule(name: string, summary: string, source: string, severity: Severity = 'error'): Rule {
  return { id: `schema/${name}`, severity, summary, source };
}

/** Checks objects by the schemas of their kinds. */
export interface SchemaCheck {
  /** Everything that is wrong with the object by its schema. Never throws, whatever the object holds. */
  check(object: KubeObject): readonly Finding[];
}

/**
 * Makes a check of objects by imported schemas: structure, formats, unknown fields, list keys, CEL rules, metadata.
 * Schemas are read and compiled when an object needs them, once.
 *
 * @param roots folders that `ai-service import` wrote, beside those that come with the package; later ones win.
 * @param allowUnknownKinds kinds that may go without a schema, as `<apiVersion>/<Kind>`.
 * @example createSchemaCheck(['imports']).check(virtualService) // []
 */
export function createSchemaCheck(roots: readonly string[], allowUnknownKinds: readonly string[] = []): SchemaCheck {
  const catalogue = createCatalogue([...new Set([OWN_IMPORTS, ...roots].map((root) => resolve(root)))]);
  const compilers = new Map<Definitions, Compiler>();
  const kinds = new Map<string, Map<string, Check>>();
  /** What the object that is being checked was the first to reach and cannot be checked by. */
  let unchecked: string[] = [];
  const skip = (reason: string) => void unchecked.push(reason);

  function kindCheck(apiVersion: string, kind: string): Check {
    let versions = kinds.get(apiVersion);
    if (!versions) kinds.set(apiVersion, (versions = new Map<string, Check>()));
    let check = versions.get(kind);
    if (!check) versions.set(kind, (check = compileKind(apiVersion, kind)));
    return check;
  }

  function compileKind(apiVersion: string, kind: string): Check {
    const known = catalogue.lookup(apiVersion, kind);
    const unreadable = catalogue.unreadable(apiVersion);
    const metadata = metadataCheck(`${apiVersion}/${kind}`, known?.scope);
    const flaws: Check[] = [];
    if (unreadable !== undefined) {
      flaws.push(() => problem('schema/unknown-kind', unreadable, 'run ai-service import again for this group'));
    }
    if (known)
      return all([...flaws, compileObject(known, { metadata, ...UNSEEN_FIELDS.get(`${apiVersion}/${kind}`) })]);
    const allowed = allowUnknownKinds.includes(`${apiVersion}/${kind}`);
    if (!allowed && flaws.length === 0) flaws.push(unknownKind(apiVersion, kind, catalogue.suggest(apiVersion, kind)));
    return all([...flaws, (object) => checkOpenObject(object, metadata)]);
  }

  function compileObject({ schema, definitions }: KindSchema, fields: Readonly<Record<string, Check>>): Check {
    let compiler = compilers.get(definitions);
    if (!compiler) {
      compiler = createCompiler(definitions, (node) => compileRules(node, definitions, skip), skip);
      compilers.set(definitions, compiler);
    }
    const { required = [] } = schema;
    const root = {
      ...schema,
      type: 'object',
      required: required.filter((name) => name !== 'apiVersion' && name !== 'kind'),
    };
    if (!root.required.includes('metadata')) root.required.push('metadata');
    return compiler.compileWithFields(root, { apiVersion: accept, kind: accept, status: refuseStatus, ...fields });
  }

  return {
    check(object) {
      const identity = identityProblems(object);
      const problems = identity ?? kindCheck(object.apiVersion, object.kind)(object);
      if (problems === undefined && unchecked.length === 0) return [];
      const label = labelOf(object);
      const findings = (problems ?? []).map(({ id, path, message, fix }): Finding => {
        const where = path === '' ? { object: label } : { object: label, field: path };
        return { id, severity: 'error', where, message, fix };
      });
      for (const reason of unchecked) {
        const fix = 'nothing to change here; the API server checks it when the object is applied';
        findings.push({ id: 'schema/unchecked', severity: 'warning', where: { object: label }, message: reason, fix });
      }
      unchecked = [];
      return findings;
    },
  };
}

/**
 * Fields whose values stand in no message, by kind. A Secret with data passes no check anyway (`secrets/secret-object`), and
 * people write the plain text where base64 must be.
 */
const UNSEEN_FIELDS: ReadonlyMap<string, Readonly<Record<string, Check>>> = new Map([
  ['v1/Secret', { data: acceptMap, stringData: acceptMap }],
]);

function acceptMap(value: unknown): Problems {
  if (value === undefined || isPlainMap(value)) return undefined;
  return problem('schema/type', 'is no map', 'leave the field out');
}

/** Looked at before, to find the schema. */
function accept(): Problems {
  return undefined;
}

function refuseStatus(): Problems {
  return problem('schema/metadata', 'is written by the cluster and has no place in Git', 'remove it');
}

function unknownKind(apiVersion: string, kind: string, near: string | undefined): Check {
  const command =
    'run ai-service import <file or URL of its CustomResourceDefinition>, and name its folder in imports of the platform';
  const fix = near === undefined ? command : `write ${near} if that is meant; otherwise ${command}`;
  return () =>
    problem(
      'schema/unknown-kind',
      `kind ${kind} of apiVersion ${apiVersion} has no schema, so nothing can be checked`,
      fix,
    );
}

/** An object without a schema: metadata, and that all of it can be written. */
function checkOpenObject(object: unknown, metadata: Check): Problems {
  if (!isPlainMap(object)) return undefined;
  const { metadata: meta, ...rest } = object;
  const found = metadata(meta);
  return both(found && below('metadata', found), checkPlainData(rest));
}

/** Without these three nothing else can be said. */
function identityProblems(object: unknown): Problems {
  if (!isPlainMap(object))
    return problem('schema/type', 'is not an object with apiVersion, kind and metadata', 'write one');
  for (const field of ['apiVersion', 'kind']) {
    const value = object[field];
    if (typeof value === 'string' && value !== '') continue;
    return below(
      field,
      value === undefined || value === ''
        ? problem('schema/required', 'is missing', `write ${field}`)
        : typeProblem(value, 'a string'),
    );
  }
  return undefined;
}

/** `objectLabel` for objects that may lack everything. */
function labelOf(object: unknown): string {
  if (!isPlainMap(object)) return 'an object';
  const metadata = isPlainMap(object.metadata) ? object.metadata : {};
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const namespace = text(metadata.namespace);
  return objectLabel({
    apiVersion: '',
    kind: text(object.kind) ?? 'an object',
    metadata: { name: text(metadata.name) ?? '(no name)', ...(namespace !== undefined && { namespace }) },
  });
}
