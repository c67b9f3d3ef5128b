import { refused, type Answer } from '../core/answer.ts';
import type { Finding, Where } from '../core/finding.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import { requiredState } from '../release/store.ts';
import type { MoveOptions } from '../release/transition.ts';
import { placesOf, unitsOf, type Checkout } from './checkout.ts';
import { planMove, type PlannedMove } from './move.ts';

/** A release that shall go from one environment to another. */
export interface Promotion extends MoveOptions {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  /** Default: what serves in `from`. */
  readonly release?: string;
}

/** Whether an environment has nothing of a service yet: then its first release needs the sources, to be rendered there. */
export function isFirstPromotion(checkout: Checkout, { service, from, to }: Promotion): boolean {
  return placesOf(checkout, service, to).length === 0 && placesOf(checkout, service, from).length > 0;
}

/**
 * The very release that serves in one environment becomes the candidate of another one: the same record, nothing is
 * resolved again. What was not finished in the earlier stage needs force and a reason.
 *
 * @example planPromotion(checkout, { service: 'fraud-detector', from: 'staging', to: 'prod-eu' })
 */
export async function planPromotion(checkout: Checkout, promotion: Promotion): Promise<Answer<PlannedMove>> {
  const { service, from, to } = promotion;
  const [source, target] = [unitsOf(checkout, service, from), unitsOf(checkout, service, to)];
  if (!source.value || !target.value) return refused(...source.findings, ...target.findings);
  const [here, there] = [source.value[0], target.value[0]];
  if (!here || !there) return refused();
  const state = requiredState(checkout.store, from, here.team, service);
  if (!state.value) return state;
  const release = promotion.release ?? state.value.stable;
  const problems = refusals(promotion, {
    release,
    state: state.value,
    stages: there.stages,
    here: here.env.stage,
    there: there.env.stage,
  });
  if (problems.length > 0) return refused(...problems);
  return planMove(checkout, { ...promotion, environment: to, move: { action: 'release', release } });
}

/** What a promotion is judged by. */
export interface Judged {
  readonly release: string;
  /** Of the environment that it comes from. */
  readonly state: ReleaseState;
  readonly stages: readonly string[];
  readonly here: string;
  readonly there: string;
}

/** Why a release may not go from one environment to another. */
export function refusals(
  { service, from, to, force, reason }: Promotion,
  { release, state, stages, here, there }: Judged,
): Finding[] {
  const where: Where = { service, environment: to };
  const problems: Finding[] = [];
  if (from === to || stages.indexOf(there) < stages.indexOf(here)) {
    const message = `${to} (stage ${there}) does not come after ${from} (stage ${here})`;
    problems.push(
      releaseFinding(
        'release/stage-order',
        where,
        message,
        `promote in the order of the stages: ${stages.join(', ')}; to go back, run rollback`,
      ),
    );
  }
  if (release !== state.stable && !(force && reason !== undefined)) {
    const now = release === state.candidate ? `is ${state.phase}` : 'does not serve';
    const message = `${release} ${now} in ${from}, where ${state.stable} serves`;
    problems.push(
      releaseFinding('release/not-finished', where, message, 'finish it there first, or say --force with a --reason'),
    );
  }
  return problems;
}
