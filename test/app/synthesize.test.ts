import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { Platform, type PlatformProps } from '../../src/app/platform.ts';
import { FindingsError } from '../../src/core/finding.ts';
import { groupOf, type KubeObject } from '../../src/core/object.ts';
import { RENDERED_KINDS } from '../../src/render/kinds.ts';
import { writeTree } from '../../src/tree/write.ts';
import { platformWith, stack } from '../support/platform.ts';
import { projectWith, run, SERVICE, treeIn } from '../support/project.ts';

type Props = AIServiceProps<'dev' | 'prod-eu', 'dev' | 'prod'>;

const predictor = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud/v47/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const good: Props = { owner: { team: 'risk-ml' }, predictor };

/** Files of a platform that has no mistakes. */
function filesOf(platform: {
  render(): { files: ReadonlyMap<string, string>; findings: readonly unknown[] };
}): ReadonlyMap<string, string> {
  const { files, findings } = platform.render();
  expect(findings).toEqual([]);
  return files;
}

function rendered(
  props: Props,
  then?: (service: AIService<'dev' | 'prod-eu', 'dev' | 'prod'>) => void,
): ReadonlyMap<string, string> {
  const platform = platformWith();
  const service = new AIService(platform, 'fraud', props);
  then?.(service);
  return filesOf(platform);
}

const DEV = 'envs/dev/dev-1/risk-ml/fraud/manifests';
const PROD = 'envs/prod-eu/eu-1/risk-ml/fraud/manifests';

interface InferenceService {
  readonly spec: {
    readonly predictor: {
      readonly minReplicas: number;
      readonly maxReplicas: number;
      readonly model: {
        readonly storageUri: string;
        readonly args: readonly string[];
        readonly env?: unknown;
        readonly resources: { readonly requests: unknown };
      };
    };
  };
}
function read<T = KubeObject>(files: ReadonlyMap<string, string>, path: string): T {
  expect([...files.keys()]).toContain(path);
  return parse(files.get(path)!) as T;
}
const predictorOf = (files: ReadonlyMap<string, string>, folder: string, name = 'fraud-v47') =>
  read<InferenceService>(files, `${folder}/inferenceservice.${name}.yaml`).spec.predictor;

