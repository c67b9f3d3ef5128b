import { isDnsLabel } from '../../core/names.ts';
import { COMPLETE, RELEASE_INFO, STANDARD_ERRORS, STRAY } from '../../promql/catalogue/canary.ts';
import { secondsOf } from '../../promql/parse.ts';
import { numberAt, textAt } from '../read.ts';
import type { ChangedUnit } from '../unit.ts';
import { groupedRules, holdsRules, releaseOf, sameBut, type Rule, type Side } from './alert-rules.ts';
import { objectsOf } from './changes.ts';
import { isNear, shapeOf } from './expressions.ts';
import { releaseReader, type Named, type Ways } from './release-names.ts';
import { isAtRest } from './running.ts';
import { alike } from './sets.ts';
import { names } from './text.ts';

/** Alerts that change because a release moves, or because the policy of releases does. */

/** The releases of a service in one of the trees, as its rules and objects name them. */
export interface Releases {
  /** What each is doing: `stable`, `canary`, …; `present` where that is not said. */
  readonly phases: ReadonlyMap<string, string>;
  /** Per cent of the requests that each gets, where it is said. */
  readonly weights: ReadonlyMap<string, number>;
  /** Those of which something that changed runs nothing without requests. */
  readonly atRest: ReadonlySet<string>;
}

/** What the rules record of releases, and of a candidate beside the stable one. */
const OF_RELEASES = /^ai_(?:release:|drift:(?:release|candidate)_)/;

/** The alert on the share of a release. */
const SHARE = 'AiTrafficShareDiffers';

/** Alerts on a release that is for too long what it is. */
const AGES: ReadonlySet<string> = new Set(['AiCandidateStuck', 'AiHoldForgotten']);

/** A service has a few releases at a time; where there seem to be more, nothing is taken for one. */
const MAX_RELEASES = 50;

/** Names of releases have at most so many characters. */
const MAX_NAME = 12;

/** Releases by what the rules say, and by the labels of the unit's objects. */
export function releasesIn(unit: ChangedUnit, side: Side): Releases {
  const phases = new Map<string, string>();
  const weights = new Map<string, number>();
  const atRest = new Set<string>();
  const objects = objectsOf(unit, side);
  for (const object of objects) {
    const release = textAt(object, 'metadata', 'labels', 'app.kubernetes.io/version');
    if (!isRelease(release)) continue;
    phases.set(release, 'present');
    if (isAtRest(object)) atRest.add(release);
  }
  for (const [, rule] of objects.filter(holdsRules).flatMap(groupedRules)) {
    const release = textAt(rule, 'labels', 'release');
    if (textAt(rule, 'record') !== RELEASE_INFO || !isRelease(release)) continue;
    phases.set(release, textAt(rule, 'labels', 'phase') ?? 'present');
    const weight = numberAt(rule, 'labels', 'weight');
    if (weight !== undefined) weights.set(release, weight);
  }
  return { phases, weights, atRest };
}

/** A name that could be a number could stand anywhere. */
function isRelease(name: string | undefined): name is string {
  return name !== undefined && name.length <= MAX_NAME && isDnsLabel(name) && /[a-z]/.test(name);
}

/** What alerts follow when releases come, move and go. */
export interface Follow {
  /** Whether a rule changed in nothing but the releases that it names, and their shares. */
  readonly isFollowing: (before: Rule, after: Rule) => boolean;
  /** Whether an alert only gives a release another time, as another policy does. */
  readonly isPoliced: (before: Rule, after: Rule) => boolean;
  /** Whether a rule came or went because its release did, or entered another phase; `isRead`: it went, and alerts read it still. */
  readonly comesAndGoes: (rule: Rule, isRead: boolean) => boolean;
  /** Whether a pattern changed in nothing but the releases that it names. */
  readonly isPatternFollowing: (before: string, after: string) => boolean;
  /** What happened to the releases: `follow release v48`. */
  readonly words: string;
}

