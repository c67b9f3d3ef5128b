import type { Environment, Optional } from '@marcbachmann/cel-js';
import { registerAddresses } from './cel-addresses.ts';
import { registerFormats } from './cel-formats.ts';
import { registerQuantities } from './cel-quantities.ts';
import { orFail } from './or-fail.ts';
import { translatePattern } from './pattern.ts';
import { parseRequestUri, type RequestUri } from './request-uri.ts';

/**
 * Adds the functions that Kubernetes adds to CEL (k8s.io/apiserver v0.33 pkg/cel/library: lists, regex, urls, ip, cidr,
 * quantity, format; and `strings` and `sets` of cel-go). `authorizer` has no place in the rules of a schema.
 */
export function registerKubernetesFunctions(environment: Environment, optional: typeof Optional): void {
  registerText(environment);
  registerLists(environment);
  registerUrls(environment);
  registerAddresses(environment);
  registerQuantities(environment);
  registerFormats(environment, optional);
}

const patterns = new Map<string, RegExp | undefined>();

/** Rules hold few patterns and use them often. */
function regex(pattern: string, flags = ''): RegExp {
  const key = `${flags}/${pattern}`;
  if (!patterns.has(key)) {
    const plain = translatePattern(pattern);
    patterns.set(key, plain && new RegExp(plain, plain.flags + flags));
  }
  return orFail(patterns.get(key), `invalid regular expression ${pattern}`);
}

function registerText(environment: Environment): void {
  const findAll = (text: string, pattern: string) => text.match(regex(pattern, 'g')) ?? [];
  const charAt = (text: string, index: bigint) =>
    index >= 0n && index <= BigInt(text.length)
      ? text.charAt(Number(index))
      : orFail<string>(undefined, `index out of range: ${index}`);
  const replace = (text: string, old: string, fresh: string, times: bigint) => {
    const parts = text.split(old);
    const count = times < 0n ? parts.length - 1 : Math.min(Number(times), parts.length - 1);
    return [parts.slice(0, count + 1).join(fresh), ...parts.slice(count + 1)].join(old);
  };
  environment
    .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) => regex(pattern).test(text))
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => regex(pattern).exec(text)?.[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', findAll)
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
      limit < 0n ? findAll(text, pattern) : findAll(text, pattern).slice(0, Number(limit)),
    )
    .registerFunction('string.charAt(int): string', charAt)
    .registerFunction('string.replace(string, string): string', (text: string, old: string, fresh: string) =>
      text.replaceAll(old, () => fresh),
    )
    .registerFunction('string.replace(string, string, int): string', replace);
}

type Comparable = bigint | number | string;

function registerLists(environment: Environment): void {
  const least = (list: readonly Comparable[]) =>
    orFail(list.length === 0 ? undefined : list.reduce((a, b) => (b < a ? b : a)), 'min called on empty list');
  const greatest = (list: readonly Comparable[]) =>
    orFail(list.length === 0 ? undefined : list.reduce((a, b) => (b > a ? b : a)), 'max called on empty list');
  const sum = (list: readonly (bigint | number)[]) =>
    typeof list[0] === 'number'
      ? (list as number[]).reduce((a, b) => a + b, 0)
      : (list as bigint[]).reduce((a, b) => a + b, 0n);
  const contains = (list: readonly unknown[], part: readonly unknown[]) => part.every((one) => list.includes(one));
  class Sets {}
  environment
    .registerFunction('list.isSorted(): bool', (list: readonly Comparable[]) =>
      list.every((one, i) => i === 0 || list[i - 1]! <= one),
    )
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', least)
    .registerFunction('list.max(): dyn', greatest)
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], one: unknown) => BigInt(list.indexOf(one)))
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], one: unknown) =>
      BigInt(list.lastIndexOf(one)),
    )
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction('kubernetes.Sets.contains(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      contains(a, b),
    )
    .registerFunction(
      'kubernetes.Sets.equivalent(list, list): bool',
      (_: Sets, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction('kubernetes.Sets.intersects(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      a.some((one) => b.includes(one)),
    );
}

/** CEL tells types apart by class. */
class Url {
  readonly parts: RequestUri;
  constructor(parts: RequestUri) {
    this.parts = parts;
  }
}

function registerUrls(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', Url)
    .registerFunction(
      'url(string): kubernetes.URL',
      (text: string) => new Url(orFail(parseRequestUri(text), `URL parse error: ${text}`)),
    )
    .registerFunction('isURL(string): bool', (text: string) => parseRequestUri(text) !== undefined)
    .registerFunction('kubernetes.URL.getScheme(): string', ({ parts }: Url) => parts.scheme)
    .registerFunction('kubernetes.URL.getHost(): string', ({ parts }: Url) => parts.host)
    .registerFunction('kubernetes.URL.getHostname(): string', ({ parts }: Url) => parts.hostname)
    .registerFunction('kubernetes.URL.getPort(): string', ({ parts }: Url) => parts.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ parts }: Url) => parts.path)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', ({ parts }: Url) => parts.query);
}
