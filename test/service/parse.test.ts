import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { fieldPath, parseWith, pathOfField } from '../../src/service/parse.ts';
import { platform } from '../../src/service/platform.ts';
import { aiService, aiServiceFile } from '../../src/service/service.ts';

const valid = {
  owner: { team: 'risk-ml' },
  predictor: {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud/v47/' },
    resources: { cpu: '4', memory: '8Gi' },
  },
};

function findingsFor(value: unknown): { field: string | undefined; message: string; fix: string }[] {
  return parseWith(aiService, value, { service: 'fraud' }).findings.map(({ where, message, fix }) => ({
    field: where.field,
    message,
    fix,
  }));
}

test('a service gets every default', () => {
  const { value, findings } = parseWith(aiService, valid, {});
  expect(findings).toEqual([]);
  expect(value?.predictor?.scaling).toEqual({ min: 1 });
  expect(value?.traffic.retries).toEqual({ attempts: 2 });
  expect(value?.predictor?.resources.limits).toEqual({});
});

test('an unknown field is named, with the one that was meant', () => {
  expect(findingsFor({ ...valid, predictor: { ...valid.predictor, scalling: {} } })).toEqual([
    { field: 'predictor.scalling', message: 'unknown field "scalling"', fix: 'did you mean "scaling"?' },
  ]);
});

test('a quantity without sense says what was meant', () => {
  const [cpu] = findingsFor({ ...valid, predictor: { ...valid.predictor, resources: { cpu: '-1', memory: '8Gi' } } });
  expect(cpu?.field).toBe('predictor.resources.cpu');
  const [memory] = findingsFor({ ...valid, predictor: { ...valid.predictor, resources: { cpu: '4', memory: '8GB' } } });
  expect(memory).toMatchObject({ field: 'predictor.resources.memory' });
  expect(memory?.fix).toContain('8Gi');
});

test('all mistakes are found, not only the first', () => {
  const found = findingsFor({ owner: {}, predictor: { framework: 'sklern', resources: { cpu: '4', memory: '8Gi' } } });
  expect(found.map(({ field }) => field)).toEqual(['owner.team', 'predictor.framework']);
});

test('a missing field says what is expected', () => {
  expect(findingsFor({ predictor: valid.predictor })).toEqual([
    { field: 'owner', message: 'the field is missing', fix: 'write it; expected a map' },
  ]);
});

test('a union that nothing fits names the forms', () => {
  const [finding] = findingsFor({ ...valid, predictor: { ...valid.predictor, scaling: { target: 70 } } });
  expect(finding?.field).toBe('predictor.scaling.target');
  expect(finding?.message).toBe('70 fits none of the forms that are allowed here');
});

test('the option of a union that got furthest says what is wrong', () => {
  const [finding] = findingsFor({
    ...valid,
    predictor: { ...valid.predictor, model: { uri: 's3://ml-models/fraud/latest/' } },
  });
  expect(finding?.field).toBe('predictor.model.uri');
  expect(finding?.message).toContain('floating name');
});

test('a service needs a predictor or a function', () => {
  expect(findingsFor({ owner: { team: 'risk-ml' } })[0]?.message).toBe(
    'the service has neither a predictor nor a function',
  );
});

