import type { PrometheusRule } from '../../imports/monitoring.coreos.com/v1.js';
import type { KubeObject } from '../core/object.ts';
import { remember } from '../core/remember.ts';
import type { AlertRule, RuleGroup } from '../promql/rule.ts';
import { IN_PLACE } from '../release/serving.ts';
import { runsOnKnative } from './address.ts';
import { argocdApp } from './argocd.ts';
import { isLlm } from './is-llm.ts';
import { ALERT_GUIDES, OWN_ALERT_GUIDE, promisedTimes, type AlertGuide, type RunbookPlace } from './runbook-guides.ts';
import { podNames } from './pod-selector.ts';
import { countsRequests } from './prometheus-slo.ts';
import { requestQueries } from './runbook-requests.ts';
import type { Target } from './target.ts';

/** File of the runbook in the folder of a service, beside its manifests: Argo CD does not read it. */
export const RUNBOOK_FILE = 'runbook.md';

/**
 * A page for those who are woken up by an alert of a service: for each alert what it means, commands with the service's own
 * names that fit its cluster, and what usually helps; and how to roll back this very service. `undefined` when it has no alerts.
 *
 * @param objects what was rendered, patches included.
 */
export function renderRunbook(target: Target, objects: readonly KubeObject[]): string | undefined {
  const alerts = alertsOf(objects);
  if (alerts.size === 0) return undefined;
  // Present at all times, so that a step of a release changes no line of the page.
  if (!isInPlace(target)) for (const name of alertsOfReleases(target)) alerts.set(name, NO_SUMMARIES);
  const { service, environment, clusterName, namespace, spec } = target;
  const { team, escalation } = spec.owner;
  const place: RunbookPlace = {
    service,
    environment,
    namespace,
    pods: podNames(target),
    application: argocdApp(target).name,
    routes: routesOf(target),
    knative: target.serving.workloads.some((workload) => runsOnKnative(target, workload)),
    requests: requestQueries(target),
  };
  const lines = [
    `# Runbook: ${service} in ${environment} on ${clusterName}`,
    '',
    `Owner: team ${plain(team)}${escalation === undefined ? '' : `, ${plain(escalation)}`}. Namespace: ${namespace}. Application: ${place.application}.`,
    '',
    'Written by `ai-service synth`. Expressions and thresholds are in `manifests/`. `$PROMETHEUS` is the address of the Prometheus of the cluster; times are in milliseconds.',
    '',
    ...rollBack(target),
  ];
  for (const name of [...alerts.keys()].sort()) addSection(lines, name, alerts.get(name) ?? NO_SUMMARIES, place);
  lines.push('');
  return lines.join('\n');
}

/**
 * Alerts with the address of their page in `runbook_url`, where the platform says how it is found; one that an alert has
 * already stays.
 */
export function withRunbooks(target: Target, groups: readonly RuleGroup[]): RuleGroup[] {
  const pattern = target.cluster.prometheus?.runbookUrl;
  if (pattern === undefined) return [...groups];
  const { environment, clusterName, service, spec } = target;
  const page = `envs/${environment}/${clusterName}/${spec.owner.team}/${service}/${RUNBOOK_FILE}`;
  const linked = (rule: AlertRule): AlertRule => {
    // GitHub, GitLab and Gitea make anchors of headings in lower case.
    const url = pattern.replaceAll('{page}', `${page}#${rule.alert.toLowerCase()}`).replaceAll('{alert}', rule.alert);
    return { ...rule, annotations: { ...rule.annotations, runbook_url: url } };
  };
  return groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) =>
      'alert' in rule && rule.annotations.runbook_url === undefined ? linked(rule) : rule,
    ),
  }));
}

/** What the page says of an alert in the words of its author: several rules may share a name. */
type Summaries = readonly string[];

/** What built-in alerts mean is known. */
const NO_SUMMARIES: Summaries = [];

