import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Destination, HttpHeaders, VirtualService } from '../../../imports/networking.istio.io/v1.js';
import type { Cluster } from '../../service/platform.ts';
import type { Report } from '../report.ts';
import {
  checkDestination,
  checkDuration,
  checkExportTo,
  checkGatewayNames,
  coversHost,
  isHostPattern,
} from './common.ts';
import { checkHeaders } from './headers.ts';
import { checkAnswer, checkCors, checkRewrite } from './http-answer.ts';
import { checkFault, checkMatches, checkMirror, checkRetries, type HttpRule, type Match } from './http-rule.ts';
import { checkStreamMatch } from './stream-match.ts';

/** Checks a VirtualService beyond its schema. */
export function checkVirtualService(report: Report, { metadata, spec = {} }: VirtualService, cluster: Cluster): void {
  const { add } = report;
  const { hosts = [], gateways = [], http = [], tcp = [], tls = [] } = spec;
  const inMesh = gateways.length === 0 || gateways.includes('mesh');
  // Without hosts it is a delegate, which another VirtualService names.
  if (hosts.length === 0) checkDelegate(report, spec);
  checkHosts(report, hosts, inMesh);
  checkExportTo(report, spec.exportTo, metadata.namespace);
  checkGatewayNames(report, 'spec.gateways', gateways);
  if (http.length + tcp.length + tls.length === 0) {
    add('istio/route-conflict', 'spec.http', 'the VirtualService has no rule', 'add a rule to spec.http');
  }
  checkReached(report, http);
  http.forEach((rule, index) => {
    const field = `spec.http[${index}]`;
    checkRule(report, field, rule, metadata.namespace, cluster);
    checkMatches(report, field, rule, inMesh);
  });
  for (const [protocol, rules] of [
    ['tcp', tcp],
    ['tls', tls],
  ] as const) {
    rules.forEach(({ match = [], route = [] }, index) => {
      const field = `spec.${protocol}[${index}]`;
      if (route.length === 0) add('istio/route-conflict', field, 'the rule has no route', 'write where requests go');
      if (protocol === 'tls' && match.length === 0) {
        add('istio/match', `${field}.match`, 'the rule is for no host', 'write sniHosts');
      }
      checkDestinations(report, field, route, metadata.namespace);
      match.forEach((each, at) => checkStreamMatch(report, `${field}.match[${at}]`, each, hosts));
    });
  }
}

function checkDelegate({ add }: Report, spec: NonNullable<VirtualService['spec']>): void {
  const { gateways = [], http = [] } = spec;
  if (gateways.length > 0) {
    add('istio/hosts', 'spec.hosts', 'the VirtualService has gateways and no hosts', 'list the hosts');
  }
  for (const protocol of ['tcp', 'tls'] as const) {
    if (!spec[protocol]?.length) continue;
    add('istio/hosts', 'spec.hosts', `a VirtualService without hosts has no rules for ${protocol}`, 'list the hosts');
  }
  http.forEach(({ delegate }, index) => {
    if (!delegate) return;
    const message = 'a VirtualService without hosts is a delegate, and delegates to nobody';
    add('istio/route-conflict', `spec.http[${index}].delegate`, message, 'list the hosts, or write a route');
  });
}

function checkHosts({ add }: Report, hosts: readonly string[], inMesh: boolean): void {
  hosts.forEach((host, index) => {
    const say = (message: string, fix: string): void => add('istio/hosts', `spec.hosts[${index}]`, message, fix);
    const covered = hosts.find((other, at) => at < index && (coversHost(other, host) || coversHost(host, other)));
    if (covered !== undefined && host !== '') {
      const twice = covered === host ? 'listed twice' : `listed twice, ${JSON.stringify(covered)} is it too`;
      say(`host ${JSON.stringify(host)} is ${twice}`, 'remove one of them');
    }
    if (host === '' || (host === '*' && inMesh)) {
      const all = 'in the mesh "*" would catch every request of every caller';
      say(host === '' ? 'a host is empty' : all, 'name the host');
    } else if (!isHostPattern(host) && isIP(host) === 0) {
      say(
        `${JSON.stringify(host)} is no host name`,
        'write fraud.example.com or *.example.com: without scheme, port and path',
      );
    }
  });
}

/** Rules that are asked for nothing, because one before them has what they match. */
function checkReached({ add }: Report, rules: readonly HttpRule[]): void {
  const catchAll = rules.findIndex(({ match }) => !match?.length);
  const before: { readonly match: Match; readonly field: string }[] = [];
  rules.forEach(({ match = [] }, index) => {
    if (catchAll >= 0 && index > catchAll) {
      add(
        'istio/unreachable-rule',
        `spec.http[${index}]`,
        `spec.http[${catchAll}] matches everything, so this rule is never asked`,
        'put it before that one, or give that one a match',
      );
      return;
    }
    match.forEach((each, at) => {
      const field = `spec.http[${index}].match[${at}]`;
      const taken = before.find((other) => coversMatch(other.match, each));
      if (taken) {
        add(
          'istio/unreachable-rule',
          field,
          `${taken.field} has these requests already`,
          'put it before that one, or remove it',
        );
      } else before.push({ match: each, field });
    });
  });
}

