import { expect, test } from 'vitest';
import { emitYaml } from '../../src/core/yaml.ts';
import { findUnwritable } from '../../src/service/unwritable.ts';
import { fc } from '../support/property.ts';

test('names each place, and no value', () => {
  const value = { a: ['x', 'secret\ud800'], b: { ['\udc00']: -0 }, c: JSON.parse('{ "__proto__": 1 }') as unknown };
  expect(findUnwritable(value)).toEqual([
    {
      path: ['a', 1],
      message: 'the text holds half a surrogate pair, which is no character',
      fix: 'write the whole character',
    },
    {
      path: ['b', '\udc00'],
      message: 'the name holds half a surrogate pair, which is no character',
      fix: 'write the whole character',
    },
    { path: ['b', '\udc00'], message: '-0 reads back as another number', fix: 'write 0' },
    { path: ['c', '__proto__'], message: '"__proto__" can be no name', fix: 'choose another name' },
  ]);
});

test('a value that holds itself is looked at for a while, and left to its schema', () => {
  const cyclic: Record<string, unknown> = { text: '\ud800' };
  cyclic['self'] = cyclic;
  expect(findUnwritable(cyclic).length).toBeGreaterThan(0);
});

test('plain data in which it finds nothing can be written', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 }).map((each) => each.replaceAll('é', '\ud800'));
  const data = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.constant(-0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(text, tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  fc.assert(
    fc.property(data, (value) => {
      fc.pre(findUnwritable(value).length === 0);
      emitYaml({ value });
    }),
    { numRuns: 500 },
  );
});