/** Alerts by name. */
function alertsOf(objects: readonly KubeObject[]): Map<string, Summaries> {
  const alerts = new Map<string, Summaries>();
  for (const object of objects) {
    if (object.kind !== 'PrometheusRule') continue;
    // A patch may have taken away what the schema asks for, which the checks say.
    const { spec } = object as unknown as { spec: PrometheusRule['spec'] | null };
    for (const group of listOf(spec?.groups)) {
      for (const rule of listOf(group?.rules)) {
        const name = rule?.alert;
        if (!name) continue;
        const own = guideOf(name) ? undefined : rule.annotations?.['summary'];
        if (own) alerts.set(name, [...(alerts.get(name) ?? []), own]);
        else if (!alerts.has(name)) alerts.set(name, NO_SUMMARIES);
      }
    }
  }
  return alerts;
}

function guideOf(name: string): AlertGuide | undefined {
  return Object.hasOwn(ALERT_GUIDES, name) ? ALERT_GUIDES[name] : undefined;
}

function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

/** Written line by line, for it is done for every alert of thousands of services. */
function addSection(lines: string[], name: string, summaries: Summaries, place: RunbookPlace): void {
  const { means, first, times, then } = guideOf(name) ?? OWN_ALERT_GUIDE;
  lines.push('', `## ${name}`, '');
  for (const summary of summaries) lines.push(`> ${plain(summary)}`, '');
  lines.push(means, '', '```sh');
  const commands = first.map((command) => command(place));
  // Where nobody counts requests, several of them may be to look at the logs.
  lines.push(...(place.requests ? commands : new Set(commands)));
  if (times) lines.push(...promisedTimes(place));
  lines.push('```', '', then);
}

/** Alerts that there are only while a release is on its way, or held. */
function alertsOfReleases(target: Target): string[] {
  const { drift, health, delivery } = target.spec.monitoring;
  const { stable, native } = target.serving;
  const compared = health.candidate && native !== 'kserve' && !isLlm(stable.workload) && countsRequests(target);
  return [
    ...(drift.some((rule) => 'candidate' in rule) ? ['AiCandidateDrift'] : []),
    ...(compared ? ['AiCandidateFailing', 'AiCandidateSlow', 'AiTrafficShareDiffers'] : []),
    ...(delivery.candidate === false ? [] : ['AiCandidateStuck']),
    ...(delivery.hold === false ? [] : ['AiHoldForgotten']),
  ];
}

/** The kinds that split the traffic of a service. */
function routesOf({ cluster: { gatewayApi, istio }, serving: { native } }: Target): string {
  const kinds = [
    ...(native === 'kserve' ? ['inferenceservices'] : []),
    ...(native === 'revisions' ? ['services.serving.knative.dev'] : []),
    ...(istio ? ['virtualservices'] : gatewayApi ? ['httproutes'] : []),
  ];
  return kinds.length > 0 ? kinds.join(',') : 'services';
}

function isInPlace({ serving }: Target): boolean {
  return serving.stable.workload.release === IN_PLACE;
}

function rollBack(target: Target): string[] {
  const { service, environment } = target;
  const inPlace = isInPlace(target);
  const [text, command] = inPlace
    ? [
        'This environment follows the sources: take back the change there, and let it go the way that it came.',
        `git log --oneline -10 -- apps/${service}`,
      ]
    : [
        'In a checkout of the GitOps repository. It needs neither the sources nor a registry; a release that is kept warm gets its traffic back as soon as Argo CD has synced.',
        `npx ai-service rollback ${service} --env ${environment} --reason "…" --commit`,
      ];
  return ['## Roll back', '', text, '', '```sh', command, ...(inPlace ? [] : ['git push']), '```'];
}

/** Text of users as text, on one line. */
const plain = remember((text: string) =>
  text
    .replace(/[\\`*_[\]<>#|~]/g, '\\$&')
    .replace(/\s+/g, ' ')
    .trim(),
);
