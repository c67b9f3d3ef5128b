import { JsonPatch } from 'cdk8s';
import type { Finding, Where } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';

/** One change of an RFC 6902 JSON Patch. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Which of the rendered objects a patch changes. */
export interface PatchSelector<Name extends string = string> {
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

/** Applies the patches of a service to what was rendered for one environment and cluster. */
export function applyPatches(
  objects: readonly KubeObject[],
  patches: readonly ServicePatch[],
  scope: { readonly environment: string; readonly stage: string; readonly where: Where },
): { objects: readonly KubeObject[]; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  let result = objects;
  for (const { selector, operations } of patches) {
    if (selector.environment !== undefined && selector.environment !== scope.environment && selector.environment !== scope.stage) continue;
    let matched = 0;
    result = result.map((object) => {
      if (object.kind !== selector.kind || (selector.name !== undefined && object.metadata.name !== selector.name)) return object;
      matched += 1;
      return patched(object, operations, scope.where, findings);
    });
    if (matched === 0) {
      const kinds = [...new Set(objects.map(({ kind }) => kind))].sort();
      findings.push({
        id: 'patch/no-match',
        severity: 'error',
        where: scope.where,
        message: `a patch selects ${selector.kind}${selector.name === undefined ? '' : ` ${selector.name}`}, and nothing like it is rendered`,
        fix: `select one of the kinds ${kinds.join(', ')}`,
      });
    }
  }
  return { objects: result, findings };
}

function patched(object: KubeObject, operations: readonly PatchOperation[], where: Where, findings: Finding[]): KubeObject {
  let document = object;
  for (const operation of operations) {
    const missing = missingPath(document, operation);
    if (missing !== undefined) {
      findings.push({
        id: 'patch/missing-path',
        severity: 'error',
        where: { ...where, object: objectLabel(object), field: operation.path },
        message: `a patch wants to ${operation.op} ${operation.path}, but ${missing} does not exist`,
        fix: operation.op === 'replace' ? "use op 'add' for a new field, or correct the path" : 'correct the path',
      });
      continue;
    }
    document = JsonPatch.apply(structuredClone(document), jsonPatch(operation)) as KubeObject;
  }
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
  const segments = path.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const wanted = op === 'add' ? segments.length - 1 : segments.length;
  if (!path.startsWith('/') || segments.length === 0) return JSON.stringify(path);
  let value: unknown = document;
  for (let index = 0; index < wanted; index += 1) {
    const segment = segments[index] ?? '';
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return `/${segments.slice(0, index + 1).join('/')}`;
    value = (value as Record<string, unknown>)[segment];
  }
  return typeof value === 'object' || op !== 'add' ? undefined : `an object or list at /${segments.slice(0, -1).join('/')}`;
}