/** @param before the releases in the tree before. */
export function followOf({ descriptor }: ChangedUnit, before: Releases, after: Releases): Follow {
  const all = [...new Set([...before.phases.keys(), ...after.phases.keys()])].sort(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );
  const { inText, inExpression } = releaseReader(all.length > MAX_RELEASES ? [] : all);
  const came = (release: string): boolean => isNew(release, before, after);
  const went = (release: string): boolean => isNew(release, after, before);
  const moved = (release: string): boolean =>
    before.phases.get(release) !== after.phases.get(release) || came(release) || went(release);
  const anyCame = all.some(came);
  /** A release that is doing what it did must still be looked at, in each way in which it was. */
  const areKept = (old: Ways, now: Ways): boolean =>
    [...old].every(([way, releases]) => {
      const still = now.get(way);
      if (still) return [...releases].every((release) => still.has(release) || moved(release));
      // A long name is matched in another way. Where one release takes the place of another, it may be a way that is missing.
      return !anyCame && releases.size > 0 && [...releases].every(went);
    }) && [...now].every(([way, releases]) => old.has(way) || (releases.size > 0 && [...releases].every(came)));
  const placesKept = (old: Named, now: Named): boolean =>
    old.places.length === now.places.length && old.places.every((ways, place) => areKept(ways, now.places[place]!));
  const isSame = (old: Named | undefined, now: Named | undefined): boolean =>
    old !== undefined && now !== undefined && old.frame === now.frame && placesKept(old, now);
  /** Another share is another expression, which must look at all releases all the same. */
  const dropsNone = (old: Named, now: Named): boolean => {
    const still = releasesNamed(now);
    return [...releasesNamed(old)].every((release) => still.has(release) || moved(release));
  };
  const shareless = ({ frame }: Named, { labels }: Rule, releases: Releases): string =>
    withoutShare(frame, releases, textAt(labels, 'release') ?? '');
  const isOfAnotherAge = (old: Rule, now: Rule): boolean => {
    const [from, to] = [inText(old.expr), inText(now.expr)];
    const counted = withoutAge(shareless(from, old, before));
    return (
      AGES.has(now.name) &&
      counted !== undefined &&
      counted === withoutAge(shareless(to, now, after)) &&
      placesKept(from, to)
    );
  };
  const policyMoved = !alike(descriptor.before?.['policy'], descriptor.after?.['policy']);
  return {
    words: whatHappened(before, after),
    isPatternFollowing(old, now) {
      const [from, to] = [old, now].map((pattern) => inText(`=~${JSON.stringify(pattern)}`));
      return isSame(from, to);
    },
    isFollowing(old, now) {
      if (old.name === RELEASE_INFO && old.kind === 'recording') return true;
      if (!sameBut(old, now, ['expr', 'annotations', 'release'])) return false;
      const [from, to] = [releaseOf(old), releaseOf(now)];
      if (from !== to && (from === undefined || !moved(from))) return false;
      if (old.expr === now.expr) return from !== to;
      // A fact about a release, as when its model was made.
      if (from !== to && now.kind === 'recording' && [old, now].every(({ expr }) => CONSTANT.test(expr))) return true;
      const [was, is] = [inText(old.expr), inText(now.expr)];
      if (shareless(was, old, before) === shareless(is, now, after)) return placesKept(was, is);
      if (now.name === SHARE && isDeclared(old, before) && isDeclared(now, after)) return dropsNone(was, is);
      // Another phase has another time.
      if (to !== undefined && moved(to) && isOfAnotherAge(old, now)) return true;
      return was.places.length > 0 && is.places.length > 0 && isSame(inExpression(old.expr), inExpression(now.expr));
    },
    isPoliced(old, now) {
      return policyMoved && sameBut(old, now, ['expr', 'annotations', 'release']) && isOfAnotherAge(old, now);
    },
    comesAndGoes(rule, isRead) {
      const { name, kind } = rule;
      const release = releaseOf(rule);
      if (kind === 'recording' && name === RELEASE_INFO) return true;
      // What a candidate is compared with is recorded of the stable release too, as long as there is a candidate.
      if (kind === 'recording' && OF_RELEASES.test(name)) return all.some(moved) && !isRead;
      // No share of its own is to be expected of a release that has all requests, or what the others leave.
      const weighed =
        name === SHARE && release !== undefined && before.weights.get(release) !== after.weights.get(release);
      return weighed || (release !== undefined && moved(release));
    },
  };
}

