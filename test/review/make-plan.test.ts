import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { planHtml } from '../../src/review/format/html.ts';
import { planJson } from '../../src/review/format/json.ts';
import { planMarkdown } from '../../src/review/format/markdown.ts';
import { planSchema } from '../../src/review/format/plan-schema.ts';
import { planText } from '../../src/review/format/text.ts';
import { makePlan } from '../../src/review/make-plan.ts';
import type { Plan } from '../../src/review/plan.ts';
import { valueOf } from '../git/folders.ts';
import { edited, exampleChange, golden, without } from '../support/golden-tree.ts';
import { memoryTrees, type TextTree } from '../support/memory-trees.ts';

/** From two trees to the sentences: the golden tree of the example services, edited as people edit. */

const schemas = createCatalogue([OWN_IMPORTS]);

async function planOf(before: TextTree, after: TextTree): Promise<Plan> {
  return valueOf(await makePlan(memoryTrees(before, after), { schemas, topology: true }));
}

/** `high prod-eu: fraud-detector … [risk/traffic-step]` */
function said({ statements }: Plan): string[] {
  return statements.map(
    ({ risk, where, text, reasons }) => `${risk} ${where}: ${text}${reasons.map(({ rule }) => ` [${rule}]`).join('')}`,
  );
}

const FRAUD_ROUTE = /prod-eu.*fraud-detector\/manifests\/virtualservice/;

describe('the sentences of the vocabulary', () => {
  test('a step of a canary', async () => {
    const after = edited(golden, [FRAUD_ROUTE, 'weight: 90', 'weight: 75'], [FRAUD_ROUTE, 'weight: 10', 'weight: 25']);
    expect(said(await planOf(golden, after))).toEqual([
      'medium prod-eu: fraud-detector sends 25 % (was 10 %) to release v47 [risk/traffic]',
    ]);
  });
  test('a jump over the steps of the policy', async () => {
    const after = edited(golden, [FRAUD_ROUTE, 'weight: 90', 'weight: 40'], [FRAUD_ROUTE, 'weight: 10', 'weight: 60']);
    expect(said(await planOf(golden, after))).toEqual([
      'high prod-eu: fraud-detector sends 60 % (was 10 %) to release v47 [risk/traffic-step]',
    ]);
  });
  test('the same change in several environments is said once', async () => {
    const after = edited(golden, [
      /prod-.*image-classifier\/manifests\/virtualservice/,
      'timeout: 20s',
      'timeout: 10s',
    ]);
    expect(said(await planOf(golden, after))).toEqual([
      "medium prod-eu, prod-us: timeout 10 s of image-classifier is now shorter than the model's own 20 s [risk/timeout]",
    ]);
  });
  test('a change on one cluster of an environment names the cluster', async () => {
    const twoClusters: TextTree = {
      ...golden,
      ...Object.fromEntries(
        Object.entries(golden).map(([path, text]) => [path.replace('prod-eu/eu-1/', 'prod-eu/eu-2/'), text]),
      ),
    };
    const after = edited(twoClusters, [
      /prod-eu\/eu-2\/.*fraud-detector\/manifests\/virtualservice/,
      'attempts: 2',
      'attempts: 1',
    ]);
    expect(said(await planOf(twoClusters, after))).toEqual([
      expect.stringMatching(/^\w+ prod-eu \(eu-2\): /) as string,
    ]);
  });
  test('a function that may scale to zero', async () => {
    const before = edited(golden, [
      /dev.*image-classifier\/manifests\/service\.serving/,
      'min-scale: "0"',
      'min-scale: "1"',
    ]);
    expect(said(await planOf(before, golden))).toEqual([
      expect.stringMatching(
        /^low dev: image-classifier(?: function)? may scale to zero \[risk\/scale-to-zero\]$/,
      ) as string,
    ]);
  });
  test('an alert that is removed', async () => {
    const alert = / {8}- alert: AiServiceOutage\n(?: {10}.*\n)+/;
    const after = edited(golden, [/prod-.*fraud-detector\/manifests\/prometheusrule\.fraud-detector\.yaml/, alert, '']);
    expect(said(await planOf(golden, after))).toEqual([
      'medium prod-eu, prod-us: alert AiServiceOutage (failing) of fraud-detector removed [risk/alert]',
      'medium prod-eu, prod-us: alert AiServiceOutage (no_replica) of fraud-detector removed [risk/alert]',
    ]);
  });
  test('a gate that is removed', async () => {
    const after = edited(golden, [
      /prod-eu.*fraud-detector\/argocd-app\.json/,
      /\{\s*"predictionDrift": \{\s*"psi": 0\.2\s*\}\s*\}/,
      '{"errorRatio":{"max":0.01}}',
    ]);
    const [first] = said(await planOf(golden, after));
    expect(first).toMatch(/^high prod-eu: gate predictionDrift of fraud-detector is removed \[risk\/gate\]$/);
  });
  test('what a project allows more', async () => {
    const after = edited(golden, [
      /appproject\.risk-ml/,
      '    - name: eu-1\n      namespace: risk-ml-prod\n',
      '    - name: eu-1\n      namespace: risk-ml-prod\n    - name: eu-1\n      namespace: payments\n',
    ]);
    expect(said(await planOf(golden, after))).toEqual([
      'high argocd: AppProject risk-ml may now deploy to namespace payments on eu-1 [risk/project]',
    ]);
  });
});

