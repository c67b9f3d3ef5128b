import type { KubeObject } from '../../core/object.ts';
import type { Reason } from '../plan.ts';
import { isKind, listAt, mapAt, nameOf, numberAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind, type RouteRule } from '../route.ts';
import type { Explained, Said } from '../statement.ts';
import { isWorkload, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { sentence } from './said.ts';
import { keysOf } from './sets.ts';
import { listed, names, percent, shown } from './text.ts';

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
    const release = releaseOf(object);
    if (release !== undefined) releases.set(nameOf(object), release);
    if (isWorkload(object) || isKind(object, '', 'Service')) where?.add(nameOf(object));
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
  for (const { host, release, weight } of rule?.backends ?? [])
    addShare(shares, release ?? releaseBehind(host, releases), host, weight);
  return shares;
}

/** Adds to the share of a release, or of a host that belongs to none. */
export function addShare(shares: Map<string, Share>, release: string | undefined, host: string, weight: number): void {
  const key = release === undefined ? `host ${host}` : `release ${release}`;
  const label = release === undefined ? shown(host) : labelOfRelease(release);
  const share = shares.get(key) ?? { label, release, hosts: [], weight: 0 };
  share.weight += weight;
  if (host !== '') share.hosts.push(host);
  shares.set(key, share);
}

/** What a release is called in the middle of a sentence. */
export function labelOfRelease(release: string): string {
  return release.includes(' ')
    ? shown(release.replace(/^before /, 'the release before '))
    : `release ${shown(release)}`;
}

/** The release of the workload that answers for a host. */
export function releaseBehind(host: string, releases: ReadonlyMap<string, string>): string | undefined {
  return namesBehind(host).flatMap((name) => releases.get(name) ?? [])[0];
}

/** Shares in words: `release v47`, `release v46 (90 %) and release v47 (10 %)`. */
export function labels(shares: Shares): string {
  const all = [...shares.values()];
  return (
    listed(all.map(({ label, weight }) => (all.length === 1 ? label : `${label} (${percent(weight)} %)`))) || 'nobody'
  );
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
  const moves = keysOf(before, after).map((key): Move => {
    const [old, now] = [before.get(key), after.get(key)];
    return { share: (now ?? old)!, from: old?.weight ?? 0, to: now?.weight ?? 0 };
  });
  const [losers, gainers] = [moves.filter(({ from, to }) => to < from), moves.filter(({ from, to }) => to > from)];
  // Another host of the same release, as when a transformer comes before a predictor, is no move of traffic.
  return (gainers.length > 0 ? gainers : losers).map((move) => {
    const back = move.to > move.from && isRetreat(telling.unit, move, losers[0]);
    return sentence(shareText(telling.subject, move, back), telling.explains, ...shareReasons(telling, move, back));
  });
}

interface Move {
  readonly share: Share;
  readonly from: number;
  readonly to: number;
}

function shareText(subject: string, { share: { label }, from, to }: Move, back: boolean): string {
  if (to < 100) return `${subject} sends ${percent(to)} % (was ${percent(from)} %) to ${label}`;
  if (back) return `${subject} goes back to ${label} (had ${percent(from)} %)`;
  return `${subject} sends all traffic to ${label} (was ${percent(from)} %)`;
}

/**
 * Whether requests go back to what served before. A lower version of the same line says so; where names are no versions, the
 * release with most of the requests, unless the policy says that a candidate may have that many.
 */
function isRetreat(unit: ChangedUnit, { share, from }: Move, loser: Move | undefined): boolean {
  if (!loser) return false;
  const order = compareReleases(share.release, loser.share.release);
  if (order !== undefined) return order < 0;
  return from > 50 && !exposuresOf(unit).some(({ weight }) => weight === from);
}

/** Order of two releases whose names are versions of one line: `v46` before `v47`, `v12` before `v12-2`. */
function compareReleases(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === `before ${b}`) return -1;
  if (b === `before ${a}`) return 1;
  const [one, other] = [versionOf(a), versionOf(b)];
  if (!one || !other || one.line !== other.line) return undefined;
  const differences = Array.from({ length: 5 }, (_, index) => (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

function versionOf(release: string): { readonly line: string; readonly numbers: readonly number[] } | undefined {
  // Eight hex digits are a digest, whatever digits they are.
  if (/^[0-9a-f]{8}$/.test(release)) return undefined;
  const [, line = '', version] = /^([a-z-]*?)(\d{1,9}(?:[.-]\d{1,9}){0,4})$/.exec(release.slice(0, 64)) ?? [];
  return version === undefined ? undefined : { line, numbers: version.split(/[.-]/).map(Number) };
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

function shareReasons(telling: Telling, move: Move, back: boolean): Reason[] {
  const { share, to } = move;
  return [...backendReasons(telling.stage, share.hosts, to, telling.around), moveReason(telling, move, back)];
}

function moveReason({ unit, stage }: Telling, { share, from, to }: Move, back: boolean): Reason {
  const rise = to - from;
  if (rise <= 0) return reasonOf('risk/traffic', stage, `${share.label} gets ${percent(-rise)} points less`);
  if (back) return reasonOf('risk/retreat', stage);
  if (Object.keys(policyOf(unit)).length === 0) {
    const text = `no policy in the tree: steps of ${USUAL_STEP} points are assumed`;
    return reasonOf(stage.prod && rise > USUAL_STEP ? 'risk/traffic-step' : 'risk/traffic', stage, text);
  }
  const exposures = exposuresOf(unit);
  if (exposures.length === 0) return reasonOf('risk/traffic', stage, 'the policy moves all requests at once');
  const next = exposures.find(({ weight }) => weight > from)?.weight ?? 100;
  const text = next === 100 ? 'the steps of the policy are done' : `the next step of the policy is ${percent(next)} %`;
  return reasonOf(to > next ? 'risk/traffic-step' : 'risk/traffic', stage, text);
}

/** Whether what shall answer is there before and after the change: reasons where it is not. */
export function backendReasons(
  stage: Stage,
  hosts: readonly string[],
  weight: number,
  { created, removed }: Around,
): Reason[] {
  if (weight <= 0) return [];
  const behind = [...new Set(hosts.flatMap(namesBehind))];
  const reason = (verb: string, some: ReadonlySet<string>): Reason[] => {
    const found = behind.filter((name) => some.has(name));
    return found.length === 0 ? [] : [reasonOf('risk/no-backend', stage, `the same change ${verb} ${names(found)}`)];
  };
  return [...reason('creates', created), ...reason('removes', removed)];
}
