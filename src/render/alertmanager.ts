import type { AlertmanagerConfig } from '../../imports/monitoring.coreos.com/v1alpha1.js';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { NOWHERE, type AlertSeverity, type Receiver } from '../service/routing.ts';
import { serviceLabels, type Target } from './target.ts';

/**
 * Where the alerts of a service go: an AlertmanagerConfig, where the platform declares receivers. Each severity has its
 * receiver; what has none is dropped. Secrets are read from the namespace of the service, so that a receiver of one name is
 * another one for each team.
 *
 * The operator adds the namespace to every matcher (`OnNamespace`, its default), and our alerts carry it as a static label:
 * also those on metrics of Argo CD, GPUs and costs, whose series live elsewhere.
 */
export function renderAlertmanager(target: Target): KubeObject[] {
  const alertmanager = target.cluster.prometheus?.alertmanager;
  if (!alertmanager) return [];
  const routes = routesOf(target);
  const used = [...new Set(Object.values(routes))].sort(compareText);
  const config: AlertmanagerConfig = {
    apiVersion: 'monitoring.coreos.com/v1alpha1',
    kind: 'AlertmanagerConfig',
    metadata: {
      name: target.service,
      namespace: target.namespace,
      labels: { ...serviceLabels(target), ...alertmanager.configLabels },
    },
    spec: {
      route: {
        receiver: NOWHERE,
        matchers: [equal('ai_service', target.service)],
        groupBy: ['alertname', 'ai_service', 'namespace'],
        groupWait: '30s',
        groupInterval: '5m',
        repeatInterval: '24h',
        routes: SEVERITIES.flatMap((severity) => {
          const receiver = routes[severity];
          return receiver === undefined
            ? []
            : [
                {
                  receiver,
                  matchers: [equal('severity', severity)],
                  ...(severity === 'critical' && { repeatInterval: '4h' }),
                },
              ];
        }),
      },
      receivers: [{ name: NOWHERE }, ...used.flatMap((name) => receiverOf(name, alertmanager.receivers[name], target))],
      inhibitRules: inhibitRules(target),
    },
  };
  return [config];
}

const SEVERITIES: readonly AlertSeverity[] = ['critical', 'warning', 'info'];

/** The receiver of each severity that has one. */
export function routesOf({ cluster, spec }: Target): Partial<Record<AlertSeverity, string>> {
  const own = spec.monitoring.routing;
  const usual = cluster.prometheus?.alertmanager?.routes;
  return Object.fromEntries(
    SEVERITIES.flatMap((severity) => {
      const name = own[severity] ?? usual?.[severity];
      return name === undefined || name === false ? [] : [[severity, name]];
    }),
  );
}

/** The channel that a receiver of Slack writes to; `undefined` when neither it nor the owner says. */
export function slackChannel(receiver: Receiver, { spec }: Target): string | undefined {
  if (!('slack' in receiver)) return undefined;
  const { escalation } = spec.owner;
  return receiver.slack.channel ?? (escalation?.startsWith('#') ? escalation : undefined);
}

type Receivers = NonNullable<AlertmanagerConfig['spec']['receivers']>;
type Matchers = NonNullable<NonNullable<AlertmanagerConfig['spec']['route']>['matchers']>;

/** What a person reads first, of all alerts of a group: they may be about several objectives, and have no summary in common. */
const TITLE =
  '{{ .CommonLabels.alertname }}: {{ if .CommonAnnotations.summary }}{{ .CommonAnnotations.summary }}' +
  '{{ else }}{{ .CommonLabels.ai_service }} ({{ .Alerts | len }} alerts){{ end }}';
const TEXT = '{{ range .Alerts }}{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}';

function receiverOf(name: string, receiver: Receiver | undefined, target: Target): Receivers {
  // The checks have said it when there is none.
  if (!receiver) return [];
  const sendResolved = true;
  const text = { title: TITLE, text: TEXT };
  if ('pagerduty' in receiver)
    return [
      {
        name,
        pagerdutyConfigs: [{ routingKey: keyOf(receiver.pagerduty.routingKey), description: TITLE, sendResolved }],
      },
    ];
  if ('opsgenie' in receiver)
    return [
      {
        name,
        opsgenieConfigs: [{ apiKey: keyOf(receiver.opsgenie.apiKey), message: TITLE, description: TEXT, sendResolved }],
      },
    ];
  if ('msteams' in receiver)
    return [{ name, msteamsConfigs: [{ webhookUrl: keyOf(receiver.msteams.webhookUrl), ...text, sendResolved }] }];
  if ('webhook' in receiver)
    return [{ name, webhookConfigs: [{ urlSecret: keyOf(receiver.webhook.url), sendResolved }] }];
  return [
    {
      name,
      slackConfigs: [
        { apiURL: keyOf(receiver.slack.apiUrl), channel: slackChannel(receiver, target) ?? '', ...text, sendResolved },
      ],
    },
  ];
}

function keyOf({ secret, key }: { readonly secret: string; readonly key: string }): { name: string; key: string } {
  return { name: secret, key };
}

type Matcher = Matchers[number];

function equal(name: string, value: string): Matcher {
  return { name, matchType: '=', value };
}

function oneOf(name: string, ...values: readonly string[]): Matcher {
  return { name, matchType: '=~', value: values.join('|') };
}

/** One cause, one notification: what says more silences what follows from it. */
function inhibitRules({ service }: Target): NonNullable<AlertmanagerConfig['spec']['inhibitRules']> {
  const own = equal('ai_service', service);
  const rule = (
    source: Matcher,
    target: Matcher,
    equal: readonly string[] = [],
  ): { sourceMatch: Matcher[]; targetMatch: Matcher[]; equal: string[] } => ({
    sourceMatch: [own, source],
    targetMatch: [own, target],
    equal: ['namespace', ...equal],
  });
  return [
    rule(equal('burn_tier', 'fast'), oneOf('burn_tier', 'medium', 'slow', 'longterm'), ['ai_slo']),
    rule(equal('burn_tier', 'medium'), oneOf('burn_tier', 'slow', 'longterm'), ['ai_slo']),
    rule(equal('burn_tier', 'slow'), equal('burn_tier', 'longterm'), ['ai_slo']),
    rule(equal('alertname', 'AiServiceOutage'), equal('alertname', 'AiSloErrorBudgetBurn')),
    rule(
      equal('alertname', 'AiServiceOutage'),
      oneOf('alertname', 'AiInferenceServiceNotReady', 'AiReplicasNotReady', 'AiAppDegraded'),
    ),
    rule(equal('alertname', 'AiAppDegraded'), equal('alertname', 'AiAppOutOfSync')),
  ];
}
