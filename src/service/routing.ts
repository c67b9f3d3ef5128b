import { z } from 'zod';
import { isDnsSubdomain } from '../core/names.ts';
import { across, dnsLabel, isMap, labels, report } from './common.ts';

/** A key of a Secret. The Secret is in the namespace of each service: so every team has its own. */
const secretKey = z
  .strictObject({
    secret: z
      .string()
      .check((context) => {
        if (!isDnsSubdomain(context.value))
          report(context, 'the name of a Secret is a DNS name', 'write the name of a Secret, and not what is in it');
      })
      .meta({ description: 'Name of the Secret.' }),
    key: z
      .string()
      .regex(/^[-._a-zA-Z0-9]{1,253}$/, 'expected a key of a Secret, as routing-key')
      .meta({ description: 'Key in the Secret.' }),
  })
  .meta({
    id: 'ReceiverSecret',
    description:
      "A key of a Secret in the service's own namespace, so that every team has its own. The value never passes through Git.",
  });

const receiver = z
  .union([
    z.strictObject({
      pagerduty: z.strictObject({ routingKey: secretKey }).meta({ description: 'PagerDuty, Events API v2.' }),
    }),
    z.strictObject({ opsgenie: z.strictObject({ apiKey: secretKey }).meta({ description: 'Opsgenie.' }) }),
    z.strictObject({
      slack: z
        .strictObject({
          apiUrl: secretKey.meta({ description: 'Secret with the URL of the webhook.' }),
          channel: z
            .string()
            .min(1)
            .optional()
            .meta({ description: 'Channel. Default: the escalation of the owner, where that is a channel (#…).' }),
        })
        .meta({ description: 'Slack.' }),
    }),
    z.strictObject({ msteams: z.strictObject({ webhookUrl: secretKey }).meta({ description: 'Microsoft Teams.' }) }),
    z.strictObject({
      webhook: z
        .strictObject({ url: secretKey })
        .meta({ description: "Anything that understands Alertmanager's webhook." }),
    }),
  ])
  .meta({ id: 'Receiver', description: 'Where alerts go. Addresses and keys are in Secrets.' });

/** The receiver of what nobody wants to hear. */
export const NOWHERE = 'none';

const receiverName = dnsLabel.check((context) => {
  if (context.value === NOWHERE)
    report(context, `${NOWHERE} is the name of the receiver that drops alerts`, 'choose another name');
});

const SEVERITIES = ['critical', 'warning', 'info'] as const;

/** Severities of alerts, the gravest first. */
export type AlertSeverity = (typeof SEVERITIES)[number];

/** Names of receivers by severity, for all services of a cluster. */
const defaultRoutes = z
  .strictObject({
    critical: z.string().meta({ description: 'Receiver of what wakes somebody up.' }),
    warning: z.string().meta({ description: 'Receiver of what can wait until morning.' }),
    info: z.string().optional().meta({ description: 'Receiver of what is good to know. Default: nobody hears it.' }),
  })
  .meta({ id: 'AlertRoutes', description: 'Names of receivers by severity.' });

/** Alertmanager, as the operator runs it. */
export const alertmanager = z
  .strictObject({
    configLabels: labels
      .default({})
      .meta({ description: "Labels that the Alertmanager object's `alertmanagerConfigSelector` asks for." }),
    receivers: z.record(receiverName, receiver).meta({ description: 'Receivers by name.' }),
    routes: defaultRoutes,
  })
  .check(
    across(['routes'], (context) => {
      const { receivers, routes } = context.value;
      if (!isMap(receivers)) return;
      for (const severity of SEVERITIES) {
        const name = routes[severity];
        if (name === undefined || Object.hasOwn(receivers, name)) continue;
        report(
          context,
          `there is no receiver ${JSON.stringify(name)}`,
          `declare it in receivers, or write one of ${Object.keys(receivers).sort().join(', ')}`,
          ['routes', severity],
        );
      }
    }),
  )
  .meta({
    id: 'Alertmanager',
    description:
      'Routing of alerts by AlertmanagerConfigs, one for each service. Default: not rendered; alerts carry the labels `team` and `severity`, by which a central configuration can route.',
  });

const ownReceiver = z.union([z.string().min(1), z.literal(false)]).optional();

/** What a service changes of the routes of its cluster. */
export const routing = z
  .strictObject({
    critical: ownReceiver.meta({
      description: "Name of a receiver of the platform; false: nobody. Default: the cluster's.",
    }),
    warning: ownReceiver.meta({
      description: "Name of a receiver of the platform; false: nobody. Default: the cluster's.",
    }),
    info: ownReceiver.meta({
      description: "Name of a receiver of the platform; false: nobody. Default: the cluster's.",
    }),
  })
  .meta({ id: 'AlertRouting', description: 'Receivers of the alerts of this service, by severity.' });

export type Receiver = z.output<typeof receiver>;
