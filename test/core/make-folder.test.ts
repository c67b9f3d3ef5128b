import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/core/make-folder.ts';
import { everythingIn, temporaryFolder } from '../tree/folders.ts';

test('makes a folder and those above it, and leaves one that is there alone', () => {
  const root = temporaryFolder();
  makeFolder(join(root, 'a/b/c'));
  writeFileSync(join(root, 'a/b/file'), 'x');
  makeFolder(join(root, 'a/b'));
  makeFolder(`${root}/a/b/d/`);
  expect(everythingIn(root)).toStrictEqual({ 'a/b/c': '<empty>', 'a/b/d': '<empty>', 'a/b/file': 'x' });
});

test('a link to a folder is one', () => {
  const root = temporaryFolder();
  const elsewhere = temporaryFolder();
  symlinkSync(elsewhere, join(root, 'link'));
  makeFolder(join(root, 'link'));
  makeFolder(join(root, 'link/a'));
  expect(everythingIn(elsewhere)).toStrictEqual({ a: '<empty>' });
});

test('a file in the way, and a link to nowhere, are what the operating system says', () => {
  const root = temporaryFolder();
  writeFileSync(join(root, 'file'), 'x');
  symlinkSync(join(root, 'nowhere'), join(root, 'link'));
  expect(() => makeFolder(join(root, 'file'))).toThrow(/^EEXIST/);
  expect(() => makeFolder(join(root, 'file/a/b'))).toThrow(/^ENOTDIR/);
  expect(() => makeFolder(join(root, 'link/a'))).toThrow(/^EEXIST/);
  expect(existsSync(join(root, 'nowhere'))).toBe(false);
});

test.runIf(process.platform === 'linux')('a file system that takes no folders says so at once', () => {
  expect(() => makeFolder('/proc/gitops')).toThrow("ENOENT: no such file or directory, mkdir '/proc/gitops'");
  expect(() => makeFolder('/proc/a/b')).toThrow("ENOENT: no such file or directory, mkdir '/proc/a'");
});
