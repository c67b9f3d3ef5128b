import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { approvals } from '../../src/git/approvals.ts';
import type { Commit, LastChange } from '../../src/git/log.ts';
import {
  at,
  commitAll,
  emptyRepository,
  git,
  opened,
  put,
  refusalOf,
  repositoryWith,
  temporaryFolder,
  valueOf,
} from './folders.ts';

const subjects = (commits: readonly Commit[]): string[] => commits.map(({ subject }) => subject);

/** `main` with two commits and a branch with two commits that change the same file, merged on the next day. */
function merged(): { folder: string; start: string; change: string; merge: string } {
  const folder = repositoryWith({ 'state.yaml': '0', 'other.yaml': '' });
  const start = git(folder, 'rev-parse', 'HEAD');
  git(folder, 'switch', '--quiet', '--create', 'bot/fraud');
  at('2026-03-02T10:00:00+00:00');
  commitAll(folder, 'step 1', { 'state.yaml': '1' });
  const change = commitAll(folder, 'step 2\n\nService: fraud\nApproved-by: Bo <bo@example.com>', { 'state.yaml': '2' });
  git(folder, 'switch', '--quiet', 'main');
  at('2026-03-03T10:00:00+00:00');
  commitAll(folder, 'other', { 'other.yaml': 'x' });
  at('2026-03-04T10:00:00+00:00');
  git(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge #7\n\nReviewed-by: Cy <cy@example.com>', 'bot/fraud');
  return { folder, start, change, merge: git(folder, 'rev-parse', 'HEAD') };
}

describe('the log', () => {
  test('says who made each commit and when, and what it says', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const parent = git(folder, 'rev-parse', 'HEAD');
    put(folder, { 'a.yaml': 'b' });
    git(folder, 'add', '--all');
    const message =
      'fraud: größer\n\nNot: a trailer\n\nService: fraud\nReason: it is long\n and goes on: here\nService: second';
    git(folder, 'commit', '--quiet', '--author=Bo Müller <bo@example.com>', '--message', message);
    const commits = valueOf(await (await opened(folder)).log());
    expect(commits).toHaveLength(2);
    expect(commits[0]).toEqual({
      sha: git(folder, 'rev-parse', 'HEAD'),
      parents: [parent],
      author: { name: 'Bo Müller', email: 'bo@example.com' },
      authored: '2026-03-01T09:30:00+01:00',
      committer: { name: 'Ada Example', email: 'ada@example.com' },
      committed: '2026-03-01T09:30:00+01:00',
      subject: 'fraud: größer',
      trailers: [
        ['Service', 'fraud'],
        ['Reason', 'it is long and goes on: here'],
        ['Service', 'second'],
      ],
    });
    expect(commits[1]).toMatchObject({ sha: parent, parents: [], subject: 'start', trailers: [] });
  });

  test('finds commits by trailers, not by words elsewhere in the message', async () => {
    const folder = emptyRepository();
    commitAll(folder, 'one\n\nService: fraud\nEnvironment: prod-eu', {});
    commitAll(folder, 'two\n\nService: fraud\n\nthis is prose', {});
    commitAll(folder, 'three\n\nservice: fraud\nEnvironment: dev', {});
    commitAll(folder, 'four\n\nService: fraud-2', {});
    const repository = await opened(folder);
    expect(subjects(valueOf(await repository.log({ trailers: [['Service', 'fraud']] })))).toEqual(['three', 'one']);
    expect(
      subjects(
        valueOf(
          await repository.log({
            trailers: [
              ['Service', 'fraud'],
              ['Environment', 'prod-eu'],
            ],
          }),
        ),
      ),
    ).toEqual(['one']);
    expect(subjects(valueOf(await repository.log({ trailers: [['Service', '.*']] })))).toEqual([]);
    expect(subjects(valueOf(await repository.log({ trailers: [['Service', 'fraud']], limit: 1 })))).toEqual(['three']);
    expect(subjects(valueOf(await repository.log({ limit: 2 })))).toEqual(['four', 'three']);
    expect(subjects(valueOf(await repository.log({ limit: 0 })))).toEqual([]);
  });

  test('ends at a moment', async () => {
    const folder = emptyRepository();
    for (const day of ['1', '2', '3']) {
      at(`2026-03-0${day}T12:00:00+00:00`);
      commitAll(folder, day, {});
    }
    const repository = await opened(folder);
    expect(subjects(valueOf(await repository.log({ until: new Date('2026-03-02T12:00:00Z') })))).toEqual(['2', '1']);
    expect(subjects(valueOf(await repository.log({ until: new Date('2026-03-02T11:59:59Z'), limit: 1 })))).toEqual([
      '1',
    ]);
  });

  test('can be that of some files, whatever their names are, and of what is below a folder', async () => {
    const folder = emptyRepository();
    commitAll(folder, 'star', { '*.yaml': '' });
    commitAll(folder, 'dash', { '-a': '' });
    commitAll(folder, 'folder', { 'envs/a.yaml': '', 'envs/b.yaml': '' });
    const repository = await opened(folder);
    expect(subjects(valueOf(await repository.log({ paths: ['*.yaml', '-a'] })))).toEqual(['dash', 'star']);
    expect(subjects(valueOf(await repository.log({ paths: ['envs'] })))).toEqual(['folder']);
    expect(subjects(valueOf(await (await opened(join(folder, 'envs'))).log({ paths: ['b.yaml'] })))).toEqual([
      'folder',
    ]);
    expect(refusalOf(await repository.log({ paths: ['../x'] }))).toEqual([
      'git/path: the path "../x" has a part that is . or ..',
    ]);
  });

  test('shows what was merged away: a change on a branch that the merge did not keep', async () => {
    const folder = repositoryWith({ 'state.yaml': '0' });
    git(folder, 'switch', '--quiet', '--create', 'lost');
    commitAll(folder, 'lost step', { 'state.yaml': '1' });
    git(folder, 'switch', '--quiet', 'main');
    commitAll(folder, 'other', { 'other.yaml': 'x' });
    git(folder, 'merge', '--quiet', '--strategy=ours', '--message', 'merge', 'lost');
    const repository = await opened(folder);
    expect(subjects(valueOf(await repository.log({ paths: ['state.yaml'] })))).toEqual(['merge', 'lost step', 'start']);
  });

  test('of the first-parent line has the merge in place of what it merged', async () => {
    const { folder } = merged();
    const repository = await opened(folder);
    expect(subjects(valueOf(await repository.log({ paths: ['state.yaml'], firstParent: true })))).toEqual([
      'Merge #7',
      'start',
    ]);
    expect(subjects(valueOf(await repository.log({ paths: ['state.yaml'] })))).toEqual([
      'Merge #7',
      'step 2',
      'step 1',
      'start',
    ]);
  });

  test('names the merge that brought a commit in, and who stands by both', async () => {
    const { folder, change, merge } = merged();
    const commits = valueOf(await (await opened(folder)).log({ merges: true }));
    expect(commits.map(({ subject, mergedBy }) => [subject, mergedBy?.subject])).toEqual([
      ['Merge #7', undefined],
      ['other', undefined],
      ['step 2', 'Merge #7'],
      ['step 1', 'Merge #7'],
      ['start', undefined],
    ]);
    expect(approvals(commits[2]!)).toEqual([
      { kind: 'approved', who: 'Bo <bo@example.com>', sha: change },
      { kind: 'reviewed', who: 'Cy <cy@example.com>', sha: merge },
      { kind: 'merged', who: 'Ada Example <ada@example.com>', sha: merge },
    ]);
    expect(approvals(commits[4]!)).toEqual([]);
  });

  test('takes the first merge, when a branch went on and was merged again', async () => {
    const { folder } = merged();
    git(folder, 'switch', '--quiet', 'bot/fraud');
    commitAll(folder, 'step 3', { 'state.yaml': '3' });
    git(folder, 'switch', '--quiet', 'main');
    git(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge #8', 'bot/fraud');
    const commits = valueOf(await (await opened(folder)).log({ paths: ['state.yaml'], merges: true }));
    expect(new Map(commits.map(({ subject, mergedBy }) => [subject, mergedBy?.subject]))).toEqual(
      new Map([
        ['Merge #8', undefined],
        ['Merge #7', undefined],
        ['step 3', 'Merge #8'],
        ['step 2', 'Merge #7'],
        ['step 1', 'Merge #7'],
        ['start', undefined],
      ]),
    );
  });

  test('is the same whatever the user set up for logs', async () => {
    const { folder, merge } = merged();
    const settings = {
      'log.showSignature': 'true',
      'color.ui': 'always',
      'log.showRoot': 'false',
      'log.follow': 'true',
      'format.pretty': 'oneline',
      'i18n.logOutputEncoding': 'ISO-8859-1',
      'core.pager': 'false',
      'log.diffMerges': 'off',
      'diff.renames': 'copies',
    };
    commitAll(folder, 'größer', { 'b.yaml': '0' });
    const ask = async () => {
      const repository = await opened(folder);
      return [
        await repository.log({ paths: ['state.yaml'] }),
        await repository.log(),
        await repository.lastChanges(['state.yaml', 'b.yaml', 'other.yaml']),
      ];
    };
    const before = await ask();
    for (const [key, value] of Object.entries(settings)) git(folder, 'config', key, value);
    expect(await ask()).toEqual(before);
    expect((before[2]?.value as ReadonlyMap<string, LastChange>).get('state.yaml')?.sha).toBe(merge);
    expect(before[1]).toMatchObject({
      value: [
        { subject: 'größer' },
        { subject: 'Merge #7' },
        { subject: 'other' },
        { subject: 'step 2' },
        { subject: 'step 1' },
        { subject: 'start' },
      ],
    });
  });
});

describe('signatures', () => {
  /** Stands for gpg: signs everything, and answers a verification with the given status lines. */
  function useSigner(folder: string, ...answer: readonly string[]): void {
    const program = join(temporaryFolder(), 'gpg');
    const lines = answer.map((line) => `echo "[GNUPG:] ${line}"`).join('\n  ');
    const signature = '-----BEGIN PGP SIGNATURE-----\\n\\nZm9v\\n-----END PGP SIGNATURE-----\\n';
    put('/', {
      [program]: `#!/bin/sh\ncat >/dev/null\ncase "$*" in\n*--verify*)\n  ${lines || ':'}\n  ;;\n*)\n  printf -- '${signature}'\n  echo "[GNUPG:] SIG_CREATED x" >&2\nesac\n`,
    });
    chmodSync(program, 0o755);
    git(folder, 'config', 'gpg.program', program);
  }

  test.each([
    ['good', ['GOODSIG 0123456789ABCDEF Ada Example', 'TRUST_ULTIMATE 0 pgp']],
    ['untrusted', ['GOODSIG 0123456789ABCDEF Ada Example', 'TRUST_UNDEFINED 0 pgp']],
    ['expired', ['EXPSIG 0123456789ABCDEF Ada Example']],
    ['expired-key', ['EXPKEYSIG 0123456789ABCDEF Ada Example']],
    ['revoked-key', ['REVKEYSIG 0123456789ABCDEF Ada Example']],
    ['bad', ['BADSIG 0123456789ABCDEF Ada Example']],
  ] as const)('that git finds %s are so', async (status, answer) => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    useSigner(folder, ...answer);
    git(folder, 'commit', '--quiet', '--allow-empty', '--gpg-sign', '--message', 'signed');
    const commits = valueOf(await (await opened(folder)).log({ signatures: true }));
    expect(commits.map(({ signature }) => signature)).toEqual([{ status, signer: 'Ada Example' }, { status: 'none' }]);
  });

  test('by a key that git does not have cannot be verified', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    useSigner(folder, 'ERRSIG 0123456789ABCDEF 1 10 00 1 9');
    git(folder, 'commit', '--quiet', '--allow-empty', '--gpg-sign', '--message', 'signed');
    const [commit] = valueOf(await (await opened(folder)).log({ signatures: true, limit: 1 }));
    expect(commit?.signature).toEqual({ status: 'unverifiable' });
  });

  test('by ssh without a list of allowed signers cannot be verified, though git says that there are none', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const program = join(temporaryFolder(), 'ssh-keygen');
    put('/', {
      [program]: `#!/bin/sh\nfor last; do :; done\nprintf -- '-----BEGIN SSH SIGNATURE-----\\nZm9v\\n-----END SSH SIGNATURE-----\\n' > "$last.sig"\n`,
    });
    chmodSync(program, 0o755);
    git(folder, 'config', 'gpg.format', 'ssh');
    git(folder, 'config', 'gpg.ssh.program', program);
    git(folder, 'config', 'user.signingKey', '/some/key');
    git(folder, 'commit', '--quiet', '--allow-empty', '--gpg-sign', '--message', 'signed');
    const [commit] = valueOf(await (await opened(folder)).log({ signatures: true, limit: 1 }));
    expect(commit?.signature).toEqual({ status: 'unverifiable' });
  });

  test('are not looked at when nobody asks', async () => {
    const [commit] = valueOf(await (await opened(repositoryWith({ 'a.yaml': 'a' }))).log());
    expect(Object.keys(commit ?? {})).not.toContain('signature');
  });
});

