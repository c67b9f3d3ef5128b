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

/** Order of findings in every output: severity, then place, then id. Independent of locale. */
function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(formatWhere(a.where), formatWhere(b.where)) ||
    compareText(a.id, b.id) ||
    compareText(a.message, b.message)
  );
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

/** `apps/x/service.yaml:3:5: fraud-detector, prod-eu, eu-1: InferenceService ml/fraud: spec.predictor` */
export function formatWhere(where: Where): string {
  const file = where.file && [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
  const scope = [where.service, where.environment, where.cluster].filter(Boolean).join(', ');
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
 * collected; its message is all of them as text.
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

  constructor(findings: readonly Finding[]) {
    const sorted = sortFindings(findings);
    super(sorted.map(formatFinding).join('\n'));
    this.findings = sorted;
  }
}

/** Code-point order, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