describe('a mistake in one field hides none in others', () => {
  const resources = { cpu: 4, memory: '8Gi' };
  const saidOf = (schema: z.ZodType, value: unknown): string[] =>
    parseWith(schema, value, {}).findings.map(({ where, message }) => `${where.field}: ${message}`);

  test.each<[string, unknown, readonly string[]]>([
    [
      'of what a service is made of',
      { owner: { team: 5 }, canary: { steps: 'x' }, shadow: {}, transformer: { image: 'a:1', resources } },
      [
        'owner.team: 5 is not text',
        'transformer.resources.cpu: 4 is not text',
        'canary.steps: "x" is not a list',
        'predictor: the service has neither a predictor nor a function',
        'transformer: a transformer needs a predictor',
        'shadow: the service has canary already, and one policy decides how releases get their traffic',
      ],
    ],
    [
      'of a model server',
      { ...valid, predictor: { framework: 'custom', resources } },
      ['predictor.resources.cpu: 4 is not text', 'predictor.image: a custom server has no image'],
    ],
    [
      'of scaling',
      { ...valid, predictor: { ...valid.predictor, scaling: { min: 3, max: 1, target: 70 } } },
      [
        'predictor.scaling.target: 70 fits none of the forms that are allowed here',
        'predictor.scaling.max: max 1 is below min 3',
      ],
    ],
    [
      'of an objective',
      { ...valid, monitoring: { slos: [{ custom: { name: 'a', objective: 'x', total: 'y' } }] } },
      [
        'monitoring.slos[0].custom.objective: "x" is not a number',
        'monitoring.slos[0].custom: the objective "a" counts neither good nor bad events',
      ],
    ],
    [
      'of an option of a union',
      { ...valid, monitoring: { drift: [{ psi: { metric: 5, reference: 7, treshold: 1 } }] } },
      [
        'monitoring.drift[0].psi.metric: 5 is not text',
        'monitoring.drift[0].psi.reference: 7 is not text',
        'monitoring.drift[0].psi.treshold: unknown field "treshold"',
      ],
    ],
    [
      'beside an option of a union',
      { ...valid, predictor: { ...valid.predictor, scaling: { target: { cpu: 500, mem: 1 } } } },
      ['predictor.scaling.target.cpu: 500 is more than 100', 'predictor.scaling.target.mem: unknown field "mem"'],
    ],
    [
      'of a union in a union',
      { ...valid, predictor: { ...valid.predictor, env: { A: { url: 'x' }, B: { secret: 5, key: true } } } },
      [
        'predictor.env.A.url: the endpoint is not a URL',
        'predictor.env.B.secret: the value is not text',
        'predictor.env.B.key: the value is not text',
      ],
    ],
    [
      'of a model in a registry',
      { ...valid, predictor: { ...valid.predictor, model: { registry: 'corp' } } },
      [
        'predictor.model.name: the field is missing',
        'predictor.model: a registry model needs a version or an alias, and not both',
      ],
    ],
  ])('%s', (_, value, said) => {
    expect(saidOf(aiService, value)).toEqual(said);
  });

  test('of a platform', () => {
    const prometheus = {
      version: '2.45',
      nativeHistograms: 'scraped',
      retention: 5,
      alertmanager: { receivers: { a: {} }, routes: { critical: 'b', warning: 'a' } },
    };
    expect(
      saidOf(platform, {
        gitops: { repoUrl: 'https://git.example.com/x.git' },
        argocd: { version: '3.5' },
        clusters: { 'eu-1': { kubernetes: '1.33', prometheus } },
        environments: {},
      }),
    ).toEqual([
      'clusters.eu-1.prometheus.retention: 5 is not text',
      'clusters.eu-1.prometheus.alertmanager.receivers.a: the map fits none of the forms that are allowed here',
      'clusters.eu-1.prometheus.alertmanager.routes.critical: there is no receiver "b"',
      'clusters.eu-1.prometheus.nativeHistograms: Prometheus 2.45 cannot: native histograms that are scraped came with 3.0',
    ]);
  });

  test('and nothing is said about a field that cannot be read', () => {
    expect(saidOf(aiService, { ...valid, models: null })).toEqual(['models: null is not a map']);
    expect(saidOf(aiService, { ...valid, predictor: { ...valid.predictor, scaling: { min: 'x', max: 1 } } })).toEqual([
      'predictor.scaling.min: "x" is not a number',
    ]);
    expect(saidOf(aiService, [])).toEqual(['undefined: [] is not a map']);
  });

  test('and a map that is as near to two options is told all forms', () => {
    const [finding] = parseWith(
      aiService,
      { ...valid, predictor: { ...valid.predictor, env: { A: { secret: 'a', configMap: 'b', key: 'c' } } } },
      {},
    ).findings;
    expect(finding?.message).toBe('the map fits none of the forms that are allowed here');
  });
});

