/**
 * Findings: everything that a run wants to say about its input, as values.
 *
 * Nothing in the house throws on bad input. A room that meets a mistake returns a `Finding`; the edge
 * (`Platform.synth()`, the command line) collects all of them, sorts them and prints them once.
 */

/** `error` stops the write, `warning` and `info` do not. */
export type Severity = 'error' | 'warning' | 'info';

/** Where a finding points to. Give what is known; the printer orders and joins the parts. */
export interface Where {
  /** Name of the service. */
  readonly service?: string;
  /** Name of the environment. */
  readonly environment?: string;
  /** Name of the cluster. */
  readonly cluster?: string;
  /** Instead of environment and cluster: all places of which the same is said, as `foldFindings` names them. */
  readonly places?: readonly string[];
  /** A Kubernetes object, as `Kind namespace/name`. */
  readonly object?: string;
  /** The field as it is written in the source, or the path in the object: `predictor.scaling.min`. */
  readonly field?: string;
  /** A file, relative to the project. */
  readonly file?: string;
  /** Line in `file`, counted from 1. */
  readonly line?: number;
  /** Column in `line`, counted from 1. */
  readonly column?: number;
}

/** One thing that is wrong or worth knowing: where, what, why, and what to write instead. */
export interface Finding {
  /** Stable code, `<room>/<rule>` in kebab case: `kserve/scale-to-zero`. Documented in `docs/checks.md`. */
  readonly id: string;
  readonly severity: Severity;
  readonly where: Where;
  /** What is wrong and why, with the offending value; lower case, no full stop. */
  readonly message: string;
  /** What to write instead, or the command to run. */
  readonly fix: string;
}

/** A rule that can make findings. Rooms list theirs, so that the docs table is made from the code. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** What the rule demands, one sentence. */
  readonly summary: string;
  /** The upstream rule that it mirrors, with versions, or why we have it. */
  readonly source: string;
}

/**
 * Makes findings of a list of rules: the severity is the rule's, and an id that no rule has does not compile.
 *
 * @example
 * const finding = findingOf(YAML_RULES);
 * finding('yaml/syntax', { file, line: 3 }, 'duplicate key', 'remove one of the two')
 */
export function findingOf<const Id extends string>(
  rules: readonly (Rule & { readonly id: Id })[],
): (id: Id, where: Where, message: string, fix: string) => Finding {
  const severities = new Map(rules.map(({ id, severity }) => [id, severity]));
  return (id, where, message, fix) => ({ id, severity: severities.get(id)!, where, message, fix });
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** Order of findings in every output: severity, then place, then id. Independent of locale; lines count as numbers. */
function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    (a.where.file !== undefined && a.where.file === b.where.file ? compareLines(a.where, b.where) : 0) ||
    compareText(formatWhere(a.where), formatWhere(b.where)) ||
    compareText(a.id, b.id) ||
    compareText(a.message, b.message)
  );
}

function compareLines(a: Where, b: Where): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** The same finding is said once: sorts and removes exact repeats. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.id}\n${formatWhere(finding.where)}\n${finding.message}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()].sort(compareFindings);
}

/** The clusters of an environment, where they are known. */
export type ClustersOf = (environment: string) => readonly string[];

/**
 * Says once, for people, what is the same in several environments or on several clusters: everything but these, and the
 * namespace of an object, is equal. Environments are named alone where it holds on all their clusters, else as
 * `prod-eu (eu-1)`. Sorted; what is found in one place is as it was. Programs get the findings of each place.
 *
 * @param clustersOf which clusters are all. Default: nobody knows, and each is named.
 * @example foldFindings(findings, clustersOf).map(formatFinding) // ['error …: fraud-detector, in dev, prod-eu: predictor.scaling …']
 */
export function foldFindings(findings: readonly Finding[], clustersOf: ClustersOf = () => []): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of sortFindings(findings)) {
    const { environment, cluster: _cluster, object, ...where } = finding.where;
    const same = [finding.severity, finding.id, finding.message, finding.fix, Object.entries(where).sort()];
    const key = JSON.stringify([...same, environment === undefined ? object : object && withoutNamespace(object)]);
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return sortFindings([...groups.values()].flatMap((group) => folded(group, clustersOf)));
}

/** Findings that are the same but for their places as one; as they are, where two have one place. */
function folded(group: readonly Finding[], clustersOf: ClustersOf): readonly Finding[] {
  const [first] = group;
  if (!first || group.length === 1) return group;
  const clusters = new Map<string, Set<string>>();
  for (const { where } of group) {
    const { environment = '', cluster = '' } = where;
    const found = clusters.get(environment);
    if (found?.has(cluster)) return group;
    if (found) found.add(cluster);
    else clusters.set(environment, new Set([cluster]));
  }
  const places = [...clusters].map(([environment, found]) => {
    const all = clustersOf(environment);
    if (found.has('') || (all.length > 0 && all.every((cluster) => found.has(cluster)))) return environment;
    return `${environment} (${[...found].sort(compareText).join(', ')})`;
  });
  const { environment: _environment, cluster: _cluster, object, ...where } = first.where;
  const objects = new Set(group.map((finding) => finding.where.object));
  const named = object !== undefined && { object: objects.size === 1 ? object : withoutNamespace(object) };
  return [{ ...first, where: { ...where, ...named, places: places.sort(compareText) } }];
}

/** `Kind name` of `Kind namespace/name`. */
function withoutNamespace(object: string): string {
  return object.replace(/ [^ /]*\//, ' ');
}

/** `apps/x/service.yaml:3:5: fraud-detector, prod-eu, eu-1: InferenceService ml/fraud: spec.predictor` */
export function formatWhere(where: Where): string {
  const file = where.file && [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
  const places = where.places && `in ${where.places.join(', ')}`;
  const scope = [where.service, where.environment, where.cluster, places].filter(Boolean).join(', ');
  return [file, scope, where.object, where.field].filter(Boolean).join(': ');
}

/**
 * One finding as text: severity, id and place on the first line, then what is wrong, then the fix. Without a line break
 * at the end.
 *
 * @example process.stderr.write(`${formatFinding(finding)}\n`)
 */
export function formatFinding(finding: Finding): string {
  const place = formatWhere(finding.where);
  const head = `${finding.severity} ${finding.id}${place ? `: ${place}` : ''}`;
  return `${head}\n  ${finding.message}\n  fix: ${finding.fix}`;
}

/**
 * What `platform.synth()` throws when a finding is an error. Thrown at the edge only, after all findings have been
 * collected; its message is all of them as text, each once for all places where it holds.
 *
 * @example
 * try { platform.synth(); } catch (error) {
 *   if (error instanceof FindingsError) for (const { id, where, fix } of error.findings) report(id, where, fix);
 * }
 */
export class FindingsError extends Error {
  /** Always `FindingsError`. */
  override readonly name = 'FindingsError';
  /** All findings of the run, sorted, warnings too. */
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[], clustersOf?: ClustersOf) {
    super(foldFindings(findings, clustersOf).map(formatFinding).join('\n'));
    this.findings = sortFindings(findings);
  }
}

/** Code-point order, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
