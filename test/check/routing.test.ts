import { expect, test } from 'vitest';
import { checkRouting, ROUTING_RULES } from '../../src/check/routing.ts';
import type { Finding } from '../../src/core/finding.ts';
import { ROUTED } from '../support/routed.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

function check(
  routing: NonNullable<NonNullable<TargetOptions['spec']>['monitoring']>['routing'],
  options: TargetOptions = {},
): Finding[] {
  const owner = { team: 'risk-ml', escalation: '#risk' };
  return checkRouting(
    targetOf({
      cluster: { prometheus: ROUTED },
      ...options,
      spec: { owner, ...options.spec, monitoring: { routing } },
    }),
  );
}

const WITHOUT_CHANNEL: TargetOptions = { spec: { owner: { team: 'risk-ml', escalation: 'risk@example.com' } } };
const NO_RECEIVERS: TargetOptions = { cluster: { prometheus: { version: '3.4' } } };

test('receivers of the cluster, and silence, are fine', () => {
  expect(check({})).toEqual([]);
  expect(check({ critical: 'duty', warning: false })).toEqual([]);
  expect(check({ warning: 'digest' }, WITHOUT_CHANNEL)).toEqual([]);
});

test('a receiver that the cluster does not have is named, with the one that was meant', () => {
  expect(check({ critical: 'pagr' })).toEqual([
    {
      id: 'routing/unknown-receiver',
      severity: 'error',
      where: {
        service: 'fraud-detector',
        environment: 'prod-eu',
        cluster: 'eu-1',
        field: 'monitoring.routing.critical',
      },
      message: 'cluster eu-1 has no receiver "pagr"',
      fix: 'did you mean pager?',
    },
  ]);
  expect(check({ info: 'archive' }).map(({ fix }) => fix)).toEqual(['write one of chat, digest, duty, pager, teams']);
});

test('a receiver of Slack needs a channel', () => {
  expect(check({}, WITHOUT_CHANNEL)).toMatchObject([
    {
      id: 'routing/no-channel',
      where: { field: 'owner.escalation' },
      message: 'the receiver chat of cluster eu-1 writes to the channel of the owner, and the owner has none',
    },
  ]);
});

test('routes need receivers, which is said when something was asked for', () => {
  expect(check({}, NO_RECEIVERS)).toEqual([]);
  expect(check({ critical: 'pager' }, NO_RECEIVERS)).toMatchObject([{ id: 'routing/not-rendered', severity: 'info' }]);
});

test('every finding has its rule', () => {
  const found = [...check({ critical: 'x' }, WITHOUT_CHANNEL), ...check({ critical: 'x' }, NO_RECEIVERS)];
  expect(new Set(found.map(({ id, severity }) => `${id} ${severity}`))).toEqual(
    new Set(ROUTING_RULES.map(({ id, severity }) => `${id} ${severity}`)),
  );
});
