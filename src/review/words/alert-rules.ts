import type { KubeObject } from '../../core/object.ts';
import { secondsOf } from '../../promql/parse.ts';
import type { ObjectChange } from '../compare.ts';
import { isKind, listAt, mapAt, numberAt, textAt } from '../read.ts';
import { latest } from './changes.ts';
import { alike, exactly, groupedBy } from './sets.ts';

/** A rule of a PrometheusRule, read with care. */
export interface Rule {
  /** The change of the object that holds it. */
  readonly of: ObjectChange;
  readonly kind: 'alert' | 'recording';
  readonly name: string;
  readonly group: string;
  readonly expr: string;
  /** Seconds that an alert waits. */
  readonly wait: number;
  readonly labels: Readonly<Record<string, unknown>>;
  /** Fields that have no words of their own: `annotations`, `keep_firing_for`, … */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Which of two trees. */
export type Side = 'before' | 'after';

/** Whether a change is one of a PrometheusRule. */
export function isRules(change: ObjectChange): boolean {
  return holdsRules(latest(change));
}

/** Whether an object is a PrometheusRule. */
export function holdsRules(object: KubeObject): boolean {
  return isKind(object, 'monitoring.coreos.com', 'PrometheusRule');
}

/** The rules of changed PrometheusRules, in one of the trees. */
export function rulesOf(changes: readonly ObjectChange[], side: Side): Rule[] {
  return changes.flatMap((of) =>
    groupedRules(of[side]?.object).flatMap(([group, rule]) => ruleOf(of, group, rule) ?? []),
  );
}

/** The rules of a PrometheusRule as they are written, each with the name of its group. */
export function groupedRules(object: KubeObject | undefined): [group: string, rule: unknown][] {
  return listAt(object, 'spec', 'groups').flatMap((group) =>
    listAt(group, 'rules').map((rule): [string, unknown] => [textAt(group, 'name') ?? '', rule]),
  );
}

/** A rule as it is written; `undefined` when it has no name. */
export function ruleOf(of: ObjectChange, group: string, rule: unknown): Rule | undefined {
  const { alert: _alert, record: _record, expr: _expr, for: _for, labels: _labels, ...others } = mapAt(rule);
  const [alert, record] = [textAt(rule, 'alert'), textAt(rule, 'record')];
  const name = alert ?? record;
  if (name === undefined) return undefined;
  const wait = textAt(rule, 'for') ?? '0s';
  return {
    of,
    kind: alert === undefined ? 'recording' : 'alert',
    name,
    group,
    expr: textAt(rule, 'expr') ?? '',
    // Without a unit it is no duration; Prometheus takes 0 alone.
    wait: secondsOf(wait) ?? numberAt(wait) ?? 0,
    labels: mapAt(rule, 'labels'),
    others,
  };
}

/** What of a rule may differ and still be called the same. */
type Part = 'expr' | 'annotations' | 'release';

/** Whether two rules are alike but for some of their parts. */
export function sameBut(a: Rule, b: Rule, parts: readonly Part[]): boolean {
  const [one, other] = [a, b].map((rule) => ({
    expr: parts.includes('expr') ? '' : rule.expr,
    wait: rule.wait,
    labels: parts.includes('release') ? { ...rule.labels, release: null, candidate: null } : rule.labels,
    others: parts.includes('annotations') ? withoutAnnotations(rule) : rule.others,
  }));
  return alike(one, other);
}

/** The release that a rule is about, as its labels say. */
export function releaseOf({ labels }: Rule): string | undefined {
  return textAt(labels, 'release') ?? textAt(labels, 'candidate');
}

/** Fields that have no words of their own, without what an alert says. */
export function withoutAnnotations({ others }: Rule): Readonly<Record<string, unknown>> {
  const { annotations: _annotations, ...rest } = others;
  return rest;
}

/** Rules of two trees that are the same rule, and those that came or went. */
export interface Pairing {
  readonly pairs: readonly (readonly [Rule, Rule])[];
  readonly removed: readonly Rule[];
  readonly added: readonly Rule[];
}

/** Labels that say who is told, and not what the rule is about. */
const ROUTING: ReadonlySet<string> = new Set(['severity', 'team', 'priority']);

/** What tells a rule from others, the most exact first: labels tell the alerts of one name apart, then what they do. */
const TELLING: readonly ((rule: Rule) => string)[] = [
  (rule) => key(rule, rule.group, rule.labels, rule.expr, rule.wait),
  (rule) => key(rule, rule.group, rule.labels),
  (rule) => key(rule, rule.labels),
  (rule) => key(rule, identity(rule, ROUTING)),
  (rule) => key(rule, identity(rule, new Set([...ROUTING, 'release', 'candidate', 'phase', 'weight']))),
  (rule) => key(rule, rule.expr),
  (rule) => key(rule, rule.group, rule.wait),
];

/** More rules that differ in nothing but labels than any service has. */
const MOST_TWINS = 50;

/** The rules that are not there as they are on both sides: mostly few. */
function withoutSame(before: readonly Rule[], after: readonly Rule[]): [readonly Rule[], readonly Rule[]] {
  const tell = ({ kind, group, name, expr }: Rule): string => [kind, group, name, expr].join('\n');
  const left = groupedBy(before, tell);
  const same = new Set<Rule>();
  for (const rule of after) {
    // Of very many twins the rest is told apart like others.
    const old = left
      .get(tell(rule))
      ?.slice(0, MOST_TWINS)
      .find((other) => !same.has(other) && sameBut(other, rule, []));
    if (old) same.add(old).add(rule);
  }
  return [before.filter((rule) => !same.has(rule)), after.filter((rule) => !same.has(rule))];
}

/** Finds which rule became which; what did not change at all is in none of the lists. */
export function pairRules(before: readonly Rule[], after: readonly Rule[]): Pairing {
  const pairs: (readonly [Rule, Rule])[] = [];
  let [removed, added] = withoutSame(before, after);
  for (const tell of TELLING) {
    const left = groupedBy([...removed].reverse(), tell);
    const matched = new Set<Rule>();
    for (const rule of added) {
      const old = left.get(tell(rule))?.pop();
      if (!old) continue;
      pairs.push([old, rule]);
      matched.add(old).add(rule);
    }
    [removed, added] = [removed.filter((rule) => !matched.has(rule)), added.filter((rule) => !matched.has(rule))];
  }
  // What is left of a name is one rule where there is but one on both sides.
  const bare = (rule: Rule): string => key(rule);
  const [left, right] = [groupedBy(removed, bare), groupedBy(added, bare)];
  const only = [...left].flatMap(([name, olds]) => {
    const news = right.get(name) ?? [];
    return olds.length === 1 && news.length === 1 ? [[olds[0]!, news[0]!] as const] : [];
  });
  const matched = new Set(only.flat());
  return {
    pairs: [...pairs, ...only],
    removed: removed.filter((rule) => !matched.has(rule)),
    added: added.filter((rule) => !matched.has(rule)),
  };
}

/** Rules of two objectives are two rules, however alike they are. */
function key({ kind, name, labels }: Rule, ...more: readonly unknown[]): string {
  return JSON.stringify([kind, name, textAt(labels, 'ai_slo') ?? '', ...more.map(exactly)]);
}

function identity({ labels }: Rule, without: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !without.has(label)));
}
