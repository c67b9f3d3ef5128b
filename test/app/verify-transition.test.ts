import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyTransition } from '../../src/app/verify-transition.ts';
import { git, opened, refusalOf, valueOf } from '../git/folders.ts';
import {
  commit,
  FOLDERS,
  make,
  makeAndCommit,
  put,
  recordPath,
  recordText,
  repositoryOf,
  STATE,
  textOf,
  type Asked,
  type CheckoutOptions,
} from '../support/checkout.ts';

/** The required check of pull requests that merge by themselves. */

const MANIFESTS = 'gitops/envs/prod-eu/eu-1/risk-ml/fraud/manifests';
const READY = ['readiness-predictor@eu-1=pass value=2 limit=>=2 at=2026-03-01T08:00:00.000Z'];
const HELD_OUT = [
  ...READY,
  'bake@eu-1=pass value=30m limit=30m at=2026-03-01T08:00:00.000Z',
  'error-ratio@eu-1=pass value=0.002 limit=<=0.01 at=2026-03-01T08:00:00.000Z',
];

const verify = async (root: string, base = 'main', head = 'bot') =>
  verifyTransition(await opened(root), { ...FOLDERS, base, head });

const verifyForced = async (root: string) =>
  verifyTransition(await opened(root), { ...FOLDERS, base: 'main', head: 'bot', allowForced: true });

/** A repository where some moves were made on `main`, and branch `bot` is checked out. */
async function branchAfter(moves: readonly Asked[], options: CheckoutOptions = {}): Promise<string> {
  const root = repositoryOf(options);
  for (const asked of moves) await makeAndCommit(root, asked);
  git(root, 'switch', '--quiet', '--create', 'bot');
  return root;
}

const RELEASE: Asked = { move: { action: 'release', release: 'v2' } };
const ADVANCE: Asked = { move: { action: 'advance' } };
const FINISH: Asked = { move: { action: 'finish' } };

