import { expect, test } from 'vitest';
import { basicAuth } from '../../src/core/basic-auth.ts';

test('user and password are one text in base64, as UTF-8', () => {
  // The examples of RFC 7617, §2 and §2.1.
  expect(basicAuth('Aladdin', 'open sesame')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  expect(basicAuth('test', '123£')).toBe('Basic dGVzdDoxMjPCow==');
});
