import { policyDigest, type Phase, type ReleaseState } from './state.ts';
import type { Problem } from '../service/model-uri.ts';
import type { ReleasePolicy } from '../service/release-policy.ts';

/**
 * The moves of a service in one environment from state to state. Pure: no file, no clock, no cluster. Whether a candidate
 * is ready, or its gates hold, is for whoever asks for the move.
 *
 * Three rules stand above all: a candidate is deployed in a commit of its own, at weight 0; a move that shifts traffic
 * removes nothing; a release that is held gets no traffic.
 */

/** What can be asked for. */
export type Move =
  /** Deploys a release as candidate: of a release command, or a promotion. */
  | { readonly action: 'release'; readonly release: string }
  /** From warming to the first step, and from step to step. */
  | { readonly action: 'advance' }
  /** The candidate becomes stable. */
  | { readonly action: 'finish' }
  /** The candidate gets no traffic any more, and is held. */
  | { readonly action: 'abort' }
  /** Back to what served before, or to the release of that name; what it replaces is held. */
  | { readonly action: 'rollback'; readonly to?: string }
  | { readonly action: 'hold'; readonly release?: string }
  | { readonly action: 'resume'; readonly release?: string }
  /** Removes what no longer serves. */
  | { readonly action: 'cleanup' }
  | { readonly action: 'pause' }
  | { readonly action: 'unpause' };

export type Action = Move['action'];

/** How a move is asked for. */
export interface MoveOptions {
  /** Why; recorded in the state, and in a hold. */
  readonly reason?: string;
  /** Refuses the move when the candidate is at another step: two people, or a bot and a person, are at work. */
  readonly expectStep?: number;
  /** Goes on under a policy that changed since the candidate set out. */
  readonly acceptPolicy?: boolean;
  /** Finishes before the last step; goes back to a release of which the state does not say that it served. Both need a reason. */
  readonly force?: boolean;
}

/** The state after a move, or why the move is refused. */
export type Moved =
  { readonly state: ReleaseState; readonly problem?: never } | { readonly state?: never; readonly problem: Problem };

/** What a move does, for the docs and for messages. A move that is not listed for a phase is illegal there. */
// prettier-ignore
export const TRANSITIONS: readonly { readonly action: Action; readonly from: readonly Phase[]; readonly to: Phase | 'same'; readonly does: string }[] = [
  { action: 'release', from: ['idle', 'finishing', 'held'], to: 'warming', does: 'deploys the candidate at weight 0' },
  { action: 'advance', from: ['warming', 'canary'], to: 'canary', does: 'the candidate gets the next step of the policy' },
  { action: 'finish', from: ['warming', 'canary'], to: 'finishing', does: 'the candidate becomes stable; what served before keeps running. A release that returned holds what it replaces' },
  { action: 'abort', from: ['warming', 'canary'], to: 'held', does: 'all traffic to stable; the candidate is held' },
  { action: 'rollback', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'held', does: 'all traffic to the release before, and what it replaces is held; a target that does not run warms first' },
  { action: 'hold', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'same', does: 'a release shall get no traffic; a candidate that has some loses it' },
  { action: 'resume', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'same', does: 'frees a held release; a held candidate warms again' },
  { action: 'cleanup', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'same', does: 'removes what no longer serves; after finish and abort the phase is idle again' },
  { action: 'pause', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'same', does: 'stops automation' },
  { action: 'unpause', from: ['idle', 'warming', 'canary', 'finishing', 'held'], to: 'same', does: 'lets automation go on' },
];

/**
 * The state after a move.
 *
 * @example transition(state, { action: 'advance' }, policy, {}).state?.weight // 10
 */
export function transition(state: ReleaseState, move: Move, policy: ReleasePolicy, options: MoveOptions = {}): Moved {
  const illegal = illegalMove(state, move.action) ?? unexpectedStep(state, options);
  if (illegal) return { problem: illegal };
  switch (move.action) {
    case 'release':
      return release(state, move.release, policy, options);
    case 'advance':
      return advance(state, policy, options);
    case 'finish':
      return finish(state, policy, options);
    case 'abort':
      return moved(abort(state, options), options);
    case 'rollback':
      return rollback(state, move.to, policy, options);
    case 'hold':
      return hold(state, move.release ?? state.candidate, options);
    case 'resume':
      return resume(state, move.release, policy, options);
    case 'cleanup':
      return cleanup(state, policy, options);
    case 'pause':
      return state.paused === undefined
        ? moved({ ...state, paused: options.reason ?? 'by hand' }, {})
        : refused('it is paused already', 'run unpause first');
    case 'unpause':
      return state.paused === undefined
        ? refused('it is not paused', 'nothing to do')
        : moved(without(state, 'paused'), {});
  }
}

