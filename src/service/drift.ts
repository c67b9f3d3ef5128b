import { z } from 'zod';
import type { Drift as DriftSpec } from './spec.ts';

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
