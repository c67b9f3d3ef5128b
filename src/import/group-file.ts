import { compareText } from '../core/finding.ts';
import type { Hoisted } from './hoist.ts';
import { hoist } from './hoist.ts';
import type { ImportedKind } from './kind.ts';
import type { Schema, Step } from './schema.ts';
import { isRecord, mapParts, withDescription, withoutProse } from './schema.ts';

/** The kinds of one API group with their repeated parts written once. */
export interface Group {
  readonly group: string;
  readonly kinds: readonly ImportedKind[];
  readonly defs: Readonly<Record<string, Schema>>;
}

/** Descriptions by root or definition, then by path: `{"Widget/v1": {"spec/size": "…"}, "#Container": {…}}`. */
type Docs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Names that generated types already use. */
const RESERVED = ['ObjectMeta'];

/** The folder of an API group; the core group has no name. */
export function folderOf(group: string): string {
  return group === '' ? 'core' : group;
}

/** Writes the repeated parts of all kinds once. Sorted, so the order of the input does not matter. */
export function compactGroup(group: string, kinds: readonly ImportedKind[]): Group {
  const sorted = [...kinds].sort((a, b) => compareText(a.kind, b.kind)).map(withSortedVersions);
  const roots = sorted.flatMap(({ kind, versions }) =>
    Object.values(versions).map((schema) => ({ name: kind, schema })),
  );
  const hoisted: Hoisted = hoist(roots, [...RESERVED, ...sorted.map(({ kind }) => kind)]);
  let next = 0;
  const compact = sorted.map((kind) => ({
    ...kind,
    versions: Object.fromEntries(Object.keys(kind.versions).map((version) => [version, hoisted.roots[next++]!])),
  }));
  return { group, kinds: compact, defs: hoisted.defs };
}

function withSortedVersions(kind: ImportedKind): ImportedKind {
  const versions = Object.entries(kind.versions).sort(([a], [b]) => compareText(a, b));
  return { ...kind, versions: Object.fromEntries(versions) };
}

/** `schema.json`: no prose, one version of a kind or one definition per line. */
export function writeGroup({ group, kinds, defs }: Group): string {
  const kindLines = kinds.map(({ kind, plural, scope, versions }) => {
    const lines = Object.entries(versions).map(
      ([version, schema]) => `      ${text(version)}: ${text(withoutProse(schema))}`,
    );
    const head = `"plural": ${text(plural)}, "scope": ${text(scope)}, "versions": {`;
    return `    ${text(kind)}: { ${head}\n${lines.join(',\n')}\n    } }`;
  });
  const defLines = Object.entries(defs).map(([name, schema]) => `    ${text(name)}: ${text(withoutProse(schema))}`);
  return `{
  "group": ${text(group)},
  "kinds": {
${kindLines.join(',\n')}
  },
  "defs": {${defLines.length > 0 ? `\n${defLines.join(',\n')}\n  ` : ''}}
}
`;
}

/**
 * `docs.json`: the prose that `schema.json` leaves out, so that a later import of another file of the group can make
 * the types anew without losing it. `undefined` when the sources had none.
 */
export function writeDocs(group: Group): string | undefined {
  const docs = documented(group).flatMap(([name, schema]): [string, Record<string, string>][] => {
    const found: Record<string, string> = {};
    mapDescriptions(schema, '', (path, description) => {
      if (description !== undefined) found[path] = description;
      return description;
    });
    return Object.keys(found).length > 0 ? [[name, found]] : [];
  });
  if (docs.length === 0) return undefined;
  return `{\n${docs.map(([name, found]) => `  ${text(name)}: ${text(found)}`).join(',\n')}\n}\n`;
}

/**
 * The kinds of a group as they were before `compactGroup`: references replaced by what they stand for.
 * Parts stay shared in memory, so even a group of megabytes is read in milliseconds.
 *
 * @returns `undefined` when the text is no such file.
 */
export function readGroup(schemaText: string, docsText: string | undefined): ImportedKind[] | undefined {
  const file = parse(schemaText);
  const docs = parse(docsText ?? '{}') as Docs | undefined;
  if (!isRecord(file) || typeof file.group !== 'string' || !isRecord(file.kinds) || !isRecord(file.defs) || !docs)
    return undefined;
  const { group } = file;
  if (!Object.values(file.kinds).every((entry) => isRecord(entry) && isRecord(entry.versions))) return undefined;
  const defs = file.defs as Record<string, Schema>;
  const expanded = new Map<string, Schema>();

  function documentedSchema(name: string, schema: Schema): Schema {
    const own = docs![name];
    return own ? mapDescriptions(schema, '', (path) => own[path]) : schema;
  }
  function expand(schema: Schema): Schema {
    if (schema.$ref === undefined) return mapParts(schema, expand);
    const name = schema.$ref.slice('#/defs/'.length);
    let target = expanded.get(name);
    if (!target) {
      target = expand(documentedSchema(`#${name}`, defs[name] ?? {}));
      expanded.set(name, target);
    }
    return schema.description === undefined ? target : withDescription(target, schema.description);
  }

  return Object.entries(file.kinds as Record<string, Omit<ImportedKind, 'group' | 'kind' | 'selectors'>>).map(
    ([kind, entry]) => {
      const versions = Object.entries(entry.versions).map(([version, schema]): [string, Schema] => {
        return [version, expand(documentedSchema(`${kind}/${version}`, schema))];
      });
      return {
        group,
        kind,
        plural: entry.plural,
        scope: entry.scope,
        versions: Object.fromEntries(versions),
        selectors: [],
      };
    },
  );
}

function documented({ kinds, defs }: Group): [string, Schema][] {
  return [
    ...kinds.flatMap(({ kind, versions }) =>
      Object.entries(versions).map(([version, schema]): [string, Schema] => [`${kind}/${version}`, schema]),
    ),
    ...Object.entries(defs).map(([name, schema]): [string, Schema] => [`#${name}`, schema]),
  ];
}

function mapDescriptions(
  schema: Schema,
  path: string,
  change: (path: string, description: string | undefined) => string | undefined,
): Schema {
  const described = withDescription(schema, change(path, schema.description));
  return mapParts(described, (part, step) => mapDescriptions(part, `${path}/${segment(step)}`, change));
}

function segment(step: Step): string {
  if (step === 'items') return '[]';
  if (step === 'values') return '{}';
  return step.property.replaceAll('~', '~0').replaceAll('/', '~1');
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
