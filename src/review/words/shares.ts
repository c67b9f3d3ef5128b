import type { KubeObject } from '../../core/object.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind, type RouteRule } from '../route.ts';
import type { Explained, Said } from '../statement.ts';
import { isWorkload, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { isKind, listAt, listed, mapAt, numberAt, shown, textAt } from './read.ts';
import { percent } from './said.ts';

/** Shares of requests before and after, and what it means that they move. */

/** Workloads that the change creates or removes, by name, and the release that each belongs to. */
export interface Around {
  readonly created: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  readonly releases: ReadonlyMap<string, string>;
}

/** Reads the workloads off a unit. */
export function workloadsOf(unit: ChangedUnit): Around {
  const created = new Set<string>();
  const removed = new Set<string>();
  const releases = new Map<string, string>();
  const see = (object: KubeObject, where?: Set<string>): void => {
    const name = textAt(object, 'metadata', 'name') ?? '';
    const release = releaseOf(object);
    if (release !== undefined) releases.set(name, release);
    if (isWorkload(object) || isKind(object, '', 'Service')) where?.add(name);
  };
  for (const { change, before, after } of unit.objects) {
    if (before) see(before.object, change === 'removed' || change === 'replaced' ? removed : undefined);
    if (after) see(after.object, change === 'added' || change === 'replaced' ? created : undefined);
  }
  for (const object of unit.beside) if (isWorkload(object)) see(object);
  return { created, removed, releases };
}

/** What one release, or one host that belongs to none, gets of the requests. */
export interface Share {
  /** What it is called in sentences: `release v47`. */
  readonly label: string;
  readonly release: string | undefined;
  readonly hosts: string[];
  weight: number;
}

/** Shares by release or host. */
export type Shares = ReadonlyMap<string, Share>;

/** Who gets how much by a rule, by release where that is known. */
export function sharesOf(rule: RouteRule | undefined, { releases }: Around): Shares {
  const shares = new Map<string, Share>();
  for (const { host, release: said, weight } of rule?.backends ?? []) {
    const release = said ?? releaseBehind(host, releases);
    addShare(shares, release, host, weight);
  }
  return shares;
}

/** Adds to the share of a release, or of a host that belongs to none. */
export function addShare(shares: Map<string, Share>, release: string | undefined, host: string, weight: number): void {
  const key = release === undefined ? `host ${host}` : `release ${release}`;
  const share = shares.get(key) ?? {
    label: release === undefined ? shown(host) : labelOfRelease(release),
    release,
    hosts: [],
    weight: 0,
  };
  share.weight += weight;
  if (host !== '') share.hosts.push(host);
  shares.set(key, share);
}

/** What a release is called in the middle of a sentence. */
export function labelOfRelease(release: string): string {
  return release.includes(' ') ? shown(release.replace(/^before /, 'the release before ')) : `release ${shown(release)}`;
}

/** The release of the workload that answers for a host. */
export function releaseBehind(host: string, releases: ReadonlyMap<string, string>): string | undefined {
  return namesBehind(host)
    .map((name) => releases.get(name))
    .find((release) => release !== undefined);
}

/** Shares in words: `release v47`, `release v46 (90 %) and release v47 (10 %)`. */
export function labels(shares: Shares): string {
  const all = [...shares.values()];
  return listed(all.map(({ label, weight }) => (all.length === 1 ? label : `${label} (${percent(weight)} %)`))) || 'nobody';
}

/** What sentences on shares need. */
export interface Telling {
  readonly unit: ChangedUnit;
  readonly stage: Stage;
  readonly subject: string;
  readonly around: Around;
  readonly explains: readonly Explained[];
}

/** Sentences on shares of requests: one for each release that gains; where none does, for each that loses. */
export function sharesSaid(telling: Telling, before: Shares, after: Shares): Said[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const moves = keys.map((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    return { share: (now ?? old)!, from: old?.weight ?? 0, to: now?.weight ?? 0 };
  });
  const losers = moves.filter(({ from, to }) => to < from);
  const gainers = moves.filter(({ from, to }) => to > from);
  // Another host of the same release, as when a transformer comes before a predictor, is no move of traffic.
  const told = gainers.length > 0 ? gainers : losers;
  return told.map((move) => {
    const { subject, explains } = telling;
    const back = move.to > move.from && isRetreat(telling, move, losers);
    return { text: shareText(subject, move, back), reasons: shareReasons(telling, move, back), explains };
  });
}

interface Move {
  readonly share: Share;
  readonly from: number;
  readonly to: number;
}

function shareText(subject: string, { share: { label }, from, to }: Move, back: boolean): string {
  if (to < 100) return `${subject} sends ${percent(to)} % (was ${percent(from)} %) to ${label}`;
  return back
    ? `${subject} goes back to ${label} (had ${percent(from)} %)`
    : `${subject} sends all traffic to ${label} (was ${percent(from)} %)`;
}

/**
 * Whether requests go back to what served before. A lower version of the same line says so; where names are no versions, the
 * release with most of the requests, unless the policy says that a candidate may have that many.
 */
function isRetreat({ unit }: Telling, { share, from }: Move, losers: readonly Move[]): boolean {
  const from_ = losers[0];
  if (!from_) return false;
  const order = compareReleases(share.release, from_.share.release);
  if (order !== undefined) return order < 0;
  const steps = exposuresOf(unit).map(({ weight }) => weight);
  return from > 50 && !steps.includes(from);
}

/** Order of two releases whose names are versions of one line: `v46` before `v47`, `v12` before `v12-2`. */
function compareReleases(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === `before ${b}`) return -1;
  if (b === `before ${a}`) return 1;
  const [one, other] = [partsOfVersion(a), partsOfVersion(b)];
  if (!one || !other || one.line !== other.line) return undefined;
  for (let index = 0; index < Math.max(one.numbers.length, other.numbers.length); index += 1) {
    const difference = (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOfVersion(release: string): { readonly line: string; readonly numbers: readonly number[] } | undefined {
  // Eight hex digits are a digest, whatever digits they are.
  if (/^[0-9a-f]{8}$/.test(release)) return undefined;
  const match = /^([a-z-]*?)(\d{1,9}(?:[.-]\d{1,9}){0,4})$/.exec(release.slice(0, 64));
  return match ? { line: match[1] ?? '', numbers: (match[2] ?? '').split(/[.-]/).map(Number) } : undefined;
}

/** What a candidate goes through, as the policy said before the change; what a commit does to the policy itself does not excuse it. */
export function exposuresOf(unit: ChangedUnit): { readonly weight: number; readonly mirror: number | undefined }[] {
  return listAt(policyOf(unit), 'exposures').map((exposure) => ({
    weight: numberAt(exposure, 'weight') ?? 0,
    mirror: numberAt(exposure, 'mirror'),
  }));
}

function policyOf({ descriptor: { before, after } }: ChangedUnit): Readonly<Record<string, unknown>> {
  const policy = mapAt(before, 'policy');
  return Object.keys(policy).length > 0 ? policy : mapAt(after, 'policy');
}

/** A jump that nobody minds where no policy says more, in points. */
const USUAL_STEP = 25;

function shareReasons(telling: Telling, { share, from, to }: Move, back: boolean): Reason[] {
  const { unit, stage, around } = telling;
  const reasons = backendReasons(stage, share, to, around);
  const rise = to - from;
  if (rise <= 0) return [...reasons, reasonOf('risk/traffic', stage, `${share.label} gets ${percent(-rise)} points less`)];
  if (back) return [...reasons, reasonOf('risk/retreat', stage, `${share.label} had ${percent(from)} %`)];
  const policy = policyOf(unit);
  if (Object.keys(policy).length === 0) {
    const text = `no policy in the tree: steps of ${USUAL_STEP} points are assumed`;
    return [...reasons, reasonOf(stage.prod && rise > USUAL_STEP ? 'risk/traffic-step' : 'risk/traffic', stage, text)];
  }
  const exposures = exposuresOf(unit);
  if (exposures.length === 0) return [...reasons, reasonOf('risk/traffic', stage, 'the policy moves all requests at once')];
  const next = exposures.find(({ weight }) => weight > from)?.weight ?? 100;
  if (to > next) return [...reasons, reasonOf('risk/traffic-step', stage, `the next step of the policy is ${percent(next)} %`)];
  return [
    ...reasons,
    reasonOf(
      'risk/traffic',
      stage,
      next === 100 ? 'the steps of the policy are done' : `the next step of the policy is ${percent(next)} %`,
    ),
  ];
}

/** Whether what shall answer is there before and after the change. */
export function backendReasons(
  stage: Stage,
  { hosts }: Pick<Share, 'hosts'>,
  weight: number,
  { created, removed }: Around,
): Reason[] {
  if (weight <= 0) return [];
  const names = [...new Set(hosts.flatMap(namesBehind))];
  const [fresh, gone] = [names.filter((name) => created.has(name)), names.filter((name) => removed.has(name))];
  return [
    ...(fresh.length > 0
      ? [reasonOf('risk/no-backend', stage, `the same change creates ${listed(fresh.map((each) => shown(each)))}`)]
      : []),
    ...(gone.length > 0
      ? [reasonOf('risk/no-backend', stage, `the same change removes ${listed(gone.map((each) => shown(each)))}`)]
      : []),
  ];
}
