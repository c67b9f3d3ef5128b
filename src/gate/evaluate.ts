import { formatGoDuration, parseDuration } from '../core/duration.ts';
import {
  bucketBounds,
  deploymentAge,
  replicasAvailable,
  replicasOnceAvailable,
  requests,
  type Deployments,
} from '../promql/catalogue/gates.ts';
import { add, rangeOf, type Range } from '../promql/expr.ts';
import { equal, isOneOf } from '../promql/selector.ts';
import type { GateOutput } from '../service/gate.ts';
import {
  clusterMatchers,
  isMeasured,
  measuresOf,
  registryGateName,
  trafficOf,
  trafficProblem,
  uniquelyNamed,
  type Edges,
  type Limit,
  type Measure,
  type MeasuredGate,
} from './measure.ts';
import type { Answer, NoAnswer, PrometheusClient, Sample, Series } from './prometheus.ts';
import { registryQuestions, type JudgedRelease } from './registry-metric.ts';
import type { GateDeployment, GatePredictions, GateSubject } from './subject.ts';

/**
 * Evaluates the gates of a candidate: whether it is ready, whether it has had its share of the traffic for the bake time,
 * and whether every gate of the policy held all the while.
 */

/** `inconclusive` is neither: too little data, or none that counts. Nothing passes because something is missing. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/**
 * Where a candidate stands. While it warms it must become ready; only after that has it traffic to be judged by, beside
 * the stable release, and at the end alone.
 */
export type GatePhase = 'warming' | 'canary' | 'finishing';

/** What is to be judged. */
export interface GateQuestion {
  readonly service: string;
  readonly environment: string;
  readonly phase: GatePhase;
  /** The candidate's share of the traffic, in per cent; 0 where it gets copies, or requests with a header. */
  readonly weight: number;
  readonly policy: {
    readonly warm: { readonly deadline: string };
    readonly bake: string;
    readonly gates: readonly GateOutput[];
  };
  /** When the candidate entered its phase and weight, where that is known. What was before does not count. */
  readonly since?: Date | undefined;
  readonly candidate: JudgedRelease;
  readonly stable: JudgedRelease;
  /** The clusters of the environment. */
  readonly clusters: readonly GateSubject[];
}

/** What one gate says, on one cluster. */
export interface GateResult {
  /** `readiness-<part>`, `bake`, or the gate: `error-ratio`, `latency-p99`, `registry-auc`, a name of the user's. */
  readonly name: string;
  /** Missing where clusters make no difference: metrics of the registry. */
  readonly cluster: string | undefined;
  readonly verdict: Verdict;
  /** As Prometheus gave it. */
  readonly value: string | undefined;
  /** `<= 0.01` */
  readonly limit: string;
  /** PromQL of the value; missing where nothing was asked. */
  readonly query: string | undefined;
  /** What the value is made of, where that is counted. */
  readonly samples: string | undefined;
  /** The parts of the bake time, oldest first. */
  readonly parts: readonly GatePart[];
  /** The time that the query was evaluated at. */
  readonly at: Date;
  /** One sentence: what decided. */
  readonly why: string;
}

/** What a gate saw in one part of the bake time. */
export interface GatePart {
  /** End of the part. */
  readonly at: Date;
  readonly value: string | undefined;
  readonly samples: string | undefined;
}

/** What all gates say. */
export interface GateEvaluation {
  readonly service: string;
  readonly environment: string;
  readonly candidate: string;
  readonly stable: string;
  readonly phase: GatePhase;
  readonly weight: number;
  /** The worst of all results. */
  readonly verdict: Verdict;
  readonly at: Date;
  readonly results: readonly GateResult[];
}

/** Parts of the bake time in which the share of traffic is looked at. */
const BAKE_PARTS = 6;

/** Window of gates without bake time. */
const DEFAULT_WINDOW = 300;

/** More bins than this make a query that nobody can read, and an index that nothing passes by chance. */
const MAX_EDGES = 100;

/**
 * Judges a candidate. Asks the Prometheus of each cluster; a cluster without one is inconclusive. Never throws for what
 * a Prometheus answers.
 *
 * @param clients by cluster.
 * @param now the time of the evaluation: same data, same result.
 */
