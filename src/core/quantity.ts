import { remember } from './remember.ts';

/**
 * Kubernetes quantities, exact. Mirrors `resource.Quantity` of k8s.io/apimachinery v0.33 (pkg/api/resource);
 * test/core/quantity.test.ts holds a table that the Go code printed.
 */

/** A parsed quantity. */
export interface Quantity {
  /** The value in units of 10^-9, the smallest that Kubernetes keeps; finer parts are rounded away from zero. */
  readonly nanos: bigint;
  /** How it was written, which decides how it is printed: `500m`, `1Gi` or `1e3`. */
  readonly format: 'decimal' | 'binary' | 'exponent';
}

const NANOS = 10n ** 9n;

/** Kubernetes caps binary quantities here. */
const MAX_INT64 = 2n ** 63n - 1n;

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Exponents beyond this are no amount of anything, and would cost gigabytes to compute exactly. */
const MAX_EXPONENT = 1000;

const GRAMMAR = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

/**
 * Parses a quantity as the API server does: decimal (`n u m k M G T P E`), binary (`Ki` to `Ei`) and exponent
 * (`1e3`) form. A number is read as the JSON number that it becomes. `undefined` when it is not a quantity.
 *
 * @example parseQuantity('1.5Gi') // { nanos: 1610612736000000000n, format: 'binary' }
 */
export const parseQuantity = remember((text: string | number): Quantity | undefined => {
  const match = GRAMMAR.exec(String(text));
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal = '', exponentText] = match;
  if (whole === '' && fraction === '') return undefined;

  let power = 9 - fraction.length;
  if (exponentText !== undefined) power += Number(exponentText);
  else if (binary === undefined) power += (DECIMAL_SUFFIXES.indexOf(decimal) - 3) * 3;
  if (Math.abs(power) > MAX_EXPONENT) return undefined;

  let numerator = BigInt(whole + fraction);
  if (binary !== undefined) numerator *= 1024n ** BigInt(BINARY_SUFFIXES.indexOf(binary));
  let nanos = power >= 0 ? numerator * 10n ** BigInt(power) : divideUp(numerator, 10n ** BigInt(-power));
  if (binary !== undefined && nanos > MAX_INT64 * NANOS) nanos = MAX_INT64 * NANOS;
  return {
    nanos: sign === '-' ? -nanos : nanos,
    format: binary !== undefined ? 'binary' : exponentText !== undefined ? 'exponent' : 'decimal',
  };
});

/**
 * The form in which the API server prints a quantity back, so that Git and cluster never differ by spelling.
 * `undefined` when it is not a quantity, or none that has a form (1000E and above have no suffix).
 *
 * @example canonicalQuantity('1024Mi') // '1Gi'
 * @example canonicalQuantity('0.1Gi')  // '107374182400m'
 */
export const canonicalQuantity = remember((text: string | number): string | undefined => {
  const quantity = parseQuantity(text);
  if (!quantity) return undefined;
  const { nanos, format } = quantity;
  if (nanos === 0n) return '0';

  // Binary form only where it is exact and has a suffix; otherwise Kubernetes falls back to decimal. (It leaves the
  // suffix away for whole bytes at first, and prints the decimal form once it has read that back from storage.)
  if (format === 'binary' && nanos % (1024n * NANOS) === 0n) {
    const [amount, times] = removeFactors(nanos / NANOS, 1024n);
    return `${amount}${BINARY_SUFFIXES[times]}`;
  }
  const [amount, times] = removeFactors(nanos, 1000n);
  if (format === 'exponent') return times === 3 ? String(amount) : `${amount}e${times * 3 - 9}`;
  const suffix = DECIMAL_SUFFIXES[times];
  return suffix === undefined ? undefined : `${amount}${suffix}`;
});

/**
 * Compares by value: negative when `a` is less, 0 when equal, positive when more.
 *
 * @example [...memories].sort(compareQuantity)
 */
