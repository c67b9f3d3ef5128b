import type { Environment } from '@marcbachmann/cel-js';
import type { Cidr, IpAddress } from './ip-address.ts';
import { containsIp, formatIp, maskCidr, parseCidr, parseIp } from './ip-address.ts';
import { orFail } from './or-fail.ts';

class Ip {
  readonly address: IpAddress;
  constructor(address: IpAddress) {
    this.address = address;
  }
}

class Range {
  readonly cidr: Cidr;
  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }
}

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const UNSPECIFIED = ['0.0.0.0/32', '::/128'];
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'];
const LINK_LOCAL_MULTICAST = ['224.0.0.0/24', 'ff02::/16'];
const NOT_GLOBAL_UNICAST = [
  ...LOOPBACK,
  ...UNSPECIFIED,
  ...LINK_LOCAL,
  '224.0.0.0/4',
  'ff00::/8',
  '255.255.255.255/32',
];

/** `ip`, `cidr` and what can be asked of them (pkg/cel/library/ip.go, cidr.go). */
export function registerAddresses(environment: Environment): void {
  const ip = (text: string) => new Ip(orFail(parseIp(text), `IP Address ${JSON.stringify(text)} parse error`));
  const cidr = (text: string) => new Range(orFail(parseCidr(text), `CIDR ${JSON.stringify(text)} parse error`));
  const isIn =
    (ranges: readonly string[]) =>
    ({ address }: Ip) =>
      ranges.some((range) => containsIp(parseCidr(range)!, address));
  const containsRange = ({ cidr: outer }: Range, { cidr: inner }: Range) =>
    outer.prefixLength <= inner.prefixLength && containsIp(outer, inner.address);
  const isSame = (a: IpAddress, b: IpAddress) => a.family === b.family && a.bits === b.bits;
  class IpNamespace {}
  environment
    .registerType('kubernetes.IP', Ip)
    .registerType('kubernetes.CIDR', Range)
    .registerOperator('kubernetes.IP == kubernetes.IP', (a: Ip, b: Ip) => isSame(a.address, b.address))
    .registerOperator(
      'kubernetes.CIDR == kubernetes.CIDR',
      ({ cidr: a }: Range, { cidr: b }: Range) => a.prefixLength === b.prefixLength && isSame(a.address, b.address),
    )
    .registerFunction('ip(string): kubernetes.IP', ip)
    .registerFunction('isIP(string): bool', (text: string) => parseIp(text) !== undefined)
    .registerFunction('string(kubernetes.IP): string', ({ address }: Ip) => formatIp(address))
    .registerFunction('kubernetes.IP.family(): int', ({ address }: Ip) => BigInt(address.family))
    .registerFunction('kubernetes.IP.isUnspecified(): bool', isIn(UNSPECIFIED))
    .registerFunction('kubernetes.IP.isLoopback(): bool', isIn(LOOPBACK))
    .registerFunction('kubernetes.IP.isLinkLocalUnicast(): bool', isIn(LINK_LOCAL))
    .registerFunction('kubernetes.IP.isLinkLocalMulticast(): bool', isIn(LINK_LOCAL_MULTICAST))
    .registerFunction('kubernetes.IP.isGlobalUnicast(): bool', (one: Ip) => !isIn(NOT_GLOBAL_UNICAST)(one))
    .registerType('kubernetes.IPNamespace', IpNamespace)
    .registerConstant('ip', 'kubernetes.IPNamespace', new IpNamespace())
    .registerFunction(
      'kubernetes.IPNamespace.isCanonical(string): bool',
      (_: IpNamespace, text: string) => formatIp(ip(text).address) === text,
    )
    .registerFunction('cidr(string): kubernetes.CIDR', cidr)
    .registerFunction('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined)
    .registerFunction(
      'string(kubernetes.CIDR): string',
      ({ cidr: { address, prefixLength } }: Range) => `${formatIp(address)}/${prefixLength}`,
    )
    .registerFunction('kubernetes.CIDR.containsIP(kubernetes.IP): bool', (range: Range, one: Ip) =>
      containsIp(range.cidr, one.address),
    )
    .registerFunction('kubernetes.CIDR.containsIP(string): bool', (range: Range, text: string) =>
      containsIp(range.cidr, ip(text).address),
    )
    .registerFunction('kubernetes.CIDR.containsCIDR(kubernetes.CIDR): bool', containsRange)
    .registerFunction('kubernetes.CIDR.containsCIDR(string): bool', (range: Range, text: string) =>
      containsRange(range, cidr(text)),
    )
    .registerFunction('kubernetes.CIDR.ip(): kubernetes.IP', (range: Range) => new Ip(range.cidr.address))
    .registerFunction('kubernetes.CIDR.masked(): kubernetes.CIDR', (range: Range) => new Range(maskCidr(range.cidr)))
    .registerFunction('kubernetes.CIDR.prefixLength(): int', (range: Range) => BigInt(range.cidr.prefixLength));
}
