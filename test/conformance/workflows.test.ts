import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';

/** Workflows of GitHub, this repository's own and those that the docs give, as actionlint reads them. */

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const recipes = ['ci', 'gates', 'releases', 'trail'].flatMap((page) =>
  [...readFileSync(join(root, `docs/${page}.md`), 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)]
    .map(([, text = '']) => text)
    .filter((text) => (parse(text) as { jobs?: unknown } | null)?.jobs !== undefined)
    .map((text, index) => [`docs/${page}.md, recipe ${index + 1}`, text] as const),
);

test.each([
  ['.github/workflows/ci.yaml', readFileSync(join(root, '.github/workflows/ci.yaml'), 'utf8')] as const,
  ...recipes,
])('%s', (_, text) => {
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  const file = join(folder, '.github/workflows/workflow.yaml');
  writeFileSync(file, text);
  expect(execFileSync(join(root, '.cache/actionlint/actionlint'), ['-no-color', file], { encoding: 'utf8' })).toBe('');
});

test('the docs have recipes', () => {
  expect(recipes.length).toBeGreaterThanOrEqual(2);
});
