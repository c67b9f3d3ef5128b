import type { Service } from '../../imports/core/v1.js';
import type { DestinationRule, VirtualService } from '../../imports/networking.istio.io/v1.js';
import { formatGoDuration, parseDuration } from '../core/duration.ts';
import type { KubeObject } from '../core/object.ts';
import { atLeast } from '../core/version.ts';
import type { Cluster } from '../service/platform.ts';
import { explainerAddress, runsOnKnative, workloadAddress, type Address } from './address.ts';
import { entryPart, entryPort, entryWorkloads, MODEL_VERSION, publicHosts, type EntryWorkload } from './entry.ts';
import { isLlm } from './is-llm.ts';
import { llmPath } from './llm.ts';
import { podSelector } from './pod-selector.ts';
import { requestTimeout } from './request-timeout.ts';
import { serviceHost, serviceLabels, workloadLabels, type Target } from './target.ts';

type HttpRoute = NonNullable<NonNullable<VirtualService['spec']>['http']>[number];
type RouteDestination = NonNullable<HttpRoute['route']>[number];

/**
 * The one address of a service: a Service of its name, and where the cluster has Istio a VirtualService that splits its
 * requests between releases, and a DestinationRule for each workload that answers them.
 *
 * A workload's own host is cluster-local and behind no gateway of ours, so nobody outside of the cluster gets past the
 * weights. Inside of the cluster a caller that knows the name of a workload's Service can still ask it: requests that
 * our route sends come from that same caller, so neither an AuthorizationPolicy nor a NetworkPolicy can tell the two
 * apart. In ambient mode the route needs a waypoint in the service's namespace.
 */
export function renderIstio(target: Target): KubeObject[] {
  const entries = entryWorkloads(target);
  const objects: (Service | VirtualService | DestinationRule)[] = [entryService(target)];
  if (target.cluster.istio) {
    objects.push(virtualService(target, target.cluster.istio, entries), ...destinationRules(target));
  }
  return objects;
}

/**
 * Gives the service's name an address. Callers in the mesh never reach it, their proxies follow the VirtualService; a
 * caller without a proxy gets the stable release, on Knative through the local gateway and so by weight. The name of an
 * LLMInferenceService's service leads to KServe's gateway, and means something to callers in the mesh only.
 */
function entryService(target: Target): Service {
  const { workload } = target.serving.stable;
  const onKnative = runsOnKnative(target, workload) ? target.cluster.knative?.localGatewayService : undefined;
  const gateway = isLlm(workload) ? workloadAddress(target, workload).host : onKnative;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(target),
    spec:
      gateway !== undefined
        ? {
            type: 'ExternalName',
            externalName: gateway,
            // Not used for the name, but Istio reads the protocol off the port.
            ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
          }
        : {
            type: 'ClusterIP',
            ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: entryPort(workload) }],
            selector: podSelector(target, entryPart(workload), workload.release),
          },
  };
}

/** Requests for an explanation (KServe 0.20 constants.ExplainPrefix); KServe's own route is off with its ingress. */
const EXPLAIN = '/v1/models/[\\w-]+:explain';

function virtualService(
  target: Target,
  istio: NonNullable<Cluster['istio']>,
  entries: readonly EntryWorkload[],
): VirtualService {
  const limits = { timeout: formatGoDuration(requestTimeout(target)), retries: retries(target, istio) };
  const explained = entries.some(({ workload }) => workload.kind === 'server' && workload.explainer);
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: metadata(target),
    spec: {
      // No exportTo: callers live in any namespace, and the gateways in their own.
      hosts: hostsOf(target, entries),
      gateways: gatewaysOf(target, istio, entries),
      http: [
        ...forCandidate(target).map((route) => ({ ...route, ...limits })),
        ...(explained
          ? [
              {
                name: 'explain',
                match: [{ uri: { regex: EXPLAIN } }],
                route: entries.map((entry) => destination(target, explainerAddress(target, entry.workload), entry)),
                ...limits,
              },
            ]
          : []),
        {
          name: 'default',
          ...toModel(target),
          route: entries.map((entry) => destination(target, workloadAddress(target, entry.workload), entry)),
          ...mirrorOf(target),
          ...limits,
        },
      ],
    },
  };
}

/** The route of an A/B test, before all others: requests with its header go to the candidate. */
function forCandidate(target: Target): HttpRoute[] {
  const { candidate } = target.serving;
  if (!candidate?.header) return [];
  const { workload, release, header } = candidate;
  const headers = { [header.name]: { exact: header.value } };
  const entry = { workload, release, weight: 100 };
  return [
    ...(workload.kind === 'server' && workload.explainer
      ? [
          {
            name: 'candidate-explain',
            match: [{ headers, uri: { regex: EXPLAIN } }],
            route: [destination(target, explainerAddress(target, workload), entry)],
          },
        ]
      : []),
    { name: 'candidate', match: [{ headers }], route: [destination(target, workloadAddress(target, workload), entry)] },
  ];
}

