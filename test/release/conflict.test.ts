import { describe, expect, test } from 'vitest';
import { conflictLine, saferState, sidesOf } from '../../src/release/conflict.ts';
import { releaseState, type ReleaseState } from '../../src/release/state.ts';
import { fc } from '../support/property.ts';

const state = (fields: Partial<ReleaseState>): ReleaseState => ({ stable: 'v1', phase: 'idle', weight: 0, ...fields });
const warming = state({ candidate: 'v2', phase: 'warming', policy: 'p' });
const canary = (step: number, weight: number): ReleaseState =>
  state({ candidate: 'v2', phase: 'canary', step, weight, policy: 'p' });
const held = state({ candidate: 'v2', phase: 'held', policy: 'p', holds: { v2: 'too slow' } });

describe('what both sides of a merge had', () => {
  test('is told apart by the markers of Git, in both styles and with both kinds of line ends', () => {
    const text = 'stable: v1\n<<<<<<< HEAD\nweight: 10\n=======\nweight: 50\n>>>>>>> advance\nstep: 0\n';
    expect(conflictLine(text)).toBe(2);
    expect(sidesOf(text)).toEqual({
      ours: 'stable: v1\nweight: 10\nstep: 0\n',
      theirs: 'stable: v1\nweight: 50\nstep: 0\n',
    });
    expect(sidesOf('<<<<<<< HEAD\r\na\r\n||||||| 1234567\r\nbase\r\n=======\r\nb\r\n>>>>>>> x\r\n')).toEqual({
      ours: 'a\r\n',
      theirs: 'b\r\n',
    });
    expect(sidesOf('<<<<<<< HEAD\na\n=======\n>>>>>>> x\nsame\n<<<<<<< HEAD\n=======\nb\n>>>>>>> x')).toEqual({
      ours: 'a\nsame\n',
      theirs: 'same\nb\n',
    });
  });

  test('is not known when the markers do not fit together', () => {
    expect(sidesOf('<<<<<<< HEAD\na\n')).toBeUndefined();
    expect(sidesOf('<<<<<<< HEAD\na\n>>>>>>> x\n')).toBeUndefined();
    expect(sidesOf('<<<<<<< HEAD\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n')).toBeUndefined();
    expect(sidesOf('a\n>>>>>>> x\n')).toBeUndefined();
  });

  test('has nothing to do with text that looks nearly like a marker', () => {
    for (const text of ['stable: v1\n', 'reason: |\n  <<<<<<< HEAD\n', '<<<<<<<< HEAD\n', '<<<<<< HEAD\n'])
      expect(conflictLine(text)).toBeUndefined();
    expect(sidesOf('=======\n')).toEqual({ ours: '=======\n', theirs: '=======\n' });
  });
});

describe('of two states', () => {
  test.each<[string, ReleaseState, ReleaseState, 'ours' | 'theirs']>([
    ['the same one is kept', warming, { ...warming }, 'ours'],
    ['held comes before canary', canary(1, 50), held, 'theirs'],
    ['held comes before idle', state({ previous: 'v0' }), held, 'theirs'],
    [
      'finishing comes before idle, which has removed something',
      state({ previous: 'v0' }),
      state({ previous: 'v0', phase: 'finishing', retiring: ['v00'] }),
      'theirs',
    ],
    ['idle comes before warming', warming, state({}), 'theirs'],
    ['warming comes before canary', warming, canary(0, 10), 'ours'],
    ['the one with less traffic comes first', canary(1, 50), canary(0, 10), 'theirs'],
    ['fewer copies come first', { ...canary(0, 0), mirror: 10 }, { ...canary(0, 0), mirror: 20 }, 'ours'],
  ])('%s', (_name, ours, theirs, side) => {
    expect(saferState(ours, theirs)).toEqual({ state: side === 'ours' ? ours : theirs, side });
  });

  test('releases that one of them holds are held, and automation that one of them paused is paused', () => {
    const ours = state({ holds: { v3: 'wrong data' }, paused: 'freeze' });
    const theirs = state({ holds: { v3: 'too slow', v4: 'too slow' } });
    expect(saferState(ours, theirs).state).toEqual({ ...ours, holds: { v3: 'wrong data; too slow', v4: 'too slow' } });
    expect(saferState(theirs, ours).state).toEqual({
      ...theirs,
      holds: { v3: 'too slow; wrong data', v4: 'too slow' },
      paused: 'freeze',
    });
  });

  test('a candidate that the other one holds gets nothing', () => {
    expect(saferState(canary(0, 10), { ...canary(1, 50), holds: { v2: 'too slow' } }).state).toEqual({ ...held });
  });

  test.each<[string, ReleaseState, ReleaseState, string]>([
    [
      'another release serves',
      state({}),
      state({ stable: 'v2' }),
      'another release serves on each side: ours is stable v1, idle; theirs is stable v2, idle',
    ],
    [
      'another candidate is on its way',
      warming,
      { ...canary(0, 10), candidate: 'v3' },
      'another candidate is on its way on each side: ours is stable v1, candidate v2, warming; theirs is stable v1, candidate v3, canary 10 %',
    ],
    [
      'one of them goes back',
      state({ stable: 'v2' }),
      { ...warming, stable: 'v2', candidate: 'v1', returning: true },
      'one side goes back to a release, and the other one does not: ours is stable v2, idle; theirs is stable v2, candidate v1, warming',
    ],
    [
      'a candidate with traffic would be removed',
      state({}),
      canary(0, 10),
      'one side removes the candidate to which the other one gives traffic: ours is stable v1, idle; theirs is stable v1, candidate v2, canary 10 %',
    ],
    [
      'what serves is held',
      state({ holds: { v3: 'x' } }),
      state({ holds: { v1: 'too slow' } }),
      'one side holds v1, which serves: ours is stable v1, idle, held: v3; theirs is stable v1, idle, held: v1',
    ],
    [
      'none is safer',
      state({ previous: 'v0' }),
      state({}),
      'none of the two sides is safer: ours is stable v1, previous v0, idle; theirs is stable v1, idle',
    ],
  ])('none is chosen when %s, and both are said', (_name, ours, theirs, message) => {
    expect(saferState(ours, theirs).problem?.message).toBe(message);
  });

  test('what is chosen is a valid state, with no more traffic than either of them gives, and does not depend on the order', () => {
    const any = fc.constantFrom(
      state({}),
      state({ phase: 'finishing', previous: 'v0' }),
      warming,
      canary(0, 10),
      canary(1, 50),
      held,
      { ...canary(0, 0), mirror: 20 },
      state({ stable: 'v2' }),
      state({ holds: { v2: 'too slow' } }),
    );
    fc.assert(
      fc.property(any, any, (ours, theirs) => {
        const [one, other] = [saferState(ours, theirs).state, saferState(theirs, ours).state];
        expect(one).toEqual(other);
        if (!one) return;
        expect(releaseState.parse(one)).toEqual(one);
        expect(one.weight).toBeLessThanOrEqual(Math.min(ours.weight, theirs.weight));
      }),
      { numRuns: 300 },
    );
  });
});
