import type { RequestQueries } from './runbook-requests.ts';

/** Whose runbook it is: the words that its commands are made of. All are names of Kubernetes, and need no quoting. */
export interface RunbookPlace {
  readonly service: string;
  readonly environment: string;
  readonly namespace: string;
  /** Values of the label `app.kubernetes.io/name` on its pods. */
  readonly pods: readonly string[];
  /** Name of the Application in Argo CD. */
  readonly application: string;
  /** What splits the traffic, as `kubectl get` calls it; kubectl shows nothing when the cluster lacks one of them. */
  readonly routes: string;
  /** Whether the autoscaler of Knative scales some of it. */
  readonly knative: boolean;
  /** How its requests are counted; `undefined` where nobody does. */
  readonly requests: RequestQueries | undefined;
}

/** A command of a runbook. */
export type Command = (place: RunbookPlace) => string;

/** What somebody needs who was woken up by an alert. */
export interface AlertGuide {
  /** What it means for callers, and why it may be. */
  readonly means: string;
  /** What to look at first. */
  readonly first: readonly [Command, Command, Command];
  /** For each objective on a length of time: the quantile that it is about. */
  readonly times?: true;
  /** What usually helps. */
  readonly then: string;
}

const selected =
  (what: string, more = ''): Command =>
  ({ service, namespace }) =>
    `kubectl ${what} -n ${namespace} -l app.kubernetes.io/name=${service}${more}`;

/** Asks about the pods themselves. */
const ofPods =
  (what: string, more = ''): Command =>
  ({ pods: [name, ...others], namespace }) =>
    others.length === 0
      ? `kubectl ${what} -n ${namespace} -l app.kubernetes.io/name=${name}${more}`
      : `kubectl ${what} -n ${namespace} -l 'app.kubernetes.io/name in (${[name, ...others].join(',')})'${more}`;

const pods = ofPods('get pods', ' -L app.kubernetes.io/version,app.kubernetes.io/component -o wide');
const describe = ofPods('describe pods');
const logs = ofPods('logs', ' --all-containers --prefix --tail=100');
const lastWords = ofPods('logs', ' --all-containers --prefix --previous --tail=100');
const usage = ofPods('top pods', ' --containers');
const inferenceServices = selected('describe inferenceservices');
const routes: Command = (place) => selected(`get ${place.routes}`, ' -o yaml')(place);
const revisions: Command = ({ namespace }) => `kubectl get revisions,podautoscalers -n ${namespace}`;
const autoscalers: Command = (place) =>
  place.knative ? `kubectl get hpa,revisions,podautoscalers -n ${place.namespace}` : selected('describe hpa')(place);
const podMonitor = selected('get podmonitors', ' -o yaml');
const events: Command = ({ namespace }) =>
  `kubectl get events -n ${namespace} --field-selector type=Warning --sort-by=.lastTimestamp`;
const nodes: Command = () => 'kubectl get nodes -o wide';
const status: Command = ({ service, environment }) => `npx ai-service status ${service} --env ${environment}`;
const history: Command = ({ service, environment }) => `npx ai-service history ${service} --env ${environment}`;
const gate: Command = ({ service, environment }) => `npx ai-service gate ${service} --env ${environment}`;
const application: Command = ({ application }) => `argocd app get ${application}`;
const difference: Command = ({ application }) => `argocd app diff ${application}`;
const repository: Command = ({ service }) => `git log --oneline -10 -- apps/${service}`;

/** A query for Prometheus. Names of Kubernetes, and patterns of them, have no character that a shell would read between single quotes. */
function asking(expr: string): string {
  return `promtool query instant "$PROMETHEUS" '${expr}'`;
}

const query =
  (expr: (place: RunbookPlace) => string): Command =>
  (place) =>
    asking(expr(place));

const own = ({ service, namespace }: RunbookPlace): string => `ai_service="${service}",namespace="${namespace}"`;

/** What is known of the requests; where nobody counts them, servers may have written of them. */
const asked =
  (of: (requests: RequestQueries) => string): Command =>
  (place) => {
    const { requests } = place;
    return requests ? asking(of(requests)) : logs(place);
  };

const callsByCode = asked(({ byCode }) => byCode);
const callsByCaller = asked(({ byCaller, byRelease }) => byCaller ?? byRelease);
const callsByRelease = asked(({ byRelease }) => byRelease);
const slowCalls = asked(({ slow }) => slow);

/** For each objective on a length of time the quantile that it is about, by release. */
export function promisedTimes({ requests }: RunbookPlace): string[] {
  return requests ? requests.promised.map(asking) : [];
}