describe('the last change of a file', () => {
  test('is the commit that gave it its content, by path', async () => {
    const folder = emptyRepository();
    const shas: Record<string, string> = {};
    for (const [day, file] of ['größe "1".yaml', '-b', 'a\nb', 'same.yaml'].entries()) {
      at(`2026-03-0${day + 1}T12:00:00+02:00`);
      shas[file] = commitAll(folder, 'x', { [file]: `${day}` });
    }
    commitAll(folder, 'other', { 'other.yaml': '' });
    const found = valueOf(await (await opened(folder)).lastChanges([...Object.keys(shas), 'unknown.yaml']));
    expect(Object.fromEntries(found)).toEqual({
      'größe "1".yaml': { sha: shas['größe "1".yaml'], date: '2026-03-01T12:00:00+02:00' },
      '-b': { sha: shas['-b'], date: '2026-03-02T12:00:00+02:00' },
      'a\nb': { sha: shas['a\nb'], date: '2026-03-03T12:00:00+02:00' },
      'same.yaml': { sha: shas['same.yaml'], date: '2026-03-04T12:00:00+02:00' },
    });
  });

  test('is the merge that brought it to this branch, not the commit on the branch that was merged', async () => {
    const { folder, start, change, merge } = merged();
    const repository = await opened(folder);
    expect(valueOf(await repository.lastChanges(['state.yaml']))).toEqual(
      new Map([['state.yaml', { sha: merge, date: '2026-03-04T10:00:00+00:00' }]]),
    );
    expect(valueOf(await repository.lastChanges(['state.yaml'], 'bot/fraud')).get('state.yaml')?.sha).toBe(change);
    expect(valueOf(await repository.lastChanges(['state.yaml'], 'HEAD~1')).get('state.yaml')?.sha).toBe(start);
  });

  test('has its path from the folder that was opened', async () => {
    const folder = repositoryWith({ 'team/a.yaml': '', 'a.yaml': '' });
    const found = valueOf(await (await opened(join(folder, 'team'))).lastChanges(['a.yaml']));
    expect([...found.keys()]).toEqual(['a.yaml']);
  });
});
