import { expect, test } from 'vitest';
import { parseRequestUri } from '../../../src/check/schema/request-uri.ts';

test('the parts of a URI', () => {
  expect(parseRequestUri('HTTPS://user:pw@example.com:8443/a%2Fb?x=1&x=2&y=#z')).toEqual({
    scheme: 'https',
    host: 'example.com:8443',
    hostname: 'example.com',
    port: '8443',
    path: '/a%2Fb',
    query: new Map([
      ['x', ['1', '2']],
      ['y', ['#z']],
    ]),
  });
  expect(parseRequestUri('http://[::1]:80/')).toMatchObject({ host: '[::1]:80', hostname: '::1', port: '80' });
  expect(parseRequestUri('/path')).toMatchObject({ scheme: '', host: '', path: '/path' });
});

test.each(['example.com', '', 'http://a b/', 'http://a/\n', 'http://a:port/', 'http://a/%2'])(
  '%j is no URI',
  (text) => {
    expect(parseRequestUri(text)).toBeUndefined();
  },
);
