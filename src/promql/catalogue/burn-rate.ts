import { and, compare, multiply, number, ratio, sumOverTime, type Expr, type Range } from '../expr.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject, type Template } from '../rule.ts';
import { equal, selectorsWith } from '../selector.ts';

/**
 * The machinery that all service level objectives share: multiwindow, multi-burn-rate alerts (SRE workbook, chapter 5)
 * on an error budget of 30 days. An alert fires when the budget burns at least `factor` times too fast over a long
 * window, and still does over a short one, so that it ends soon after the fault.
 *
 * Longer windows are made of the recorded rates of 5 minutes, weighted by events: cheap, without NaN, and exact under
 * uneven load, which an average of ratios is not.
 */

/** What is good and bad, as rates over 5 minutes without labels. `bad` must have a sample wherever `total` has one. */
export interface Events {
  readonly total: Expr;
  readonly bad: Expr;
}

/** A service level objective. */
export interface Objective {
  /** What it is called in the label `ai_slo`: `availability`, `latency-250ms`. */
  readonly name: string;
  /** Share of events that must be good, in per cent, between 0 and 100. */
  readonly objective: number;
  /** Where the objective comes from, when the service does not set it. */
  readonly origin?: Template;
  readonly events: Events;
  /** What a bad event is, as the verb of "of requests": `failed`. */
  readonly bad: Template;
}

interface Tier {
  readonly tier: 'fast' | 'medium' | 'slow' | 'longterm';
  readonly factor: number;
  readonly long: Range;
  readonly short: Range;
  readonly for: string;
  readonly page: boolean;
  /** How long the budget lasts at this rate. */
  readonly exhausted: string;
}

const TIERS: readonly Tier[] = [
  { tier: 'fast', factor: 14.4, long: '1h', short: '5m', for: '2m', page: true, exhausted: '50 hours' },
  { tier: 'medium', factor: 6, long: '6h', short: '30m', for: '5m', page: true, exhausted: '5 days' },
  { tier: 'slow', factor: 3, long: '1d', short: '2h', for: '15m', page: false, exhausted: '10 days' },
  { tier: 'longterm', factor: 1, long: '3d', short: '6h', for: '1h', page: false, exhausted: '30 days' },
];

/** Windows in the order in which they are recorded. */
const WINDOWS: readonly Range[] = ['30m', '1h', '2h', '6h', '1d', '3d'];

/**
 * One failed request among few is a huge burn rate and no emergency. Nothing fires before this many events were bad in
 * the long window.
 */
const MIN_BAD_EVENTS = 5;

/**
 * How often the rules are evaluated. It is set, since the number of bad events is a sum of recorded rates times this; an
 * average times the window would take the first failure of a new service for thousands.
 */
const INTERVAL_SECONDS = 60;

/**
 * Share of events that an objective allows to be bad, exact in decimal.
 *
 * @param objective in per cent.
 * @example errorBudget(99.9) // 0.001, and not 0.0009999999999999432
 */
export function errorBudget(objective: number): number {
  const decimals = String(objective).split('.')[1]?.length ?? 0;
  const unit = 10 ** decimals;
  return (100 * unit - Math.round(objective * unit)) / (100 * unit);
}

/** Alert tiers that can fire: a budget so large that the tier would need more bad events than there are has none. */
function reachableTiers(budget: number): Tier[] {
  return TIERS.filter(({ factor }) => threshold(factor, budget) < 1);
}

/**
 * Tiers that can never fire for an objective, and are not emitted.
 *
 * @example unreachableTiers(90) // ['fast']: 14.4 times 10 % is more than all requests
 */
export function unreachableTiers(objective: number): string[] {
  const budget = errorBudget(objective);
  return TIERS.filter(({ factor }) => threshold(factor, budget) >= 1).map(({ tier }) => tier);
}

function percentage(share: number): number {
  return Number((share * 100).toPrecision(12));
}

function threshold(factor: number, budget: number): number {
  return Number((factor * budget).toPrecision(12));
}

/**
 * Recordings and alerts of one objective. They are one group, because rules of one group see each other's fresh
 * samples in order; across groups there is a lag of up to an interval, and no order.
 */
export function burnRateGroup(subject: Subject, { name, objective, origin, events, bad }: Objective): RuleGroup {
  const labels = { ...identityLabels(subject), ai_slo: name };
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const recorded = selectorsWith(identity);
  const total = recorded('ai_slo:events_total:rate5m');
  const failures = recorded('ai_slo:events_bad:rate5m');
  const budget = errorBudget(objective);
  const tiers = reachableTiers(budget);
  const used = new Set(tiers.flatMap(({ long, short }) => [long, short]));

  return {
    name: groupName(subject, name),
    interval: `${INTERVAL_SECONDS / 60}m`,
    rules: [
      record('ai_slo:events_total:rate5m', events.total, labels),
      record('ai_slo:events_bad:rate5m', events.bad, labels),
      ...(used.has('5m') ? [record('ai_slo:error:ratio_rate5m', ratio(failures, total), labels)] : []),
      ...WINDOWS.filter((window) => used.has(window)).map((window) =>
        record(`ai_slo:error:ratio_rate${window}`, ratio(sumOverTime(failures, window), sumOverTime(total, window)), labels),
      ),
      ...tiers.map(({ long }) =>
        record(`ai_slo:events_bad:increase${long}`, multiply(sumOverTime(failures, long), number(INTERVAL_SECONDS)), labels),
      ),
      ...tiers.map(({ tier, factor, long, short, for: pending, page, exhausted }) => {
        const limit = number(threshold(factor, budget));
        return alert(subject, 'AiSloErrorBudgetBurn', {
          expr: and(
            compare(recorded(`ai_slo:error:ratio_rate${long}`), '>', limit),
            compare(recorded(`ai_slo:error:ratio_rate${short}`), '>', limit),
            compare(recorded(`ai_slo:events_bad:increase${long}`), '>=', number(MIN_BAD_EVENTS)),
          ),
          for: pending,
          severity: page ? subject.page : 'warning',
          labels: { ai_slo: name, burn_tier: tier },
          summary: template`${subject.service} uses up the error budget of its ${name} objective too fast.`,
          description: [
            template`{{ $value | humanizePercentage }} of requests`,
            bad,
            template`in the last ${long}; the objective of ${objective} % allows ${percentage(budget)} %.`,
            ...(origin === undefined ? [] : [origin]),
            template`Burn rate ${factor} or more: the error budget of 30 days is gone within ${exhausted}.`,
          ],
        });
      }),
    ],
  };
}
