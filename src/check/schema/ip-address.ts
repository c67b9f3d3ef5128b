import { isIPv4, isIPv6 } from 'node:net';

/** An IP address as the number that it is. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** An address range: an address and the length of the prefix that all its addresses share. */
export interface Cidr {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/**
 * Parses an address as Kubernetes' CEL library does (netip.ParseAddr, no zones, no IPv4 inside IPv6).
 *
 * @example parseIp('10.0.0.1') // { family: 4, bits: 167772161n }
 */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) {
    return { family: 4, bits: text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) };
  }
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return {
    family: 6,
    bits: [...left, ...zeros, ...right].reduce((bits, part) => (bits << 16n) | BigInt(`0x${part}`), 0n),
  };
}

/** Parses an address range such as `10.0.0.0/8`. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!address || !/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > widthOf(address)) return undefined;
  return { address, prefixLength: Number(length) };
}

/** Is the address in the range? */
export function containsIp(range: Cidr, address: IpAddress): boolean {
  const shift = BigInt(widthOf(address) - range.prefixLength);
  return range.address.family === address.family && range.address.bits >> shift === address.bits >> shift;
}

/** The first address of the range, with the host part cleared. */
export function maskCidr(range: Cidr): Cidr {
  const shift = BigInt(widthOf(range.address) - range.prefixLength);
  return { ...range, address: { ...range.address, bits: (range.address.bits >> shift) << shift } };
}

/** The canonical form (RFC 5952): lower case, the longest run of zeros left out. */
export function formatIp({ family, bits }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 65535n).toString(16));
  let [start, length] = [0, 1];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (groups[to] === '0') to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  if (length === 1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

function widthOf({ family }: IpAddress): number {
  return family === 4 ? 32 : 128;
}
