import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMask } from '../../../src/review/mask.ts';
import { readFile } from '../../../src/review/documents.ts';
import { monitoringWords } from '../../../src/review/words/monitoring.ts';
import { DEV, edited, inWords, PROD, shapesOf, unexplained, unitOfScenario } from './support.ts';

const words = (before: string, after: string, more: object = {}): string[] =>
  inWords(monitoringWords, before, after, more);

const rules = (text: string, name = 'fraud-detector'): string => `---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: ${name}, namespace: risk-ml-prod }
spec:
  groups:
    - name: ${name}.rules
      rules:
${text}`;

interface AlertFields {
  readonly expr?: string;
  readonly wait?: string;
  readonly severity?: string;
  readonly labels?: string;
  readonly text?: string;
}

const alert = (
  name: string,
  { expr = 'errors > 0.1', wait = '5m', severity = 'critical', labels = '', text = 'x' }: AlertFields = {},
): string =>
  `        - alert: ${name}\n          expr: '${expr}'\n          for: ${wait}\n          labels: { severity: ${severity}${labels} }\n          annotations: { summary: ${text} }\n`;
const recording = (name: string, expr: string, labels = ''): string =>
  `        - record: ${name}\n          expr: '${expr}'\n          labels: { ai_service: fraud-detector${labels} }\n`;

const FAST = 'FraudDetectorLatencyBurnFast';

