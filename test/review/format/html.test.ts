import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Plan, Routes } from '../../../src/review/plan.ts';
import { planHtml } from '../../../src/review/format/html.ts';
import { html } from '../../../src/review/format/html-markup.ts';
import { changed, EMPTY, EXAMPLE, field, IN_TWO_ENVIRONMENTS, manyStatements, placeOf, sayingOnly } from './example.ts';

/** How the page looks and works is proven in a browser: test/conformance/plan-page.test.ts. */

const PAGE = planHtml(EXAMPLE);

/** What is between two texts of the page, both included. */
function part(page: string, from: string, to: string): string {
  const start = page.indexOf(from);
  expect(start, `the page has no ${from}`).toBeGreaterThanOrEqual(0);
  return page.slice(start, page.indexOf(to, start) + to.length);
}

test('verdict and totals come first', () => {
  expect(part(PAGE, '<header', '</header>')).toBe(`<header class="verdict high"><div class="wrap">
<p class="trees"><code>origin/main</code> <span aria-label="to">→</span> <code>4f1c2ab</code></p>
<h1><span class="glyph" aria-hidden="true">▲</span> High risk</h1>
<p class="scope">2 services in 3 environments</p>
<ul class="totals"><li><span class="badge high"><span aria-hidden="true">▲</span> 2 high</span></li><li><span class="badge medium"><span aria-hidden="true">◆</span> 2 medium</span></li><li><span class="badge low"><span aria-hidden="true">●</span> 1 low</span></li><li class="quiet">1 object added, 4 changed, 1 removed, 1 problem</li></ul>
</div></header>`);
});

test('a sentence has its places, which lead to what changes there, and its reasons', () => {
  expect(part(PAGE, '<li class="statement high" data-risk="high" data-subject="1">', '</ul></li>')).toBe(
    `<li class="statement high" data-risk="high" data-subject="1"><p><a class="where" href="#details-1">prod-eu</a> <a class="where" href="#details-2">prod-us</a> fraud-detector sends 50 % (was 10 %) to v47</p>
<ul class="reasons"><li>the next step of the policy is 25 % <code>risk/traffic-step</code></li></ul></li>`,
  );
});

test('the matrix has a row for each service, a column for each environment, and leads to what changes', () => {
  const matrix = part(PAGE, '<table class="matrix">', '</table>')
    .replace(/<span class="badge.*?<\/span> (\w+)<\/span><span class="quiet">(.*?)<\/span>/g, '$1, $2')
    .replace(/<span class="quiet" aria-label="no change">·<\/span>/g, '-');
  expect(matrix).toBe(`<table class="matrix">
<thead><tr><th scope="col">service</th><th scope="col">dev</th><th scope="col">prod-eu</th><th scope="col">prod-us</th><th scope="col">elsewhere</th></tr></thead>
<tbody><tr data-subject="0"><th scope="row"><a href="#subject-0">AppProject argocd/risk-ml</a></th><td>-</td><td>-</td><td>-</td><td><a class="cell" href="#details-0">high, 1 change</a></td></tr>
<tr data-subject="1"><th scope="row"><a href="#subject-1">fraud-detector</a></th><td>-</td><td><a class="cell" href="#details-1">high, 3 changes</a></td><td><a class="cell" href="#details-2">high, 1 change</a></td><td>-</td></tr>
<tr data-subject="2"><th scope="row"><a href="#subject-2">image-classifier</a></th><td><a class="cell" href="#details-3">low, 1 change</a></td><td>-</td><td>-</td><td>-</td></tr>
</tbody></table>`);
});

test('fields of an object are folded, and say before and after', () => {
  expect(part(PAGE, '<section class="group" id="details-2"', '</section>')).toBe(`\
<section class="group" id="details-2" aria-labelledby="details-2-name" data-risk="high" tabindex="-1">
<h3 id="details-2-name">prod-us <span class="badge high"><span aria-hidden="true">▲</span> high</span></h3>
<ul class="said"><li data-risk="high"><span class="glyph high" role="img" aria-label="high risk">▲</span> fraud-detector sends 50 % (was 10 %) to v47</li></ul>
<details class="entry changed"><summary><span class="sign" aria-hidden="true">~</span> <span class="title"><b>VirtualService risk-ml-prod/fraud-detector</b> <span class="quiet">changed, 2 fields</span></span> <span class="risk high">high</span></summary><p class="file"><code>envs/prod-us/us-1/risk-ml/fraud-detector/virtualservice.fraud-detector.yaml</code></p>
<dl class="fields"><div><dt><code>spec.http[default].route[0].weight</code></dt><dd class="values"><del>90</del> <span class="to" aria-hidden="true">→</span> <ins>50</ins></dd></div><div><dt><code>spec.http[default].route[1].weight</code></dt><dd class="values"><del>10</del> <span class="to" aria-hidden="true">→</span> <ins>50</ins></dd></div></dl></details>
</section>`);
});

test('in long texts that differ a little, the words that differ are marked', () => {
  expect(PAGE).toContain(
    '<dd class="values long"><del>− Requests of fraud-detector fail 14.4 times as often as its objective of <mark>one hour</mark> allows.</del><ins>+ Requests of fraud-detector fail 14.4 times as often as its objective of <mark>two hours</mark> allows.</ins></dd>',
  );
});

test('what comes or goes is shown in full, each line with its sign', () => {
  expect(part(PAGE, '<details class="entry added">', '</details>')).toBe(`\
<details class="entry added"><summary><span class="sign" aria-hidden="true">+</span> <span class="title"><b>InferenceService vision-dev/image-classifier-main</b> <span class="quiet">added</span></span></summary><p class="file"><code>envs/dev/dev-1/vision/image-classifier/inferenceservice.image-classifier-main.yaml</code></p>
<pre class="block" tabindex="0">${[
    'apiVersion: serving.kserve.io/v1beta1',
    'kind: InferenceService',
    'metadata:',
    '  name: image-classifier-main',
    '  namespace: vision-dev',
    'spec:',
    '  predictor:',
    '    minReplicas: 0',
    '    model:',
    '      env:',
    '        - name: HF_TOKEN',
    '          value: &quot;[redacted 1]&quot;',
    '      runtime: image-classifier-main',
    '      storageUri: hf://acme/vit',
  ]
    .map((line) => `<span class="ins">+ ${line}</span>`)
    .join('')}</pre></details>`);
});

test('the drawing of places where the same happens is one, and its words say all of it', () => {
  expect([...PAGE.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, caption]) => caption)).toEqual([
    'Who answers in prod-eu, prod-us',
    'Who answers in dev',
  ]);
  expect([...PAGE.matchAll(/role="img" aria-label="(Callers.*?)"/g)].map(([, label]) => label)).toEqual([
    'Callers from anywhere of fraud-detector.risk-ml-prod.svc.cluster.local: 90 % to v46, 10 % to v47 and requests with x-canary: always',
    'Callers from anywhere of fraud-detector.risk-ml-prod.svc.cluster.local: 50 % to v46, 50 % to v47 and requests with x-canary: always',
    'Callers in the cluster of image-classifier.vision-dev.svc.cluster.local: 100 % to main',
  ]);
});

