import { test } from 'vitest';
import { expectSilence } from './healthy-traffic.ts';

/** Alerts on objectives and outages do not come without a fault: docs/monitoring.md, "False alarms". */
test('30 days of healthy traffic raise no alert: 10 requests a second, 99.9 %', () => {
  expectSilence({ mean: 10, failures: 0.0003, expectedRps: 10, objective: 99.9 });
});
