import { compareText } from '../core/finding.ts';
import { SHARED } from './place.ts';
import type { Cell, Reason, Statement } from './plan.ts';
import { riskOf, RISK_ORDER } from './risks.ts';
import type { Said } from './statement.ts';
import type { Place } from './unit.ts';

/** A sentence, and where it was said. */
export interface Spoken {
  readonly place: Place;
  readonly subject: string;
  readonly said: Said;
  /** Indices of the entries that it explains. */
  readonly entries: readonly number[];
}

/** Says the same sentence about the same thing once, wherever it holds, and finds what there is for each service and environment. */
export function foldStatements(
  spoken: readonly Spoken[],
  clusters: ReadonlyMap<string, ReadonlySet<string>>,
): { readonly statements: Statement[]; readonly cells: Cell[] } {
  const groups = new Map<string, Spoken[]>();
  for (const each of spoken) {
    const key = JSON.stringify([each.subject, each.said.text]);
    const others = groups.get(key);
    if (others) others.push(each);
    else groups.set(key, [each]);
  }
  const folded = [...groups.values()].map((group) => ({ group, statement: statementOf(group, clusters) }));
  folded.sort(
    (a, b) =>
      RISK_ORDER.indexOf(b.statement.risk) - RISK_ORDER.indexOf(a.statement.risk) ||
      compareText(a.statement.where, b.statement.where) ||
      compareText(a.statement.subject, b.statement.subject) ||
      compareText(a.statement.text, b.statement.text),
  );
  return { statements: folded.map(({ statement }) => statement), cells: cellsOf(folded.map(({ group }) => group)) };
}

function statementOf(group: readonly Spoken[], clusters: ReadonlyMap<string, ReadonlySet<string>>): Statement {
  const { subject, said } = group[0]!;
  const reasons = distinct(group.flatMap((each) => each.said.reasons));
  return {
    text: said.text,
    subject,
    places: group.map(({ place }) => place).sort((a, b) => compareText(a.folder, b.folder)),
    where: whereOf(group, clusters),
    risk: riskOf(reasons),
    reasons,
    entries: [...new Set(group.flatMap(({ entries }) => entries))].sort((a, b) => a - b),
  };
}

/** Each reason once, most risky first. */
function distinct(reasons: readonly Reason[]): Reason[] {
  const found = new Map<string, Reason>();
  for (const reason of reasons) {
    const key = `${reason.rule}\n${reason.text}`;
    const other = found.get(key);
    if (!other || RISK_ORDER.indexOf(reason.risk) > RISK_ORDER.indexOf(other.risk)) found.set(key, reason);
  }
  return [...found.values()].sort(
    (a, b) =>
      RISK_ORDER.indexOf(b.risk) - RISK_ORDER.indexOf(a.risk) ||
      compareText(a.rule, b.rule) ||
      compareText(a.text, b.text),
  );
}

/** `prod-eu, prod-us`; `prod (eu-1)` where other clusters of the environment do not change; the folder in other layouts. */
function whereOf(group: readonly Spoken[], clusters: ReadonlyMap<string, ReadonlySet<string>>): string {
  const changed = new Map<string, Set<string>>();
  for (const { place } of group) {
    const name = place.environment ?? (place.folder || '.');
    const those = changed.get(name) ?? new Set();
    changed.set(name, place.cluster === undefined ? those : those.add(place.cluster));
  }
  return [...changed]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, those]) => {
      const all = clusters.get(name) ?? new Set();
      return those.size > 0 && [...all].some((cluster) => !those.has(cluster))
        ? `${name} (${[...those].sort().join(', ')})`
        : name;
    })
    .join(', ');
}

function cellsOf(groups: readonly (readonly Spoken[])[]): Cell[] {
  const cells = new Map<
    string,
    { subject: string; service: boolean; environment: string; reasons: Reason[]; statements: number[] }
  >();
  groups.forEach((group, index) => {
    for (const { place, subject, said } of group) {
      const environment = place.environment ?? '';
      const key = JSON.stringify([subject, environment]);
      const cell = cells.get(key) ?? {
        subject,
        service: place.service !== undefined && place.service !== SHARED,
        environment,
        reasons: [],
        statements: [],
      };
      cells.set(key, cell);
      cell.reasons.push(...said.reasons);
      if (cell.statements.at(-1) !== index) cell.statements.push(index);
    }
  });
  return [...cells.values()]
    .sort((a, b) => compareText(a.subject, b.subject) || compareText(a.environment, b.environment))
    .map(({ reasons, ...cell }) => ({ ...cell, risk: riskOf(reasons) }));
}
