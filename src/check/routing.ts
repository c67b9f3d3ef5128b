import type { Finding, Rule } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { routesOf, slackChannel } from '../render/alertmanager.ts';
import type { Target } from '../render/target.ts';
import { reporter } from './report.ts';

/** Rules on where the alerts of a service go. */
export const ROUTING_RULES: readonly Rule[] = [
  {
    id: 'routing/unknown-receiver',
    severity: 'error',
    summary: 'A service names receivers that its cluster has.',
    source: 'ours: the operator leaves out an AlertmanagerConfig with a route to nowhere',
  },
  {
    id: 'routing/no-channel',
    severity: 'error',
    summary: 'A receiver of Slack has a channel: its own, or that of the owner.',
    source: 'Slack refuses a message without a channel',
  },
  {
    id: 'routing/not-rendered',
    severity: 'info',
    summary: 'Routes of a service need an Alertmanager that the cluster declares.',
    source: 'ours: without one, alerts are routed by whoever runs Alertmanager, by their labels',
  },
];

const report = reporter(ROUTING_RULES);

/** Checks where the alerts of a service go on one cluster. */
export function checkRouting(target: Target): Finding[] {
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  const own = Object.entries(target.spec.monitoring.routing);
  const { prometheus } = target.cluster;
  if (!prometheus) return findings;
  if (!prometheus.alertmanager) {
    if (own.length > 0) {
      const message = `cluster ${target.clusterName} declares no receivers, so that the labels team and severity of the alerts decide where they go`;
      add(
        'routing/not-rendered',
        'monitoring.routing',
        message,
        'declare prometheus.alertmanager on the cluster, or leave routing out',
      );
    }
    return findings;
  }
  const { receivers } = prometheus.alertmanager;
  const known = Object.keys(receivers).sort();
  for (const [severity, name] of own) {
    if (typeof name !== 'string' || Object.hasOwn(receivers, name)) continue;
    const near = didYouMean(name, known);
    const fix = near === undefined ? `write one of ${known.join(', ')}` : `did you mean ${near}?`;
    add(
      'routing/unknown-receiver',
      `monitoring.routing.${severity}`,
      `cluster ${target.clusterName} has no receiver ${JSON.stringify(name)}`,
      fix,
    );
  }
  for (const name of new Set(Object.values(routesOf(target)))) {
    const receiver = receivers[name];
    if (!receiver || !('slack' in receiver) || slackChannel(receiver, target) !== undefined) continue;
    const message = `the receiver ${name} of cluster ${target.clusterName} writes to the channel of the owner, and the owner has none`;
    add('routing/no-channel', 'owner.escalation', message, "write a channel: escalation: '#risk-ml-oncall'");
  }
  return findings;
}
