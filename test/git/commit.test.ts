import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CommitRequest } from '../../src/git/commit.ts';
import {
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

const request = (paths: readonly string[], more: Partial<CommitRequest> = {}): CommitRequest => ({
  paths,
  subject: 'a step',
  trailers: [['Service', 'fraud']],
  ...more,
});

const commitIn = async (folder: string, asked: CommitRequest) => (await opened(folder)).commit(asked);

/** What the newest commit changed, as git says it. */
const changedByHead = (folder: string) =>
  git(folder, 'show', '--format=', '--name-status', '--no-renames', 'HEAD').split('\n');

const head = (folder: string) => git(folder, 'rev-parse', 'HEAD');

function hook(folder: string, name: string, script: string): void {
  const file = `.git/hooks/${name}`;
  put(folder, { [file]: `#!/bin/sh\n${script}\n` });
  chmodSync(join(folder, file), 0o755);
}

describe('a commit', () => {
  test('has exactly the files that it was asked for: added, changed and removed', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b', 'c.yaml': 'c' });
    put(folder, {
      'a.yaml': 'new',
      'b.yaml': undefined,
      'new/d.yaml': 'd',
      'c.yaml': 'not asked for',
      'new/e.yaml': 'not asked for',
    });
    const { sha } = valueOf(await commitIn(folder, request(['a.yaml', 'b.yaml', 'new/d.yaml', 'never/was.yaml'])));
    expect(sha).toBe(head(folder));
    expect(changedByHead(folder)).toEqual(['M\ta.yaml', 'D\tb.yaml', 'A\tnew/d.yaml']);
    expect(git(folder, 'status', '--porcelain', '--untracked-files=all')).toBe(' M c.yaml\n?? new/e.yaml');
  });

  test('says what it was told to, with trailers that git can read', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'config', 'commit.cleanup', 'strip');
    put(folder, { 'a.yaml': 'new' });
    await commitIn(
      folder,
      request(['a.yaml'], {
        subject: '#risk\nX: y',
        body: '# größer\n\n--- ',
        trailers: [
          ['Service', 'fraud'],
          ['Reason', 'a\n\nService: evil'],
        ],
      }),
    );
    expect(git(folder, 'log', '-1', '--format=%B')).toBe(
      '#risk X: y\n\n# größer\n\n---\n\nService: fraud\nReason: a Service: evil\n',
    );
    expect(git(folder, 'log', '-1', '--format=%(trailers:only)')).toBe('Service: fraud\nReason: a Service: evil\n');
  });

  test('leaves what others staged as it is', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b', 'c.yaml': 'c' });
    put(folder, { 'b.yaml': 'staged', 'c.yaml': undefined, 'new.yaml': 'staged' });
    git(folder, 'add', '--all');
    put(folder, { 'a.yaml': 'ours', 'b.yaml': 'edited further' });
    valueOf(await commitIn(folder, request(['a.yaml'])));
    expect(changedByHead(folder)).toEqual(['M\ta.yaml']);
    expect(git(folder, 'status', '--porcelain')).toBe('MM b.yaml\nD  c.yaml\nA  new.yaml');
    expect(git(folder, 'show', ':b.yaml')).toBe('staged');
  });

  test('takes files that were staged with the content that they have on the disk', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    put(folder, { 'a.yaml': 'new', 'b.yaml': undefined, 'c.yaml': 'c', 'd.yaml': 'd' });
    git(folder, 'add', '--all');
    git(folder, 'reset', '--quiet', 'd.yaml');
    git(folder, 'add', '--intent-to-add', 'd.yaml');
    valueOf(await commitIn(folder, request(['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml'])));
    expect(changedByHead(folder)).toEqual(['M\ta.yaml', 'D\tb.yaml', 'A\tc.yaml', 'A\td.yaml']);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('is none when nothing differs, which is no error, and makes no branch', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const before = head(folder);
    expect(await commitIn(folder, request(['a.yaml', 'never/was.yaml'], { branch: 'bot/x' }))).toEqual({
      value: {},
      findings: [],
    });
    expect(await commitIn(folder, request([]))).toEqual({ value: {}, findings: [] });
    expect([head(folder), git(folder, 'branch', '--format=%(refname:short)')]).toEqual([before, 'main']);
  });

  test('can be the first one of a repository, on a new branch too', async () => {
    const folder = emptyRepository();
    put(folder, { 'a.yaml': 'a', 'b.yaml': 'b' });
    valueOf(await commitIn(folder, request(['a.yaml'], { branch: 'trunk' })));
    expect([
      git(folder, 'branch', '--show-current'),
      git(folder, 'rev-list', '--count', 'HEAD'),
      git(folder, 'status', '--porcelain'),
    ]).toEqual(['trunk', '1', '?? b.yaml']);
  });

  test('takes files with any names', async () => {
    const folder = repositoryWith({ 'x.yaml': 'x' });
    const names = [
      ' a b.yaml',
      '"quoted".yaml',
      "it's.yaml",
      'größe.yaml',
      '-rf',
      '--all',
      ':(top)x.yaml',
      ':/',
      '*.yaml',
      '[x].yaml',
      'line\nbreak',
      '#x',
    ];
    const files = Object.fromEntries(names.map((name) => [name.endsWith('/') ? `${name}x` : name, '1']));
    put(folder, { ...files, 'x.yaml': 'not asked for', 'y.yaml': 'not asked for' });
    valueOf(await commitIn(folder, request(Object.keys(files))));
    expect(valueOf(await (await opened(folder)).changedFiles('HEAD~1', 'HEAD')).map(({ path }) => path)).toEqual(
      Object.keys(files).sort(),
    );
    expect(git(folder, 'status', '--porcelain')).toBe(' M x.yaml\n?? y.yaml');
  });

  test('takes more files than fit on a command line', async () => {
    const folder = repositoryWith({ 'x.yaml': 'x' });
    const files = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [`envs/prod/team/service-${index}.yaml`, `${index}`]),
    );
    put(folder, { ...files, 'envs/prod/other.yaml': '' });
    valueOf(await commitIn(folder, request(Object.keys(files))));
    expect(changedByHead(folder)).toHaveLength(1200);
    expect(git(folder, 'status', '--porcelain')).toBe('?? envs/prod/other.yaml');
  });

  test('has paths relative to the folder that was opened', async () => {
    const folder = repositoryWith({ 'team/a.yaml': 'a', 'a.yaml': 'a' });
    put(folder, { 'team/a.yaml': 'new', 'team/b.yaml': 'b', 'a.yaml': 'new' });
    valueOf(await commitIn(join(folder, 'team'), request(['a.yaml', 'b.yaml'])));
    expect(changedByHead(folder)).toEqual(['M\tteam/a.yaml', 'A\tteam/b.yaml']);
    put(folder, { 'team/a.yaml': 'staged' });
    git(folder, 'add', 'team');
    put(folder, { 'team/a.yaml': 'ours' });
    const answer = await commitIn(join(folder, 'team'), request(['a.yaml']));
    expect(answer.findings.map(({ id, where }) => [id, where.file])).toEqual([['git/staged', 'a.yaml']]);
  });

  test('takes a link as a link', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    symlinkSync('a.yaml', join(folder, 'link.yaml'));
    valueOf(await commitIn(folder, request(['link.yaml'])));
    expect(git(folder, 'show', 'HEAD:link.yaml')).toBe('a.yaml');
  });
});

