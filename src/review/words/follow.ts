import { isDnsLabel } from '../../core/names.ts';
import { secondsOf } from '../../promql/parse.ts';
import { numberAt, textAt } from '../read.ts';
import type { ChangedUnit } from '../unit.ts';
import { sameBut, type Rule, type Side } from './alert-rules.ts';
import { objectsOf } from './changes.ts';
import { isNear, shapeOf } from './expressions.ts';
import { alike } from './sets.ts';
import { names } from './text.ts';

/** Alerts that change because a release moves, or because the policy of releases does. */

/** The releases of a service in one of the trees, as its rules and objects name them. */
export interface Releases {
  /** What each is doing: `stable`, `canary`, …; `present` where that is not said. */
  readonly phases: ReadonlyMap<string, string>;
  /** Per cent of the requests that each gets, where it is said. */
  readonly weights: ReadonlyMap<string, number>;
}

// The names and numbers of what the house writes of releases; see src/promql/catalogue/canary.ts.

/** The series by which our rules say which releases there are. */
const INFO = 'ai_release:info';
const OF_RELEASES = 'ai_release:';

/** The alert on the share of a release, its numbers for a release without traffic, and the standard errors of another one. */
const SHARE = 'AiTrafficShareDiffers';
const STRAY = [0, 0.005, 20];
const STANDARD_ERRORS = 4;

/** Alerts on a release that is for too long what it is: so many of the samples of a minute in their window. */
const AGES: ReadonlySet<string> = new Set(['AiCandidateStuck', 'AiHoldForgotten']);
const COMPLETE = 0.95;

/** A service has a few releases at a time; where there seem to be more, nothing is taken for one. */
const MAX_RELEASES = 50;

/** Names of releases have at most so many characters. */
const MAX_NAME = 12;

/** Releases by what the rules say, and by the labels of the unit's objects. */
export function releasesIn(unit: ChangedUnit, rules: readonly Rule[], side: Side): Releases {
  const phases = new Map<string, string>();
  const weights = new Map<string, number>();
  for (const object of objectsOf(unit, side)) {
    const release = textAt(object, 'metadata', 'labels', 'app.kubernetes.io/version');
    if (isRelease(release)) phases.set(release, 'present');
  }
  for (const { name, labels } of rules) {
    const release = textAt(labels, 'release');
    if (name !== INFO || !isRelease(release)) continue;
    phases.set(release, textAt(labels, 'phase') ?? 'present');
    const weight = numberAt(labels, 'weight');
    if (weight !== undefined) weights.set(release, weight);
  }
  return { phases, weights };
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
  /** The expression, or another text, with all names of releases alike. */
  readonly withoutReleases: (text: string) => string;
  /** What happened to the releases: `follow release v48`. */
  readonly words: string;
}

