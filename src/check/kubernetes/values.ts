import { isIP } from 'node:net';
import { didYouMean, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName, NAME_FORMS } from '../../core/names.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';

/** Values, names and ranges that many fields of Kubernetes' own kinds share. */

/** A kind of name: the test, and what it demands. */
export interface NameKind {
  readonly test: (text: string) => boolean;
  readonly expected: string;
}

export const DNS_LABEL: NameKind = {
  test: isDnsLabel,
  expected: NAME_FORMS.dnsLabel,
};
export const DNS_SUBDOMAIN: NameKind = {
  test: isDnsSubdomain,
  expected: NAME_FORMS.dnsSubdomain,
};
export const QUALIFIED_NAME: NameKind = {
  test: isQualifiedName,
  expected: NAME_FORMS.qualifiedName,
};
export const LABEL_VALUE: NameKind = {
  test: isLabelValue,
  expected: NAME_FORMS.labelValue,
};
/** A key of a ConfigMap or Secret, which can be the name of a file. */
export const DATA_KEY: NameKind = {
  test: (text) => /^[-.\w]{1,253}$/.test(text) && text !== '.' && !text.startsWith('..'),
  expected: 'at most 253 letters, digits, "-", "_" and ".", and no ".." at the start',
};
export const PATH_SEGMENT: NameKind = {
  test: (text) => text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text),
  expected: 'any text without "/" and "%"',
};
const PORT_NAME: NameKind = {
  test: (text) => /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/.test(text),
  expected:
    'at most 15 lower-case letters, digits and single "-", with at least one letter and none of "-" at the ends',
};

/** Protocols of ports; an empty one is TCP. */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP', ''];

/**
 * A field that has one of a list of values. `''` in the list is one that the API server replaces by its default, and is
 * not offered.
 */
export function checkValue(
  { add }: Report,
  path: string,
  field: string,
  value: string | undefined,
  known: readonly string[],
): void {
  if (value === undefined || known.includes(value)) return;
  const offered = known.filter((one) => one !== '');
  const near = didYouMean(value, offered);
  add(
    'kubernetes/value',
    `${path}.${field}`,
    `${showValue(value)} is not one of ${offered.join(', ')}`,
    near === undefined ? `write ${offered.length > 1 ? 'one of ' : ''}${offered.join(', ')}` : `write ${near}`,
  );
}

/** A field that has a number in a range; one that is not there is the default. */
export function checkRange(
  { add }: Report,
  path: string,
  field: string,
  value: number | undefined,
  min: number,
  max = Infinity,
): void {
  if (value === undefined || (value >= min && value <= max)) return;
  const range = max === Infinity ? `${min} or more` : `a number from ${min} to ${max}`;
  add('kubernetes/range', `${path}.${field}`, `${value} is too ${value < min ? 'small' : 'large'}`, `write ${range}`);
}

/** A field that has a name; one that is not there is the default, an empty one is missing. */
export function checkName(
  { add }: Report,
  path: string,
  field: string,
  name: string | undefined,
  { test, expected }: NameKind,
): void {
  if (name === undefined || test(name)) return;
  const said =
    name === '' ? 'is empty' : `${showValue(name)}${name.length > 63 ? ` (${name.length} characters)` : ''} cannot be`;
  add('kubernetes/name', `${path}.${field}`, said, `write ${expected}`);
}

/** A field that must have a name. */
export function requireName(
  report: Report,
  path: string,
  field: string,
  name: string | undefined,
  kind: NameKind,
): void {
  checkName(report, path, field, name ?? '', kind);
}

/** A port by number, or by name where there may be one. */
export function checkPort({ add }: Report, path: string, field: string, port: number | string | undefined): void {
  if (port === undefined) return;
  if (typeof port === 'string') {
    if (PORT_NAME.test(port)) return;
    const fix = /^\d+$/.test(port) ? `write the number, without quotes: ${port}` : `write ${PORT_NAME.expected}`;
    add('kubernetes/port', `${path}.${field}`, `${showValue(port)} is no name of a port`, fix);
  } else if (!(port >= 1 && port <= 65535)) {
    add('kubernetes/port', `${path}.${field}`, `${port} is no port`, 'write a port between 1 and 65535');
  }
}

/**
 * A number or a percentage as rollouts and disruption budgets have it; `most` is the largest percentage.
 *
 * @returns its number, for what compares two of them: 0 when it is none.
 */
export function checkCountOrPercent(
  report: Report,
  path: string,
  field: string,
  value: number | string | undefined,
  most = 100,
): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') {
    checkRange(report, path, field, value, 0, 2 ** 31 - 1);
    return value;
  }
  if (!/^\d+%$/.test(value)) {
    const said = `${showValue(value)} is no number and no percentage`;
    const fix = /^\d+$/.test(value) ? `write the number, without quotes: ${value}` : 'write 1 or 25%';
    report.add('kubernetes/range', `${path}.${field}`, said, fix);
    return 0;
  }
  const percent = Number(value.slice(0, -1));
  if (percent > most) {
    report.add('kubernetes/range', `${path}.${field}`, `${value} is more than all of them`, `write at most ${most}%`);
  }
  return percent;
}

/** The second and later ones of what may be there once, by index. */
export function repeated<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<number, string> {
  const found = new Map<number, string>();
  if (items.length < 2) return found;
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (key === undefined) return;
    if (seen.has(key)) found.set(index, key);
    seen.add(key);
  });
  return found;
}

/**
 * An address without the zeros in front of its numbers, which old fields may have (k8s.io/utils/net ParseIPSloppy);
 * `undefined` when it is none.
 *
 * @example readIp('010.0.0.1') // '10.0.0.1'
 */
export function readIp(text: string): string | undefined {
  const plain = /^[\d.]+$/.test(text) ? text.replace(/\b0+(?=\d)/g, '') : text;
  return isIP(plain) !== 0 && !plain.includes('%') ? plain : undefined;
}

/** An address range, read like `readIp`. */
export function readCidr(text: string): string | undefined {
  const [, address = '', length = ''] = /^(.*)\/(\d+)$/.exec(text) ?? [];
  const ip = readIp(address);
  if (ip === undefined || Number(length) > (ip.includes(':') ? 128 : 32)) return undefined;
  return `${ip}/${Number(length)}`;
}
