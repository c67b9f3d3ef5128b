import { z } from 'zod';
import { dataClass } from './data-class.ts';
import { drift } from './drift.ts';
import { slo } from './slo.ts';
import type { MonitoringRulesSpec } from './spec.ts';

export const monitoringRules = z
  .strictObject({
    slos: z.array(slo).default([]).meta({ description: 'Service level objectives; each becomes burn-rate alerts.' }),
    drift: z.array(drift).default([]).meta({ description: 'Drift rules over metrics that a part exports.' }),
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
