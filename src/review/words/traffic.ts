import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { isKind, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind, routeOf, type Route, type RouteRule } from '../route.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, isBelow, latest, type Altered } from './changes.ts';
import { groupSaid, nativeSaid } from './native.ts';
import { orderSaid } from './route-order.ts';
import { merged, sentence } from './said.ts';
import { keysOf } from './sets.ts';
import {
  addShare,
  backendReasons,
  exposuresOf,
  labels,
  releaseBehind,
  sharesOf,
  sharesSaid,
  workloadsOf,
} from './shares.ts';
import type { Around, Share, Telling } from './shares.ts';
import { subjectOf } from './subject.ts';
import { percent, shown } from './text.ts';

/** Who gets how much of the requests, and what changes of that. */

const VERSION = ['spec', 'selector', 'app.kubernetes.io/version'] as const;

/**
 * What changes of who answers how many requests of a service: by weights of routes, copies, headers, the selector of its
 * Service, revisions of Knative, `canaryTrafficPercent` and groups of LLMInferenceServices.
 *
 * @example trafficWords(unit, stage)[0]?.text // 'fraud-detector sends 25 % (was 10 %) to release v47'
 */
export function trafficWords(unit: ChangedUnit, stage: Stage): Said[] {
  const around = workloadsOf(unit);
  const sentences: Said[] = [];
  const selectors: Altered[] = [];
  for (const change of unit.objects) {
    if (change.change !== 'changed') continue;
    const [before, after] = [routeOf(change.before.object), routeOf(change.after.object)];
    if (before && after) sentences.push(...routeSaid(unit, stage, change, before, after, around));
    else if (isEntryService(change)) selectors.push(change);
    else sentences.push(...nativeSaid(unit, stage, change, around));
  }
  sentences.push(...groupSaid(unit, stage, around), ...selectorSaid(unit, stage, selectors, sentences, around));
  return merged(sentences);
}

/** What the sentences of one route share: every change of it is explained by each. */
interface RouteTelling extends Telling {
  /** A rule before and after, by what tells it from the others. */
  readonly was: RouteRule | undefined;
  readonly is: RouteRule | undefined;
  /** ` to /v2`, for a rule of some paths. */
  readonly path: string;
}

/** Sentences of one route. */
function routeSaid(
  unit: ChangedUnit,
  stage: Stage,
  change: Altered,
  before: Route,
  after: Route,
  around: Around,
): Said[] {
  const changes = change.changes.filter(isOfTraffic);
  if (changes.length === 0) return [];
  const base: Telling = {
    unit,
    stage,
    subject: subjectOf(unit, change.after.object),
    around,
    explains: [{ of: change, changes }],
  };
  const byKey = ({ rules }: Route): Map<string, RouteRule> => new Map(rules.map((rule) => [rule.key, rule]));
  const [olds, news] = [byKey(before), byKey(after)];
  const shares: Said[] = [];
  const headers: Said[] = [];
  const copies: Said[] = [];
  for (const key of keysOf(olds, news)) {
    const [was, is] = [olds.get(key), news.get(key)];
    const { header, path } = (was ?? is)!;
    const telling = { ...base, was, is, path: path === undefined ? '' : ` to ${shown(path)}` };
    if (header !== undefined) headers.push(...headerSaid(telling, header));
    else if (!was || !is) shares.push(pathSaid(telling));
    else {
      // A rule of its own for some paths mostly follows the one for all the rest, and then says the same.
      shares.push(...sharesSaid(telling, sharesOf(was, around), sharesOf(is, around)));
      copies.push(...mirrorSaid(telling, was, is));
    }
  }
  // Copies and requests by header end when the candidate takes over, or goes.
  const lasting = (said: readonly Said[]): Said[] => said.filter(({ text }) => !ENDED.test(text));
  const over = shares.length > 0;
  return [
    ...shares,
    ...(over || lasting(headers).length > 0 ? lasting(headers) : headers),
    ...(over ? lasting(copies) : copies),
    ...orderSaid(base, change, before, after),
  ];
}

const ENDED = /(?:gets no more copies of requests|go where all others go)$/;

/** Whether a change of a route is about who answers; timeouts and retries are not, nor are ports. */
function isOfTraffic({ path }: Change): boolean {
  const inIstio = isBelow(path, ['spec', 'http']) && path.length >= 3;
  const inGateway = isBelow(path, ['spec', 'rules']) && path.length >= 3;
  if (!inIstio && !inGateway) return false;
  if (path.length === 3) return true;
  const [, , , field, ...rest] = path;
  return typeof field === 'string' && OF_TRAFFIC.has(field) && !rest.includes('port') && !rest.includes('rewrite');
}

/** Fields of a rule that say who answers what. */
const OF_TRAFFIC: ReadonlySet<string> = new Set([
  'route',
  'mirror',
  'mirrors',
  'mirrorPercentage',
  'match',
  'matches',
  'backendRefs',
  'filters',
]);

