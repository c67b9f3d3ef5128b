import { z } from 'zod';
import { formatGoDuration, parseDuration } from '../core/duration.ts';
import { across, dnsLabel, duration, report } from './common.ts';
import type { Slo as SloSpec } from './spec.ts';

/** In per cent. A share was meant by whoever writes 0.999: nobody promises that one request of a hundred is good. */
const objective = z.number().gt(1, 'expected per cent, as 99.9 and not 0.999').lt(100);

/** The shortest window: longer ones are made of recorded rates over 5 minutes. */
const SHORTEST_WINDOW = 300;

const PERIODS = ['7d', '14d', '28d', '30d'] as const;

const window = duration.check((context) => {
  const milliseconds = parseDuration(context.value);
  if (milliseconds === undefined) return;
  const fits = milliseconds % 60_000 === 0 && milliseconds >= SHORTEST_WINDOW * 1000 && milliseconds <= 30 * 86_400_000;
  if (!fits) report(context, `${context.value} is no window of an alert`, 'write whole minutes, from 5m to 720h');
});

const pending = duration.check((context) => {
  const milliseconds = parseDuration(context.value);
  if (milliseconds === undefined || milliseconds % 1000 === 0) return;
  report(context, `${context.value} is no time for which an alert can wait`, 'write whole seconds: 30s, 2m');
});

const tier = z
  .strictObject({
    factor: z
      .number()
      .gt(0)
      .lte(1000)
      .optional()
      .meta({ description: 'Burn rate from which on it fires; 1 uses up the error budget just in its period.' }),
    long: window
      .optional()
      .meta({ description: 'Window over which the budget burns, in whole minutes from 5m to 720h.' }),
    short: window.optional().meta({
      description:
        'Window over which it still does, so that the alert ends soon after the fault. Default: a twelfth of the long one.',
    }),
    for: pending.optional().meta({ description: 'How long it must hold.' }),
    severity: z
      .enum(['page', 'ticket'])
      .optional()
      .meta({ description: '`page` wakes somebody up in stage prod; `ticket` waits until the morning.' }),
    minBadEvents: z.int().min(1).optional().meta({
      description: 'Fewest bad events in the long window: one failure among few requests is no emergency. Default: 5.',
    }),
  })
  .check(
    across(['long', 'short'], (context) => {
      const { long, short } = context.value;
      if (long === undefined || short === undefined || seconds(short) < seconds(long)) return;
      report(
        context,
        `the short window ${short} is not shorter than the long one, ${long}`,
        'write a short window of about a twelfth of the long one',
        ['short'],
      );
    }),
  )
  .meta({ id: 'BurnRateAlert', description: 'What of a burn-rate alert differs from the default.' });

const tierOrNone = z.union([z.literal(false), tier]).optional();

/** What all objectives have in common. */
const common = {
  period: z
    .enum(PERIODS)
    .optional()
    .meta({ description: 'Time for which the error budget is; Prometheus must keep its data as long. Default: 30d.' }),
  alerts: z
    .strictObject({
      fast: tierOrNone.meta({ description: 'Burn rate 14.4 over 1h and 5m for 2m: page. `false` switches it off.' }),
      medium: tierOrNone.meta({ description: 'Burn rate 6 over 6h and 30m for 5m: page.' }),
      slow: tierOrNone.meta({ description: 'Burn rate 3 over 24h and 2h for 15m: ticket.' }),
      longterm: tierOrNone.meta({ description: 'Burn rate 1 over 72h and 6h for 1h: ticket.' }),
    })
    .optional()
    .meta({ id: 'BurnRateAlerts', description: 'Differences from the four burn-rate alerts of the SRE workbook.' }),
};

const graph = dnsLabel.optional().meta({
  description:
    'An InferenceGraph in the namespace of the service, to which the requests go that are meant; Istio counts them. Default: the service itself.',
});

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const counter = z
  .strictObject({
    metric: z
      .string()
      .regex(METRIC, 'expected the name of a metric, as chargebacks_total')
      .meta({ description: 'A counter that a part of the service exposes: chargebacks_total.' }),
    labels: z
      .record(
        z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected the name of a label, as reason'),
        z.union([z.string(), z.array(z.string()).min(1).readonly()]),
      )
      .default({})
      .meta({ description: 'Values of its labels, or lists of values. Namespace and service are added.' }),
  })
  .meta({ id: 'EventCounter', description: 'Events of the service, by a counter.' });

