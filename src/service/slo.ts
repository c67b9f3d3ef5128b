import { z } from 'zod';
import { duration } from './common.ts';
import type { Slo as SloSpec } from './spec.ts';

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
