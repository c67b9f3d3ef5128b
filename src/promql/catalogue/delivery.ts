import {
  and,
  compare,
  count,
  increase,
  maximum,
  number,
  offset,
  or,
  sum,
  unless,
  vector,
  where,
  type Expr,
} from '../expr.ts';
import { ARGOCD } from '../metrics-argocd.ts';
import { alert, groupName, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, selector, type Matcher, type Selector } from '../selector.ts';
import { patience } from './pods.ts';

/** The Application that delivers a service. */
export interface Delivered {
  readonly application: string;
  readonly project: string;
  /** Seconds until a replica must serve: a sync waits for it. */
  readonly startup: number;
}

/**
 * Delivery by Argo CD, from the metrics of its application controller: what is in Git is not on the cluster, is unhealthy
 * there, could not be applied, has no Application at all, or is applied by nobody because somebody switched that off.
 *
 * Runbook: `argocd app get`, `argocd app diff`.
 */
export function delivery(subject: Subject, { application, project, startup }: Delivered): RuleGroup {
  const own = [equal('name', application), equal('project', project)];
  // Shards and replicas of the controller say the same more than once.
  const info = (...matchers: readonly Matcher[]): Expr => maximum(selector(ARGOCD.info, [...own, ...matchers]));
  const failed = selector(ARGOCD.syncs, [...own, isOneOf('phase', ['Error', 'Failed'])]);
  const notSynced: Matcher = { label: 'sync_status', operator: '!=', value: 'Synced' };
  const is = (expr: Expr): Expr => compare(expr, '>', number(0));
  const waits = patience(startup);
  return {
    name: groupName(subject, 'delivery'),
    rules: [
      alert(subject, 'AiAppOutOfSync', {
        expr: is(info(notSynced)),
        for: waits,
        severity: 'warning',
        labels: {},
        summary: template`What is in Git for ${subject.service} is not on the cluster.`,
        description: [template`Application ${application} has not been in sync for ${waits}.`],
      }),
      alert(subject, 'AiAppDegraded', {
        expr: is(info(isOneOf('health_status', ['Degraded', 'Missing']))),
        for: '10m',
        severity: 'warning',
        labels: {},
        summary: template`Argo CD finds ${subject.service} unhealthy.`,
        description: [template`Application ${application} has been degraded, or lacks objects, for 10m.`],
      }),
      alert(subject, 'AiAppSyncFailed', {
        expr: failures(failed, maximum(offset(selector(ARGOCD.info, own), '15m'))),
        for: '1m',
        severity: 'warning',
        labels: {},
        summary: template`Argo CD could not apply ${subject.service}.`,
        description: [
          template`{{ $value | humanize }} syncs of Application ${application} failed within the last 15m.`,
        ],
      }),
      alert(subject, 'AiAppMissing', {
        expr: where(
          unless(vector(1), info(), { on: [] }),
          // Without any Application nothing is wrong with this one: Argo CD's metrics are missing.
          is(count(selector(ARGOCD.info, []))),
          { on: [] },
        ),
        for: '15m',
        severity: 'warning',
        labels: {},
        summary: template`Nothing delivers ${subject.service}.`,
        description: [template`Argo CD has no Application ${application}. See the ApplicationSet that should make it.`],
      }),
      alert(subject, 'AiAppAutoSyncOff', {
        expr: is(info(equal('autosync_enabled', 'false'))),
        for: '12h',
        severity: 'warning',
        labels: {},
        summary: template`Changes of ${subject.service} in Git are not applied.`,
        description: [template`auto-sync of Application ${application} has been off for 12h.`],
      }),
    ],
  };
}

/**
 * Failed syncs of the last 15 minutes. A counter appears with its first failure, which no increase sees; it counts when the
 * controller was scraped before, and the counter was not there.
 */
function failures(failed: Selector, before: Expr): Expr {
  const first = unless(sum(failed), sum(offset(failed, '15m')));
  return or(compare(sum(increase(failed, '15m')), '>', number(0)), and(compare(first, '>', number(0)), before));
}
