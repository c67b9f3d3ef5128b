import { describe, expect, test } from 'vitest';
import { policyDigest, PHASES, releaseState, runningReleases, type ReleaseState } from '../../src/release/state.ts';
import { legalMoves, transition, TRANSITIONS, type Move, type MoveOptions } from '../../src/release/transition.ts';
import { policyOf, type Policies, type ReleasePolicy } from '../../src/service/release-policy.ts';
import { aiService } from '../../src/service/service.ts';
import { fc } from '../support/property.ts';

const parse = (policies: object): ReleasePolicy => {
  const spec = aiService.parse({
    owner: { team: 'a' },
    function: { image: 'a/b:1', resources: { cpu: '1', memory: '1Gi' } },
    ...policies,
  });
  return policyOf(spec satisfies Policies, 'release');
};

const canary = parse({ canary: { steps: [10, 25, 50] } });
const digest = policyDigest(canary);

const state = (text: Partial<ReleaseState>): ReleaseState => releaseState.parse({ stable: 'v46', ...text });
const warming = state({ candidate: 'v47', phase: 'warming', policy: digest });
const atStep = (step: number): ReleaseState =>
  state({ candidate: 'v47', phase: 'canary', weight: [10, 25, 50][step] ?? 0, step, policy: digest });
const finished = state({ stable: 'v47', previous: 'v46', phase: 'idle' });

/** The state after a move, or what is said against it. */
function after(from: ReleaseState, move: Move, options: MoveOptions = {}, policy = canary): ReleaseState | string {
  const { state: to, problem } = transition(from, move, policy, options);
  return to ?? `${problem.message}; ${problem.fix}`;
}

describe('a release on its way', () => {
  test('starts at weight 0', () => {
    expect(
      after(state({ previous: 'v45' }), { action: 'release', release: 'v47' }, { reason: 'weekly retrain' }),
    ).toEqual({
      stable: 'v46',
      previous: 'v45',
      candidate: 'v47',
      phase: 'warming',
      weight: 0,
      policy: digest,
      reason: 'weekly retrain',
    });
  });

  test('climbs the steps', () => {
    expect(after(warming, { action: 'advance' })).toEqual({ ...warming, phase: 'canary', weight: 10, step: 0 });
    expect(after(atStep(0), { action: 'advance' })).toEqual({ ...atStep(0), weight: 25, step: 1 });
  });

  test('cannot advance past the last step', () => {
    expect(after(atStep(2), { action: 'advance' })).toBe('v47 is at step 2 (50 %), and no step is left; run finish');
  });

  test('cannot go on from a weight that somebody wrote by hand, but can go back from it', () => {
    const edited = { ...atStep(0), weight: 33 };
    const said =
      'the candidate gets 33 %, and step 0 of the policy is 10 %; restore the state from Git; traffic moves by advance, abort and rollback, and other steps are written in the policy';
    expect(after(edited, { action: 'advance' })).toBe(said);
    expect(after({ ...edited, step: 2 }, { action: 'finish' })).toBe(
      said.replace('step 0', 'step 2').replace('10 %', '50 %'),
    );
    expect(after({ ...edited, step: 3 }, { action: 'advance' })).toBe(
      said.replace('step 0 of the policy is 10 %', 'step 3 of the policy is not there'),
    );
    expect(after(state({ candidate: 'v47', phase: 'canary', weight: 33 }), { action: 'advance' })).toBe(
      said.replace('step 0 of the policy is 10 %', 'the steps of the policy are 10 %, 25 %, 50 %'),
    );
    expect(after(edited, { action: 'abort' })).toMatchObject({ phase: 'held', weight: 0 });
    expect(after(edited, { action: 'rollback' })).toMatchObject({ phase: 'held', weight: 0 });
  });

  test('cannot go on with copies or a header that somebody wrote by hand', () => {
    const [shadow, abTest] = [
      parse({ shadow: { percent: 20 } }),
      parse({ abTest: { header: { name: 'x-cohort', value: 'b' } } }),
    ];
    const on = (policy: ReleasePolicy, exposure: Partial<ReleaseState>): ReleaseState | string =>
      after(
        state({ candidate: 'v47', phase: 'canary', step: 0, policy: policyDigest(policy), ...exposure }),
        { action: 'finish' },
        {},
        policy,
      );
    expect(on(shadow, { mirror: 20 })).toMatchObject({ phase: 'finishing' });
    expect(on(shadow, { mirror: 20, weight: 5 })).toMatch(
      /^the candidate gets 5 % and copies of 20 %, and step 0 of the policy is copies of 20 %; /,
    );
    expect(on(abTest, { header: { name: 'x-cohort', value: 'c' } })).toMatch(
      /^the candidate gets requests with x-cohort: c, and step 0 of the policy is requests with x-cohort: b; /,
    );
  });

  test('finishes from the last step; what served before, and before that, keeps running', () => {
    expect(after({ ...atStep(2), previous: 'v45' }, { action: 'finish' })).toEqual({
      stable: 'v47',
      previous: 'v46',
      phase: 'finishing',
      weight: 0,
      retiring: ['v45'],
    });
  });

  test('finishes earlier with a reason only', () => {
    expect(after(atStep(0), { action: 'finish' })).toBe(
      'v47 is at step 0 (10 %), and has not been through 25 %, 50 %; run advance, or say --force with a --reason',
    );
    expect(after(warming, { action: 'finish' })).toBe(
      'v47 is warming, without traffic, and has not been through 10 %, 25 %, 50 %; run advance, or say --force with a --reason',
    );
    expect(after(atStep(0), { action: 'finish' }, { force: true })).toBe(
      'steps are left out without a reason; say --reason',
    );
    expect(after(atStep(0), { action: 'finish' }, { force: true, reason: 'hot fix' })).toMatchObject({
      stable: 'v47',
      phase: 'finishing',
      reason: 'hot fix',
    });
  });

  test('there is one candidate at a time', () => {
    expect(after(atStep(0), { action: 'release', release: 'v48' })).toBe(
      'v47 is on its way already, at step 0 (10 %), and there is one candidate at a time; bring it to its end with advance and finish; or take it off with abort, and run this again',
    );
  });
});

