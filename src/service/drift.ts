import { z } from 'zod';
import type { Drift as DriftSpec } from './spec.ts';

/** How long a rule looks back; `src/promql/catalogue/drift-window.ts` says what each is good for. */
const window = z.enum(['5m', '10m', '30m', '1h', '6h', '1d']);

const histogram = z
  .string()
  .min(1)
  .meta({ description: 'Histogram of predictions or of a feature that a part of the service declares in `exports`.' });

const file = z
  .string()
  .min(1)
  .meta({ description: "File with the reference distribution, relative to the service's folder." });

/** Default: by the traffic that is expected. */
const lookBack = window.optional().meta({
  description:
    'How long the rule looks back. Default: the shortest window that `traffic.expectedRps` fills with enough observations, 10m when it is not given.',
});

function distance(
  threshold: number,
  description: string,
): z.ZodObject<
  { metric: typeof histogram; reference: typeof file; threshold: z.ZodDefault<z.ZodNumber>; window: typeof lookBack },
  z.core.$strict
> {
  return z.strictObject({
    metric: histogram,
    reference: file,
    threshold: z
      .number()
      .gt(0)
      .default(threshold)
      .meta({ description: `${description} above which the alert fires.` }),
    window: lookBack,
  });
}

export const drift = z
  .union([
    z.strictObject({
      psi: distance(0.2, 'Population stability index').meta({
        description: 'Population stability index over a histogram.',
      }),
    }),
    z.strictObject({
      jensenShannon: distance(0.2, 'Square root of the divergence in bits, between 0 and 1,').meta({
        description: 'Jensen-Shannon distance over a histogram.',
      }),
    }),
    z.strictObject({
      ks: distance(0.15, 'Largest difference of the shares up to an edge, between 0 and 1,').meta({
        description: 'Kolmogorov-Smirnov distance over a histogram.',
      }),
    }),
    z.strictObject({
      candidate: distance(0.2, 'Population stability index').meta({
        description:
          'Population stability index between the candidate and the stable release, over the bins of the reference.',
      }),
    }),
  ])
  .meta({
    id: 'Drift',
    description:
      'A drift rule: compares what the server sees or says with a reference distribution, or a candidate with the stable release.',
  });

/** A drift rule with every default filled in. */
export type DriftOutput = z.output<typeof drift>;

/** What every kind of drift rule says. */
export interface DriftLimits {
  readonly kind: 'psi' | 'jensenShannon' | 'ks' | 'candidate';
  readonly metric: string;
  readonly reference: string;
  readonly threshold: number;
  readonly window?: z.output<typeof window> | undefined;
}

/** A drift rule with its kind beside its limits. */
export function driftLimits(rule: DriftOutput): DriftLimits {
  if ('psi' in rule) return { kind: 'psi', ...rule.psi };
  if ('jensenShannon' in rule) return { kind: 'jensenShannon', ...rule.jensenShannon };
  if ('ks' in rule) return { kind: 'ks', ...rule.ks };
  return { kind: 'candidate', ...rule.candidate };
}

type Limits = Extract<DriftSpec, { readonly psi: unknown }>['psi'];

/**
 * Drift rules: distances between what the server sees or says and a reference. A part must say in `exports` that it exposes
 * the metric; else it is an error at synth, because the rule would never have data. See docs/drift.md.
 */
export const Drift = {
  /**
   * Population stability index over a histogram, against a file in the folder of the service. The alert fires above
   * `threshold`, 0.2 by default.
   *
   * @example Drift.psi({ metric: 'fraud_score', reference: './reference/fraud_score.json' })
   */
  psi(rule: Limits): DriftSpec {
    return { psi: rule };
  },
  /**
   * Jensen-Shannon distance (in bits, from 0 to 1 whatever the bins). The alert fires above `threshold`, 0.2 by default.
   *
   * @example Drift.jensenShannon({ metric: 'feature_amount', reference: './reference/feature_amount.json' })
   */
  jensenShannon(rule: Limits): DriftSpec {
    return { jensenShannon: rule };
  },
  /**
   * Kolmogorov-Smirnov distance: the largest difference of the shares up to an edge, from 0 to 1. Good at shifts, bad at
   * changes of single bins. The alert fires above `threshold`, 0.15 by default.
   *
   * @example Drift.ks({ metric: 'feature_age', reference: './reference/feature_age.json', threshold: 0.2 })
   */
  ks(rule: Limits): DriftSpec {
    return { ks: rule };
  },
  /**
   * Population stability index between the candidate and the stable release, while there is a candidate; of the reference
   * only the edges count. The alert fires above `threshold`, 0.2 by default.
   *
   * @example Drift.candidate({ metric: 'fraud_score', reference: './reference/fraud_score.json' })
   */
  candidate(rule: Limits): DriftSpec {
    return { candidate: rule };
  },
} as const;