/** A project folder with files, gone after the test. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'synthesize-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

describe('overrides', () => {
  test("an environment's beats its stage's, which beats the service; what neither names stays", () => {
    const files = rendered({
      ...good,
      predictor: { ...predictor, scaling: { min: 1, max: 4 }, env: { LOG_LEVEL: 'info', MODE: 'a' } },
      overrides: {
        prod: { predictor: { scaling: { min: 2, max: 10 }, resources: { memory: '16Gi' }, env: { MODE: 'b' } } },
        'prod-eu': { predictor: { scaling: { min: 3 }, env: { MODE: 'c', REGION: 'eu' } } },
      },
    });
    expect(predictorOf(files, DEV)).toMatchObject({
      minReplicas: 1,
      maxReplicas: 4,
      model: {
        resources: { requests: { cpu: '4', memory: '8Gi' } },
        env: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'MODE', value: 'a' },
        ],
      },
    });
    expect(predictorOf(files, PROD)).toMatchObject({
      minReplicas: 3,
      maxReplicas: 10,
      model: {
        resources: { requests: { cpu: '4', memory: '16Gi' } },
        env: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'MODE', value: 'c' },
          { name: 'REGION', value: 'eu' },
        ],
      },
    });
  });

  test('null unsets, one variable or all of them, also for an environment to set anew', () => {
    const props: Props = { ...good, predictor: { ...predictor, scaling: { min: 1, max: 4 }, env: { A: 'a', B: 'b' } } };
    const one = rendered({ ...props, overrides: { dev: { predictor: { env: { A: null }, scaling: { max: null } } } } });
    expect(predictorOf(one, DEV)).toMatchObject({ maxReplicas: 1, model: { env: [{ name: 'B', value: 'b' }] } });
    const all = rendered({ ...props, overrides: { dev: { predictor: { env: null } } } });
    expect(predictorOf(all, DEV).model.env).toBeUndefined();
    const anew = rendered({
      ...props,
      overrides: {
        prod: { predictor: { resources: { memory: null } } },
        'prod-eu': { predictor: { resources: { memory: '2Gi' } } },
      },
    });
    expect(predictorOf(anew, PROD).model.resources.requests).toEqual({ cpu: '4', memory: '2Gi' });
  });

  test.each<[string, NonNullable<Props['overrides']>, string]>([
    ['another image', { dev: { predictor: { image: 'a/b:1' } } }, 'overrides.predictor.image'],
    ['no predictor', { dev: { predictor: null } }, 'overrides.predictor'],
    ['no models', { dev: { models: null } }, 'overrides.models.embedding'],
    ['one model less', { dev: { models: { embedding: null } } }, 'overrides.models.embedding'],
    ['one model more', { dev: { models: { ranker: predictor } } }, 'overrides.models.ranker'],
    [
      'a transformer',
      { dev: { transformer: { image: 'a/b:1', resources: predictor.resources } } },
      'overrides.transformer',
    ],
  ])('of what runs are refused where releases decide: %s', (_, overrides, field) => {
    const platform = platformWith();
    new AIService(platform, 'fraud', {
      ...good,
      models: { embedding: predictor },
      function: { image: 'a/b:1', resources: predictor.resources },
      overrides,
    });
    expect(platform.render().findings).toMatchObject([
      { id: 'release/override-not-carried', where: { environment: 'dev', field } },
    ]);
  });

  test('a reference file that only an override names is read too', () => {
    const root = rootWith({ 'apps/fraud/dev.json': '{ "edges": [0.5], "shares": [0.9, 0.1] }' });
    const platform = platformWith({}, root);
    new AIService(platform, 'fraud', {
      ...good,
      predictor: { ...predictor, image: 'registry.example.com/own/sklearn:1.0.0', exports: { predictions: 'score' } },
      overrides: { dev: { monitoring: { drift: [{ psi: { metric: 'score', reference: './dev.json' } }] } } },
    });
    const files = filesOf(platform);
    const rules = (folder: string): string => files.get(`${folder}/prometheusrule.fraud.yaml`)!;
    expect(rules(DEV)).toContain('score_bucket');
    expect(rules(PROD)).not.toContain('score_bucket');
  });
});

test.each<[NonNullable<Props['environments']>, readonly string[]]>([
  [['dev'], ['dev']],
  [['prod'], ['prod-eu']],
  [
    ['prod-eu', 'dev'],
    ['dev', 'prod-eu'],
  ],
])('a service runs in the environments and stages that it names: %j', (environments, there) => {
  const paths = [...rendered({ ...good, environments }).keys()];
  expect(
    [...new Set(paths.filter((path) => path.startsWith('envs/')).map((path) => path.split('/')[1]))].sort(),
  ).toEqual(there);
  expect(paths.filter((path) => path.startsWith('argocd/applicationset.'))).toEqual(
    there.map((name) => `argocd/applicationset.risk-ml-${name}.yaml`),
  );
});

/** A platform with one environment on two clusters, of which the second one mirrors models and images. */
function twoClusters(
  environment: Partial<PlatformProps<'eu-1' | 'us-1', 'prod', 'prod', never>['environments']['prod']> = {},
) {
  return new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
      argocd: { version: '3.5' },
      clusters: {
        'eu-1': stack,
        'us-1': {
          ...stack,
          mirrors: { 's3://ml-models/': 's3://ml-models-us/' },
          imageMirrors: { 'kserve/': 'mirror.us.example.com/kserve/' },
        },
      },
      environments: { prod: { stage: 'prod', clusters: ['eu-1', 'us-1'], namespace: 'ml', ...environment } },
    },
    { root: '/nowhere' },
  );
}

