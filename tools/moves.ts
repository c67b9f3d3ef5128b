import { PHASES } from '../src/release/state.ts';
import { TRANSITIONS } from '../src/release/transition.ts';
import { code, table } from './markdown.ts';

/** The table of moves: in which phases each is possible, where it leads, and what it does. */
export function movesReference(): string {
  const rows = TRANSITIONS.map(({ action, from, to, does }) => [
    code(action),
    from.length === PHASES.length ? 'any' : from.map(code).join(', '),
    to === 'same' ? 'as before' : code(to),
    does,
  ]);
  return table(['move', 'from', 'to', 'what it does'], rows);
}
