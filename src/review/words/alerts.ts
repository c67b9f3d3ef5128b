import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import type { Change } from '../field.ts';
import type { ChangedUnit } from '../unit.ts';
import { isRules, pairRules, rulesOf, withoutAnnotations, type Rule } from './alert-rules.ts';
import { thresholdsOf, type Threshold } from './expressions.ts';
import { followOf, releasesIn, type Follow } from './follow.ts';
import { objectiveWords } from './objectives.ts';
import {
  alike,
  counted,
  explainsAll,
  groupedBy,
  isBelow,
  labelOf,
  latest,
  listed,
  shown,
  subjectOf,
  textAt,
} from './read.ts';

/** So many alerts with the same change have a sentence each; more share one. */
const FEW = 3;

/** What happens to one alert, so that several with the same lot can share a sentence. */
interface Lot {
  readonly rule: Rule;
  /** Of one alert, called `alert X`: `alert X waits 15 min (was 5 min)`. */
  readonly one: (alert: string) => string;
  /** Of several, called `4 alerts of fraud-detector`. */
  readonly many: (alerts: string) => string;
  readonly reasons: readonly Reason[];
}

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
  const follow = followOf(releasesIn(unit, before, 'before'), releasesIn(unit, after, 'after'));
  const following = followers(follow);
  const subject = unit.place.service ?? (changes[0] ? labelOf(unit, latest(changes[0])) : '');
  const pairing = pairRules(before, after);
  const said: Said[] = [];
  const settled = new Set<Rule>();

  for (const { text, reasons, rules } of wholesale(unit, stage, changes, pairing)) {
    said.push({ text, reasons, explains: [explainsAll(rules.of)] });
    for (const rule of rules.rules) settled.add(rule);
  }
  const kept = {
    ...pairing,
    removed: pairing.removed.filter((rule) => !settled.has(rule)),
    added: pairing.added.filter((rule) => !settled.has(rule)),
  };
  for (const { text, reasons, rules } of objectiveWords(
    shown(subject),
    stage,
    before.filter((rule) => !settled.has(rule)),
    after.filter((rule) => !settled.has(rule)),
    kept,
  )) {
    said.push({ text, reasons, explains: explain(rules) });
    for (const rule of rules) settled.add(rule);
  }

  const pairs = pairing.pairs.filter(([old, now]) => !settled.has(old) && !settled.has(now) && !sameRule(old, now));
  const reads = seriesRead(after);
  const followed = [
    ...pairs
      .filter(
        ([old, now]) =>
          (old.expr !== now.expr || !alike(old.labels, now.labels)) &&
          sameSeverity(old, now) &&
          follow.isFollowing(old, now),
      )
      .flat(),
    ...kept.removed.filter((rule) => !settled.has(rule) && follow.comesAndGoes(rule, reads.has(rule.name))),
    ...kept.added.filter((rule) => !settled.has(rule) && follow.comesAndGoes(rule, false)),
  ];
  if (followed.length + following.length > 0) {
    said.push({
      text: `alerts of ${shown(subject)} ${follow.words}`,
      reasons: [],
      explains: [...explain(followed), ...following],
    });
    for (const rule of followed) settled.add(rule);
  }

  const open = pairs.filter(([old]) => !settled.has(old));
  const changed = open.map(([old, now]) => ({
    now,
    lots: now.kind === 'alert' ? alertLots(stage, old, now) : recordingLots(old, now),
  }));
  const lots = [
    ...kept.removed.filter((rule) => !settled.has(rule)).map((rule) => removal(stage, rule)),
    ...kept.added.filter((rule) => !settled.has(rule)).map((rule) => lot(rule, 'added', 'added')),
    ...changed.flatMap((each) => each.lots),
  ];
  const names = nameOf(before, after);
  const ofKind = (kind: Rule['kind']): Lot[] => lots.filter(({ rule }) => rule.kind === kind);
  said.push(...together(ofKind('alert'), unit, names, subject));
  said.push(...recordingWords(stage, ofKind('recording'), subject, [...before, ...after]));
  const reworded = changed.filter((each) => each.lots.length === 0).map(({ now }) => now);
  if (reworded.length > 0) {
    said.push({ text: textOf(reworded, unit, names, subject), reasons: [], explains: explain(reworded) });
  }
  said.push(...orderWords(unit, changes, said));
  return withChanges(said);
}

