import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { checkIntent, renderTarget } from '../../src/app/render-target.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf } from '../support/target.ts';

/** In a file of its own, so that nothing else has loaded the grammar in the process. */

type Gates = NonNullable<NonNullable<AIServiceInput['canary']>['gates']>;

const isLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('lezer-promql'));

function synth(gates: Gates): void {
  const target = targetOf({ spec: { canary: { steps: [10], gates } } });
  expect(checkIntent(target, new Map()).filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(renderTarget(target, new Map())).not.toEqual([]);
}

test('the grammar of PromQL is loaded for a gate with a query, and for no other', () => {
  synth([
    { errorRatio: { max: 0.01, comparedToStable: { factor: 1.5 } } },
    { latency: { quantile: 0.99, max: '250ms' } },
    { registryMetric: { metric: 'auc', min: 0.9 } },
  ]);
  expect(isLoaded()).toBe(false);
  synth([{ prometheus: { name: 'own', query: 'sum(x)', max: 1 } }]);
  expect(isLoaded()).toBe(true);
});
