import { expect, test } from 'vitest';
import { parseDocuments } from '../../src/import/documents.ts';

test('every document of a YAML stream is told with its line; empty ones are skipped', () => {
  const { documents, findings } = parseDocuments('# first\na: 1\n---\n---\n# second\nb: 2\n', 'x.yaml');
  expect(findings).toEqual([]);
  expect(documents).toEqual([
    { value: { a: 1 }, where: { file: 'x.yaml', line: 2 } },
    { value: { b: 2 }, where: { file: 'x.yaml', line: 6 } },
  ]);
});

test('lists are taken apart, lists in lists too', () => {
  const list = {
    kind: 'List',
    items: [{ kind: 'A' }, { kind: 'CustomResourceDefinitionList', items: [{ kind: 'B' }] }],
  };
  const { documents } = parseDocuments(JSON.stringify(list), 'x.json');
  expect(documents.map(({ value }) => value)).toEqual([{ kind: 'A' }, { kind: 'B' }]);
});

test('broken JSON and YAML are told with line and column', () => {
  expect(parseDocuments('{"a": 1,\n "b": ]', 'x.json').findings).toMatchObject([
    { id: 'import/syntax', severity: 'error', where: { file: 'x.json', line: 2 } },
  ]);
  expect(parseDocuments('a: 1\na: 2\n', 'x.yaml').findings).toMatchObject([
    {
      id: 'import/syntax',
      where: { file: 'x.yaml', line: 2, column: 1 },
      message: 'is neither JSON nor YAML: Map keys must be unique',
    },
  ]);
});

test('a bomb of aliases is refused, not unfolded', () => {
  const layers = ['a', 'b', 'c', 'd', 'e'].map((name, index, names) => {
    const before = index === 0 ? 'x' : `*${names[index - 1]}`;
    return `${name}: &${name} [${Array<string>(9).fill(before).join(', ')}]`;
  });
  expect(parseDocuments(layers.join('\n'), 'bomb.yaml').findings).toMatchObject([
    { id: 'import/syntax', severity: 'error' },
  ]);
});