/** The moves that a state allows, in the order of the table. */
export function legalMoves(state: ReleaseState): Action[] {
  return TRANSITIONS.filter(({ action }) => illegalMove(state, action) === undefined).map(({ action }) => action);
}

function illegalMove(state: ReleaseState, action: Action): Problem | undefined {
  if (possible(state, action)) return undefined;
  // A release comes by `release` or by `promote`: what is in its way is the same.
  if (action === 'release') {
    return {
      message: `${state.candidate ?? ''} is on its way already, ${progressOf(state)}, and there is one candidate at a time`,
      fix: 'bring it to its end with advance and finish; or take it off with abort, and run this again',
    };
  }
  const said: Readonly<Partial<Record<Action, string>>> = {
    cleanup: 'everything that runs is needed',
    resume: 'no release is held',
    hold: 'there is no candidate to hold',
    pause: 'it is paused already',
    unpause: 'it is not paused',
  };
  const legal = TRANSITIONS.filter((transition) => possible(state, transition.action)).map(
    (transition) => transition.action,
  );
  return {
    message: `${action} is not possible while ${state.phase}: ${said[action] ?? 'there is no candidate on its way'}`,
    fix: `possible now: ${legal.join(', ')}`,
  };
}

function possible(state: ReleaseState, action: Action): boolean {
  const { phase, retiring, holds = {}, paused } = state;
  if (!TRANSITIONS.some((transition) => transition.action === action && transition.from.includes(phase))) return false;
  if (action === 'cleanup') return retiring !== undefined || phase === 'finishing' || phase === 'held';
  if (action === 'resume') return Object.keys(holds).length > 0;
  if (action === 'pause') return paused === undefined;
  if (action === 'unpause') return paused !== undefined;
  return true;
}

function unexpectedStep(state: ReleaseState, { expectStep }: MoveOptions): Problem | undefined {
  if (expectStep === undefined || state.step === expectStep) return undefined;
  return {
    message: `expected step ${expectStep}, but the candidate is ${progressOf(state)}: somebody else moved it`,
    fix: 'look at ai-service status, and run again with what it says',
  };
}

function release(state: ReleaseState, name: string, policy: ReleasePolicy, options: MoveOptions): Moved {
  const { stable, candidate, previous, retiring = [], stopped = [], holds = {} } = state;
  if (name === stable) return refused(`${name} serves already`, 'nothing to do');
  const held = holds[name];
  if (held !== undefined)
    return refused(`${name} is held: ${held}`, `free it with resume ${name}, or make a newer release`);
  if (policy.strategy === 'replace') {
    return moved({ ...bare(state), stable: name, previous: stable, phase: 'idle' }, options);
  }
  // What was on its way before, and is held, goes with the next cleanup.
  const leaving = candidate === undefined || candidate === name ? retiring : [...retiring, candidate];
  return moved(
    {
      ...bare(state),
      stable,
      ...(previous !== name && { previous }),
      candidate: name,
      phase: 'warming',
      policy: policyDigest(policy),
      ...lists(
        leaving.filter((each) => each !== name),
        stopped.filter((each) => each !== name),
      ),
    },
    options,
  );
}

function advance(state: ReleaseState, policy: ReleasePolicy, options: MoveOptions): Moved {
  const problem = changedPolicy(state, policy, options) ?? offPolicy(state, policy);
  if (problem) return { problem };
  if (state.returning) return refused('the candidate served here before, and needs no steps', 'run finish');
  const step = nextStep(state, policy);
  const exposure = policy.exposures[step];
  if (!exposure) {
    const message =
      policy.exposures.length === 0
        ? `a ${policy.strategy} release has no steps`
        : `${state.candidate ?? ''} is ${progressOf(state)}, and no step is left`;
    return refused(message, 'run finish');
  }
  return moved({ ...unexposed(state), phase: 'canary', step, policy: policyDigest(policy), ...exposure }, options);
}

