import { remember } from '../../core/remember.ts';
import {
  and,
  compare,
  divide,
  multiply,
  number,
  rangeOf,
  ratio,
  subtract,
  sum,
  sumOverTime,
  vector,
  type Expr,
  type Range,
} from '../expr.ts';
import {
  alert,
  groupName,
  record,
  template,
  type AlertRule,
  type RuleGroup,
  type Subject,
  type Template,
} from '../rule.ts';
import { equal, selectorsWith, type Selector } from '../selector.ts';

/**
 * The machinery that all service level objectives share: multiwindow, multi-burn-rate alerts (SRE workbook, chapter 5)
 * on an error budget. An alert fires when the budget burns at least `factor` times too fast over a long window, and
 * still does over a short one, so that it ends soon after the fault.
 *
 * All windows are sums of the two rates of 5 minutes that are recorded, weighted by events: cheap, and exact under uneven
 * load, which an average of ratios is not. Nothing is recorded for a window: each has one alert that reads it, or two.
 */

/** What is good and bad, as rates over 5 minutes without labels. */
export interface Events {
  readonly total: Expr;
  /** Must have a sample wherever the total has one. It is given the recorded total, which need not be computed again. */
  readonly bad: (total: Expr) => Expr;
}

/** A tier of burn-rate alerts. */
export type TierName = 'fast' | 'medium' | 'slow' | 'longterm';

/** What an objective promises; lengths of time in seconds. */
export interface BurnPromise {
  /** Share of events that must be good, in per cent, between 0 and 100. */
  readonly objective: number;
  /** Days that the error budget is for. */
  readonly days: number;
  /** What differs from the defaults of a tier; `false` switches it off. */
  readonly tiers: Readonly<Partial<Record<TierName, Partial<TierFields<undefined>> | false>>>;
  /** Events per second, where they are known. */
  readonly rate?: number | undefined;
}

interface TierFields<Unset = never> {
  readonly factor: number | Unset;
  readonly long: number | Unset;
  readonly short: number | Unset;
  readonly for: number | Unset;
  readonly severity: 'page' | 'ticket' | Unset;
  readonly minBadEvents: number | Unset;
}

/** A tier as it is emitted. */
export interface Tier extends TierFields {
  readonly tier: TierName;
  /** Share of bad events above which it fires. */
  readonly limit: number;
}

/** A service level objective. */
export interface Objective extends BurnPromise {
  /** What it is called in the label `ai_slo`: `availability`, `latency-250ms`. */
  readonly name: string;
  /** Where the objective comes from, when the service does not set it. */
  readonly origin?: Template | undefined;
  readonly events: Events;
  /** What a bad event is, after the share of them: `of requests failed`. */
  readonly bad: Template;
}

/**
 * One failed request among few is a huge burn rate and no emergency. Nothing fires before this many events were bad in
 * the long window.
 */
const MIN_BAD_EVENTS = 5;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const TIERS: Readonly<Record<TierName, TierFields>> = {
  fast: {
    factor: 14.4,
    long: HOUR,
    short: 5 * MINUTE,
    for: 2 * MINUTE,
    severity: 'page',
    minBadEvents: MIN_BAD_EVENTS,
  },
  medium: {
    factor: 6,
    long: 6 * HOUR,
    short: 30 * MINUTE,
    for: 5 * MINUTE,
    severity: 'page',
    minBadEvents: MIN_BAD_EVENTS,
  },
  slow: { factor: 3, long: DAY, short: 2 * HOUR, for: 15 * MINUTE, severity: 'ticket', minBadEvents: MIN_BAD_EVENTS },
  longterm: { factor: 1, long: 3 * DAY, short: 6 * HOUR, for: HOUR, severity: 'ticket', minBadEvents: MIN_BAD_EVENTS },
};

/** The windows that a long one is widened to. */
const WINDOWS = [1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 240, 336, 504, 720].map((hours) => hours * HOUR);

/**
 * How often the rules are evaluated. It is set, since the number of bad events is a sum of recorded rates times this; an
 * average times the window would take the first failure of a new service for thousands.
 */
const INTERVAL = MINUTE;

/** The rate that everything is made of, in seconds. */
const BASE = 5 * MINUTE;

/**
 * Share of events that an objective allows to be bad, exact in decimal.
 *
 * @param objective in per cent.
 * @example errorBudget(99.9) // 0.001, and not 0.0009999999999999432
 */
