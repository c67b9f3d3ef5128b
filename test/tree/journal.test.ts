import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/core/digest.ts';
import { recoverJournal, writeJournaled, type FileChange } from '../../src/tree/journal.ts';
import { temporaryFolder } from './folders.ts';

const STATE = 'releases/prod/ml/fraud.yaml';
const ROUTE = 'gitops/envs/prod/eu-1/ml/fraud/manifests/virtualservice.fraud.yaml';
const WORKLOAD = 'gitops/envs/prod/eu-1/ml/fraud/manifests/inferenceservice.fraud-v1.yaml';
const JOURNAL = 'gitops/.ai-service-journal';

const changes: readonly FileChange[] = [
  { path: STATE, before: 'weight: 10\n', after: 'weight: 25\n' },
  { path: ROUTE, before: '10\n', after: '25\n' },
  { path: WORKLOAD, before: 'v1\n', after: undefined },
];

/** What a run leaves that was killed after it wrote down what to do. */
const journalText = JSON.stringify(
  changes.map(({ path, before, after }) => [path, after ?? null, before === undefined ? null : sha256(before)]),
);

function checkout() {
  const root = temporaryFolder();
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const { path, before } of changes) if (before !== undefined) put(path, before);
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  return { root, put, read, place: { root, tree: 'gitops' } };
}

test('all files change together, and nothing is left behind', () => {
  const { place, read } = checkout();
  expect(writeJournaled(place, changes)).toEqual([]);
  expect(changes.map(({ path }) => read(path))).toEqual(['weight: 25\n', '25\n', undefined]);
  expect([read(JOURNAL), read('gitops/.ai-service-lock')]).toEqual([undefined, undefined]);
});

test('folders that get empty go', () => {
  const { place, root } = checkout();
  writeJournaled(place, [
    { path: ROUTE, before: '10\n', after: undefined },
    { path: WORKLOAD, before: 'v1\n', after: undefined },
  ]);
  expect([existsSync(join(root, 'gitops')), existsSync(join(root, 'gitops/envs'))]).toEqual([true, false]);
});

test('a file that somebody changed meanwhile stops everything', () => {
  const { place, put, read } = checkout();
  put(ROUTE, '33\n');
  expect(writeJournaled(place, changes)).toMatchObject([{ id: 'tree/locked', where: { file: ROUTE } }]);
  expect(changes.map(({ path }) => read(path))).toEqual(['weight: 10\n', '33\n', 'v1\n']);
});

test('a run that was killed is completed by the next one, wherever it stopped', () => {
  for (let done = 0; done <= changes.length; done += 1) {
    const { place, put, read } = checkout();
    put(JOURNAL, journalText);
    for (const { path, after } of changes.slice(0, done)) if (after !== undefined) put(path, after);
    expect(recoverJournal(place)).toEqual([]);
    expect(changes.map(({ path }) => read(path))).toEqual(['weight: 25\n', '25\n', undefined]);
    expect(read(JOURNAL)).toBeUndefined();
  }
});

test('a tree at the top of its repository heals as well, with its index', () => {
  const { root, read, put } = checkout();
  const place = { root, tree: '.' };
  put('.ai-service-index', 'old\n');
  put(
    '.ai-service-journal',
    JSON.stringify([
      ['.ai-service-index', 'new\n', sha256('old\n')],
      ['a.yaml', 'a\n', null],
    ]),
  );
  expect(recoverJournal(place)).toEqual([]);
  expect([read('.ai-service-index'), read('a.yaml'), read('.ai-service-journal')]).toEqual(['new\n', 'a\n', undefined]);
});

test('a file that somebody changed after a run was killed is not overwritten, and nothing else is either', () => {
  const { place, put, read } = checkout();
  put(JOURNAL, journalText);
  put(STATE, 'weight: 50\n');
  expect(recoverJournal(place)).toMatchObject([
    {
      id: 'tree/journal',
      message: `a run was killed in the middle of a move, and ${STATE} is neither as it was before nor as the move makes it`,
    },
  ]);
  expect([read(STATE), read(ROUTE), read(JOURNAL)]).toEqual(['weight: 50\n', '10\n', journalText]);
});

test('nothing is written through a link that leads elsewhere', () => {
  const { place, root, read } = checkout();
  const elsewhere = temporaryFolder();
  rmSync(join(root, 'releases'), { recursive: true });
  symlinkSync(elsewhere, join(root, 'releases'));
  expect(writeJournaled(place, [{ path: STATE, before: undefined, after: 'weight: 25\n' }])).toMatchObject([
    { id: 'tree/symlink', where: { file: STATE } },
  ]);
  expect(readdirSync(elsewhere)).toEqual([]);
  expect(read(JOURNAL)).toBeUndefined();
});

test('without a journal there is nothing to complete', () => {
  const { place, read } = checkout();
  expect(recoverJournal(place)).toEqual([]);
  expect(read(STATE)).toBe('weight: 10\n');
});

test.each([
  ['not JSON', '{'],
  ['a path that leaves the checkout', '[["../outside.yaml","x"]]'],
  ['an absolute path', '[["/etc/outside.yaml","x"]]'],
  ['no list of changes', '{"path":"x"}'],
])('a journal that cannot be trusted changes nothing: %s', (_what, text) => {
  const { place, put, read } = checkout();
  put(JOURNAL, text);
  expect(recoverJournal(place)).toMatchObject([{ id: 'tree/journal', severity: 'error' }]);
  expect(read(JOURNAL)).toBe(text);
});
