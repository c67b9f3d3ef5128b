import type { Finding } from '../core/finding.ts';
import { compareText } from '../core/finding.ts';
import { isDnsLabel, isDnsSubdomain } from '../core/names.ts';
import { importFinding } from './rules.ts';
import type { Schema } from './schema.ts';

/** One kind of an API group, with the schema of every served version. */
export interface ImportedKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly versions: Readonly<Record<string, Schema>>;
  /** How `kinds` in a source selects it: `serving.kserve.io/InferenceService`, `apps/v1/Deployment`. */
  readonly selectors: readonly string[];
}

const NAMES = {
  group: isDnsSubdomain,
  version: isDnsLabel,
  plural: isDnsLabel,
  kind: (text: string): boolean => /^[A-Za-z][A-Za-z0-9]*$/.test(text),
} as const;

/** Is this a valid group, version, plural or kind? They become folders, files and identifiers, so it matters. */
export function isName(part: keyof typeof NAMES, value: unknown): value is string {
  return typeof value === 'string' && NAMES[part](value);
}

/** `apps/Deployment`, `Service` for the core group. */
export function kindKey(kind: Pick<ImportedKind, 'group' | 'kind'>): string {
  return kind.group === '' ? kind.kind : `${kind.group}/${kind.kind}`;
}

/** `apps/v1` or, in the core group, `v1`. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * Only what a source asks for. A selector is a kind (`VirtualService`), a group and kind
 * (`networking.istio.io/VirtualService`) or, for one version of it, an API version and kind (`apps/v1/Deployment`).
 *
 * @returns the chosen kinds and the selectors that matched something.
 */
export function selectKinds(
  kinds: readonly ImportedKind[],
  selectors: readonly string[],
): { readonly chosen: ImportedKind[]; readonly matched: string[] } {
  const wanted = new Set(selectors);
  const matched = new Set<string>();
  const matches = (selector: string): boolean => wanted.has(selector) && matched.add(selector).has(selector);
  const chosen: ImportedKind[] = [];
  for (const kind of kinds) {
    const whole = [matches(kind.kind), matches(kindKey(kind))].includes(true);
    const versions = Object.keys(kind.versions).filter(
      (version) => matches(`${apiVersionOf(kind.group, version)}/${kind.kind}`) || whole,
    );
    if (versions.length === 0) continue;
    chosen.push(whole ? kind : onlyVersions(kind, versions));
  }
  return { chosen, matched: [...matched] };
}

function onlyVersions(kind: ImportedKind, versions: readonly string[]): ImportedKind {
  return {
    ...kind,
    versions: Object.fromEntries(versions.map((version) => [version, kind.versions[version]!])),
    selectors: versions.map((version) => `${apiVersionOf(kind.group, version)}/${kind.kind}`),
  };
}

/** A kind and the file that it was read from, as it is said in findings and in `sources.yaml`. */
export interface FoundKind {
  readonly kind: ImportedKind;
  readonly file: string;
}

/**
 * One entry per kind: versions that come from different files (Kubernetes publishes a document per group and
 * version) are put together. Two different schemas for one version are a finding: order must not decide.
 */
export function mergeKinds(found: readonly FoundKind[]): {
  readonly kinds: ImportedKind[];
  readonly findings: Finding[];
} {
  const merged = new Map<string, FoundKind>();
  const findings: Finding[] = [];
  for (const { kind, file } of [...found].sort((a, b) => compareText(a.file, b.file))) {
    const key = kindKey(kind);
    const other = merged.get(key);
    const clash = other && Object.keys(kind.versions).find((version) => differs(other.kind, kind, version));
    if (other && clash !== undefined) {
      const message = `${key} ${clash} has another schema in ${other.file}; which one is meant is not known`;
      findings.push(importFinding('import/kind-twice', { file }, message, 'import one of the two files'));
      continue;
    }
    merged.set(key, { kind: other ? join(other.kind, kind) : kind, file: other?.file ?? file });
  }
  const kinds = [...merged.values()].map((entry) => entry.kind);
  return { kinds: kinds.sort((a, b) => compareText(kindKey(a), kindKey(b))), findings };
}

function differs(a: ImportedKind, b: ImportedKind, version: string): boolean {
  const [first, second] = [a.versions[version], b.versions[version]];
  return first !== undefined && JSON.stringify(first) !== JSON.stringify(second);
}

function join(a: ImportedKind, b: ImportedKind): ImportedKind {
  return {
    ...a,
    versions: { ...a.versions, ...b.versions },
    selectors: [...new Set([...a.selectors, ...b.selectors])].sort(compareText),
  };
}
