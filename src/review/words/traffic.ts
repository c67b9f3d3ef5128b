import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind, routeOf, type Route, type RouteRule } from '../route.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { groupSaid, nativeSaid } from './native.ts';
import { changesBelow, explainsBelow, isBelow, isKind, shown, subjectOf, textAt } from './read.ts';
import { merged, percent, type Altered } from './said.ts';
import {
  addShare,
  backendReasons,
  exposuresOf,
  labels,
  releaseBehind,
  sharesOf,
  sharesSaid,
  workloadsOf,
  type Around,
  type Share,
} from './shares.ts';

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
  const selectors: ObjectChange[] = [];
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

/** Sentences of one route. */
function routeSaid(unit: ChangedUnit, stage: Stage, change: Altered, before: Route, after: Route, around: Around): Said[] {
  const subject = subjectOf(unit, change.after.object);
  const explained = [{ of: change, changes: change.changes.filter(isOfTraffic) }];
  if (explained[0]!.changes.length === 0) return [];
  const olds = new Map(before.rules.map((rule) => [rule.key, rule]));
  const news = new Map(after.rules.map((rule) => [rule.key, rule]));
  const shares: Said[] = [];
  const headers: Said[] = [];
  const copies: Said[] = [];
  for (const [key, old] of [...olds, ...[...news].filter(([key]) => !olds.has(key))]) {
    const [was, is] = [olds.get(key), news.get(key)];
    const path = old.path === undefined ? '' : ` to ${shown(old.path)}`;
    if (old.header !== undefined) headers.push(...headerSaid(stage, explained, old.header, path, was, is, around));
    else if (!was || !is) shares.push(...pathSaid(subject, stage, explained, path, was, is, around));
    else {
      // A rule of its own for some paths mostly follows the one for all the rest, and then says the same.
      shares.push(
        ...sharesSaid({ unit, stage, subject, around, explains: explained }, sharesOf(was, around), sharesOf(is, around)),
      );
      copies.push(...mirrorSaid(unit, stage, subject, explained, was, is, around));
    }
  }
  // Copies and requests by header end when the candidate takes over, or goes.
  const ended = shares.length > 0 || headers.some(({ text }) => !ENDED.test(text));
  return [
    ...shares,
    ...(ended ? headers.filter(({ text }) => !ENDED.test(text)) : headers),
    ...(shares.length > 0 ? copies.filter(({ text }) => !ENDED.test(text)) : copies),
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
function headerSaid(
  stage: Stage,
  explains: readonly Explained[],
  header: string,
  path: string,
  was: RouteRule | undefined,
  is: RouteRule | undefined,
  around: Around,
): Said[] {
  const [olds, news] = [labels(sharesOf(was, around)), labels(sharesOf(is, around))];
  const who = `requests${path} with ${shown(header)}`;
  if (!is)
    return [
      { text: `${who} go where all others go`, reasons: [reasonOf('risk/retreat', stage, `they went to ${olds}`)], explains },
    ];
  if (was && olds === news) return [];
  const shares = [...sharesOf(is, around).values()];
  const reasons = [
    ...shares.flatMap((share) => backendReasons(stage, share, share.weight, around)),
    reasonOf('risk/traffic', stage, 'who sends the header meets it'),
  ];
  return [{ text: `${who} go to ${news}${was ? ` (went to ${olds})` : ''}`, reasons, explains }];
}

/** A rule for some paths that comes or goes. */
function pathSaid(
  subject: string,
  stage: Stage,
  explains: readonly Explained[],
  path: string,
  was: RouteRule | undefined,
  is: RouteRule | undefined,
  around: Around,
): Said[] {
  const who = `requests to ${subject}${path}`.replace(/^requests to (.*) to (.*)$/, 'requests for $2 of $1');
  if (!is)
    return [
      {
        text: `${who} have no route of their own`,
        reasons: [reasonOf('risk/address', stage, `they went to ${labels(sharesOf(was, around))}`)],
        explains,
      },
    ];
  const shares = [...sharesOf(is, around).values()];
  const reasons = shares.flatMap((share) => backendReasons(stage, share, share.weight, around));
  return [
    {
      text: `${who} go to ${labels(sharesOf(is, around))}`,
      reasons: [...reasons, reasonOf('risk/traffic', stage, 'a route of their own is new')],
      explains,
    },
  ];
}

/** Copies of requests, whose answers nobody sees. */
function mirrorSaid(
  unit: ChangedUnit,
  stage: Stage,
  subject: string,
  explains: readonly Explained[],
  was: RouteRule,
  is: RouteRule,
  around: Around,
): Said[] {
  const [old, now] = [was.mirror, is.mirror];
  if (old?.host === now?.host && old?.percent === now?.percent) return [];
  const who = (host: string): string => {
    const release = releaseBehind(host, around.releases) ?? releaseInName(unit, host);
    return release === undefined ? shown(host) : `release ${shown(release)} of ${subject}`;
  };
  if (!now) return [{ text: `${who(old!.host)} gets no more copies of requests`, reasons: [], explains }];
  const before = old?.host === now.host ? ` (was ${percent(old.percent)} %)` : '';
  const next = exposuresOf(unit).find(({ mirror }) => mirror !== undefined)?.mirror;
  const jumps = next !== undefined && now.percent > next;
  const reasons = [
    ...backendReasons(stage, { hosts: [now.host] }, now.percent, around),
    ...(jumps ? [reasonOf('risk/traffic-step', stage, `the policy copies ${percent(next)} %`)] : []),
  ];
  return [{ text: `${who(now.host)} gets copies of ${percent(now.percent)} %${before} of the requests`, reasons, explains }];
}

/** `v48` of the host `fraud-detector-v48-predictor` in the unit of fraud-detector; other parts of a service have longer names. */
function releaseInName({ place: { service } }: ChangedUnit, host: string): string | undefined {
  const [name = ''] = namesBehind(host);
  if (service === undefined || !name.startsWith(`${service}-`)) return undefined;
  return name.slice(service.length + 1).replace(/^function-/, '');
}

/** Whether a change is one of which release the Service of a service's name selects. */
function isEntryService(change: ObjectChange): boolean {
  return (
    change.change === 'changed' &&
    isKind(change.after.object, '', 'Service') &&
    changesBelow(change.changes, VERSION).length > 0
  );
}

/**
 * The Service of the service's name: where routes split the requests, it serves callers that follow none, and moves with the
 * stable release; where there are none, it is the route.
 */
function selectorSaid(
  unit: ChangedUnit,
  stage: Stage,
  changes: readonly ObjectChange[],
  routes: readonly Said[],
  around: Around,
): Said[] {
  return changes.flatMap((change): Said[] => {
    if (change.change !== 'changed') return [];
    const explains = [explainsBelow(change, ['spec', 'selector'], ['spec', 'ports'])];
    const [was, is] = [textAt(change.before.object, ...VERSION), textAt(change.after.object, ...VERSION)];
    const moved = routes.filter(({ text }) => text.includes(` to release ${shown(is)} (`));
    if (moved.length > 0) return moved.map(({ text, reasons }) => ({ text, reasons, explains }));
    const subject = subjectOf(unit, change.after.object);
    const routed =
      unit.beside.some((object) => routeOf(object)) ||
      unit.objects.some(({ before, after }) => routeOf((after ?? before).object));
    if (routed) {
      const text = `callers of ${subject} that follow no route get release ${shown(is)} (was ${shown(was)})`;
      return [{ text, reasons: [reasonOf('risk/traffic', stage, 'they have no weights')], explains }];
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