describe('alerts', () => {
  test('one is removed', () => {
    expect(words(rules(alert(FAST) + alert('Other')), rules(alert('Other')))).toEqual([
      'alert FraudDetectorLatencyBurnFast removed [medium risk/alert]',
    ]);
    expect(words(rules(alert(FAST) + alert('Other')), rules(alert('Other')), { stage: DEV })).toEqual([
      'alert FraudDetectorLatencyBurnFast removed [low risk/alert]',
    ]);
  });

  test('one whose name does not say the service is said with it', () => {
    expect(words(rules(alert(FAST)), rules(alert(FAST) + alert('AiDrift')))).toEqual([
      'alert AiDrift of fraud-detector added',
    ]);
  });

  test('one waits longer, or shorter', () => {
    expect(words(rules(alert(FAST)), rules(alert(FAST, { wait: '15m' })))).toEqual([
      'alert FraudDetectorLatencyBurnFast waits 15 min (was 5 min) [medium risk/alert]',
    ]);
    expect(words(rules(alert(FAST, { wait: '1h30m' })), rules(alert(FAST)))).toEqual([
      'alert FraudDetectorLatencyBurnFast waits 5 min (was 1 h 30 min)',
    ]);
    expect(words(rules(alert(FAST)), rules(alert(FAST, { wait: '300s' })))).toEqual([]);
  });

  test('one is less severe, or more', () => {
    expect(words(rules(alert(FAST)), rules(alert(FAST, { severity: 'warning' })))).toEqual([
      'alert FraudDetectorLatencyBurnFast is now a warning (was critical) [medium risk/alert]',
    ]);
    expect(words(rules(alert(FAST, { severity: 'info' })), rules(alert(FAST)))).toEqual([
      'alert FraudDetectorLatencyBurnFast is now critical (was info)',
    ]);
  });

  test.each([
    ['errors > 0.1', 'errors > 0.5', 'loosened: it fires above 0.5 (was 0.1) [medium risk/alert]'],
    ['errors > 0.1', 'errors > 0.05', 'tightened: it fires above 0.05 (was 0.1)'],
    ['up < 3', 'up < 1', 'loosened: it fires below 1 (was 3) [medium risk/alert]'],
    ['0.1 < errors', '0.2 < errors', 'loosened: it fires above 0.2 (was 0.1) [medium risk/alert]'],
    ['a > 1 and b >= 5', 'a > 1 and b >= 50', 'loosened: it fires at 50 or more (was 5) [medium risk/alert]'],
    ['a > 1 and b > 5', 'a > 2 and b > 4', 'changed: it fires above 2 (was 1) and above 4 (was 5) [medium risk/alert]'],
    ['a > -1', 'a > -2', 'tightened: it fires above -2 (was -1)'],
  ])('a threshold: %s, then %s', (before, after, said) => {
    expect(words(rules(alert(FAST, { expr: before })), rules(alert(FAST, { expr: after })))).toEqual([
      `alert ${FAST} ${said}`,
    ]);
  });

  test.each([
    ['errors > 0.1', 'failures > 0.1'],
    ['errors > 0.1', 'errors > 0.1 and on () vector(0) > 1'],
    ['errors * 2 > 0.1', 'errors * 1 > 0.1'],
    ['errors == 1', 'errors == 2'],
    ['a > 1 unless b > 2', 'a > 1 unless b > 1'],
    ['a{x="5"} > 1', 'a{x="6"} > 1'],
    ['((( > 1', '((( > 2'],
  ])('an expression of which nobody can tell: %s, then %s', (before, after) => {
    expect(words(rules(alert(FAST, { expr: before })), rules(alert(FAST, { expr: after })))).toEqual([
      `the expression of alert ${FAST} changed [medium risk/alert]`,
    ]);
  });

  test('several of one name are told apart by their labels', () => {
    const tiers = (...waits: readonly string[]): string =>
      rules(waits.map((wait, index) => alert('Burn', { wait, labels: `, tier: t${index}, team: risk` })).join(''));
    expect(words(tiers('1m', '2m', '3m'), tiers('1m', '20m', '3m'))).toEqual([
      'alert Burn (t1) of fraud-detector waits 20 min (was 2 min) [medium risk/alert]',
    ]);
  });

  test('one that stands elsewhere now is no other one', () => {
    expect(
      words(rules(alert(FAST)) + rules(alert('Other'), 'b'), rules('', 'a') + rules(alert('Other') + alert(FAST), 'b')),
    ).toEqual([
      'PrometheusRule a added',
      'PrometheusRule fraud-detector removed',
      'rules of PrometheusRule b are in other groups or another order',
    ]);
    expect(words(rules(alert(FAST) + alert('Other')), rules(alert('Other') + alert(FAST)))).toEqual([
      'rules of PrometheusRule fraud-detector moved within a group: FraudDetectorLatencyBurnFast',
    ]);
  });

  test('many with the same lot share a sentence', () => {
    const all = ['A', 'B', 'C', 'D', 'E'];
    expect(
      words(
        rules(all.map((name) => alert(name)).join('')),
        rules(all.map((name) => alert(name, { severity: 'warning' })).join('')),
      ),
    ).toEqual(['5 alerts of fraud-detector are now warnings (were critical): A, B, C and 2 more [medium risk/alert]']);
    expect(words(rules(all.map((name) => alert(name)).join('')), rules(alert('A')))).toEqual([
      '4 alerts of fraud-detector removed: B, C, D and 1 more [medium risk/alert]',
    ]);
  });

  test('another team is told', () => {
    expect(words(rules(alert(FAST, { labels: ', team: a' })), rules(alert(FAST, { labels: ', team: b' })))).toEqual([
      `alert ${FAST} has the label team=b (was a) [medium risk/alert-routing]`,
    ]);
  });

  test('only what they say changed', () => {
    expect(words(rules(alert(FAST)), rules(alert(FAST, { text: 'z' })))).toEqual([`what alert ${FAST} says changed`]);
    expect(words(rules(alert('A') + alert('B')), rules(alert('A', { text: 'z' }) + alert('B', { text: 'z' })))).toEqual(
      ['what 2 alerts of fraud-detector say changed'],
    );
  });

  test('all of an object go, or come', () => {
    const text = rules(alert('A') + alert('B') + recording('r', 'up'));
    expect(words(text, '')).toEqual([
      'PrometheusRule fraud-detector removed, with 2 alerts and 1 recording [medium risk/alert]',
    ]);
    expect(words('', text)).toEqual(['PrometheusRule fraud-detector added, with 2 alerts and 1 recording']);
  });

  test('a tree of another tool says the object', () => {
    expect(words(rules(alert('A') + alert('B')), rules(alert('B')), { folder: 'apps/shop' })).toEqual([
      'alert A of PrometheusRule risk-ml-prod/fraud-detector removed [medium risk/alert]',
    ]);
  });
});

