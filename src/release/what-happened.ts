import { isDeepStrictEqual } from 'node:util';
import type { ReleaseState } from './state.ts';
import type { Action } from './transition.ts';

/** What a commit did to a state: a move (a promotion is a release that says so), or `start` and `end` of the file, or an `edit` that is no move. */
export type Happening = Action | 'promote' | 'start' | 'end' | 'edit';

/** A field of a state that changed, as text. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * What happened between two states of a service, from these two alone: for commits that do not say so. A rollback that
 * stops a candidate, and a hold of it, are the same as an `abort`.
 *
 * @example whatHappened({ stable: 'v1', phase: 'idle', weight: 0 }, { stable: 'v1', phase: 'idle', weight: 0, paused: 'freeze' }) // 'pause'
 */
export function whatHappened(before: ReleaseState | undefined, after: ReleaseState | undefined): Happening {
  if (!before) return 'start';
  if (!after) return 'end';
  const changed = new Set(
    changedFields(before, after)
      .map(({ field }) => field)
      .filter((field) => field !== 'reason'),
  );
  const only = (...fields: readonly string[]): boolean =>
    changed.size > 0 && [...changed].every((field) => fields.includes(field));
  const [heldNow, freed] = [newKeys(before.holds, after.holds), newKeys(after.holds, before.holds)];
  if (before.stable !== after.stable) return newStable(before, after, heldNow);
  if (only('paused')) return after.paused === undefined ? 'unpause' : before.paused === undefined ? 'pause' : 'edit';
  if (after.candidate !== undefined && after.candidate !== before.candidate) {
    return after.returning ? 'rollback' : after.phase === 'warming' ? 'release' : 'edit';
  }
  if (after.phase === 'held' && before.phase !== 'held')
    return heldNow.includes(after.candidate ?? '') ? 'abort' : 'edit';
  if (only('holds') && heldNow.length === 1 && freed.length === 0) return 'hold';
  if (freed.length === 1 && heldNow.length === 0 && only('holds', 'phase', 'policy')) {
    return after.phase === before.phase || after.phase === 'warming' ? 'resume' : 'edit';
  }
  if (after.phase === 'canary' && only('phase', 'step', 'weight', 'mirror', 'header', 'policy')) {
    // A policy that changed on the way may give the same step another weight.
    return changed.has('step') || changed.has('policy') ? 'advance' : 'edit';
  }
  const settles = only('retiring', 'stopped', 'phase', 'previous', 'candidate', 'policy', 'step') && after.weight === 0;
  if (settles && runsLess(before, after)) return 'cleanup';
  if (only('retiring', 'stopped') && runsLess(before, after)) return 'cleanup';
  return 'edit';
}

function newStable(before: ReleaseState, after: ReleaseState, held: readonly string[]): Happening {
  // Where releases are replaced in place nothing is ever on its way.
  const inPlace = after.candidate === undefined && after.phase === 'idle' && before.candidate === undefined;
  if (before.candidate === after.stable && (after.phase === 'finishing' || before.returning)) return 'finish';
  if (held.includes(before.stable) && (inPlace || after.candidate === before.stable)) return 'rollback';
  return inPlace && after.previous === before.stable ? 'release' : 'edit';
}

/** A cleanup settles a service: it is no longer finishing or held, or nothing is on its way out any more. */
function runsLess(before: ReleaseState, after: ReleaseState): boolean {
  const settled = after.phase === 'idle' && (before.phase === 'finishing' || before.phase === 'held');
  return after.retiring === undefined && (settled || (before.phase === after.phase && before.retiring !== undefined));
}

function newKeys(before: ReleaseState['holds'] = {}, after: ReleaseState['holds'] = {}): string[] {
  return Object.keys(after).filter((key) => !Object.hasOwn(before, key));
}

/** The fields in which two states differ, in the order of the file. */
export function changedFields(before: Partial<ReleaseState> = {}, after: Partial<ReleaseState> = {}): FieldChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof ReleaseState)[];
  return fields.flatMap((field) => {
    const [old, now] = [before[field], after[field]];
    return isDeepStrictEqual(old, now) ? [] : [{ field, before: textOf(old), after: textOf(now) }];
  });
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}