describe('a new branch', () => {
  test('starts at HEAD, gets the commit and is checked out; the old one and other work stay', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    const before = head(folder);
    put(folder, { 'a.yaml': 'new', 'b.yaml': 'edited', 'c.yaml': 'staged' });
    git(folder, 'add', 'c.yaml');
    const { sha } = valueOf(await commitIn(folder, request(['a.yaml'], { branch: 'bot/fraud-v47' })));
    expect(git(folder, 'branch', '--show-current')).toBe('bot/fraud-v47');
    expect([
      git(folder, 'rev-parse', 'main'),
      git(folder, 'rev-parse', 'bot/fraud-v47~1'),
      git(folder, 'rev-parse', 'bot/fraud-v47'),
    ]).toEqual([before, before, sha]);
    expect(git(folder, 'status', '--porcelain')).toBe(' M b.yaml\nA  c.yaml');
  });

  test('can be made where no branch is checked out, as in CI; without one a commit is refused there', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'checkout', '--quiet', '--detach');
    put(folder, { 'a.yaml': 'new' });
    expect(refusalOf(await commitIn(folder, request(['a.yaml'])))).toEqual([
      `git/detached: no branch is checked out, HEAD is at ${head(folder).slice(0, 12)}: the commit would be on no branch`,
    ]);
    valueOf(await commitIn(folder, request(['a.yaml'], { branch: 'bot/x' })));
    expect(git(folder, 'branch', '--show-current')).toBe('bot/x');
  });

  test.each(['main', 'taken'])('is not %s, which is there already', async (branch) => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'branch', 'taken');
    put(folder, { 'a.yaml': 'new' });
    expect(refusalOf(await commitIn(folder, request(['a.yaml'], { branch })))).toEqual([
      `git/branch: there is a branch "${branch}" already, and it may hold the work of others`,
    ]);
    expect(git(folder, 'status', '--porcelain')).toBe(' M a.yaml');
  });

  test.each(['', '-f', '--force', 'HEAD', 'a b', 'a..b', '../x', 'x.lock', 'a\nb', '@{-1}', 'x/'])(
    'cannot have the name %j',
    async (branch) => {
      const folder = repositoryWith({ 'a.yaml': 'a' });
      put(folder, { 'a.yaml': 'new' });
      expect(refusalOf(await commitIn(folder, request(['a.yaml'], { branch })))).toEqual([
        `git/branch: ${JSON.stringify(branch)} cannot be the name of a branch`,
      ]);
    },
  );

  test('is gone again when the commit fails', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    hook(folder, 'pre-commit', 'exit 1');
    put(folder, { 'new.yaml': 'new' });
    refusalOf(await commitIn(folder, request(['new.yaml'], { branch: 'bot/x' })));
    expect([
      git(folder, 'branch', '--format=%(refname)'),
      git(folder, 'branch', '--show-current'),
      git(folder, 'status', '--porcelain'),
    ]).toEqual(['refs/heads/main', 'main', '?? new.yaml']);

    git(folder, 'checkout', '--quiet', '--detach');
    refusalOf(await commitIn(folder, request(['new.yaml'], { branch: 'bot/x' })));
    expect([
      git(folder, 'branch', '--format=%(refname)', '--list', '*'),
      git(folder, 'branch', '--show-current'),
    ]).toEqual([expect.stringContaining('refs/heads/main'), '']);
    expect(git(folder, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('refs/heads/main');
  });

  test('that cannot be made because of another one says why', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'branch', 'bot');
    put(folder, { 'a.yaml': 'new' });
    const [refusal] = refusalOf(await commitIn(folder, request(['a.yaml'], { branch: 'bot/x' })));
    expect(refusal).toMatch(/^git\/failed: cannot make the branch bot\/x: fatal: .*'refs\/heads\/bot' exists/);
    expect(git(folder, 'branch', '--show-current')).toBe('main');
  });
});