describe('cleanup, in a commit of its own', () => {
  const finishing = state({ stable: 'v47', previous: 'v46', phase: 'finishing', retiring: ['v45'] });

  test.each([
    ['warm', { stable: 'v47', previous: 'v46', phase: 'idle', weight: 0 }],
    ['stopped', { stable: 'v47', previous: 'v46', phase: 'idle', weight: 0, stopped: ['v46'] }],
    ['none', { stable: 'v47', phase: 'idle', weight: 0 }],
  ] as const)('keeps the previous release %s', (keepPrevious, expected) => {
    expect(after(finishing, { action: 'cleanup' }, {}, parse({ canary: { steps: [10], keepPrevious } }))).toEqual(
      expected,
    );
  });

  test('removes a candidate that was aborted; the hold stays', () => {
    const held = state({ candidate: 'v47', phase: 'held', holds: { v47: 'too slow' }, policy: digest });
    expect(after(held, { action: 'cleanup' })).toEqual({
      stable: 'v46',
      phase: 'idle',
      weight: 0,
      holds: { v47: 'too slow' },
    });
  });

  test('has nothing to do when everything is needed', () => {
    expect(after(finished, { action: 'cleanup' })).toBe(
      'cleanup is not possible while idle: everything that runs is needed; possible now: release, rollback, hold, pause',
    );
  });
});