export const errorBudget = remember((objective: number) => {
  const decimals = String(objective).split('.')[1]?.length ?? 0;
  const unit = 10 ** decimals;
  return (100 * unit - Math.round(objective * unit)) / (100 * unit);
});

/** What becomes of the tiers of an objective. */
export interface BurnPlan {
  /** Those that are emitted. */
  readonly tiers: readonly Tier[];
  /** Those that could never fire: they would need more bad events than there are events. */
  readonly unreachable: readonly TierName[];
  /** Those among the emitted that look at a longer window, because in their own too few events happen. */
  readonly widened: readonly TierName[];
  /** Those that too few events happen for: in the window that the service sets, or in the whole period. */
  readonly starved: readonly Starved[];
}

/** A tier that at its burn rate has fewer bad events in its window than it must see. */
export interface Starved extends Tier {
  /** Bad events in the longest window that there may be, at the burn rate of the tier. */
  readonly badEvents: number;
  /** That window, in seconds. */
  readonly window: number;
}

/**
 * Which alerts an objective gets, with which windows.
 *
 * Where the rate of events is known, each tier must see enough bad events in its long window when the budget burns just
 * at its factor. The window of a tier is widened until that is so, unless the service sets it.
 *
 * @example planOf({ objective: 99.99, days: 30, tiers: {}, rate: 0.1 }).widened // ['fast', 'medium', 'slow', 'longterm']
 */
export function planOf(promise: BurnPromise): BurnPlan {
  return rememberedPlan(promise);
}

/** Most services promise the same. */
const rememberedPlan = remember(makePlan, ({ objective, days, tiers, rate }: BurnPromise) =>
  JSON.stringify([objective, days, rate, tiers]),
);

function makePlan({ objective, days, tiers: settings, rate }: BurnPromise): BurnPlan {
  const budget = errorBudget(objective);
  const names = (Object.keys(TIERS) as TierName[]).filter((tier) => settings[tier] !== false);
  const all = names.map((tier) => tierOf(tier, settings[tier] || {}, budget));
  const reachable = all.filter(({ limit }) => limit < 1);
  const fits = reachable.map((tier) => fitted(tier, settings[tier.tier] || {}, days, rate));
  return {
    tiers: fits.flatMap(({ tier, starved }) => (starved ? [] : [tier])),
    unreachable: all.filter(({ limit }) => limit >= 1).map(({ tier }) => tier),
    widened: fits.flatMap(({ tier, starved }, index) =>
      !starved && tier.long > reachable[index]!.long ? [tier.tier] : [],
    ),
    starved: fits.flatMap(({ starved }) => starved ?? []),
  };
}

type Settings = Partial<TierFields<undefined>>;

function tierOf(tier: TierName, settings: Settings, budget: number): Tier {
  const usual = TIERS[tier];
  const {
    factor = usual.factor,
    long = usual.long,
    severity = usual.severity,
    minBadEvents = usual.minBadEvents,
  } = settings;
  const short = settings.short ?? (long === usual.long ? usual.short : twelfth(long));
  return {
    tier,
    factor,
    long,
    short,
    for: settings.for ?? usual.for,
    severity,
    minBadEvents,
    limit: Number((factor * budget).toPrecision(12)),
  };
}

function fitted(
  tier: Tier,
  settings: Settings,
  days: number,
  rate: number | undefined,
): { tier: Tier; starved?: Starved } {
  if (rate === undefined) return { tier };
  const needed = tier.minBadEvents / (rate * tier.limit);
  if (needed <= tier.long) return { tier };
  const long =
    settings.long === undefined ? WINDOWS.find((window) => window >= needed && window <= days * DAY) : undefined;
  if (long !== undefined) return { tier: { ...tier, long, short: settings.short ?? twelfth(long) } };
  const window = settings.long ?? days * DAY;
  return { tier, starved: { ...tier, window, badEvents: rate * tier.limit * window } };
}

/** As the workbook does: a twelfth, in whole minutes. */
function twelfth(long: number): number {
  return Math.max(BASE, Math.ceil(long / 12 / MINUTE) * MINUTE);
}

/**
 * A length of time in the largest unit without a rest, as ranges and names of series have it.
 *
 * @example windowName(259_200) // '3d'
 */
export function windowName(seconds: number): Range {
  return seconds % DAY === 0 ? `${seconds / DAY}d` : rangeOf(seconds);
}

