import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { measure } from './measure.ts';
import { checkRules, type Series } from './promtool.ts';
import { happenings, random } from './random.ts';
import { counter, series } from './series.ts';
import { rulesOf } from './slo-stories.ts';

/** A caller that walks through the inputs of a model is told of, and nobody else. */

const distinct = { metric: 'inputs_new_total', total: 'inputs_total', caller: 'client' };
const monitoring: AIServiceInput['monitoring'] = {
  cost: { enumeration: { distinct }, callers: {} },
  metrics: { inputs_new_total: { type: 'counter' }, inputs_total: { type: 'counter' } },
};
const options = { spec: { monitoring, canary: { steps: [10, 50] } }, candidate: { release: 'v47', weight: 10 } };

const DAY = 1440;
const DAYS = 10;
/** Minutes of a value for each: scraped seldom, since a story is of ten days. */
const EVERY = 15;

/** The requests of a caller, in steps. */
function asks(principal: string, values: string, release = 'v46'): Series {
  const labels = {
    reporter: 'source',
    destination_service_namespace: 'risk-ml-prod',
    destination_service_name: `fraud-detector-${release}-predictor`,
  };
  return series('istio_requests_total', { ...labels, source_principal: principal, response_code: '200' }, values);
}

/** A counter of days at a number of requests a minute. */
function days(...stretches: readonly (readonly [number: number, perMinute: number])[]): string {
  return counter(...stretches.map(([number, perMinute]) => [(number * DAY) / EVERY, perMinute * EVERY] as const));
}

/** The rules as they are when Prometheus scrapes and evaluates more seldom: they sum up what they recorded. */
function seldom(rule: KubeObject): KubeObject {
  const text = JSON.stringify(rule);
  expect(text).toMatch(/\[5m\].*\) \* 300/);
  return JSON.parse(text.replaceAll('[5m]', '[1h]').replaceAll(') * 300', `) * ${EVERY * 60}`)) as KubeObject;
}

/** The day on which somebody is told of first. */
function toldOf(stories: readonly (readonly Series[])[], by = 'requests'): (number | undefined)[] {
  const rule = seldom(rulesOf(/\.enumeration$/, options));
  const query = `min(min_over_time(timestamp(ALERTS{alertname="AiCallerEnumerates",alertstate="firing",by="${by}"})[${DAYS}d:${EVERY}m])) / 86400`;
  return measure(
    rule,
    EVERY * 60,
    stories.map((story) => ({ series: story, query, minute: DAYS * DAY })),
    EVERY * 60,
  );
}

const usual = [asks('spiffe://shop', days([DAYS, 60])), asks('spiffe://till', days([DAYS, 20]))];

describe('who walks through the inputs', () => {
  test('is told of within a day of many more requests than before, or of requests where there were none', () => {
    const [more, somebodyNew] = toldOf([
      [...usual, asks('spiffe://walker', days([8, 1], [2, 14]))],
      [...usual, asks('spiffe://walker', `_x${(8 * DAY) / EVERY} ${days([2, 14])}`)],
    ]);
    expect([more! > 8, more! < 9, somebodyNew! > 8, somebodyNew! < 9]).toEqual([true, true, true, true]);
  });

  test('takes so little of the traffic that the alert on a share is silent', () => {
    const rule = rulesOf(/\.callers$/, options);
    const query = `count(count_over_time(ALERTS{alertstate="firing"}[${DAYS}d]))`;
    const story = [...usual, asks('spiffe://walker', days([8, 1], [2, 14]))];
    expect(measure(rule, EVERY * 60, [{ series: story, query, minute: DAYS * DAY }], EVERY * 60)).toEqual([undefined]);
  });

  test('is nobody who asks as always, by day and by night, or twice as much, or nothing', () => {
    const next = random(11);
    let value = 0;
    const daily = Array.from(
      { length: (DAYS * DAY) / EVERY },
      (_, step) => (value += happenings(next, 40 * EVERY * (1 - 0.82 * Math.cos((2 * Math.PI * step * EVERY) / DAY)))),
    );
    expect(
      toldOf([
        usual,
        [asks('spiffe://shop', daily.join(' '))],
        [...usual, asks('spiffe://batch', days([8, 10], [2, 20]))],
        [...usual, asks('spiffe://asleep', `${days([4, 30])} stale`)],
        [...usual, asks('spiffe://night', days([3, 30], [3, 0], [3, 30], [1, 0]))],
        [],
      ]),
    ).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });

  test('is nobody in the first week, when there is no past to compare with', () => {
    expect(
      toldOf([
        [asks('spiffe://shop', days([6, 60]))],
        [...usual.slice(1), asks('spiffe://shop', days([1, 0], [5, 60]))],
      ]),
    ).toEqual([undefined, undefined]);
  });

  test('is nobody whose counters start again, or who is answered by another release', () => {
    const again = `${days([8, 60])} ${days([2, 60])}`;
    const moved = [
      asks('spiffe://shop', `${days([8, 60])} stale`),
      asks('spiffe://shop', `_x${(8 * DAY) / EVERY} ${days([2, 60])}`, 'v47'),
    ];
    expect(toldOf([[asks('spiffe://shop', again)], moved])).toEqual([undefined, undefined]);
  });
});

describe('by distinct inputs', () => {
  const rule = rulesOf(/\.enumeration$/, options);
  const sent = (client: string, all: string, fresh: string): Series[] => {
    const labels = {
      namespace: 'risk-ml-prod',
      ai_service: 'fraud-detector',
      part: 'predictor',
      release: 'v46',
      pod: 'a',
      client,
    };
    return [series('inputs_total', labels, all), series('inputs_new_total', labels, fresh)];
  };
  const fired = (stories: readonly (readonly Series[])[]): (number | undefined)[] =>
    measure(
      rule,
      60,
      stories.map((story) => ({
        series: story,
        query: 'count(count_over_time(ALERTS{alertstate="firing",by="inputs"}[300m]))',
        minute: 300,
      })),
    );

  test('who sends hardly anything twice is told of', () => {
    expect(
      fired([
        [
          ...sent('shop', counter([300, 60]), counter([300, 20])),
          ...sent('walker', counter([300, 30]), counter([300, 29])),
        ],
      ]),
    ).toEqual([1]);
  });

  test('nobody is told of who repeats himself, sends little, sends nothing, or whose pods start again', () => {
    expect(
      fired([
        sent('shop', counter([300, 60]), counter([300, 20])),
        sent('walker', counter([300, 5]), counter([300, 5])),
        sent('shop', '7x300', '7x300'),
        sent('shop', `${counter([150, 60])} ${counter([150, 60])}`, `${counter([150, 20])} ${counter([150, 20])}`),
        [],
      ]),
    ).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  test('rules are sound', () => {
    expect(checkRules(rule)).toEqual({ ok: true, output: expect.stringContaining('SUCCESS') as string });
  });
});
