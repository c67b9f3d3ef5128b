import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PLATFORM, projectWith, run, SERVICE, serviceInTypeScript, treeIn, type Ran } from '../support/project.ts';

/** How a project is read: through the command line, since only the built package is what a project imports. */

const runs = new Map<string, { root: string; ran: Ran }>();
const after = (name: string): Ran => runs.get(name)!.ran;
const treeOf = (name: string): Map<string, string> => treeIn(`${runs.get(name)!.root}/gitops`);

const HELLO = `
  owner: { team: 'ml' },
  predictor: { framework: 'sklearn', model: ModelRef.uri('s3://ml-models/hello/v1/'), resources: { cpu: '1', memory: '1Gi' } },
`;

/** A service with something of everything, in both languages. */
const RICH_YAML = `description: Answers questions.
owner: { team: ml, escalation: "#ml-oncall" }
environments: [dev, prod]
traffic:
  expectedRps: 3
  timeout: 2m
  hosts: [hello.old.example.com]
function:
  image: registry.example.com/hello/api:1.4.2
  env:
    MODEL_URL: { part: predictor }
    EMBEDDING_URL: { part: embedding }
    DB_PASSWORD: { secret: hello-db, key: password }
    "ON": "yes"
    OCTAL: "012"
  resources: { cpu: 500m, memory: 512Mi }
  scaling: { min: 1, max: 4, target: { cpu: 70 } }
predictor:
  framework: huggingface
  model: { uri: "s3://ml-models/hello/v2/" }
  resources: { cpu: "4", memory: 8Gi, limits: { memory: 12Gi } }
  args: [--max-length=512]
  exports: { predictions: hello_score }
models:
  embedding:
    framework: custom
    image: registry.example.com/hello/embedding:3.0.0
    metrics: {}
    exports: { features: { length: hello_length } }
    resources: { cpu: "2", memory: 4Gi }
canary:
  steps: [10, 50]
  bake: 15m
  gates:
    - errorRatio: { max: 0.01 }
    - latency: { quantile: 0.99, max: 250ms }
monitoring:
  slos:
    - availability: { objective: 99.5 }
    - latency: { below: 250ms, objective: 99 }
  drift:
    - psi: { metric: hello_length, reference: ./reference/length.json, threshold: 0.3 }
identity: { credentials: [hello-s3] }
network:
  allowFrom:
    - { namespace: shop, pods: { app: web } }
overrides:
  dev: { function: { scaling: { max: 1, target: null } } }
  prod:
    predictor: { scaling: { min: 2 }, env: { LOG_LEVEL: warn } }
`;
const RICH_TYPESCRIPT = `import { AIService, CanaryPolicy, Drift, Gate, ModelRef, MonitoringRules, ServerlessFunction, Slo } from 'cdk8s-ai-service';
import { platform } from '../platform.ts';

new AIService(platform, 'hello', {
  overrides: {
    prod: { predictor: { env: { LOG_LEVEL: 'warn' }, scaling: { min: 2 } } },
    dev: { function: { scaling: { target: null, max: 1 } } },
  },
  network: { allowFrom: [{ pods: { app: 'web' }, namespace: 'shop' }] },
  identity: { credentials: ['hello-s3'] },
  monitoring: new MonitoringRules({
    drift: [Drift.psi({ metric: 'hello_length', reference: './reference/length.json', threshold: 0.3 })],
    slos: [Slo.availability(99.5), Slo.latency({ below: '250ms', objective: 99 })],
  }),
  canary: new CanaryPolicy({
    steps: [10, 50],
    bake: '15m',
    gates: [Gate.errorRatio({ max: 0.01 }), Gate.latency({ quantile: 0.99, max: '250ms' })],
  }),
  models: {
    embedding: {
      framework: 'custom',
      image: 'registry.example.com/hello/embedding:3.0.0',
      resources: { memory: '4096Mi', cpu: '2000m' },
      exports: { features: { length: 'hello_length' } },
      metrics: {},
    },
  },
  predictor: {
    framework: 'huggingface',
    model: ModelRef.uri('s3://ml-models/hello/v2/'),
    exports: { predictions: 'hello_score' },
    args: ['--max-length=512'],
    resources: { limits: { memory: '12Gi' }, cpu: '4', memory: '8Gi' },
  },
  function: new ServerlessFunction({
    image: 'registry.example.com/hello/api:1.4.2',
    env: {
      OCTAL: '012',
      ON: 'yes',
      DB_PASSWORD: { secret: 'hello-db', key: 'password' },
      EMBEDDING_URL: ModelRef.part('embedding'),
      MODEL_URL: ModelRef.part('predictor'),
    },
    resources: { cpu: '0.5', memory: '512Mi' },
    scaling: { min: 1, max: 4, target: { cpu: 70 } },
  }),
  traffic: { hosts: ['hello.old.example.com'], timeout: '120s', expectedRps: 3 },
  environments: ['dev', 'prod'],
  owner: { escalation: '#ml-oncall', team: 'ml' },
  description: 'Answers questions.',
});
`;
const REFERENCE = { 'apps/hello/reference/length.json': '{ "edges": [10, 100], "shares": [0.2, 0.5, 0.3] }\n' };

