import { compareText } from '../core/finding.ts';
import { clusterHost } from '../core/names.ts';
import type { KubeObject } from '../core/object.ts';
import { IN_PLACE } from '../release/serving.ts';
import type { Routes, Share } from './plan.ts';
import { isKind, listAt, mapAt, nameOf, numberAt, textAt, valueAt } from './read.ts';
import { namesBehind, routeOf, type RouteRule } from './route.ts';

/** Who answers requests of a service, and what runs for that. */

const VERSION_LABEL = 'app.kubernetes.io/version';
const NAME_LABEL = 'app.kubernetes.io/name';
const PART_LABEL = 'app.kubernetes.io/component';

/**
 * The release that an object belongs to: one that carries its name, as all do that live as long as a release. A version
 * that another tool writes as a label means something else.
 *
 * @example releaseOf(object) // 'v47'
 */
export function releaseOf(object: KubeObject): string | undefined {
  const release = textAt(object, 'metadata', 'labels', VERSION_LABEL);
  const name = nameOf(object);
  return release !== undefined && release !== '' && name.endsWith(`-${release}`) ? release : undefined;
}

/** The part of a service that an object runs, as its labels say: `predictor`, `function`. */
export function partOf(object: KubeObject): string | undefined {
  return textAt(object, 'metadata', 'labels', PART_LABEL);
}

/** Whether an object runs something. */
export function isWorkload(object: KubeObject): boolean {
  return (
    isKind(object, 'serving.kserve.io', 'InferenceService', 'LLMInferenceService') ||
    isKind(object, 'serving.knative.dev', 'Service') ||
    isKind(object, 'apps', 'Deployment', 'StatefulSet', 'DaemonSet') ||
    isKind(object, 'argoproj.io', 'Rollout')
  );
}

/** What one object splits between releases itself: revisions of a function, `canaryTrafficPercent`; `undefined` for the rest. */
export function nativeShares(
  object: KubeObject,
): readonly { readonly release: string; readonly weight: number }[] | undefined {
  if (isKind(object, 'serving.knative.dev', 'Service')) {
    const name = nameOf(object);
    const traffic = listAt(object, 'spec', 'traffic');
    if (!traffic.some((entry) => textAt(entry, 'revisionName') !== undefined)) return undefined;
    return traffic.map((entry) => ({
      release: releaseOfRevision(name, textAt(entry, 'revisionName')),
      weight: numberAt(entry, 'percent') ?? 0,
    }));
  }
  if (isKind(object, 'serving.kserve.io', 'InferenceService')) {
    const weight = numberAt(object, 'spec', 'predictor', 'canaryTrafficPercent');
    if (weight === undefined) return undefined;
    const release = servedRelease(object) ?? 'the new release';
    return [
      { release, weight },
      { release: `before ${release}`, weight: 100 - weight },
    ];
  }
  if (isKind(object, 'serving.kserve.io', 'LLMInferenceService')) {
    const weight = numberAt(object, 'spec', 'router', 'route', 'weight');
    const release = releaseOf(object) ?? nameOf(object);
    return weight === undefined || textAt(object, 'spec', 'router', 'route', 'group') === undefined
      ? undefined
      : [{ release, weight }];
  }
  return undefined;
}

/** Per cent of the requests that go to what the template of an object makes, where the object splits them itself. */
export function newestShare(object: KubeObject): number {
  if (!isKind(object, 'serving.knative.dev', 'Service'))
    return numberAt(object, 'spec', 'predictor', 'canaryTrafficPercent') ?? 100;
  const revision = textAt(object, 'spec', 'template', 'metadata', 'name');
  const newest = listAt(object, 'spec', 'traffic').filter((entry) => textAt(entry, 'revisionName') === revision);
  return newest.reduce<number>((sum, entry) => sum + (numberAt(entry, 'percent') ?? 0), 0);
}

/** `v13` of the revision `image-classifier-function-main-v13-0a1b2c3d` of `image-classifier-function-main`. */
function releaseOfRevision(name: string, revision: string | undefined): string {
  if (revision === undefined) return 'the newest revision';
  const rest = revision.startsWith(`${name}-`) ? revision.slice(name.length + 1) : revision;
  return rest.replace(/(.)-[0-9a-f]{8}$/, '$1');
}