test('a mirror changes where a model is loaded from, and neither what it is nor what it is called', () => {
  const platform = twoClusters();
  // No version that could be read out of it: the release is named after the digest of what runs.
  new AIService(platform, 'fraud', {
    ...good,
    environments: ['prod'],
    predictor: { ...predictor, model: { uri: 's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/model/' } },
  });
  const files = filesOf(platform);
  const at = (cluster: string): string => `envs/prod/${cluster}/risk-ml/fraud/manifests`;
  const names = (cluster: string): string[] =>
    [...files.keys()].filter((path) => path.startsWith(at(cluster))).map((path) => path.slice(at(cluster).length + 1));
  expect(names('us-1')).toEqual(names('eu-1'));
  const [name = ''] = names('eu-1').flatMap(
    (file) => /^inferenceservice\.(fraud-[0-9a-f]{8})\.yaml$/.exec(file)?.[1] ?? [],
  );
  expect(predictorOf(files, at('eu-1'), name).model.storageUri).toBe(
    's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/model/',
  );
  expect(predictorOf(files, at('us-1'), name).model.storageUri).toBe(
    's3://ml-models-us/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/model/',
  );
  expect(files.get(`${at('eu-1')}/servingruntime.${name}.yaml`)).toContain('image: kserve/sklearnserver:v0.20.0');
  expect(files.get(`${at('us-1')}/servingruntime.${name}.yaml`)).toContain(
    'image: mirror.us.example.com/kserve/sklearnserver:v0.20.0',
  );
});

test('with createNamespaces a team has its Namespace in a unit of its own on every cluster, once', () => {
  const platform = twoClusters({ createNamespaces: true });
  for (const name of ['fraud', 'geo']) new AIService(platform, name, { ...good, environments: ['prod'] });
  const files = filesOf(platform);
  expect([...files.keys()].filter((path) => path.includes('_shared'))).toEqual(
    ['eu-1', 'us-1'].flatMap((cluster) =>
      ['manifests/namespace.ml.yaml', 'argocd-app.json'].map((file) => `envs/prod/${cluster}/risk-ml/_shared/${file}`),
    ),
  );
  expect(JSON.parse(files.get('envs/prod/us-1/risk-ml/_shared/argocd-app.json')!)).toMatchObject({
    name: 'shared.risk-ml.prod.us-1',
    service: '_shared',
    namespace: 'ml',
  });
  expect(read<{ spec: object }>(files, 'argocd/appproject.risk-ml.yaml').spec).toMatchObject({
    clusterResourceWhitelist: [{ group: '', kind: 'Namespace', name: 'ml' }],
  });
});

test('an environment that replaces in place has one workload, and follows the sources with their overrides', () => {
  const platform = twoClusters({ rollout: 'replace' });
  new AIService(platform, 'fraud', {
    ...good,
    environments: ['prod'],
    overrides: { prod: { predictor: { args: ['--debug'] } } },
  });
  const files = filesOf(platform);
  expect(predictorOf(files, 'envs/prod/eu-1/risk-ml/fraud/manifests', 'fraud-main').model.args).toContain('--debug');
});

describe('a patch', () => {
  test('changes what it selects, by kind, name, environment or stage, and nothing else', () => {
    const before = rendered(good);
    const after = rendered(good, (service) => {
      service.patch(
        { kind: 'VirtualService', environment: 'prod' },
        { op: 'replace', path: '/spec/http/0/timeout', value: '7s' },
      );
      service.patch(
        { kind: 'ServiceAccount', name: 'fraud', environment: 'dev' },
        { op: 'add', path: '/metadata/annotations', value: {} },
        { op: 'add', path: '/metadata/annotations/example.com~1owner', value: 'x' },
      );
    });
    const changed = [...after]
      .filter(([path, text]) => path.includes('/manifests/') && before.get(path) !== text)
      .map(([path]) => path);
    expect(changed).toEqual([`${DEV}/serviceaccount.fraud.yaml`, `${PROD}/virtualservice.fraud.yaml`]);
    expect(after.get(`${PROD}/virtualservice.fraud.yaml`)).toContain('timeout: 7s');
    expect(read(after, `${DEV}/serviceaccount.fraud.yaml`).metadata.annotations).toEqual({ 'example.com/owner': 'x' });
  });

  test('selects by the name that we gave, also after an earlier one changed it', () => {
    const files = rendered({ ...good, environments: ['dev'] }, (service) => {
      service.patch(
        { kind: 'ServiceAccount', name: 'fraud' },
        { op: 'replace', path: '/metadata/name', value: 'other' },
      );
      service.patch(
        { kind: 'ServiceAccount', name: 'fraud' },
        { op: 'add', path: '/automountServiceAccountToken', value: false },
      );
    });
    expect(read(files, `${DEV}/serviceaccount.other.yaml`)).toMatchObject({ automountServiceAccountToken: false });
  });
});

