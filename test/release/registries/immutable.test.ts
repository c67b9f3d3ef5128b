import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { openImmutable } from '../../../src/release/registries/open.ts';
import type { Drift } from '../../../src/release/registries/registry.ts';
import { serve, type Routes, type Server } from './server.ts';
import { world } from './world.ts';

const AWS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

/** What verification of a URI says, and what the storage was asked. */
async function verify(
  uri: string,
  routes: Routes,
  {
    env = {},
    digest,
    programs = {},
  }: { env?: Record<string, string>; digest?: string; programs?: Record<string, string> } = {},
): Promise<{ drifts: readonly Drift[]; server: Server }> {
  const cloud = await serve(routes);
  const registry = await openImmutable(world({ env, programs, cloud }).deps);
  return { drifts: await registry.verify({ uri, ...(digest === undefined ? {} : { digest }) }), server: cloud };
}

async function digestOf(uri: string, routes: Routes, env: Record<string, string> = {}): Promise<string | undefined> {
  const cloud = await serve(routes);
  return (await (await openImmutable(world({ env, cloud }).deps)).resolve({ name: uri })).value?.digest;
}

const object = (key: string, size: number, etag: string): string =>
  `<Contents><Key>${key}</Key><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size></Contents>`;
const listing = (objects: string, token = ''): string =>
  `<ListBucketResult>${token === '' ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}${objects}</ListBucketResult>`;

