import { add, and, compare, divide, increase, number, rate, ratio, sum, type Expr } from '../expr.ts';
import type { InferenceCounters, QueueCounters } from '../metrics-servers.ts';
import { alert, identityLabels, template, type AlertRule, type Subject } from '../rule.ts';
import { equal, exactly, isOneOf, notMatches, selector, type Matcher } from '../selector.ts';

/** Series of some parts of a service, of every release. */
export function ofParts(subject: Subject, parts: readonly string[]): Matcher[] {
  return [
    ...Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value)),
    isOneOf('part', parts),
  ];
}

/** Inferences in the window, from which on a share of failures says something. */
const MIN_INFERENCES = 50;

/** Share of inferences that may fail. */
const MAX_FAILURES = 0.01;

/**
 * Inferences that fail inside of a server, by what the server counts: a request may have several, and the caller may get an
 * answer that looks well.
 *
 * Runbook: the log of the container; shapes and types of the model's inputs; memory of the GPU.
 */
export function inferenceFailures(
  subject: Subject,
  parts: readonly string[],
  { server, succeeded, failed, callers }: InferenceCounters,
): AlertRule {
  const of = ofParts(subject, parts);
  const serious = callers.length === 0 ? of : [...of, notMatches('reason', ...callers.map(exactly))];
  const all = (what: 'rate' | 'increase'): Expr => {
    const count = what === 'rate' ? rate : increase;
    return add(
      sum(count(selector(succeeded, of), '5m'), ['part', 'model']),
      sum(count(selector(failed, of), '5m'), ['part', 'model']),
    );
  };
  return alert(subject, 'AiInferenceFailures', {
    expr: and(
      compare(
        ratio(sum(rate(selector(failed, serious), '5m'), ['part', 'model']), all('rate')),
        '>',
        number(MAX_FAILURES),
      ),
      compare(all('increase'), '>=', number(MIN_INFERENCES)),
    ),
    for: '5m',
    severity: 'warning',
    labels: { server },
    summary: template`Inferences of ${subject.service} fail inside of the server.`,
    description: [
      template`{{ $value | humanizePercentage }} of the inferences of model {{ $labels.model }} ({{ $labels.part }}) failed in the last 5m.`,
    ],
  });
}

/**
 * Requests wait too long for their model inside of a server. A mean: these servers have no histogram of it.
 *
 * Runbook: more replicas, more instances of the model in one replica, or smaller batches.
 *
 * @param limit in milliseconds.
 */
export function queueTime(
  subject: Subject,
  parts: readonly string[],
  { server, microseconds, requests, model }: QueueCounters,
  limit: number,
): AlertRule {
  const of = ofParts(subject, parts);
  const perSecond = (counter: string): Expr => sum(rate(selector(counter, of), '5m'), ['part', model]);
  const milliseconds = divide(ratio(perSecond(microseconds), perSecond(requests)), number(1000));
  return alert(subject, 'AiQueueTimeHigh', {
    expr: compare(milliseconds, '>', number(limit)),
    for: '5m',
    severity: 'warning',
    labels: { server },
    summary: template`Requests to ${subject.service} wait inside of the server.`,
    description: [
      template`a request waits {{ $value | humanize }} ms on average for its model ({{ $labels.part }}); the limit is ${limit} ms.`,
    ],
  });
}
