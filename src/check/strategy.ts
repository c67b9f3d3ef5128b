import type { Finding, Rule } from '../core/finding.ts';
import { atLeast } from '../core/version.ts';
import { IN_PLACE } from '../release/serving.ts';
import { runsOnKnative } from '../render/address.ts';
import { MIRROR_PERCENT } from '../render/gateway-api.ts';
import { isLlm } from '../render/is-llm.ts';
import { istioCounts } from '../render/istio-traffic.ts';
import { queueProxiesCount } from '../render/queue-proxy-traffic.ts';
import type { Target } from '../render/target.ts';
import { policyOf, type Exposure, type ReleasePolicy } from '../service/release-policy.ts';
import { reporter, type Report } from './report.ts';

/** Rules on how a new release gets its traffic, and whether the cluster can give it that way. */
export const STRATEGY_RULES: readonly Rule[] = [
  {
    id: 'strategy/no-router',
    severity: 'error',
    summary: 'Shares of the traffic, copies of requests and A/B tests need Istio or Gateway API on the cluster.',
    source: 'the cluster as the platform declares it; a Service knows one set of pods',
  },
  {
    id: 'strategy/no-mesh',
    severity: 'error',
    summary: 'With Gateway API a service that only the cluster calls needs a mesh that follows HTTPRoutes of Services.',
    source: 'gateway-api GEP-1426: without a mesh only requests at a Gateway meet a route',
  },
  {
    id: 'strategy/callers-not-split',
    severity: 'info',
    summary:
      'With Gateway API and no mesh, callers inside of the cluster get the stable release until the candidate takes over.',
    source: 'gateway-api GEP-1426: without a mesh only requests at a Gateway meet a route',
  },
  {
    id: 'strategy/no-metrics',
    severity: 'warning',
    summary: 'Gates on answers need somebody on the cluster who counts requests.',
    source:
      'ours: they read the requests as Istio counts them, or the queue-proxies of Knative, and what cannot be read never passes',
  },
  {
    id: 'strategy/mirror',
    severity: 'error',
    summary: 'Requests are copied where the copy reaches the candidate, and in the share that is asked for.',
    source:
      'istio 1.30 mirror has no host of its own, by which Knative routes; gateway-api GEP-3171, standard since 1.3',
  },
  {
    id: 'strategy/kserve-mechanism',
    severity: 'error',
    summary: 'KServe splits the traffic of one predictor in Knative mode.',
    source:
      'kserve v0.20.0 reconcilers/knative createKnativeService: each component by itself; the raw reconciler ignores the field',
  },
  {
    id: 'strategy/revisions-mechanism',
    severity: 'error',
    summary: 'Revisions split the traffic of a function on Knative.',
    source: 'knative serving 1.21 spec.traffic',
  },
  {
    id: 'strategy/native-gates',
    severity: 'error',
    summary: 'Gates on answers need a workload per release.',
    source: "istio's metrics name Services, and two revisions share one name in Git",
  },
  {
    id: 'strategy/native-canary',
    severity: 'info',
    summary:
      'With mechanism kserve or revisions the stable release lives in the cluster alone while a candidate is on its way.',
    source: 'kserve v0.20.0 status.components.predictor.latestRolledoutRevision; knative serving 1.21 revisions',
  },
  {
    id: 'strategy/replace-surges',
    severity: 'warning',
    summary: 'On Knative, and with an LLMInferenceService, an update in place needs GPUs for both releases.',
    source:
      'knative serving 1.21: a revision gets traffic once it is ready, and only then does the one before it go; kserve v0.20.0 LLMInferenceServiceSpec has no strategy for updates',
  },
];

const report = reporter(STRATEGY_RULES);

/**
 * Checks whether the cluster can move traffic to a new release as the policy of the service says, or the state of its
 * present candidate.
 *
 * @example checkStrategy(target) // [{ id: 'strategy/no-router', where: { field: 'canary', … }, … }]
 */
export function checkStrategy(target: Target): Finding[] {
  const { service, environment, clusterName } = target;
  const result = report({ service, environment, cluster: clusterName });
  const policy = policyOf(target.spec, target.env.rollout);
  if (policy.mechanism === 'workloads') {
    const exposures = exposuresOf(target, policy);
    if (exposures.length > 0) checkRouter(result, target, policy, exposures);
    checkMirror(result, target, policy, exposures);
    checkMetrics(result, target, policy);
  } else checkNative(result, target, policy);
  checkSurge(result, target);
  return result.findings;
}

