import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/release/registries/open.ts';
import { refusal, type Registry } from '../../../src/release/registries/registry.ts';
import { serve, type Answers, type Routes, type Server } from './server.ts';
import { world, type WorldOptions } from './world.ts';

const AWS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
const ARN = 'arn:aws:sagemaker:eu-central-1:123456789012:model-package/fraud';
const HOST = 'api.sagemaker.eu-central-1.amazonaws.com';

type Input = Record<string, unknown>;
type Operations = Readonly<Record<string, (input: Input) => Answers>>;

/** The JSON 1.1 protocol: one path, the operation in a header. */
function sageMaker(operations: Operations): Routes {
  return {
    [`POST ${HOST}/`]: ({ headers, body }) => {
      const operation = String(headers['x-amz-target']).replace('SageMaker.', '');
      return (
        operations[operation]?.(JSON.parse(body) as Input) ?? { status: 400, json: { __type: 'ValidationException' } }
      );
    },
  };
}

const summary = (version: number, more: object = {}): object => ({
  ModelPackageArn: `${ARN}/${version}`,
  ModelPackageGroupName: 'fraud',
  ModelPackageVersion: version,
  CreationTime: Date.UTC(2026, 10, 2, 10, 11) / 1000 + version + 0.5,
  ModelPackageStatus: 'Completed',
  ModelApprovalStatus: 'PendingManualApproval',
  ...more,
});

const CONTAINER = { Image: 'image', ModelDataUrl: 's3://ml-models/fraud/12/output/model.tar.gz' };

const described = (containers: readonly object[] = [CONTAINER], more: object = {}): Operations => ({
  DescribeModelPackage: ({ ModelPackageName }) =>
    ModelPackageName === `${ARN}/12`
      ? {
          json: {
            ...summary(12, { ModelApprovalStatus: 'Approved' }),
            InferenceSpecification: { Containers: containers },
            ...more,
          },
        }
      : { status: 400, json: { __type: 'ValidationException', message: 'ModelPackage does not exist' } },
});

async function aws(
  operations: Operations,
  options: WorldOptions & { account?: string | undefined; more?: Routes } = {},
): Promise<{ registry: Registry; server: Server; slept: number[] }> {
  const cloud = await serve({ ...sageMaker(operations), ...options.more });
  const { deps, slept } = world({ env: AWS, ...options, cloud });
  const account = 'account' in options ? options.account : '123456789012';
  return {
    registry: await openRegistry('aws', { kind: 'sagemaker', region: 'eu-central-1', account }, deps),
    server: cloud,
    slept,
  };
}