describe('passes', () => {
  test.each<[string, readonly Asked[], Asked, readonly string[], string]>([
    [
      'a release that has served in the stage before',
      [],
      RELEASE,
      [],
      'release: fraud prod-eu: v2 is deployed, without traffic',
    ],
    ['the first step of a candidate that is ready', [RELEASE], ADVANCE, READY, 'advance: fraud prod-eu: v2 gets 10 %'],
    [
      'the next step when all gates pass',
      [RELEASE, ADVANCE],
      { ...ADVANCE, reason: 'all gates passed' },
      HELD_OUT,
      'advance: fraud prod-eu: v2 gets 50 % (was 10 %)',
    ],
    [
      'finish when all gates pass',
      [RELEASE, ADVANCE, ADVANCE],
      FINISH,
      HELD_OUT,
      'finish: fraud prod-eu: v2 serves, v1 keeps running',
    ],
    [
      'cleanup',
      [RELEASE, ADVANCE, { move: { action: 'abort' } }],
      { move: { action: 'cleanup' } },
      [],
      'cleanup: fraud prod-eu: v2 removed',
    ],
    [
      'abort without evidence',
      [RELEASE, ADVANCE],
      { move: { action: 'abort' }, reason: 'too slow' },
      [],
      'abort: fraud prod-eu: v2 is aborted, all traffic to v1',
    ],
    [
      'hold without evidence',
      [],
      { move: { action: 'hold', release: 'v3' }, reason: 'wrong data' },
      [],
      'hold: fraud prod-eu: v3 is held',
    ],
    ['pause', [], { move: { action: 'pause' }, reason: 'freeze' }, [], 'pause: fraud prod-eu: automation is paused'],
    [
      'a rollback to a release that is still warm',
      [RELEASE, ADVANCE, ADVANCE, FINISH],
      { move: { action: 'rollback' }, reason: 'too slow' },
      [],
      'rollback: fraud prod-eu: back to v1, v2 is held',
    ],
  ])('%s', async (_name, before, asked, gates, sentence) => {
    const root = await branchAfter(before);
    await makeAndCommit(root, asked, undefined, gates);
    const { move, sentence: said, gates: seen } = valueOf(await verify(root));
    expect(`${move.action}: ${said}`).toBe(sentence);
    expect(seen).toEqual(gates);
  });

  test('a release where the environment lets releases enter, though it has not served in the stage before', async () => {
    const root = repositoryOf();
    const place = 'gitops/envs/prod-eu/eu-1/cluster.yaml';
    put(root, place, `entry: true\n${textOf(root, place).replace(/^---\n/, '')}`);
    commit(root, 'releases may enter here');
    git(root, 'switch', '--quiet', '--create', 'bot');
    await makeAndCommit(root, { move: { action: 'release', release: 'v3' } });
    expect(valueOf(await verify(root)).sentence).toBe('fraud prod-eu: v3 is deployed, without traffic');
  });

  test('a release with its record, in the first stage', async () => {
    const root = await branchAfter([]);
    put(root, recordPath('v4'), recordText('v4'));
    await makeAndCommit(root, { environment: 'staging', move: { action: 'release', release: 'v4' } });
    expect(valueOf(await verify(root)).sentence).toBe('fraud staging: v4 is deployed, without traffic');
  });

  test('a tree at the top of its repository', async () => {
    const root = await branchAfter([RELEASE]);
    for (const name of readdirSync(join(root, 'gitops'))) renameSync(join(root, 'gitops', name), join(root, name));
    commit(root, 'the tree is at the top now');
    git(root, 'switch', '--quiet', '--create', 'next');
    await makeAndCommit(root, { move: { action: 'abort' } }, undefined, [], '.');
    expect(
      valueOf(await verifyTransition(await opened(root), { ...FOLDERS, tree: '.', base: 'bot', head: 'next' })).move,
    ).toEqual({ action: 'abort' });
  });

  test('comments in the state, and moves of other environments on the base meanwhile', async () => {
    const root = await branchAfter([RELEASE]);
    await make(root, { move: { action: 'abort' } });
    put(root, STATE, `# see ticket 7\n${textOf(root, STATE)}`);
    commit(root, 'abort');
    git(root, 'switch', '--quiet', 'main');
    await makeAndCommit(root, { environment: 'staging', move: { action: 'pause' } });
    expect(valueOf(await verify(root)).sentence).toBe('fraud prod-eu: v2 is aborted, all traffic to v1');
  });
});

