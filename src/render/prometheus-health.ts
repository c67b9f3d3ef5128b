import { parseDuration } from '../core/duration.ts';
import { compareText } from '../core/finding.ts';
import { releases, type StatedRelease } from '../promql/catalogue/canary.ts';
import { coldStart } from '../promql/catalogue/cold-start.ts';
import { callers, computeCost, tokenBudget } from '../promql/catalogue/cost.ts';
import { delivery } from '../promql/catalogue/delivery.ts';
import { enumeration } from '../promql/catalogue/enumeration.ts';
import { gpus } from '../promql/catalogue/gpu.ts';
import { languageModel } from '../promql/catalogue/llm.ts';
import { modelAge } from '../promql/catalogue/model-age.ts';
import { inferenceServices, pods } from '../promql/catalogue/pods.ts';
import { atMaximum, knativeSaturation } from '../promql/catalogue/saturation.ts';
import { inferenceFailures, queueTime } from '../promql/catalogue/servers.ts';
import { istioMatchers, type IstioTraffic } from '../promql/metrics.ts';
import { countsQueuedRequests } from '../promql/metrics-knative.ts';
import {
  MLSERVER_INFERENCE,
  TORCHSERVE_QUEUE,
  TRITON_INFERENCE,
  TRITON_QUEUE,
  type InferenceCounters,
  type QueueCounters,
} from '../promql/metrics-servers.ts';
import { vllmVersion } from '../promql/metrics-vllm.ts';
import { groupName, type RuleGroup, type Subject } from '../promql/rule.ts';
import { pattern, type Pattern } from '../promql/selector.ts';
import { entriesOf, type Entry, type RunningServer } from '../release/serving.ts';
import { policyOf } from '../service/release-policy.ts';
import { defaultImage } from '../service/runtime.ts';
import type { Framework } from '../service/workload.ts';
import { runsOnKnative } from './address.ts';
import { requestsTo } from './argo-rollouts.ts';
import { argocdApp } from './argocd.ts';
import { maxReplicas, startupSeconds } from './container.ts';
import { componentsOf, deploymentPattern, ownRevision, podPattern, type RunningComponent } from './deployments.ts';
import { formOfClassic } from './histogram-form.ts';
import { isLlm } from './is-llm.ts';
import { hasSource, queueProxyScrapes, scrapesOf, type Scrape } from './scrape.ts';
import type { Target } from './target.ts';

/**
 * What tells that a service does not run as it should, does not arrive, or costs too much: each alert only where the cluster
 * has its metrics, and where something runs that it is about.
 *
 * @param traffic the requests to all releases as Istio counts them.
 */
export function healthGroups(target: Target, subject: Subject, traffic: IstioTraffic | undefined): RuleGroup[] {
  const components = runningComponents(target);
  return [
    ...podGroups(target, subject, components),
    ...saturationGroups(target, subject, components),
    ...deliveryGroups(target, subject, components),
    ...serverGroups(target, subject),
    ...gpuGroups(target, subject),
    ...costGroups(target, subject, components, traffic),
  ];
}

/** What runs in pods, each once: nothing of what was stopped. */
export function runningComponents(target: Target): RunningComponent[] {
  const { workloads, stable, candidate, native } = target.serving;
  // Of revisions the Knative Service has one template, that of the candidate; the stable one serves beside it.
  const beside = native === 'revisions' && candidate ? [stable.workload] : [];
  const components = [...workloads, ...beside].filter(({ stopped }) => !stopped).flatMap(componentsOf);
  // By name: a release that becomes stable changes no line. KServe's own canary has one object for two releases.
  const named = new Map(
    components.map((component) => [ownRevision(target, component.workload) ?? component.name, component]),
  );
  return [...named].sort(([a], [b]) => compareText(a, b)).map(([, component]) => component);
}

/** Servers of some frameworks that run. */
export function runningServers(target: Target, ...frameworks: readonly Framework[]): RunningServer[] {
  return target.serving.workloads.filter(
    (workload) => workload.kind === 'server' && !workload.stopped && frameworks.includes(workload.server.framework),
  ) as RunningServer[];
}

function partsOf(servers: readonly RunningServer[]): string[] {
  return [...new Set(servers.map(({ part }) => part))].sort(compareText);
}

