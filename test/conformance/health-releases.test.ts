import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { firstFiring, measure, type MeasuredStory } from './measure.ts';
import { checkRules, testRules, type Expectation, type Series } from './promtool.ts';
import { happenings, random } from './random.ts';
import { counter, firing, series, silent } from './series.ts';

/** The PrometheusRule that changes with every step of a release. */
function rulesOf(options: TargetOptions = {}): KubeObject {
  const rule = renderPrometheus(targetOf(options), new Map()).find(
    ({ metadata }) => metadata.name === 'fraud-detector.releases',
  );
  if (!rule) throw new Error('no PrometheusRule');
  return rule;
}

const PASSES = { ok: true, output: expect.stringContaining('SUCCESS') as string };

function story(rules: KubeObject, input: readonly Series[], expectations: readonly Expectation[]): void {
  expect(testRules(rules, { series: input, expect: expectations })).toEqual(PASSES);
}

function labelsOf(release: string, code: string): Record<string, string> {
  return {
    reporter: 'source',
    destination_service_namespace: 'risk-ml-prod',
    destination_service_name: `fraud-detector-${release}-predictor`,
    response_code: code,
  };
}

function requests(release: string, code: string, values: string): Series {
  return series('istio_requests_total', labelsOf(release, code), values);
}

/** Durations of which some are slower than 250 ms. */
function durations(release: string, fast: string, all: string): Series[] {
  const labels = labelsOf(release, '200');
  const name = 'istio_request_duration_milliseconds_bucket';
  return [
    series(name, { ...labels, le: '100' }, fast),
    series(name, { ...labels, le: '500' }, all),
    series(name, { ...labels, le: '+Inf' }, all),
  ];
}

const CANARY: TargetOptions = {
  candidate: { release: 'v47', weight: 10 },
  spec: { canary: { steps: [10, 50], bake: '30m' } },
};

describe('a candidate', () => {
  const rules = rulesOf(CANARY);
  // The age of a candidate has its own stories.
  const quiet = (minutes: number): Expectation[] => silent(minutes, 'alertname!="AiCandidateStuck"');

  test('raises no alert while it is as good as the stable release, without requests, and without any series', () => {
    const good = [
      requests('v46', '200', counter([180, 540])),
      requests('v46', '503', counter([180, 0.5])),
      requests('v47', '200', counter([180, 60])),
    ];
    story(
      rules,
      [
        ...good,
        ...durations('v46', counter([180, 500]), counter([180, 540])),
        ...durations('v47', counter([180, 55]), counter([180, 60])),
      ],
      quiet(180),
    );
    story(
      rules,
      good.map(([name]) => [name, '7x120'] as const),
      quiet(120),
    );
    story(rules, [], quiet(120));
  });

  test('raises no alert when both releases fail alike, or counters start again', () => {
    const both = [
      ...[requests('v46', '200', counter([120, 500])), requests('v46', '503', counter([120, 40]))],
      ...[requests('v47', '200', counter([120, 55])), requests('v47', '503', counter([120, 5]))],
    ];
    story(rules, both, quiet(120));
    const again = (perMinute: number): string => `${counter([60, perMinute])} ${counter([60, perMinute])}`;
    story(rules, [requests('v46', '200', again(540)), requests('v47', '200', again(60))], quiet(120));
  });

  test('that fails more than the stable release is told of, also when it alone refuses what callers send', () => {
    const stable = requests('v46', '200', counter([120, 540]));
    for (const code of ['503', '422']) {
      const failing = [
        stable,
        requests('v47', '200', counter([60, 60], [60, 54])),
        requests('v47', code, counter([60, 0], [60, 6])),
      ];
      story(rules, failing, [firing(60, 'AiCandidateFailing', 0), firing(70, 'AiCandidateFailing')]);
    }
  });

  test('that fails one of a few requests is not judged', () => {
    const few = [
      requests('v46', '200', counter([120, 18])),
      requests('v47', '200', '0 1 2 3 4 4x120'),
      requests('v47', '503', '0 0 0 1 1 1x120'),
    ];
    story(rules, few, silent(120, 'alertname="AiCandidateFailing"'));
  });

  test('that is slower than the stable release is told of', () => {
    const slow = [
      ...[requests('v46', '200', counter([120, 540])), requests('v47', '200', counter([120, 60]))],
      ...durations('v46', counter([120, 540]), counter([120, 540])),
      ...durations('v47', counter([60, 60], [60, 20]), counter([120, 60])),
    ];
    story(rules, slow, [firing(60, 'AiCandidateSlow', 0), firing(85, 'AiCandidateSlow')]);
  });
});

