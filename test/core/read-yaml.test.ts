import { expect, test } from 'vitest';
import { readYaml } from '../../src/core/read-yaml.ts';

const TEXT = `owner:
  team: ml
items: [a, { b: 1 }]
`;

test('a file is its value, and knows where each field stands', () => {
  const { value, findings, locate } = readYaml(TEXT, 'x.yaml');
  expect(value).toEqual({ owner: { team: 'ml' }, items: ['a', { b: 1 }] });
  expect(findings).toEqual([]);
  const places = [['owner'], ['owner', 'team'], ['items', 1], ['items', 1, 'b'], []].map(locate);
  expect(places.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    'x.yaml:1:1',
    'x.yaml:2:3',
    'x.yaml:3:12',
    'x.yaml:3:14',
    'x.yaml:1:1',
  ]);
});

test('what is not there is where the map is that it is missing from', () => {
  const { locate } = readYaml(TEXT, 'x.yaml');
  expect(locate(['owner', 'escalation', 'x'])).toEqual({ file: 'x.yaml', line: 1, column: 1 });
  expect(locate(['nothing'])).toEqual({ file: 'x.yaml', line: 1, column: 1 });
  expect(readYaml('', 'x.yaml').locate(['owner'])).toEqual({ file: 'x.yaml' });
});

test.each([
  ['a: 1\na: 2\n', '2:1 this key is in the map already'],
  ['a: [1\n', '2:1 Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ['---\na: 1\n---\nb: 2\n', '3:1 the file holds more than one document'],
  ['a: !secret x\n', '1:4 Unresolved tag: !secret'],
  ['a: *b\n', '1:4 there is no anchor &b before this alias'],
  ['a: *b\nb: &b 1\n', '1:4 there is no anchor &b before this alias'],
  ['a: 1\nb: {{ team }}\n', '2:5 a map or list stands where a key must'],
  ['a: 1\nb: caf\udce9\nc: [\n', '2:7 the byte 0xe9 is no UTF-8'],
])('%j is refused with line and column', (text, said) => {
  const { value, findings } = readYaml(text, 'x.yaml');
  expect(value).toBeUndefined();
  expect(findings.map(({ id, where, message }) => `${id} ${where.line}:${where.column} ${message}`)).toEqual([
    `yaml/syntax ${said}`,
  ]);
});

test('an alias is the value of its anchor', () => {
  expect(readYaml('a: &a { b: 1 }\nc: *a\n', 'x.yaml').value).toEqual({ a: { b: 1 }, c: { b: 1 } });
});

test('keys that mean something to JavaScript are keys', () => {
  const { value } = readYaml('__proto__: { polluted: true }\nconstructor: 1\n', 'x.yaml');
  expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
  expect((value as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a byte order mark is nothing, for the value and for places', () => {
  const { value, findings, locate } = readYaml(`\ufeff${TEXT}`, 'x.yaml');
  expect({ value, findings }).toEqual({ value: readYaml(TEXT, 'x.yaml').value, findings: [] });
  expect(locate(['owner', 'team'])).toEqual({ file: 'x.yaml', line: 2, column: 3 });
  expect(locate(['owner'])).toEqual({ file: 'x.yaml', line: 1, column: 1 });
});
