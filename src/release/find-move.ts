import { isDeepStrictEqual } from 'node:util';
import type { ReleasePolicy } from '../service/release-policy.ts';
import type { ReleaseState } from './state.ts';
import { transition, type Move, type MoveOptions } from './transition.ts';

/** A move that leads from one state to another one. */
export interface FoundMove {
  readonly move: Move;
  /** The reason that it was asked for with, where it had one. */
  readonly reason?: string;
}

/**
 * The legal moves that lead from one state exactly to another one: none when somebody edited the file. Moves that need a
 * person's word, past steps or past a changed policy, are not among them, unless it is given.
 */
export function movesBetween(
  before: ReleaseState,
  after: ReleaseState,
  policy: ReleasePolicy,
  word: Pick<MoveOptions, 'force' | 'acceptPolicy'> = {},
): readonly FoundMove[] {
  return possibleMoves(before, after).flatMap((move) =>
    reasonsIn(after).flatMap((reason) => {
      const { state } = transition(before, move, policy, { ...word, ...(reason !== undefined && { reason }) });
      return state && isDeepStrictEqual(state, after) ? [{ move, ...(reason !== undefined && { reason }) }] : [];
    }),
  );
}

/** Every move that could be meant: what it names stands in one of the two states. */
function possibleMoves(before: ReleaseState, after: ReleaseState): Move[] {
  const named = [after.stable, ...(after.candidate === undefined ? [] : [after.candidate])];
  const held = [...new Set([...Object.keys(before.holds ?? {}), ...Object.keys(after.holds ?? {})])];
  return [
    { action: 'advance' },
    { action: 'finish' },
    { action: 'abort' },
    { action: 'rollback' },
    ...named.map((to): Move => ({ action: 'rollback', to })),
    ...named.map((release): Move => ({ action: 'release', release })),
    ...held.map((release): Move => ({ action: 'hold', release })),
    ...held.map((release): Move => ({ action: 'resume', release })),
    { action: 'cleanup' },
    { action: 'pause' },
    { action: 'unpause' },
  ];
}

/** A reason stands in the state, in a hold, or in the pause. */
function reasonsIn({ reason, paused, holds = {} }: ReleaseState): readonly (string | undefined)[] {
  return [...new Set([undefined, reason, paused, ...Object.values(holds)])];
}
