import { RISKS } from '../src/review/risks.ts';
import { code, table } from './markdown.ts';

/** The table of reasons that a plan gives, with what each counts for. */
export function risksReference(): string {
  const rows = RISKS.map(({ id, prod, elsewhere, summary, why }) => [code(id), prod, elsewhere, summary, why]);
  return table(['reason', 'in production', 'elsewhere', 'what the change does', 'why it matters'], rows);
}
