import { describe, expect, test } from 'vitest';
import { gateTrailers, moveFor, type GateCase } from '../../src/app/gate.ts';
import type { GateEvaluation, GateResult } from '../../src/gate/evaluate.ts';
import { policyDigest, releaseState, type ReleaseState } from '../../src/release/state.ts';
import { policyOf } from '../../src/service/release-policy.ts';
import { aiService } from '../../src/service/service.ts';

const spec = aiService.parse({
  owner: { team: 'a' },
  function: { image: 'a/b:1', resources: { cpu: '1', memory: '1Gi' } },
  canary: { steps: [10, 50] },
});
const policy = policyOf(spec, 'release');

function caseOf(state: Partial<ReleaseState>): GateCase {
  return {
    file: 'releases/prod-eu/a/fraud.yaml',
    state: releaseState.parse({ stable: 'v46', policy: policyDigest(policy), ...state }),
    policy,
    clusters: ['eu-1'],
    question: undefined,
  };
}

const warming = caseOf({ candidate: 'v47', phase: 'warming' });
const first = caseOf({ candidate: 'v47', phase: 'canary', weight: 10, step: 0 });
const last = caseOf({ candidate: 'v47', phase: 'canary', weight: 50, step: 1 });
const finishing = caseOf({ stable: 'v47', previous: 'v46', phase: 'finishing' });

describe('the move that follows a verdict', () => {
  test.each([
    ['ready', warming, 'warming', 'pass', { action: 'advance' }],
    ['not ready in time', warming, 'warming', 'fail', { action: 'abort' }],
    ['not ready yet', warming, 'warming', 'inconclusive', undefined],
    ['gates pass at a step', first, 'canary', 'pass', { action: 'advance' }],
    ['gates fail at a step', first, 'canary', 'fail', { action: 'abort' }],
    ['gates pass at the last step', last, 'canary', 'pass', { action: 'finish' }],
    ['gates pass after finish', finishing, 'finishing', 'pass', { action: 'cleanup' }],
    ['gates fail after finish', finishing, 'finishing', 'fail', { action: 'rollback' }],
  ] as const)('%s', (_name, found, phase, verdict, move) => {
    expect(moveFor(found, { phase, verdict })).toEqual(move);
  });

  test('none while automation is paused', () => {
    expect(
      moveFor(caseOf({ candidate: 'v47', phase: 'canary', weight: 10, step: 0, paused: 'holidays' }), {
        phase: 'canary',
        verdict: 'pass',
      }),
    ).toBeUndefined();
  });

  test('a release that returns finishes as soon as it is ready', () => {
    expect(
      moveFor(caseOf({ candidate: 'v45', phase: 'warming', returning: true }), { phase: 'warming', verdict: 'pass' }),
    ).toEqual({ action: 'finish' });
  });
});

test('results become trailers of the commit, one line each', () => {
  const result = (fields: Partial<GateResult>): GateResult => ({
    name: 'error-ratio',
    cluster: 'eu-1',
    verdict: 'pass',
    value: '0.0004',
    limit: '<= 0.01',
    query: 'x',
    samples: '1200',
    parts: [],
    at: new Date('2026-03-01T09:30:00Z'),
    why: '',
    ...fields,
  });
  const results = [
    result({}),
    result({ name: 'registry-auc', cluster: undefined, value: '0.97', limit: '>= 0.9' }),
    result({ name: 'bake', value: undefined, limit: '30m', verdict: 'inconclusive' }),
  ];
  expect(gateTrailers({ results } as unknown as GateEvaluation)).toEqual([
    'error-ratio@eu-1=pass value=0.0004 limit=<=0.01 at=2026-03-01T09:30:00.000Z',
    'registry-auc=pass value=0.97 limit=>=0.9 at=2026-03-01T09:30:00.000Z',
    'bake@eu-1=inconclusive limit=30m at=2026-03-01T09:30:00.000Z',
  ]);
});
