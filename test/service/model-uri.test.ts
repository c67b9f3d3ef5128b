import { describe, expect, test } from 'vitest';
import { modelTextProblems, modelUriProblem } from '../../src/service/model-uri.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = `sha256:${'a1'.repeat(32)}`;

describe('a storage URI that names one version for ever is accepted', () => {
  test.each([
    's3://ml-models/fraud-detector/v47/',
    's3://ml-models/fraud-detector/47/',
    's3://ml-models/fraud-detector/v47/model.joblib',
    's3://ml-models/fraud-detector/2026-08-01/',
    's3://ml-models/1/models/m-5ced0a1b2c3d4e5f60718293a4b5c6d7/artifacts/',
    's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/artifacts/model/',
    'gs://ml-models/fraud/1.4.2/',
    `hf://acme/support-llm:${COMMIT}`,
    `oci://registry.example.com/models/fraud@${DIGEST}`,
    'pvc://models/fraud/v47/',
    'https://account.blob.core.windows.net/models/fraud/v47/model.onnx',
    's3://ml-models/fraud-detector-v47.tar.gz',
  ])('%s', (uri) => {
    expect(modelUriProblem(uri)).toBeUndefined();
  });
});

describe('a storage URI without a version, of a model whose version and digest are known otherwise,', () => {
  test.each(['s3://ml-models/pipelines-k2xq-TrainModel-aBcDeFgHiJ/output/model.tar.gz', 'gs://ml-models/fraud/'])(
    'is accepted: %s',
    (uri) => {
      expect(modelUriProblem(uri, { pinned: true })).toBeUndefined();
      expect(modelUriProblem(uri)?.message).toContain('no version in its path');
    },
  );

  test.each([
    's3://ml-models/fraud/latest/',
    's3://ml-models/fraud/v47',
    'hf://acme/support-llm:main',
    'oci://registry.example.com/models/fraud:v47',
  ])('is refused for everything else: %s', (uri) => {
    expect(modelUriProblem(uri, { pinned: true })).toEqual(modelUriProblem(uri));
  });
});

describe('a storage URI that may mean another model tomorrow is refused', () => {
  test.each([
    ['s3://ml-models/fraud/latest/', 'floating name', 's3://ml-models/fraud/v47/'],
    ['s3://ml-models/fraud/Production/', 'floating name', 's3://ml-models/fraud/v47/'],
    ['s3://prod-models/prod/fraud/model.onnx', 'floating name', 's3://prod-models/v47/fraud/model.onnx'],
    ['s3://ml-models/fraud/', 'no version in its path', 's3://ml-models/fraud/v47/'],
    ['s3://ml-models/fraud/v47/?versionId=abc', 'query', 's3://bucket/name/v47/'],
    ['hf://acme/support-llm', 'branch main', 'hf://acme/support-llm:<commit'],
    ['hf://acme/support-llm:main', 'may move', 'hf://acme/support-llm:<commit'],
    ['oci://registry.example.com/models/fraud:latest', 'no digest', 'oci://registry.example.com/models/fraud@sha256:'],
    ['oci://registry.example.com/models/fraud:v47', 'no digest', 'oci://registry.example.com/models/fraud@sha256:'],
  ])('%s', (uri, why, fix) => {
    expect(modelUriProblem(uri)?.message).toContain(why);
    expect(modelUriProblem(uri)?.fix).toContain(fix);
  });
});

describe('a tag or an alias in a store is refused, with what to write instead', () => {
  test.each([
    [
      's3://m/x:latest',
      "write the version as a part of the path: s3://m/x/v47/; if it is in a registry, write ModelRef.registry('<registry>', 'x@latest')",
    ],
    [
      's3://m/x@champion',
      "write the version as a part of the path: s3://m/x/v47/; if it is in a registry, write ModelRef.registry('<registry>', 'x@champion')",
    ],
    [
      's3://m/v2/x:latest/',
      "write the version as a part of the path: s3://m/v2/x/v47/; if it is in a registry, write ModelRef.registry('<registry>', 'x@latest')",
    ],
    ['gs://m/fraud:v46', 'write the version as a part of the path: gs://m/fraud/v46/'],
  ])('%s', (uri, fix) => {
    const sign = /[:@]\w+\/?$/.exec(uri)?.[0].replace('/', '');
    expect(modelUriProblem(uri)).toEqual({
      message: `model URI "${uri}" ends like an image or a registered model: a store knows no tags or aliases, and ${sign} would be part of a name there`,
      fix,
    });
  });

  test('but such a name is one where a registry gave the place', () => {
    expect(modelUriProblem('s3://m/x:v46/', { pinned: true })).toBeUndefined();
    expect(modelUriProblem('s3://m/x:latest/', { pinned: true })?.message).toContain('would be part of a name there');
  });

  test('and times in a path are no tags', () => {
    expect(modelUriProblem('s3://m/x/v47/2026-08-01T10:00/')).toBeUndefined();
  });
});

test('a URI that may be a directory or an object is refused with both spellings', () => {
  const problem = modelUriProblem('s3://ml-models/fraud/v47');
  expect(problem?.message).toContain('may be a directory or an object');
  expect(problem?.fix).toBe(
    'write s3://ml-models/fraud/v47/ for a directory, or s3://ml-models/fraud/v47/<file name> for an object',
  );
});

