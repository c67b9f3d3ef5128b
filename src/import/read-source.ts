import type { Finding, Where } from '../core/finding.ts';
import { compareText } from '../core/finding.ts';
import type { Network } from '../core/network.ts';
import { isCrd, kindOfCrd } from './crd.ts';
import type { Document } from './documents.ts';
import { parseDocuments } from './documents.ts';
import { readInputs, withoutSecrets } from './input.ts';
import type { FoundKind, ImportedKind } from './kind.ts';
import { mergeKinds, selectKinds } from './kind.ts';
import { isOpenApi, kindsOfOpenApi } from './openapi.ts';
import { importFinding } from './rules.ts';
import { isRecord, withoutProse } from './schema.ts';
import type { SourceEntry, SourceFile } from './sources.ts';

/** What to import. */
export interface ImportSource {
  /** Whose schemas these are, for `sources.yaml`: `kserve`. */
  readonly project: string;
  /** The project's version, for `sources.yaml`: `0.20.0`. */
  readonly version?: string;
  /** A file, a folder, or an https address without user info, query and fragment. */
  readonly location: string;
  /** Of a folder, only these files. Default: all. */
  readonly files?: readonly string[];
  /** Only these kinds: `VirtualService`, `networking.istio.io/VirtualService` or `apps/v1/Deployment`. Default: all. */
  readonly kinds?: readonly string[];
  /** `false` leaves the descriptions out of the types. Default: they are kept where the source has them. */
  readonly descriptions?: boolean;
}

/**
 * The kinds that a source defines and asks for, and the entry for `sources.yaml` that says where they are from.
 */
export async function readSource(
  source: ImportSource,
  network: Network,
): Promise<{ readonly found: FoundKind[]; readonly entry: SourceEntry; readonly findings: Finding[] }> {
  const { inputs, findings } = await readInputs(source.location, network, source.files);
  const found: FoundKind[] = [];
  const files: SourceFile[] = [];
  const missing = new Set(source.kinds);
  let offered = 0;
  for (const { name, location, text, digest } of inputs) {
    const { documents, findings: syntax } = parseDocuments(text, location);
    const read = documents.map(kindsOf);
    const { kinds, findings: clashes } = mergeKinds(
      read.flatMap((result) => result.kinds.map((kind) => ({ kind, file: location }))),
    );
    findings.push(...syntax, ...read.flatMap((result) => result.findings), ...clashes);
    offered += kinds.length;
    const { chosen, matched } = source.kinds ? selectKinds(kinds, source.kinds) : { chosen: kinds, matched: [] };
    for (const selector of matched) missing.delete(selector);
    found.push(...chosen.map((kind) => ({ kind: source.descriptions === false ? plain(kind) : kind, file: location })));
    const selectors = chosen.flatMap((kind) => kind.selectors).sort(compareText);
    if (selectors.length > 0) files.push({ file: name, digest, kinds: selectors });
  }
  const where = { file: withoutSecrets(source.location) };
  findings.push(...[...missing].map((selector) => kindMissing(where, selector)));
  if (offered === 0 && !findings.some(({ severity }) => severity === 'error')) findings.push(nothingFound(where));
  const entry: SourceEntry = {
    project: source.project,
    ...(source.version !== undefined && { version: source.version }),
    ...(source.descriptions === false && { descriptions: false }),
    files,
  };
  return { found, entry, findings };
}

function kindsOf({ value, where }: Document): {
  readonly kinds: readonly ImportedKind[];
  readonly findings: readonly Finding[];
} {
  if (isOpenApi(value)) return { kinds: kindsOfOpenApi(value), findings: [] };
  if (isCrd(value)) {
    const { value: kind, findings } = kindOfCrd(value, where);
    return { kinds: kind ? [kind] : [], findings };
  }
  const what = isRecord(value) && typeof value.kind === 'string' ? `a ${value.kind}` : 'something else';
  const message = `is ${what}, neither a CustomResourceDefinition nor a Kubernetes OpenAPI document; it is left out`;
  return { kinds: [], findings: [importFinding('import/no-crd', where, message, 'leave the file out of the import')] };
}

function plain(kind: ImportedKind): ImportedKind {
  const versions = Object.entries(kind.versions).map(([version, schema]) => [version, withoutProse(schema)]);
  return { ...kind, versions: Object.fromEntries(versions) as ImportedKind['versions'] };
}

function kindMissing(where: Where, selector: string): Finding {
  const fix = 'name a kind as Kind, group/Kind or group/version/Kind (core kinds: v1/Kind)';
  return importFinding('import/kind-missing', where, `no kind ${selector} is defined here`, fix);
}

function nothingFound(where: Where): Finding {
  const fix = 'give a file, a folder or an https address that holds CustomResourceDefinitions';
  return importFinding('import/nothing-found', where, 'no kind with a schema is defined here', fix);
}
