import { remember } from './remember.ts';

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, the micro sign
  μs: 1_000n, // U+03BC, the Greek letter
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go counts nanoseconds in 63 bits, which ends after 292 years. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;

/**
 * Milliseconds of a duration in Go's grammar (`time.ParseDuration`): `250ms`, `30s`, `20m`, `1h30m`, `1.5h`.
 * `undefined` for anything else: a number without a unit (but `0` is fine), days, a sign, more than 292 years,
 * and what is not a whole number of milliseconds, which neither Prometheus nor Gateway API can write.
 *
 * @example parseDuration('1h30m') // 5_400_000
 */
export const parseDuration = remember((text: string): number | undefined => {
  if (text === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let nanoseconds = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)([a-zµμ]+)/g)) {
    // Digits below a nanosecond are dropped, as Go does.
    nanoseconds += (BigInt(whole + fraction) * UNIT_NANOSECONDS[unit]!) / 10n ** BigInt(fraction.length);
  }
  if (nanoseconds > MAX_NANOSECONDS || nanoseconds % 1_000_000n !== 0n) return undefined;
  return Number(nanoseconds / 1_000_000n);
});

/**
 * A duration as hours, minutes, seconds and milliseconds without empty parts and without fractions, so that Go,
 * Gateway API (GEP-2257) and Prometheus read it alike. Throws a `RangeError` unless `ms` is a whole number >= 0.
 *
 * @example formatGoDuration(5_401_500) // '1h30m1s500ms'
 */
export function formatGoDuration(ms: number): string {
  return format(ms, [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ]);
}

/**
 * A duration as Prometheus prints it (`model.Duration` of prometheus/common): days too, years and weeks only
 * when nothing is left over. Throws a `RangeError` unless `ms` is a whole number >= 0.
 *
 * @example formatPrometheusDuration(36 * 3_600_000) // '1d12h'
 */
export function formatPrometheusDuration(ms: number): string {
  const day = 86_400_000;
  if (ms > 0 && ms % (365 * day) === 0) return `${ms / (365 * day)}y`;
  if (ms > 0 && ms % (7 * day) === 0) return `${ms / (7 * day)}w`;
  return format(ms, [
    ['d', day],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ]);
}

function format(ms: number, units: readonly (readonly [string, number])[]): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`${ms} is not a whole number of milliseconds >= 0`);
  let text = '';
  let rest = ms;
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * length;
  }
  return text || '0s';
}