export async function evaluateGates(
  question: GateQuestion,
  clients: ReadonlyMap<string, PrometheusClient>,
  now: Date,
): Promise<GateEvaluation> {
  const { service, environment, phase, weight, candidate, stable, clusters } = question;
  const perCluster = await Promise.all(
    clusters.map((subject) =>
      evaluateCluster({ question, subject, client: givingUp(clients.get(subject.cluster), subject.cluster), now }),
    ),
  );
  const results = [...perCluster.flat(), ...registryResults(question, now)];
  return {
    service,
    environment,
    candidate: candidate.release,
    stable: stable.release,
    phase,
    weight,
    verdict: worst(results),
    at: now,
    results,
  };
}

/** The worst verdict; without any result nothing is known. */
function worst(results: readonly GateResult[]): Verdict {
  const verdicts = new Set(results.map(({ verdict }) => verdict));
  if (verdicts.has('fail')) return 'fail';
  return verdicts.has('inconclusive') || results.length === 0 ? 'inconclusive' : 'pass';
}

/** What the judges of one cluster share. */
interface Court {
  readonly question: GateQuestion;
  readonly subject: GateSubject;
  readonly client: PrometheusClient;
  readonly now: Date;
}

async function evaluateCluster(court: Court): Promise<GateResult[]> {
  const { question, subject } = court;
  const results: GateResult[] = [];
  // One after the other: a Prometheus serves others too.
  for (const deployment of subject.deployments) results.push(await readiness(court, deployment));
  if (question.phase === 'warming') return results;
  results.push(await bake(court));
  const gates = question.policy.gates.filter(isMeasured);
  for (const measure of measuresOf(subject, gates, {
    edges: await edgesOf(court, gates),
    stableAgo: stableAgo(court),
  })) {
    results.push('why' in measure ? resultOf(court, measure.name, { why: measure.why }) : await judge(court, measure));
  }
  return results;
}

/**
 * When all traffic is the candidate's, it is compared with what the stable release did before that: over a window that
 * ends when the candidate got everything, or a bake time ago.
 */
function stableAgo(court: Court): Range | undefined {
  if (court.question.weight < 100) return undefined;
  const since = secondsSince(court);
  return rangeOf(Math.ceil(since === Infinity ? bakeTimeOf(court) : Math.max(since, 1)));
}

/** A client that asks nothing more once nobody answers, so that an outage does not take minutes. */
function givingUp(client: PrometheusClient | undefined, cluster: string): PrometheusClient {
  const unnamed: NoAnswer = {
    problem: `no Prometheus is named for cluster ${cluster}: --prometheus ${cluster}=https://…`,
    unreachable: true,
  };
  let lost = client ? undefined : unnamed;
  const ask = async (query: (client: PrometheusClient) => Promise<Answer>): Promise<Answer> => {
    if (lost || !client) return lost ?? [];
    const answer = await query(client);
    if ('problem' in answer && answer.unreachable) lost = answer;
    return answer;
  };
  return {
    query: (expr, at) => ask((one) => one.query(expr, at)),
    queryRange: (expr, range) => ask((one) => one.queryRange(expr, range)),
  };
}

/** A value that counts, or why there is none. */
type Single = { readonly text: string; readonly number: number } | { readonly why: string };

const NO_DATA = 'there is no data';

/** A gate reads exactly one finite value. */
function single(answer: Answer): Single {
  if ('problem' in answer) return { why: answer.problem };
  if (answer.length > 1) return { why: `the query gives ${answer.length} series, and must give one` };
  const text = answer[0]?.samples[0]?.value;
  return text === undefined ? { why: NO_DATA } : finite(text);
}

function finite(text: string): Single {
  const number = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(number) ? { text, number } : { why: `the value is ${text}` };
}

function isBeyond(value: number, { min, max }: Limit): boolean {
  return (min !== undefined && value < min) || (max !== undefined && value > max);
}

/** `<= 0.01`, `>= 0.9`, `>= 0.1 and <= 0.5` */
function limitText({ min, max }: Limit): string {
  return [...(min === undefined ? [] : [`>= ${min}`]), ...(max === undefined ? [] : [`<= ${max}`])].join(' and ');
}

/** A result; nothing said means inconclusive. */
function resultOf(
  { now, subject }: Asked,
  name: string,
  more: Partial<GateResult> & { readonly why: string },
): GateResult {
  const silent = { value: undefined, limit: '', query: undefined, samples: undefined, parts: [] };
  return { name, cluster: subject?.cluster, verdict: 'inconclusive', at: now, ...silent, ...more };
}

/** When, and on which cluster. */
interface Asked {
  readonly now: Date;
  readonly subject?: GateSubject;
}