/** The step after the present one. A policy that changed on the way goes on at the first step with more weight. */
function nextStep({ step, weight, policy: before }: ReleaseState, policy: ReleasePolicy): number {
  if (step === undefined) return 0;
  if (before === policyDigest(policy)) return step + 1;
  const higher = policy.exposures.findIndex((exposure) => exposure.weight > weight);
  return higher < 0 ? policy.exposures.length : higher;
}

/** Whether the next move of a candidate is to finish. */
export function isAtLastStep(state: ReleaseState, policy: ReleasePolicy): boolean {
  return state.returning === true || nextStep(state, policy) >= policy.exposures.length;
}

function finish(state: ReleaseState, policy: ReleasePolicy, options: MoveOptions): Moved {
  const problem = changedPolicy(state, policy, options) ?? (options.force ? undefined : offPolicy(state, policy));
  if (problem) return { problem };
  const { stable, candidate, previous, retiring = [], stopped = [], holds = {}, reason = '' } = state;
  if (candidate === undefined) return refused('there is no candidate', 'run release first');
  if (!isAtLastStep(state, policy) && !options.force) {
    const ahead = policy.exposures.slice(nextStep(state, policy)).map(exposureText);
    return refused(
      `${candidate} is ${progressOf(state)}, and has not been through ${ahead.join(', ')}`,
      'run advance, or say --force with a --reason',
    );
  }
  if (options.force && options.reason === undefined && !isAtLastStep(state, policy))
    return refused('steps are left out without a reason', 'say --reason');
  if (state.returning) {
    const held = { ...holds, [stable]: options.reason ?? reason };
    // Its own workload is the candidate's now; what its function called still answers until a cleanup.
    if (policy.mechanism !== 'workloads') {
      const leaving = [...retiring, ...(previous === undefined ? [] : [previous]), stable];
      return moved(
        { ...bare(state), stable: candidate, phase: 'finishing', ...lists(leaving, stopped), holds: held },
        options,
      );
    }
    return moved(
      {
        ...bare(state),
        stable: candidate,
        candidate: stable,
        previous,
        phase: 'held',
        ...lists(retiring, stopped),
        holds: held,
      },
      options,
    );
  }
  return moved(
    {
      ...bare(state),
      stable: candidate,
      previous: stable,
      phase: 'finishing',
      ...lists(previous === undefined ? retiring : [...retiring, previous], stopped),
    },
    options,
  );
}

function abort(state: ReleaseState, { reason = 'aborted' }: MoveOptions): ReleaseState {
  const { candidate, holds = {} } = state;
  return {
    ...without(unexposed(state), 'step', 'returning'),
    phase: 'held',
    holds: { ...holds, ...(candidate !== undefined && { [candidate]: reason }) },
  };
}

function rollback(state: ReleaseState, to: string | undefined, policy: ReleasePolicy, options: MoveOptions): Moved {
  const { stable, candidate, previous, phase, retiring = [], stopped = [], holds = {} } = state;
  const onItsWay = phase === 'warming' || phase === 'canary';
  if (onItsWay && (to === undefined || to === stable)) return moved(abort(state, options), options);
  if (onItsWay)
    return refused(`${candidate ?? ''} is on its way`, `run rollback first, then rollback --to ${to ?? ''}`);
  if (phase === 'held' && candidate !== undefined && to === undefined) {
    // Two people at one incident: the second one means the rollback that the first one made.
    const further = previous === undefined ? '<release>, with --force and a --reason' : previous;
    return refused(
      `${candidate} is held already, and ${stable} answers all requests`,
      `nothing to do; to go further back, name the release: rollback --to ${further}`,
    );
  }
  const target = to ?? previous;
  if (target === undefined)
    return refused(
      `no release served before ${stable} that is still known here`,
      'name one that did: rollback --to <release>, with --force and a --reason',
    );
  if (target === stable) return refused(`${target} serves already`, 'nothing to do');
  if (holds[target] !== undefined)
    return refused(`${target} is held: ${holds[target]}`, `free it with resume ${target}, or name another release`);
  const problem = unknownHere(target, state, options);
  if (problem) return { problem };
  const { reason = `rolled back to ${target}` } = options;
  if (policy.strategy === 'replace') {
    return moved({ ...bare(state), stable: target, phase: 'idle', holds: { ...holds, [stable]: reason } }, options);
  }
  const leaving = [...retiring, ...(candidate === undefined || candidate === target ? [] : [candidate])].filter(
    (each) => each !== target,
  );
  const stays = previous === target ? {} : { previous };
  // With the mechanisms of KServe and Knative the older release is gone once the new one is finished.
  const warm =
    policy.mechanism === 'workloads' && (previous === target || retiring.includes(target)) && !stopped.includes(target);
  if (warm) {
    return moved(
      {
        ...bare(state),
        stable: target,
        candidate: stable,
        ...stays,
        phase: 'held',
        ...lists(leaving, stopped),
        holds: { ...holds, [stable]: reason },
      },
      options,
    );
  }
  return moved(
    {
      ...bare(state),
      stable,
      candidate: target,
      ...stays,
      phase: 'warming',
      returning: true,
      ...(state.policy !== undefined && { policy: state.policy }),
      ...lists(
        leaving,
        stopped.filter((each) => each !== target),
      ),
    },
    { ...options, reason },
  );
}