export function compareQuantity(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** What a quantity is meant for: cores, bytes, or things that come whole, such as GPUs. */
export type QuantityKind = 'cpu' | 'memory' | 'count';

/** What to write when nothing better is known. */
const USUAL_FIX: Readonly<Record<QuantityKind, string>> = {
  cpu: 'write cores as 4, or thousandths of a core as 500m',
  memory: 'write bytes with a unit, as 512Mi or 8Gi',
  count: 'write a whole number, as 1',
};

/**
 * Why a quantity is none, or makes no sense for what it is meant for, and what to write; `undefined` when it is
 * fine. Beyond Kubernetes' own grammar it refuses what is legal but surely a slip: `8` (bytes) or `500m` of memory,
 * `4Gi` or `4000` cores, more than 64 TiB, and nothing at all.
 *
 * @example explainQuantity('8GB', 'memory')?.fix // 'write 8G or 8Gi'
 */
export function explainQuantity(
  text: string | number,
  kind: QuantityKind,
): { readonly message: string; readonly fix: string } | undefined {
  const quantity = parseQuantity(text);
  const because = (reason: string, fix = USUAL_FIX[kind]) => ({ message: `${JSON.stringify(text)} ${reason}`, fix });
  if (!quantity) return because('is not a Kubernetes quantity', spellingFix(String(text), kind));
  const { nanos, format } = quantity;
  const units = nanos / NANOS;
  if (nanos < 0n) return because('is negative');
  if (nanos === 0n && kind !== 'count') return because('asks for nothing, so that no node keeps room for it');
  switch (kind) {
    case 'cpu':
      if (format === 'binary') return because('has a unit of bytes, but processor time is counted in cores');
      if (nanos % 1_000_000n !== 0n) {
        return because('is finer than a thousandth of a core, the least that Kubernetes keeps');
      }
      // The largest machines on offer stay below 2,000 cores, and nobody serves a model on all of one.
      if (units >= 1_000_000n) return because('cores are more than a node has');
      if (units >= 1000n) {
        const fix = `write ${units}m or ${canonicalQuantity(`${units}m`)}`;
        return because(`is ${units} whole cores, more than a node has; m stands for thousandths`, fix);
      }
      return undefined;
    case 'memory': {
      const [, number, suffix] = /^(.*?)(m?)$/.exec(String(text)) ?? [];
      if (suffix === 'm') {
        return because('is thousandths of a byte; m is milli, not mega', `write ${number}Mi or ${number}M`);
      }
      if (nanos % NANOS !== 0n && format !== 'binary') return because('is not a whole number of bytes');
      // The largest machines on offer have 32 TiB.
      if (units > 64n * 1024n ** 4n) return because('is more memory than a node has');
      if (units >= 1_000_000n) return undefined;
      const fix = /^\d+$/.test(String(text)) ? `write ${text}Gi or ${text}Mi` : USUAL_FIX.memory;
      return because(`is only ${units} bytes, less than any process needs`, fix);
    }
    case 'count':
      return nanos % NANOS === 0n ? undefined : because('is not a whole number');
  }
}

/** The right spelling of an amount that has the wrong unit, decimal comma or a space. */
function spellingFix(text: string, kind: QuantityKind): string {
  const [, digits = '', unit = ''] = /^\+?(\d+(?:[.,]\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  if (digits === '') return USUAL_FIX[kind];
  const number = digits.replace(',', '.');
  const [, prefix = '', binary = ''] = /^([kmgtpe])(i?)(?:b|bytes?)?$/i.exec(unit) ?? [];
  if (unit === '' || kind === 'count') return `write ${number}`;
  if (kind === 'cpu') {
    if (/^v?(cpu|core)s?$/i.test(unit)) return `write ${number}`;
    return /^m/i.test(unit) ? `write ${number}m` : USUAL_FIX.cpu;
  }
  if (prefix === '') return USUAL_FIX.memory;
  const letter = prefix.toUpperCase();
  const decimal = letter === 'K' ? 'k' : letter;
  return binary === '' ? `write ${number}${decimal} or ${number}${letter}i` : `write ${number}${letter}i`;
}

/** Divides out a factor as often as it goes: `[what is left, how often]`. */
function removeFactors(value: bigint, factor: bigint): [bigint, number] {
  let times = 0;
  while (value % factor === 0n) {
    value /= factor;
    times++;
  }
  return [value, times];
}

/** Rounds away from zero, as Kubernetes does: who asks for little shall not get nothing. */
function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
