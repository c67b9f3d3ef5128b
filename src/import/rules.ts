import { findingOf, type Rule } from '../core/finding.ts';

/** What the importer may say, for the table in the docs. */
export const IMPORT_RULES = [
  {
    id: 'import/unreadable',
    severity: 'error',
    summary:
      'A location is a readable file or folder of at most 64 MB per file, or an https address without user info, query and fragment.',
    source: 'ours: nothing is imported half, and a schema that decides what is refused must not be changed on the way',
  },
  {
    id: 'import/syntax',
    severity: 'error',
    summary: 'A file is JSON or YAML.',
    source: 'YAML 1.2',
  },
  {
    id: 'import/no-crd',
    severity: 'warning',
    summary: 'A file holds CustomResourceDefinitions or a Kubernetes OpenAPI document; anything else is left out.',
    source: 'ours: folders of manifests often hold other objects too',
  },
  {
    id: 'import/nothing-found',
    severity: 'error',
    summary: 'A location defines at least one kind with a schema.',
    source: 'ours: an import that does nothing is a mistake in the command',
  },
  {
    id: 'import/kind-missing',
    severity: 'error',
    summary: 'Every kind that is asked for is defined in the location.',
    source: 'ours: a misspelt kind would be missing without a word',
  },
  {
    id: 'import/kind-twice',
    severity: 'error',
    summary: 'One version of a kind has one schema in an import.',
    source: 'ours: the order of files must not decide what is checked',
  },
  {
    id: 'import/crd-version',
    severity: 'warning',
    summary: 'A CustomResourceDefinition is of apiextensions.k8s.io/v1; older ones are left out.',
    source: 'Kubernetes 1.22 removed apiextensions.k8s.io/v1beta1 (deprecation guide)',
  },
  {
    id: 'import/crd-invalid',
    severity: 'error',
    summary: 'Group, kind, plural, scope and version names of a CustomResourceDefinition are valid.',
    source: 'ValidateCustomResourceDefinition in apiextensions-apiserver (Kubernetes 1.33); the names become paths',
  },
  {
    id: 'import/no-schema',
    severity: 'warning',
    summary: 'Every served version has an openAPIV3Schema; a version without one is left out.',
    source: 'apiextensions.k8s.io/v1 demands structural schemas',
  },
  {
    id: 'import/compiler-missing',
    severity: 'error',
    summary:
      'The package json-schema-to-typescript, an optional peer dependency, is installed where schemas are imported.',
    source: 'ours: the library that synthesises stays small',
  },
  {
    id: 'import/output-broken',
    severity: 'error',
    summary: 'What an import adds to (schema.json, docs.json, sources.yaml) is as the importer wrote it.',
    source: 'ours: generated files are never edited by hand',
  },
  {
    id: 'import/source-missing',
    severity: 'warning',
    summary:
      'The files that sources.yaml lists are in the folders that are given; others keep what was imported before.',
    source: 'ours: to import again must not lose what is not at hand',
  },
] as const satisfies readonly Rule[];

/** A finding of one of the rules above. */
export const importFinding = findingOf(IMPORT_RULES);
