import { describe, expect, test } from 'vitest';
import { movesBetween } from '../../src/release/find-move.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { transition, type Move } from '../../src/release/transition.ts';
import { changedFields, whatHappened } from '../../src/release/what-happened.ts';
import {
  abTestPolicy,
  blueGreenPolicy,
  canaryPolicy,
  policyOf,
  shadowPolicy,
  type ReleasePolicy,
} from '../../src/service/release-policy.ts';
import { fc } from '../support/property.ts';

/** Moves read back from states: for the trail, where a commit does not say what it did, and for the check of a move. */

const policies: Record<string, ReleasePolicy> = {
  canary: policyOf({ canary: canaryPolicy.parse({ steps: [10, 50] }) }, 'release'),
  'blue-green, stopped': policyOf({ blueGreen: blueGreenPolicy.parse({ keepPrevious: 'stopped' }) }, 'release'),
  'shadow, none kept': policyOf({ shadow: shadowPolicy.parse({ keepPrevious: 'none' }) }, 'release'),
  'A/B': policyOf({ abTest: abTestPolicy.parse({ header: { name: 'x-cohort', value: 'b' } }) }, 'release'),
  replace: policyOf({ replace: {} }, 'release'),
};

const RELEASES = ['v1', 'v2', 'v3'] as const;
const move = fc.oneof(
  fc.constantFrom(...RELEASES).map((release): Move => ({ action: 'release', release })),
  fc.constantFrom(...RELEASES).map((to): Move => ({ action: 'rollback', to })),
  fc.constantFrom(...RELEASES).map((release): Move => ({ action: 'hold', release })),
  fc.constantFrom(...RELEASES).map((release): Move => ({ action: 'resume', release })),
  {
    weight: 3,
    arbitrary: fc.constantFrom<Move[]>(
      { action: 'advance' },
      { action: 'finish' },
      { action: 'abort' },
      { action: 'rollback' },
      { action: 'cleanup' },
    ),
  },
  fc.constantFrom<Move[]>({ action: 'pause' }, { action: 'unpause' }),
);

/** A rollback of a candidate, and a hold of it, are an abort. */
const SAME_AS_ABORT: readonly string[] = ['abort', 'rollback', 'hold'];

describe.each(Object.entries(policies))('with %s', (_name, policy) => {
  test('every move is recognised by its result, and found again with its reason', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(move, fc.option(fc.constantFrom('too slow', 'weekly retrain'), { nil: undefined })), {
          minLength: 1,
          maxLength: 12,
        }),
        (moves) => {
          let state: ReleaseState = { stable: 'v1', phase: 'idle', weight: 0 };
          for (const [each, reason] of moves) {
            const { state: after } = transition(state, each, policy, reason === undefined ? {} : { reason });
            if (!after) continue;
            const said = whatHappened(state, after);
            expect(
              [each.action, ...(SAME_AS_ABORT.includes(each.action) ? ['abort'] : [])],
              `${JSON.stringify(state)} -> ${JSON.stringify(after)}`,
            ).toContain(said);
            const found = movesBetween(state, after, policy).map((one) => one.move.action);
            expect(found).toContain(each.action);
            state = after;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('an edit by hand is no move', () => {
    const canary: ReleaseState = { stable: 'v1', candidate: 'v2', phase: 'canary', weight: 10, step: 0 };
    expect(movesBetween(canary, { ...canary, weight: 99 }, policy)).toEqual([]);
    expect(whatHappened(canary, { ...canary, weight: 99 })).toBe('edit');
    expect(whatHappened({ ...canary, paused: 'freeze' }, { ...canary, paused: 'longer' })).toBe('edit');
    expect(whatHappened(canary, { ...canary, phase: 'held', weight: 0 })).toBe('edit');
    expect(whatHappened(canary, { ...canary, reason: 'looks good' })).toBe('edit');
  });
});

test('a file that comes or goes is no move', () => {
  const state: ReleaseState = { stable: 'v1', phase: 'idle', weight: 0 };
  expect(whatHappened(undefined, state)).toBe('start');
  expect(whatHappened(state, undefined)).toBe('end');
});

test('two moves in one commit are an edit, with the fields that changed', () => {
  const before: ReleaseState = { stable: 'v1', phase: 'idle', weight: 0 };
  const after: ReleaseState = { stable: 'v2', previous: 'v1', phase: 'finishing', weight: 0, holds: { v3: 'x' } };
  expect(whatHappened(before, after)).toBe('edit');
  expect(changedFields(before, after)).toEqual([
    { field: 'stable', before: 'v1', after: 'v2' },
    { field: 'phase', before: 'idle', after: 'finishing' },
    { field: 'previous', before: undefined, after: 'v1' },
    { field: 'holds', before: undefined, after: '{"v3":"x"}' },
  ]);
});

test('a step under a policy that changed is an advance, though it has the same number', () => {
  const before: ReleaseState = {
    stable: 'v1',
    candidate: 'v2',
    phase: 'canary',
    weight: 10,
    step: 0,
    policy: 'sha256:old',
  };
  expect(whatHappened(before, { ...before, weight: 20, policy: 'sha256:new' })).toBe('advance');
});
