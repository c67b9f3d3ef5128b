import type { Reason } from '../plan.ts';
import { textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { sameBut, withoutAnnotations, type Rule } from './alert-rules.ts';
import { thresholdsOf, type Threshold } from './expressions.ts';
import { alike } from './sets.ts';
import { listed, shown } from './text.ts';

/** What happens to one rule, so that several with the same lot can share a sentence. */
export interface Lot {
  readonly rule: Rule;
  /** Of one alert, called `alert X`: `alert X waits 15 min (was 5 min)`. */
  readonly one: (alert: string) => string;
  /** Of several, called `4 alerts of fraud-detector`. */
  readonly many: (alerts: string) => string;
  readonly reasons: readonly Reason[];
}

/** A rule that came or went. */
export function arrivalLot(stage: Stage, rule: Rule, verb: 'added' | 'removed'): Lot {
  return lot(
    rule,
    verb,
    verb,
    verb === 'removed' && rule.kind === 'alert' ? reasonOf('risk/alert', stage, 'nobody is told') : undefined,
  );
}

/** What changed of a rule; nothing where only what it says did. */
export function changeLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  if (now.kind === 'recording') return sameBut(old, now, []) ? [] : [lot(now, 'changed', 'changed')];
  return [severityLots, waitLots, labelLots, expressionLots, otherLots].flatMap((lots) => lots(stage, old, now));
}

/** What follows the name of an alert, or of several. */
function lot(rule: Rule, one: string, many: string, reason?: Reason): Lot {
  return {
    rule,
    one: (alert) => `${alert} ${one}`,
    many: (alerts) => `${alerts} ${many}`,
    reasons: reason ? [reason] : [],
  };
}

/** Severities that are known, the one that wakes people first. */
const SEVERITIES = ['critical', 'page', 'error', 'warning', 'ticket', 'info', 'none'];

function severityLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  const [was, is] = [textAt(old.labels, 'severity'), textAt(now.labels, 'severity')];
  if (was === is) return [];
  const [before, after] = [was, is].map((severity) => SEVERITIES.indexOf(severity ?? 'none')) as [number, number];
  const named = (severity: string | undefined): string => shown(severity ?? 'without severity');
  const [one, many] = is === 'warning' ? ['a warning', 'warnings'] : [named(is), named(is)];
  const reason =
    before < 0 || after < 0 || after > before ? reasonOf('risk/alert', stage, 'it may wake nobody') : undefined;
  return [lot(now, `is now ${one} (was ${named(was)})`, `are now ${many} (were ${named(was)})`, reason)];
}

function waitLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  if (old.wait === now.wait) return [];
  const words = `${timeInWords(now.wait)} (was ${timeInWords(old.wait)})`;
  const reason =
    now.wait > old.wait
      ? reasonOf('risk/alert', stage, `it fires ${timeInWords(now.wait - old.wait)} later`)
      : undefined;
  return [lot(now, `waits ${words}`, `wait ${words}`, reason)];
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
  ['ms', 0.001],
];

/** A length of time for people: `15 min`, `1 h 30 min`. */
function timeInWords(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length + 1e-9);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * length;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** Names of fields of two maps that are not alike. */
function differing(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => !alike(before[name], after[name]));
}

function labelLots(stage: Stage, old: Rule, now: Rule): Lot[] {
  const names = differing(old.labels, now.labels).filter((name) => name !== 'severity');
  if (names.length === 0) return [];
  const words = listed(
    names.map((name) => `${shown(name)}=${shown(now.labels[name])} (was ${shown(old.labels[name])})`),
  );
  return [
    lot(
      now,
      `has the label ${words}`,
      `have the label ${words}`,
      reasonOf('risk/alert-routing', stage, 'routes may go by its labels'),
    ),
  ];
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
  const { all, effect } = thresholds;
  const words = listed([...new Set(all.map(thresholdInWords))]);
  const verb = effect === 'mixed' ? 'changed' : effect;
  const why = effect === 'mixed' ? 'one of its thresholds is looser' : undefined;
  return [
    lot(
      now,
      `${verb}: it fires ${words}`,
      `${verb}: they fire ${words}`,
      effect === 'tightened' ? undefined : reasonOf('risk/alert', stage, why),
    ),
  ];
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
  const [before, after] = [withoutAnnotations(old), withoutAnnotations(now)];
  const names = differing(before, after);
  if (names.length === 0) return [];
  const words = listed(names.map((name) => `${shown(name)} ${shown(after[name])} (was ${shown(before[name])})`));
  return [lot(now, `has ${words}`, `have ${words}`, reasonOf('risk/alert', stage, 'it may end sooner'))];
}
