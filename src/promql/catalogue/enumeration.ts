import {
  and,
  compare,
  count,
  divide,
  increase,
  multiply,
  number,
  or,
  rate,
  sum,
  sumOverTime,
  where,
  type Expr,
  type Range,
} from '../expr.ts';
import { ISTIO_REQUESTS } from '../metrics.ts';
import {
  alert,
  groupName,
  identityLabels,
  record,
  template,
  type AlertRule,
  type RecordingRule,
  type RuleGroup,
  type Subject,
  type Template,
} from '../rule.ts';
import { equal, selector, type Matcher } from '../selector.ts';

/** How somebody is noticed who walks through the inputs of a model. */
export interface Enumeration {
  /** Conditions on Istio's metrics for the requests to the service; nothing where Istio counts none. */
  readonly requests: readonly Matcher[] | undefined;
  /** Fewest requests of a caller in a day that are worth a word. */
  readonly least: number;
  /** How many times its own mean day of the week before a caller may ask. */
  readonly factor: number;
  /** Counters of the service's own, where it has some. */
  readonly distinct: DistinctInputs | undefined;
}

/** What a part of the service counts of its inputs. */
export interface DistinctInputs {
  /** Counter of inputs that were not seen before. */
  readonly metric: string;
  /** Counter of all inputs. */
  readonly total: string;
  /** Label of both that names the caller. */
  readonly caller: string;
  /** Share of the inputs of a caller that may be new. */
  readonly share: number;
  /** Fewest inputs of a caller in an hour that are worth a word. */
  readonly least: number;
}

/** Seconds between two evaluations; what is over days need not be computed every minute. */
const INTERVAL = 300;

/** Days of a caller's past, before the last one; and for how long Prometheus must keep its samples. */
const PAST = 7;
export const DAYS_OF_PAST = PAST + 1;

/**
 * A caller that walks through the inputs of a model, to copy it by its answers. It need not take much of the traffic: what gives it
 * away is that for a day it asks many times more than it used to in the week before, or that nearly all of its inputs are new.
 * Callers are told apart by their identity in the mesh. Until there is a week of past, nobody is compared with it; then a caller
 * without one of its own is compared with nothing.
 *
 * Runbook: who is it, and what does it ask? An AuthorizationPolicy or a rate limit stops it.
 */
export function enumeration(subject: Subject, { requests, least, factor, distinct }: Enumeration): RuleGroup {
  return {
    name: groupName(subject, 'enumeration'),
    interval: '5m',
    rules: [
      ...(requests === undefined ? [] : ofRequests(subject, requests, least, factor)),
      ...(distinct === undefined ? [] : [ofInputs(subject, distinct)]),
    ],
  };
}

function ofRequests(
  subject: Subject,
  requests: readonly Matcher[],
  least: number,
  factor: number,
): (RecordingRule | AlertRule)[] {
  const recorded = 'ai_caller:requests:rate5m';
  const own = selector(
    recorded,
    Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value)),
  );
  // Sums and no means: when a caller asks nothing, it has no sample.
  const during = (range: Range, ago?: Range): Expr => multiply(sumOverTime(own, range, ago), number(INTERVAL));
  const now = during('1d');
  const before = or(divide(during(`${PAST}d`, '1d'), number(PAST)), multiply(number(0), now));
  return [
    record(
      recorded,
      sum(rate(selector(ISTIO_REQUESTS, requests), '5m'), ['source_principal']),
      identityLabels(subject),
    ),
    walks(subject, 'requests', {
      expr: where(
        and(compare(now, '>', number(least)), compare(now, '>', multiply(number(factor), before))),
        // Who is recorded for the first time may have asked as much for years.
        compare(count(sumOverTime(own, '1d', `${PAST}d`)), '>', number(0)),
        { on: [] },
      ),
      description: [
        template`{{ $labels.source_principal }} made {{ $value | humanize }} requests within a day:`,
        template`more than ${factor} times its mean day of the week before.`,
      ],
    }),
  ];
}

function ofInputs(subject: Subject, { metric, total, caller, share, least }: DistinctInputs): AlertRule {
  const own = Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value));
  const inputs = (name: string): Expr => sum(increase(selector(name, own), '1h'), [caller]);
  const all = inputs(total);
  return walks(subject, 'inputs', {
    expr: and(
      compare(divide(inputs(metric), compare(all, '>', number(0))), '>', number(share)),
      compare(all, '>=', number(least)),
    ),
    description: [
      template`{{ $value | humanizePercentage }} of the inputs that {{ $labels.${caller} }} sent within an hour were never seen before;`,
      template`${percentage(share)} % are usual at most.`,
    ],
  });
}

function walks(
  subject: Subject,
  by: 'inputs' | 'requests',
  rule: { readonly expr: Expr; readonly description: readonly Template[] },
): AlertRule {
  return alert(subject, 'AiCallerEnumerates', {
    ...rule,
    for: '15m',
    severity: 'warning',
    labels: { by },
    summary: template`A caller walks through the inputs of ${subject.service}.`,
  });
}

function percentage(share: number): number {
  return Number((share * 100).toPrecision(12));
}