/** Seconds until the slowest of some replicas must serve. */
function slowest(components: readonly RunningComponent[]): number {
  return Math.max(...components.map(({ container }) => startupSeconds(container)));
}

function podGroups(target: Target, subject: Subject, components: readonly RunningComponent[]): RuleGroup[] {
  const { health } = target.spec.monitoring;
  const [counted, conditions] = [hasSource(target, 'kubeStateMetrics'), hasSource(target, 'inferenceServices')];
  if (!counted && !conditions) return [];
  const names = components.map((component) => podPattern(target, component));
  const startup = slowest(components);
  const objects = components.filter(
    ({ part, workload }) => workload.kind === 'server' && part === workload.part && !isLlm(workload),
  );
  return [
    ...(health.pods && counted
      ? [
          pods(subject, {
            deployments: deploymentsOf(target, components),
            pods: names,
            scraped: scrapedDeployments(target, components, scrapesOf(target)),
            queueProxies: scrapedDeployments(target, components, queueProxyScrapes(target)),
            startup,
          }),
        ]
      : []),
    ...(health.pods && conditions && objects.length > 0
      ? [inferenceServices(subject, { names: objects.map(({ workload }) => workload.name), startup })]
      : []),
    ...(health.coldStart !== undefined && counted
      ? [coldStart(subject, { pods: names, limit: seconds(health.coldStart) })]
      : []),
  ];
}

function deploymentsOf(target: Target, components: readonly RunningComponent[]): Pattern[] {
  return components.map((component) => deploymentPattern(target, component));
}

function scrapedDeployments(
  target: Target,
  components: readonly RunningComponent[],
  scrapes: readonly Scrape[],
): { part: string; deployments: Pattern[] }[] {
  const scraped = [...new Set(scrapes.map(({ part }) => part))].sort(compareText);
  return scraped.flatMap((part) => {
    const deployments = deploymentsOf(
      target,
      components.filter((component) => component.part === part),
    );
    return deployments.length === 0 ? [] : [{ part, deployments }];
  });
}

function saturationGroups(target: Target, subject: Subject, components: readonly RunningComponent[]): RuleGroup[] {
  const { cluster, spec } = target;
  if (!spec.monitoring.health.saturation) return [];
  const scaled = components.filter(({ scale }) => maxReplicas(scale) > scale.scaling.min);
  const knative = (component: RunningComponent): boolean => runsOnKnative(target, component.workload);
  // Two revisions are scaled by the words of one Knative Service.
  const once = (some: readonly RunningComponent[]): RunningComponent[] => [
    ...new Map(some.map((component) => [component.name, component])).values(),
  ];
  const autoscalers = scaled
    .filter((component) => !knative(component) && !isLlm(component.workload))
    .map(({ name }) => name);
  const onKnative = components.filter(knative);
  return merged(subject, 'saturation', [
    // KServe 0.20 and our functions call the autoscaler what it scales.
    ...(autoscalers.length > 0 && hasSource(target, 'kubeStateMetrics') ? [atMaximum(subject, autoscalers)] : []),
    ...(cluster.knative && onKnative.length > 0 && hasSource(target, 'knative')
      ? knativeSaturation(subject, {
          versions: cluster.knative.version,
          scaled: once(scaled.filter(knative)).map(({ name, scale }) => ({ name, max: maxReplicas(scale) })),
          toZero: once(onKnative.filter(({ scale }) => scale.scaling.min === 0)).map(({ name }) => name),
          revisions: countsQueuedRequests(cluster.knative.version)
            ? onKnative.map((component) => revisionPattern(target, component))
            : [],
          startup: slowest(onKnative),
        })
      : []),
  ]);
}

function revisionPattern(target: Target, { name, workload }: RunningComponent): Pattern {
  const revision = ownRevision(target, workload);
  return revision === undefined ? pattern`${name}-[0-9]{5}` : pattern`${revision}`;
}

/** One group for one concern, whatever it is made of. */
function merged(subject: Subject, concern: string, groups: readonly RuleGroup[]): RuleGroup[] {
  return groups.length === 0
    ? []
    : [{ name: groupName(subject, concern), rules: groups.flatMap(({ rules }) => rules) }];
}

