import { parseQuantity } from '../core/quantity.ts';
import type { Known } from './lists.ts';

/** Maps whose values are quantities: resources of containers, quotas, limit ranges. */
const QUANTITY_MAPS: ReadonlySet<string> = new Set([
  'capacity',
  'default',
  'defaultRequest',
  'hard',
  'limits',
  'max',
  'maxAllowed',
  'maxLimitRequestRatio',
  'min',
  'minAllowed',
  'overhead',
  'podFixed',
  'requests',
]);

/** Fields that are quantities wherever they are. */
const QUANTITIES: ReadonlySet<string> = new Set(['averageValue', 'divisor', 'sizeLimit']);

/** Fields that are durations, in the kinds that we render and their like. */
// prettier-ignore
const DURATIONS: ReadonlySet<string> = new Set([
  'bake', 'baseEjectionTime', 'connectTimeout', 'connectionTimeout', 'deadline', 'delay', 'duration', 'fixedDelay', 'for', 'groupInterval',
  'groupWait', 'h2UpgradeTimeout', 'idleTimeout', 'interval', 'keepFiringFor', 'keep_firing_for', 'maxConnectionDuration', 'maxDuration', 'perTryTimeout',
  'probeTimeout', 'refreshInterval', 'repeatInterval', 'retryInterval', 'scrapeInterval', 'scrapeTimeout', 'timeout', 'ttl',
]);

/** Fields below which text is what it is: a program of the user reads it, and may tell `1` from `1000m`. */
const PLAIN: ReadonlySet<string> = new Set([
  'annotations',
  'args',
  'command',
  'data',
  'env',
  'labels',
  'matchLabels',
  'stringData',
]);

/** How the imported schemas describe a quantity. */
const QUANTITY_PATTERN = '^(\\+|-)?(([0-9]+';

/** What a text may be besides a text. */
export type Meaning = 'text' | 'quantity' | 'duration';

/** What a scalar means, by its field, the field above it, and its schema. */
export function meaningOf(field: string, above: string, known: Known | undefined): Meaning {
  if (PLAIN.has(above) || PLAIN.has(field)) return 'text';
  if (QUANTITY_MAPS.has(above) || QUANTITIES.has(field) || (known?.node.pattern?.startsWith(QUANTITY_PATTERN) ?? false))
    return 'quantity';
  return DURATIONS.has(field) ? 'duration' : 'text';
}

/**
 * What a scalar is worth: two of one worth are one value, however they are spelled. `1000m` of processor is `1`, and a
 * timeout of `60s` is `1m`.
 */
export function worthOf(value: unknown, meaning: Meaning): unknown {
  if (meaning === 'quantity' && (typeof value === 'string' || typeof value === 'number')) {
    const quantity = parseQuantity(value);
    return quantity ? `quantity ${quantity.nanos}` : value;
  }
  if (meaning === 'duration' && typeof value === 'string') {
    const ms = milliseconds(value);
    return ms === undefined ? value : `duration ${ms}`;
  }
  return value;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Milliseconds of a duration as Go or Prometheus write it; `undefined` for anything else. */
export function milliseconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
}
