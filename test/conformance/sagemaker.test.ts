import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/release/registries/open.ts';
import { refusal, type Registry } from '../../src/release/registries/registry.ts';
import { signV4 } from '../../src/release/registries/sigv4.ts';
import { world } from '../release/registries/world.ts';
import { startServer, type PythonServer } from './python-server.ts';

/** SageMaker and S3 as moto speaks them: it parses our protocol and checks our input like the service models of AWS. */

const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

let server: PythonServer;
let registry: Registry;

beforeAll(async () => {
  server = await startServer('moto_server', (port) => ['-H', '127.0.0.1', '-p', port], tmpdir(), '/moto-api/');
  const env = {
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: server.url,
  };
  registry = await openRegistry('aws', { kind: 'sagemaker', region: REGION }, world({ env }).deps);
  await s3(
    'PUT',
    '/ml-models',
    `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
  );
});

afterAll(() => server?.stop());

async function s3(method: string, path: string, body: string): Promise<void> {
  const url = `${server.url}${path}`;
  const signed = signV4(
    { method, url, body },
    { credentials: CREDENTIALS, region: REGION, service: 's3', now: Date.now() },
  );
  expect((await fetch(url, { method, headers: signed, body })).status).toBe(200);
}

async function call(operation: string, input: object): Promise<Record<string, unknown>> {
  const [url, body] = [`${server.url}/`, JSON.stringify(input)];
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `SageMaker.${operation}` };
  const signed = signV4(
    { method: 'POST', url, headers, body },
    { credentials: CREDENTIALS, region: REGION, service: 'sagemaker', now: Date.now() },
  );
  const response = await fetch(url, { method: 'POST', headers: { ...headers, ...signed }, body });
  expect([operation, response.status]).toEqual([operation, 200]);
  return (await response.json()) as Record<string, unknown>;
}

/** A version of a group, with its archive in S3. */
async function register(group: string, version: number, approval: string): Promise<string> {
  const key = `${group}/${version}/output/model.tar.gz`;
  await s3('PUT', `/ml-models/${key}`, `bytes of ${group} ${version}`);
  const container = {
    Image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/fraud:1',
    ModelDataUrl: `s3://ml-models/${key}`,
  };
  const { ModelPackageArn } = await call('CreateModelPackage', {
    ModelPackageGroupName: group,
    ModelApprovalStatus: approval,
    InferenceSpecification: {
      Containers: [container],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['text/csv'],
    },
  });
  return String(ModelPackageArn);
}

test('the newest approved version is locked with its ARN and a digest of its bytes', async () => {
  await call('CreateModelPackageGroup', {
    ModelPackageGroupName: 'fraud',
    ModelPackageGroupDescription: 'fraud detection',
  });
  const arn = await register('fraud', 1, 'Approved');
  await register('fraud', 2, 'PendingManualApproval');
  const { value, findings } = await registry.resolve({ name: 'fraud', alias: 'latestApproved' });
  expect(findings).toEqual([]);
  expect(value).toMatchObject({
    name: 'fraud',
    version: '1',
    uri: 's3://ml-models/fraud/1/output/model.tar.gz',
    uid: arn,
    status: 'ready',
    approval: 'approved',
  });
  expect(value?.digest).toMatch(/^etag-tree:[0-9a-f]{64}$/);
  expect(value?.created).toMatch(/^20\d\d-/);
});

test('latest is the newest approved version, and one that waits for approval where that is allowed', async () => {
  expect((await registry.resolve({ name: 'fraud', alias: 'latest' })).value?.version).toBe('1');
  expect((await registry.resolve({ name: 'fraud', alias: 'latest', allow: { unapproved: true } })).value?.version).toBe(
    '2',
  );
});

test('a version that waits for approval is refused', async () => {
  const { value } = await registry.describe('fraud', '2');
  expect(value && refusal(value, {})?.id).toBe('registry/not-approved');
});

test('a group and a version that are not there are findings', async () => {
  expect((await registry.describe('fraud', '9')).findings.map(({ id }) => id)).toEqual(['registry/not-found']);
  expect((await registry.resolve({ name: 'nobody', alias: 'latestApproved' })).findings.map(({ id }) => id)).toEqual([
    'registry/not-found',
  ]);
});

describe('a pin', () => {
  test('holds, until the bytes change, the approval is revoked, or another version is approved', async () => {
    await call('CreateModelPackageGroup', { ModelPackageGroupName: 'churn', ModelPackageGroupDescription: 'churn' });
    const arn = await register('churn', 1, 'Approved');
    const { name, version, uri, digest, uid, created, approval } = (
      await registry.resolve({ name: 'churn', alias: 'latestApproved' })
    ).value!;
    const pin = {
      name,
      version,
      uri,
      digest: digest!,
      uid: uid!,
      created: created!,
      approval,
      alias: 'latestApproved',
    };
    expect(await registry.verify(pin)).toEqual([]);
    await s3('PUT', '/ml-models/churn/1/output/model.tar.gz', 'other bytes');
    expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['bytes-changed']);
    await call('UpdateModelPackage', { ModelPackageArn: arn, ModelApprovalStatus: 'Rejected' });
    expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual([
      'alias-moved',
      'approval-revoked',
      'bytes-changed',
    ]);
  });
});
