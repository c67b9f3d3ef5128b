import { expect, test } from 'vitest';
import type { Plan } from '../../../src/review/plan.ts';
import { inMarkdown } from '../../../src/review/format/escape-markdown.ts';
import { markerLine, planMarkdown } from '../../../src/review/format/markdown.ts';
import { changed, EMPTY, EXAMPLE, field, IN_TWO_ENVIRONMENTS, manyStatements, placeOf, sayingOnly } from './example.ts';

test('a plan as a comment: a hidden marker, verdict and totals, a table, and folded details with diffs', () => {
  const text = planMarkdown(
    {
      ...EXAMPLE,
      cells: EXAMPLE.cells.slice(1),
      entries: EXAMPLE.entries.map((entry, index) =>
        index === 4 ? { ...entry, changes: entry.changes.slice(0, 1) } : entry,
      ) as Plan['entries'],
    },
    { marker: 'gitops' },
  );
  expect(text).toBe(`\
<!-- ai-service plan: gitops -->
### 🔴 High risk: 2 services in 3 environments

2 high, 2 medium, 1 low · 1 object added, 4 changed, 1 removed · origin/main → 4f1c2ab

> - **warning** envs/prod-eu/eu-1/risk-ml/fraud-detector/reference.json: the file has 10 MB and is not compared (\`plan/too-large\`)

| service | environment | risk | what happens |
|---|---|---|---|
| **fraud-detector** | prod-eu | 🔴 high | 🔴 fraud-detector sends 50 % (was 10 %) to v47<br><sub>the next step of the policy is 25 %</sub><br>🟠 alert FraudDetectorErrorsBurnFast waits for 2 hours (was 1 hour)<br><sub>it fires later</sub><br>🟠 PodMonitor fraud-detector removed<br><sub>metrics of 2 workloads are no longer collected</sub> |
| **fraud-detector** | prod-us | 🔴 high | 🔴 fraud-detector sends 50 % (was 10 %) to v47<br><sub>the next step of the policy is 25 %</sub> |
| **image-classifier** | dev | 🟢 low | 🟢 image-classifier is deployed<br><sub>nothing of it ran here</sub> |

<details>
<summary>🔴 <b>fraud-detector</b> in prod-eu: 3 objects</summary>

**VirtualService risk-ml-prod/fraud-detector** in envs/prod-eu/eu-1/risk-ml/fraud-detector/virtualservice.fraud-detector.yaml

\`\`\`diff
-spec.http[default].route[0].weight: 90
+spec.http[default].route[0].weight: 50
-spec.http[default].route[1].weight: 10
+spec.http[default].route[1].weight: 50
\`\`\`

**PrometheusRule risk-ml-prod/fraud-detector** in envs/prod-eu/eu-1/risk-ml/fraud-detector/prometheusrule.fraud-detector.yaml

\`\`\`diff
@@ spec.groups[slo].rules[FraudDetectorErrorsBurnFast].expr @@
 (
-  fraud_detector:errors:ratio_rate1h > (14.4 * 0.001)
+  fraud_detector:errors:ratio_rate2h > (14.4 * 0.001)
   and
   fraud_detector:errors:ratio_rate5m > (14.4 * 0.001)
@@ … 5 equal lines @@
\`\`\`

**PodMonitor risk-ml-prod/fraud-detector** removed in envs/prod-eu/eu-1/risk-ml/fraud-detector/podmonitor.fraud-detector.yaml

</details>

<details>
<summary>🔴 <b>fraud-detector</b> in prod-us: 1 object</summary>

**VirtualService risk-ml-prod/fraud-detector** in envs/prod-us/us-1/risk-ml/fraud-detector/virtualservice.fraud-detector.yaml

\`\`\`diff
-spec.http[default].route[0].weight: 90
+spec.http[default].route[0].weight: 50
-spec.http[default].route[1].weight: 10
+spec.http[default].route[1].weight: 50
\`\`\`

</details>

<details>
<summary>🔴 <b>argocd</b>: 1 object</summary>

**AppProject argocd/risk-ml** in argocd/appproject.risk-ml.yaml

\`\`\`diff
+spec.destinations[*]: { name: "*", namespace: "*" }
\`\`\`

</details>

<details>
<summary>🟢 <b>image-classifier</b> in dev: 2 objects</summary>

**InferenceService vision-dev/image-classifier-main** added in envs/dev/dev-1/vision/image-classifier/inferenceservice.image-classifier-main.yaml

**envs/dev/dev-1/vision/image-classifier/README.md**

\`\`\`diff
-line 12: see the old page
+line 12: see the new page
\`\`\`

</details>

`);
});

