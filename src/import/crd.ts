import { answered, refused, type Answer } from '../core/answer.ts';
import type { Finding, Where } from '../core/finding.ts';
import type { ImportedKind } from './kind.ts';
import { isName, kindKey } from './kind.ts';
import { rootSchema } from './root-schema.ts';
import { importFinding } from './rules.ts';
import type { Schema } from './schema.ts';
import { compactSchema, isRecord } from './schema.ts';

/** Is this the manifest of a CustomResourceDefinition, of whatever API version? */
export function isCrd(document: unknown): boolean {
  return isRecord(document) && document.kind === 'CustomResourceDefinition';
}

/**
 * The kind that a CustomResourceDefinition defines, with the versions that the API server serves.
 *
 * @returns no kind when there is nothing to import, and the findings that say why.
 */
export function kindOfCrd(document: unknown, where: Where): Answer<ImportedKind> {
  const crd = isRecord(document) ? document : {};
  if (crd.apiVersion !== 'apiextensions.k8s.io/v1') {
    const what = `CustomResourceDefinition of ${String(crd.apiVersion)}`;
    const message = `${what} is left out: no Kubernetes since 1.22 accepts it`;
    const fix = 'import the apiextensions.k8s.io/v1 manifest of the project';
    return refused(importFinding('import/crd-version', where, message, fix));
  }
  const spec = isRecord(crd.spec) ? crd.spec : {};
  const names = isRecord(spec.names) ? spec.names : {};
  const versions = (Array.isArray(spec.versions) ? spec.versions : [])
    .filter(isRecord)
    .filter((version) => version.served === true);
  const wrong = wrongField(spec, names, versions);
  if (wrong !== undefined) {
    const message = `the CustomResourceDefinition has no valid ${wrong}, so the API server would refuse it`;
    const fix = `correct ${wrong}, or leave the file out`;
    return refused(importFinding('import/crd-invalid', { ...where, field: wrong }, message, fix));
  }
  const head = {
    group: String(spec.group),
    kind: String(names.kind),
    plural: String(names.plural),
    scope: spec.scope === 'Cluster' ? ('Cluster' as const) : ('Namespaced' as const),
  };
  const findings: Finding[] = [];
  const schemas: [string, Schema][] = [];
  for (const version of versions) {
    const raw = isRecord(version.schema) ? version.schema.openAPIV3Schema : undefined;
    if (isRecord(raw)) {
      schemas.push([String(version.name), rootSchema(compactSchema(raw))]);
      continue;
    }
    const what = `${kindKey(head)} ${String(version.name)}`;
    const message = `${what} has no openAPIV3Schema; it is left out, since nothing could be checked`;
    const fix = 'import the CustomResourceDefinition that the project publishes, with its schema';
    findings.push(importFinding('import/no-schema', where, message, fix));
  }
  if (schemas.length === 0) return refused(...findings);
  return answered({ ...head, versions: Object.fromEntries(schemas), selectors: [kindKey(head)] }, ...findings);
}

type Fields = Readonly<Record<string, unknown>>;

function wrongField(spec: Fields, names: Fields, versions: readonly Fields[]): string | undefined {
  const checks: [string, boolean][] = [
    // Only built-in groups may have a name without a dot.
    ['spec.group', isName('group', spec.group) && String(spec.group).includes('.')],
    ['spec.names.kind', isName('kind', names.kind)],
    ['spec.names.plural', isName('plural', names.plural)],
    ['spec.scope', spec.scope === 'Namespaced' || spec.scope === 'Cluster'],
    ['spec.versions[].name', versions.every(({ name }) => isName('version', name))],
  ];
  return checks.find(([, right]) => !right)?.[0];
}
