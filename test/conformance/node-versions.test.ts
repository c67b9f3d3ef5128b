import { execFileSync, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * What an engine could change, on the long-term versions of Node that are newer than the oldest one that we take: bytes of YAML and of
 * the golden tree, memory of texts, what calls of the file system do, the command line.
 */

const repository = join(import.meta.dirname, '../..');

describe.each(['22', '24'])('Node %s', (major) => {
  const bin = join(repository, `.cache/node-${major}/node_modules/.bin`);
  const node = join(bin, 'node');

  test('is there; test/conformance/install installs it', () => {
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(new RegExp(`^v${major}\\.`));
  });

  test('passes the tests of core, tree, snapshots and of the command line', () => {
    const rooms = ['test/core', 'test/tree', 'test/snapshots.test.ts', 'test/app/bad-input.test.ts', 'test/cli/synth'];
    const env = { ...process.env, NO_COLOR: '1', PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
    const { status, stdout, stderr } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...rooms], {
      cwd: repository,
      env,
      encoding: 'utf8',
    });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});