/** KServe's gateway tells the models apart by path. */
function toModel(target: Target): Pick<HttpRoute, 'match' | 'rewrite'> {
  const { workload } = target.serving.stable;
  return workload.kind === 'server' && isLlm(workload)
    ? { match: [{ uri: { prefix: '/' } }], rewrite: { uri: `${llmPath(target, workload)}/` } }
    : {};
}

/** Copies of requests for the candidate; the checks refuse them on Knative, where a copy keeps the host of its original. */
function mirrorOf(target: Target): Pick<HttpRoute, 'mirror' | 'mirrorPercentage'> {
  const { candidate } = target.serving;
  if (candidate?.mirror === undefined) return {};
  const { host, port } = workloadAddress(target, candidate.workload);
  return { mirror: { host, port: { number: port } }, mirrorPercentage: { value: candidate.mirror } };
}

/** Host names that lead to a service: its own, the public one, and those of older addresses. */
function hostsOf(target: Target, entries: readonly EntryWorkload[]): string[] {
  // A gateway compares the host as it is written, so on Knative the shorter spellings are hosts of their own.
  const spellings = entries.some(({ workload }) => runsOnKnative(target, workload)) ? ['', '.svc'] : [];
  return [
    ...new Set([
      serviceHost(target, target.service),
      ...spellings.map((suffix) => `${target.service}.${target.namespace}${suffix}`),
      ...publicHosts(target),
    ]),
  ];
}

function gatewaysOf(
  target: Target,
  { gateway }: NonNullable<Cluster['istio']>,
  entries: readonly EntryWorkload[],
): string[] {
  const { knative } = target.cluster;
  return [
    'mesh',
    ...(target.spec.traffic.visibility === 'public' && gateway !== undefined ? [gateway] : []),
    // Where the Service of our name sends callers without a proxy.
    ...(knative && entries.some(({ workload }) => runsOnKnative(target, workload)) ? [knative.localGateway] : []),
  ];
}

/**
 * Knative routes by host name: each destination is the local gateway with a host of its own. The host must stand at
 * the destination; a route has only one. Weights are always written, so that a second release changes no line.
 */
function destination(
  target: Target,
  { host, port, knative }: Address,
  { release, weight }: EntryWorkload,
): RouteDestination {
  const gateway = knative ? target.cluster.knative?.localGatewayService : undefined;
  const headers = {
    ...(gateway !== undefined && { request: { set: { Host: host } } }),
    ...(release !== undefined && { response: { set: { [MODEL_VERSION]: release } } }),
  };
  return {
    destination: { host: gateway ?? host, port: { number: port } },
    ...(Object.keys(headers).length > 0 && { headers }),
    weight,
  };
}

/**
 * Retries where the request cannot have reached the model. Without them Istio's own default applies, which also
 * repeats on `unavailable` and `cancelled` (1.30 pilot/pkg/networking/core/route/retry) and so pays for an answer twice.
 */
function retries(target: Target, { version }: NonNullable<Cluster['istio']>): NonNullable<HttpRoute['retries']> {
  const { attempts, perTryTimeout } = target.spec.traffic.retries;
  // With attempts 0 the webhook refuses every other field.
  if (attempts === 0) return { attempts };
  return {
    attempts,
    ...(perTryTimeout !== undefined && { perTryTimeout: goDuration(perTryTimeout) }),
    // The third came with Istio 1.23 (release notes); an older webhook refuses it.
    retryOn: `connect-failure,refused-stream${atLeast(version, '1.23') ? ',reset-before-request' : ''}`,
  };
}

/**
 * Limits and outlier detection per workload, also of models that only the function calls. None on Knative: there all
 * requests go to the gateway, whose endpoints are no replicas of ours, and queue-proxy and activator do the queueing.
 *
 * No exportTo: Istio reads the rule at the caller, in any namespace, or at the gateway.
 */
function destinationRules(target: Target): DestinationRule[] {
  const { connectionPool, outlierDetection } = target.spec.traffic;
  return target.serving.workloads
    .filter((workload) => !runsOnKnative(target, workload) && !isLlm(workload))
    .map((workload) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: {
        name: workload.name,
        namespace: target.namespace,
        labels: workloadLabels(target, entryPart(workload), workload.release),
      },
      spec: {
        host: workloadAddress(target, workload).host,
        trafficPolicy: {
          connectionPool: {
            http: { http1MaxPendingRequests: connectionPool.maxPendingRequests },
            tcp: { maxConnections: connectionPool.maxConnections },
          },
          outlierDetection: {
            consecutiveGatewayErrors: outlierDetection.consecutiveGatewayErrors,
            // Model servers answer 500 to input that they cannot read; that is no reason to eject a replica.
            consecutive5xxErrors: 0,
            interval: goDuration(outlierDetection.interval),
            baseEjectionTime: goDuration(outlierDetection.baseEjectionTime),
            maxEjectionPercent: outlierDetection.maxEjectionPercent,
          },
        },
      },
    }));
}

function metadata(target: Target): { name: string; namespace: string; labels: Record<string, string> } {
  return { name: target.service, namespace: target.namespace, labels: serviceLabels(target) };
}

/** Canonical form of a duration that the schema has accepted. */
function goDuration(text: string): string {
  return formatGoDuration(parseDuration(text) ?? 0);
}
