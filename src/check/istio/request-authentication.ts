import type { RequestAuthentication, RequestAuthenticationSpec } from '../../../imports/security.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkDuration } from './common.ts';
import { checkTargets } from './targets.ts';

const ID = 'istio/request-authentication';

/** Checks a RequestAuthentication beyond its schema. */
export function checkRequestAuthentication(report: Report, { spec = {} }: RequestAuthentication): void {
  checkTargets(report, spec);
  spec.jwtRules?.forEach((rule, index) => checkRule(report, `spec.jwtRules[${index}]`, rule));
}

function checkRule(
  report: Report,
  field: string,
  rule: NonNullable<RequestAuthenticationSpec['jwtRules']>[number],
): void {
  const { add } = report;
  if (!rule.issuer && !rule.jwksUri && !rule.jwks_uri) {
    add(ID, field, 'the rule says neither who issues tokens nor where their keys are', 'write issuer or jwksUri');
  }
  const flaw = rule.jwks ? keySetFlaw(rule.jwks) : undefined;
  if (flaw !== undefined) add(ID, `${field}.jwks`, `the key set ${flaw}`, 'write public keys, or jwksUri');
  checkDuration(report, field, 'timeout', rule.timeout);
}

/** What a key of a type has (RFC 7518 section 6). */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

/** What is wrong with a key set, as the end of a sentence. It may hold a secret, so that it is not repeated. */
function keySetFlaw(text: string): string | undefined {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  if (!isRecord(set)) return 'is no object';
  const keys = 'keys' in set ? (set['keys'] ?? []) : [set];
  if (!Array.isArray(keys)) return 'has no list of keys';
  for (const key of keys as readonly unknown[]) {
    const parts = isRecord(key) ? PARTS[String(key['kty'])] : undefined;
    if (!isRecord(key) || !parts?.every((part) => typeof key[part] === 'string')) return 'has a key that is none';
    if (key['kty'] === 'oct' || 'd' in key) return 'holds a private key, which everybody who reads Git would know';
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