describe('recordings', () => {
  test('one that an alert reads changes, others come and go', () => {
    const before = rules(
      recording('job:errors', 'sum(errors)') + recording('job:old', 'up') + alert(FAST, { expr: 'job:errors > 1' }),
    );
    const after = rules(
      recording('job:errors', 'vector(0)') + recording('job:new', 'up') + alert(FAST, { expr: 'job:errors > 1' }),
    );
    expect(words(before, after)).toEqual([
      'recording of fraud-detector removed: job:old [medium risk/delete]',
      'recording of fraud-detector changed: job:errors [medium risk/alert]',
      'recording of fraud-detector added: job:new',
    ]);
  });
});

describe('objectives', () => {
  const slo = (name: string, objective: number, thresholds: readonly number[]): string => {
    const label = `, ai_slo: ${name}`;
    const budget = Number(((100 - objective) / 100).toPrecision(9));
    return [
      recording('ai_slo:events_total:rate5m', 'sum(rate(requests[5m]))', label),
      recording('ai_slo:objective:ratio', `vector(${Number((objective / 100).toPrecision(9))})`, label),
      recording('ai_slo:error_budget_remaining:ratio30d', `1 - ai_slo:errors / ${budget}`, label),
      ...thresholds.map((factor, index) =>
        alert('AiSloErrorBudgetBurn', {
          expr: `ai_slo:errors{ai_slo="${name}"} > ${Number((factor * budget).toPrecision(9))}`,
          labels: `${label}, burn_tier: t${index}`,
          text: `${objective} %`,
        }),
      ),
    ].join('');
  };

  test('one that is loosened explains all rules that it changes', () => {
    const [before, after] = [
      rules(slo('availability', 99.9, [14.4, 6, 3])),
      rules(slo('availability', 99.5, [14.4, 6, 3])),
    ];
    expect(words(before, after)).toEqual([
      'availability objective of fraud-detector is 99.5 % (was 99.9 %) [medium risk/slo]',
    ]);
    expect(words(after, before)).toEqual(['availability objective of fraud-detector is 99.9 % (was 99.5 %)']);
    const unit = unitOfScenario(before, after);
    expect(unexplained(unit, monitoringWords(unit, PROD))).toEqual([]);
  });

  test('what changes beyond it is said', () => {
    expect(words(rules(slo('availability', 99.9, [14.4, 6])), rules(slo('availability', 99.5, [100, 6])))).toEqual([
      'availability objective of fraud-detector is 99.5 % (was 99.9 %) [medium risk/slo]',
      'alert AiSloErrorBudgetBurn (t0) of fraud-detector loosened: it fires above 0.5 (was 0.0144) [medium risk/alert]',
    ]);
  });

  test('one goes, one comes', () => {
    const both = slo('availability', 99.9, [6]) + slo('latency-250ms', 99, [6]);
    expect(words(rules(both), rules(slo('availability', 99.9, [6])))).toEqual([
      'latency-250ms objective of fraud-detector removed [medium risk/slo]',
    ]);
    expect(words(rules(slo('availability', 99.9, [6])), rules(both))).toEqual([
      'latency-250ms objective of fraud-detector added: 99 %',
    ]);
  });

  test('one gets another bound', () => {
    expect(words(rules(slo('latency-250ms', 99, [6, 3])), rules(slo('latency-500ms', 99, [6, 3])))).toEqual([
      'latency objective of fraud-detector is 99 % within 500ms (was 99 % within 250ms) [medium risk/slo]',
    ]);
  });

  test('one gets another bound and loses an alert', () => {
    expect(words(rules(slo('latency-250ms', 99, [6, 3])), rules(slo('latency-100ms', 99, [6])))).toEqual([
      'latency objective of fraud-detector is 99 % within 100ms (was 99 % within 250ms)',
      'alert AiSloErrorBudgetBurn (t1) of fraud-detector removed [medium risk/alert]',
    ]);
  });
});

