import { clampMin, compare, multiply, number, or, rate, subtract, sum, unless, type Expr } from '../expr.ts';
import { alert, identityLabels, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, selector } from '../selector.ts';
import { requestsIn, type RequestSource } from './availability.ts';
import { burnRateGroup, recordedOf, type BurnPromise } from './burn-rate.ts';

/** Events of a service: by a counter that a part of it exposes, or as their rate per second over 5 minutes. */
export type CustomEvents =
  Expr | { readonly metric: string; readonly labels: Readonly<Record<string, string | readonly string[]>> };

/** An objective on events of the user's own. */
export interface CustomObjective extends BurnPromise {
  readonly name: string;
  readonly total: CustomEvents;
  /** One of the two is given. */
  readonly good: CustomEvents | undefined;
  readonly bad: CustomEvents | undefined;
  /** Where requests are counted, so that missing events are noticed only where there should be some. */
  readonly requests: RequestSource | undefined;
}

/** Requests in 15 minutes, from which on there should be a series of the events. */
const MIN_REQUESTS = 100;

/**
 * An objective on events of the user's own. Where only good events are counted, all others are bad ones.
 *
 * Runbook: compare the series of the events by release and part; then as for availability.
 */
export function customSlo(subject: Subject, { total, good, bad, requests, ...objective }: CustomObjective): RuleGroup {
  const none = (all: Expr): Expr => multiply(number(0), all);
  const counted = (events: CustomEvents): Expr => rateOf(subject, events);
  return burnRateGroup(
    subject,
    {
      ...objective,
      events: {
        total: counted(total),
        // Before the first event of a kind there is no series of that kind.
        bad: (all) =>
          bad === undefined
            ? clampMin(subtract(all, or(counted(good ?? total), none(all))), 0)
            : or(counted(bad), none(all)),
      },
      bad: template`of events were bad`,
    },
    requests === undefined ? [] : [eventsMissing(subject, objective.name, requests)],
  );
}

function rateOf(subject: Subject, events: CustomEvents): Expr {
  // A comment of the user's must end before the parenthesis does.
  if ('text' in events)
    return sum(events.text.includes('#') ? { ...events, text: `${events.text}\n`, broken: true } : events);
  const { metric, labels } = events;
  const own = Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value));
  const conditions = Object.entries(labels).map(([label, value]) => isOneOf(label, [value].flat()));
  return sum(rate(selector(metric, [...own, ...conditions]), '5m'));
}

/** Requests come in, but nothing counts the events: nobody exposes them, or they have another name. */
function eventsMissing(subject: Subject, name: string, requests: RequestSource): AlertRule {
  return alert(subject, 'AiSloEventsMissing', {
    expr: unless(compare(requestsIn(requests, '15m'), '>', number(MIN_REQUESTS)), sum(recordedOf(subject, name).total)),
    for: '1h',
    severity: 'warning',
    labels: { ai_slo: name },
    summary: template`The ${name} objective of ${subject.service} has no data.`,
    description: [
      template`{{ $value | humanize }} requests came in the last 15m, but there are no series of the events of the objective.`,
      template`See that the metric is exposed under this name, and that Prometheus scrapes it.`,
    ],
  });
}