/**
 * Going back leaves out steps and gates, so it is for a release that served here. Of those that the state names, these are
 * the previous one and what retires unheld: a candidate retires only once it is held.
 */
function unknownHere(
  target: string,
  { previous, retiring = [] }: ReleaseState,
  { force, reason }: MoveOptions,
): Problem | undefined {
  if (target === previous || retiring.includes(target)) return undefined;
  if (force)
    return reason === undefined
      ? { message: `nothing here says that ${target} served, and no reason is given`, fix: 'say --reason' }
      : undefined;
  const message = `the state does not say that ${target} ever served here, and going back takes no steps and asks no gates`;
  return { message, fix: 'bring it with release or promote; or, if it did serve here, say --force with a --reason' };
}

function hold(state: ReleaseState, name: string | undefined, options: MoveOptions): Moved {
  const { stable, candidate, phase, holds = {} } = state;
  if (name === undefined) return refused('there is no candidate to hold', 'name a release');
  if (name === stable) return refused(`${name} serves`, 'run rollback, which holds what it replaces');
  if (holds[name] !== undefined) return refused(`${name} is held already: ${holds[name]}`, 'nothing to do');
  if (name === candidate && phase !== 'held') return moved(abort(state, { reason: options.reason ?? 'held' }), options);
  return moved({ ...state, holds: { ...holds, [name]: options.reason ?? 'held' } }, options);
}

function resume(state: ReleaseState, name: string | undefined, policy: ReleasePolicy, options: MoveOptions): Moved {
  const { candidate, phase, retiring = [], holds = {} } = state;
  const held = Object.keys(holds);
  const target = name ?? (held.length === 1 ? held[0] : undefined);
  if (target === undefined) return refused(`more than one release is held: ${held.join(', ')}`, 'name one of them');
  if (holds[target] === undefined) return refused(`${target} is not held`, `held are ${held.join(', ')}`);
  // It may never have been ready, and whatever is free and runs counts as one to go back to at once.
  if (retiring.includes(target)) return refused(`${target} is on its way out`, 'run cleanup first');
  const { [target]: _freed, ...others } = holds;
  const free = { ...without(state, 'holds'), ...(Object.keys(others).length > 0 && { holds: others }) };
  if (target !== candidate || phase !== 'held') return moved(free, options);
  return moved({ ...free, phase: 'warming', policy: policyDigest(policy) }, options);
}

function cleanup(state: ReleaseState, policy: ReleasePolicy, options: MoveOptions): Moved {
  const { phase, previous, stopped = [] } = state;
  const kept = without(state, 'retiring', 'stopped');
  switch (phase) {
    case 'finishing': {
      const idle: ReleaseState = { ...kept, phase: 'idle' };
      if (policy.keepPrevious === 'none') return moved(without(idle, 'previous'), options);
      return moved(
        policy.keepPrevious === 'stopped' && previous !== undefined ? { ...idle, stopped: [previous] } : idle,
        options,
      );
    }
    case 'held':
      return moved(
        {
          ...without(kept, 'candidate', 'policy'),
          phase: 'idle',
          ...lists(
            [],
            stopped.filter((each) => each === previous),
          ),
        },
        options,
      );
    default:
      return moved(
        {
          ...kept,
          ...lists(
            [],
            stopped.filter((each) => each === previous),
          ),
        },
        options,
      );
  }
}

