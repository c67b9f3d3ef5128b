import { isIPv4, isIPv6 } from 'node:net';
import { parseCidr } from './ip-address.ts';
import { parseRequestUri } from './request-uri.ts';

/** A format of strings: what it is called, an example, and whether a text has it. */
interface TextFormat {
  readonly name: string;
  readonly example: string;
  readonly test: (text: string) => boolean;
}

/**
 * Formats of strings that the API server enforces (k8s.io/kube-openapi v0.33 pkg/validation/strfmt; apiextensions
 * drops the others). A format that is not listed is no constraint, as there.
 */
export const TEXT_FORMATS: ReadonlyMap<string, TextFormat> = new Map([
  ['date-time', { name: 'a date-time (RFC 3339)', example: '2026-01-31T12:00:00Z', test: isDateTime }],
  ['date', { name: 'a date (RFC 3339)', example: '2026-01-31', test: isDate }],
  [
    'duration',
    {
      name: 'a duration',
      example: '1h30m',
      test: matcher(/^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/),
    },
  ],
  ['byte', { name: 'base64 text', example: 'aGVsbG8=', test: isBase64 }],
  ['ipv4', { name: 'an IPv4 address', example: '10.0.0.1', test: isIPv4 }],
  ['ipv6', { name: 'an IPv6 address', example: '2001:db8::1', test: (text) => isIPv6(text) && !text.includes('%') }],
  ['cidr', { name: 'an address range (CIDR)', example: '10.0.0.0/8', test: (text) => parseCidr(text) !== undefined }],
  ['uri', { name: 'a URI', example: 'https://example.com/path', test: (text) => parseRequestUri(text) !== undefined }],
  ['hostname', { name: 'a host name', example: 'api.example.com', test: isHostname }],
  ['email', { name: 'an e-mail address', example: 'ops@example.com', test: matcher(/^[^\s@]+@[^\s@]+$/) }],
  ['mac', { name: 'a MAC address', example: '00:1b:63:84:45:e6', test: matcher(/^(?:[\da-f]{2}[:-]){5}[\da-f]{2}$/i) }],
  [
    'uuid',
    {
      name: 'a UUID',
      example: '123e4567-e89b-12d3-a456-426614174000',
      test: matcher(/^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i),
    },
  ],
]);

type Range = readonly [min: number, max: number];

/** What 64 bits hold. The last is the largest number below 2^63 that a double can hold. */
export const INT64: Range = [-(2 ** 63), 2 ** 63 - 1024];

/** Ranges of the integer formats. A JavaScript number above 2^53 stands for what it is printed as. */
export const INTEGER_RANGES: ReadonlyMap<string, Range> = new Map<string, Range>([
  ['int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['int64', INT64],
]);

function matcher(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  // Day 0 of the next month is the last of this one.
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isDateTime(text: string): boolean {
  const time = /^[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
  return isDate(text.slice(0, 10)) && time.test(text.slice(10));
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function isHostname(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i.test(text)
  );
}