/** Whether a release is there, or runs, on one side of a change alone. */
function isNew(release: string, before: Releases, after: Releases): boolean {
  return (
    after.phases.has(release) &&
    (!before.phases.has(release) || (before.atRest.has(release) && !after.atRest.has(release)))
  );
}

/** All that a recording of a fact says. */
const CONSTANT = /^vector\(\d+\)$/;

function releasesNamed({ places }: Named): Set<string> {
  return new Set(places.flatMap((ways) => [...ways.values()].flatMap((releases) => [...releases])));
}

/** An expression without the numbers that a release's share of the requests makes: `10`, `0.1` and `0.1 * 0.9`; nor its phase. */
function withoutShare(expr: string, { weights, phases }: Releases, release: string): string {
  const weight = weights.get(release);
  if (weight === undefined) return expr;
  const share = weight / 100;
  const stated = `phase="${phases.get(release) ?? ''}",weight="${weight}"`;
  const { text, numbers } = shapeOf(expr.replaceAll(stated, 'phase="",weight=""'));
  return `${text}\n${numbers.map((number) => (isNear(number, share) || isNear(number, share * (1 - share)) ? 'share' : number)).join(' ')}`;
}

/** What an alert on an age counts, without its time; `undefined` when it does not ask for nearly all samples of it. */
function withoutAge(bare: string): string | undefined {
  const [, counted, window = '', least] = /^(count_over_time\([^[\]]*)\[(\w+)\]\) >= #\n(\d+)$/.exec(bare) ?? [];
  const seconds = secondsOf(window);
  return seconds !== undefined && Number(least) === Math.floor((COMPLETE * seconds) / 60) ? counted : undefined;
}

/** All that an expression on a share is made of. */
const SHARE_WORDS: ReadonlySet<string> = new Set([
  'sum',
  'abs',
  'sqrt',
  'or',
  'and',
  'namespace',
  'ai_service',
  'release',
  'ai_release:requests:increase10m',
]);

/** Whether an alert compares the share of a release with the one that Git declares, as the house does. */
function isDeclared({ expr, labels }: Rule, { weights }: Releases): boolean {
  const weight = weights.get(textAt(labels, 'release') ?? '');
  if (weight === undefined) return false;
  const share = weight / 100;
  const usual =
    weight === 0
      ? [0, STRAY.share, STRAY.requests]
      : [0, share, share * (1 - share), Math.min(0.05, share / 2, (1 - share) / 2), STANDARD_ERRORS];
  const words = expr.replace(/"(?:[^"\\]|\\[^])*(?:"|\\?$)/g, '""').match(/[A-Za-z_:][\w:]*/g) ?? [];
  return (
    words.every((word) => SHARE_WORDS.has(word)) &&
    shapeOf(expr).numbers.every((number) => usual.some((one) => isNear(number, one)))
  );
}

function whatHappened(before: Releases, after: Releases): string {
  const stays = (release: string): boolean => before.phases.has(release) && after.phases.has(release);
  const gone = [...before.phases.keys()].filter((release) => isNew(release, after, before));
  const come = [...after.phases.keys()].filter((release) => !before.phases.has(release));
  const gain = (release: string): number => (after.weights.get(release) ?? 0) - (before.weights.get(release) ?? 0);
  const candidates = [...after.phases.keys()].filter(
    (release) => stays(release) && before.phases.get(release) !== 'stable',
  );
  const back = candidates.filter((release) => gain(release) < 0);
  const changed = candidates.filter(
    (release) => before.phases.get(release) !== after.phases.get(release) || gain(release) > 0,
  );
  const followed = [come, changed.filter((release) => !back.includes(release))].find((releases) => releases.length > 0);
  if (followed) return `follow ${releasesInWords(followed)}`;
  if (back.length > 0) return `follow the retreat from ${releasesInWords(back)}`;
  return gone.length > 0 ? `no longer watch ${releasesInWords(gone)}` : 'follow the releases';
}

function releasesInWords(releases: readonly string[]): string {
  return `release${releases.length === 1 ? '' : 's'} ${names([...releases].sort())}`;
}