describe('Amazon S3', () => {
  const bucket = 'ml-models.s3.eu-central-1.amazonaws.com';
  const uri = 's3://ml-models/fraud/v47/';
  const all = listing(
    object('fraud/v47/', 0, 'marker') + object('fraud/v47/MLmodel', 3, 'e1') + object('fraud/v47/a&amp;b.pkl', 9, 'e2'),
  );

  test('a directory has the digest of its names, sizes and ETags', async () => {
    const expected = `etag-tree:${sha256('MLmodel\t3\t"e1"\na&b.pkl\t9\t"e2"')}`;
    expect(await digestOf(uri, { [`GET ${bucket}/`]: { text: all } }, AWS)).toBe(expected);
  });

  test('a directory is listed with the slash, so that fraud/v470 does not count, and the request is signed', async () => {
    const { drifts, server } = await verify(uri, { [`GET ${bucket}/`]: { text: all } }, { env: AWS });
    expect(drifts).toEqual([]);
    expect(server.seen[0]?.query).toEqual({ 'list-type': '2', prefix: 'fraud/v47/' });
    expect(server.seen[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/eu-central-1\/s3\/aws4_request, /,
    );
  });

  test('a directory of several pages is read to its end', async () => {
    const paged: Routes = {
      [`GET ${bucket}/`]: ({ query }) => ({
        text:
          query['continuation-token'] === 'a+b='
            ? listing(object('fraud/v47/a&amp;b.pkl', 9, 'e2'))
            : listing(object('fraud/v47/MLmodel', 3, 'e1'), 'a+b='),
      }),
    };
    expect(await digestOf(uri, paged, AWS)).toBe(await digestOf(uri, { [`GET ${bucket}/`]: { text: all } }, AWS));
  });

  test('an object has its SHA-256 where S3 has it', async () => {
    const checksum = Buffer.from('ab'.repeat(32), 'hex').toString('base64');
    const routes = {
      [`HEAD ${bucket}/fraud/v47/model.pkl`]: { headers: { 'x-amz-checksum-sha256': checksum, etag: '"e"' } },
    };
    expect(await digestOf('s3://ml-models/fraud/v47/model.pkl', routes, AWS)).toBe(`sha256:${'ab'.repeat(32)}`);
  });

  test.each([
    ['no checksum', {}],
    ['a checksum of checksums', { 'x-amz-checksum-sha256': 'abc=-3' }],
  ])('an object with %s has its ETag only', async (_name, headers) => {
    const routes = {
      [`HEAD ${bucket}/fraud/v47/model.pkl`]: { headers: { ...headers, etag: '"e"', 'content-length': '0' } },
    };
    expect(await digestOf('s3://ml-models/fraud/v47/model.pkl', routes, AWS)).toBe(
      `etag-tree:${sha256('model.pkl\t0\t"e"')}`,
    );
  });

  test('a bucket of another region is asked there', async () => {
    const routes: Routes = {
      [`GET ${bucket}/`]: { status: 400, headers: { 'x-amz-bucket-region': 'us-west-2' } },
      'GET ml-models.s3.us-west-2.amazonaws.com/': { text: all },
    };
    const { drifts, server } = await verify(uri, routes, { env: AWS });
    expect(drifts).toEqual([]);
    expect(server.seen[1]?.headers.authorization).toContain('/us-west-2/s3/');
  });

  test('another server that speaks S3 has the bucket in the path', async () => {
    const { drifts } = await verify(
      uri,
      { 'GET minio.example.com/ml-models/': { text: all } },
      { env: { ...AWS, AWS_ENDPOINT_URL: 'https://minio.example.com' } },
    );
    expect(drifts).toEqual([]);
  });

  test('credentials come from the aws command when the environment has none', async () => {
    const programs = {
      'aws configure export-credentials --format process':
        '{"Version":1,"AccessKeyId":"ASIACLI","SecretAccessKey":"s","SessionToken":"t"}',
    };
    const { server } = await verify(uri, { 'GET ml-models.s3.us-east-1.amazonaws.com/': { text: all } }, { programs });
    expect(server.seen[0]?.headers.authorization).toContain('Credential=ASIACLI/');
    expect(server.seen[0]?.headers['x-amz-security-token']).toBe('t');
  });

  test('the aws command is asked once for all models', async () => {
    const cloud = await serve({});
    const { deps, ran } = world({ cloud });
    const registry = await openImmutable(deps);
    await Promise.all(
      ['v1', 'v2', 'v3'].map((version) => registry.verify({ uri: `s3://ml-models/fraud/${version}/` })),
    );
    expect(ran).toEqual(['aws configure export-credentials --format process']);
  });

  test('bytes that were written again are noticed', async () => {
    const { drifts } = await verify(uri, { [`GET ${bucket}/`]: { text: all } }, { env: AWS, digest: 'etag-tree:00' });
    expect(drifts).toEqual([
      {
        kind: 'bytes-changed',
        message: `the content of ${uri} was etag-tree:00, and is etag-tree:${sha256('MLmodel\t3\t"e1"\na&b.pkl\t9\t"e2"')}`,
        fix: 'find out who changed it; make a new release of the version that is meant',
      },
    ]);
  });

  test('a digest of another kind is not compared', async () => {
    const { drifts } = await verify(uri, { [`GET ${bucket}/`]: { text: all } }, { env: AWS, digest: 'sha256:00' });
    expect(drifts.map(({ kind, message }) => [kind, message])).toEqual([
      ['unreadable', `${uri} was locked with sha256, and the storage gives etag-tree only`],
    ]);
  });

  test.each([
    ['nothing is there', { text: listing('') }],
    ['the bucket is not there', { status: 404 }],
  ])('it is gone when %s', async (_name, answer) => {
    const { drifts } = await verify(uri, { [`GET ${bucket}/`]: answer }, { env: AWS });
    expect(drifts).toEqual([
      {
        kind: 'bytes-changed',
        message: `${uri} is gone: the storage has nothing there`,
        fix: 'restore what was deleted, or release another version',
      },
    ]);
  });

  test('it is unreadable when the credentials may not read it', async () => {
    const { drifts } = await verify(uri, { [`GET ${bucket}/`]: { status: 403 } }, { env: AWS });
    expect(drifts).toEqual([
      {
        kind: 'unreadable',
        message: `${uri} was not read: the storage answers 403`,
        fix: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command',
      },
    ]);
  });
});

describe('Google Cloud Storage', () => {
  const path = 'GET storage.googleapis.com/storage/v1/b/ml-models/o';
  const file = (name: string, hashes: object): object => ({ name, size: '3', ...hashes });

  test('a directory has the digest of its MD5s', async () => {
    const routes: Routes = {
      [path]: ({ query, headers }) =>
        headers.authorization !== 'Bearer g'
          ? { status: 401 }
          : query['pageToken'] === '2'
            ? { json: { items: [file('fraud/v47/b', { md5Hash: 'm2', crc32c: 'c2' })] } }
            : {
                json: {
                  items: [file('fraud/v47/', {}), file('fraud/v47/a', { md5Hash: 'm1', crc32c: 'c1' })],
                  nextPageToken: '2',
                },
              },
    };
    expect(await digestOf('gs://ml-models/fraud/v47/', routes, { GOOGLE_OAUTH_ACCESS_TOKEN: 'g' })).toBe(
      `md5-tree:${sha256('a\t3\tm1\nb\t3\tm2')}`,
    );
  });

  test('composed objects have no MD5, so CRC32C counts', async () => {
    const routes = {
      [path]: {
        json: { items: [file('fraud/v47/a', { crc32c: 'c1' }), file('fraud/v47/b', { md5Hash: 'm2', crc32c: 'c2' })] },
      },
    };
    expect(await digestOf('gs://ml-models/fraud/v47/', routes)).toBe(`crc32c-tree:${sha256('a\t3\tc1\nb\t3\tc2')}`);
  });

  test('an object is read by its name', async () => {
    const routes = { [`${path}/fraud%2Fv47%2Fmodel.pkl`]: { json: file('fraud/v47/model.pkl', { md5Hash: 'm' }) } };
    expect(await digestOf('gs://ml-models/fraud/v47/model.pkl', routes)).toBe(`md5-tree:${sha256('model.pkl\t3\tm')}`);
  });
});

describe('Azure blobs', () => {
  const uri = 'https://acme.blob.core.windows.net/models/fraud/v1/';
  const env = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 's3cr3t' };
  const blob = (name: string): string =>
    `<Blob><Name>${name}</Name><Properties><Content-Length>3</Content-Length><Etag>e</Etag><Content-MD5>m-${name.at(-1)}</Content-MD5></Properties></Blob>`;
  const routes = (...names: string[]): Routes => ({
    'POST login.microsoftonline.com/tenant/oauth2/v2.0/token': ({ body }) => ({
      json: { access_token: new URLSearchParams(body).get('scope') },
    }),
    'GET acme.blob.core.windows.net/models': ({ headers, query }) =>
      headers.authorization === 'Bearer https://storage.azure.com/.default' && headers['x-ms-version'] !== undefined
        ? {
            text: `<EnumerationResults><Blobs>${names
              .filter((name) => name.startsWith(query['prefix'] ?? ''))
              .map(blob)
              .join('')}</Blobs><NextMarker /></EnumerationResults>`,
          }
        : { status: 403 },
  });

  test('a directory has a digest, with a token of the client credentials', async () => {
    expect(await digestOf(uri, routes('fraud/v1/a', 'fraud/v1/b', 'fraud/v2/a'), env)).toBe(
      `etag-tree:${sha256('a\t3\tm-a\nb\t3\tm-b')}`,
    );
  });

  test('an object has a digest', async () => {
    expect(
      await digestOf('https://acme.blob.core.windows.net/models/fraud/v1/m.onnx', routes('fraud/v1/m.onnx'), env),
    ).toBe(`etag-tree:${sha256('m.onnx\t3\tm-x')}`);
  });

  test('a directory whose name starts the name of another cannot be vouched for: KServe loads both', async () => {
    const { drifts } = await verify(uri, routes('fraud/v1/a', 'fraud/v10/a'), { env });
    expect(drifts).toEqual([
      {
        kind: 'unreadable',
        message: `${uri} was not read: KServe would load "fraud/v10/a" with it, since it loads by prefix`,
        fix: 'name directories so that none starts with the name of another: v0012',
      },
    ]);
  });

  test('no token goes to an address that only looks like Azure', async () => {
    const { server } = await verify('https://acme.blob.core.example.com/models/fraud/v1/m.onnx', {}, { env });
    expect(server.seen.map(({ host, headers }) => [host, headers.authorization])).toEqual([
      ['acme.blob.core.example.com', undefined],
    ]);
  });

  test('without credentials nothing is guessed', async () => {
    const { drifts } = await verify(uri, {});
    expect(drifts.map(({ message }) => message)).toEqual([
      `${uri} was not read: there are no credentials for Azure Storage`,
    ]);
  });
});