/** What Git says about the releases that run, and what is seen of them. */
export function releaseGroup(target: Target, subject: Subject): RuleGroup {
  const { delivery: limits } = target.spec.monitoring;
  return releases(subject, statedReleases(target), {
    candidate:
      limits.candidate === undefined
        ? patienceOf(target)
        : limits.candidate === false
          ? undefined
          : seconds(limits.candidate),
    hold: limits.hold === false ? undefined : seconds(limits.hold),
  });
}

/** Every release that runs, as the release file has it. */
function statedReleases(target: Target): StatedRelease[] {
  const { stable, candidate, kept, native } = target.serving;
  // One release alone is compared with nothing. Behind KServe's gateway nothing says which release a request was for.
  const compared =
    (candidate !== undefined || kept.length > 0) && target.spec.monitoring.health.candidate && !isLlm(stable.workload);
  const share = candidate?.weight ?? 0;
  const exposed =
    candidate !== undefined &&
    (candidate.weight > 0 || candidate.mirror !== undefined || candidate.header !== undefined);
  const workloads = entriesOf(target.serving).map(({ workload }) => workload.name);
  const stated = ({ release, workload }: Entry, rest: Pick<StatedRelease, 'phase' | 'weight'>): StatedRelease => {
    // What answers for two releases tells nothing of one.
    const shared = native === 'kserve' || workloads.filter((name) => name === workload.name).length > 1;
    const told = compared && (!shared || ownRevision(target, workload) !== undefined);
    const requests = told ? requestsTo(target, { release, workload }) : undefined;
    const otherwise = rest.phase === 'canary' && (candidate?.mirror !== undefined || candidate?.header !== undefined);
    return { release, ...rest, otherwise, source: requests?.source, form: requests?.form };
  };
  return [
    stated(stable, { phase: 'stable', weight: 100 - share }),
    ...(candidate
      ? [stated(candidate, { phase: candidate.held ? 'held' : exposed ? 'canary' : 'warming', weight: share })]
      : []),
    ...kept.map((entry) => stated(entry, { phase: 'kept', weight: 0 })),
  ];
}

const HOUR = 3600;

/** How long a candidate may stay at one share, when nobody says: as long as it must, and as long again, but no whole day more. */
function patienceOf({ spec, env, serving: { candidate } }: Target): number {
  const { bake, warm } = policyOf(spec, env.rollout);
  const warming =
    candidate !== undefined &&
    candidate.weight === 0 &&
    candidate.mirror === undefined &&
    candidate.header === undefined;
  const expected = Math.ceil(seconds(warming ? warm.deadline : bake) / 60) * 60;
  return expected + Math.min(Math.max(expected, HOUR), 24 * HOUR);
}

function deliveryGroups(target: Target, subject: Subject, components: readonly RunningComponent[]): RuleGroup[] {
  if (!target.spec.monitoring.delivery.argocd || !hasSource(target, 'argocd')) return [];
  const { name, team } = argocdApp(target);
  return [delivery(subject, { application: name, project: team, startup: slowest(components) })];
}

/** Servers with counters of what failed. */
const COUNTS_FAILURES: readonly (readonly [readonly Framework[], InferenceCounters])[] = [
  [['onnx', 'triton'], TRITON_INFERENCE],
  [['mlflow'], MLSERVER_INFERENCE],
];

/** Servers with counters of how long requests wait. */
const COUNTS_WAITING: readonly (readonly [readonly Framework[], QueueCounters])[] = [
  [['onnx', 'triton'], TRITON_QUEUE],
  [['pytorch'], TORCHSERVE_QUEUE],
];

/** Frameworks whose servers say how long requests wait. */
export const QUEUEING_FRAMEWORKS: readonly Framework[] = COUNTS_WAITING.flatMap(([frameworks]) => frameworks);

