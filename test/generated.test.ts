import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generate } from '../tools/generate.ts';

/** What is generated from the schemas and rules is committed. After a change: npm run generate. */
const files = await generate();

test.each([...files])('%s is what the sources make', (file, content) => {
  expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8')).toBe(content);
});