describe('other places', () => {
  test('an object behind https has its ETag', async () => {
    const routes = {
      'HEAD models.example.com/fraud/v47/model.onnx': { headers: { etag: '"e"', 'content-length': '0' } },
    };
    expect(await digestOf('https://models.example.com/fraud/v47/model.onnx', routes)).toBe(
      `etag-tree:${sha256('model.onnx\t0\t"e"')}`,
    );
  });

  test.each([
    ['https://models.example.com/fraud/v47/', 'a folder behind https cannot be listed'],
    ['pvc://models/fraud/v47/', 'nothing here can read pvc://'],
    ['hdfs://models/fraud/v47/', 'nothing here can read hdfs://'],
    ['webhdfs://models/fraud/v47/', 'nothing here can read webhdfs://'],
  ])('%s is out of reach for everybody but the cluster, which is said', async (uri, reason) => {
    const { drifts, server } = await verify(uri, {});
    expect(drifts.map(({ kind, message }) => [kind, message])).toEqual([
      ['out-of-reach', `${uri} cannot be verified: ${reason}`],
    ]);
    expect(server.seen).toEqual([]);
  });

  test('an object whose server has no strong ETag is there, and nothing else was locked', async () => {
    const uri = 'https://models.example.com/fraud/v47/model.onnx';
    const routes = { 'HEAD models.example.com/fraud/v47/model.onnx': { headers: { etag: 'W/"e"' } } };
    expect((await verify(uri, routes)).drifts).toEqual([]);
    const { drifts } = await verify(uri, routes, { digest: 'etag-tree:abc' });
    expect(drifts.map(({ kind, message }) => [kind, message])).toEqual([
      ['unreadable', `${uri} was not read: the server gives no strong ETag`],
    ]);
  });
});