/** @param before the releases in the tree before. */
export function followOf({ descriptor }: ChangedUnit, before: Releases, after: Releases): Follow {
  const all = [...new Set([...before.phases.keys(), ...after.phases.keys()])].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const token = all.length === 0 || all.length > MAX_RELEASES ? undefined : new RegExp(`(?<![A-Za-z0-9])(?:${all.join('|')})(?![A-Za-z0-9])`, 'g');
  const moved = (release: string): boolean => before.phases.get(release) !== after.phases.get(release);
  const namesIn = (text: string): Set<string> => new Set(token === undefined ? [] : (text.match(token) ?? []));
  const withoutReleases = (text: string): string =>
    token === undefined ? text : text.replace(QUOTED, (literal) => alternatives(literal, token)).replace(MATCHED, '=$1');
  /** A release that is doing what it did must still be looked at. */
  const dropsNone = (old: string, now: string): boolean => {
    const still = namesIn(now);
    return [...namesIn(old)].every((release) => still.has(release) || moved(release));
  };
  const bare = ({ expr, labels }: Rule, releases: Releases): string => withoutShare(withoutReleases(expr), releases, textAt(labels, 'release') ?? '');
  const ageless = (rule: Rule, releases: Releases): string | undefined => withoutAge(bare(rule, releases));
  const policyMoved = !alike(descriptor.before?.['policy'], descriptor.after?.['policy']);
  return {
    withoutReleases,
    words: whatHappened(before, after),
    isFollowing(old, now) {
      if (old.name === INFO && old.kind === 'recording') return true;
      if (!sameBut(old, now, ['expr', 'annotations', 'release'])) return false;
      const [from, to] = [old, now].map(({ labels }) => textAt(labels, 'release'));
      if ((from !== to && (from === undefined || !moved(from))) || !dropsNone(old.expr, now.expr)) return false;
      if (old.expr === now.expr) return from !== to;
      if (bare(old, before) === bare(now, after)) return true;
      if (now.name === SHARE) return isDeclared(old, before) && isDeclared(now, after);
      // Another phase has another time.
      return (
        AGES.has(now.name) && to !== undefined && moved(to) && ageless(old, before) !== undefined && ageless(old, before) === ageless(now, after)
      );
    },
    isPoliced(old, now) {
      const times = AGES.has(now.name) && policyMoved && sameBut(old, now, ['expr', 'annotations', 'release']);
      return times && ageless(old, before) !== undefined && ageless(old, before) === ageless(now, after);
    },
    comesAndGoes({ name, kind, labels }, isRead) {
      const release = textAt(labels, 'release');
      if (kind === 'recording' && name === INFO) return true;
      // What a candidate is compared with is recorded of the stable release too, as long as there is a candidate.
      if (kind === 'recording' && name.startsWith(OF_RELEASES)) return all.some(moved) && !isRead;
      // No share of its own is to be expected of a release that has all requests, or what the others leave.
      const weighed = name === SHARE && release !== undefined && before.weights.get(release) !== after.weights.get(release);
      return weighed || (release !== undefined && moved(release));
    },
  };
}

const QUOTED = /"(?:[^"\\]|\\[^])*(?:"|\\?$)/g;

/** One release is matched as a text, several as a pattern. */
const MATCHED = /=~("[^"]*<release>[^"]*")/g;

/** Each way in which a pattern may match is said once. */
function alternatives(literal: string, token: RegExp): string {
  const named = literal.slice(1, -1).replace(token, '<release>');
  return `"${named.includes('<release>') ? [...new Set(named.split('|'))].sort().join('|') : named}"`;
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
  const usual = weight === 0 ? STRAY : [0, share, share * (1 - share), Math.min(0.05, share / 2, (1 - share) / 2), STANDARD_ERRORS];
  const words = expr.replace(QUOTED, '""').match(/[A-Za-z_:][\w:]*/g) ?? [];
  return words.every((word) => SHARE_WORDS.has(word)) && shapeOf(expr).numbers.every((number) => usual.some((one) => isNear(number, one)));
}

function whatHappened(before: Releases, after: Releases): string {
  const stays = (release: string): boolean => before.phases.has(release) && after.phases.has(release);
  const gone = [...before.phases.keys()].filter((release) => !after.phases.has(release));
  const come = [...after.phases.keys()].filter((release) => !before.phases.has(release));
  const gain = (release: string): number => (after.weights.get(release) ?? 0) - (before.weights.get(release) ?? 0);
  const candidates = [...after.phases.keys()].filter((release) => stays(release) && before.phases.get(release) !== 'stable');
  const back = candidates.filter((release) => gain(release) < 0);
  const changed = candidates.filter((release) => before.phases.get(release) !== after.phases.get(release) || gain(release) > 0);
  const followed = [come, changed.filter((release) => !back.includes(release))].find((releases) => releases.length > 0);
  if (followed) return `follow ${releasesInWords(followed)}`;
  if (back.length > 0) return `follow the retreat from ${releasesInWords(back)}`;
  return gone.length > 0 ? `no longer watch ${releasesInWords(gone)}` : 'follow the releases';
}

function releasesInWords(releases: readonly string[]): string {
  return `release${releases.length === 1 ? '' : 's'} ${names([...releases].sort())}`;
}
