import { describe, expect, test } from 'vitest';
import { audit, auditJson, auditText, parseTime, type AuditQuery } from '../../src/app/audit.ts';
import { at, git, opened, refusalOf, valueOf } from '../git/folders.ts';
import { commit, digestOf, makeAndCommit, put, recordPath, recordText, repositoryOf } from '../support/checkout.ts';

/** What served at a time. */

const auditOf = async (root: string, time: string, query: Partial<AuditQuery> = {}) =>
  audit(await opened(root), {
    releases: 'releases',
    service: 'fraud',
    environment: 'prod-eu',
    at: new Date(time),
    ...query,
  });

/** Released on the 2nd, 10 % on the 3rd, merged on the 4th by another person. */
async function canary(): Promise<string> {
  const root = repositoryOf();
  await makeAndCommit(
    root,
    { move: { action: 'release', release: 'v2' }, reason: 'weekly retrain' },
    '2026-03-02T08:00:00+01:00',
  );
  git(root, 'switch', '--quiet', '--create', 'bot');
  await makeAndCommit(root, { move: { action: 'advance' }, reason: 'all gates passed' }, '2026-03-03T08:00:00+01:00');
  git(root, 'switch', '--quiet', 'main');
  at('2026-03-04T08:00:00+01:00');
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
    'Merge pull request 7',
    'bot',
  );
  commit(root, 'something else', '2026-03-05T08:00:00+01:00');
  return root;
}

test('says which model got which share, since when, why, and who approved it', async () => {
  const root = await canary();
  const [head, merge, move] = ['HEAD', 'HEAD~1', 'bot'].map((ref) => git(root, 'rev-parse', ref).slice(0, 12));
  expect(auditText(valueOf(await auditOf(root, '2026-03-06T00:00:00Z')))).toBe(
    [
      'fraud in prod-eu at 2026-03-06T00:00:00.000Z',
      `  v1 90 %  ${digestOf('v1')}`,
      '    predictor: fraud:1  s3://ml-models/fraud/v1/  sha256:model-v1',
      `  v2 10 %  ${digestOf('v2')}`,
      '    predictor: fraud:2  s3://ml-models/fraud/v2/  sha256:model-v2',
      '  weights: v1=90 v2=10',
      '  reason: all gates passed',
      `  branch at: ${head} of 2026-03-05T08:00:00+01:00`,
      `  since: 2026-03-04T08:00:00+01:00 (${merge})`,
      `  change: ${move} fraud prod-eu: v2 gets 10 %`,
      '  author: Ada Example <ada@example.com>',
      '  approved by: Grace Example (merged)',
      '  signature: none',
      '',
    ].join('\n'),
  );
});

test('what lies on a branch serves nobody before it is merged', async () => {
  const root = await canary();
  const { weights, commit: at } = valueOf(await auditOf(root, '2026-03-03T12:00:00Z'));
  expect([weights, at.subject]).toEqual(['v1=100', 'fraud prod-eu: v2 is deployed, without traffic']);
});

test('a commit counts from its second on', async () => {
  const root = await canary();
  expect(valueOf(await auditOf(root, '2026-03-04T07:00:00Z')).weights).toBe('v1=90 v2=10');
  expect(valueOf(await auditOf(root, '2026-03-04T06:59:59.999Z')).weights).toBe('v1=100');
});

test('gives all of it as JSON', async () => {
  const root = await canary();
  expect(JSON.parse(auditJson(valueOf(await auditOf(root, '2026-03-06T00:00:00Z'))))).toMatchObject({
    service: 'fraud',
    environment: 'prod-eu',
    team: 'risk-ml',
    at: '2026-03-06T00:00:00.000Z',
    weights: 'v1=90 v2=10',
    reason: 'all gates passed',
    state: { stable: 'v1', candidate: 'v2', phase: 'canary', weight: 10, step: 0 },
    releases: [
      {
        release: 'v1',
        percent: 90,
        digest: digestOf('v1'),
        models: {
          predictor: {
            registry: 'corp',
            name: 'fraud',
            version: '1',
            uri: 's3://ml-models/fraud/v1/',
            digest: 'sha256:model-v1',
          },
        },
      },
      { release: 'v2', percent: 10, digest: digestOf('v2'), models: { predictor: { version: '2' } } },
    ],
    commit: { commit: git(root, 'rev-parse', 'HEAD'), date: '2026-03-05T08:00:00+01:00' },
    since: { commit: git(root, 'rev-parse', 'HEAD~1'), date: '2026-03-04T08:00:00+01:00' },
    change: {
      action: 'advance',
      commit: git(root, 'rev-parse', 'bot'),
      approvals: [{ kind: 'merged', who: 'Grace Example <grace@example.com>' }],
    },
  });
});

test('before the first commit, and before the first state, nothing is known', async () => {
  const root = await canary();
  expect(refusalOf(await auditOf(root, '2026-02-01T00:00:00Z'))).toEqual([
    'trail/too-early: there is no commit at or before 2026-02-01T00:00:00.000Z',
  ]);
  const sha = git(root, 'rev-parse', 'HEAD').slice(0, 12);
  expect(refusalOf(await auditOf(root, '2026-03-06T00:00:00Z', { environment: 'prod-us' }))).toEqual([
    `trail/too-early: at 2026-03-06T00:00:00.000Z the release store had no state of the service: commit ${sha} of 2026-03-05T08:00:00+01:00`,
  ]);
});

test('a record that was edited is no witness, and that is said beside the rest', async () => {
  const root = await canary();
  put(root, recordPath('v1'), recordText('v1').replace('fraud/v1/', 'fraud/v9/'));
  commit(root, 'rewrite the past', '2026-03-07T08:00:00+01:00');
  const { value, findings } = await auditOf(root, '2026-03-08T00:00:00Z');
  expect(value?.releases.map(({ digest }) => digest)).toEqual([undefined, digestOf('v2')]);
  expect(findings.map(({ id }) => id)).toEqual(['release/digest']);
  expect(valueOf(await auditOf(root, '2026-03-06T00:00:00Z')).releases[0]?.digest).toBe(digestOf('v1'));
});

describe('a time', () => {
  const now = new Date('2026-06-01T12:00:00Z');

  test.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01T09:30:00.25+01:00', '2026-03-01T08:30:00.250Z'],
    ['2026-03-01t09:30:00z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01', '2026-03-01T23:59:59.999Z'],
    ['2026-06-01', '2026-06-01T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29T23:59:59.999Z'],
  ])('%s is %s', (text, time) => {
    expect(valueOf(parseTime(text, now)).toISOString()).toBe(time);
  });

  test.each([
    ['yesterday', 'is no time that has one meaning'],
    ['2026-03-01T09:30:00', 'is no time that has one meaning'],
    ['2026-03-01 09:30:00Z', 'is no time that has one meaning'],
    ['01.03.2026', 'is no time that has one meaning'],
    ['2026-02-29', 'is not in the calendar'],
    ['2026-13-01', 'is not in the calendar'],
    ['2026-03-01T25:00:00Z', 'is not on the clock'],
    ['2026-03-01T24:00:00Z', 'is not on the clock'],
    ['2026-03-01T09:30:60Z', 'is not on the clock'],
    ['2026-06-01T12:00:01Z', 'is in the future'],
    ['2026-06-02', 'is in the future'],
  ])('%s %s', (text, message) => {
    expect(refusalOf(parseTime(text, now))).toEqual([`trail/time: "${text}" ${message}`]);
  });
});
