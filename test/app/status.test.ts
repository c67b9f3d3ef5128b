import { expect, test } from 'vitest';
import { readStatus, statusJson, statusText } from '../../src/app/status.ts';
import { diskFiles } from '../../src/core/files.ts';
import { opened, refusalOf, valueOf } from '../git/folders.ts';
import { checkoutWith, commit, makeAndCommit, put, repositoryOf, STATE } from '../support/checkout.ts';

/** Where services stand, from the release store alone. */

const QUERY = { releases: 'releases' };

test('shows services by environments, and since which commit it is so', async () => {
  const root = repositoryOf();
  await makeAndCommit(
    root,
    { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' },
    '2026-03-02T08:00:00+01:00',
  );
  await makeAndCommit(root, { move: { action: 'advance' } }, '2026-03-03T08:00:00+01:00');
  const [prod, staging] = valueOf(await readStatus(diskFiles(root), QUERY, await opened(root)));
  expect(prod).toMatchObject({
    service: 'fraud',
    environment: 'prod-eu',
    team: 'risk-ml',
    since: { date: '2026-03-03T08:00:00+01:00' },
  });
  expect(staging).toMatchObject({
    environment: 'staging',
    state: { stable: 'v2', previous: 'v1', phase: 'idle', weight: 0 },
  });
  const text = statusText([prod!, staging!]).replaceAll(/ [0-9a-f]{12}\n/g, ' <commit>\n');
  expect(text).toBe(
    [
      'SERVICE  ENVIRONMENT  STABLE  PREVIOUS  CANDIDATE  TRAFFIC  PHASE   STEP  SINCE                      COMMIT',
      'fraud    prod-eu      v1                v2         10 %     canary  0     2026-03-03T08:00:00+01:00  <commit>',
      'fraud    staging      v2      v1                            idle          2026-03-01T09:30:00+01:00  <commit>',
      '',
    ].join('\n'),
  );
});

test('says what is held, stopped and paused, and who sees a candidate without a weight', () => {
  const base = { service: 'fraud', environment: 'prod-eu', team: 'risk-ml' };
  const text = statusText([
    {
      ...base,
      state: { stable: 'v1', candidate: 'v2', phase: 'held', weight: 0, holds: { v2: 'too slow' }, paused: 'freeze' },
    },
    { ...base, state: { stable: 'v2', previous: 'v1', phase: 'idle', weight: 0, stopped: ['v1'] } },
    { ...base, state: { stable: 'v1', candidate: 'v2', phase: 'canary', weight: 0, mirror: 20, step: 0 } },
    {
      ...base,
      state: {
        stable: 'v1',
        candidate: 'v2',
        phase: 'canary',
        weight: 0,
        header: { name: 'x-cohort', value: 'b' },
        step: 0,
      },
    },
  ]);
  expect(text).toBe(
    [
      'SERVICE  ENVIRONMENT  STABLE  PREVIOUS      CANDIDATE  TRAFFIC         PHASE   STEP  HELD          PAUSED',
      'fraud    prod-eu      v1                    v2         0 %             held          v2: too slow  freeze',
      'fraud    prod-eu      v2      v1 (stopped)                             idle',
      'fraud    prod-eu      v1                    v2         copies of 20 %  canary  0',
      'fraud    prod-eu      v1                    v2         x-cohort: b     canary  0',
      '',
    ].join('\n'),
  );
});

test('gives the fields of the state by their names as JSON', async () => {
  const root = repositoryOf();
  const sha = await makeAndCommit(root, { move: { action: 'release', release: 'v2' } }, '2026-03-02T08:00:00+01:00');
  const services = valueOf(await readStatus(diskFiles(root), { ...QUERY, environment: 'prod-eu' }, await opened(root)));
  expect(JSON.parse(statusJson(services))).toEqual({
    services: [
      {
        service: 'fraud',
        environment: 'prod-eu',
        team: 'risk-ml',
        stable: 'v1',
        candidate: 'v2',
        phase: 'warming',
        weight: 0,
        policy: expect.stringMatching(/^sha256:/) as string,
        since: { commit: sha, date: '2026-03-02T08:00:00+01:00' },
      },
    ],
  });
});

test('works without a repository, without a tree, and before the first commit', async () => {
  const root = checkoutWith();
  const services = valueOf(await readStatus(diskFiles(root), QUERY));
  expect(services.map(({ environment, since }) => [environment, since])).toEqual([
    ['prod-eu', undefined],
    ['staging', undefined],
  ]);
});

test('a state that is not committed has no date, since the last commit is about another one', async () => {
  const root = repositoryOf();
  put(root, STATE, 'stable: v2\n');
  const services = valueOf(await readStatus(diskFiles(root), { ...QUERY, environment: 'prod-eu' }, await opened(root)));
  expect(services).toEqual([
    {
      service: 'fraud',
      environment: 'prod-eu',
      team: 'risk-ml',
      state: { stable: 'v2', phase: 'idle', weight: 0 },
      uncommitted: true,
    },
  ]);
  expect(statusText(services)).toContain('not committed');
});

test('a broken file is a finding, and the rest is shown', async () => {
  const root = repositoryOf();
  put(root, STATE, '<<<<<<< HEAD\nstable: v1\n=======\nstable: v2\n>>>>>>> other\n');
  commit(root, 'merged in a hurry');
  const { value, findings } = await readStatus(diskFiles(root), QUERY, await opened(root));
  expect(value?.map(({ environment }) => environment)).toEqual(['staging']);
  expect(findings).toEqual([
    {
      id: 'release/merge-conflict',
      severity: 'error',
      where: { service: 'fraud', environment: 'prod-eu', file: STATE, line: 1 },
      message: 'the file holds both sides of a merge, and nobody can say which one counts',
      fix: `npx ai-service lock repair ${STATE}`,
    },
  ]);
});

test('a service that is not there gives the name that is near', async () => {
  const root = checkoutWith();
  const saidOf = async (query: { service?: string; environment?: string }): Promise<unknown> =>
    (await readStatus(diskFiles(root), { ...QUERY, ...query })).findings.map(({ id, message, fix }) => [
      id,
      message,
      fix,
    ]);
  expect(await saidOf({ service: 'frand' })).toEqual([
    ['release/no-state', 'releases has no state of a service "frand"', 'did you mean fraud?'],
  ]);
  expect(await saidOf({ service: 'other' })).toEqual([
    ['release/no-state', 'releases has no state of a service "other"', 'name one of fraud'],
  ]);
  expect(await saidOf({ environment: 'prod-us' })).toEqual([
    ['release/no-state', 'releases has no state of any service in "prod-us"', 'did you mean prod-eu?'],
  ]);
  expect(await saidOf({ service: 'fraud', environment: 'dev' })).toEqual([
    ['release/no-state', 'releases has no state of fraud in "dev"', 'name one of prod-eu, staging'],
  ]);
  expect(refusalOf(await readStatus(diskFiles(root), { releases: 'elsewhere' }))).toEqual([
    'release/no-state: elsewhere has no state of any service',
  ]);
});

test('a release without a record is an error, in each place where a state has it', async () => {
  const root = checkoutWith();
  put(root, STATE, 'stable: v1\nprevious: v8\ncandidate: v9\nphase: warming\nretiring: [v2, v7]\n');
  const { value, findings } = await readStatus(diskFiles(root), { ...QUERY, environment: 'prod-eu' });
  expect(value).toHaveLength(1);
  expect(findings.map(({ id, severity, where, message }) => [id, severity, where.file, where.field, message])).toEqual([
    ['release/unknown-release', 'error', STATE, 'candidate', 'there is no record of release v9'],
    ['release/unknown-release', 'error', STATE, 'previous', 'there is no record of release v8'],
    ['release/unknown-release', 'error', STATE, 'retiring', 'there is no record of release v7'],
  ]);
  expect(findings[0]?.fix).toBe(
    'restore fraud/v9.yaml of the release store from Git; or the state, if somebody edited that',
  );
});

test('where no state can be read there is no table', () => {
  expect(statusText([])).toBe('');
});
