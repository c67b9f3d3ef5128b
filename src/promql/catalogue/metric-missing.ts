import { compare, number, unless, type Expr, type Range } from '../expr.ts';
import { alert, template, type AlertRule, type Subject, type Template } from '../rule.ts';
import { requestsIn, type RequestSource } from './availability.ts';

/** Requests in 15 minutes, from which on a promised metric must have a value. */
const MIN_REQUESTS = 100;

/** A metric that a part of the service promises to expose. */
export interface PromisedMetric {
  readonly alert: string;
  readonly name: string;
  /** What must grow while there are requests: its increase over a window, as one series. */
  readonly counted: (window: Range) => Expr;
  /** What has no data then. */
  readonly summary: Template;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Requests come in, but a promised metric counts nothing: it is not exported, not scraped, or has another name. Without
 * this alert a rule on it would look healthy for ever. Silent without requests, and so at scale to zero.
 *
 * Runbook: ask the pod for its metrics; see that the PodMonitor selects it, and that the image is one that exposes them.
 */
export function metricMissing(subject: Subject, promised: PromisedMetric, requests: RequestSource): AlertRule {
  return alert(subject, promised.alert, {
    expr: unless(
      compare(requestsIn(requests, '15m'), '>', number(MIN_REQUESTS)),
      compare(promised.counted('15m'), '>', number(0)),
    ),
    for: '15m',
    severity: 'warning',
    labels: promised.labels,
    summary: promised.summary,
    description: [
      template`{{ $value | humanize }} requests came in the last 15m, but ${promised.name} counted no observation.`,
      template`See that the server exposes it and that Prometheus scrapes it.`,
    ],
  });
}
