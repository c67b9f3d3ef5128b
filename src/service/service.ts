import { z } from 'zod';
import { across, annotations, dnsLabel, duration, isMap, labels, report } from './common.ts';
import { overrideSchema } from './overrides.ts';
import { monitoringRules } from './monitoring-rules.ts';
import { releasePolicies, STRATEGIES } from './release-policy.ts';
import { component, modelServer, serverlessFunction } from './workload.ts';

const owner = z
  .strictObject({
    team: dnsLabel.meta({
      description: 'Team that owns the service; decides namespace, AppProject and ApplicationSet.',
    }),
    escalation: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Where the team is reached when it burns: a channel or an address.' }),
  })
  .meta({ id: 'Owner', description: 'Who owns the service.' });

const traffic = z
  .strictObject({
    expectedRps: z.number().gt(0).max(10_000_000).optional().meta({
      description:
        'Requests per second on a usual day. Alerts are fitted to it, and promises that it cannot keep are refused.',
    }),
    visibility: z.enum(['cluster', 'public']).default('cluster').meta({
      description:
        "Who may call: `cluster` callers only, or `public` through the cluster's gateway at <service>.<namespace>.<domain>.",
    }),
    hosts: z
      .array(
        z
          .string()
          .regex(
            /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+$/,
            'expected a host name in lower case with at most 63 characters between two dots, as fraud.example.com',
          ),
      )
      .default([])
      .meta({ description: 'More host names that lead to the service, for callers of an older address.' }),
    timeout: duration
      .optional()
      .meta({ description: 'Longest time for one request. Default: 30s, for huggingface and vllm 300s.' }),
    retries: z
      .strictObject({
        attempts: z
          .int()
          .min(0)
          .max(10)
          .default(2)
          .meta({ description: 'Retries after the first try; 0 switches them off.' }),
        perTryTimeout: duration.optional().meta({ description: 'Longest time for one try. Default: the timeout.' }),
      })
      .prefault({})
      .meta({
        description:
          'Retries, only where the request cannot have reached the model: connect-failure, refused-stream, reset-before-request.',
      }),
    connectionPool: z
      .strictObject({
        maxConnections: z.int().min(1).default(1024).meta({ description: 'Open connections per release.' }),
        maxPendingRequests: z.int().min(1).default(1024).meta({ description: 'Requests that wait for a connection.' }),
      })
      .prefault({})
      .meta({ description: 'Limits of connections to each release (not on Knative, which queues by itself).' }),
    outlierDetection: z
      .strictObject({
        consecutiveGatewayErrors: z
          .int()
          .min(1)
          .default(5)
          .meta({ description: 'Answers 502, 503, 504 or none at all, in a row, that eject a replica.' }),
        interval: duration.default('10s').meta({ description: 'Time between sweeps.' }),
        baseEjectionTime: duration.default('30s').meta({ description: 'Shortest ejection.' }),
        maxEjectionPercent: z
          .int()
          .min(1)
          .max(100)
          .default(50)
          .meta({ description: 'Most replicas ejected at once, in per cent.' }),
      })
      .prefault({})
      .meta({
        description:
          'When a failing replica is left out for a while (not on Knative). A 500 of a model server ejects none.',
      }),
  })
  .meta({ id: 'Traffic', description: 'How requests reach the service.' });

const externalSecret = z
  .strictObject({
    store: z.string().min(1).meta({ description: 'Name of the secret store.' }),
    storeKind: z
      .enum(['ClusterSecretStore', 'SecretStore'])
      .default('ClusterSecretStore')
      .meta({ description: 'Kind of the secret store.' }),
    refresh: duration.default('1h').meta({ description: 'Time between reads of the store.' }),
    keys: z
      .record(
        z
          .string()
          .regex(/^[-._a-zA-Z0-9]+$/, 'expected a key of letters, digits, "-", "_" and ".", as AWS_ACCESS_KEY_ID'),
        z.strictObject({
          key: z.string().min(1).meta({ description: 'Name in the store.' }),
          property: z.string().min(1).optional().meta({ description: 'Field of the entry. Default: the whole entry.' }),
        }),
      )
      .meta({ description: 'Keys of the Secret, and where each value is in the store.' }),
    annotations: annotations
      .optional()
      .meta({ description: 'Annotations of the Secret: `serving.kserve.io/s3-endpoint` and the like.' }),
  })
  .meta({
    id: 'ExternalSecret',
    description: 'A Secret that External Secrets fills from a store. The value never passes through Git.',
  });

