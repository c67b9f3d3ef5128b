import { clusterHost } from '../core/names.ts';
import type { KubeObject } from '../core/object.ts';
import { MODEL_VERSION } from '../render/entry.ts';
import { entriesAt, isKind, listAt, mapAt, numberAt, textAt } from './read.ts';

/** Routes as objects hold them, read with care: where they send the requests of which hosts. */

/** One answerer of a rule, and its share of the rule's requests in per cent. */
interface Backend {
  /** First label of the host that answers: `fraud-detector-v47-predictor`; with the subset, where one is named. */
  readonly host: string;
  /** The release, as the route itself says in the header of answers. */
  readonly release?: string;
  readonly weight: number;
}

/** One rule of a route. */
export interface RouteRule {
  /** What tells it from the other rules of its route, before and after a change. */
  readonly key: string;
  readonly name?: string;
  /** The header that a request must carry: `x-canary: always`. */
  readonly header?: string;
  /** The path that a request must have, unless that is any. */
  readonly path?: string;
  readonly backends: readonly Backend[];
  /** What a request gets that goes to none of them: `are redirected to /v2`, `are answered with 503`. */
  readonly instead?: string;
  /** Who gets copies, of how many per cent of the requests. */
  readonly mirror?: { readonly host: string; readonly percent: number };
  /** As it is written. */
  readonly timeout?: string;
}

/** A route: under which hosts it is found, and where it sends requests. */
export interface Route {
  readonly hosts: readonly string[];
  /** Whether it is at a gateway that callers from outside of the cluster reach. */
  readonly public: boolean;
  /** Rules that requests can come to, in their order. */
  readonly rules: readonly RouteRule[];
  /** Rules behind one that takes all requests. */
  readonly hidden: readonly RouteRule[];
}

/** The route that an object is; `undefined` when it is none. A Service is the route to what it selects. */
export function routeOf(object: KubeObject): Route | undefined {
  if (isKind(object, 'networking.istio.io', 'VirtualService')) return virtualService(object);
  if (isKind(object, 'gateway.networking.k8s.io', 'HTTPRoute')) return httpRoute(object);
  return undefined;
}

function virtualService(object: KubeObject): Route {
  const gateways = listAt(object, 'spec', 'gateways').filter((gateway) => typeof gateway === 'string');
  return {
    hosts: fullHosts(listAt(object, 'spec', 'hosts').filter((host) => typeof host === 'string')),
    public: gateways.some((gateway) => gateway !== 'mesh' && !LOCAL_GATEWAY.test(gateway)),
    ...reached(listAt(object, 'spec', 'http')),
  };
}

/** The first rule that matches gets a request, so that none comes to what stands behind one that takes all. */
function reached(http: readonly unknown[]): Pick<Route, 'rules' | 'hidden'> {
  const last = http.findIndex(takesAll);
  const rules = http.map((item) => istioRule(item));
  return last < 0 ? { rules, hidden: [] } : { rules: rules.slice(0, last + 1), hidden: rules.slice(last + 1) };
}

/** Whether a rule matches every request: it has no match, or one that asks for nothing. */
function takesAll(http: unknown): boolean {
  const matches = listAt(http, 'match');
  return (
    matches.length === 0 ||
    matches.some((match) =>
      entriesAt(match).every(
        ([field, value]) => field === 'name' || (field === 'uri' && textAt(value, 'prefix') === '/'),
      ),
    )
  );
}

/** Knative's gateway for callers without a proxy, under its usual names. */
const LOCAL_GATEWAY = /(?:^|[-/])local-gateway$/;

function istioRule(http: unknown): RouteRule {
  const matches = listAt(http, 'match');
  const destinations = listAt(http, 'route');
  const weights = destinations.map((item) => numberAt(item, 'weight') ?? (destinations.length === 1 ? 100 : 0));
  const mirrored = textAt(http, 'mirror', 'host') ?? textAt(http, 'mirrors', '0', 'destination', 'host');
  const percent =
    numberAt(http, 'mirrorPercentage', 'value') ??
    numberAt(http, 'mirrors', '0', 'percentage', 'value') ??
    numberAt(http, 'mirror_percent') ??
    100;
  const headers = matches.map((match) =>
    Object.entries(mapAt(match, 'headers')).map(([name, value]) => headerText(name, value)),
  );
  const uri = mapAt(matches[0], 'uri');
  const path = textAt(uri, 'exact') ?? textAt(uri, 'prefix') ?? textAt(uri, 'regex');
  return rule({
    name: textAt(http, 'name'),
    headers,
    path: path === '/' ? undefined : path,
    backends: percentages(
      destinations.map((item, index) => ({
        // Knative routes by the host of a request.
        host: hostLabel(
          textAt(item, 'headers', 'request', 'set', 'Host') ?? textAt(item, 'destination', 'host') ?? '',
          textAt(item, 'destination', 'subset'),
        ),
        release: textAt(item, 'headers', 'response', 'set', MODEL_VERSION),
        weight: weights[index] ?? 0,
      })),
    ),
    mirror:
      mirrored === undefined ? undefined : { host: hostLabel(mirrored, textAt(http, 'mirror', 'subset')), percent },
    timeout: textAt(http, 'timeout'),
    takesAll: takesAll(http),
    instead: insteadOf(http),
  });
}