/** Whether two rules do the same; what alerts say may differ. */
function sameRule(a: Rule, b: Rule): boolean {
  return a.expr === b.expr && a.wait === b.wait && alike(a.labels, b.labels) && alike(a.others, b.others);
}

function sameSeverity(a: Rule, b: Rule): boolean {
  return alike(a.labels['severity'], b.labels['severity']) && alike(withoutAnnotations(a), withoutAnnotations(b));
}

interface Wholesale {
  readonly text: string;
  readonly reasons: readonly Reason[];
  readonly rules: { readonly of: ObjectChange; readonly rules: readonly Rule[] };
}

/** Objects that come or go with all their rules. */
function wholesale(
  unit: ChangedUnit,
  stage: Stage,
  changes: readonly ObjectChange[],
  { removed, added }: { readonly removed: readonly Rule[]; readonly added: readonly Rule[] },
): Wholesale[] {
  const own = groupedBy([...removed, ...added], (rule) => rule.of);
  return changes.flatMap((of) => {
    if (of.change !== 'added' && of.change !== 'removed') return [];
    const rules = own.get(of) ?? [];
    const alerts = rules.filter(({ kind }) => kind === 'alert').length;
    const recordings = rules.length - alerts;
    const what = [
      ...(alerts > 0 ? [counted(alerts, 'alert')] : []),
      ...(recordings > 0 ? [counted(recordings, 'recording')] : []),
    ].join(' and ');
    const text = `${labelOf(unit, latest(of))} ${of.change}${what === '' ? '' : `, with ${what}`}`;
    const reasons =
      of.change === 'added' || rules.length === 0
        ? []
        : [
            alerts > 0
              ? reasonOf('risk/alert', stage, `${counted(alerts, 'alert')} removed`)
              : reasonOf('risk/delete', stage, `${counted(recordings, 'recording')} removed`),
          ];
    return [{ text, reasons, rules: { of, rules } }];
  });
}

/** What follows the name of an alert, or of several. */
function lot(rule: Rule, one: string, many: string, reasons: readonly Reason[] = []): Lot {
  return { rule, one: (alert) => `${alert} ${one}`, many: (alerts) => `${alerts} ${many}`, reasons };
}

function removal(stage: Stage, rule: Rule): Lot {
  const reasons = rule.kind === 'alert' ? [reasonOf('risk/alert', stage, 'it is removed')] : [];
  return lot(rule, 'removed', 'removed', reasons);
}

function alertLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  return [
    ...severityLots(stage, old, now),
    ...waitLots(stage, old, now),
    ...labelLots(stage, old, now),
    ...expressionLots(stage, old, now),
    ...otherLots(stage, old, now),
  ];
}

/** Severities that are known, the one that wakes people first. */
const SEVERITIES = ['critical', 'page', 'error', 'warning', 'ticket', 'info', 'none'];

function severityLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  const [was, is] = [textAt(old.labels, 'severity'), textAt(now.labels, 'severity')];
  if (was === is) return [];
  const [before, after] = [was, is].map((severity) => SEVERITIES.indexOf(severity ?? 'none'));
  const lower = before === undefined || after === undefined || before < 0 || after < 0 || after > before;
  const named = shown(is ?? 'without severity');
  const [one, many] = is === 'warning' ? ['a warning', 'warnings'] : [named, named];
  const reasons = lower ? [reasonOf('risk/alert', stage, `its severity was ${shown(was)}`)] : [];
  const former = shown(was ?? 'without severity');
  return [lot(now, `is now ${one} (was ${former})`, `are now ${many} (were ${former})`, reasons)];
}

function waitLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  if (old.wait === now.wait) return [];
  const [was, is] = [waitOf(old.wait), waitOf(now.wait)];
  const reasons =
    now.wait > old.wait ? [reasonOf('risk/alert', stage, `it fires ${waitOf(now.wait - old.wait)} later`)] : [];
  return [lot(now, `waits ${is} (was ${was})`, `wait ${is} (was ${was})`, reasons)];
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
  ['ms', 0.001],
];

/** A length of time for people: `15 min`, `1 h 30 min`. */
function waitOf(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length + 1e-9);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * length;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

function labelLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  const names = [...new Set([...Object.keys(old.labels), ...Object.keys(now.labels)])].filter(
    (name) => name !== 'severity' && !alike(old.labels[name], now.labels[name]),
  );
  if (names.length === 0) return [];
  const words = listed(
    names.map((name) => `${shown(name)}=${shown(now.labels[name])} (was ${shown(old.labels[name])})`),
  );
  const reasons = [reasonOf('risk/alert-routing', stage, 'routes may go by its labels')];
  return [lot(now, `has the label ${words}`, `have the label ${words}`, reasons)];
}

function expressionLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  if (sameText(old.expr, now.expr)) return [];
  const thresholds = thresholdsOf(old.expr, now.expr);
  if (!thresholds) {
    const reasons = [reasonOf('risk/alert', stage, 'whether it fires less cannot be told')];
    return [
      {
        rule: now,
        one: (alert) => `the expression of ${alert} changed`,
        many: (alerts) => `the expressions of ${alerts} changed`,
        reasons,
      },
    ];
  }
  const words = listed([...new Set(thresholds.all.map(thresholdInWords))]);
  const verb = thresholds.effect === 'mixed' ? 'changed' : thresholds.effect;
  const reasons =
    thresholds.effect === 'tightened'
      ? []
      : [
          reasonOf(
            'risk/alert',
            stage,
            thresholds.effect === 'mixed' ? 'one of its thresholds is looser' : 'its threshold is looser',
          ),
        ];
  return [lot(now, `${verb}: it fires ${words}`, `${verb}: they fire ${words}`, reasons)];
}

const FIRES: Readonly<Record<Threshold['operator'], (bound: number) => string>> = {
  '>': (bound) => `above ${bound}`,
  '>=': (bound) => `at ${bound} or more`,
  '<': (bound) => `below ${bound}`,
  '<=': (bound) => `at ${bound} or less`,
};

function thresholdInWords({ operator, before, after }: Threshold): string {
  return `${FIRES[operator](after)} (was ${before})`;
}

/** Line breaks between the parts of an expression mean nothing. */
function sameText(a: string, b: string): boolean {
  return a === b || a.replace(/\s+/g, ' ').trim() === b.replace(/\s+/g, ' ').trim();
}

function otherLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  const [before, after] = [withoutAnnotations(old), withoutAnnotations(now)] as readonly [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !alike(before[name], after[name]),
  );
  if (names.length === 0) return [];
  const words = listed(names.map((name) => `${shown(name)} ${shown(after[name])} (was ${shown(before[name])})`));
  return [lot(now, `has ${words}`, `have ${words}`, [reasonOf('risk/alert', stage, 'it may end sooner')])];
}

function recordingLots(old: Rule, now: Rule): Lot[] {
  return sameRule(old, now) ? [] : [lot(now, 'changed', 'changed')];
}

/** Names for alerts that tell them apart where a tree has several of one name: `AiSloErrorBudgetBurn (availability, fast)`. */
function nameOf(...sides: readonly (readonly Rule[])[]): (rule: Rule) => string {
  const telling = new Map<string, Set<string>>();
  for (const alerts of sides.flatMap((rules) => [
    ...groupedBy(
      rules.filter(({ kind }) => kind === 'alert'),
      ({ name }) => name,
    ).values(),
  ])) {
    const labels = new Set(alerts.flatMap((rule) => Object.keys(rule.labels)).filter((label) => !TOLD.has(label)));
    const varying = [...labels].filter((label) => new Set(alerts.map((rule) => textAt(rule.labels, label))).size > 1);
    const { name } = alerts[0]!;
    telling.set(name, new Set([...(telling.get(name) ?? []), ...varying]));
  }
  return ({ name, labels }) => {
    const parts = [...(telling.get(name) ?? [])]
      .sort()
      .flatMap((label) => textAt(labels, label) ?? [])
      .map((value) => shown(value, 30));
    return parts.length === 0 ? shown(name) : `${shown(name)} (${parts.slice(0, 3).join(', ')})`;
  };
}

/** Labels that have sentences of their own. */
const TOLD: ReadonlySet<string> = new Set(['severity', 'team']);