describe('a move that was forced', () => {
  const APPROVED = 'let a person look at it, and merge; where one has, say --allow-forced';
  const REASON = 'decided in incident 7';
  const FORCED: readonly [string, readonly Asked[], Asked, string, string, string][] = [
    [
      'a finish that leaves steps out',
      [RELEASE],
      FINISH,
      'finish needs --force here: v2 is warming, without traffic, and has not been through 10 %, 50 %',
      APPROVED,
      'fraud prod-eu: v2 serves, v1 keeps running',
    ],
    [
      'a rollback to a release that never served there',
      [],
      { move: { action: 'rollback', to: 'v3' } },
      'rollback needs --force here: the state does not say that v3 ever served here, and going back takes no steps and asks no gates',
      APPROVED,
      'fraud prod-eu: v3 is started again to go back to it, within 20m; v1 serves meanwhile',
    ],
    [
      'a release, or a promotion, of what has not served in the stage before',
      [],
      { move: { action: 'release', release: 'v3' } },
      'release needs --force here: v3 has not served in an earlier stage: staging',
      `finish it there first; or ${APPROVED}`,
      'fraud prod-eu: v3 is deployed, without traffic',
    ],
  ];

  test.each(FORCED)(
    'is refused, and named, where nobody says that it may: %s',
    async (_name, before, asked, message, fix) => {
      const root = await branchAfter(before);
      await makeAndCommit(root, { ...asked, force: true, reason: REASON });
      const { value, findings } = await verify(root);
      expect(value).toBeUndefined();
      expect(findings.map((finding) => [finding.id, finding.where.file, finding.message, finding.fix])).toEqual([
        ['transition/illegal', STATE, message, fix],
      ]);
    },
  );

  test.each(FORCED)(
    'passes with --allow-forced, and says why it was forced: %s',
    async (_name, before, asked, _message, _fix, sentence) => {
      const root = await branchAfter(before);
      await makeAndCommit(root, { ...asked, force: true, reason: REASON });
      expect(valueOf(await verifyForced(root))).toMatchObject({ sentence, forced: REASON, gates: [] });
    },
  );

  test('is still a move: an edit by hand is none, and neither are its passengers, or another tree', async () => {
    const root = await branchAfter([RELEASE, ADVANCE]);
    put(root, STATE, textOf(root, STATE).replace('weight: 10', 'weight: 20'));
    commit(root, 'by hand');
    expect(refusalOf(await verifyForced(root))).toEqual([
      'transition/illegal: no legal move leads to this state; legal are advance, finish, abort, rollback, hold, pause',
    ]);
    git(root, 'reset', '--quiet', '--hard', 'main');
    await make(root, { ...FINISH, force: true, reason: REASON });
    put(root, `${MANIFESTS}/configmap.fraud.yaml`, 'more\n');
    commit(root, 'finish');
    expect(refusalOf(await verifyForced(root))).toEqual([
      'transition/tree: the file changed, and the move does not change it',
    ]);
    put(root, 'README.md', 'hello\n');
    commit(root, 'and docs');
    expect(refusalOf(await verifyForced(root))).toEqual([
      'transition/foreign-file: it is added, and is not a file of fraud in prod-eu',
    ]);
  });

  test('is no way around the gates: what needs no force needs its evidence', async () => {
    const root = await branchAfter([RELEASE, ADVANCE, ADVANCE]);
    const sha = await makeAndCommit(root, { ...FINISH, force: true, reason: REASON });
    expect(refusalOf(await verifyForced(root))).toEqual([
      `transition/evidence: commit ${sha.slice(0, 12)} lacks evidence: readiness-predictor@eu-1 is missing, bake@eu-1 is missing, error-ratio@eu-1 is missing`,
    ]);
  });

  test('is none without a reason that says something', async () => {
    const root = await branchAfter([RELEASE]);
    await makeAndCommit(root, { ...FINISH, force: true, reason: ' ' });
    expect((await verifyForced(root)).findings.map(({ message, fix }) => [message, fix])).toEqual([
      [
        'finish needs --force and a --reason here, and the state has no reason: v2 is warming, without traffic, and has not been through 10 %, 50 %',
        'make the move with its command, and both',
      ],
    ]);
  });

  test('waits while automation is paused', async () => {
    const root = await branchAfter([RELEASE, { move: { action: 'pause' }, reason: 'freeze' }]);
    await makeAndCommit(root, { ...FINISH, force: true, reason: REASON });
    expect(refusalOf(await verifyForced(root))).toEqual(['transition/illegal: automation is paused here: freeze']);
  });

  test('under another policy is for a person alone, who reads it', async () => {
    const root = await branchAfter([RELEASE, ADVANCE]);
    git(root, 'switch', '--quiet', 'main');
    put(root, STATE, textOf(root, STATE).replace(/policy: .*/, `policy: sha256:${'0'.repeat(64)}`));
    commit(root, 'as if the policy had changed since');
    git(root, 'switch', '--quiet', '--force-create', 'bot');
    await makeAndCommit(root, { ...ADVANCE, acceptPolicy: true, reason: REASON }, undefined, HELD_OUT);
    expect((await verifyForced(root)).findings.map(({ message, fix }) => [message, fix])).toEqual([
      [
        'advance needs --accept-policy here: the policy changed since the candidate set out',
        'let a person read the new policy, and merge',
      ],
    ]);
    git(root, 'reset', '--quiet', '--hard', 'main');
    await makeAndCommit(root, { ...FINISH, force: true, acceptPolicy: true, reason: REASON });
    expect(refusalOf(await verifyForced(root))).toEqual([
      'transition/illegal: finish needs --force and --accept-policy here: the policy changed since the candidate set out',
    ]);
  });
});

