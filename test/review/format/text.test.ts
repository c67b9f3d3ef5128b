import { expect, test } from 'vitest';
import type { Change } from '../../../src/review/field.ts';
import type { Entry } from '../../../src/review/plan.ts';
import { planText } from '../../../src/review/format/text.ts';
import { changed, EMPTY, EXAMPLE, field, manyStatements, placeOf, sayingOnly } from './example.ts';

const plain = { color: false };

test('a plan on a terminal: verdict and totals, then what happens with the riskiest first, then the fields of each object', () => {
  expect(planText(EXAMPLE, plain)).toBe(`\
high risk: 2 services in 3 environments; 2 high, 2 medium, 1 low
origin/main → 4f1c2ab: 1 object added, 4 changed, 1 removed; 1 problem

high    argocd: AppProject risk-ml allows namespace * on any cluster
          destinations gain namespace * (risk/project)
high    prod-eu, prod-us: fraud-detector sends 50 % (was 10 %) to v47
          the next step of the policy is 25 % (risk/traffic-step)
medium  prod-eu: alert FraudDetectorErrorsBurnFast waits for 2 hours (was 1 hour)
          it fires later (risk/alert)
medium  prod-eu: PodMonitor fraud-detector removed
          metrics of 2 workloads are no longer collected (risk/scrape)
low     dev: image-classifier is deployed
          nothing of it ran here (risk/first-in-prod)

AppProject argocd/risk-ml (high)
  ~ AppProject argocd/risk-ml  argocd/appproject.risk-ml.yaml
      spec.destinations[*]: + { name: "*", namespace: "*" }

fraud-detector in prod-eu (high)
  ~ VirtualService risk-ml-prod/fraud-detector  envs/prod-eu/eu-1/risk-ml/fraud-detector/virtualservice.fraud-detector.yaml
      spec.http[default].route[0].weight: 90 → 50
      spec.http[default].route[1].weight: 10 → 50
  ~ PrometheusRule risk-ml-prod/fraud-detector  envs/prod-eu/eu-1/risk-ml/fraud-detector/prometheusrule.fraud-detector.yaml
      spec.groups[slo].rules[FraudDetectorErrorsBurnFast].expr:
          (
        -   fraud_detector:errors:ratio_rate1h > (14.4 * 0.001)
        +   fraud_detector:errors:ratio_rate2h > (14.4 * 0.001)
            and
            fraud_detector:errors:ratio_rate5m > (14.4 * 0.001)
        … 5 equal lines
      spec.groups[slo].rules[FraudDetectorErrorsBurnFast].annotations.description:
        - Requests of fraud-detector fail 14.4 times as often as its objective of one hour allows.
        + Requests of fraud-detector fail 14.4 times as often as its objective of two hours allows.
      spec.groups[slo].rules[FraudDetectorErrorsBurnFast].labels.severity: - page
  - PodMonitor risk-ml-prod/fraud-detector  envs/prod-eu/eu-1/risk-ml/fraud-detector/podmonitor.fraud-detector.yaml

fraud-detector in prod-us (high)
  ~ VirtualService risk-ml-prod/fraud-detector  envs/prod-us/us-1/risk-ml/fraud-detector/virtualservice.fraud-detector.yaml
      spec.http[default].route[0].weight: 90 → 50
      spec.http[default].route[1].weight: 10 → 50

image-classifier in dev (low)
  + InferenceService vision-dev/image-classifier-main  envs/dev/dev-1/vision/image-classifier/inferenceservice.image-classifier-main.yaml
  ~ envs/dev/dev-1/vision/image-classifier/README.md
      line 12: see the old page → see the new page
`);
});

test('within a service the riskiest objects are first', () => {
  const at = placeOf('a', 'dev', 'dev-1');
  const entries = (['low', 'high', 'medium', 'high'] as const).map((risk, index) =>
    changed(at, 'ConfigMap', `c${index}`, risk, [field('data.a', 1, 2)]),
  );
  const text = planText({ ...EMPTY, risk: 'high', entries }, plain);
  expect(text.match(/\/c\d /g)).toEqual(['/c1 ', '/c3 ', '/c2 ', '/c0 ']);
});

test('where no object changes the files are counted', () => {
  const entry: Entry = {
    type: 'document',
    place: placeOf('a', 'dev', 'dev-1'),
    risk: 'high',
    change: 'changed',
    file: 'a.yaml',
    changes: [],
  };
  expect(planText({ ...EMPTY, risk: 'high', entries: [entry] }, plain)).toMatch(/^high risk: 1 file; /);
});

test('two trees that mean the same have no changes', () => {
  expect(planText(EMPTY, plain)).toBe('no changes\norigin/main → 4f1c2ab\n');
});

test('colour says the risk where a terminal has it, and changes no character', () => {
  const coloured = planText(EXAMPLE, { color: true });
  expect(coloured.split('\n')[0]).toBe(
    '\u001b[1m\u001b[31mhigh risk\u001b[39m\u001b[22m: 2 services in 3 environments; 2 high, 2 medium, 1 low',
  );
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(planText(EXAMPLE, plain));
});

test('sentences and reasons are folded at the width of the terminal', () => {
  expect(planText(EXAMPLE, { color: false, width: 48 }).split('\n').slice(3, 8)).toEqual([
    'high    argocd: AppProject risk-ml allows',
    '        namespace * on any cluster',
    '          destinations gain namespace *',
    '          (risk/project)',
    'high    prod-eu, prod-us: fraud-detector sends',
  ]);
});

