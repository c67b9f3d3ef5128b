import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { INDEX_FILE, LOCK_FILE } from '../../src/tree/paths.ts';
import { writeTree, type WriteInput, type WriteResult } from '../../src/tree/write.ts';
import { fc } from '../support/property.ts';
import { strikeAt } from './faults.ts';
import { everythingIn, filesIn, putFiles, temporaryFolder } from './folders.ts';

type Tree = Readonly<Record<string, string>>;

function write(outDir: string, tree: Tree, options: Partial<WriteInput> = {}): WriteResult {
  return writeTree({ outDir, files: new Map(Object.entries(tree)), ...options });
}

/** What is wrong, and where below the folder. */
function refusals(outDir: string, result: WriteResult): string[] {
  expect(result).toMatchObject({ written: [], removed: [], unchanged: 0 });
  return result.findings.map(({ id, where, message }) => `${id} ${where.file?.replace(`${outDir}/`, '')}: ${message}`);
}

/** In a process of its own, since nothing stops root. */
function writeAsOrdinaryUser(folder: string): WriteResult {
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
  const writer = fileURLToPath(new URL('plain-writer.ts', import.meta.url));
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { stdout } = spawnSync(process.execPath, [jiti, writer, folder], { ...user, env: { JITI_FS_CACHE: 'false' } });
  return JSON.parse(stdout.toString('utf8')) as WriteResult;
}

const TREE = { 'argocd/root.yaml': '---\nroot\n', 'envs/dev/x.yaml': '---\nx\n', 'envs/dev/y.yaml': '---\ny é\n' };
const ALL = Object.keys(TREE);

