import { foldFindings } from '../../core/finding.ts';
import type { Plan, Risk } from '../plan.ts';
import { RISK_ORDER } from '../risks.ts';

/** Risks, the highest first. */
export const RISKS_DOWN: readonly Risk[] = [...RISK_ORDER].reverse();

/** A number that people can read: `12,345`. */
export function figure(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** How many of something: `1 service`, `12 services`. */
export function count(value: number, one: string): string {
  return `${figure(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** What a plan comes to: `high risk`, `no changes`. */
export function verdict({ risk }: Plan): string {
  return risk === 'none' ? 'no changes' : `${risk} risk`;
}

/** What a plan is about: `2 services in 3 environments`. Objects are counted where they belong to no service, files where there are none. */
export function scope({ totals: { services, environments, objects }, entries }: Plan): string {
  const all = objects.added + objects.changed + objects.replaced + objects.removed;
  const what =
    services > 0 ? count(services, 'service') : all > 0 ? count(all, 'object') : count(entries.length, 'file');
  return environments > 0 ? `${what} in ${count(environments, 'environment')}` : what;
}

/** How many statements there are of each risk: `1 high, 2 medium, 5 low`. */
export function byRisk({ totals }: Plan): string {
  return RISKS_DOWN.filter((risk) => totals.statements[risk] > 0)
    .map((risk) => `${figure(totals.statements[risk])} ${risk}`)
    .join(', ');
}

/** How many objects there are of each kind of change: `3 objects added, 12 changed`; empty when no object changes. */
export function byChange({ totals: { objects } }: Plan): string {
  const parts = (['added', 'changed', 'replaced', 'removed'] as const).filter((change) => objects[change] > 0);
  return parts
    .map((change, index) => `${index === 0 ? count(objects[change], 'object') : figure(objects[change])} ${change}`)
    .join(', ');
}

/** How many things could not be read, or had to be assumed: `2 problems`; empty when there is none. */
export function problems({ findings }: Plan): string {
  return findings.length === 0 ? '' : count(foldFindings(findings).length, 'problem');
}
