import type { ObjectChange } from '../compare.ts';
import { withoutMovedAway, type Change } from '../field.ts';
import { textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { arrivalLot, changeLots, type Lot } from './alert-lots.ts';
import { isRules, pairRules, ruleOf, rulesOf, sameBut, type Pairing, type Rule } from './alert-rules.ts';
import { isAltered, isBelow, latest } from './changes.ts';
import { followOf, releasesIn, type Follow } from './follow.ts';
import { objectiveWords } from './objectives.ts';
import { sentence } from './said.ts';
import { alike, groupedBy } from './sets.ts';
import { labelOf, serviceOf, subjectOf } from './subject.ts';
import { counted, listed, names, shown } from './text.ts';

/** So many alerts with the same change have a sentence each; more share one. */
const FEW = 3;

/**
 * What happens to alerts, recordings and objectives. An objective explains the rules that it changes, and a release those
 * that only name it.
 *
 * @param followers other objects of which a change may only follow the releases, and whether it does.
 */
export function alertWords(
  unit: ChangedUnit,
  stage: Stage,
  followers: (follow: Follow) => readonly Explained[],
): Said[] {
  const changes = unit.objects.filter(isRules);
  const [before, after] = [rulesOf(changes, 'before'), rulesOf(changes, 'after')];
  const subject = serviceOf(unit) ?? (changes[0] ? labelOf(unit, latest(changes[0])) : '');
  const said: Said[] = [];
  const settled = new Set<Rule>();
  const settle = (text: string, rules: readonly Rule[], more: Pick<Said, 'reasons' | 'explains'>): void => {
    said.push(sentence(text, [...explain(rules), ...more.explains], ...more.reasons));
    for (const rule of rules) settled.add(rule);
  };
  const open = (rules: readonly Rule[]): Rule[] => rules.filter((rule) => !settled.has(rule));

  const all = pairRules(before, after);
  for (const [of, rules] of wholesale(changes, all)) {
    said.push(wholeWords(unit, stage, of, rules));
    for (const rule of rules) settled.add(rule);
  }
  const pairing = { ...all, removed: open(all.removed), added: open(all.added) };
  for (const { text, reasons, rules } of objectiveWords(subject, stage, open(before), open(after), pairing)) {
    settle(text, rules, { reasons, explains: [] });
  }

  const pairs = (): Pairing['pairs'] =>
    pairing.pairs.filter(([old, now]) => !settled.has(old) && !settled.has(now) && !sameBut(old, now, []));
  const follow = followOf(unit, releasesIn(unit, 'before'), releasesIn(unit, 'after'));
  const following = followers(follow);
  const reads = seriesRead(after);
  const followed = [
    ...pairs()
      .filter(([old, now]) => follow.isFollowing(old, now))
      .flat(),
    ...open(pairing.removed).filter((rule) => follow.comesAndGoes(rule, reads.has(rule.name))),
    ...open(pairing.added).filter((rule) => follow.comesAndGoes(rule, false)),
  ];
  if (followed.length + following.length > 0)
    settle(`alerts of ${subject} ${follow.words}`, followed, { reasons: [], explains: following });
  const policed = pairs()
    .filter(([old, now]) => follow.isPoliced(old, now))
    .flat();
  if (policed.length > 0) settle(`alerts of ${subject} follow its policy`, policed, { reasons: [], explains: [] });

  const changed = pairs().map(([old, now]) => ({ now, lots: changeLots(stage, old, now) }));
  const lots = [
    ...open(pairing.removed).map((rule) => arrivalLot(stage, rule, 'removed')),
    ...changed.flatMap((each) => each.lots),
    ...open(pairing.added).map((rule) => arrivalLot(stage, rule, 'added')),
  ];
  const titles = titlesOf(unit, before, after);
  const { alert = [], recording = [] } = Object.fromEntries(groupedBy(lots, ({ rule }) => rule.kind));
  const reworded = changed.filter((each) => each.lots.length === 0).map(({ now }) => now);
  said.push(...together(alert, titles, subject), ...recordingWords(stage, recording, subject, [...before, ...after]));
  if (reworded.length > 0) said.push(sentence(textOf(reworded, titles, subject), explain(reworded)));
  const moves = movesOf(changes, follow);
  said.push(...orderWords(unit, changes, said, moves));
  return withChanges(said, moves);
}

/** Objects that come or go with all their rules. */
function wholesale(changes: readonly ObjectChange[], { removed, added }: Pairing): [ObjectChange, Rule[]][] {
  const own = groupedBy([...removed, ...added], (rule) => rule.of);
  return changes.filter((of) => !isAltered(of)).map((of) => [of, own.get(of) ?? []]);
}

function wholeWords(unit: ChangedUnit, stage: Stage, of: ObjectChange, rules: readonly Rule[]): Said {
  const count = (kind: Rule['kind']): number => rules.filter((rule) => rule.kind === kind).length;
  const [alerts, recordings] = [count('alert'), count('recording')];
  const parts = [
    alerts > 0 ? counted(alerts, 'alert') : '',
    recordings > 0 ? counted(recordings, 'recording') : '',
  ].filter((part) => part !== '');
  const text = `${labelOf(unit, latest(of))} ${of.change}${parts.length === 0 ? '' : `, with ${listed(parts)}`}`;
  const lost = of.change === 'removed' && rules.length > 0;
  return sentence(text, { of }, lost ? reasonOf(alerts > 0 ? 'risk/alert' : 'risk/delete', stage) : undefined);
}

/** What alerts are called in sentences. */
interface Titles {
  /** `AiSloErrorBudgetBurn (availability, fast)` where a tree has several of one name. */
  readonly short: (rule: Rule) => string;
  /** `alert AiDrift of fraud-detector`, unless the name says the service. */
  readonly long: (rule: Rule) => string;
}

/** Labels that have sentences of their own. */
const TOLD: ReadonlySet<string> = new Set(['severity', 'team']);

function titlesOf(unit: ChangedUnit, ...sides: readonly (readonly Rule[])[]): Titles {
  const telling = new Map<string, Set<string>>();
  for (const rules of sides) {
    for (const [name, alerts] of groupedBy(
      rules.filter(({ kind }) => kind === 'alert'),
      (rule) => rule.name,
    )) {
      const labels = new Set(alerts.flatMap((rule) => Object.keys(rule.labels)).filter((label) => !TOLD.has(label)));
      const varying = [...labels].filter((label) => new Set(alerts.map((rule) => textAt(rule.labels, label))).size > 1);
      telling.set(name, new Set([...(telling.get(name) ?? []), ...varying]));
    }
  }
  const short = ({ name, labels }: Rule): string => {
    const values = [...(telling.get(name) ?? [])].sort().flatMap((label) => textAt(labels, label) ?? []);
    const parts = values.slice(0, 3).map((value) => shown(value, 30));
    return parts.length === 0 ? shown(name) : `${shown(name)} (${parts.join(', ')})`;
  };
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const { service } = unit.place;
  const said = ({ name }: Rule): boolean => service !== undefined && plain(name).includes(plain(service));
  return {
    short,
    long: (rule) => `alert ${short(rule)}${said(rule) ? '' : ` of ${subjectOf(unit, latest(rule.of))}`}`,
  };
}

/** One sentence for each alert, or for several with the same lot. */
function together(lots: readonly Lot[], { short, long }: Titles, subject: string): Said[] {
  return [...groupedBy(lots, ({ many }) => many('')).values()].flatMap((group) => {
    if (group.length <= FEW)
      return group.map(({ rule, one, reasons }) => sentence(one(long(rule)), explain([rule]), ...reasons));
    const rules = group.map(({ rule }) => rule);
    const { many, reasons } = group[0]!;
    return [
      sentence(
        `${many(`${counted(rules.length, 'alert')} of ${subject}`)}: ${listed(rules.map(short))}`,
        explain(rules),
        ...reasons,
      ),
    ];
  });
}

/** Names in the expressions of alerts. */
function seriesRead(rules: readonly Rule[]): Set<string> {
  return new Set(rules.flatMap(({ kind, expr }) => (kind === 'alert' ? (expr.match(/[A-Za-z_:][\w:]*/g) ?? []) : [])));
}

function recordingWords(stage: Stage, lots: readonly Lot[], subject: string, all: readonly Rule[]): Said[] {
  const reads = lots.length === 0 ? new Set<string>() : seriesRead(all);
  return [...groupedBy(lots, ({ many }) => many('').trim())].map(([verb, group]) => {
    const series = [...new Set(group.map(({ rule }) => rule.name))];
    const read = series.filter((name) => reads.has(name));
    const reason =
      verb === 'added'
        ? undefined
        : read.length > 0
          ? reasonOf('risk/alert', stage, `alerts read ${names(read)}`)
          : verb === 'removed'
            ? reasonOf('risk/delete', stage, 'dashboards may read what is no longer recorded')
            : undefined;
    const text = `recording${series.length === 1 ? '' : 's'} of ${subject} ${verb}: ${names(series)}`;
    return sentence(text, explain(group.map(({ rule }) => rule)), reason);
  });
}

function textOf(rules: readonly Rule[], { long }: Titles, subject: string): string {
  return rules.length === 1
    ? `what ${long(rules[0]!)} says changed`
    : `what ${counted(rules.length, 'alert')} of ${subject} say changed`;
}

/** Rules that only stand elsewhere: those that are the same there, and where nothing else is said of an object, its groups. */
function orderWords(
  unit: ChangedUnit,
  changes: readonly ObjectChange[],
  said: readonly Said[],
  moves: ReadonlySet<Change>,
): Said[] {
  const explained = new Set(said.flatMap(({ explains }) => explains.map(({ of }) => of)));
  return changes.flatMap((of) => {
    const all = isAltered(of) ? groupChanges(of.changes) : [];
    const own = all.filter((change) => moves.has(change));
    const label = labelOf(unit, latest(of));
    if (own.length > 0) return [sentence(`rules of ${label} moved ${whereTo(own)}`, { of, changes: own })];
    if (explained.has(of) || all.length === 0) return [];
    return [sentence(`rules of ${label} are in other groups or another order`, { of })];
  });
}

/** Where rules went, and which. */
function whereTo(moves: readonly Change[]): string {
  const rules = withoutMovedAway(moves);
  const away = rules.filter(({ path, moved = [] }) => !alike(path.slice(0, -1), moved.slice(0, -1)));
  const where =
    away.length === 0 ? 'within a group' : away.length === rules.length ? 'to another group' : 'to other places';
  return `${where}: ${names(new Set(rules.map(({ after }) => textAt(after, 'alert') ?? textAt(after, 'record'))))}`;
}

/** Both halves of moves of rules, but for those of releases that move themselves. */
function movesOf(changes: readonly ObjectChange[], follow: Follow): Set<Change> {
  const follows = (of: ObjectChange, { before, after }: Change): boolean => {
    const rule = ruleOf(of, '', after ?? before);
    return rule !== undefined && follow.comesAndGoes(rule, false);
  };
  return new Set(
    changes
      .filter(isAltered)
      .flatMap((of) => groupChanges(of.changes).filter((change) => change.moved && !follows(of, change))),
  );
}

function explain(rules: readonly Rule[]): Explained[] {
  return [...new Set(rules.map(({ of }) => of))].map((of) => ({ of }));
}

/** All sentences on the rules of an object explain its groups together; the first one has the changes. */
function withChanges(said: readonly Said[], moves: ReadonlySet<Change>): Said[] {
  const seen = new Set<ObjectChange>();
  const own = (one: Explained): Explained => {
    const { of } = one;
    if ('file' in of || !isRules(of) || one.changes || !isAltered(of)) return one;
    const changes = seen.has(of) ? [] : groupChanges(of.changes).filter((change) => !moves.has(change));
    seen.add(of);
    return { of, changes };
  };
  return said.map((one) => ({ ...one, explains: one.explains.map(own) }));
}

/** Fields of groups that are no rules have no words here. */
function groupChanges(changes: readonly Change[]): Change[] {
  return changes.filter(({ path }) => isBelow(path, ['spec', 'groups']) && (path.length < 4 || path[3] === 'rules'));
}