test('what is added to a chart joins its unit alone, under the name of the service', () => {
  const files = rendered(good, (service) => {
    const chart = service.chart('dev', 'dev-1');
    new ApiObject(chart, 'labels', { apiVersion: 'v1', kind: 'ConfigMap', data: { on: 'yes' } });
    new kplus.ConfigMap(chart, 'more', { data: { a: 'b' } });
    expect(service.chart('dev', 'dev-1')).toBe(chart);
    expect(service.charts().map(({ environment, cluster }) => `${environment}/${cluster}`)).toEqual([
      'dev/dev-1',
      'prod-eu/eu-1',
    ]);
    expect(service.charts('prod').map(({ environment }) => environment)).toEqual(['prod-eu']);
  });
  expect([...files.keys()].filter((path) => path.includes('configmap'))).toEqual([
    `${DEV}/configmap.fraud-labels.yaml`,
    `${DEV}/configmap.fraud-more.yaml`,
  ]);
  expect(files.get(`${DEV}/configmap.fraud-labels.yaml`)).toBe(`---
apiVersion: v1
kind: ConfigMap
metadata:
  name: fraud-labels
  namespace: risk-ml-dev
  labels:
    app.kubernetes.io/managed-by: cdk8s-ai-service
data:
  "on": "yes"
`);
});