/** What candidates see: of the policy, and of the state, which may come from an older policy. */
function exposuresOf({ serving: { candidate } }: Target, { exposures }: ReleasePolicy): readonly Exposure[] {
  const seen = candidate && (candidate.weight > 0 || candidate.mirror !== undefined || candidate.header !== undefined);
  return seen ? [...exposures, candidate] : exposures;
}

function checkRouter(
  { add }: Report,
  target: Target,
  { strategy }: ReleasePolicy,
  exposures: readonly Exposure[],
): void {
  const {
    clusterName,
    cluster: { istio, gatewayApi },
    spec,
    environment,
  } = target;
  if (istio) return;
  const others = `write blueGreen or replace for the environment: overrides: { ${environment}: { ${strategy}: null, blueGreen: {} } }`;
  const wanted = [...new Set(exposures.map(described))].join(', ');
  if (!gatewayApi) {
    const message = `a candidate is to get ${wanted}, and cluster ${clusterName} has neither Istio nor Gateway API to route them`;
    add('strategy/no-router', strategy, message, `add istio or gatewayApi to the cluster, or ${others}`);
    return;
  }
  if (gatewayApi.mesh) return;
  const inside = `callers inside of the cluster reach the pods of the stable release by its Service, and cluster ${clusterName} has no mesh that would split them`;
  if (spec.traffic.visibility === 'public') {
    const fix =
      'nothing, if few callers are inside; else write mesh: true in gatewayApi where a mesh follows HTTPRoutes of Services, or let callers use the public host';
    add('strategy/callers-not-split', strategy, `a candidate gets ${wanted} at the gateway only: ${inside}`, fix);
    return;
  }
  add(
    'strategy/no-mesh',
    strategy,
    `a candidate is to get ${wanted}, but ${inside}`,
    `write mesh: true in gatewayApi where there is one, make the service public, or ${others}`,
  );
}

function described({ weight, mirror, header }: Exposure): string {
  if (mirror !== undefined) return `copies of ${mirror} % of the requests`;
  return header ? `requests with header ${header.name}` : `${weight} % of the requests`;
}

function checkMirror(
  { add }: Report,
  target: Target,
  { strategy }: ReleasePolicy,
  exposures: readonly Exposure[],
): void {
  const {
    clusterName,
    cluster: { istio, gatewayApi },
    serving,
  } = target;
  const shares = exposures.flatMap(({ mirror }) => mirror ?? []);
  if (shares.length === 0) return;
  const { workload } = serving.candidate ?? serving.stable;
  if (runsOnKnative(target, workload)) {
    const message = `the ${workload.part} runs on Knative, which routes by host, and a copy of a request keeps the host of the original: it would reach the stable release again`;
    add(
      'strategy/mirror',
      strategy,
      message,
      `write canary: { steps: [1] }, or run the ${workload.part} without Knative: KServe in Standard mode, a function on a cluster without it`,
    );
    return;
  }
  const share = shares.find((percent) => percent < 100);
  if (!istio && gatewayApi && share !== undefined && !atLeast(gatewayApi.version, MIRROR_PERCENT)) {
    const message = `Gateway API before ${MIRROR_PERCENT} copies all requests or none, and cluster ${clusterName} cannot copy ${share} %`;
    add('strategy/mirror', strategy, message, 'write percent: 100, or upgrade Gateway API');
  }
}

/** The gates of a policy that are measured by the Services of workloads: their kinds, and where they stand. */
function gatesOnAnswers({ gates }: ReleasePolicy): { kind: string; index: number }[] {
  return gates.flatMap((gate, index) => {
    const kind = (['errorRatio', 'latency'] as const).find((each) => each in gate);
    return kind === undefined ? [] : [{ kind, index }];
  });
}

