import { parseDuration } from '../core/duration.ts';
import { slug } from '../core/names.ts';
import {
  comparedObservations,
  errorRatio,
  errorRatioBeyond,
  latencyAt,
  latencyDifference,
  latencyFactor,
  observationsFor,
  predictionShift,
  requests,
  type Observed,
  type Requests,
  type Sides,
} from '../promql/catalogue/gates.ts';
import type { Range } from '../promql/expr.ts';
import { equal, type Matcher } from '../promql/selector.ts';
import {
  DEFAULT_CONSECUTIVE,
  DEFAULT_MIN_SAMPLES,
  PLACEHOLDER,
  type GateKind,
  type GateOutput,
  type Placeholder,
} from '../service/gate.ts';
import type { GatePredictions, GateSide, GateSubject } from './subject.ts';

/** Bounds of a value, both of which still hold. */
export interface Limit {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** One value that a gate looks at, as PromQL. A gate that also compares with the stable release has two. */
export interface Measure {
  /** Unique in a policy: `error-ratio`, `latency-p99-vs-stable`. */
  readonly name: string;
  readonly limit: Limit;
  /** PromQL of the value over a window. */
  readonly value: (window: Range) => string;
  /** PromQL of the number of samples that the value is made of, and how many it needs. */
  readonly samples: (window: Range) => string;
  readonly minSamples: number;
  /** What is counted: `requests`, `observations`. */
  readonly counted: string;
  /** Into how many parts the bake time is divided. */
  readonly consecutive: number;
}

/** A gate that cannot be measured here, and why. */
export interface Unmeasurable {
  readonly name: string;
  readonly why: string;
}

/** Bounds between the bins of the predictions, or why they are not known. */
export type Edges = { readonly edges: readonly number[] } | { readonly why: string };

/** Gates that ask Prometheus; those on the registry ask the release records. */
export type MeasuredGate = Exclude<GateOutput, { registryMetric: unknown }>;

/** Whether a gate asks Prometheus. */
export function isMeasured(gate: GateOutput): gate is MeasuredGate {
  return !('registryMetric' in gate);
}

/** What the values are looked for with, beside the subject. */
export interface MeasureOptions {
  /** For gates on predictions that name no bounds. */
  readonly edges: Edges;
  /** How long ago the stable release had its last traffic, when it has none any more. */
  readonly stableAgo?: Range | undefined;
}

/** What a gate is called in reports, before gates of one name get a number. */
export function gateName(gate: GateOutput): string {
  if ('errorRatio' in gate) return 'error-ratio';
  if ('latency' in gate)
    return `latency-p${String(Number((gate.latency.quantile * 100).toPrecision(12))).replace('.', '-')}`;
  if ('predictionDrift' in gate) return 'prediction-drift';
  return 'prometheus' in gate ? gate.prometheus.name : registryGateName(gate.registryMetric.metric);
}

/** The values that the gates of a policy look at, in the order of the policy. */
export function measuresOf(
  subject: GateSubject,
  gates: readonly MeasuredGate[],
  options: MeasureOptions,
): (Measure | Unmeasurable)[] {
  return uniquelyNamed(gates.flatMap((gate) => measuresOfGate(subject, gate, options)));
}

/** Gives things of one name a number, from the second on; one that no other has. */
export function uniquelyNamed<Named extends { readonly name: string }>(things: readonly Named[]): Named[] {
  const taken = new Set<string>();
  return things.map((thing) => {
    let { name } = thing;
    for (let number = 2; taken.has(name); number += 1) name = `${thing.name}-${number}`;
    taken.add(name);
    return name === thing.name ? thing : { ...thing, name };
  });
}

/** How requests are counted on a cluster. */
type CountedOn = Pick<
  GateSubject,
  'service' | 'cluster' | 'namespace' | 'reporters' | 'queueProxies' | 'durations' | 'clusterLabel'
>;

/** Requests to one release, on one cluster. */
export function trafficOf(subject: CountedOn, { service, pods }: GateSide): Requests {
  const { reporters, queueProxies, namespace, durations: form } = subject;
  const more = clusterMatchers(subject);
  if (!queueProxies) return { form, source: { istio: { reporters, namespace, services: [service], more } } };
  return {
    form,
    source: { queueProxy: { generations: queueProxies, pods: [[...partMatchers(subject, pods), ...more]] } },
  };
}

/** Conditions on the labels that our PodMonitor gives to the series of a part of one release. */
function partMatchers(
  { service, namespace }: Pick<GateSubject, 'service' | 'namespace'>,
  { part, release }: GateSide['pods'],
): Matcher[] {
  return [equal('namespace', namespace), equal('ai_service', service), equal('part', part), equal('release', release)];
}

/** Tells the series of one cluster from those of others in the same Prometheus. */
export function clusterMatchers({ clusterLabel, cluster }: Pick<GateSubject, 'clusterLabel' | 'cluster'>): Matcher[] {
  return clusterLabel === undefined ? [] : [equal(clusterLabel, cluster)];
}

/** Series of the predictions of one release. */
function predictionsOf(subject: GateSubject, { part, form }: GatePredictions, release: string): Observed {
  return { form, matchers: [...partMatchers(subject, { part, release }), ...clusterMatchers(subject)] };
}

/** Why the requests of the two releases cannot be told apart, or `undefined` when they can. */
export function trafficProblem({
  reporters,
  queueProxies,
  candidate,
  stable,
  cluster,
}: GateSubject): string | undefined {
  if (reporters.length === 0 && !queueProxies)
    return `cluster ${cluster} has no metrics of Istio or of Knative's queue-proxies, which count the requests`;
  if (candidate.serviceName === stable.serviceName)
    return `both releases are answered by ${candidate.serviceName}, so their requests cannot be told apart`;
  return undefined;
}

function measuresOfGate(subject: GateSubject, gate: MeasuredGate, options: MeasureOptions): (Measure | Unmeasurable)[] {
  if ('predictionDrift' in gate) return [predictionMeasure(gateName(gate), subject, gate.predictionDrift, options)];
  const sides: Sides = {
    candidate: trafficOf(subject, subject.candidate),
    stable: { ...trafficOf(subject, subject.stable), ago: options.stableAgo },
  };
  const name = gateName(gate);
  const {
    values,
    minSamples = DEFAULT_MIN_SAMPLES,
    consecutive = DEFAULT_CONSECUTIVE,
  } = 'errorRatio' in gate
    ? { ...gate.errorRatio, values: errorValues(name, sides, gate.errorRatio) }
    : 'latency' in gate
      ? { ...gate.latency, values: latencyValues(name, sides, gate.latency) }
      : { ...gate.prometheus, values: ownValues(name, subject, gate.prometheus) };
  const why = trafficProblem(subject);
  if (why !== undefined) return [{ name, why }];
  const samples = (window: Range): string => requests(sides.candidate, window).text;
  return values.map((value) => ({ ...value, samples, minSamples, counted: 'requests', consecutive }));
}

type Value = Pick<Measure, 'name' | 'limit' | 'value'>;

type Settings<Kind extends GateKind> = Extract<GateOutput, Readonly<Record<Kind, unknown>>>[Kind];

function errorValues(name: string, sides: Sides, { max, comparedToStable }: Settings<'errorRatio'>): Value[] {
  const values: Value[] = [{ name, limit: { max }, value: (window) => errorRatio(sides, window).text }];
  if (comparedToStable) {
    const { factor = 1, difference = 0 } = comparedToStable;
    values.push({
      name: `${name}-vs-stable`,
      limit: { max: difference },
      value: (window) => errorRatioBeyond(sides, factor, window).text,
    });
  }
  return values;
}

function latencyValues(name: string, sides: Sides, { quantile, max, comparedToStable }: Settings<'latency'>): Value[] {
  const values: Value[] = [
    { name, limit: { max: milliseconds(max) }, value: (window) => latencyAt(sides.candidate, quantile, window).text },
  ];
  if (comparedToStable) {
    const { factor, difference = '0s' } = comparedToStable;
    values.push({
      name: `${name}-vs-stable`,
      limit: { max: factor ?? milliseconds(difference) },
      value: (window) =>
        (factor === undefined ? latencyDifference(sides, quantile, window) : latencyFactor(sides, quantile, window))
          .text,
    });
  }
  return values;
}

function ownValues(name: string, subject: GateSubject, { query, min, max }: Settings<'prometheus'>): Value[] {
  return [{ name, limit: { min, max }, value: (window) => filledIn(query, subject, window) }];
}

/** A query of users with what its placeholders stand for: names that need no escaping, neither in strings nor in patterns. */
function filledIn(
  query: string,
  { service, namespace, environment, cluster, candidate, stable }: GateSubject,
  window: Range,
): string {
  const values: Readonly<Record<Placeholder, string>> = {
    service,
    namespace,
    environment,
    cluster,
    candidate: candidate.release,
    stable: stable.release,
    candidateService: candidate.serviceName,
    stableService: stable.serviceName,
    window,
  };
  // The schema knows no other names.
  return query.replaceAll(PLACEHOLDER, (_text, name: Placeholder) => values[name]);
}

function predictionMeasure(
  name: string,
  subject: GateSubject,
  gate: Settings<'predictionDrift'>,
  options: MeasureOptions,
): Measure | Unmeasurable {
  const { predictions } = subject;
  if (!predictions) return { name, why: 'no part of the service declares a histogram in exports.predictions' };
  const known = gate.edges ? { edges: gate.edges } : options.edges;
  if ('why' in known) return { name, why: known.why };
  const { edges } = known;
  const { metric } = predictions;
  const sides: Sides<Observed> = {
    candidate: predictionsOf(subject, predictions, predictions.candidate),
    stable: { ...predictionsOf(subject, predictions, predictions.stable), ago: options.stableAgo },
  };
  return {
    name,
    limit: { max: gate.psi },
    value: (window) => predictionShift(metric, sides, edges, window).text,
    samples: (window) => comparedObservations(metric, sides, window).text,
    // Chance alone passes the limit with fewer.
    minSamples: Math.max(gate.minSamples ?? DEFAULT_MIN_SAMPLES, observationsFor(gate.psi, edges.length + 1)),
    counted: 'compared observations',
    consecutive: gate.consecutive ?? 1,
  };
}

function milliseconds(text: string): number {
  // The schema accepts durations only.
  return parseDuration(text) ?? 0;
}

/** What a gate on a metric of the registry is called. */
export function registryGateName(metric: string): string {
  return `registry-${slug(metric, 50)}`;
}
