import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { INDEX_FILE } from '../../src/tree/paths.ts';
import { compareTree, writeTree } from '../../src/tree/write.ts';
import { everythingIn, putFiles, temporaryFolder } from './folders.ts';

const JITI = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
const WRITER = fileURLToPath(new URL('killed-writer.ts', import.meta.url));

/** Replaced, kept, gone with its folder, gone, file that becomes a folder, folder that becomes a file. */
const BEFORE = {
  'a/x.yaml': 'old x\n',
  'a/same.yaml': 'same\n',
  'b/c/gone.yaml': 'gone\n',
  'a/gone.yaml': 'gone\n',
  d: 'file\n',
  'e/f': 'file\n',
};
const AFTER = {
  'a/x.yaml': 'new x\n',
  'a/same.yaml': 'same\n',
  'a/new.yaml': 'new\n',
  'n/m/new.yaml': 'new\n',
  'd/x': 'now in a folder\n',
  e: 'now a file\n',
};
const OTHER = { 'a/x.yaml': 'other\n', 'z/x.yaml': 'other\n' };
const FOREIGN = { 'README.md': 'hands off\n', 'a/notes.txt': 'hands off\n' };

function runWriter(
  folder: string,
  step: number,
): Promise<{ readonly signal: NodeJS.Signals | null | undefined; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [JITI, WRITER, folder, String(step), JSON.stringify(AFTER)], (error, stdout, stderr) => {
      resolve({ signal: error?.signal, output: stdout + stderr });
    });
  });
}

function preparedFolder(): string {
  const folder = temporaryFolder();
  putFiles(folder, FOREIGN);
  expect(writeTree({ outDir: folder, files: new Map(Object.entries(BEFORE)) }).findings).toStrictEqual([]);
  return folder;
}

/** Exactly this tree, the files of others, and an index that lists the tree. */
function stateOf(tree: Readonly<Record<string, string>>): Record<string, string> {
  return { ...tree, ...FOREIGN, [INDEX_FILE]: ['ai-service-index 1', ...Object.keys(tree).sort(), ''].join('\n') };
}

async function checkKill(step: number): Promise<void> {
  const folder = preparedFolder();
  expect(await runWriter(folder, step)).toStrictEqual({ signal: 'SIGKILL', output: '' });

  const left = everythingIn(folder);
  for (const [path, content] of Object.entries(FOREIGN)) expect(left[path]).toBe(content);
  for (const path of [
    'a/x.yaml',
    'a/same.yaml',
    'a/new.yaml',
    'n/m/new.yaml',
    'd/x',
    'b/c/gone.yaml',
    'a/gone.yaml',
    'e/f',
  ] as const) {
    const possible = [(BEFORE as Record<string, string>)[path], (AFTER as Record<string, string>)[path], undefined];
    expect(possible, `${path} after a kill at step ${step}`).toContain(left[path]);
  }

  for (const next of [AFTER, BEFORE, OTHER, {}] as readonly Readonly<Record<string, string>>[]) {
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    const files = new Map(Object.entries(next));
    expect(writeTree({ outDir: copy, files }).findings).toStrictEqual([]);
    expect(everythingIn(copy)).toStrictEqual(stateOf(next));
    expect(compareTree({ outDir: copy, files })).toStrictEqual({ added: [], changed: [], removed: [], findings: [] });
  }
}

test('a writer killed at any step leaves whole files only, and the next run ends in the exact state of its tree', async () => {
  const whole = preparedFolder();
  const { signal, output } = await runWriter(whole, 0);
  expect(signal).toBeUndefined();
  expect(everythingIn(whole)).toStrictEqual(stateOf(AFTER));
  const steps = Number(output);
  expect(steps).toBeGreaterThan(20);

  const waiting = Array.from({ length: steps }, (_, index) => index + 1);
  const worker = async () => {
    for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) await checkKill(step);
  };
  await Promise.all([worker(), worker(), worker()]);
});
