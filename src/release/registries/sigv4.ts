import { createHmac } from 'node:crypto';
import { sha256 } from '../../core/digest.ts';

/** Credentials of AWS, short-lived or not. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request that is to be signed. */
export interface SignRequest {
  readonly method: string;
  readonly url: string;
  /** Headers to sign besides `host`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Whose signature, and when. */
export interface SignScope {
  readonly credentials: AwsCredentials;
  readonly region: string;
  /** Signing name of the service: `s3`, `sagemaker`. */
  readonly service: string;
  /** Milliseconds since 1970; AWS takes signatures of the last five minutes or so. */
  readonly now: number;
}

/**
 * Signs a request with AWS Signature Version 4 (AWS IAM user guide, "Create a signed AWS API request"): the headers to add to
 * those of the request. S3 also wants the hash of the body in a header, and its path encoded once instead of twice.
 *
 * @example signV4({ method: 'GET', url: 'https://example.amazonaws.com/' }, { credentials, region: 'us-east-1', service: 's3', now })
 */
export function signV4(
  request: SignRequest,
  { credentials, region, service, now }: SignScope,
): Readonly<Record<string, string>> {
  const url = new URL(request.url);
  const stamp = `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const day = stamp.slice(0, 8);
  const bodyHash = sha256(request.body ?? '');
  const added: Record<string, string> = {
    'x-amz-date': stamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    ...(service === 's3' ? { 'x-amz-content-sha256': bodyHash } : {}),
  };
  const signed = Object.entries({ ...request.headers, ...added, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    service === 's3' ? url.pathname : encodePath(url.pathname),
    canonicalQuery(url),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    names,
    bodyHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...added,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** A path as URL, every segment percent-encoded as RFC 3986 and AWS want it, slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => [encode(name), encode(value)] as const);
  return pairs
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
