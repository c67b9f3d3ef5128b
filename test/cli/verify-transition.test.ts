import { expect, test } from 'vitest';
import { git } from '../git/folders.ts';
import { commit, make, put, repositoryOf, STATE, textOf } from '../support/checkout.ts';
import { run } from '../support/project.ts';

test('verify-transition says what the transition is, or what is wrong with it', async () => {
  const root = repositoryOf();
  git(root, 'switch', '--quiet', '--create', 'bot');
  commit(root, await make(root, { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' }));
  expect(await run(root, ['verify-transition', '--base', 'main', '--head', 'bot'])).toEqual({
    code: 0,
    signal: null,
    stdout: 'release: fraud prod-eu: v2 is deployed, without traffic\n',
    stderr: '',
  });
  put(root, STATE, textOf(root, STATE).replace('weight: 0', 'weight: 5').replace('phase: warming', 'phase: canary'));
  commit(root, 'by hand');
  const { code, stdout, stderr } = await run(root, ['verify-transition', '--base', 'main', '--head', 'bot']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(
    `error transition/illegal: ${STATE}: fraud, prod-eu\n  no legal move leads to this state; legal are release, rollback, hold, pause\n`,
  );
});

test('verify-transition accepts what the commands commit', async () => {
  const root = repositoryOf({ prod: 'stable: v2\nprevious: v1\n' });
  const rolledBack = await run(root, [
    'rollback',
    'fraud',
    '--env',
    'prod-eu',
    '--reason',
    'too slow',
    '--branch',
    'bot',
  ]);
  expect(rolledBack).toMatchObject({ code: 0, stdout: 'fraud prod-eu: back to v1, v2 is held\n' });
  expect(await run(root, ['verify-transition', '--base', 'main', '--head', 'HEAD'])).toEqual({
    code: 0,
    signal: null,
    stdout: 'rollback: fraud prod-eu: back to v1, v2 is held\n',
    stderr: '',
  });
});

test('verify-transition accepts what the command line forced where --allow-forced says that it may', async () => {
  const root = repositoryOf();
  const forced = ['--force', '--reason', 'served in\nMay', '--branch', 'bot'];
  expect(await run(root, ['rollback', 'fraud', '--env', 'prod-eu', '--to', 'v3', ...forced])).toMatchObject({
    code: 0,
  });
  const verify = ['verify-transition', '--base', 'main', '--head', 'HEAD'];
  expect(await run(root, verify)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(
      '  fix: let a person look at it, and merge; where one has, say --allow-forced\n',
    ) as string,
  });
  expect(await run(root, [...verify, '--allow-forced'])).toEqual({
    code: 0,
    signal: null,
    stdout:
      'rollback: fraud prod-eu: v3 is started again to go back to it, within 20m; v1 serves meanwhile\n  forced: served in May\n',
    stderr: '',
  });
});

test('a reason that says nothing is none, for whatever move', async () => {
  const root = repositoryOf();
  for (const command of ['finish', 'rollback', 'gate'])
    expect(await run(root, [command, 'fraud', '--env', 'prod-eu', '--reason', ' ']), command).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "error: option '--reason <text>' argument ' ' is invalid. It says nothing.\n",
    });
});
