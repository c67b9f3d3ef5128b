import { describe, expect, test } from 'vitest';
import { historyJson, historyText, readHistory, type HistoryQuery, type TrailEntry } from '../../src/app/history.ts';
import { at, git, opened, valueOf } from '../git/folders.ts';
import { commit, digestOf, make, makeAndCommit, put, repositoryOf, STATE, textOf } from '../support/checkout.ts';

/** The trail of a service, from the commits that changed its states. */

async function historyOf(root: string, query: Partial<HistoryQuery> = {}): Promise<readonly TrailEntry[]> {
  return valueOf(
    await readHistory(await opened(root), { releases: 'releases', service: 'fraud', environment: 'prod-eu', ...query }),
  );
}

const said = (entries: readonly TrailEntry[]): string[] =>
  entries.map(({ action, source, weights = '' }) => `${action} by ${source}: ${weights}`);

test('shows moves with their model, weights, reason and author, newest first', async () => {
  const root = repositoryOf();
  await makeAndCommit(
    root,
    { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' },
    '2026-03-02T08:00:00+01:00',
  );
  await makeAndCommit(root, { move: { action: 'advance' } }, '2026-03-03T08:00:00+01:00');
  await makeAndCommit(root, { move: { action: 'rollback' }, reason: 'too slow' }, '2026-03-04T08:00:00+01:00');
  const entries = await historyOf(root);
  expect(historyText(entries).replaceAll(/[0-9a-f]{12} {2}Ada/g, '<commit>  Ada')).toBe(
    [
      'DATE                       ENVIRONMENT  ACTION    RELEASE  MODEL    DIGEST               WEIGHTS      REASON          COMMIT        AUTHOR       SIGNATURE',
      `2026-03-04T08:00:00+01:00  prod-eu      rollback  v2       fraud:2  ${digestOf('v2').slice(0, 19)}  v1=100       too slow        <commit>  Ada Example  none`,
      `2026-03-03T08:00:00+01:00  prod-eu      advance   v2       fraud:2  ${digestOf('v2').slice(0, 19)}  v1=90 v2=10                  <commit>  Ada Example  none`,
      `2026-03-02T08:00:00+01:00  prod-eu      release   v2       fraud:2  ${digestOf('v2').slice(0, 19)}  v1=100       weekly retrain  <commit>  Ada Example  none`,
      `2026-03-01T09:30:00+01:00  prod-eu      start *   v1       fraud:1  ${digestOf('v1').slice(0, 19)}  v1=100                       <commit>  Ada Example  none`,
      '* read from the states before and after the commit, which has no trailers that say so',
      '',
    ].join('\n'),
  );
});

test('gives all of an entry as JSON', async () => {
  const root = repositoryOf();
  const sha = await makeAndCommit(
    root,
    { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' },
    '2026-03-02T08:00:00+01:00',
  );
  expect(JSON.parse(historyJson(await historyOf(root, { limit: 1 })))).toEqual({
    entries: [
      {
        service: 'fraud',
        environment: 'prod-eu',
        team: 'risk-ml',
        date: '2026-03-02T08:00:00+01:00',
        action: 'release',
        source: 'trailers',
        changed: [
          { field: 'phase', before: 'idle', after: 'warming' },
          { field: 'candidate', after: 'v2' },
          { field: 'policy', after: expect.stringMatching(/^sha256:/) as string },
          { field: 'reason', after: 'weekly retrain' },
        ],
        release: 'v2',
        model: 'fraud:2',
        digest: digestOf('v2'),
        weights: 'v1=100',
        reason: 'weekly retrain',
        kept: true,
        approvals: [],
        signature: 'none',
        commit: sha,
        subject: 'fraud prod-eu: v2 is deployed, without traffic',
        author: { name: 'Ada Example', email: 'ada@example.com' },
        authored: '2026-03-02T08:00:00+01:00',
        committed: '2026-03-02T08:00:00+01:00',
      },
    ],
  });
});

describe('where a commit does not say what it did', () => {
  test('a move is recognised by the states before and after it', async () => {
    const root = repositoryOf();
    await make(root, { move: { action: 'release', release: 'v2' } });
    commit(root, 'deploy', '2026-03-02T08:00:00+01:00');
    await make(root, { move: { action: 'advance' } });
    commit(root, 'more', '2026-03-03T08:00:00+01:00');
    expect(said(await historyOf(root))).toEqual([
      'advance by states: v1=90 v2=10',
      'release by states: v1=100',
      'start by states: v1=100',
    ]);
  });

  test('an edit by hand is called one, with what changed', async () => {
    const root = repositoryOf();
    await makeAndCommit(root, { move: { action: 'release', release: 'v2' } }, '2026-03-02T08:00:00+01:00');
    await makeAndCommit(root, { move: { action: 'advance' } }, '2026-03-03T08:00:00+01:00');
    put(root, STATE, textOf(root, STATE).replace('weight: 10', 'weight: 99'));
    commit(root, 'hurry', '2026-03-04T08:00:00+01:00');
    const [entry] = await historyOf(root);
    expect(said([entry!])).toEqual(['edit by states: v1=1 v2=99']);
    expect(historyText([entry!])).toContain('weight: 10 -> 99');
  });

  test('trailers that do not agree with the state do not count', async () => {
    const root = repositoryOf();
    const message = await make(root, { move: { action: 'release', release: 'v2' } });
    for (const [right, wrong] of [
      ['Action: release', 'Action: cleanup'],
      ['Weights: v1=100', 'Weights: v1=90 v2=10'],
      ['Environment: prod-eu', 'Environment: staging'],
    ] as const) {
      expect(message).toContain(right);
      commit(root, message.replace(right, wrong), '2026-03-02T08:00:00+01:00');
      expect(said(await historyOf(root, { limit: 1 }))).toEqual(['release by states: v1=100']);
      git(root, 'reset', '--quiet', '--soft', 'HEAD~1');
    }
  });

  test('two moves that were squashed into one commit are an edit', async () => {
    const root = repositoryOf();
    const messages = [
      await make(root, { move: { action: 'release', release: 'v2' } }),
      await make(root, { move: { action: 'advance' } }),
    ];
    const trailers = messages.map((message) => message.trim().split('\n\n').at(-1) ?? '');
    commit(root, `squashed\n\n${trailers.join('\n')}\n`, '2026-03-02T08:00:00+01:00');
    expect(said(await historyOf(root, { limit: 1 }))).toEqual(['edit by states: v1=90 v2=10']);
  });

  test('a file that was broken says nothing about a move', async () => {
    const root = repositoryOf();
    put(root, STATE, '<<<<<<< HEAD\nstable: v1\n');
    commit(root, 'broken', '2026-03-02T08:00:00+01:00');
    put(root, STATE, 'stable: v1\n');
    commit(root, 'mended', '2026-03-03T08:00:00+01:00');
    expect(said(await historyOf(root))).toEqual([
      'edit by states: v1=100',
      'edit by states: ',
      'start by states: v1=100',
    ]);
  });
});

describe('a move that came by a merge', () => {
  async function merged(...trailers: string[]): Promise<string> {
    const root = repositoryOf();
    git(root, 'switch', '--quiet', '--create', 'bot');
    await makeAndCommit(root, { move: { action: 'release', release: 'v2' } }, '2026-03-02T08:00:00+01:00');
    git(root, 'switch', '--quiet', 'main');
    at('2026-03-05T08:00:00+01:00');
    git(
      root,
      '-c',
      'user.name=Grace Example',
      '-c',
      'user.email=grace@example.com',
      'merge',
      '--quiet',
      '--no-ff',
      '--message',
      ['Merge pull request 7', ...trailers].join('\n\n'),
      'bot',
    );
    return root;
  }

  test('is one entry, from the time on when it was merged, approved by whoever merged it and whom the merge names', async () => {
    const root = await merged('Reviewed-by: Alan Example <alan@example.com>');
    const [entry, ...others] = await historyOf(root);
    expect(said(others)).toEqual(['start by states: v1=100']);
    expect(entry).toMatchObject({
      date: '2026-03-05T08:00:00+01:00',
      action: 'release',
      source: 'trailers',
      kept: true,
    });
    expect(historyText([entry!])).toContain('Alan Example (reviewed), Grace Example (merged)');
    expect(JSON.parse(historyJson([entry!]))).toMatchObject({
      entries: [{ mergedBy: { commit: git(root, 'rev-parse', 'HEAD'), date: '2026-03-05T08:00:00+01:00' } }],
    });
  });

  test('is marked when the merge did not keep it', async () => {
    const root = repositoryOf();
    git(root, 'switch', '--quiet', '--create', 'bot');
    await makeAndCommit(root, { move: { action: 'release', release: 'v2' } }, '2026-03-02T08:00:00+01:00');
    git(root, 'switch', '--quiet', 'main');
    git(root, 'merge', '--quiet', '--no-ff', '--strategy', 'ours', '--message', 'not now', 'bot');
    const [entry, ...others] = await historyOf(root);
    expect(said(others)).toEqual(['start by states: v1=100']);
    expect(entry).toMatchObject({ action: 'release', kept: false });
    expect(historyText([entry!])).toContain(`not kept by merge ${git(root, 'rev-parse', 'HEAD').slice(0, 12)}`);
  });

  test('has an entry of its own when the merge says what none of the two sides said', async () => {
    const root = repositoryOf();
    git(root, 'switch', '--quiet', '--create', 'bot');
    put(root, STATE, 'stable: v2\n');
    commit(root, 'theirs', '2026-03-02T08:00:00+01:00');
    git(root, 'switch', '--quiet', 'main');
    put(root, STATE, 'stable: v3\n');
    commit(root, 'ours', '2026-03-03T08:00:00+01:00');
    at('2026-03-04T08:00:00+01:00');
    git(root, 'merge', '--quiet', '--no-commit', '--strategy', 'ours', 'bot');
    put(root, STATE, 'stable: v1\nreason: neither\n');
    commit(root, 'resolved');
    expect(said(await historyOf(root))).toEqual([
      'edit by states: v1=100',
      'edit by states: v3=100',
      'edit by states: v2=100',
      'start by states: v1=100',
    ]);
  });
});

test('all environments are shown when none is named, and merges do not count for the limit', async () => {
  const root = repositoryOf();
  for (const index of [1, 2, 3]) {
    git(root, 'switch', '--quiet', '--create', `bot-${index}`);
    const time = `2026-03-0${index + 1}T08:00:00+01:00`;
    await makeAndCommit(root, { move: { action: index === 2 ? 'unpause' : 'pause' }, environment: 'staging' }, time);
    git(root, 'switch', '--quiet', 'main');
    git(root, 'merge', '--quiet', '--no-ff', '--message', 'merge', `bot-${index}`);
  }
  const entries = valueOf(await readHistory(await opened(root), { releases: 'releases', service: 'fraud' }));
  expect(entries.map(({ environment, action }) => `${environment} ${action}`)).toEqual([
    'staging pause',
    'staging unpause',
    'staging pause',
    'prod-eu start',
    'staging start',
  ]);
  expect(await historyOf(root, { environment: 'staging', limit: 3 })).toHaveLength(3);
});

test('a service that is gone is found from a commit that still has it', async () => {
  const root = repositoryOf();
  git(root, 'rm', '--quiet', STATE);
  commit(root, 'gone', '2026-03-02T08:00:00+01:00');
  const refused = await readHistory(await opened(root), {
    releases: 'releases',
    service: 'fraud',
    environment: 'prod-eu',
  });
  expect(refused.findings.map(({ id, message, fix }) => [id, message, fix])).toEqual([
    [
      'release/no-state',
      'the commit that is checked out has no state of fraud in "prod-eu"',
      'name one of staging; if it is gone, say a commit that still has it: --ref <ref>',
    ],
  ]);
  expect(said(await historyOf(root, { ref: 'HEAD~1' }))).toEqual(['start by states: v1=100']);
});

test('a misspelt service or environment gives the name that is near, and another folder is no store', async () => {
  const root = repositoryOf();
  const saidOf = async (query: { service: string; environment?: string; releases?: string }): Promise<unknown> =>
    (await readHistory(await opened(root), { releases: 'releases', ...query })).findings.map(({ message, fix }) => [
      message,
      fix,
    ]);
  const gone = 'if it is gone, say a commit that still has it: --ref <ref>';
  expect(await saidOf({ service: 'frand' })).toEqual([
    ['the commit that is checked out has no state of a service "frand"', `did you mean fraud?; ${gone}`],
  ]);
  expect(await saidOf({ service: 'fraud', environment: 'prod' })).toEqual([
    ['the commit that is checked out has no state of fraud in "prod"', `name one of prod-eu, staging; ${gone}`],
  ]);
  expect(await saidOf({ service: 'fraud', releases: 'elsewhere' })).toEqual([
    [
      'the commit that is checked out has no state of any service in elsewhere',
      'name the folder of the release store with --releases, or a commit that has states: --ref <ref>',
    ],
  ]);
});

test('where there is no entry there is no table', () => {
  expect(historyText([])).toBe('');
});