describe('a commit is refused', () => {
  const staged =
    'git/staged: the file is staged with another content than it has on the disk, and the commit would drop that';

  test('when it would drop what somebody staged in one of its files', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    put(folder, { 'a.yaml': 'staged', 'new.yaml': 'staged' });
    git(folder, 'add', '--all');
    git(folder, 'rm', '--quiet', '--cached', 'b.yaml');
    put(folder, { 'a.yaml': 'ours', 'new.yaml': undefined });
    const answer = await commitIn(folder, request(['a.yaml', 'b.yaml', 'new.yaml']));
    expect(refusalOf(answer)).toEqual([staged, staged, staged]);
    expect(answer.findings.map(({ where }) => where.file)).toEqual(['a.yaml', 'b.yaml', 'new.yaml']);
    expect(git(folder, 'show', ':a.yaml')).toBe('staged');
  });

  test('in a bare repository', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'config', 'core.bare', 'true');
    expect(refusalOf(await commitIn(folder, request(['a.yaml'])))).toEqual([
      `git/no-work-tree: ${folder} is a bare repository: it has no files on the disk`,
    ]);
  });

  test('without a subject', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    expect(refusalOf(await commitIn(folder, request(['a.yaml'], { subject: ' \n' })))).toEqual([
      'git/message: the commit has no subject',
    ]);
  });

  test('when Git ignores a file', async () => {
    const folder = repositoryWith({ '.gitignore': 'dist/\n', 'a.yaml': 'a' });
    put(folder, { 'dist/:x.yaml': 'x', 'a.yaml': 'new' });
    expect(refusalOf(await commitIn(folder, request(['a.yaml', 'dist/:x.yaml', 'dist/never-was.yaml'])))).toEqual([
      'git/path: the path "dist/:x.yaml" is ignored by a .gitignore',
    ]);
    git(folder, 'add', '--force', 'dist/:x.yaml');
    valueOf(await commitIn(folder, request(['a.yaml', 'dist/:x.yaml'])));
    expect(changedByHead(folder)).toEqual(['M\ta.yaml', 'A\tdist/:x.yaml']);
  });

  test('when a path goes through a link', async () => {
    const folder = repositoryWith({ 'envs/a.yaml': 'a' });
    symlinkSync('envs', join(folder, 'link'));
    put(folder, { 'envs/a.yaml': 'new' });
    expect(refusalOf(await commitIn(folder, request(['link/a.yaml'])))).toEqual([
      "git/failed: cannot see which files are ignored: fatal: pathspec './link/a.yaml' is beyond a symbolic link",
    ]);
  });

  test('in the middle of a merge, a cherry-pick, a revert and a rebase', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'switch', '--quiet', '--create', 'other');
    commitAll(folder, 'other', { 'a.yaml': 'other' });
    git(folder, 'switch', '--quiet', 'main');
    commitAll(folder, 'main', { 'a.yaml': 'main' });
    put(folder, { 'b.yaml': 'b' });
    for (const [what, ...args] of [
      ['merge', 'other'],
      ['cherry-pick', 'other'],
      ['revert', 'HEAD~1'],
      ['rebase', 'other'],
    ]) {
      expect(() => git(folder, what!, ...args)).toThrow();
      expect(refusalOf(await commitIn(folder, request(['b.yaml'])))).toEqual([
        `git/busy: a ${what} is under way in this checkout`,
      ]);
      git(folder, what!, '--abort');
    }
    valueOf(await commitIn(folder, request(['b.yaml'])));
  });

  test('when one of its files is in conflict', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    put(folder, { 'a.yaml': 'mine' });
    git(folder, 'stash', '--quiet');
    commitAll(folder, 'theirs', { 'a.yaml': 'theirs' });
    expect(() => git(folder, 'stash', 'pop')).toThrow();
    const answer = await commitIn(folder, request(['a.yaml']));
    expect(refusalOf(answer)).toEqual(['git/busy: the file is in conflict']);
    expect(answer.findings[0]?.where).toEqual({ file: 'a.yaml' });
  });

  test('when git does not know who commits', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'config', '--unset', 'user.name');
    git(folder, 'config', '--unset', 'user.email');
    git(folder, 'config', 'user.useConfigOnly', 'true');
    put(folder, { 'a.yaml': 'new' });
    expect(refusalOf(await commitIn(folder, request(['a.yaml'])))).toEqual([
      'git/identity: git does not know the name and the address to commit with',
    ]);
  });

  test('when another git is at work', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    put(folder, { 'a.yaml': 'new', '.git/index.lock': '' });
    const [refusal] = refusalOf(await commitIn(folder, request(['a.yaml'])));
    expect(refusal).toMatch(/^git\/failed: cannot commit: fatal: Unable to create '.*index\.lock': File exists\./);
  });
});

