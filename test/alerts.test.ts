import { expect, test } from 'vitest';
import { ALERT_GUIDES } from '../src/render/runbook-guides.ts';
import { cost, delivery, health } from '../src/service/health.ts';
import { monitoringRules } from '../src/service/monitoring-rules.ts';
import { ALERTS, alertsReference } from '../tools/alerts.ts';

test('the table of the docs has every built-in alert, as the runbook has', () => {
  expect(Object.keys(ALERTS).sort()).toEqual(Object.keys(ALERT_GUIDES).sort());
});

test('every alert has a time, and a field that services have', () => {
  const rows = alertsReference()
    .split('\n')
    .filter((line) => line.startsWith('| `Ai'))
    .map((line) => line.split(' | '));
  expect(rows.filter(([, , , , after]) => after === '')).toEqual([]);
  const groups = { health, delivery, cost };
  const known = [
    ...Object.keys(monitoringRules.shape),
    ...Object.entries(groups).flatMap(([group, { shape }]) => Object.keys(shape).map((field) => `${group}.${field}`)),
  ];
  expect(
    Object.values(ALERTS)
      .map(({ field }) => field.replace(': false', ''))
      .filter((field) => !known.includes(field)),
  ).toEqual([]);
});