describe('writeTree', () => {
  test('makes the folder, writes every file, and lists them in the index', () => {
    const folder = join(temporaryFolder(), 'deep/gitops');
    expect(write(folder, TREE)).toStrictEqual({ written: ALL, removed: [], unchanged: 0, findings: [] });
    expect(everythingIn(folder)).toStrictEqual({
      ...TREE,
      [INDEX_FILE]: 'ai-service-index 1\nargocd/root.yaml\nenvs/dev/x.yaml\nenvs/dev/y.yaml\n',
    });
  });

  test('touches only what changed', () => {
    const folder = temporaryFolder();
    write(folder, TREE);
    const past = new Date('2001-01-01T00:00:00Z');
    for (const path of Object.keys(TREE)) utimesSync(join(folder, path), past, past);
    expect(write(folder, { ...TREE, 'envs/dev/x.yaml': 'new\n' })).toStrictEqual({
      written: ['envs/dev/x.yaml'],
      removed: [],
      unchanged: 2,
      findings: [],
    });
    const untouched = (path: string) => statSync(join(folder, path)).mtimeMs === past.getTime();
    expect(Object.keys(TREE).map((path) => [path, untouched(path)])).toStrictEqual([
      ['argocd/root.yaml', true],
      ['envs/dev/x.yaml', false],
      ['envs/dev/y.yaml', true],
    ]);
  });

  test('changes nothing on disk when nothing changed', () => {
    const folder = temporaryFolder();
    write(folder, TREE);
    const steps = strikeAt(0, () => undefined);
    const result = write(folder, TREE);
    expect(steps()).toBe(0);
    expect(result).toStrictEqual({ written: [], removed: [], unchanged: 3, findings: [] });
  });

  test('removes own files that the tree no longer has, and the folders that held nothing else', () => {
    const folder = temporaryFolder();
    putFiles(folder, { 'argocd/notes.md': 'theirs' });
    write(folder, TREE);
    expect(write(folder, {})).toStrictEqual({ written: [], removed: ALL, unchanged: 0, findings: [] });
    expect(everythingIn(folder)).toStrictEqual({ 'argocd/notes.md': 'theirs', [INDEX_FILE]: 'ai-service-index 1\n' });
  });

  test('keeps files of others, whatever they are called', () => {
    const folder = temporaryFolder();
    const theirs = {
      'README.md': 'a',
      'envs/dev/z.yaml': 'b',
      '.github/x': 'c',
      'envs/dev/.x.yaml.swp': 'd',
      'envs/dev/.other.ai-service-tmp': 'e',
    };
    putFiles(folder, theirs);
    write(folder, TREE);
    expect(filesIn(folder)).toStrictEqual({ ...TREE, ...theirs });
    write(folder, {});
    expect(filesIn(folder)).toStrictEqual(theirs);
  });

  test('refuses to replace a file of others, and writes nothing at all', () => {
    const folder = temporaryFolder();
    const theirs = { 'envs/dev/x.yaml': 'theirs', 'argocd/root.yaml/inner.txt': 'theirs' };
    putFiles(folder, theirs);
    const result = write(folder, TREE);
    expect(refusals(folder, result)).toStrictEqual([
      'tree/foreign-file argocd/root.yaml: a folder with files of others stands where the tree needs the name',
      'tree/foreign-file envs/dev/x.yaml: a file that synth did not write stands where the tree needs the name',
    ]);
    expect(result.findings[0]?.fix).toBe("move it away; if it is synth's own, restore .ai-service-index from Git");
    expect(everythingIn(folder)).toStrictEqual(theirs);
  });

  test('refuses a file of others where it needs a folder', () => {
    const folder = temporaryFolder();
    putFiles(folder, { envs: 'theirs' });
    expect(refusals(folder, write(folder, TREE))).toStrictEqual([
      'tree/foreign-file envs: a file that synth did not write stands where the tree needs the name',
    ]);
    expect(everythingIn(folder)).toStrictEqual({ envs: 'theirs' });
  });

  test('refuses a file of others whose name differs by case only', () => {
    const folder = temporaryFolder();
    putFiles(folder, { 'envs/dev/X.yaml': 'theirs' });
    expect(refusals(folder, write(folder, TREE))).toStrictEqual([
      'tree/foreign-file envs/dev/X.yaml: a file that synth did not write stands where the tree needs the name',
    ]);
  });

  test('takes over a file that has the right bytes already', () => {
    const folder = temporaryFolder();
    putFiles(folder, { 'envs/dev/x.yaml': TREE['envs/dev/x.yaml'] });
    expect(write(folder, TREE)).toStrictEqual({
      written: ['argocd/root.yaml', 'envs/dev/y.yaml'],
      removed: [],
      unchanged: 1,
      findings: [],
    });
    write(folder, {});
    expect(filesIn(folder)).toStrictEqual({});
  });

  test('writes an own file again that someone edited or deleted', () => {
    const folder = temporaryFolder();
    write(folder, { ...TREE, 'envs/dev/z.yaml': 'z' });
    putFiles(folder, { 'envs/dev/x.yaml': 'edited', 'envs/dev/z.yaml': 'edited and stale' });
    expect(write(folder, TREE)).toStrictEqual({
      written: ['envs/dev/x.yaml'],
      removed: ['envs/dev/z.yaml'],
      unchanged: 2,
      findings: [],
    });
    expect(filesIn(folder)).toStrictEqual(TREE);
  });

  test('turns an own file into a folder and back', () => {
    const folder = temporaryFolder();
    const steps: Tree[] = [
      { a: '1', 'b/c/d': '1' },
      { 'a/b/c': '2', b: '2' },
      { a: '3', 'b/c': '3' },
    ];
    for (const tree of steps) {
      expect(write(folder, tree).findings).toStrictEqual([]);
      expect(filesIn(folder)).toStrictEqual(tree);
    }
  });

  test('follows an own rename that changes case only', () => {
    const folder = temporaryFolder();
    write(folder, { 'a/X.yaml': '1' });
    expect(write(folder, { 'a/x.yaml': '1' }).findings).toStrictEqual([]);
    expect(filesIn(folder)).toStrictEqual({ 'a/x.yaml': '1' });
  });

  describe('links', () => {
    test('are never followed out of the tree', () => {
      const outside = temporaryFolder();
      putFiles(outside, { 'dev/x.yaml': 'outside', 'y.yaml': 'outside' });
      const folder = temporaryFolder();
      symlinkSync(outside, join(folder, 'envs'));
      mkdirSync(join(folder, 'argocd'));
      symlinkSync(join(outside, 'y.yaml'), join(folder, 'argocd/root.yaml'));
      expect(refusals(folder, write(folder, TREE))).toStrictEqual([
        'tree/symlink argocd/root.yaml: a symbolic link stands where the tree has a file or folder',
        'tree/symlink envs: a symbolic link stands where the tree has a file or folder',
      ]);
      expect(everythingIn(outside)).toStrictEqual({ 'dev/x.yaml': 'outside', 'y.yaml': 'outside' });
    });

    test('that took the place of own files stay, and nothing behind them is removed', () => {
      const outside = temporaryFolder();
      putFiles(outside, { 'x.yaml': 'outside' });
      const folder = temporaryFolder();
      putFiles(folder, { [INDEX_FILE]: 'ai-service-index 1\nargocd/root.yaml\nlinked/x.yaml\n' });
      symlinkSync(outside, join(folder, 'linked'));
      expect(write(folder, {}).findings).toStrictEqual([]);
      expect(everythingIn(outside)).toStrictEqual({ 'x.yaml': 'outside' });
      expect(everythingIn(folder)).toStrictEqual({ linked: `-> ${outside}`, [INDEX_FILE]: 'ai-service-index 1\n' });
    });

    test('may lead to the output folder itself', () => {
      const real = temporaryFolder();
      const link = join(temporaryFolder(), 'gitops');
      symlinkSync(real, link);
      expect(write(link, TREE).findings).toStrictEqual([]);
      expect(filesIn(real)).toStrictEqual(TREE);
    });
  });

  describe('the output folder', () => {
    test('must not be a file', () => {
      const file = join(temporaryFolder(), 'gitops');
      writeFileSync(file, 'x');
      expect(write(file, TREE).findings).toStrictEqual([
        {
          id: 'tree/output-folder',
          severity: 'error',
          where: { file },
          message: 'cannot write here: it is not a folder',
          fix: 'give --out a folder that you may write to',
        },
      ]);
    });

    test('must be possible to make', () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'file'), 'x');
      const [finding] = write(join(folder, 'file/gitops'), TREE).findings;
      expect(finding?.id).toBe('tree/output-folder');
      expect(finding?.message).toMatch(/^cannot write here: ENOTDIR/);
    });

    test('must be in a file system that takes folders', () => {
      expect(write('/proc/gitops', TREE).findings.map(({ id, where }) => [id, where.file])).toStrictEqual([
        ['tree/output-folder', '/proc/gitops'],
      ]);
    });

    test('must be writable', () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o555);
      const result = writeAsOrdinaryUser(folder);
      expect(result.findings.map(({ id, message }) => `${id}: ${message}`)).toStrictEqual([
        `tree/output-folder: cannot write here: EACCES: permission denied, open '${folder}/${LOCK_FILE}'`,
      ]);
      expect(everythingIn(folder)).toStrictEqual({});
    });

    test('is not left by a path', () => {
      const parent = temporaryFolder();
      const folder = join(parent, 'gitops');
      expect(refusals(folder, write(folder, { '../x.yaml': 'x', 'a/y.yaml': 'y' }))).toStrictEqual([
        'tree/path ../x.yaml: the path "../x.yaml" leaves its folder',
      ]);
      expect(everythingIn(parent)).toStrictEqual({});
    });
  });

  describe('the deletion guard', () => {
    const guard = (path: string) => (path.startsWith('envs/') ? 'service/dev' : undefined);

    test('stops the whole write, once for each thing that would go', () => {
      const folder = temporaryFolder();
      write(folder, TREE);
      const result = write(folder, { 'new.yaml': 'n' }, { guard });
      expect(result.findings).toStrictEqual([
        {
          id: 'tree/guarded-delete',
          severity: 'error',
          where: { file: `${folder}/envs/dev/x.yaml` },
          message: 'service/dev would be deleted, which takes data or a live service down',
          fix: 'bring it back, or say --allow-delete service/dev',
        },
      ]);
      expect(filesIn(folder)).toStrictEqual(TREE);
    });

    test('names what goes, each thing once, and at most three', () => {
      const folder = temporaryFolder();
      const names = ['a', 'b', 'c', 'd', 'e'];
      write(folder, Object.fromEntries(names.map((name) => [`envs/${name}`, name])));
      const said = (kept: readonly string[], describe: (path: string) => string | undefined): (string | undefined)[] =>
        write(folder, Object.fromEntries(kept.map((name) => [`envs/${name}`, name])), { guard, describe }).findings.map(
          ({ message }) => /\(.*\)/.exec(message)?.[0],
        );
      const upper = (path: string): string => path.slice(-1).toUpperCase();
      expect(said(['c', 'd', 'e'], upper)).toStrictEqual(['(A, B)']);
      expect(said([], upper)).toStrictEqual(['(A, B, C, 2 more)']);
      expect(said([], () => 'Deployment x')).toStrictEqual(['(Deployment x)']);
      expect(said([], () => undefined)).toStrictEqual([undefined]);
    });

    test('lets go what is named, and nothing else', () => {
      const folder = temporaryFolder();
      write(folder, TREE);
      expect(
        refusals(folder, write(folder, {}, { guard, allowDelete: new Set(['service/other', 'envs/dev/x.yaml']) })),
      ).toHaveLength(1);
      expect(write(folder, {}, { guard, allowDelete: new Set(['service/dev']) })).toStrictEqual({
        written: [],
        removed: ALL,
        unchanged: 0,
        findings: [],
      });
    });

    test('has nothing to say about changes, and about files that are gone already', () => {
      const folder = temporaryFolder();
      write(folder, TREE);
      expect(write(folder, { ...TREE, 'envs/dev/x.yaml': 'changed' }, { guard }).findings).toStrictEqual([]);
      putFiles(folder, { [INDEX_FILE]: readFileSync(join(folder, INDEX_FILE), 'utf8') + 'envs/dev/zz.yaml\n' });
      expect(write(folder, { ...TREE, 'envs/dev/x.yaml': 'changed' }, { guard }).findings).toStrictEqual([]);
    });
  });

  describe('the ownership index', () => {
    test.each([
      [
        'another format',
        'ai-service-index 2\n',
        'the ownership index starts with "ai-service-index 2", not "ai-service-index 1"',
      ],
      ['an empty file', '', 'the ownership index starts with "", not "ai-service-index 1"'],
      [
        'a conflict',
        'ai-service-index 1\n<<<<<<< ours\na\n',
        'the line "<<<<<<< ours" of the ownership index is left over from a merge',
      ],
      [
        'a path that leaves the folder',
        'ai-service-index 1\n../x\n',
        'the line "../x" of the ownership index leaves its folder',
      ],
      [
        'an absolute path',
        'ai-service-index 1\n/etc/passwd\n',
        'the line "/etc/passwd" of the ownership index is absolute',
      ],
    ])('is not trusted with %s', (_, text, message) => {
      const parent = temporaryFolder();
      const folder = join(parent, 'gitops');
      putFiles(parent, { x: 'outside', [`gitops/${INDEX_FILE}`]: text });
      const result = write(folder, TREE);
      expect(refusals(folder, result)).toStrictEqual([`tree/index ${INDEX_FILE}: ${message}`]);
      expect(result.findings[0]?.fix).toBe('restore the file from Git; after a merge keep the lines of both sides');
      expect(everythingIn(parent)).toStrictEqual({ x: 'outside', [`gitops/${INDEX_FILE}`]: text });
    });

    test('is not trusted when it is a link', () => {
      const outside = temporaryFolder();
      putFiles(outside, { index: 'ai-service-index 1\n' });
      const folder = temporaryFolder();
      symlinkSync(join(outside, 'index'), join(folder, INDEX_FILE));
      expect(refusals(folder, write(folder, TREE))).toStrictEqual([
        `tree/symlink ${INDEX_FILE}: a symbolic link stands where the tree has a file or folder`,
      ]);
    });

    test('may have been merged by lines: repeated and unsorted ones do no harm', () => {
      const folder = temporaryFolder();
      putFiles(folder, {
        ...TREE,
        [INDEX_FILE]: 'ai-service-index 1\nenvs/dev/x.yaml\nargocd/root.yaml\nenvs/dev/x.yaml\n\nenvs/dev/y.yaml\n',
      });
      expect(write(folder, {}).removed).toStrictEqual(ALL);
      expect(filesIn(folder)).toStrictEqual({});
    });
  });

  describe('the lock', () => {
    test('of a living process stops the write', () => {
      const folder = temporaryFolder();
      putFiles(folder, { [LOCK_FILE]: `${process.ppid}\n` });
      const result = write(folder, TREE);
      expect(refusals(folder, result)).toStrictEqual([
        `tree/locked ${LOCK_FILE}: process ${process.ppid} is writing to this folder`,
      ]);
      expect(result.findings[0]?.fix).toBe('wait until it is done; if there is none, delete the lock file');
      expect(everythingIn(folder)).toStrictEqual({ [LOCK_FILE]: `${process.ppid}\n` });
    });

    const dead = spawnSync(process.execPath, ['--version']).pid;
    test.each([
      ['of a dead process', `${dead}\n`, 0],
      ['that was never finished', `${process.ppid}`, 0],
      ['of ten minutes ago', `${process.ppid}\n`, 11 * 60_000],
    ])('%s counts for nothing, and is gone afterwards', (_, content, age) => {
      const folder = temporaryFolder();
      for (const tree of [TREE, TREE]) {
        putFiles(folder, { [LOCK_FILE]: content });
        const then = new Date(Date.now() - age);
        utimesSync(join(folder, LOCK_FILE), then, then);
        expect(write(folder, tree).findings).toStrictEqual([]);
        expect(filesIn(folder)).toStrictEqual(TREE);
      }
    });

    test('is taken too late when another run wrote meanwhile', () => {
      const folder = temporaryFolder();
      // The first change is the folder (it is there), the second the lock: another run ends just before it.
      const restore = strikeAt(1, () => writeFileSync(join(folder, INDEX_FILE), 'ai-service-index 1\nother.yaml\n'));
      const result = write(folder, TREE);
      restore();
      expect(refusals(folder, result)).toStrictEqual([
        `tree/locked ${folder}: another run wrote to this folder meanwhile`,
      ]);
      expect(everythingIn(folder)).toStrictEqual({ [INDEX_FILE]: 'ai-service-index 1\nother.yaml\n' });
    });
  });

  test('says so when the disk fails half-way, and the next run completes the tree', () => {
    const folder = temporaryFolder();
    write(folder, { 'old.yaml': 'old' });
    const restore = strikeAt(9, () => {
      throw new Error('ENOSPC: no space left on device');
    });
    const result = write(folder, TREE);
    restore();
    expect(result.findings).toStrictEqual([
      {
        id: 'tree/write-failed',
        severity: 'error',
        where: { file: folder },
        message: 'stopped half-way: ENOSPC: no space left on device',
        fix: 'mend the cause and run again; the next run completes the tree',
      },
    ]);
    expect(filesIn(folder)).not.toStrictEqual(TREE);
    expect(write(folder, TREE).findings).toStrictEqual([]);
    expect(filesIn(folder)).toStrictEqual(TREE);
  });

  test('after any history of trees, failures and foreign files the folder holds the last tree and the files of others', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'C', 'x.yaml'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'));
    const tree = fc.dictionary(path, fc.constantFrom('1\n', '2\n', ''), { maxKeys: 6, noNullPrototype: true });
    const foreign = fc.dictionary(
      path.map((text) => `${text}.theirs`),
      fc.constant('theirs'),
      { maxKeys: 2, noNullPrototype: true },
    );
    const run = fc.record({ tree, foreign, failure: fc.option(fc.integer({ min: 1, max: 25 }), { freq: 1 }) });
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), (runs) => {
        const folder = temporaryFolder();
        const theirs: Record<string, string> = {};
        for (const { tree: wanted, foreign: put, failure } of runs) {
          for (const [name, content] of Object.entries(put)) {
            try {
              putFiles(folder, { [name]: content });
              theirs[name] = content;
            } catch {
              // A file of the tree stands where its folder would be.
            }
          }
          if (failure !== null) {
            const restore = strikeAt(failure, () => {
              throw new Error('EIO: i/o error');
            });
            write(folder, wanted);
            restore();
          }
          const before = everythingIn(folder);
          const { findings } = write(folder, wanted);
          if (findings.length > 0) expect(everythingIn(folder)).toStrictEqual(before);
          else expect(filesIn(folder)).toStrictEqual({ ...wanted, ...theirs });
          for (const { id } of findings) expect(['tree/path-clash', 'tree/foreign-file']).toContain(id);
        }
      }),
      { numRuns: 300 },
    );
  });
});
