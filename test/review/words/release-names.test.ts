import { expect, test } from 'vitest';
import { releaseReader } from '../../../src/review/words/release-names.ts';

const { inText, inExpression } = releaseReader(['v46', 'v47']);

test('a text has a mark where releases are named, and says which', () => {
  expect(inText('x{pod=~"a-v46|a-v47"}')).toEqual({
    frame: 'x{pod="<releases>"}',
    places: [new Map([['a-<release>', new Set(['v46', 'v47'])]])],
  });
  expect(inText('x{pod=~"a-v46-[0-9]|other"} > y{pod="v460"}')).toEqual({
    frame: 'x{pod=~"<releases>"} > y{pod="v460"}',
    places: [
      new Map([
        ['a-<release>-[0-9]', new Set(['v46'])],
        ['other', new Set()],
      ]),
    ],
  });
});

test('without releases a text is what it is', () => {
  expect(releaseReader([]).inText('x{pod="a-v46"}')).toEqual({ frame: 'x{pod="a-v46"}', places: [] });
});

test('operands that differ in releases alone are one, whatever brackets they have', () => {
  const one = inExpression('round(x{a="v46"}, 5) > 1');
  expect(inExpression('((round(x{a="v46"}, 5))\nor round((x{a="v47"}), 5)) > 1')?.frame).toBe(one?.frame);
  expect(one?.places).toEqual([new Map([['<release>', new Set(['v46'])]])]);
  expect(inExpression('(round(x{a="v46"}, 5) or round(x{a="v47"}, 6)) > 1')?.frame).not.toBe(one?.frame);
  expect(inExpression('round(x{a="v46"}, 5) > 1 # or 2')?.frame).not.toBe(one?.frame);
});

test('where an operand without a release stands among those of releases does not count, unless it is another expression', () => {
  const frame = (expr: string): string | undefined => inExpression(expr)?.frame;
  expect(frame('count(x{a="v47"} or x{a="old"} or x{a="v46"})')).toBe(frame('count(x{a="old"} or x{a="v46"})'));
  expect(frame('count(x{a="v47"} or x{a="older"})')).not.toBe(frame('count(x{a="old"} or x{a="v47"})'));
  expect(frame('count(x{a="v47"} or 2 * x{a="old"})')).not.toBe(frame('count(2 * x{a="old"} or x{a="v47"})'));
});

test('what is no PromQL is not read', () => {
  expect(inExpression('x{a="v46"')).toBeUndefined();
});

test('a revision of Knative is called after its release and a digest, which says nothing of releases', () => {
  expect(inText('x{service="f-v46-0a1b2c3d"}')).toEqual(inText('x{service="f-v46-4e5f6a7b"}'));
  expect(inText('x{service="f-v46-0a1b2c3d"}').places).toEqual([new Map([['f-<release>', new Set(['v46'])]])]);
});
