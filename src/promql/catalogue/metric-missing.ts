import { compare, increase, number, sum, unless, type Expr } from '../expr.ts';
import { istioMatchers, ISTIO_REQUESTS, type IstioTraffic } from '../metrics.ts';
import { alert, template, type AlertRule, type Subject, type Template } from '../rule.ts';
import { selector, type Selector } from '../selector.ts';

/** Requests in 15 minutes, from which on a promised metric must have a value. */
const MIN_REQUESTS = 100;

/** A metric that a part of the service promises to expose. */
export interface PromisedMetric {
  readonly alert: string;
  /** The counter that must grow while there are requests. */
  readonly counter: Selector;
  readonly name: string;
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
export function metricMissing(subject: Subject, promised: PromisedMetric, traffic: IstioTraffic): AlertRule {
  const requests = sum(increase(selector(ISTIO_REQUESTS, istioMatchers(traffic)), '15m'));
  const observed: Expr = sum(increase(promised.counter, '15m'));
  return alert(subject, promised.alert, {
    expr: unless(compare(requests, '>', number(MIN_REQUESTS)), compare(observed, '>', number(0))),
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
