import type { AnalysisTemplate } from '../../imports/argoproj.io/v1alpha1.js';
import { formatGoDuration, parseDuration } from '../core/duration.ts';
import type { KubeObject } from '../core/object.ts';
import {
  isMeasured,
  measuresOf,
  registryGateName,
  trafficOf,
  uniquelyNamed,
  type Limit,
  type Measure,
  type Unmeasurable,
} from '../gate/measure.ts';
import { registryQuestions, type RegistryMetricGate } from '../gate/registry-metric.ts';
import type { GateDeployment, GatePredictions, GateSide, GateSubject } from '../gate/subject.ts';
import { noValue, replicasAvailable, type Requests } from '../promql/catalogue/gates.ts';
import { rangeOf } from '../promql/expr.ts';
import type { HistogramForm } from '../promql/histogram.ts';
import { queueProxyMetrics } from '../promql/metrics-knative.ts';
import { exactly, pattern, type Pattern } from '../promql/selector.ts';
import type { Entry, RunningWorkload } from '../release/serving.ts';
import { exportedMetrics } from '../service/exports.ts';
import { policyOf } from '../service/release-policy.ts';
import { runsOnKnative } from './address.ts';
import { componentsOf, deploymentPattern, ownRevision, workloadsOf } from './deployments.ts';
import { formOfClassic, formOfExported } from './histogram-form.ts';
import { entryPart } from './entry.ts';
import { seenTraffic } from './istio-traffic.ts';
import { queueProxiesCount } from './queue-proxy-traffic.ts';
import { serviceLabels, type Target } from './target.ts';

/**
 * How the metrics of a cluster name the candidate and the stable release: what `src/gate` looks at. `undefined` without a
 * candidate.
 *
 * @param clusterLabel the label that holds the cluster's name, where one Prometheus has several.
 */
export function gateSubject(target: Target, clusterLabel?: string): GateSubject | undefined {
  const { stable, candidate } = target.serving;
  if (!candidate) return undefined;
  return {
    ...subjectOf(target),
    candidate: sideOf(target, candidate),
    stable: sideOf(target, stable),
    deployments: workloadsOf(candidate).flatMap((workload) => deploymentsOf(target, workload)),
    predictions: predictionsOf(target, candidate, stable),
    clusterLabel,
  };
}

/**
 * The gates of a service as an AnalysisTemplate, for who runs them with Argo Rollouts or Kargo. To be rendered where the
 * cluster has Argo Rollouts.
 *
 * It holds the policy and no release: an AnalysisRun says in its arguments what is compared, so that no step of a release
 * changes the object. The arguments are `prometheus`, the address; `candidate` and `stable`, the names of the Services
 * that answer (`fraud-detector-v47-predictor`); `candidate-release` and `stable-release`, what the label `release` of their
 * pods says; and for each metric of the registry `candidate-<metric>` and `stable-<metric>`.
 *
 * A measurement without exactly one finite value is inconclusive, and none of them is forgiven. The bake time passes
 * before the first one; each looks back over the bake time. Of the candidate's Deployments only the one that takes the
 * requests must be ready here; Argo CD sees to the others.
 */
export function renderArgoRollouts(target: Target): KubeObject[] {
  const { gates, bake } = policyOf(target.spec, target.env.rollout);
  if (gates.length === 0) return [];
  const length = parseDuration(bake) || DEFAULT_WINDOW_MS;
  const subject = subjectOfArguments(target);
  const measured = measuresOf(subject, gates.filter(isMeasured), { edges: { why: 'edges' } });
  const registry = gates.flatMap((gate) => (isMeasured(gate) ? [] : registryMetrics(gate.registryMetric)));
  const metrics = [
    ...subject.deployments.map((deployment) => readinessMetric(subject, deployment)),
    ...measured.map((measure) => ('why' in measure ? unmeasurable(measure) : measuredMetric(measure, length))),
    ...registry,
  ];
  const template: AnalysisTemplate = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: target.service, namespace: target.namespace, labels: serviceLabels(target) },
    spec: { args: argumentsOf(metrics), metrics: uniquelyNamed(metrics) },
  };
  return [template];
}

type Metric = NonNullable<AnalysisTemplate['spec']['metrics']>[number] & { readonly name: string };

/** Window of gates without bake time, as in `src/gate`. */
const DEFAULT_WINDOW_MS = 300_000;