describe('a model package', () => {
  test('is locked with its ARN, metadata and metrics', async () => {
    const { registry, server } = await aws(
      described([CONTAINER], {
        MetadataProperties: { GeneratedBy: 'arn:aws:sagemaker:eu-central-1:123456789012:pipeline/fraud' },
        CustomerMetadataProperties: { team: 'risk' },
        ModelMetrics: {
          ModelQuality: {
            Statistics: { ContentType: 'application/json; v=1', S3Uri: 's3://ml-models/quality/12/statistics.json' },
          },
        },
      }),
      {
        more: {
          'GET ml-models.s3.us-east-1.amazonaws.com/quality/12/statistics.json': {
            json: {
              version: 0,
              binary_classification_metrics: {
                auc: { value: 0.97, standard_deviation: 'NaN' },
                confusion_matrix: { 0: { 0: 5 } },
              },
            },
          },
          'HEAD ml-models.s3.us-east-1.amazonaws.com/fraud/12/output/model.tar.gz': {
            headers: { 'x-amz-checksum-sha256': Buffer.from('cd'.repeat(32), 'hex').toString('base64') },
          },
        },
      },
    );
    expect(await registry.describe('fraud', '12')).toEqual({
      value: {
        name: 'fraud',
        version: '12',
        uri: 's3://ml-models/fraud/12/output/model.tar.gz',
        digest: `sha256:${'cd'.repeat(32)}`,
        run: 'arn:aws:sagemaker:eu-central-1:123456789012:pipeline/fraud',
        uid: `${ARN}/12`,
        created: '2026-11-02T10:11:12.500Z',
        status: 'ready',
        approval: 'approved',
        metrics: { auc: 0.97 },
        tags: { team: 'risk' },
        datasets: {},
      },
      findings: [],
    });
    expect(server.seen[0]?.headers.authorization).toMatch(
      /Credential=AKIDEXAMPLE\/20261121\/eu-central-1\/sagemaker\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, /,
    );
  });

  test.each([
    [
      'an S3Prefix keeps its slash',
      { S3DataSource: { S3Uri: 's3://ml-models/fraud/12/', S3DataType: 'S3Prefix', CompressionType: 'None' } },
      's3://ml-models/fraud/12/',
    ],
    [
      'an S3Prefix without a slash gets one',
      { S3DataSource: { S3Uri: 's3://ml-models/fraud/12', S3DataType: 'S3Prefix', CompressionType: 'None' } },
      's3://ml-models/fraud/12/',
    ],
    [
      'an S3Object has none',
      {
        S3DataSource: {
          S3Uri: 's3://ml-models/fraud/12/model.tar.gz',
          S3DataType: 'S3Object',
          CompressionType: 'Gzip',
        },
      },
      's3://ml-models/fraud/12/model.tar.gz',
    ],
  ])('%s', async (_name, ModelDataSource, uri) => {
    const more = {
      'GET ml-models.s3.us-east-1.amazonaws.com/': { status: 403 },
      'HEAD ml-models.s3.us-east-1.amazonaws.com/fraud/12/model.tar.gz': { status: 403 },
    };
    const { registry } = await aws(described([{ Image: 'image', ModelDataSource }]), { more });
    expect((await registry.describe('fraud', '12')).value?.uri).toBe(uri);
  });

  test('of several containers needs one to be named', async () => {
    const containers = [
      { ...CONTAINER, ContainerHostname: 'prepare' },
      { Image: 'image', ModelDataUrl: 's3://ml-models/fraud/12/second/model.tar.gz' },
    ];
    const more = {
      'HEAD ml-models.s3.us-east-1.amazonaws.com/fraud/12/output/model.tar.gz': { status: 403 },
      'HEAD ml-models.s3.us-east-1.amazonaws.com/fraud/12/second/model.tar.gz': { status: 403 },
    };
    const { registry } = await aws(described(containers), { more });
    expect((await registry.describe('fraud', '12')).findings).toEqual([
      {
        id: 'registry/request',
        severity: 'error',
        where: { field: 'registries.aws' },
        message: 'version 12 of "fraud" has 2 containers, each with a model',
        fix: 'say which: "fraud#prepare" or "fraud#2"',
      },
    ]);
    expect((await registry.describe('fraud#prepare', '12')).value?.uri).toBe(
      's3://ml-models/fraud/12/output/model.tar.gz',
    );
    expect((await registry.describe('fraud#2', '12')).value?.uri).toBe('s3://ml-models/fraud/12/second/model.tar.gz');
    expect((await registry.describe('fraud#3', '12')).findings[0]?.message).toBe(
      'there is no container "3" in version 12 of "fraud#3"',
    );
  });

  test.each([
    ['PendingManualApproval', 'pending'],
    ['Rejected', 'rejected'],
  ])('that is %s is refused', async (ModelApprovalStatus, approval) => {
    const { registry } = await aws(described([CONTAINER], { ModelApprovalStatus }), {
      more: { 'HEAD ml-models.s3.us-east-1.amazonaws.com/fraud/12/output/model.tar.gz': { status: 403 } },
    });
    const { value } = await registry.describe('fraud', '12');
    expect(value?.approval).toBe(approval);
    expect(refusal(value!, {})?.id).toBe('registry/not-approved');
  });

  test('without an account in the configuration is found by its group', async () => {
    const { registry, server } = await aws(
      { ...described(), ListModelPackages: () => ({ json: { ModelPackageSummaryList: [summary(13), summary(12)] } }) },
      { account: undefined },
    );
    await registry.describe('fraud', '12');
    expect(server.seen.slice(0, 2).map(({ body }) => JSON.parse(body) as Input)).toEqual([
      { ModelPackageGroupName: 'fraud', SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 100 },
      { ModelPackageName: `${ARN}/12` },
    ]);
  });
});

describe('selectors', () => {
  const life = (Stage: string, StageStatus: string): object => ({ ModelLifeCycle: { Stage, StageStatus } });
  const operations: Operations = {
    ListModelPackages: ({ NextToken, ModelApprovalStatus }) => {
      const all = [
        summary(14, { ModelPackageStatus: 'Failed', ModelApprovalStatus: 'Approved' }),
        summary(13, life('Staging', 'Approved')),
        ...(NextToken === undefined
          ? []
          : [summary(12, { ModelApprovalStatus: 'Approved', ...life('Production', 'Approved') })]),
      ] as readonly Input[];
      const found = all.filter(
        (one) => ModelApprovalStatus === undefined || one['ModelApprovalStatus'] === ModelApprovalStatus,
      );
      return { json: { ModelPackageSummaryList: found, ...(NextToken === undefined ? { NextToken: 'two' } : {}) } };
    },
  };

  test.each([
    ['latestApproved', '12'],
    ['latest', '12'],
    ['stage=Staging', '13'],
    ['stage=Production/Approved', '12'],
  ])('%s finds a complete version, on a later page too', async (alias, version) => {
    const { registry } = await aws({
      ...operations,
      ...described(),
      DescribeModelPackage: ({ ModelPackageName }) => ({ json: { asked: ModelPackageName } }),
    });
    // What is asked for next says which version was found.
    expect((await registry.resolve({ name: 'fraud', alias })).findings[0]?.message).toBe(
      `there is no container in version ${version} of "fraud"`,
    );
  });

  test('latest may be a version that waits for approval, where that is allowed', async () => {
    const { registry } = await aws({ ...operations, ...described(), DescribeModelPackage: () => ({ json: {} }) });
    const { findings } = await registry.resolve({ name: 'fraud', alias: 'latest', allow: { unapproved: true } });
    expect(findings[0]?.message).toBe('there is no container in version 13 of "fraud"');
  });

  test.each([
    ['champion', 'registry/request', 'SageMaker has no aliases, so there is no "champion"'],
    ['stage=Archived', 'registry/not-found', 'there is no version in stage "Archived" of model package group "fraud"'],
  ])('%s is refused', async (alias, id, message) => {
    const { registry } = await aws(operations);
    expect(
      (await registry.resolve({ name: 'fraud', alias })).findings.map((finding) => [finding.id, finding.message]),
    ).toEqual([[id, message]]);
  });
});