describe('a service as a whole', () => {
  test('that comes to production, in one sentence', async () => {
    const before = without(golden, /prod-us.*fraud-detector/);
    expect(said(await planOf(before, golden))).toEqual([
      'medium prod-us: fraud-detector is deployed for the first time, with release v46 [risk/first-in-prod]',
    ]);
  });
  test('that goes, in one sentence', async () => {
    const plan = await planOf(golden, without(golden, /prod-us.*fraud-detector/));
    expect(said(plan)).toEqual(['high prod-us: fraud-detector is removed [risk/delete-live]']);
    expect(plan.totals).toMatchObject({
      services: 1,
      environments: 1,
      objects: { added: 0, changed: 0, replaced: 0 },
      statements: { high: 1, medium: 0, low: 0 },
    });
  });
});

test('what the services of a team share is no service, and each team has its own', async () => {
  const shared = /dev-1\/\w+(?:-\w+)?\/_shared\//;
  const plan = await planOf(without(golden, shared), golden);
  expect(plan.totals).toMatchObject({ services: 0, environments: 1 });
  expect(plan.cells.map(({ subject, service }) => [subject, service])).toEqual([
    ['risk-ml/_shared', false],
    ['support-ai/_shared', false],
    ['vision/_shared', false],
  ]);
});

test('in a row of a comment no sentence has more risk than it has there', async () => {
  const after = edited(golden, [
    /(?:dev|prod-eu).*support-assistant\/manifests\/servingruntime.*embedding/,
    'huggingfaceserver:v0.20.0',
    'huggingfaceserver:v0.20.1',
  ]);
  const rows = planMarkdown(await planOf(golden, after), { marker: 'x' })
    .split('\n')
    .filter((line) => line.startsWith('| **'));
  expect(rows.map((row) => [...row.matchAll(/🔴|🟠|🟢/gu)].map(([sign]) => sign))).toEqual([
    ['🟠', '🟠'],
    ['🟢', '🟢'],
  ]);
});

