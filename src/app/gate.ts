import { answered, refused, type Answer } from '../core/answer.ts';
import type { Finding } from '../core/finding.ts';
import type { GateEvaluation, GatePhase, GateQuestion } from '../gate/evaluate.ts';
import type { ExpectedResult } from '../gate/expected.ts';
import { judgedRelease } from '../gate/registry-metric.ts';
import type { GateSubject } from '../gate/subject.ts';
import type { Serving } from '../release/serving.ts';
import type { ReleaseState } from '../release/state.ts';
import { isAtLastStep, type Move } from '../release/transition.ts';
import { gateSubject } from '../render/argo-rollouts.ts';
import type { ReleasePolicy } from '../service/release-policy.ts';
import { situationOf, type Checkout } from './checkout.ts';
import { targetOf } from './move.ts';

/** What is to be judged in one environment; `question` is missing when nothing is on its way. */
export interface GateCase {
  /** File of the state. */
  readonly file: string;
  readonly state: ReleaseState;
  readonly policy: ReleasePolicy;
  readonly clusters: readonly string[];
  readonly question: GateQuestion | undefined;
}

const JUDGED: Readonly<Partial<Record<ReleaseState['phase'], GatePhase>>> = {
  warming: 'warming',
  canary: 'canary',
  finishing: 'finishing',
};

/**
 * Which candidate has to be judged, by what. After `finish` it is the new stable release, beside the one that served
 * before, until `cleanup`.
 *
 * @param clusterLabel the label that holds the cluster's name, where one Prometheus has several.
 */
export function gateCase(
  checkout: Checkout,
  service: string,
  environment: string,
  clusterLabel: string | undefined,
): Answer<GateCase> {
  const situation = situationOf(checkout, service, environment);
  if (!situation.value) return situation;
  const { units, policy, state, file } = situation.value;
  const clusters = units.map(({ clusterName }) => clusterName);
  const phase = JUDGED[state.phase];
  if (phase === undefined || (phase === 'finishing' && state.previous === undefined))
    return answered({ file, state, policy, clusters, question: undefined });

  const [candidate, stable] = phase === 'finishing' ? [state.stable, state.previous] : [state.candidate, state.stable];
  const findings: Finding[] = [];
  const subjects: GateSubject[] = [];
  for (const unit of units) {
    const target = targetOf(checkout, unit, state, file);
    findings.push(...target.findings);
    if (!target.value) continue;
    const serving = phase === 'finishing' ? beforeCleanup(target.value.serving) : target.value.serving;
    const subject = gateSubject({ ...target.value, serving }, clusterLabel);
    if (subject) subjects.push(subject);
  }
  const records = [candidate, stable].map((release) =>
    release === undefined ? undefined : checkout.store.record(service, release)?.value,
  );
  const [own, other] = records;
  if (!own || !other || findings.some(({ severity }) => severity === 'error')) return refused(...findings);
  const weight = phase === 'finishing' ? 100 : state.weight;
  const question: GateQuestion = {
    service,
    environment,
    phase,
    weight,
    policy,
    candidate: judgedRelease(own),
    stable: judgedRelease(other),
    clusters: subjects,
  };
  return answered({ file, state, policy, clusters, question });
}

/** What finished lately is judged as if it were a candidate with all of the traffic. */
function beforeCleanup(serving: Serving): Serving {
  const [previous] = serving.kept;
  return previous ? { ...serving, stable: previous, candidate: { ...serving.stable, weight: 100 } } : serving;
}

/** The move that a verdict asks for; none when it is inconclusive, or when automation is paused. */
export function moveFor(
  { state, policy }: GateCase,
  { verdict, phase }: Pick<GateEvaluation, 'verdict' | 'phase'>,
): Move | undefined {
  if (verdict === 'inconclusive' || state.paused !== undefined) return undefined;
  if (verdict === 'fail') return phase === 'finishing' ? { action: 'rollback' } : { action: 'abort' };
  if (phase === 'finishing') return { action: 'cleanup' };
  return isAtLastStep(state, policy) ? { action: 'finish' } : { action: 'advance' };
}

/**
 * What the gates said, one line each, for the trailers of the commit: `error-ratio@eu-1=pass value=0.002 limit=<=0.01`.
 */
export function gateTrailers({ results }: GateEvaluation): string[] {
  return results.map(({ name, cluster, verdict, value, limit, at }) => {
    const measured = value === undefined ? '' : ` value=${value}`;
    return `${resultName({ name, cluster })}=${verdict}${measured} limit=${limit.replaceAll(' ', '')} at=${at.toISOString()}`;
  });
}

/** What a result is called in a trailer: `error-ratio@eu-1`, and without a cluster where that makes no difference. */
export function resultName({ name, cluster }: ExpectedResult): string {
  return cluster === undefined ? name : `${name}@${cluster}`;
}
