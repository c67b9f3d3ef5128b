import { test } from 'vitest';
import { expectSilence } from './healthy-traffic.ts';

/** Beside slo-healthy.test.ts, in a file of its own since it takes as long. */
test('30 days of healthy traffic raise no alert: 1 request a minute, 99 %', () => {
  expectSilence({ mean: 1 / 60, failures: 0.003, expectedRps: 0.017, objective: 99 });
});