/** The release of an InferenceService that all releases share: its runtime is the release's own. */
export function servedRelease(object: KubeObject): string | undefined {
  const service = textAt(object, 'metadata', 'labels', NAME_LABEL) ?? '';
  const runtime = textAt(object, 'spec', 'predictor', 'model', 'runtime') ?? '';
  return service !== '' && runtime.startsWith(`${service}-`) && runtime.length > service.length + 1
    ? runtime.slice(service.length + 1)
    : undefined;
}

/** URLs of others that a workload is given: first labels of their hosts, which are what it calls. */
export function calledBy(object: KubeObject): string[] {
  const called: string[] = [];
  for (const container of listAt(object, 'spec', 'template', 'spec', 'containers')) {
    for (const variable of listAt(container, 'env')) {
      const host = /^https?:\/\/([a-z0-9-]{1,63})(?:[.:/]|$)/.exec(textAt(variable, 'value') ?? '')?.[1];
      if (host !== undefined) called.push(host);
    }
  }
  return called;
}

/**
 * Who answers requests of a service: its hosts, the releases behind them with their shares, and what runs for each. Read
 * off the objects of one place; `undefined` where nothing routes to anything.
 *
 * @example topologyOf(objects)?.releases // [{ release: 'v46', weight: 90, parts: […] }, { release: 'v47', weight: 10, parts: […] }]
 */
export function topologyOf(objects: readonly KubeObject[]): Routes | undefined {
  const workloads = new Map(objects.filter(isWorkload).map((object) => [nameOf(object), object]));
  const routes = objects.flatMap((object) => routeOf(object) ?? []);
  const services = objects.filter(
    (object) => isKind(object, '', 'Service') && selectedBy(object) !== undefined && releaseOf(object) === undefined,
  );
  if (routes.length === 0 && services.length === 0) return undefined;

  const shares: Shares = new Map();
  // The routes of one service say the same, to callers inside and outside.
  if (routes[0]) shareByRules(shares, routes[0].rules, workloads, objects);
  else for (const service of services) shareOf(shares, selectedBy(service) ?? '').weight = 100;
  // What runs and gets nothing is there too: a candidate that warms, the release to go back to.
  const own = new Map<string, KubeObject[]>();
  for (const workload of workloads.values()) {
    const release = releaseOf(workload);
    if (release === undefined || release === IN_PLACE) continue;
    shareOf(shares, release);
    const others = own.get(release);
    if (others) others.push(workload);
    else own.set(release, [workload]);
  }
  const hosts = routes.length > 0 ? routes.flatMap((route) => route.hosts) : services.map(serviceHost);
  return {
    hosts: [...new Set(hosts)],
    public: routes.some((route) => route.public) || services.some(isPublicService),
    releases: [...shares]
      .map(([release, { entries, ...share }]): Share => ({
        release,
        ...share,
        parts: partsOf(entries, own.get(release) ?? [], workloads),
      }))
      .sort((a, b) => compareText(a.release, b.release)),
  };
}

/** What a release gets of the requests, and the workloads that take them. */
type Shares = Map<string, { weight: number; mirror?: number; header?: string; readonly entries: Set<string> }>;

function shareOf(
  shares: Shares,
  release: string,
  entry?: string,
): { weight: number; mirror?: number; header?: string } {
  const share = shares.get(release) ?? { weight: 0, entries: new Set() };
  shares.set(release, share);
  if (entry !== undefined) share.entries.add(entry);
  return share;
}

function shareByRules(
  shares: Shares,
  rules: readonly RouteRule[],
  workloads: ReadonlyMap<string, KubeObject>,
  objects: readonly KubeObject[],
): void {
  const behind = (host: string): { readonly workload?: KubeObject; readonly name?: string } => {
    const name = namesBehind(host).find((candidate) => workloads.has(candidate));
    return name === undefined ? {} : { name, workload: workloads.get(name)! };
  };
  // The rule that takes what no other one does.
  const main = rules.filter(({ header, path }) => header === undefined && path === undefined).at(-1) ?? rules.at(-1);
  for (const backend of main?.backends ?? []) {
    const { name, workload } = behind(backend.host);
    const native = workload ? nativeShares(workload) : groupShares(objects);
    for (const { release, weight } of native ?? [
      { release: releaseBehind(backend.host, backend.release, workload), weight: 100 },
    ]) {
      shareOf(shares, release, name).weight += (weight * backend.weight) / 100;
    }
  }
  if (main?.mirror) {
    const { name, workload } = behind(main.mirror.host);
    shareOf(shares, releaseBehind(main.mirror.host, undefined, workload), name).mirror = main.mirror.percent;
  }
  for (const { header, backends } of rules) {
    const [backend] = backends;
    if (header === undefined || !backend) continue;
    const { name, workload } = behind(backend.host);
    shareOf(shares, releaseBehind(backend.host, backend.release, workload), name).header ??= header;
  }
}

