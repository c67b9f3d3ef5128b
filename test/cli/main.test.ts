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