describe('refuses', () => {
  test('a branch that changes nothing, no state, or two', async () => {
    const root = await branchAfter([RELEASE]);
    expect(refusalOf(await verify(root))).toEqual([
      'transition/one-state: "bot" brings nothing that "main" does not have',
    ]);
    put(root, 'README.md', 'hello\n');
    commit(root, 'docs');
    expect(refusalOf(await verify(root))).toEqual([
      'transition/one-state: no state in releases changed: this is no transition',
    ]);
    await make(root, { move: { action: 'abort' } });
    await make(root, { environment: 'staging', move: { action: 'pause' } });
    commit(root, 'two');
    expect(refusalOf(await verify(root))).toEqual([
      `transition/one-state: the states of 2 services or environments changed: ${STATE}, releases/staging/risk-ml/fraud.yaml`,
    ]);
  });

  test('a passenger: a file of others, of another environment, or of the sources', async () => {
    const root = await branchAfter([RELEASE]);
    await make(root, { move: { action: 'abort' } });
    put(root, 'apps/fraud/service.ts', 'evil\n');
    put(root, 'gitops/envs/staging/st-1/risk-ml/fraud/manifests/service.fraud.yaml', 'evil\n');
    put(root, 'gitops/argocd/root.yaml', 'evil\n');
    commit(root, 'abort and more');
    const { findings } = await verify(root);
    expect(findings.map(({ id, where }) => `${id} ${where.file ?? ''}`)).toEqual([
      'transition/foreign-file apps/fraud/service.ts',
      'transition/foreign-file gitops/argocd/root.yaml',
      'transition/foreign-file gitops/envs/staging/st-1/risk-ml/fraud/manifests/service.fraud.yaml',
    ]);
  });

  test('a record that changed, or is not the one that is released', async () => {
    const root = await branchAfter([RELEASE]);
    await make(root, { move: { action: 'abort' } });
    put(root, recordPath('v1'), recordText('v9'));
    put(root, recordPath('v9'), recordText('v9'));
    commit(root, 'abort and more');
    expect(refusalOf(await verify(root))).toEqual([
      'transition/record: the record is changed, and records are written once',
      'transition/record: the record is not that of the release which the state names',
    ]);
  });

  test('a new record that is not what it says', async () => {
    const root = await branchAfter([]);
    put(root, recordPath('v4'), recordText('v4'));
    await make(root, { environment: 'staging', move: { action: 'release', release: 'v4' } });
    put(root, recordPath('v4'), recordText('v4').replace('fraud/v4/', 'fraud/v5/'));
    commit(root, 'release');
    expect((await verify(root)).findings.map(({ id }) => id)).toEqual(['release/digest']);
  });

  test('a weight that no move gives, and says which moves are legal', async () => {
    const root = await branchAfter([RELEASE, ADVANCE]);
    put(root, STATE, textOf(root, STATE).replace('weight: 10', 'weight: 20'));
    commit(root, 'by hand');
    expect(refusalOf(await verify(root))).toEqual([
      'transition/illegal: no legal move leads to this state; legal are advance, finish, abort, rollback, hold, pause',
    ]);
  });

  test('what gives traffic while automation is paused; what takes it away passes', async () => {
    const root = await branchAfter([RELEASE, { move: { action: 'pause' }, reason: 'freeze' }]);
    await makeAndCommit(root, ADVANCE, undefined, READY);
    expect(refusalOf(await verify(root))).toEqual(['transition/illegal: automation is paused here: freeze']);
    git(root, 'reset', '--quiet', '--hard', 'main');
    await makeAndCommit(root, { move: { action: 'abort' } });
    expect(valueOf(await verify(root)).move).toEqual({ action: 'abort' });
  });

  test.each<[string, readonly Asked[], Asked, string]>([
    [
      'a hold that is released',
      [RELEASE, { move: { action: 'abort' } }],
      { move: { action: 'resume' } },
      'a hold is released, which automation must not do',
    ],
    [
      'automation that goes on',
      [{ move: { action: 'pause' } }],
      { move: { action: 'unpause' } },
      'automation is paused here: by hand',
    ],
    [
      'a rollback past the release before',
      [
        RELEASE,
        { ...FINISH, force: true, reason: 'a test' },
        { move: { action: 'release', release: 'v3' } },
        { ...FINISH, force: true, reason: 'a test' },
      ],
      { move: { action: 'rollback', to: 'v1' } },
      'it goes back to v1, and not to the release before',
    ],
  ])('what a person decides: %s', async (_name, before, asked, message) => {
    const root = await branchAfter(before);
    await makeAndCommit(root, asked);
    expect(refusalOf(await verify(root))).toEqual([`transition/illegal: ${message}`]);
  });

  test('evidence of another step of the same release', async () => {
    const root = await branchAfter([RELEASE, ADVANCE]);
    const message = await make(root, ADVANCE, HELD_OUT);
    const sha = commit(root, message.replace('Weights: v1=50 v2=50', 'Weights: v1=90 v2=10'));
    expect(refusalOf(await verify(root))).toEqual([
      `transition/evidence: commit ${sha.slice(0, 12)} is about another move than advance to v1=50 v2=50`,
    ]);
  });

  test('a first state, and one that goes', async () => {
    const root = await branchAfter([]);
    put(root, 'releases/prod-eu/risk-ml/other.yaml', 'stable: v1\n');
    commit(root, 'first');
    expect(refusalOf(await verify(root))).toEqual([
      'transition/illegal: the service had no state here before: nothing says what served',
    ]);
    rmSync(join(root, 'releases/prod-eu/risk-ml/other.yaml'));
    rmSync(join(root, STATE));
    commit(root, 'gone');
    expect(refusalOf(await verify(root))).toEqual(['transition/illegal: the state is no file any more']);
  });

  test('a release that has not served in the stage before', async () => {
    const root = await branchAfter([]);
    await makeAndCommit(root, { move: { action: 'release', release: 'v3' } });
    const { findings } = await verify(root);
    expect(findings.map(({ message, fix }) => [message, fix])).toEqual([
      [
        'release needs --force and a --reason here, and the state has no reason: v3 has not served in an earlier stage: staging',
        'finish it there first; or make the move with its command, and both',
      ],
    ]);
    expect((await verifyForced(root)).findings).toEqual(findings);
  });

  test('a tree that says another thing than the state: changed, missing, not changed, or more than that', async () => {
    const root = await branchAfter([RELEASE]);
    await make(root, ADVANCE);
    const route = `${MANIFESTS}/virtualservice.fraud.yaml`;
    put(root, route, textOf(root, route).replace('weight: 10', 'weight: 11'));
    put(root, `${MANIFESTS}/configmap.fraud.yaml`, 'more\n');
    rmSync(join(root, MANIFESTS, 'inferenceservice.fraud-v1.yaml'));
    commit(root, 'advance');
    const { findings } = await verify(root);
    expect(
      findings
        .filter(({ id }) => id === 'transition/tree')
        .map(({ where, message }) => `${where.file?.split('/').at(-1) ?? ''}: ${message}`),
    ).toEqual([
      'configmap.fraud.yaml: the file changed, and the move does not change it',
      'inferenceservice.fraud-v1.yaml: the file changed, and the move does not change it',
      'virtualservice.fraud.yaml: the file is not what the move renders',
    ]);
    git(root, 'checkout', '--quiet', 'main', '--', MANIFESTS);
    rmSync(join(root, MANIFESTS, 'configmap.fraud.yaml'));
    commit(root, 'state only');
    expect(readdirSync(join(root, MANIFESTS))).not.toContain('configmap.fraud.yaml');
    expect(
      (await verify(root)).findings
        .filter(({ id }) => id === 'transition/tree')
        .map(({ where, message }) => `${where.file?.split('/').at(-1) ?? ''}: ${message}`),
    ).toEqual([
      'prometheusrule.fraud.releases.yaml: the file is not what the move renders',
      'virtualservice.fraud.yaml: the file is not what the move renders',
    ]);
  });

  test.each<[string, readonly Asked[], readonly string[], string]>([
    ['no evidence', [RELEASE], [], 'readiness-predictor@eu-1 is missing'],
    [
      'readiness alone where gates must hold',
      [RELEASE, ADVANCE],
      READY,
      'bake@eu-1 is missing, error-ratio@eu-1 is missing',
    ],
    [
      'a gate that was inconclusive',
      [RELEASE, ADVANCE],
      [...HELD_OUT.slice(0, 2), 'error-ratio@eu-1=inconclusive limit=<=0.01'],
      'error-ratio@eu-1 is inconclusive',
    ],
    ['a gate of another cluster', [RELEASE], ['readiness-predictor@us-1=pass'], 'readiness-predictor@eu-1 is missing'],
    ['what nobody can read', [RELEASE], [...READY, 'trust me'], 'trust me is unreadable'],
  ])('an advance with %s', async (_name, before, gates, message) => {
    const root = await branchAfter(before);
    const sha = await makeAndCommit(root, ADVANCE, undefined, gates);
    expect(refusalOf(await verify(root))).toEqual([
      `transition/evidence: commit ${sha.slice(0, 12)} lacks evidence: ${message}`,
    ]);
  });

  test('evidence of another release, and evidence that an older commit has', async () => {
    const root = await branchAfter([RELEASE]);
    const message = await make(root, ADVANCE, READY);
    const sha = commit(root, message.replace('Release: v2', 'Release: v3'));
    expect(refusalOf(await verify(root))).toEqual([
      `transition/evidence: commit ${sha.slice(0, 12)} does not say that it is about v2 of fraud in prod-eu`,
    ]);
    git(root, 'reset', '--quiet', '--hard', 'main');
    const old = await makeAndCommit(root, ADVANCE, undefined, READY);
    git(root, 'switch', '--quiet', 'main');
    git(root, 'merge', '--quiet', '--ff-only', 'bot');
    git(root, 'switch', '--quiet', 'bot');
    const next = await makeAndCommit(root, ADVANCE);
    expect(next).not.toBe(old);
    expect(refusalOf(await verify(root))).toEqual([
      `transition/evidence: commit ${next.slice(0, 12)} lacks evidence: readiness-predictor@eu-1 is missing, bake@eu-1 is missing, error-ratio@eu-1 is missing`,
    ]);
  });

  test('a move of what the base has moved meanwhile', async () => {
    const root = await branchAfter([RELEASE]);
    await makeAndCommit(root, ADVANCE, undefined, READY);
    git(root, 'switch', '--quiet', 'main');
    await makeAndCommit(root, { move: { action: 'abort' } });
    expect(refusalOf(await verify(root))).toEqual([
      'transition/behind: the branch that it goes to has changed this file since',
    ]);
  });

  test('a state in a merge, and a ref that is not there', async () => {
    const root = await branchAfter([RELEASE]);
    put(root, STATE, '<<<<<<< HEAD\n');
    commit(root, 'oops');
    expect((await verify(root)).findings.map(({ id }) => id)).toEqual(['release/merge-conflict']);
    expect(refusalOf(await verify(root, 'main', 'nowhere'))[0]).toBe(
      'git/ref: there is no commit "nowhere" in this repository',
    );
  });
});
