import { compareText } from '../core/finding.ts';
import type { QueueProxyTraffic } from '../promql/catalogue/availability.ts';
import { queueProxyMetrics } from '../promql/metrics-knative.ts';
import { identityLabels, type Subject } from '../promql/rule.ts';
import { equal, isOneOf } from '../promql/selector.ts';
import { entriesOf, type RunningWorkload } from '../release/serving.ts';
import { runsOnKnative } from './address.ts';
import { entryPart } from './entry.ts';
import { hasSource } from './scrape.ts';
import type { Target } from './target.ts';

/** Whether all releases answer on Knative, where a queue-proxy stands in front of every container. */
export function answersOnKnative(target: Target): boolean {
  return (
    target.cluster.knative !== undefined && answering(target).every(({ workload }) => runsOnKnative(target, workload))
  );
}

/** Whether queue-proxies count the requests to a service. What they count is in histograms, which must stay classic ones. */
export function queueProxiesCount(target: Target): boolean {
  return (
    answersOnKnative(target) &&
    hasSource(target, 'queueProxy') &&
    target.cluster.prometheus?.nativeHistograms !== 'converted'
  );
}

/**
 * The requests to a service, as the queue-proxies of the pods count them that answer, of every release that runs. Requests that
 * never reach a pod are not among them: those for which there is no replica, or no route.
 */
export function queueProxyTraffic(target: Target, subject: Subject): QueueProxyTraffic | undefined {
  const { knative } = target.cluster;
  if (!knative || !queueProxiesCount(target)) return undefined;
  const releases = new Map<string, string[]>();
  for (const { part, workload } of answering(target))
    releases.set(part, [...(releases.get(part) ?? []), workload.release]);
  const own = Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value));
  const parts = [...releases].sort(([a], [b]) => compareText(a, b));
  // A predictor behind a transformer would count its requests again, so where releases differ it must be said whose part it is.
  const pods = parts.map(([part, of]) => [
    ...own,
    equal('part', part),
    ...(parts.length > 1 ? [isOneOf('release', of)] : []),
  ]);
  return { generations: queueProxyMetrics(knative.version), pods };
}

/** The workload of each release that answers the service's address, and which part of it does. */
function answering({ serving }: Target): { part: string; workload: RunningWorkload }[] {
  return entriesOf(serving).map(({ workload }) => ({
    part: entryPart(workload),
    workload,
  }));
}