describe('trees of other tools', () => {
  const deployment = (replicas: number): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: shop}\nspec: {replicas: ${replicas}}\n`;
  test('the folder says where, and what is not known is assumed to be production', async () => {
    const [statement] = (await planOf({ 'apps/api.yaml': deployment(3) }, { 'apps/api.yaml': deployment(1) }))
      .statements;
    expect(statement).toMatchObject({
      where: 'apps',
      text: 'Deployment shop/api runs 1 replica (was 3)',
      risk: 'medium',
      reasons: [
        {
          rule: 'risk/replicas',
          text: 'the load of before may be too much for them (no stage in the tree: taken as production)',
        },
      ],
    });
  });
  test('names of folders say the stage', async () => {
    const [statement] = (
      await planOf({ 'overlays/dev/api.yaml': deployment(3) }, { 'overlays/dev/api.yaml': deployment(1) })
    ).statements;
    expect(statement).toMatchObject({ where: 'overlays/dev', risk: 'low' });
  });
});

describe('what cannot be read', () => {
  test('is said with file and line, and the rest of the plan is made', async () => {
    const broken = 'envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests/podmonitor.fraud-detector.yaml';
    const after = {
      ...edited(golden, [FRAUD_ROUTE, 'weight: 10', 'weight: 0'], [FRAUD_ROUTE, 'weight: 90', 'weight: 100']),
      [broken]: 'a: [1\nb: 2\n',
    };
    const plan = await planOf(golden, after);
    expect(plan.findings).toMatchObject([{ id: 'plan/syntax', severity: 'error', where: { file: broken, line: 2 } }]);
    expect(said(plan)).toContainEqual(expect.stringMatching(/^low prod-eu: fraud-detector goes back to release v46/));
    expect(said(plan)).toContainEqual(expect.stringMatching(/^high prod-eu: .*\[risk\/unreadable\]/));
  });
  test('two files with the same object', async () => {
    const at = 'envs/prod-eu/eu-1/risk-ml/fraud-detector/manifests/';
    const plan = await planOf(golden, {
      ...golden,
      [`${at}again.yaml`]: golden[`${at}service.fraud-detector.yaml`]!,
      [`${at}service.fraud-detector.yaml`]: `${golden[`${at}service.fraud-detector.yaml`]}# changed\n`,
    });
    expect(plan.findings).toMatchObject([{ id: 'plan/duplicate', severity: 'error' }]);
  });
});

test('a secret that came into the tree shows nowhere', async () => {
  const token = `hf_${'a'.repeat(34)}`;
  const file = /prod-eu.*fraud-detector\/manifests\/inferenceservice\.fraud-detector-v47/;
  const after = edited(golden, [
    file,
    '--model_name=fraud-detector',
    `--model_name=fraud-detector\n        - --hub=${token}`,
  ]);
  const plan = await planOf(golden, after);
  expect(said(plan).join()).toContain('[risk/secret-value]');
  const everything = [
    JSON.stringify(plan),
    planText(plan, { color: false }),
    planMarkdown(plan, { marker: 'x' }),
    planHtml(plan),
    planJson(plan),
  ].join();
  expect(everything).not.toContain(token);
  expect(everything).toContain('[redacted 1]');
});

test('names in a tree are only names: in markdown, in a page and on a terminal', async () => {
  const name = 'x</details><script>alert(1)</script>|@all `code` \u001b[31m';
  const object = (value: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'shop' },
      data: { [name]: value },
    });
  const plan = await planOf({ 'a.json': object('1') }, { 'a.json': object('2') });
  // Nothing is markup in a block of code.
  const markdown = planMarkdown(plan, { marker: 'x' }).replaceAll(/^```[^]*?^```$/gm, '');
  expect(markdown).not.toMatch(/<script>|<\/details><|@all/);
  expect(planHtml(plan)).not.toContain('<script>alert');
  expect(planText(plan, { color: false })).not.toContain('\u001b');
});

test('the plan that the docs show', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/plan.md'), 'utf8');
  const [, shown = ''] = /^```text\n([^]*?)^```$/m.exec(page) ?? [];
  expect(shown).toBe(planText(await planOf(golden, exampleChange), { color: false }));
});

test('every form fits its description, for a plan of the whole golden tree', async () => {
  const plan = await planOf({}, golden);
  expect(planSchema.safeParse(JSON.parse(planJson(plan))).error).toBeUndefined();
  expect(new TextEncoder().encode(planMarkdown(plan, { marker: 'x' })).length).toBeLessThanOrEqual(60_000);
  expect(plan.topologies).toHaveLength(9);
  expect(plan.statements.filter(({ text, reasons }) => reasons.some((reason) => text.includes(reason.text)))).toEqual(
    [],
  );
});