/** Requests with a header that go to a release of their own. */
function headerSaid({ stage, explains, around, was, is, path }: RouteTelling, header: string): Said[] {
  const [olds, news] = [labels(sharesOf(was, around)), labels(sharesOf(is, around))];
  const who = `requests${path} with ${shown(header)}`;
  if (!is)
    return [
      sentence(`${who} go where all others go`, explains, reasonOf('risk/retreat', stage, `they went to ${olds}`)),
    ];
  if (was && olds === news && was.instead === is.instead) return [];
  const reason = reasonOf('risk/traffic', stage, 'who sends the header meets it');
  return [
    sentence(
      `${who} ${is.instead === undefined ? `go to ${news}` : shown(is.instead)}${was ? ` (went to ${olds})` : ''}`,
      explains,
      ...behindReasons(stage, is, around),
      reason,
    ),
  ];
}

/** A rule for some paths that comes or goes. */
function pathSaid({ subject, stage, explains, around, was, is, path }: RouteTelling): Said {
  const who = path === '' ? `requests to ${subject}` : `requests for ${path.slice(' to '.length)} of ${subject}`;
  const to = labels(sharesOf(is ?? was, around));
  if (!is)
    return sentence(
      `${who} have no route of their own`,
      explains,
      reasonOf('risk/address', stage, `they went to ${to}`),
    );
  const reason = reasonOf('risk/traffic', stage, 'a route of their own is new');
  const what = is.instead === undefined ? `go to ${to}` : shown(is.instead);
  return sentence(`${who} ${what}`, explains, ...behindReasons(stage, is, around), reason);
}

function behindReasons(stage: Stage, rule: RouteRule, around: Around): Reason[] {
  return [...sharesOf(rule, around).values()].flatMap(({ hosts, weight }) =>
    backendReasons(stage, hosts, weight, around),
  );
}

/** Copies of requests, whose answers nobody sees. */
function mirrorSaid(
  { unit, stage, subject, explains, around }: Telling,
  { mirror: old }: RouteRule,
  { mirror: now }: RouteRule,
): Said[] {
  if (old?.host === now?.host && old?.percent === now?.percent) return [];
  const who = (host: string): string => {
    const release = releaseBehind(host, around.releases) ?? releaseInName(unit, host);
    return release === undefined ? shown(host) : `release ${shown(release)} of ${subject}`;
  };
  if (!now) return [sentence(`${who(old!.host)} gets no more copies of requests`, explains)];
  const before = old?.host === now.host ? ` (was ${percent(old.percent)} %)` : '';
  const next = exposuresOf(unit).find(({ mirror }) => mirror !== undefined)?.mirror ?? Infinity;
  const jump =
    now.percent > next ? reasonOf('risk/traffic-step', stage, `the policy copies ${percent(next)} %`) : undefined;
  const text = `${who(now.host)} gets copies of ${percent(now.percent)} %${before} of the requests`;
  return [sentence(text, explains, ...backendReasons(stage, [now.host], now.percent, around), jump)];
}

/** `v48` of the host `fraud-detector-v48-predictor` in the unit of fraud-detector; other parts of a service have longer names. */
function releaseInName({ place: { service } }: ChangedUnit, host: string): string | undefined {
  const [name = ''] = namesBehind(host);
  if (service === undefined || !name.startsWith(`${service}-`)) return undefined;
  return name.slice(service.length + 1).replace(/^function-/, '');
}

/** Whether a change is one of which release the Service of a service's name selects. */
function isEntryService(change: Altered): boolean {
  return isKind(change.after.object, '', 'Service') && changesBelow(change.changes, VERSION).length > 0;
}

/**
 * The Service of the service's name: where routes split the requests, it serves callers that follow none, and moves with the
 * stable release; where there are none, it is the route.
 */
function selectorSaid(
  unit: ChangedUnit,
  stage: Stage,
  changes: readonly Altered[],
  routes: readonly Said[],
  around: Around,
): Said[] {
  return changes.flatMap((change): Said[] => {
    const explains = [explainsBelow(change, ['spec', 'selector'], ['spec', 'ports'])];
    const [was, is] = [textAt(change.before.object, ...VERSION), textAt(change.after.object, ...VERSION)];
    const moved = routes.filter(({ text }) => text.includes(` to release ${shown(is)} (`));
    if (moved.length > 0) return moved.map(({ text, reasons }) => sentence(text, explains, ...reasons));
    const subject = subjectOf(unit, change.after.object);
    if ([...unit.beside, ...unit.objects.map(latest)].some(routeOf)) {
      const text = `callers of ${subject} that follow no route get release ${shown(is)} (was ${shown(was)})`;
      return [sentence(text, explains, reasonOf('risk/traffic', stage, 'they have no weights'))];
    }
    const shares = (release: string | undefined): Map<string, Share> => {
      const map = new Map<string, Share>();
      const host = [...around.releases].find(([, of]) => of === release)?.[0] ?? '';
      addShare(map, release ?? 'any release', host, 100);
      return map;
    };
    return sharesSaid({ unit, stage, subject, around, explains }, shares(was), shares(is));
  });
}