const events = z.union([z.string().min(1).max(10_000), counter]);

const custom = z
  .strictObject({
    name: dnsLabel.max(40).meta({ description: 'What the objective is called: lower-case letters, digits and "-".' }),
    objective: objective.meta({ description: 'Share of events that must be good, in per cent.' }),
    total: events.meta({
      description: 'All events: a counter, or PromQL of their rate per second over 5 minutes; its series are added up.',
    }),
    good: events.optional().meta({ description: 'Good ones among them, like `total`. Give this or `bad`.' }),
    bad: events.optional().meta({ description: 'Bad ones among them, like `total`. Give this or `good`.' }),
    ...common,
  })
  .check(
    across(['name'], (context) => {
      const { name, good, bad } = context.value;
      if ((good === undefined) !== (bad === undefined)) return;
      const given = good === undefined ? 'neither good nor bad events' : 'good and bad events';
      report(context, `the objective ${JSON.stringify(name)} counts ${given}`, 'write good or bad, one of the two');
    }),
  )
  .meta({ description: 'Events of your own.' });

export const slo = z
  .union([
    z.strictObject({
      availability: z
        .strictObject({
          objective: objective.meta({ description: 'Share of requests that must not fail, in per cent: 99.9.' }),
          graph,
          ...common,
        })
        .meta({ description: 'Requests do not fail.' }),
    }),
    z.strictObject({
      latency: z
        .strictObject({
          quantile: z
            .number()
            .gt(0)
            .lt(1)
            .optional()
            .meta({ description: 'Quantile that dashboard and runbook show. Default: the objective as a share.' }),
          below: duration.meta({
            description:
              'Latency limit; must be a bucket bound of the metric, for Istio 0.5, 1, 5, 10, 25, 50, 100, 250, 500 ms, 1 s, 2.5 s, 5 s, 10 s, 30 s, …',
          }),
          objective: objective.meta({
            description: 'Share of requests that must be faster than `below`, in per cent.',
          }),
          graph,
          ...common,
        })
        .meta({ description: 'Requests are answered in time.' }),
    }),
    z.strictObject({
      timeToFirstToken: z
        .strictObject({
          below: duration.meta({
            description:
              "Limit; must be a bucket bound of vLLM's histogram: 100ms, 250ms, 500ms, 750ms, 1s, 2500ms, 5s, 7500ms, 10s, …",
          }),
          objective: objective.meta({
            description: 'Share of requests whose first token must come within `below`, in per cent.',
          }),
          part: dnsLabel.optional().meta({ description: 'The part that is a vLLM. Default: the only one.' }),
          ...common,
        })
        .meta({
          description:
            'The first token comes in time. The time for a whole answer says little: it depends on its length.',
        }),
    }),
    z.strictObject({ custom }),
  ])
  .meta({ id: 'Slo', description: 'A service level objective.' });

/** An objective with every default filled in. */
export type SloOutput = z.output<typeof slo>;

/** A tier of burn-rate alerts, from the fastest burn to the slowest. */
const TIER_NAMES = ['fast', 'medium', 'slow', 'longterm'] as const;

/** What a service sets of a tier; lengths of time in seconds. */
export interface TierSettings {
  readonly factor: number | undefined;
  readonly long: number | undefined;
  readonly short: number | undefined;
  readonly for: number | undefined;
  readonly severity: 'page' | 'ticket' | undefined;
  readonly minBadEvents: number | undefined;
}

/** What a service promises, whatever it counts. */
export interface SloPromise {
  /** Value of the label `ai_slo`, unique in a service: `availability`, `latency-250ms`. */
  readonly name: string;
  /** Where it stands in the objective: `availability`. */
  readonly field: string;
  /** In per cent. */
  readonly objective: number;
  /** Of the error budget, in days. */
  readonly days: number;
  /** `false` for a tier that is switched off; nothing for one as it is. */
  readonly tiers: Readonly<Partial<Record<(typeof TIER_NAMES)[number], TierSettings | false>>>;
}

/** What an objective promises. */
export function promiseOf(one: SloOutput): SloPromise {
  const [field, { objective: share, period = '30d', alerts = {} }] = contentOf(one);
  const set = TIER_NAMES.flatMap((name) => {
    const value = alerts[name];
    return value === undefined ? [] : [[name, value && settingsOf(value)] as const];
  });
  return { name: sloName(one), field, objective: share, days: Number.parseInt(period), tiers: Object.fromEntries(set) };
}

