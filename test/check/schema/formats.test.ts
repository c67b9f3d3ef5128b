import { expect, test } from 'vitest';
import { TEXT_FORMATS } from '../../../src/check/schema/formats.ts';
import { problemsOf } from './fixture.ts';

const GOOD: Readonly<Record<string, readonly string[]>> = {
  'date-time': ['2026-01-31T12:00:00Z', '2024-02-29t23:59:60.123+01:00'],
  date: ['2024-02-29', '2026-12-31'],
  duration: ['1h30m', '250ms', '-1.5h', '0', '.5s'],
  byte: ['', 'aGVsbG8=', 'aGk/'],
  ipv4: ['10.0.0.1'],
  ipv6: ['::1', '2001:db8::1'],
  cidr: ['10.0.0.0/8', '::/0', '10.0.0.1/32'],
  uri: ['https://example.com/a?b=c', '/only/a/path', 'urn:a:b'],
  hostname: ['example.com', 'A-1.example.com'],
  email: ['ops@example.com'],
  mac: ['00:1b:63:84:45:e6', '00-1B-63-84-45-E6'],
  uuid: ['123e4567-e89b-12d3-a456-426614174000'],
};

const BAD: Readonly<Record<string, readonly string[]>> = {
  'date-time': [
    '2026-01-31',
    '2026-02-30T12:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
  ],
  date: ['2023-02-29', '2026-13-01', '2026-00-10', '2026-1-1'],
  duration: ['', '1', '5 m', '1d', 'h', '1h-5m'],
  byte: ['a', '####', 'aGVsbG8'],
  ipv4: ['10.0.0', '10.0.0.256', '010.0.0.1', '::1'],
  ipv6: ['10.0.0.1', 'fe80::1%eth0', ':::'],
  cidr: ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '::/129', 'a/8'],
  uri: ['example.com', 'https://exa mple.com', 'https://example.com/%zz', ''],
  hostname: ['-a.example.com', 'a..b', 'a_b'],
  email: ['ops', 'a b@example.com'],
  mac: ['00:1b:63:84:45'],
  uuid: ['123e4567'],
};

test('every format has examples here', () => {
  expect(Object.keys(GOOD)).toEqual([...TEXT_FORMATS.keys()]);
  expect(Object.keys(BAD)).toEqual([...TEXT_FORMATS.keys()]);
});

test.each(Object.keys(GOOD))('format %s', (format) => {
  for (const text of GOOD[format]!) expect(problemsOf({ type: 'string', format }, text)).toEqual([]);
  for (const text of BAD[format]!) {
    const { name, example } = TEXT_FORMATS.get(format)!;
    expect(problemsOf({ type: 'string', format }, text)).toEqual([
      `: schema/format: ${JSON.stringify(text)} is not ${name} -> write ${name}, as ${example}`,
    ]);
  }
});

test('the example in the fix has the format', () => {
  for (const { test: has, example } of TEXT_FORMATS.values()) expect(has(example)).toBe(true);
});

test('a format that the API server does not know is no constraint', () => {
  expect(problemsOf({ type: 'string', format: 'password' }, 'x')).toEqual([]);
});