describe('no message speaks of the validator', () => {
  /** All schemas of texts below a schema that have a pattern or a format, record keys too. */
  function patterned(schema: z.core.$ZodType, seen = new Set<z.core.$ZodType>()): z.ZodType[] {
    if (seen.has(schema)) return [];
    seen.add(schema);
    const { def } = schema._zod as z.core.$ZodTypeInternals & { def: Record<string, unknown> };
    const formats = [schema, ...(def.checks ?? [])].filter(
      (each) => 'check' in each._zod.def && each._zod.def.check === 'string_format',
    );
    if (def.type === 'string') return formats.length > 0 ? [schema as z.ZodType] : [];
    const parts = [
      def['innerType'],
      def['element'],
      def['keyType'],
      def['valueType'],
      def['items'],
      def['options'],
      Object.values(def['shape'] ?? {}),
    ];
    return (parts.flat() as (z.core.$ZodType | undefined)[]).flatMap((part) =>
      part === undefined ? [] : patterned(part, seen),
    );
  }

  test('in place of a pattern there are words, and an example that is right', () => {
    const seen = new Set<z.core.$ZodType>();
    const schemas = [...patterned(aiServiceFile, seen), ...patterned(platform, seen)];
    const said = schemas.map((schema) => {
      const [finding, ...others] = parseWith(schema, ' .. ', {}).findings;
      expect(others).toEqual([]);
      const [, what, example = ''] = /^write (.*), as "?([^\s",]+)/.exec(finding?.fix ?? '') ?? [];
      expect([finding?.message, schema.safeParse(example).success], finding?.fix).toEqual([
        `" .. " is not ${what}`,
        true,
      ]);
      return finding?.fix;
    });
    expect(said).toContain('write a path that starts with "/", as /healthz');
    expect(said).toContain(
      'write a host name in lower case with at most 63 characters between two dots, as fraud.example.com',
    );
    expect(said).toContain('write a URL, as https://10.0.0.1:6443');
    expect(new Set(said).size).toBeGreaterThan(25);
  });

  const config = {
    gitops: { repoUrl: 'https://git.example.com/x.git' },
    argocd: { version: '3.5' },
    clusters: { 'eu-1': { kubernetes: '1.33' } },
    environments: {},
  };
  const cluster = (more: object): unknown => ({ ...config, clusters: { 'eu-1': { kubernetes: '1.33', ...more } } });
  const istio = (version: unknown): unknown => cluster({ istio: { version, dataplane: 'ambient' } });
  const predictor = (more: object): unknown => ({ ...valid, predictor: { ...valid.predictor, ...more } });
  const VERSION = 'write a version, as "1.30", or a list of both versions of an upgrade';

  test.each<[string, z.ZodType, unknown, string]>([
    ['a version with a letter', platform, istio('v1.30'), `"v1.30" is not a version -> ${VERSION}`],
    ['a version that YAML and TypeScript read as a number', platform, istio(1.3), `1.3 is not a version -> ${VERSION}`],
    ['one version in a list', platform, istio(['1.30']), `["1.30"] is not a version -> ${VERSION}`],
    [
      'no version',
      platform,
      istio(undefined),
      'the field is missing -> write it; expected a version, as "1.30", or a list of both versions of an upgrade',
    ],
    [
      'a destination of two forms',
      platform,
      cluster({ destination: { name: 'a', server: 'https://10.0.0.1' } }),
      'the map fits none of the forms that are allowed here -> leave out server, or name',
    ],
    [
      'a destination of two forms, one of them wrong',
      platform,
      cluster({ destination: { name: 'a', server: 'b' } }),
      'the map fits none of the forms that are allowed here -> leave out server, or name',
    ],
    [
      'text in place of a map of one form or another',
      aiService,
      predictor({ model: 's3://ml-models/a/v1/' }),
      '"s3://ml-models/a/v1/" is text, where a model is written as a map -> write ModelRef.uri(\'s3://ml-models/a/v1/\')',
    ],
    [
      'a destination that is no URL',
      platform,
      cluster({ destination: { server: '10.0.0.1' } }),
      '"10.0.0.1" is not a URL -> write a URL, as https://10.0.0.1:6443',
    ],
    [
      'a namespace that is none',
      platform,
      { ...config, environments: { dev: { stage: 'dev', clusters: ['eu-1'], namespace: 'My_ns' } } },
      '"My_ns" is not a DNS label -> use at most 63 lower-case letters, digits and "-", with a letter or digit at both ends',
    ],
    [
      'annotations that are no function',
      platform,
      cluster({ serviceAccountAnnotations: {} }),
      'the map is not a function -> write a function',
    ],
    ['an empty list', aiService, { ...valid, canary: { steps: [] } }, 'the list is empty -> write at least 1 entry'],
    ['an empty text', aiService, { ...valid, description: '' }, 'the text is empty -> write at least 1 character'],
    [
      'a long text',
      aiService,
      { ...valid, abTest: { header: { name: 'x', value: 'x'.repeat(257) } } },
      'the text has 257 characters, more than 256 -> write at most 256 characters',
    ],
    [
      'a number that is too small',
      aiService,
      predictor({ scaling: { min: -1 } }),
      '-1 is less than 0 -> write at least 0',
    ],
    [
      'nothing, where more is needed',
      aiService,
      { ...valid, traffic: { expectedRps: 0 } },
      '0 is not more than 0 -> write more than 0',
    ],
    [
      'an environment variable',
      aiService,
      predictor({ env: { 'A B': 'x' } }),
      '"A B" is not the name of a variable -> write the name of a variable, as MODEL_URL',
    ],
    [
      'a misspelt choice',
      aiService,
      predictor({ framework: 'xgbost' }),
      '"xgbost" is no value that is known here -> did you mean "xgboost"?',
    ],
    [
      'a misspelt choice in a list',
      platform,
      cluster({ prometheus: { version: '3.4', sources: ['knativ'] } }),
      '"knativ" is no value that is known here -> did you mean "knative"?',
    ],
    [
      'a choice that there is not',
      platform,
      cluster({ kserve: { version: '0.20', mode: 'x' } }),
      '"x" is no value that is known here -> write "Standard" or "Knative"',
    ],
  ])('%s', (_, schema, value, said) => {
    expect(parseWith(schema, value, {}).findings.map(({ message, fix }) => `${message} -> ${fix}`)).toEqual([said]);
  });
});