const identity = z
  .strictObject({
    serviceAccount: dnsLabel
      .optional()
      .meta({ description: "An existing ServiceAccount to run as. Default: one of the service's own name is made." }),
    credentials: z.array(dnsLabel).default([]).meta({
      description:
        "Secrets with credentials for the model store; listed in the ServiceAccount's `secrets`, where KServe looks for them.",
    }),
  })
  .meta({ id: 'Identity', description: 'What the pods run as.' });

const network = z
  .strictObject({
    allowFrom: z
      .array(
        z.strictObject({
          namespace: dnsLabel.meta({ description: 'Namespace of the callers.' }),
          pods: labels
            .optional()
            .meta({ description: 'Labels of the calling pods. Default: all pods of the namespace.' }),
        }),
      )
      .default([])
      .meta({ description: "Who may call, beside the service's own namespace, the gateways, Knative and Prometheus." }),
  })
  .meta({ id: 'Network', description: 'Set it to get a NetworkPolicy.' });

/** One AI service without its overrides; what is left after an environment's overrides were merged in. */
export const aiService = z
  .strictObject({
    description: z.string().min(1).optional().meta({ description: 'What the service is for, one sentence.' }),
    owner,
    environments: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({ description: 'Environments and stages to run in. Default: all.' }),
    traffic: traffic.prefault({}),
    predictor: modelServer.optional().meta({ description: 'The main model.' }),
    transformer: component
      .optional()
      .meta({ description: 'A container in front of the predictor, in its InferenceService.' }),
    explainer: component
      .optional()
      .meta({ description: 'A container that explains predictions, in the InferenceService.' }),
    models: z
      .record(dnsLabel, modelServer)
      .default({})
      .meta({ description: 'More models of the service, by name; the function calls them.' }),
    function: serverlessFunction
      .optional()
      .meta({ description: "Code around the model; when given, it answers the service's address." }),
    ...releasePolicies,
    monitoring: monitoringRules.prefault({}),
    identity: identity.prefault({}),
    secrets: z
      .record(dnsLabel, externalSecret)
      .default({})
      .meta({ description: 'Secrets by name, filled from a secret store.' }),
    network: network.optional(),
    disruption: z
      .strictObject({
        maxUnavailable: z
          .int()
          .min(1)
          .default(1)
          .meta({ description: 'Replicas of a part that a node drain may take away at once.' }),
      })
      .prefault({})
      .meta({ description: 'PodDisruptionBudget of parts with two or more replicas.' }),
  })
  .check(
    across([], (context) => {
      const { predictor, function: fn, models, transformer, explainer } = context.value;
      const names = isMap(models) ? Object.keys(models) : [];
      const add = (path: string[], message: string, fix: string): void => report(context, message, fix, path);
      if (!predictor && !fn)
        add(
          ['predictor'],
          'the service has neither a predictor nor a function',
          'describe a predictor, a function, or both',
        );
      if (!predictor && transformer)
        add(['transformer'], 'a transformer needs a predictor', 'add predictor, or make the code a function');
      if (!predictor && explainer)
        add(['explainer'], 'an explainer needs a predictor', 'add predictor, or make the code a function');
      if (!fn && names.length > 0)
        add(
          ['models'],
          'nothing calls the models: the service has no function',
          'add function, or make each model a service',
        );
      const [first, ...others] = STRATEGIES.filter((strategy) => context.value[strategy] !== undefined);
      for (const other of others) {
        add(
          [other],
          `the service has ${first} already, and one policy decides how releases get their traffic`,
          `remove one of the two; an override drops a policy with ${first}: null`,
        );
      }
      for (const name of names) {
        if (RESERVED_PARTS.has(name))
          add(['models', name], `${JSON.stringify(name)} is the name of a part already`, 'choose another name');
      }
    }),
  );

/** The overrides of a service, by environment or stage. */
export const overridesSchema = z.strictObject({
  overrides: z
    .record(z.string(), overrideSchema(z.strictObject(aiService.shape).omit({ environments: true, owner: true })))
    .optional()
    .meta({
      description:
        "Differences by environment or stage. Objects merge, arrays and unions replace, null unsets; an environment's override beats its stage's.",
    }),
});

/** One AI service as it is written, overrides included; also the schema of `service.yaml`. */
export const aiServiceFile = z.strictObject({ ...aiService.shape, ...overridesSchema.shape }).meta({
  title: 'AIServiceSpec',
  description: 'One deployable AI service: owner, models, function, release policy, monitoring.',
});

const RESERVED_PARTS: ReadonlySet<string> = new Set(['predictor', 'transformer', 'explainer', 'function', 'main']);

/** What a user writes, without overrides. */
export type AIServiceInput = z.input<typeof aiService>;
/** A service in one environment: overrides merged, every default filled in. */
export type ServiceSpec = z.output<typeof aiService>;
export type Traffic = ServiceSpec['traffic'];
