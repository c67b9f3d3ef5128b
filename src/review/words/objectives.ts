import { parseDuration } from '../../core/duration.ts';
import { textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { sameBut, type Pairing, type Rule } from './alert-rules.ts';
import { isNear, isScaled } from './expressions.ts';
import { phrase, type Phrase } from './said.ts';
import { groupedBy } from './sets.ts';
import { shown } from './text.ts';

/** A change of objectives in a sentence, and the rules that change for no other reason. */
export type ObjectiveWords = Phrase & { readonly rules: readonly Rule[] };

/** The series by which our rules say what is promised, as a share; see src/promql/catalogue/burn-rate.ts. */
const OBJECTIVE = 'ai_slo:objective:ratio';

/** The label that says which objective a rule belongs to. */
const LABEL = 'ai_slo';

/**
 * What happened to the objectives of a service: each in one sentence, whatever number of rules it changes. A rule that
 * changes beyond what its objective explains is left to others.
 *
 * @param subject whose objectives they are.
 */
export function objectiveWords(
  subject: string,
  stage: Stage,
  before: readonly Rule[],
  after: readonly Rule[],
  rules: Pairing,
): ObjectiveWords[] {
  const [old, now] = [objectivesIn(before), objectivesIn(after)];
  const words: ObjectiveWords[] = [];
  for (const [name, promised] of now) {
    const was = old.get(name);
    if (was === undefined || isNear(was, promised)) continue;
    const text = `${shown(name)} objective of ${subject} is ${percent(promised)} (was ${percent(was)})`;
    const scaled = rules.pairs.filter(([a, b]) => belongs(b, name) && isExplained(a, b, (1 - promised) / (1 - was)));
    words.push({ ...phrase(text, lessReason(stage, was, promised)), rules: scaled.flat() });
  }
  const gone = [...old.keys()].filter((name) => !now.has(name));
  const come = [...now.keys()].filter((name) => !old.has(name));
  const renamed = new Map<string, string>();
  const news = byFamily(come);
  for (const [family, olds] of byFamily(gone)) {
    const others = news.get(family) ?? [];
    if (olds.length === 1 && others.length === 1) renamed.set(olds[0]!, others[0]!);
  }
  for (const [from, to] of renamed)
    words.push(rebound(subject, stage, [from, old.get(from)!], [to, now.get(to)!], rules));
  for (const name of gone.filter((each) => !renamed.has(each))) {
    const reason = reasonOf('risk/slo', stage, `it promised ${percent(old.get(name)!)}`);
    words.push({
      ...phrase(`${shown(name)} objective of ${subject} removed`, reason),
      rules: rules.removed.filter((rule) => belongs(rule, name)),
    });
  }
  const taken = new Set(renamed.values());
  for (const name of come.filter((each) => !taken.has(each))) {
    const text = `${shown(name)} objective of ${subject} added: ${percent(now.get(name)!)}`;
    words.push({ ...phrase(text), rules: rules.added.filter((rule) => belongs(rule, name)) });
  }
  return words;
}

/** Why a lower promise matters: how much of what was an incident is none any more. */
function lessReason(stage: Stage, was: number, promised: number): Phrase['reasons'][number] | undefined {
  if (promised >= was || isNear(promised, was)) return undefined;
  return reasonOf(
    'risk/slo',
    stage,
    `${Number(((1 - promised) / (1 - was)).toPrecision(2))} times as many requests may miss it`,
  );
}

/** Shares that must be good, by the name of the objective. */
function objectivesIn(rules: readonly Rule[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { kind, name, labels, expr } of rules) {
    const objective = textAt(labels, LABEL);
    const share = Number(/^\s*vector\(\s*([\d.eE+-]+)\s*\)\s*$/.exec(expr)?.[1] ?? NaN);
    if (kind === 'recording' && name === OBJECTIVE && objective !== undefined && share > 0 && share < 1)
      found.set(objective, share);
  }
  return found;
}

function belongs({ labels }: Rule, objective: string): boolean {
  return textAt(labels, LABEL) === objective;
}

/** Whether a rule changed just as much as the error budget of its objective. */
function isExplained(before: Rule, after: Rule, factor: number): boolean {
  if (!sameBut(before, after, ['expr', 'annotations'])) return false;
  if (after.name === OBJECTIVE) return true;
  return before.expr !== after.expr && [factor, 1 / factor].some((scale) => isScaled(before.expr, after.expr, scale));
}

/** An objective whose name has its bound in it, as `latency-250ms`, and another bound now. */
function rebound(
  subject: string,
  stage: Stage,
  [from, was]: readonly [string, number],
  [to, promised]: readonly [string, number],
  rules: Pairing,
): ObjectiveWords {
  const [old, now] = [familyOf(from), familyOf(to)];
  const tell = ({ name, kind, labels }: Rule): string =>
    JSON.stringify([kind, name, textAt(labels, 'burn_tier') ?? '']);
  const news = new Map(rules.added.filter((rule) => belongs(rule, to)).map((rule) => [tell(rule), rule]));
  const explained = rules.removed.flatMap((rule) => {
    const other = belongs(rule, from) ? news.get(tell(rule)) : undefined;
    if (!other) return [];
    // An alert that lost more than the bound, or went, is said all the same.
    const same =
      rule.wait === other.wait && isScaled(rule.expr.replaceAll(from, to), other.expr, (1 - promised) / (1 - was));
    return rule.kind === 'recording' || same ? [rule, other] : [];
  });
  const text = `${shown(now.name)} objective of ${subject} is ${percent(promised)} within ${now.bound!} (was ${percent(was)} within ${old.bound!})`;
  const slower = (parseDuration(now.bound!) ?? 0) > (parseDuration(old.bound!) ?? 0);
  return {
    ...phrase(text, slower ? reasonOf('risk/slo', stage) : undefined, lessReason(stage, was, promised)),
    rules: explained,
  };
}

/** Objectives with a bound in their name, by what they are about. */
function byFamily(names: readonly string[]): Map<string, string[]> {
  return groupedBy(
    names.filter((name) => familyOf(name).bound !== undefined),
    (name) => familyOf(name).name,
  );
}

/** `latency` and `250ms` of `latency-250ms`. */
function familyOf(name: string): { readonly name: string; readonly bound?: string } {
  const [, family, bound] = /^(.+)-(\d+(?:\.\d+)?(?:ms|s|m))$/.exec(name) ?? [];
  return family === undefined || bound === undefined ? { name } : { name: family, bound };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(12))} %`;
}
