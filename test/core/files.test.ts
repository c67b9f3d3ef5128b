import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diskFiles, overlaid } from '../../src/core/files.ts';

test('files that are laid over others are read instead of them, and listed beside them', () => {
  const root = mkdtempSync(join(tmpdir(), 'files-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'a'), 'old');
  writeFileSync(join(root, 'c'), 'old');
  const files = overlaid(
    diskFiles(root),
    new Map([
      ['a', 'new'],
      ['b/x', 'new'],
      ['b/deep/y', 'new'],
    ]),
  );
  expect(['a', 'c', 'b/x', 'd'].map((path) => files.read(path))).toEqual(['new', 'old', 'new', undefined]);
  expect(files.entries('b')).toEqual({ files: ['x'], folders: ['deep'] });
  expect(files.entries('b/deep')).toEqual({ files: ['y'], folders: [] });
  expect(files.entries('nowhere')).toEqual({ files: [], folders: [] });
});