describe('a scheme that KServe does not load is refused with what to write instead', () => {
  test.each([
    ['models:/fraud/47', 'ModelRef.registry'],
    ['mlflow-artifacts:/1/abc/artifacts/model', 'ModelRef.registry'],
    ['gcs://bucket/fraud/v47/', 'gs://'],
    ['abfs://container@account/fraud/v47/', 'blob.core.windows.net'],
    ['ftp://host/fraud/v47/', 's3'],
    ['fraud/v47/', 's3://'],
  ])('%s', (uri, fix) => {
    expect(modelUriProblem(uri)?.fix).toContain(fix);
  });

  test('one that KServe plans, and does not have yet', () => {
    const uri = `oci+fetch://registry.example.com/models/fraud@${DIGEST}`;
    expect(modelUriProblem(uri)).toEqual({
      message: `model URI "${uri}": KServe does not load oci+fetch://`,
      fix: 'write oci:// or oci+native://; KServe plans oci+fetch, and 0.20 does not have it',
    });
    expect(modelUriProblem(uri.replace('fetch', 'native'))).toBeUndefined();
  });
});

describe('a scheme without its two slashes is refused, and what is to be written is right', () => {
  test.each([
    ['s3:/models/x/v1/', 'one slash', 's3://models/x/v1/'],
    ['gs:/models/x/v1/', 'one slash', 'gs://models/x/v1/'],
    [`hf:/acme/llm:${COMMIT}`, 'one slash', `hf://acme/llm:${COMMIT}`],
    [`oci:/registry.example.com/fraud@${DIGEST}`, 'one slash', `oci://registry.example.com/fraud@${DIGEST}`],
    ['pvc:/models/x/v1/', 'one slash', 'pvc://models/x/v1/'],
    ['https:/models.example.com/x/v1/model.onnx', 'one slash', 'https://models.example.com/x/v1/model.onnx'],
    ['s3:models/x/v1/', 'no slash', 's3://models/x/v1/'],
  ])('%s', (uri, why, right) => {
    expect(modelUriProblem(uri)).toEqual({
      message: `model URI "${uri}" has ${why} behind its scheme, where KServe looks for two`,
      fix: `write ${right}`,
    });
    expect(modelUriProblem(right)).toBeUndefined();
  });

  test('without a secret', () => {
    expect(JSON.stringify(modelUriProblem('s3:/user:hunter2@models/x/v1/?sig=secret'))).not.toMatch(/hunter2|secret/);
  });
});

describe('the path that is to be written instead is right itself', () => {
  test.each([
    ['s3://models/fraud/model.bst', 's3://models/fraud/v47/model.bst'],
    ['s3://models/model.bst', 's3://models/v47/model.bst'],
    ['s3://models/fraud', 's3://models/fraud/v47/'],
    ['s3://models/fraud/', 's3://models/fraud/v47/'],
    ['s3://models/fraud/latest', 's3://models/fraud/v47/'],
    ['s3://models/latest/model.bst', 's3://models/v47/model.bst'],
  ])('%s', (uri, right) => {
    expect(modelUriProblem(uri)?.fix).toMatch(new RegExp(`: ${right}$`));
    expect(modelUriProblem(right)).toBeUndefined();
  });
});

test('user information and query strings never show in the message', () => {
  const problem = modelUriProblem('https://user:hunter2@models.example.com/fraud/v47/model.onnx?sig=secret');
  expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
});

describe('a text in the place of a model', () => {
  const problems = (text: string): string[] =>
    modelTextProblems(text, { uri: (uri) => `uri(${uri})`, registry: 'registry(…)' }).map(
      ({ message, fix }) => `${message} -> ${fix}`,
    );
  const asText = (text: string): string => `"${text}" is text, where a model is written as a map -> write `;
  const either = 'uri(s3://bucket/name/v47/), or for a model in a registry registry(…)';

  test('is written as it is where its place is right', () => {
    expect(problems('s3://m/fraud/v47/')).toEqual([`${asText('s3://m/fraud/v47/')}uri(s3://m/fraud/v47/)`]);
  });

  test('says what is wrong with its place as well', () => {
    expect(problems('s3://m/fraud/')).toEqual([
      `${asText('s3://m/fraud/')}${either}`,
      'model URI "s3://m/fraud/" has no version in its path, so it may mean another model tomorrow -> put the version into the path: s3://m/fraud/v47/',
    ]);
    expect(problems('models:/fraud/Production')).toEqual([
      `${asText('models:/fraud/Production')}${either}`,
      "model URI \"models:/fraud/Production\": KServe does not load models:// -> name the model with ModelRef.registry('<registry>', '<name>@<alias>')",
    ]);
  });

  test('may be a name', () => {
    expect(problems('fraud@champion')).toEqual([`${asText('fraud@champion')}${either}`]);
  });

  test('shows no secret', () => {
    const said = problems('https://user:hunter2@models.example.com/fraud/v47/model.onnx?sig=secret').join();
    expect(said).toContain('"https://…@models.example.com/fraud/v47/model.onnx?…" is text');
    expect(said).not.toMatch(/hunter2|secret/);
  });
});
