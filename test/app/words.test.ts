import { expect, test } from 'vitest';
import type { Move } from '../../src/release/transition.ts';
import { checkoutWith, make } from '../support/checkout.ts';

/** What a commit says of its move: the release that it is about, the one before, and the model of the former. */

const HELD = 'stable: v1\ncandidate: v2\nphase: held\nholds:\n  v2: too slow\n';

test.each<[string, string, Move, readonly string[]]>([
  ['release', 'stable: v1\n', { action: 'release', release: 'v2' }, ['v2', '', 'fraud:2']],
  ['finish', 'stable: v1\ncandidate: v2\nphase: canary\nweight: 50\nstep: 1\n', { action: 'finish' }, ['v2', 'v1', 'fraud:2']],
  ['finish of a release that returned', 'stable: v2\ncandidate: v1\nphase: warming\nreturning: true\nreason: too slow\n', { action: 'finish' }, ['v1', 'v2', 'fraud:1']],
  ['rollback of a candidate', 'stable: v1\ncandidate: v2\nphase: canary\nweight: 10\nstep: 0\n', { action: 'rollback' }, ['v2', '', 'fraud:2']],
  ['rollback after finish', 'stable: v2\nprevious: v1\nphase: finishing\n', { action: 'rollback' }, ['v1', 'v2', 'fraud:1']],
  ['hold of a release that does not run', 'stable: v1\n', { action: 'hold', release: 'v3' }, ['v3', '', 'fraud:3']],
  ['resume of it', 'stable: v1\nholds:\n  v3: not yet\n', { action: 'resume' }, ['v3', '', 'fraud:3']],
  ['resume of a candidate', HELD, { action: 'resume' }, ['v2', '', 'fraud:2']],
  ['cleanup of a candidate', HELD, { action: 'cleanup' }, ['v1', '', 'fraud:1']],
])('the trailers of a %s name one release, and its model', async (_name, prod, move, said) => {
  const message = await make(checkoutWith({ prod }), { move, reason: 'a test' });
  const trailer = (key: string): string => new RegExp(`^${key}: (.*)$`, 'm').exec(message)?.[1] ?? '';
  expect([trailer('Release'), trailer('Previous-Release'), trailer('Model-Version')]).toEqual(said);
});
