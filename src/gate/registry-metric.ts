import type { ReleaseRecord } from '../release/record.ts';
import type { GateOutput } from '../service/gate.ts';
import type { Limit } from './measure.ts';

/** Metrics of the models of a release by part, as the registry had them when it was locked. */
export type ModelMetrics = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What a release is judged by beside its traffic. */
export interface JudgedRelease {
  readonly release: string;
  readonly metrics: ModelMetrics;
}

/** A gate on a metric of the registry. */
export type RegistryMetricGate = Extract<GateOutput, { registryMetric: unknown }>['registryMetric'];

/** The metrics that a record has. */
export function judgedRelease({ release, parts }: Pick<ReleaseRecord, 'release' | 'parts'>): JudgedRelease {
  return {
    release,
    metrics: Object.fromEntries(
      Object.entries(parts).flatMap(([part, { model }]) => (model ? [[part, model.metrics ?? {}]] : [])),
    ),
  };
}

/** One thing that is asked of a value. */
export interface RegistryQuestion {
  /** Follows the gate's name: empty, or `-vs-stable`. */
  readonly suffix: '' | '-vs-stable';
  readonly value: number | undefined;
  readonly limit: Limit | undefined;
  /** Why one of the two is missing. */
  readonly why: string | undefined;
}

/** What a gate asks of the candidate's metric: to lie within bounds, and to be no worse than the stable release's. */
export function registryQuestions(
  gate: RegistryMetricGate,
  candidate: JudgedRelease,
  stable: JudgedRelease,
): RegistryQuestion[] {
  const { min, max, notWorseThanStable } = gate;
  const own = metricOf(gate, candidate);
  const questions: RegistryQuestion[] = [];
  if (min !== undefined || max !== undefined)
    questions.push({ suffix: '', value: own.value, limit: { min, max }, why: own.why });
  if (notWorseThanStable !== undefined) {
    const other = metricOf(gate, stable);
    const by = notWorseThanStable === true ? 0 : notWorseThanStable.by;
    const limit =
      other.value === undefined
        ? undefined
        : isLowerBetter(gate)
          ? { max: decimal(other.value + by) }
          : { min: decimal(other.value - by) };
    questions.push({ suffix: '-vs-stable', value: own.value, limit, why: own.why ?? other.why });
  }
  return questions;
}

/** Whether lower values of the metric are better. */
function isLowerBetter({ better, min, max }: RegistryMetricGate): boolean {
  return better === undefined ? max !== undefined && min === undefined : better === 'lower';
}

function metricOf(
  { metric, part }: RegistryMetricGate,
  { release, metrics }: JudgedRelease,
): { value: number | undefined; why: string | undefined } {
  const parts = Object.keys(metrics);
  const meant = part ?? (parts.includes('predictor') || parts.length !== 1 ? 'predictor' : parts[0]!);
  const known = Object.hasOwn(metrics, meant) ? metrics[meant]! : {};
  const value = Object.hasOwn(known, metric) ? known[metric] : undefined;
  return {
    value,
    why: value === undefined ? `the record of ${release} has no metric ${metric} for the model of ${meant}` : undefined,
  };
}

/** Without the error of binary fractions: 0.7 + 0.1 is 0.8. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}
