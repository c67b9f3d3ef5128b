import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Answer } from '../../src/core/answer.ts';
import { openRepository, type Repository } from '../../src/git/repository.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ai-service-git-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The configuration of the machine must not count, nor must a repository that the temporary folder happens to be in. */
export function alone(): void {
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  vi.stubEnv('GIT_CONFIG_SYSTEM', '/dev/null');
  vi.stubEnv('GIT_CEILING_DIRECTORIES', realpathSync(tmpdir()));
  at('2026-03-01T09:30:00+01:00');
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Commits from now on are made at this time. */
export function at(time: string): void {
  vi.stubEnv('GIT_AUTHOR_DATE', time);
  vi.stubEnv('GIT_COMMITTER_DATE', time);
}

/** A repository with `main` checked out and nothing in it. */
export function emptyRepository(): string {
  alone();
  const folder = temporaryFolder();
  git(folder, 'init', '--quiet', '--initial-branch=main');
  setUser(folder);
  return folder;
}

/** Says who commits. */
export function setUser(folder: string): void {
  git(folder, 'config', 'user.name', 'Ada Example');
  git(folder, 'config', 'user.email', 'ada@example.com');
}

/** A repository with these files in its first commit. */
export function repositoryWith(files: Readonly<Record<string, string>>): string {
  const folder = emptyRepository();
  commitAll(folder, 'start', files);
  return folder;
}

/** Runs git as a user would, and returns what it says, without the last line break. */
export function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(
    /\n$/,
    '',
  );
}

/** Writes files; `undefined` removes one. */
export function put(folder: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (content === undefined) rmSync(join(folder, path));
    else writeFileSync(join(folder, path), content);
  }
}

/** Writes files and commits everything; returns the sha. */
export function commitAll(
  folder: string,
  message: string,
  files: Readonly<Record<string, string | undefined>>,
): string {
  put(folder, files);
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/** The repository, which can be opened. */
export async function opened(folder: string): Promise<Repository> {
  return valueOf(await openRepository(folder));
}

/** The value of an answer that has nothing to say besides. */
export function valueOf<T>(answer: Answer<T>): T {
  if (answer.value === undefined || answer.findings.length > 0)
    throw new Error(JSON.stringify(answer.findings, null, 2));
  return answer.value;
}

/** Ids and messages of an answer that is refused. */
export function refusalOf(answer: Answer<unknown>): string[] {
  if (answer.value !== undefined) throw new Error(`not refused: ${JSON.stringify(answer.value)}`);
  return answer.findings.map(({ id, message }) => `${id}: ${message}`);
}
