import { expect, test } from 'vitest';
import { git } from '../git/folders.ts';
import { checkoutWith, commit, make, put, repositoryOf, STATE, textOf } from '../support/checkout.ts';
import { run } from '../support/project.ts';

const STAGING = 'releases/staging/risk-ml/fraud.yaml';

test('lock repair finds the states of a merge by itself, and every command names it before', async () => {
  const root = repositoryOf();
  git(root, 'switch', '--quiet', '--create', 'hold');
  await make(root, { move: { action: 'hold', release: 'v3' }, reason: 'wrong data' });
  commit(root, 'hold');
  git(root, 'switch', '--quiet', 'main');
  await make(root, { move: { action: 'hold', release: 'v2' }, reason: 'too slow' });
  commit(root, 'hold');
  expect(() => git(root, 'merge', '--quiet', 'hold')).toThrow();
  expect(await run(root, ['rollback', 'fraud', '--env', 'prod-eu'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`fix: npx ai-service lock repair ${STATE}`) as string,
  });
  expect(await run(root, ['lock', 'repair'])).toEqual({
    code: 0,
    signal: null,
    stdout: `${STATE}: kept our side, the safer one: v1 serves\n`,
    stderr:
      'now the tree must say the same: run npx ai-service synth where the sources are; then git add, and finish the merge\n',
  });
  expect(textOf(root, STATE)).toBe('stable: v1\nholds:\n  v2: too slow\n  v3: wrong data\nreason: too slow\n');
  expect(await run(root, ['lock', 'repair'])).toMatchObject({
    code: 0,
    stdout: 'no state in releases has markers of a merge\n',
    stderr: '',
  });
});

test('lock repair writes nothing when there is one that the rule does not decide', async () => {
  const root = checkoutWith();
  const [undecided, decided] = [
    '<<<<<<< a\nstable: v1\n=======\nstable: v2\n>>>>>>> b\n',
    '<<<<<<< a\nstable: v1\n=======\nstable: v1\npaused: freeze\n>>>>>>> b\n',
  ];
  put(root, STATE, undecided);
  put(root, STAGING, decided);
  const { code, stdout, stderr } = await run(root, ['lock', 'repair'], {
    env: { GIT_CEILING_DIRECTORIES: `${root}/..` },
  });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`error release/repair: ${STATE}:1: fraud, prod-eu`);
  expect([textOf(root, STATE), textOf(root, STAGING)]).toEqual([undecided, decided]);
  expect(
    await run(root, ['lock', 'repair', STAGING], { env: { GIT_CEILING_DIRECTORIES: `${root}/..` } }),
  ).toMatchObject({ code: 0 });
  expect(textOf(root, STAGING)).toBe('stable: v1\npaused: freeze\n');
});

test('lock repair says what cannot be one of its files, and that another folder is no release store', async () => {
  const root = checkoutWith();
  const notState = (file: string): string => `error release/repair: ${file}
  it is no state file
  fix: name a file as releases/<environment>/<team>/<service>.yaml; of two records with one name, one must get another name
1 error; nothing was written
`;
  expect(await run(root, ['lock', 'repair', 'releases'])).toMatchObject({ code: 1, stderr: notState('releases') });
  put(root, 'releases/staging/risk-ml/folder.yaml/file', '');
  expect(await run(root, ['lock', 'repair', 'releases/staging/risk-ml/folder.yaml'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^error release\/unreadable: releases\/staging\/risk-ml\/folder\.yaml\n {2}cannot be read: EISDIR/,
    ) as string,
  });
  expect(await run(root, ['lock', 'repair', '--releases', 'elsewhere'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `error release/no-state
  elsewhere has no state of any service
  fix: name the folder of the release store with --releases, or make a first release: npx ai-service release
1 error; nothing was written
`,
  });
});