describe('a URI as a model', () => {
  test('is its own name and version', async () => {
    const registry = await openImmutable(world().deps);
    const { value, findings } = await registry.resolve({ name: 'pvc://models/fraud/v47/' });
    expect(value).toEqual({
      name: 'pvc://models/fraud/v47/',
      version: 'pvc://models/fraud/v47/',
      uri: 'pvc://models/fraud/v47/',
      status: 'ready',
      approval: 'unknown',
      metrics: {},
      tags: {},
      datasets: {},
    });
    expect(findings.map(({ id }) => id)).toEqual(['registry/unread']);
  });

  test('with nothing behind it is a finding', async () => {
    const cloud = await serve({});
    const registry = await openImmutable(world({ cloud }).deps);
    expect(
      (await registry.resolve({ name: 'https://models.example.com/fraud/v47/model.onnx' })).findings.map(
        ({ id, message }) => [id, message],
      ),
    ).toEqual([['registry/not-found', 'there is no model at https://models.example.com/fraud/v47/model.onnx']]);
  });

  test.each([
    's3://ml-models/fraud/v47',
    's3://ml-models/fraud/v47/?versionId=x',
    'hf://gpt2',
    'hf://acme/llm:main',
    'oci://registry.example.com/fraud:latest',
    's3://ml-models/fraud/latest/',
  ])('%s is refused', async (uri) => {
    const registry = await openImmutable(world().deps);
    expect((await registry.resolve({ name: uri })).findings.map(({ id }) => id)).toEqual(['registry/place']);
  });

  test('has no alias', async () => {
    const registry = await openImmutable(world().deps);
    expect(
      (await registry.resolve({ name: 'pvc://models/fraud/v47/', alias: 'champion' })).findings.map(({ id }) => id),
    ).toEqual(['registry/request']);
  });
});
