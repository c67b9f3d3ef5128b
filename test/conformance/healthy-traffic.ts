import { expect } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import type { TargetOptions } from '../support/target.ts';
import { measure, type MeasuredStory } from './measure.ts';
import type { Series } from './promtool.ts';
import { happenings, random } from './random.ts';
import { evaluatedEvery, requests, rulesOf } from './slo-stories.ts';

/** Healthy traffic, and how it is evaluated: 30 days are as many evaluations as a file of tests has time for. */

const MINUTES = 30 * 1440;

/** Traffic in which there is nothing to be alerted about. */
export interface Healthy {
  /** Requests per second. */
  readonly mean: number;
  /** Share of them that fail. */
  readonly failures: number;
  readonly expectedRps: number;
  readonly objective: number;
}

/** Requests by code, rising and falling with the day, and by chance. */
function healthy(seed: number, { mean, failures }: Healthy): Series[] {
  const next = random(seed);
  const [all, failed, gone, refused] = [[0], [0], [0], [0]];
  const grow = (counter: number[], by: number): number => counter.push(counter.at(-1)! + by);
  for (let minute = 1; minute <= MINUTES; minute += 1) {
    // At night a tenth of what the day has at most.
    const rate = mean * 60 * (1 - 0.82 * Math.cos((2 * Math.PI * minute) / 1440));
    const bad = happenings(next, rate * failures);
    grow(all, happenings(next, rate));
    grow(failed, bad);
    grow(gone, happenings(next, rate * 0.002));
    grow(refused, happenings(next, rate * 0.02));
  }
  return [requests('200', all), requests('503', failed), requests('0', gone), requests('422', refused)];
}

/** Alerts that fire as soon as their expressions hold: looked at more seldom, they must not wait for the next look. */
function impatient(rule: KubeObject): KubeObject {
  const { groups } = rule.spec as { groups: readonly { rules: readonly object[] }[] };
  return {
    ...rule,
    spec: {
      groups: groups.map((group) => ({
        ...group,
        rules: group.rules.map((one) => ('for' in one ? { ...one, for: '0s' } : one)),
      })),
    },
  };
}

/** Alerts that fired, or else how many values something had at the end, below 0. */
const query = (counted: string): string =>
  `count(count_over_time(ALERTS{alertstate="firing"}[30d])) or -min(count_over_time(${counted}))`;

/** Expects that no alert on objectives or outages comes in 30 days. */
export function expectSilence(traffic: Healthy): void {
  const options: TargetOptions = {
    spec: {
      traffic: { expectedRps: traffic.expectedRps },
      monitoring: { slos: [{ availability: { objective: traffic.objective } }] },
    },
  };
  const series = healthy(7, traffic);
  const story = (counted: string): MeasuredStory => ({ series, query: query(counted), minute: MINUTES });
  // Two days of values before the end show that the rules had something to look at, to the end. Every 5 minutes the
  // rates of 5 minutes have seen every request once.
  const budget = impatient(evaluatedEvery(300, rulesOf(/\.slo-availability$/, options)));
  expect(measure(budget, 60, [story('(sum_over_time(ai_slo:events_total:rate5m[6h]) > 0)[2879m:5m]')], 300)).toEqual([
    -(2 * 1440) / 5,
  ]);
  const outages = impatient(rulesOf(/\.outage$/, options));
  expect(measure(outages, 60, [story('istio_requests_total[2879m]')], 120)).toEqual([-2 * 1440]);
}