describe('hooks', () => {
  test('run, and see what is to be committed', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    hook(folder, 'pre-commit', 'git diff --cached --name-only > seen.txt');
    hook(folder, 'commit-msg', 'echo "Ticket: 7" >> "$1"');
    put(folder, { 'a.yaml': 'new', 'b.yaml': 'staged' });
    git(folder, 'add', 'b.yaml');
    valueOf(await commitIn(folder, request(['a.yaml'])));
    expect(readFileSync(join(folder, 'seen.txt'), 'utf8')).toBe('a.yaml\n');
    expect(git(folder, 'log', '-1', '--format=%(trailers:only)')).toBe('Service: fraud\nTicket: 7\n');
  });

  test('that refuse are quoted, without what may be secret in an address, and nothing has happened', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a', 'b.yaml': 'b' });
    hook(
      folder,
      'pre-commit',
      'printf "\\033[31mno\\033[0m: see\\nhttps://ada:pa55@example.com/rules?token=abc#x for more" >&2; exit 1',
    );
    put(folder, { 'a.yaml': 'new', 'b.yaml': 'staged', 'new.yaml': 'new' });
    git(folder, 'add', 'b.yaml');
    const before = [head(folder), git(folder, 'status', '--porcelain'), git(folder, 'ls-files', '--stage')];
    expect(refusalOf(await commitIn(folder, request(['a.yaml', 'new.yaml'])))).toEqual([
      'git/failed: cannot commit: no: see https://example.com/rules for more',
    ]);
    expect([head(folder), git(folder, 'status', '--porcelain'), git(folder, 'ls-files', '--stage')]).toEqual(before);
  });
});