function checkMetrics({ add }: Report, target: Target, policy: ReleasePolicy): void {
  if (istioCounts(target) || queueProxiesCount(target)) return;
  const none = target.cluster.istio ? 'no metrics of Istio' : 'no Istio';
  for (const { kind, index } of gatesOnAnswers(policy)) {
    add(
      'strategy/no-metrics',
      `${policy.strategy}.gates[${index}]`,
      `cluster ${target.clusterName} has ${none}, and nothing else counts the requests that ${kind} looks at: the gate stays inconclusive`,
      "let Prometheus scrape Istio, or on Knative the queue-proxies (prometheus.sources: ['queueProxy']); else leave the gate and the bake time out for the environment: gates: [], bake: '0s'",
    );
  }
}

function checkNative({ add }: Report, target: Target, policy: ReleasePolicy): void {
  const { mechanism } = policy;
  const { clusterName, cluster, serving, spec } = target;
  const field = 'canary.mechanism';
  const choose = "write mechanism: 'workloads'";
  if (mechanism === 'kserve') {
    const no = (message: string, fix: string): void => add('strategy/kserve-mechanism', field, message, fix);
    if (spec.function)
      no(
        "the function answers the service's address, and KServe splits the traffic of InferenceServices",
        cluster.knative ? `${choose}, or mechanism: 'revisions'` : choose,
      );
    if (cluster.kserve?.mode === 'Standard') {
      no(
        `KServe on cluster ${clusterName} is in Standard mode, which ignores canaryTrafficPercent: all traffic would go to a candidate at once`,
        choose,
      );
    }
    const more = spec.transformer ? 'transformer' : 'explainer';
    if (spec.transformer ?? spec.explainer) {
      no(
        `KServe splits each component by itself, so that a request may meet the ${more} of one release and the predictor of the other`,
        choose,
      );
    }
  } else {
    const no = (message: string, fix: string): void => add('strategy/revisions-mechanism', field, message, fix);
    if (!spec.function) {
      no(
        'the service has no function, and the revisions of models are made by KServe',
        `${choose}, or on KServe in Knative mode mechanism: 'kserve'`,
      );
    } else if (!cluster.knative) no(`cluster ${clusterName} has no Knative, and a Deployment has no revisions`, choose);
  }
  for (const { kind, index } of gatesOnAnswers(policy)) {
    add(
      'strategy/native-gates',
      `canary.gates[${index}]`,
      `with mechanism ${mechanism} both releases answer under one name, and ${kind} cannot tell them apart`,
      `${choose}, or gate by predictionDrift, registryMetric or a prometheus query of your own`,
    );
  }
  const { stable, candidate } = serving;
  if (!candidate) return;
  const elsewhere =
    mechanism === 'kserve'
      ? `would give all traffic to ${candidate.release}`
      : `would wait for a revision that nothing makes`;
  const message = `with mechanism ${mechanism} ${stable.release} lives in the cluster alone while ${candidate.release} is on its way: a cluster that never ran it ${elsewhere}`;
  add(
    'strategy/native-canary',
    field,
    message,
    `nothing on clusters that ran ${stable.release}; ${choose} for a tree that says everything`,
  );
}

/** Whether a release that has finished leaves an InferenceService behind that is stopped. */
export function leavesStopped({ spec, env, serving }: Target): boolean {
  const { keepPrevious, mechanism } = policyOf(spec, env.rollout);
  // KServe's own mechanism has one InferenceService for all releases.
  if (keepPrevious !== 'stopped' || mechanism === 'kserve') return false;
  return serving.workloads.some((workload) => workload.kind === 'server' && !isLlm(workload));
}

/** An update in place on the last GPUs: elsewhere we have an old replica go before a new one starts. */
function checkSurge({ add }: Report, target: Target): void {
  for (const workload of target.serving.workloads) {
    const surges = runsOnKnative(target, workload)
      ? 'on Knative'
      : isLlm(workload)
        ? 'with an LLMInferenceService'
        : undefined;
    if (workload.release !== IN_PLACE || surges === undefined) continue;
    const { gpu, gpuResource } = (workload.kind === 'function' ? workload.container : workload.server).resources;
    if (gpu === undefined) continue;
    const field =
      workload.part === 'function' || workload.part === 'predictor' ? workload.part : `models.${workload.part}`;
    const message = `${surges} an update of ${workload.name} starts the new replicas before the old ones go, and waits until ${gpu} more ${gpuResource} per replica are free`;
    const fix =
      'leave as much room, or use an InferenceService in Standard mode, which takes the old replica away first';
    add('strategy/replace-surges', `${field}.resources.gpu`, message, fix);
  }
}