describe('a number where text is wanted', () => {
  test.each<[string, object, string]>([
    [
      'is put in quotes',
      { predictor: { ...valid.predictor, resources: { cpu: 4, memory: '8Gi' } } },
      '4 is not text -> write it in quotes: "4"',
    ],
    [
      'gets a unit, where quotes alone would be refused',
      { canary: { steps: [50], bake: 90 } },
      '90 is not text -> write a number with a unit: "90s" or "90m"',
    ],
    [
      'gets a unit of bytes',
      { predictor: { ...valid.predictor, resources: { cpu: '4', memory: 8 } } },
      '8 is not text -> write 8Gi or 8Mi',
    ],
    [
      'is not repeated where secrets may be',
      { predictor: { ...valid.predictor, env: { PIN: 1234 } } },
      'the value is not text -> write it in quotes',
    ],
  ])('%s', (_, more, said) => {
    expect(findingsFor({ ...valid, ...more }).map(({ message, fix }) => `${message} -> ${fix}`)).toEqual([said]);
  });

  test('is looked at by itself, however many there are', () => {
    expect(
      findingsFor({
        ...valid,
        canary: { steps: [50], bake: 90 },
        traffic: { timeout: 30, retries: { perTryTimeout: 5 } },
      }).map(({ field, fix }) => [field, fix]),
    ).toEqual([
      ['traffic.timeout', 'write a number with a unit: "30s" or "30m"'],
      ['traffic.retries.perTryTimeout', 'write a number with a unit: "5s" or "5m"'],
      ['canary.bake', 'write a number with a unit: "90s" or "90m"'],
    ]);
  });
});

test('amounts that nobody means are refused', () => {
  const resources = { cpu: '0', memory: '0', limits: { memory: '99999999999999Ei' } };
  const predictor = {
    ...valid.predictor,
    resources,
    scaling: { max: 999_999_999, target: { concurrency: 999_999_999 } },
  };
  expect(
    findingsFor({ ...valid, predictor, traffic: { expectedRps: 1e300 } }).map(
      ({ field, message }) => `${field}: ${message}`,
    ),
  ).toEqual([
    'traffic.expectedRps: 1e+300 is more than 10000000',
    'predictor.resources.cpu: "0" asks for nothing, so that no node keeps room for it',
    'predictor.resources.memory: "0" asks for nothing, so that no node keeps room for it',
    'predictor.resources.limits.memory: "99999999999999Ei" is more memory than a node has',
    'predictor.scaling.max: 999999999 is more than 10000',
    'predictor.scaling.target.concurrency: 999999999 is more than 10000',
  ]);
});

test('a model that is a text is told in the language of its file, in an override too', () => {
  const props = { ...valid, overrides: { dev: { predictor: { model: 's3://ml-models/a/v1/' } } } };
  const fix = (file: string): string[] => parseWith(aiServiceFile, props, { file }).findings.map((each) => each.fix);
  expect(fix('apps/a/service.yaml')).toEqual(['write { uri: "s3://ml-models/a/v1/" }']);
  expect(fix('apps/a/service.ts')).toEqual(["write ModelRef.uri('s3://ml-models/a/v1/')"]);
});

test.each([
  ['predictor', ['predictor']],
  ['predictor.args[0]', ['predictor', 'args', 0]],
  ['environments["../dev"].stage', ['environments', '../dev', 'stage']],
  ['predictor.env["A \\" B"]', ['predictor', 'env', 'A " B']],
])('a field is a path and back: %s', (field, path) => {
  expect(pathOfField(field)).toEqual(path);
  expect(fieldPath(undefined, path)).toBe(field);
});

test.each(['/spec/hosts/0', 'traffic and canary', 'a..b', 'a[x]', 'a.'])('%j names no path', (field) => {
  expect(pathOfField(field)).toBeUndefined();
});
