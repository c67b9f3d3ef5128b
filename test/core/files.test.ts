import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diskFiles, foreignByte, overlaid, textOf } from '../../src/core/files.ts';

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

test.each([
  ['plain', Buffer.from('caf\u00e9 \u{1f600} \ufffd\n'), 'caf\u00e9 \u{1f600} \ufffd\n', undefined],
  ['with a byte order mark', Buffer.from('\ufeffa'), '\ufeffa', undefined],
  ['in Latin 1', Buffer.from('caf\u00e9\n', 'latin1'), 'caf\udce9\n', [1, 4, '0xe9']],
  ['in Latin 1, further below', Buffer.from('a\n\nb\u00e9\n', 'latin1'), 'a\n\nb\udce9\n', [3, 2, '0xe9']],
  ['cut off', Buffer.from('\u20ac').subarray(0, 2), '\udce2\udc82', [1, 1, '0xe2']],
  ['with half a surrogate pair', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 'a\udced\udca0\udc80', [1, 2, '0xed']],
])('text %s is read without a loss, and what is no UTF-8 can be told', (_, bytes, text, foreign) => {
  expect(textOf(bytes)).toBe(text);
  const [line, column, byte] = foreign ?? [];
  const said = { line, column, message: `the byte ${byte} is no UTF-8`, fix: 'save the file in UTF-8' };
  expect(foreignByte(text)).toEqual(foreign && said);
});