test('environments in which the same happens share a row', () => {
  const cells = EXAMPLE.cells.slice(1, 3).map((cell) => ({ ...cell, statements: [1] }));
  const rows = planMarkdown({ ...EXAMPLE, cells }, { marker: 'a' })
    .split('\n')
    .filter((line) => line.startsWith('| **'));
  expect(rows).toEqual([
    '| **fraud-detector** | prod-eu<br>prod-us | 🔴 high | 🔴 fraud-detector sends 50 % (was 10 %) to v47<br><sub>the next step of the policy is 25 %</sub> |',
  ]);
});

test('a sentence that is true for one cluster of an environment says which', () => {
  const statements = EXAMPLE.statements.map((statement) => ({ ...statement, where: 'prod-eu (eu-1)' }));
  expect(planMarkdown({ ...EXAMPLE, statements }, { marker: 'a' })).toContain(
    '🟠 PodMonitor fraud-detector removed (prod-eu (eu-1))<br>',
  );
});

test('two trees that mean the same have no table and no details', () => {
  expect(planMarkdown(EMPTY, { marker: 'a' })).toBe(
    '<!-- ai-service plan: a -->\n### ⚪ No changes\n\norigin/main → 4f1c2ab\n\n',
  );
});

test('the marker holds nothing that would end its comment', () => {
  expect(markerLine('prod/eu:1')).toBe('<!-- ai-service plan: prod/eu:1 -->');
  expect(markerLine('a --> <b>\n---x')).toBe('<!-- ai-service plan: a-b-x -->');
});

