import { describe, expect, test } from 'vitest';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { compareTrees, type Contents, type Difference } from '../../src/review/compare.ts';
import { readFile } from '../../src/review/documents.ts';
import { createMask } from '../../src/review/mask.ts';

const schemas = createCatalogue([OWN_IMPORTS]);

function compare(before: Record<string, string>, after: Record<string, string>): Difference {
  const mask = createMask();
  const contents = (files: Record<string, string>): Contents =>
    new Map(Object.entries(files).map(([file, text]) => [file, readFile(file, text, mask)]));
  return compareTrees(contents(before), contents(after), schemas);
}

/** `changed Deployment shop/api: spec.replicas` */
function said({ objects, documents }: Difference): string[] {
  const name = (object: { kind: string; metadata: { name: string; namespace?: string } }): string =>
    `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  return [
    ...objects.map(({ change, before, after, changes }) => {
      const names = [...new Set([before, after].flatMap((placed) => (placed ? [name(placed.object)] : [])))].join(
        ' → ',
      );
      return `${change} ${names}${changes.length > 0 ? `: ${changes.map(({ field }) => field).join(', ')}` : ''}`;
    }),
    ...documents.map(
      ({ change, file, changes }) =>
        `${change} ${file}${changes.length > 0 ? `: ${changes.map(({ field }) => field).join(', ')}` : ''}`,
    ),
  ];
}

const deployment = (name: string, { replicas = 2, namespace = 'shop', image = 'a:1', labels = '' } = {}): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n${labels}spec:\n  replicas: ${replicas}\n  paused: false\n  minReadySeconds: 5\n  template:\n    spec:\n      containers:\n      - name: main\n        image: ${image}\n`;
const release = (version: string, image = 'a:1'): string =>
  deployment(`fraud-${version}`, {
    image,
    labels: `  labels:\n    app.kubernetes.io/name: fraud\n    app.kubernetes.io/component: function\n    app.kubernetes.io/version: ${version}\n`,
  });

describe('objects are told by group, kind, namespace and name', () => {
  test('whatever file holds them', () => {
    expect(
      said(
        compare(
          { 'a.yaml': `${deployment('api')}---\n${deployment('web')}` },
          { 'web.yaml': deployment('web'), 'api.yaml': deployment('api', { replicas: 3 }) },
        ),
      ),
    ).toEqual(['changed Deployment shop/api: spec.replicas']);
  });
  test('whatever version of the group they are written in', () => {
    expect(
      said(compare({ 'a.yaml': deployment('api') }, { 'a.yaml': deployment('api').replace('apps/v1', 'apps/v2') })),
    ).toEqual(['changed Deployment shop/api: apiVersion']);
  });
  test('the same object on two clusters is two', () => {
    const [eu, us] = ['envs/eu/c1/t/s/manifests/a.yaml', 'envs/us/c1/t/s/manifests/a.yaml'];
    expect(
      said(
        compare(
          { [eu]: deployment('api'), [us]: deployment('api') },
          { [eu]: deployment('api', { replicas: 1 }), [us]: deployment('api') },
        ),
      ),
    ).toEqual(['changed Deployment shop/api: spec.replicas']);
  });
  test('in a layout of others, the folder tells objects of one name apart', () => {
    const files = { 'overlays/dev/api.yaml': deployment('api'), 'overlays/prod/api.yaml': deployment('api') };
    const { findings, objects } = compare(files, {
      ...files,
      'overlays/prod/api.yaml': deployment('api', { replicas: 9 }),
    });
    expect(findings).toEqual([]);
    expect(objects.map(({ after }) => after?.file)).toEqual(['overlays/prod/api.yaml']);
  });
  test('two files of a folder with the same object are an error, and the first name counts, whichever was read first', () => {
    const { findings, objects } = compare(
      {},
      { 'x/b.yaml': deployment('api', { replicas: 5 }), 'x/a.yaml': deployment('api') },
    );
    expect(objects.map(({ after }) => after?.file)).toEqual(['x/a.yaml']);
    expect(findings).toMatchObject([
      {
        id: 'plan/duplicate',
        where: { file: 'x/b.yaml', object: 'Deployment shop/api' },
        message: 'x/a.yaml holds the same object',
      },
    ]);
  });
});

describe('what replaces what', () => {
  const at =
    (service: string) =>
    (name: string): string =>
      `envs/prod/eu-1/risk/${service}/manifests/${name}.yaml`;
  const fraud = at('fraud');
  test('another release of a part, however different it is', () => {
    expect(said(compare({ [fraud('a')]: release('v1') }, { [fraud('b')]: release('v2', 'b:2') }))).toEqual([
      'replaced Deployment shop/fraud-v1 → Deployment shop/fraud-v2: metadata.name, metadata.labels."app.kubernetes.io/version", spec.template.spec.containers[main].image',
    ]);
  });
  test('of two that went and one that came, the one that is most like it', () => {
    expect(
      said(
        compare(
          { [fraud('a')]: release('v1', 'x:1'), [fraud('b')]: release('v2', 'b:2') },
          { [fraud('c')]: release('v3', 'b:2') },
        ),
      ),
    ).toEqual([
      'removed Deployment shop/fraud-v1',
      'replaced Deployment shop/fraud-v2 → Deployment shop/fraud-v3: metadata.name, metadata.labels."app.kubernetes.io/version"',
    ]);
  });
  test('the same name in another namespace', () => {
    expect(
      said(compare({ 'a.yaml': deployment('api') }, { 'a.yaml': deployment('api', { namespace: 'store' }) })),
    ).toEqual(['replaced Deployment shop/api → Deployment store/api: metadata.namespace']);
  });
  test('nearly the same under another name', () => {
    expect(said(compare({ 'a.yaml': deployment('api') }, { 'a.yaml': deployment('backend') }))).toEqual([
      'replaced Deployment shop/api → Deployment shop/backend: metadata.name',
    ]);
  });
  test('not what came to one cluster and went from another', () => {
    const [eu, us] = ['envs/eu/c1/t/s/manifests/a.yaml', 'envs/us/c1/t/s/manifests/a.yaml'];
    expect(said(compare({ [eu]: deployment('api') }, { [us]: deployment('api') }))).toEqual([
      'removed Deployment shop/api',
      'added Deployment shop/api',
    ]);
  });
  test('not what has nothing in common', () => {
    const other = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\nspec: {replicas: 9}\n';
    expect(said(compare({ 'a.yaml': deployment('api') }, { 'a.yaml': other }))).toEqual([
      'removed Deployment shop/api',
      'added Deployment shop/x',
    ]);
  });
});

describe('files that hold no objects', () => {
  test('by field where they are maps', () => {
    expect(
      said(
        compare({ 'argocd-app.json': '{"policy":{"bake":"30m"}}' }, { 'argocd-app.json': '{"policy":{"bake":"10m"}}' }),
      ),
    ).toEqual(['changed argocd-app.json: policy.bake']);
  });
  test('not at all where they mean the same', () => {
    expect(said(compare({ 'argocd-app.json': '{"a":1,"b":2}' }, { 'argocd-app.json': '{"b":2,\n"a":1}' }))).toEqual([]);
  });
  test('as changed where one of the two cannot be read, and nothing is said of the objects that may be in it', () => {
    expect(said(compare({ 'a.yaml': deployment('api') }, { 'a.yaml': 'a: [1\nb: 2\n' }))).toEqual(['changed a.yaml']);
    expect(said(compare({ 'a.yaml': 'a: [1\nb: 2\n' }, { 'a.yaml': deployment('api') }))).toEqual(['changed a.yaml']);
    expect(said(compare({}, { 'a.yaml': 'a: [1\nb: 2\n' }))).toEqual(['added a.yaml']);
  });
  test('as changed where both cannot be read', () => {
    expect(said(compare({ 'a.png': 'a\0' }, { 'a.png': 'b\0' }))).toEqual(['changed a.png']);
  });
});
