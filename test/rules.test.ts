import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ALL_RULES, ROOMS } from '../tools/rules.ts';

const SRC = join(import.meta.dirname, '../src');
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }));

/** `<room>/<rule>` in quotes. Other things have the same form: images, media types, paths of an API. */
const ID = new RegExp(`'((?:${Object.keys(ROOMS).join('|')})/(?!v\\d)[a-z]+(?:-[a-z]+)*)'`, 'g');

const literals = new Map<string, string[]>();
for (const { file, text } of sources) {
  for (const [, id = ''] of text.matchAll(ID)) literals.set(id, [...(literals.get(id) ?? []), file]);
}
const severities = new Map(ALL_RULES.map(({ id, severity }) => [id, severity]));

test('every finding has an id that a list of rules has, so that the docs explain it', () => {
  expect([...literals.keys()].filter((id) => !severities.has(id))).toEqual([]);
});

test('a rule is listed once', () => {
  const ids = ALL_RULES.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

test('a rule that is listed is used', () => {
  // Once in its list, and once where the finding is made; the list of the schema rules puts its ids together.
  const uses = (id: string): number => (literals.get(id)?.length ?? 0) + (id.startsWith('schema/') ? 1 : 0);
  expect(ALL_RULES.map(({ id }) => id).filter((id) => uses(id) < 2)).toEqual([]);
});

test('a finding that is written out has the severity of its rule', () => {
  const written = sources.flatMap(({ text }) => [...text.matchAll(/id: '([^']+)',\s+severity: '([^']+)'/g)]);
  const different = written.filter(([, id = '', severity]) => severities.has(id) && severities.get(id) !== severity);
  expect(different.map(([text]) => text)).toEqual([]);
});

test('a rule says in one sentence what it demands, and whose rule it is', () => {
  const unclear = ALL_RULES.filter(
    ({ summary, source }) => !/^[^\n]+[^.]\.$/.test(summary) || source === '' || source.endsWith('.'),
  );
  expect(unclear).toEqual([]);
});

test('a rule of our own says why it is one', () => {
  expect(ALL_RULES.filter(({ source }) => source === 'ours').map(({ id }) => id)).toEqual([]);
});
