import { z } from 'zod';
import { customAlert, customRecording, declaredMetrics } from './custom-alert.ts';
import { dataClass } from './data-class.ts';
import { schemaWatch } from './data-schema.ts';
import { drift } from './drift.ts';
import { cost, delivery, health } from './health.ts';
import { outage } from './outage.ts';
import { routing } from './routing.ts';
import { slo } from './slo.ts';
import type { MonitoringRulesSpec } from './spec.ts';

export const monitoringRules = z
  .strictObject({
    slos: z.array(slo).default([]).meta({ description: 'Service level objectives; each becomes burn-rate alerts.' }),
    outage,
    drift: z.array(drift).default([]).meta({ description: 'Drift rules over metrics that a part exports.' }),
    schema: schemaWatch
      .optional()
      .meta({ description: 'What the input of the model must look like. Default: it is not watched.' }),
    health: health.prefault({}),
    delivery: delivery.prefault({}),
    cost: cost.prefault({}),
    alerts: z.array(customAlert).default([]).meta({ description: 'Alerts of your own.' }),
    recordings: z
      .array(customRecording)
      .default([])
      .meta({ description: 'Recordings of your own, for alerts and dashboards.' }),
    routing: routing.prefault({}),
    metrics: declaredMetrics.default({}).meta({
      description: 'Metrics that alerts and recordings of your own read, by name, beside what is exported or known.',
    }),
  })
  .meta({ id: 'MonitoringRulesSpec', description: 'What is watched, and alerted on.' });

/** Monitoring with every default filled in. */
export type Monitoring = z.output<typeof monitoringRules>;

/**
 * What is watched: service level objectives become burn-rate alerts, drift rules compare predictions and features
 * with a reference distribution.
 *
 * @example
 * new MonitoringRules({ slos: [Slo.availability(99.9)] })
 */
export class MonitoringRules extends dataClass<MonitoringRulesSpec>() {}
