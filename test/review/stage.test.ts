import { expect, test } from 'vitest';
import { stageOf, stageOfNames } from '../../src/review/stage.ts';
import { unitOfScenario } from './words/support.ts';

const SERVICE = 'envs/eu/eu-1/risk-ml/fraud-detector';
const object = (namespace: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: ${namespace} }\n`;
const stage = (before: object | undefined, after: object | undefined): object =>
  stageOf(
    unitOfScenario(
      '',
      object('x'),
      { descriptor: { ...(before && { before: { ...before } }), ...(after && { after: { ...after } }) } },
      SERVICE,
    ),
  );

test.each([
  ['prod', { prod: true }],
  ['Production', { prod: true }],
  ['dev', { prod: false }],
  ['pre-prod', { prod: false }],
  ['staging2', { prod: false }],
  ['tier-1', { prod: true, assumed: 'a stage that is not known: taken as production' }],
])('stage %s of the descriptor', (name, expected) => {
  expect(stage({ stage: name }, { stage: name })).toEqual(expected);
});

test('who changes the stage of production does not lower the risk', () => {
  expect(stage({ stage: 'prod' }, { stage: 'dev' })).toEqual({ prod: true });
  expect(stage(undefined, { stage: 'dev' })).toEqual({ prod: false });
  expect(stage({ stage: 7 }, undefined)).toEqual({ prod: true, assumed: 'no stage in the tree: taken as production' });
});

test('a tree without stages goes by its names', () => {
  const guess = (folder: string, namespace: string): object =>
    stageOf(unitOfScenario('', object(namespace), {}, folder));
  expect(guess('clusters/dev/shop', 'shop')).toEqual({ prod: false, assumed: 'taken as not production by its name' });
  expect(guess('clusters/a/shop', 'shop-qa')).toEqual({ prod: false, assumed: 'taken as not production by its name' });
  expect(guess('clusters/dev/shop', 'shop-prod')).toEqual({ prod: true });
  expect(guess('clusters/a/shop', 'shop')).toEqual({
    prod: true,
    assumed: 'no stage in the tree: taken as production',
  });
});

test('one name that says production is enough', () => {
  expect(stageOfNames(['envs', 'dev'])).toEqual({ prod: false, assumed: 'taken as not production by its name' });
  expect(stageOfNames(['dev', 'prod-eu', undefined])).toEqual({ prod: true });
  expect(stageOfNames(['device', 'products'])).toEqual({
    prod: true,
    assumed: 'no stage in the tree: taken as production',
  });
});
