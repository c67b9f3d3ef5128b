import type { MetricRelabeling, PodMonitor, PrometheusRule } from '../../imports/monitoring.coreos.com/v1.js';
import { parseDuration } from '../core/duration.ts';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { availability } from '../promql/catalogue/availability.ts';
import { driftPsi } from '../promql/catalogue/drift-psi.ts';
import { latency } from '../promql/catalogue/latency.ts';
import type { IstioTraffic } from '../promql/metrics.ts';
import type { RuleGroup, Subject } from '../promql/rule.ts';
import { exactly, pattern } from '../promql/selector.ts';
import { exportedMetrics } from '../service/exports.ts';
import type { Monitoring } from '../service/monitoring-rules.ts';
import type { Reference } from '../service/reference.ts';
import { isLlm } from './is-llm.ts';
import { seenTraffic } from './istio-traffic.ts';
import { scrapesOf, type Scrape } from './scrape.ts';
import { serviceLabels, type Target } from './target.ts';

/**
 * What watches a service: a PodMonitor that stamps `ai_service`, `release` and `part` on all series of its pods, and a
 * PrometheusRule with its objectives and drift rules, both named after the service. Nothing on a cluster without
 * Prometheus; no objectives on one without Istio, whose metrics they are made of.
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
    labels: { ...serviceLabels(target), ...target.cluster.prometheus.ruleLabels },
  };
  const endpoints = endpointsOf(scrapesOf(target));
  const groups = ruleGroups(target, references);
  return [
    ...(endpoints.length > 0 ? [podMonitor(target, metadata, endpoints)] : []),
    ...(groups.length > 0 ? [prometheusRule(metadata, groups)] : []),
  ];
}

type Endpoint = NonNullable<PodMonitor['spec']['podMetricsEndpoints']>[number];

function podMonitor(target: Target, metadata: PodMonitor['metadata'], podMetricsEndpoints: Endpoint[]): PodMonitor {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata,
    spec: { selector: { matchLabels: { 'app.kubernetes.io/name': target.service } }, podMetricsEndpoints },
  };
}

function prometheusRule(metadata: PrometheusRule['metadata'], groups: readonly RuleGroup[]): KubeObject {
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: { groups } };
}

const PART = '__meta_kubernetes_pod_label_app_kubernetes_io_component';
const RELEASE = '__meta_kubernetes_pod_label_app_kubernetes_io_version';
const SERVICE = '__meta_kubernetes_pod_label_app_kubernetes_io_name';

/** One endpoint for each distinct place of metrics, kept to the pods that have them there. */
function endpointsOf(scrapes: readonly Scrape[]): Endpoint[] {
  const places = new Map<string, Scrape[]>();
  const placesOfPart = new Map<string, Set<string>>();
  for (const scrape of scrapes) {
    const place = `${String(scrape.port).padStart(5, '0')} ${scrape.path} ${scrape.declaredPort}`;
    places.set(place, [...(places.get(place) ?? []), scrape]);
    placesOfPart.set(scrape.part, (placesOfPart.get(scrape.part) ?? new Set()).add(place));
  }
  // Releases of a part nearly always agree; when a new one changes the runtime, the pods of both must be told apart.
  const perRelease = [...placesOfPart.values()].some((distinct) => distinct.size > 1);
  return [...places.entries()].sort(([a], [b]) => compareText(a, b)).map(([, pods]) => endpoint(pods, perRelease));
}

function endpoint(pods: readonly Scrape[], perRelease: boolean): Endpoint {
  const { declaredPort, port, path } = pods[0]!;
  const kept = new Set(pods.map(({ part, release }) => (perRelease ? `${part};${release}` : part)));
  return {
    // The operator keeps only targets whose container declares the port (prometheus-operator v0.85.0 promcfg.go).
    portNumber: declaredPort,
    path,
    relabelings: [
      { action: 'keep', sourceLabels: perRelease ? [PART, RELEASE] : [PART], regex: [...kept].sort().join('|') },
      ...(port === declaredPort ? [] : [stamp('__address__', '__address__', { regex: '(.+):\\d+', replacement: `$1:${port}` })]),
      stamp(SERVICE, 'ai_service'),
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
  const { slos, drift } = target.spec.monitoring;
  const subject = subjectOf(target);
  const traffic = istioTraffic(target);
  return [
    ...(traffic && slos.length === 0 ? [availability(subject, { objective: undefined, traffic })] : []),
    ...(traffic ? slos.map((slo) => sloGroup(subject, slo, traffic)) : []),
    ...drift.flatMap((rule) => driftGroup(target, subject, rule, references, traffic)),
  ];
}

function subjectOf({ service, namespace, environment, env, spec }: Target): Subject {
  const { team, escalation } = spec.owner;
  // Nobody is woken up for a service that is not in production.
  return { service, namespace, team, environment, escalation, page: env.stage === 'prod' ? 'critical' : 'warning' };
}

function sloGroup(subject: Subject, slo: Monitoring['slos'][number], traffic: IstioTraffic): RuleGroup {
  if ('availability' in slo) return availability(subject, { objective: slo.availability.objective, traffic });
  const { below, objective } = slo.latency;
  // The schema accepts durations only.
  return latency(subject, { objective, below: parseDuration(below) ?? 0, traffic });
}

function driftGroup(
  target: Target,
  subject: Subject,
  { psi }: Monitoring['drift'][number],
  references: ReadonlyMap<string, Reference | undefined>,
  traffic: IstioTraffic | undefined,
): RuleGroup[] {
  const reference = references.get(psi.reference);
  const parts = exportedMetrics(target.spec).filter(({ metrics }) => metrics.includes(psi.metric)).map(({ part }) => part);
  // The checks say what is missing.
  if (!reference || parts.length === 0) return [];
  return [driftPsi(subject, { metric: psi.metric, parts, reference, threshold: psi.threshold, traffic })];
}

/**
 * The requests to a service, as Istio counts them: those to the workloads that answer its address, of every release
 * that runs, so that objectives hold across a release change.
 *
 * - Standard: the Service that KServe (`<isvc>-predictor`) or our function has.
 * - Knative: the revision's Service (`<service>-00001`); the gateway sees each request once on its way there. The hop to
 *   the local gateway has that gateway's name, and the activator's to `<revision>-private` would count it again.
 *
 * Requests by callers without a sidecar are seen when they come through a gateway or waypoint.
 */
function istioTraffic(target: Target): IstioTraffic | undefined {
  // Behind KServe's gateway nothing says which service a request was for.
  if (!target.cluster.istio || isLlm(target.serving.stable.workload)) return undefined;
  const { stable, candidate, kept } = target.serving;
  const workloads = new Map([stable, ...(candidate ? [candidate] : []), ...kept].map(({ workload }) => [workload.name, workload]));
  // By name: a release that becomes stable changes no line.
  const seen = [...workloads.values()].sort((a, b) => compareText(a.name, b.name)).map((workload) => seenTraffic(target, workload));
  const services = seen.map(({ name, knative }) => {
    if (!knative) return exactly(name);
    // Revisions that we name end in release and digest.
    return target.serving.native === 'revisions' ? pattern`${name}(-[0-9a-z-]+)?` : pattern`${name}(-[0-9]+)?`;
  });
  const reporters = [...new Set(seen.flatMap((one) => one.reporters))];
  return { reporters, namespace: target.namespace, services };
}
