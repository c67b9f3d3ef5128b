import { expect, test } from 'vitest';
import { containsIp, formatIp, maskCidr, parseCidr, parseIp } from '../../../src/check/schema/ip-address.ts';
import { fc } from '../../support/property.ts';

test('an address is a number', () => {
  expect(parseIp('10.0.0.1')).toEqual({ family: 4, bits: 0x0a000001n });
  expect(parseIp('2001:db8::1')).toEqual({ family: 6, bits: 0x20010db8000000000000000000000001n });
  expect(parseIp('::')).toEqual({ family: 6, bits: 0n });
  expect(parseIp('::ffff:10.0.0.1')).toBeUndefined();
  expect(parseIp('fe80::1%eth0')).toBeUndefined();
  expect(parseIp('x')).toBeUndefined();
});

test.each([
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::', '::'],
  ['1::', '1::'],
  ['::1', '::1'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
])('the canonical form of %s is %s', (text, canonical) => {
  expect(formatIp(parseIp(text)!)).toBe(canonical);
});

test('the canonical form reads back as the same address', () => {
  const address = fc.oneof(
    fc.record({ family: fc.constant<4>(4), bits: fc.bigInt(0n, 2n ** 32n - 1n) }),
    fc.record({ family: fc.constant<6>(6), bits: fc.bigInt(0n, 2n ** 128n - 1n) }),
    fc.record({ family: fc.constant<6>(6), bits: fc.bigInt(0n, 255n).map((byte) => byte << 64n) }),
  );
  fc.assert(
    fc.property(address, (one) => {
      expect(parseIp(formatIp(one))).toEqual(one);
    }),
  );
});

test('a range contains what shares its prefix', () => {
  const range = parseCidr('10.1.0.0/16')!;
  expect(containsIp(range, parseIp('10.1.255.1')!)).toBe(true);
  expect(containsIp(range, parseIp('10.2.0.1')!)).toBe(false);
  expect(containsIp(parseCidr('::/0')!, parseIp('10.1.0.1')!)).toBe(false);
  expect(formatIp(maskCidr(parseCidr('10.1.2.3/16')!).address)).toBe('10.1.0.0');
});
