import { z } from 'zod';
import { duration, report } from './common.ts';
import { dataClass } from './data-class.ts';
import type { CanaryPolicySpec, Gate as GateSpec } from './spec.ts';

const quantile = z.number().gt(0).lt(1);

const gate = z
  .union([
    z.strictObject({
      errorRatio: z
        .strictObject({ max: z.number().gt(0).lt(1).meta({ description: 'Largest share of failed requests, 0 to 1.' }) })
        .meta({ description: 'Requests that fail.' }),
    }),
    z.strictObject({
      latency: z.strictObject({
        quantile: quantile.meta({ description: 'Quantile, 0 to 1.' }),
        max: duration.meta({ description: 'Largest latency at that quantile.' }),
      }).meta({ description: 'Time to answer.' }),
    }),
    z.strictObject({
      predictionDrift: z.strictObject({
        psi: z.number().gt(0).meta({ description: 'Largest population stability index between candidate and stable.' }),
      }).meta({ description: 'Predictions of the candidate beside those of the stable release.' }),
    }),
  ])
  .meta({ id: 'Gate', description: 'What must hold on the candidate before it gets more traffic.' });

export const canaryPolicy = z
  .strictObject({
    warm: z
      .strictObject({ deadline: duration.default('20m').meta({ description: 'How long a candidate may take to become ready at weight 0.' }) })
      .prefault({})
      .meta({ description: 'A candidate is deployed at weight 0 and must be ready before it gets traffic.' }),
    steps: z
      .array(z.int().min(1).max(99))
      .min(1)
      .check((context) => {
        const steps = context.value;
        if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0))) {
          const fix = 'write rising weights between 1 and 99, in per cent: [10, 25, 50]; 100 follows by itself';
          report(context, `steps ${JSON.stringify(steps)} do not rise`, fix);
        }
      })
      .meta({ description: 'Weights of the candidate in per cent, rising, between 1 and 99. 100 follows the last step.' }),
    bake: duration.default('30m').meta({ description: 'How long the gates must hold at each step.' }),
    gates: z.array(gate).default([]).meta({ description: 'What must hold before the next step.' }),
    keepPrevious: z
      .enum(['warm', 'stopped', 'none'])
      .default('warm')
      .meta({ description: 'What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights.' }),
  })
  .meta({ id: 'CanaryPolicySpec', description: 'How traffic moves to a new release.' });


/**
 * Gates of a canary: what must hold on the candidate before it gets more traffic. Plain data, checked at synth.
 *
 * @example gates: [Gate.errorRatio({ max: 0.01 }), Gate.latency({ quantile: 0.99, max: '250ms' })]
 */
export const Gate = {
  /** At most this share of requests fails, 0 to 1. Example: `Gate.errorRatio({ max: 0.01 })`. */
  errorRatio(limits: { max: number }): GateSpec {
    return { errorRatio: limits };
  },
  /** Latency at a quantile, 0 to 1, stays below a duration. Example: `Gate.latency({ quantile: 0.99, max: '250ms' })`. */
  latency(limits: { quantile: number; max: string }): GateSpec {
    return { latency: limits };
  },
  /**
   * Predictions are distributed like those of the stable release: the population stability index, 0 for equal, is at most
   * this. Example: `Gate.predictionDrift({ psi: 0.2 })`.
   */
  predictionDrift(limits: { psi: number }): GateSpec {
    return { predictionDrift: limits };
  },
} as const;

/**
 * How traffic moves to a new release: it is deployed at weight 0, must become ready, then climbs the steps while
 * the gates hold. Steps are per cent, times are durations (`20m`).
 *
 * @example
 * new CanaryPolicy({
 *   steps: [10, 25, 50],
 *   bake: '30m',
 *   gates: [Gate.errorRatio({ max: 0.01 })],
 * })
 */
export class CanaryPolicy extends dataClass<CanaryPolicySpec>() {}