beforeAll(async () => {
  const start = async (name: string, files: Record<string, string>, args: readonly string[] = []): Promise<void> => {
    const root = projectWith(files);
    runs.set(name, { root, ran: await run(root, ['synth', ...args]) });
  };
  const yaml = { 'apps/hello/service.yaml': SERVICE };
  const mixed = {
    'apps/other-name/service.ts': serviceInTypeScript('wrong', HELLO),
    'apps/none/service.ts': "import { platform } from '../platform.ts';\nexport const unused = platform;\n",
    'apps/two/service.ts': serviceInTypeScript('two', HELLO, `new AIService(platform, 'three', {${HELLO}});\n`),
    'apps/both/service.ts': serviceInTypeScript('both', HELLO),
    'apps/both/service.yaml': SERVICE,
    'apps/throws/service.ts':
      "import { platform } from '../platform.ts';\n\n  throw new Error(`no ${platform.environments[0]}`);\n",
    'apps/typo/service.ts': "import { platform } from '../platform.ts';\nconst x = { a b };\n",
    'apps/imports/service.ts': "import '../nowhere.ts';\n",
    'apps/empty/service.yaml': '',
    'apps/text/service.yaml': 'hello\n',
    'apps/ending/service.yml': SERVICE,
    'apps/capital/Service.yaml': SERVICE,
    'apps/folder/service.yaml/x': '',
    'apps/alias/service.yaml': 'owner: *team\n',
    'apps/bomb/service.yaml': ['a', 'b', 'c', 'd', 'e']
      .map(
        (key, index, keys) =>
          `${key}: &${key} [${Array<string>(9)
            .fill(index === 0 ? 'x' : `*${keys[index - 1]!}`)
            .join(', ')}]\n`,
      )
      .join(''),
    'apps/tag/service.yaml': 'owner: !team ml\n',
    'apps/documents/service.yaml': '---\nowner: { team: ml }\n---\n{}\n',
    'apps/shared/values.ts': 'throw new Error("nobody asked for this");\n',
    'apps/.hidden/service.yaml': 'nobody asked for this\n',
    'apps/fine/service.yaml': SERVICE.replace('cpu: "1"', 'cpu: 8GB'),
  };
  await Promise.all([
    start('no platform', { ...yaml, 'apps/platform.ts': '' }),
    start('nothing', yaml, ['--apps', 'nowhere']),
    start('throws', { ...yaml, 'apps/platform.ts': `${PLATFORM}\nthrow new Error('no network');\n` }),
    start('two platforms', {
      ...yaml,
      'apps/platform.ts': `${PLATFORM}export const second = new Platform({} as never);\n`,
    }),
    start('throws beside yaml', {
      'apps/hello/service.yaml': SERVICE.replace('"1"', '8GB'),
      'apps/second/service.ts': serviceInTypeScript('second', HELLO),
      'apps/third/service.yml': SERVICE,
      'apps/platform.ts': `${PLATFORM}\nthrow new Error('no network');\n`,
    }),
    start('exported twice', { ...yaml, 'apps/platform.ts': `${PLATFORM}export default platform;\n` }),
    start('wrong platform', {
      ...yaml,
      'apps/platform.ts': PLATFORM.replace("clusters: ['eu-1']", "clusters: ['eu-2' as 'eu-1']"),
    }),
    start('mixed', mixed),
    start('yaml', { ...REFERENCE, 'apps/hello/service.yaml': RICH_YAML }),
    start('typescript', { ...REFERENCE, 'apps/hello/service.ts': RICH_TYPESCRIPT }),
    start(
      'elsewhere',
      {
        'services/platform.ts': PLATFORM,
        'services/hello/service.ts': RICH_TYPESCRIPT,
        'services/hello/reference/length.json': REFERENCE['apps/hello/reference/length.json'],
      },
      ['--apps', 'services'],
    ),
    start('place', {
      'apps/hello/service.yaml': RICH_YAML.replace('max: 4', 'max: four').replace('min: 2', 'min: two'),
    }),
  ]);
});

