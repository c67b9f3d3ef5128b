import { describe, expect, test } from 'vitest';
import { formatGoDuration, formatPrometheusDuration, parseDuration } from '../../src/core/duration.ts';
import { fc } from '../support/property.ts';

describe('parseDuration', () => {
  // What Go 1.26 `time.ParseDuration` made of them, in milliseconds.
  test.each([
    ['0', 0],
    ['0s', 0],
    ['1ms', 1],
    ['250ms', 250],
    ['30s', 30_000],
    ['20m', 1_200_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['5.s', 5_000],
    ['1h1h', 7_200_000],
    ['1m1h', 3_660_000],
    ['24h', 86_400_000],
    ['1000us', 1],
    ['1000µs', 1],
    ['1000μs', 1],
    ['1000000ns', 1],
    ['2562047h', 9_223_369_200_000],
    ['0.1h', 360_000],
    ['0.0000001ms', 0],
    ['1.00000000001s', 1_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '10',
    '1d',
    '1w',
    '1y',
    '5 m',
    ' 5m',
    '1H',
    's',
    '.s',
    '-5s',
    '+5s',
    '2562048h',
    '1us',
    '0.5ms',
    '1e3s',
    '5min',
    '1h30',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatGoDuration', () => {
  test.each([
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1s500ms'],
    [30_000, '30s'],
    [1_200_000, '20m'],
    [5_400_000, '1h30m'],
    [86_400_000, '24h'],
    [90_061_001, '25h1m1s1ms'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatGoDuration(ms)).toBe(text);
  });

  test('is read back as the same time', () => {
    fc.assert(fc.property(fc.nat({ max: 9_000_000_000_000 }), (ms) => parseDuration(formatGoDuration(ms)) === ms));
  });
});

describe('formatPrometheusDuration', () => {
  // What `model.Duration.String` of prometheus/common v0.73.1 printed.
  test.each([
    [0, '0s'],
    [1, '1ms'],
    [250, '250ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_500, '1s500ms'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [1_800_000, '30m'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
    [90_000_000, '1d1h'],
    [129_600_000, '1d12h'],
    [604_800_000, '1w'],
    [691_200_000, '8d'],
    [2_419_200_000, '4w'],
    [2_592_000_000, '30d'],
    [31_536_000_000, '1y'],
    [31_622_400_000, '366d'],
    [63_072_000_000, '2y'],
    [34_300_800_000, '397d'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatPrometheusDuration(ms)).toBe(text);
  });
});

test.each([-1, 0.5, NaN, Infinity])('%d is not a time that can be written', (ms) => {
  expect(() => formatGoDuration(ms)).toThrow(new RangeError(`${ms} is not a whole number of milliseconds >= 0`));
  expect(() => formatPrometheusDuration(ms)).toThrow(RangeError);
});
