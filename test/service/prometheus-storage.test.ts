import { describe, expect, test } from 'vitest';
import { cluster } from '../../src/service/platform.ts';
import { retentionSeconds } from '../../src/service/prometheus-storage.ts';

function problems(prometheus: object): string[] {
  const { error } = cluster.safeParse({ kubernetes: '1.33', prometheus });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('native histograms are refused on a Prometheus', () => {
  test.each([
    ['scraped', '2.53', '3.0'],
    ['scraped', ['2.55', '3.4'], '3.0'],
    ['converted', '3.3', '3.4'],
    ['converted', ['3.3.1', '3.5'], '3.4'],
  ] as const)('that cannot have them: %s with %s', (nativeHistograms, version, since) => {
    const named = [version].flat().join(' and ');
    expect(problems({ version, nativeHistograms })).toEqual([
      `prometheus.nativeHistograms: Prometheus ${named} cannot: native histograms that are ${nativeHistograms} came with ${since}`,
    ]);
  });

  test.each([
    ['scraped', '3.0'],
    ['converted', '3.4'],
    ['converted', ['3.4', '3.15']],
  ] as const)('and not on one that can: %s with %s', (nativeHistograms, version) => {
    expect(problems({ version, nativeHistograms })).toEqual([]);
  });
});

describe('a retention', () => {
  test.each([
    ['15d', 15 * 86_400],
    ['360h', 15 * 86_400],
    ['2w', 14 * 86_400],
    ['1y', 365 * 86_400],
  ])('of %s is %i seconds', (text, seconds) => {
    expect(problems({ version: '3.4', retention: text })).toEqual([]);
    expect(retentionSeconds(text)).toBe(seconds);
  });

  test.each(['15', '0d', '1d12h', '15 d', '-1d'])('is not %j', (text) => {
    expect(problems({ version: '3.4', retention: text })).toEqual([
      'prometheus.retention: expected a number with a unit, as 15d, 360h, 8w or 1y',
    ]);
  });
});