describe('a project without one platform', () => {
  test.each([
    ['nothing', 'error project/no-platform\n  there is no nowhere/platform.ts\n'],
    ['no platform', 'error project/no-platform: apps/platform.ts\n  the file exports no Platform\n'],
    ['two platforms', 'error project/no-platform: apps/platform.ts\n  the file exports 2 platforms\n'],
    [
      'throws',
      'error project/load: apps/platform.ts:20\n  the file cannot be loaded: no network\n  fix: correct the file; npx tsc --noEmit says more\n1 error; nothing was written\n',
    ],
  ])('is refused: %s', (name, message) => {
    expect(after(name)).toMatchObject({ code: 1, stdout: '' });
    expect(after(name).stderr.startsWith(message), after(name).stderr).toBe(true);
  });

  test('and its services in YAML are checked all the same', () => {
    expect(after('throws beside yaml').stderr)
      .toBe(`error service/value: apps/hello/service.yaml:5:16: hello: predictor.resources.cpu
  "8GB" is not a Kubernetes quantity
  fix: write cores as 4, or thousandths of a core as 500m
error project/load: apps/platform.ts:20
  the file cannot be loaded: no network
  fix: correct the file; npx tsc --noEmit says more
error project/service-folder: apps/third/service.yml
  nothing reads apps/third/service.yml
  fix: call it service.yaml
3 errors; nothing was written
`);
  });

  test('but the platform may be exported by name and as default', () => {
    expect(after('exported twice')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^gitops: \d+ written/) as string,
    });
  });
});

test('a mistake in the platform does not hide what its services say', () => {
  expect(after('wrong platform')).toMatchObject({
    code: 1,
    stderr: `error platform/unknown-cluster: apps/platform.ts: environments.prod-eu.clusters[0]
  there is no cluster "eu-2"
  fix: did you mean "eu-1"?
1 error; nothing was written
`,
  });
});