/** What is recorded of one objective. */
export interface Recorded {
  readonly labels: Readonly<Record<string, string>>;
  readonly total: Selector;
  readonly bad: Selector;
}

/** @param name of the objective. */
export function recordedOf({ namespace, service }: Subject, name: string): Recorded {
  const labels = { namespace, ai_service: service, ai_slo: name };
  const series = selectorsWith(Object.entries(labels).map(([label, value]) => equal(label, value)));
  return { labels, total: series('ai_slo:events_total:rate5m'), bad: series('ai_slo:events_bad:rate5m') };
}

/**
 * Recordings and alerts of one objective. They are one group, because rules of one group see each other's fresh
 * samples in order; across groups there is a lag of up to an interval, and no order.
 *
 * @param more alerts that belong to the objective.
 */
export function burnRateGroup(subject: Subject, objective: Objective, more: readonly AlertRule[] = []): RuleGroup {
  const { name, events } = objective;
  const recorded = recordedOf(subject, name);
  const { labels, total } = recorded;
  return {
    name: groupName(subject, `slo-${name}`),
    interval: rangeOf(INTERVAL),
    rules: [
      record('ai_slo:events_total:rate5m', events.total, labels),
      record('ai_slo:events_bad:rate5m', events.bad(sum(total)), labels),
      ...planOf(objective).tiers.map((tier) => burnAlert(subject, objective, tier, recorded)),
      ...more,
    ],
  };
}

/** How much was counted in a window, in the same unit for all events. */
function over(window: number, counted: Selector): Expr {
  return window === BASE ? counted : sumOverTime(counted, windowName(window));
}

function burnAlert(
  subject: Subject,
  { name, objective, days, origin, bad: what }: Objective,
  tier: Tier,
  { total, bad }: Recorded,
): AlertRule {
  const { factor, long, short, severity, minBadEvents } = tier;
  const burns = (window: number): Expr =>
    compare(ratio(over(window, bad), over(window, total)), '>', number(tier.limit));
  return alert(subject, 'AiSloErrorBudgetBurn', {
    expr: and(
      burns(long),
      burns(short),
      compare(multiply(sumOverTime(bad, windowName(long)), number(INTERVAL)), '>=', number(minBadEvents)),
    ),
    for: rangeOf(tier.for),
    severity: severity === 'page' ? subject.page : 'warning',
    labels: { ai_slo: name, burn_tier: tier.tier },
    summary: template`${subject.service} uses up the error budget of its ${name} objective too fast.`,
    description: [
      template`{{ $value | humanizePercentage }}`,
      what,
      template`in the last ${windowName(long)}; the objective of ${objective} % allows ${percentage(errorBudget(objective))} %.`,
      ...(origin === undefined ? [] : [origin]),
      template`Burn rate ${factor} or more: the error budget of ${days} days is gone within ${exhausted(days, factor)}.`,
    ],
  });
}

const percentage = remember((share: number) => Number((share * 100).toPrecision(12)));

/** How long the budget lasts at a burn rate. */
function exhausted(days: number, factor: number): string {
  const hours = (days * 24) / factor;
  return hours > 48 && hours % 24 === 0 ? `${hours / 24} days` : `${Number(hours.toPrecision(3))} hours`;
}

/**
 * What is left of the error budgets, for dashboards and reviews: 1 when nothing is used, below 0 when the objective is
 * missed. A group of its own, evaluated every 5 minutes: the sums are over weeks. They are of what Prometheus has kept.
 *
 * @example ai_slo:error_budget_remaining:ratio30d{ai_service="fraud-detector",ai_slo="availability"}
 */
export function errorBudgetGroup(
  subject: Subject,
  objectives: readonly Pick<Objective, 'name' | 'objective' | 'days'>[],
): RuleGroup {
  const rules = objectives.flatMap(({ name, objective, days }) => {
    const { labels, total, bad } = recordedOf(subject, name);
    const budget = errorBudget(objective);
    const period: Range = `${days}d`;
    const used = divide(ratio(sumOverTime(bad, period), sumOverTime(total, period)), number(budget));
    return [
      record('ai_slo:objective:ratio', vector(Number((1 - budget).toPrecision(12))), labels),
      record(`ai_slo:error_budget_remaining:ratio${period}`, subtract(number(1), used), labels),
    ];
  });
  return { name: groupName(subject, 'error-budget'), interval: '5m', rules };
}