describe('a way back', () => {
  test('abort takes the traffic off the candidate, and holds it', () => {
    expect(after(atStep(1), { action: 'abort' }, { reason: 'p99 0.8 s' })).toEqual({
      stable: 'v46',
      candidate: 'v47',
      phase: 'held',
      weight: 0,
      policy: digest,
      holds: { v47: 'p99 0.8 s' },
      reason: 'p99 0.8 s',
    });
  });

  test('rollback on the way is an abort', () => {
    expect(after(atStep(1), { action: 'rollback' }, { reason: 'x' })).toEqual(
      after(atStep(1), { action: 'abort' }, { reason: 'x' }),
    );
  });

  test('rollback of a finished release only moves weights: what is warm serves, what served is held', () => {
    expect(after(finished, { action: 'rollback' }, { reason: 'drift' })).toEqual({
      stable: 'v46',
      candidate: 'v47',
      phase: 'held',
      weight: 0,
      holds: { v47: 'drift' },
      reason: 'drift',
    });
  });

  test('a second rollback does not go further back, unless the release is named', () => {
    const canary = state({ stable: 'v47', previous: 'v46', candidate: 'v48', phase: 'canary', weight: 10 });
    const aborted = after(canary, { action: 'rollback' });
    expect(aborted).toMatchObject({ stable: 'v47', previous: 'v46', candidate: 'v48', phase: 'held' });
    expect(after(aborted as ReleaseState, { action: 'rollback' })).toBe(
      'v48 is held already, and v47 answers all requests; nothing to do; to go further back, name the release: rollback --to v46',
    );
    expect(after(aborted as ReleaseState, { action: 'rollback', to: 'v46' })).toMatchObject({
      stable: 'v46',
      candidate: 'v47',
    });
    const { previous: _previous, ...first } = aborted as ReleaseState;
    expect(after(first, { action: 'rollback' })).toBe(
      'v48 is held already, and v47 answers all requests; nothing to do; to go further back, name the release: rollback --to <release>, with --force and a --reason',
    );
  });

  test('rollback to a release of which the state does not say that it served takes the word of a person', () => {
    const settled = state({ stable: 'v47', previous: 'v46' });
    const served =
      'the state does not say that v49 ever served here, and going back takes no steps and asks no gates; bring it with release or promote; or, if it did serve here, say --force with a --reason';
    const back: Move = { action: 'rollback', to: 'v49' };
    const replace = parse({ replace: {} });
    expect([after(settled, back), after(settled, back, { reason: 'slow' }), after(settled, back, {}, replace)]).toEqual(
      [served, served, served],
    );
    expect(after(settled, back, { force: true })).toBe(
      'nothing here says that v49 served, and no reason is given; say --reason',
    );
    const said = { force: true, reason: 'it served in May' };
    expect(after(settled, back, said)).toEqual({
      stable: 'v47',
      previous: 'v46',
      candidate: 'v49',
      phase: 'warming',
      weight: 0,
      returning: true,
      reason: 'it served in May',
    });
    expect(after(settled, back, said, replace)).toMatchObject({
      stable: 'v49',
      phase: 'idle',
      holds: { v47: 'it served in May' },
    });
    expect(
      after({ ...settled, phase: 'finishing', retiring: ['v45'] }, { action: 'rollback', to: 'v45' }),
    ).toMatchObject({ stable: 'v45', candidate: 'v47', phase: 'held' });
  });

  test('rollback to a release that is stopped, or gone, warms it first, while the present one serves', () => {
    const expected = {
      stable: 'v47',
      candidate: 'v46',
      phase: 'warming',
      weight: 0,
      returning: true,
      reason: 'rolled back to v46',
    };
    expect(after({ ...finished, stopped: ['v46'] }, { action: 'rollback' })).toEqual(expected);
    expect(
      after(state({ stable: 'v47' }), { action: 'rollback', to: 'v46' }, { force: true, reason: 'rolled back to v46' }),
    ).toEqual(expected);
  });

  test('a release that returns finishes without steps, and holds what it replaces', () => {
    const returning = state({ stable: 'v47', candidate: 'v46', phase: 'warming', returning: true, reason: 'drift' });
    expect(after(returning, { action: 'advance' })).toBe(
      'the candidate served here before, and needs no steps; run finish',
    );
    expect(after(returning, { action: 'finish' })).toEqual({
      stable: 'v46',
      candidate: 'v47',
      phase: 'held',
      weight: 0,
      holds: { v47: 'drift' },
    });
  });

  test('a release that returns to the one object of KServe or Knative removes nothing that the other one calls', () => {
    const revisions = parse({ canary: { steps: [10], mechanism: 'revisions' } });
    const returning = state({
      stable: 'v47',
      candidate: 'v46',
      previous: 'v45',
      phase: 'warming',
      returning: true,
      reason: 'drift',
    });
    expect(after(returning, { action: 'finish' }, {}, revisions)).toEqual({
      stable: 'v46',
      phase: 'finishing',
      weight: 0,
      retiring: ['v45', 'v47'],
      holds: { v47: 'drift' },
    });
  });

  test('a candidate that was left for another one is no way back: it may never have been ready', () => {
    const left = state({
      candidate: 'v48',
      phase: 'warming',
      retiring: ['v47'],
      holds: { v47: 'not ready' },
      policy: digest,
    });
    expect(after(left, { action: 'resume', release: 'v47' })).toBe('v47 is on its way out; run cleanup first');
  });

  test('without a previous release the target must be named', () => {
    expect(after(state({}), { action: 'rollback' })).toBe(
      'no release served before v46 that is still known here; name one that did: rollback --to <release>, with --force and a --reason',
    );
  });

  test('to another release than stable goes in two moves while one is on its way', () => {
    expect(after(atStep(0), { action: 'rollback', to: 'v40' })).toBe(
      'v47 is on its way; run rollback first, then rollback --to v40',
    );
  });
});