const scraped = query((place) => `up{${own(place)}}`);
const shareOfBad = (place: RunbookPlace, window: string): string =>
  `sum_over_time(ai_slo:events_bad:rate5m{${own(place)}}[${window}]) / (sum_over_time(ai_slo:events_total:rate5m{${own(place)}}[${window}]) > 0)`;
const budgetRates = query((place) =>
  ['1h', '3d']
    .map((window) => `label_replace(${shareOfBad(place, window)}, "window", "${window}", "", "")`)
    .join(' or '),
);
const drift = query((place) => `{__name__=~"ai_drift:.+",${own(place)}}`);
const violations = query((place) => `sum by (feature, rule) (rate(ai_feature_violations_total{${own(place)}}[10m]))`);
const recorded = (names: string): Command => query((place) => `{__name__=~"${names}",${own(place)}}`);

const ROLL_BACK = 'When it began with a release, roll that back (above).';

/** A guide for each built-in alert, by its name. */
export const ALERT_GUIDES: Readonly<Record<string, AlertGuide>> = {
  AiServiceOutage: {
    means: 'Requests come in, and none is answered, or no replica is there that could.',
    first: [status, pods, events],
    then: `${ROLL_BACK} Else look at the route, and at what the pods depend on: model store, feature store, nodes with GPUs.`,
  },
  AiSloErrorBudgetBurn: {
    means:
      'More requests are bad than the objective allows, and at this pace the error budget is gone early. The label `burn_tier` says how fast, `ai_slo` which objective.',
    first: [callsByCode, budgetRates, status],
    times: true,
    then: `One release alone is bad: ${lowerFirst(ROLL_BACK)} All of them: look at what they share, then at capacity.`,
  },
  AiSloLatencyBucketMissing: {
    means:
      'The objective on latency counts a bucket that the metric does not have, and so sees nothing: somebody changed the buckets.',
    first: [slowCalls, scraped, repository],
    then: 'Choose a limit that is a bucket bound, or take back the change of the buckets.',
  },
  AiSloEventsMissing: {
    means: 'Requests come in, but nothing counts the events of an objective of your own.',
    first: [scraped, podMonitor, logs],
    then: 'See that the metric is exposed under the name that the objective says.',
  },
  AiDrift: {
    means:
      'What the model sees or says is distributed otherwise than in its reference. Answers still come, but they may be worse.',
    first: [drift, history, callsByCaller],
    then: 'Look at the data that feeds the model. When the change is right, retrain, or make a new reference file with `ai-service reference build`.',
  },
  AiCandidateDrift: {
    means: 'The candidate says something else than the stable release, on the same kind of requests at the same time.',
    first: [drift, status, logs],
    then: 'A retrained model may differ, and then the threshold says how much is meant. Else compare the pre-processing of the two, and abort the candidate.',
  },
  AiDriftBucketMismatch: {
    means: 'The histogram does not have the buckets that the reference asks for, so that drift cannot be seen.',
    first: [recorded('ai_drift:.+'), pods, repository],
    then: "Use the snippet of `ai-service reference snippet` in the server: it observes with exactly the reference's buckets.",
  },
  AiDriftMetricMissing: {
    means: 'Requests come in, but nothing exposes the metric that a drift rule compares.',
    first: [scraped, podMonitor, logs],
    then: 'Ask a pod for its metrics; see that the image is one that exposes them.',
  },
  AiInputSchemaViolated: {
    means: 'Requests do not look as the model was trained for. The label `rule` says what happens to `feature`.',
    first: [violations, callsByCaller, history],
    then: 'Ask who sends it, and what was deployed there. When the change is right, retrain with it, and write the new schema into the service.',
  },
  AiInputSchemaMismatch: {
    means: 'Pods check their input against another schema than the service declares.',
    first: [query((place) => `ai_input_schema_info{${own(place)}}`), pods, repository],
    then: 'Make a release with an image that has the schema of today.',
  },
  AiInputSchemaMetricMissing: {
    means: 'Requests come in, but nothing counts whether they look as they should.',
    first: [scraped, podMonitor, logs],
    then: 'Ask a pod for its metrics; see that the image is one that exposes them.',
  },
  AiPodNotStarting: {
    means: 'A container does not start: its image or model cannot be loaded, or it fails again and again.',
    first: [describe, lastWords, events],
    then: `A model that is not loaded is in the log of the container storage-initializer. ${ROLL_BACK}`,
  },
  AiPodOutOfMemory: {
    means: 'A container used more memory than its limit, and was killed.',
    first: [usage, lastWords, describe],
    then: `Raise the memory of the part, or send smaller batches. ${ROLL_BACK}`,
  },
  AiReplicasNotReady: {
    means: 'Fewer replicas are available than should be, for longer than a start takes.',
    first: [pods, describe, events],
    then: 'Pods that have no node wait for capacity or GPUs; pods that run and are not ready say why in their log.',
  },
  AiInferenceServiceNotReady: {
    means: 'KServe does not find an InferenceService ready.',
    first: [inferenceServices, pods, events],
    then: `The first condition that is false says what is missing. ${ROLL_BACK}`,
  },
  AiInferenceServiceMissing: {
    means: 'An InferenceService that Git has is not on the cluster.',
    first: [application, inferenceServices, difference],
    then: 'Sync the Application; when its webhook refuses the object, the Application says why.',
  },
  AiMetricsMissing: {
    means: 'Replicas run, and Prometheus does not scrape them: alerts on their metrics are blind.',
    first: [scraped, podMonitor, pods],
    then: 'See that the labels of the PodMonitor are those that Prometheus selects, and that no NetworkPolicy is in the way.',
  },
  AiModelStale: {
    means: 'The model that serves was made longer ago than the service allows.',
    first: [history, status, ({ service }) => `npx ai-service update ${service}`],
    then: 'Run the training pipeline; `ai-service release` takes up the new version.',
  },
  AiReplicasAtMaximum: {
    means: 'As many replicas run as may, and they are busy: more load makes answers slow.',
    first: [autoscalers, usage, callsByRelease],
    then: 'Is it load, or a release that is slower than the one before? Raise `scaling.max`, or roll back (above).',
  },
  AiScaleFromZeroStuck: {
    means: 'Replicas are wanted, and none comes up.',
    first: [revisions, describe, events],
    then: 'Pods without a node wait for capacity; images and models that cannot be loaded are in the events.',
  },
  AiRequestsQueued: {
    means: 'Requests wait for replicas.',
    first: [revisions, pods, nodes],
    then: 'Compare wanted replicas with those that are there; raise `scaling.min`, or look why new ones come late.',
  },
  AiColdStartSlow: {
    means: 'Replicas take longer to start than the service allows. `phase` says where the time goes.',
    first: [recorded('ai_pod:cold_start:seconds'), describe, events],
    then: 'schedule: keep nodes warm. download: cache the model near. load: a smaller model, or more processor for the start.',
  },
  AiCandidateFailing: {
    means: 'The candidate fails more requests than the stable release at the same time, beyond chance.',
    first: [status, callsByCode, logs],
    then: 'Abort the candidate, or roll back (above); a warm release takes the traffic at once.',
  },
  AiCandidateSlow: {
    means: 'The candidate answers more slowly than the stable release at the same time.',
    first: [status, slowCalls, usage],
    then: 'Abort the candidate, or roll back (above); then compare resources and batch sizes of the two.',
  },
  AiCandidateStuck: {
    means: 'A release does not go on: it has been at one step for much longer than it should.',
    first: [status, gate, history],
    then: 'Advance it, finish it, or abort it; the gates say what is missing.',
  },
  AiHoldForgotten: {
    means: 'A release has been held for so long that nobody may remember why.',
    first: [status, history, application],
    then: 'Resume it, or make a new release; `ai-service cleanup` removes what no longer serves.',
  },
  AiTrafficShareDiffers: {
    means: 'A release gets another share of the traffic than Git says: a route was made by hand, or was not applied.',
    first: [callsByRelease, routes, difference],
    then: 'Sync the Application. What was changed by hand goes into Git, with `ai-service` commands.',
  },
  AiAppOutOfSync: {
    means: 'What is in Git is not on the cluster.',
    first: [application, difference, events],
    then: 'Sync the Application; an object that changes by itself has a second owner.',
  },
  AiAppDegraded: {
    means: 'Argo CD finds objects of the service unhealthy.',
    first: [application, pods, events],
    then: ROLL_BACK,
  },
  AiAppSyncFailed: {
    means: 'Argo CD could not apply what is in Git.',
    first: [application, difference, ({ application }) => `argocd app history ${application}`],
    then: 'The Application says which object was refused, and by whom.',
  },
  AiAppMissing: {
    means: 'The Application that delivers the service does not exist, so that changes of Git reach nobody.',
    first: [application, () => 'argocd appset list', repository],
    then: 'See that the ApplicationSet of the team and environment is there, and can read the repository.',
  },
  AiAppAutoSyncOff: {
    means: 'Somebody switched automatic sync off: changes of Git, rollbacks among them, are not applied.',
    first: [application, difference, history],
    then: 'Ask who did it and why, then switch it on again.',
  },
  AiLlmEngineStalled: {
    means: 'A language model has requests and makes no tokens.',
    first: [pods, logs, events],
    then: 'Restart the pod, and look for XID errors of its GPU.',
  },
  AiLlmQueueGrowing: {
    means: 'Requests to a language model wait, more and more of them.',
    first: [recorded('vllm:num_requests_(running|waiting)'), callsByCaller, usage],
    then: 'More replicas, a shorter `--max-model-len`, or a limit for the caller that sends most.',
  },
  AiLlmCacheFull: {
    means: 'The KV cache of a language model is full while requests wait.',
    first: [recorded('vllm:.*cache_usage_perc'), recorded('vllm:num_requests_(running|waiting)'), callsByCaller],
    then: 'More replicas, a shorter `--max-model-len`, fewer `--max-num-seqs`.',
  },
  AiLlmFirstTokenSlow: {
    means: 'Callers wait too long for the first token.',
    first: [recorded('vllm:num_requests_(running|waiting)'), callsByCaller, usage],
    then: 'More replicas, or shorter prompts; long ones delay all others without chunked prefill.',
  },
  AiLlmTokensSlow: {
    means: 'Tokens come slowly one after the other.',
    first: [recorded('vllm:num_requests_(running|waiting)'), usage, logs],
    then: 'More replicas, or fewer `--max-num-seqs` in each.',
  },
  AiLlmPreemptions: {
    means: 'The model puts requests off to make room for others, and computes them again.',
    first: [recorded('vllm:.*cache_usage_perc'), recorded('vllm:num_requests_(running|waiting)'), logs],
    then: 'More replicas, fewer `--max-num-seqs`, or a GPU with more memory.',
  },
  AiLlmAnswersAborted: {
    means: 'Many answers are aborted: callers go away before the end, or give up.',
    first: [recorded('vllm:request_success_total'), callsByCaller, slowCalls],
    then: 'Compare the timeouts of callers and routes with the time that an answer takes.',
  },
  AiLlmAnswersCut: {
    means: 'Many answers end at the limit of tokens, in the middle of a sentence.',
    first: [recorded('vllm:request_success_total'), callsByCaller, history],
    then: 'Raise the limit of tokens, or ask for shorter answers.',
  },
  AiInferenceFailures: {
    means: 'Inferences fail inside of the server; the caller may get an answer that looks well.',
    first: [logs, usage, status],
    then: `Look at shapes and types of the model's inputs, and at the memory of the GPU. ${ROLL_BACK}`,
  },
  AiQueueTimeHigh: {
    means: 'Requests wait inside of the server for their model.',
    first: [usage, callsByRelease, pods],
    then: 'More replicas, more instances of the model in one replica, or smaller batches.',
  },
  AiGpuHardwareError: {
    means: 'A GPU has an error of its hardware. What runs on it fails, or is wrong.',
    first: [pods, events, nodes],
    then: 'Drain the node, and tell who owns it.',
  },
  AiGpuMemoryFull: {
    means: 'The memory of a GPU is nearly full; the next large request may fail.',
    first: [pods, usage, logs],
    then: 'Smaller batches, or a GPU with more memory.',
  },
  AiGpuIdle: {
    means: 'GPUs are paid for, and do nothing.',
    first: [pods, callsByRelease, autoscalers],
    then: 'Scale to zero, run fewer replicas, or take a smaller GPU.',
  },
  AiCostBudgetExceeded: {
    means: 'The service costs more than its budget.',
    first: [recorded('ai_cost:.+'), usage, autoscalers],
    then: 'Ask for what is used, scale to zero, take smaller GPUs; then raise the budget.',
  },
  AiTokenBudgetBurn: {
    means: 'The language models use up their budget of tokens too fast.',
    first: [callsByCaller, recorded('ai_tokens?:.+'), history],
    then: 'Limit the rate of the caller that sends most, or answer with a smaller model.',
  },
  AiCallerEnumerates: {
    means:
      'One caller walks through the inputs of the model: for a day it asks much more than it used to, or nearly all that it asks is new. That is how models are copied, slowly.',
    first: [callsByCaller, recorded('ai_caller:.+'), logs],
    then: 'Ask who it is, and what for. An AuthorizationPolicy or a rate limit stops it; answers with less detail (no probabilities) are worth less to a copy.',
  },
  AiCallerUnusual: {
    means: 'One caller asks unusually much. That is how models are copied by their answers; a loop looks the same.',
    first: [callsByCaller, callsByCode, logs],
    then: 'Ask who it is, and what for. An AuthorizationPolicy or a rate limit stops it.',
  },
};

/** For an alert that a service brought along. */
export const OWN_ALERT_GUIDE: AlertGuide = {
  means: 'An alert of the service itself: `monitoring.alerts` in its sources says what it compares.',
  first: [status, pods, logs],
  then: ROLL_BACK,
};

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
