import { and, compare, increase, maximum, number, rangeOf, sum, unless, type Expr } from '../expr.ts';
import { KUBE } from '../metrics-kubernetes.ts';
import { alert, groupName, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { equal, matches, selector, type Pattern } from '../selector.ts';
import { counterOf, inTotal, requestsIn, type Ending, type RequestSource } from './availability.ts';

/** How a total outage is noticed. */
export interface OutageRule {
  readonly source: RequestSource;
  /** Seconds in which no request is answered. */
  readonly window: number;
  /** Fewest requests in that time that must have failed. */
  readonly minFailures: number;
  readonly severity: 'page' | 'ticket';
  /**
   * Deployments that answer the requests, of which one replica must be ready at all times, as kube-state-metrics names
   * them. Without them it is not looked at: what goes down to none without requests is not out of order.
   */
  readonly deployments: readonly Pattern[] | undefined;
}

/** Enough samples for a rate also where Prometheus scrapes every 30 seconds, and as little as that allows. */
export const SHORTEST_OUTAGE_WINDOW = 120;

const WINDOWS = [SHORTEST_OUTAGE_WINDOW, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];

/**
 * The window in which so many requests come that an outage shows: twice as many as must fail, since they do not come
 * evenly. `undefined` when that is longer than six hours.
 *
 * @param rate requests per second, where they are known.
 * @example outageWindow(5, 0.02) // 600
 */
export function outageWindow(minFailures: number, rate: number | undefined): number | undefined {
  return WINDOWS.find((window) => rate === undefined || rate * window >= 2 * minFailures);
}

/**
 * Total outage: requests come and none is answered, or no replica is there that could. Alerts on burn rates alone need 5
 * to 13 minutes for that.
 *
 * Silent without requests, and so when the service is scaled to zero; an answer 4xx is an answer.
 *
 * Runbook: events and logs of the pods that answer; when it began with a release, roll it back; then the route and what
 * the pods depend on.
 */
export function outage(
  subject: Subject,
  { source, window, minFailures, severity, deployments }: OutageRule,
): RuleGroup {
  const range = rangeOf(window);
  const during = (ending: Ending): Expr => inTotal(counterOf(source, ending), (series) => increase(series, range));
  const none = unless(
    compare(during('unanswered'), '>=', number(minFailures)),
    compare(during('answered'), '>', number(0)),
  );
  const failing = outageAlert(subject, 'failing', severity, {
    expr: none,
    for: '30s',
    description: template`{{ $value | humanize }} requests failed in the last ${range}, and none was answered.`,
  });
  return {
    name: groupName(subject, 'outage'),
    // Every minute would be half a minute too late.
    interval: '30s',
    rules: [failing, ...(deployments === undefined ? [] : [noReplica(subject, severity, source, deployments)])],
  };
}

/** The time in which a request must have come. */
const ARRIVALS = '10m';

function noReplica(
  subject: Subject,
  severity: OutageRule['severity'],
  source: RequestSource,
  deployments: readonly Pattern[],
): AlertRule {
  const replicas = (metric: string): Expr =>
    // Of two kube-state-metrics that are scraped, each counts every Deployment.
    sum(
      maximum(selector(metric, [equal('namespace', subject.namespace), matches('deployment', ...deployments)]), [
        'deployment',
      ]),
    );
  return outageAlert(subject, 'no_replica', severity, {
    expr: and(
      compare(requestsIn(source, ARRIVALS), '>', number(0)),
      compare(replicas(KUBE.replicasAvailable), '==', number(0)),
      compare(replicas(KUBE.replicasWanted), '>', number(0)),
    ),
    for: '1m',
    description: template`no replica is ready, and {{ $value | humanize }} requests came in the last ${ARRIVALS}.`,
  });
}

function outageAlert(
  subject: Subject,
  cause: string,
  severity: OutageRule['severity'],
  rule: { readonly expr: Expr; readonly for: string; readonly description: ReturnType<typeof template> },
): AlertRule {
  return alert(subject, 'AiServiceOutage', {
    expr: rule.expr,
    for: rule.for,
    severity: severity === 'page' ? subject.page : 'warning',
    labels: { cause },
    summary: template`${subject.service} answers no request.`,
    description: [rule.description],
  });
}