describe('the share of the traffic', () => {
  const shared = (stable: string, candidate: string): Series[] => [
    requests('v46', '200', stable),
    requests('v47', '200', candidate),
  ];
  const differs = (minute: number, count: number): Expectation => firing(minute, 'AiTrafficShareDiffers', count);

  test('raises no alert when it is as declared, within chance, and while a new weight is applied', () => {
    story(
      rulesOf(CANARY),
      shared(counter([120, 540]), counter([120, 60])),
      silent(120, 'alertname="AiTrafficShareDiffers"'),
    );
    story(
      rulesOf(CANARY),
      shared(counter([120, 4]), counter([120, 1])),
      silent(120, 'alertname="AiTrafficShareDiffers"'),
    );
    const raised = rulesOf({ ...CANARY, candidate: { release: 'v47', weight: 50 } });
    story(raised, shared(counter([60, 540], [60, 300]), counter([60, 60], [60, 300])), [
      differs(59, 1),
      differs(75, 0),
    ]);
  });

  test('is told of when somebody routes by hand: too much to the candidate, or nothing', () => {
    story(rulesOf(CANARY), shared(counter([60, 540], [60, 300]), counter([60, 60], [60, 300])), [
      differs(60, 0),
      differs(85, 1),
    ]);
    story(rulesOf(CANARY), shared(counter([60, 540], [60, 600]), counter([60, 60], [60, 0])), [
      differs(60, 0),
      differs(85, 1),
    ]);
    story(rulesOf(CANARY), [requests('v46', '200', counter([60, 600]))], [differs(30, 1)]);
  });

  test('is told of when a release gets requests that should get none', () => {
    const before = rulesOf({ previous: 'v45' });
    const kept = (values: string): Series[] => [
      requests('v46', '200', counter([120, 600])),
      requests('v45', '200', values),
    ];
    story(before, kept(counter([120, 0])), silent(120));
    story(before, kept(counter([60, 0], [60, 30])), [differs(60, 0), differs(85, 1)]);
    // What was on its way when the weight moved.
    story(before, kept(counter([30, 600], [90, 0])), [differs(60, 0)]);
  });

  test('says nothing of who is asked by header, or gets copies', () => {
    for (const exposure of [{ header: { name: 'x-cohort', value: 'b' } }, { mirror: 10 }]) {
      const rules = rulesOf({ candidate: { release: 'v47', weight: 0, ...exposure } });
      story(rules, shared(counter([60, 300]), counter([60, 300])), silent(60));
    }
  });
});

describe('the age of a release', () => {
  test('is told of when a candidate stays at one share longer than twice its bake time, and an hour at least', () => {
    story(rulesOf(CANARY), [], [firing(80, 'AiCandidateStuck', 0), firing(95, 'AiCandidateStuck')]);
    const warming = rulesOf({ ...CANARY, candidate: { release: 'v47', weight: 0 } });
    story(warming, [], [firing(70, 'AiCandidateStuck', 0), firing(85, 'AiCandidateStuck')]);
    const patient = rulesOf({ ...CANARY, spec: { ...CANARY.spec, monitoring: { delivery: { candidate: '4h' } } } });
    story(patient, [], [firing(210, 'AiCandidateStuck', 0), firing(245, 'AiCandidateStuck')]);
    const never = rulesOf({ ...CANARY, spec: { ...CANARY.spec, monitoring: { delivery: { candidate: false } } } });
    story(never, [], silent(300));
  });

  test('begins anew with every step', () => {
    // An hour at 10 % was evaluated by the rules before; these are those of 50 %.
    const earlier: Series = [
      'ai_release:info{ai_service="fraud-detector",namespace="risk-ml-prod",phase="canary",release="v47",weight="10"}',
      '1x60',
    ];
    const rules = rulesOf({ ...CANARY, candidate: { release: 'v47', weight: 50 } });
    story(rules, [earlier], [firing(80, 'AiCandidateStuck', 0)]);
  });

  test('is told of when a hold is forgotten', () => {
    const rules = rulesOf({
      candidate: { release: 'v47', weight: 0, held: true },
      spec: { monitoring: { delivery: { hold: '3h' } } },
    });
    story(rules, [], [firing(160, 'AiHoldForgotten', 0), firing(185, 'AiHoldForgotten')]);
  });

  test('is recorded with what Git says of each release', () => {
    const query = 'ai_release:info';
    const labels = (release: string, phase: string, weight: number): string =>
      `${query}{ai_service="fraud-detector",namespace="risk-ml-prod",phase="${phase}",release="${release}",weight="${weight}"}`;
    const samples = [labels('v46', 'stable', 90), labels('v47', 'canary', 10), labels('v45', 'kept', 0)].map(
      (each) => ({ labels: each, value: 1 }),
    );
    story(rulesOf({ ...CANARY, previous: 'v45' }), [], [{ minute: 5, query, samples }]);
  });
});