function changedPolicy(
  { policy: before }: ReleaseState,
  policy: ReleasePolicy,
  { acceptPolicy }: MoveOptions,
): Problem | undefined {
  if (before === undefined || acceptPolicy || before === policyDigest(policy)) return undefined;
  return {
    message: 'the policy changed since the candidate set out',
    fix: 'read the new policy, and say --accept-policy; or abort, and release again',
  };
}

/**
 * How what a candidate gets differs from the step that it is at: somebody edited the state by hand. Of a policy that changed
 * meanwhile nobody knows what its steps were, and nothing is said.
 *
 * @example offPolicy({ stable: 'v1', candidate: 'v2', phase: 'canary', weight: 33, step: 0 }, policy)?.message // 'the candidate gets 33 %, and step 0 of the policy is 10 %'
 */
export function offPolicy(state: ReleaseState, policy: ReleasePolicy): Problem | undefined {
  const { phase, step, policy: before } = state;
  if (phase !== 'canary' || (before !== undefined && before !== policyDigest(policy))) return undefined;
  const steps = step === undefined ? policy.exposures : policy.exposures.slice(step, step + 1);
  const now = exposureText(state);
  if (steps.some((exposure) => exposureText(exposure) === now)) return undefined;
  const due = steps.map(exposureText).join(', ');
  const said =
    step === undefined
      ? `the steps of the policy are ${due === '' ? 'none' : due}`
      : `step ${step} of the policy is ${due === '' ? 'not there' : due}`;
  return {
    message: `the candidate gets ${now}, and ${said}`,
    fix: 'restore the state from Git; traffic moves by advance, abort and rollback, and other steps are written in the policy',
  };
}

/** How far a candidate is: `at step 0 (10 %)`. */
function progressOf(state: ReleaseState): string {
  const { phase, step } = state;
  if (phase === 'canary')
    return step === undefined ? `at ${exposureText(state)}` : `at step ${step} (${exposureText(state)})`;
  return phase === 'warming' ? 'warming, without traffic' : phase;
}

function exposureText({ weight, mirror, header }: Pick<ReleaseState, 'weight' | 'mirror' | 'header'>): string {
  const others = [
    ...(mirror === undefined ? [] : [`copies of ${mirror} %`]),
    ...(header ? [`requests with ${header.name}: ${header.value}`] : []),
  ];
  return [...(weight > 0 || others.length === 0 ? [`${weight} %`] : []), ...others].join(' and ');
}

/** What a new candidate, or none, takes over of a state. */
function bare({ stable, holds, paused }: ReleaseState): ReleaseState {
  return { stable, phase: 'idle', weight: 0, ...(holds && { holds }), ...(paused !== undefined && { paused }) };
}

/** The same candidate without traffic. */
function unexposed(state: ReleaseState): ReleaseState {
  return { ...without(state, 'mirror', 'header'), weight: 0 };
}

function lists(retiring: readonly string[], stopped: readonly string[]): Pick<ReleaseState, 'retiring' | 'stopped'> {
  return {
    ...(retiring.length > 0 && { retiring: [...retiring] }),
    ...(stopped.length > 0 && { stopped: [...stopped] }),
  };
}

function without<K extends keyof ReleaseState>(
  state: ReleaseState,
  ...fields: readonly K[]
): Omit<ReleaseState, K> & ReleaseState {
  return Object.fromEntries(
    Object.entries(state).filter(([field]) => !(fields as readonly string[]).includes(field)),
  ) as ReleaseState;
}

/** The new state, with the reason of this move and no older one, and without fields that say nothing. */
function moved(state: ReleaseState, { reason }: MoveOptions): Moved {
  const said = reason === undefined ? without(state, 'reason') : { ...state, reason };
  return { state: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as ReleaseState };
}

function refused(message: string, fix: string): Moved {
  return { problem: { message, fix } };
}
