/** Types of PromQL expressions. */
export type PromqlType = 'scalar' | 'vector' | 'range' | 'string';

/** What a function takes and gives. */
export interface PromqlFunction {
  readonly takes: readonly PromqlType[];
  /** How many of the arguments, from the end, may be left out. */
  readonly optional?: number;
  /** How many more of the last argument there may be; none by default. */
  readonly more?: number;
  readonly gives: 'scalar' | 'vector';
  /** The first version of Prometheus that has it without a feature flag, when that is after 2.42. */
  readonly since?: string;
  /** Whether it is behind a feature flag in every version. */
  readonly experimental?: true;
}

/** What an aggregation takes in front of the series. */
export interface PromqlAggregation {
  readonly parameter?: PromqlType;
  readonly experimental?: true;
}

const of = (takes: readonly PromqlType[], rest: Partial<PromqlFunction> = {}): PromqlFunction => ({
  takes,
  gives: 'vector',
  ...rest,
});
const flagged = (takes: readonly PromqlType[], rest: Partial<PromqlFunction> = {}): PromqlFunction =>
  of(takes, { experimental: true, ...rest });

function alike<T>(names: string, signature: T): Record<string, T> {
  return Object.fromEntries(names.split(' ').map((name) => [name, signature]));
}

/**
 * The functions of PromQL (promql/parser/functions.go of Prometheus 2.42 to 3.15), without holt_winters, which Prometheus 3
 * has no more under this name.
 */
export const FUNCTIONS: Readonly<Record<string, PromqlFunction>> = {
  ...alike(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp',
    of(['vector']),
  ),
  ...alike('histogram_count histogram_sum', of(['vector'])),
  histogram_avg: of(['vector'], { since: '2.51' }),
  ...alike('histogram_stddev histogram_stdvar', of(['vector'], { since: '2.47' })),
  ...alike(
    'day_of_month day_of_week day_of_year days_in_month hour minute month year',
    of(['vector'], { optional: 1 }),
  ),
  ...alike(
    'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time max_over_time min_over_time ' +
      'present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
    of(['range']),
  ),
  first_over_time: of(['range'], { since: '3.14' }),
  clamp: of(['vector', 'scalar', 'scalar']),
  ...alike('clamp_max clamp_min', of(['vector', 'scalar'])),
  histogram_fraction: of(['scalar', 'scalar', 'vector']),
  histogram_quantile: of(['scalar', 'vector']),
  label_join: of(['vector', 'string', 'string', 'string'], { optional: 1, more: Infinity }),
  label_replace: of(['vector', 'string', 'string', 'string', 'string']),
  pi: of([], { gives: 'scalar' }),
  predict_linear: of(['range', 'scalar']),
  quantile_over_time: of(['scalar', 'range']),
  round: of(['vector', 'scalar'], { optional: 1 }),
  scalar: of(['vector'], { gives: 'scalar' }),
  time: of([], { gives: 'scalar' }),
  vector: of(['scalar']),
  ...alike(
    'mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
    flagged(['range']),
  ),
  ...alike('end range start step', flagged([], { gives: 'scalar' })),
  ...alike('max_of min_of', flagged(['scalar', 'scalar'], { gives: 'scalar' })),
  ...alike('sort_by_label sort_by_label_desc', flagged(['vector', 'string'], { optional: 1, more: Infinity })),
  double_exponential_smoothing: flagged(['range', 'scalar', 'scalar']),
  histogram_quantiles: flagged(['vector', 'string', 'scalar', 'scalar'], { optional: 1, more: 8 }),
  info: flagged(['vector', 'vector'], { optional: 1 }),
  start_timestamp: flagged(['vector']),
};

/** The aggregations of PromQL (promql/parser/parse.go of Prometheus 2.42 to 3.15). */
export const AGGREGATIONS: Readonly<Record<string, PromqlAggregation>> = {
  ...alike<PromqlAggregation>('avg count group max min stddev stdvar sum', {}),
  ...alike<PromqlAggregation>('bottomk quantile topk', { parameter: 'scalar' }),
  ...alike<PromqlAggregation>('limit_ratio limitk', { parameter: 'scalar', experimental: true }),
  count_values: { parameter: 'string' },
};