describe('a folder of a service', () => {
  /** What is said about a folder, without the files of all others. */
  const about = (folder: string): string[] =>
    after('mixed')
      .stderr.split(/^(?=error )/m)
      .filter((finding) => finding.includes(`: apps/${folder}/`))
      .map((finding) => finding.replace(/\n\d+ errors;.*\n$/, '\n').trimEnd());

  const load = (place: string, message: string, fix = 'correct the file; npx tsc --noEmit says more'): string[] => [
    `error project/load: ${place}\n  ${message}\n  fix: ${fix}`,
  ];
  const named = (name: string, message: string): string[] => [
    `error project/service-name: apps/${name}/service.ts\n  ${message}; its folder says "${name}"\n  fix: define exactly one: new AIService(platform, '${name}', { … })`,
  ];
  const syntax = (place: string, message: string, fix: string): string[] => [
    `error yaml/syntax: apps/${place}\n  ${message}\n  fix: ${fix}`,
  ];

  test.each([
    ['other-name', named('other-name', 'the file defines "wrong"')],
    ['none', named('none', 'the file defines no service on the platform')],
    ['two', named('two', 'the file defines "two" and "three"')],
    [
      'both',
      [
        'error project/two-sources: apps/both/service.yaml\n  the service is described by apps/both/service.ts too\n  fix: remove one of the two files',
      ],
    ],
    ['throws', load('apps/throws/service.ts:3', 'the file cannot be loaded: no dev')],
    ['typo', load('apps/typo/service.ts:2', 'the file cannot be loaded: ParseError: Unexpected token, expected ","')],
    ['imports', load('apps/imports/service.ts:1', "the file cannot be loaded: Cannot find module '../nowhere.ts'")],
    ['empty', ['error service/value: apps/empty/service.yaml: empty\n  null is not a map\n  fix: write a map']],
    ['text', ['error service/value: apps/text/service.yaml:1:1: text\n  "hello" is not a map\n  fix: write a map']],
    [
      'ending',
      [
        'error project/service-folder: apps/ending/service.yml\n  nothing reads apps/ending/service.yml\n  fix: call it service.yaml',
      ],
    ],
    [
      'capital',
      [
        'error project/service-folder: apps/capital/Service.yaml\n  nothing reads apps/capital/Service.yaml\n  fix: call it service.yaml',
      ],
    ],
    [
      'folder',
      load(
        'apps/folder/service.yaml',
        'the file cannot be read: EISDIR: illegal operation on a directory, read',
        'make it a file that can be read',
      ),
    ],
    ['alias', syntax('alias/service.yaml:1:8', 'there is no anchor &team before this alias', 'write the value itself')],
    ['bomb', syntax('bomb/service.yaml:1:1', 'its aliases unfold to too many values', 'write the values out')],
    ['tag', syntax('tag/service.yaml:1:8', 'Unresolved tag: !team', 'leave the tag out')],
    [
      'documents',
      syntax('documents/service.yaml:3:1', 'the file holds more than one document', 'write one document per file'),
    ],
    [
      'fine',
      [
        'error service/value: apps/fine/service.yaml:5:16: fine: predictor.resources.cpu\n  "8GB" is not a Kubernetes quantity\n  fix: write cores as 4, or thousandths of a core as 500m',
      ],
    ],
    ['shared', []],
    ['.hidden', []],
  ])('%s', (folder, findings) => {
    expect(about(folder)).toEqual(findings);
  });

  test('whatever is wrong with the others, nothing goes unsaid and nothing is written', () => {
    expect(after('mixed')).toMatchObject({ code: 1, stdout: '' });
    expect(after('mixed').stderr).toMatch(/\n17 errors; nothing was written\n$/);
  });
});

describe('the same service in TypeScript and in YAML', () => {
  test('is the same tree, byte for byte, whatever the order of its fields', () => {
    expect(after('yaml')).toMatchObject({ code: 0 });
    // Only YAML has lines to name.
    const stderr = after('yaml').stderr.replace('apps/hello/service.yaml:23:3: ', '');
    expect(after('typescript')).toEqual({ ...after('yaml'), stderr });
    expect(treeOf('typescript')).toEqual(treeOf('yaml'));
    expect([...treeOf('yaml').keys()]).toContain(
      'envs/prod-eu/eu-1/ml/hello/manifests/inferenceservice.hello-embedding-v2.yaml',
    );
  });

  test('may stand in a folder of another name, files beside it included', () => {
    expect(after('elsewhere')).toEqual(after('typescript'));
    expect(treeOf('elsewhere')).toEqual(treeOf('yaml'));
  });
});