function insteadOf(http: unknown): string | undefined {
  const status = textAt(http, 'directResponse', 'status');
  if (status !== undefined) return `are answered with ${status}`;
  const { uri, authority, redirectCode } = mapAt(http, 'redirect');
  const to = [authority, uri].filter((part) => typeof part === 'string').join('');
  if (to !== '' || redirectCode !== undefined) return `are redirected to ${to === '' ? 'another address' : to}`;
  const delegate = textAt(http, 'delegate', 'name');
  return delegate === undefined ? undefined : `go where VirtualService ${delegate} says`;
}

function headerText(name: string, value: unknown): string {
  const text = textAt(value, 'exact') ?? textAt(value, 'prefix') ?? textAt(value, 'regex');
  return text === undefined ? name : `${name}: ${text}`;
}

function httpRoute(object: KubeObject): Route {
  const parents = listAt(object, 'spec', 'parentRefs');
  const namespace = textAt(object, 'metadata', 'namespace') ?? 'default';
  const services = parents.flatMap((parent) =>
    textAt(parent, 'kind') === 'Service'
      ? [clusterHost(textAt(parent, 'name') ?? '', textAt(parent, 'namespace') ?? namespace)]
      : [],
  );
  return {
    hosts: fullHosts([...services, ...listAt(object, 'spec', 'hostnames').filter((host) => typeof host === 'string')]),
    public: parents.some((parent) => (textAt(parent, 'kind') ?? 'Gateway') === 'Gateway'),
    rules: listAt(object, 'spec', 'rules').map((item) => gatewayRule(item)),
    // The most exact match wins.
    hidden: [],
  };
}

function gatewayRule(item: unknown): RouteRule {
  const matches = listAt(item, 'matches');
  const mirror = listAt(item, 'filters')
    .map((filter) => mapAt(filter, 'requestMirror'))
    .find((found) => Object.keys(found).length > 0);
  const path = textAt(matches[0], 'path', 'value');
  return rule({
    name: textAt(item, 'name'),
    headers: matches.map((match) =>
      listAt(match, 'headers').map((header) => `${textAt(header, 'name') ?? ''}: ${textAt(header, 'value') ?? ''}`),
    ),
    path: path === '/' ? undefined : path,
    backends: percentages(
      listAt(item, 'backendRefs').map((backend) => ({
        host: hostLabel(textAt(backend, 'name') ?? ''),
        release: modelVersion(backend),
        weight: numberAt(backend, 'weight') ?? 1,
      })),
    ),
    mirror: mirror && {
      host: hostLabel(textAt(mirror, 'backendRef', 'name') ?? ''),
      percent: numberAt(mirror, 'percent') ?? 100,
    },
    timeout: textAt(item, 'timeouts', 'request'),
  });
}

function modelVersion(backend: unknown): string | undefined {
  for (const filter of listAt(backend, 'filters')) {
    for (const header of listAt(filter, 'responseHeaderModifier', 'set')) {
      if (textAt(header, 'name')?.toLowerCase() === MODEL_VERSION) return textAt(header, 'value');
    }
  }
  return undefined;
}

/** What is read of a rule; a field that is not there is `undefined`. */
interface ReadRule {
  readonly name: string | undefined;
  readonly headers: readonly (readonly string[])[];
  readonly path: string | undefined;
  readonly backends: readonly ReadBackend[];
  readonly mirror: RouteRule['mirror'] | undefined;
  readonly timeout: string | undefined;
  readonly takesAll?: boolean;
  readonly instead?: string | undefined;
}

type ReadBackend = { readonly host: string; readonly release: string | undefined; readonly weight: number };

function rule({ name, headers, path, backends, mirror, timeout, takesAll, instead }: ReadRule): RouteRule {
  // With one match that asks for no header, requests without one come here too.
  const header =
    headers.length > 0 && headers.every((asked) => asked.length > 0) ? headers[0]?.join(' and ') : undefined;
  return {
    // Of those that take all requests the first one counts, whatever it is called.
    key: takesAll ? 'all' : JSON.stringify([name, header, path]),
    ...(name !== undefined && { name }),
    ...(header !== undefined && { header }),
    ...(path !== undefined && { path }),
    backends: backends.map(({ host, release, weight }) => ({
      host,
      weight,
      ...(release !== undefined && release !== '' && { release }),
    })),
    ...(instead !== undefined && { instead }),
    ...(mirror && { mirror }),
    ...(timeout !== undefined && { timeout }),
  };
}

/** Weights as per cent of all; those of an HTTPRoute are shares of any sum. */
function percentages(backends: readonly ReadBackend[]): ReadBackend[] {
  const sum = backends.reduce((all, { weight }) => all + Math.max(weight, 0), 0);
  return backends.map((backend) => ({
    ...backend,
    weight: sum === 0 ? 0 : Math.round((1000 * Math.max(backend.weight, 0)) / sum) / 10,
  }));
}

function hostLabel(host: string, subset?: string): string {
  const dot = host.indexOf('.');
  const label = dot < 0 ? host : host.slice(0, dot);
  return subset === undefined ? label : `${label} ${subset}`;
}

/** Hosts without the shorter spellings of a host that is there in full. */
function fullHosts(hosts: readonly string[]): string[] {
  const all = new Set(hosts);
  return [...all].filter((host) => !SHORTER.some((rest) => all.has(`${host}${rest}`)));
}

const SHORTER = ['.svc.cluster.local', '.cluster.local'];

/** What may stand behind the name of a workload in the host that answers for it. */
const COMPONENT_SUFFIX = /-(?:predictor|transformer|explainer)$/;

/** Names that the workload behind a host can have, the likelier one first. */
export function namesBehind(host: string): readonly string[] {
  const bare = host.replace(COMPONENT_SUFFIX, '');
  return bare === host ? [host] : [bare, host];
}
