import { parseDuration } from '../../core/duration.ts';
import { entriesAt, numberAt, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { phrase, type Phrase } from './said.ts';
import { alike, keysOf } from './sets.ts';
import { isWas, listed, names, percent, shown } from './text.ts';

/** Gates of a release policy: what came, what went, and which way a limit moved. */

interface Gate {
  /** What it is called: `latency p99`, `registryMetric auc`. */
  readonly name: string;
  readonly limits: ReadonlyMap<string, unknown>;
}

/** What changes of the gates of a service, each in a sentence. */
export function gateWords(
  stage: Stage,
  subject: string,
  before: readonly unknown[],
  after: readonly unknown[],
): Phrase[] {
  const [olds, news] = [gatesOf(before), gatesOf(after)];
  return keysOf(olds, news).flatMap((key) => {
    const [old, now] = [olds.get(key), news.get(key)];
    if (!old) return [phrase(`gate ${now!.name} of ${subject} is new: ${limitsInWords(now!)}`)];
    if (!now)
      return [
        phrase(
          `gate ${old.name} of ${subject} is removed`,
          reasonOf('risk/gate', stage, `it asked for ${limitsInWords(old)}`),
        ),
      ];
    return limitWords(stage, subject, old, now);
  });
}

function gatesOf(list: readonly unknown[]): Map<string, Gate> {
  const gates = new Map<string, Gate>();
  const twins = new Map<string, number>();
  for (const [kind, limits] of list.flatMap((item) => entriesAt(item))) {
    const quantile = numberAt(limits, 'quantile');
    const of =
      textAt(limits, 'metric') ??
      textAt(limits, 'name') ??
      (quantile === undefined ? undefined : `p${percent(quantile * 100)}`);
    const title = [kind, of, textAt(limits, 'part')].flatMap((text) => (text === undefined ? [] : [shown(text)]));
    const name = title.join(' ');
    // Two of one name differ by their place.
    const twin = twins.get(name) ?? 0;
    twins.set(name, twin + 1);
    gates.set(`${name}\n${twin}`, { name, limits: leaves(limits) });
  }
  return gates;
}

/** Limits by name, those of `comparedToStable` and `notWorseThanStable` beside the others. */
function leaves(limits: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [field, value] of entriesAt(limits)) {
    const inner = entriesAt(value);
    if (inner.length === 0) found.set(field, value);
    for (const [name, leaf] of inner) found.set(`${field}.${name}`, leaf);
  }
  return found;
}

function limitWords(stage: Stage, subject: string, before: Gate, after: Gate): Phrase[] {
  const [olds, news] = [before.limits, after.limits];
  const fields = keysOf(olds, news).filter((field) => !alike(olds.get(field), news.get(field)));
  if (fields.length === 0) return [];
  const changes = fields.map((field) => `${shown(field)} ${isWas(news.get(field), olds.get(field))}`);
  const loosened = fields.filter((field) => isLooser(field, olds.get(field), news.get(field)));
  const why = loosened.length === fields.length ? undefined : `${names(loosened)} is looser`;
  return [
    phrase(
      `gate ${after.name} of ${subject}: ${listed(changes)}`,
      loosened.length === 0 ? undefined : reasonOf('risk/gate', stage, why),
    ),
  ];
}

/** Which way a limit is loosened. */
const LOOSER: ReadonlyMap<string, 'up' | 'down'> = new Map([
  ...['max', 'psi', 'factor', 'difference', 'by'].map((name) => [name, 'up'] as const),
  ...['min', 'minSamples', 'consecutive'].map((name) => [name, 'down'] as const),
]);

/** Limits on how much must be seen; without one a default holds. */
const EVIDENCE: ReadonlySet<string> = new Set(['minSamples', 'consecutive']);

/** Whether a limit lets more pass. What is not known of counts as looser: somebody has to look. */
function isLooser(field: string, before: unknown, after: unknown): boolean {
  const name = field.slice(field.indexOf('.') + 1);
  if (after === undefined) return !EVIDENCE.has(name);
  if (before === undefined) return false;
  const way = LOOSER.get(name);
  const [was, is] = [amount(before), amount(after)];
  if (way === undefined || was === undefined || is === undefined) return true;
  return way === 'up' ? is > was : is < was;
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : typeof value === 'string' ? parseDuration(value.slice(0, 40)) : undefined;
}

/** What the name of a gate says already. */
const NAMED: ReadonlySet<string> = new Set(['quantile', 'metric', 'name']);

function limitsInWords({ limits }: Gate): string {
  const texts = [...limits]
    .filter(([field]) => !NAMED.has(field))
    .map(([field, value]) => `${shown(field)} ${shown(value)}`);
  return listed(texts) || 'what its kind asks for';
}