test('no name or value steers a terminal, turns the direction of text, or hides', () => {
  const text = planText(sayingOnly('a\u001b[2J\u009b1m\u202eb\u200bc\r\nd\u2028e\ud800'), plain);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(text.split('\n')[3]).toMatch(
    /^high {4}a\\u\{1b\}\[2J\\u\{9b\}1m\\u\{202e\}b\\u\{200b\}c\\u\{d\}\\u\{a\}d\\u\{2028\}e\\u\{d800\}: /,
  );
});

test('5,000 statements are all said', () => {
  const text = planText(manyStatements(5000), plain);
  expect(text.split('\n')[0]).toBe('high risk: 5,000 services in 1 environment; 50 high, 450 medium, 4,500 low');
  expect(text.match(/has a timeout of 30 s/g)).toHaveLength(5000);
});

/** The lines of the details for one change of an object. */
function details(...changes: readonly Change[]): string[] {
  const entry: Entry = changed(placeOf('a', 'dev', 'dev-1'), 'ConfigMap', 'a', 'low', changes);
  const text = planText({ ...EMPTY, risk: 'low', entries: [entry] }, plain);
  return text
    .split('\n')
    .slice(5, -1)
    .map((line) => line.slice('      '.length));
}

test('a text that looks like another type has quotes, as in the file', () => {
  expect(
    details(
      field('a', '1', 1),
      field('b', '', ' '),
      field('c', 'true', true),
      field('d', null, 'x y'),
      field('e', '500m', '10s'),
    ),
  ).toEqual(['a: "1" → 1', 'b: "" → " "', 'c: "true" → true', 'd: null → x y', 'e: 500m → 10s']);
});

test('a collection is short in one line, and else a diff of YAML', () => {
  const long = (memory: string): object => ({
    resources: { limits: { cpu: '4', memory }, requests: { cpu: '4', memory } },
    args: ['--a-long-argument', '--another'],
  });
  expect(details(field('a', [], { b: [1, 'c'] }), field('d', long('4Gi'), long('8Gi')))).toEqual([
    'a: [] → { b: [1, "c"] }',
    'd:',
    '  … 4 equal lines',
    '      limits:',
    '        cpu: "4"',
    '  -     memory: 4Gi',
    '  +     memory: 8Gi',
    '      requests:',
    '        cpu: "4"',
    '  -     memory: 4Gi',
    '  +     memory: 8Gi',
  ]);
});

test('a huge diff shows its beginning, and says how much there is more', () => {
  const lines = (word: string): string => Array.from({ length: 100_000 }, (_, index) => `${word} ${index}`).join('\n');
  const shown = details(field('a', lines('old'), lines('new')));
  expect(shown).toHaveLength(62);
  expect(shown.slice(0, 3)).toEqual(['a:', '  - old 0', '  - old 1']);
  expect(shown.at(-1)).toBe('  … 199,940 more lines');
});

test('of an item that comes or goes the first lines say which it is; after forty lines no further field begins', () => {
  const rule = { alert: 'Slow', expr: 'a > 1\nand\nb > 1', for: '5m', labels: { severity: 'warning', team: 'ml' } };
  const removed: Change = { op: 'remove', path: ['rules', 0], field: 'rules[Slow]', before: rule };
  expect(details(removed)).toEqual([
    'rules[Slow]:',
    '  - alert: Slow',
    '  - expr: |-',
    '  -   a > 1',
    '  -   and',
    '  -   b > 1',
    '  … 4 more lines',
  ]);
  expect(details(...Array.from({ length: 9 }, () => removed)).slice(35)).toEqual([
    'rules[Slow]:',
    '  - alert: Slow',
    '  - expr: |-',
    '  -   a > 1',
    '  -   and',
    '  -   b > 1',
    '  … 4 more lines',
    '… 3 more fields',
  ]);
});

test('a file of text changes as a whole', () => {
  expect(details(field('', 'a\nb', 'a\nc'))).toEqual(['text:', '    a', '  - b', '  + c']);
});

test('of a long line the part is shown in which it differs', () => {
  const shown = details(
    field(
      'a',
      `${'x'.repeat(100_000)} old ${'y'.repeat(100_000)}`,
      `${'x'.repeat(100_000)} new ${'y'.repeat(100_000)}`,
    ),
  );
  expect(shown).toEqual([
    'a:',
    `  - …${'x'.repeat(99)} old ${'y'.repeat(294)}…`,
    `  + …${'x'.repeat(99)} new ${'y'.repeat(294)}…`,
  ]);
});

test('what YAML has no words for, and objects of any shape, are shown all the same', () => {
  const nested = Array.from({ length: 200 }).reduce<unknown>((inner) => ({ a: inner }), 'deep');
  expect(details(field('a', NaN, -0), field('b', nested, 1)).slice(0, 3)).toEqual(['a: NaN → 0', 'b:', '  - {']);
  const odd = {
    ...EXAMPLE.entries[3]!,
    after: { file: 'x', object: { kind: 7, metadata: 'none' } },
  } as unknown as Entry;
  expect(planText({ ...EMPTY, entries: [odd] }, plain)).toContain(
    '  ~ VirtualService risk-ml-prod/fraud-detector → 7 ?  x\n',
  );
});

test('JSON in a text shows the value that changed, however the text was written', () => {
  const dashboard = (title: string): string =>
    JSON.stringify({
      uid: 'fraud-detector',
      panels: [
        { title, type: 'timeseries' },
        { title: 'Errors', type: 'stat' },
      ],
    });
  expect(details(field('data.json', dashboard('Latency'), dashboard('Latency p99')))).toEqual([
    'data.json:',
    '  … 2 equal lines',
    '      "panels": [',
    '        {',
    '  -       "title": "Latency",',
    '  +       "title": "Latency p99",',
    '          "type": "timeseries"',
    '        },',
    '  … 6 equal lines',
  ]);
});
