import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../service/model-uri.ts';
import type { ReleaseState } from './state.ts';

/**
 * Merge conflicts in a state file: two people moved the same service in the same environment. Git cannot say which of
 * the two states counts; a rule can, as long as both agree on the release that serves.
 */

/** What the two sides of a merge have in a file. */
export interface Sides {
  /** Of the branch that is checked out. */
  readonly ours: string;
  /** Of the branch that is merged. */
  readonly theirs: string;
}

const MARKS = { '<': 'ours', '|': 'base', '=': 'theirs', '>': 'both' } as const;

/** The line, counted from 1, where Git's first conflict starts; `undefined` when there is none. */
export function conflictLine(text: string): number | undefined {
  // Nearly every file has none.
  if (!text.includes('<<<<<<<')) return undefined;
  const line = text.split('\n').findIndex((each) => markOf(each) === '<');
  return line < 0 ? undefined : line + 1;
}

/** What both sides had in a file with markers; `undefined` when the markers do not fit together. */
export function sidesOf(text: string): Sides | undefined {
  const sides = { ours: '', theirs: '', base: '' };
  /** Which marker came last. */
  let last: keyof typeof MARKS = '>';
  for (const line of text.split(/(?<=\n)/)) {
    const mark = markOf(line);
    if (mark === undefined || (mark === '=' && last === '>')) {
      const side = MARKS[last];
      if (side !== 'both') sides[side] += line;
      else for (const each of ['ours', 'theirs'] as const) sides[each] += line;
      continue;
    }
    if (!FOLLOWS[mark].includes(last)) return undefined;
    last = mark;
  }
  return last === '>' ? { ours: sides.ours, theirs: sides.theirs } : undefined;
}

/** After which marker one may come; what was there before the two branches parted is shown by some styles only. */
const FOLLOWS: Readonly<Record<keyof typeof MARKS, readonly (keyof typeof MARKS)[]>> = {
  '<': ['>'],
  '|': ['<'],
  '=': ['<', '|'],
  '>': ['='],
};

function markOf(line: string): keyof typeof MARKS | undefined {
  const mark = /^(?:(<)\1{6}|(>)\2{6}|(\|)\3{6}|(=)\4{6})(?: |\r?\n?$)/.exec(line)?.[0][0];
  return mark as keyof typeof MARKS | undefined;
}

/** The state that both sides come to, and the side that it is like; or why none of them is chosen. */
export type Chosen =
  | { readonly state: ReleaseState; readonly side: keyof Sides; readonly problem?: never }
  | { readonly state?: never; readonly side?: never; readonly problem: Problem };

/** The safer phase first. While finishing nothing is removed yet that `idle` has removed. */
const SAFETY: readonly ReleaseState['phase'][] = ['held', 'finishing', 'idle', 'warming', 'canary'];

/**
 * The safer of two states: of the phases `held`, `finishing`, `idle`, `warming`, `canary` the earlier one; in a canary the
 * one with less traffic on the candidate. Releases that one of them holds are held, automation that one of them paused is.
 *
 * Refuses where no rule can know: another release serves, another candidate is on its way, one goes back to a release and
 * the other one does not, or a candidate that has traffic would be removed.
 */
export function saferState(ours: ReleaseState, theirs: ReleaseState): Chosen {
  if (ours.stable !== theirs.stable) return refused('another release serves on each side', ours, theirs);
  if (ours.candidate !== undefined && theirs.candidate !== undefined && ours.candidate !== theirs.candidate) {
    return refused('another candidate is on its way on each side', ours, theirs);
  }
  if (ours.returning !== theirs.returning)
    return refused('one side goes back to a release, and the other one does not', ours, theirs);
  const order = compareSafety(ours, theirs);
  if (order === 0 && !isDeepStrictEqual(movable(ours), movable(theirs)))
    return refused('none of the two sides is safer', ours, theirs);
  const [safe, other] = order <= 0 ? [ours, theirs] : [theirs, ours];
  if (safe.candidate === undefined && other.phase === 'canary') {
    return refused('one side removes the candidate to which the other one gives traffic', ours, theirs);
  }
  const holds = unitedHolds(ours, theirs);
  if (Object.hasOwn(holds, safe.stable)) return refused(`one side holds ${safe.stable}, which serves`, ours, theirs);
  const paused = safe.paused ?? other.paused;
  const state = { ...safe, ...(Object.keys(holds).length > 0 && { holds }), ...(paused !== undefined && { paused }) };
  return { state: withoutHeldTraffic(state), side: safe === ours ? 'ours' : 'theirs' };
}

function compareSafety(a: ReleaseState, b: ReleaseState): number {
  const ranks = ({ phase, weight, mirror = 0, step = -1 }: ReleaseState): number[] => [
    SAFETY.indexOf(phase),
    weight,
    mirror,
    step,
  ];
  const [one, other] = [ranks(a), ranks(b)];
  return one.map((rank, index) => rank - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** What a rule must not mix. */
function movable({ holds: _holds, paused: _paused, reason: _reason, ...state }: ReleaseState): Partial<ReleaseState> {
  return state;
}

function unitedHolds({ holds: ours = {} }: ReleaseState, { holds: theirs = {} }: ReleaseState): Record<string, string> {
  const said = (release: string): string =>
    [...new Set([ours[release], theirs[release]])].filter((reason) => reason !== undefined).join('; ');
  return Object.fromEntries(
    [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].map((release) => [release, said(release)]),
  );
}

/** A candidate that one side holds gets nothing. */
function withoutHeldTraffic(state: ReleaseState): ReleaseState {
  const { candidate, holds = {} } = state;
  if (candidate === undefined || !Object.hasOwn(holds, candidate)) return state;
  const { mirror: _mirror, header: _header, step: _step, returning: _returning, ...rest } = state;
  return { ...rest, phase: 'held', weight: 0 };
}

function refused(message: string, ours: ReleaseState, theirs: ReleaseState): Chosen {
  return {
    problem: {
      message: `${message}: ours is ${inWords(ours)}; theirs is ${inWords(theirs)}`,
      fix: 'decide which one counts, and take the file from that branch: git checkout <branch> -- <file>; make the other move again afterwards',
    },
  };
}

/** `stable v1, candidate v2, canary 10 %, held: v3` */
function inWords({ stable, candidate, previous, phase, weight, mirror, header, holds = {} }: ReleaseState): string {
  const exposure =
    mirror !== undefined
      ? ` with copies of ${mirror} %`
      : header
        ? ` by header ${header.name}`
        : weight > 0
          ? ` ${weight} %`
          : '';
  const held = Object.keys(holds);
  return [
    `stable ${stable}`,
    ...(candidate === undefined ? [] : [`candidate ${candidate}`]),
    ...(previous === undefined ? [] : [`previous ${previous}`]),
    `${phase}${exposure}`,
    ...(held.length > 0 ? [`held: ${held.join(', ')}`] : []),
  ].join(', ');
}