/** The release that a Service selects. */
function selectedBy(service: KubeObject): string | undefined {
  return textAt(service, 'spec', 'selector', VERSION_LABEL);
}

function serviceHost(service: KubeObject): string {
  return clusterHost(nameOf(service), textAt(service, 'metadata', 'namespace') ?? 'default');
}

/** Whether a Service has an address outside of the cluster. */
export function isPublicService(object: KubeObject): boolean {
  return ['LoadBalancer', 'NodePort'].includes(textAt(object, 'spec', 'type') ?? '');
}

function releaseBehind(host: string, said: string | undefined, workload: KubeObject | undefined): string {
  return said ?? (workload && releaseOf(workload)) ?? host;
}

/** Shares of releases that are in one group of routes, as KServe splits requests to language models. */
function groupShares(objects: readonly KubeObject[]): { release: string; weight: number }[] | undefined {
  const shares = objects
    .filter((object) => isKind(object, 'serving.kserve.io', 'LLMInferenceService'))
    .flatMap((object) => nativeShares(object) ?? []);
  return shares.length === 0 ? undefined : shares;
}

/** What runs for a release: who takes its requests, what that calls, and the rest that carries its name. */
function partsOf(
  entries: ReadonlySet<string>,
  own: readonly KubeObject[],
  workloads: ReadonlyMap<string, KubeObject>,
): Share['parts'] {
  const first =
    entries.size > 0
      ? [...entries].flatMap((name) => workloads.get(name) ?? [])
      : own.filter((object) => partOf(object) === 'function').slice(0, 1);
  const objects = new Set(first);
  for (const entry of first) {
    for (const host of calledBy(entry)) {
      for (const name of namesBehind(host)) {
        const called = workloads.get(name);
        if (called) objects.add(called);
      }
    }
  }
  for (const object of own) objects.add(object);
  return [...objects].flatMap((object) => componentsOf(object));
}

function componentsOf(object: KubeObject): Share['parts'] {
  const name = nameOf(object);
  const part = partOf(object) ?? object.kind.toLowerCase();
  const component = (of: string, model: string | undefined, replicas: string | undefined): Share['parts'][number] => ({
    part: of,
    kind: object.kind,
    name,
    ...(model !== undefined && { model }),
    ...(replicas !== undefined && { replicas }),
  });
  if (isKind(object, 'serving.kserve.io', 'InferenceService')) {
    const before = valueAt(object, 'spec', 'transformer') === undefined ? [] : ['transformer'];
    return [...before, 'predictor'].map((of) => {
      const spec = mapAt(object, 'spec', of);
      const replicas = range(numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas'));
      return of === 'predictor' ? component(part, modelUriOf(spec), replicas) : component(of, undefined, replicas);
    });
  }
  if (isKind(object, 'serving.kserve.io', 'LLMInferenceService'))
    return [component(part, textAt(object, 'spec', 'model', 'uri'), textAt(object, 'spec', 'replicas'))];
  if (isKind(object, 'serving.knative.dev', 'Service')) {
    const annotations = mapAt(object, 'spec', 'template', 'metadata', 'annotations');
    const [min, max] = ['min', 'max'].map((bound) => numberAt(annotations, `autoscaling.knative.dev/${bound}-scale`));
    return [component(part, undefined, range(min ?? 0, max))];
  }
  return [component(part, undefined, textAt(object, 'spec', 'replicas'))];
}

/** Where the model of a predictor comes from. */
function modelUriOf(predictor: unknown): string | undefined {
  const own = textAt(predictor, 'model', 'storageUri');
  if (own !== undefined) return own;
  for (const container of listAt(predictor, 'containers')) {
    for (const variable of listAt(container, 'env')) {
      if (textAt(variable, 'name') === 'STORAGE_URI') return textAt(variable, 'value');
    }
  }
  return undefined;
}

/** A number of replicas in words: `2`, `2 to 20`, `at least 2`. */
export function range(min: number, max: number | undefined): string {
  if (max === undefined || max === 0) return `at least ${min}`;
  return max <= min ? String(min) : `${min} to ${max}`;
}
