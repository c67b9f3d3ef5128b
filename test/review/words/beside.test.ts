import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { topologyOf } from '../../../src/review/topology.ts';
import { besideNeeded } from '../../../src/review/words/beside.ts';
import { policyWords } from '../../../src/review/words/policy.ts';
import { releaseWords } from '../../../src/review/words/release.ts';
import { routeWords } from '../../../src/review/words/routes.ts';
import { trafficWords } from '../../../src/review/words/traffic.ts';
import { workloadWords } from '../../../src/review/words/workload.ts';
import { edited, PROD, shapesOf, unitOfScenario } from './support.ts';

const folder = join(import.meta.dirname, '../../../snapshots/envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests');
const golden = (...kinds: readonly string[]): string =>
  readdirSync(folder)
    .filter((file) => kinds.length === 0 || kinds.some((kind) => file.startsWith(`${kind}.`)))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('');

const needed = (before: string, after: string): string[] =>
  [...besideNeeded(unitOfScenario(before, after).objects)].sort();

test('most changes need nothing beside', () => {
  const all = golden();
  expect(needed(all, edited(all, ['weight: 90', 'weight: 75'], ['weight: 10', 'weight: 25']))).toEqual([]);
  expect(needed(all, edited(all, ['minReplicas: 2', 'minReplicas: 1'], ['memory: 8Gi', 'memory: 4Gi']))).toEqual([]);
  expect(needed('', golden('inferenceservice'))).toEqual([]);
});

test('a time of the route needs the times of what answers, and the other way round', () => {
  const route = golden('virtualservice');
  expect(needed(route, edited(route, ['timeout: 30s', 'timeout: 10s']))).toEqual(['inferenceservice', 'service']);
  const models = golden('inferenceservice');
  expect(needed(models, edited(models, ['timeout: 30', 'timeout: 60']))).toEqual(['httproute', 'virtualservice']);
});

test('a workload that goes needs the routes', () => {
  expect(needed(golden('inferenceservice'), '')).toEqual(['httproute', 'service', 'virtualservice']);
});

test('rules that forget what is stopped need those that say which releases there are', () => {
  const models = golden('inferenceservice');
  const stopped = edited(models, [
    'serving.kserve.io/deploymentMode: Standard',
    'serving.kserve.io/deploymentMode: Standard\n    serving.kserve.io/stop: "true"',
  ]);
  expect(needed(models, stopped)).toEqual(['httproute', 'virtualservice']);
  const rules = golden('prometheusrule');
  expect(needed(models + rules, stopped + edited(rules, ['alert: AiPodNotStarting', 'alert: Other']))).toEqual([
    'httproute',
    'prometheusrule',
    'virtualservice',
  ]);
});

/** What the words make of each shape that an object can have. */
function speak(before: string, after: string): void {
  const unit = unitOfScenario(before, after);
  for (const change of unit.objects) {
    if (change.change !== 'changed') continue;
    for (const shape of shapesOf(change.after.object.spec)) {
      const object = { ...change.after.object, spec: shape };
      const odd = {
        ...unit,
        objects: [
          { ...change, after: { ...change.after, object } },
          { ...change, before: { ...change.before, object } },
          { change: 'removed' as const, before: { file: 'a', object }, changes: [] as const },
        ],
        beside: [object],
      };
      for (const words of [trafficWords, releaseWords, workloadWords, routeWords, policyWords]) words(odd, PROD);
      besideNeeded(odd.objects);
      topologyOf([object]);
    }
  }
}

test('no shape of an object stops the words', () => {
  expect(() =>
    speak(
      golden('virtualservice', 'service', 'inferenceservice'),
      edited(
        golden('virtualservice', 'service', 'inferenceservice'),
        ['weight: 90', 'weight: 75'],
        ['timeout: 30', 'timeout: 20'],
        ['targetPort: 8080', 'targetPort: 8081'],
      ),
    ),
  ).not.toThrow();
});
