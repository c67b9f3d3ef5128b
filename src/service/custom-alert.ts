import { z } from 'zod';
import { duration, report } from './common.ts';

/** Names of metrics, as every Prometheus reads them. */
const metricName = z.string().check((context) => {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(context.value)) {
    report(
      context,
      `${JSON.stringify(context.value.slice(0, 80))} is not the name of a metric`,
      'use letters, digits, "_" and ":", not starting with a digit',
    );
  }
});

const alertName = z.string().check((context) => {
  const { value } = context;
  if (!/^[A-Z][A-Za-z0-9]{0,99}$/.test(value)) {
    report(
      context,
      `${JSON.stringify(value.slice(0, 80))} is not the name of an alert`,
      'write it in CamelCase, with letters and digits: FraudScoreHigh',
    );
  } else if (/^Ai[A-Z]/.test(value)) {
    report(
      context,
      `names with Ai, such as ${value}, are those of the built-in alerts`,
      `leave Ai out: ${value.slice(2)}`,
    );
  }
});

const recordingName = z.string().check((context) => {
  const { value } = context;
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*(?::[a-zA-Z0-9_]+)+$/.test(value)) {
    report(
      context,
      `${JSON.stringify(value.slice(0, 80))} is not the name of a recording`,
      'write level:metric:operations: service:fraud_score:mean5m',
    );
  } else if (value.startsWith('ai_')) {
    report(
      context,
      `names with ai_, such as ${value}, are those of the built-in recordings`,
      'choose another beginning: service:…',
    );
  }
});

const expression = z.string().min(1);

/** A length of time after which something is worth an alert. */
const pending = duration.check((context) => {
  if (/^0/.test(context.value))
    report(
      context,
      'an alert without a delay fires on a single bad sample',
      'write at least the time between two evaluations: 1m',
    );
});

/**
 * URL of a page for people. It stands in alerts, which go through many hands: so no credentials.
 *
 * @param what what it is the address of, for messages; they do not repeat it.
 */
export function pageUrl(what: string): z.ZodString {
  return z.string().check((context) => {
    const url = URL.parse(context.value);
    if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '') {
      report(context, `${what} is not a URL`, 'write one that a browser opens: https://…');
    } else if (url.username !== '' || url.password !== '') {
      report(context, `${what} carries credentials, which would stand in every alert`, 'leave them out');
    }
  });
}

const SCOPE =
  'Metrics of the service itself (`exports`, `metrics`, recordings) are kept to this service and environment; in conditions ' +
  '`$service`, `$namespace`, `$environment` and `$team` stand for its own.';

export const customAlert = z
  .strictObject({
    name: alertName.meta({ description: 'Name in CamelCase; not with `Ai` in front, which the built-in alerts have.' }),
    expr: expression.meta({ description: `PromQL with a comparison, checked at synth. ${SCOPE}` }),
    for: pending.default('5m').meta({ description: 'How long it must hold.' }),
    severity: z
      .enum(['critical', 'warning', 'info'])
      .default('warning')
      .meta({ description: '`critical` wakes somebody up, and is a warning outside of production.' }),
    summary: z
      .string()
      .min(1)
      .meta({ description: 'One sentence. `{{ $labels.name }}` and `{{ $value | humanize }}` are filled in.' }),
    description: z.string().min(1).meta({ description: 'What is the matter, with the value.' }),
    runbook: pageUrl('the runbook').optional().meta({
      description: 'URL of a page of your own that says what to do. Default: the page that the platform names.',
    }),
  })
  .meta({ id: 'CustomAlert', description: 'An alert of your own.' });

export const customRecording = z
  .strictObject({
    name: recordingName.meta({ description: 'Name as level:metric:operations; not with `ai_` in front.' }),
    expr: expression.meta({ description: `PromQL. ${SCOPE}` }),
  })
  .meta({
    id: 'CustomRecording',
    description:
      'An expression whose value is stored under a name of its own, with the labels `ai_service` and `namespace`.',
  });

const declaredMetric = z
  .strictObject({
    type: z.enum(['counter', 'gauge', 'histogram', 'nativeHistogram', 'summary']).meta({
      description:
        'What it is; a histogram has the series `_bucket`, `_sum` and `_count`, and a native one just one series.',
    }),
    from: z.enum(['service', 'elsewhere']).default('service').meta({
      description:
        '`service`: its own pods expose it. `elsewhere`: another exporter does, and selectors must say whose series they mean.',
    }),
  })
  .meta({ id: 'DeclaredMetric', description: 'A metric that rules of your own read.' });

/** Metrics that a service declares, by name. */
export const declaredMetrics = z.record(metricName, declaredMetric);

/** An alert of a user, with every default filled in. */
export type CustomAlert = z.output<typeof customAlert>;
/** A recording of a user. */
export type CustomRecording = z.output<typeof customRecording>;