describe('rules that follow a release', () => {
  const golden = ['', '.releases']
    .map((name) =>
      readFileSync(
        join(
          import.meta.dirname,
          `../../../snapshots/envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests/prometheusrule.fraud-detector${name}.yaml`,
        ),
        'utf8',
      ),
    )
    .join('');

  test('all rules of a service name another candidate', () => {
    const [before, after] = [golden, golden.replaceAll('v47', 'v48')];
    expect(words(before, after)).toEqual(['alerts of fraud-detector follow release v48']);
    const unit = unitOfScenario(before, after);
    expect(unexplained(unit, monitoringWords(unit, PROD))).toEqual([]);
  });

  test('a rule that changes beyond that is said', () => {
    expect(
      words(
        golden,
        edited(golden.replaceAll('v47', 'v48'), ['alert: AiPodNotStarting', 'alert: AiPodNotStartingAtAll']),
      ),
    ).toEqual([
      'alerts of fraud-detector follow release v48',
      'alert AiPodNotStarting of fraud-detector removed [medium risk/alert]',
      'alert AiPodNotStartingAtAll of fraud-detector added',
    ]);
  });

  const info = (weights: Readonly<Record<string, readonly [phase: string, weight: number]>>): string =>
    Object.entries(weights)
      .map(([release, [phase, weight]]) =>
        recording('ai_release:info', 'vector(1)', `, release: ${release}, phase: ${phase}, weight: "${weight}"`),
      )
      .join('');
  const share = (weight: number, bound: number): string =>
    alert('AiTrafficShareDiffers', {
      expr: `abs(share{release="v47"} - ${weight / 100}) > ${bound}`,
      labels: ', release: v47',
    });

  test('a step of a release moves the share that is expected', () => {
    const at = (weight: number, bound = 0.05): string =>
      rules(info({ v46: ['stable', 100 - weight], v47: ['canary', weight] }) + share(weight, bound));
    expect(words(at(10), at(25))).toEqual(['alerts of fraud-detector follow release v47']);
    expect(words(at(10), at(25, 0.9))).toEqual([
      'alerts of fraud-detector follow release v47',
      'the expression of alert AiTrafficShareDiffers of fraud-detector changed [medium risk/alert]',
    ]);
  });

  test('the alerts of a candidate come and go with it', () => {
    const without = rules(info({ v46: ['stable', 100] }));
    const with_ = rules(info({ v46: ['stable', 90], v47: ['canary', 10] }) + share(10, 0.05));
    expect(words(without, with_)).toEqual(['alerts of fraud-detector follow release v47']);
    expect(words(with_, without)).toEqual(['alerts of fraud-detector no longer watch release v47']);
    expect(words(with_, edited(with_, [share(10, 0.05), '']))).toEqual([
      'alert AiTrafficShareDiffers of fraud-detector removed [medium risk/alert]',
    ]);
  });

  test('a release that still runs may not be forgotten', () => {
    const both = rules(
      info({ v46: ['stable', 90], v47: ['canary', 10] }) +
        alert('Failing', { expr: 'errors{name=~"x-v46|x-v47"} > 1' }),
    );
    expect(words(both, edited(both, ['=~"x-v46|x-v47"', '="x-v46"']))).toEqual([
      'the expression of alert Failing of fraud-detector changed [medium risk/alert]',
    ]);
    expect(words(edited(both, ['|x-v47', '']), both)).toEqual(['alerts of fraud-detector follow the releases']);
  });

  const ALONE = info({ v46: ['stable', 100] });
  const WARMING = info({ v46: ['stable', 100], v47: ['warming', 0] });
  const missing = (...releases: readonly string[]): string =>
    releases.map((release) => `label_replace(vector(1), "name", "x-${release}", "", "")`).join(' or ');
  const alerted = (release: string, expr: string): string => rules(release + alert('Watching', { expr }));

  test.each([
    ['one of them is expected, then two', missing('v46'), `(${missing('v46', 'v47')})`],
    ['each is expected in brackets of its own', `(${missing('v46')})`, `((${missing('v46')}) or (${missing('v47')}))`],
    ['a text that is matched becomes a pattern', 'up{name="x-v46"}', 'up{name=~"x-v46|x-v47"}'],
    ['the longer name is matched in another way', 'up{name=~"x-v46-[0-9]"}', 'up{name=~"x-v46-[0-9]|x-v47[0-9a-z-]+"}'],
  ])('a release that comes and goes is watched in each place: %s', (_, one, two) => {
    const [alone, warming] = [
      alerted(ALONE, `${one} unless on (name) up`),
      alerted(WARMING, `${two} unless on (name) up`),
    ];
    expect(words(alone, warming)).toEqual(['alerts of fraud-detector follow release v47']);
    expect(words(warming, alone)).toEqual(['alerts of fraud-detector no longer watch release v47']);
  });

  test.each([
    ['the one that serves is expected no more', missing('v46'), missing('v47')],
    ['it is looked for in one of two places', 'a{x="v46"} - b{x="v46"}', 'a{x=~"v46|v47"} - b{x="v47"}'],
    ['it is looked for in one of two ways', 'a{x=~"v46-a|v46-b"}', 'a{x=~"v46-a|v47-b"}'],
    ['one way is taken away for all', 'a{x=~"v46-a|v46-b"}', 'a{x=~"v46-a|v47-a"}'],
    ['a pattern is a text now', 'a{x=~"v46-[0-9]"}', 'a{x="v46-[0-9]"}'],
    ['two patterns are one text', 'a{x=~"v46|v47"}', 'a{x="v46|v47"}'],
    ['the new one is taken out', 'a{x!~"v46"}', 'a{x!~"v46|v47"}'],
    ['something else is looked for too', 'a{x="v46"}', 'a{x=~"v46|v47|other"}'],
    [
      'at another time',
      `(${missing('v46')}) and a{x="v46"}`,
      `(${missing('v46', 'v47')}) and a{x=~"v46|v47"} offset 1h`,
    ],
    ['one operand at another time', 'a{x="v46"}', 'a{x="v46"} or a{x="v47"} offset 1h'],
    ['with another operator', 'a{x="v46"} > 1', '(a{x="v46"} or a{x="v47"}) >= 1'],
    ['with another number', 'a{x="v46"} * 2', '(a{x="v46"} or a{x="v47"}) * 3'],
    ['by another label', 'sum by (a) (a{x="v46"})', 'sum by (b) (a{x="v46"} or a{x="v47"})'],
    ['an operand more that names none', `${missing('v46')} or up`, `${missing('v46', 'v47')} or up or down`],
    ['no PromQL', 'a{x="v46"} or (', 'a{x="v46"} or a{x="v47"} or ('],
  ])('what changes beyond the releases that come is said: %s', (_, one, two) => {
    expect(words(alerted(ALONE, one), alerted(WARMING, two))).toEqual([
      ...['alerts of fraud-detector follow release v47'],
      'the expression of alert Watching of fraud-detector changed [medium risk/alert]',
    ]);
  });

  test('where one release takes the place of another, it is watched in all ways in which the other one was', () => {
    const [old, now] = ['v46', 'v47'].map((release) => info({ [release]: ['stable', 100] }));
    expect(words(alerted(old!, 'up{x=~"v46-a|v46-b"}'), alerted(now!, 'up{x=~"v47-a|v47-b"}'))).toEqual([
      'alerts of fraud-detector follow release v47',
    ]);
    expect(words(alerted(old!, 'up{x=~"v46-a|v46-b"}'), alerted(now!, 'up{x="v47-a"}'))).toEqual([
      'alerts of fraud-detector follow release v47',
      'the expression of alert Watching of fraud-detector changed [medium risk/alert]',
    ]);
  });

  test('what is recorded of a candidate comes and goes with it, unless an alert reads it still', () => {
    const recorded = recording('ai_drift:candidate_psi:rate5m', 'drift{release="v47"}');
    const read = alert('Watching', { expr: 'ai_drift:candidate_psi:rate5m > 1' });
    expect(words(rules(ALONE), rules(WARMING + recorded))).toEqual(['alerts of fraud-detector follow release v47']);
    expect(words(rules(WARMING + recorded), rules(ALONE))).toEqual([
      'alerts of fraud-detector no longer watch release v47',
    ]);
    expect(words(rules(WARMING + recorded + read), rules(ALONE + read))).toEqual([
      'alerts of fraud-detector no longer watch release v47',
      'recording of fraud-detector removed: ai_drift:candidate_psi:rate5m [medium risk/alert]',
    ]);
    expect(words(rules(WARMING + recorded), rules(WARMING))).toEqual([
      'recording of fraud-detector removed: ai_drift:candidate_psi:rate5m [medium risk/delete]',
    ]);
  });

  test('a release that is stopped is watched no more, and one that runs is', () => {
    const workload = (stop: string): string =>
      `---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: { name: x-v45, labels: { app.kubernetes.io/version: v45 }, annotations: { serving.kserve.io/stop: "${stop}" } }\n`;
    const kept = info({ v46: ['stable', 100], v45: ['kept', 0] });
    const [both, one] = [alerted(kept, 'up{x=~"v45|v46"}'), alerted(kept, 'up{x="v46"}')];
    expect(words(both + workload('false'), one + workload('true'))).toEqual([
      'alerts of fraud-detector no longer watch release v45',
    ]);
    expect(words(one + workload('true'), both + workload('false'))).toEqual([
      'alerts of fraud-detector follow the releases',
    ]);
    expect(words(both + workload('true'), one + workload('false'))).toEqual([
      'alerts of fraud-detector follow the releases',
    ]);
    expect(words(both, one)).toEqual([
      'the expression of alert Watching of fraud-detector changed [medium risk/alert]',
    ]);
  });

  test('the age of the model that serves is that of the release', () => {
    const aged = (release: string, created: number): string =>
      rules(
        info({ [release]: ['stable', 100] }) +
          recording('ai_model:created:timestamp_seconds', `vector(${created})`, `, release: ${release}`) +
          alert('AiModelStale', { expr: `time() - ai_model:created:timestamp_seconds{release="${release}"} > 100` }),
      );
    expect(words(aged('v46', 1), aged('v47', 2))).toEqual(['alerts of fraud-detector follow release v47']);
    expect(words(aged('v46', 1), aged('v46', 2))).toEqual([
      'recording of fraud-detector changed: ai_model:created:timestamp_seconds [medium risk/alert]',
    ]);
  });
});