test.each([
  ['a mention', '@acme/team', '@&#8203;acme/team'],
  ['a reference', '#12 acme/repo#3 GH-4 !5', '#&#8203;12 acme/repo#&#8203;3 GH&#8203;-4 !&#8203;5'],
  ['a link', '[x](https://a.b) www.a.b', '\\[x\\](https:&#8203;//a.b) www&#8203;.a.b'],
  ['markup', '**a** _b_ ~~c~~ `d` \\', '\\*\\*a\\*\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\\\'],
  [
    'HTML',
    '</details><img src=x onerror="a">&amp;',
    '&lt;/details&gt;&lt;img src=x onerror=&quot;a&quot;&gt;&amp;amp;',
  ],
  ['a cell', 'a|b', 'a\\|b'],
  ['a picture', ':tada: a:b', ':&#8203;tada: a:b'],
  ['a formula', '$a$', '<span>$</span>a<span>$</span>'],
  ['lines', 'a\n/close\r\u202eb', 'a\\\\u\\{a\\}/close\\\\u\\{d\\}\\\\u\\{202e\\}b'],
  ['plain words', 'sends 25 % (was 10 %), 1.5 to v47-2', 'sends 25 % (was 10 %), 1.5 to v47-2'],
])('%s in a name is text', (_what, text, escaped) => {
  expect(inMarkdown(text)).toBe(escaped);
});

/** Text outside of blocks of code, where mentions and markup mean something. */
function outsideOfCode(text: string): string {
  const kept: string[] = [];
  let fence = '';
  for (const line of text.split('\n')) {
    const mark = /^(`{3,})(?:diff)?$/.exec(line)?.[1];
    if (fence === '' && mark !== undefined) fence = mark;
    else if (fence !== '' && line === fence) fence = '';
    else if (fence === '') kept.push(line);
  }
  expect(fence).toBe('');
  return kept.join('\n');
}

function expectBalanced(text: string): void {
  const outside = outsideOfCode(text);
  expect(
    [...outside.matchAll(/<\/?details>/g)]
      .map(([tag]) => tag)
      .join('')
      .replaceAll('<details></details>', ''),
  ).toBe('');
  expect(outside.match(/<summary>/g)?.length ?? 0).toBe(outside.match(/<\/summary>/g)?.length ?? 0);
}

test('a hostile name neither opens nor closes anything, and calls nobody', () => {
  const text = planMarkdown(sayingOnly('</details></summary>```\n````\n| @acme #1 <!-- --> <img src=x>'), {
    marker: 'a',
  });
  expectBalanced(text);
  const outside = outsideOfCode(text).split('\n').slice(1).join('\n');
  expect(outside).not.toMatch(/<img|<!--|@acme|#1|^`{3}/m);
  expect(text).toContain('`````diff\n');
});

const bytes = (text: string): number => Buffer.byteLength(text);

test('5,000 statements fit in a comment: the least risky rows and all details are left out, and it says so', () => {
  const text = planMarkdown(manyStatements(5000), { marker: 'a' });
  expect(bytes(text)).toBeLessThanOrEqual(60_000);
  expect(bytes(text)).toBeGreaterThan(55_000);
  expect(text).toContain('| **service-49** | prod-eu | 🔴 high |');
  expect(text).toMatch(
    /\n[\d,]+ rows left out, the least risky: a comment holds no more\.\n\nThe details of 5,000 objects are left out, the least risky first: a comment holds no more\.\n$/,
  );
  expectBalanced(text);
});

test('where the table fits, the details of the least risky objects go first', () => {
  const text = planMarkdown(manyStatements(200), { marker: 'a' });
  expect(bytes(text)).toBeLessThanOrEqual(60_000);
  expect(text.match(/^\| \*\*/gm)).toHaveLength(200);
  const detailed = [...text.matchAll(/<summary>. <b>service-(\d+)<\/b>/gu)].map(([, number]) => Number(number));
  expect(detailed.slice(0, 3)).toEqual([0, 1, 2]);
  expect(detailed).toEqual(detailed.map((_, index) => index));
  expect(text).toContain(`The details of ${200 - detailed.length} of 200 objects are left out, the least risky first`);
  expectBalanced(text);
});

test('one huge diff leaves room for the others', () => {
  const lines = (word: string): string =>
    Array.from({ length: 20_000 }, (_, index) => `${word} ${index} ${'`'.repeat(5)}`).join('\n');
  const huge = changed(placeOf('a', 'prod-eu', 'eu-1'), 'ConfigMap', 'a', 'high', [
    field('data.a', lines('old'), lines('new')),
    field('data.b', 'c', 'd'),
  ]);
  const text = planMarkdown({ ...EXAMPLE, entries: [...EXAMPLE.entries, huge] }, { marker: 'a' });
  expect(bytes(text)).toBeLessThan(15_000);
  expect(text).toContain('``````diff\n@@ data.a @@\n-old 0 `````\n');
  expect(text).toContain('@@ … 39,920 more lines @@\n-data.b: c\n+data.b: d\n``````\n');
  expect(text).toContain('<b>fraud-detector</b> in prod-us: 1 object');
  expectBalanced(text);
});

test.each([10_000, 20_000, 60_000])(
  'nothing that a tree says gets a comment above %i bytes, or its riskiest row out of it',
  (limit) => {
    for (const sign of ['$', '"', '😀', '@a', '\u202e', '`']) {
      const text = planMarkdown(sayingOnly(sign.repeat(20_000)), { marker: sign.repeat(500), limit });
      expect(bytes(text)).toBeLessThanOrEqual(limit);
      expect(text).toContain('| 🔴 high |');
      expectBalanced(text);
    }
  },
);

test('a problem of several environments is said once', () => {
  const text = planMarkdown({ ...EMPTY, findings: IN_TWO_ENVIRONMENTS }, { marker: 'x' });
  expect(text.split('\n').filter((line) => line.startsWith('>'))).toEqual([
    '> - **error** fraud-detector, in dev (a), prod-eu (a): twice (`plan/duplicate`)',
  ]);
});
