import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { across, duration, report } from './common.ts';
import type { Gate as GateSpec } from './spec.ts';

/**
 * Gates: what must hold on the candidate of a release before it gets more traffic. Plain data; `src/gate` evaluates it.
 * Nothing here has a default that is written out, so that a default of a later version changes no policy.
 */

/** Requests to the candidate during the bake time, below which a gate decides nothing. */
export const DEFAULT_MIN_SAMPLES = 100;

/** Into how many parts of equal length the bake time is divided; the gate must hold in each. */
export const DEFAULT_CONSECUTIVE = 3;

const quantile = z.number().gt(0).lt(1);

/** A duration that is longer than nothing. */
const positiveDuration = duration.check((context) => {
  if (parseDuration(context.value) === 0)
    report(context, 'a limit of 0 can never hold', 'write a longer duration: 250ms');
});

/** What gates on traffic have in common. */
const evidence = {
  minSamples: z
    .int()
    .min(1)
    .optional()
    .meta({
      description: `Fewest requests to the candidate during the bake time; with fewer nothing is decided. Default: ${DEFAULT_MIN_SAMPLES}.`,
    }),
  consecutive: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .meta({
      description: `Parts of equal length that the bake time is divided into; the gate must hold in each. Default: ${DEFAULT_CONSECUTIVE}.`,
    }),
};

const factor = z.number().min(1).max(100);

/** A limit that is given in one of two ways. */
function exactlyOne(context: z.core.ParsePayload<object>, fields: readonly [string, string], examples: string): void {
  const given = fields.filter((field) => (context.value as Readonly<Record<string, unknown>>)[field] !== undefined);
  if (given.length !== 1)
    report(
      context,
      `${given.length === 0 ? 'neither' : 'both'} of ${fields.join(' and ')} given`,
      `write one of them: ${examples}`,
    );
}

const errorRatio = z
  .strictObject({
    max: z.number().gt(0).lt(1).meta({ description: 'Largest share of failed requests, 0 to 1.' }),
    comparedToStable: z
      .strictObject({
        factor: factor.optional().meta({ description: "At most so many times the stable release's share: 1.5." }),
        difference: z
          .number()
          .min(0)
          .lt(1)
          .optional()
          .meta({ description: "At most so much more than the stable release's share, 0 to 1: 0.005." }),
      })
      .check((context) => exactlyOne(context, ['factor', 'difference'], '{ factor: 1.5 } or { difference: 0.005 }'))
      .optional()
      .meta({
        description:
          'The share beside that of the stable release at the same time; what chance explains does not count.',
      }),
    ...evidence,
  })
  .meta({ description: 'Requests that fail: answers 5xx, and answers 4xx in excess of those of the stable release.' });

const latency = z
  .strictObject({
    quantile: quantile.meta({ description: 'Quantile, 0 to 1.' }),
    max: positiveDuration.meta({
      description: 'Largest latency at that quantile. Exact at a bucket bound of the metric, between two an estimate.',
    }),
    comparedToStable: z
      .strictObject({
        factor: factor.optional().meta({ description: "At most so many times the stable release's latency: 1.25." }),
        difference: duration
          .optional()
          .meta({ description: "At most so much more than the stable release's latency: 50ms." }),
      })
      .check((context) => exactlyOne(context, ['factor', 'difference'], "{ factor: 1.25 } or { difference: '50ms' }"))
      .optional()
      .meta({ description: 'The latency beside that of the stable release at the same time.' }),
    ...evidence,
  })
  .meta({ description: 'Time to answer, of requests that do not fail.' });

const predictionDrift = z
  .strictObject({
    psi: z.number().gt(0).meta({ description: 'Largest population stability index between candidate and stable.' }),
    edges: z
      .array(z.number())
      .min(1)
      .max(100)
      .check((context) => {
        const edges = context.value;
        if (edges.some((edge, index) => index > 0 && edge <= (edges[index - 1] ?? edge))) {
          report(
            context,
            `edges ${JSON.stringify(edges)} do not rise`,
            'write the bucket bounds of the histogram in rising order, without +Inf',
          );
        }
      })
      .optional()
      .meta({
        description:
          'Bounds between the bins, of the buckets of the histogram. Default: all its bounds, read when the gate is evaluated; an AnalysisTemplate cannot, and needs them.',
      }),
    ...evidence,
    consecutive: evidence.consecutive
      .unwrap()
      .optional()
      .meta({ description: 'Parts of equal length that the bake time is divided into. Default: 1.' }),
  })
  .meta({
    description:
      'Predictions of the candidate beside those of the stable release: the histogram in `exports.predictions`.',
  });

const registryMetric = z
  .strictObject({
    metric: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Name of a metric that the release record has for the model: auc.' }),
    part: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Part whose model has the metric. Default: the predictor, or the only part with a model.' }),
    min: z.number().optional().meta({ description: 'Smallest value.' }),
    max: z.number().optional().meta({ description: 'Largest value.' }),
    notWorseThanStable: z
      .union([
        z.literal(true),
        z.strictObject({
          by: z.number().min(0).meta({ description: 'How much worse it may be, in units of the metric.' }),
        }),
      ])
      .optional()
      .meta({ description: "No worse than the stable release's value; with `by`, not by more than that." }),
    better: z
      .enum(['higher', 'lower'])
      .optional()
      .meta({ description: 'Which values are better. Default: `lower` where only `max` is given, else `higher`.' }),
  })
  .check(
    across(['metric', 'min', 'max'], (context) => {
      const { metric, min, max, notWorseThanStable } = context.value;
      if (min === undefined && max === undefined && notWorseThanStable === undefined) {
        report(context, `nothing is asked of ${JSON.stringify(metric)}`, 'write min, max or notWorseThanStable: true');
      }
      if (min !== undefined && max !== undefined && min > max) {
        report(context, `min ${min} is above max ${max}`, 'exchange the two', ['min']);
      }
    }),
  )
  .meta({ description: 'A metric of the model in the registry, as the release record has it. Needs no network.' });

