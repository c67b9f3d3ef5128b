import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conflictedStates, repairState } from '../../src/app/repair.ts';
import { diskFiles } from '../../src/core/files.ts';
import type { Repository } from '../../src/git/repository.ts';
import { git, opened, refusalOf, valueOf } from '../git/folders.ts';
import { checkoutIn, checkoutWith, make, commit, put, repositoryOf, STATE, textOf } from '../support/checkout.ts';

/** State files in which a merge left its markers. */

const repair = async (root: string, file = STATE, repository?: Repository) =>
  repairState(diskFiles(root), 'releases', file, repository);

const CONFLICT = [
  '# moved by the bot',
  'stable: v1',
  'candidate: v2',
  'phase: canary',
  '<<<<<<< HEAD',
  'weight: 50',
  'step: 1',
  '=======',
  'weight: 10 # only a little',
  'step: 0',
  '>>>>>>> other',
  '',
].join('\n');

test('the side with less traffic is kept, with its comments', async () => {
  const root = checkoutWith();
  put(root, STATE, CONFLICT);
  const { change, said } = valueOf(await repair(root));
  expect(change).toEqual({
    path: STATE,
    before: CONFLICT,
    after: '# moved by the bot\nstable: v1\ncandidate: v2\nphase: canary\nweight: 10 # only a little\nstep: 0\n',
  });
  expect(said).toBe(`${STATE}: kept their side, the safer one: v1 serves, v2 canary 10 %`);
});

test('a merge of Git itself is repaired: an abort beats an advance, and holds', async () => {
  const root = repositoryOf();
  await make(root, { move: { action: 'release', release: 'v2' } });
  await make(root, { move: { action: 'advance' } });
  commit(root, 'canary');
  git(root, 'switch', '--quiet', '--create', 'abort');
  await make(root, { move: { action: 'abort' }, reason: 'too slow' });
  commit(root, 'abort');
  git(root, 'switch', '--quiet', 'main');
  await make(root, { move: { action: 'advance' } });
  commit(root, 'advance');
  expect(() => git(root, 'merge', '--quiet', 'abort')).toThrow();
  expect(conflictedStates(diskFiles(root), 'releases')).toEqual([STATE]);
  expect(checkoutIn(root).store.state('prod-eu', 'risk-ml', 'fraud')?.findings).toMatchObject([
    { id: 'release/merge-conflict', fix: `npx ai-service lock repair ${STATE}` },
  ]);
  const { change, state } = valueOf(await repair(root, STATE, await opened(root)));
  expect(change.after).toBe(git(root, 'show', `abort:${STATE}`) + '\n');
  expect(state).toMatchObject({ stable: 'v1', candidate: 'v2', phase: 'held', weight: 0, holds: { v2: 'too slow' } });
});

test('what Git mixed out of both sides is refused when the two are no longer there to be read', async () => {
  const root = checkoutWith();
  put(
    root,
    STATE,
    'stable: v1\ncandidate: v2\n<<<<<<< HEAD\nphase: canary\nweight: 50\n=======\nphase: held\nweight: 0\n>>>>>>> abort\nholds:\n  v2: too slow\n',
  );
  expect(refusalOf(await repair(root))).toEqual([
    'service/value: in our side of the merge, v2 is held, and gets traffic',
  ]);
});

test('nothing is guessed: what the rule does not decide says both sides', async () => {
  const root = checkoutWith();
  put(root, STATE, '<<<<<<< HEAD\nstable: v1\n=======\nstable: v2\n>>>>>>> other\n');
  expect(await repair(root)).toEqual({
    value: undefined,
    findings: [
      {
        id: 'release/repair',
        severity: 'error',
        where: { service: 'fraud', environment: 'prod-eu', file: STATE, line: 1 },
        message: 'another release serves on each side: ours is stable v1, idle; theirs is stable v2, idle',
        fix: 'decide which one counts, and take the file from that branch: git checkout <branch> -- <file>; make the other move again afterwards',
      },
    ],
  });
  expect(textOf(root, STATE)).toContain('<<<<<<<');
});

test('a side that is no valid state is named', async () => {
  const root = checkoutWith();
  put(root, STATE, '<<<<<<< HEAD\nstable: v1\n=======\nstable: v1\nphase: warming\n>>>>>>> other\n');
  expect(refusalOf(await repair(root))).toEqual([
    'service/value: in their side of the merge, phase warming has no candidate',
  ]);
});

test.each([
  ['README.md', 'release/repair: it is no state file'],
  ['releases/fraud/v1.yaml', 'release/repair: it is no state file'],
  ['releases/prod-eu/risk-ml/other.yaml', 'release/repair: there is no such file'],
  [STATE, 'release/repair: there are no markers of a merge in it'],
])('%s is refused: %s', async (file, message) => {
  expect(refusalOf(await repair(checkoutWith(), file))).toEqual([message]);
});

test('markers that do not fit together are refused', async () => {
  const root = checkoutWith();
  put(root, STATE, '<<<<<<< HEAD\nstable: v1\n');
  expect(refusalOf(await repair(root))).toEqual(['release/repair: the markers of the merge do not fit together']);
  expect(existsSync(join(root, STATE))).toBe(true);
});

test('a record with markers says that one of the two needs another name', () => {
  const root = checkoutWith();
  put(root, 'releases/fraud/v2.yaml', '<<<<<<< HEAD\nrelease: v2\n=======\nrelease: v2\n>>>>>>> other\n');
  expect(checkoutIn(root).store.record('fraud', 'v2')?.findings).toMatchObject([
    {
      id: 'release/merge-conflict',
      where: { file: 'releases/fraud/v2.yaml', line: 1 },
      fix: 'keep the side that was there first, and release the other one again under a new name',
    },
  ]);
});