function subjectOf(
  target: Target,
): Pick<GateSubject, 'service' | 'environment' | 'cluster' | 'namespace' | 'reporters' | 'queueProxies' | 'durations'> {
  const {
    service,
    environment,
    clusterName,
    namespace,
    cluster: { knative },
  } = target;
  const { reporters } = seenTraffic(target, target.serving.stable.workload);
  const queueProxies =
    knative && reporters.length === 0 && queueProxiesCount(target) ? queueProxyMetrics(knative.version) : undefined;
  return {
    service,
    environment,
    cluster: clusterName,
    namespace,
    reporters,
    queueProxies,
    durations: formOfClassic(target),
  };
}

/**
 * How Istio names who answers for a release. On Knative that is the Service of a revision, which has a name of ours
 * where revisions split the traffic. KServe's own canary is one object with two revisions that nobody can name here: both
 * sides are called alike, and gates on traffic are inconclusive.
 */
function sideOf(target: Target, { release, workload }: Entry): GateSide {
  const revision = ownRevision(target, workload);
  const pods = { part: entryPart(workload), release: workload.release };
  if (revision !== undefined) return { release, serviceName: revision, service: exactly(revision), pods };
  const { name: serviceName, knative } = seenTraffic(target, workload);
  // Five digits and no more: v47-2 is a release of its own.
  return { release, serviceName, service: knative ? pattern`${serviceName}(-[0-9]{5})?` : exactly(serviceName), pods };
}

/** Where the requests to what answers for a release are counted; `undefined` where nobody does. */
export function requestsTo(target: Target, entry: Entry): Requests | undefined {
  const subject = {
    ...subjectOf(target),
    reporters: seenTraffic(target, entry.workload).reporters,
    clusterLabel: undefined,
  };
  return subject.reporters.length > 0 || subject.queueProxies ? trafficOf(subject, sideOf(target, entry)) : undefined;
}

function deploymentsOf(target: Target, workload: RunningWorkload): GateDeployment[] {
  const knative = runsOnKnative(target, workload);
  return componentsOf(workload).map((component) => {
    const { part, name, scale } = component;
    const { min } = scale.scaling;
    // Without Knative a function has a replica at all times; a server goes down to none only where KEDA wakes it.
    const replicas = knative || workload.kind === 'server' ? min : Math.max(min, 1);
    return { part, name, pattern: deploymentPattern(target, component), replicas };
  });
}

/** The histogram of predictions: of the part that declares one, of the first in the order of parts. */
function predictionsOf(target: Target, candidate: Entry, stable: Entry): GatePredictions | undefined {
  const declared = predictionsDeclared(target);
  if (!declared) return undefined;
  const release = (entry: Entry): string =>
    workloadsOf(entry).find((workload) => workload.part === declared.holder)?.release ?? entry.release;
  return {
    metric: declared.metric,
    form: declared.form,
    part: declared.part,
    candidate: release(candidate),
    stable: release(stable),
  };
}

/** @returns `holder` is the part whose workload the pods belong to: a transformer's is the predictor's. */
function predictionsDeclared(
  target: Target,
): { metric: string; form: HistogramForm; part: string; holder: string } | undefined {
  for (const { part, predictions } of exportedMetrics(target.spec)) {
    if (predictions !== undefined)
      return {
        metric: predictions,
        form: formOfExported(target, predictions),
        part,
        holder: part === 'transformer' || part === 'explainer' ? 'predictor' : part,
      };
  }
  return undefined;
}

/** The same subject with arguments of an AnalysisRun for names; in patterns they stand as they are. */
function subjectOfArguments(target: Target): GateSubject {
  const { workload } = target.serving.stable;
  const named = !runsOnKnative(target, workload) || ownRevision(target, workload) !== undefined;
  const declared = predictionsDeclared(target);
  const part = entryPart(workload);
  const [candidate, stable] = named
    ? [exactly('{{args.candidate}}'), exactly('{{args.stable}}')]
    : [pattern`{{args.candidate}}(-[0-9]{5})?`, pattern`{{args.stable}}(-[0-9]{5})?`];
  return {
    ...subjectOf(target),
    candidate: {
      release: '{{args.candidate-release}}',
      serviceName: '{{args.candidate}}',
      service: candidate,
      pods: { part, release: '{{args.candidate-release}}' },
    },
    stable: {
      release: '{{args.stable-release}}',
      serviceName: '{{args.stable}}',
      service: stable,
      pods: { part, release: '{{args.stable-release}}' },
    },
    deployments: [
      { part: workload.part, name: '{{args.candidate}}', pattern: deploymentOfArgument(target, workload), replicas: 1 },
    ],
    predictions: declared && {
      metric: declared.metric,
      form: declared.form,
      part: declared.part,
      candidate: '{{args.candidate-release}}',
      stable: '{{args.stable-release}}',
    },
    clusterLabel: undefined,
  };
}