/** What stands for the release in a query of users, and what it becomes. */
export const PLACEHOLDERS = {
  service: 'name of the service',
  namespace: 'namespace of the service',
  environment: 'name of the environment',
  cluster: 'name of the cluster',
  candidate: 'name of the candidate release',
  stable: 'name of the stable release',
  candidateService: 'name of the Service that answers for the candidate, as in destination_service_name',
  stableService: 'name of the Service that answers for the stable release',
  window: 'length of time that is looked at: the range of a range selector',
} as const;

/** A placeholder in a query of users. */
export type Placeholder = keyof typeof PLACEHOLDERS;

/** Where placeholders stand in a query; of the name only what is between the braces. */
export const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Whether it is PromQL is checked at synth, which loads the grammar when there is such a query: `src/check/gates-query.ts`. */
const query = z
  .string()
  .min(1)
  .max(10_000)
  .check((context) => {
    const known = Object.keys(PLACEHOLDERS);
    const unknown = [...context.value.matchAll(PLACEHOLDER)]
      .map(([, name = '']) => name)
      .filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      report(
        context,
        `the query has the placeholder {{${unknown[0]}}}, which stands for nothing`,
        `use ${known.map((name) => `{{${name}}}`).join(', ')}`,
      );
    }
  });

const prometheus = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
        'expected a name of at most 63 lower-case letters, digits and "-", as refunds',
      )
      .meta({ description: 'What the gate is called in reports.' }),
    query: query.meta({
      description:
        'PromQL with one value, in which {{candidate}}, {{stable}}, {{candidateService}}, {{stableService}}, {{service}}, {{namespace}}, {{environment}}, {{cluster}} and {{window}} stand for what is looked at.',
    }),
    min: z.number().optional().meta({ description: 'Smallest value.' }),
    max: z.number().optional().meta({ description: 'Largest value.' }),
    ...evidence,
  })
  .check(
    across(['name', 'min', 'max'], (context) => {
      const { name, min, max } = context.value;
      if (min === undefined && max === undefined) report(context, `gate ${name} has no limit`, 'write min or max');
      if (min !== undefined && max !== undefined && min > max)
        report(context, `min ${min} is above max ${max}`, 'exchange the two', ['min']);
    }),
  )
  .meta({ description: 'A query of your own.' });

/** What must hold on the candidate of a release before it gets more traffic. */
export const gate = z
  .union([
    z.strictObject({ errorRatio }),
    z.strictObject({ latency }),
    z.strictObject({ predictionDrift }),
    z.strictObject({ registryMetric }),
    z.strictObject({ prometheus }),
  ])
  .meta({
    id: 'Gate',
    description: 'What must hold on the candidate before it gets more traffic. That it is ready must hold always.',
  });

/** A gate of a policy. */
export type GateOutput = z.output<typeof gate>;

type Limits<Kind extends GateKind> = Extract<GateSpec, Readonly<Record<Kind, unknown>>>[Kind];

/** `errorRatio`, `latency`, … */
export type GateKind = GateSpec extends infer One ? (One extends unknown ? keyof One : never) : never;

/**
 * Gates of a canary: what must hold on the candidate before it gets more traffic. Plain data, checked at synth. They are
 * evaluated over the bake time; with too few requests, or without data, nothing is decided and traffic stays as it is.
 *
 * @example gates: [Gate.errorRatio({ max: 0.01 }), Gate.latency({ quantile: 0.99, max: '250ms' })]
 */
export const Gate = {
  /**
   * At most this share of requests fails, 0 to 1: answers 5xx, and answers 4xx that only the candidate gives.
   *
   * @example Gate.errorRatio({ max: 0.01, comparedToStable: { difference: 0.005 } })
   */
  errorRatio(limits: Limits<'errorRatio'>): GateSpec {
    return { errorRatio: limits };
  },
  /**
   * Latency at a quantile, 0 to 1, is at most a duration. Exact where that is a bucket bound of Istio's histogram (100,
   * 250, 500 ms, 1 s, …).
   *
   * @example Gate.latency({ quantile: 0.99, max: '250ms', comparedToStable: { factor: 1.25 } })
   */
  latency(limits: Limits<'latency'>): GateSpec {
    return { latency: limits };
  },
  /**
   * Predictions are distributed like those of the stable release at the same time: the population stability index, 0
   * for equal, is at most this. A part must declare the histogram in `exports.predictions`.
   *
   * @example Gate.predictionDrift({ psi: 0.2 })
   */
  predictionDrift(limits: Limits<'predictionDrift'>): GateSpec {
    return { predictionDrift: limits };
  },
  /**
   * A metric that the registry has for the model, as it was when the release was locked.
   *
   * @example Gate.registryMetric({ metric: 'auc', min: 0.9, notWorseThanStable: { by: 0.01 } })
   */
  registryMetric(limits: Limits<'registryMetric'>): GateSpec {
    return { registryMetric: limits };
  },
  /**
   * A query of your own, with exactly one value. Placeholders stand for the release; their values are names, and need
   * no escaping in quotes.
   *
   * @example
   * Gate.prometheus({
   *   name: 'chargebacks',
   *   query: 'sum(rate(chargebacks_total{release="{{candidate}}"}[{{window}}]))',
   *   max: 0.1,
   * })
   */
  prometheus(rule: Limits<'prometheus'>): GateSpec {
    return { prometheus: rule };
  },
} as const;
