import { oneLine } from '../git/message.ts';
import { modelName } from '../release/record.ts';
import { runningReleases, type ReleaseState } from '../release/state.ts';
import type { ReleaseStore } from '../release/store.ts';
import type { Action } from '../release/transition.ts';
import { inMarkdown } from '../review/format/escape-markdown.ts';
import type { PlannedMove } from './move.ts';

/** What a move is called where people and tools read of it: commit subject, trailers, the body of a pull request. */

/** A move that was made, and by what right. */
export interface MadeMove {
  readonly service: string;
  readonly environment: string;
  /** A promotion is a release that comes from another environment. */
  readonly action: Action | 'promote';
  readonly planned: Pick<PlannedMove, 'after' | 'policy'> & {
    /** Missing for the first release in an environment. */
    readonly before: PlannedMove['before'] | undefined;
  };
  /** Gate results that allowed the move, one line each: `error-ratio=pass value=0.002 limit=0.01 at=…`. */
  readonly gates?: readonly string[];
}

/** One line that says what a move does: `fraud-detector prod-eu: v47 gets 25 % (was 10 %)`. */
export function subjectOf(made: MadeMove): string {
  return `${made.service} ${made.environment}: ${sentenceOf(made)}`;
}

/** What a move does, without saying where. */
function sentenceOf({ action, planned }: MadeMove): string {
  const { after, policy, before = after } = planned;
  const candidate = after.candidate ?? before.candidate ?? '';
  switch (action) {
    case 'release':
    case 'promote':
      if (!planned.before) return `${after.stable} is the first release`;
      return after.phase === 'warming'
        ? `${candidate} is deployed, without traffic`
        : `${after.stable} replaces ${before.stable}`;
    case 'advance':
      return `${candidate} ${exposureOf(after)}${before.weight > 0 ? ` (was ${before.weight} %)` : ''}`;
    case 'finish':
      return `${after.stable} serves, ${before.stable} ${after.phase === 'held' ? 'is held' : 'keeps running'}`;
    case 'abort':
      return `${candidate} is aborted, all traffic to ${after.stable}`;
    case 'rollback':
      if (after.phase === 'warming')
        return `${candidate} is started again to go back to it, within ${policy.warm.deadline}; ${after.stable} serves meanwhile`;
      return after.stable === before.stable
        ? `${candidate} is rolled back, all traffic to ${after.stable}`
        : `back to ${after.stable}, ${before.stable} is held`;
    case 'hold':
      return `${added(before, after).join(', ')} is held`;
    case 'resume':
      return `${added(after, before).join(', ')} is free again`;
    case 'cleanup':
      return cleanupSentence(before, after);
    case 'pause':
      return 'automation is paused';
    case 'unpause':
      return 'automation goes on';
  }
}

function exposureOf({ weight, mirror, header }: ReleaseState): string {
  if (mirror !== undefined) return `gets copies of ${mirror} % of the requests`;
  if (header) return `answers requests with ${header.name}: ${header.value}`;
  return `gets ${weight} %`;
}

function cleanupSentence(before: ReleaseState, after: ReleaseState): string {
  const running = new Set(runningReleases(after));
  const gone = [before.candidate, before.previous, ...(before.retiring ?? [])].filter(
    (release) => release !== undefined && !running.has(release),
  );
  const stopped = (after.stopped ?? []).filter((release) => !before.stopped?.includes(release));
  const said = [
    ...(gone.length > 0 ? [`${gone.join(', ')} removed`] : []),
    ...(stopped.length > 0 ? [`${stopped.join(', ')} stopped`] : []),
  ];
  return said.length > 0 ? said.join('; ') : `${after.stable} is settled`;
}

function added({ holds: before = {} }: ReleaseState, { holds: after = {} }: ReleaseState): string[] {
  return Object.keys(after).filter((release) => !Object.hasOwn(before, release));
}

/**
 * The release that a move is about: the one that serves now, where that changed; else the one that is held or freed; else the
 * candidate.
 *
 * @param before missing for the first state.
 * @example releaseOf({ stable: 'v1', phase: 'idle', weight: 0 }, { stable: 'v1', phase: 'idle', weight: 0, holds: { v2: 'slow' } }) // 'v2'
 */
export function releaseOf(before: ReleaseState | undefined, after: ReleaseState): string {
  if (!before || before.stable !== after.stable) return after.stable;
  return added(before, after)[0] ?? added(after, before)[0] ?? after.candidate ?? after.stable;
}

/** Trailers of the commit that a move makes; `history` and `audit` read them back. */
export function trailersOf(made: MadeMove, store: ReleaseStore): [string, string][] {
  const { service, environment, action, planned, gates = [] } = made;
  const { after, before = after } = planned;
  const release = releaseOf(planned.before, after);
  const version = modelVersion(store, service, release);
  return [
    ['Service', service],
    ['Environment', environment],
    ['Action', action],
    ['Release', release],
    ...(before.stable !== after.stable ? [['Previous-Release', before.stable] as [string, string]] : []),
    ...(version === undefined ? [] : [['Model-Version', version] as [string, string]]),
    ['Weights', weightsOf(after)],
    ...(after.reason === undefined ? [] : [['Reason', after.reason] as [string, string]]),
    ...gates.map((gate) => ['Gate', gate] as [string, string]),
  ];
}

/** The main model of a release, as people name it: its version in the registry, else its place. */
export function modelVersion(store: ReleaseStore, service: string, release: string): string | undefined {
  const parts = store.record(service, release)?.value?.parts ?? {};
  const model = (parts['predictor'] ?? Object.values(parts).find((part) => part.model))?.model;
  return model && modelName(model);
}

/** Who answers how much: `v46=90 v47=10`. */
export function weightsOf({ stable, candidate, weight }: ReleaseState): string {
  return candidate === undefined || weight === 0 ? `${stable}=100` : `${stable}=${100 - weight} ${candidate}=${weight}`;
}

/** The body of a pull request, in Markdown. */
export function pullRequestBody(made: MadeMove, store: ReleaseStore): string {
  const { service, planned, gates = [] } = made;
  const { before, after } = planned;
  const rows = [
    ['stable', before?.stable ?? 'none', after.stable],
    ['candidate', before?.candidate ?? 'none', after.candidate ?? 'none'],
    ['phase', before?.phase ?? 'none', after.phase],
    ['traffic', before ? weightsOf(before) : 'none', weightsOf(after)],
  ];
  return [
    `**${inMarkdown(subjectOf(made))}**`,
    '',
    ...(after.reason === undefined ? [] : [`Reason: ${inMarkdown(oneLine(after.reason))}`, '']),
    '| | before | after |',
    '| --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.map(inMarkdown).join(' | ')} |`),
    ...[after.stable, after.candidate].flatMap((release) => {
      const model = release === undefined ? undefined : modelVersion(store, service, release);
      return model === undefined ? [] : [`| model of ${release} | | ${inMarkdown(model)} |`];
    }),
    ...(gates.length > 0 ? ['', 'Gates:', '', ...gates.map((gate) => `- ${inMarkdown(oneLine(gate))}`)] : []),
    '',
  ].join('\n');
}
