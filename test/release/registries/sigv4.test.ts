import { describe, expect, test } from 'vitest';
import { signV4 } from '../../../src/release/registries/sigv4.ts';

/** Requests and signatures that AWS publishes: its Signature Version 4 test suite, and the examples of the S3 API reference. */

const signatureOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  /Signature=(.*)$/.exec(headers['authorization'] ?? '')?.[1];

describe('the test suite of AWS', () => {
  const scope = {
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    region: 'us-east-1',
    service: 'service',
    now: Date.UTC(2015, 7, 30, 12, 36, 0),
  };

  test.each([
    ['GET', 'https://example.amazonaws.com/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', 'https://example.amazonaws.com/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'GET',
      'https://example.amazonaws.com/?Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
  ])('%s %s', (method, url, signature) => {
    expect(signatureOf(signV4({ method, url }, scope))).toBe(signature);
  });

  test('a session token is sent and signed', () => {
    const headers = signV4(
      { method: 'GET', url: 'https://example.amazonaws.com/' },
      { ...scope, credentials: { ...scope.credentials, sessionToken: 'token' } },
    );
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
  });
});

describe('the examples of Amazon S3', () => {
  const scope = {
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    region: 'us-east-1',
    service: 's3',
    now: Date.UTC(2013, 4, 24),
  };

  test('an object', () => {
    const request = {
      method: 'GET',
      url: 'https://examplebucket.s3.amazonaws.com/test.txt',
      headers: { range: 'bytes=0-9' },
    };
    expect(signatureOf(signV4(request, scope))).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  test('a list', () => {
    const request = { method: 'GET', url: 'https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J' };
    expect(signatureOf(signV4(request, scope))).toBe(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });
});