/** Whether a match is for all that another is for: one and the same, or a shorter prefix alone. */
function coversMatch(match: Match, other: Match): boolean {
  if (isDeepStrictEqual(match, other)) return true;
  const prefix = Object.keys(match).every((key) => key === 'uri' || key === 'name') ? match.uri?.prefix : undefined;
  const uri = other.uri?.prefix ?? other.uri?.exact;
  return prefix !== undefined && uri !== undefined && uri.startsWith(prefix);
}

function checkRule(
  report: Report,
  field: string,
  rule: HttpRule,
  namespace: string | undefined,
  cluster: Cluster,
): void {
  checkExclusive(report, field, rule);
  checkDestinations(report, field, rule.route ?? [], namespace);
  checkAuthority(report, field, rule);
  checkHeaders(report, `${field}.headers`, rule.headers);
  rule.route?.forEach(({ headers }, index) => checkHeaders(report, `${field}.route[${index}].headers`, headers));
  checkAnswer(report, field, rule);
  checkRewrite(report, field, rule);
  checkCors(report, field, rule);
  checkRetries(report, field, rule);
  checkMirror(report, field, rule, namespace, cluster);
  checkFault(report, field, rule);
  const { timeout, retries, fault, corsPolicy } = rule;
  checkDuration(report, field, 'timeout', timeout);
  checkDuration(report, field, 'retries.perTryTimeout', retries?.perTryTimeout);
  checkDuration(report, field, 'retries.backoff', retries?.backoff);
  checkDuration(report, field, 'fault.delay.fixedDelay', fault?.delay?.fixedDelay);
  checkDuration(report, field, 'corsPolicy.maxAge', corsPolicy?.maxAge, 's');
}

/** What a rule may do, and what does not go together. */
function checkExclusive({ add }: Report, field: string, rule: HttpRule): void {
  const does = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter((name) =>
    name === 'route' ? rule.route?.length : rule[name],
  );
  if (does.length !== 1) {
    const message =
      does.length === 0
        ? 'the rule has no route, redirect, directResponse or delegate'
        : `the rule has ${does.join(' and ')}`;
    add('istio/route-conflict', field, message, 'write exactly one of route, redirect, directResponse, delegate');
  }
  for (const answer of ['redirect', 'directResponse'] as const) {
    if (!rule[answer]) continue;
    for (const other of ['fault', 'rewrite'] as const) {
      if (rule[other]) {
        add(
          'istio/route-conflict',
          `${field}.${other}`,
          `${other} stands beside ${answer}, which sends the request nowhere`,
          `remove ${other}`,
        );
      }
    }
  }
}

function checkDestinations(
  report: Report,
  field: string,
  routes: readonly { readonly destination: Destination; readonly weight?: number }[],
  namespace: string | undefined,
): void {
  const { add } = report;
  routes.forEach(({ destination, weight = 0 }, index) => {
    checkDestination(report, `${field}.route[${index}].destination`, destination, namespace);
    if (weight < 0 || weight > 100) {
      add(
        'istio/weights',
        `${field}.route[${index}].weight`,
        `weight ${weight} is not between 0 and 100`,
        'write the share in per cent',
      );
    }
  });
  if (routes.length < 2) return;
  const sum = routes.reduce((total, { weight = 0 }) => total + weight, 0);
  if (sum === 100) return;
  const why = sum === 0 ? 'so no destination gets anything' : 'and Istio would take them as proportions';
  add('istio/weights', `${field}.route`, `the weights sum to ${sum}, ${why}`, 'let the weights sum to 100');
}

/** Where the host of a request is set; more than one place is refused, or nobody knows which one wins. */
function checkAuthority({ add }: Report, field: string, rule: HttpRule): void {
  const places = [
    ...(rule.rewrite?.authority ? [`${field}.rewrite.authority`] : []),
    ...authorityHeaders(`${field}.headers`, rule.headers),
  ];
  const perDestination = (rule.route ?? []).flatMap(({ headers }, index) => {
    const own = authorityHeaders(`${field}.route[${index}].headers`, headers);
    if (own.length > 1) {
      add('istio/authority', own[1], `the host of the request is also set in ${own[0]}`, 'set it once');
    }
    return own;
  });
  if (places.length > 1) {
    add('istio/authority', places[1], `the host of the request is also set in ${places[0]}`, 'set it once');
  }
  if (places.length > 0 && perDestination.length > 0) {
    add(
      'istio/authority',
      perDestination[0],
      `the host of the request is also set in ${places[0]}`,
      'set it at the destinations only',
    );
  }
}

function authorityHeaders(field: string, headers: HttpHeaders | undefined): string[] {
  if (!headers?.request) return [];
  return (['set', 'add'] as const).flatMap((how) =>
    Object.keys(headers?.request?.[how] ?? {})
      .filter((name) => /^(?:host|:authority)$/i.test(name))
      .map((name) => `${field}.request.${how}.${name}`),
  );
}