describe('where alerts go', () => {
  const config = (routes: Readonly<Record<string, string>>, more = ''): string => `
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec:
  route:
    receiver: nowhere
    groupWait: 30s
    routes: [${Object.entries(routes)
      .map(
        ([severity, receiver]) =>
          `{ receiver: ${receiver}, matchers: [{ name: severity, matchType: "=", value: ${severity} }] }`,
      )
      .join(', ')}]
  receivers: [{ name: nowhere }, { name: pager, pagerdutyConfigs: [{ routingKey: { name: pager, key: key } }] }, { name: chat, slackConfigs: [{ channel: "#risk" }] }]
  inhibitRules: [${more}]
`;

  test('to somebody else, or to nobody', () => {
    expect(words(config({ critical: 'pager' }), config({ critical: 'chat' }))).toEqual([
      'critical alerts of fraud-detector go to chat (was pager) [medium risk/alert-routing]',
    ]);
    expect(words(config({ critical: 'pager', warning: 'chat' }), config({ critical: 'pager' }))).toEqual([
      'warning alerts of fraud-detector go to nobody (was chat) [medium risk/alert-routing]',
    ]);
    expect(words(config({ critical: 'pager' }), config({ critical: 'pager', warning: 'chat' }))).toEqual([
      'warning alerts of fraud-detector go to chat (was nobody)',
    ]);
  });

  test('to another channel', () => {
    const text = config({ critical: 'chat' });
    expect(words(text, edited(text, ['#risk', '#other']))).toEqual([
      'receiver chat of fraud-detector: slackConfigs[0].channel is #other (was #risk) [medium risk/alert-routing]',
    ]);
  });

  test('silenced by others, and times are left to other words', () => {
    const text = config({ critical: 'chat' });
    expect(words(text, config({ critical: 'chat' }, '{ sourceMatch: [], targetMatch: [] }'))).toEqual([
      'which alerts of fraud-detector silence others changed [medium risk/alert]',
    ]);
    expect(words(text, edited(text, ['groupWait: 30s', 'groupWait: 1m']))).toEqual([]);
  });

  test('no receivers of their own any more', () => {
    expect(words(config({ critical: 'chat' }), '')).toEqual([
      'alerts of fraud-detector have no receivers of their own any more: AlertmanagerConfig fraud-detector removed [medium risk/alert-routing]',
    ]);
    expect(words('', config({ critical: 'chat' }))).toEqual([
      'alerts of fraud-detector have receivers of their own: critical ones to chat',
    ]);
  });
});

