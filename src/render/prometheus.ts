import type { MetricRelabeling, PodMonitor, PrometheusRule } from '../../imports/monitoring.coreos.com/v1.js';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { atLeast } from '../core/version.ts';
import { releasesGroupName } from '../promql/catalogue/canary.ts';
import type { RuleGroup } from '../promql/rule.ts';
import { exportedMetrics } from '../service/exports.ts';
import type { Reference } from '../service/reference.ts';
import { countedRequests } from './counted-requests.ts';
import { customRules } from './custom-rules.ts';
import { driftGroups } from './prometheus-drift.ts';
import { healthGroups, releaseGroup } from './prometheus-health.ts';
import { sloGroups } from './prometheus-slo.ts';
import { withRunbooks } from './runbook.ts';
import { queueProxyScrapes, scrapesOf, type Scrape } from './scrape.ts';
import { podNames, serviceSelector } from './pod-selector.ts';
import { subjectOf } from './subject.ts';
import { serviceLabels, type Target } from './target.ts';

/**
 * What watches a service: a PodMonitor that stamps `ai_service`, `release` and `part` on all series of its pods, and a
 * PrometheusRule with its alerts, both named after the service. A second PrometheusRule, `<service>.releases`, has what is
 * said about the releases that run, so that a step of a release leaves the first one alone. Nothing on a cluster without
 * Prometheus; without the metrics of Istio, objectives are measured by the queue-proxies of Knative, or not at all.
 *
 * A service that names no objective gets one of its own: availability, 99 %.
 *
 * @param references reference distributions by the path that a drift rule gives; a rule without one is left out.
 */
export function renderPrometheus(target: Target, references: ReadonlyMap<string, Reference | undefined>): KubeObject[] {
  if (!target.cluster.prometheus) return [];
  const metadata = {
    name: target.service,
    namespace: target.namespace,
    labels: Object.assign(serviceLabels(target), target.cluster.prometheus.ruleLabels),
  };
  const endpoints = [...endpointsOf(target, scrapesOf(target)), ...endpointsOf(target, queueProxyScrapes(target))];
  const moving = releasesGroupName(subjectOf(target));
  const groups = ruleGroups(target, references);
  const [lasting, moves] = [groups.filter(({ name }) => name !== moving), groups.filter(({ name }) => name === moving)];
  return [
    ...(endpoints.length > 0 ? [podMonitor(target, metadata, endpoints)] : []),
    ...(lasting.length > 0 ? [prometheusRule(metadata, lasting)] : []),
    // What changes with every step of a release; no service has a name with a dot.
    prometheusRule({ ...metadata, name: `${target.service}.releases` }, moves),
  ];
}

type Endpoint = NonNullable<PodMonitor['spec']['podMetricsEndpoints']>[number];

function podMonitor(target: Target, metadata: PodMonitor['metadata'], podMetricsEndpoints: Endpoint[]): PodMonitor {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata,
    spec: {
      selector: serviceSelector(target),
      podMetricsEndpoints,
      ...histogramFields(target),
    },
  };
}

/** Which histograms are kept of pods; `scrapeNativeHistograms` came with prometheus-operator 0.88. */
function histogramFields({
  cluster: { prometheus },
  spec,
}: Target): Pick<PodMonitor['spec'], 'scrapeClassicHistograms' | 'scrapeNativeHistograms'> {
  const kept = prometheus?.nativeHistograms;
  if (!prometheus || kept === undefined) return {};
  return {
    // Of a histogram in both forms Prometheus keeps the native one alone, and rules read buckets until `native` is declared.
    ...(kept === 'scraped' && { scrapeClassicHistograms: true }),
    // Before 3.8 a feature flag of the server decides.
    ...(exportedMetrics(spec).some(({ native }) => native) &&
      atLeast(prometheus.version, '3.8') && { scrapeNativeHistograms: true }),
  };
}

function prometheusRule(metadata: PrometheusRule['metadata'], groups: readonly RuleGroup[]): KubeObject {
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: { groups } };
}

const PART = '__meta_kubernetes_pod_label_app_kubernetes_io_component';
const RELEASE = '__meta_kubernetes_pod_label_app_kubernetes_io_version';
const SERVICE = '__meta_kubernetes_pod_label_app_kubernetes_io_name';

/** One endpoint for each distinct place of metrics, kept to the pods that have them there. */
function endpointsOf(target: Target, scrapes: readonly Scrape[]): Endpoint[] {
  const places = new Map<string, Scrape[]>();
  const placesOfPart = new Map<string, Set<string>>();
  for (const scrape of scrapes) {
    const place = `${String(scrape.port).padStart(5, '0')} ${scrape.path} ${scrape.declaredPort}`;
    places.set(place, [...(places.get(place) ?? []), scrape]);
    placesOfPart.set(scrape.part, (placesOfPart.get(scrape.part) ?? new Set()).add(place));
  }
  // Releases of a part nearly always agree; when a new one changes the runtime, the pods of both must be told apart.
  const perRelease = [...placesOfPart.values()].some((distinct) => distinct.size > 1);
  return [...places.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, pods]) => endpoint(target, pods, perRelease));
}

function endpoint(target: Target, pods: readonly Scrape[], perRelease: boolean): Endpoint {
  const { declaredPort, port, path } = pods[0]!;
  const kept = new Set(pods.map(({ part, release }) => (perRelease ? `${part};${release}` : part)));
  return {
    // The operator keeps only targets whose container declares the port (prometheus-operator v0.85.0 promcfg.go).
    portNumber: declaredPort,
    path,
    relabelings: [
      { action: 'keep', sourceLabels: perRelease ? [PART, RELEASE] : [PART], regex: [...kept].sort().join('|') },
      ...(port === declaredPort
        ? []
        : [stamp('__address__', '__address__', { regex: '(.+):\\d+', replacement: `$1:${port}` })]),
      podNames(target).every((name) => name === target.service)
        ? stamp(SERVICE, 'ai_service')
        : { action: 'replace', targetLabel: 'ai_service', replacement: target.service },
      stamp(RELEASE, 'release'),
      stamp(PART, 'part'),
    ],
  };
}

/** Copies a label. The action is the CRD's default; without it Argo CD would see a difference. */
function stamp(source: string, targetLabel: string, more: MetricRelabeling = {}): MetricRelabeling {
  return { action: 'replace', sourceLabels: [source], targetLabel, ...more };
}

function ruleGroups(target: Target, references: ReadonlyMap<string, Reference | undefined>): RuleGroup[] {
  const builtIn = builtInGroups(target, references);
  return withRunbooks(target, [...builtIn, ...customRules(target, subjectOf(target), builtIn)]);
}

/** The groups that are not the service's own: what its alerts may read beside metrics. */
export function builtInGroups(target: Target, references: ReadonlyMap<string, Reference | undefined>): RuleGroup[] {
  const subject = subjectOf(target);
  const { traffic, source: requests } = countedRequests(target);
  return [
    ...sloGroups(target, subject, requests),
    ...driftGroups(target, subject, references, requests),
    ...healthGroups(target, subject, traffic),
    releaseGroup(target, subject),
  ];
}
