import { refused, type Answer } from '../core/answer.ts';
import type { Finding, Where } from '../core/finding.ts';
import { releaseFinding } from '../release/rules.ts';
import type { MoveOptions } from '../release/transition.ts';
import { unitsOf, type Checkout } from './checkout.ts';
import { planMove, type PlannedMove } from './move.ts';

/** A release that shall go from one environment to another. */
export interface Promotion extends MoveOptions {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  /** Default: what serves in `from`. */
  readonly release?: string;
}

/**
 * The very release that serves in one environment becomes the candidate of another one: the same record, nothing is
 * resolved again. What was not finished in the earlier stage needs force and a reason.
 *
 * @example planPromotion(checkout, { service: 'fraud-detector', from: 'staging', to: 'prod-eu' })
 */
export async function planPromotion(checkout: Checkout, promotion: Promotion): Promise<Answer<PlannedMove>> {
  const { service, from, to, force, reason } = promotion;
  const where: Where = { service, environment: to };
  const [source, target] = [unitsOf(checkout, service, from), unitsOf(checkout, service, to)];
  if (!source.value || !target.value) return refused(...source.findings, ...target.findings);
  const [here, there] = [source.value[0], target.value[0]];
  if (!here || !there) return refused();
  const state = checkout.store.state(from, here.team, service);
  if (!state?.value) {
    const fix = `npx ai-service release ${service} --env ${from}`;
    return refused(...(state?.findings ?? [releaseFinding('release/no-state', { service, environment: from }, 'the release store has no state of the service in this environment', fix)]));
  }
  const release = promotion.release ?? state.value.stable;
  const problems: Finding[] = [];
  const [stage, next] = [here.stages.indexOf(here.env.stage), there.stages.indexOf(there.env.stage)];
  if (from === to || next < stage) {
    const order = there.stages.join(', ');
    problems.push(releaseFinding('release/stage-order', where, `${to} (stage ${there.env.stage}) does not come after ${from} (stage ${here.env.stage})`, `promote in the order of the stages: ${order}; to go back, run rollback`));
  }
  if (release !== state.value.stable && !(force && reason !== undefined)) {
    const now = release === state.value.candidate ? `is ${state.value.phase}` : 'does not serve';
    problems.push(releaseFinding('release/not-finished', where, `${release} ${now} in ${from}, where ${state.value.stable} serves`, `finish it there first, or say --force with a --reason`));
  }
  if (problems.length > 0) return refused(...problems);
  return planMove(checkout, { ...promotion, environment: to, move: { action: 'release', release } });
}
