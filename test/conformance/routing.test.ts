import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertmanagerConfig, Matcher } from '../../imports/monitoring.coreos.com/v1alpha1.js';
import { renderAlertmanager } from '../../src/render/alertmanager.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { AlertRule, RuleGroup } from '../../src/promql/rule.ts';
import { ROUTED } from '../support/routed.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { runTool } from './run-tool.ts';

type Route = NonNullable<AlertmanagerConfig['spec']['route']>;

const text = ({ name, matchType = '=', value = '' }: Matcher): string => `${name}${matchType}${JSON.stringify(value)}`;

/**
 * What the operator makes of an AlertmanagerConfig (prometheus-operator v0.85.0 pkg/alertmanager/amcfg.go): names and
 * namespace in front of receivers, the namespace among the matchers of the first route and of inhibitions, and on to the
 * next configuration.
 */
function asConfigured({ metadata: { name, namespace = '' }, spec }: AlertmanagerConfig): object {
  const own = `namespace=${JSON.stringify(namespace)}`;
  const called = (receiver: string | undefined): string => `${namespace}/${name}/${receiver}`;
  const route = (
    { receiver, matchers = [], groupBy, groupWait, groupInterval, repeatInterval, routes = [] }: Route,
    first: boolean,
  ): object => ({
    receiver: called(receiver),
    matchers: [...(first ? [own] : []), ...matchers.map(text)],
    ...(groupBy && { group_by: groupBy }),
    ...(groupWait && { group_wait: groupWait }),
    ...(groupInterval && { group_interval: groupInterval }),
    ...(repeatInterval && { repeat_interval: repeatInterval }),
    continue: first,
    routes: (routes as Route[]).map((child) => route(child, false)),
  });
  const secret = 'https://example.com/hook';
  return {
    route: { receiver: 'null', routes: spec.route ? [route(spec.route, true)] : [] },
    inhibit_rules: (spec.inhibitRules ?? []).map(({ sourceMatch = [], targetMatch = [], equal = [] }) => ({
      source_matchers: [own, ...sourceMatch.map(text)],
      target_matchers: [own, ...targetMatch.map(text)],
      equal,
    })),
    receivers: [
      { name: 'null' },
      ...(spec.receivers ?? []).map(
        ({ name: receiver, pagerdutyConfigs, slackConfigs, opsgenieConfigs, webhookConfigs, msteamsConfigs }) => ({
          name: called(receiver),
          ...(pagerdutyConfigs && {
            pagerduty_configs: pagerdutyConfigs.map(({ description, sendResolved }) => ({
              routing_key: 'k',
              description,
              send_resolved: sendResolved,
            })),
          }),
          ...(slackConfigs && {
            slack_configs: slackConfigs.map(({ channel, title, text: body, sendResolved }) => ({
              api_url: secret,
              channel,
              title,
              text: body,
              send_resolved: sendResolved,
            })),
          }),
          ...(opsgenieConfigs && {
            opsgenie_configs: opsgenieConfigs.map(({ message, description, sendResolved }) => ({
              api_key: 'k',
              message,
              description,
              send_resolved: sendResolved,
            })),
          }),
          ...(webhookConfigs && {
            webhook_configs: webhookConfigs.map(({ sendResolved }) => ({ url: secret, send_resolved: sendResolved })),
          }),
          // Alertmanager knows Teams from 0.26 on; the Debian package is older.
          ...(msteamsConfigs && { webhook_configs: [{ url: secret }] }),
        }),
      ),
    ],
  };
}

const folder = mkdtempSync(join(tmpdir(), 'amtool-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'alertmanager.yml');

const OPTIONS: TargetOptions = {
  cluster: { prometheus: ROUTED },
  spec: { owner: { team: 'risk-ml', escalation: '#risk' }, monitoring: { routing: { info: 'teams' } } },
};

function amtool(...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = runTool('amtool', args);
  return { status, output: (status === 0 ? stdout : stdout + stderr).trim() };
}

describe('the routes of a service', () => {
  const target = targetOf(OPTIONS);
  beforeAll(() => {
    const [config] = renderAlertmanager(target);
    // YAML reads JSON.
    writeFileSync(file, JSON.stringify(asConfigured(config as unknown as AlertmanagerConfig)));
  });

  test('are accepted, every kind of receiver too', () => {
    const { status, output } = amtool('check-config', file);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') as string });
    const others = { critical: 'duty', warning: 'digest', info: 'teams' };
    const [config] = renderAlertmanager(
      targetOf({ ...OPTIONS, spec: { ...OPTIONS.spec, monitoring: { routing: others } } }),
    );
    const second = join(folder, 'others.yml');
    writeFileSync(second, JSON.stringify(asConfigured(config as unknown as AlertmanagerConfig)));
    expect(amtool('check-config', second).status).toBe(0);
  });

  test('lead every alert that is rendered to the receiver of its severity', () => {
    const receivers: Readonly<Record<string, string>> = {
      critical: 'risk-ml-prod/fraud-detector/pager',
      warning: 'risk-ml-prod/fraud-detector/chat',
    };
    const rules = renderPrometheus(target, new Map()).filter(({ kind }) => kind === 'PrometheusRule');
    const alerts = rules.flatMap(({ spec }) =>
      (spec as { groups: RuleGroup[] }).groups.flatMap((group) =>
        group.rules.filter((rule): rule is AlertRule => 'alert' in rule),
      ),
    );
    expect(alerts.length).toBeGreaterThan(3);
    for (const { alert, labels } of alerts) {
      const all = Object.entries({ alertname: alert, ...labels }).map(([name, value]) => `${name}=${value}`);
      expect([alert, amtool('config', 'routes', 'test', `--config.file=${file}`, ...all).output]).toEqual([
        alert,
        receivers[labels['severity'] ?? ''],
      ]);
    }
  });

  test.each([
    ['of another service', ['ai_service=other', 'namespace=risk-ml-prod', 'severity=critical'], 'null'],
    ['of another namespace', ['ai_service=fraud-detector', 'namespace=risk-ml-dev', 'severity=critical'], 'null'],
    [
      'that nobody asked for',
      ['ai_service=fraud-detector', 'namespace=risk-ml-prod', 'severity=debug'],
      'risk-ml-prod/fraud-detector/none',
    ],
  ])('do not take an alert %s', (_, labels, receiver) => {
    expect(amtool('config', 'routes', 'test', `--config.file=${file}`, ...labels).output).toBe(receiver);
  });
});