describe('a hold', () => {
  const held = state({ candidate: 'v47', phase: 'held', holds: { v47: 'too slow' }, policy: digest });

  test('of a candidate takes its traffic', () => {
    expect(after(atStep(0), { action: 'hold' }, { reason: 'asked by risk' })).toMatchObject({
      phase: 'held',
      weight: 0,
      holds: { v47: 'asked by risk' },
    });
  });

  test('of what serves is refused', () => {
    expect(after(state({}), { action: 'hold', release: 'v46' })).toBe(
      'v46 serves; run rollback, which holds what it replaces',
    );
  });

  test('is honoured by release, until somebody resumes it', () => {
    const idle = state({ holds: { v47: 'too slow' } });
    expect(after(idle, { action: 'release', release: 'v47' })).toBe(
      'v47 is held: too slow; free it with resume v47, or make a newer release',
    );
    expect(after(idle, { action: 'resume' })).toEqual({ stable: 'v46', phase: 'idle', weight: 0 });
  });

  test('stops one release, not the next one; the held one goes with the next cleanup', () => {
    expect(after(held, { action: 'release', release: 'v48' })).toEqual({
      stable: 'v46',
      candidate: 'v48',
      phase: 'warming',
      weight: 0,
      policy: digest,
      retiring: ['v47'],
      holds: { v47: 'too slow' },
    });
  });

  test('a candidate that is resumed warms again', () => {
    expect(after(held, { action: 'resume' })).toEqual({
      stable: 'v46',
      candidate: 'v47',
      phase: 'warming',
      weight: 0,
      policy: digest,
    });
  });

  test('of more than one release must be named', () => {
    const two = state({ holds: { v47: 'a', v48: 'b' } });
    expect(after(two, { action: 'resume' })).toBe('more than one release is held: v47, v48; name one of them');
    expect(after(two, { action: 'resume', release: 'v48' })).toMatchObject({ holds: { v47: 'a' } });
  });
});

describe('two at work', () => {
  test('--expect-step guards against the other', () => {
    expect(after(atStep(1), { action: 'advance' }, { expectStep: 0 })).toBe(
      'expected step 0, but the candidate is at step 1 (25 %): somebody else moved it; look at ai-service status, and run again with what it says',
    );
    expect(after(atStep(1), { action: 'advance' }, { expectStep: 1 })).toMatchObject({ step: 2 });
  });

  test('a policy that changed on the way must be accepted, and goes on at the next higher weight', () => {
    const changed = parse({ canary: { steps: [5, 20, 40] } });
    expect(after(atStep(0), { action: 'advance' }, {}, changed)).toBe(
      'the policy changed since the candidate set out; read the new policy, and say --accept-policy; or abort, and release again',
    );
    expect(after(atStep(0), { action: 'advance' }, { acceptPolicy: true }, changed)).toEqual({
      ...atStep(0),
      weight: 20,
      step: 1,
      policy: policyDigest(changed),
    });
  });

  test('pause and unpause', () => {
    const paused = after(atStep(0), { action: 'pause' }, { reason: 'holidays' });
    expect(paused).toEqual({ ...atStep(0), paused: 'holidays' });
    expect(after(paused as ReleaseState, { action: 'unpause' })).toEqual(atStep(0));
  });
});

