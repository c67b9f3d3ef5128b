import type { TargetOptions } from './target.ts';

type Prometheus = NonNullable<NonNullable<TargetOptions['cluster']>['prometheus']>;

/** A Prometheus whose alerts go to every kind of receiver. */
export const ROUTED: Prometheus = {
  version: '3.4',
  alertmanager: {
    configLabels: { alertmanager: 'main' },
    receivers: {
      pager: { pagerduty: { routingKey: { secret: 'pagerduty', key: 'routing-key' } } },
      chat: { slack: { apiUrl: { secret: 'slack', key: 'url' } } },
      duty: { opsgenie: { apiKey: { secret: 'opsgenie', key: 'api-key' } } },
      teams: { msteams: { webhookUrl: { secret: 'teams', key: 'url' } } },
      digest: { webhook: { url: { secret: 'digest', key: 'url' } } },
    },
    routes: { critical: 'pager', warning: 'chat' },
  },
};
