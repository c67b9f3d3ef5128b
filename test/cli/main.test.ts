import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

async function printed(...argv: readonly string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    return { code: await main(argv), text };
  } finally {
    write.mockRestore();
  }
}

test.each(['--version', '-V'])('%s says which version it is', async (option) => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  expect(await printed(option)).toEqual({ code: 0, text: `${version}\n` });
});

test('--help lists the commands by what they are for', async () => {
  const { code, text } = await printed('--help');
  expect(code).toBe(0);
  const headings = text.split('\n').filter((line) => /^\S.*:$/.test(line));
  expect(headings).toEqual([
    'Options:',
    'The tree:',
    'Releases:',
    'Registries and locks:',
    'What runs, and what ran:',
    'Monitoring:',
    'Commands:',
  ]);
});

/** In a shell, with the command line in the place of `ai-service`. */
function shell(script: string): string {
  const bin = join(import.meta.dirname, '../../bin/ai-service.js');
  const command = script.replace('ai-service', `"${process.execPath}" "${bin}"`);
  const options = { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8', timeout: 120_000 } as const;
  return spawnSync('bash', ['-c', command], options).stdout;
}

test('a reader who has seen enough stops no command', () => {
  const text = shell('ai-service synth --check --out snapshots 2>&1 | head -1; echo "exit ${PIPESTATUS[0]}"');
  expect(text).toBe('info release/unreleased-edit: image-classifier, prod-us\nexit 0\n');
});

test('output that cannot be written is an error', () => {
  expect(shell('ai-service --help 2>&1 >/dev/full; echo "exit $?"')).toBe(
    'standard output cannot be written: ENOSPC\nexit 1\n',
  );
});