describe('strategies', () => {
  test('blue-green flips at once', () => {
    const policy = parse({ blueGreen: {} });
    const ready = { ...warming, policy: policyDigest(policy) };
    expect(after(ready, { action: 'advance' }, {}, policy)).toBe('a blueGreen release has no steps; run finish');
    expect(after(ready, { action: 'finish' }, {}, policy)).toEqual({
      stable: 'v47',
      previous: 'v46',
      phase: 'finishing',
      weight: 0,
    });
  });

  test('shadow copies requests, A/B answers those with a header; neither gives weight', () => {
    const shadow = parse({ shadow: { percent: 20 } });
    const header = { name: 'x-cohort', value: 'b' };
    const abTest = parse({ abTest: { header } });
    expect(after({ ...warming, policy: policyDigest(shadow) }, { action: 'advance' }, {}, shadow)).toMatchObject({
      phase: 'canary',
      weight: 0,
      mirror: 20,
      step: 0,
    });
    expect(after({ ...warming, policy: policyDigest(abTest) }, { action: 'advance' }, {}, abTest)).toMatchObject({
      phase: 'canary',
      weight: 0,
      header,
      step: 0,
    });
  });

  test('replace has no way, forth or back', () => {
    const replace = parse({ replace: {} });
    const released = after(state({}), { action: 'release', release: 'v47' }, {}, replace);
    expect(released).toEqual({ stable: 'v47', previous: 'v46', phase: 'idle', weight: 0 });
    expect(after(released as ReleaseState, { action: 'rollback' }, {}, replace)).toEqual({
      stable: 'v46',
      phase: 'idle',
      weight: 0,
      holds: { v47: 'rolled back to v46' },
    });
    // What an older strategy left running is gone where there is one workload.
    const left = state({ previous: 'v45', retiring: ['v44'] });
    expect(after(left, { action: 'release', release: 'v44' }, {}, replace)).toEqual({
      stable: 'v44',
      previous: 'v46',
      phase: 'idle',
      weight: 0,
    });
  });
});

test('every phase has moves, and the table lists no phase that there is not', () => {
  for (const phase of PHASES) expect(TRANSITIONS.some(({ from }) => from.includes(phase))).toBe(true);
  expect(legalMoves(warming)).toEqual(['advance', 'finish', 'abort', 'rollback', 'hold', 'pause']);
});

test('whatever is done, in whatever order, gives a state that can be read back, and says what may be done next', () => {
  const release = fc.constantFrom('v1', 'v2', 'v3', 'v4');
  const move: fc.Arbitrary<Move> = fc.oneof(
    release.map((name): Move => ({ action: 'release', release: name })),
    fc.constantFrom<Move>(
      { action: 'advance' },
      { action: 'advance' },
      { action: 'finish' },
      { action: 'abort' },
      { action: 'cleanup' },
      { action: 'rollback' },
      { action: 'pause' },
      { action: 'unpause' },
    ),
    release.map((to): Move => ({ action: 'rollback', to })),
    release.map((name): Move => ({ action: 'hold', release: name })),
    release.map((name): Move => ({ action: 'resume', release: name })),
  );
  const policy = fc.constantFrom(
    canary,
    parse({}),
    parse({ blueGreen: { keepPrevious: 'stopped' } }),
    parse({ shadow: {} }),
    parse({ abTest: { header: { name: 'x', value: 'y' } } }),
    parse({ replace: {} }),
    parse({ canary: { steps: [50], keepPrevious: 'none' } }),
    parse({ canary: { steps: [50], mechanism: 'revisions' } }),
  );
  // A policy may be another one from some move on.
  const policies = fc.tuple(policy, policy, fc.nat(30));
  fc.assert(
    fc.property(
      policies,
      fc.array(fc.tuple(move, fc.boolean()), { maxLength: 30 }),
      ([first, second, change], moves) => {
        let now = state({ stable: 'v1' });
        for (const [index, [each, force]] of moves.entries()) {
          const under = index < change ? first : second;
          const { state: next, problem } = transition(now, each, under, {
            force,
            acceptPolicy: force,
            ...(force && { reason: 'because' }),
          });
          if (problem) {
            expect(problem.fix).not.toBe('');
            continue;
          }
          expect(releaseState.parse(next)).toEqual(next);
          expect(legalMoves(now)).toContain(each.action);
          // What ran goes in a cleanup only, or where there is one workload anyway.
          const gone = runningReleases(now).filter((name) => !runningReleases(next).includes(name));
          if (each.action !== 'cleanup' && under.strategy !== 'replace') expect(gone).toEqual([]);
          now = next;
        }
      },
    ),
    { numRuns: 500 },
  );
});