/** The bands of a drawing: class and width. */
function bandsOf(page: string): string[][] {
  return [...page.matchAll(/<path class="(band[^"]*)" d="[^"]*" stroke-width="([^"]*)"/g)].map(
    ([, name = '', width = '']) => [name, width],
  );
}

test('a band is as wide as its share, and a release without requests has a thin one', () => {
  expect(bandsOf(PAGE)).toEqual([
    ['band c0', '36'],
    ['band c1', '4'],
    ['band c0', '20'],
    ['band c1', '20'],
    ['band c0', '40'],
  ]);
  const warm: Routes = {
    hosts: ['a'],
    public: false,
    releases: [
      { release: 'v1', weight: 100, parts: [] },
      { release: 'v2', weight: 0, mirror: 10, parts: [] },
    ],
  };
  const page = planHtml({
    ...EXAMPLE,
    topologies: [{ place: EXAMPLE.topologies[1]!.place, before: warm, after: warm }],
  });
  expect(bandsOf(page)).toEqual([
    ['band c0', '40'],
    ['band c1 none', '1.5'],
  ]);
  expect(page).toContain('copies of 10 % of the requests');
});

test('releases without requests stay within the drawing, however many there are', () => {
  const many: Routes = {
    hosts: ['a'],
    public: false,
    releases: Array.from({ length: 12 }, (_, index) => ({
      release: `v${index}`,
      weight: index === 0 ? 100 : 0,
      parts: [],
    })),
  };
  const page = planHtml({
    ...EXAMPLE,
    topologies: [{ place: EXAMPLE.topologies[1]!.place, before: undefined, after: many }],
  });
  const starts = [...page.matchAll(/<path class="band[^"]*" d="M([-\d.]+) /g)].map(([, x]) => Number(x));
  expect(starts).toHaveLength(12);
  expect(Math.min(...starts)).toBeGreaterThan(1);
});