describe('a request that AWS does not answer', () => {
  const latest = { name: 'fraud', alias: 'latest' };

  test('without credentials is not sent', async () => {
    const { registry, server } = await aws({}, { env: {} });
    expect((await registry.resolve(latest)).findings.map(({ id, message }) => [id, message])).toEqual([
      ['registry/credentials', 'there are no credentials for AWS'],
    ]);
    expect(server.seen).toEqual([]);
  });

  test.each([
    'AccessDeniedException',
    'ExpiredTokenException',
    'UnrecognizedClientException',
    'InvalidSignatureException',
  ])('is a matter of credentials when it says %s with 400', async (__type) => {
    const { registry } = await aws({ ListModelPackages: () => ({ status: 400, json: { __type } }) });
    expect((await registry.resolve(latest)).findings.map(({ id }) => id)).toEqual(['registry/credentials']);
  });

  test('is sent again when SageMaker throttles, which it says with 400', async () => {
    let calls = 0;
    const { registry, slept } = await aws({
      ListModelPackages: () =>
        (calls += 1) === 1 ? { status: 400, json: { __type: 'ThrottlingException' } } : { json: {} },
    });
    expect((await registry.resolve(latest)).findings.map(({ message }) => message)).toEqual([
      'there is no version of "fraud" that is ready and approved',
    ]);
    expect(slept).toEqual([1000]);
  });

  test('names a group that is not there', async () => {
    const { registry } = await aws({});
    expect((await registry.resolve(latest)).findings[0]?.message).toBe(
      'there is no model package group "fraud" in eu-central-1',
    );
  });
});

describe('the output of a training job, whose path names no version', () => {
  const job = 'pipelines-k2xq-TrainModel-aBcDeFgHiJ/output/model.tar.gz';
  const trained = [{ Image: 'image', ModelDataUrl: `s3://ml-models/${job}` }];
  const HEAD = `HEAD ml-models.s3.us-east-1.amazonaws.com/${job}`;

  test('is locked by its digest, with a warning', async () => {
    const { registry } = await aws(described(trained), {
      more: { [HEAD]: { headers: { etag: '"1f"', 'content-length': '5' } } },
    });
    const { value, findings } = await registry.describe('fraud', '12');
    expect(value).toMatchObject({
      uri: `s3://ml-models/${job}`,
      digest: expect.stringMatching(/^etag-tree:/) as string,
    });
    expect(findings).toEqual([
      {
        id: 'registry/place-reused',
        severity: 'warning',
        where: { field: 'registries.aws' },
        message: `version "12" of "fraud": model URI "s3://ml-models/${job}" has no version in its path, so it may mean another model tomorrow; its digest is locked`,
        fix: 'register the model from a place that names its version for ever and that KServe loads: s3://bucket/name/v47/',
      },
    ]);
    expect(await registry.verify({ ...value!, approval: 'approved' })).toEqual([]);
  });

  test('is refused where nobody may read its bytes, since then nothing pins it', async () => {
    const { registry } = await aws(described(trained), { more: { [HEAD]: { status: 403 } } });
    const { value, findings } = await registry.describe('fraud', '12');
    expect(value).toBeUndefined();
    expect(findings.map(({ id, message, fix }) => [id, message, fix])).toEqual([
      [
        'registry/place',
        `version "12" of "fraud": model URI "s3://ml-models/${job}" has no version in its path, so it may mean another model tomorrow, and there is no digest: the storage answers 403`,
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command; or register the model from a place that names its version for ever and that KServe loads: s3://bucket/name/v47/',
      ],
    ]);
  });

  test('is refused all the same when its path says that it moves', async () => {
    const { registry } = await aws(
      described([{ Image: 'image', ModelDataUrl: 's3://ml-models/fraud/latest/model.tar.gz' }]),
    );
    expect((await registry.describe('fraud', '12')).findings.map(({ id }) => id)).toEqual(['registry/place']);
  });
});

test('a model package that was made again under its ARN is another one', async () => {
  const { registry } = await aws(described());
  const pin = {
    name: 'fraud',
    version: '12',
    uri: CONTAINER.ModelDataUrl,
    uid: `${ARN}/12`,
    created: '2026-01-01T00:00:00.000Z',
    approval: 'approved',
  };
  expect((await registry.verify(pin)).map(({ kind }) => kind)).toEqual(['version-recreated', 'bytes-changed']);
});
