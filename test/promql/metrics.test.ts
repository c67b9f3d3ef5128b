import { describe, expect, test } from 'vitest';
import { istioMatchers, upTo } from '../../src/promql/metrics.ts';
import { exactly, pattern, selector } from '../../src/promql/selector.ts';

describe('a bucket', () => {
  // Go 1.26: strconv.FormatFloat(bound, 'g', -1, 64); Prometheus 3 adds .0 to what has neither a dot nor an exponent.
  test.each([
    [250, 'le=~"250|250\\\\.0"'],
    [0.25, 'le="0.25"'],
    [0, 'le=~"0|0\\\\.0"'],
    [-1, 'le=~"-1|-1\\\\.0"'],
    [100_000, 'le=~"100000|100000\\\\.0"'],
    [1_000_000, 'le=~"1000000|1000000\\\\.0|1e\\\\+06"'],
    [1_234_567.5, 'le=~"1234567\\\\.5|1\\\\.2345675e\\\\+06"'],
    [3_600_000, 'le=~"3600000|3600000\\\\.0|3\\\\.6e\\\\+06"'],
    [0.0001, 'le="0.0001"'],
    [0.00001, 'le=~"0\\\\.00001|1e-05"'],
    [1e-9, 'le=~"0\\\\.000000001|1e-09"'],
  ])('of %d is found in every spelling', (bound, text) => {
    expect(selector('m', [upTo(bound)]).text).toBe(`m{${text}}`);
  });
});

test("conditions on Istio's metrics name who measured, and which services were called", () => {
  const traffic = {
    reporters: ['source', 'waypoint'] as const,
    namespace: 'ml',
    services: [exactly('b'), pattern`${'a.b'}(-[0-9]+)?`],
  };
  expect(selector('m', istioMatchers(traffic)).text).toBe(
    'm{reporter=~"source|waypoint",destination_service_namespace="ml",destination_service_name=~"a\\\\.b(-[0-9]+)?|b"}',
  );
});
