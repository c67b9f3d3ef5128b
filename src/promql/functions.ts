/** Types of PromQL expressions. */
export type PromqlType = 'scalar' | 'vector' | 'range' | 'string';

/** What a function takes and gives. */
export interface PromqlFunction {
  readonly takes: readonly PromqlType[];
  /** How many of the arguments, from the end, may be left out. */
  readonly optional?: number;
  /** The last argument may come any number of times. */
  readonly variadic?: true;
  readonly gives: 'scalar' | 'vector';
  /** The first version of Prometheus that has it, when that is after 2.42. */
  readonly since?: string;
}

const of = (takes: readonly PromqlType[], more: Partial<PromqlFunction> = {}): PromqlFunction => ({ takes, gives: 'vector', ...more });

function alike(names: string, signature: PromqlFunction): Record<string, PromqlFunction> {
  return Object.fromEntries(names.split(' ').map((name) => [name, signature]));
}

/**
 * The functions of PromQL (promql/parser/functions.go of Prometheus 2.42 to 3.14), without those that are behind a feature
 * flag, and without holt_winters, which Prometheus 3 put behind one: most servers would refuse a rule with them.
 */
export const FUNCTIONS: Readonly<Record<string, PromqlFunction>> = {
  ...alike('abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp', of(['vector'])),
  ...alike('histogram_count histogram_sum', of(['vector'])),
  histogram_avg: of(['vector'], { since: '2.51' }),
  ...alike('histogram_stddev histogram_stdvar', of(['vector'], { since: '2.47' })),
  ...alike('day_of_month day_of_week day_of_year days_in_month hour minute month year', of(['vector'], { optional: 1 })),
  ...alike(
    'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time max_over_time min_over_time ' +
      'present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
    of(['range']),
  ),
  clamp: of(['vector', 'scalar', 'scalar']),
  ...alike('clamp_max clamp_min', of(['vector', 'scalar'])),
  histogram_fraction: of(['scalar', 'scalar', 'vector']),
  histogram_quantile: of(['scalar', 'vector']),
  label_join: of(['vector', 'string', 'string', 'string'], { optional: 1, variadic: true }),
  label_replace: of(['vector', 'string', 'string', 'string', 'string']),
  pi: of([], { gives: 'scalar' }),
  predict_linear: of(['range', 'scalar']),
  quantile_over_time: of(['scalar', 'range']),
  round: of(['vector', 'scalar'], { optional: 1 }),
  scalar: of(['vector'], { gives: 'scalar' }),
  time: of([], { gives: 'scalar' }),
  vector: of(['scalar']),
};

/** Aggregations, and the type of their parameter where they have one. */
export const AGGREGATIONS: Readonly<Record<string, PromqlType | undefined>> = {
  avg: undefined,
  bottomk: 'scalar',
  count: undefined,
  count_values: 'string',
  group: undefined,
  max: undefined,
  min: undefined,
  quantile: 'scalar',
  stddev: undefined,
  stdvar: undefined,
  sum: undefined,
  topk: 'scalar',
};
