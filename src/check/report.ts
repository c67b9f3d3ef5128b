import type { Finding, Rule, Where } from '../core/finding.ts';

/** Collects the findings of one thing that is checked; ids and severities come from the rules. */
export interface Report {
  readonly findings: Finding[];
  /** Adds a finding of a rule at a field. */
  readonly add: (id: string, field: string | undefined, message: string, fix: string) => void;
}

/**
 * Makes reports for a list of rules.
 *
 * @example const report = reporter(KSERVE_RULES); const { add, findings } = report({ object: 'InferenceService a/b' });
 */
export function reporter(rules: readonly Rule[]): (where: Where) => Report {
  const severities = new Map(rules.map((rule) => [rule.id, rule.severity]));
  return (where) => {
    const findings: Finding[] = [];
    return {
      findings,
      add: (id, field, message, fix) => {
        const severity = severities.get(id);
        if (severity === undefined) throw new TypeError(`no rule ${id}`);
        findings.push({ id, severity, where: field === undefined ? where : { ...where, field }, message, fix });
      },
    };
  };
}