/** PromQL in the objectives of a service, and where it stands. */
export function sloExpressions(slos: readonly SloOutput[]): { readonly field: string; readonly text: string }[] {
  return slos.flatMap((one, index) => {
    if (!('custom' in one)) return [];
    const { total, good, bad } = one.custom;
    return Object.entries({ total, good, bad }).flatMap(([field, events]) =>
      typeof events === 'string' ? [{ field: `monitoring.slos[${index}].custom.${field}`, text: events }] : [],
    );
  });
}

type Content = Pick<Extract<SloOutput, { custom: unknown }>['custom'], 'objective' | 'period' | 'alerts'>;

function contentOf(one: SloOutput): [field: string, content: Content] {
  if ('availability' in one) return ['availability', one.availability];
  if ('latency' in one) return ['latency', one.latency];
  return 'custom' in one ? ['custom', one.custom] : ['timeToFirstToken', one.timeToFirstToken];
}

/** The InferenceGraph that an objective is about, where it is about one. */
export function graphOf(one: SloOutput): string[] {
  const graph = 'availability' in one ? one.availability.graph : 'latency' in one ? one.latency.graph : undefined;
  return graph === undefined ? [] : [graph];
}

/** What counts the same has the same name, whatever the objective. */
function sloName(one: SloOutput): string {
  if ('availability' in one) return ['availability', ...graphOf(one)].join('-');
  if ('latency' in one) return ['latency', ...graphOf(one), limitOf(one.latency.below)].join('-');
  if ('custom' in one) return one.custom.name;
  const { part, below } = one.timeToFirstToken;
  return `ttft-${part === undefined ? '' : `${part}-`}${limitOf(below)}`;
}

function limitOf(below: string): string {
  return formatGoDuration(parseDuration(below) ?? 0);
}

function settingsOf({
  factor,
  long,
  short,
  for: pending,
  severity,
  minBadEvents,
}: z.output<typeof tier>): TierSettings {
  const length = (text: string | undefined): number | undefined => (text === undefined ? undefined : seconds(text));
  return { factor, long: length(long), short: length(short), for: length(pending), severity, minBadEvents };
}

function seconds(text: string): number {
  // The schema accepts durations only.
  return (parseDuration(text) ?? 0) / 1000;
}

type Fields<Kind extends string> = Extract<SloSpec, Readonly<Record<Kind, unknown>>>[Kind &
  keyof Extract<SloSpec, Readonly<Record<Kind, unknown>>>];

/**
 * Service level objectives. Each becomes burn-rate alerts and a metric of the error budget that is left. Plain data,
 * checked at synth.
 *
 * @example slos: [Slo.availability(99.9), Slo.latency({ below: '250ms', objective: 99 })]
 */
export const Slo = {
  /**
   * Share of requests that must not fail, in per cent: requests to the service, or to an InferenceGraph that stands beside it.
   *
   * @example Slo.availability(99.9, { alerts: { fast: { minBadEvents: 20 }, longterm: false } })
   * @example Slo.availability(99.5, { graph: 'claims' })
   */
  availability(objective: number, more: Omit<Fields<'availability'>, 'objective'> = {}): SloSpec {
    return { availability: { objective, ...more } };
  },
  /**
   * Share of requests (per cent) that must be faster than a limit, which must be a bucket bound of Istio's histogram.
   * Failed requests do not count.
   *
   * @example Slo.latency({ below: '250ms', objective: 99 })
   */
  latency(limits: Fields<'latency'>): SloSpec {
    return { latency: limits };
  },
  /**
   * Share of requests (per cent) to a vLLM whose first token must come within a limit, which must be a bucket bound of
   * vLLM's histogram.
   *
   * @example Slo.timeToFirstToken({ below: '1s', objective: 95 })
   */
  timeToFirstToken(limits: Fields<'timeToFirstToken'>): SloSpec {
    return { timeToFirstToken: limits };
  },
  /**
   * Events of your own: all of them, and the good or the bad ones among them. A counter is one that a part of the service
   * exposes; PromQL must have the rate per second over 5 minutes.
   *
   * @example
   * Slo.custom({
   *   name: 'settled',
   *   objective: 99.5,
   *   total: { metric: 'settlements_total' },
   *   bad: { metric: 'settlements_total', labels: { outcome: ['refused', 'lost'] } },
   * })
   */
  custom(events: Fields<'custom'>): SloSpec {
    return { custom: events };
  },
} as const;