test("a link to the folder of a service is not followed, and said; links to other things are nobody's business", async () => {
  const root = projectWith({
    'apps/hello/service.yaml': SERVICE,
    'elsewhere/linked/service.yaml': SERVICE,
    'elsewhere/shared/values.ts': 'export const one = 1;\n',
  });
  for (const name of ['linked', 'shared']) symlinkSync(`../elsewhere/${name}`, join(root, 'apps', name));
  expect(await run(root, ['synth'])).toMatchObject({
    code: 1,
    stderr:
      'error project/service-folder: apps/linked\n  a link to the folder of a service is not followed\n  fix: put the folder itself here\n1 error; nothing was written\n',
  });
});

test.each([
  ['ends the process', 'process.exit(0);\n'],
  ['waits for what never comes', 'await new Promise(() => {});\nexport {};\n'],
])('a file that %s is no success', async (_, text) => {
  const root = projectWith({ 'apps/hello/service.ts': text });
  const { code, stderr } = await run(root, ['synth', '--check']);
  expect(code).toBe(1);
  expect(stderr).toContain(
    'error project/load: apps/hello/service.ts\n  the file ended the process, or waits for what never comes\n  fix: remove process.exit(), and what it awaits\n',
  );
});

describe('what a file starts and does not wait for', () => {
  const failing = 'what the file started failed, and nothing handles the error';
  const fix = 'await it in the file, or handle its error';

  test.each([
    ['a promise', "void Promise.reject(new Error('x'));", ':8', 'x'],
    ['a promise without an error', "void Promise.reject('just text');", '', 'just text'],
    ['a timer', "setTimeout(() => { throw new Error('x\\ny'); }, 0);", ':8', 'x'],
  ])(
    'is a finding when it fails while the project is read, and nothing is written: %s',
    async (_, code, line, said) => {
      const root = projectWith({ 'apps/hello/service.ts': serviceInTypeScript('hello', HELLO, `${code}\n`) });
      expect(await run(root, ['synth'])).toEqual({
        code: 1,
        signal: null,
        stdout: '',
        stderr: `error project/load: apps/hello/service.ts${line}\n  ${failing}: ${said}\n  fix: ${fix}\n1 error; nothing was written\n`,
      });
      expect(existsSync(join(root, 'gitops'))).toBe(false);
    },
  );

  test.each([
    ['throws', "throw new Error('x');", ' apps/hello/service.ts:8: what the file'],
    ['rejects', "void Promise.reject('x');", ' what a file of the project'],
  ])('is one line and exit code 1 when it %s after all was written', async (_, code, file) => {
    const late = `process.once('beforeExit', () => { ${code} });\n`;
    const root = projectWith({ 'apps/hello/service.ts': serviceInTypeScript('hello', HELLO, late) });
    const { code: exit, stderr } = await run(root, ['synth']);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^gitops: \d+ written, 0 removed, 0 unchanged\n/);
    expect(stderr.split('\n').slice(1)).toEqual([
      `error project/load:${file} started failed, and nothing handles the error: x; the run did not wait for it`,
      '',
    ]);
  });

  test('has no part in a mistake of ours, which keeps its stack', async () => {
    const root = projectWith({ 'apps/platform.ts': `${PLATFORM}platform.render = null as never;\n` });
    const { code, stderr } = await run(root, ['synth']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^TypeError: platform\.render is not a function\n {4}at /);
  });
});

test('a platform that is exported under another name is the first that a service says', async () => {
  const root = projectWith({
    'apps/hello/service.ts': serviceInTypeScript('hello', HELLO),
    'apps/platform.ts': PLATFORM.replace('const platform', 'const plattform'),
  });
  expect((await run(root, ['synth'])).stderr).toContain(
    'the file cannot be loaded: the platform is undefined: import it under the name that platform.ts exports\n',
  );
});

test('a mistake in service.yaml is told with file, line and column, in an override too', () => {
  expect(after('place').stderr).toBe(`error service/value: apps/hello/service.yaml:17:22: hello: function.scaling.max
  "four" is not a number
  fix: write a number
error service/value: apps/hello/service.yaml:50:29: hello: overrides.prod.predictor.scaling.min
  "two" is not a number
  fix: write a number
2 errors; nothing was written
`);
});