describe('promtool accepts', () => {
  test.each([
    ['one release', {}],
    ['a candidate', CANARY],
    [
      'a candidate that warms, on Knative',
      { mode: 'Knative' as const, candidate: { release: 'v47', weight: 0 }, previous: 'v45' },
    ],
    ['a cluster without Istio', { ...CANARY, cluster: { istio: undefined } }],
  ] satisfies [string, TargetOptions][])('what is said about %s', (_, options) => {
    expect(checkRules(rulesOf(options))).toEqual(PASSES);
  });
});

/** Requests of a minute, at 10 a second, of which the candidate gets a tenth: values of four counters. */
function traffic(next: () => number, minutes: number, failing: (minute: number) => number): Series[] {
  const counters = [0, 0, 0, 0];
  const values: number[][] = [[], [], [], []];
  for (let minute = 0; minute < minutes; minute += 1) {
    counters.forEach((value, index) => values[index]!.push(value));
    const added = [
      happenings(next, 540 * 0.999),
      happenings(next, 540 * 0.001),
      happenings(next, 60 * (1 - failing(minute))),
      happenings(next, 60 * failing(minute)),
    ];
    added.forEach((count, index) => (counters[index]! += count));
  }
  const [good, bad, ok, failed] = values.map((each) => each.join(' '));
  return [
    requests('v46', '200', good!),
    requests('v46', '503', bad!),
    requests('v47', '200', ok!),
    requests('v47', '503', failed!),
  ];
}

describe('measured', () => {
  const rules = rulesOf(CANARY);
  const page = readFileSync(join(import.meta.dirname, '../../docs/health.md'), 'utf8');

  test('a candidate that fails 5 % beside 0.1 %, at a tenth of 10 requests per second, is told of within 10 minutes', () => {
    const stories = Array.from({ length: 100 }, (_, seed): MeasuredStory => ({
      series: traffic(random(seed), 45, (minute) => (minute < 25 ? 0.001 : 0.05)),
      query: firstFiring('AiCandidateFailing', 44),
      minute: 44,
    }));
    const after = measure(rules, 60, stories)
      .map((minute) => (minute ?? Infinity) - 25)
      .sort((a, b) => a - b);
    expect(after[0]).toBeGreaterThan(0);
    expect(after.at(-1)).toBeLessThanOrEqual(10);
    expect(page).toContain(
      `| a candidate that fails 5 % beside 0.1 %, at a tenth of 10 requests per second | ${after[50]} minutes | ${after.at(-1)} minutes | 100 |`,
    );
  });

  test('nothing is told of healthy candidates in 60 hours', () => {
    const stories = Array.from({ length: 60 }, (_, seed): MeasuredStory => ({
      series: traffic(random(1000 + seed), 60, () => 0.001),
      query: 'count(count_over_time(ALERTS{alertstate="firing"}[1h]))',
      minute: 59,
    }));
    expect(measure(rules, 60, stories)).toEqual(stories.map(() => undefined));
    expect(page).toContain(
      '| false alarms on healthy candidates at a tenth of 10 requests per second | 0 in 60 hours | | 60 |',
    );
  });
});