function deploymentOfArgument(target: Target, workload: RunningWorkload): Pattern {
  if (ownRevision(target, workload) !== undefined) return exactly('{{args.candidate}}-deployment');
  return runsOnKnative(target, workload)
    ? pattern`{{args.candidate}}-[0-9]{5}-deployment`
    : exactly('{{args.candidate}}');
}

function readinessMetric({ namespace }: GateSubject, { part, pattern: name, replicas }: GateDeployment): Metric {
  return once(`readiness-${part}`, replicasAvailable({ namespace, name, matchers: [] }).text, {
    min: Math.max(replicas, 1),
  });
}

/** Measured once the bake time is over, and so many times in a row, a part of the bake time apart. */
function measuredMetric({ name, value, samples, minSamples, limit, consecutive }: Measure, length: number): Metric {
  const window = rangeOf(Math.max(Math.floor(length / 1000), 1));
  const between = Math.max(Math.floor(length / consecutive / 1000), 1) * 1000;
  return {
    // On lines of their own: a query of users may end with a comment.
    ...metric(name, `(\n${value(window)}\n)\nand on ()\n(${samples(window)} >= ${minSamples})`, limit),
    initialDelay: formatGoDuration(length),
    ...(consecutive > 1 && { interval: formatGoDuration(between) }),
    count: consecutive,
  };
}

/** What cannot be measured is asked all the same, and has no value: a gate that was left out would pass. */
function unmeasurable({ name, why }: Unmeasurable): Metric {
  return once(why === 'edges' ? `${name}-needs-edges` : name, noValue().text, { max: 0 });
}

/** What the registry says is known when the run starts; the arguments bring it. */
function registryMetrics(gate: RegistryMetricGate): Metric[] {
  const { metric: name } = gate;
  const value = (release: 'candidate' | 'stable'): string => `vector({{args.${release}-${argumentName(name)}}})`;
  // Beside a stable value of 0 the limit is how far from it the candidate may be.
  const zero = { release: '', metrics: { [gate.part ?? 'predictor']: { [name]: 0 } } };
  return registryQuestions(gate, zero, zero).map(({ suffix, limit }) =>
    once(
      `${registryGateName(name)}${suffix}`,
      suffix === '' ? value('candidate') : `${value('candidate')} - ${value('stable')}`,
      limit ?? {},
    ),
  );
}

function argumentName(metric: string): string {
  return registryGateName(metric).slice('registry-'.length);
}

function once(name: string, query: string, limit: Limit): Metric {
  return { ...metric(name, query, limit), count: 1 };
}

/** A metric of which every measurement must be a success; neither a doubt nor a failure is forgiven. */
function metric(name: string, query: string, { min, max }: Limit): Metric {
  const holds = [
    ...(min === undefined ? [] : [`result[0] >= ${min}`]),
    ...(max === undefined ? [] : [`result[0] <= ${max}`]),
  ].join(' && ');
  return {
    name,
    successCondition: `${ONE_VALUE} && ${holds}`,
    failureCondition: `${ONE_VALUE} && !(${holds})`,
    failureLimit: 0,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
    provider: { prometheus: { address: '{{args.prometheus}}', timeout: 30, query } },
  };
}

/** The result of a Prometheus query is a list; an element that is not there ends the measurement with an error. */
const ONE_VALUE = 'len(result) == 1 && !isNaN(result[0]) && !isInf(result[0])';

/** The arguments that the queries name, each of which a run must give. */
function argumentsOf(metrics: readonly Metric[]): { name: string }[] {
  const names = [...JSON.stringify(metrics).matchAll(/\{\{args\.([a-z0-9-]+)\}\}/g)].map(([, name = '']) => name);
  return [...new Set(names)].sort().map((name) => ({ name }));
}