describe('what is scraped', () => {
  const monitor = (endpoints: string, selector = 'fraud-detector'): string => `
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec: { podMetricsEndpoints: [${endpoints}], selector: { matchLabels: { app: ${selector} } } }
`;

  test('nothing any more', () => {
    expect(words(monitor('{ portNumber: 8080 }'), '')).toEqual([
      'metrics of fraud-detector are no longer collected: PodMonitor fraud-detector removed [medium risk/scrape]',
    ]);
  });

  test('another place, one more, one less', () => {
    const [a, b] = ['{ portNumber: 8080, path: /metrics }', '{ portNumber: 8081, path: /stats }'];
    expect(words(monitor(a), monitor(b))).toEqual([
      'metrics of fraud-detector are collected from 8081/stats (was 8080/metrics) [medium risk/scrape]',
    ]);
    expect(words(monitor(a), monitor(`${a}, ${b}`))).toEqual([
      'metrics of fraud-detector are collected from 8081/stats too',
    ]);
    expect(words(monitor(`${a}, ${b}`), monitor(a))).toEqual([
      'metrics of fraud-detector are no longer collected from 8081/stats [medium risk/scrape]',
    ]);
  });

  test('other pods', () => {
    expect(words(monitor('{ port: http }'), monitor('{ port: http }', 'other'))).toEqual([
      'PodMonitor fraud-detector collects metrics of other pods: spec.selector.matchLabels.app is other (was fraud-detector) [medium risk/scrape]',
    ]);
  });

  test('other labels, unless they follow a release', () => {
    const keep = (regex: string): string =>
      monitor(`{ port: http, relabelings: [{ action: keep, regex: "${regex}" }] }`);
    expect(words(keep('predictor'), keep('function'))).toEqual([
      'PodMonitor fraud-detector collects otherwise: spec.podMetricsEndpoints[http].relabelings[0].regex is function (was predictor) [medium risk/scrape]',
    ]);
    const object = (release: string): string =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x-${release}, labels: { app.kubernetes.io/version: ${release} } }\n`;
    expect(words(keep('predictor;v46') + object('v46'), keep('predictor;v47') + object('v47'))).toEqual([
      'alerts of fraud-detector follow release v47',
    ]);
  });
});

test('dashboards', () => {
  const dashboard = (json: string, name = 'fraud-detector-dashboard'): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: risk-ml-prod, labels: { grafana_dashboard: "1" } }\ndata: { a.json: '${json}' }\n`;
  expect(words(dashboard('{}'), dashboard('{"a":1}'))).toEqual(['dashboard of fraud-detector changed']);
  expect(words(dashboard('{}'), '')).toEqual(['dashboard of fraud-detector removed [medium risk/delete]']);
  expect(words('', dashboard('{}', 'gpu'))).toEqual(['dashboard gpu of fraud-detector added']);
});

test('a whole service that comes or goes is said by others', () => {
  expect(words('', rules(alert(FAST)), { descriptor: { after: { stage: 'prod' } } })).toEqual([]);
  expect(words(rules(alert(FAST)), '', { descriptor: { before: { stage: 'prod' } } })).toEqual([]);
});

test('whatever a field holds, nothing throws', () => {
  const text = rules(
    alert('A') +
      recording('ai_slo:objective:ratio', 'vector(0.9)', ', ai_slo: a') +
      recording('ai_release:info', 'vector(1)', ', release: v1, phase: stable, weight: "1"'),
  );
  for (const shape of shapesOf(readFile('a.yaml', text, createMask()).objects[0])) {
    const odd = JSON.stringify(shape);
    expect(() => words(text, odd)).not.toThrow();
    expect(() => words(odd, text)).not.toThrow();
  }
});