/**
 * Whether the candidate has the replicas that it shall have at least, from kube-state-metrics. While it warms it fails
 * when it could have been ready for longer than the deadline.
 */
async function readiness(court: Court, { part, name, pattern, replicas }: GateDeployment): Promise<GateResult> {
  const { question, subject, client, now } = court;
  const deployments: Deployments = { namespace: subject.namespace, name: pattern, matchers: clusterMatchers(subject) };
  const deadline = secondsOf(question.policy.warm.deadline);
  // What goes down to none was ready once; it starts again with the first request.
  const query = (
    replicas > 0 ? replicasAvailable(deployments) : replicasOnceAvailable(deployments, rangeOf(Math.max(deadline, 60)))
  ).text;
  const needed = Math.max(replicas, 1);
  const value = single(await client.query(query, now));
  const result = (verdict: Verdict, why: string): GateResult =>
    resultOf(court, `readiness-${part}`, {
      query,
      limit: `>= ${needed}`,
      ...('text' in value && { value: value.text }),
      verdict,
      why,
    });
  if ('why' in value) {
    const missing = `kube-state-metrics says nothing of Deployment ${name}: it is not there yet, or its metrics are not`;
    return result('inconclusive', value.why === NO_DATA ? missing : value.why);
  }
  const has = `${name} has ${value.text} of ${needed} replicas`;
  if (value.number >= needed) return result('pass', has);
  if (question.phase !== 'warming') return result('inconclusive', has);
  const age = single(
    await client.query(deploymentAge(deployments, deadline, rangeOf(Math.max(deadline, 1))).text, now),
  );
  if ('why' in age) return result('inconclusive', `${has}, and since when it is there is not known: ${age.why}`);
  const seconds = Math.min(age.number, secondsSince(court));
  const warmed = `${has}, ${durationOf(seconds)} after it came`;
  return seconds >= deadline
    ? result('fail', `${warmed}; the deadline is ${question.policy.warm.deadline}`)
    : result('inconclusive', warmed);
}

/**
 * Whether the candidate has had its share of the traffic for the bake time. Requests are counted, so that neither a
 * commit that was not synced yet nor a sync that took its time counts as baking.
 */
async function bake(court: Court): Promise<GateResult> {
  const { question, subject, client } = court;
  const { bake: limit } = question.policy;
  const length = secondsOf(limit);
  const name = 'bake';
  if (length === 0)
    return resultOf(court, name, { verdict: 'pass', limit, value: '0s', why: 'the policy has no bake time' });
  const problem = trafficProblem(subject);
  if (problem !== undefined) return resultOf(court, name, { limit, why: problem });
  const parts = partsOf(court, length, BAKE_PARTS);
  const candidate = requests(trafficOf(subject, subject.candidate), rangeOf(parts.step));
  const all = add(candidate, requests(trafficOf(subject, subject.stable), rangeOf(parts.step)));
  const query = candidate.text;
  const got = series(await client.queryRange(query, parts));
  if ('why' in got) return resultOf(court, name, { limit, query, why: got.why });
  const total = series(await client.queryRange(all.text, parts));
  if ('why' in total) return resultOf(court, name, { limit, query: all.text, why: total.why });

  const seen = parts.times.map((time): GatePart & { enough: boolean } => {
    const [value, samples] = [valueAt(got.samples, time), valueAt(total.samples, time)];
    // Without a request to the stable release there is no sum, and all requests are the candidate's.
    return {
      at: time,
      value,
      samples: samples ?? value,
      enough: hasShare(Number(value ?? 0), Number(samples ?? value ?? 0), question.weight / 100),
    };
  });
  const last = seen.findLastIndex(({ enough }) => !enough);
  const held = seen.length - 1 - last;
  const baked = held === BAKE_PARTS;
  const value = baked ? limit : durationOf(held * parts.step);
  const share = question.weight === 0 ? 'requests' : `${question.weight} % of the requests`;
  const why = `the candidate has had ${share} for ${value}${baked ? '' : `; the bake time is ${limit}`}`;
  return resultOf(court, name, {
    verdict: baked ? 'pass' : 'inconclusive',
    value,
    limit,
    query,
    parts: seen.map(({ enough: _enough, ...part }) => part),
    why,
  });
}

/**
 * Whether a share of requests is what a weight gives, as far as that can be told: not below 95 % of it by more than three
 * standard errors. A proxy draws for every request.
 */
