import { JsonPatch } from 'cdk8s';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { RENDERED_KINDS } from '../render/kinds.ts';
import { appFinding } from './rules.ts';

/**
 * One change of an RFC 6902 JSON Patch. `path` is a JSON pointer, with `~1` for a slash in a key. Everything on the way
 * must be there, and so must the field itself, but for `add`; else it is an error at synth.
 *
 * @example { op: 'add', path: '/metadata/annotations/example.com~1note', value: 'reviewed' }
 */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What can be told to be there or not; RFC 6902 has more. */
const OPERATIONS: readonly PatchOperation['op'][] = ['add', 'remove', 'replace'];

/**
 * Which of the rendered objects a patch changes. Selecting nothing is an error at synth.
 *
 * @example { kind: 'VirtualService', environment: 'prod' }
 */
export interface PatchSelector<Name extends string = string> {
  /** Kind of the objects: `InferenceService`. */
  readonly kind: string;
  /** Name of the object. Default: all of the kind. */
  readonly name?: string;
  /** Environment or stage. Default: all. */
  readonly environment?: Name;
}

/** A patch as the service holds it. */
export interface ServicePatch {
  readonly selector: PatchSelector;
  readonly operations: readonly PatchOperation[];
}

/** What was rendered, after the patches of the service. */
interface Patched {
  readonly objects: readonly KubeObject[];
  /** Those of the objects that a patch changed. */
  readonly changed: readonly KubeObject[];
  readonly findings: readonly Finding[];
}

/** Applies the patches of a service to what was rendered for one environment and cluster. */
export function applyPatches(
  objects: readonly KubeObject[],
  patches: readonly ServicePatch[],
  scope: { readonly environment: string; readonly stage: string; readonly where: Where },
): Patched {
  if (patches.length === 0) return { objects, changed: [], findings: [] };
  const findings: Finding[] = [];
  // Selectors see what we render, whatever earlier patches made of it.
  const documents = new Map(objects.map((object) => [object, object]));
  for (const { selector, operations } of patches) {
    const { kind, name, environment } = selector;
    if (environment !== undefined && environment !== scope.environment && environment !== scope.stage) continue;
    const selected = objects.filter(
      (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
    );
    for (const object of selected) {
      const where = { ...scope.where, object: objectLabel(object) };
      documents.set(
        object,
        operations.reduce(
          (document, operation) => patched(document, operation, where, findings),
          documents.get(object) ?? object,
        ),
      );
    }
    if (selected.length === 0) {
      const message = `a patch selects ${kind}${name === undefined ? '' : ` ${name}`}, and nothing like it is rendered`;
      findings.push(appFinding('patch/no-match', scope.where, message, whatToSelect(selector, objects)));
    }
  }
  const changed = [...documents].flatMap(([before, after]) => (after === before ? [] : [after]));
  return { objects: [...documents.values()], changed, findings };
}

/** The kinds that may be rendered somewhere: what is said of one is the same in all environments, and said once. */
const KINDS = [...new Set(RENDERED_KINDS.map((kind) => kind.slice(kind.indexOf('/') + 1)))].sort();

function whatToSelect({ kind }: PatchSelector, objects: readonly KubeObject[]): string {
  const names = objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
  if (names.length > 0) return `name one of ${names.sort().join(', ')}, or none for all of the kind`;
  if (KINDS.includes(kind)) return 'say in which environment it is meant; or leave the patch out';
  const near = didYouMean(kind, KINDS);
  return near === undefined
    ? `select one of the kinds that may be rendered: ${KINDS.join(', ')}`
    : `did you mean ${near}?`;
}

function patched(document: KubeObject, operation: PatchOperation, where: Where, findings: Finding[]): KubeObject {
  if (!OPERATIONS.includes(operation.op)) {
    findings.push(
      appFinding('patch/operation', where, `a patch cannot ${String(operation.op)}`, `use op ${OPERATIONS.join(', ')}`),
    );
    return document;
  }
  const missing = missingPath(document, operation);
  if (missing === undefined) return JsonPatch.apply(structuredClone(document), jsonPatch(operation)) as KubeObject;
  const { op, path } = operation;
  const fix = op === 'replace' ? "use op 'add' for a new field, or correct the path" : 'correct the path';
  findings.push(
    appFinding(
      'patch/missing-path',
      { ...where, field: path },
      `a patch wants to ${op} ${path}, but ${missing} does not exist`,
      fix,
    ),
  );
  return document;
}

function jsonPatch(operation: PatchOperation): JsonPatch {
  switch (operation.op) {
    case 'add':
      return JsonPatch.add(operation.path, operation.value);
    case 'replace':
      return JsonPatch.replace(operation.path, operation.value);
    case 'remove':
      return JsonPatch.remove(operation.path);
  }
}

/** The part of an operation's path that is missing; `add` may create the last segment, the others may not. */
function missingPath(document: unknown, { op, path }: PatchOperation): string | undefined {
  if (typeof path !== 'string' || !path.startsWith('/')) return `the path ${JSON.stringify(path)}`;
  const segments = path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  let value: unknown = document;
  for (const [index, segment] of segments.entries()) {
    const adds = op === 'add' && index === segments.length - 1;
    if (!(adds ? hasRoomFor(value, segment) : hasField(value, segment)))
      return `/${segments.slice(0, index + 1).join('/')}`;
    value = (value as Record<string, unknown>)[segment];
  }
  return undefined;
}

/** A field of a map, or an item of a list by its index. */
function hasField(value: unknown, segment: string): boolean {
  if (Array.isArray(value)) return isIndex(segment) && Number(segment) < value.length;
  return typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
}

/** Lists take an index up to their length, or `-` for the end. */
function hasRoomFor(value: unknown, segment: string): boolean {
  if (Array.isArray(value)) return segment === '-' || (isIndex(segment) && Number(segment) <= value.length);
  return typeof value === 'object' && value !== null && segment !== '__proto__';
}

function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(segment);
}
