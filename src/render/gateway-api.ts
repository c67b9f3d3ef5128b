import type {
  BackendRefFilter,
  HTTPRoute,
  HTTPRouteSpec,
  ParentRef,
} from '../../imports/gateway.networking.k8s.io/v1.js';
import { formatGoDuration } from '../core/duration.ts';
import type { RunningWorkload } from '../release/serving.ts';
import { atLeast } from '../core/version.ts';
import type { Cluster } from '../service/platform.ts';
import { explainerAddress, workloadAddress, type Address } from './address.ts';
import { entryWorkloads, MODEL_VERSION, publicHosts, type EntryWorkload } from './entry.ts';
import { requestTimeout } from './request-timeout.ts';
import { serviceLabels, type Target } from './target.ts';

type Rule = NonNullable<HTTPRouteSpec['rules']>[number];
type Match = NonNullable<Rule['matches']>[number];
type Backend = NonNullable<Rule['backendRefs']>[number];

/** Gateway API of a cluster. */
type GatewayApi = NonNullable<Cluster['gatewayApi']>;

/**
 * The routes of a service on a cluster that has Gateway API and no Istio: one for the public gateway, and where a mesh
 * follows routes of Services, one for callers inside of the cluster. They are two objects, since a route of a Service has
 * no hosts and a route at a gateway must have some.
 *
 * Without such a mesh nothing stands between a caller inside of the cluster and the Service of the service's name, which
 * selects the pods of the stable release.
 */
export function renderGatewayApi(target: Target): HTTPRoute[] {
  const { istio, gatewayApi } = target.cluster;
  if (istio || !gatewayApi) return [];
  const { gateway, mesh } = gatewayApi;
  const routes: HTTPRoute[] = [];
  if (mesh) {
    routes.push(
      route(target, gatewayApi, target.service, {
        parentRefs: [{ group: '', kind: 'Service', name: target.service, port: 80 }],
      }),
    );
  }
  if (gateway !== undefined && target.spec.traffic.visibility === 'public') {
    routes.push(
      route(target, gatewayApi, `${target.service}-public`, {
        parentRefs: [gatewayRef(gateway)],
        hostnames: publicHosts(target),
      }),
    );
  }
  return routes;
}

function gatewayRef(gateway: string): ParentRef {
  const [namespace = '', name = ''] = gateway.split('/');
  return { group: 'gateway.networking.k8s.io', kind: 'Gateway', name, namespace };
}

function route(
  target: Target,
  gatewayApi: GatewayApi,
  name: string,
  where: Pick<HTTPRouteSpec, 'parentRefs' | 'hostnames'>,
): HTTPRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: target.namespace, labels: serviceLabels(target) },
    spec: { ...where, rules: rulesOf(target, gatewayApi) },
  };
}

/** The most specific match counts, whatever the order: an exact path before a prefix, then more headers before fewer. */
function rulesOf(target: Target, gatewayApi: GatewayApi): Rule[] {
  const entries = entryWorkloads(target);
  const { candidate } = target.serving;
  const timeouts = { timeouts: { request: formatGoDuration(requestTimeout(target)) } };
  const explained = explanations(entries.map(({ workload }) => workload));
  const rules: Rule[] = [];
  if (candidate?.header) {
    const { workload, release, header } = candidate;
    const headers: Match['headers'] = [{ name: header.name, type: 'Exact', value: header.value }];
    const alone = { workload, release, weight: 100 };
    const own = explanations([workload]);
    if (own.length > 0)
      rules.push({
        matches: own.map((match) => ({ ...match, headers })),
        backendRefs: [backend(explainerAddress(target, workload), alone)],
        ...timeouts,
      });
    rules.push({
      matches: [{ ...ALL, headers }],
      backendRefs: [backend(workloadAddress(target, workload), alone)],
      ...timeouts,
    });
  }
  if (explained.length > 0) {
    rules.push({
      matches: explained,
      backendRefs: entries.map((entry) => backend(explainerAddress(target, entry.workload), entry)),
      ...timeouts,
    });
  }
  rules.push({
    matches: [ALL],
    ...mirrorOf(target, gatewayApi),
    backendRefs: entries.map((entry) => backend(workloadAddress(target, entry.workload), entry)),
    ...timeouts,
  });
  return rules;
}

/** What the CRD would fill in. */
const ALL: Match = { path: { type: 'PathPrefix', value: '/' } };

/** Paths of explanations, exactly: a regular expression in a path means what each implementation likes. */
function explanations(workloads: readonly RunningWorkload[]): Match[] {
  const names = new Set(
    workloads.flatMap((workload) => (workload.kind === 'server' && workload.explainer ? [workload.servedName] : [])),
  );
  return [...names].map((name) => ({ path: { type: 'Exact', value: `/v1/models/${name}:explain` } }));
}

function backend({ host, port }: Address, { release, weight }: EntryWorkload): Backend {
  // Only what runs on Knative answers for two releases, and that no HTTPRoute leads to.
  const version: BackendRefFilter = {
    type: 'ResponseHeaderModifier',
    responseHeaderModifier: { set: [{ name: MODEL_VERSION, value: release ?? '' }] },
  };
  return { ...serviceRef(host, port), filters: [version], weight };
}

/** Copies of requests for the candidate. Before 1.3 there is no share to write, and the checks let only all requests pass. */
function mirrorOf(target: Target, { version }: GatewayApi): Pick<Rule, 'filters'> {
  const { candidate } = target.serving;
  if (candidate?.mirror === undefined) return {};
  const { host, port } = workloadAddress(target, candidate.workload);
  const share = atLeast(version, MIRROR_PERCENT) ? { percent: candidate.mirror } : {};
  return { filters: [{ type: 'RequestMirror', requestMirror: { backendRef: serviceRef(host, port), ...share } }] };
}

/** The first version whose standard channel has a share of mirrored requests (GEP-3171). */
export const MIRROR_PERCENT = '1.3';

function serviceRef(host: string, port: number): { group: string; kind: string; name: string; port: number } {
  return { group: '', kind: 'Service', name: host.slice(0, host.indexOf('.')), port };
}