function hasShare(requests: number, all: number, weight: number): boolean {
  if (!(requests > 0)) return false;
  return requests / all >= weight * 0.95 - 3 * Math.sqrt((weight * (1 - weight)) / all);
}

/** Judges one value: over the bake time, and in each of its parts. */
async function judge(court: Court, measure: Measure): Promise<GateResult> {
  const { client, now } = court;
  const { name, limit, minSamples, counted, consecutive } = measure;
  const bakeTime = bakeTimeOf(court);
  const length = Math.floor(Math.min(bakeTime, secondsSince(court)));
  const window = rangeOf(Math.max(length, 1));
  const query = measure.value(window);
  const value = single(await client.query(query, now));
  const samples = single(await client.query(measure.samples(window), now));
  const parts =
    consecutive > 1 ? await partsOfBakeTime(court, measure, bakeTime) : { seen: [], expected: 0, why: undefined };

  const failures: string[] = [];
  const doubts: string[] = [];
  const over = `over ${durationOf(length)}`;
  if ('why' in value) doubts.push(value.why === NO_DATA ? `${value.why} ${over}` : value.why);
  if ('why' in samples)
    doubts.push(
      samples.why === NO_DATA ? `there are no ${counted} ${over}` : `the ${counted} cannot be counted: ${samples.why}`,
    );
  else if (samples.number < minSamples)
    doubts.push(`${Math.floor(samples.number)} ${counted} ${over} are too few; it takes ${minSamples}`);
  if ('number' in value && isBeyond(value.number, limit)) {
    const enough = 'number' in samples && samples.number >= minSamples;
    (enough ? failures : doubts).push(`${value.text} ${over} is not ${limitText(limit)}`);
  }
  if (parts.why !== undefined) doubts.push(parts.why);
  for (const { at, value: text, samples: counts } of parts.seen) {
    const part = text === undefined ? { why: NO_DATA } : finite(text);
    const until = `in the part until ${at.toISOString()}`;
    if ('why' in part) doubts.push(`${part.why} ${until}`);
    else if (isBeyond(part.number, limit)) {
      const enough = Number(counts ?? 0) >= minSamples;
      (enough ? failures : doubts).push(`${part.text} ${until} is not ${limitText(limit)}`);
    }
  }
  if (parts.why === undefined && parts.seen.length < parts.expected)
    doubts.push(`${parts.seen.length} of ${parts.expected} parts of the bake time are over`);
  else if (length < bakeTime) doubts.push(`${durationOf(length)} of the bake time are over`);

  const [verdict, why] =
    failures[0] !== undefined
      ? (['fail', failures[0]] as const)
      : doubts[0] !== undefined
        ? (['inconclusive', doubts[0]] as const)
        : (['pass', `${'text' in value ? value.text : ''} ${over} is ${limitText(limit)}`] as const);
  return resultOf(court, name, {
    verdict,
    why,
    limit: limitText(limit),
    query,
    parts: parts.seen,
    ...('text' in value && { value: value.text }),
    ...('text' in samples && { samples: samples.text }),
  });
}

/** The parts of the bake time that are over, how many there will be, and why they cannot be seen. */
interface SeenParts {
  readonly seen: readonly GatePart[];
  readonly expected: number;
  readonly why: string | undefined;
}

async function partsOfBakeTime(court: Court, measure: Measure, bakeTime: number): Promise<SeenParts> {
  const parts = partsOf(court, bakeTime, measure.consecutive);
  const expected = measure.consecutive;
  if (parts.times.length === 0) return { seen: [], expected, why: undefined };
  const values = series(await court.client.queryRange(measure.value(rangeOf(parts.step)), parts));
  const samples = series(await court.client.queryRange(measure.samples(rangeOf(parts.step)), parts));
  const why = 'why' in values ? values.why : 'why' in samples ? samples.why : undefined;
  if ('why' in values || 'why' in samples) return { seen: [], expected, why };
  return {
    seen: parts.times.map((at) => ({ at, value: valueAt(values.samples, at), samples: valueAt(samples.samples, at) })),
    expected,
    why,
  };
}

/** Parts of a time that ends now: the ends of those that began after the candidate got its weight. */
interface Parts {
  readonly start: Date;
  readonly end: Date;
  /** Length of a part in whole seconds, as a range can be written. */
  readonly step: number;
  readonly stepSeconds: number;
  readonly times: readonly Date[];
}

