import { describe, expect, test } from 'vitest';
import { modelUriProblem } from '../../src/service/model-uri.ts';

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
  test.each(['s3://ml-models/pipelines-k2xq-TrainModel-aBcDeFgHiJ/output/model.tar.gz', 'gs://ml-models/fraud/'])('is accepted: %s', (uri) => {
    expect(modelUriProblem(uri, { pinned: true })).toBeUndefined();
    expect(modelUriProblem(uri)?.message).toContain('no version in its path');
  });

  test.each(['s3://ml-models/fraud/latest/', 's3://ml-models/fraud/v47', 'hf://acme/support-llm:main', 'oci://registry.example.com/models/fraud:v47'])('is refused for everything else: %s', (uri) => {
    expect(modelUriProblem(uri, { pinned: true })).toEqual(modelUriProblem(uri));
  });
});

describe('a storage URI that may mean another model tomorrow is refused', () => {
  test.each([
    ['s3://ml-models/fraud/latest/', 'floating name', 's3://ml-models/fraud/v47/'],
    ['s3://ml-models/fraud/Production/', 'floating name', 's3://ml-models/fraud/v47/'],
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

test('a URI that may be a directory or an object is refused with both spellings', () => {
  const problem = modelUriProblem('s3://ml-models/fraud/v47');
  expect(problem?.message).toContain('may be a directory or an object');
  expect(problem?.fix).toBe('write s3://ml-models/fraud/v47/ for a directory, or s3://ml-models/fraud/v47/<file name> for an object');
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
});

test('user information and query strings never show in the message', () => {
  const problem = modelUriProblem('https://user:hunter2@models.example.com/fraud/v47/model.onnx?sig=secret');
  expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
});
