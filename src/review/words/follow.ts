import { isDnsLabel } from '../../core/names.ts';
import type { KubeObject } from '../../core/object.ts';
import type { ChangedUnit } from '../unit.ts';
import type { Rule, Side } from './alert-rules.ts';
import { isNear, shapeOf } from './expressions.ts';
import { alike, listed, numberAt, textAt } from './read.ts';

/** The releases of a service in one of the trees, as its rules and objects name them. */
export interface Releases {
  /** What each is doing: `stable`, `canary`, …; `present` where that is not said. */
  readonly phases: ReadonlyMap<string, string>;
  /** Per cent of the requests that each gets, where it is said. */
  readonly weights: ReadonlyMap<string, number>;
}

/** The series by which our rules say which releases there are; see src/promql/catalogue/canary.ts. */
const INFO = 'ai_release:info';
const OF_RELEASES = 'ai_release:';

/** A service has a few releases at a time; where there seem to be more, nothing is taken for one. */
const MAX_RELEASES = 50;

/** Names of releases have at most so many characters. */
const MAX_NAME = 12;

/** Releases by what the rules say, and by the labels of the unit's objects. */
export function releasesIn(unit: ChangedUnit, rules: readonly Rule[], side: Side): Releases {
  const phases = new Map<string, string>();
  const weights = new Map<string, number>();
  const objects = [...unit.objects.flatMap((change) => change[side]?.object ?? []), ...unit.beside];
  for (const release of objects.map(releaseOf)) {
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

function releaseOf(object: KubeObject): string | undefined {
  return textAt(object, 'metadata', 'labels', 'app.kubernetes.io/version');
}

/** A name that could be a number could stand anywhere. */
function isRelease(name: string | undefined): name is string {
  return name !== undefined && name.length <= MAX_NAME && isDnsLabel(name) && /[a-z]/.test(name);
}

/** What alerts follow when releases come, move and go. */
export interface Follow {
  /** Whether a rule changed in nothing but the releases that it names. */
  readonly isFollowing: (before: Rule, after: Rule) => boolean;
  /** Whether a rule came or went because its release did, or entered another phase; `isRead`: it went, and alerts read it still. */
  readonly comesAndGoes: (rule: Rule, isRead: boolean) => boolean;
  /** The expression, or another text, with all names of releases alike. */
  readonly withoutReleases: (text: string) => string;
  /** What happened to the releases: `follow release v48`. */
  readonly words: string;
}

/** @param before the releases in the tree before. */
export function followOf(before: Releases, after: Releases): Follow {
  const names = [...new Set([...before.phases.keys(), ...after.phases.keys()])].sort(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );
  const token =
    names.length === 0 || names.length > MAX_RELEASES
      ? undefined
      : new RegExp(`(?<![A-Za-z0-9])(?:${names.join('|')})(?![A-Za-z0-9])`, 'g');
  const moved = (release: string): boolean => before.phases.get(release) !== after.phases.get(release);
  const namesIn = (text: string): Set<string> => new Set(token === undefined ? [] : (text.match(token) ?? []));
  const withoutReleases = (text: string): string =>
    token === undefined
      ? text
      : text.replace(QUOTED, (literal) => alternatives(literal, token)).replace(MATCHED, '=$1');
  /** A release that is doing what it did must still be looked at. */
  const dropsNone = (old: string, now: string): boolean => {
    const still = namesIn(now);
    return [...namesIn(old)].every((release) => still.has(release) || moved(release));
  };
  return {
    withoutReleases,
    words: whatHappened(before, after),
    isFollowing(old, now) {
      if (old.name === INFO && old.kind === 'recording') return true;
      const [from, to] = [textAt(old.labels, 'release'), textAt(now.labels, 'release')];
      const others = ({ labels }: Rule): object => ({ ...labels, release: null });
      if (
        old.wait !== now.wait ||
        !alike(others(old), others(now)) ||
        (from !== to && (from === undefined || !moved(from)))
      )
        return false;
      if (!dropsNone(old.expr, now.expr)) return false;
      const [left, right] = [
        unweighted(withoutReleases(old.expr), before.weights.get(from ?? '')),
        unweighted(withoutReleases(now.expr), after.weights.get(to ?? '')),
      ];
      return left === right;
    },
    comesAndGoes({ name, kind, labels }, isRead) {
      const release = textAt(labels, 'release');
      if (kind === 'recording' && name === INFO) return true;
      // What a candidate is compared with is recorded of the stable release too, as long as there is a candidate.
      if (kind === 'recording' && name.startsWith(OF_RELEASES))
        return [...before.phases.keys(), ...after.phases.keys()].some(moved) && !isRead;
      return release !== undefined && moved(release);
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

/** An expression without the numbers that a release's share of the requests makes: `10`, `0.1` and `0.1 * 0.9`. */
function unweighted(expr: string, weight: number | undefined): string {
  if (weight === undefined) return expr;
  const share = weight / 100;
  const { text, numbers } = shapeOf(expr.replaceAll(`weight="${weight}"`, 'weight="<weight>"'));
  return `${text}\n${numbers.map((number) => (isNear(number, share) || isNear(number, share * (1 - share)) ? 'share' : number)).join(' ')}`;
}

function whatHappened(before: Releases, after: Releases): string {
  const come = [...after.phases.keys()].filter((release) => !before.phases.has(release));
  const gone = [...before.phases.keys()].filter((release) => !after.phases.has(release));
  const changed = [...after.phases.keys()].filter(
    (release) => before.phases.has(release) && before.phases.get(release) !== after.phases.get(release),
  );
  const weighted = [...after.weights.keys()].filter(
    (release) => (before.weights.get(release) ?? 0) < after.weights.get(release)!,
  );
  const followed = [come, changed.filter((release) => after.phases.get(release) !== 'stable'), changed].find(
    (releases) => releases.length > 0,
  );
  if (followed !== undefined) return `follow ${releasesInWords(followed)}`;
  if (gone.length > 0) return `no longer watch ${releasesInWords(gone)}`;
  return weighted.length > 0 ? `follow ${releasesInWords(weighted)}` : 'follow the releases';
}

function releasesInWords(releases: readonly string[]): string {
  return `release${releases.length === 1 ? '' : 's'} ${listed([...releases].sort())}`;
}
