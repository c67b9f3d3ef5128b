import { expect, test } from 'vitest';
import { checkoutWith, makeAndCommit, repositoryOf } from '../support/checkout.ts';
import { run } from '../support/project.ts';

async function released(): Promise<string> {
  const root = repositoryOf();
  await makeAndCommit(
    root,
    { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' },
    '2026-03-02T08:00:00+01:00',
  );
  return root;
}

test('history prints the trail, as text and as JSON', async () => {
  const root = await released();
  const [text, json] = await Promise.all([
    run(root, ['history', 'fraud', '--env', 'prod-eu', '--limit', '1']),
    run(root, ['history', 'fraud', '--json']),
  ]);
  expect(text).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^DATE .*\n2026-03-02T08:00:00\+01:00 {2}prod-eu {6}release .*\n$/) as string,
  });
  expect(json).toMatchObject({ code: 0, stderr: '' });
  const { entries } = JSON.parse(json.stdout) as { entries: { environment: string; action: string }[] };
  expect(entries.map(({ environment, action }) => `${environment} ${action}`)).toEqual([
    'prod-eu release',
    'prod-eu start',
    'staging start',
  ]);
});

test('audit prints what served, as text and as JSON', async () => {
  const root = await released();
  const asked = ['audit', '--service', 'fraud', '--env', 'prod-eu', '--at'];
  const [text, json, early, time, now] = await Promise.all([
    run(root, [...asked, '2026-03-02']),
    run(root, [...asked, '2026-03-02T07:00:00Z', '--json']),
    run(root, [...asked, '2020-01-01']),
    run(root, [...asked, 'monday']),
    run(root, asked.slice(0, -1)),
  ]);
  expect(text).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^fraud in prod-eu at 2026-03-02T23:59:59\.999Z\n {2}v1 100 % /) as string,
  });
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({
    at: '2026-03-02T07:00:00.000Z',
    weights: 'v1=100',
    reason: 'weekly retrain',
  });
  expect(early).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error trail/too-early: fraud, prod-eu') as string,
  });
  expect(time).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error trail/time') as string });
  expect(now).toMatchObject({ code: 0, stderr: '' });
  // Whatever the clock says, it is later than these commits, and what comes after the time is the same.
  const since = (said: string): string => said.slice(said.indexOf('\n'));
  expect(since(now.stdout)).toBe(since(text.stdout));
});

test('outside of a repository there is no trail', async () => {
  const root = checkoutWith();
  const { code, stderr } = await run(root, ['history', 'fraud'], { env: { GIT_CEILING_DIRECTORIES: `${root}/..` } });
  expect(code).toBe(1);
  expect(stderr).toContain('error git/repository');
});

test('a limit of none, and a checkout that is not there, are refused', async () => {
  const root = checkoutWith();
  expect(await run(root, ['history', 'fraud', '--limit', '0'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: "error: option '--limit <number>' argument '0' is invalid. It is not at least 1.\n",
  });
  for (const command of [['history', 'fraud'], ['status'], ['lock', 'verify'], ['lock', 'repair']])
    expect(await run(root, [...command, '--gitops', 'elsewhere']), command.join(' ')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "error: option '--gitops <folder>' argument 'elsewhere' is invalid. There is no such folder.\n",
    });
});