function partsOf(court: Court, length: number, count: number): Parts {
  const { now } = court;
  const step = Math.max(Math.floor(length / count), 1);
  const before = (parts: number): Date => new Date(now.getTime() - parts * step * 1000);
  const counted = Math.min(count, Math.floor(secondsSince(court) / step));
  const times = Array.from({ length: counted }, (_, index) => before(counted - 1 - index));
  return { start: times[0] ?? now, end: now, step, stepSeconds: step, times };
}

/** Samples over time of the only series, or why there is more than one. */
function series(answer: Answer): { readonly samples: readonly Sample[] } | { readonly why: string } {
  if ('problem' in answer) return { why: answer.problem };
  if (answer.length > 1) return { why: `the query gives ${answer.length} series, and must give one` };
  return { samples: answer[0]?.samples ?? [] };
}

function valueAt(samples: readonly Sample[], at: Date): string | undefined {
  return samples.find(({ time }) => Math.abs(time * 1000 - at.getTime()) < 1)?.value;
}

/** The bounds of the histogram of predictions, when a gate needs them and does not name them. */
async function edgesOf({ subject, client, now }: Court, gates: readonly MeasuredGate[]): Promise<Edges> {
  const { predictions } = subject;
  if (!predictions || !gates.some((gate) => 'predictionDrift' in gate && !gate.predictionDrift.edges))
    return { edges: [] };
  if (predictions.form === 'native')
    return { why: `${predictions.metric} is a native histogram, without bounds to go by: name them in edges` };
  const answer = await client.query(boundsQuery(subject, predictions), now);
  if ('problem' in answer) return { why: answer.problem };
  const bounds = (release: string): number[] => boundsOf(answer.filter(({ labels }) => labels['release'] === release));
  const [own, others] = [bounds(predictions.candidate), bounds(predictions.stable)];
  const { metric } = predictions;
  if (own.length === 0) return { why: `the candidate exposes no histogram ${metric} with bounds` };
  if (own.join() !== others.join())
    return { why: `${metric} has other bounds in the candidate than in the stable release` };
  if (own.length > MAX_EDGES)
    return { why: `${metric} has ${own.length} bounds: name at most ${MAX_EDGES} of them in edges` };
  return { edges: own };
}

function boundsQuery(subject: GateSubject, { metric, part, candidate, stable }: GatePredictions): string {
  const { namespace, service } = subject;
  const releases = isOneOf('release', [candidate, stable]);
  return bucketBounds(metric, [
    equal('namespace', namespace),
    equal('ai_service', service),
    equal('part', part),
    releases,
    ...clusterMatchers(subject),
  ]).text;
}

function boundsOf(found: readonly Series[]): number[] {
  const bounds = found.map(({ labels }) => Number(labels['le'] ?? NaN)).filter((bound) => Number.isFinite(bound));
  return [...new Set(bounds)].sort((a, b) => a - b);
}

/** Metrics of the registry are the same on every cluster. */
function registryResults(question: GateQuestion, now: Date): GateResult[] {
  const results = question.policy.gates.flatMap((gate) => {
    if (isMeasured(gate)) return [];
    return registryQuestions(gate.registryMetric, question.candidate, question.stable).map(
      ({ suffix, value, limit, why }) => {
        const name = `${registryGateName(gate.registryMetric.metric)}${suffix}`;
        const known = { ...(value !== undefined && { value: String(value) }), limit: limit ? limitText(limit) : '' };
        if (value === undefined || !limit) return resultOf({ now }, name, { ...known, why: why ?? NO_DATA });
        const beyond = isBeyond(value, limit);
        return resultOf({ now }, name, {
          ...known,
          verdict: beyond ? 'fail' : 'pass',
          why: `${value} is ${beyond ? 'not ' : ''}${limitText(limit)}`,
        });
      },
    );
  });
  return uniquelyNamed(results);
}

function bakeTimeOf({ question }: Court): number {
  return secondsOf(question.policy.bake) || DEFAULT_WINDOW;
}

/** Seconds since the candidate entered its phase and weight; where that is not known, as long as one likes. */
function secondsSince({ question: { since }, now }: Pick<Court, 'question' | 'now'>): number {
  return since ? Math.max((now.getTime() - since.getTime()) / 1000, 0) : Infinity;
}

function secondsOf(duration: string): number {
  // The schema accepts durations only.
  return Math.floor((parseDuration(duration) ?? 0) / 1000);
}

function durationOf(seconds: number): string {
  return formatGoDuration(Math.floor(seconds) * 1000);
}