function serverGroups(target: Target, subject: Subject): RuleGroup[] {
  const { health } = target.spec.monitoring;
  const { queueTime: limit, modelAge: maxDays } = health;
  const parts = (frameworks: readonly Framework[]): string[] => partsOf(runningServers(target, ...frameworks));
  const rules = [
    ...(health.runtime
      ? COUNTS_FAILURES.map(([frameworks, counters]) => [parts(frameworks), counters] as const)
      : []
    ).flatMap(([names, counters]) => (names.length === 0 ? [] : [inferenceFailures(subject, names, counters)])),
    ...(limit === undefined ? [] : COUNTS_WAITING).flatMap(([frameworks, counters]) => {
      const names = parts(frameworks);
      return names.length === 0 ? [] : [queueTime(subject, names, counters, parseDuration(limit ?? '0') ?? 0)];
    }),
  ];
  const created = createdOf(target);
  const { release } = target.serving.stable;
  return [
    ...(rules.length === 0 ? [] : [{ name: groupName(subject, 'servers'), rules }]),
    ...llmGroups(target, subject),
    ...(maxDays === undefined || created === undefined ? [] : [modelAge(subject, { release, created, maxDays })]),
  ];
}

/** When the main model of what serves was made, as Unix time in seconds: as its registry says. */
export function createdOf({ serving: { stable } }: Target): number | undefined {
  const { workload } = stable;
  const server = workload.kind === 'server' ? workload : workload.calls['predictor'];
  const created = Date.parse(server?.model?.created ?? '');
  return Number.isNaN(created) ? undefined : Math.floor(created / 1000);
}

function llmGroups(target: Target, subject: Subject): RuleGroup[] {
  const { health } = target.spec.monitoring;
  const servers = runningServers(target, 'vllm');
  const [timeToFirstToken, timeBetweenTokens] = [health.timeToFirstToken, health.timeBetweenTokens].map((limit) =>
    limit === undefined ? undefined : (parseDuration(limit) ?? 0) / 1000,
  );
  if (servers.length === 0) return [];
  const group = languageModel(subject, {
    parts: partsOf(servers),
    versions: servers.map(({ server }) =>
      vllmVersion(
        server.image ?? defaultImage('vllm', target.cluster.kserve?.version ?? '', server.resources.gpu !== undefined),
      ),
    ),
    usual: health.runtime,
    form: formOfClassic(target),
    timeToFirstToken,
    timeBetweenTokens,
    detailed: health.answers,
  });
  return group.rules.length === 0 ? [] : [group];
}

/** Components that have a GPU which dcgm-exporter sees. */
export function gpuComponents(target: Target): RunningComponent[] {
  return runningComponents(target).filter(
    ({ container: { resources } }) => resources.gpu !== undefined && resources.gpuResource.startsWith('nvidia.com/'),
  );
}

function gpuGroups(target: Target, subject: Subject): RuleGroup[] {
  const { health, cost } = target.spec.monitoring;
  const components = gpuComponents(target);
  if (components.length === 0 || !hasSource(target, 'dcgm')) return [];
  const patterns = (some: readonly RunningComponent[]): Pattern[] =>
    some.map((component) => podPattern(target, component));
  // vLLM takes nearly all of the memory when it starts.
  const measured = components.filter(
    ({ workload }) => workload.kind === 'function' || !['huggingface', 'vllm'].includes(workload.server.framework),
  );
  const group = gpus(subject, {
    pods: patterns(components),
    measured: patterns(measured),
    watched: health.gpu,
    idle: cost.idleGpu,
  });
  return group.rules.length === 0 ? [] : [group];
}

function costGroups(
  target: Target,
  subject: Subject,
  components: readonly RunningComponent[],
  traffic: IstioTraffic | undefined,
): RuleGroup[] {
  const { compute, tokens, callers: unusual, enumeration: walking } = target.spec.monitoring.cost;
  const models = partsOf(runningServers(target, 'vllm'));
  return [
    ...(compute !== undefined && hasSource(target, 'opencost')
      ? [computeCost(subject, { pods: components.map((component) => podPattern(target, component)), budget: compute })]
      : []),
    ...(tokens !== undefined && models.length > 0 ? [tokenBudget(subject, { ...tokens, parts: models })] : []),
    ...(unusual !== undefined && traffic ? [callers(subject, { ...unusual, requests: istioMatchers(traffic) })] : []),
    ...(walking !== undefined && (traffic ?? walking.distinct)
      ? [enumeration(subject, { ...walking, distinct: walking.distinct, requests: traffic && istioMatchers(traffic) })]
      : []),
  ];
}

/** The schema accepts durations only. */
function seconds(duration: string): number {
  return (parseDuration(duration) ?? 0) / 1000;
}
