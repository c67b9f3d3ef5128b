import { describe, expect, test } from 'vitest';
import type { AlertmanagerConfig } from '../../imports/monitoring.coreos.com/v1alpha1.js';
import { renderAlertmanager } from '../../src/render/alertmanager.ts';
import { cluster as clusterSchema } from '../../src/service/platform.ts';
import { ROUTED } from '../support/routed.ts';
import { defaultCluster, targetOf, type TargetOptions } from '../support/target.ts';

function configOf(spec: TargetOptions['spec'] = {}): AlertmanagerConfig {
  const [config] = renderAlertmanager(
    targetOf({ cluster: { prometheus: ROUTED }, spec: { owner: { team: 'risk-ml', escalation: '#risk' }, ...spec } }),
  );
  if (!config) throw new Error('no AlertmanagerConfig');
  return config as unknown as AlertmanagerConfig;
}

const TEXTS = {
  title:
    '{{ .CommonLabels.alertname }}: {{ if .CommonAnnotations.summary }}{{ .CommonAnnotations.summary }}' +
    '{{ else }}{{ .CommonLabels.ai_service }} ({{ .Alerts | len }} alerts){{ end }}',
  text: '{{ range .Alerts }}{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}',
};

test('alerts of a service go to a receiver by severity; what has none is dropped', () => {
  const { metadata, spec } = configOf();
  expect(metadata).toEqual({
    name: 'fraud-detector',
    namespace: 'risk-ml-prod',
    labels: {
      'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
      'app.kubernetes.io/name': 'fraud-detector',
      'app.kubernetes.io/part-of': 'risk-ml',
      alertmanager: 'main',
    },
  });
  expect(spec.route).toEqual({
    receiver: 'none',
    matchers: [{ name: 'ai_service', matchType: '=', value: 'fraud-detector' }],
    groupBy: ['alertname', 'ai_service', 'namespace'],
    groupWait: '30s',
    groupInterval: '5m',
    repeatInterval: '24h',
    routes: [
      { receiver: 'pager', matchers: [{ name: 'severity', matchType: '=', value: 'critical' }], repeatInterval: '4h' },
      { receiver: 'chat', matchers: [{ name: 'severity', matchType: '=', value: 'warning' }] },
    ],
  });
  expect(spec.receivers).toEqual([
    { name: 'none' },
    {
      name: 'chat',
      slackConfigs: [{ apiURL: { name: 'slack', key: 'url' }, channel: '#risk', ...TEXTS, sendResolved: true }],
    },
    {
      name: 'pager',
      pagerdutyConfigs: [
        { routingKey: { name: 'pagerduty', key: 'routing-key' }, description: TEXTS.title, sendResolved: true },
      ],
    },
  ]);
});

test('a service chooses other receivers of the platform, or silence', () => {
  const { spec } = configOf({ monitoring: { routing: { critical: 'duty', warning: false, info: 'digest' } } });
  expect((spec.route?.routes as { receiver: string }[]).map(({ receiver }) => receiver)).toEqual(['duty', 'digest']);
  expect(spec.receivers).toEqual([
    { name: 'none' },
    { name: 'digest', webhookConfigs: [{ urlSecret: { name: 'digest', key: 'url' }, sendResolved: true }] },
    {
      name: 'duty',
      opsgenieConfigs: [
        {
          apiKey: { name: 'opsgenie', key: 'api-key' },
          message: TEXTS.title,
          description: TEXTS.text,
          sendResolved: true,
        },
      ],
    },
  ]);
  expect(configOf({ monitoring: { routing: { critical: 'teams' } } }).spec.receivers?.[2]).toEqual({
    name: 'teams',
    msteamsConfigs: [{ webhookUrl: { name: 'teams', key: 'url' }, ...TEXTS, sendResolved: true }],
  });
});

test('a graver alert of one cause silences the others, of this service only', () => {
  const own = { name: 'ai_service', matchType: '=', value: 'fraud-detector' };
  const { inhibitRules } = configOf().spec;
  expect(inhibitRules?.[0]).toEqual({
    sourceMatch: [own, { name: 'burn_tier', matchType: '=', value: 'fast' }],
    targetMatch: [own, { name: 'burn_tier', matchType: '=~', value: 'medium|slow|longterm' }],
    equal: ['namespace', 'ai_slo'],
  });
  expect(
    inhibitRules?.map(({ sourceMatch, targetMatch }) => `${sourceMatch?.[1]?.value} > ${targetMatch?.[1]?.value}`),
  ).toEqual([
    'fast > medium|slow|longterm',
    'medium > slow|longterm',
    'slow > longterm',
    'AiServiceOutage > AiSloErrorBudgetBurn',
    'AiServiceOutage > AiInferenceServiceNotReady|AiReplicasNotReady|AiAppDegraded',
    'AiAppDegraded > AiAppOutOfSync',
  ]);
});

test('without receivers on the cluster nothing is rendered', () => {
  expect(renderAlertmanager(targetOf())).toEqual([]);
});

describe('a platform', () => {
  const { alertmanager } = ROUTED;

  function problems(changed: object): unknown[] {
    const result = clusterSchema.safeParse({
      ...defaultCluster('Standard'),
      prometheus: { version: '3.4', alertmanager: { ...alertmanager, ...changed } },
    });
    return (result.error?.issues ?? []).map(({ path, message }) => [path.slice(2).join('.'), message]);
  }

  test('routes to receivers that it declares', () => {
    expect(problems({ routes: { critical: 'pagr', warning: 'chat' } })).toEqual([
      ['routes.critical', 'there is no receiver "pagr"'],
    ]);
  });

  test('names Secrets, and does not write what is in them', () => {
    const slack = { apiUrl: { secret: 'https://hooks.slack.com/services/T0/B0/x', key: 'url' } };
    const result = clusterSchema.safeParse({
      ...defaultCluster('Standard'),
      prometheus: {
        version: '3.4',
        alertmanager: {
          ...alertmanager,
          receivers: { pager: { slack } },
          routes: { critical: 'pager', warning: 'pager' },
        },
      },
    });
    expect(JSON.stringify(result.error)).toContain('the name of a Secret is a DNS name');
    expect(JSON.stringify(result.error?.issues)).not.toContain('hooks.slack.com/services');
  });

  test('cannot take the name of the receiver that drops alerts', () => {
    const pager = alertmanager?.receivers['pager'];
    expect(problems({ receivers: { none: pager }, routes: { critical: 'none', warning: 'none' } })[0]).toEqual([
      'receivers.none',
      'Invalid key in record',
    ]);
  });
});
