import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/**
 * The golden tree of apps/, file by file. After an intended change: npm run snapshots, and review the diff.
 */

const root = join(import.meta.dirname, '..');
const golden = join(root, 'snapshots');
const scratch = mkdtempSync(join(tmpdir(), 'snapshots-'));
afterAll(() => rmSync(scratch, { recursive: true }));

execFileSync(process.execPath, ['bin/ai-service.js', 'synth'], {
  cwd: root,
  stdio: 'ignore',
  env: { ...process.env, CDK8S_OUTDIR: scratch },
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

const paths = [...new Set([...filesIn(golden), ...filesIn(scratch)])].sort();

test.each(paths)('%s', (path) => {
  const read = (folder: string): string | undefined =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
  expect(read(scratch)).toBe(read(golden));
});
