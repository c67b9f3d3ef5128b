import { awsCredentials, CREDENTIALS_FIX } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { treeDigest, unread, unreadReply, type Digest, type Entry } from './digest.ts';
import { send, type NoReply, type Reply } from './http.ts';
import { encodePath, signV4, type AwsCredentials } from './sigv4.ts';
import { xmlText } from './xml.ts';

/**
 * Reads an S3 directory or object: `<bucket>/<key>`. `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` name another server that
 * speaks S3, such as MinIO.
 */
export async function readS3(place: string, deps: RegistryDeps): Promise<Digest> {
  const credentials = await awsCredentials(deps);
  if (!credentials) return unread('there are no credentials for Amazon S3', CREDENTIALS_FIX.aws);
  const [bucket, key] = partsOf(place);
  const request = requestsTo(bucket, credentials, deps);

  if (!key.endsWith('/')) {
    const reply = await request('HEAD', key, {}, { 'x-amz-checksum-mode': 'ENABLED' });
    if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.aws);
    const checksum = reply.headers.get('x-amz-checksum-sha256');
    // The checksum of an object of several parts is one of checksums, and ends in "-<parts>".
    if (checksum !== null && !checksum.includes('-'))
      return { digest: `sha256:${Buffer.from(checksum, 'base64').toString('hex')}` };
    const name = key.slice(key.lastIndexOf('/') + 1);
    return treeDigest('etag-tree', [
      [name, reply.headers.get('content-length') ?? '', reply.headers.get('etag') ?? ''],
    ]);
  }

  const entries: Entry[] = [];
  let token: string | undefined;
  do {
    const reply = await request('GET', '', {
      'list-type': '2',
      prefix: key,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    });
    if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.aws);
    for (const [, object = ''] of reply.text.matchAll(/<Contents>([^]*?)<\/Contents>/g)) {
      // Markers of folders are no files, and KServe skips them.
      if (xmlText(object, 'Key') !== key)
        entries.push([xmlText(object, 'Key').slice(key.length), xmlText(object, 'Size'), xmlText(object, 'ETag')]);
    }
    token = xmlText(reply.text, 'NextContinuationToken') || undefined;
  } while (token !== undefined);
  return treeDigest('etag-tree', entries);
}

/** The text of an object, `<bucket>/<key>`; `undefined` when it cannot be read. */
export async function readS3Text(place: string, deps: RegistryDeps): Promise<string | undefined> {
  const credentials = await awsCredentials(deps);
  if (!credentials) return undefined;
  const [bucket, key] = partsOf(place);
  const reply = await requestsTo(bucket, credentials, deps)('GET', key, {}, {});
  return reply.status === 200 ? reply.text : undefined;
}

function partsOf(place: string): [bucket: string, key: string] {
  const slash = place.indexOf('/');
  return [place.slice(0, slash), place.slice(slash + 1)];
}

type Headers = Readonly<Record<string, string>>;
type Request = (
  method: 'GET' | 'HEAD',
  key: string,
  query: Readonly<Record<string, string>>,
  headers?: Headers,
) => Promise<Reply | NoReply>;

/** Signed requests to one bucket, wherever it is. */
function requestsTo(bucket: string, credentials: AwsCredentials, deps: RegistryDeps): Request {
  const { env, now } = deps;
  let region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1';
  return async (method, key, query, headers = {}) => {
    const attempt = (): Promise<Reply | NoReply> => {
      const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
      const url = `${bucketUrl(bucket, region, env)}/${encodePath(key)}${search === '' ? '' : `?${search}`}`;
      const authorize = (): Headers =>
        signV4({ method, url, headers }, { credentials, region, service: 's3', now: now() });
      return send({ url, method, headers, authorize }, deps);
    };
    const reply = await attempt();
    // A bucket of another region refuses, and says where it is.
    const home = reply.status === undefined || reply.status < 300 ? null : reply.headers.get('x-amz-bucket-region');
    if (home === null || home === region || !/^[a-z0-9-]+$/.test(home)) return reply;
    region = home;
    return attempt();
  };
}

/** Virtual-host style on AWS; the bucket in the path elsewhere, and where a dot in its name would break the certificate. */
function bucketUrl(bucket: string, region: string, env: RegistryDeps['env']): string {
  const endpoint = (env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'])?.replace(/\/+$/, '');
  if (endpoint !== undefined) return `${endpoint}/${bucket}`;
  const domain = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return bucket.includes('.') ? `https://${domain}/${bucket}` : `https://${bucket}.${domain}`;
}