describe('signing', () => {
  function signer(script: string): string {
    const program = join(temporaryFolder(), 'signer');
    put('/', { [program]: `#!/bin/sh\n${script}\n` });
    chmodSync(program, 0o755);
    return program;
  }

  test.each([
    [
      'openpgp',
      'gpg.program',
      'cat >/dev/null; echo "[GNUPG:] SIG_CREATED x" >&2; printf -- "-----BEGIN PGP SIGNATURE-----\\n\\nZm9v\\n-----END PGP SIGNATURE-----\\n"',
      'gpgsig -----BEGIN PGP SIGNATURE-----',
    ],
    [
      'ssh',
      'gpg.ssh.program',
      'for last; do :; done; printf -- "-----BEGIN SSH SIGNATURE-----\\nZm9v\\n-----END SSH SIGNATURE-----\\n" > "$last.sig"',
      'gpgsig -----BEGIN SSH SIGNATURE-----',
    ],
  ])('happens where git is set up to: %s', async (format, setting, script, header) => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    git(folder, 'config', 'commit.gpgSign', 'true');
    git(folder, 'config', 'gpg.format', format);
    git(folder, 'config', setting, signer(script));
    git(folder, 'config', 'user.signingKey', '/some/key');
    put(folder, { 'a.yaml': 'new' });
    valueOf(await commitIn(folder, request(['a.yaml'])));
    expect(git(folder, 'cat-file', 'commit', 'HEAD')).toContain(header);
  });

  test('that fails makes no unsigned commit, and no branch', async () => {
    const folder = repositoryWith({ 'a.yaml': 'a' });
    const before = head(folder);
    git(folder, 'config', 'commit.gpgSign', 'true');
    git(folder, 'config', 'gpg.program', signer('echo no secret key >&2; exit 2'));
    put(folder, { 'a.yaml': 'new' });
    const [refusal] = refusalOf(await commitIn(folder, request(['a.yaml'], { branch: 'bot/x' })));
    expect(refusal).toMatch(
      /^git\/signing: commits are to be signed here, and that failed: error: gpg failed to sign the data/,
    );
    expect([head(folder), git(folder, 'for-each-ref', '--format=%(refname)', 'refs/heads')]).toEqual([
      before,
      'refs/heads/main',
    ]);
  });
});

test('a commit does not depend on the language of the user', async () => {
  const folder = repositoryWith({ 'a.yaml': 'a' });
  vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
  vi.stubEnv('LANGUAGE', 'de');
  git(folder, 'config', 'i18n.commitEncoding', 'ISO-8859-1');
  put(folder, { 'a.yaml': 'new' });
  valueOf(await commitIn(folder, request(['a.yaml'], { subject: 'größer' })));
  expect(git(folder, 'log', '-1', '--encoding=UTF-8', '--format=%s')).toBe('größer');
});