/** One sentence for each alert, or for several with the same lot. */
function together(lots: readonly Lot[], unit: ChangedUnit, name: (rule: Rule) => string, subject: string): Said[] {
  return [...groupedBy(lots, ({ many }) => many('')).values()].flatMap((group) => {
    if (group.length <= FEW) {
      return group.map(({ rule, one, reasons }) => ({
        text: one(`alert ${name(rule)}${whose(unit, rule, subject)}`),
        reasons,
        explains: explain([rule]),
      }));
    }
    const rules = group.map(({ rule }) => rule);
    return [
      {
        text: `${group[0]!.many(`${counted(rules.length, 'alert')} of ${shown(subject)}`)}: ${listed(rules.map(name))}`,
        reasons: group[0]!.reasons,
        explains: explain(rules),
      },
    ];
  });
}

/** ` of fraud-detector`, unless the name of the alert says it. */
function whose(unit: ChangedUnit, { name, of }: Rule, subject: string): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const service = unit.place.service ?? '';
  if (service !== '') return plain(name).includes(plain(service)) ? '' : ` of ${shown(subject)}`;
  return ` of ${subjectOf(unit, latest(of))}`;
}

/** Names in the expressions of alerts. */
function seriesRead(rules: readonly Rule[]): Set<string> {
  return new Set(rules.flatMap(({ kind, expr }) => (kind === 'alert' ? (expr.match(/[A-Za-z_:][\w:]*/g) ?? []) : [])));
}

function recordingWords(stage: Stage, lots: readonly Lot[], subject: string, all: readonly Rule[]): Said[] {
  if (lots.length === 0) return [];
  const reads = seriesRead(all);
  return (['removed', 'changed', 'added'] as const).flatMap((verb) => {
    const rules = lots.filter(({ many }) => many('').trim() === verb).map(({ rule }) => rule);
    if (rules.length === 0) return [];
    const names = [...new Set(rules.map(({ name }) => name))];
    const read = names.filter((name) => reads.has(name));
    const reasons =
      verb === 'added'
        ? []
        : read.length > 0
          ? [reasonOf('risk/alert', stage, `alerts read ${listed(read.map((name) => shown(name)))}`)]
          : verb === 'removed'
            ? [reasonOf('risk/delete', stage, 'dashboards may read what is no longer recorded')]
            : [];
    return [
      {
        text: `recording${names.length === 1 ? '' : 's'} of ${shown(subject)} ${verb}: ${listed(names.map((name) => shown(name)))}`,
        reasons,
        explains: explain(rules),
      },
    ];
  });
}

function textOf(rules: readonly Rule[], unit: ChangedUnit, name: (rule: Rule) => string, subject: string): string {
  if (rules.length === 1) return `what alert ${name(rules[0]!)}${whose(unit, rules[0]!, subject)} says changed`;
  return `what ${counted(rules.length, 'alert')} of ${shown(subject)} say changed`;
}

/** Rules that only stand elsewhere. */
function orderWords(unit: ChangedUnit, changes: readonly ObjectChange[], said: readonly Said[]): Said[] {
  const explained = new Set(said.flatMap(({ explains }) => explains.map(({ of }) => of)));
  return changes.flatMap((of) => {
    if (explained.has(of) || of.change === 'added' || of.change === 'removed' || groupChanges(of.changes).length === 0)
      return [];
    return [
      {
        text: `rules of ${labelOf(unit, of.after.object)} are in other groups or another order`,
        reasons: [],
        explains: [{ of }],
      },
    ];
  });
}

function explain(rules: readonly Rule[]): Explained[] {
  return [...new Set(rules.map(({ of }) => of))].map((of) => ({ of }));
}

/** All sentences on the rules of an object explain its groups together; the first one has the changes. */
function withChanges(said: readonly Said[]): Said[] {
  const seen = new Set<ObjectChange>();
  const own = (one: Explained): Explained => {
    const { of } = one;
    if ('file' in of || !isRules(of) || one.changes || of.change === 'added' || of.change === 'removed') return one;
    const changes = seen.has(of) ? [] : groupChanges(of.changes);
    seen.add(of);
    return { of, changes };
  };
  return said.map((one) => ({ ...one, explains: one.explains.map(own) }));
}

/** Fields of groups that are no rules have no words here. */
function groupChanges(changes: readonly Change[]): Change[] {
  return changes.filter(({ path }) => isBelow(path, ['spec', 'groups']) && (path.length < 4 || path[3] === 'rules'));
}
