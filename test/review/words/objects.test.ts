import { describe, expect, test } from 'vitest';
import { readFile } from '../../../src/review/documents.ts';
import { createMask } from '../../../src/review/mask.ts';
import type { Stage } from '../../../src/review/risks.ts';
import type { Said } from '../../../src/review/statement.ts';
import type { ChangedUnit } from '../../../src/review/unit.ts';
import { restOf } from '../../../src/review/words/objects.ts';
import { DEV, edited, inWords, lineOf, PROD, shapesOf, unitOfScenario, type Side } from './support.ts';

/** All of a unit is unexplained. */
const everything = (unit: ChangedUnit, stage: Stage): Said[] =>
  restOf(
    unit,
    stage,
    [...unit.objects, ...unit.documents].map((of) => ({ of })),
  );
const SHOP = 'apps/shop';
const words = (before: Side, after: Side, more: object = { folder: SHOP }): string[] =>
  inWords(everything, before, after, more);

const object = (kind: string, name: string, fields = '', meta = 'namespace: shop', apiVersion = 'v1'): string =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${meta === '' ? '' : `, ${meta}`} }\n${fields}\n`;
const deployment = (spec: string, name = 'api', meta = 'namespace: shop'): string =>
  object('Deployment', name, `spec: ${spec}`, meta, 'apps/v1');

describe('objects that come and go', () => {
  test.each([
    ['Namespace', 'high risk/delete-data'],
    ['PersistentVolumeClaim', 'high risk/delete-data'],
    ['Secret', 'high risk/delete-data'],
    ['Service', 'high risk/delete-live'],
    ['StatefulSet', 'high risk/delete-live'],
    ['ConfigMap', 'medium risk/delete'],
  ])('%s removed', (kind, risk) => {
    expect(words(object(kind, 'x'), '')).toEqual([`${kind} shop/x removed [${risk}]`]);
    expect(words('', object(kind, 'x'))).toEqual([`${kind} shop/x added`]);
  });

  test('a definition goes with all of its objects, also elsewhere', () => {
    const crd = object('CustomResourceDefinition', 'xs.example.com', '', '', 'apiextensions.k8s.io/v1');
    expect(words(crd, '', { folder: SHOP, stage: DEV })).toEqual([
      'CustomResourceDefinition xs.example.com removed [high risk/delete-data]',
    ]);
  });

  test('many of a kind share a sentence, but not those that matter', () => {
    const five = (kind: string, apiVersion?: string): string =>
      ['a', 'b', 'c', 'd', 'e'].map((name) => object(kind, name, '', 'namespace: shop', apiVersion)).join('');
    expect(words('', five('ConfigMap'))).toEqual([
      '5 objects of kind ConfigMap added: shop/a, shop/b, shop/c and 2 more',
    ]);
    expect(words(five('ConfigMap'), '')).toEqual([
      '5 objects of kind ConfigMap removed: shop/a, shop/b, shop/c and 2 more [medium risk/delete]',
    ]);
    expect(words(five('Service'), '')).toHaveLength(5);
  });

  test('in the unit of a service the namespace need not be said', () => {
    expect(words('', object('ConfigMap', 'x', '', 'namespace: risk-ml-prod'), {})).toEqual(['ConfigMap x added']);
    expect(words('', object('ConfigMap', 'x', '', 'namespace: other'), {})).toEqual(['ConfigMap other/x added']);
  });
});

test('a PodDisruptionBudget that goes by itself lets a drain take everything', () => {
  const unit = unitOfScenario(object('PodDisruptionBudget', 'x', '', 'namespace: shop', 'policy/v1'), '', {}, SHOP);
  expect(everything(unit, PROD).map(({ text, reasons }) => [text, ...reasons.map((reason) => reason.text)])).toEqual([
    ['PodDisruptionBudget shop/x removed', 'a drain may take all replicas at once'],
  ]);
});

test('the order of keys in a file shows nowhere', () => {
  const of = (rule: string): string => object('ConfigMap', 'x', `data: { a: ${rule} }`);
  expect(words(of('{ "": null, b: 0 }'), of('y'))).toEqual(words(of('{ b: 0, "": null }'), of('y')));
});

describe('objects under another name', () => {
  test('a live one is deleted and created again', () => {
    const spec = '{ replicas: 2, template: { spec: { containers: [{ name: api, image: x }] } } }';
    expect(words(deployment(spec), deployment(spec, 'api-v2'))).toEqual([
      'Deployment shop/api is now shop/api-v2: it is deleted and created again [high risk/replace]',
    ]);
    expect(
      words(deployment(spec), deployment(edited(spec, ['replicas: 2', 'replicas: 3']), 'api', 'namespace: web')),
    ).toEqual([
      'Deployment shop/api is now web/api: it is deleted and created again [high risk/replace]',
      'Deployment web/api: spec.replicas is 3 (was 2)',
    ]);
  });

  test('one that holds data loses it', () => {
    const claim = (namespace: string): string =>
      object('PersistentVolumeClaim', 'data', 'spec: { accessModes: [ReadWriteOnce] }', `namespace: ${namespace}`);
    expect(words(claim('shop'), claim('web'))).toEqual([
      'PersistentVolumeClaim shop/data is now web/data: it is deleted and created again [high risk/delete-data]',
    ]);
  });
});

describe('fields', () => {
  test('one that comes, one that goes, one that changes', () => {
    const [bare, high] = [
      deployment('{ template: { spec: { containers: [] } } }'),
      deployment('{ template: { spec: { containers: [], priorityClassName: high } } }'),
    ];
    expect(words(bare, high)).toEqual([
      'Deployment shop/api: spec.template.spec.priorityClassName is high (was none) [medium risk/in-place]',
    ]);
    expect(words(high, bare)).toEqual([
      'Deployment shop/api: spec.template.spec.priorityClassName is none (was high) [medium risk/in-place]',
    ]);
    expect(words(deployment('{ paused: false }'), deployment('{ paused: true }'))).toEqual([
      'Deployment shop/api: spec.paused is true (was false)',
    ]);
  });

  test('three are said, the others are counted', () => {
    const map = (value: number): string =>
      object('ConfigMap', 'x', `data: { ${[1, 2, 3, 4, 5, 6].map((key) => `k${key}: "${value}"`).join(', ')} }`);
    expect(words(map(1), map(2))).toEqual([
      'ConfigMap shop/x: data.k1 is 2 (was 1), data.k2 is 2 (was 1), data.k3 is 2 (was 1) and 3 more fields',
    ]);
  });

  test('long values and structures are not repeated', () => {
    const map = (text: string): string => object('ConfigMap', 'x', `data: { a: "${text}" }`);
    expect(words(map('a\\nb'), map('a\\nc'))).toEqual(['ConfigMap shop/x: data.a changed']);
    expect(words(map('x'.repeat(61)), map('z'.repeat(61)))).toEqual(['ConfigMap shop/x: data.a changed']);
    expect(words(object('ConfigMap', 'x'), object('ConfigMap', 'x', 'data: { a: b }'))).toEqual([
      'ConfigMap shop/x: data added',
    ]);
  });

  test('the values of a Secret are not even marks', () => {
    const secret = (value: string): string => object('Secret', 'x', `data: { a: ${value} }`);
    expect(words(secret('YQ=='), secret('Yg=='))).toEqual(['Secret shop/x: its data changed']);
  });

  test('only what is left of an object is said', () => {
    const unit = unitOfScenario(
      deployment('{ paused: false, replicas: 1 }'),
      deployment('{ paused: true, replicas: 2 }'),
      {},
      SHOP,
    );
    const [of] = unit.objects;
    const changes = of!.changes.filter(({ path }) => path[1] === 'paused');
    expect(restOf(unit, PROD, [{ of: of!, changes }]).map(lineOf)).toEqual([
      'Deployment shop/api: spec.paused is true (was false)',
    ]);
    expect(restOf(unit, PROD, [])).toEqual([]);
  });

  test('text of others stays on its line, and is cut', () => {
    const map = (text: string): string =>
      object('ConfigMap', 'x', `data: { ${JSON.stringify(`k\n${text.repeat(200)}`)}: "1" }`);
    const [said] = words(edited(map('k'), ['"1"', '"2"']), map('k'));
    expect(said).not.toContain('\n');
    expect(said!.length).toBeLessThan(200);
  });
});

describe('labels and annotations', () => {
  test('of one object', () => {
    expect(
      words(
        deployment('{}', 'api', 'labels: { tier: a }'),
        deployment('{}', 'api', 'labels: { tier: b }, annotations: { note: x }'),
      ),
    ).toEqual(['Deployment api: label tier is b (was a) and annotations added']);
  });

  test('of many objects, each another one', () => {
    const all = (version: number): string =>
      ['a', 'b', 'c', 'd']
        .map((name, index) =>
          object('ConfigMap', name, '', `namespace: risk-ml-prod, labels: { chart: "${name}-${version + index}" }`),
        )
        .join('');
    expect(words(all(1), all(2), {})).toEqual(['labels and annotations of 4 objects of fraud-detector changed']);
  });

  test('of many objects, in one sentence', () => {
    const all = (version: string): string =>
      ['a', 'b', 'c', 'd']
        .map((name) => object('ConfigMap', name, '', `namespace: risk-ml-prod, labels: { chart: "${version}" }`))
        .join('');
    expect(words(all('c-1'), all('c-2'), {})).toEqual(['4 objects of fraud-detector: label chart is c-2 (was c-1)']);
  });
});

describe('files', () => {
  test('that synth writes beside the objects', () => {
    expect(
      words({ 'runbook.md': 'a', 'intent.yaml': 'spec: 1' }, { 'runbook.md': 'b', 'intent.yaml': 'spec: 2' }, {}),
    ).toEqual(['what synth recorded of fraud-detector changed (intent.yaml)', 'runbook of fraud-detector changed']);
    expect(
      words(
        { 'cluster.yaml': 'stage: a' },
        { 'cluster.yaml': 'stage: b' },
        { place: { folder: 'envs/prod/eu-1', environment: 'prod', cluster: 'eu-1' } },
      ),
    ).toEqual(['what synth recorded of cluster eu-1 changed (cluster.yaml)']);
    expect(words({ 'argocd-app.json': '{"cluster":"a"}' }, { 'argocd-app.json': '{"cluster":"b"}' }, {})).toEqual([
      'descriptor of fraud-detector: cluster is b (was a)',
    ]);
  });

  test('that say what a cluster has', () => {
    const cluster = (fields: string): Side => ({
      'cluster.yaml': `cluster:\n  kserve: { version: 0.20.0, mode: Standard }\n  mirrors: {}\n  domain: eu.example.com\n${fields}`,
    });
    const more = { place: { folder: 'envs/prod/eu-1', environment: 'prod', cluster: 'eu-1' } };
    expect(
      words(
        cluster(''),
        {
          'cluster.yaml':
            'cluster:\n  kserve: { version: 0.19.0, mode: Standard }\n  mirrors: { "s3://a": "s3://b" }\n  domain: eu.example.com\nrollout: release\n',
        },
        more,
      ),
    ).toEqual([
      'KServe of the cluster is 0.19.0 (was 0.20.0)',
      'models of s3://a come from a mirror',
      'what synth recorded of cluster eu-1 changed (cluster.yaml)',
    ]);
    expect(words(cluster(''), cluster('  kubernetes: "1.34"\n'), more)).toEqual([
      'Kubernetes of the cluster is 1.34 (was none)',
    ]);
  });

  test('with an object that gets its name in the cluster', () => {
    const job = (image: string): Side => ({
      'job.yaml': `apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: x- }\nspec: { image: ${image} }\n`,
    });
    expect(words({}, job('a'))).toEqual([
      'apps/shop/job.yaml added: it has an object without a name, of kind Job [medium risk/unknown]',
    ]);
  });

  test('of other tools', () => {
    expect(words({ 'docs/a.md': 'a' }, { 'docs/a.md': 'b' })).toEqual(['apps/shop/docs/a.md changed']);
    expect(words({}, { 'templates/sub/_helpers.tpl': 'a' })).toEqual([
      'apps/shop/templates/sub/_helpers.tpl added [medium risk/unknown]',
    ]);
    expect(words({ 'kustomization.yaml': 'resources: [a]' }, { 'kustomization.yaml': 'resources: [b]' })).toEqual([
      'apps/shop/kustomization.yaml changed [medium risk/unknown]',
    ]);
    const files = (text: string): Side => Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`${name}.md`, text]));
    expect(words(files('a'), files('b'))).toEqual([
      '4 files changed: apps/shop/a.md, apps/shop/b.md, apps/shop/c.md and 1 more',
    ]);
  });

  test('that cannot be read', () => {
    expect(words({ 'logo.png': '\0a' }, { 'logo.png': '\0b' })).toEqual([
      'apps/shop/logo.png changed: it cannot be read [medium risk/unknown]',
    ]);
    expect(words({ 'a.yaml': 'a: 1' }, { 'a.yaml': 'a: [' })).toEqual([
      'apps/shop/a.yaml changed: it cannot be read [high risk/unreadable]',
    ]);
    expect(words({ 'logo.png': '\0a' }, {})).toEqual(['apps/shop/logo.png removed']);
  });
});

test('whatever a field holds, nothing throws', () => {
  const text = deployment(
    '{ replicas: 1, template: { spec: { containers: [{ name: a, image: b }] } } }',
    'api',
    'labels: { a: b }, annotations: { c: d }',
  );
  for (const shape of shapesOf(readFile('a.yaml', text, createMask()).objects[0])) {
    const odd = JSON.stringify(shape);
    expect(() => words(text, odd)).not.toThrow();
    expect(() => words(odd, text)).not.toThrow();
  }
});