test("a team's AppProject allows the kinds that we may render and those that users added, in exactly its namespaces", () => {
  const platform = platformWith();
  const fraud = new AIService(platform, 'fraud', good);
  new ApiObject(fraud.chart('dev', 'dev-1'), 'labels', { apiVersion: 'v1', kind: 'ConfigMap' });
  new AIService(platform, 'vision', {
    owner: { team: 'vision' },
    environments: ['dev'],
    function: { image: 'a/b:1', resources: predictor.resources },
  });
  const files = filesOf(platform);
  for (const team of ['risk-ml', 'vision']) {
    const objects = [...files]
      .filter(([path]) => path.split('/')[3] === team && path.includes('/manifests/'))
      .map(([, text]) => parse(text) as KubeObject);
    const emitted = new Set(objects.map(({ apiVersion, kind }) => `${groupOf(apiVersion)}/${kind}`));
    const { spec } = read<{
      spec: {
        namespaceResourceWhitelist: { group: string; kind: string }[];
        clusterResourceWhitelist?: unknown[];
        destinations: { namespace: string }[];
      };
    }>(files, `argocd/appproject.${team}.yaml`);
    expect(spec.namespaceResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`).sort()).toEqual(
      [...new Set([...emitted, ...RENDERED_KINDS])].sort(),
    );
    expect(spec.clusterResourceWhitelist).toBeUndefined();
    expect([...new Set(spec.destinations.map(({ namespace }) => namespace))].sort()).toEqual(
      [...new Set(objects.map(({ metadata }) => metadata.namespace))].sort(),
    );
  }
});

test('a service finds another one of its environment by name, and one with mistakes is blamed alone', () => {
  const caller: Props = {
    owner: { team: 'shop' },
    environments: ['dev'],
    function: { image: 'a/b:1', resources: predictor.resources, env: { FRAUD_URL: { service: 'fraud' } } },
  };
  const platform = platformWith();
  new AIService(platform, 'fraud', good);
  new AIService(platform, 'web', caller);
  expect(filesOf(platform).get('envs/dev/dev-1/shop/web/manifests/service.serving.web-function-1.yaml')).toContain(
    'value: http://fraud.risk-ml-dev.svc.cluster.local',
  );

  const broken = platformWith();
  new AIService(broken, 'fraud', { ...good, predictor: { ...predictor, image: 'a/b:latest' } });
  new AIService(broken, 'web', caller);
  expect(broken.render().findings.map(({ id, where }) => `${id} ${where.service} ${where.field}`)).toEqual([
    'service/value fraud predictor.image',
  ]);
});

test('schemas that a project imported are found from its root, wherever the process runs', () => {
  const widget = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
  };
  const root = rootWith({
    'crds/acme.example/schema.json': JSON.stringify({
      group: 'acme.example',
      kinds: { Widget: { scope: 'Namespaced', versions: { v1: widget } } },
      defs: {},
    }),
  });
  const platform = new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/x.git' },
      argocd: { version: '3.5' },
      imports: ['crds'],
      clusters: { 'dev-1': stack },
      environments: { dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'ml' } },
    },
    { root },
  );
  const service = new AIService(platform, 'fraud', { ...good, environments: ['dev'] });
  new ApiObject(service.chart('dev', 'dev-1'), 'widget', {
    apiVersion: 'acme.example/v1',
    kind: 'Widget',
    spec: { size: 4 },
  });
  expect(filesOf(platform).get('envs/dev/dev-1/risk-ml/fraud/manifests/widget.fraud-widget.yaml')).toContain('size: 4');
});

test('synth() throws all findings together and writes nothing', () => {
  const platform = platformWith();
  new AIService(platform, 'fraud', { ...good, predictor: { ...predictor, resources: { cpu: '8GB', memory: '-1' } } });
  Object.defineProperty(platform, 'outdir', { get: () => expect.unreachable('nothing is written') });
  expect(() => platform.synth()).toThrow(FindingsError);
  expect(() => platform.synth()).toThrow(/"8GB" is not a Kubernetes quantity[^]*"-1" is negative/);
});

describe('the bytes depend on nothing else', () => {
  /** The same data with the keys of every map in the opposite order. */
  function reversed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, each]) => [key, reversed(each)]),
    );
  }

  const services: Readonly<Record<string, Props>> = {
    fraud: {
      ...good,
      predictor: {
        ...predictor,
        env: { B: 'b', A: { secret: 'fraud-db', key: 'a' } },
        scaling: { max: 3, min: 2 },
        placement: { nodeSelector: { pool: 'cpu', arch: 'x' } },
      },
      secrets: {
        'fraud-db': { store: 'vault', keys: { b: { key: 'b' }, a: { key: 'a' } } },
        'fraud-a': { store: 'vault', keys: { x: { key: 'x' } } },
      },
      overrides: { prod: { predictor: { env: { C: 'c' } } } },
    },
    web: {
      owner: { team: 'shop' },
      traffic: { visibility: 'public', hosts: ['shop.example.com'] },
      function: {
        image: 'a/b:1',
        env: { Z: 'z', FRAUD: { service: 'fraud' }, RANKER: { part: 'ranker' }, EMBEDDING: { part: 'embedding' } },
        resources: predictor.resources,
      },
      models: { ranker: predictor, embedding: predictor },
      network: { allowFrom: [{ namespace: 'a', pods: { b: 'b', a: 'a' } }] },
    },
  };

  test('not the order in which services and the keys of maps are written', () => {
    const tree = (entries: readonly [string, unknown][]): Map<string, string> => {
      const platform = platformWith();
      for (const [name, props] of entries) {
        const service = new AIService(platform, name, props as Props);
        for (const chart of service.charts())
          new ApiObject(chart, 'labels', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: name } });
      }
      return new Map([...filesOf(platform)].sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    const entries = Object.entries(services);
    const other = entries.toReversed().map(([name, props]): [string, unknown] => [name, reversed(props)]);
    expect(tree(other)).toEqual(tree(entries));
  });

  test('nor time zone, locale, process or place of the project', async () => {
    const project = (): string =>
      projectWith({
        'apps/istanbul/service.yaml': SERVICE.replace('team: ml', 'team: ml, escalation: "#IİıI"'),
        'apps/hello/service.yaml': SERVICE,
      });
    const places = [
      { root: project(), env: { TZ: 'UTC', LC_ALL: 'C' } },
      { root: project(), env: { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } },
    ];
    const ran = await Promise.all(places.map(({ root, env }) => run(root, ['synth'], { env })));
    expect(ran[0]).toMatchObject({ code: 0 });
    expect(ran[1]).toEqual(ran[0]);
    const [here, there] = places.map(({ root }) => treeIn(`${root}/gitops`));
    expect(here!.size).toBeGreaterThan(30);
    expect(there).toEqual(here);
  });
});

describe('work grows with the number of services and no faster', () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** Twice as many services in twice as many teams: services, rendering, checks and writing. */
  function work(services: number): { targets: number; objects: number; files: number } {
    const outDir = mkdtempSync(join(tmpdir(), 'growth-'));
    folders.push(outDir);
    const platform = platformWith();
    const digits = (index: number): string => String(index).padStart(3, '0');
    for (let index = 0; index < services; index += 1) {
      const service = new AIService(platform, `service-${digits(index)}`, {
        ...good,
        owner: { team: `team-${digits(Math.floor(index / 5))}` },
        function: {
          image: 'a/b:1',
          resources: predictor.resources,
          env: { MODEL: { part: 'predictor' }, NEXT: { service: `service-${digits(index === 0 ? 1 : index - 1)}` } },
        },
        overrides: { prod: { predictor: { scaling: { min: 2 } } } },
      });
      new ApiObject(service.chart('dev', 'dev-1'), 'labels', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
    }
    const { files, counts, guard } = platform.render();
    expect(writeTree({ outDir, files, guard }).findings).toEqual([]);
    return { ...counts, files: files.size };
  }

  /** How often each function is called, our own and those of packages, by place. */
  function calls(run: () => void): Map<string, number> {
    const counts = new Map<string, number>();
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    run();
    session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      for (const { url, functions } of result) {
        if (url.startsWith('node:') || url.endsWith('.test.ts')) continue;
        for (const { functionName, ranges } of functions) {
          const place = `${url} ${functionName} ${ranges[0]?.startOffset}`;
          counts.set(place, (counts.get(place) ?? 0) + (ranges[0]?.count ?? 0));
        }
      }
    });
    session.disconnect();
    return counts;
  }

  /** V8 loses counts with the closures that it collects, and never adds any: the highest of some is right. */
  function surely(count: () => Map<string, number>): Map<string, number> {
    const counts = [count(), count(), count()];
    const places = new Set(counts.flatMap((each) => [...each.keys()]));
    return new Map([...places].map((place) => [place, Math.max(...counts.map((each) => each.get(place) ?? 0))]));
  }

  // Schemas and rules are compiled when they are needed first.
  beforeAll(() => void work(5));

  test('what is counted: as many targets, objects and files for each service', () => {
    const [ten, twenty, forty] = [work(10), work(20), work(40)];
    expect(ten.targets).toBe(20);
    for (const what of ['targets', 'objects', 'files'] as const) {
      expect(forty[what] - twenty[what]).toBe(2 * (twenty[what] - ten[what]));
    }
  });

  test('every function: exactly as many calls more for each service', () => {
    const [ten, twenty, forty] = [10, 20, 40].map((services) => surely(() => calls(() => void work(services)))) as [
      Map<string, number>,
      Map<string, number>,
      Map<string, number>,
    ];
    // What is done once, whenever it is needed first, is a handful; what grows faster is a hundred and more.
    const excess = (place: string, count: number): number =>
      count - (twenty.get(place) ?? 0) - 2 * ((twenty.get(place) ?? 0) - (ten.get(place) ?? 0));
    const faster = [...forty].filter(([place, count]) => Math.abs(excess(place, count)) >= 10);
    expect(faster).toEqual([]);
    const total = [...forty.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(100_000);
  });
});

describe('a chart as JSON', () => {
  test('has what we render, with patches, and what was added', () => {
    const platform = platformWith();
    const service = new AIService(platform, 'fraud', { owner: { team: 'risk' }, predictor });
    service.patch({ kind: 'VirtualService' }, { op: 'replace', path: '/spec/http/0/timeout', value: '5s' });
    const chart = service.chart('prod-eu', 'eu-1');
    new ApiObject(chart, 'labels', { apiVersion: 'v1', kind: 'ConfigMap', data: { labels: 'cat,dog' } });
    const objects = chart.toJson();
    expect(objects.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['InferenceService', 'ServingRuntime', 'VirtualService', 'ConfigMap']),
    );
    expect(objects.find(({ kind }) => kind === 'VirtualService')).toMatchObject({
      metadata: { namespace: 'risk-prod' },
      spec: { http: [{ timeout: '5s' }] },
    });
    expect(objects).toHaveLength(
      [...platform.render().files.keys()].filter((path) => path.startsWith('envs/prod-eu/eu-1/risk/fraud/manifests/'))
        .length,
    );
  });

  test('of a service with mistakes throws all of them', () => {
    const platform = platformWith();
    const service = new AIService(platform, 'fraud', {
      owner: { team: 'risk' },
      predictor: { ...predictor, scaling: { min: 0 } },
    });
    expect(() => service.chart('prod-eu', 'eu-1').toJson()).toThrow(/serving\/scale-to-zero/);
  });
});