test.each([NaN, Infinity, -5, 1e9])('a share of %d is drawn all the same', (weight) => {
  const odd: Routes = {
    hosts: [],
    public: false,
    releases: Array.from({ length: 30 }, (_, index) => ({ release: `v${index}`, weight, parts: [] })),
  };
  const page = planHtml({
    ...EXAMPLE,
    topologies: [{ place: EXAMPLE.topologies[1]!.place, before: undefined, after: odd }],
  });
  expect(part(page, '<svg', '</svg>')).not.toMatch(/NaN|Infinity|="-/);
  expect(page).toContain('and 18 more releases');
});

test('two trees that mean the same have a page that says so', () => {
  expect(part(planHtml(EMPTY), '<header', '</main>').replace(/\n+/g, '\n'))
    .toBe(`<header class="verdict none"><div class="wrap">
<p class="trees"><code>origin/main</code> <span aria-label="to">→</span> <code>4f1c2ab</code></p>
<h1>No changes</h1>
<ul class="totals"></ul>
</div></header>
<main id="main">
<p class="empty">Both trees mean the same: nothing happens when this is merged.</p>
</main>`);
});

test('where something could not be read, the page does not say that nothing happens', () => {
  const page = planHtml({
    ...EMPTY,
    findings: [
      {
        id: 'plan/syntax',
        severity: 'error',
        where: { file: 'a.yaml', line: 3 },
        message: 'no YAML',
        fix: 'write YAML',
      },
    ],
  });
  expect(page).toContain('<p class="empty">As far as the trees can be read, they mean the same.</p>');
  expect(page).toContain(
    '<li><p><b>error</b> <code>a.yaml:3</code> no YAML</p><p class="quiet">write YAML <code>plan/syntax</code></p></li>',
  );
});

test('the page asks for nothing, and lets nothing run but its own script', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(PAGE)?.[1];
  const hash = (tag: string): string =>
    `sha256-${createHash('sha256')
      .update(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(PAGE)?.[1] ?? '')
      .digest('base64')}`;
  expect(policy).toBe(
    `default-src 'none'; style-src '${hash('style')}'; script-src '${hash('script')}'; img-src data:; base-uri 'none'; form-action 'none'`,
  );
  expect(PAGE).not.toMatch(/\shref="(?!#|data:,")|\ssrc=|url\(|@import|\sstyle=|\son\w+=/);
});

test('text is text wherever it stands', () => {
  expect(html`<a title="${'"><b>'}">${['<i>', 1, undefined, html`<b>&amp;</b>`]}${"'\u202e"}</a>`.markup).toBe(
    '<a title="&quot;&gt;&lt;b&gt;">&lt;i&gt;1<b>&amp;</b>&#39;\\u{202e}</a>',
  );
});

test('a hostile name adds no element and no attribute', () => {
  const tags = (page: string): string[] =>
    [...page.matchAll(/<(?!\/)[^>]*>/g)]
      .map(([tag]) => tag.replace(/(aria-label|value)="[^"]*"/g, '$1'))
      .filter((tag) => !tag.startsWith('<meta'));
  const hostile = '</style></script><script>alert(1)</script><img src=x onerror="alert(1)">"\' onload=alert(1) x=\'';
  const plain = 'p'.repeat(hostile.length);
  expect(planHtml(sayingOnly(hostile))).not.toContain('<script>alert');
  expect(tags(planHtml(sayingOnly(hostile))).filter((tag) => tag !== '<mark>')).toEqual(
    tags(planHtml(sayingOnly(plain))).filter((tag) => tag !== '<mark>'),
  );
});

test('a plan of 5,000 statements is a page with all of them, made in a few seconds', () => {
  const since = performance.now();
  const page = planHtml(manyStatements(5000));
  expect(performance.now() - since).toBeLessThan(10_000);
  expect(page.match(/class="statement /g)).toHaveLength(5000);
  expect(page.match(/<details class="entry/g)).toHaveLength(5000);
});

test('huge diffs do not make a huge page', () => {
  const lines = (word: string): string =>
    Array.from({ length: 1_000 }, (_, index) => `${word} ${index} ${'x'.repeat(1_000)}`).join('\n');
  const entries: Plan['entries'] = Array.from({ length: 100 }, (_, index) =>
    changed(placeOf(`service-${index}`, 'dev', 'dev-1'), 'ConfigMap', 'a', 'low', [
      field('data.a', lines('old'), lines('new')),
    ]),
  );
  const page = planHtml({ ...EXAMPLE, entries });
  expect(page.length).toBeLessThan(8_000_000);
  expect(page).toContain('1,600 more lines');
  expect(page.match(/left out of this page, which is large enough; the file has it/g)?.length).toBeGreaterThan(50);
});

test('a problem of several environments is said once', () => {
  const page = planHtml({ ...EMPTY, findings: IN_TWO_ENVIRONMENTS });
  expect(part(page, '<section class="findings"', '</section>').match(/<code>fraud-detector.*?<\/code>/g)).toEqual([
    '<code>fraud-detector, in dev (a), prod-eu (a)</code>',
  ]);
  expect(page).toContain('<li class="quiet">1 problem</li>');
});
