import { z } from 'zod';
import { duration } from './common.ts';
import { dataClass } from './data-class.ts';
import type { Drift as DriftSpec, MonitoringRulesSpec, Slo as SloSpec } from './spec.ts';

const objective = z.number().gt(0).lt(100);

export const slo = z
  .union([
    z.strictObject({
      availability: z.strictObject({
        objective: objective.meta({ description: 'Share of requests that must not fail, in per cent: 99.9.' }),
      }).meta({ description: 'Requests do not fail.' }),
    }),
    z.strictObject({
      latency: z.strictObject({
        quantile: z.number().gt(0).lt(1).optional().meta({ description: 'Quantile for dashboards. Not used yet. Default: the objective as a share.' }),
        below: duration.meta({ description: 'Latency limit; must be a bucket bound of the metric, for Istio 0.5, 1, 5, 10, 25, 50, 100, 250, 500 ms, 1 s, 2.5 s, 5 s, 10 s, 30 s, …' }),
        objective: objective.meta({ description: 'Share of requests that must be faster than `below`, in per cent.' }),
      }).meta({ description: 'Requests are answered in time.' }),
    }),
  ])
  .meta({ id: 'Slo', description: 'A service level objective.' });

export const drift = z
  .union([
    z.strictObject({
      psi: z.strictObject({
        metric: z.string().min(1).meta({ description: 'Histogram that a part of the service declares in `exports`.' }),
        reference: z.string().min(1).meta({ description: "File with the reference distribution, relative to the service's folder." }),
        threshold: z.number().gt(0).default(0.2).meta({ description: 'Population stability index above which the alert fires.' }),
      }).meta({ description: 'Population stability index over a histogram.' }),
    }),
  ])
  .meta({ id: 'Drift', description: 'A drift rule: compares what the server sees with a reference distribution.' });

export const monitoringRules = z
  .strictObject({
    slos: z.array(slo).default([]).meta({ description: 'Service level objectives; each becomes burn-rate alerts.' }),
    drift: z.array(drift).default([]).meta({ description: 'Drift rules over metrics that a part exports.' }),
  })
  .meta({ id: 'MonitoringRulesSpec', description: 'What is watched, and alerted on.' });

/** Monitoring with every default filled in. */
export type Monitoring = z.output<typeof monitoringRules>;

/**
 * Service level objectives. Each becomes burn-rate alerts on the metrics of Istio. Plain data, checked at synth.
 *
 * @example slos: [Slo.availability(99.9), Slo.latency({ below: '250ms', objective: 99 })]
 */
export const Slo = {
  /** Share of requests that must not fail, in per cent. Example: `Slo.availability(99.9)`. */
  availability(objective: number): SloSpec {
    return { availability: { objective } };
  },
  /**
   * Share of requests (per cent) that must be faster than a limit, which must be a bucket bound of Istio's histogram.
   * Example: `Slo.latency({ below: '250ms', objective: 99 })`.
   */
  latency(limits: { quantile?: number; below: string; objective: number }): SloSpec {
    return { latency: limits };
  },
} as const;

/**
 * Drift rules: distances between what the server sees and a reference. A part must say in `exports` that it exposes the
 * metric; else it is an error at synth, because the rule would never have data.
 */
export const Drift = {
  /**
   * Population stability index over a histogram, against a file in the folder of the service. The alert fires above
   * `threshold`, 0.2 by default.
   *
   * @example Drift.psi({ metric: 'fraud_score', reference: './reference/fraud_score.json' })
   */
  psi(rule: { metric: string; reference: string; threshold?: number }): DriftSpec {
    return { psi: rule };
  },
} as const;

/**
 * What is watched: service level objectives become burn-rate alerts, drift rules compare predictions and features
 * with a reference distribution.
 *
 * @example
 * new MonitoringRules({ slos: [Slo.availability(99.9)] })
 */
export class MonitoringRules extends dataClass<MonitoringRulesSpec>() {}
